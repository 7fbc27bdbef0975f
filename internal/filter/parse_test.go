package filter_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"midgard/internal/filter"
)

// samePlace leaves positions out of a comparison of trees.
var samePlace = cmp.Options{
	cmpopts.IgnoreFields(filter.Compare{}, "Pos", "OpPos"),
	cmpopts.IgnoreFields(filter.Value{}, "Pos"),
}

func is(field string, op filter.Op, values ...string) *filter.Compare {
	c := &filter.Compare{Field: field, Op: op}
	for _, v := range values {
		c.Values = append(c.Values, filter.Value{Text: v})
	}
	return c
}

func and(terms ...filter.Expr) filter.Expr { return &filter.And{Terms: terms} }
func or(terms ...filter.Expr) filter.Expr  { return &filter.Or{Terms: terms} }
func not(term filter.Expr) filter.Expr     { return &filter.Not{Term: term} }

func TestParse(t *testing.T) {
	t.Parallel()
	p1, p2, p3 := is("prop1", "eq", "val1"), is("prop2", "eq", "val2"), is("prop3", "eq", "val3")
	a, b, c := is("a", "eq", "1"), is("b", "eq", "2"), is("c", "eq", "3")
	tests := []struct {
		text string
		want filter.Expr
	}{
		{"", nil},
		{" \t\r\n", nil},
		{`name eq "Ada"`, is("name", "eq", "Ada")},
		{`name eq Ada`, is("name", "eq", "Ada")},
		{"  name\teq\n\"Ada\"  ", is("name", "eq", "Ada")},
		{`name eq"Ada"`, is("name", "eq", "Ada")},
		{`name ne ""`, is("name", "ne", "")},
		{`name co "a b"`, is("name", "co", "a b")},
		{`name sw "say \"hi\" \\ there"`, is("name", "sw", `say "hi" \ there`)},
		{`name eq "\\\""`, is("name", "eq", `\"`)},
		{`name eq "(a, b)"`, is("name", "eq", "(a, b)")},
		{`name eq "ÅÄÖ 漢字"`, is("name", "eq", "ÅÄÖ 漢字")},
		{"name eq \"two\nlines\"", is("name", "eq", "two\nlines")},
		{`name eq O'Brien`, is("name", "eq", "O'Brien")},
		{`path eq C:\x`, is("path", "eq", `C:\x`)},
		{`name eq "or"`, is("name", "eq", "or")},
		{`name eq OR`, is("name", "eq", "OR")},
		{`created gt 2018-12-18T23:05:55Z`, is("created", "gt", "2018-12-18T23:05:55Z")},
		{`startDate gt 2018`, is("startDate", "gt", "2018")},
		{`n ge -1.5e3`, is("n", "ge", "-1.5e3")},
		{`n lt 5`, is("n", "lt", "5")},
		{`n le 5`, is("n", "le", "5")},
		{`hasEntitlements eq true`, is("hasEntitlements", "eq", "true")},
		{`id eq "6c9079b270a266a60170a2779fcb0006" or correlated eq false`, or(is("id", "eq", "6c9079b270a266a60170a2779fcb0006"), is("correlated", "eq", "false"))},
		{`type eq "CLOUD_ACCOUNT_AGGREGATION" and completionStatus isnull`, and(is("type", "eq", "CLOUD_ACCOUNT_AGGREGATION"), is("completionStatus", "isnull"))},
		{`status in ("RECEIVED","COMPLETED")`, is("status", "in", "RECEIVED", "COMPLETED")},
		{`status in( RECEIVED , "COMPLETED" )`, is("status", "in", "RECEIVED", "COMPLETED")},
		{`status in ("one")`, is("status", "in", "one")},
		{`features ca ("A","B")`, is("features", "ca", "A", "B")},
		{`pr name`, is("name", "pr")},
		{`name pr`, is("name", "pr")},
		{`isnull name`, is("name", "isnull")},
		{`name isnull`, is("name", "isnull")},
		{`not pr name and name isnull`, and(not(is("name", "pr")), is("name", "isnull"))},
		{`attributes eq "env=prod=eu"`, is("attributes", "eq", "env=prod=eu")},
		{`owners.primaryIdentity.name isnull`, is("owners.primaryIdentity.name", "isnull")},

		// The platform's own examples of precedence, and the rest of the rule.
		{`not prop1 eq val1 or prop2 eq val2 and prop3 eq val3`, or(not(p1), and(p2, p3))},
		{`(not (prop1 eq val1)) or ((prop2 eq val2) and (prop3 eq val3))`, or(not(p1), and(p2, p3))},
		{`not (prop1 eq val1 or prop2 eq val2) and prop3 eq val3`, and(not(or(p1, p2)), p3)},
		{`(not (prop1 eq val1 or prop2 eq val2)) and prop3 eq val3`, and(not(or(p1, p2)), p3)},
		{`a eq 1 or b eq 2 and c eq 3`, or(a, and(b, c))},
		{`a eq 1 and b eq 2 or c eq 3`, or(and(a, b), c)},
		{`(a eq 1 or b eq 2) and c eq 3`, and(or(a, b), c)},
		{`a eq 1 or b eq 2 or c eq 3`, or(a, b, c)},
		{`(a eq 1 or b eq 2) or c eq 3`, or(or(a, b), c)},
		{`a eq 1 and (b eq 2 and c eq 3)`, and(a, and(b, c))},
		{`not not a eq 1`, not(not(a))},
		{`not(a eq 1)`, not(a)},
		{`(((a eq 1)))`, a},
		{`not a eq 1 and b eq 2`, and(not(a), b)},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			t.Parallel()
			got, err := filter.Parse(tt.text)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got, samePlace); diff != "" {
				t.Errorf("tree (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseKeepsPositions(t *testing.T) {
	t.Parallel()
	got, err := filter.Parse(`ä eq "ö" and pr b or c in (1, "2")`)
	if err != nil {
		t.Fatal(err)
	}
	want := or(
		and(
			&filter.Compare{Field: "ä", Op: "eq", Pos: 1, OpPos: 3, Values: []filter.Value{{Text: "ö", Pos: 6}}},
			&filter.Compare{Field: "b", Op: "pr", Pos: 17, OpPos: 14},
		),
		&filter.Compare{Field: "c", Op: "in", Pos: 22, OpPos: 24, Values: []filter.Value{{Text: "1", Pos: 28}, {Text: "2", Pos: 31}}},
	)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("tree (-want +got):\n%s", diff)
	}
}

func TestParseErrors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text, token string
		pos               int
		reason            string // a part of it
	}{
		{"upper-case operator", `name EQ "x"`, "EQ", 6, `operators are lower case: write "eq"`},
		{"mixed-case presence", `name IsNull`, "IsNull", 6, `write "isnull"`},
		{"upper-case not", `NOT name eq x`, "NOT", 1, `write "not"`},
		{"upper-case prefix presence", `PR name`, "PR", 1, `write "pr"`},
		{"upper-case and", `a eq 1 AND b eq 2`, "AND", 8, `write "and"`},
		{"upper-case or in a group", `(a eq 1 Or b eq 2)`, "Or", 9, `write "or"`},
		{"unknown operator", `name like "x"`, "like", 6, "expected an operator: eq, ne, co, sw, gt, ge, lt, le, in, ca, pr, isnull"},
		{"equals sign", `name = "x"`, "=", 6, "expected an operator"},
		{"connective as operator", `name and x`, "and", 6, "expected an operator"},
		{"quoted operator", `name "eq" x`, `"eq"`, 6, "expected an operator"},
		{"no operator", `name`, "", 0, "ends too early: expected an operator"},
		{"no value", `name eq`, "", 0, "ends too early: expected a value"},
		{"no value before a connective", `name eq and b eq 1`, "and", 9, "in quotes"},
		{"operator as value", `name eq in`, "in", 9, "in quotes"},
		{"list where one value belongs", `name eq ("x")`, "(", 9, "expected a value"},
		{"no field", `eq "x"`, "eq", 1, "expected the name of a field"},
		{"quoted field", `"name" eq "x"`, `"name"`, 1, "expected the name of a field"},
		{"no field after and", `a eq 1 and`, "", 0, "ends too early: expected the name of a field"},
		{"no field after not", `not`, "", 0, "ends too early: expected the name of a field"},
		{"no field after pr", `pr`, "", 0, "ends too early: expected the name of a field"},
		{"reserved field after isnull", `isnull eq`, "eq", 8, "expected the name of a field"},
		{"group in pr", `pr (name)`, "(", 4, "expected the name of a field"},
		{"two expressions", `a eq 1 b eq 2`, "b", 8, `expected "and", "or" or the end`},
		{"value too many", `a eq 1 2`, "2", 8, `expected "and", "or" or the end`},
		{"value after isnull", `a isnull 2`, "2", 10, `expected "and", "or" or the end`},
		{"quote inside a text", `a eq "x"y"`, "y", 9, `expected "and", "or" or the end`},
		{"comma", `a eq 1, b eq 2`, ",", 7, `expected "and", "or" or the end`},
		{"group not closed", `(a eq 1`, "", 0, `ends too early: expected "and", "or" or ")"`},
		{"group not opened", `a eq 1)`, ")", 7, `expected "and", "or" or the end`},
		{"empty group", `()`, ")", 2, "expected the name of a field"},
		{"only a closing parenthesis", ` )`, ")", 2, "expected the name of a field"},
		{"list without parentheses", `a in "x"`, `"x"`, 6, `expected "(" and a list of values after "in"`},
		{"list missing", `a ca`, "", 0, `expected "(" and a list of values after "ca"`},
		{"empty list", `a in ()`, ")", 7, "the list of values is empty"},
		{"list with a hole", `a in (1,,2)`, ",", 9, "expected a value"},
		{"list with a trailing comma", `a in (1,)`, ")", 9, "expected a value"},
		{"list without commas", `a in (1 2)`, "2", 9, `expected "," or ")"`},
		{"list not closed", `a in (1`, "", 0, `ends too early: expected "," or ")"`},
		{"list cut after a comma", `a in (1,`, "", 0, "ends too early: expected a value"},
		{"no closing quote", `a eq "x`, `"x`, 6, "no closing quote"},
		{"escaped closing quote", `a eq "x\"`, `"x\"`, 6, "no closing quote"},
		{"backslash at the end", `a eq "x\`, `"x\`, 6, "no closing quote"},
		{"unknown escape", `a eq "x\n"`, `\n`, 8, `only \" and \\ exist`},
		{"unknown escape of a wide character", `ä eq "ö\é"`, `\é`, 8, `only \" and \\ exist`},
		{"position counts characters", `ä eq "ö" ü`, "ü", 10, "or the end"},
		{"long token", `a eq 1 ` + strings.Repeat("é", 200), strings.Repeat("é", 60) + "…", 8, "or the end"},
		{"invalid UTF-8", "ä eq \"\xff\"", "\xff", 7, "not valid UTF-8"},
		{"surrogate", "a eq \"\xed\xa0\x80\"", "\xed", 7, "not valid UTF-8"},
		{"zero character", "ä eq \"\x00\"", "\x00", 7, "U+0000"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := filter.Parse(tt.text)
			wantError(t, err, filter.ParamFilters, tt.token, tt.pos, tt.reason)
		})
	}
}

