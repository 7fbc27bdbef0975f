package store

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"midgard/internal/governance"
)

// mapAccounts lets a mapper decide machine accounts of one source: first their owners, with one query for all of them,
// then everything else. What went wrong with single mappings is given in words that begin with the account's name.
func (t *tx) mapAccounts(ctx context.Context, mapper governance.Mapper, list []*governance.Account) ([]string, error) {
	trouble, err := mapAll(ctx, people{t}, mapper, list)
	if err != nil {
		return nil, fmt.Errorf("map accounts: %w", err)
	}
	var problems []string
	for i, a := range list {
		for _, text := range trouble[i] {
			problems = append(problems, a.Name+": "+text)
		}
	}
	return problems, t.nameSubtypes(ctx, list)
}

// mapAll is mapAccounts for anything that can be asked for people, inside a transaction or not. It gives the problems of
// each account.
func mapAll(ctx context.Context, p people, mapper governance.Mapper, list []*governance.Account) ([][]string, error) {
	wanted := make([][]string, len(list))
	var keys []string
	for i, a := range list {
		wanted[i] = mapper.OwnerKeys(a)
		keys = append(keys, wanted[i]...)
	}
	found, err := ownersByKeys(ctx, p, unique(keys))
	if err != nil {
		return nil, err
	}
	problems := make([][]string, len(list))
	for i, a := range list {
		own(a, wanted[i], found)
		if problems[i], err = mapper.Map(ctx, a, p); err != nil {
			return nil, fmt.Errorf("account %q: %w", a.NativeIdentity, err)
		}
	}
	return problems, nil
}

// own gives an account the first owner that is known, and else lets it wait for the first one. One that has waited for that
// before keeps its owner, who took over from somebody who is gone.
func own(a *governance.Account, keys []string, found map[string]governance.Reference) {
	if a.ManuallyEdited {
		return
	}
	was, waited := a.Owner, a.OwnerKey
	a.Owner, a.OwnerKey = governance.Reference{}, ""
	for _, key := range keys {
		if a.OwnerKey == "" {
			a.OwnerKey = Key(key)
		}
		if person, known := found[key]; known {
			a.Owner, a.OwnerKey = person, Key(key)
			return
		}
	}
	if a.OwnerKey != "" && a.OwnerKey == waited {
		a.Owner = was
	}
}

// people answers what mappings ask about owners.
type people struct{ querier }

// PersonAttribute implements governance.People.
func (p people) PersonAttribute(ctx context.Context, identityID, name string) (string, bool, error) {
	x, err := byID(ctx, p, identities, "Identity", identityID)
	if err != nil {
		return "", false, err
	}
	value, ok := x.Attribute(name)
	return value, ok, nil
}

// PersonAccounts implements governance.People.
func (p people) PersonAccounts(ctx context.Context, identityID, source string) ([]governance.Account, error) {
	text := "select " + accountSelect + " from account a" + accountJoin + ` where a.identity_id = $1
		and a.source_id in (select id from source where id = $2 or name_key = $3) order by a.created, a.id`
	return many(ctx, p, text, scanAccount, identityID, source, Key(source))
}

// MapPage brings the next machine accounts of a source in line with its mappings, in one transaction that belongs to a
// job, in the order of their ids after the given one. When the mappings have another revision than the mapper was made
// from, it does nothing and reports the page as stale.
func (s *Store) MapPage(ctx context.Context, actor governance.Actor, lease governance.Lease, source governance.Reference, revision int64, after string, limit int, mapper governance.Mapper) (governance.MappedPage, error) {
	var page governance.MappedPage
	err := s.writeBulk(ctx, actor, func(ctx context.Context, t *tx) error {
		page = governance.MappedPage{}
		if err := t.holdMapping(ctx, lease, source.ID); err != nil {
			return err
		}
		set, err := mappings(ctx, t, source.ID)
		if err != nil {
			return err
		}
		if page.Stale = set.Revision != revision; page.Stale {
			return nil
		}
		olds, err := held(ctx, t, accountTable, accounts, "a.id in (select id from account where source_id = $1 and machine and id > $2 order by id limit $3)", source.ID, after, limit)
		if err != nil {
			return err
		}
		if page.Read = int64(len(olds)); len(olds) == limit {
			page.Next = olds[limit-1].ID
		}
		page.Changed, page.Problems, err = t.remapAccounts(ctx, mapper, olds)
		return err
	})
	if err != nil {
		return governance.MappedPage{}, fmt.Errorf("map accounts: %w", err)
	}
	return page, nil
}

