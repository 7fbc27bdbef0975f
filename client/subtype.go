package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
)

// Subtype is a category of the machine accounts of one source.
type Subtype struct {
	ID            string `json:"id,omitempty"`
	SourceID      string `json:"sourceId"`
	TechnicalName string `json:"technicalName"` // what accounts and mappings hold; it never changes
	DisplayName   string `json:"displayName"`
	Description   string `json:"description"`
}

const subtypesPath = "/v2026/source-subtypes"

// FindSubtype reads a subtype of a source by its technical name. The error wraps ErrNotFound when there is none.
func (c *Client) FindSubtype(ctx context.Context, sourceID, technicalName string) (Subtype, error) {
	filters := fmt.Sprintf("source.id eq %s and technicalName eq %s", Quote(sourceID), Quote(technicalName))
	return findOne[Subtype](ctx, c, subtypesPath, ListOptions{Filters: filters}, fmt.Sprintf("subtype %q", technicalName))
}

// SetSubtype makes a subtype, or gives the one of that technical name on the source its display name and description. It
// gives the subtype as the server keeps it; nothing is written when that is so already.
func (c *Client) SetSubtype(ctx context.Context, x Subtype) (Subtype, error) {
	found, err := c.FindSubtype(ctx, x.SourceID, x.TechnicalName)
	switch {
	case errors.Is(err, ErrNotFound):
		err = c.Do(ctx, http.MethodPost, subtypesPath, x, &found)
		return found, err
	case err != nil || found.DisplayName == x.DisplayName && found.Description == x.Description:
		return found, err
	}
	patch := []map[string]any{
		{"op": "replace", "path": "/displayName", "value": x.DisplayName}, {"op": "replace", "path": "/description", "value": x.Description},
	}
	err = c.Do(ctx, http.MethodPatch, subtypesPath+"/"+url.PathEscape(found.ID), patch, &found)
	return found, err
}