// Wherever in the grammar it stands, a broken quote is what the error is about.
func TestBrokenQuoteAnywhere(t *testing.T) {
	t.Parallel()
	for _, before := range []string{
		``, `a `, `a eq `, `a eq 1 `, `a eq 1 and `, `a eq 1 or `, `a isnull `, `not `, `(`, `(a eq 1) `,
		`pr `, `pr a `, `a in `, `a in (`, `a in (1 `, `a in (1,`, `a in (1) `,
	} {
		t.Run(before, func(t *testing.T) {
			t.Parallel()
			_, err := filter.Parse(before + `"x`)
			wantError(t, err, filter.ParamFilters, `"x`, len(before)+1, "no closing quote")
		})
	}
}

func wantError(t *testing.T, err error, param, token string, pos int, reason string) {
	t.Helper()
	var fault *filter.Error
	if !errors.As(err, &fault) {
		t.Fatalf("error is %v (%T), want a *filter.Error", err, err)
	}
	if fault.Param != param || fault.Token != token || fault.Pos != pos || !strings.Contains(fault.Reason, reason) {
		t.Errorf("got %+v\nwant {Param:%s Token:%s Pos:%d Reason:…%s…}", *fault, param, token, pos, reason)
	}
}

func TestErrorText(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		`name EQ "x"`: `filters: "EQ" at position 6: operators are lower case: write "eq"`,
		`name eq`:     `filters: the text ends too early: expected a value`,
		"\xff":        `filters: "\xff" at position 1: the text is not valid UTF-8`,
	}
	for text, want := range tests {
		_, err := filter.Parse(text)
		if err == nil || err.Error() != want {
			t.Errorf("Parse(%q): %v, want %s", text, err, want)
		}
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	comparisons := func(n int) string { return strings.Repeat("a eq 1 or ", n-1) + "a eq 1" }
	list := func(n int) string { return "a in (" + strings.Repeat("1,", n-1) + "1)" }
	nested := func(n int) string {
		return strings.Repeat("(", n/2) + strings.Repeat("not ", n-n/2) + "a eq 1" + strings.Repeat(")", n/2)
	}
	long := func(n int) string { return `a eq "` + strings.Repeat("x", n-7) + `"` }
	tests := []struct {
		name       string
		fits, over string
		token      string
		pos        int
		reason     string
	}{
		{"bytes", long(filter.MaxTextBytes), long(filter.MaxTextBytes + 1), "", 0, "longer than 8192 bytes"},
		{"depth", nested(filter.MaxDepth), nested(filter.MaxDepth + 1), "not", 81, "nested more than 32 deep"},
		{"terms", comparisons(filter.MaxTerms), comparisons(filter.MaxTerms + 1), "a", 2001, "more than 200 comparisons"},
		{"values", list(filter.MaxListValues), list(filter.MaxListValues + 1), "1", 1007, "more than 500 values"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if _, err := filter.Parse(tt.fits); err != nil {
				t.Errorf("at the limit: %v", err)
			}
			_, err := filter.Parse(tt.over)
			wantError(t, err, filter.ParamFilters, tt.token, tt.pos, tt.reason)
		})
	}
}

