package contract

import (
	"embed"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"sync"
)

// Schemas are written in the files of the folder schemas:
//
//	# a comment
//	Name: type options
//	Name: Base { fields }          all fields of Base and these
//
//	type  = any | string | time | uuid | binary | bool | int | int32 | int64 |
//	        double | map | enum(A B C) | []type | { fields } | Name
//	field = key type options       ended by a newline or ";"
//
// A "!" behind the key means that the key must be present; a "?" behind the
// type that the value may be null. A key with blanks is quoted; the key "*" gives
// the type of keys that are not named. Options are ro (read-only: ignored in
// requests), min=N and max=N (of a number, of the length of a text or a list) and
// default=VALUE.
//
//go:embed schemas/*.txt
var schemaFiles embed.FS

// Kind is a JSON type as OpenAPI names it.
type Kind string

// The kinds of schemas. Any is the kind of a schema that admits every value.
const (
	Any     Kind = ""
	String  Kind = "string"
	Boolean Kind = "boolean"
	Integer Kind = "integer"
	Number  Kind = "number"
	Array   Kind = "array"
	Object  Kind = "object"
)

// Schema is the shape of a JSON value.
type Schema struct {
	// Name is the name of a shared schema, "" for one that is written in place.
	Name string
	// Ref is set when this schema is the use of a shared one, with Nullable and
	// ReadOnly of its own; Kind is then that of the shared one.
	Ref *Schema

	Kind Kind
	// Format narrows the kind: date-time, uuid, binary, int32, int64, double.
	Format string
	// Enum lists the only texts allowed, null aside.
	Enum     []string
	Nullable bool
	ReadOnly bool
	// Min and Max bound a number, or the length of a text or a list; nil means
	// no bound.
	Min, Max *int64
	// Default is the value that an absent key stands for, as it is written in the
	// schema files; "" for none.
	Default string

	// Items is the shape of the items of an array.
	Items *Schema
	// Fields are the named keys of an object, in the order of the schema files.
	Fields []Field
	// Extra is the shape of all other keys; nil means that there are none.
	Extra *Schema
}

// Field is a named key of an object.
type Field struct {
	Name     string
	Required bool
	Schema   *Schema
}

// Resolve returns the shared schema that s refers to, or s itself.
func (s *Schema) Resolve() *Schema {
	if s.Ref != nil {
		return s.Ref
	}
	return s
}

// Field returns the field of that name and whether the object names it.
func (s *Schema) Field(name string) (Field, bool) {
	for _, field := range s.Resolve().Fields {
		if field.Name == name {
			return field, true
		}
	}
	return Field{}, false
}

// ParseSchema reads a schema expression such as "[]MachineAccount", the form in
// which operations refer to schemas. The result is shared: callers must not
// change it. A name that no schema has is an error.
func ParseSchema(expression string) (*Schema, error) {
	shared, err := sharedSchemas()
	if err != nil {
		return nil, err
	}
	schema, err := parseType(expression)
	if err != nil {
		return nil, err
	}
	if err := shared.link(schema); err != nil {
		return nil, fmt.Errorf("schema %q: %w", expression, err)
	}
	return schema, nil
}

// SchemaNames returns the names of all shared schemas, sorted.
func SchemaNames() ([]string, error) {
	shared, err := sharedSchemas()
	if err != nil {
		return nil, err
	}
	return slices.Sorted(maps.Keys(shared)), nil
}

// sharedSchemas reads all files once, when the first schema is asked for.
var sharedSchemas = sync.OnceValues(func() (definitions, error) {
	all := definitions{}
	files, err := fs.Glob(schemaFiles, "schemas/*.txt")
	if err != nil {
		return nil, fmt.Errorf("list schema files: %w", err)
	}
	for _, file := range files {
		text, err := schemaFiles.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("read schemas: %w", err)
		}
		if err := parseDefinitions(file, string(text), all); err != nil {
			return nil, err
		}
	}
	return all, all.linkAll()
})

// definition is a shared schema; base is the name of the object whose fields it
// begins with, "" when there is none or once they are copied.
type definition struct {
	schema *Schema
	base   string
}

type definitions map[string]*definition

func (d definitions) linkAll() error {
	for name, definition := range d {
		if err := d.inherit(name, 0); err != nil {
			return err
		}
		if err := d.linkParts(definition.schema); err != nil {
			return fmt.Errorf("schema %s: %w", name, err)
		}
	}
	return nil
}

// inherit puts the fields of the base in front of those of the schema. depth
// ends a chain of bases that leads back to itself.
func (d definitions) inherit(name string, depth int) error {
	definition, known := d[name]
	switch {
	case !known:
		return fmt.Errorf("schema %q does not exist", name)
	case depth > len(d):
		return fmt.Errorf("schema %q is its own base", name)
	case definition.base == "":
		return nil
	}
	if err := d.inherit(definition.base, depth+1); err != nil {
		return fmt.Errorf("base of %s: %w", name, err)
	}
	base := d[definition.base].schema
	definition.schema.Fields = slices.Concat(base.Fields, definition.schema.Fields)
	definition.base = ""
	return nil
}

// link points a schema, and all schemas written in place within it, to the
// shared ones that they name.
func (d definitions) link(s *Schema) error {
	if s.Name == "" {
		return d.linkParts(s)
	}
	target, known := d[s.Name]
	if !known {
		return fmt.Errorf("schema %q does not exist", s.Name)
	}
	s.Ref, s.Kind = target.schema, target.schema.Kind
	return nil
}

func (d definitions) linkParts(s *Schema) error {
	for _, field := range s.Fields {
		if err := d.link(field.Schema); err != nil {
			return fmt.Errorf("key %q: %w", field.Name, err)
		}
	}
	for _, part := range []*Schema{s.Items, s.Extra} {
		if part == nil {
			continue
		}
		if err := d.link(part); err != nil {
			return err
		}
	}
	return nil
}
