package governance

import (
	"slices"
	"time"
)

// The types of approvals that Midgard opens itself, in the contract's words.
const (
	ApprovalOfCreation = "MACHINE_ACCOUNT_CREATE_APPROVAL_REQUEST"
	ApprovalOfDeletion = "MACHINE_ACCOUNT_DELETE_APPROVAL_REQUEST"
)

// ApprovalStatus is where an approval is in its life: PENDING until it ends in one of the others, for ever.
type ApprovalStatus string

// The contract's statuses. PASSED means that nobody had to be asked.
const (
	ApprovalPending   ApprovalStatus = "PENDING"
	ApprovalApproved  ApprovalStatus = "APPROVED"
	ApprovalRejected  ApprovalStatus = "REJECTED"
	ApprovalCancelled ApprovalStatus = "CANCELLED"
	ApprovalExpired   ApprovalStatus = "EXPIRED"
	ApprovalPassed    ApprovalStatus = "PASSED"
)

// What every approval of Midgard's has; the contract knows other values.
const (
	ApprovalMedium   = "EMAIL"
	ApprovalPriority = "MEDIUM"
)

// The contract's types of those who decide.
const (
	PartyIdentity = "IDENTITY"
	PartyGroup    = "GOVERNANCE_GROUP"
)

// Party is who decides on a step: a person, or a governance group of which one member suffices.
type Party struct {
	Type string `json:"type,omitempty"` // one of the Party constants; "" stands for nobody
	Reference
}

// Person makes a party of a person.
func Person(r Reference) Party { return Party{PartyIdentity, r} }

// ApprovalStep is one of the decisions that an approval needs.
type ApprovalStep struct {
	Kind     ApproverKind `json:"kind"` // why this party is asked
	Approver Party        `json:"approver,omitzero"`
	// Decision is ApprovalApproved or ApprovalRejected once somebody has decided.
	Decision  ApprovalStatus `json:"decision,omitempty"`
	DecidedBy Reference      `json:"decidedBy,omitzero"`
	Decided   time.Time      `json:"decided,omitzero"`
}

// ApprovalComment is a remark on an approval.
type ApprovalComment struct {
	ID      string    `json:"id"`
	Author  Reference `json:"author"`
	Text    string    `json:"text"`
	Created time.Time `json:"created"`
}

// The contract's types of reassignments.
const (
	ReassignedByHand      = "MANUAL_REASSIGNMENT"
	ReassignedByMidgard   = "AUTO_REASSIGNMENT"
	ReassignedAsEscalated = "ESCALATION"
)

// Reassignment says that another party decides on a step from then on. From is empty when nobody could be found for the
// step, By when Midgard did it.
type Reassignment struct {
	Step      int       `json:"step"`
	From      Party     `json:"from,omitzero"`
	To        Party     `json:"to"`
	By        Reference `json:"by,omitzero"`
	Type      string    `json:"type"` // one of the Reassigned constants
	CommentID string    `json:"commentId,omitempty"`
	Time      time.Time `json:"time"`
}

// ApprovalObject is something that an approval is about. RequestType says what is asked for it.
type ApprovalObject struct {
	Type        string `json:"type"`
	RequestType string `json:"requestType,omitempty"`
	Reference
}

// Limits of an approval; ours, the contract is silent. Each entry is written again with every change.
const (
	MaxApprovalComments = 200
	MaxReassignments    = 100
)

