package source

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"midgard/internal/connector"
	"midgard/internal/governance"
)

// How long a test may take when the source does not say, and a look at objects.
const (
	testTimeout = 30 * time.Second
	peekTimeout = time.Minute
)

// MaxPeek is how many objects one look may ask for.
const MaxPeek = 100

// Check is the outcome of a test.
type Check struct {
	Source  governance.Reference
	Failure string // what the source or its configuration said; empty when the test succeeded
	Elapsed time.Duration
}

// TestSource connects to a source with its kept configuration and keeps whether that worked as the source's health. What
// is wrong with the source is an outcome and no error.
func (s *Service) TestSource(ctx context.Context, actor governance.Actor, id, administeredBy string) (Check, error) {
	src, err := s.Store.Source(ctx, id, administeredBy)
	if err != nil {
		return Check{}, err
	}
	began := s.Now()
	failure := s.try(ctx, src)
	if err := ctx.Err(); err != nil {
		return Check{}, err // the caller gave up: that says nothing about the source
	}
	check := Check{Source: governance.Reference{ID: src.ID, Name: src.Name}, Elapsed: s.Now().Sub(began)}
	status := governance.SourceHealthy
	if failure != nil {
		status, check.Failure = governance.SourceError, reason(failure)
	}
	if err := s.Store.SetSourceHealth(ctx, actor, src.ID, failure == nil, status, check.Failure); err != nil {
		return Check{}, fmt.Errorf("keep the health of source %q: %w", src.ID, err)
	}
	return check, nil
}

// reason leaves out what only logs may show.
func reason(err error) string {
	var ours *governance.Error
	if errors.As(err, &ours) {
		return ours.Text
	}
	return err.Error()
}

func (s *Service) try(ctx context.Context, src governance.Source) error {
	opened, err := s.Open(ctx, src)
	if err != nil {
		return err
	}
	defer opened.Close() //nolint:errcheck // the test is over
	ctx, cancel := context.WithTimeout(ctx, timeoutOf(src))
	defer cancel()
	return opened.Test(ctx)
}

// timeoutOf reads the contract's healthCheckTimeout, in seconds.
func timeoutOf(src governance.Source) time.Duration {
	var a struct {
		Seconds float64 `json:"healthCheckTimeout"`
	}
	if json.Unmarshal(src.ConnectorAttributes, &a) != nil || a.Seconds <= 0 || a.Seconds > 600 {
		return testTimeout
	}
	return time.Duration(a.Seconds * float64(time.Second))
}

// Object is one object as a source shows it.
type Object struct {
	Identity   string
	UUID       string
	Name       string
	Attributes map[string]any
}

// Sample is the outcome of a look at a source.
type Sample struct {
	Source     governance.Reference
	ObjectType string
	Objects    []Object
	Elapsed    time.Duration
}

// PeekSource reads up to limit objects of a type from a source and keeps nothing of them. Objects that cannot be read
// are left out. A source that is fed with files is read from its newest connector file.
func (s *Service) PeekSource(ctx context.Context, id, administeredBy, objectType string, limit int) (Sample, error) {
	if limit < 1 || limit > MaxPeek {
		return Sample{}, governance.Fail(governance.Limit, "maxCount", "Field 'maxCount' is %d; from 1 to %d is allowed.", limit, MaxPeek)
	}
	src, err := s.Store.Source(ctx, id, administeredBy)
	if err != nil {
		return Sample{}, err
	}
	schemas, err := s.Store.Schemas(ctx, src.ID)
	if err != nil {
		return Sample{}, err
	}
	schema, ok := SchemaOf(schemas, objectType)
	if !ok {
		return Sample{}, governance.Fail(governance.Illegal, "objectType", "Illegal value %q for field \"objectType\": the source has no such schema.", objectType)
	}
	began := s.Now()
	sink := &sample{limit: limit}
	if err := s.look(ctx, src, schema, sink); err != nil {
		return Sample{}, err
	}
	return Sample{
		Source: governance.Reference{ID: src.ID, Name: src.Name}, ObjectType: objectType, Objects: sink.objects, Elapsed: s.Now().Sub(began),
	}, nil
}

func (s *Service) look(ctx context.Context, src governance.Source, schema governance.Schema, sink *sample) error {
	opened, err := s.Open(ctx, src)
	if err != nil {
		return err
	}
	defer opened.Close() //nolint:errcheck // what was wanted is read
	request := connector.ListRequest{Type: schema.Name, Schema: ConnectorSchema(schema), Limit: sink.limit}
	ctx, cancel := context.WithTimeout(ctx, peekTimeout)
	defer cancel()
	file, err := s.ConnectorFile(ctx, src)
	if err != nil {
		return err
	}
	if file != "" {
		input := s.Store.OpenUpload(ctx, file)
		defer input.Close() //nolint:errcheck // nothing was written
		request.Input = input
	}
	if _, err := opened.List(ctx, request, sink); err != nil && !errors.Is(err, errEnough) {
		return governance.Because(err, governance.Invalid, "", "The source could not be read: %s.", err)
	}
	return nil
}

// ConnectorFile gives the id of the upload that a source is read from when a run brings no file of its own: for a source
// of files its newest connector file; "" for none.
func (s *Service) ConnectorFile(ctx context.Context, src governance.Source) (string, error) {
	if src.ConnectionType != "file" {
		return "", nil
	}
	id, err := s.Store.ConnectorFile(ctx, src.ID)
	if err != nil {
		return "", fmt.Errorf("find the connector file of source %q: %w", src.ID, err)
	}
	return id, nil
}

// errEnough ends the list of a connector that does not stop by itself.
var errEnough = errors.New("enough objects were read")

// sample collects objects.
type sample struct {
	limit   int
	objects []Object
}

// Emit keeps the object until there are enough.
func (c *sample) Emit(_ context.Context, o connector.Object) error {
	if len(c.objects) == c.limit {
		return errEnough
	}
	name := o.Name
	if name == "" {
		name = o.Identity
	}
	c.objects = append(c.objects, Object{Identity: o.Identity, UUID: o.UUID, Name: name, Attributes: o.Attributes})
	return nil
}

// Fail passes over what cannot be read: a look shows what can.
func (c *sample) Fail(context.Context, string, error) error { return nil }
