package transform_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"midgard/internal/governance"
	"midgard/internal/transform"
)

func TestAttributes(t *testing.T) {
	t.Parallel()
	check(t, []row{
		{"of an account", `{"type":"accountAttribute","attributes":{"sourceName":"HR","attributeName":"department"}}`, "ignored", "Science", nil},
		{"null of an account", `{"type":"accountAttribute","attributes":{"sourceName":"HR","attributeName":"absent"}}`, nil, nil, nil},
		{"of an identity", `{"type":"identityAttribute","attributes":{"name":"email"}}`, "ignored", "jd@example.org", nil},
		{"null of an identity", absent, nil, nil, nil},
		{"no source", `{"type":"accountAttribute","attributes":{"attributeName":"department"}}`, nil, nil, &refusal{governance.Required, "attributes.sourceName", ""}},
		{"no attribute", `{"type":"accountAttribute","attributes":{"applicationId":"1"}}`, nil, nil, &refusal{governance.Required, "attributes.attributeName", ""}},
		{"no attributes at all", `{"type":"accountAttribute"}`, nil, nil, &refusal{governance.Required, "attributes.attributeName", ""}},
		{"source is a number", `{"type":"accountAttribute","attributes":{"sourceName":5,"attributeName":"a"}}`, nil, nil, illegal("attributes.sourceName", "a string")},
		{"descending is a number", `{"type":"accountAttribute","attributes":{"sourceName":"a","attributeName":"a","accountSortDescending":1}}`, nil, nil, illegal("attributes.accountSortDescending", "true or false")},
		{"no name", `{"type":"identityAttribute","attributes":{}}`, nil, nil, &refusal{governance.Required, "attributes.name", ""}},
		{"filter of something that cannot be searched", `{"type":"accountAttribute","attributes":{"sourceName":"a","attributeName":"a","accountFilter":"status == \"x\""}}`, nil, nil, illegal("attributes.accountFilter", `"status" cannot be searched for`)},
		{"broken filter", `{"type":"accountAttribute","attributes":{"sourceName":"a","attributeName":"a","accountPropertyFilter":"status = 1"}}`, nil, nil, illegal("attributes.accountPropertyFilter", "at position 8")},
	})
}

func TestErrorOfTheContextStays(t *testing.T) {
	t.Parallel()
	_, err := evaluate(`{"type":"upper","attributes":{"input":{"type":"accountAttribute","attributes":{"sourceName":"down","attributeName":"x"}}}}`, nil)
	if !errors.Is(err, errDown) {
		t.Errorf("got %v", err)
	}
}

