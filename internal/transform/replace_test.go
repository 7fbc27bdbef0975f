package transform_test

import (
	"strings"
	"testing"

	"midgard/internal/governance"
)

func TestReplace(t *testing.T) {
	t.Parallel()
	check(t, []row{
		{"word", `{"type":"replace","attributes":{"regex":"IIQ","replacement":"ISC"}}`, "IIQ is IIQ", "ISC is ISC", nil},
		{"class", `{"type":"replace","attributes":{"regex":"[^a-zA-Z]","replacement":""}}`, "The quick 10", "Thequick", nil},
		{"groups", `{"type":"replace","attributes":{"regex":"(\\w+), (\\w+)","replacement":"$2 $1"}}`, "Doe, John", "John Doe", nil},
		{"named group", `{"type":"replace","attributes":{"regex":"(?<last>\\w+), \\w+","replacement":"${last}!"}}`, "Doe, John", "Doe!", nil},
		{"group 1 before a digit", `{"type":"replace","attributes":{"regex":"(a)","replacement":"$12"}}`, "ab", "a2b", nil},
		{"whole match", `{"type":"replace","attributes":{"regex":"b+","replacement":"<$0>"}}`, "abbc", "a<bb>c", nil},
		{"group that took no part", `{"type":"replace","attributes":{"regex":"a(x)?","replacement":"[$1]"}}`, "ab", "[]b", nil},
		{"escapes", `{"type":"replace","attributes":{"regex":"a","replacement":"\\$1\\\\"}}`, "ab", `$1\b`, nil},
		{"nothing to replace", `{"type":"replace","attributes":{"regex":"x","replacement":"y"}}`, "ab", "ab", nil},
		{"null", `{"type":"replace","attributes":{"regex":"x","replacement":"y"}}`, nil, nil, nil},
		{"flag", `{"type":"replace","attributes":{"regex":"(?i)SVC-","replacement":""}}`, "svc-x", "x", nil},
		{"no regex", `{"type":"replace","attributes":{"replacement":"y"}}`, "a", nil, &refusal{governance.Required, "attributes.regex", ""}},
		{"no replacement", `{"type":"replace","attributes":{"regex":"y"}}`, "a", nil, &refusal{governance.Required, "attributes.replacement", ""}},
		{"unknown group", `{"type":"replace","attributes":{"regex":"(a)","replacement":"$2"}}`, "a", nil, illegal("attributes.replacement", "group 2")},
		{"unknown name", `{"type":"replace","attributes":{"regex":"(a)","replacement":"${x}"}}`, "a", nil, illegal("attributes.replacement", `"x"`)},
		{"lone dollar", `{"type":"replace","attributes":{"regex":"a","replacement":"5$"}}`, "a", nil, illegal("attributes.replacement", `write \$`)},
		{"lone backslash", `{"type":"replace","attributes":{"regex":"a","replacement":"\\"}}`, "a", nil, illegal("attributes.replacement", "backslash")},
		{"too many matches", `{"type":"replace","attributes":{"regex":"[ab]","replacement":""}}`, strings.Repeat("a", 20_001), nil, &refusal{governance.Limit, "", "more than 20000 times"}},
		{"too long", `{"type":"replace","attributes":{"regex":"a","replacement":"bbb"}}`, strings.Repeat("a", 400_000), nil, &refusal{governance.Limit, "", "more than 1048576 bytes"}},
		{"too long with groups", `{"type":"replace","attributes":{"regex":"(a{100})","replacement":"$1$1$1"}}`, strings.Repeat("a", 400_000), nil, &refusal{governance.Limit, "", "more than 1048576 bytes"}},
	})
}

