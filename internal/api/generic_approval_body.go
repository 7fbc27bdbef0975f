package api

import (
	"encoding/json"
	"strconv"
	"time"

	"midgard/internal/governance"
	"midgard/internal/jsondoc"
)

// approvalParts says what a list shows of approvals only when it is asked to.
type approvalParts struct{ comments, approvers, reassignments bool }

var wholeApproval = approvalParts{true, true, true}

// wireTime is a time in the form that the contract has; absent where it is zero and may be.
type wireTime struct{ time.Time }

// MarshalJSON writes milliseconds in UTC.
func (t wireTime) MarshalJSON() ([]byte, error) { return jsondoc.AppendTime(nil, t.Time), nil }

// The bodies below follow the contract's shapes. What Midgard has nothing for, such as batches, is left out.

type genericApprovalBody struct {
	ID             string                    `json:"id"`
	TenantID       string                    `json:"tenantId"`
	Type           string                    `json:"type"`
	Status         governance.ApprovalStatus `json:"status"`
	Approvers      []approvalIdentity        `json:"approvers,omitzero"`
	Created        wireTime                  `json:"createdDate"`
	Due            wireTime                  `json:"dueDate,omitzero"`
	EscalationStep string                    `json:"escalationStep"`
	SerialStep     int                       `json:"serialStep"`
	IsEscalated    bool                      `json:"isEscalated"`
	Name           []approvalText            `json:"name"`
	Config         governance.ApprovalConfig `json:"approvalConfig"`
	Description    []approvalText            `json:"description"`
	Medium         string                    `json:"medium"`
	Priority       string                    `json:"priority"`
	Requester      *approvalIdentity         `json:"requester,omitempty"`
	Requestee      *approvalIdentity         `json:"requestee,omitempty"`
	Comments       []approvalComment         `json:"comments,omitzero"`
	ApprovedBy     []approvalRecord          `json:"approvedBy"`
	RejectedBy     []approvalRecord          `json:"rejectedBy"`
	AssignedTo     []approvalIdentity        `json:"assignedTo"`
	Completed      wireTime                  `json:"completedDate,omitzero"`
	Criteria       approvalCriteria          `json:"approvalCriteria"`
	Attributes     string                    `json:"additionalAttributes,omitempty"`
	References     []approvalReference       `json:"referenceData"`
	Reassignments  []approvalReassignment    `json:"reassignmentHistory,omitzero"`
	Modified       wireTime                  `json:"modifiedDate"`
	Targets        []approvalTarget          `json:"requestedTarget"`
}

type approvalText struct {
	Value  string `json:"value"`
	Locale string `json:"locale"`
}

type approvalIdentity struct {
	Email       string              `json:"email,omitempty"`
	ID          string              `json:"identityID"`
	Members     []approvalReference `json:"members,omitempty"`
	Name        string              `json:"name"`
	OwnerOf     []approvalReference `json:"ownerOf,omitempty"`
	SerialOrder *int                `json:"serialOrder,omitempty"`
	Type        string              `json:"type"`
}

type approvalReference struct {
	Email string `json:"email,omitempty"`
	ID    string `json:"id"`
	Name  string `json:"name,omitempty"`
	Type  string `json:"type"`
}

type approvalComment struct {
	Author  approvalIdentity `json:"author"`
	Comment string           `json:"comment"`
	Created wireTime         `json:"createdDate"`
	ID      string           `json:"commentId"`
}

type approvalRecord struct {
	ID         string              `json:"identityID"`
	Type       string              `json:"type"`
	Name       string              `json:"name"`
	Email      string              `json:"email,omitempty"`
	ActionedAs []approvalReference `json:"actionedAs"`
	Decided    wireTime            `json:"decisionDate"`
}

type approvalCriteria struct {
	Type      string        `json:"type"`
	Approval  approvalCount `json:"approval"`
	Rejection approvalCount `json:"rejection"`
}

type approvalCount struct {
	Type  string `json:"calculationType"`
	Value int    `json:"value"`
}

type approvalReassignment struct {
	CommentID string            `json:"commentID,omitempty"`
	From      *approvalIdentity `json:"reassignedFrom,omitempty"`
	To        *approvalIdentity `json:"reassignedTo,omitempty"`
	By        *approvalIdentity `json:"reassigner,omitempty"`
	Date      wireTime          `json:"reassignmentDate"`
	Type      string            `json:"reassignmentType"`
}

type approvalTarget struct {
	ID          string `json:"id"`
	Name        string `json:"name,omitempty"`
	RequestType string `json:"requestType,omitempty"`
	TargetType  string `json:"targetType,omitempty"`
}

// approvalEncoder writes approvals with the given parts.
func (s *server) approvalEncoder(with approvalParts) func([]byte, *governance.GenericApproval) []byte {
	tenant := s.Auth.TenantID()
	return asJSON(func(a *governance.GenericApproval) any {
		body := approvalBodyOf(a)
		body.TenantID = tenant
		if with.comments {
			body.Comments = commentsOfApproval(a)
		}
		if with.approvers {
			body.Approvers = approversOf(a)
		}
		if with.reassignments {
			body.Reassignments = reassignmentsOf(a)
		}
		return body
	})
}

