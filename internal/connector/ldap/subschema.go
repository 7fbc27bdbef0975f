package ldap

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"
)

// definition is an attribute type or an object class as a server's subschema entry describes it (RFC 4512, section 4.1).
type definition struct {
	names       []string
	description string
	superiors   []string
	syntax      string // without its length
	single      bool
	attributes  []string // of an object class: MUST and MAY
}

// subschema is what a server says about its attributes and classes; the keys are lower-case names.
type subschema struct{ attributes, classes map[string]definition }

func (c *session) subschema(ctx context.Context) (subschema, error) {
	dn := c.root.GetEqualFoldAttributeValue(attrSubschema)
	if dn == "" {
		dn = "cn=Subschema"
	}
	place := base{dn: dn, filter: "(objectClass=subschema)", scope: ldap.ScopeBaseObject}
	result, err := c.search(place.request([]string{"attributeTypes", "objectClasses"}))
	if err != nil {
		return subschema{}, c.fault(ctx, "read the schema", err)
	}
	if len(result.Entries) == 0 {
		return subschema{}, fmt.Errorf("read the schema from %q: %w", dn, errNoEntry)
	}
	found := indexed(result.Entries[0])
	return subschema{definitions(found.texts("attributetypes")), definitions(found.texts("objectclasses"))}, nil
}

func definitions(texts []string) map[string]definition {
	byName := make(map[string]definition, len(texts))
	for _, text := range texts {
		parsed := parseDefinition(text)
		for _, name := range parsed.names {
			byName[strings.ToLower(name)] = parsed
		}
	}
	return byName
}

// parseDefinition takes the parts that discovery needs and passes over all others. Text that is no definition gives one
// without names.
func parseDefinition(text string) definition {
	var d definition
	words := tokens(text)
	for len(words) > 0 {
		word := words[0]
		words = words[1:]
		switch word {
		case "NAME":
			d.names, words = operands(words)
		case "DESC":
			var description []string
			description, words = operands(words)
			d.description = strings.Join(description, " ")
		case "SUP":
			d.superiors, words = operands(words)
		case "MUST", "MAY":
			var more []string
			more, words = operands(words)
			d.attributes = append(d.attributes, more...)
		case "SYNTAX":
			var syntax []string
			syntax, words = operands(words)
			d.syntax, _, _ = strings.Cut(strings.Join(syntax, ""), "{")
		case "SINGLE-VALUE":
			d.single = true
		}
	}
	return d
}

// operands reads one word, or the words in parentheses, and returns what follows them.
func operands(words []string) (found, rest []string) {
	if len(words) == 0 {
		return nil, nil
	}
	if words[0] != "(" {
		return []string{strings.Trim(words[0], "'")}, words[1:]
	}
	for i, word := range words[1:] {
		switch word {
		case ")":
			return found, words[i+2:]
		case "$":
		default:
			found = append(found, strings.Trim(word, "'"))
		}
	}
	return found, nil
}

// tokens splits a definition into words, parentheses, dollar signs and quoted texts, which keep their quotes.
func tokens(text string) []string {
	var list []string
	for text = strings.TrimLeft(text, " \t\n"); text != ""; text = strings.TrimLeft(text, " \t\n") {
		end := strings.IndexAny(text, " \t\n()$")
		switch {
		case text[0] == '\'':
			end = 1 + strings.IndexByte(text[1:], '\'') + 1
			if end == 1 {
				end = len(text) // a quote that does not end
			}
		case end == 0:
			end = 1
		case end < 0:
			end = len(text)
		}
		list = append(list, text[:end])
		text = text[end:]
	}
	return list
}

// attributesOf returns the attributes that entries of the classes may have, inherited ones included.
func (s subschema) attributesOf(classes []string) []string {
	seen, found := map[string]bool{}, []string{}
	for pending := slices.Clone(classes); len(pending) > 0; {
		class := strings.ToLower(pending[0])
		pending = pending[1:]
		if seen[class] {
			continue
		}
		seen[class] = true
		found = append(found, s.classes[class].attributes...)
		pending = append(pending, s.classes[class].superiors...)
	}
	return found
}

// inherited returns the syntax of an attribute, which it may have from the attribute it refines.
func (s subschema) inherited(d definition) string {
	for range 10 { // a server with a circle in its schema must not keep us here
		if d.syntax != "" || len(d.superiors) == 0 {
			break
		}
		d = s.attributes[strings.ToLower(d.superiors[0])]
	}
	return d.syntax
}
