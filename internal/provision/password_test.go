//go:build unix

package provision_test

import (
	"encoding/json"
	"strings"
	"testing"

	"midgard/internal/governance"
	"midgard/internal/provision"
)

func TestGeneratedPasswords(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		attributes string
		length     int
		special    string
	}{
		{``, 24, "-_.+=!#%"},
		{`{"passwordLength":40,"passwordSpecialCharacters":"§"}`, 40, "§"},
		{`{"passwordLength":1}`, 12, "-_.+=!#%"},
		{`{"passwordLength":1000,"passwordSpecialCharacters":""}`, 128, ""},
	} {
		seen := map[string]bool{}
		for range 200 {
			password, err := provision.Generate(&governance.Source{ConnectorAttributes: json.RawMessage(test.attributes)})
			if err != nil {
				t.Fatal(err)
			}
			classes := []string{"abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789"}
			if test.special != "" {
				classes = append(classes, test.special)
			}
			for _, class := range classes {
				if !strings.ContainsAny(password, class) {
					t.Errorf("%s: none of %q in %q", test.attributes, class, password)
				}
			}
			if strings.Trim(password, strings.Join(classes, "")) != "" || len([]rune(password)) != test.length || seen[password] {
				t.Errorf("%s: %q", test.attributes, password)
			}
			seen[password] = true
		}
	}
	if _, err := provision.Generate(&governance.Source{ConnectorAttributes: json.RawMessage(`{"passwordLength":"long"}`)}); governance.KindOf(err) != governance.Illegal {
		t.Errorf("a length that is none: %v", err)
	}
}
