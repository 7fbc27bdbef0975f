package ldap

import (
	"strings"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"midgard/internal/connector"
)

func TestNameKeyKnowsOneNameInAllSpellings(t *testing.T) {
	t.Parallel()
	for _, same := range [][]string{
		{"cn=a b,dc=x", "CN=A B, DC=X", "cn = a  b ,dc=x", `cn=a\20b,dc=x`},
		{"cn=a+uid=b,dc=x", "uid=B+cn=A,dc=x"},
		{`cn=a\2Cb,dc=x`, `cn=a\,b,dc=x`},
		{`cn=\C3\9F`, "cn=ß"},
	} {
		for _, spelling := range same {
			if nameKey(spelling) != nameKey(same[0]) {
				t.Errorf("%q and %q are two names", spelling, same[0])
			}
		}
	}
	for _, other := range [][2]string{{"cn=a,dc=x", "cn=a+dc=x"}, {"cn=a,dc=x", `cn=a\,dc\=x`}, {"cn=a", "cn=ab"}, {"a", "cn=a"}} {
		if nameKey(other[0]) == nameKey(other[1]) {
			t.Errorf("%q and %q are one name", other[0], other[1])
		}
	}
}

func TestNameKeyIgnoresCase(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.StringMatching(`[a-zA-Z0-9,+"\\<>;= #]{1,20}`).Draw(t, "value")
		dn := "cn=" + ldap.EscapeDN(value) + ",dc=test"
		if nameKey(dn) != nameKey(strings.ToUpper(dn)) {
			t.Fatalf("%q depends on case", dn)
		}
		if got := namingValue(dn, "CN"); got != value {
			t.Fatalf("the naming value of %q is %q, want %q", dn, got, value)
		}
	})
}

func TestMemberKeyDropsTheUniqueIdentifier(t *testing.T) {
	t.Parallel()
	if memberKey("cn=a,dc=x#'0101'B") != memberKey("cn=A,dc=x") {
		t.Error("a name with a unique identifier is another member")
	}
	if memberKey("a") != loginKey("A") || memberKey("a") == nameKey("a") {
		t.Error("a login name is not kept apart from distinguished names, or depends on case")
	}
}

func TestParseDefinition(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]definition{
		"( 2.5.4.4 NAME ( 'sn' 'surname' ) DESC 'RFC2256: last (family) name(s)' SUP name )": {
			names: []string{"sn", "surname"}, description: "RFC2256: last (family) name(s)", superiors: []string{"name"}},
		"( 1.3.6 NAME 'uidNumber' EQUALITY integerMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.27{11} SINGLE-VALUE X-ORIGIN ( 'a' 'b' ) )": {
			names: []string{"uidNumber"}, syntax: syntaxPrefix + "27", single: true},
		"(2.5.6.6 NAME 'person' SUP top STRUCTURAL MUST (sn$cn) MAY ( userPassword $ seeAlso ) )": {
			names: []string{"person"}, superiors: []string{"top"}, attributes: []string{"sn", "cn", "userPassword", "seeAlso"}},
		"( 1.2 NAME 'open": {names: []string{"open"}},
		"( 1.2 MUST ( a $": {attributes: []string{"a"}},
		"( 1.2 SUP":        {},
		"":                 {},
	} {
		if diff := cmp.Diff(want, parseDefinition(text), cmp.AllowUnexported(definition{})); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
}

func TestParseDefinitionTakesAnyText(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOf(rapid.SampledFrom([]string{"(", ")", "$", "'", "NAME", "MUST", "SYNTAX", "DESC", "SUP", "a", "'b c'", " "}))
		parseDefinition(strings.Join(words.Draw(t, "words"), ""))
		parseDefinition(strings.Join(words.Draw(t, "words"), " "))
	})
}

func TestValuesThatDoNotFit(t *testing.T) {
	t.Parallel()
	e := indexed(ldap.NewEntry("uid=x,dc=test", map[string][]string{
		"number": {"12a"}, "flag": {"TRUE"}, "time": {"20260102150405.5+0100"}, "minutes": {"202601021504Z"}, "odd": {"yesterday"},
		"broken": {"a\xff"}, "nul": {"a\x00b"}, "cert;binary": {"\x30\x82"}, "list": {"b", "a", "b"}, "cn;lang-de": {"deutsch"},
	}))
	schema := connector.Schema{Attributes: []connector.SchemaAttribute{
		{Name: "number", Type: "INT"}, {Name: "flag", Type: "BOOLEAN"}, {Name: "time", Type: "DATE"}, {Name: "minutes", Type: "DATE"},
		{Name: "odd", Type: "DATE"}, {Name: "broken", Type: "STRING"}, {Name: "nul", Type: "STRING", Multi: true},
		{Name: "cert;binary", Type: "STRING"}, {Name: "list", Type: "STRING", Multi: true}, {Name: "cn", Type: "STRING"},
		{Name: "userPassword", Type: "STRING"},
	}}
	s := settings{binary: map[string]bool{"cert": true}, groupsAttribute: "groups"}
	translator := s.translator(connector.TypeAccount, schema)
	object, err := translator.object(e)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"flag": true, "time": "2026-01-02T14:04:05.500Z", "minutes": "2026-01-02T15:04:00.000Z", "odd": "yesterday",
		"broken": "Yf8=", "nul": []string{"YQBi"}, "cert;binary": "MII=", "list": []string{"a", "b"},
	}
	if diff := cmp.Diff(want, object.Attributes); diff != "" {
		t.Error(diff)
	}
	if object.Name != "x" {
		t.Errorf("name is %q", object.Name)
	}
	for _, name := range translator.request {
		if strings.EqualFold(name, "userPassword") {
			t.Error("the server is asked for passwords")
		}
	}
}

func TestNextSince(t *testing.T) {
	t.Parallel()
	at := func(minute int) time.Time { return time.Date(2026, 1, 1, 0, minute, 0, 0, time.UTC) }
	for name, c := range map[string]struct{ last, newest, limit, want time.Time }{
		"goes to the newest":             {at(1), at(5), at(9), at(5)},
		"but not past the limit":         {at(1), at(9), at(5), at(5)},
		"and never back":                 {at(5), at(9), at(1), at(5)},
		"nothing seen, nothing known":    {time.Time{}, time.Time{}, at(9), time.Unix(0, 0).UTC()},
		"nothing seen in a later delta":  {at(5), time.Time{}, at(9), at(5)},
		"a clock behind ours, first run": {time.Time{}, at(1), at(50), at(1)},
	} {
		if got := nextSince(c.last, c.newest, c.limit); !got.Equal(c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
