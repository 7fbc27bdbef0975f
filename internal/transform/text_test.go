package transform_test

import (
	"strings"
	"testing"

	"midgard/internal/governance"
)

func TestCase(t *testing.T) {
	t.Parallel()
	check(t, []row{
		{"lower", `{"type":"lower"}`, "FOO Bär", "foo bär", nil},
		{"lower of null", `{"type":"lower"}`, nil, nil, nil},
		{"lower of nothing", `{"type":"lower","attributes":{}}`, "", "", nil},
		{"upper", `{"type":"upper","attributes":null}`, "foo é", "FOO É", nil},
		{"upper of null", `{"type":"upper"}`, nil, nil, nil},
		{"trim", `{"type":"trim"}`, "\t a b \r\n", "a b", nil},
		{"trim of null", `{"type":"trim"}`, nil, nil, nil},
		{"trim of blanks", `{"type":"trim"}`, "  ", "", nil},
	})
}

func TestInput(t *testing.T) {
	t.Parallel()
	check(t, []row{
		{"implicit", `{"type":"upper"}`, "in", "IN", nil},
		{"explicit goes before implicit", `{"type":"upper","attributes":{"input":{"type":"static","attributes":{"value":"own"}}}}`, "in", "OWN", nil},
		{"explicit text", `{"type":"upper","attributes":{"input":"own"}}`, "in", "OWN", nil},
		{"explicit number", `{"type":"leftPad","attributes":{"input":7,"length":"3","padding":"0"}}`, "in", "007", nil},
		{"explicit null is none", `{"type":"upper","attributes":{"input":null}}`, "in", "IN", nil},
		{"implicit input of the explicit one", `{"type":"upper","attributes":{"input":{"type":"trim"}}}`, " in ", "IN", nil},
		{"implicit input of values", `{"type":"concat","attributes":{"values":[{"type":"upper"},"-",{"type":"trim"}]}}`, " in", " IN-in", nil},
		{"explicit input is that of values", `{"type":"concat","attributes":{"input":"own","values":[{"type":"upper"}]}}`, "in", "OWN", nil},
		{"a list is no input", `{"type":"upper","attributes":{"input":["a"]}}`, "in", nil, illegal("attributes.input", "must be a string")},
		{"error of the input", `{"type":"upper","attributes":{"input":{"type":"base64Decode"}}}`, "*", nil, illegal("attributes.input", "not base64")},
	})
}

func TestConcat(t *testing.T) {
	t.Parallel()
	check(t, []row{
		{"values", `{"type":"concat","attributes":{"values":["John"," ","Smith"]}}`, nil, "John Smith", nil},
		{"transforms and other scalars", `{"type":"concat","attributes":{"values":[{"type":"upper"},1,true]}}`, "a", "A1true", nil},
		{"null is left out", `{"type":"concat","attributes":{"values":["a",null,{"type":"upper"},"b"]}}`, nil, "ab", nil},
		{"all null", `{"type":"concat","attributes":{"values":[null,{"type":"upper"}]}}`, nil, nil, nil},
		{"no values", `{"type":"concat","attributes":{}}`, nil, nil, &refusal{governance.Required, "attributes.values", ""}},
		{"empty values", `{"type":"concat","attributes":{"values":[]}}`, nil, nil, &refusal{governance.Required, "attributes.values", ""}},
		{"text instead of values", `{"type":"concat","attributes":{"values":"a"}}`, nil, nil, illegal("attributes.values", "must be a list")},
		{"list inside of values", `{"type":"concat","attributes":{"values":["a",[]]}}`, nil, nil, illegal("attributes.values[1]", "a transform")},
		{"broken transform inside", `{"type":"concat","attributes":{"values":["a",{"type":"split","attributes":{"delimiter":","}}]}}`, nil, nil, &refusal{governance.Required, "attributes.values[1].attributes.index", ""}},
	})
}

