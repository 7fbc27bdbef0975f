// Package connectortest holds the tests that every connector passes. A connector's own tests describe a working source,
// a broken one and, where there is such a thing, a wrong credential; Run does the rest.
package connectortest

import (
	"context"
	"testing"

	"midgard/internal/connector"
)

// Harness describes one connector and the sources it is tried on.
type Harness struct {
	Factory connector.Factory

	// Config configures a source that works, has at least three accounts and does not change while the test runs.
	Config func(*testing.T) connector.Config
	// Broken configures a source that opens, but whose Test and List fail.
	Broken func(*testing.T) connector.Config
	// WrongSecret configures a source that refuses its credentials; nil when the connector has none.
	WrongSecret func(*testing.T) connector.Config
	// Unreadable configures a source of which some accounts, but not all, cannot be read; nil when there is no such thing.
	Unreadable func(*testing.T) connector.Config

	// Account and Group replace the Spec's schemas; nil leaves them.
	Account, Group *connector.Schema
	// NoGroups says that the source of Config has no groups although the connector knows them.
	NoGroups bool

	// Provision describes a source that may be changed. It is needed when the connector's sources are Provisioners.
	Provision *Provision
}

// Run tries everything that the port promises on behalf of a connector.
func Run(t *testing.T, h Harness) {
	t.Helper()
	t.Run("spec", func(t *testing.T) { testSpec(t, h) })
	t.Run("open", func(t *testing.T) { testOpen(t, h) })
	t.Run("list", func(t *testing.T) { testList(t, h) })
	t.Run("stop", func(t *testing.T) { testStop(t, h) })
	t.Run("failure", func(t *testing.T) { testFailure(t, h) })
	t.Run("provision", func(t *testing.T) { testProvision(t, h) })
}

// types lists what a working source of the harness can be asked for.
func (h Harness) types() []string {
	if h.Factory.Spec().Group == nil || h.NoGroups {
		return []string{connector.TypeAccount}
	}
	return []string{connector.TypeAccount, connector.TypeGroup}
}

func (h Harness) schema(objectType string) connector.Schema {
	spec := h.Factory.Spec()
	switch {
	case objectType == connector.TypeGroup && h.Group != nil:
		return *h.Group
	case objectType == connector.TypeGroup:
		return *spec.Group
	case h.Account != nil:
		return *h.Account
	}
	return spec.Account
}

func (h Harness) request(objectType string) connector.ListRequest {
	return connector.ListRequest{Type: objectType, Schema: h.schema(objectType)}
}

// open opens a source that is closed when the test ends.
func (h Harness) open(t *testing.T, config connector.Config) connector.Source {
	t.Helper()
	source, err := h.Factory.Open(config)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() {
		if err := source.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return source
}

// list lists everything of one type from a source that must work.
func (h Harness) list(t *testing.T, source connector.Source, request connector.ListRequest) (*Recorder, connector.ListResult) {
	t.Helper()
	recorder := &Recorder{}
	result, err := source.List(context.Background(), request, recorder)
	if err != nil {
		t.Fatalf("List of type %s: %v", request.Type, err)
	}
	return recorder, result
}
