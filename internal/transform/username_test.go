package transform_test

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"midgard/internal/governance"
	"midgard/internal/transform"
)

const usernameVariables = `"fn":{"type":"identityAttribute","attributes":{"name":"firstname"}},"ln":{"type":"identityAttribute","attributes":{"name":"lastname"}},
	"fi":{"type":"substring","attributes":{"input":{"type":"identityAttribute","attributes":{"name":"firstname"}},"begin":0,"end":1}},"mi":` + absent

func usernames(patterns string) json.RawMessage {
	return json.RawMessage(`{"type":"usernameGenerator","attributes":{"patterns":` + patterns + `,` + usernameVariables + `}}`)
}

func TestUsernameGenerator(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, patterns string
		taken          []string
		size, checks   int
		want           string
		tried          int
		refused        *refusal
	}{
		{name: "free at once", patterns: `["$fi$ln${uniqueCounter}"]`, want: "JDoe", tried: 1},
		{name: "counter", patterns: `["$fi$ln${uniqueCounter}"]`, taken: []string{"JDoe", "JDoe1"}, want: "JDoe2", tried: 3},
		{name: "counter without braces", patterns: `["$fi$ln$uniqueCounter"]`, taken: []string{"JDoe"}, want: "JDoe1", tried: 2},
		{name: "patterns in their order", patterns: `["CN=$fi.$ln,OU=U","CN=$fn.$ln,OU=U","CN=$fn.$ln${uniqueCounter},OU=U"]`, taken: []string{"CN=J.Doe,OU=U", "CN=Jonathan.Doe,OU=U"}, want: "CN=Jonathan.Doe1,OU=U", tried: 4},
		{name: "constant pattern", patterns: `["admin","root"]`, taken: []string{"admin"}, want: "root", tried: 2},
		{name: "cut to the size", patterns: `["$fn.$ln"]`, size: 10, want: "Jonathan.D", tried: 1},
		{name: "cut before the counter", patterns: `["$fn.$ln${uniqueCounter}"]`, size: 10, taken: []string{"Jonathan.D"}, want: "Jonathan.1", tried: 2},
		{name: "null variable skips the pattern", patterns: `["$fi$mi$ln","$fi$ln"]`, want: "JDoe", tried: 1},
		{name: "only null variables", patterns: `["$fi$mi$ln"]`, refused: illegal("", "variable $mi has no value")},
		{name: "unknown variable", patterns: `["$nobody"]`, refused: illegal("", "variable $nobody has no value")},
		{name: "too many checks", patterns: `["$fi$ln${uniqueCounter}"]`, checks: 2, taken: []string{"JDoe", "JDoe1", "JDoe2"}, tried: 2, refused: &refusal{governance.Limit, "", "2 were tried"}},
		{name: "never more than 50 checks", patterns: `["${uniqueCounter}x"]`, checks: 99, taken: nil, size: 1, want: "x", tried: 1},
		{name: "all taken", patterns: `["a","b"]`, taken: []string{"a", "b"}, tried: 2, refused: &refusal{governance.Limit, "", "no value is free"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			compiled, err := transform.Compile(usernames(test.patterns), nil)
			if err != nil {
				t.Fatal(err)
			}
			tried, row := 0, person()
			row.UsernameSize, row.UsernameChecks = test.size, test.checks
			row.Exists = func(candidate string) (bool, error) {
				tried++
				return slices.Contains(test.taken, candidate), nil
			}
			got, err := compiled.Eval(row, transform.Null())
			if test.refused != nil {
				test.refused.check(t, err)
			} else if err != nil || got.Text != test.want {
				t.Errorf("got %q, %v, want %q", got.Text, err, test.want)
			}
			if diff := cmp.Diff(test.tried, tried); diff != "" {
				t.Error("checks:", diff)
			}
		})
	}
}

// TestUsernamesEnd takes everything: the search ends after the contract's 50 checks.
func TestUsernamesEnd(t *testing.T) {
	t.Parallel()
	compiled, err := transform.Compile(usernames(`["$fi${uniqueCounter}"]`), nil)
	if err != nil {
		t.Fatal(err)
	}
	tried, row := 0, person()
	row.Exists = func(string) (bool, error) { tried++; return true, nil }
	_, err = compiled.Eval(row, transform.Null())
	(&refusal{governance.Limit, "", "50 were tried"}).check(t, err)
	if tried != transform.MaxUsernameChecks {
		t.Errorf("%d checks", tried)
	}
	row.Exists = func(string) (bool, error) { return false, errDown }
	if _, err = compiled.Eval(row, transform.Null()); !errors.Is(err, errDown) {
		t.Errorf("got %v, want the error of the check", err)
	}
}

func TestUsernameGeneratorRefuses(t *testing.T) {
	t.Parallel()
	check(t, []row{
		{"no patterns", `{"type":"usernameGenerator","attributes":{"sourceCheck":true}}`, nil, nil, &refusal{governance.Required, "attributes.patterns", ""}},
		{"pattern is a transform", `{"type":"usernameGenerator","attributes":{"patterns":["a",{"type":"uuid"}]}}`, nil, nil, illegal("attributes.patterns[1]", "a string")},
		{"empty pattern", `{"type":"usernameGenerator","attributes":{"patterns":[""]}}`, nil, nil, illegal("attributes.patterns[0]", "not empty")},
		{"counter before the last pattern", `{"type":"usernameGenerator","attributes":{"patterns":["a${uniqueCounter}","b"]}}`, nil, nil, illegal("attributes.patterns[0]", "must be the last")},
		{"broken variable", `{"type":"usernameGenerator","attributes":{"patterns":["$a"],"a":{"type":"x"}}}`, nil, nil, illegal("attributes.a.type", "no such type")},
		{"sourceCheck is a number", `{"type":"usernameGenerator","attributes":{"patterns":["a"],"sourceCheck":1}}`, nil, nil, illegal("attributes.sourceCheck", "true or false")},
	})
}
