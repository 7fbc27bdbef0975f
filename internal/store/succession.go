package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"midgard/internal/governance"
)

// What happened to an owner, as change records tell it.
const (
	ownerInactive = "became inactive"
	ownerDeleted  = "was deleted"
)

// successionChunk is how many objects one transaction hands on.
const successionChunk = 200

// successionJob are the arguments of a job that hands on what a person owns.
type successionJob struct {
	IdentityID string `json:"identityId"`
}

// owning finds, of some people, those who own machine identities or accounts.
var owning = newKeyQuery(`select i.id from identity i where i.id in (%s) and (
 exists (select 1 from machine_identity m where m.primary_owner_id = i.id)
 or exists (select 1 from machine_identity_owner w where w.identity_id = i.id)
 or exists (select 1 from account a where a.owner_id = i.id and a.machine)
 or exists (select 1 from account a where a.owner_id = i.id and not a.machine))`)

// startSuccession queues the work that follows when people become inactive. What they own may be very much, so that it is
// handed on by jobs, in parts.
func (t *tx) startSuccession(ctx context.Context, people []string) error {
	if len(people) == 0 {
		return nil
	}
	owners, err := manyByKeys(ctx, t, owning, unique(people), scanText)
	if err != nil {
		return fmt.Errorf("look for owners: %w", err)
	}
	for _, id := range owners {
		if _, _, err := t.enqueue(ctx, governance.JobSuccession, id, successionJob{id}, time.Time{}); err != nil {
			return err
		}
	}
	return nil
}

// SucceedOwner hands on the next objects of a person who is not active. It is called until it reports that nothing is left,
// which also ends the job. A person who is active again, or gone, is left alone.
func (s *Store) SucceedOwner(ctx context.Context, actor governance.Actor, lease governance.Lease, identityID string) (done bool, err error) {
	err = s.writeBulk(ctx, actor, func(ctx context.Context, t *tx) error {
		if err := t.hold(ctx, lease); err != nil {
			return err
		}
		people, err := heldByID(ctx, t, identityTable, identities, []string{identityID})
		if err != nil {
			return fmt.Errorf("read person %q: %w", identityID, err)
		}
		n := 0
		if len(people) > 0 && !people[0].Active() {
			n, err = t.succeedOwner(ctx, &people[0], ownerInactive, successionChunk)
		}
		if done = n < successionChunk; err != nil || !done {
			return err
		}
		return t.endJob(ctx, lease, governance.JobCompleted, "", t.now)
	})
	return done, err
}

// succeedOwner hands on up to limit of the machine identities and accounts of an owner who has left, and counts them; less
// than the limit means that none are left. A machine identity goes to its first active secondary owner, else to the
// owner's manager, else to nobody; an account to the manager, else to nobody.
func (t *tx) succeedOwner(ctx context.Context, owner *governance.Identity, event string, limit int) (int, error) {
	manager, err := managerAbove(ctx, t, owner.ID)
	if err != nil {
		return 0, err
	}
	n, err := t.succeedMachines(ctx, owner, manager, event, limit)
	if err != nil {
		return 0, err
	}
	for _, kind := range []string{"machine", "not machine"} { // each has an index of its own
		more, err := t.succeedAccounts(ctx, owner, manager, event, kind, limit-n)
		if err != nil {
			return 0, err
		}
		n += more
	}
	return n, nil
}

// managerAbove is the nearest active manager of a person: one who has left has handed on to theirs.
func managerAbove(ctx context.Context, q querier, identityID string) (governance.Reference, error) {
	passed := []string{}
	for at := identityID; !slices.Contains(passed, at); {
		person, err := byID(ctx, q, identities, "Identity", at)
		if err != nil {
			return governance.Reference{}, err
		}
		if at != identityID && person.Active() {
			return governance.Reference{ID: person.ID, Name: person.Name}, nil
		}
		if !person.Manager.Set() {
			break
		}
		passed, at = append(passed, at), person.Manager.ID
	}
	return governance.Reference{}, nil
}

const ownedMachineIdentities = `select id from machine_identity where primary_owner_id = $1
 union select machine_identity_id from machine_identity_owner where identity_id = $2 order by 1 limit $3`

func (t *tx) succeedMachines(ctx context.Context, owner *governance.Identity, manager governance.Reference, event string, limit int) (int, error) {
	ids, err := many(ctx, t, ownedMachineIdentities, scanText, owner.ID, owner.ID, limit)
	if err != nil {
		return 0, fmt.Errorf("read the machine identities of person %q: %w", owner.ID, err)
	}
	for _, id := range ids {
		old, err := t.machineIdentity(ctx, id)
		if err != nil {
			return 0, err
		}
		m := old
		reason, err := t.succeedIn(ctx, &m, owner, manager, event)
		if err != nil {
			return 0, err
		}
		m.Modified = t.now
		if err := t.because(reason, func() error { return t.replaceMachineIdentity(ctx, &old, &m) }); err != nil {
			return 0, err
		}
	}
	return len(ids), nil
}

