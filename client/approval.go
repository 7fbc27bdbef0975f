package client

import (
	"context"
	"net/http"
	"net/url"
)

// Approval is a question to people, which they answer one after the other.
type Approval struct {
	ID         string  `json:"id"`
	Type       string  `json:"type"`
	Status     string  `json:"status"` // PENDING, APPROVED, REJECTED, CANCELLED, EXPIRED or PASSED
	Name       []Text  `json:"name"`
	Requester  Party   `json:"requester"`
	AssignedTo []Party `json:"assignedTo"` // whose turn it is
}

// Text is a text in one language.
type Text struct {
	Value  string `json:"value"`
	Locale string `json:"locale"`
}

// Party is a person or a governance group that takes part in an approval.
type Party struct {
	ID   string `json:"identityID"`
	Type string `json:"type"` // IDENTITY or GOVERNANCE_GROUP
	Name string `json:"name"`
}

const approvalsPath = "/v2025/generic-approvals"

func approvalPath(id string) string { return approvalsPath + "/" + url.PathEscape(id) }

type approvalComment struct {
	Comment string `json:"comment,omitempty"`
}

// Approval reads an approval that the caller asked for, decides on, or administers.
func (c *Client) Approval(ctx context.Context, id string) (Approval, error) {
	var a Approval
	err := c.Do(ctx, http.MethodGet, approvalPath(id), nil, &a)
	return a, err
}

// Approve consents to the step that waits for the caller and gives the approval as it is then: it may wait for somebody else.
// An approval that was decided meanwhile is an *Error whose detail code is 400.1.409.
func (c *Client) Approve(ctx context.Context, id, comment string) (Approval, error) {
	var a Approval
	err := c.Do(ctx, http.MethodPost, approvalPath(id)+"/approve", approvalComment{comment}, &a)
	return a, err
}

// Reject refuses the step that waits for the caller, which ends the approval. Its errors are those of Approve.
func (c *Client) Reject(ctx context.Context, id, comment string) error {
	return c.Do(ctx, http.MethodPost, approvalPath(id)+"/reject", approvalComment{comment}, nil)
}
