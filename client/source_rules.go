package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
)

// SchemaAttribute is a column of a source's accounts.
type SchemaAttribute struct {
	Name          string `json:"name"`
	Type          string `json:"type"` // STRING, LONG, INT, BOOLEAN or DATE
	Description   string `json:"description"`
	IsMulti       bool   `json:"isMulti"`
	IsEntitlement bool   `json:"isEntitlement"`
	IsGroup       bool   `json:"isGroup"`
}

// Schema describes the accounts of a source.
type Schema struct {
	ID                string            `json:"id,omitempty"`
	Name              string            `json:"name"`
	NativeObjectType  string            `json:"nativeObjectType"`
	IdentityAttribute string            `json:"identityAttribute"`
	DisplayAttribute  string            `json:"displayAttribute"`
	Attributes        []SchemaAttribute `json:"attributes"`
}

// SetAccountSchema replaces the schema of the source's accounts, or makes it when the source has none. A schema that is
// like this already is left alone: a changed one makes the server look at every account again.
func (c *Client) SetAccountSchema(ctx context.Context, sourceID string, schema Schema) error {
	var existing []Schema
	if err := c.Do(ctx, http.MethodGet, sourcePath(sourceID, "/schemas"), nil, &existing); err != nil {
		return err
	}
	schema.Name = "account"
	for _, old := range existing {
		if old.Name != schema.Name {
			continue
		}
		schema.ID = old.ID
		if same(old, schema) {
			return nil
		}
		return c.Do(ctx, http.MethodPut, sourcePath(sourceID, "/schemas/"+url.PathEscape(old.ID)), schema, nil)
	}
	return c.Do(ctx, http.MethodPost, sourcePath(sourceID, "/schemas"), schema, nil)
}

// Classification says which accounts of a source belong to machines.
type Classification struct {
	Enabled  bool      `json:"enabled"`
	Method   string    `json:"classificationMethod"` // SOURCE (all of them) or CRITERIA
	Criteria *Criteria `json:"criteria,omitempty"`
}

// Criteria is a condition on one attribute, or AND or OR over others. The contract allows three levels.
type Criteria struct {
	Operation     string     `json:"operation"` // EQUALS, NOT_EQUALS, STARTS_WITH, ENDS_WITH, CONTAINS, AND or OR
	CaseSensitive bool       `json:"caseSensitive,omitempty"`
	Attribute     string     `json:"attribute,omitempty"`
	Value         string     `json:"value,omitempty"`
	Children      []Criteria `json:"children,omitempty"`
}

// SetClassification replaces the source's machine classification config. One that is like this already is left alone,
// for the reason that SetAccountSchema gives.
func (c *Client) SetClassification(ctx context.Context, sourceID string, wanted Classification) error {
	path := sourcePath(sourceID, "/machine-classification-config")
	var old Classification
	err := c.Do(ctx, http.MethodGet, path, nil, &old)
	var failure *Error
	switch {
	case errors.As(err, &failure) && failure.Status == http.StatusNotFound: // there is none yet
	case err != nil:
		return err
	case same(old, wanted):
		return nil
	}
	return c.Do(ctx, http.MethodPut, path, wanted, nil)
}

// same compares values as they would be sent, where an absent and an empty list are one.
func same(a, b any) bool {
	left, errLeft := json.Marshal(a)
	right, errRight := json.Marshal(b)
	return errLeft == nil && errRight == nil && bytes.Equal(left, right)
}