// TestRegexDialect has what differs between Java's expressions and Go's.
func TestRegexDialect(t *testing.T) {
	t.Parallel()
	const unsupported = "not supported"
	tests := []struct{ regex, in, out, refused string }{
		{`\\p{Alpha}`, "a1", "-1", ""},
		{`[\\p{Punct}\\d]`, "a1!", "a--", ""},
		{`\\P{Alpha}`, "a1", "a-", ""},
		{`\\p{IsLatin}`, "aя", "-я", ""},
		{`\\p{Lu}`, "aB", "a-", ""},
		{`\\pL`, "1a", "1-", ""},
		{`[\\p{InCombiningDiacriticalMarks}]`, "a\u0301b", "a-b", ""},
		{`\\u00e9`, "é", "-", ""},
		{`\\Qa.b\\E`, "a.b axb", "- axb", ""},
		{`\\s+`, "a \t\u000bb", "a-b", ""},
		{`[\\s_]`, "a_b c", "a-b-c", ""},
		{`\\S+`, "ab cd", "- -", ""},
		{`[\\S]+`, "ab cd", "- -", ""},
		{`\\h`, "a\u00a0b", "a-b", ""},
		{`\\R`, "a\r\nb", "a-b", ""},
		{`a\\Z`, "aa\n", "a-", ""},
		{`[]]`, "a]", "a-", ""},
		{`[^]]`, "a]", "-]", ""},
		{`[\\[]`, "[a", "-a", ""},
		{`\\é`, "é", "-", ""},
		{`(?:ab)+`, "abab", "-", ""},
		{`(?=a)b`, "", "", "a lookahead, which is " + unsupported},
		{`(?!a)`, "", "", "a lookahead, which is " + unsupported},
		{`(?<=a)`, "", "", "a lookbehind, which is " + unsupported},
		{`(?<!a)`, "", "", "a lookbehind, which is " + unsupported},
		{`(?>a)`, "", "", "an atomic group, which is " + unsupported},
		{`(a)\\1`, "", "", "refers back to a group, which is " + unsupported},
		{`(?<x>a)\\k<x>`, "", "", "refers back to a group, which is " + unsupported},
		{`a++`, "", "", "cannot be read"},
		{`[a-z&&[^b]]`, "", "", "intersection of classes"},
		{`[a[bc]]`, "", "", "a class inside of a class"},
		{`(?x)a`, "", "", "a flag other than"},
		{`[\\H]`, "", "", unsupported},
		{`[\\P{Alpha}]`, "", "", unsupported},
		{`(`, "", "", "cannot be read"},
		{`\\`, "", "", "ends with a backslash"},
		{`\\u12`, "", "", "four hexadecimal digits"},
		{`\\p{Alpha`, "", "", "without a closing brace"},
	}
	for _, test := range tests {
		t.Run(test.regex, func(t *testing.T) {
			t.Parallel()
			got, err := evaluate(`{"type":"replace","attributes":{"regex":"`+test.regex+`","replacement":"-"}}`, test.in)
			if test.refused != "" {
				illegal("attributes.regex", test.refused).check(t, err)
			} else if err != nil || got.Text != test.out {
				t.Errorf("got %q, %v, want %q", got.Text, err, test.out)
			}
		})
	}
}

