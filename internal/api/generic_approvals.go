package api

import (
	"context"
	"net/http"

	"midgard/internal/approval"
	"midgard/internal/filter"
	"midgard/internal/governance"
)

type genericApprovalStore interface {
	GenericApprovals(ctx context.Context, q filter.Query, only governance.ApprovalQuery) (filter.Page[governance.GenericApproval], error)
	GenericApproval(ctx context.Context, id, viewer string) (governance.GenericApproval, error)
	DecideApproval(ctx context.Context, actor governance.Actor, id string, d governance.ApprovalDecision) (governance.GenericApproval, error)
	DecideApprovals(ctx context.Context, actor governance.Actor, ids []string, d governance.ApprovalDecision) error
	ReassignApproval(ctx context.Context, actor governance.Actor, id string, r governance.ApprovalReassignment) error
	ReassignApprovals(ctx context.Context, actor governance.Actor, ids []string, r governance.ApprovalReassignment) error
	CommentApproval(ctx context.Context, actor governance.Actor, id string, author governance.Reference, text string) (governance.GenericApproval, error)
	SetApprovalAttributes(ctx context.Context, actor governance.Actor, id string, by governance.Reference, admin bool, e governance.ApprovalAttributes) (governance.GenericApproval, error)
	CancelApproval(ctx context.Context, actor governance.Actor, id, comment string) error
	CancelApprovals(ctx context.Context, actor governance.Actor, ids []string, comment string) error
	ApprovalConfig(ctx context.Context, id string) (governance.ApprovalConfig, error)
	PutApprovalConfig(ctx context.Context, actor governance.Actor, id, scope string, c governance.ApprovalConfig) error
	DeleteApprovalConfig(ctx context.Context, actor governance.Actor, id, scope string) error
}

func (s *server) genericApprovalHandlers() map[string]handler {
	return map[string]handler{
		"getApprovals":                s.listApprovals,
		"getApproval":                 s.getApproval,
		"approveApproval":             s.approve,
		"rejectApproval":              s.reject,
		"updateApprovalsReassign":     s.reassignApproval,
		"updateApprovalsComments":     s.commentApproval,
		"updateApprovalsAttributes":   s.setApprovalAttributes,
		"cancelApprovalById":          s.cancelApproval,
		"approveApprovalInBulk":       s.approveInBulk,
		"rejectApprovalInBulk":        s.rejectInBulk,
		"cancelApproval":              s.cancelInBulk,
		"moveApproval":                s.reassignInBulk,
		"getApprovalsConfig":          s.getApprovalConfig,
		"putApprovalsConfig":          s.putApprovalConfig,
		"deleteApprovalConfigRequest": s.deleteApprovalConfig,
	}
}

// approvalViewer is the person to whose approvals the caller is limited; "" for an administrator, who sees all.
func approvalViewer(r *http.Request) string {
	if decidesAll(r) {
		return ""
	}
	return callOf(r).principal.Identity.ID
}

// decidesAll reports whether the caller may act on every approval.
func decidesAll(r *http.Request) bool { return callOf(r).principal.Is(governance.LevelOrgAdmin) }

// listApprovals narrows the list by whose approvals they are. Without any of the parameters for that, an administrator gets
// all and everybody else what waits for them.
func (s *server) listApprovals(w http.ResponseWriter, r *http.Request) error {
	q, err := listQuery(r)
	if err != nil {
		return err
	}
	only, err := approvalQuery(r)
	if err != nil {
		return err
	}
	params := r.URL.Query()
	if set, _ := flag(params, "count-only"); set {
		q.Count, q.Limit = true, 0
	}
	page, err := s.Store.GenericApprovals(r.Context(), q, only)
	if err != nil {
		return err
	}
	var with approvalParts
	with.comments, _ = flag(params, "include-comments")
	with.approvers, _ = flag(params, "include-approvers")
	with.reassignments, _ = flag(params, "include-reassignment-history")
	return writePage(w, r, page, s.approvalEncoder(with))
}

func approvalQuery(r *http.Request) (governance.ApprovalQuery, error) {
	params, caller := r.URL.Query(), callOf(r).principal.Identity.ID
	id := func(name string) string { return filter.NormalizeID(storable(params.Get(name))) }
	only := governance.ApprovalQuery{
		Viewer: approvalViewer(r), Approver: id("approverId"), Requester: id("requesterId"), Requestee: id("requesteeId"),
	}
	mine, err := flag(params, "mine")
	switch {
	case err != nil:
		return only, err
	case mine && only.Approver != "" && only.Approver != caller:
		return only, governance.Fail(governance.Illegal, "approverId", "Field 'approverId' is somebody else than the caller, whom 'mine' asks for.")
	case mine, only == governance.ApprovalQuery{Viewer: caller}:
		only.Approver = caller
	}
	return only, nil
}

func (s *server) getApproval(w http.ResponseWriter, r *http.Request) error {
	a, err := s.Store.GenericApproval(r.Context(), pathID(r, "id"), approvalViewer(r))
	if err != nil {
		return err
	}
	return writeOne(w, r, &a, s.approvalEncoder(wholeApproval))
}

// getApprovalConfig shows what is kept for an id, or what applies to it where nothing is.
func (s *server) getApprovalConfig(w http.ResponseWriter, r *http.Request) error {
	c, err := s.Store.ApprovalConfig(r.Context(), storable(r.PathValue("id")))
	if err != nil {
		return err
	}
	return ok(w, r, shownConfig(c))
}

func (s *server) putApprovalConfig(w http.ResponseWriter, r *http.Request) error {
	id, scope, err := s.configIn(r)
	if err != nil {
		return err
	}
	c, err := decode[governance.ApprovalConfig](w, r)
	if err != nil {
		return err
	}
	if err := approval.Check(&c); err != nil {
		return err
	}
	if err := s.Store.PutApprovalConfig(r.Context(), actor(r), id, scope, c); err != nil {
		return err
	}
	return ok(w, r, shownConfig(c))
}

func (s *server) deleteApprovalConfig(w http.ResponseWriter, r *http.Request) error {
	id, scope, err := s.configIn(r)
	if err != nil {
		return err
	}
	if err := s.Store.DeleteApprovalConfig(r.Context(), actor(r), id, scope); err != nil {
		return err
	}
	return done(w, r)
}

// configIn reads which configuration the path names. That of everything is kept under the id of this installation, so that
// there is one.
func (s *server) configIn(r *http.Request) (id, scope string, err error) {
	id, scope = storable(r.PathValue("id")), r.PathValue("scope")
	if err := governance.CheckConfigScope(id, scope); err != nil {
		return id, scope, err
	}
	if tenant := s.Auth.TenantID(); scope == governance.ConfigOfTenant && filter.NormalizeID(id) != filter.NormalizeID(tenant) {
		return id, scope, governance.Fail(governance.Illegal, "id", "Illegal value %q for field %q: with the scope TENANT it is %s.", id, "id", tenant)
	}
	return id, scope, nil
}