// Depth is that of the nesting, not the number of parentheses.
func TestDepthOfSiblings(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("not (a eq 1) and ", filter.MaxDepth*2) + "(a eq 1)"
	if _, err := filter.Parse(text); err != nil {
		t.Error(err)
	}
}

func TestString(t *testing.T) {
	t.Parallel()
	fields := filter.MustParseFields("n:number eq in; b:bool eq; t:time gt sw; s pr isnull eq in; id:id eq sw; a:attribute eq; c:collection ca")
	tests := []struct{ text, want string }{
		{`n eq 5 and b eq "true"`, `n eq 5 and b eq true`},
		{`t gt "2018"`, `t gt 2018`},
		{`t sw "not"`, `t sw "not"`},
		{`s eq x or pr s or s isnull`, `s eq "x" or pr s or s isnull`},
		{`s pr and isnull s`, `pr s and s isnull`},
		{`(s eq a or s eq b) and not (s eq c and n in(1,2))`, `(s eq "a" or s eq "b") and not (s eq "c" and n in (1, 2))`},
		{`s eq a or (s eq b and s eq c)`, `s eq "a" or s eq "b" and s eq "c"`},
		{`s eq "\"\\"`, `s eq "\"\\"`},
		{`id eq 2C9180858082150F0180893DBAF44201`, `id eq "2c918085-8082-150f-0180-893dbaf44201"`},
		{`a eq "k=v=w"`, `a eq "k=v=w"`},
		{`c ca (x,"y z")`, `c ca ("x", "y z")`},
	}
	for _, tt := range tests {
		tree, err := filter.Compile(tt.text, fields)
		if err != nil {
			t.Errorf("Compile(%s): %v", tt.text, err)
			continue
		}
		if got := tree.String(); got != tt.want {
			t.Errorf("%s printed as\n%s, want\n%s", tt.text, got, tt.want)
		}
	}
}

