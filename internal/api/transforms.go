package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"midgard/internal/filter"
	"midgard/internal/governance"
	"midgard/internal/jsondoc"
	"midgard/internal/transform"
)

// transformCheck says whether a definition can be run, and the names that it refers to itself.
type transformCheck = func(definition json.RawMessage, find func(name string) (json.RawMessage, bool)) (names []string, err error)

type transformStore interface {
	Transforms(ctx context.Context, q filter.Query) (filter.Page[governance.Transform], error)
	Transform(ctx context.Context, id string) (governance.Transform, error)
	TransformDefinitions(ctx context.Context) (map[string]json.RawMessage, error)
	CreateTransform(ctx context.Context, actor governance.Actor, x governance.Transform, check transformCheck) (governance.Transform, error)
	UpdateTransform(ctx context.Context, actor governance.Actor, id string, edit func(*governance.Transform) error, check transformCheck) (governance.Transform, error)
	DeleteTransform(ctx context.Context, actor governance.Actor, id string) error
}

func (s *server) transformHandlers() map[string]handler {
	return map[string]handler{
		"listTransforms":  s.listTransforms,
		"createTransform": s.createTransform,
		"getTransform":    shown("id", s.Store.Transform, appendTransform),
		"updateTransform": s.updateTransform,
		"deleteTransform": s.deleteTransform,
		"testTransform":   s.testTransform,
	}
}

// listTransforms takes the name of a transform beside the filter, as the contract has it: both must hold.
func (s *server) listTransforms(w http.ResponseWriter, r *http.Request) error {
	q, err := listQuery(r)
	if err != nil {
		return err
	}
	if name := storable(r.URL.Query().Get("name")); name != "" {
		named := &filter.Compare{Field: "name", Op: filter.Eq, Values: []filter.Value{{Text: name}}}
		if q.Where == nil {
			q.Where = named
		} else {
			q.Where = &filter.And{Terms: []filter.Expr{q.Where, named}}
		}
	}
	page, err := s.Store.Transforms(r.Context(), q)
	if err != nil {
		return err
	}
	return writePage(w, r, page, appendTransform)
}

// checkDefinition is the engine's word on a transform.
func checkDefinition(definition json.RawMessage, find func(name string) (json.RawMessage, bool)) ([]string, error) {
	if _, err := transform.Compile(definition, find); err != nil {
		return nil, err
	}
	return transform.References(definition), nil
}

// transformBody is a transform as create and put read it.
type transformBody struct {
	ID                      *string                   `json:"id"`
	Name                    *string                   `json:"name"`
	Type                    *string                   `json:"type"`
	Attributes              optional[json.RawMessage] `json:"attributes"`
	RequiresPeriodicRefresh *bool                     `json:"requiresPeriodicRefresh"`
	Internal                *bool                     `json:"internal"`
}

// write puts the attributes into a transform. Whether it is to be refreshed periodically is among them in the contract;
// its documents show the flag beside them as well.
func (b *transformBody) write(x *governance.Transform) error {
	if err := checkMaps(map[string]json.RawMessage{"attributes": b.Attributes.Value}); err != nil {
		return err
	}
	attributes, err := compact(b.Attributes.Value)
	if err != nil {
		return err
	}
	if b.RequiresPeriodicRefresh != nil {
		attributes = withFlag(attributes, "requiresPeriodicRefresh", *b.RequiresPeriodicRefresh)
	}
	x.Attributes = attributes
	var known struct {
		Refresh any `json:"requiresPeriodicRefresh"`
	}
	decodeInto(attributes, &known)
	x.RequiresPeriodicRefresh = known.Refresh == true || known.Refresh == "true"
	return x.Validate()
}

// compact is an object as it is kept: without white space, in its order, which some types of transforms go by. Null is
// none.
func compact(raw json.RawMessage) (json.RawMessage, error) {
	if len(raw) == 0 || string(raw) == "null" {
		return nil, nil
	}
	var b bytes.Buffer
	if err := json.Compact(&b, raw); err != nil {
		return nil, fmt.Errorf("compact a checked object: %w", err)
	}
	return b.Bytes(), nil
}

// withFlag adds a member to a compact object unless it has one of that name.
func withFlag(object json.RawMessage, key string, value bool) json.RawMessage {
	if len(object) == 0 {
		object = json.RawMessage("{}")
	}
	members := map[string]json.RawMessage{}
	decodeInto(object, &members)
	if _, has := members[key]; has {
		return object
	}
	return append(jsondoc.AppendBool(object[:len(object)-1:len(object)-1], key, value), '}')
}

func (s *server) createTransform(w http.ResponseWriter, r *http.Request) error {
	body, err := decode[transformBody](w, r)
	if err != nil {
		return err
	}
	x := governance.Transform{Name: textOf(body.Name), Type: textOf(body.Type)}
	if err := body.write(&x); err != nil {
		return err
	}
	if x, err = s.Store.CreateTransform(r.Context(), actor(r), x, checkDefinition); err != nil {
		return err
	}
	return writeOne(w, r, &x, appendTransform)
}

// updateTransform changes the attributes of a transform. The contract lets the body be absent: then nothing changes.
func (s *server) updateTransform(w http.ResponseWriter, r *http.Request) error {
	if r.ContentLength == 0 {
		return shown("id", s.Store.Transform, appendTransform)(w, r)
	}
	body, wrong := decode[transformBody](w, r)
	x, err := s.Store.UpdateTransform(r.Context(), actor(r), pathID(r, "id"), func(x *governance.Transform) error {
		if wrong != nil { // told only now: whether there is such a transform comes first
			return wrong
		}
		return body.rewrite(x)
	}, checkDefinition)
	if err != nil {
		return err
	}
	return writeOne(w, r, &x, appendTransform)
}

// rewrite is write for a transform that is kept already, of which nothing else may change.
func (b *transformBody) rewrite(x *governance.Transform) error {
	wanted := *x
	if b.ID != nil {
		wanted.ID = filter.NormalizeID(*b.ID)
	}
	if b.Name != nil {
		wanted.Name = *b.Name
	}
	if b.Type != nil {
		wanted.Type = *b.Type
	}
	if b.Internal != nil {
		wanted.Internal = *b.Internal
	}
	if err := wanted.CheckUnchanged(x); err != nil {
		return err
	}
	if !b.Attributes.Present {
		return governance.Fail(governance.Required, "attributes", "Required field 'attributes' was missing or empty.")
	}
	return b.write(x)
}

func (s *server) deleteTransform(w http.ResponseWriter, r *http.Request) error {
	if err := s.Store.DeleteTransform(r.Context(), actor(r), pathID(r, "id")); err != nil {
		return err
	}
	return done(w, r)
}

func appendTransform(b []byte, x *governance.Transform) []byte {
	b = jsondoc.AppendStringField(append(b, '{'), "id", x.ID)
	b = jsondoc.AppendStringField(b, "name", x.Name)
	b = jsondoc.AppendStringField(b, "type", x.Type)
	b = jsondoc.AppendRaw(b, "attributes", x.Attributes)
	return append(jsondoc.AppendBool(b, "internal", x.Internal), '}')
}