// holdFor holds a job, and with a mapper also the source, as holdMapping does.
func (t *tx) holdFor(ctx context.Context, lease governance.Lease, sourceID string, mapper governance.Mapper) error {
	if mapper == nil {
		return t.hold(ctx, lease)
	}
	return t.holdMapping(ctx, lease, sourceID)
}

// holdMapping keeps other work that maps accounts of the source waiting: two at once would both make the machine identity
// that neither has seen.
func (t *tx) holdMapping(ctx context.Context, lease governance.Lease, sourceID string) error {
	if err := t.hold(ctx, lease); err != nil {
		return err
	}
	if err := t.holdRow(ctx, "source", sourceID); err != nil || t.store.dialect.holdRows == "" {
		return err
	}
	// who raises the revision holds this row, so that the one that is read here is the last
	return exec(ctx, t, "select 1 from machine_account_mapping where source_id = $1"+t.store.dialect.holdRows, sourceID)
}

func (t *tx) remapAccounts(ctx context.Context, mapper governance.Mapper, olds []governance.Account) (changed int64, problems []string, err error) {
	news := make([]governance.Account, len(olds))
	list := make([]*governance.Account, len(olds))
	for i := range olds {
		news[i] = olds[i]
		list[i] = &news[i]
	}
	if problems, err = t.mapAccounts(ctx, mapper, list); err != nil {
		return 0, nil, err
	}
	for i := range olds {
		did, err := t.rewriteAccount(ctx, &olds[i], &news[i])
		if err != nil {
			return 0, nil, err
		}
		if did {
			changed++
		}
	}
	return changed, problems, nil
}

// rewriteAccount settles an account that was decided anew and writes what differs.
func (t *tx) rewriteAccount(ctx context.Context, old, a *governance.Account) (changed bool, err error) {
	if err := t.settleMachine(ctx, old, a); err != nil {
		return false, err
	}
	if err := t.speak(ctx, old, a); err != nil {
		return false, err
	}
	if reflect.DeepEqual(old, a) {
		return false, nil
	}
	a.Modified = t.now
	if err := t.keepMapped(ctx, old, a); err != nil {
		return false, err
	}
	return true, t.replaceAccount(ctx, old, a)
}

// keepMapped keeps what the mappings gave an account. It is no part of what the change records compare: each of its
// effects is.
func (t *tx) keepMapped(ctx context.Context, old, a *governance.Account) error {
	if reflect.DeepEqual(old.Mapped, a.Mapped) {
		return nil
	}
	if err := exec(ctx, t, "update account set mapped = $1 where id = $2", mappedText(a.Mapped), a.ID); err != nil {
		return fmt.Errorf("keep what is mapped of account %q: %w", a.ID, err)
	}
	return nil
}

func mappedText(m *governance.Mapped) any {
	if m.Empty() {
		return nil
	}
	return jsonText(m)
}

// EndMapping ends the task of a mapping and its job, unless the mappings have changed since the given revision: then
// nothing happens and stale is true.
func (s *Store) EndMapping(ctx context.Context, lease governance.Lease, sourceID string, revision int64, task governance.Task) (stale bool, err error) {
	err = s.write(ctx, governance.Actor{}, func(ctx context.Context, t *tx) error {
		if err := t.holdMapping(ctx, lease, sourceID); err != nil {
			return err
		}
		set, err := mappings(ctx, t, sourceID)
		if err != nil {
			return err
		}
		if stale = set.Revision != revision; stale {
			return nil
		}
		return t.finishTask(ctx, lease, &task)
	})
	return stale, err
}

// sharedIdentities gives the machine identities that accounts of the batch's source share by mapping, as far as they are
// there, by their folded native identity.
func sharedIdentities(ctx context.Context, q querier, sourceID string, natives []string) (map[string]governance.Reference, error) {
	found := map[string]governance.Reference{}
	for part := range slices.Chunk(anyOf(folded(natives, false)), maxKeys) {
		text, args := in(2, part)
		rows, err := many(ctx, q, sharedByNative+text+sharedOrder, scanNamed, append([]any{sourceID}, args...)...)
		if err != nil {
			return nil, fmt.Errorf("look for shared machine identities: %w", err)
		}
		for _, r := range rows { // the best comes last
			found[r.key] = r.Reference
		}
	}
	return found, nil
}

// The machine identities that mappings can name: those of the account's source, and those that people have made without a
// source. Of several with one native identity the source's own counts, and the oldest of these.
const (
	sharedByNative = "select native_key, id, name from machine_identity where (source_id = $1 or (source_id is null and manually_created)) and native_key "
	sharedOrder    = " order by case when source_id is null then 0 else 1 end, id desc"
)

