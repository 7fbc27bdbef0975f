package jsondoc_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"midgard/internal/jsondoc"
)

type reference struct {
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
}

type audit struct {
	Created *time.Time `json:"created"`
	Name    string     `json:"name"` // hidden by the shallower name of whoever embeds it
}

type machine struct {
	audit
	Name       string               `json:"name"`
	Owner      *reference           `json:"owner"`
	Others     []reference          `json:"others"`
	Labels     map[string]reference `json:"labels"`
	Attributes map[string]any       `json:"attributes"`
	Raw        json.RawMessage      `json:"raw"`
	Any        any                  `json:"any"`
	Count      int8                 `json:"count"`
	Positive   uint                 `json:"positive"`
	Ratio      float32              `json:"ratio"`
	Exact      json.Number          `json:"exact"`
	Enabled    bool                 `json:"enabled"`
	Key        []byte               `json:"key"`
	Address    netip.Addr           `json:"address"`
	Quoted     int                  `json:"quoted,string"`
	Pair       [2]int               `json:"pair"`
	Parent     *machine             `json:"parent"`
	Untagged   string
	Hidden     string `json:"-"`
	private    string
}

func TestDecodeFills(t *testing.T) {
	t.Parallel()
	const document = `{"name":"robot","owner":{"id":"7"},"others":[{"id":"8"},null],"labels":{"Any Key":{"id":"9"}},
		"attributes":{"big":12345678901234567890,"ID":[1.50]},"raw":{"Z": 1},"any":1e3,"count":-128,"positive":4,"ratio":0.5,
		"exact":1.0,"enabled":true,"key":"aGk=","address":"::1","quoted":"5","pair":[1,2],"parent":{"name":"p"},
		"Untagged":"u","created":"2026-01-31T08:00:00Z"}`
	created := time.Date(2026, 1, 31, 8, 0, 0, 0, time.UTC)
	want := machine{
		audit: audit{Created: &created},
		Name:  "robot", Owner: &reference{ID: "7"}, Others: []reference{{ID: "8"}, {}},
		Labels:     map[string]reference{"Any Key": {ID: "9"}},
		Attributes: map[string]any{"big": json.Number("12345678901234567890"), "ID": []any{json.Number("1.50")}},
		Raw:        json.RawMessage(`{"Z": 1}`), Any: json.Number("1e3"), Count: -128, Positive: 4, Ratio: 0.5, Exact: "1.0",
		Enabled: true, Key: []byte("hi"), Address: netip.IPv6Loopback(), Quoted: 5, Pair: [2]int{1, 2},
		Parent: &machine{Name: "p"}, Untagged: "u",
	}
	var got machine
	if err := jsondoc.Decode([]byte(document), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(machine{}), cmp.Comparer(sameAddress)); diff != "" {
		t.Error(diff)
	}
	if unknown := jsondoc.Unknown([]byte(document), got); len(unknown) > 0 {
		t.Errorf("unknown: %v", unknown)
	}
}

func sameAddress(a, b netip.Addr) bool { return a == b }

func TestDecodeTakesNamesExactly(t *testing.T) {
	t.Parallel()
	const document = `{"NAME":"wrong","Name":"wrong","name":"right","na\u006de2":1,"Owner":{"id":"wrong"},"others":[{"ID":"wrong"}],
		"labels":{"a":{"Id":"wrong","name":"n"}},"untagged":"wrong","hidden":"wrong","Hidden":"wrong","-":1,"private":"wrong","\u004eame2":1,"":1,"audit":{}}`
	want := machine{Name: "right", Others: []reference{{}}, Labels: map[string]reference{"a": {Name: "n"}}}
	original := []byte(document)
	var got machine
	if err := jsondoc.Decode(original, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(machine{}), cmp.Comparer(sameAddress)); diff != "" {
		t.Error(diff)
	}
	if string(original) != document {
		t.Error("Decode changed the bytes it was given")
	}
}

