package governance

import (
	"cmp"
	"encoding/json"
	"strings"
	"time"
)

// RequestType says what an account request asks for.
type RequestType string

// The types of account requests (contract).
const (
	RequestCreation RequestType = "CREATE_MACHINE_ACCOUNT"
	RequestDeletion RequestType = "DELETE_ACCOUNT"
)

// RequestStatus says how far an account request is as a whole. PENDING is the only one that it leaves again.
type RequestStatus string

// The statuses of account requests. The contract shows SUCCESS; the others are ours.
const (
	RequestPending   RequestStatus = "PENDING"
	RequestSucceeded RequestStatus = "SUCCESS"
	RequestFailed    RequestStatus = "FAILED"
	RequestRejected  RequestStatus = "REJECTED"
	RequestCancelled RequestStatus = "CANCELLED"
)

// PhaseState says how far a phase of an account request is.
type PhaseState string

// The states of the contract. An approval that nobody had to give has passed, as has provisioning that went well.
const (
	PhaseNotStarted PhaseState = "NOT_STARTED"
	PhasePending    PhaseState = "PENDING"
	PhaseApproved   PhaseState = "APPROVED"
	PhaseRejected   PhaseState = "REJECTED"
	PhaseCancelled  PhaseState = "CANCELLED"
	PhasePassed     PhaseState = "PASSED"
	PhaseFailed     PhaseState = "FAILED"
)

// Limits of account requests: of the contract, but for MaxUserInput and MaxIdempotencyKey, which are ours.
const (
	MaxRequestEntitlements = 20
	MaxRequestComments     = 1000 // characters
	MaxUserInput           = 100 << 10
	MaxIdempotencyKey      = 255 // characters
)

// Phase is one of the two phases of an account request.
type Phase struct {
	State    PhaseState `json:"state"`
	Started  time.Time  `json:"started,omitzero"`
	Finished time.Time  `json:"finished,omitzero"`
}

// end closes the phase. One that never began has no times.
func (p *Phase) end(state PhaseState, now time.Time) {
	p.State = state
	if !p.Started.IsZero() {
		p.Finished = now
	}
}

// AccountRequest asks for a new machine account, or for the deletion of one. References keep the names of when it was made:
// the request outlives what it is about.
type AccountRequest struct {
	ID        string      `json:"id"`
	Type      RequestType `json:"requestType"`
	Requester Reference   `json:"requester"`
	Source    Reference   `json:"source"`
	Subtype   Reference   `json:"subtype,omitzero"` // by its display name
	Owner     Reference   `json:"owner,omitzero"`   // who is to own the account, or owns it

	// What is asked for with a new account.
	MachineIdentity Reference       `json:"machineIdentity,omitzero"` // not set: a new one
	FormID          string          `json:"formId,omitempty"`
	Environment     string          `json:"environment,omitempty"`
	Description     string          `json:"description,omitempty"`
	UserInput       json.RawMessage `json:"userInput,omitempty"` // a JSON object: what of the input counts, once it was held against the form
	Entitlements    []Reference     `json:"entitlements,omitempty"`

	// Account is what is to be deleted, or what the creation has made.
	Account  Reference        `json:"account,omitzero"`
	Snapshot *AccountSnapshot `json:"accountSnapshot,omitempty"` // of what is to be deleted
	Comments string           `json:"requesterComments,omitempty"`

	ApprovalID        string        `json:"approvalId,omitempty"` // empty when nobody has to approve
	Status            RequestStatus `json:"overallStatus"`
	ApprovalPhase     Phase         `json:"approvalPhase"`
	ProvisioningPhase Phase         `json:"provisioningPhase"`
	Provisioning      Provisioning  `json:"provisioning,omitzero"`
	Error             string        `json:"errorDetails,omitempty"`
	Created           time.Time     `json:"created"`
	Completed         time.Time     `json:"completed,omitzero"`
	Modified          time.Time     `json:"modified"`
}

