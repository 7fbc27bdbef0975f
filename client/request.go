package client

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// NewAccountRequest asks for a machine account. SubtypeID and OwnerID are needed; the rest may be left out.
type NewAccountRequest struct {
	SubtypeID         string         `json:"subtypeId"`
	OwnerID           string         `json:"ownerIdentityId"`
	MachineIdentityID string         `json:"machineIdentityId,omitempty"` // "" for a new machine identity
	FormID            string         `json:"formId,omitempty"`
	Environment       string         `json:"environment,omitempty"`
	Description       string         `json:"description,omitempty"`
	UserInput         map[string]any `json:"userInput,omitempty"` // what the form asks for, by its keys
	EntitlementIDs    []string       `json:"entitlementIds,omitempty"`
}

// AccountRequest is a request for a machine account or for the deletion of one.
type AccountRequest struct {
	ID         string              `json:"id"`
	Type       string              `json:"requestType"`
	Status     string              `json:"status"`
	Requester  Ref                 `json:"requester"`
	Source     Ref                 `json:"source"`
	Owner      *Ref                `json:"owner"`
	Account    *Ref                `json:"account"` // that was made, or is to be deleted
	ApprovalID string              `json:"approvalRequestId"`
	Phases     []AccountRequestRun `json:"phases"` // approval, then provisioning
	Error      string              `json:"errorDetails"`
	Created    time.Time           `json:"created"`
	Completed  time.Time           `json:"completed"` // zero while it is pending
}

// AccountRequestRun is one phase of a request.
type AccountRequestRun struct {
	Name     string    `json:"name"`
	State    string    `json:"state"`
	Started  time.Time `json:"started"`
	Finished time.Time `json:"finished"`
}

// Creatable is a subtype that the caller may ask for accounts of.
type Creatable struct {
	SourceID, SourceName     string
	SubtypeID, TechnicalName string
	DisplayName              string
}

const (
	// AccountRequestsPath is where the server lists requests, those of the caller unless the parameter all is true.
	AccountRequestsPath = "/midgard/v1/account-requests"

	creationPath = "/v2026/account-requests/machine-account-create"
	accessPath   = "/v2026/source-subtypes/machine-account-create-access"

	idempotencyHeader = "Idempotency-Key"
)

func accountRequestPath(id string) string { return AccountRequestsPath + "/" + url.PathEscape(id) }

// RequestAccount asks for a machine account and gives the id of the request. key tells the server which requests are the same
// one: sent again with it, also by this function after 429 and 503, there is still one request. An empty key stands for a
// new one.
func (c *Client) RequestAccount(ctx context.Context, wanted NewAccountRequest, key string) (string, error) {
	if key == "" {
		key = rand.Text()
	}
	payload, err := encode(wanted)
	if err != nil {
		return "", fmt.Errorf("POST %s: %w", creationPath, err)
	}
	var made struct {
		ID string `json:"accountRequestId"`
	}
	_, err = c.send(ctx, call{method: http.MethodPost, path: creationPath, payload: payload, contentType: jsonType, key: key}, &made)
	return made.ID, err
}

// AccountRequest reads one request.
func (c *Client) AccountRequest(ctx context.Context, id string) (AccountRequest, error) {
	var r AccountRequest
	err := c.Do(ctx, http.MethodGet, accountRequestPath(id), nil, &r)
	return r, err
}

// CancelAccountRequest ends a request that nobody has approved yet. comment may be empty.
func (c *Client) CancelAccountRequest(ctx context.Context, id, comment string) (AccountRequest, error) {
	var r AccountRequest
	err := c.Do(ctx, http.MethodPost, accountRequestPath(id)+"/cancel", map[string]string{"comment": comment}, &r)
	return r, err
}

// Creatable lists the subtypes that the caller may ask for accounts of.
func (c *Client) Creatable(ctx context.Context) ([]Creatable, error) {
	type subtype struct {
		ID            string `json:"subtypeId"`
		DisplayName   string `json:"subtypeDisplayName"`
		TechnicalName string `json:"subtypeTechnicalName"`
	}
	type source struct {
		ID       string    `json:"sourceId"`
		Name     string    `json:"sourceName"`
		Subtypes []subtype `json:"subtypes"`
	}
	sources, err := each[source](c.All(ctx, accessPath, ListOptions{}))
	if err != nil {
		return nil, err
	}
	var all []Creatable
	for _, s := range sources {
		for _, x := range s.Subtypes {
			all = append(all, Creatable{SourceID: s.ID, SourceName: s.Name, SubtypeID: x.ID, TechnicalName: x.TechnicalName, DisplayName: x.DisplayName})
		}
	}
	return all, nil
}

// FindPerson reads a person by id, uid or e-mail address from the directory that everybody may read. The error wraps
// ErrNotFound when nobody matches.
func (c *Client) FindPerson(ctx context.Context, who string) (Identity, error) {
	value := Quote(who)
	filters := fmt.Sprintf("alias eq %s or email eq %s", value, value)
	if idForm.MatchString(who) {
		filters = "id eq " + value
	}
	return findOne[Identity](ctx, c, "/v2025/public-identities", ListOptions{Filters: filters}, fmt.Sprintf("person %q", who))
}

const deletionPath = "/v2026/account-requests/account/"

// RequestDeletion asks for the deletion of an account on its source and gives the id of the request. comments may be empty.
func (c *Client) RequestDeletion(ctx context.Context, accountID, comments string) (string, error) {
	var made struct {
		ID string `json:"accountRequestId"`
	}
	err := c.Do(ctx, http.MethodPost, deletionPath+url.PathEscape(accountID)+"/delete", map[string]string{"comments": comments}, &made)
	return made.ID, err
}
