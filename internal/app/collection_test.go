//go:build unix

package app_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"midgard/internal/app/apptest"
)

// TestCollections asks for what clients send in the query of a list. That every list answers every filter and sorter as it
// should is proved in package proof.
func TestCollections(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		in := newInventory(t, s)
		t.Run("pages", in.testPages)
		t.Run("bounds", in.testBounds)
		t.Run("totals", in.testTotals)
		t.Run("filters and sorters", in.testListErrors)
		t.Run("encodings", in.testQueryEncodings)
	})
}

func (in inventory) testPages(t *testing.T) {
	all := apptest.Texts(in.Admin.List(t, accountsPath, "sorters", "name"), "id")
	if len(all) != 8 {
		t.Fatalf("%d rows", len(all))
	}
	for offset := range 10 {
		for _, limit := range []int{1, 3, 8, 250} {
			got := apptest.Texts(in.Admin.List(t, accountsPath, "sorters", "name", "offset", fmt.Sprint(offset), "limit", fmt.Sprint(limit)), "id")
			want := all[min(offset, 8):min(offset+limit, 8)]
			if !slices.Equal(got, want) {
				t.Errorf("offset %d limit %d: %v, want %v", offset, limit, got, want)
			}
		}
	}
	first := in.Admin.Get(t, accountsPath).Text
	for range 3 { // without sorters the order is as stable
		if again := in.Admin.Get(t, accountsPath).Text; again != first {
			t.Errorf("%s\nthen %s", first, again)
		}
	}
}

func (in inventory) testBounds(t *testing.T) {
	for query, refusal := range map[string][2]string{
		"limit=251":                  {"400.1.4 Limit violation", "'limit' is 251; at most 250"},
		"limit=-1":                   {"400.1.3 Illegal value", `"-1"`},
		"limit=ten":                  {"400.1.3 Illegal value", `"ten"`},
		"limit=1.5":                  {"400.1.3 Illegal value", `"1.5"`},
		"offset=-1":                  {"400.1.3 Illegal value", `"offset"`},
		"offset=x":                   {"400.1.3 Illegal value", `"offset"`},
		"offset=2147483648":          {"400.1.4 Limit violation", "'offset'"},
		"limit=99999999999999999999": {"400.1", "limit"},
		"count=maybe":                {"400.1.3 Illegal value", "use true or false"},
		"filters=%zz":                {"400.1 Bad Request Content", "query string"},
	} {
		got := in.Admin.Get(t, accountsPath+"?"+query)
		code, _ := got.Field("detailCode").(string)
		if !strings.HasPrefix(code, refusal[0]) || got.Status != 400 {
			t.Errorf("%s: %d %s", query, got.Status, got.Text)
			continue
		}
		got.Refused(t, code, refusal[1])
	}
	for _, query := range []string{"offset=8", "offset=2147483647", "limit=0", "offset=600"} {
		in.Admin.Get(t, accountsPath+"?"+query).Want(t, 200, "[]")
	}
	for _, query := range []string{"limit=", "offset=", "count=", "filters=", "sorters=", "unknown=1", "filters=%20"} {
		if rows := in.Admin.Get(t, accountsPath+"?"+query).Rows(t); len(rows) != 8 {
			t.Errorf("%s: %d rows", query, len(rows))
		}
	}
}

func (in inventory) testTotals(t *testing.T) {
	for query, total := range map[string]string{
		"": "", "count=false": "", "count=0": "", "count=F": "", "count=true": "8", "count=1": "8", "count=TRUE": "8", "count=t": "8",
		"count=true&limit=0": "8", "count=true&offset=100": "8", "count=true&limit=2&offset=1": "8",
		"count=true&filters=locked+eq+true": "2", "count=true&filters=name+eq+%22nobody%22": "0",
	} {
		got := in.Admin.Get(t, accountsPath+"?"+query).Want(t, 200)
		if got.Header.Get("X-Total-Count") != total {
			t.Errorf("%s: the total is %q, want %q", query, got.Header.Get("X-Total-Count"), total)
		}
	}
}