func TestPrintedTreeParsesToItself(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		tree := drawTree(t, 5)
		printed := tree.String()
		if len(printed) > filter.MaxTextBytes {
			return // longer than a text may be
		}
		got, err := filter.Parse(printed)
		if err != nil {
			t.Fatalf("%s: %v", printed, err)
		}
		if diff := cmp.Diff(tree, got, samePlace); diff != "" {
			t.Fatalf("%s (-want +got):\n%s", printed, diff)
		}
	})
}

// drawTree draws a tree such as Parse makes it.
func drawTree(t *rapid.T, depth int) filter.Expr {
	kind := rapid.IntRange(0, 4).Draw(t, "kind")
	if depth == 0 || kind > 2 {
		return drawCompare(t)
	}
	if kind == 0 {
		return not(drawTree(t, depth-1))
	}
	terms := make([]filter.Expr, rapid.IntRange(2, 3).Draw(t, "terms"))
	for i := range terms {
		terms[i] = drawTree(t, depth-1)
	}
	if kind == 1 {
		return and(terms...)
	}
	return or(terms...)
}

func drawCompare(t *rapid.T) filter.Expr {
	text := rapid.String().Filter(func(s string) bool { return !strings.Contains(s, "\x00") && utf8.ValidString(s) })
	op := rapid.SampledFrom([]filter.Op{"eq", "ne", "co", "sw", "gt", "ge", "lt", "le", "in", "ca", "pr", "isnull"}).Draw(t, "op")
	values := 1
	switch op {
	case filter.Pr, filter.IsNull:
		values = 0
	case filter.In, filter.Ca:
		values = rapid.IntRange(1, 4).Draw(t, "values")
	}
	c := is(fmt.Sprintf("field%d", rapid.IntRange(0, 3).Draw(t, "field")), op)
	for range values {
		c.Values = append(c.Values, filter.Value{Text: text.Draw(t, "value")})
	}
	return c
}
