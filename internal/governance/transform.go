package governance

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"
)

// Limits of the contract.
const (
	MaxTransformName = 50        // characters
	MaxTransform     = 400 << 10 // bytes of a definition as JSON
)

// Transform is a named rule that makes one text of others, written as data. Transforms and mappings refer to it by its
// name. Type and Attributes are the rule; what they may hold is the business of the engine that runs it.
type Transform struct {
	ID                      string          `json:"id"`
	Name                    string          `json:"name"`
	Type                    string          `json:"type"`
	Attributes              json.RawMessage `json:"attributes,omitempty"` // a JSON object; empty when the type has none
	RequiresPeriodicRefresh bool            `json:"requiresPeriodicRefresh"`
	Internal                bool            `json:"internal"` // part of Midgard: nobody changes or deletes it
	Created                 time.Time       `json:"created"`
	Modified                time.Time       `json:"modified"`
}

// Definition is the transform as the engine reads it: a JSON object with name, type and attributes.
func (x *Transform) Definition() json.RawMessage {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // the size counts
	err := e.Encode(struct {
		Name       string          `json:"name"`
		Type       string          `json:"type"`
		Attributes json.RawMessage `json:"attributes,omitempty"`
	}{x.Name, x.Type, x.Attributes})
	if err != nil {
		panic("encode transform " + x.ID + ": " + err.Error()) // attributes are checked before they get here
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// Validate checks what every transform must keep, whatever its type.
func (x *Transform) Validate() error {
	if strings.TrimSpace(x.Name) == "" {
		return required("name")
	}
	if err := atMost("name", x.Name, MaxTransformName); err != nil {
		return err
	}
	if x.Type == "" {
		return required("type")
	}
	if n := len(x.Definition()); n > MaxTransform {
		return Fail(Limit, "attributes", "The transform has %d bytes; at most %d are allowed.", n, MaxTransform)
	}
	return nil
}

// CheckUnchanged refuses, by name, a change of what others refer to and of what the attributes are for.
func (x *Transform) CheckUnchanged(old *Transform) error {
	for _, fixed := range []struct {
		field string
		same  bool
	}{
		{"id", x.ID == old.ID},
		{"name", x.Name == old.Name},
		{"type", x.Type == old.Type},
		{"internal", x.Internal == old.Internal},
	} {
		if !fixed.same {
			return Fail(Illegal, fixed.field, "Field '%s' of a transform cannot be changed.", fixed.field)
		}
	}
	return nil
}

// CheckEditable refuses a change or the deletion of a transform that is part of Midgard.
func (x *Transform) CheckEditable() error {
	if x.Internal {
		return Fail(Illegal, "internal", "Transform %q is internal: it can be neither changed nor deleted.", x.Name)
	}
	return nil
}