func (in inventory) testListErrors(t *testing.T) {
	for filters, part := range map[string]string{
		`colour eq "red"`:             `"colour" at position 1`,
		`name eq "a" and colour eq 1`: `"colour" at position 17`,
		`name co "a"`:                 `"co" at position 6`,
		`id sw "a"`:                   `allowed: eq, in`,
		`name EQ "a"`:                 `"EQ" at position 6`,
		`name eq`:                     `ends too early`,
		`name eq "a`:                  `no closing quote`,
		`name eq "a\n"`:               `unknown escape`,
		`name eq "a" or`:              `ends too early`,
		`(name eq "a"`:                `ends too early`,
		`name eq "a")`:                `")" at position 12`,
		`name in "a"`:                 `"\"a\"" at position 9`,
		`name in ()`:                  `")"`,
		`name in ("a" "b")`:           `"\"b\"" at position 14`,
		`locked eq yes`:               `"yes" at position 11`,
		`created gt yesterday`:        `"yesterday" at position 12`,
		`created gt 2018-13-01`:       `takes a time`,
		`attributes eq "a"`:           `NAME=VALUE`,
		`name`:                        `ends too early`,
		`eq eq eq`:                    `"eq" at position 1`,
		`not`:                         `ends too early`,
		`name isnull`:                 `"isnull"`,
		strings.Repeat("not ", 40) + `name eq "a"`:    `nested`,
		`name eq "` + strings.Repeat("x", 8200) + `"`: `longer than`,
		`name sw "` + strings.Repeat("x", 1000) + `"`: `at most`,
		"name eq \"\x00\"":                            `U+0000`,
		"name eq \"\xff\"":                            `UTF-8`,
	} {
		got := in.Admin.Get(t, apptest.Query(accountsPath, "filters", filters))
		code, _ := got.Field("detailCode").(string)
		if got.Status != 400 {
			t.Errorf("%.60s: %d %s", filters, got.Status, got.Text)
			continue
		}
		got.Refused(t, code, "filters", part)
	}
	for sorters, part := range map[string]string{
		"colour": `"colour" at position 1`, "name,colour": `"colour" at position 6`, "name,": "too early", ",name": `","`, "-": `"-"`, "name,-name": "twice",
		"+name": `"+name"`, "name desc": `"name desc"`,
	} {
		in.Admin.Get(t, apptest.Query(accountsPath, "sorters", sorters)).Refused(t, "400.1.3 Illegal value", "sorters", part)
	}
	in.Admin.Get(t, apptest.Query("/accounts/v1/"+in.account(t, "m1").Text("id")+"/entitlements", "filters", "x eq 1")).Want(t, 200)
}

// testQueryEncodings: clients encode a blank as + and as %20, and leave out quotation marks where the language lets them.
func (in inventory) testQueryEncodings(t *testing.T) {
	for _, query := range []string{
		`filters=name+eq+%22svc-mail%22`, `filters=name%20eq%20%22svc-mail%22`, `filters=name%20eq%20svc-mail`, `filters=name+eq+SVC-MAIL`,
		`filters=` + url.QueryEscape(`  name   eq "svc-mail"  and not ( locked eq true )`), `filters=` + url.QueryEscape(`name in ( "x" ,"svc-mail")`),
		`filters=` + url.QueryEscape(`enabled eq "false" and locked eq "false"`), `filters=` + url.QueryEscape(`created gt 2018 and name sw "svc-m"`),
	} {
		if rows := in.Admin.Get(t, accountsPath+"?"+query).Rows(t); len(rows) != 1 || rows[0].Text("name") != "svc-mail" {
			t.Errorf("%s gives %v", query, apptest.Texts(rows, "name"))
		}
	}
	for _, name := range []string{"Svc-Ärger", `100%_svc\`} {
		if rows := in.Admin.List(t, accountsPath, "filters", "name eq "+quoted(name)); len(rows) != 1 {
			t.Errorf("%q is found %d times", name, len(rows))
		}
	}
	in.Admin.Get(t, accountsPath+"?filters=name+eq+%22a%22;sorters=name").Want(t, 400)
}

// quoted is an operand between quotation marks, as filters write it.
func quoted(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}