type named struct {
	key string
	governance.Reference
}

func scanNamed(r row, n *named) error { return r.Scan(&n.key, &n.ID, &n.Name) }

// join puts a machine account into the machine identity that it calls for: the one that its mappings name, else the one
// that it has, else one of its own. A machine identity that is missing is made.
func (t *tx) join(ctx context.Context, old, a *governance.Account) error {
	native := a.SharedIdentity()
	switch {
	case native != "":
		m, err := t.heldShared(ctx, a.Source.ID, native)
		if err != nil || m.Set() {
			a.MachineIdentity = m
			return err
		}
	case a.MachineIdentity.Set() && (old.SharedIdentity() == "" || a.ManuallyCorrelated):
		return nil
	}
	m := governance.DerivedMachineIdentity(a)
	if err := t.createMachineIdentity(ctx, &m); err != nil {
		return err
	}
	a.MachineIdentity = governance.Reference{ID: m.ID, Name: m.Name}
	return nil
}

// heldShared finds the machine identity that accounts of a source share, and holds it so that it does not go meanwhile.
func (t *tx) heldShared(ctx context.Context, sourceID, native string) (governance.Reference, error) {
	there, err := sharedIdentities(ctx, t, sourceID, []string{native})
	m := there[Key(native)]
	if err != nil || !m.Set() || t.store.dialect.holdRows == "" {
		return m, err
	}
	if err := t.holdRow(ctx, machineIdentityTable.name, m.ID); err != nil {
		return m, err
	}
	there, err = sharedIdentities(ctx, t, sourceID, []string{native})
	return there[Key(native)], err
}

// speak lets the account that speaks for its machine identity tell what that is like. It is the oldest of those that
// belong to it, as long as nobody has shaped the machine identity by hand.
func (t *tx) speak(ctx context.Context, old, a *governance.Account) error {
	if !a.MachineIdentity.Set() || a.ManuallyCorrelated || !speaksAnew(old, a) {
		return nil
	}
	first, err := t.oldest(ctx, a.MachineIdentity.ID, whoMaySpeak, nil)
	if err != nil || (first != "" && first < a.ID) {
		return err
	}
	return t.followAccount(ctx, old, a)
}

// speaksAnew says whether anything changed that a machine identity takes from its account.
func speaksAnew(old, a *governance.Account) bool {
	was, is := governance.DerivedMachineIdentity(old), governance.DerivedMachineIdentity(a)
	return old.MachineIdentity.ID != a.MachineIdentity.ID || !reflect.DeepEqual(was, is)
}

// Who of a machine identity's accounts is looked for: any, or those that may speak for it. An account that a person has put
// there says nothing of it.
const (
	anyMember   = ""
	whoMaySpeak = " and not manually_correlated"
)

// oldest gives the oldest account of a kind that belongs to a machine identity and is not leaving; "" when there is none.
func (t *tx) oldest(ctx context.Context, machineIdentityID, kind string, leaving []string) (string, error) {
	text, args := "select coalesce(min(id), '') from account where machine_identity_id = $1 and machine"+kind, []any{machineIdentityID}
	if len(leaving) > 0 {
		text += " and id not in (" + placeholders(2, len(leaving)) + ")"
		args = append(args, anyOf(leaving)...)
	}
	var id string
	if err := t.QueryRowContext(ctx, text, args...).Scan(&id); err != nil {
		return "", fmt.Errorf("look for the oldest account of machine identity %q: %w", machineIdentityID, err)
	}
	return id, nil
}

func (t *tx) followAccount(ctx context.Context, old, a *governance.Account) error {
	err := t.editMachineIdentity(ctx, a.MachineIdentity.ID, func(m *governance.MachineIdentity) bool {
		if m.ManuallyCreated || m.ManuallyEdited || m.Source.ID != a.Source.ID {
			return false
		}
		before := *m
		m.Follow(old, a)
		a.MachineIdentity.Name = m.Name
		return !reflect.DeepEqual(before, *m)
	})
	if governance.KindOf(err) == governance.NotFound {
		return errors.Join(errors.New("an account belongs to a machine identity that is gone"), err)
	}
	return err
}

// succeed lets the next account speak for a machine identity that another one may have spoken for so far.
func (t *tx) succeed(ctx context.Context, machineIdentityID string, leaving []string) error {
	next, err := t.oldest(ctx, machineIdentityID, whoMaySpeak, leaving)
	if err != nil || next == "" {
		return err
	}
	heir, err := byID(ctx, t, accounts, "Account", next)
	if err != nil {
		return err
	}
	return t.followAccount(ctx, &heir, &heir)
}