// AccountSnapshot is what a request for a deletion goes on showing of its account when that is gone.
type AccountSnapshot struct {
	NativeIdentity  string    `json:"nativeIdentity"`
	UUID            string    `json:"uuid,omitempty"`
	Description     string    `json:"description,omitempty"`
	Disabled        bool      `json:"disabled"`
	Locked          bool      `json:"locked"`
	Authoritative   bool      `json:"authoritative"`
	MachineIdentity Reference `json:"machineIdentity,omitzero"`
	Manager         Reference `json:"manager,omitzero"` // of the account's owner
}

// Provisioning is how far the work on a request is. It is kept before and after every step, so that a server that takes the
// work over knows where to go on.
type Provisioning struct {
	Step           string         `json:"step,omitempty"` // what is being done
	Attempts       int            `json:"attempts,omitempty"`
	NextTry        time.Time      `json:"nextTry,omitzero"`
	Since          time.Time      `json:"since,omitzero"`           // of the first failure of the step
	Name           string         `json:"name,omitempty"`           // plain, that was chosen for the account
	Taken          []string       `json:"taken,omitempty"`          // names that the source turned out to have
	NativeIdentity string         `json:"nativeIdentity,omitempty"` // of the account on the source
	Attributes     map[string]any `json:"attributes,omitempty"`     // what the account is made with; never a password
	Done           []string       `json:"done,omitempty"`           // the steps that are behind us
	WorkItemID     string         `json:"workItemId,omitempty"`     // of the person who does it by hand
	Cause          string         `json:"cause,omitempty"`          // why it is taken back
	Message        string         `json:"message,omitempty"`
}

// RequestOutcome is how the provisioning of a request ended. An empty Error is success.
type RequestOutcome struct {
	Error           string    // for the requester to read
	Account         Reference // that was made
	MachineIdentity Reference // that it belongs to
}

// Validate checks what of a request can be told without looking anything up. Errors name the fields of the contract.
func (r *AccountRequest) Validate() error {
	err := eachAtMost([]limited{
		{"environment", r.Environment, MaxName}, {"description", r.Description, MaxDescription}, {"comments", r.Comments, MaxRequestComments},
	})
	if err != nil {
		return err
	}
	if len(r.UserInput) > MaxUserInput {
		return Fail(Limit, "userInput", "Field 'userInput' has %d bytes; at most %d are allowed.", len(r.UserInput), MaxUserInput)
	}
	if n := len(r.Entitlements); n > MaxRequestEntitlements {
		return Fail(Limit, "entitlementIds", "Field 'entitlementIds' holds %d entries; at most %d are allowed.", n, MaxRequestEntitlements)
	}
	seen := map[string]bool{}
	for _, e := range r.Entitlements {
		if seen[e.ID] {
			return Fail(Illegal, "entitlementIds", "Field 'entitlementIds' names the entitlement %q twice.", e.ID)
		}
		seen[e.ID] = true
	}
	return nil
}

// Begin makes a request wait for its approval, or for its provisioning when nobody has to approve.
func (r *AccountRequest) Begin(now time.Time, approval bool) {
	r.Status, r.Created, r.Modified = RequestPending, now, now
	r.ApprovalPhase = Phase{State: PhasePending, Started: now}
	r.ProvisioningPhase = Phase{State: PhaseNotStarted}
	if !approval {
		r.Approve(PhasePassed, now)
	}
}

// Approve ends the approval, as PhaseApproved or PhasePassed, and begins provisioning.
func (r *AccountRequest) Approve(state PhaseState, now time.Time) {
	r.ApprovalPhase.end(state, now)
	r.ProvisioningPhase = Phase{State: PhasePending, Started: now}
	r.Modified = now
}

// Reject ends a request that was not approved, for a reason that may be empty.
func (r *AccountRequest) Reject(reason string, now time.Time) {
	r.ApprovalPhase.end(PhaseRejected, now)
	r.close(RequestRejected, reason, now)
}

