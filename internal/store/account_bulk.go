package store

import (
	"context"

	"midgard/internal/governance"
)

// UpdateAccounts changes accounts with one edit, in one transaction, and tells in the order of the ids what became of each:
// changed, NotFound, Conflict for an id that came before, or whatever edit refuses with. A machine identity that an edit
// gives an account must be one that the caller may know of. An error of its own means that none was changed.
func (s *Store) UpdateAccounts(ctx context.Context, actor governance.Actor, ids []string, administeredBy string, edit func(*governance.Account) error) ([]governance.Outcome, error) {
	var outcomes []governance.Outcome
	err := s.write(ctx, actor, func(ctx context.Context, t *tx) (err error) {
		if err := t.holdRows(ctx, accountTable.name, anyOf(ids)); err != nil {
			return err
		}
		seen := map[string]bool{}
		outcomes, err = eachOf(ids, func(id string) error {
			if seen[id] {
				return governance.Fail(governance.Conflict, "ids", "Field 'ids' names the account %q twice; the first one counts.", id)
			}
			seen[id] = true
			_, err := t.updateAccount(ctx, id, administeredBy, func(a *governance.Account) error {
				was := a.MachineIdentity
				if err := edit(a); err != nil {
					return err
				}
				return t.mayJoin(ctx, was, a.MachineIdentity, administeredBy)
			})
			return err
		})
		return err
	})
	return outcomes, err
}

// mayJoin refuses a machine identity that a sub-administrator does not see.
func (t *tx) mayJoin(ctx context.Context, was, is governance.Reference, administeredBy string) error {
	if !is.Set() || is.ID == was.ID || administeredBy == "" {
		return nil
	}
	_, err := oneOf(ctx, t, "Machine identity", machineIdentityByID, sourcesOf("m.source_id"), administeredBy, scanMachineIdentity, is.ID)
	if governance.KindOf(err) == governance.NotFound {
		return governance.Fail(governance.UnknownRef, "machineIdentity", "Referenced object %q of field 'machineIdentity' was not found.", is.ID)
	}
	return err
}
