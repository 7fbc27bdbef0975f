package api

import (
	"encoding/json"
	"net/http"

	"midgard/internal/governance"
)

// decisionBody is what a decision may bring; a rejection has no attributes.
type decisionBody struct {
	Comment    string            `json:"comment"`
	Override   string            `json:"overrideApproverID"`
	Attributes map[string]string `json:"additionalAttributes"`
}

type rejectionBody struct {
	Comment  string `json:"comment"`
	Override string `json:"overrideApproverID"`
}

func (s *server) approve(w http.ResponseWriter, r *http.Request) error {
	a, err := decideWith(s, w, r, func(b *decisionBody) governance.ApprovalDecision {
		return governance.ApprovalDecision{Decision: governance.ApprovalApproved, Comment: b.Comment, Override: b.Override, Attributes: b.Attributes}
	})
	if err != nil {
		return err
	}
	return writeOne(w, r, &a, s.approvalEncoder(wholeApproval))
}

func (s *server) reject(w http.ResponseWriter, r *http.Request) error {
	_, err := decideWith(s, w, r, func(b *rejectionBody) governance.ApprovalDecision {
		return governance.ApprovalDecision{Decision: governance.ApprovalRejected, Comment: b.Comment, Override: b.Override}
	})
	if err != nil {
		return err
	}
	return done(w, r)
}

// decideWith reads the approval before the decision is made: a caller who may not know of it is told that first, and the
// decision is on the step that waits as the request comes in. When somebody else decides on it meanwhile, it is a conflict.
func decideWith[T any](s *server, w http.ResponseWriter, r *http.Request, read func(*T) governance.ApprovalDecision) (governance.GenericApproval, error) {
	seen, err := s.Store.GenericApproval(r.Context(), pathID(r, "id"), approvalViewer(r))
	if err != nil {
		return seen, err
	}
	body, err := decode[T](w, r)
	if err != nil {
		return seen, err
	}
	d := read(&body)
	d.Step, d.By, d.Admin = seen.SerialStep, callOf(r).principal.Identity, decidesAll(r)
	if err := governance.CheckComment(d.Comment); err != nil {
		return seen, err
	}
	return s.Store.DecideApproval(r.Context(), actor(r), seen.ID, d)
}

// reassignBody says from whom an approval goes to whom. Both are ids of people or governance groups.
type reassignBody struct {
	Comment string `json:"comment"`
	From    string `json:"reassignFrom"`
	To      string `json:"reassignTo"`
}

func (b *reassignBody) reassignment(r *http.Request) (governance.ApprovalReassignment, error) {
	re := governance.ApprovalReassignment{By: callOf(r).principal.Identity, Admin: decidesAll(r), From: b.From, To: b.To, Comment: b.Comment}
	if b.To == "" {
		return re, governance.Fail(governance.Required, "reassignTo", "Required field 'reassignTo' was missing or empty.")
	}
	return re, governance.CheckComment(b.Comment)
}

func (s *server) reassignApproval(w http.ResponseWriter, r *http.Request) error {
	id, body, err := approvalBody[reassignBody](s, w, r)
	if err != nil {
		return err
	}
	re, err := body.reassignment(r)
	if err != nil {
		return err
	}
	if err := s.Store.ReassignApproval(r.Context(), actor(r), id, re); err != nil {
		return err
	}
	return done(w, r)
}

// approvalBody reads a body about an approval that the caller may know of.
func approvalBody[T any](s *server, w http.ResponseWriter, r *http.Request) (id string, body T, err error) {
	id = pathID(r, "id")
	if _, err = s.Store.GenericApproval(r.Context(), id, approvalViewer(r)); err != nil {
		return id, body, err
	}
	body, err = decode[T](w, r)
	return id, body, err
}

type commentBody struct {
	Comment string `json:"comment"`
}

func (s *server) commentApproval(w http.ResponseWriter, r *http.Request) error {
	id, body, err := approvalBody[commentBody](s, w, r)
	if err != nil {
		return err
	}
	if body.Comment == "" {
		return governance.Fail(governance.Required, "comment", "Required field 'comment' was missing or empty.")
	}
	if err := governance.CheckComment(body.Comment); err != nil {
		return err
	}
	a, err := s.Store.CommentApproval(r.Context(), actor(r), id, callOf(r).principal.Identity, body.Comment)
	if err != nil {
		return err
	}
	return writeOne(w, r, &a, s.approvalEncoder(wholeApproval))
}

