// Package source is the work on connected systems that is more than rows: which connector a source has and whether its
// configuration is right, keeping its secrets, reaching through to it for a test or a look, and when it is read.
//
// Connectors are given to the service as factories; it knows none of them. Secret attributes never leave the service:
// they are kept sealed, apart from the other attributes, and given back to connectors only.
package source

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"midgard/internal/connector"
	"midgard/internal/governance"
)

// Store keeps sources. The methods promise what *store.Store says of them.
type Store interface {
	Source(ctx context.Context, id, administeredBy string) (governance.Source, error)
	CreateSource(ctx context.Context, actor governance.Actor, src governance.Source, schemas []governance.Schema) (governance.Source, error)
	UpdateSource(ctx context.Context, actor governance.Actor, id string, change func(*governance.Source) error) (governance.Source, error)
	SetSourceHealth(ctx context.Context, actor governance.Actor, id string, healthy bool, status, message string) error
	Schemas(ctx context.Context, sourceID string) ([]governance.Schema, error)
	scheduleStore
	jobStore
	ConnectorFile(ctx context.Context, sourceID string) (string, error)
	OpenUpload(ctx context.Context, id string) io.ReadCloser
}

// Sealer encrypts secrets at rest. What was sealed under one context opens under the same one only.
type Sealer interface {
	Seal(clear, context string) (string, error)
	Open(sealed, context string) (string, error)
}

// Options are what the service needs; all but FileRoot must be set.
type Options struct {
	Store      Store
	Sealer     Sealer
	Connectors map[string]connector.Factory // by the name that sources use
	NewID      func() string
	Now        func() time.Time
	// FileRoot is the only folder from which connectors may read files of this machine; empty allows none.
	FileRoot string
}

// Service is safe for concurrent use.
type Service struct{ Options }

// New makes a service.
func New(o Options) *Service { return &Service{o} }

// Spec describes a connector by the name that sources use; the error names the known ones.
func (s *Service) Spec(name string) (connector.Spec, error) {
	factory, err := s.factory(name)
	if err != nil {
		return connector.Spec{}, err
	}
	return factory.Spec(), nil
}

func (s *Service) factory(name string) (connector.Factory, error) {
	if name == "" {
		return nil, governance.Fail(governance.Required, "connector", "Required field 'connector' was missing or empty.")
	}
	factory, ok := s.Connectors[name]
	if !ok {
		known := strings.Join(slices.Sorted(maps.Keys(s.Connectors)), ", ")
		return nil, governance.Fail(governance.Illegal, "connector", "Illegal value %q for field \"connector\": there are %s.", name, known)
	}
	return factory, nil
}

// fileConnector is the connector of a source that is made for uploaded files.
const fileConnector = "delimited-file"

// CreateSource adds a source. The connector decides type, class and connection type, and gives features and schemas
// where the draft has none; with csv it is the one for files, whatever the draft names. connectorAttributes are checked
// by the connector and may hold secrets, see UpdateSource.
func (s *Service) CreateSource(ctx context.Context, actor governance.Actor, draft governance.Source, csv bool) (governance.Source, error) {
	if csv {
		draft.Connector = fileConnector
	}
	factory, err := s.factory(draft.Connector)
	if err != nil {
		return governance.Source{}, err
	}
	spec := factory.Spec()
	draft.ID, draft.Secrets = s.NewID(), nil
	draft.Type, draft.ConnectorClass, draft.ConnectionType = spec.Type, spec.Class, spec.ConnectionType
	if draft.Features == nil {
		draft.Features = spec.Features
	}
	draft.Healthy, draft.Status, draft.StatusMessage = false, governance.SourceUnchecked, ""
	if err := draft.Validate(); err != nil {
		return governance.Source{}, err
	}
	if err := s.configure(factory, &governance.Source{}, &draft); err != nil {
		return governance.Source{}, err
	}
	created, err := s.Store.CreateSource(ctx, actor, draft, s.firstSchemas(spec))
	if err != nil {
		return governance.Source{}, fmt.Errorf("create source %q: %w", draft.Name, err)
	}
	return created, nil
}

// UpdateSource lets change edit a source and keeps the result. change may run more than once; it sees
// connectorAttributes with a mask in place of each secret. What it leaves there under the name of a secret means: absent
// or a mask, keep it; null or an empty text, remove it; any other text, the new secret. Fields that are fixed when a
// source is made are refused by name.
func (s *Service) UpdateSource(ctx context.Context, actor governance.Actor, id string, change func(*governance.Source) error) (governance.Source, error) {
	updated, err := s.Store.UpdateSource(ctx, actor, id, func(src *governance.Source) error {
		old := *src
		var err error
		if src.ConnectorAttributes, err = masked(src); err != nil {
			return err
		}
		if err := change(src); err != nil {
			return err
		}
		return s.settle(&old, src)
	})
	if err != nil {
		return governance.Source{}, fmt.Errorf("update source %q: %w", id, err)
	}
	return updated, nil
}

// settle makes what an edit left a source that can be kept. Features that it took away altogether are the connector's
// again.
func (s *Service) settle(old, src *governance.Source) error {
	if err := src.CheckUnchanged(old); err != nil {
		return err
	}
	factory, err := s.factory(src.Connector)
	if err != nil {
		return err
	}
	if src.Features == nil {
		src.Features = factory.Spec().Features
	}
	if err := src.Validate(); err != nil {
		return err
	}
	return s.configure(factory, old, src)
}
