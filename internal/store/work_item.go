package store

import (
	"context"
	"fmt"
	"time"

	"midgard/internal/filter"
	"midgard/internal/governance"
)

const workItemObject = "Work item"

var workItems = &listing[governance.WorkItem]{
	from: "work_item w", id: "w.id", join: " left join source s on s.id = w.source_id",
	sel: `w.id, w.request_id, w.source_id, s.name, w.type, w.status, w.subject, w.details, w.native_identity, w.comment, w.completed_by, w.completed,
 w.created, w.modified`,
	scan: func(r row, w *governance.WorkItem) error {
		return r.Scan(&w.ID, &w.RequestID, &w.Source.ID, textInto{&w.Source.Name}, &w.Type, &w.Status, &w.Subject, jsonInto{&w.Details},
			&w.NativeIdentity, &w.Comment, textInto{&w.CompletedBy}, timeInto{&w.Completed}, timeInto{&w.Created}, timeInto{&w.Modified})
	},
	columns: map[string]column{
		"id":        {expr: "w.id"},
		"type":      {expr: "w.type", plain: true},
		"status":    {expr: "w.status", plain: true},
		"subject":   {expr: "w.subject_key"},
		"source.id": {expr: "w.source_id"},
		"created":   {expr: "w.created"},
		"modified":  {expr: "w.modified"},
	},
}

var workItemTable = newTable(table[governance.WorkItem]{
	name: "work_item", object: "WORK_ITEM",
	columns: []string{"id", "request_id", "source_id", "type", "status", "subject", "subject_key", "details", "native_identity", "comment",
		"completed_by", "completed", "created", "modified"},
	values: func(w *governance.WorkItem) []any {
		return []any{w.ID, w.RequestID, w.Source.ID, w.Type, w.Status, w.Subject, Key(w.Subject), jsonText(w.Details), w.NativeIdentity, w.Comment,
			null(w.CompletedBy), millis(w.Completed), w.Created.UnixMilli(), w.Modified.UnixMilli()}
	},
	id:    func(w *governance.WorkItem) string { return w.ID },
	label: func(w *governance.WorkItem) string { return w.Subject },
})

// ownWork is the condition of the work items that a person is to do: on sources that they own or help to administer.
var ownWork = "(w.source_id in (select id from source where owner_id = %s) or " + sourcesOf("w.source_id") + ")"

// WorkItems lists the work items that the viewer may do.
func (s *Store) WorkItems(ctx context.Context, v governance.Viewer, q filter.Query) (filter.Page[governance.WorkItem], error) {
	l := *workItems
	q.AdministeredBy = "" // the viewer says it
	if v.Everything {
		return list(ctx, s, &l, q)
	}
	l.base = ownWork
	return list(ctx, s, &l, q, v.IdentityID, v.IdentityID)
}

// WorkItem reads a work item that the viewer may do; others are not found.
func (s *Store) WorkItem(ctx context.Context, id string, v governance.Viewer) (governance.WorkItem, error) {
	return workItem(ctx, s.reader(), id, v)
}

func workItem(ctx context.Context, q querier, id string, v governance.Viewer) (governance.WorkItem, error) {
	text := "select " + workItems.sel + " from " + workItems.from + workItems.join + " where w.id = $1"
	if v.Everything {
		return one(ctx, q, workItemObject, id, text, workItems.scan, id)
	}
	c := compiler{args: []any{id}}
	text += " and " + c.bind(ownWork, []any{v.IdentityID, v.IdentityID})
	return one(ctx, q, workItemObject, id, text, workItems.scan, c.args...)
}

// HandOver makes a work item of a request's step and lets the request wait for it: its job ends. A request has at most one.
func (s *Store) HandOver(ctx context.Context, lease governance.Lease, w governance.WorkItem, p governance.Provisioning) error {
	return s.write(ctx, governance.Server("provisioning", ""), func(ctx context.Context, t *tx) error {
		w.ID, w.Created, w.Modified, w.Status = NewID(), t.now, t.now, governance.WorkOpen
		p.WorkItemID = w.ID
		if err := t.saveProvisioning(ctx, lease, w.RequestID, p); err != nil {
			return err
		}
		if err := create(ctx, t, workItemTable, &w); err != nil {
			return err
		}
		return t.endJob(ctx, lease, governance.JobCompleted, "", t.now)
	})
}

