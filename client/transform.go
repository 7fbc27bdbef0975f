package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
)

// Transform is a named rule that makes one text of others.
type Transform struct {
	ID         string          `json:"id,omitempty"`
	Name       string          `json:"name"`
	Type       string          `json:"type"`
	Attributes json.RawMessage `json:"attributes"`         // a JSON object or null
	Internal   bool            `json:"internal,omitempty"` // part of the server: it can be neither changed nor deleted
}

const transformsPath = "/v2025/transforms"

func transformPath(id string) string { return transformsPath + "/" + url.PathEscape(id) }

// FindTransform reads a transform by id or by its name. The error wraps ErrNotFound when there is none.
func (c *Client) FindTransform(ctx context.Context, idOrName string) (Transform, error) {
	if idForm.MatchString(idOrName) {
		var found Transform
		err := c.Do(ctx, http.MethodGet, transformPath(idOrName), nil, &found)
		var failure *Error
		if !errors.As(err, &failure) || failure.Status != http.StatusNotFound {
			return found, err
		}
	}
	return findOne[Transform](ctx, c, transformsPath, ListOptions{Filters: "name eq " + Quote(idOrName)}, fmt.Sprintf("transform %q", idOrName))
}

// What SetTransform did.
const (
	TransformCreated   = "created"
	TransformChanged   = "changed"
	TransformUnchanged = "unchanged"
)

// SetTransform makes a transform, or gives the one of that name its attributes. It gives the transform as the server keeps
// it and what was done; nothing is written when they are equal already. The type of a transform cannot change: then the
// server's refusal is the error.
func (c *Client) SetTransform(ctx context.Context, x Transform) (Transform, string, error) {
	body := Transform{Name: x.Name, Type: x.Type, Attributes: x.Attributes}
	found, err := findOne[Transform](ctx, c, transformsPath, ListOptions{Filters: "name eq " + Quote(x.Name)}, fmt.Sprintf("transform %q", x.Name))
	var kept Transform
	switch {
	case errors.Is(err, ErrNotFound):
		err = c.Do(ctx, http.MethodPost, transformsPath, body, &kept)
		return kept, TransformCreated, err
	case err != nil:
		return found, "", err
	case same(Transform{Name: found.Name, Type: found.Type, Attributes: found.Attributes}, body):
		return found, TransformUnchanged, nil
	}
	err = c.Do(ctx, http.MethodPut, transformPath(found.ID), body, &kept)
	return kept, TransformChanged, err
}

// DeleteTransform removes a transform that nothing refers to.
func (c *Client) DeleteTransform(ctx context.Context, id string) error {
	return c.Do(ctx, http.MethodDelete, transformPath(id), nil, nil)
}

// MaxTransformInputs is how many inputs one TransformTest may have.
const MaxTransformInputs = 250

// TransformTest is a transform, which need not exist, and what to run it on. The transform runs once without an input when
// there are no Inputs.
type TransformTest struct {
	Transform          json.RawMessage `json:"transform"`
	Inputs             []string        `json:"inputs,omitempty"`
	AccountAttributes  map[string]any  `json:"accountAttributes,omitempty"`  // by attribute, or by source and then attribute
	IdentityAttributes map[string]any  `json:"identityAttributes,omitempty"` // by attribute
	Variables          map[string]any  `json:"variables,omitempty"`          // for templates
}

// TransformResult is what became of one input. Nil stands for null; Error is nil unless the transform failed.
type TransformResult struct {
	Input  *string `json:"input"`
	Output *string `json:"output"`
	Error  *string `json:"error"`
}

// TestTransform runs a transform on the server, which keeps nothing of it. The results are in the order of the inputs.
func (c *Client) TestTransform(ctx context.Context, test TransformTest) ([]TransformResult, error) {
	var answer struct {
		Results []TransformResult `json:"results"`
	}
	err := c.Do(ctx, http.MethodPost, "/midgard/v1/transform-test", test, &answer)
	return answer.Results, err
}
