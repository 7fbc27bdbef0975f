package jsondoc_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"midgard/internal/jsondoc"
)

var sameMachine = cmp.Options{cmp.AllowUnexported(machine{}), cmp.Comparer(sameAddress)}

// FuzzDecode holds Decode against encoding/json: of a document without foreign names both must make the same, and what
// Decode takes, encoding/json must take. What it refuses it must refuse with an *Error.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		`{"name":"robot","owner":{"id":"7"},"others":[{"id":"8"},null],"labels":{"Any Key":{"id":"9"}},"raw":{"Z": 1},"any":1e3}`,
		`{"attributes":{"big":12345678901234567890,"ID":[1.50]},"count":-128,"positive":4,"ratio":0.5,"exact":1.0,"enabled":true}`,
		`{"key":"aGk=","address":"::1","quoted":"5","pair":[1,2],"parent":{"name":"p"},"Untagged":"u","created":"2026-01-31T08:00:00Z"}`,
		`{"Name":"another case","na\u006de":"escaped","private":1,"Hidden":2,"-":3}`, `{"count":128}`, `{"pair":[1,2,3]}`, `{"owner":[]}`, `null`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		before := bytes.Clone(data)
		var got machine
		err := jsondoc.Decode(data, &got)
		if !bytes.Equal(before, data) {
			t.Fatal("the document changed")
		}
		if err != nil {
			var refused *jsondoc.Error
			if !errors.As(err, &refused) || refused.Reason == "" {
				t.Fatalf("got a %T: %v", err, err)
			}
			return
		}
		if len(jsondoc.Unknown(data, &got)) > 0 {
			return // encoding/json would match some of these names in another case
		}
		var want machine
		decoder := json.NewDecoder(bytes.NewReader(data))
		decoder.UseNumber()
		if err := decoder.Decode(&want); err != nil {
			t.Fatalf("taken, but: %v", err)
		}
		if diff := cmp.Diff(want, got, sameMachine); diff != "" {
			t.Fatal(diff)
		}
	})
}

// FuzzCanonical holds that the canonical form means what the document means, passes the strict reader and is its own
// canonical form.
func FuzzCanonical(f *testing.F) {
	for _, seed := range []string{`{"b":[1,true,null,"x\u00e9"],"a":{}}`, `[1.50,-0,1e400]`, `"\ud83d\ude00\u2028<&>"`, sampleDocument} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var tree, back any
		if jsondoc.Decode(data, &tree) != nil {
			return
		}
		first, err := jsondoc.AppendCanonical(nil, tree)
		if err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		if err := jsondoc.Decode(first, &back); err != nil {
			t.Fatalf("%s: %v", first, err)
		}
		if diff := cmp.Diff(tree, back); diff != "" {
			t.Fatalf("%s means something else: %s", first, diff)
		}
		if again, err := jsondoc.AppendCanonical(nil, back); err != nil || !bytes.Equal(again, first) {
			t.Fatalf("got %s, %v, first was %s", again, err, first)
		}
	})
}
