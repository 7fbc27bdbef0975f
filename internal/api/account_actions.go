package api

import (
	"context"
	"net/http"
	"slices"

	"midgard/internal/connector"
	"midgard/internal/filter"
	"midgard/internal/governance"
	"midgard/internal/jsondoc"
)

type accountActionStore interface {
	AccountsWithin(ctx context.Context, ids []string, v governance.Reach) ([]governance.Account, error)
	MachineIdentity(ctx context.Context, id, administeredBy string) (governance.MachineIdentity, error)
}

type accountActionUseCases interface {
	Spec(connector string) (connector.Spec, error)
	StartAction(ctx context.Context, actor governance.Actor, action governance.AccountAction, accounts []governance.Account, skipped int) (governance.Task, error)
}

func (s *server) accountActionHandlers() map[string]handler {
	return map[string]handler{
		"enableMachineAccount":      s.actOnMachine(governance.ActionEnable),
		"disableMachineAccount":     s.actOnMachine(governance.ActionDisable),
		"unlockMachineAccount":      s.actOnMachine(governance.ActionUnlock),
		"reloadMachineAccount":      s.actOnMachine(governance.ActionReload),
		"deleteMachineAccountAsync": s.actOnMachine(governance.ActionForget),
		"deleteMachineAccount":      s.deleteMachineAccount,

		"getMachineAccountEntitlements":       s.listMachineAccountEntitlements,
		"listMachineAccountMachineIdentities": s.listIdentitiesOfAccount,

		"enableMachineAccountsInBulk":      s.actInBulk(governance.ActionEnable),
		"disableMachineAccountsInBulk":     s.actInBulk(governance.ActionDisable),
		"reloadMachineAccountsInBulkAsync": s.actInBulk(governance.ActionReload),
		"reloadMachineAccountsInBulk":      s.reloadInBulk,

		"enableAccount":       actOnAny[accountToggleBody](s, governance.ActionEnable),
		"disableAccount":      actOnAny[accountToggleBody](s, governance.ActionDisable),
		"unlockAccount":       actOnAny[accountUnlockBody](s, governance.ActionUnlock),
		"submitReloadAccount": s.reloadAccount,
		"deleteAccountAsync":  s.removeAccount,
	}
}

// reach tells on which accounts the caller may act: an administrator and a client without a person on all, a source
// sub-administrator on those of their sources, and everybody on their own.
func reach(r *http.Request) governance.Reach {
	p := callOf(r).principal
	everything := !p.Identity.Set() || p.Is(governance.LevelOrgAdmin) || p.Is(governance.LevelSourceAdmin)
	if slices.Contains(callOf(r).op.Levels, governance.LevelHelpdesk) {
		everything = everything || p.Is(governance.LevelHelpdesk)
	}
	return governance.Reach{Owner: p.Identity.ID, Everything: everything, AdministeredBy: administeredBy(r)}
}

// within reads the account of the path within a reach.
func (s *server) within(r *http.Request, param string, v governance.Reach) (governance.Account, error) {
	id := pathID(r, param)
	found, err := s.Store.AccountsWithin(r.Context(), []string{id}, v)
	if err == nil && len(found) == 0 {
		err = governance.Missing("Account", id)
	}
	if err != nil {
		return governance.Account{}, err
	}
	return found[0], nil
}

// machineWithin is within for machine accounts: others are not found.
func (s *server) machineWithin(r *http.Request, param string) (governance.Account, error) {
	a, err := s.within(r, param, reach(r))
	if err == nil && !a.Machine {
		err = governance.Missing("Machine account", a.ID)
	}
	return a, err
}

func (s *server) actOnMachine(action governance.AccountAction) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		a, err := s.machineWithin(r, "id")
		if err != nil {
			return err
		}
		return s.startAction(w, r, action, &a)
	}
}

func (s *server) startAction(w http.ResponseWriter, r *http.Request, action governance.AccountAction, a *governance.Account) error {
	task, err := s.startOne(r, action, a)
	if err != nil {
		return err
	}
	return ok(w, r, map[string]string{"id": task.ID})
}

func (s *server) startOne(r *http.Request, action governance.AccountAction, a *governance.Account) (governance.Task, error) {
	if err := s.newAbilities(r.Context()).check(a, action); err != nil {
		return governance.Task{}, err
	}
	return s.Use.StartAction(r.Context(), actor(r), action, []governance.Account{*a}, 0)
}