func (s *server) setApprovalAttributes(w http.ResponseWriter, r *http.Request) error {
	id, body, err := approvalBody[struct {
		Comment string            `json:"comment"`
		Add     map[string]string `json:"additionalAttributes"`
		Remove  []string          `json:"removeAttributeKeys"`
	}](s, w, r)
	if err != nil {
		return err
	}
	if err := governance.CheckComment(body.Comment); err != nil {
		return err
	}
	change := governance.ApprovalAttributes{Add: body.Add, Remove: body.Remove, Comment: body.Comment}
	a, err := s.Store.SetApprovalAttributes(r.Context(), actor(r), id, callOf(r).principal.Identity, decidesAll(r), change)
	if err != nil {
		return err
	}
	return writeOne(w, r, &a, s.approvalEncoder(wholeApproval))
}

func (s *server) cancelApproval(w http.ResponseWriter, r *http.Request) error {
	id, body, err := approvalBody[commentBody](s, w, r)
	if err != nil {
		return err
	}
	if err := governance.CheckComment(body.Comment); err != nil {
		return err
	}
	if err := s.Store.CancelApproval(r.Context(), actor(r), id, body.Comment); err != nil {
		return err
	}
	return done(w, r)
}

// accepted answers a bulk request.
func accepted(w http.ResponseWriter, r *http.Request) error { return ok(w, r, struct{}{}) }

func (s *server) approveInBulk(w http.ResponseWriter, r *http.Request) error {
	body, err := decode[struct {
		IDs        []string                   `json:"approvalIds"`
		Comment    string                     `json:"comment"`
		Attributes map[string]json.RawMessage `json:"additionalAttributes"`
	}](w, r)
	if err != nil {
		return err
	}
	d := governance.ApprovalDecision{Decision: governance.ApprovalApproved, Comment: body.Comment, Attributes: map[string]string{}}
	for key, value := range body.Attributes {
		d.Attributes[key] = attributeText(value)
	}
	return s.decideInBulk(w, r, body.IDs, d)
}

// attributeText is a value of additional attributes as they are kept: texts. Anything else stays JSON.
func attributeText(value json.RawMessage) string {
	var text string
	if json.Unmarshal(value, &text) != nil {
		return string(value)
	}
	return text
}

func (s *server) rejectInBulk(w http.ResponseWriter, r *http.Request) error {
	body, err := decode[struct {
		IDs     []string `json:"approvalIds"`
		Comment string   `json:"comment"`
	}](w, r)
	if err != nil {
		return err
	}
	return s.decideInBulk(w, r, body.IDs, governance.ApprovalDecision{Decision: governance.ApprovalRejected, Comment: body.Comment})
}

func (s *server) decideInBulk(w http.ResponseWriter, r *http.Request, ids []string, d governance.ApprovalDecision) error {
	ids, err := bulkIDs("approvalIds", ids, maxBulk)
	if err != nil {
		return err
	}
	if err := governance.CheckComment(d.Comment); err != nil {
		return err
	}
	d.By, d.Admin = callOf(r).principal.Identity, decidesAll(r)
	if err := s.Store.DecideApprovals(r.Context(), actor(r), ids, d); err != nil {
		return err
	}
	return accepted(w, r)
}

func (s *server) cancelInBulk(w http.ResponseWriter, r *http.Request) error {
	body, err := decode[struct {
		IDs     []string `json:"approvalIds"`
		Comment string   `json:"comment"`
	}](w, r)
	if err != nil {
		return err
	}
	ids, err := bulkIDs("approvalIds", body.IDs, maxBulk)
	if err != nil {
		return err
	}
	if err := governance.CheckComment(body.Comment); err != nil {
		return err
	}
	if err := s.Store.CancelApprovals(r.Context(), actor(r), ids, body.Comment); err != nil {
		return err
	}
	return accepted(w, r)
}

func (s *server) reassignInBulk(w http.ResponseWriter, r *http.Request) error {
	body, err := decode[struct {
		reassignBody
		IDs []string `json:"approvalIds"`
	}](w, r)
	if err != nil {
		return err
	}
	ids, err := bulkIDs("approvalIds", body.IDs, maxBulk)
	if err != nil {
		return err
	}
	re, err := body.reassignment(r)
	if err != nil {
		return err
	}
	if err := s.Store.ReassignApprovals(r.Context(), actor(r), ids, re); err != nil {
		return err
	}
	return accepted(w, r)
}
