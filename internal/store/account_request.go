package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"midgard/internal/filter"
	"midgard/internal/governance"
)

const requestObject = "Account request"

var accountRequests = &listing[governance.AccountRequest]{
	from: "account_request r", id: "r.id", sel: "r.body, r.provisioning",
	scan: func(r row, x *governance.AccountRequest) error {
		return r.Scan(jsonInto{x}, jsonInto{&x.Provisioning})
	},
	columns: map[string]column{
		"id":           {expr: "r.id"},
		"requestType":  {expr: "r.type", plain: true},
		"status":       {expr: "r.status", plain: true},
		"requester.id": {expr: "r.requester_id"},
		"owner.id":     {expr: "r.owner_id"},
		"source.id":    {expr: "r.source_id"},
		"created":      {expr: "r.created"},
		"completed":    {expr: "r.completed"},
	},
}

var accountRequestTable = newTable(table[governance.AccountRequest]{
	name: "account_request", object: "ACCOUNT_REQUEST",
	columns: []string{"id", "type", "requester_id", "owner_id", "source_id", "account_id", "approval_id", "status", "body", "provisioning",
		"created", "completed", "modified"},
	values: func(x *governance.AccountRequest) []any {
		body := *x
		body.Provisioning = governance.Provisioning{}
		return []any{x.ID, string(x.Type), x.Requester.ID, null(x.Owner.ID), x.Source.ID, null(x.Account.ID), null(x.ApprovalID), string(x.Status),
			jsonText(body), jsonText(x.Provisioning), x.Created.UnixMilli(), millis(x.Completed), x.Modified.UnixMilli()}
	},
	id:    func(x *governance.AccountRequest) string { return x.ID },
	label: func(x *governance.AccountRequest) string { return string(x.Type) + " " + x.Source.Name },
})

// AccountRequest reads one request, whoever asks.
func (s *Store) AccountRequest(ctx context.Context, id string) (governance.AccountRequest, error) {
	return byID(ctx, s.reader(), accountRequests, requestObject, id)
}

// AccountRequestFor reads one request that the viewer may know of; others are not found.
func (s *Store) AccountRequestFor(ctx context.Context, id string, v governance.Viewer) (governance.AccountRequest, error) {
	return accountRequestFor(ctx, s.reader(), id, v)
}

func accountRequestFor(ctx context.Context, q querier, id string, v governance.Viewer) (governance.AccountRequest, error) {
	condition, args := seenBy(v)
	return requestWithin(ctx, q, id, condition, args)
}

// requestWithin reads a request that fulfils a condition, "" for none, with its arguments.
func requestWithin(ctx context.Context, q querier, id, condition string, args []any) (governance.AccountRequest, error) {
	c := compiler{args: []any{id}}
	text := "select " + accountRequests.sel + " from " + accountRequests.from + " where r.id = $1"
	if condition != "" {
		text += " and " + c.bind(condition, args)
	}
	return one(ctx, q, requestObject, id, text, accountRequests.scan, c.args...)
}

// managedBy is the condition of the requests that a viewer may cancel, with its arguments; "" for all.
func managedBy(v governance.Viewer) (condition string, args []any) {
	switch {
	case v.Everything:
		return "", nil
	case v.Administers:
		return "(r.requester_id = %s or " + sourcesOf("r.source_id") + ")", []any{v.IdentityID, v.IdentityID}
	}
	return "r.requester_id = %s", []any{v.IdentityID}
}

// seenBy is the condition of the requests that a viewer may know of, with its arguments; "" for all.
func seenBy(v governance.Viewer) (condition string, args []any) {
	if v.Everything {
		return "", nil
	}
	managed, args := managedBy(v)
	return "(" + managed + " or r.owner_id = %s or r.approval_id in (select a.id from " + approvals.from + " where " + askedOf + "))", append(args, v.IdentityID, v.IdentityID, v.IdentityID)
}

// AccountRequests lists requests. Mine narrows them to those that the viewer made; otherwise it is all that the viewer may
// know of.
func (s *Store) AccountRequests(ctx context.Context, v governance.Viewer, mine bool, q filter.Query) (filter.Page[governance.AccountRequest], error) {
	return s.accountRequests(ctx, "", v, mine, q)
}

// DeletionRequests is AccountRequests for requests that an account be deleted.
func (s *Store) DeletionRequests(ctx context.Context, v governance.Viewer, mine bool, q filter.Query) (filter.Page[governance.AccountRequest], error) {
	return s.accountRequests(ctx, governance.RequestDeletion, v, mine, q)
}

