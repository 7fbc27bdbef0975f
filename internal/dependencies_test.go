package internal_test

import (
	"maps"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestDependenciesAreExplained wants a line in docs/dependencies.md for each module that go.mod requires directly, and
// none for others.
func TestDependenciesAreExplained(t *testing.T) {
	t.Parallel()
	explained := tableRows(t, "../docs/dependencies.md")
	direct := directModules(t)
	for module := range direct {
		if _, found := explained[module]; !found {
			t.Errorf("docs/dependencies.md does not say why there is %s", module)
		}
	}
	for module := range explained {
		if !direct[module] {
			t.Errorf("docs/dependencies.md explains %s, which go.mod does not require directly", module)
		}
	}
}

// TestDirectModulesAreImported holds go.mod against the imports: a module is direct when some package of ours, or one of
// its tests, imports it.
func TestDirectModulesAreImported(t *testing.T) {
	t.Parallel()
	direct := directModules(t)
	used := map[string]bool{}
	for path := range strings.FieldsSeq(goList(t, "-f", `{{join .Imports " "}} {{join .TestImports " "}} {{join .XTestImports " "}}`, "midgard/...")) {
		if first, _, _ := strings.Cut(path, "/"); !strings.Contains(first, ".") {
			continue // the standard library and ourselves
		}
		module := moduleOf(path, direct)
		if module == "" {
			t.Errorf("%s is imported, but go.mod requires no module of it directly", path)
		}
		used[module] = true
	}
	for module := range direct {
		if !used[module] {
			t.Errorf("go.mod requires %s directly, but nothing imports it", module)
		}
	}
}

// moduleOf finds the module of a package by the longest path that fits.
func moduleOf(path string, modules map[string]bool) string {
	found := ""
	for module := range modules {
		if (path == module || strings.HasPrefix(path, module+"/")) && len(module) > len(found) {
			found = module
		}
	}
	return found
}

// TestSQLiteHasItsOwnLibc compares the version of modernc.org/libc with the one that modernc.org/sqlite was generated for:
// its authors promise nothing for any other.
func TestSQLiteHasItsOwnLibc(t *testing.T) {
	t.Parallel()
	const libc = "modernc.org/libc"
	wanted, err := os.ReadFile(strings.TrimSpace(goList(t, "-m", "-f", "{{.GoMod}}", "modernc.org/sqlite")))
	if err != nil {
		t.Fatal(err)
	}
	used := libc + " " + strings.TrimSpace(goList(t, "-m", "-f", "{{.Version}}", libc))
	if !slices.ContainsFunc(strings.Split(string(wanted), "\n"), func(line string) bool { return strings.Contains(line+" ", used+" ") }) {
		t.Errorf("modernc.org/sqlite asks for another version than %s", used)
	}
}

// TestArchitectureTable keeps the import rule of ARCHITECTURE.md equal to the one that is tested. Packages that only tests
// import are told there in one line.
func TestArchitectureTable(t *testing.T) {
	t.Parallel()
	told := map[string]string{}
	for packages, rule := range tableRows(t, "../ARCHITECTURE.md") {
		for pkg := range strings.FieldsSeq(packages) {
			told[inModule(pkg)] = rule
		}
	}
	for _, pkg := range slices.Sorted(maps.Keys(allowed)) {
		if strings.HasSuffix(pkg, "test") || strings.HasSuffix(pkg, "testenv") || pkg == "internal" {
			continue
		}
		rule, found := told[pkg]
		if want := shortened(allowed[pkg]); !found || sorted(rule) != sorted(want) {
			t.Errorf("ARCHITECTURE.md says of %s: %q; the test of the imports says %q", pkg, rule, want)
		}
		delete(told, pkg)
	}
	for pkg := range told {
		t.Errorf("ARCHITECTURE.md has a rule for %s, which the test of the imports does not know", pkg)
	}
}

// inModule is a package of the table with its folder: names without one are below internal.
func inModule(pkg string) string {
	if slices.Contains([]string{"client", "cmd/midgard", "examples", "examples/generate", "bench"}, pkg) {
		return pkg
	}
	return "internal/" + pkg
}

func shortened(rule string) string { return strings.ReplaceAll(rule, "internal/", "") }

func sorted(words string) string {
	list := strings.Fields(words)
	slices.Sort(list)
	return strings.Join(list, " ")
}

var code = regexp.MustCompile("`([^`]+)`")

// tableRows reads the rows of a document's tables that begin with code: the first cell's code words, blanks between them,
// to those of the second cell.
func tableRows(t *testing.T, file string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if cells := strings.Split(line, "|"); strings.HasPrefix(line, "| `") && len(cells) > 3 {
			rows[codeOf(cells[1])] = codeOf(cells[2])
		}
	}
	return rows
}

func codeOf(cell string) string {
	var words []string
	for _, match := range code.FindAllStringSubmatch(cell, -1) {
		words = append(words, match[1])
	}
	return strings.Join(words, " ")
}

// directModules reads go.mod: what it requires without the mark "indirect".
func directModules(t *testing.T) map[string]bool {
	t.Helper()
	text, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	direct := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(strings.TrimPrefix(line, "require "))
		if len(words) == 2 && strings.HasPrefix(words[1], "v") {
			direct[words[0]] = true
		}
	}
	return direct
}

func goList(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.Command("go", append([]string{"list"}, args...)...).Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	return string(out)
}