// succeedIn takes an owner from a machine identity and says why and who follows. A group of owners stays what it is: it has
// members of its own.
func (t *tx) succeedIn(ctx context.Context, m *governance.MachineIdentity, owner *governance.Identity, manager governance.Reference, event string) (reason string, err error) {
	m.Owners.Secondary = without(m.Owners.Secondary, owner.ID)
	if m.Owners.Primary.ID != owner.ID {
		return fmt.Sprintf("the secondary owner %s %s", owner.Name, event), nil
	}
	who := fmt.Sprintf("the primary owner %s %s; ", owner.Name, event)
	next, err := t.firstActive(ctx, m.Owners.Secondary)
	if err != nil {
		return "", err
	}
	switch {
	case next.Set():
		who += fmt.Sprintf("the secondary owner %s follows", next.Name)
	case manager.Set():
		next, who = manager, who+fmt.Sprintf("the manager %s follows", manager.Name)
	default:
		who += "nobody follows, since there is no active secondary owner and no manager"
	}
	m.Owners.Primary, m.Owners.Secondary = next, without(m.Owners.Secondary, next.ID)
	return who, nil
}

var activePeople = newKeyQuery("select id from identity where id in (%s) and state = '" + governance.StateActive + "'")

// firstActive gives the first of some people who is active.
func (t *tx) firstActive(ctx context.Context, people []governance.Reference) (governance.Reference, error) {
	if len(people) == 0 {
		return governance.Reference{}, nil
	}
	ids := make([]string, len(people))
	for i, p := range people {
		ids[i] = p.ID
	}
	active, err := manyByKeys(ctx, t, activePeople, unique(ids), scanText)
	if err != nil {
		return governance.Reference{}, fmt.Errorf("read secondary owners: %w", err)
	}
	for _, p := range people {
		if slices.Contains(active, p.ID) {
			return p, nil
		}
	}
	return governance.Reference{}, nil
}

// succeedAccounts hands on accounts with two statements, however many they are.
func (t *tx) succeedAccounts(ctx context.Context, owner *governance.Identity, manager governance.Reference, event, kind string, limit int) (int, error) {
	if limit == 0 {
		return 0, nil
	}
	ids, err := many(ctx, t, "select id from account where owner_id = $1 and "+kind+" limit $2", scanText, owner.ID, limit)
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	olds, err := heldByID(ctx, t, accountTable, accounts, ids)
	if err != nil {
		return 0, fmt.Errorf("read the accounts of person %q: %w", owner.ID, err)
	}
	reason := fmt.Sprintf("the owner %s %s; ", owner.Name, event)
	if manager.Set() {
		reason += fmt.Sprintf("the manager %s follows", manager.Name)
	} else {
		reason += "nobody follows, since there is no manager"
	}
	return len(ids), t.because(reason, func() error { return t.giveAccounts(ctx, olds, manager) })
}

// giveAccounts makes a person, or nobody, the owner of accounts.
func (t *tx) giveAccounts(ctx context.Context, olds []governance.Account, owner governance.Reference) error {
	ids, records := make([]any, len(olds)), make([][]any, len(olds))
	for i := range olds {
		a := olds[i]
		a.Owner, a.Modified = owner, t.now
		before, after, err := difference(&olds[i], &a)
		if err != nil {
			return fmt.Errorf("compare account %q: %w", a.ID, err)
		}
		ids[i] = a.ID
		records[i] = t.changeRow(governance.ActionUpdate, accountTable.object, a.ID, a.Name, nullObject(before), nullObject(after))
	}
	text, args := in(4, ids)
	args = append([]any{null(owner.ID), nullKey(owner.Name), t.now.UnixMilli()}, args...)
	if err := exec(ctx, t, "update account set owner_id = $1, owner_name_key = $2, modified = $3 where id "+text, args...); err != nil {
		return fmt.Errorf("hand accounts on: %w", err)
	}
	return t.insertRows(ctx, "change", changeColumnList, records)
}

// because does something with another reason in the change records.
func (t *tx) because(reason string, do func() error) error {
	was := t.actor.Reason
	t.actor.Reason = reason
	defer func() { t.actor.Reason = was }()
	return do()
}

var inactivePeople = newKeyQuery("select id from identity where id in (%s) and state <> '" + governance.StateActive + "'")

// ownersByKeys is peopleByKeys for owners: in place of somebody who is not active it gives the manager who follows, and
// nobody where there is none.
func ownersByKeys(ctx context.Context, q querier, keys []string) (map[string]governance.Reference, error) {
	found, err := peopleByKeys(ctx, q, keys)
	if err != nil || len(found) == 0 {
		return found, err
	}
	ids := make([]string, 0, len(found))
	for _, person := range found {
		ids = append(ids, person.ID)
	}
	left, err := manyByKeys(ctx, q, inactivePeople, unique(ids), scanText)
	if err != nil {
		return nil, fmt.Errorf("look which owners are active: %w", err)
	}
	for key, person := range found {
		if !slices.Contains(left, person.ID) {
			continue
		}
		follower, err := managerAbove(ctx, q, person.ID)
		if err != nil {
			return nil, err
		}
		if found[key] = follower; !follower.Set() {
			delete(found, key)
		}
	}
	return found, nil
}

// OwnerlessMachines counts the machine identities without a primary owner.
func (s *Store) OwnerlessMachines(ctx context.Context) (int64, error) {
	var n int64
	if err := s.reader().QueryRowContext(ctx, "select count(*) from machine_identity where primary_owner_id is null").Scan(&n); err != nil {
		return 0, fmt.Errorf("count machine identities without owner: %w", err)
	}
	return n, nil
}
