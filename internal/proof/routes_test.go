//go:build unix

package proof_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"midgard/internal/contract"
)

// methods are those of the contract, in the order in which an answer lists the allowed ones.
var methods = []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}

// TestServedIsWhatTheTableSays asks for every operation, for every other method on its path, and for paths around it that
// are no operation's.
func TestServedIsWhatTheTableSays(t *testing.T) {
	t.Parallel()
	p := oneEngine(t)
	operations := contract.Operations()
	paths := map[string]bool{}
	for i := range operations {
		for _, path := range neighbours(&operations[i]) {
			paths[path] = true
		}
	}
	asked := slices.Sorted(maps.Keys(paths))
	inParallel(len(asked), func(i int) {
		allowed := allowedMethods(operations, asked[i])
		tried := []string{http.MethodGet, http.MethodDelete}
		if len(allowed) > 0 {
			tried = append([]string{http.MethodOptions, http.MethodTrace}, methods...)
		}
		for _, method := range tried {
			p.checkServed(t, method, asked[i], allowed)
		}
	})
	t.Logf("%d operations, %d paths", len(operations), len(asked))
}

// neighbours gives the path of an operation and others that differ in little: shorter, longer, of other versions.
func neighbours(op *contract.Operation) []string {
	path := pathParameter.ReplaceAllString(op.Path, unknownID)
	segments := strings.Split(path[1:], "/")
	list := []string{path, path + "/more", path + "x"}
	for n := 1; n < len(segments); n++ {
		list = append(list, "/"+strings.Join(segments[:n], "/"))
	}
	for i, segment := range segments {
		if segment != op.Version {
			continue
		}
		for _, version := range []string{"v2023", "v2024", "v2025", "v2026", "v3", "beta", "v1", "v2", "v9", "V1"} {
			other := slices.Clone(segments)
			other[i] = version
			list = append(list, "/"+strings.Join(other, "/"))
		}
	}
	return list
}

// allowedMethods gives the methods of all operations that a path belongs to.
func allowedMethods(operations []contract.Operation, path string) []string {
	found := map[string]bool{}
	for i := range operations {
		if fits(operations[i].Path, path) {
			found[operations[i].Method] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(methods), func(m string) bool { return !found[m] })
}

func fits(template, path string) bool {
	want, got := strings.Split(template, "/"), strings.Split(path, "/")
	return slices.EqualFunc(want, got, func(w, g string) bool { return w == g || strings.HasPrefix(w, "{") && g != "" })
}

// checkServed asks without a token: an operation wants one before it says anything else.
func (p *prover) checkServed(t *testing.T, method, path string, allowed []string) {
	t.Helper()
	a := p.ask(t, &question{method: method, path: path})
	code, text := a.failure()
	switch {
	case slices.Contains(allowed, method):
		if a.status != http.StatusUnauthorized {
			t.Errorf("%s %s is in the table and answers %d %s", method, path, a.status, a.body)
		}
	case len(allowed) > 0:
		if list := strings.Join(allowed, ", "); a.status != http.StatusMethodNotAllowed || a.header.Get("Allow") != list || code != "405 Method Not Allowed" || !strings.Contains(text, method) {
			t.Errorf("%s %s is not in the table, but %s are: %d %q %s", method, path, list, a.status, a.header.Get("Allow"), a.body)
		}
	default:
		if a.status != http.StatusNotFound || code != "404 Not found" || text != "The server did not find a current representation for the target resource." {
			t.Errorf("%s %s is nothing of the table's: %d %s", method, path, a.status, a.body)
		}
	}
}

// TestDescriptionIsTheTable compares the operations of the API's own description with the table.
func TestDescriptionIsTheTable(t *testing.T) {
	t.Parallel()
	p := oneEngine(t)
	var document struct {
		Paths map[string]map[string]any
	}
	a := p.ask(t, &question{method: http.MethodGet, path: "/openapi.json"})
	if err := json.Unmarshal(a.body, &document); err != nil {
		t.Fatal(err)
	}
	var described, want []string
	for path, item := range document.Paths {
		for method := range item {
			described = append(described, strings.ToUpper(method)+" "+path)
		}
	}
	for _, op := range contract.Operations() {
		want = append(want, op.Pattern())
	}
	slices.Sort(described)
	slices.Sort(want)
	if diff := cmp.Diff(want, described); diff != "" {
		t.Errorf("the description (-table +description):\n%s", diff)
	}
}