// accountRequests lists those of one type, or of all types for "". What a sub-administrator sees besides requests of their
// own is for the viewer to say.
func (s *Store) accountRequests(ctx context.Context, kind governance.RequestType, v governance.Viewer, mine bool, q filter.Query) (filter.Page[governance.AccountRequest], error) {
	l := *accountRequests
	var terms []string
	var args []any
	if kind != "" {
		terms, args = append(terms, "r.type = %s"), append(args, string(kind))
	}
	if mine {
		terms, args = append(terms, "r.requester_id = %s"), append(args, v.IdentityID)
	} else if visible, more := seenBy(v); visible != "" {
		terms, args = append(terms, visible), append(args, more...)
	}
	l.base, q.AdministeredBy = strings.Join(terms, " and "), ""
	return list(ctx, s, &l, q, args...)
}

// ApprovalsByID reads approvals, by their ids, with how those can be reached who decide. It leaves out what is not there.
func (s *Store) ApprovalsByID(ctx context.Context, ids []string) (map[string]governance.GenericApproval, error) {
	kept := map[string]governance.GenericApproval{}
	for part := range slices.Chunk(ids, maxKeys) {
		text, args := in(1, anyOf(part))
		found, err := matching(ctx, s.reader(), approvals, "a.id "+text, args...)
		if err == nil {
			err = addContacts(ctx, s.reader(), found)
		}
		if err != nil {
			return nil, fmt.Errorf("read the approvals of requests: %w", err)
		}
		for i := range found {
			kept[found[i].ID] = found[i]
		}
	}
	return kept, nil
}

// replayWindow is how long a request counts as sent again that is the same in everything, and replayKeys how long one does
// that has the same key.
const (
	replayWindow = time.Minute
	replayKeys   = 24 * time.Hour
)

// replayed gives the id of the request that this one repeats, "" when it is new: then it is known by this id from here on.
// Of two at once on PostgreSQL the second waits for the end of the first. A key of the caller's own says what counts as the
// same; without one it is the body.
func (t *tx) replayed(ctx context.Context, requester string, r governance.Replay, id string) (first string, err error) {
	byBody := replayRow{requester, "body " + r.Body, r.Body, id, t.now.Add(-replayWindow)}
	if r.Key == "" {
		return t.claimReplay(ctx, byBody)
	}
	first, err = t.claimReplay(ctx, replayRow{requester, "key " + r.Key, r.Body, id, t.now.Add(-replayKeys)})
	if err != nil || first != "" {
		return first, err
	}
	byBody.before = t.now.Add(replayKeys) // another key says that another request is wanted
	return t.claimReplay(ctx, byBody)
}

// replayRow is a row of account_request_key. One that was made before a time counts for nothing.
type replayRow struct {
	requester, key, digest, request string
	before                          time.Time
}

const claimReplay = `insert into account_request_key (requester_id, replay_key, digest, request_id, created) values ($1, $2, $3, $4, $5)
 on conflict (requester_id, replay_key) do update set digest = excluded.digest, request_id = excluded.request_id, created = excluded.created
 where account_request_key.created < $6`

func (t *tx) claimReplay(ctx context.Context, r replayRow) (first string, err error) {
	n, err := affected(ctx, t, claimReplay, r.requester, r.key, r.digest, r.request, t.now.UnixMilli(), r.before.UnixMilli())
	if err != nil {
		return "", fmt.Errorf("look for an earlier request of person %q: %w", r.requester, err)
	}
	if n > 0 {
		return "", nil
	}
	var digest string
	err = t.QueryRowContext(ctx, "select request_id, digest from account_request_key where requester_id = $1 and replay_key = $2", r.requester, r.key).Scan(&first, &digest)
	if err != nil {
		return "", fmt.Errorf("read an earlier request of person %q: %w", r.requester, err)
	}
	if digest != r.digest {
		return "", governance.Fail(governance.Conflict, "Idempotency-Key", "The value of header 'Idempotency-Key' belongs to another request: use a new one for each.")
	}
	return first, nil
}

// PruneRequestKeys forgets what nothing counts as a repetition of any more.
func (s *Store) PruneRequestKeys(ctx context.Context) error {
	return s.write(ctx, governance.Actor{}, func(ctx context.Context, t *tx) error {
		return exec(ctx, t, "delete from account_request_key where created < $1", t.now.Add(-replayKeys).UnixMilli())
	})
}
