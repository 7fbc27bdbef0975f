package contract

import (
	"fmt"
	"strconv"
	"strings"
)

// builtin are the types that need no definition.
var builtin = map[string]Schema{
	"any":    {},
	"string": {Kind: String},
	"time":   {Kind: String, Format: "date-time"},
	"uuid":   {Kind: String, Format: "uuid"},
	"binary": {Kind: String, Format: "binary"},
	"bool":   {Kind: Boolean},
	"int":    {Kind: Integer},
	"int32":  {Kind: Integer, Format: "int32"},
	"int64":  {Kind: Integer, Format: "int64"},
	"double": {Kind: Number, Format: "double"},
	"map":    {Kind: Object, Extra: &Schema{}},
}

// parseDefinitions adds the definitions of one file.
func parseDefinitions(file, text string, into definitions) error {
	p := &schemaParser{tokens: scanSchema(text)}
	for p.skipEnds(); !p.at(""); p.skipEnds() {
		name, err := p.definitionName()
		if err == nil && into[name] != nil {
			err = fmt.Errorf("%s is defined twice", name)
		}
		if err != nil {
			return p.fault(file, err)
		}
		definition, err := p.definition()
		if err != nil {
			return p.fault(file, fmt.Errorf("%s: %w", name, err))
		}
		definition.schema.Name = name
		into[name] = definition
	}
	return nil
}

// parseType reads a single type expression; names in it are not yet linked.
func parseType(text string) (*Schema, error) {
	p := &schemaParser{tokens: scanSchema(text)}
	schema, err := p.typ()
	if err != nil {
		return nil, fmt.Errorf("schema %q: %w", text, err)
	}
	if !p.at("") {
		return nil, fmt.Errorf("schema %q: %q is left over", text, p.peek().text)
	}
	return schema, nil
}

// parseFields reads fields without the braces around them; names in their types
// are not linked.
func parseFields(text string) ([]Field, error) {
	p := &schemaParser{tokens: scanSchema(text + "}")}
	object := &Schema{}
	if err := p.fields(object); err != nil {
		return nil, fmt.Errorf("fields %q: %w", text, err)
	}
	return object.Fields, nil
}

// schemaParser is a recursive descent over the tokens. The empty text is the
// end of the tokens, "\n" the end of a field.
type schemaParser struct {
	tokens []schemaToken
	next   int
}

func (p *schemaParser) peek() schemaToken {
	if p.next < len(p.tokens) {
		return p.tokens[p.next]
	}
	return schemaToken{}
}

func (p *schemaParser) at(text string) bool {
	token := p.peek()
	return token.text == text && !token.quoted
}

// accept passes over the token if it is the one expected.
func (p *schemaParser) accept(text string) bool {
	if !p.at(text) {
		return false
	}
	p.next++
	return true
}

func (p *schemaParser) expect(text string) error {
	if !p.accept(text) {
		return fmt.Errorf("%q where %q is expected", p.peek().text, text)
	}
	return nil
}

func (p *schemaParser) skipEnds() {
	for p.accept("\n") {
	}
}

// word returns the next token, which must be a word or quoted.
func (p *schemaParser) word() (string, error) {
	token := p.peek()
	if !token.quoted && !isSchemaWord(token.text) {
		return "", fmt.Errorf("%q where a word is expected", token.text)
	}
	p.next++
	return token.text, nil
}

// fault adds where the token is that was read last.
func (p *schemaParser) fault(file string, err error) error {
	last := max(0, min(p.next, len(p.tokens))-1)
	return fmt.Errorf("%s, line %d: %w", file, p.tokens[last].line, err)
}

func (p *schemaParser) definitionName() (string, error) {
	word, err := p.word()
	if err != nil {
		return "", err
	}
	name, found := strings.CutSuffix(word, ":")
	if !found {
		return "", fmt.Errorf("%q where a name and a colon are expected", word)
	}
	return name, nil
}

func (p *schemaParser) definition() (*definition, error) {
	base := ""
	if p.next+1 < len(p.tokens) && p.tokens[p.next+1].text == "{" && isSchemaWord(p.peek().text) {
		base = p.peek().text
		p.next++
	}
	schema, err := p.typ()
	if err == nil {
		err = p.options(schema)
	}
	return &definition{schema: schema, base: base}, err
}

// typ reads a type and the mark that it may be null, which stands for the whole
// of it: []string? is a list or null.
func (p *schemaParser) typ() (*Schema, error) {
	schema, err := p.plainType()
	if err != nil {
		return nil, err
	}
	schema.Nullable = p.accept("?")
	return schema, nil
}

func (p *schemaParser) plainType() (*Schema, error) {
	switch {
	case p.accept("["):
		return p.array()
	case p.accept("{"):
		object := &Schema{Kind: Object}
		return object, p.fields(object)
	}
	name, err := p.word()
	if err != nil {
		return nil, err
	}
	if name == "enum" {
		return p.enum()
	}
	if schema, known := builtin[name]; known {
		return &schema, nil
	}
	return &Schema{Name: name}, nil
}

func (p *schemaParser) array() (*Schema, error) {
	if err := p.expect("]"); err != nil {
		return nil, err
	}
	items, err := p.plainType()
	return &Schema{Kind: Array, Items: items}, err
}

func (p *schemaParser) enum() (*Schema, error) {
	if err := p.expect("("); err != nil {
		return nil, err
	}
	schema := &Schema{Kind: String}
	for p.skipEnds(); !p.accept(")"); p.skipEnds() {
		value, err := p.word()
		if err != nil {
			return nil, err
		}
		schema.Enum = append(schema.Enum, value)
	}
	return schema, nil
}

// fields reads up to and with the closing brace.
func (p *schemaParser) fields(object *Schema) error {
	for p.skipEnds(); !p.accept("}"); p.skipEnds() {
		if err := p.field(object); err != nil {
			return err
		}
	}
	return nil
}

func (p *schemaParser) field(object *Schema) error {
	name, err := p.word()
	if err != nil {
		return err
	}
	required := p.accept("!")
	schema, err := p.typ()
	if err == nil {
		err = p.options(schema)
	}
	if err != nil {
		return fmt.Errorf("key %q: %w", name, err)
	}
	if name == "*" {
		object.Extra = schema
		return nil
	}
	object.Fields = append(object.Fields, Field{Name: name, Required: required, Schema: schema})
	return nil
}

func (p *schemaParser) options(schema *Schema) error {
	for !p.accept("\n") && !p.at("}") && !p.at("") {
		option, err := p.word()
		if err != nil {
			return err
		}
		if option == "ro" {
			schema.ReadOnly = true
			continue
		}
		if err := p.expect("="); err != nil {
			return err
		}
		value, err := p.word()
		if err != nil {
			return err
		}
		if err := schema.set(option, value); err != nil {
			return err
		}
	}
	return nil
}

func (s *Schema) set(option, value string) error {
	if option == "default" {
		s.Default = value
		return nil
	}
	number, err := strconv.ParseInt(value, 10, 64)
	if err != nil {
		return fmt.Errorf("option %s: %w", option, err)
	}
	switch option {
	case "min":
		s.Min = &number
	case "max":
		s.Max = &number
	default:
		return fmt.Errorf("%q is not an option", option)
	}
	return nil
}
