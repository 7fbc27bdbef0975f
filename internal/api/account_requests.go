package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"

	"midgard/internal/filter"
	"midgard/internal/form"
	"midgard/internal/governance"
	"midgard/internal/jsondoc"
)

type accountRequestStore interface {
	RequestAccount(ctx context.Context, actor governance.Actor, draft governance.AccountRequest, replay governance.Replay,
		fill func(*governance.FormDefinition, json.RawMessage) (json.RawMessage, error)) (string, error)
	RequestDeletion(ctx context.Context, actor governance.Actor, draft governance.AccountRequest, replay governance.Replay, v governance.Viewer) (string, error)
	AccountRequestFor(ctx context.Context, id string, v governance.Viewer) (governance.AccountRequest, error)
	AccountRequests(ctx context.Context, v governance.Viewer, mine bool, q filter.Query) (filter.Page[governance.AccountRequest], error)
	DeletionRequests(ctx context.Context, v governance.Viewer, mine bool, q filter.Query) (filter.Page[governance.AccountRequest], error)
	ApprovalsByID(ctx context.Context, ids []string) (map[string]governance.GenericApproval, error)
	CancelRequest(ctx context.Context, actor governance.Actor, id string, v governance.Viewer, comment string) (governance.AccountRequest, error)
}

func (s *server) accountRequestHandlers() map[string]handler {
	return map[string]handler{
		"createMachineAccountRequest":    s.requestAccount,
		"getCreateMachineAccountRequest": s.getCreationRequest,
		"deleteAccountRequest":           s.requestDeletion,
		"getAccountDeletionRequests":     s.listDeletionRequests,

		"listAccountRequests":  s.listAccountRequests,
		"getAccountRequest":    s.getAccountRequest,
		"cancelAccountRequest": s.cancelAccountRequest,
	}
}

// viewer is the caller as one who looks for requests.
func viewer(r *http.Request) governance.Viewer {
	p := callOf(r).principal
	return governance.Viewer{
		IdentityID:  p.Identity.ID,
		Everything:  p.Is(governance.LevelOrgAdmin) || p.Is(governance.LevelSourceAdmin),
		Administers: p.Is(governance.LevelSourceSubadmin),
	}
}

// creationBody is what the contract lets people ask for with a new account.
type creationBody struct {
	SubtypeID         string          `json:"subtypeId"`
	FormID            string          `json:"formId"`
	OwnerIdentityID   string          `json:"ownerIdentityId"`
	MachineIdentityID string          `json:"machineIdentityId"`
	Environment       string          `json:"environment"`
	Description       string          `json:"description"`
	UserInput         json.RawMessage `json:"userInput"`
	EntitlementIDs    []string        `json:"entitlementIds"`
}

func (f *creationBody) draft(requester governance.Reference) (governance.AccountRequest, error) {
	r := governance.AccountRequest{
		Requester: requester, Subtype: idReference(f.SubtypeID), Owner: idReference(f.OwnerIdentityID), MachineIdentity: idReference(f.MachineIdentityID),
		FormID: filter.NormalizeID(f.FormID), Environment: f.Environment, Description: f.Description,
	}
	for _, id := range f.EntitlementIDs {
		if id == "" {
			return r, governance.Fail(governance.Required, "entitlementIds", "Field 'entitlementIds' has an entry without an id.")
		}
		r.Entitlements = append(r.Entitlements, idReference(id))
	}
	for _, needed := range []struct {
		field string
		governance.Reference
	}{{"subtypeId", r.Subtype}, {"ownerIdentityId", r.Owner}} {
		if !needed.Set() {
			return r, governance.Fail(governance.Required, needed.field, "Required field '%s' was missing or empty.", needed.field)
		}
	}
	var err error
	if r.UserInput, err = canonicalInput(f.UserInput); err != nil {
		return r, err
	}
	return r, r.Validate()
}

func idReference(id string) governance.Reference {
	return governance.Reference{ID: filter.NormalizeID(id)}
}

// canonicalInput is an input with its keys in order, nil for none: two bodies that say the same are the same then.
func canonicalInput(raw json.RawMessage) (json.RawMessage, error) {
	if err := checkMaps(map[string]json.RawMessage{"userInput": raw}); err != nil {
		return nil, err
	}
	var input map[string]any
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber() // a long number stays what it is
	if len(raw) == 0 || decoder.Decode(&input) != nil || len(input) == 0 {
		return nil, nil
	}
	return jsondoc.Canonical(input)
}

func (s *server) requestAccount(w http.ResponseWriter, r *http.Request) error {
	body, err := decode[creationBody](w, r)
	if err != nil {
		return err
	}
	draft, err := body.draft(callOf(r).principal.Identity)
	if err != nil {
		return err
	}
	replay, err := replayOf(r, &draft)
	if err != nil {
		return err
	}
	id, err := s.Store.RequestAccount(r.Context(), actor(r), draft, replay, fillForm)
	if err != nil {
		return err
	}
	return ok(w, r, map[string]string{"accountRequestId": id})
}

