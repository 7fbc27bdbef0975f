package api

import (
	"encoding/json"

	"midgard/internal/governance"
	"midgard/internal/jsondoc"
)

// The contract's types of references.
const (
	typeIdentity        = "IDENTITY"
	typeSource          = "SOURCE"
	typeEntitlement     = "ENTITLEMENT"
	typeMachineIdentity = "MACHINE_IDENTITY"
	typeGroup           = "GOVERNANCE_GROUP"
)

// refBody is the contract's reference to another object, in requests and answers.
type refBody struct {
	Type string `json:"type,omitempty"`
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
}

// appendRef writes a reference as a member of an object.
func appendRef(b []byte, key, kind string, r governance.Reference) []byte {
	return appendBareRef(jsondoc.AppendKey(b, key), kind, r)
}

// appendNullableRef is appendRef that writes null for a reference that points nowhere.
func appendNullableRef(b []byte, key, kind string, r governance.Reference) []byte {
	if !r.Set() {
		return append(jsondoc.AppendKey(b, key), "null"...)
	}
	return appendRef(b, key, kind, r)
}

func appendBareRef(b []byte, kind string, r governance.Reference) []byte {
	b = jsondoc.AppendStringField(append(b, '{'), "type", kind)
	b = jsondoc.AppendStringField(b, "id", r.ID)
	return append(jsondoc.AppendStringField(b, "name", r.Name), '}')
}

// appendObject writes a JSON object that the store keeps as text, {} when there is none.
func appendObject(b []byte, key string, raw []byte) []byte {
	if len(raw) == 0 {
		return append(jsondoc.AppendKey(b, key), "{}"...)
	}
	return jsondoc.AppendRaw(b, key, raw)
}

// objectOf is a map as a form shows it: an absent one is empty, so that a patch can add to it.
func objectOf(raw json.RawMessage) json.RawMessage {
	if len(raw) == 0 {
		return json.RawMessage("{}")
	}
	return raw
}

// mapOf is a map as it is kept: null and an empty one are the same as absent.
func mapOf(raw json.RawMessage) json.RawMessage {
	if string(raw) == "null" || string(raw) == "{}" {
		return nil
	}
	return raw
}

// checkMaps refuses what is neither an object nor null, and what is too large, by name.
func checkMaps(fields map[string]json.RawMessage) error {
	for name, raw := range fields {
		if raw = mapOf(raw); len(raw) > 0 && raw[0] != '{' {
			return governance.Fail(governance.Illegal, name, "Field '%s' must be an object.", name)
		}
		if len(raw) > governance.MaxMap {
			return governance.Fail(governance.Limit, name, "Field '%s' has %d bytes; at most %d are allowed.", name, len(raw), governance.MaxMap)
		}
	}
	return nil
}
