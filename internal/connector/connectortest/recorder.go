package connectortest

import (
	"context"
	"fmt"

	"midgard/internal/connector"
)

// Recorder is a sink that keeps everything. Its zero value is ready.
type Recorder struct {
	Objects  []connector.Object
	Failures []Failure
	// OnEmit, when set, is called after an object was kept; its error is what Emit returns.
	OnEmit func(connector.Object) error
}

// Failure is one call of Fail.
type Failure struct {
	Where  string
	Reason error
}

// String is the message as a task shows it.
func (f Failure) String() string { return fmt.Sprintf("%s: %v", f.Where, f.Reason) }

var _ connector.Sink = (*Recorder)(nil)

// Emit keeps the object.
func (r *Recorder) Emit(_ context.Context, object connector.Object) error {
	r.Objects = append(r.Objects, object)
	if r.OnEmit != nil {
		return r.OnEmit(object)
	}
	return nil
}

// Fail keeps the failure and lets the list go on.
func (r *Recorder) Fail(_ context.Context, where string, reason error) error {
	r.Failures = append(r.Failures, Failure{where, reason})
	return nil
}

// Messages returns the failures as texts, in the order they came.
func (r *Recorder) Messages() []string {
	texts := make([]string, len(r.Failures))
	for i, failure := range r.Failures {
		texts[i] = failure.String()
	}
	return texts
}

// Object returns the object with the given native identity.
func (r *Recorder) Object(identity string) (connector.Object, bool) {
	for _, object := range r.Objects {
		if object.Identity == identity {
			return object, true
		}
	}
	return connector.Object{}, false
}

// Identities returns the native identities in the order they came.
func (r *Recorder) Identities() []string {
	list := make([]string, len(r.Objects))
	for i, object := range r.Objects {
		list[i] = object.Identity
	}
	return list
}
