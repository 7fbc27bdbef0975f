package store

import (
	"context"
	"fmt"

	"midgard/internal/filter"
	"midgard/internal/governance"
)

const identitySelect = `i.id, i.uid, i.name, i.first_name, i.last_name, i.email, i.manager_id, b.name, i.manager_key, i.lifecycle_state, i.state,
 i.attributes, i.source_id, s.name, i.protected, exists (select 1 from identity r where r.manager_id = i.id), i.created, i.modified`

const identityJoin = " left join identity b on b.id = i.manager_id left join source s on s.id = i.source_id"

func scanIdentity(r row, i *governance.Identity) error {
	return r.Scan(&i.ID, &i.UID, &i.Name, &i.FirstName, &i.LastName, &i.Email, textInto{&i.Manager.ID}, textInto{&i.Manager.Name},
		textInto{&i.ManagerKey}, &i.LifecycleState, &i.State, rawInto{&i.Attributes}, textInto{&i.Source.ID}, textInto{&i.Source.Name},
		&i.Protected, boolInto{&i.Manages}, timeInto{&i.Created}, timeInto{&i.Modified})
}

// identityStatuses gives each state the word that the contract's cloudStatus has for it. The words are in the order of the
// states, so that a list sorted by state is sorted by them.
const identityStatuses = `(select 'ACTIVE' as state, 'active' as status union all select 'INACTIVE_LONG_TERM', 'deactivated'
 union all select 'INACTIVE_SHORT_TERM', 'disabled')`

var identities = &listing[governance.Identity]{
	from: "identity i", id: "i.id", sel: identitySelect, join: identityJoin, scan: scanIdentity,
	columns: map[string]column{
		"id":        {expr: "i.id"},
		"name":      {expr: "i.name_key"},
		"alias":     {expr: "i.uid_key"},
		"firstname": optionalText("i.first_name_key"),
		"lastname":  optionalText("i.last_name_key"),
		"email":     optionalText("i.email_key"),
		"cloudStatus": {
			expr: "x.status", in: "i.state in (select x.state from " + identityStatuses + " x where %s)", sort: "i.state", isNull: "false",
		},
		"processingState": {expr: "'ok'"}, // what cannot be processed does not become a person
		"correlated":      {expr: "true"}, // every person comes from an authoritative source or is the administrator
		"protected":       {expr: "i.protected"},
	},
}

// optionalText is a text column that is empty where there is no value, which is no value to compare with.
func optionalText(expr string) column {
	return column{expr: expr, in: "(" + expr + " <> '' and %s)", isNull: expr + " = ''"}
}

var identityTable = newTable(table[governance.Identity]{
	name: "identity", object: "IDENTITY",
	columns: []string{"id", "uid", "uid_key", "name", "name_key", "first_name", "first_name_key", "last_name", "last_name_key", "email", "email_key",
		"manager_id", "manager_key", "lifecycle_state", "state", "attributes", "source_id", "protected", "created", "modified"},
	values: identityValues,
	id:     func(i *governance.Identity) string { return i.ID },
	label:  func(i *governance.Identity) string { return i.Name },
})

func identityValues(i *governance.Identity) []any {
	return []any{i.ID, i.UID, Key(i.UID), i.Name, Key(i.Name), i.FirstName, Key(i.FirstName), i.LastName, Key(i.LastName), i.Email, Key(i.Email),
		null(i.Manager.ID), nullKey(i.ManagerKey), i.LifecycleState, i.State, object(i.Attributes), null(i.Source.ID), i.Protected,
		i.Created.UnixMilli(), i.Modified.UnixMilli()}
}

// Identities lists people. Whoever may list them may list all: owners are chosen among them, whatever their source.
func (s *Store) Identities(ctx context.Context, q filter.Query) (filter.Page[governance.Identity], error) {
	q.AdministeredBy = ""
	return list(ctx, s, identities, q)
}

// Identity reads one person.
func (s *Store) Identity(ctx context.Context, id string) (governance.Identity, error) {
	return byID(ctx, s.reader(), identities, "Identity", id)
}

