package jsondoc

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"time"
)

// misfit says in a few words why a value, given as its well-formed text, cannot be stored in the shape's type; "" when
// it can. Elements of arrays and objects are judged on their own.
func (t *shape) misfit(raw []byte) string {
	if t.isContainer() {
		return t.wrongBracket(raw)
	}
	err := json.Unmarshal(raw, reflect.New(t.typ).Interface())
	var mismatch *json.UnmarshalTypeError
	switch {
	case err == nil:
		return ""
	case t.typ == reflect.TypeFor[time.Time]():
		return badTime(raw)
	case !errors.As(err, &mismatch):
		return strings.TrimPrefix(err.Error(), "json: ")
	case t.own:
		return "must not be " + found(raw)
	case isNumber(raw) && t.wants() == wholeNumber:
		return badInteger(raw)
	case isNumber(raw) && t.wants() == anyNumber:
		return "is out of range"
	default:
		return mustBe(t.wants(), raw)
	}
}

// wrongBracket leaves null alone, which encoding/json takes as no value.
func (t *shape) wrongBracket(raw []byte) string {
	if raw[0] == t.opening || raw[0] == 'n' {
		return ""
	}
	return mustBe(t.bracketed(), raw)
}

func (t *shape) bracketed() string {
	if t.opening == '[' {
		return "an array"
	}
	return "an object"
}

const (
	wholeNumber = "a whole number"
	anyNumber   = "a number"
)

// wants names what encoding/json takes for the type of a shape without an opening bracket.
func (t *shape) wants() string {
	switch kind := t.typ.Kind(); {
	case reflect.Int <= kind && kind <= reflect.Uintptr:
		return wholeNumber
	case kind == reflect.Float32, kind == reflect.Float64, t.typ == reflect.TypeFor[json.Number]():
		return anyNumber
	case kind == reflect.Bool:
		return "true or false"
	case kind == reflect.Slice:
		return "a base64 string"
	default:
		return "a string"
	}
}

func badInteger(raw []byte) string {
	if bytes.ContainsAny(raw, ".eE") {
		return "must be a whole number"
	}
	return "is out of range"
}

func badTime(raw []byte) string {
	const wanted = "a date-time such as 2026-01-31T08:00:00Z"
	if raw[0] == '"' {
		return "must be " + wanted
	}
	return mustBe(wanted, raw)
}

func mustBe(wanted string, raw []byte) string {
	return "must be " + wanted + ", not " + found(raw)
}

// found names the kind of a JSON value.
func found(raw []byte) string {
	switch raw[0] {
	case '"':
		return "a string"
	case '{':
		return "an object"
	case '[':
		return "an array"
	case 't', 'f':
		return "a boolean"
	case 'n':
		return "null"
	default:
		return anyNumber
	}
}

func isNumber(raw []byte) bool { return found(raw) == anyNumber }
