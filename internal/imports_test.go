// Package internal_test holds the test of the architecture: who may import whom.
package internal_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// allowed says which packages of this module each package may import, outside tests. A name that ends in /* stands for all
// packages below. Change it together with ARCHITECTURE.md.
var allowed = map[string]string{
	"internal": "",

	// the domain, and languages that know nothing of it
	"internal/governance": "",
	"internal/filter":     "",
	"internal/jsondoc":    "",
	"internal/jsonpatch":  "internal/jsondoc",
	"internal/contract":   "internal/filter",
	"internal/connector":  "",
	"internal/secret":     "",
	"internal/config":     "",

	"internal/transform":          "internal/governance internal/jsondoc internal/transform/javadate internal/transform/velocity",
	"internal/transform/javadate": "",
	"internal/transform/velocity": "",

	// work that is more than rows
	"internal/job":        "internal/governance",
	"internal/approval":   "internal/governance",
	"internal/mail":       "internal/governance",
	"internal/auth":       "internal/governance",
	"internal/form":       "internal/governance",
	"internal/succession": "internal/governance internal/job",
	"internal/source":     "internal/governance internal/connector internal/jsondoc internal/job",
	"internal/provision":  "internal/governance internal/connector internal/jsondoc internal/job internal/source internal/transform",
	"internal/aggregate":  "internal/governance internal/connector internal/jsondoc internal/job internal/source internal/transform",

	// adapters: they know the domain and never each other
	"internal/store":               "internal/governance internal/filter",
	"internal/api":                 "internal/governance internal/filter internal/contract internal/jsondoc internal/jsonpatch internal/auth internal/approval internal/connector internal/source internal/aggregate internal/provision internal/transform internal/form",
	"internal/connector/delimited": "internal/connector",
	"internal/connector/ldap":      "internal/connector",
	"internal/connector/local":     "internal/connector",
	"internal/connector/builtin":   "internal/connector internal/connector/*",
	"client":                       "",

	// the one place that wires, and the programs
	"internal/app":      "*",
	"cmd/midgard":       "client examples internal/app internal/config",
	"examples":          "",
	"examples/generate": "",
	"bench":             "*",

	// tests and nothing else
	"internal/proof": "",

	// only tests import these
	"internal/app/apptest":             "client internal/app internal/auth internal/config internal/contract internal/contract/contracttest internal/governance internal/testenv internal/store internal/secret",
	"internal/testenv":                 "",
	"internal/store/storetest":         "internal/store internal/testenv",
	"internal/connector/connectortest": "internal/connector",
	"internal/contract/contracttest":   "internal/contract internal/filter",
}

// standardOnly are the packages that import nothing but the standard library and each other.
var standardOnly = []string{"internal/governance", "internal/filter", "internal/jsondoc", "internal/jsonpatch", "internal/connector", "internal/transform/javadate", "internal/transform/velocity"}

func TestImports(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "midgard/...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		pkg := strings.TrimPrefix(words[0], "midgard/")
		rule, known := allowed[pkg]
		if !known {
			t.Errorf("package %s has no rule: add it here and to ARCHITECTURE.md", pkg)
			continue
		}
		for _, imported := range words[1:] {
			if name, ours := strings.CutPrefix(imported, "midgard/"); ours && !permits(rule, name) {
				t.Errorf("%s imports %s, which the architecture does not allow", pkg, name)
			} else if !ours && slices.Contains(standardOnly, pkg) && strings.Contains(imported, ".") {
				t.Errorf("%s imports %s; it may use the standard library only", pkg, imported)
			}
		}
	}
}

func permits(rule, name string) bool {
	for pattern := range strings.FieldsSeq(rule) {
		if pattern == "*" || pattern == name {
			return true
		}
		if prefix, ok := strings.CutSuffix(pattern, "*"); ok && strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}