// DeleteIdentity removes a person with their personal access tokens, memberships, granted entitlements and user levels.
// Machines that they own go to who follows (see succeedOwner), everything else that they own is left without an owner, and
// their accounts uncorrelated; an authoritative source that still lists them makes them anew at its next aggregation. A
// protected person is refused with Invalid, the last administrator with Illegal, and an owner of sources with a HeldError,
// since a source must have an owner. Handing on much takes several transactions, and the person goes with the last: a
// deletion that breaks off can be asked for again.
func (s *Store) DeleteIdentity(ctx context.Context, actor governance.Actor, id string) error {
	for n := successionChunk; n == successionChunk; {
		err := s.write(ctx, actor, func(ctx context.Context, t *tx) (err error) {
			n, err = t.deleteIdentity(ctx, id)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// deleteIdentity hands on a chunk of what a person owns and counts it. When that is all, it removes the person too.
func (t *tx) deleteIdentity(ctx context.Context, id string) (handedOn int, err error) {
	if err := t.lock(ctx, "auth_user"); err != nil {
		return 0, err // two administrators must not remove each other
	}
	if err := t.holdRow(ctx, identityTable.name, id); err != nil {
		return 0, err
	}
	person, err := byID(ctx, t, identities, "Identity", id)
	if err != nil {
		return 0, err
	}
	if err := t.mayDeleteIdentity(ctx, &person); err != nil {
		return 0, err
	}
	handedOn, err = t.succeedOwner(ctx, &person, ownerDeleted, successionChunk)
	if err != nil || handedOn == successionChunk {
		return handedOn, err
	}
	for _, step := range []func(context.Context, string) error{t.forgetOwner, t.uncorrelate, t.forgetManager, t.leaveWorkgroups, t.revokeHoldings, t.revokeTokens} {
		if err := step(ctx, id); err != nil {
			return 0, err
		}
	}
	return handedOn, remove(ctx, t, identityTable, &person)
}

func (t *tx) mayDeleteIdentity(ctx context.Context, person *governance.Identity) error {
	if person.Protected {
		return governance.Fail(governance.Invalid, "", "Identity %q is protected and cannot be deleted.", person.Name)
	}
	if err := t.administratorRemains(ctx, person.ID); err != nil {
		return err
	}
	owned, err := many(ctx, t, "select id, name from source where owner_id = $1 and not deleting order by name_key", scanReference, person.ID)
	if err != nil {
		return fmt.Errorf("read the sources of identity %q: %w", person.ID, err)
	}
	if len(owned) == 0 {
		return nil
	}
	held := &governance.HeldError{Text: "Identity cannot be deleted as it is owner of following resources"}
	for _, source := range owned {
		held.Holders = append(held.Holders, governance.Holder{Association: "SOURCE_OWNER", Type: "SOURCE", Reference: source})
	}
	return held
}

// uncorrelate takes a person from their accounts. Without a hash the accounts count as changed when the source is read
// again, so that a person who is still listed comes back.
func (t *tx) uncorrelate(ctx context.Context, id string) error {
	if err := exec(ctx, t, "update account set hash = null where identity_id = $1", id); err != nil {
		return fmt.Errorf("uncorrelate the accounts of identity %q: %w", id, err)
	}
	return detach(ctx, t, accountTable, accounts, "a.identity_id = $1", id, func(a *governance.Account) {
		a.Identity, a.Modified = governance.Reference{}, t.now
	})
}

// forgetManager leaves the key, by which the next person who fits becomes the manager.
func (t *tx) forgetManager(ctx context.Context, id string) error {
	return detach(ctx, t, identityTable, identities, "i.manager_id = $1", id, func(i *governance.Identity) {
		i.Manager, i.Modified = governance.Reference{}, t.now
	})
}

func (t *tx) revokeTokens(ctx context.Context, id string) error {
	tokens, err := matching(ctx, t, accessTokenList, "t.owner_id = $1", id)
	if err != nil {
		return fmt.Errorf("read the access tokens of identity %q: %w", id, err)
	}
	for i := range tokens {
		if err := remove(ctx, t, accessTokens, &tokens[i]); err != nil {
			return err
		}
	}
	return nil
}
