package governance

import (
	"slices"
	"strings"
)

// The policies of the contract on who must give a reason. REJECT and REJECTION mean the same; what was sent is shown again.
const (
	CommentsAll       = "ALL"
	CommentsOff       = "OFF"
	CommentsApproval  = "APPROVAL"
	CommentsReject    = "REJECT"
	CommentsRejection = "REJECTION"
)

// MaxApprovers is how many approvers one kind of request may need; ours, the contract is silent.
const MaxApprovers = 20

// Approval says who decides on requests of one kind, one after the other, and who must comment.
type Approval struct {
	Required  bool   `json:"approvalRequired"`
	Approvers string `json:"approvers,omitempty"` // as it was sent; see ParseApprovers
	Comments  string `json:"comments,omitempty"`  // one of the policies; empty is OFF
}

// DefaultDeletion is what applies on a source that nobody has configured: its owner decides on deletions.
func DefaultDeletion() Approval {
	return Approval{Required: true, Approvers: string(ApproverSourceOwner), Comments: CommentsOff}
}

// SourceApproval is an approval setting of a source. Type names the kind of request, as the contract's path does.
type SourceApproval struct {
	Source  Reference `json:"source"`
	Type    string    `json:"type"`
	Setting Approval  `json:"approvalConfig"`
}

// ApprovalMachineAccountDelete is the type of the settings for the deletion of machine accounts.
const ApprovalMachineAccountDelete = "machine-account-delete"

// ApproverKind says in what role somebody approves.
type ApproverKind string

// The kinds of approvers. The contract writes a governance group as "workgroup:" and its id.
const (
	ApproverManager      ApproverKind = "manager"      // of the requester
	ApproverSourceOwner  ApproverKind = "sourceOwner"  // of the account's source
	ApproverAccountOwner ApproverKind = "accountOwner" // of the account that is to be deleted
	ApproverWorkgroup    ApproverKind = "workgroup"    // one member of the group suffices
)

// Approver is one step of the approval.
type Approver struct {
	Kind  ApproverKind
	Group string // the id as it was sent, for ApproverWorkgroup
}

// ParseApprovers reads the contract's list: names with commas between them, in the order in which they approve. An account
// owner can only approve a deletion, since before there is no account. field names the text in errors.
func ParseApprovers(field, text string, deletion bool) ([]Approver, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	var all []Approver
	for part := range strings.SplitSeq(text, ",") {
		approver, err := parseApprover(field, strings.TrimSpace(part), deletion)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(all, approver.same) {
			return nil, Fail(Illegal, field, "Field '%s' names the approver %q twice.", field, strings.TrimSpace(part))
		}
		all = append(all, approver)
	}
	if len(all) > MaxApprovers {
		return nil, Fail(Limit, field, "Field '%s' names %d approvers; at most %d are allowed.", field, len(all), MaxApprovers)
	}
	return all, nil
}

func parseApprover(field, name string, deletion bool) (Approver, error) {
	kind, group, isGroup := strings.Cut(name, ":")
	switch approver := (Approver{ApproverKind(kind), strings.TrimSpace(group)}); {
	case approver.Kind == ApproverWorkgroup && approver.Group != "":
		return approver, nil
	case approver.Kind == ApproverWorkgroup:
		return approver, Fail(Illegal, field, "Illegal value %q for field %q: write workgroup: and the id of a governance group.", name, field)
	case isGroup:
	case approver.Kind == ApproverManager, approver.Kind == ApproverSourceOwner, approver.Kind == ApproverAccountOwner && deletion:
		return approver, nil
	case approver.Kind == ApproverAccountOwner:
		return approver, Fail(Illegal, field, "Illegal value %q for field %q: an account that is to be created has no owner yet.", name, field)
	}
	allowed := "manager, sourceOwner or workgroup:ID"
	if deletion {
		allowed = "manager, sourceOwner, accountOwner or workgroup:ID"
	}
	return Approver{}, Fail(Illegal, field, "Illegal value %q for field %q: use %s.", name, field, allowed)
}

// same compares group ids without regard to case and dashes, as all ids are.
func (a Approver) same(b Approver) bool {
	plain := func(id string) string { return strings.ReplaceAll(id, "-", "") }
	return a.Kind == b.Kind && strings.EqualFold(plain(a.Group), plain(b.Group))
}

// Validate checks the settings of one kind of request. prefix stands before the fields' names in errors.
func (a *Approval) Validate(prefix string, deletion bool) error {
	field := prefix + "approvalConfig.approvers"
	if err := atMost(field, a.Approvers, MaxDescription); err != nil {
		return err
	}
	approvers, err := ParseApprovers(field, a.Approvers, deletion)
	if err != nil {
		return err
	}
	if a.Required && len(approvers) == 0 {
		return Fail(Required, field, "Required field '%s' was missing or empty: with approvalRequired somebody must decide.", field)
	}
	comments := []string{CommentsAll, CommentsOff, CommentsApproval, CommentsReject, CommentsRejection}
	if a.Comments != "" && !slices.Contains(comments, a.Comments) {
		field := prefix + "approvalConfig.comments"
		return Fail(Illegal, field, "Illegal value %q for field %q: use %s.", a.Comments, field, strings.Join(comments, ", "))
	}
	return nil
}
