package governance

import (
	"slices"
	"time"
)

// The steps of the work on a request, in the order in which they come. A creation goes from StepPlan to StepAdopt, a
// deletion from StepDelete to StepForget. StepManual waits for a person instead, and StepUndo takes back a creation that
// cannot be finished.
const (
	StepPlan         = "plan"         // choose a name that nobody has, and the attributes
	StepCreate       = "create"       // make the account on the source
	StepPassword     = "password"     // give it one
	StepEntitlements = "entitlements" // give it what was asked for
	StepVerify       = "verify"       // read back what the steps before have done
	StepAdopt        = "adopt"        // put the account into the inventory
	StepManual       = "manual"
	StepUndo         = "undo"
	StepDelete       = "delete" // remove the account from the source
	StepForget       = "forget" // remove it from the inventory
)

// Next goes on to another step: the one before is done.
func (p *Provisioning) Next(step string) {
	if p.Step != "" && !slices.Contains(p.Done, p.Step) {
		p.Done = append(slices.Clip(p.Done), p.Step)
	}
	p.Turn(step)
}

// Turn goes to another step though the one before is not done.
func (p *Provisioning) Turn(step string) {
	p.Step, p.Attempts, p.Message = step, 0, ""
	p.Since, p.NextTry = time.Time{}, time.Time{}
}

// Has reports whether a step is behind us.
func (p *Provisioning) Has(step string) bool { return slices.Contains(p.Done, step) }

// The types and statuses of work items.
const (
	WorkCreate = "CREATE_ACCOUNT"
	WorkDelete = "DELETE_ACCOUNT"

	WorkOpen      = "OPEN"
	WorkCompleted = "COMPLETED"
	WorkRefused   = "REFUSED"
)

// WorkItem is something that a person has to do on a source whose connector cannot: the owner of the source, one of its
// sub-administrators or an administrator.
type WorkItem struct {
	ID        string    `json:"id"`
	RequestID string    `json:"accountRequestId"`
	Source    Reference `json:"source"`
	Type      string    `json:"type"`
	Status    string    `json:"status"`
	Subject   string    `json:"subject"` // the name that was chosen for a new account, or that of the account to delete
	// Details are what the account is to be made with, by attribute. There is no password among them.
	Details        map[string]any `json:"details"`
	NativeIdentity string         `json:"nativeIdentity,omitempty"` // of the account, once it was made or when it is to be deleted
	Comment        string         `json:"comment,omitempty"`
	CompletedBy    string         `json:"completedBy,omitempty"` // by name
	Completed      time.Time      `json:"completed,omitzero"`
	Created        time.Time      `json:"created"`
	Modified       time.Time      `json:"modified"`
}

// Complete ends a work item that was done. A creation names the account's native identity.
func (w *WorkItem) Complete(nativeIdentity, comment string, by Actor, now time.Time) error {
	if w.Type == WorkCreate && nativeIdentity == "" {
		return required("nativeIdentity")
	}
	if w.Type == WorkCreate {
		w.NativeIdentity = nativeIdentity
	}
	return w.end(WorkCompleted, comment, by, now)
}

// Refuse ends a work item that will not be done, and with it the request; the comment is the reason.
func (w *WorkItem) Refuse(comment string, by Actor, now time.Time) error {
	if comment == "" {
		return required("comment")
	}
	return w.end(WorkRefused, comment, by, now)
}

func (w *WorkItem) end(status, comment string, by Actor, now time.Time) error {
	if w.Status != WorkOpen {
		return Fail(Conflict, "", "The work item has already ended with %s.", w.Status)
	}
	w.Status, w.Comment, w.CompletedBy, w.Completed, w.Modified = status, comment, by.Name, now, now
	return eachAtMost([]limited{{"nativeIdentity", w.NativeIdentity, MaxNativeIdentity}, {"comment", comment, MaxRequestComments}})
}

// AccountPassword is a generated password. Sealed is empty once its owner has fetched it.
type AccountPassword struct {
	RequestID string
	Sealed    string
	Expires   time.Time
}

// Adoption is what AdoptAccount takes into the inventory.
type Adoption struct {
	Observed ObservedAccount
	// Stub says that a person has named the account: nothing else is known of it yet.
	Stub bool
	// PasswordExpires is until when the owner can fetch the password; zero where there is none.
	PasswordExpires time.Time
}

// Adopted is what a new account gets of what its request refers to.
type Adopted struct {
	Owner, MachineIdentity Reference
	Subtype                string // technical name
}

// TakeRequest makes an account the machine account that was asked for. Aggregation keeps what was decided.
func (a *Account) TakeRequest(r *AccountRequest, is Adopted) {
	a.Machine, a.Method, a.ManuallyEdited = true, ByHand, true
	a.Identity, a.IdentityState = Reference{}, ""
	a.Owner, a.Subtype = is.Owner, is.Subtype
	if is.MachineIdentity.Set() {
		a.MachineIdentity, a.ManuallyCorrelated = is.MachineIdentity, true
	}
	if r.Environment != "" {
		a.Environment = r.Environment
	}
	if r.Description != "" {
		a.Description = r.Description
	}
}
