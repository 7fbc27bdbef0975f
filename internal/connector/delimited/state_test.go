package delimited_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestList_states(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		config   attributes
		header   string
		cells    []string
		disabled []string
		locked   []string
	}{
		"disabled by name": {header: "Disabled", cells: []string{"true", "YES", "1", "", "no"}, disabled: []string{"true", "YES", "1"}},
		"enabled by name":  {header: "enabled", cells: []string{"true", "No", "0", ""}, disabled: []string{"No", "0"}},
		"status by name": {header: "STATUS", cells: []string{"Active", "inactive", "Disabled", "suspended", ""},
			disabled: []string{"inactive", "Disabled", "suspended"}},
		"locked by name":              {header: "locked", cells: []string{"true", "false"}, locked: []string{"true"}},
		"no known column":             {header: "state", cells: []string{"disabled", "true"}},
		"column":                      {config: attributes{"disabledColumn": "state"}, header: "state", cells: []string{"off", "y"}, disabled: []string{"y"}},
		"column with a known meaning": {config: attributes{"disabledColumn": "enabled"}, header: "enabled", cells: []string{"y", "n"}, disabled: []string{"n"}},
		"column and value": {config: attributes{"disabledColumn": "state", "disabledValue": "Gone"}, header: "state",
			cells: []string{"gone", "GONE", "true"}, disabled: []string{"gone", "GONE"}},
		"value that is a number": {config: attributes{"disabledColumn": "state", "disabledValue": 512.0}, header: "state",
			cells: []string{"512", "514"}, disabled: []string{"512"}},
		"locked column and value": {config: attributes{"lockedColumn": "state", "lockedValue": "L"}, header: "state",
			cells: []string{"l", "true"}, locked: []string{"l"}},
		"locked column": {config: attributes{"lockedColumn": "state"}, header: "state", cells: []string{"t", "f"}, locked: []string{"t"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := "id," + tt.header + "\n"
			for _, cell := range tt.cells {
				file += "x" + cell + "," + cell + "\n"
			}
			got := upload(t, tt.config, strings.NewReader(file))
			if got.err != nil {
				t.Fatal(got.err)
			}
			var disabled, locked []string
			for _, object := range got.recorder.Objects {
				if object.Disabled {
					disabled = append(disabled, object.Identity[1:])
				}
				if object.Locked {
					locked = append(locked, object.Identity[1:])
				}
			}
			if diff := cmp.Diff([][]string{tt.disabled, tt.locked}, [][]string{disabled, locked}); diff != "" {
				t.Error(diff)
			}
		})
	}
}
