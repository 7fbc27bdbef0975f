package client

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

// WorkItemsPath lists what people have to do by hand about accounts that were asked for.
const WorkItemsPath = "/midgard/v1/work-items"

// WorkItem is something to do on a source that Midgard cannot change by itself.
type WorkItem struct {
	ID        string         `json:"id"`
	RequestID string         `json:"accountRequestId"`
	Type      string         `json:"type"`   // CREATE_ACCOUNT or DELETE_ACCOUNT
	Status    string         `json:"status"` // OPEN, COMPLETED or REFUSED
	Subject   string         `json:"subject"`
	Details   map[string]any `json:"details"`
}

// AccountPassword is the generated password of a new account.
type AccountPassword struct {
	Password string    `json:"password"`
	Expires  time.Time `json:"expires"` // until when it could have been fetched
}

// CompleteWorkItem says that a work item was done. nativeIdentity is that of a new account, empty for a deletion; comment
// may be empty.
func (c *Client) CompleteWorkItem(ctx context.Context, id, nativeIdentity, comment string) (WorkItem, error) {
	return c.endWorkItem(ctx, id, "/complete", map[string]string{"nativeIdentity": nativeIdentity, "comment": comment})
}

// RefuseWorkItem says that a work item will not be done, which fails its request with the comment as the reason.
func (c *Client) RefuseWorkItem(ctx context.Context, id, comment string) (WorkItem, error) {
	return c.endWorkItem(ctx, id, "/refuse", map[string]string{"comment": comment})
}

func (c *Client) endWorkItem(ctx context.Context, id, how string, body map[string]string) (WorkItem, error) {
	var item WorkItem
	return item, c.Do(ctx, http.MethodPost, WorkItemsPath+"/"+url.PathEscape(id)+how, body, &item)
}

// TakeAccountPassword fetches the password of the account that a request has made. Only the account's owner gets it, and
// only once: after this call nobody can fetch it again.
func (c *Client) TakeAccountPassword(ctx context.Context, requestID string) (AccountPassword, error) {
	var p AccountPassword
	return p, c.Do(ctx, http.MethodPost, accountRequestPath(requestID)+"/password", nil, &p)
}