func approvalBodyOf(a *governance.GenericApproval) genericApprovalBody {
	body := genericApprovalBody{
		ID: a.ID, Type: a.Type, Status: a.Status, Created: wireTime{a.Created}, Due: wireTime{a.Due}, Completed: wireTime{a.Completed},
		Modified: wireTime{a.Modified}, EscalationStep: strconv.Itoa(a.Escalations), SerialStep: a.SerialStep, IsEscalated: a.Escalated,
		Name: texts(a.Name), Description: texts(a.Description), Config: shownConfig(a.Config),
		Medium: governance.ApprovalMedium, Priority: governance.ApprovalPriority,
		Requester: identityOf(a, governance.Person(a.Requester)), Requestee: identityOf(a, governance.Person(a.Requestee)),
		ApprovedBy: recordsOf(a, governance.ApprovalApproved), RejectedBy: recordsOf(a, governance.ApprovalRejected), AssignedTo: []approvalIdentity{},
		Criteria:   approvalCriteria{"SERIAL", approvalCount{"COUNT", len(a.Steps)}, approvalCount{"COUNT", 1}},
		References: []approvalReference{}, Targets: []approvalTarget{},
	}
	if step := a.Current(); step != nil && step.Approver.ID != "" {
		body.AssignedTo = append(body.AssignedTo, *identityOf(a, step.Approver))
	}
	if len(a.Attributes) > 0 {
		attributes, _ := json.Marshal(a.Attributes) //nolint:errcheck // texts always can be
		body.Attributes = string(attributes)
	}
	for _, o := range a.References {
		body.References = append(body.References, approvalReference{ID: o.ID, Name: o.Name, Type: o.Type})
	}
	for _, o := range a.Targets {
		body.Targets = append(body.Targets, approvalTarget{o.ID, o.Name, o.RequestType, o.Type})
	}
	return body
}

// texts is a text as the contract has them, for one language.
func texts(text string) []approvalText {
	if text == "" {
		return []approvalText{}
	}
	return []approvalText{{text, "en_US"}}
}

// identityOf is nil for nobody.
func identityOf(a *governance.GenericApproval, p governance.Party) *approvalIdentity {
	if p.ID == "" {
		return nil
	}
	contact := a.Contacts[p.ID]
	body := &approvalIdentity{ID: p.ID, Name: p.Name, Type: p.Type, Email: contact.Email}
	for _, m := range contact.Members {
		body.Members = append(body.Members, approvalReference{m.Email, m.ID, m.Name, typeIdentity})
	}
	return body
}

func approversOf(a *governance.GenericApproval) []approvalIdentity {
	all := []approvalIdentity{}
	for i, step := range a.Steps {
		body := identityOf(a, step.Approver)
		if body == nil {
			continue
		}
		body.SerialOrder = &i
		if step.Kind == governance.ApproverSourceOwner && a.Source.Set() {
			body.OwnerOf = []approvalReference{{ID: a.Source.ID, Name: a.Source.Name, Type: "SOURCE"}}
		}
		all = append(all, *body)
	}
	return all
}

func recordsOf(a *governance.GenericApproval, decision governance.ApprovalStatus) []approvalRecord {
	all := []approvalRecord{}
	for _, step := range a.Steps {
		if step.Decision != decision {
			continue
		}
		all = append(all, approvalRecord{
			ID: step.DecidedBy.ID, Type: typeIdentity, Name: step.DecidedBy.Name, Email: a.Contacts[step.DecidedBy.ID].Email, Decided: wireTime{step.Decided},
			ActionedAs: []approvalReference{{ID: step.Approver.ID, Name: step.Approver.Name, Type: step.Approver.Type}},
		})
	}
	return all
}

func commentsOfApproval(a *governance.GenericApproval) []approvalComment {
	all := []approvalComment{}
	for _, c := range a.Comments {
		author := approvalIdentity{Name: c.Author.Name, Type: typeIdentity}
		if known := identityOf(a, governance.Person(c.Author)); known != nil {
			author = *known
		}
		all = append(all, approvalComment{author, c.Text, wireTime{c.Created}, c.ID})
	}
	return all
}

func reassignmentsOf(a *governance.GenericApproval) []approvalReassignment {
	all := []approvalReassignment{}
	for _, r := range a.Reassignments {
		all = append(all, approvalReassignment{
			CommentID: r.CommentID, From: identityOf(a, r.From), To: identityOf(a, r.To), By: identityOf(a, governance.Person(r.By)),
			Date: wireTime{r.Time}, Type: r.Type,
		})
	}
	return all
}

// shownConfig has the contract's defaults where nothing is configured.
func shownConfig(c governance.ApprovalConfig) governance.ApprovalConfig {
	for _, word := range []struct {
		to        *string
		otherwise string
	}{
		{&c.RequiresComment, governance.CommentsOff}, {&c.AutoApprove, governance.AutoApproveOff}, {&c.ManagerAssignment, governance.ManagerOfRequester},
	} {
		if *word.to == "" {
			*word.to = word.otherwise
		}
	}
	if c.Timeout.Result == "" {
		c.Timeout.Result = c.Timeout.Outcome()
	}
	c.Escalation.Chain = shownChain(c.Escalation.Chain, func(link *governance.ChainLink) { link.Tier = 0 })
	c.SerialChain = shownChain(c.SerialChain, func(link *governance.ChainLink) { link.ChainID = "" })
	return c
}

// shownChain copies a chain without what the contract does not have in it.
func shownChain(chain []governance.ChainLink, cut func(*governance.ChainLink)) []governance.ChainLink {
	shown := append([]governance.ChainLink{}, chain...)
	for i := range shown {
		cut(&shown[i])
	}
	return shown
}
