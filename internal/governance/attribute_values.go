package governance

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// ConnectorValues gives a function that reads an account's connector attributes as texts, nil for one that it does not
// have. Its native identity and its name can be asked for like attributes. The attributes are decoded at the first
// question.
func (a *Account) ConnectorValues() func(name string) []string {
	var attributes map[string]any
	return func(name string) []string {
		if attributes == nil {
			attributes = decodeNumbers(a.ConnectorAttributes)
		}
		if v, ok := attributes[name]; ok {
			return texts(v)
		}
		switch name {
		case "nativeIdentity":
			return []string{a.NativeIdentity}
		case "name", "displayName":
			return []string{a.Name}
		}
		return nil
	}
}

// decodeNumbers reads an object with its numbers as they are written: 1000000, not 1e+06.
func decodeNumbers(raw json.RawMessage) map[string]any {
	object := map[string]any{}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	decoder.Decode(&object) //nolint:errcheck // Midgard wrote it
	return object
}

func texts(v any) []string {
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	all := make([]string, len(list))
	for i, item := range list {
		all[i] = fmt.Sprint(item)
	}
	return all
}

// Attribute gives an attribute of a person by the name that transforms use; ok is false when there is none or it is empty.
func (i *Identity) Attribute(name string) (value string, ok bool) {
	switch name {
	case "uid", "alias":
		value = i.UID
	case "name", "displayName":
		value = i.Name
	case "firstname", "firstName", "givenName":
		value = i.FirstName
	case "lastname", "lastName", "familyName":
		value = i.LastName
	case "email":
		value = i.Email
	case "manager":
		value = i.Manager.Name
	case "lifecycleState", "cloudLifecycleState":
		value = i.LifecycleState
	default:
		if v, there := decodeNumbers(i.Attributes)[name]; there && v != nil {
			if list := texts(v); len(list) > 0 {
				value = list[0]
			}
		}
	}
	return value, value != ""
}