func TestJoin(t *testing.T) {
	t.Parallel()
	check(t, []row{
		{"separator", `{"type":"join","attributes":{"values":["John","Smith"],"separator":"|"}}`, nil, "John|Smith", nil},
		{"comma unless told", `{"type":"join","attributes":{"values":["a","b"]}}`, nil, "a,b", nil},
		{"empty separator", `{"type":"join","attributes":{"values":["a","b"],"separator":""}}`, nil, "ab", nil},
		{"null takes its separator along", `{"type":"join","attributes":{"values":["a",null,"b"]}}`, nil, "a,b", nil},
		{"empty text does not", `{"type":"join","attributes":{"values":["a","","b"]}}`, nil, "a,,b", nil},
		{"no values", `{"type":"join"}`, nil, nil, &refusal{governance.Required, "attributes.values", ""}},
	})
}

func TestPad(t *testing.T) {
	t.Parallel()
	check(t, []row{
		{"left", `{"type":"leftPad","attributes":{"padding":"0","length":"8"}}`, "1234", "00001234", nil},
		{"length as number", `{"type":"leftPad","attributes":{"padding":"x","length":7}}`, "1234", "xxx1234", nil},
		{"blank unless told", `{"type":"leftPad","attributes":{"length":3}}`, "a", "  a", nil},
		{"long enough", `{"type":"leftPad","attributes":{"length":3}}`, "abcd", "abcd", nil},
		{"null", `{"type":"leftPad","attributes":{"length":3}}`, nil, nil, nil},
		{"empty", `{"type":"leftPad","attributes":{"length":2}}`, "", "  ", nil},
		{"characters, not bytes", `{"type":"leftPad","attributes":{"length":4,"padding":"é"}}`, "ü", "éééü", nil},
		{"right", `{"type":"rightPad","attributes":{"padding":"0","length":"6"}}`, "1234", "123400", nil},
		{"padding of several characters", `{"type":"rightPad","attributes":{"padding":"abc","length":8}}`, "x", "xabcabca", nil},
		{"right of null", `{"type":"rightPad","attributes":{"length":3}}`, nil, nil, nil},
		{"length made by a transform", `{"type":"leftPad","attributes":{"length":{"type":"static","attributes":{"value":"3"}}}}`, "a", "  a", nil},
		{"length that is no number for the row", `{"type":"leftPad","attributes":{"length":{"type":"trim"}}}`, "a", nil, illegal("", "not a whole number")},
		{"no length", `{"type":"leftPad","attributes":{"padding":"0"}}`, "a", nil, &refusal{governance.Required, "attributes.length", ""}},
		{"length that is no number", `{"type":"leftPad","attributes":{"length":"many"}}`, "a", nil, illegal("attributes.length", "a whole number")},
		{"negative length", `{"type":"rightPad","attributes":{"length":-1}}`, "a", nil, illegal("attributes.length", "less than 0")},
		{"huge length", `{"type":"rightPad","attributes":{"length":1048577}}`, "a", nil, &refusal{governance.Limit, "attributes.length", ""}},
		{"empty padding", `{"type":"rightPad","attributes":{"length":3,"padding":""}}`, "a", nil, &refusal{governance.Required, "attributes.padding", ""}},
		{"too long in bytes", `{"type":"rightPad","attributes":{"length":1048576,"padding":"é"}}`, "a", nil, &refusal{governance.Limit, "", "more than 1048576 bytes"}},
	})
}

