package transform

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"midgard/internal/governance"
)

// References lists the names of the transforms that a definition refers to, anywhere inside, each once and sorted. What
// cannot be read is passed over: Validate tells about it.
func References(definition json.RawMessage) []string {
	var tree any
	if json.Unmarshal(definition, &tree) != nil {
		return nil
	}
	names := references(tree, nil)
	slices.Sort(names)
	return slices.Compact(names)
}

func references(tree any, names []string) []string {
	switch tree := tree.(type) {
	case []any:
		for _, element := range tree {
			names = references(element, names)
		}
	case map[string]any:
		if name := referenceIn(tree); name != "" {
			names = append(names, name)
		}
		for _, member := range tree {
			names = references(member, names)
		}
	}
	return names
}

// referenceIn is the name that an object refers to when it is a transform of type reference, else empty.
func referenceIn(document map[string]any) string {
	if document["type"] != "reference" {
		return ""
	}
	if inner, ok := document["attributes"].(map[string]any); ok {
		if name, ok := inner["id"].(string); ok && name != "" {
			return name
		}
	}
	name, _ := document["id"].(string) // empty when there is none
	return name
}

// ownName reads the member "name" of a definition, which need not be there.
func ownName(document map[string]json.RawMessage) (string, error) {
	raw := document["name"]
	if isNull(raw) {
		return "", nil
	}
	name, ok := stringOf(raw)
	if !ok {
		return "", wrongType("name", "a string")
	}
	if strings.TrimSpace(name) == "" {
		return "", missing("name")
	}
	if n := utf8.RuneCountInString(name); n > governance.MaxTransformName {
		return "", governance.Fail(governance.Limit, "name", "Field 'name' has %d characters; at most %d are allowed.", n, governance.MaxTransformName)
	}
	return name, nil
}

// below is the path of a member.
func below(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// element is the path of an element of a list.
func element(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

func missing(path string) error {
	return governance.Fail(governance.Required, path, "Required field '%s' was missing or empty.", path)
}

func wrongType(path, wanted string) error {
	return governance.Fail(governance.Illegal, path, "Field '%s' must be %s.", path, wanted)
}

// The readers below are given JSON that jsondoc.Check has taken.

func isNull(raw json.RawMessage) bool {
	raw = bytes.TrimLeft(raw, " \t\r\n")
	return len(raw) == 0 || raw[0] == 'n'
}

// opens tells whether a value begins with the bracket of an object or a list.
func opens(raw json.RawMessage, bracket byte) bool {
	raw = bytes.TrimLeft(raw, " \t\r\n")
	return len(raw) > 0 && raw[0] == bracket
}

func stringOf(raw json.RawMessage) (string, bool) {
	var text string
	if isNull(raw) || json.Unmarshal(raw, &text) != nil {
		return "", false
	}
	return text, true
}

// scalar reads a string, number or truth value as the text that it stands for, and null as null.
func scalar(raw json.RawMessage) (Value, bool) {
	if isNull(raw) {
		return Null(), true
	}
	if opens(raw, '{') || opens(raw, '[') {
		return Null(), false
	}
	if text, ok := stringOf(raw); ok {
		return Text(text), true
	}
	return Text(string(bytes.TrimSpace(raw))), true
}

// object reads the members of an object.
func object(raw json.RawMessage, path string) (map[string]json.RawMessage, error) {
	var members map[string]json.RawMessage
	if !opens(raw, '{') || json.Unmarshal(raw, &members) != nil {
		if path == "" {
			return nil, governance.Fail(governance.Illegal, "", "A transform must be an object with type and attributes.")
		}
		return nil, wrongType(path, "an object")
	}
	return members, nil
}