// replayOf tells what makes the request the same as another one of the caller.
func replayOf(r *http.Request, draft *governance.AccountRequest) (governance.Replay, error) {
	text, err := json.Marshal([]any{callOf(r).op.ID, draft})
	if err != nil {
		return governance.Replay{}, err
	}
	sum := sha256.Sum256(text)
	replay := governance.Replay{Key: r.Header.Get("Idempotency-Key"), Body: hex.EncodeToString(sum[:])}
	return replay, replay.Validate()
}

// fillForm holds an input against a form. What is wrong is told of all values at once, each by its key.
func fillForm(f *governance.FormDefinition, raw json.RawMessage) (json.RawMessage, error) {
	input := map[string]any{}
	decodeInto(raw, &input)
	effective, problems, err := form.Check(f, input)
	if err != nil {
		return nil, err
	}
	if len(problems) == 0 {
		return jsondoc.Canonical(effective)
	}
	reasons := make([]string, len(problems))
	for i, p := range problems {
		reasons[i] = "userInput." + p.Key + ": " + p.Reason
	}
	return nil, governance.Fail(governance.Illegal, "userInput."+problems[0].Key, "Illegal value for field 'userInput': %s.", strings.Join(reasons, "; "))
}

func (s *server) requestDeletion(w http.ResponseWriter, r *http.Request) error {
	if _, err := s.within(r, "accountId", reach(r)); err != nil {
		return err
	}
	body, err := decode[struct {
		Comments string `json:"comments"`
	}](w, r)
	if err != nil {
		return err
	}
	account := governance.Reference{ID: pathID(r, "accountId")}
	draft := governance.AccountRequest{Requester: callOf(r).principal.Identity, Account: account, Comments: body.Comments}
	if err := draft.Validate(); err != nil {
		return err
	}
	replay, err := replayOf(r, &draft)
	if err != nil {
		return err
	}
	id, err := s.Store.RequestDeletion(r.Context(), actor(r), draft, replay, viewer(r))
	if err != nil {
		return err
	}
	return ok(w, r, map[string]string{"accountRequestId": id})
}

func (s *server) getCreationRequest(w http.ResponseWriter, r *http.Request) error {
	id := pathID(r, "accountRequestId")
	x, err := s.Store.AccountRequestFor(r.Context(), id, viewer(r))
	if err != nil {
		return err
	}
	if x.Type != governance.RequestCreation {
		return governance.Missing("Account request", id)
	}
	return writeOne(w, r, &x, appendCreationRequest)
}

func (s *server) getAccountRequest(w http.ResponseWriter, r *http.Request) error {
	x, err := s.Store.AccountRequestFor(r.Context(), pathID(r, "accountRequestId"), viewer(r))
	if err != nil {
		return err
	}
	return writeOne(w, r, &x, appendAccountRequest)
}

// listAccountRequests shows the caller's own requests. Administrators may ask for all that they may know of.
func (s *server) listAccountRequests(w http.ResponseWriter, r *http.Request) error {
	q, err := listQuery(r)
	if err != nil {
		return err
	}
	all, _ := flag(r.URL.Query(), "all") // listQuery has checked it
	v := viewer(r)
	if all && !v.Everything && !v.Administers {
		return governance.Fail(governance.Forbidden, "all", "Only administrators can list the requests of others: leave out the parameter 'all'.")
	}
	page, err := s.Store.AccountRequests(r.Context(), v, !all, q)
	if err != nil {
		return err
	}
	return writePage(w, r, page, appendAccountRequest)
}

func (s *server) listDeletionRequests(w http.ResponseWriter, r *http.Request) error {
	q, err := listQuery(r)
	if err != nil {
		return err
	}
	mine, _ := flag(r.URL.Query(), "mine") // listQuery has checked it
	page, err := s.Store.DeletionRequests(r.Context(), viewer(r), mine, q)
	if err != nil {
		return err
	}
	var ids []string
	for i := range page.Items {
		if id := page.Items[i].ApprovalID; id != "" {
			ids = append(ids, id)
		}
	}
	approvals, err := s.Store.ApprovalsByID(r.Context(), ids)
	if err != nil {
		return err
	}
	return writePage(w, r, page, func(b []byte, x *governance.AccountRequest) []byte {
		return appendDeletionRequest(b, x, approvals[x.ApprovalID])
	})
}

func (s *server) cancelAccountRequest(w http.ResponseWriter, r *http.Request) error {
	if _, err := s.Store.AccountRequestFor(r.Context(), pathID(r, "accountRequestId"), viewer(r)); err != nil {
		return err
	}
	body, err := decode[struct {
		Comment string `json:"comment"`
	}](w, r)
	if err != nil {
		return err
	}
	if err := governance.CheckComment(body.Comment); err != nil {
		return err
	}
	x, err := s.Store.CancelRequest(r.Context(), actor(r), pathID(r, "accountRequestId"), viewer(r), body.Comment)
	if err != nil {
		return err
	}
	return writeOne(w, r, &x, appendAccountRequest)
}