func TestReplaceAll(t *testing.T) {
	t.Parallel()
	check(t, []row{
		{"table", `{"type":"replaceAll","attributes":{"table":{"-":" ","\"":"'","ñ":"n"}}}`, "Enrique Jose-Piñon", "Enrique Jose Pinon", nil},
		{"patterns", `{"type":"replaceAll","attributes":{"table":{"[.]":"-","[a-zA-z]":""}}}`, "ad512.777.1234", "512-777-1234", nil},
		{"in the order of the table", `{"type":"replaceAll","attributes":{"table":{"b":"c","c":"d","a":"b"}}}`, "abc", "bdd", nil},
		{"no table", `{"type":"replaceAll","attributes":{}}`, "abc", "abc", nil},
		{"no attributes", `{"type":"replaceAll"}`, "abc", "abc", nil},
		{"empty table", `{"type":"replaceAll","attributes":{"table":{}}}`, "abc", "abc", nil},
		{"null", `{"type":"replaceAll","attributes":{"table":{"a":"b"}}}`, nil, nil, nil},
		{"table is a list", `{"type":"replaceAll","attributes":{"table":[]}}`, "a", nil, illegal("attributes.table", "an object")},
		{"bad pattern", `{"type":"replaceAll","attributes":{"table":{"a":"b","(":"x"}}}`, "a", nil, illegal("attributes.table.(", "cannot be read")},
		{"bad replacement", `{"type":"replaceAll","attributes":{"table":{"a":"$1"}}}`, "a", nil, illegal("attributes.table.a", "group 1")},
		{"percent in a pattern", `{"type":"replaceAll","attributes":{"table":{"%d(":"x"}}}`, "a", nil, illegal("attributes.table.%d(", "'attributes.table.%d(': the")},
		{"replacement of a percent", `{"type":"replaceAll","attributes":{"table":{"%d":"$1"}}}`, "a", nil, illegal("attributes.table.%d", "'attributes.table.%d': the")},
		{"replacement is an object", `{"type":"replaceAll","attributes":{"table":{"a":{}}}}`, "a", nil, illegal("attributes.table.a", "a string")},
	})
}

func TestSplit(t *testing.T) {
	t.Parallel()
	check(t, []row{
		{"second part", `{"type":"split","attributes":{"delimiter":":","index":1}}`, "abc:123", "123", nil},
		{"index as text", `{"type":"split","attributes":{"delimiter":" ","index":"3","throws":true}}`, "The quick brown fox jumped", "fox", nil},
		{"expression", `{"type":"split","attributes":{"delimiter":"[,;]\\s*","index":1}}`, "a; b", "b", nil},
		{"dot is any character", `{"type":"split","attributes":{"delimiter":".","index":0,"throws":false}}`, "a.b", nil, nil},
		{"quoted dot", `{"type":"split","attributes":{"delimiter":"\\.","index":1}}`, "a.b", "b", nil},
		{"no match", `{"type":"split","attributes":{"delimiter":",","index":0}}`, "abc", "abc", nil},
		{"empty text", `{"type":"split","attributes":{"delimiter":",","index":0}}`, "", "", nil},
		{"empty part in front", `{"type":"split","attributes":{"delimiter":",","index":0}}`, ",a", "", nil},
		{"empty parts at the end are none", `{"type":"split","attributes":{"delimiter":",","index":1,"throws":false}}`, "a,,", nil, nil},
		{"each character", `{"type":"split","attributes":{"delimiter":"","index":1}}`, "abc", nil, &refusal{governance.Required, "attributes.delimiter", ""}},
		{"between characters", `{"type":"split","attributes":{"delimiter":"x*","index":1}}`, "abc", "b", nil},
		{"null", `{"type":"split","attributes":{"delimiter":",","index":0}}`, nil, nil, nil},
		{"out of range", `{"type":"split","attributes":{"delimiter":",","index":2}}`, "a,b", nil, illegal("", "index 2 is out of range")},
		{"out of range, quietly", `{"type":"split","attributes":{"delimiter":",","index":2,"throws":"false"}}`, "a,b", nil, nil},
		{"no index", `{"type":"split","attributes":{"delimiter":","}}`, "a", nil, &refusal{governance.Required, "attributes.index", ""}},
		{"no delimiter", `{"type":"split","attributes":{"index":0}}`, "a", nil, &refusal{governance.Required, "attributes.delimiter", ""}},
		{"negative index", `{"type":"split","attributes":{"delimiter":",","index":-1}}`, "a", nil, illegal("attributes.index", "less than 0")},
		{"throws is no truth value", `{"type":"split","attributes":{"delimiter":",","index":0,"throws":"maybe"}}`, "a", nil, illegal("attributes.throws", "true or false")},
	})
}