// deleteMachineAccount asks for the deletion of an account on its source.
func (s *server) deleteMachineAccount(w http.ResponseWriter, r *http.Request) error {
	if _, err := s.machineWithin(r, "accountId"); err != nil {
		return err
	}
	return s.requestDeletion(w, r)
}

func (s *server) listMachineAccountEntitlements(w http.ResponseWriter, r *http.Request) error {
	if _, err := s.Store.MachineAccount(r.Context(), pathID(r, "id"), administeredBy(r)); err != nil {
		return err
	}
	return s.listAccountEntitlements(w, r)
}

// listIdentitiesOfAccount shows the one machine identity that an account belongs to.
func (s *server) listIdentitiesOfAccount(w http.ResponseWriter, r *http.Request) error {
	a, err := s.machineWithin(r, "id")
	if err != nil {
		return err
	}
	var page filter.Page[governance.MachineIdentity]
	page.Total = -1
	m, err := s.Store.MachineIdentity(r.Context(), a.MachineIdentity.ID, "")
	if err == nil {
		page.Items = []governance.MachineIdentity{m}
	}
	if err != nil && governance.KindOf(err) != governance.NotFound {
		return err
	}
	return writePage(w, r, page, machineIdentityEncoder(r))
}

// abilities remember what the sources of one request can do.
type abilities struct {
	*server
	ctx   context.Context
	known map[string][]string // features by source id
}

func (s *server) newAbilities(ctx context.Context) *abilities {
	return &abilities{s, ctx, map[string][]string{}}
}

// check refuses an action that the account's source cannot do. What counts is the connector: the features of a source may
// be worded by anybody.
func (m *abilities) check(a *governance.Account, action governance.AccountAction) error {
	if action.PossibleWith(nil) {
		return nil
	}
	features, known := m.known[a.Source.ID]
	if !known {
		source, err := m.Store.Source(m.ctx, a.Source.ID, "")
		if err != nil {
			return err
		}
		spec, err := m.Use.Spec(source.Connector)
		if err != nil {
			return err
		}
		features = spec.Features
		m.known[a.Source.ID] = features
	}
	if action.PossibleWith(features) {
		return nil
	}
	return governance.Fail(governance.Illegal, "id", "The source %q of the account %q cannot do the action %s: its connector does not support it.", a.Source.Name, a.Name, action)
}

// accountToggleBody and accountUnlockBody are what clients may send with an action. Nothing of it makes a difference here:
// every action goes to the source, and people have no account of Midgard's own to unlock.
type accountToggleBody struct {
	ExternalVerificationID string `json:"externalVerificationId"`
	ForceProvisioning      bool   `json:"forceProvisioning"`
}

type accountUnlockBody struct {
	accountToggleBody
	UnlockIDNAccount bool `json:"unlockIDNAccount"`
}

// actOnAny is an action on an account of a machine or a person, for administrators.
func actOnAny[T any](s *server, action governance.AccountAction) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		a, err := s.within(r, "id", administered(r))
		if err != nil {
			return err
		}
		if _, err := decode[T](w, r); err != nil {
			return err
		}
		return s.startAction(w, r, action, &a)
	}
}

// administered is the reach of a caller without the accounts that they own.
func administered(r *http.Request) governance.Reach {
	v := reach(r)
	v.Owner = ""
	return v
}

func (s *server) reloadAccount(w http.ResponseWriter, r *http.Request) error {
	a, err := s.within(r, "id", administered(r))
	if err != nil {
		return err
	}
	return s.startAction(w, r, governance.ActionReload, &a)
}

func (s *server) removeAccount(w http.ResponseWriter, r *http.Request) error {
	a, err := s.within(r, "id", administered(r))
	if err != nil {
		return err
	}
	task, err := s.startOne(r, governance.ActionForget, &a)
	if err != nil {
		return err
	}
	b := jsondoc.AppendStringField([]byte{'{'}, "type", "TASK_RESULT")
	b = jsondoc.AppendStringField(b, "id", task.ID)
	respond(w, r, callOf(r).op.Success, append(jsondoc.AppendStringField(b, "name", task.Name), '}'))
	return nil
}
