package filter

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Type is how the values of a field are read and compared.
type Type int

const (
	// String is text.
	String Type = iota
	// ID is the id of an object, see NormalizeID.
	ID
	// Bool is true or false.
	Bool
	// Time is an instant.
	Time
	// Number is an integer or a decimal number.
	Number
	// Collection is any number of texts.
	Collection
	// Attribute is a map from names to texts; its operand is NAME=VALUE.
	Attribute
)

var typeNames = [...]string{"string", "id", "bool", "time", "number", "collection", "attribute"}

// String returns the name that ParseFields reads.
func (t Type) String() string {
	if t < 0 || int(t) >= len(typeNames) {
		return fmt.Sprintf("Type(%d)", int(t))
	}
	return typeNames[t]
}

// Op is an operator as it is written in a text.
type Op string

const (
	Eq     Op = "eq"     // equal
	Ne     Op = "ne"     // not equal, or null
	Co     Op = "co"     // contains the text
	Sw     Op = "sw"     // starts with the text
	Gt     Op = "gt"     // greater than
	Ge     Op = "ge"     // greater than or equal
	Lt     Op = "lt"     // less than
	Le     Op = "le"     // less than or equal
	In     Op = "in"     // equal to one of a list
	Ca     Op = "ca"     // contains all of a list
	Pr     Op = "pr"     // present: not null
	IsNull Op = "isnull" // null
)

// operators is in the order in which errors list them.
var operators = []Op{Eq, Ne, Co, Sw, Gt, Ge, Lt, Le, In, Ca, Pr, IsNull}

// suits has the operators that have a meaning for a type. Time has co and sw
// because the contract lists them for its date fields.
var suits = map[Type][]Op{
	String:     {Eq, Ne, Co, Sw, Gt, Ge, Lt, Le, In, Pr, IsNull},
	ID:         {Eq, Ne, Co, Sw, Gt, Ge, Lt, Le, In, Pr, IsNull},
	Bool:       {Eq, Ne, In, Pr, IsNull},
	Time:       {Eq, Ne, Co, Sw, Gt, Ge, Lt, Le, In, Pr, IsNull},
	Number:     {Eq, Ne, Gt, Ge, Lt, Le, In, Pr, IsNull},
	Collection: {Eq, Ne, Co, Sw, In, Ca, Pr, IsNull},
	Attribute:  {Eq, Ne},
}

// Field is one field by which a list can be filtered.
type Field struct {
	// Name is the field as clients write it; names are case-sensitive.
	Name string
	Type Type
	// Ops are the operators the list allows for the field, in the order in
	// which documentation and errors show them.
	Ops []Op
	// CaseSensitive says that texts are compared as they are, without Fold.
	CaseSensitive bool
}

// Fields are the fields of one list, in the order of its documentation.
type Fields []Field

// Field returns the field of that name and whether there is one.
func (fs Fields) Field(name string) (Field, bool) {
	for _, f := range fs {
		if f.Name == name {
			return f, true
		}
	}
	return Field{}, false
}

func (fs Fields) names() string {
	names := make([]string, len(fs))
	for i, f := range fs {
		names[i] = f.Name
	}
	return strings.Join(names, ", ")
}

// ParseFields reads a table of fields: entries divided by ";", each a name and
// its operators divided by blanks. The name may be followed by ":" and a type
// (string, id, bool, time, number, collection, attribute; string by default)
// and that by ":exact" for case-sensitive comparison. Blank entries are passed
// over.
//
//	id:id eq in sw; created:time gt ge lt le; status:string:exact eq; name eq
//
// A name that occurs twice or is a reserved word and an operator that the type
// cannot serve are errors.
func ParseFields(spec string) (Fields, error) {
	var fields Fields
	for entry := range strings.SplitSeq(spec, ";") {
		words := strings.Fields(entry)
		if len(words) == 0 {
			continue
		}
		field, err := parseField(words[0], words[1:])
		if err != nil {
			return nil, fmt.Errorf("filter fields: entry %q: %w", strings.TrimSpace(entry), err)
		}
		if _, twice := fields.Field(field.Name); twice {
			return nil, fmt.Errorf("filter fields: field %q occurs twice", field.Name)
		}
		fields = append(fields, field)
	}
	return fields, nil
}

// MustParseFields is ParseFields for tables written in the source code. It
// panics where ParseFields returns an error.
func MustParseFields(spec string) Fields {
	fields, err := ParseFields(spec)
	if err != nil {
		panic(err)
	}
	return fields
}

func parseField(head string, ops []string) (Field, error) {
	field, err := parseFieldHead(head)
	if err != nil {
		return Field{}, err
	}
	if len(ops) == 0 {
		return Field{}, errors.New("no operator")
	}
	for _, word := range ops {
		op := Op(word)
		if !slices.Contains(suits[field.Type], op) {
			return Field{}, fmt.Errorf("%q is not an operator for type %s", word, field.Type)
		}
		if slices.Contains(field.Ops, op) {
			return Field{}, fmt.Errorf("operator %q occurs twice", word)
		}
		field.Ops = append(field.Ops, op)
	}
	return field, nil
}

func parseFieldHead(head string) (Field, error) {
	parts := strings.Split(head, ":")
	field := Field{Name: parts[0]}
	if !isFieldName(field.Name) {
		return Field{}, fmt.Errorf("%q cannot be the name of a field", field.Name)
	}
	if len(parts) > 1 {
		index := slices.Index(typeNames[:], parts[1])
		if index < 0 {
			return Field{}, fmt.Errorf("unknown type %q", parts[1])
		}
		field.Type = Type(index)
	}
	if len(parts) > 2 {
		if len(parts) > 3 || parts[2] != "exact" || !folds(field.Type) {
			return Field{}, fmt.Errorf("%q does not fit type %s", strings.Join(parts[2:], ":"), field.Type)
		}
		field.CaseSensitive = true
	}
	return field, nil
}

// folds says whether values of a type are texts for which case can matter.
func folds(t Type) bool { return t == String || t == Collection || t == Attribute }

// isFieldName holds the names to characters that need no escaping anywhere.
func isFieldName(name string) bool {
	for i, r := range name {
		letter := r == '_' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
		inner := r == '.' || r == '-' || '0' <= r && r <= '9'
		if !letter && (i == 0 || !inner) {
			return false
		}
	}
	return name != "" && !isReserved(strings.ToLower(name))
}
