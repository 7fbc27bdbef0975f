package store

import (
	"context"

	"midgard/internal/governance"
)

// readPeople makes the people whom an authoritative source shows and finds the ones who are known.
func (b *batch) readPeople(ctx context.Context) error {
	b.people = make([]string, len(b.writes))
	var observed []governance.ObservedPerson
	var at []int
	for i := range b.writes {
		w := &b.writes[i]
		old := b.olds[w.Digest.ID]
		machine := old.Machine
		if w.Observed.Machine != nil && old.Method != governance.ByHand {
			machine = *w.Observed.Machine
		}
		if w.Observed.Person != nil && !machine && !old.ManuallyCorrelated {
			observed, at = append(observed, *w.Observed.Person), append(at, i)
		}
	}
	if len(observed) == 0 {
		return nil
	}
	ids, err := b.upsertPeople(ctx, b.source, observed)
	if err != nil {
		return err
	}
	for k, i := range at {
		b.people[i] = ids[k]
	}
	rows, err := manyByKeys(ctx, b, personRows, unique(ids), scanPersonRow)
	b.persons = make(map[string]personRow, len(rows))
	for _, r := range rows {
		b.persons[r.ID] = r
	}
	return err
}

// personRow is what an account repeats of its person.
type personRow struct {
	governance.Reference
	state string
}

var personRows = newKeyQuery("select id, name, state from identity where id in (%s)")

func scanPersonRow(r row, p *personRow) error { return r.Scan(&p.ID, &p.Name, &p.state) }

// correlate gives an account of a person its person.
func (b *batch) correlate(a *governance.Account, person string) {
	if person == "" || a.Identity.ID == person {
		return
	}
	if a.Identity.Set() {
		b.retired = append(b.retired, a.Identity.ID)
	} else {
		b.done.People++
	}
	a.Identity, a.IdentityState = b.persons[person].Reference, b.persons[person].state
	b.known = append(b.known, Key(a.NativeIdentity))
}

// settlePeople looks after those who wait for the people of this batch under the name of their account, and after those
// who may have lost their last account to somebody else.
func (b *batch) settlePeople(ctx context.Context) error {
	if err := b.settleWaiting(ctx, b.known); err != nil {
		return err
	}
	return b.retirePeople(ctx, b.retired)
}