// GenericApproval is a question to people, answered step by step. Who opens one sets the fields up to CommentPolicy; the
// store sets the others. Names are those of the time at which they were written.
type GenericApproval struct {
	ID          string    `json:"id"` // the store makes one where there is none
	Type        string    `json:"type"`
	Name        string    `json:"name"`
	Description string    `json:"description,omitempty"`
	Requester   Reference `json:"requester"`
	Requestee   Reference `json:"requestee,omitzero"` // for whom it is
	// Targets are what is asked for; References are what belongs to it, such as the request.
	Targets    []ApprovalObject `json:"requestedTarget,omitempty"`
	References []ApprovalObject `json:"referenceData,omitempty"`
	// Source, AccountOwner and MachineIdentity are where approvers are looked for who are needed later: fallback and
	// escalation. Any of them may be empty.
	Source          Reference      `json:"source,omitzero"`
	AccountOwner    Reference      `json:"accountOwner,omitzero"`
	MachineIdentity Reference      `json:"machineIdentity,omitzero"`
	Steps           []ApprovalStep `json:"steps,omitempty"` // in their order; none means that nobody has to be asked
	// CommentPolicy is one of the Comments constants; empty leaves it to the configuration.
	CommentPolicy string `json:"commentPolicy,omitempty"`

	Status        ApprovalStatus    `json:"status"`
	SerialStep    int               `json:"serialStep"` // index of the step that waits, or at which it ended
	Config        ApprovalConfig    `json:"approvalConfig"`
	Comments      []ApprovalComment `json:"comments,omitempty"`
	Reassignments []Reassignment    `json:"reassignmentHistory,omitempty"`
	Attributes    map[string]string `json:"additionalAttributes,omitempty"`
	// Escalations and Reminders count within the step that waits. Escalated stays.
	Escalations int  `json:"escalationStep"`
	Escalated   bool `json:"isEscalated"`
	Reminders   int  `json:"reminders"`
	// Due is when it ends by itself. NextReminder and NextEscalation are zero when there is none to come.
	Due            time.Time `json:"dueDate,omitzero"`
	NextReminder   time.Time `json:"nextReminder,omitzero"`
	NextEscalation time.Time `json:"nextEscalation,omitzero"`
	Created        time.Time `json:"created"`
	Modified       time.Time `json:"modified"`
	Completed      time.Time `json:"completed,omitzero"` // zero while it is pending

	// Contacts is who the people and groups named above are, by id; the store fills it in on reading.
	Contacts map[string]Contact `json:"-"`
}

// Contact is how a party can be reached.
type Contact struct {
	Email   string
	Members []Contact // of a group; only people who are active
	Reference
}

// Pending says whether it still waits for somebody.
func (a *GenericApproval) Pending() bool { return a.Status == ApprovalPending }

// Current is the step that waits, or at which the approval ended; nil where there are no steps.
func (a *GenericApproval) Current() *ApprovalStep {
	if len(a.Steps) == 0 {
		return nil
	}
	return &a.Steps[min(a.SerialStep, len(a.Steps)-1)]
}

// Decided is the time of the last decision, zero before the first.
func (a *GenericApproval) Decided() time.Time {
	var last time.Time
	for _, step := range a.Steps {
		if step.Decided.After(last) {
			last = step.Decided
		}
	}
	return last
}