// CompleteWorkItem says that a work item was done, and lets its request go on. nativeIdentity is that of a new account. It
// fails with Conflict when the item has ended already, and with NotFound when it is not the viewer's to do.
func (s *Store) CompleteWorkItem(ctx context.Context, actor governance.Actor, id string, v governance.Viewer, nativeIdentity, comment string) (governance.WorkItem, error) {
	return s.endWorkItem(ctx, actor, id, v, func(t *tx, w *governance.WorkItem) error { return w.Complete(nativeIdentity, comment, actor, t.now) }, (*tx).resumeRequest)
}

// RefuseWorkItem says that a work item will not be done, and ends its request. The failures of CompleteWorkItem are possible.
func (s *Store) RefuseWorkItem(ctx context.Context, actor governance.Actor, id string, v governance.Viewer, comment string) (governance.WorkItem, error) {
	return s.endWorkItem(ctx, actor, id, v, func(t *tx, w *governance.WorkItem) error { return w.Refuse(comment, actor, t.now) }, (*tx).refuseRequest)
}

func (s *Store) endWorkItem(ctx context.Context, actor governance.Actor, id string, v governance.Viewer, end func(*tx, *governance.WorkItem) error,
	then func(*tx, context.Context, *governance.WorkItem) error) (governance.WorkItem, error) {
	var w governance.WorkItem
	err := s.write(ctx, actor, func(ctx context.Context, t *tx) error {
		if _, err := workItem(ctx, t, id, v); err != nil {
			return err
		}
		var err error
		w, err = amend(ctx, t, workItemTable, workItems, workItemObject, id, func(_, w *governance.WorkItem) error { return end(t, w) })
		if err != nil {
			return err
		}
		return then(t, ctx, &w)
	})
	return w, err
}

// resumeRequest lets the work on a request go on behind what a person has done.
func (t *tx) resumeRequest(ctx context.Context, w *governance.WorkItem) error {
	step := governance.StepAdopt
	if w.Type == governance.WorkDelete {
		step = governance.StepForget
	} else if err := t.refuseOwned(ctx, w); err != nil {
		return err
	}
	r, err := t.amendRequest(ctx, w.RequestID, func(r *governance.AccountRequest) {
		r.Provisioning.Next(step)
		r.Provisioning.NativeIdentity, r.Modified = w.NativeIdentity, t.now
	})
	if err != nil {
		return err
	}
	if r.Status != governance.RequestPending {
		return governance.Fail(governance.Conflict, "", "The account request of the work item has already ended with %s.", r.Status)
	}
	_, _, err = t.enqueue(ctx, governance.JobProvision, r.ID, provisionJob{r.ID}, time.Time{})
	return err
}

func (t *tx) refuseRequest(ctx context.Context, w *governance.WorkItem) error {
	_, err := t.amendRequest(ctx, w.RequestID, func(r *governance.AccountRequest) {
		r.Finish(governance.RequestOutcome{Error: fmt.Sprintf("%s refused to do this by hand: %s", w.CompletedBy, w.Comment)}, t.now)
	})
	return err
}

// refuseOwned fails with Conflict when the native identity that a person names is that of an account which was there before
// the work item, or which another request has made.
func (t *tx) refuseOwned(ctx context.Context, w *governance.WorkItem) error {
	text := `select a.id from account a where a.source_id = $1 and a.native_key = $2 and (a.created < $3
		or a.id in (select account_id from account_request where account_id is not null and type = 'CREATE_MACHINE_ACCOUNT' and id <> $4))`
	owned, err := many(ctx, t, text, scanText, w.Source.ID, Key(w.NativeIdentity), w.Created.UnixMilli(), w.RequestID)
	if err != nil {
		return fmt.Errorf("look for account %q: %w", w.NativeIdentity, err)
	}
	if len(owned) > 0 {
		return governance.Fail(governance.Conflict, "nativeIdentity", "The account %q was there before, or belongs to another request.", w.NativeIdentity)
	}
	return nil
}
