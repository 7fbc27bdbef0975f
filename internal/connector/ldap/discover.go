package ldap

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"midgard/internal/connector"
)

// sampleSize is how many entries of a type discovery looks at for their object classes.
const sampleSize = 2000

const syntaxPrefix = "1.3.6.1.4.1.1466.115.121.1."

// Discover proposes the default schema, as far as the directory knows its attributes, and after it in alphabetical order
// what else entries of the object classes in use may have. Passwords, binary values and the members of groups are left out.
func (s *source) Discover(ctx context.Context, objectType string) (connector.Schema, error) {
	r, err := s.newRun(connector.ListRequest{Type: objectType}, nil)
	if err != nil {
		return connector.Schema{}, err
	}
	session, err := s.settings.connect(ctx)
	if err != nil {
		return connector.Schema{}, err
	}
	defer session.close()
	known, err := session.subschema(ctx)
	if err != nil {
		return connector.Schema{}, err
	}
	r.session = session
	classes, err := r.classes(ctx)
	if err != nil {
		return connector.Schema{}, err
	}
	return s.settings.propose(objectType, known, known.attributesOf(classes)), nil
}

// classes returns the object classes of a sample of the entries. It leaves the session unusable when the sample was cut.
func (r *run) classes(ctx context.Context) ([]string, error) {
	found, left := map[string]struct{}{}, sampleSize
	for _, b := range r.bases {
		err := r.session.pages(ctx, b, []string{"objectClass"}, r.settings.pageSize, func(item ldap.Response) error {
			if item.Entry() == nil {
				return nil
			}
			for _, class := range indexed(item.Entry()).texts("objectclass") {
				found[strings.ToLower(class)] = struct{}{}
			}
			if left--; left == 0 {
				return errLimit
			}
			return nil
		})
		if errors.Is(err, errLimit) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("look at the object classes: %w", err)
		}
	}
	return slices.Sorted(maps.Keys(found)), nil
}

func (s *settings) propose(objectType string, known subschema, names []string) connector.Schema {
	schema := accountSchema()
	if objectType == connector.TypeGroup {
		schema = groupSchema()
	}
	listed := map[string]bool{}
	var common, more []connector.SchemaAttribute
	for _, a := range schema.Attributes {
		if a.Group {
			a.Name = s.groupsAttribute
		}
		definition, knows := known.attributes[attributeKey(a.Name)]
		if knows || a.Group || a.Name == schema.IdentityAttribute || a.Name == schema.DisplayAttribute {
			common = append(common, a)
			markListed(listed, a.Name, definition)
		}
	}
	for _, name := range names {
		definition, knows := known.attributes[attributeKey(name)]
		syntax := known.inherited(definition)
		if !knows || listed[attributeKey(name)] || s.undesired(attributeKey(name), syntax) {
			continue
		}
		markListed(listed, name, definition)
		more = append(more, described(definition, syntax))
	}
	slices.SortFunc(more, func(a, b connector.SchemaAttribute) int { return cmp.Compare(a.Name, b.Name) })
	schema.Attributes = append(common, more...)
	return schema
}

// markListed marks an attribute under all its names: "sn" is "surname".
func markListed(listed map[string]bool, name string, d definition) {
	listed[attributeKey(name)] = true
	for _, alias := range d.names {
		listed[attributeKey(alias)] = true
	}
}

// undesired leaves out secrets, what is no text unless the configuration asks for it, and the members of groups.
func (s *settings) undesired(key, syntax string) bool {
	isMembers := slices.ContainsFunc(s.memberAttributes, func(name string) bool { return attributeKey(name) == key })
	return holdsSecrets(key) || isMembers || isBinary(syntax) && !s.binary[key]
}

// isBinary recognises audio, binary, certificates and their lists and pairs, fax, JPEG and octet strings.
func isBinary(syntax string) bool {
	number, ok := strings.CutPrefix(syntax, syntaxPrefix)
	return ok && slices.Contains([]string{"4", "5", "8", "9", "10", "23", "28", "40"}, number)
}

func described(d definition, syntax string) connector.SchemaAttribute {
	a := connector.SchemaAttribute{Name: d.names[0], Type: "STRING", Description: d.description, Multi: !d.single}
	if number, ok := strings.CutPrefix(syntax, syntaxPrefix); ok && d.single {
		switch number {
		case "7":
			a.Type = "BOOLEAN"
		case "24":
			a.Type = "DATE"
		case "27":
			a.Type = "LONG"
		}
	}
	return a
}