// TestBareContext evaluates what needs something of a context that has nothing.
func TestBareContext(t *testing.T) {
	t.Parallel()
	for definition, text := range map[string]string{
		`{"type":"accountAttribute","attributes":{"sourceName":"HR","attributeName":"a"}}`: "an attribute of an account cannot be used here",
		`{"type":"identityAttribute","attributes":{"name":"a"}}`:                           "an attribute of an identity cannot be used here",
		`{"type":"displayName","attributes":{}}`:                                           "an attribute of an identity cannot be used here",
		`{"type":"usernameGenerator","attributes":{"patterns":["a"]}}`:                     "usernameGenerator",
		`{"type":"rule","attributes":{"name":"Cloud Services Deployment Utility","operation":"getReferenceIdentityAttribute","uid":"manager","attributeName":"a"}}`: "another identity",
	} {
		compiled, err := transform.Compile(json.RawMessage(definition), nil)
		if err != nil {
			t.Fatal(err)
		}
		_, err = compiled.Eval(&transform.Context{}, transform.Null())
		illegal("", text).check(t, err)
	}
	compiled, err := transform.Compile(json.RawMessage(`{"type":"dateMath","attributes":{"expression":"now/y"}}`), nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := compiled.Eval(&transform.Context{}, transform.Null())
	if year := fmt.Sprint(time.Now().UTC().Year()); err != nil || !strings.HasPrefix(got.Text, year) {
		t.Errorf("now without a moment: got %v, %v, want the year %s", got, err, year)
	}
}

// TestNeeds asks a transform what it will ask for.
func TestNeeds(t *testing.T) {
	t.Parallel()
	const hr = `{"type":"accountAttribute","attributes":{"sourceName":"HR","attributeName":"a","accountSortAttribute":"b","accountSortDescending":true,"accountReturnFirstLink":"true"}}`
	compiled, err := transform.Compile(json.RawMessage(`{"type":"firstValid","attributes":{"values":[`+hr+`,`+hr+`,
		{"type":"accountAttribute","attributes":{"applicationId":"7","applicationName":"HR [source]","attributeName":"a"}},
		{"type":"identityAttribute","attributes":{"name":"email"}},{"type":"identityAttribute","attributes":{"name":"email"}},{"type":"displayName","attributes":{}},
		{"type":"usernameGenerator","attributes":{"patterns":["a"],"sourceCheck":true}},
		{"type":"rule","attributes":{"name":"Cloud Services Deployment Utility","operation":"getReferenceIdentityAttribute","uid":"manager","attributeName":"a"}}]}}`), nil)
	if err != nil {
		t.Fatal(err)
	}
	wanted := []transform.AccountQuery{
		{SourceName: "HR", Attribute: "a", SortAttribute: "b", Descending: true, FirstLink: true},
		{SourceID: "7", ApplicationName: "HR [source]", Attribute: "a", SortAttribute: transform.SortCreated},
	}
	if diff := cmp.Diff(wanted, compiled.Accounts()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"email", "preferredName", "firstname", "lastname"}, compiled.IdentityAttributes()); diff != "" {
		t.Error(diff)
	}
	if !compiled.ReadsOtherIdentities() || !compiled.GeneratesUsernames() || !compiled.ChecksSource() || !compiled.Changing() {
		t.Error("something that the transform needs is not told")
	}
	plain, err := transform.Compile(json.RawMessage(`{"type":"upper"}`), nil)
	if err != nil || plain.ReadsOtherIdentities() || plain.GeneratesUsernames() || plain.ChecksSource() || plain.Changing() || plain.Accounts() != nil || plain.IdentityAttributes() != nil {
		t.Errorf("a plain transform needs something, or %v", err)
	}
}

// accounts are three of one identity, the second the oldest.
func accounts() []transform.Account {
	account := func(id string, created int, attributes map[string][]string) transform.Account {
		return transform.Account{
			NativeIdentity: id, DisplayName: "SVC-" + id, HasEntitlements: id == "b", Created: wednesday.AddDate(0, 0, created),
			Attribute: func(name string) []string { return attributes[name] },
		}
	}
	return []transform.Account{
		account("a", 0, map[string][]string{"status": {"active"}, "rank": {"10"}, "mail": {"a@x", "other@x"}, "groups": {"Admin", "Staff"}}),
		account("b", -9, map[string][]string{"status": {"terminated"}, "rank": {"9"}, "groups": {"staff"}}),
		account("c", 3, map[string][]string{"status": {"active"}, "mail": {"c@x"}}),
	}
}

