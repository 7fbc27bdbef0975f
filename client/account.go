package client

import (
	"context"
	"net/http"
	"net/url"
)

// What ActOnAccount can do.
const (
	ActionEnable  = "enable"
	ActionDisable = "disable"
	ActionUnlock  = "unlock"
	ActionReload  = "reload"
)

// ActOnAccount starts an action on a machine account and gives its task.
func (c *Client) ActOnAccount(ctx context.Context, id, action string) (Task, error) {
	var task Task
	return task, c.Do(ctx, http.MethodPost, "/machine-accounts/v1/"+url.PathEscape(id)+"/"+action, nil, &task)
}
