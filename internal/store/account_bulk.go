package store

import (
	"context"

	"midgard/internal/governance"
)

// UpdateAccounts changes accounts within a reach with one edit, in one transaction, and tells in the order of the ids what became of each:
// changed, NotFound, Conflict for an id that came before, or whatever edit refuses with. A machine identity that an edit
// gives an account must be one that the caller may know of. An error of its own means that none was changed.
func (s *Store) UpdateAccounts(ctx context.Context, actor governance.Actor, ids []string, v governance.Reach, edit func(*governance.Account) error) ([]governance.Outcome, error) {
	var outcomes []governance.Outcome
	err := s.write(ctx, actor, func(ctx context.Context, t *tx) error {
		if err := t.holdRows(ctx, accountTable.name, anyOf(ids)); err != nil {
			return err
		}
		within, err := accountsWithin(ctx, t, ids, v)
		if err != nil {
			return err
		}
		left := map[string]bool{}
		for i := range within {
			left[within[i].ID] = true
		}
		seen := map[string]bool{}
		outcomes, err = eachOf(ids, func(id string) error {
			switch {
			case seen[id]:
				return governance.Fail(governance.Conflict, "ids", "Field 'ids' names the account %q twice; the first one counts.", id)
			case !left[id]:
				return governance.Missing("Account", id)
			}
			seen[id] = true
			return t.updateWithin(ctx, id, v, edit)
		})
		return err
	})
	return outcomes, err
}

// updateWithin edits an account that the caller may act on. It can join machine identities that the caller may see only.
func (t *tx) updateWithin(ctx context.Context, id string, v governance.Reach, edit func(*governance.Account) error) error {
	_, err := t.updateAccount(ctx, id, "", func(a *governance.Account) error {
		was := a.MachineIdentity
		if err := edit(a); err != nil {
			return err
		}
		return t.mayJoin(ctx, was, a.MachineIdentity, v)
	})
	return err
}

// mayJoin refuses a machine identity that is neither the caller's own nor on a source that they administer.
func (t *tx) mayJoin(ctx context.Context, was, is governance.Reference, v governance.Reach) error {
	if !is.Set() || is.ID == was.ID || v.Everything {
		return nil
	}
	c := compiler{args: []any{is.ID}}
	text := "select m.id from machine_identity m where m.id = $1 and (" + c.bind("m.primary_owner_id = %s or m.id in (select machine_identity_id from machine_identity_owner where identity_id = %s)", []any{v.Owner, v.Owner})
	if v.AdministeredBy != "" {
		text += " or " + c.bind(sourcesOf("m.source_id"), []any{v.AdministeredBy})
	}
	found, err := many(ctx, t, text+")", scanText, c.args...)
	if err == nil && len(found) == 0 {
		err = governance.Fail(governance.UnknownRef, "machineIdentity", "Referenced object %q of field 'machineIdentity' was not found.", is.ID)
	}
	return err
}
