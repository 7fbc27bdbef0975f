package transform_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"midgard/internal/governance"
	"midgard/internal/transform"
)

// wednesday is "now" in all tests.
var wednesday = time.Date(2026, 4, 15, 10, 20, 30, 0, time.UTC)

// refusal is what a test expects of an error.
type refusal struct {
	kind  governance.Kind
	field string
	text  string // part of the text
}

func illegal(field, text string) *refusal { return &refusal{governance.Illegal, field, text} }

// row is one case of a table: a definition with its input and outcome, both texts or nil for null.
type row struct {
	name       string
	definition string
	in, out    any
	refused    *refusal
}

func value(v any) transform.Value {
	if v == nil {
		return transform.Null()
	}
	return transform.Text(v.(string))
}

// evaluate compiles and runs a definition with the context of person.
func evaluate(definition string, in any) (transform.Value, error) {
	compiled, err := transform.Compile(json.RawMessage(definition), stored)
	if err != nil {
		return transform.Null(), err
	}
	return compiled.Eval(person(), value(in))
}

// check runs the rows of a table.
func check(t *testing.T, rows []row) {
	t.Helper()
	for _, test := range rows {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := evaluate(test.definition, test.in)
			if test.refused != nil {
				test.refused.check(t, err)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got != value(test.out) {
				t.Errorf("got %+v, want %+v", got, value(test.out))
			}
		})
	}
}

func (want *refusal) check(t *testing.T, err error) {
	t.Helper()
	var got *governance.Error
	if !errors.As(err, &got) {
		t.Fatalf("got error %v, want a refusal of %q", err, want.field)
	}
	if got.Kind != want.kind || got.Field != want.field || !strings.Contains(got.Text, want.text) {
		t.Errorf("got kind %d of field %q: %s\nwant kind %d of field %q: … %s …", got.Kind, got.Field, got.Text, want.kind, want.field, want.text)
	}
}

// library are the stored transforms of the tests.
var library = map[string]string{
	"ToUpper":   `{"name":"ToUpper","type":"upper"}`,
	"Bracket":   `{"name":"Bracket","type":"concat","attributes":{"values":["[",{"type":"trim"},"]"]}}`,
	"Twice":     `{"name":"Twice","type":"reference","attributes":{"id":"Bracket","input":{"type":"reference","id":"Bracket"}}}`,
	"LoopA":     `{"name":"LoopA","type":"reference","attributes":{"id":"LoopB"}}`,
	"LoopB":     `{"name":"LoopB","type":"concat","attributes":{"values":["x",{"type":"reference","attributes":{"id":"LoopA"}}]}}`,
	"Dangling":  `{"name":"Dangling","type":"reference","attributes":{"id":"Gone"}}`,
	"Broken":    `{"name":"Broken","type":"substring"}`,
	"NeedsList": `{"name":"NeedsList","type":"lookup","attributes":{"table":{"a":"b"}}}`,
}

func stored(name string) (json.RawMessage, bool) {
	definition, found := library[name]
	return json.RawMessage(definition), found
}

var errDown = errors.New("the database is away")

// person is the row of the tests: somebody with a few attributes.
func person() *transform.Context {
	identity := map[string]string{"firstname": "Jonathan", "lastname": "Doe", "preferredName": "John", "email": "jd@example.org", "empty": ""}
	accounts := map[string]string{"HR/department": "Science", "HR/hired": "2020-02-29", "AD/uid": "jdoe"}
	return &transform.Context{
		Now: wednesday,
		AccountAttribute: func(q transform.AccountQuery) (transform.Value, error) {
			if q.SourceName == "down" {
				return transform.Null(), errDown
			}
			text, found := accounts[q.SourceName+"/"+q.Attribute]
			return transform.Value{Text: text, Valid: found}, nil
		},
		IdentityAttribute: func(name string) (transform.Value, error) {
			text, found := identity[name]
			return transform.Value{Text: text, Valid: found}, nil
		},
		ReferenceIdentity: func(uid, attribute string) (transform.Value, error) {
			if uid == "nobody" {
				return transform.Null(), nil
			}
			return transform.Text(uid + "'s " + attribute), nil
		},
		Variables: map[string]any{
			"userInput": map[string]any{"team": "Storage", "count": int64(3), "nothing": nil}, "requester": "alice", "urgent": true, "none": nil,
		},
	}
}