// Cancel ends a request in whatever phase it is, for a reason that may be empty.
func (r *AccountRequest) Cancel(reason string, now time.Time) {
	if r.ApprovalPhase.State == PhasePending {
		r.ApprovalPhase.end(PhaseCancelled, now)
	}
	r.ProvisioningPhase.end(PhaseCancelled, now)
	r.close(RequestCancelled, reason, now)
}

// Finish ends the provisioning and with it the request.
func (r *AccountRequest) Finish(o RequestOutcome, now time.Time) {
	if o.Account.Set() {
		r.Account = o.Account
	}
	if o.MachineIdentity.Set() {
		r.MachineIdentity = o.MachineIdentity
	}
	if o.Error != "" {
		r.ProvisioningPhase.end(PhaseFailed, now)
		r.close(RequestFailed, o.Error, now)
		return
	}
	r.ProvisioningPhase.end(PhasePassed, now)
	r.close(RequestSucceeded, "", now)
}

func (r *AccountRequest) close(status RequestStatus, reason string, now time.Time) {
	r.Status, r.Error, r.Completed, r.Modified = status, reason, now, now
}

// CheckCancellable refuses to cancel a request that has ended or is being provisioned. One that is cancelled already may be
// cancelled again: a client may not have heard of the first time.
func (r *AccountRequest) CheckCancellable() error {
	switch {
	case r.Status == RequestCancelled:
		return nil
	case r.Status != RequestPending:
		return Fail(Conflict, "", "The request cannot be cancelled: it has already ended with %s.", r.Status)
	case r.ApprovalPhase.State != PhasePending:
		return Fail(Conflict, "", "The request cannot be cancelled: its provisioning has begun.")
	}
	return nil
}

// Snapshot is what a request for the deletion of the account keeps of it.
func (a *Account) Snapshot() *AccountSnapshot {
	return &AccountSnapshot{
		NativeIdentity: a.NativeIdentity, UUID: a.UUID, Description: a.Description, Disabled: a.Disabled, Locked: a.Locked,
		Authoritative: a.Authoritative, MachineIdentity: a.MachineIdentity,
	}
}

// Viewer is the person who looks for requests, with how far their user levels reach. Everybody sees the requests that they
// made, that are about accounts of theirs, or that they have to approve.
type Viewer struct {
	IdentityID  string
	Everything  bool // all requests
	Administers bool // also those on sources that the person administers
}

// Replay tells a request that is sent again from a new one.
type Replay struct {
	Key  string // of the caller's choice, "" for none
	Body string // a digest of everything that the caller asks for
}

// Validate checks the key, which is sent as a header.
func (r *Replay) Validate() error {
	const header = "Idempotency-Key"
	if r.Key != strings.TrimSpace(r.Key) || strings.ContainsFunc(r.Key, func(c rune) bool { return c < ' ' || c > '~' }) {
		return Fail(Illegal, header, "Illegal value for header %q: use printable ASCII characters.", header)
	}
	return atMost(header, r.Key, MaxIdempotencyKey)
}

// CheckCreationEnabled refuses requests for accounts of a subtype that nobody can ask for.
func (s *Subtype) CheckCreationEnabled() error {
	if s.Creation.Enabled {
		return nil
	}
	return Fail(Illegal, "subtypeId", "Accounts of the subtype %q of field 'subtypeId' cannot be requested: accountCreateEnabled is false.", s.TechnicalName)
}

// CheckForm refuses a form that is not the subtype's, and gives the one that counts: the subtype's own, else the given one,
// "" for none.
func (c *AccountCreation) CheckForm(given string) (string, error) {
	if given == "" || c.FormID == "" || given == c.FormID {
		return cmp.Or(c.FormID, given), nil
	}
	return "", Fail(Illegal, "formId", "Illegal value %q for field \"formId\": the form of the subtype is %q.", given, c.FormID)
}
