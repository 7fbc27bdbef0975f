package filter_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"midgard/internal/filter"
)

// row holds the values of an item by field; a field that is absent is null.
type row map[string]any

func (r row) get(field string) any { return r[field] }

func TestMatch(t *testing.T) {
	t.Parallel()
	ada := row{
		"id":         "2c918085-8082-150f-0180-893dbaf44201",
		"name":       "Ada ÅSTRÖM",
		"status":     "ACTIVE",
		"enabled":    true,
		"created":    time.Date(2018, 12, 18, 23, 5, 55, 214_900_000, time.UTC),
		"priority":   5.0,
		"features":   []string{"SYNC_PROVISIONING", "ENABLE"},
		"tags":       []string{"a", "B"},
		"attributes": map[string]string{"env": "Prod", "empty": ""},
	}
	null := row{}
	tests := []struct {
		text     string
		ada, nul bool
	}{
		{``, true, true},
		{`name eq "ada åström"`, true, false},
		{`name eq "ada"`, false, false},
		{`name ne "ada åström"`, false, true},
		{`name ne "ada"`, true, true},
		{`not name eq "ada"`, true, true},
		{`not name ne "ada"`, false, false},
		{`name co "ÅS"`, true, false},
		{`name co ""`, true, false},
		{`name sw "ADA "`, true, false},
		{`name sw "str"`, false, false},
		{`name gt "ACE"`, true, false},
		{`name gt "ADA ÅSTRÖM"`, false, false},
		{`name ge "ADA ÅSTRÖM"`, true, false},
		{`name lt "b"`, true, false},
		{`name le "ada åström"`, true, false},
		{`not name gt "a"`, false, true},
		{`name in (x, "ADA åström")`, true, false},
		{`name in (x, y)`, false, false},
		{`not name in (x, y)`, true, true},
		{`pr name`, true, false},
		{`name isnull`, false, true},
		{`not name isnull`, true, false},

		{`status eq ACTIVE`, true, false},
		{`status eq active`, false, false},
		{`status ne active`, true, true},
		{`status co act`, false, false},
		{`status in (active, ACTIVE)`, true, false},

		{`id eq 2C9180858082150F0180893DBAF44201`, true, false},
		{`id ne 2C9180858082150F0180893DBAF44201`, false, true},
		{`id sw 2c918085808215`, true, false},
		{`id sw 2C918085-8082-15`, true, false},
		{`id co 0180-893D`, true, false},
		{`id gt 2c918085808215000180893dbaf44201`, true, false},
		{`id le 2c918085808215000180893dbaf44201`, false, false},
		{`id in ("x", "2c9180858082150f0180893dbaf44201")`, true, false},

		{`enabled eq true`, true, false},
		{`enabled eq false`, false, false},
		{`enabled ne false`, true, true},
		{`enabled in (false, true)`, true, false},

		{`created eq 2018-12-18T23:05:55.214Z`, true, false},
		{`created eq 2018-12-19T00:05:55.2149+01:00`, true, false},
		{`created gt 2018-12-18T23:05:55.214Z`, false, false},
		{`created ge 2018-12-18T23:05:55.214Z`, true, false},
		{`created lt 2018-12-18T23:05:55.215Z`, true, false},
		{`created gt 2018`, true, false},
		{`created le 2018-12-18`, false, false},
		{`created ne 2018`, true, true},
		{`created sw 2018-12-18t23`, true, false},
		{`created co "55.214z"`, true, false},
		{`created sw 2019`, false, false},
		{`created in (2018, "2018-12-18T23:05:55.214Z")`, true, false},

		{`priority eq 5.0`, true, false},
		{`priority gt 4`, true, false},
		{`priority lt 10`, true, false},
		{`priority ge 5.1`, false, false},
		{`priority ne 4`, true, true},
		{`priority in (4, 5e0)`, true, false},

		{`features eq enable`, true, false},
		{`features eq provisioning`, false, false},
		{`features ne enable`, false, true},
		{`features ne disable`, true, true},
		{`features co provisioning`, true, false},
		{`features sw sync`, true, false},
		{`features in (x, enable)`, true, false},
		{`features ca (ENABLE)`, true, false},
		{`features ca (ENABLE, sync_provisioning)`, true, false},
		{`features ca (ENABLE, OTHER)`, false, false},
		{`pr features`, true, false},
		{`isnull features`, false, true},
		{`tags ca (a, B)`, true, false},
		{`tags ca (A)`, false, false},

		{`attributes eq env=prod`, true, false},
		{`attributes eq ENV=prod`, false, false},
		{`attributes eq "empty="`, true, false},
		{`attributes eq "other="`, false, false},
		{`attributes ne env=test`, true, true},

		{`name sw ada and priority eq 5`, true, false},
		{`name sw ada and priority eq 6`, false, false},
		{`name sw eve or priority eq 5`, true, false},
		{`name isnull or priority eq 5`, true, true},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			t.Parallel()
			tree, err := filter.Compile(tt.text, sampleFields)
			if err != nil {
				t.Fatal(err)
			}
			if got := filter.Match(tree, ada.get); got != tt.ada {
				t.Errorf("full row: %v", got)
			}
			if got := filter.Match(tree, null.get); got != tt.nul {
				t.Errorf("row of nulls: %v", got)
			}
		})
	}
}

