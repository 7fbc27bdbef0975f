package contract_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"midgard/internal/contract"
)

const schemaPrefix = "#/components/schemas/"

// resolve follows a reference; the contract keeps a few parameters among its
// schemas.
func (r *reference) resolve(s raw) raw {
	if ref, isRef := s["$ref"].(string); isRef {
		s, _ = r.Components.Schemas[strings.TrimPrefix(ref, schemaPrefix)].(raw)
	}
	return s
}

// flatten resolves a schema and merges the parts of its allOf.
func (r *reference) flatten(s raw) raw {
	s = r.resolve(s)
	parts, _ := s["allOf"].([]any)
	if len(parts) == 0 {
		return s
	}
	merged := raw{}
	for _, part := range parts {
		merge(merged, r.flatten(part.(raw)))
	}
	rest := maps.Clone(s)
	delete(rest, "allOf")
	merge(merged, rest)
	return merged
}

func merge(into, from raw) {
	for key, value := range from {
		switch key {
		case "properties":
			properties, _ := into[key].(raw)
			properties = maps.Clone(properties)
			if properties == nil {
				properties = raw{}
			}
			maps.Copy(properties, value.(raw))
			into[key] = properties
		case "required":
			names, _ := into[key].([]any)
			into[key] = slices.Concat(names, value.([]any))
		default:
			into[key] = value
		}
	}
}

// compareSchema notes the differences under the name of the nearest shared
// schema of ours.
func (r *reference) compareSchema(subject string, ours *contract.Schema, theirs raw) {
	flat := r.flatten(theirs)
	r.compare(subject, "nullable", ours.Nullable, flat["nullable"] == true)
	r.compare(subject, "read-only", ours.ReadOnly, flat["readOnly"] == true)
	if isUntyped(flat) {
		if ours.Kind != contract.Any {
			r.differs(subject, "untyped", ours.Kind, "anything")
		}
		return
	}
	if ours.Ref != nil {
		subject = ours.Name
		if ref, _ := theirs["$ref"].(string); r.visited(subject, ref) {
			return
		}
	}
	r.compareShape(subject, ours.Resolve(), flat)
}

// visited says whether this pair of shared schemas has been compared before,
// which ends the walk through schemas that refer to each other.
func (r *reference) visited(ours, theirs string) bool {
	pair := [2]string{ours, theirs}
	before := r.seen[pair]
	r.seen[pair] = theirs != ""
	return before
}

func isUntyped(s raw) bool {
	return s["type"] == nil && s["properties"] == nil && s["enum"] == nil
}

func (r *reference) compareShape(subject string, ours *contract.Schema, theirs raw) {
	kind := theirs["type"]
	if kind == nil {
		kind = "object"
	}
	if fmt.Sprint(kind) != string(ours.Kind) {
		r.differs(subject, "type", ours.Kind, kind)
		return
	}
	r.compare(subject, "format", ours.Format, text(theirs["format"]))
	r.compare(subject, "enum", sorted(ours.Enum), sorted(texts(theirs["enum"])))
	r.compare(subject, "default", ours.Default, text(theirs["default"]))
	r.compare(subject, "minimum", number(ours.Min), first(theirs, "minimum", "minLength", "minItems"))
	r.compare(subject, "maximum", number(ours.Max), first(theirs, "maximum", "maxLength", "maxItems"))
	switch ours.Kind {
	case contract.Array:
		items, _ := theirs["items"].(raw)
		r.compareSchema(subject+"[]", ours.Items, items)
	case contract.Object:
		r.compareObject(subject, ours, theirs)
	}
}

func (r *reference) compareObject(subject string, ours *contract.Schema, theirs raw) {
	properties, _ := theirs["properties"].(raw)
	if len(properties) == 0 {
		if len(ours.Fields) > 0 {
			r.differs(subject, "open", "named keys", "any keys")
		}
		return
	}
	required := texts(theirs["required"])
	for _, field := range ours.Fields {
		name := subject + "." + field.Name
		property, known := properties[field.Name].(raw)
		if !known {
			r.differs(name, "key", "present", "absent")
			continue
		}
		r.compare(name, "required", field.Required, slices.Contains(required, field.Name))
		r.compareSchema(name, field.Schema, property)
	}
	for name := range properties {
		if _, known := ours.Field(name); !known {
			r.differs(subject+"."+name, "key", "absent", "present")
		}
	}
	r.compare(subject, "other keys", ours.Extra != nil, theirs["additionalProperties"] != nil)
}

// text prints a value of the reference, with nothing for null.
func text(value any) string {
	if value == nil {
		return ""
	}
	return fmt.Sprint(value)
}

func number(n *int64) string {
	if n == nil {
		return ""
	}
	return fmt.Sprint(*n)
}

// first returns the first of the keys that is present.
func first(s raw, keys ...string) string {
	for _, key := range keys {
		if s[key] != nil {
			return text(s[key])
		}
	}
	return ""
}