func TestUnknown(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, document string
		into           any
		want           []string
	}{
		{"sorted and nested", `{"z":1,"others":[{"id":"1"},{"ID":"2"}],"owner":{"a/b":{"inner":1}}}`, &machine{}, []string{"/others/1/ID", "/owner/a~1b", "/z"}},
		{"by value", `{"Name":1}`, machine{}, []string{"/Name"}},
		{"values of a map", `{"labels":{"free":{"id":"1","x":1}}}`, machine{}, []string{"/labels/free/x"}},
		{"free parts", `{"attributes":{"a":{"b":1}},"raw":{"a":1},"any":{"a":1}}`, machine{}, nil},
		{"a recursive type", `{"parent":{"parent":{"x":1}}}`, machine{}, []string{"/parent/parent/x"}},
		{"embedded names", `{"created":null,"audit":1}`, machine{}, []string{"/audit"}},
		{"a list", `[{"id":"1"},{"x":1}]`, &[]reference{}, []string{"/1/x"}},
		{"a map", `{"a":1}`, map[string]any{}, nil},
		{"nothing to decode into", `{"a":1}`, nil, nil},
		{"an object where a list is wanted", `{"others":{"a":1}}`, machine{}, nil},
		{"up to a defect", `{"a":1,"b":2,!`, reference{}, []string{"/a", "/b"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, jsondoc.Unknown([]byte(test.document), test.into)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestUnknownIsBounded(t *testing.T) {
	t.Parallel()
	if got := len(jsondoc.Unknown([]byte(manyKeys(5000, "")), reference{})); got != 100 {
		t.Errorf("listed %d unknown keys, want 100", got)
	}
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct{ document, path, reason string }{
		{`{"name":1}`, "/name", "must be a string, not a number"},
		{`{"name":{"a":1}}`, "/name", "must be a string, not an object"},
		{`{"name":true}`, "/name", "must be a string, not a boolean"},
		{`{"owner":[]}`, "/owner", "must be an object, not an array"},
		{`{"owner":"x"}`, "/owner", "must be an object, not a string"},
		{`{"owner":{"id":[]}}`, "/owner/id", "must be a string, not an array"},
		{`{"others":{}}`, "/others", "must be an array, not an object"},
		{`{"others":[{"id":"1"},{"id":2}]}`, "/others/1/id", "must be a string, not a number"},
		{`{"labels":{"a/b":{"id":5}}}`, "/labels/a~1b/id", "must be a string, not a number"},
		{`{"attributes":5}`, "/attributes", "must be an object, not a number"},
		{`{"count":128}`, "/count", "is out of range"},
		{`{"count":1.5}`, "/count", "must be a whole number"},
		{`{"count":"5"}`, "/count", "must be a whole number, not a string"},
		{`{"positive":-1}`, "/positive", "is out of range"},
		{`{"ratio":1e300}`, "/ratio", "is out of range"},
		{`{"ratio":"1"}`, "/ratio", "must be a number, not a string"},
		{`{"enabled":"true"}`, "/enabled", "must be true or false, not a string"},
		{`{"enabled":0}`, "/enabled", "must be true or false, not a number"},
		{`{"key":5}`, "/key", "must be a base64 string, not a number"},
		{`{"key":"*"}`, "/key", "illegal base64 data at input byte 0"},
		{`{"created":"yesterday"}`, "/created", "must be a date-time such as 2026-01-31T08:00:00Z"},
		{`{"created":5}`, "/created", "must be a date-time such as 2026-01-31T08:00:00Z, not a number"},
		{`{"address":5}`, "/address", "must not be a number"},
		{`{"exact":true}`, "/exact", "must be a number, not a boolean"},
		{`{"parent":{"parent":{"count":"x"}}}`, "/parent/parent/count", "must be a whole number, not a string"},
		{`{"id":1,"id":2}`, "/id", "duplicate key"},
		{`{"quoted":"x"}`, "", `invalid use of ,string struct tag, trying to unmarshal "x" into int`},
		{`[]`, "", "must be an object, not an array"},
		{`null`, "", "must be an object, not null"},
		{`"x"`, "", "must be an object, not a string"},
		{``, "", "the body is empty"},
		{`{"name":"x"`, "", "unexpected end"},
	}
	for _, test := range tests {
		t.Run(test.document, func(t *testing.T) {
			t.Parallel()
			err := jsondoc.Decode([]byte(test.document), &machine{})
			var got *jsondoc.Error
			if !errors.As(err, &got) {
				t.Fatalf("got %v, want an *Error", err)
			}
			if got.Path != test.path || got.Reason != test.reason {
				t.Errorf("got %q: %q", got.Path, got.Reason)
			}
		})
	}
}

func TestDecodeNamesThePlaceOfAWrongType(t *testing.T) {
	t.Parallel()
	var got *jsondoc.Error
	err := jsondoc.Decode([]byte("{\"NAME\":\"ignored\",\n  \"count\": \"x\"}"), &machine{})
	if !errors.As(err, &got) || got.Line != 2 || got.Column != 12 || got.Offset != 30 {
		t.Errorf("got %+v", got)
	}
}

func TestDecodeNeedsAPointer(t *testing.T) {
	t.Parallel()
	var invalid *json.InvalidUnmarshalError
	if err := jsondoc.Decode([]byte(`{}`), machine{}); !errors.As(err, &invalid) {
		t.Errorf("got %v, want the error of encoding/json", err)
	}
}

func TestDecodeIntoAnything(t *testing.T) {
	t.Parallel()
	for _, document := range []string{`null`, `[1]`, `"x"`} {
		var got any
		if err := jsondoc.Decode([]byte(document), &got); err != nil {
			t.Errorf("%s: %v", document, err)
		}
	}
}

// loop embeds itself, which encoding/json allows.
type loop struct {
	*loop
	Name string `json:"name"`
}

func TestDecodeTypeThatEmbedsItself(t *testing.T) {
	t.Parallel()
	var got loop
	if err := jsondoc.Decode([]byte(`{"name":"x","loop":1}`), &got); err != nil || got.Name != "x" {
		t.Errorf("got %+v, %v", got, err)
	}
}

func BenchmarkDecode(b *testing.B) {
	data := []byte(sampleDocument)
	b.ReportAllocs()
	for b.Loop() {
		var m machine
		if err := jsondoc.Decode(data, &m); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkStandardUnmarshal(b *testing.B) {
	data := []byte(sampleDocument)
	b.ReportAllocs()
	for b.Loop() {
		var m machine
		if err := json.Unmarshal(data, &m); err != nil {
			b.Fatal(err)
		}
	}
}

func ExampleDecode() {
	var owner reference
	fmt.Println(jsondoc.Decode([]byte(`{"id": 5}`), &owner))
	// Output: /id: must be a string, not a number (line 1, column 8)
}
