package contract_test

import (
	"bytes"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"midgard/internal/contract"
)

var about = contract.Info{Title: "Midgard", Version: "1.2.3", Servers: []string{"http://127.0.0.1:8400"}}

func load(operations []contract.Operation, info contract.Info) (*openapi3.T, error) {
	loader := openapi3.NewLoader()
	document, err := loader.LoadFromData(contract.OpenAPI(operations, info))
	if err != nil {
		return nil, err
	}
	return document, document.Validate(loader.Context)
}

// loadAll loads the document of the whole table once; validating it takes long.
var loadAll = sync.OnceValues(func() (*openapi3.T, error) { return load(contract.Operations(), about) })

func whole(t *testing.T) *openapi3.T {
	t.Helper()
	document, err := loadAll()
	if err != nil {
		t.Fatal(err)
	}
	return document
}

// part loads the document of the operations under the paths given.
func part(t *testing.T, info contract.Info, paths ...string) *openapi3.T {
	t.Helper()
	operations := slices.DeleteFunc(slices.Clone(contract.Operations()), func(o contract.Operation) bool {
		return !slices.Contains(paths, o.Path)
	})
	document, err := load(operations, info)
	if err != nil {
		t.Fatal(err)
	}
	return document
}

func TestOpenAPIIsValidAndComplete(t *testing.T) {
	t.Parallel()
	document := whole(t)
	for _, o := range contract.Operations() {
		operation := document.Paths.Find(o.Path).GetOperation(o.Method)
		if operation == nil {
			t.Errorf("%s is missing", o.Pattern())
			continue
		}
		if operation.Responses.Status(o.Success) == nil {
			t.Errorf("%s: no response %d", o.Pattern(), o.Success)
		}
		for _, status := range []int{400, 401, 403, 429, 500} {
			if operation.Responses.Status(status) == nil {
				t.Errorf("%s: no response %d", o.Pattern(), status)
			}
		}
		if (operation.Responses.Status(404) != nil) != o.NotFound {
			t.Errorf("%s: 404 declared wrongly", o.Pattern())
		}
	}
}

func TestOpenAPIHasOnlyWhatIsGiven(t *testing.T) {
	t.Parallel()
	document := part(t, about, "/machine-accounts/v1/{id}")
	if document.Paths.Len() != 1 {
		t.Errorf("%d paths", document.Paths.Len())
	}
	if document.Components.Schemas["Workgroup"] != nil {
		t.Error("a schema that nothing uses is in the document")
	}
	if document.Components.Schemas["RefType"] == nil {
		t.Error("a schema that a schema uses is not in the document")
	}
}

func TestOpenAPIIsTheSameEveryTime(t *testing.T) {
	t.Parallel()
	first := contract.OpenAPI(contract.Operations(), about)
	if !bytes.Equal(first, contract.OpenAPI(contract.Operations(), about)) {
		t.Error("two documents of the same operations differ")
	}
}

func TestOpenAPIDescribesLists(t *testing.T) {
	t.Parallel()
	document := whole(t)
	list := document.Paths.Find("/v2024/machine-identities").Get
	filters := list.Parameters.GetByInAndName("query", "filters")
	if !strings.Contains(filters.Description, "**id**: *eq, in, sw*") {
		t.Errorf("description of filters: %s", filters.Description)
	}
	if filters.Extensions["x-filters"] == nil {
		t.Error("no x-filters")
	}
	if list.Parameters.GetByInAndName("query", "sorters").Extensions["x-sorters"] == nil {
		t.Error("no x-sorters")
	}
	limit := document.Paths.Find("/workgroups/v1/{workgroupId}/members").Get.Parameters.GetByInAndName("query", "limit")
	if *limit.Schema.Value.Max != 50 {
		t.Errorf("limit of members: %v", *limit.Schema.Value.Max)
	}
}

func TestOpenAPIOptInHeader(t *testing.T) {
	t.Parallel()
	for _, optional := range []bool{false, true} {
		info := about
		info.ExperimentalOptional = optional
		document := part(t, info, "/machine-identities/v1", "/machine-identities/v2")
		path := document.Paths.Find("/machine-identities/v1")
		header := path.Get.Parameters.GetByInAndName("header", contract.HeaderExperimental)
		if header == nil || header.Required == optional {
			t.Errorf("optional %v: header %+v", optional, header)
		}
		other := document.Paths.Find("/machine-identities/v2").Get
		if other.Parameters.GetByInAndName("header", contract.HeaderExperimental) != nil {
			t.Error("v2 demands the header")
		}
	}
}

func TestOpenAPISecurity(t *testing.T) {
	t.Parallel()
	document := whole(t)
	for path, schemes := range map[string]int{"/machine-accounts/v1": 1, "/sources/v1": 2} {
		operation := document.Paths.Find(path).Get
		if len(*operation.Security) != schemes {
			t.Errorf("%s: %d schemes", path, len(*operation.Security))
		}
		if operation.Extensions["x-sailpoint-userLevels"] == nil {
			t.Errorf("%s: no levels", path)
		}
	}
}
