package jsondoc

import (
	"encoding"
	"encoding/json"
	"reflect"
	"strings"
	"sync"
)

// shape is what a Go type expects of a JSON value, as far as the scanner cares. A nil shape expects nothing.
type shape struct {
	typ     reflect.Type
	own     bool                    // the type has its own way of decoding
	opening byte                    // '{' or '[', or 0 for what encoding/json decodes in one piece
	fields  map[string]reflect.Type // of a struct; a nil type is a field that takes everything
	elem    reflect.Type            // of a map, slice or array
}

// shapes keeps a *shape for every type seen. There are as many as types in the program.
var shapes sync.Map

var (
	ownJSON = reflect.TypeFor[json.Unmarshaler]()
	ownText = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// shapeOf takes any type, also none. Pointers count as what they point to.
func shapeOf(typ reflect.Type) *shape {
	if typ == nil {
		return nil
	}
	if known, ok := shapes.Load(typ); ok {
		return known.(*shape)
	}
	t := newShape(typ)
	shapes.Store(typ, t)
	return t
}

func newShape(typ reflect.Type) *shape {
	for typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	pointer := reflect.PointerTo(typ)
	if pointer.Implements(ownJSON) || pointer.Implements(ownText) {
		return &shape{typ: typ, own: true}
	}
	switch typ.Kind() {
	case reflect.Interface:
		return nil
	case reflect.Struct:
		return &shape{typ: typ, opening: '{', fields: fieldsOf(typ)}
	case reflect.Map:
		return &shape{typ: typ, opening: '{', elem: typ.Elem()}
	case reflect.Slice, reflect.Array:
		return listShape(typ)
	default:
		return &shape{typ: typ}
	}
}

func listShape(typ reflect.Type) *shape {
	if typ.Kind() == reflect.Slice && typ.Elem().Kind() == reflect.Uint8 {
		return &shape{typ: typ} // one base64 string
	}
	return &shape{typ: typ, opening: '[', elem: typ.Elem()}
}

// isContainer says whether the type is filled from an object or array, piece by piece.
func (t *shape) isContainer() bool { return t != nil && t.opening != 0 }

// element is the shape of an array's elements.
func (t *shape) element() *shape {
	if t == nil || t.opening != '[' {
		return nil
	}
	return shapeOf(t.elem)
}

// member is the shape of an object's member, and whether the key is known at all.
func (t *shape) member(key []byte) (value *shape, known bool) {
	if t == nil || t.opening != '{' {
		return nil, true
	}
	if t.elem != nil {
		return shapeOf(t.elem), true
	}
	field, known := t.fields[string(key)]
	return shapeOf(field), known
}

// fieldsOf lists the names under which encoding/json fills a struct. Of equal names the shallowest wins.
func fieldsOf(typ reflect.Type) map[string]reflect.Type {
	fields := make(map[string]reflect.Type, typ.NumField())
	visited := map[reflect.Type]bool{typ: true}
	for level := []reflect.Type{typ}; len(level) > 0; {
		var deeper []reflect.Type
		for _, structure := range level {
			for i := range structure.NumField() {
				if embedded := addField(fields, structure.Field(i)); embedded != nil && !visited[embedded] {
					visited[embedded] = true
					deeper = append(deeper, embedded)
				}
			}
		}
		level = deeper
	}
	return fields
}

// addField enters one field, unless its fields are to be entered instead: then it returns its type.
func addField(fields map[string]reflect.Type, field reflect.StructField) (embedded reflect.Type) {
	tag := field.Tag.Get("json")
	if tag == "-" {
		return nil
	}
	name, options, _ := strings.Cut(tag, ",")
	if field.Anonymous && name == "" {
		if typ := target(field.Type); typ.Kind() == reflect.Struct {
			return typ
		}
	}
	if !field.IsExported() {
		return nil
	}
	if name == "" {
		name = field.Name
	}
	if _, shallower := fields[name]; !shallower {
		fields[name] = fieldType(field.Type, options)
	}
	return nil
}

// fieldType is the type to hold a field's value against: none when the tag asks for numbers inside of strings.
func fieldType(typ reflect.Type, options string) reflect.Type {
	for option := range strings.SplitSeq(options, ",") {
		if option == "string" {
			return nil
		}
	}
	return typ
}

func target(typ reflect.Type) reflect.Type {
	if typ.Kind() == reflect.Pointer {
		return typ.Elem()
	}
	return typ
}
