package jsondoc_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"midgard/internal/jsondoc"
)

func TestCheckAccepts(t *testing.T) {
	t.Parallel()
	documents := []string{
		`{}`, `[]`, `null`, `true`, `false`, `0`, `-0`, `""`, " \t\r\n{} \n",
		`-12.5e+10`, `1e-400`, `123456789012345678901234567890`, `1E5`, `0.1`, `0e0`,
		`{"a":[1,{"b":null}],"c":{"a":1}}`,
		`{"":1,"a/b":2,"m~n":3}`,
		`"\"\\\/\b\f\n\r\t\u00e9"`, `"Grüße 😀"`, `"\ud83d\ude00"`, `"\u0001"`, "\"\u2028\x7f\"",
		`[{"id":1},{"id":2}]`,
		manyKeys(1000, ""),
		strings.Repeat("[", 64) + strings.Repeat("]", 64),
	}
	for _, document := range documents {
		if err := jsondoc.Check([]byte(document), jsondoc.Limits{}); err != nil {
			t.Errorf("Check(%.60s): %v", document, err)
		}
	}
}

func TestCheckRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, document string
		want           jsondoc.Error
	}{
		{"nothing", "", jsondoc.Error{0, 1, 1, "", "the body is empty"}},
		{"white space", " \n ", jsondoc.Error{3, 2, 2, "", "the body is empty"}},
		{"truncated object", `{"a":`, jsondoc.Error{5, 1, 6, "/a", "unexpected end"}},
		{"truncated key", `{"a`, jsondoc.Error{3, 1, 4, "", "unexpected end"}},
		{"truncated word", `[tru`, jsondoc.Error{4, 1, 5, "/0", "unexpected end"}},
		{"truncated number", `[-`, jsondoc.Error{2, 1, 3, "/0", "unexpected end"}},
		{"truncated escape", `["\`, jsondoc.Error{3, 1, 4, "/0", "unexpected end"}},
		{"no comma", `{"a":1 "b":2}`, jsondoc.Error{7, 1, 8, "", `unexpected character '"'`}},
		{"trailing comma in object", `{"a":1,}`, jsondoc.Error{7, 1, 8, "", `unexpected character '}'`}},
		{"trailing comma in array", `[1,]`, jsondoc.Error{3, 1, 4, "/1", `unexpected character ']'`}},
		{"no colon", `{"a" 1}`, jsondoc.Error{5, 1, 6, "/a", `unexpected character '1'`}},
		{"wrong bracket", `{"a":[1}}`, jsondoc.Error{7, 1, 8, "/a", `unexpected character '}'`}},
		{"key without quotes", `{a:1}`, jsondoc.Error{1, 1, 2, "", `unexpected character 'a'`}},
		{"second value", `{} []`, jsondoc.Error{3, 1, 4, "", "unexpected data after the value"}},
		{"leading zero", `[01]`, jsondoc.Error{2, 1, 3, "", `unexpected character '1'`}},
		{"plus sign", `+1`, jsondoc.Error{0, 1, 1, "", `unexpected character '+'`}},
		{"bare fraction", `1.`, jsondoc.Error{2, 1, 3, "", "unexpected end"}},
		{"bare exponent", `1e+]`, jsondoc.Error{3, 1, 4, "", `unexpected character ']'`}},
		{"not a number", `NaN`, jsondoc.Error{0, 1, 1, "", `unexpected character 'N'`}},
		{"wrong word", `nuul`, jsondoc.Error{2, 1, 3, "", `unexpected character 'u'`}},
		{"zero byte", "\x00", jsondoc.Error{0, 1, 1, "", `unexpected character '\x00'`}},
		{"byte order mark", "\ufeff{}", jsondoc.Error{0, 1, 1, "", `unexpected character '\ufeff'`}},
		{"binary", "\x1f\x8b\x08", jsondoc.Error{0, 1, 1, "", `unexpected character '\x1f'`}},
		{"control character", "[\"a\nb\"]", jsondoc.Error{3, 1, 4, "/0", "control character in a string"}},
		{"unknown escape", `["\x41"]`, jsondoc.Error{2, 1, 3, "/0", "unknown escape in a string"}},
		{"short code", `["\u12"]`, jsondoc.Error{2, 1, 3, "/0", `malformed \u escape`}},
		{"number out of range", `{"a":1e400}`, jsondoc.Error{5, 1, 6, "/a", "the number is too large"}},
		{"many digits", "[-" + strings.Repeat("9", 400) + "]", jsondoc.Error{1, 1, 2, "/0", "the number is too large"}},
		{"null character", `{"a":"b\u0000"}`, jsondoc.Error{7, 1, 8, "/a", "the character U+0000 is not allowed"}},
		{"null character in a key", `{"a\u0000":1}`, jsondoc.Error{3, 1, 4, "", "the character U+0000 is not allowed"}},
		{"lone high surrogate", `{"a":"\ud83d"}`, jsondoc.Error{6, 1, 7, "/a", "lone surrogate"}},
		{"lone low surrogate", `{"a":"\ude00"}`, jsondoc.Error{6, 1, 7, "/a", "lone surrogate"}},
		{"two high surrogates", `["\ud83d\ud83d"]`, jsondoc.Error{2, 1, 3, "/0", "lone surrogate"}},
		{"bad UTF-8", "{\"é\":\"\xff\"}", jsondoc.Error{7, 1, 7, "/é", "byte 0xff is not valid UTF-8"}},
		{"overlong UTF-8", "\"\xc0\xaf\"", jsondoc.Error{1, 1, 2, "", "byte 0xc0 is not valid UTF-8"}},
		{"surrogate as UTF-8", "\"\xed\xa0\x80\"", jsondoc.Error{1, 1, 2, "", "byte 0xed is not valid UTF-8"}},
		{
			"duplicate key deep down", "{\"owners\":\n {\"primaryIdentity\":{\"id\":1,\n  \"id\":2}}}",
			jsondoc.Error{42, 3, 3, "/owners/primaryIdentity/id", "duplicate key"},
		},
		{"duplicate after unescaping", `{"id":1,"\u0069d":2}`, jsondoc.Error{8, 1, 9, "/id", "duplicate key"}},
		{"duplicate empty key", `{"":1,"":2}`, jsondoc.Error{6, 1, 7, "/", "duplicate key"}},
		{"escaped pointer", `{"a/b~c":[[1,x]]}`, jsondoc.Error{13, 1, 14, "/a~1b~0c/0/1", "unexpected character 'x'"}},
		{"key of an earlier sibling", `[{"a":{"b":1},"b":{"c":1},"a":1}]`, jsondoc.Error{26, 1, 27, "/0/a", "duplicate key"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var got *jsondoc.Error
			if err := jsondoc.Check([]byte(test.document), jsondoc.Limits{}); !errors.As(err, &got) {
				t.Fatalf("got %v, want an *Error", err)
			}
			if diff := cmp.Diff(&test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCheckFindsDuplicateAmongManyKeys(t *testing.T) {
	t.Parallel()
	for _, count := range []int{15, 16, 17, 18, 500} {
		for _, repeated := range []int{0, count - 1} {
			document := manyKeys(count, `,"k`+strconv.Itoa(repeated)+`":0`)
			var got *jsondoc.Error
			err := jsondoc.Check([]byte(document), jsondoc.Limits{})
			if !errors.As(err, &got) || got.Path != "/k"+strconv.Itoa(repeated) {
				t.Errorf("%d keys, key %d repeated: got %v", count, repeated, err)
			}
		}
	}
}

func TestCheckDepth(t *testing.T) {
	t.Parallel()
	for _, limit := range []int{0, 1, 3, 1000} {
		allowed := limit
		if limit == 0 {
			allowed = jsondoc.DefaultDepth
		}
		limits := jsondoc.Limits{Depth: limit}
		if err := jsondoc.Check(nested(allowed), limits); err != nil {
			t.Errorf("limit %d: depth %d refused: %v", limit, allowed, err)
		}
		var got *jsondoc.Error
		err := jsondoc.Check(nested(allowed+1), limits)
		if !errors.As(err, &got) || got.Reason != "nested deeper than "+strconv.Itoa(allowed)+" levels" {
			t.Errorf("limit %d: depth %d gave %v", limit, allowed+1, err)
		}
	}
}

func TestErrorText(t *testing.T) {
	t.Parallel()
	tests := []struct {
		err  jsondoc.Error
		want string
	}{
		{jsondoc.Error{8, 1, 9, "/a/id", "duplicate key"}, "/a/id: duplicate key (line 1, column 9)"},
		{jsondoc.Error{0, 1, 1, "", "the body is empty"}, "the body is empty (line 1, column 1)"},
		{jsondoc.Error{Path: "/x", Reason: "bad"}, "/x: bad"},
		{jsondoc.Error{Path: "/" + strings.Repeat("é", 500), Reason: "bad"}, "/" + strings.Repeat("é", 99) + "…: bad"},
	}
	for _, test := range tests {
		if got := test.err.Error(); got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}

// FuzzCheck holds Check against encoding/json: what the strict one takes, the lenient one must take, and a document
// that the standard library wrote itself passes, unless the character U+0000 is in it.
func FuzzCheck(f *testing.F) {
	for _, seed := range []string{`{"a":[1,true,null,"x\u00e9"]}`, `[1.5e3,-0]`, `"\ud83d\ude00"`, `{"a":1,"a":2}`, "\"\xff\"", `"\u0000"`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		strict := jsondoc.Check(data, jsondoc.Limits{Depth: 100})
		if strict == nil && !json.Valid(data) {
			t.Fatal("Check took what is no JSON")
		}
		var tree any
		if json.Unmarshal(data, &tree) != nil {
			return
		}
		rewritten, err := json.Marshal(tree)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(rewritten, []byte(`\u0000`)) {
			return
		}
		if err := jsondoc.Check(rewritten, jsondoc.Limits{Depth: 10000}); err != nil {
			t.Fatalf("Check refused %q: %v", rewritten, err)
		}
	})
}

func BenchmarkCheck(b *testing.B) {
	data := []byte(sampleDocument)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if err := jsondoc.Check(data, jsondoc.Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkStandardValid(b *testing.B) {
	data := []byte(sampleDocument)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		json.Valid(data)
	}
}

const sampleDocument = `{"name":"backup robot","description":"Nightly copies of the finance share, run by the storage team",
"businessApplication":"Storage","owners":{"primaryIdentity":{"type":"IDENTITY","id":"0198f0c2-7d2e-7a64-9a53-2f1d6c0b7e11",
"name":"Ines Müller"},"secondaryIdentities":[{"type":"IDENTITY","id":"0198f0c2-7d2e-7a64-9a53-2f1d6c0b7e12","name":"A. Berg"}]},
"attributes":{"region":"eu-central","critical":true,"hosts":["a1","a2","a3"],"quota":12.5}}`

// manyKeys is an object with the keys k0, k1 and so on, and a further member's text at its end.
func manyKeys(count int, last string) string {
	var document strings.Builder
	document.WriteString(`{"first":0`)
	for i := range count {
		document.WriteString(`,"k` + strconv.Itoa(i) + `":0`)
	}
	return document.String() + last + "}"
}

func nested(depth int) []byte {
	return []byte(strings.Repeat(`{"a":`, depth-1) + "[]" + strings.Repeat("}", depth-1))
}