func TestMatchOfSeveralIDs(t *testing.T) {
	t.Parallel()
	r := row{"id": []string{"EF38F94347E94562B5BB8424A56397D8", "2c918085-8082-150f-0180-893dbaf44201"}}
	tests := map[string]bool{
		`id eq "ef38f943-47e9-4562-b5bb-8424a56397d8"`: true,
		`id sw "2c91"`: true,
		`id ne "2c9180858082150f0180893dbaf44201"`: false,
		`id ne "x"`: true,
		`id isnull`: false,
	}
	for text, want := range tests {
		tree, err := filter.Compile(text, sampleFields)
		if err != nil {
			t.Fatal(err)
		}
		if got := filter.Match(tree, r.get); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}

func TestFieldWithoutValuesIsNull(t *testing.T) {
	t.Parallel()
	tree, err := filter.Compile("features isnull and not features ca (x) and features ne x", sampleFields)
	if err != nil {
		t.Fatal(err)
	}
	if !filter.Match(tree, row{"features": []string{}}.get) {
		t.Error("an empty collection is not null")
	}
}

// The laws that the package comment promises, on random rows and operands.
func TestLaws(t *testing.T) {
	t.Parallel()
	laws := [][2]string{
		{`name ne $a`, `not name eq $a`},
		{`name in ($a, $b)`, `name eq $a or name eq $b`},
		{`features ca ($a, $b)`, `features eq $a and features eq $b`},
		{`pr name`, `not name isnull`},
		{`name ge $a`, `name gt $a or name eq $a`},
		{`name le $a`, `pr name and not name gt $a`},
		{`name lt $a`, `pr name and not name ge $a`},
		{`not (name sw $a and features co $b)`, `not name sw $a or not features co $b`},
		{`not (name sw $a or features co $b)`, `not name sw $a and not features co $b`},
		{`not not name eq $a`, `name eq $a`},
	}
	word := rapid.StringMatching(`[aAbBäÄ]{0,2}`)
	rapid.Check(t, func(t *rapid.T) {
		r := row{"features": rapid.SliceOfN(word, 0, 3).Draw(t, "features")}
		if rapid.Bool().Draw(t, "named") {
			r["name"] = word.Draw(t, "name")
		}
		a := fmt.Sprintf("%q", word.Draw(t, "a"))
		b := fmt.Sprintf("%q", word.Draw(t, "b"))
		for _, law := range laws {
			left, right := matches(t, r, law[0], a, b), matches(t, r, law[1], a, b)
			if left != right {
				t.Fatalf("%s is %v, %s is %v for %s, %s and %v", law[0], left, law[1], right, a, b, r)
			}
		}
	})
}

func matches(t *rapid.T, r row, law, a, b string) bool {
	tree, err := filter.Compile(strings.NewReplacer("$a", a, "$b", b).Replace(law), sampleFields)
	if err != nil {
		t.Fatal(err)
	}
	return filter.Match(tree, r.get)
}