// NextDue is the next time at which something happens by itself, zero for never.
func (a *GenericApproval) NextDue() time.Time {
	if !a.Pending() {
		return time.Time{}
	}
	var next time.Time
	for _, at := range []time.Time{a.Due, a.NextReminder, a.NextEscalation} {
		if !at.IsZero() && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	return next
}

// MustComment says whether the decision needs a comment.
func (a *GenericApproval) MustComment(decision ApprovalStatus) bool {
	switch a.CommentPolicy {
	case CommentsAll:
		return true
	case CommentsApproval:
		return decision == ApprovalApproved
	case CommentsReject, CommentsRejection:
		return decision == ApprovalRejected
	}
	return false
}

// Comment adds a remark and gives its id; an empty text is none and gives "".
func (a *GenericApproval) Comment(id string, author Reference, text string, at time.Time) string {
	if text == "" {
		return ""
	}
	// the slice may be shared with the approval as it was before
	a.Comments = append(slices.Clone(a.Comments), ApprovalComment{id, author, text, at})
	return id
}

// Reassign hands the step that waits over to another party and notes it.
func (a *GenericApproval) Reassign(r Reassignment) {
	a.Steps = slices.Clone(a.Steps)
	step := a.Current()
	r.Step, r.From = a.SerialStep, step.Approver
	step.Approver = r.To
	a.Reassignments = append(slices.Clone(a.Reassignments), r)
}

// Decide notes the decision on the step that waits.
func (a *GenericApproval) Decide(decision ApprovalStatus, by Reference, at time.Time) {
	a.Steps = slices.Clone(a.Steps)
	step := a.Current()
	step.Decision, step.DecidedBy, step.Decided = decision, by, at
}

// End ends the approval.
func (a *GenericApproval) End(status ApprovalStatus, at time.Time) {
	a.Status, a.Completed = status, at
	a.NextReminder, a.NextEscalation = time.Time{}, time.Time{}
}

const day = 24 * time.Hour

// Await begins the time that the step at which the approval is has for reminders and escalations.
func (a *GenericApproval) Await(now time.Time) {
	a.Reminders, a.Escalations = 0, 0
	a.NextReminder, a.NextEscalation = time.Time{}, time.Time{}
	if r := a.Config.Reminder; r.Enabled {
		a.NextReminder = now.Add(time.Duration(r.DaysUntilFirst) * day)
	}
	if e := a.Config.Escalation; e.Enabled && len(e.Chain) > 0 {
		a.NextEscalation = now.Add(time.Duration(e.DaysUntilFirst) * day)
	}
}

// SetDue sets the time at which the approval, which is new, ends by itself.
func (a *GenericApproval) SetDue(now time.Time) {
	if t := a.Config.Timeout; t.Enabled {
		a.Due = now.Add(time.Duration(t.DaysUntilTimeout) * day)
	}
}

// MaxComment bounds comments, and the values of additional attributes, in characters; ours, the contract is silent.
const MaxComment = 4000

// CheckComment bounds a comment that a request brings.
func CheckComment(text string) error { return atMost("comment", text, MaxComment) }

// ApprovalDecision is what somebody wants to become of the step that waits.
type ApprovalDecision struct {
	By Reference
	// Admin lets somebody decide who is not asked: they take the step over.
	Admin    bool
	Decision ApprovalStatus // ApprovalApproved or ApprovalRejected
	Comment  string
	// Attributes are added to those that the approval has.
	Attributes map[string]string
	// Override names the approver whom an administrator takes over from; "" for whoever it is.
	Override string
	// Step is the index of the step that the caller has seen: a decision on another one is a Conflict.
	Step int
}

// ApprovalReassignment is what somebody wants: that another party decides on the step that waits.
type ApprovalReassignment struct {
	By      Reference
	Admin   bool
	From    string // the id of who decides now; "" for whoever it is
	To      string // the id of a person or of a governance group
	Comment string
}

// ApprovalQuery narrows a list of approvals. All ids are optional.
type ApprovalQuery struct {
	// Viewer sees only what they asked for, what is for them, and what they or a group of theirs decide, have decided or were
	// asked to; "" sees everything.
	Viewer string
	// Approver is a person, or a governance group, whose turn it is or was; a person's groups count.
	Approver string
	// Requester and Requestee are people.
	Requester, Requestee string
}

// EachParty calls note with everybody whom the approval names, some more than once.
func (a *GenericApproval) EachParty(note func(Party)) {
	note(Person(a.Requester))
	note(Person(a.Requestee))
	for _, step := range a.Steps {
		note(step.Approver)
		note(Person(step.DecidedBy))
	}
	for _, c := range a.Comments {
		note(Person(c.Author))
	}
	for _, r := range a.Reassignments {
		note(r.From)
		note(r.To)
		note(Person(r.By))
	}
}

// MaxAttributes is how many additional attributes an approval may have; ours, the contract is silent.
const MaxAttributes = 100

// ApprovalAttributes is a change of the additional attributes of an approval.
type ApprovalAttributes struct {
	Add     map[string]string
	Remove  []string // keys
	Comment string
}

// Removes says whether the change takes a key away.
func (e *ApprovalAttributes) Removes(key string) bool { return slices.Contains(e.Remove, key) }

// AddAttributes adds additional attributes; those of the same key are replaced.
func (a *GenericApproval) AddAttributes(add map[string]string) error {
	if len(add) == 0 {
		return nil
	}
	if a.Attributes == nil {
		a.Attributes = map[string]string{}
	}
	for key, value := range add {
		if err := eachAtMost([]limited{{"additionalAttributes", key, MaxName}, {"additionalAttributes", value, MaxComment}}); err != nil {
			return err
		}
		a.Attributes[key] = value
	}
	if len(a.Attributes) > MaxAttributes {
		return Fail(Limit, "additionalAttributes", "Field 'additionalAttributes' would have %d keys; at most %d are allowed.", len(a.Attributes), MaxAttributes)
	}
	return nil
}
