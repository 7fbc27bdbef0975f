package governance

import (
	"fmt"
	"time"
)

// What an approval of an account request names: the request, and the account or, while there is none, its subtype.
const (
	ObjectAccountRequest = "ACCOUNT_REQUEST"
	ObjectAccount        = "ACCOUNT"
	ObjectSubtype        = "MACHINE_ACCOUNT_SUBTYPE"
)

// ApprovalDraft is the approval that the request needs by a setting, with the steps that were made of it.
func (r *AccountRequest) ApprovalDraft(setting Approval, steps []ApprovalStep) GenericApproval {
	a := GenericApproval{
		ID: r.ApprovalID, Requester: r.Requester, Requestee: r.Owner, Source: r.Source, MachineIdentity: r.MachineIdentity,
		References: []ApprovalObject{{Type: ObjectAccountRequest, RequestType: string(r.Type), Reference: Reference{ID: r.ID}}},
		Steps:      steps, CommentPolicy: setting.Comments,
	}
	if r.Type == RequestDeletion {
		a.Type, a.Name, a.Description = ApprovalOfDeletion, Cut(fmt.Sprintf("Delete the account %s on %s", r.Account.Name, r.Source.Name), MaxName), r.Comments
		a.AccountOwner = r.Owner
		a.Targets = []ApprovalObject{{Type: ObjectAccount, RequestType: string(r.Type), Reference: r.Account}}
		return a
	}
	a.Type, a.Name, a.Description = ApprovalOfCreation, Cut(fmt.Sprintf("Create a machine account %s on %s", r.Subtype.Name, r.Source.Name), MaxName), r.Description
	a.Targets = []ApprovalObject{{Type: ObjectSubtype, RequestType: string(r.Type), Reference: r.Subtype}}
	return a
}

// ApprovedRequest is the id of the account request that an approval is about, "" when it is about none.
func ApprovedRequest(a *GenericApproval) string {
	for _, o := range a.References {
		if o.Type == ObjectAccountRequest {
			return o.ID
		}
	}
	return ""
}

// TakeApproval carries the end of the request's approval over.
func (r *AccountRequest) TakeApproval(a *GenericApproval, now time.Time) {
	switch a.Status {
	case ApprovalApproved:
		r.Approve(PhaseApproved, now)
	case ApprovalPassed:
		r.Approve(PhasePassed, now)
	case ApprovalRejected:
		r.Reject(a.rejection(), now)
	case ApprovalExpired:
		r.Reject("Nobody decided in time.", now)
	case ApprovalCancelled:
		r.Cancel(a.lastWord(), now)
	}
}

// rejection says who has rejected the approval, and what they wrote.
func (a *GenericApproval) rejection() string {
	text := "The request was rejected."
	if step := a.Current(); step != nil && step.DecidedBy.Name != "" {
		text = "The request was rejected by " + step.DecidedBy.Name + "."
	}
	if comment := a.lastWord(); comment != "" {
		text += " " + comment
	}
	return text
}

// lastWord is the comment with which the approval ended, "" when there was none.
func (a *GenericApproval) lastWord() string {
	if n := len(a.Comments); n > 0 && a.Comments[n-1].Created.Equal(a.Completed) {
		return a.Comments[n-1].Text
	}
	return ""
}

// DecisionComment is what was written with the decision on a step, "" for nothing.
func (a *GenericApproval) DecisionComment(step int) string {
	s := &a.Steps[step]
	for _, c := range a.Comments {
		if c.Author.ID == s.DecidedBy.ID && c.Created.Equal(s.Decided) {
			return c.Text
		}
	}
	return ""
}
