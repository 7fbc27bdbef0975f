package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
)

// MappingRules are rules that a preview tries on a source. What is nil stays as the source has it. Both are sent as they
// are: an array of mappings and a classification config of the contract.
type MappingRules struct {
	Mappings             json.RawMessage `json:"mappings,omitempty"`
	ClassificationConfig json.RawMessage `json:"classificationConfig,omitempty"`
}

// MappingPreview is what rules would change. The counts are those of the whole source, the rows a page of Total.
type MappingPreview struct {
	Counts map[string]int64    `json:"counts"`
	Total  int64               `json:"total"`
	Rows   []MappingPreviewRow `json:"rows"`
}

// MappingPreviewRow is an account that would change, or that a mapping fails for.
type MappingPreviewRow struct {
	ID             string `json:"id"`
	Name           string `json:"name"`
	NativeIdentity string `json:"nativeIdentity"`
	Changes        []struct {
		Attribute string  `json:"attribute"`
		Before    *string `json:"before"` // nil for none
		After     *string `json:"after"`
	} `json:"changes"`
	Problems []string `json:"problems"`
}

func mappingsPath(sourceID string) string { return sourcePath(sourceID, "/machine-account-mappings") }

// PreviewMappings asks what rules would change on a source. Nothing is written.
func (c *Client) PreviewMappings(ctx context.Context, sourceID string, rules MappingRules, limit, offset int) (MappingPreview, error) {
	query := url.Values{"limit": {strconv.Itoa(limit)}, "offset": {strconv.Itoa(offset)}}
	var preview MappingPreview
	path := "/midgard/v1/sources/" + url.PathEscape(sourceID) + "/mapping-preview?" + query.Encode()
	return preview, c.Do(ctx, http.MethodPost, path, rules, &preview)
}

// Mappings gives the mappings of a source as the contract shows them, an array.
func (c *Client) Mappings(ctx context.Context, sourceID string) (json.RawMessage, error) {
	var mappings json.RawMessage
	return mappings, c.Do(ctx, http.MethodGet, mappingsPath(sourceID), nil, &mappings)
}

// SetMappings replaces the mappings of a source and gives the task that brings its machine accounts in line.
func (c *Client) SetMappings(ctx context.Context, sourceID string, mappings json.RawMessage) (Task, error) {
	if err := c.Do(ctx, http.MethodPut, mappingsPath(sourceID), mappings, nil); err != nil {
		return Task{}, err
	}
	query := url.Values{"filters": {"sourceId eq " + Quote(sourceID)}, "sorters": {"-created"}, "limit": {"50"}}
	var tasks []struct {
		ID         string `json:"id"`
		UniqueName string `json:"uniqueName"`
	}
	if err := c.Do(ctx, http.MethodGet, "/v2025/task-status?"+query.Encode(), nil, &tasks); err != nil {
		return Task{}, err
	}
	for _, t := range tasks {
		if t.UniqueName == "Machine Account Mapping" {
			return Task{ID: t.ID}, nil
		}
	}
	return Task{}, nil
}
