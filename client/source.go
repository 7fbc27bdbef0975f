package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"time"
)

// ErrNotFound says that nothing has the given name. Compare with errors.Is.
var ErrNotFound = errors.New("not found")

// Ref points to another object.
type Ref struct {
	Type string `json:"type,omitempty"`
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
}

// Source holds the fields of a source that people set and see. Zero values are left out when it is sent, so that the
// server's defaults hold.
type Source struct {
	ID                  string         `json:"id,omitempty"`
	Name                string         `json:"name"`
	Description         string         `json:"description,omitempty"`
	Owner               *Ref           `json:"owner,omitempty"`
	Type                string         `json:"type,omitempty"`
	Connector           string         `json:"connector"`
	ConnectorAttributes map[string]any `json:"connectorAttributes,omitempty"`
	Authoritative       bool           `json:"authoritative,omitempty"`
	DeleteThreshold     *int           `json:"deleteThreshold,omitempty"`
	Healthy             bool           `json:"healthy,omitempty"`
	Status              string         `json:"status,omitempty"`
	Created             time.Time      `json:"created,omitzero"`
	Modified            time.Time      `json:"modified,omitzero"`
}

const sourcesPath = "/v2025/sources"

func sourcePath(id, rest string) string { return sourcesPath + "/" + url.PathEscape(id) + rest }

var idForm = regexp.MustCompile(`^(?i)([0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$`)

// FindSource reads a source by id or by its exact name. The error wraps ErrNotFound when there is none.
func (c *Client) FindSource(ctx context.Context, idOrName string) (Source, error) {
	filters := "name eq " + Quote(idOrName)
	if idForm.MatchString(idOrName) {
		filters = "id eq " + Quote(idOrName) + " or " + filters
	}
	return findOne[Source](ctx, c, sourcesPath, ListOptions{Filters: filters}, fmt.Sprintf("source %q", idOrName))
}

// findOne refuses to choose when several rows match.
func findOne[T any](ctx context.Context, c *Client, path string, options ListOptions, what string) (T, error) {
	var none T
	options.Limit = 2
	found, err := each[T](c.All(ctx, path, options))
	switch {
	case err != nil:
		return none, err
	case len(found) == 0:
		return none, fmt.Errorf("%s: %w", what, ErrNotFound)
	case len(found) > 1:
		return none, fmt.Errorf("%s: several match, use the id", what)
	}
	return found[0], nil
}

// CreateSource makes a source. body is a Source or anything that encodes to the contract's shape.
func (c *Client) CreateSource(ctx context.Context, body any) (Source, error) {
	var created Source
	err := c.Do(ctx, http.MethodPost, sourcesPath, body, &created)
	return created, err
}

// SourceTest is the outcome of a connection test.
type SourceTest struct {
	Status        string          `json:"status"` // SUCCESS or FAILURE
	ElapsedMillis int             `json:"elapsedMillis"`
	Details       json.RawMessage `json:"details"`
}

// TestSource lets the server connect to the source with its stored configuration.
func (c *Client) TestSource(ctx context.Context, id string) (SourceTest, error) {
	var outcome SourceTest
	err := c.Do(ctx, http.MethodPost, sourcePath(id, "/connector/test-configuration"), nil, &outcome)
	return outcome, err
}

// LoadAccounts starts an aggregation of accounts and returns its task. content is the file for a source that reads
// uploads and nil otherwise; full also rewrites accounts that have not changed.
func (c *Client) LoadAccounts(ctx context.Context, sourceID, name string, content io.Reader, full bool) (Task, error) {
	var answer struct {
		Success bool `json:"success"`
		Task    Task `json:"task"`
	}
	fields := map[string]string{}
	if full {
		fields["disableOptimization"] = "true"
	}
	if err := c.Upload(ctx, sourcePath(sourceID, "/load-accounts"), name, content, fields, &answer); err != nil {
		return Task{}, err
	}
	return started(answer.Task)
}

// LoadEntitlements starts an aggregation of entitlements and returns its task. content is as with LoadAccounts.
func (c *Client) LoadEntitlements(ctx context.Context, sourceID, name string, content io.Reader) (Task, error) {
	var task Task
	if err := c.Upload(ctx, sourcePath(sourceID, "/load-entitlements"), name, content, nil, &task); err != nil {
		return Task{}, err
	}
	return started(task)
}

func started(task Task) (Task, error) {
	if task.ID == "" {
		return task, errors.New("the server started no task")
	}
	return task, nil
}

// SourceNames lists the names of all sources in order.
func (c *Client) SourceNames(ctx context.Context) ([]string, error) {
	sources, err := each[Source](c.All(ctx, sourcesPath, ListOptions{Sorters: "name"}))
	names := make([]string, 0, len(sources))
	for _, s := range sources {
		names = append(names, s.Name)
	}
	return names, err
}
