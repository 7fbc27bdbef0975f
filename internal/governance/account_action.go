package governance

import "slices"

// AccountAction is something to be done with accounts that exist.
type AccountAction string

// The actions. ActionForget removes an account from Midgard and leaves it alone on its source.
const (
	ActionEnable  AccountAction = "enable"
	ActionDisable AccountAction = "disable"
	ActionUnlock  AccountAction = "unlock"
	ActionReload  AccountAction = "reload"
	ActionForget  AccountAction = "remove"
)

// MaxBulkAccounts is how many accounts one bulk request may name (contract).
const MaxBulkAccounts = 100

// Feature is the connector feature without which a source cannot do the action; "" when no source has to do anything.
func (a AccountAction) Feature() string {
	switch a {
	case ActionEnable, ActionDisable:
		return "ENABLE"
	case ActionUnlock:
		return "UNLOCK"
	case ActionForget:
		return ""
	}
	return "PROVISIONING"
}

// Done says whether an account is as the action would make it. Nothing but reading tells that of a reload.
func (a AccountAction) Done(disabled, locked bool) bool {
	switch a {
	case ActionEnable:
		return !disabled
	case ActionDisable:
		return disabled
	case ActionUnlock:
		return !locked
	}
	return false
}

// TaskName is the contract's uniqueName of the action's tasks.
func (a AccountAction) TaskName() string {
	switch a {
	case ActionEnable:
		return TaskAccountEnable
	case ActionDisable:
		return TaskAccountDisable
	case ActionUnlock:
		return TaskAccountUnlock
	case ActionForget:
		return TaskAccountRemoval
	}
	return TaskAccountReload
}

// The outcomes of an action for one account; empty while there is none.
const (
	ActionSucceeded = "SUCCESS"
	ActionFailed    = "ERROR"
	ActionSkipped   = "SKIPPED"
)

// ActionOutcome tells what became of one account of a task.
type ActionOutcome struct {
	ID      string `json:"id"`
	Status  string `json:"status,omitempty"`
	Message string `json:"message,omitempty"`
}

// ActionReport is the attributes of an action's task: what is done, and what became of each account, in the order of the
// request. It is kept after every account, so that a task that is interrupted does not do one twice.
type ActionReport struct {
	Action   AccountAction   `json:"action"`
	Accounts []ActionOutcome `json:"accounts"`
}

// Count gives how many accounts have an outcome.
func (r *ActionReport) Count(status string) int {
	n := 0
	for i := range r.Accounts {
		if r.Accounts[i].Status == status {
			n++
		}
	}
	return n
}

// CompletionStatus is how the task ends: as an error when it could do nothing, as a warning when it could not do
// everything that it was meant to.
func (r *ActionReport) CompletionStatus() string {
	switch {
	case r.Count(ActionSucceeded) == 0:
		return TaskError
	case r.Count(ActionFailed) > 0:
		return TaskWarning
	}
	return TaskSuccess
}

// Reach says on which accounts a caller may act: on their own, and on those of sources that they administer or on all where
// their user level says so.
type Reach struct {
	Owner          string // whose own accounts are among them; "" for nobody's
	Everything     bool
	AdministeredBy string // whose sources' accounts are among them; "" for nobody's
}

// PossibleWith says whether a connector with these features can do the action.
func (a AccountAction) PossibleWith(features []string) bool {
	return a.Feature() == "" || slices.Contains(features, "PROVISIONING") && slices.Contains(features, a.Feature())
}
