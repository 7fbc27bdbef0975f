package provision

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"midgard/internal/governance"
	"midgard/internal/jsondoc"
)

// readVariables reads what templates may name: the request, and the people and things that it is about. An owner or a
// requester who is gone has no attributes.
func (p *policy) readVariables(ctx context.Context) error {
	r := &p.request
	p.input = map[string]any{}
	if len(r.UserInput) > 0 {
		if err := jsondoc.Decode(r.UserInput, &p.input); err != nil {
			return fmt.Errorf("read the input of request %q: %w", r.ID, err)
		}
	}
	var err error
	if p.owner, err = p.person(ctx, r.Owner); err != nil {
		return err
	}
	requester, err := p.person(ctx, r.Requester)
	if err != nil {
		return err
	}
	p.vars = map[string]any{
		"userInput": plain(p.input), "owner": described(&p.owner), "requester": described(&requester),
		"subtype":     map[string]any{"id": p.subtype.ID, "technicalName": p.subtype.TechnicalName, "displayName": p.subtype.DisplayName},
		"source":      map[string]any{"id": p.source.ID, "name": p.source.Name},
		"environment": orNull(r.Environment), "description": orNull(r.Description),
	}
	return nil
}

func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

func (p *policy) person(ctx context.Context, ref governance.Reference) (governance.Identity, error) {
	person, err := p.Store.Identity(ctx, ref.ID)
	if governance.KindOf(err) == governance.NotFound {
		return governance.Identity{}, nil
	}
	return person, err
}

// personAttributes have names of their own beside what an identity profile maps.
var personAttributes = []string{"uid", "alias", "name", "displayName", "firstname", "lastname", "email", "manager"}

// described is a person as templates see them.
func described(person *governance.Identity) map[string]any {
	names := personAttributes
	var more map[string]json.RawMessage
	if json.Unmarshal(person.Attributes, &more) == nil {
		for name := range more {
			names = append(slices.Clip(names), name)
		}
	}
	m := map[string]any{"id": orNull(person.ID)}
	for _, name := range names {
		if value, ok := person.Attribute(name); ok {
			m[name] = value
		}
	}
	return m
}

// plain is an input as templates can show it: lists are joined with commas.
func plain(value any) any {
	switch v := value.(type) {
	case map[string]any:
		m := make(map[string]any, len(v))
		for name, member := range v {
			m[name] = plain(member)
		}
		return m
	case nil, bool:
		return v
	default:
		return strings.Join(texts(v), ",")
	}
}

// texts gives the texts of a value of JSON: several of a list, none of null and of an object.
func texts(value any) []string {
	switch v := value.(type) {
	case nil, map[string]any:
		return nil
	case []any:
		var all []string
		for _, element := range v {
			all = append(all, texts(element)...)
		}
		return all
	default:
		return []string{fmt.Sprint(v)}
	}
}

// What of an input names an account, in the order in which it counts, where no policy says so.
var namingInputs = []string{"accountName", "uid", "username", "userName", "name"}

// nameSize bounds generated names where no policy does.
const nameSize = "64"

// defaultFields are the policy of a source without one: a name from the input or the subtype, with a number where it is
// taken, and what the schema can hold of description and owner. Where accounts are made, of which object classes and by
// which attribute they are named is the connector's configuration.
func defaultFields(src *governance.Source, schema *governance.Schema) []governance.PolicyField {
	bases := make([]any, 0, len(namingInputs)+1)
	for _, name := range namingInputs {
		bases = append(bases, definition("static", map[string]any{"value": "${userInput." + name + "}"}))
	}
	bases = append(bases, definition("static", map[string]any{"value": "${subtype.technicalName}"}))
	base := definition("replace", map[string]any{
		"regex": `\s+`, "replacement": "-", "input": definition("trim", map[string]any{"input": definition("firstValid", map[string]any{"values": bases})}),
	})
	fields := []governance.PolicyField{{
		Transform:  encoded(definition("usernameGenerator", map[string]any{"sourceCheck": true, "patterns": []string{"${base}${uniqueCounter}"}, "base": base})),
		Attributes: json.RawMessage(`{"cloudMaxSize":"` + nameSize + `","cloudMaxUniqueChecks":"50","cloudRequired":"true"}`),
	}}
	if name, has := attributeNamed(schema, "description"); has {
		fields = append(fields, governance.PolicyField{Name: name, Transform: encoded(definition("static", map[string]any{"value": "${description}"}))})
	}
	return append(fields, ownerField(src, schema)...)
}

// namesOfPeople are the attributes of directories that hold names of entries.
var namesOfPeople = []string{"owner", "manager", "secretary", "seeAlso"}

// ownerField writes the owner where the source's configuration says that owners are read from.
func ownerField(src *governance.Source, schema *governance.Schema) []governance.PolicyField {
	var own struct {
		Attribute string `json:"ownerAttribute"`
	}
	if json.Unmarshal(src.ConnectorAttributes, &own) != nil || own.Attribute == "" {
		return nil
	}
	name, has := attributeNamed(schema, own.Attribute)
	if !has {
		return nil
	}
	value := definition("identityAttribute", map[string]any{"name": "uid"})
	if slices.ContainsFunc(namesOfPeople, func(known string) bool { return strings.EqualFold(known, name) }) {
		value = definition("accountAttribute", map[string]any{"applicationId": src.ID, "attributeName": "nativeIdentity"})
	}
	return []governance.PolicyField{{Name: name, Transform: encoded(value)}}
}

func attributeNamed(schema *governance.Schema, name string) (string, bool) {
	for _, a := range schema.Attributes {
		if strings.EqualFold(a.Name, name) {
			return a.Name, true
		}
	}
	return "", false
}

func definition(kind string, attributes map[string]any) map[string]any {
	return map[string]any{"type": kind, "attributes": attributes}
}

func encoded(definition map[string]any) json.RawMessage {
	text, err := json.Marshal(definition)
	if err != nil {
		panic(err) // maps of texts can always be encoded
	}
	return text
}
