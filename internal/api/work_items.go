package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"midgard/internal/filter"
	"midgard/internal/governance"
	"midgard/internal/jsondoc"
	"midgard/internal/provision"
)

type workItemStore interface {
	WorkItems(ctx context.Context, v governance.Viewer, q filter.Query) (filter.Page[governance.WorkItem], error)
	WorkItem(ctx context.Context, id string, v governance.Viewer) (governance.WorkItem, error)
	CompleteWorkItem(ctx context.Context, actor governance.Actor, id string, v governance.Viewer, nativeIdentity, comment string) (governance.WorkItem, error)
	RefuseWorkItem(ctx context.Context, actor governance.Actor, id string, v governance.Viewer, comment string) (governance.WorkItem, error)
}

type provisioningUseCases interface {
	TakePassword(ctx context.Context, actor governance.Actor, requestID, ownerID string) (provision.Password, error)
}

func (s *server) workItemHandlers() map[string]handler {
	return map[string]handler{
		"listWorkItems":       s.listWorkItems,
		"getWorkItem":         s.getWorkItem,
		"completeWorkItem":    s.completeWorkItem,
		"refuseWorkItem":      s.refuseWorkItem,
		"takeAccountPassword": s.takePassword,
	}
}

func (s *server) listWorkItems(w http.ResponseWriter, r *http.Request) error {
	return listed(func(ctx context.Context, q filter.Query) (filter.Page[governance.WorkItem], error) {
		return s.Store.WorkItems(ctx, viewer(r), q)
	}, appendWorkItem)(w, r)
}

func (s *server) getWorkItem(w http.ResponseWriter, r *http.Request) error {
	return shown("id", func(ctx context.Context, id string) (governance.WorkItem, error) {
		return s.Store.WorkItem(ctx, id, viewer(r))
	}, appendWorkItem)(w, r)
}

// workItemBody is what completing and refusing take.
type workItemBody struct {
	NativeIdentity string `json:"nativeIdentity"`
	Comment        string `json:"comment"`
}

// completeWorkItem lets the body be absent: a deletion needs none.
func (s *server) completeWorkItem(w http.ResponseWriter, r *http.Request) error {
	return s.endWorkItem(w, r, func(body *workItemBody) (governance.WorkItem, error) {
		return s.Store.CompleteWorkItem(r.Context(), actor(r), pathID(r, "id"), viewer(r), body.NativeIdentity, body.Comment)
	})
}

func (s *server) refuseWorkItem(w http.ResponseWriter, r *http.Request) error {
	return s.endWorkItem(w, r, func(body *workItemBody) (governance.WorkItem, error) {
		return s.Store.RefuseWorkItem(r.Context(), actor(r), pathID(r, "id"), viewer(r), body.Comment)
	})
}

func (s *server) endWorkItem(w http.ResponseWriter, r *http.Request, end func(*workItemBody) (governance.WorkItem, error)) error {
	if _, err := s.Store.WorkItem(r.Context(), pathID(r, "id"), viewer(r)); err != nil {
		return err // whether there is such an item comes before what is wrong with the body
	}
	var body workItemBody
	if r.ContentLength != 0 {
		var err error
		if body, err = decode[workItemBody](w, r); err != nil {
			return err
		}
	}
	item, err := end(&body)
	if err != nil {
		return err
	}
	return writeOne(w, r, &item, appendWorkItem)
}

func appendWorkItem(b []byte, item *governance.WorkItem) []byte {
	details, err := json.Marshal(item.Details)
	if err != nil {
		panic(fmt.Sprintf("encode the details of a work item: %v", err)) // they were JSON before
	}
	b = jsondoc.AppendStringField(append(b, '{'), "id", item.ID)
	b = jsondoc.AppendStringField(b, "accountRequestId", item.RequestID)
	b = jsondoc.AppendStringField(b, "type", item.Type)
	b = jsondoc.AppendStringField(b, "status", item.Status)
	b = jsondoc.AppendStringField(b, "subject", item.Subject)
	b = appendRef(b, "source", typeSource, item.Source)
	b = appendObject(b, "details", mapOf(details))
	b = jsondoc.AppendNullableString(b, "nativeIdentity", item.NativeIdentity)
	b = jsondoc.AppendNullableString(b, "comment", item.Comment)
	b = jsondoc.AppendNullableString(b, "completedBy", item.CompletedBy)
	b = jsondoc.AppendNullableTime(b, "completed", item.Completed)
	b = jsondoc.AppendTimeField(b, "created", item.Created)
	return append(jsondoc.AppendTimeField(b, "modified", item.Modified), '}')
}

// takePassword shows the generated password of a new account to the account's owner, whoever asked for the account.
func (s *server) takePassword(w http.ResponseWriter, r *http.Request) error {
	id := pathID(r, "accountRequestId")
	password, err := s.Use.TakePassword(r.Context(), actor(r), id, callOf(r).principal.Identity.ID)
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	return writeOne(w, r, &password, func(b []byte, p *provision.Password) []byte {
		b = jsondoc.AppendStringField(append(b, '{'), "accountRequestId", id)
		b = jsondoc.AppendStringField(b, "password", p.Secret.Reveal())
		return append(jsondoc.AppendTimeField(b, "expires", p.Expires), '}')
	})
}
