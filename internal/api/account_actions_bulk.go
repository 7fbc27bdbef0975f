package api

import (
	"net/http"

	"midgard/internal/governance"
)

// bulkAccountIDs reads the ids of a bulk request, duplicates among them.
func bulkAccountIDs(w http.ResponseWriter, r *http.Request) ([]string, error) {
	body, err := decode[struct {
		IDs []string `json:"ids"`
	}](w, r)
	if err != nil {
		return nil, err
	}
	return bulkIDs("ids", body.IDs, governance.MaxBulkAccounts)
}

// actInBulk starts one task for many machine accounts. Those that the caller may not act on, that are as wanted already or
// whose source cannot do it are skipped.
func (s *server) actInBulk(action governance.AccountAction) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		ids, err := bulkAccountIDs(w, r)
		if err != nil {
			return err
		}
		usable, outcomes, err := s.usable(r, ids, action)
		if err != nil {
			return err
		}
		task, err := s.Use.StartAction(r.Context(), actor(r), action, usable, len(outcomes)-len(usable))
		if err != nil {
			return err
		}
		return ok(w, r, map[string]string{"id": task.ID})
	}
}

// reloadInBulk starts one task like actInBulk, and tells of each account whether it is part of it.
func (s *server) reloadInBulk(w http.ResponseWriter, r *http.Request) error {
	ids, err := bulkAccountIDs(w, r)
	if err != nil {
		return err
	}
	usable, outcomes, err := s.usable(r, ids, governance.ActionReload)
	if err != nil {
		return err
	}
	if len(usable) > 0 {
		if _, err := s.Use.StartAction(r.Context(), actor(r), governance.ActionReload, usable, len(outcomes)-len(usable)); err != nil {
			return err
		}
	}
	return writeResults(w, r, outcomes, "The reload of the machine account was queued.")
}

// usable gives the accounts on which an action makes sense, and the outcome of each id: nil for those.
func (s *server) usable(r *http.Request, ids []string, action governance.AccountAction) ([]governance.Account, []governance.Outcome, error) {
	found, err := s.Store.AccountsWithin(r.Context(), ids, reach(r))
	if err != nil {
		return nil, nil, err
	}
	byID := make(map[string]*governance.Account, len(found))
	for i := range found {
		byID[found[i].ID] = &found[i]
	}
	can := s.newAbilities(r.Context())
	var usable []governance.Account
	outcomes := make([]governance.Outcome, len(ids))
	seen := map[string]bool{}
	for i, id := range ids {
		outcomes[i] = governance.Outcome{ID: id, Err: useless(can, byID[id], id, action)}
		switch {
		case seen[id]:
			outcomes[i].Err = governance.Fail(governance.Conflict, "ids", "Field 'ids' names the account %q twice; the first one counts.", id)
		case outcomes[i].Err == nil:
			usable = append(usable, *byID[id])
		case governance.KindOf(outcomes[i].Err) == governance.Internal:
			return nil, nil, outcomes[i].Err
		}
		seen[id] = true
	}
	return usable, outcomes, nil
}

// useless says why an action on an account makes no sense, nil when it does. The account is nil when the caller may not act
// on it.
func useless(can *abilities, a *governance.Account, id string, action governance.AccountAction) error {
	switch {
	case a == nil || !a.Machine:
		return governance.Missing("Machine account", id)
	case action.Done(a.Disabled, a.Locked):
		return governance.Fail(governance.Conflict, "ids", "The account %q is as the action %s would make it.", a.Name, action)
	}
	return can.check(a, action)
}
