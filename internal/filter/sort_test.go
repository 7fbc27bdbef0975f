package filter_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"midgard/internal/filter"
)

var sortable = []string{"name", "type", "modified", "source.name"}

func TestCompileSorters(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text string
		want []filter.Sort
	}{
		{"", nil},
		{" \t", nil},
		{"name", []filter.Sort{{Field: "name"}}},
		{"-name", []filter.Sort{{Field: "name", Descending: true}}},
		{"type,-modified", []filter.Sort{{Field: "type"}, {Field: "modified", Descending: true}}},
		{" source.name ,\u00a0-name\n", []filter.Sort{{Field: "source.name"}, {Field: "name", Descending: true}}},
	}
	for _, tt := range tests {
		got, err := filter.CompileSorters(tt.text, sortable)
		if err != nil {
			t.Errorf("%q: %v", tt.text, err)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", tt.text, diff)
		}
	}
}

func TestCompileSortersErrors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text, token string
		pos               int
		reason            string
	}{
		{"unknown field", "name, -owner", "-owner", 7, "unknown field; allowed: name, type, modified, source.name"},
		{"field in another case", "Name", "Name", 1, "unknown field"},
		{"position counts characters", "\u00a0é", "é", 2, "unknown field"},
		{"empty first entry", ",name", ",", 1, "expected the name of a field"},
		{"empty middle entry", "name, ,type", ",", 7, "expected the name of a field"},
		{"empty last entry", "name, ", "", 0, "ends too early"},
		{"only a comma", ",", ",", 1, "expected the name of a field"},
		{"only a sign", "name,-", "-", 6, `after "-"`},
		{"two signs", "--name", "--name", 1, "unknown field"},
		{"blank after the sign", "- name", "- name", 1, "unknown field"},
		{"no comma", "name type", "name type", 1, "unknown field"},
		{"twice", "name,type, name", "name", 12, `field "name" occurs twice`},
		{"twice in both directions", "name,-name", "-name", 6, `field "name" occurs twice`},
		{"long token", strings.Repeat("x", 100), strings.Repeat("x", 60) + "…", 1, "unknown field"},
		{"invalid UTF-8", "name\xff", "\xff", 5, "not valid UTF-8"},
		{"too long", strings.Repeat(" ", filter.MaxTextBytes+1), "", 0, "longer than 8192 bytes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := filter.CompileSorters(tt.text, sortable)
			wantError(t, err, filter.ParamSorters, tt.token, tt.pos, tt.reason)
		})
	}
	_, err := filter.CompileSorters("name", nil)
	wantError(t, err, filter.ParamSorters, "name", 1, "this list has no sorters")
}