func TestSubstring(t *testing.T) {
	t.Parallel()
	check(t, []row{
		{"begin and end", `{"type":"substring","attributes":{"begin":2,"end":4}}`, "abcdef", "cd", nil},
		{"offsets", `{"type":"substring","attributes":{"begin":1,"end":3,"beginOffset":1,"endOffset":2}}`, "abcdef", "cde", nil},
		{"begin only", `{"type":"substring","attributes":{"begin":4}}`, "abcdef", "ef", nil},
		{"begin -1 is 0 and its offset nothing", `{"type":"substring","attributes":{"begin":-1,"beginOffset":2,"end":2}}`, "abcdef", "ab", nil},
		{"end -1 is the end and its offset nothing", `{"type":"substring","attributes":{"begin":3,"end":-1,"endOffset":-2}}`, "abcdef", "def", nil},
		{"as texts", `{"type":"substring","attributes":{"begin":"0","end":"1"}}`, "abc", "a", nil},
		{"end beyond the text", `{"type":"substring","attributes":{"begin":1,"end":90}}`, "abc", "bc", nil},
		{"begin beyond the text", `{"type":"substring","attributes":{"begin":9}}`, "abc", "", nil},
		{"end before begin", `{"type":"substring","attributes":{"begin":2,"end":1}}`, "abc", "", nil},
		{"offset before the text", `{"type":"substring","attributes":{"begin":1,"beginOffset":-5,"end":2}}`, "abc", "ab", nil},
		{"characters, not bytes", `{"type":"substring","attributes":{"begin":1,"end":3}}`, "äöü€", "öü", nil},
		{"null", `{"type":"substring","attributes":{"begin":1}}`, nil, nil, nil},
		{"begin of a transform", `{"type":"substring","attributes":{"begin":{"type":"indexOf","attributes":{"substring":"@"}},"beginOffset":1}}`, "a@b.org", "b.org", nil},
		{"begin of a transform that finds nothing", `{"type":"substring","attributes":{"begin":{"type":"indexOf","attributes":{"substring":"@"}},"beginOffset":1}}`, "a.b", "a.b", nil},
		{"no begin", `{"type":"substring","attributes":{"end":1}}`, "abc", nil, &refusal{governance.Required, "attributes.begin", ""}},
		{"begin -2", `{"type":"substring","attributes":{"begin":-2}}`, "abc", nil, illegal("attributes.begin", "less than -1")},
		{"begin with a fraction", `{"type":"substring","attributes":{"begin":1.5}}`, "abc", nil, illegal("attributes.begin", "a whole number")},
	})
}

func TestIndexOf(t *testing.T) {
	t.Parallel()
	check(t, []row{
		{"at the beginning", `{"type":"indexOf","attributes":{"substring":"admin_"}}`, "admin_jsmith", "0", nil},
		{"first of several", `{"type":"indexOf","attributes":{"substring":"b"}}`, "abcabcabc", "1", nil},
		{"last of several", `{"type":"lastIndexOf","attributes":{"substring":"b"}}`, "abcabcabc", "7", nil},
		{"absent", `{"type":"indexOf","attributes":{"substring":"x"}}`, "abc", "-1", nil},
		{"absent from the end", `{"type":"lastIndexOf","attributes":{"substring":"x"}}`, "abc", "-1", nil},
		{"case matters", `{"type":"indexOf","attributes":{"substring":"B"}}`, "abc", "-1", nil},
		{"characters, not bytes", `{"type":"indexOf","attributes":{"substring":"ü"}}`, "äöü", "2", nil},
		{"null", `{"type":"indexOf","attributes":{"substring":"x"}}`, nil, nil, nil},
		{"of a transform", `{"type":"indexOf","attributes":{"substring":{"type":"substring","attributes":{"begin":2}}}}`, "abc", "2", nil},
		{"substring null", `{"type":"indexOf","attributes":{"substring":{"type":"identityAttribute","attributes":{"name":"absent"}}}}`, "abc", nil, illegal("", "substring is null")},
		{"no substring", `{"type":"lastIndexOf","attributes":{}}`, "abc", nil, &refusal{governance.Required, "attributes.substring", ""}},
	})
}

func TestBase64(t *testing.T) {
	t.Parallel()
	check(t, []row{
		{"encode", `{"type":"base64Encode"}`, "1234 ü", "MTIzNCDDvA==", nil},
		{"encode null", `{"type":"base64Encode"}`, nil, nil, nil},
		{"decode", `{"type":"base64Decode"}`, "MTIzNCDDvA==", "1234 ü", nil},
		{"decode without padding", `{"type":"base64Decode"}`, "MTIzNCDDvA", "1234 ü", nil},
		{"decode the alphabet for addresses", `{"type":"base64Decode"}`, "Pz8_Pz4-", "????>>", nil},
		{"decode lines", `{"type":"base64Decode"}`, "MTIz\r\nNA==", "1234", nil},
		{"decode null", `{"type":"base64Decode"}`, nil, nil, nil},
		{"decode nothing", `{"type":"base64Decode"}`, "", "", nil},
		{"no base64", `{"type":"base64Decode"}`, "a*", nil, illegal("", "not base64")},
		{"no text", `{"type":"base64Decode"}`, "/w==", nil, illegal("", "UTF-8")},
		{"too long", `{"type":"base64Encode"}`, strings.Repeat("x", 1<<20), nil, &refusal{governance.Limit, "", "more than"}},
	})
}