func TestPick(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, options string
		want          any
	}{
		{"oldest that has a value", `"attributeName":"mail"`, "a@x"},
		{"oldest", `"attributeName":"status"`, "terminated"},
		{"newest", `"attributeName":"status","accountSortDescending":true`, "active"},
		{"first though null", `"attributeName":"mail","accountReturnFirstLink":true`, nil},
		{"newest, first though null", `"attributeName":"mail","accountReturnFirstLink":true,"accountSortDescending":"true"`, "c@x"},
		{"by number", `"attributeName":"rank","accountSortAttribute":"rank"`, "9"},
		{"by number, descending", `"attributeName":"rank","accountSortAttribute":"rank","accountSortDescending":true`, "10"},
		{"without the sort attribute last", `"attributeName":"mail","accountSortAttribute":"mail","accountSortDescending":true`, "c@x"},
		{"nobody has it", `"attributeName":"absent"`, nil},
		{"account filter", `"attributeName":"status","accountFilter":"!(nativeIdentity.startsWith(\"b\"))"`, "active"},
		{"account filter on entitlements", `"attributeName":"status","accountFilter":"entitlements == true"`, "terminated"},
		{"account filter on the name", `"attributeName":"mail","accountFilter":"displayName.endsWithIgnoreCase(\"-C\")"`, "c@x"},
		{"property filter", `"attributeName":"status","accountPropertyFilter":"(status != \"terminated\")"`, "active"},
		{"both filters", `"attributeName":"status","accountFilter":"nativeIdentity == \"a\"","accountPropertyFilter":"status == \"terminated\""`, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			compiled, err := transform.Compile(json.RawMessage(`{"type":"accountAttribute","attributes":{"sourceName":"HR",`+test.options+`}}`), nil)
			if err != nil {
				t.Fatal(err)
			}
			query := compiled.Accounts()[0]
			if got := query.Pick(accounts()); got != value(test.want) {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestAccountFilter(t *testing.T) {
	t.Parallel()
	tests := []struct{ filter, pass string }{ // the ids of the accounts that pass
		{`status == "active"`, "ac"},
		{`status != "active"`, "b"},
		{`mail == null`, "b"},
		{`mail != null`, "ac"},
		{`mail.isNull()`, "b"},
		{`mail.isEmpty()`, "b"},
		{`mail.notNull()`, "ac"},
		{`rank > 9`, "a"},
		{`rank >= 9.0`, "ab"},
		{`rank < 10`, "b"},
		{`rank <= 10`, "ab"},
		{`status == "active" && rank == 10`, "a"},
		{`status == "terminated" || rank == 10`, "ab"},
		{`status == "active" && (rank == 10 || mail.contains("c@"))`, "ac"},
		{`!status.contains("act")`, "b"},
		{`! ! status.contains("act")`, "ac"},
		{`groups.contains("Adm")`, "a"},
		{`groups.containsAll({"Admin"})`, "a"},
		{`groups.containsAll({"Admin", "staff"})`, ""},
		{`groups.containsAllIgnoreCase({"STAFF"})`, "ab"},
		{`(groups.containsAll({"Admin"}) || nativeIdentity == "c")`, "ac"},
		{`nativeIdentity.in({"a","c"})`, "ac"},
		{`nativeIdentity.inIgnoreCase({"A"})`, "a"},
		{`nativeIdentity.in({})`, ""},
		{`nativeIdentity.equalsIgnoreCase("B")`, "b"},
		{`displayName.startsWithIgnoreCase("svc-a")`, "a"},
		{`displayName == "SVC-\"a"`, ""},
		{` entitlements==false `, "ac"},
	}
	for _, test := range tests {
		t.Run(test.filter, func(t *testing.T) {
			t.Parallel()
			query := compiledFilter(t, test.filter)
			passed := ""
			for _, account := range accounts() {
				query.Attribute = "id"
				inner := account.Attribute
				account.Attribute = func(name string) []string {
					if name == "id" {
						return []string{account.NativeIdentity}
					}
					return inner(name)
				}
				passed += query.Pick([]transform.Account{account}).Text
			}
			if passed != test.pass || query.PropertyFilter.String() != test.filter {
				t.Errorf("%q pass %s", passed, query.PropertyFilter)
			}
		})
	}
}

func filtered(filter string) json.RawMessage {
	quoted, _ := json.Marshal(filter) // a text never fails
	return json.RawMessage(`{"type":"accountAttribute","attributes":{"sourceName":"HR","attributeName":"a","accountPropertyFilter":` + string(quoted) + `}}`)
}

func compiledFilter(t *testing.T, filter string) transform.AccountQuery {
	t.Helper()
	compiled, err := transform.Compile(filtered(filter), nil)
	if err != nil {
		t.Fatal(err)
	}
	return compiled.Accounts()[0]
}

func TestAccountFilterRefuses(t *testing.T) {
	t.Parallel()
	for filter, text := range map[string]string{
		`a`: `should follow "a"`, `== "x"`: "name of an attribute", `a == `: "a text in double quotes", `a == x`: "a text in double quotes",
		`a == "x`: "closing quote", `(a == "x"`: "a ) is missing", `a == "x")`: "should end", `a == "x" b`: "should end", `a.matches("x")`: `no call "matches"`,
		`a.contains("x"`: "a ) is missing", `a.contains(null)`: "not null", `a > null`: "no order", `a.in("x")`: "list in braces", `a.in({"x" "y"})`: "a comma",
		`a == "x" &&`: "name of an attribute", `.contains("x")`: "should follow", strings.Repeat("!", 40) + "a.isNull()": "deeper than 32", strings.Repeat("(", 40): "deeper than 32",
		"a == \"" + strings.Repeat("x", 5000) + `"`: "at most 4096",
	} {
		_, err := transform.Compile(filtered(filter), nil)
		illegal("attributes.accountPropertyFilter", text).check(t, err)
	}
}
