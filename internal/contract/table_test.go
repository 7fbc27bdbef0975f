package contract_test

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"midgard/internal/contract"
)

// forAnyToken are the operations for which the contract lists no scope.
var forAnyToken = []string{"getAccountAggregationStatus", "createMachineAccountRequest", "getCreateMachineAccountRequest", "getMachineAccountCreateAccessInfo"}

func TestOperationsAreComplete(t *testing.T) {
	t.Parallel()
	levels := []string{
		"API", "Any", "USER", "ORG_ADMIN", "SOURCE_ADMIN", "SOURCE_SUBADMIN", "ROLE_ADMIN", "ROLE_SUBADMIN", "HELPDESK",
		"CERT_ADMIN", "REPORT_ADMIN", "APPROVAL_OWNER",
	}
	scope := regexp.MustCompile(`^(idn|sp):[a-z:-]+$`)
	for _, o := range contract.Operations() {
		name := o.Pattern()
		if o.ID == "" || o.Version == "" || !strings.HasPrefix(o.Path, "/") {
			t.Errorf("%s: incomplete: %+v", name, o)
		}
		if o.Success < 200 || o.Success > 299 {
			t.Errorf("%s: success is %d", name, o.Success)
		}
		if len(o.Levels) == 0 {
			t.Errorf("%s: no level", name)
		}
		for _, level := range o.Levels {
			if !slices.Contains(levels, level) {
				t.Errorf("%s: unknown level %q", name, level)
			}
		}
		for _, s := range o.Scopes {
			if !scope.MatchString(s) {
				t.Errorf("%s: odd scope %q", name, s)
			}
		}
		if len(o.Scopes) == 0 && !slices.Contains(forAnyToken, o.ID) {
			t.Errorf("%s: no scope", name)
		}
		if o.Success == http.StatusNoContent && o.Response != "" {
			t.Errorf("%s: 204 has a body", name)
		}
	}
}

func TestListsAreComplete(t *testing.T) {
	t.Parallel()
	for _, o := range contract.Operations() {
		name := o.Pattern()
		if o.List != (o.MaxLimit > 0) || o.List != (o.DefaultLimit > 0) || o.DefaultLimit > o.MaxLimit {
			t.Errorf("%s: list %v, limits %d and %d", name, o.List, o.DefaultLimit, o.MaxLimit)
		}
		// the contract wraps one list into an object, with the number of all rows
		if wrapped := o.ID == "searchFormDefinitionsByTenant"; o.List && strings.HasPrefix(o.Response, "[]") == wrapped {
			t.Errorf("%s: a list answers %q", name, o.Response)
		}
		for _, field := range o.Filters {
			if len(field.Ops) == 0 {
				t.Errorf("%s: field %s has no operator", name, field.Name)
			}
		}
		sorted := slices.Sorted(slices.Values(o.Sorters))
		if len(slices.Compact(sorted)) != len(o.Sorters) {
			t.Errorf("%s: a sorter occurs twice in %v", name, o.Sorters)
		}
	}
}

// Ids, instants and flags have to be declared as such, or the list parser
// compares them as text.
func TestFilterTypesFitTheirNames(t *testing.T) {
	t.Parallel()
	want := map[string]string{
		"created": "time", "modified": "time", "lastUsed": "time", "attributes": "attribute",
		"sourceId": "id", "identityId": "id", "cisIdentityId": "id", "machineIdentityId": "id", "ownerIdentity": "id",
		"enabled": "bool", "locked": "bool", "hasEntitlements": "bool", "manuallyEdited": "bool",
		"manuallyCorrelated": "bool", "authoritative": "bool", "healthy": "bool", "requestable": "bool",
		"correlated": "bool", "protected": "bool", "uncorrelated": "bool", "uuid": "string",
	}
	for _, o := range contract.Operations() {
		for _, field := range o.Filters {
			expected := want[field.Name]
			if field.Name == "id" || strings.HasSuffix(field.Name, ".id") {
				expected = "id"
			}
			if expected != "" && field.Type.String() != expected {
				t.Errorf("%s: field %s is a %s", o.Pattern(), field.Name, field.Type)
			}
		}
	}
}

func TestPatternsAreUniqueAndFitServeMux(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	ids := map[string]bool{}
	for _, o := range contract.Operations() {
		if seen[o.Pattern()] {
			t.Fatalf("%s occurs twice", o.Pattern())
		}
		if ids[o.ID+" "+o.Version] {
			t.Errorf("%s occurs twice in %s", o.ID, o.Version)
		}
		seen[o.Pattern()], ids[o.ID+" "+o.Version] = true, true
	}
	for _, layer := range contract.Layers(contract.Operations()) {
		mux := http.NewServeMux()
		for _, o := range layer {
			mux.Handle(o.Pattern(), http.NotFoundHandler())
		}
	}
}

func TestSchemasOfOperationsExist(t *testing.T) {
	t.Parallel()
	for _, o := range contract.Operations() {
		expressions := []string{o.Request, o.Response}
		for _, expression := range o.Errors {
			expressions = append(expressions, expression)
		}
		for _, expression := range expressions {
			if expression == "" {
				continue
			}
			if _, err := contract.ParseSchema(expression); err != nil {
				t.Errorf("%s: %v", o.Pattern(), err)
			}
		}
		if (o.Request == "") != (len(o.Consumes) == 0) {
			t.Errorf("%s: request %q, content types %v", o.Pattern(), o.Request, o.Consumes)
		}
	}
}

func TestMountedPaths(t *testing.T) {
	t.Parallel()
	want := []string{
		"GET /machine-identities/v2", "GET /v2024/machine-identities", "PATCH /machine-identities/v1/{id}",
		"POST /accounts/v1/{id}/classify", "POST /v2025/sources/{sourceId}/declassify",
		"GET /v3/sources/{id}", "GET /beta/sources", "GET /sources/v1/{sourceId}/schemas/{schemaId}",
		"GET /account-aggregations/v1/{id}/status", "POST /workgroups/v1/bulk-delete",
	}
	var patterns []string
	for _, o := range contract.Operations() {
		patterns = append(patterns, o.Pattern())
	}
	for _, pattern := range want {
		if !slices.Contains(patterns, pattern) {
			t.Errorf("%s is not mounted", pattern)
		}
	}
	for _, pattern := range []string{
		"GET /v3/machine-identities", "GET /beta/machine-accounts", "POST /v2024/sources/{sourceId}/classify",
	} {
		if slices.Contains(patterns, pattern) {
			t.Errorf("%s is mounted", pattern)
		}
	}
}

func TestOptInHeaderIsDemandedWhereTheReferencePagesSay(t *testing.T) {
	t.Parallel()
	want := []string{
		"DELETE /machine-identities/v1/{id}",
		"DELETE /source-subtypes/v1/{subtypeId}",
		"DELETE /sources/v2/{sourceId}/provisioning-policies/{id}",
		"GET /account-requests/v1/machine-account-create/{accountRequestId}",
		"GET /machine-identities/v1",
		"GET /machine-identities/v1/{id}",
		"GET /machine-identity-user-entitlements/v1",
		"GET /source-subtypes/v1",
		"GET /source-subtypes/v1/machine-account-create-access",
		"GET /source-subtypes/v1/{subtypeId}",
		"GET /source-subtypes/v1/{subtypeId}/machine-config",
		"GET /sources/v2/{sourceId}/provisioning-policies",
		"GET /sources/v2/{sourceId}/provisioning-policies/{id}",
		"PATCH /machine-identities/v1/{id}",
		"PATCH /source-subtypes/v1/{subtypeId}",
		"PATCH /source-subtypes/v1/{subtypeId}/machine-config",
		"PATCH /sources/v2/{sourceId}/provisioning-policies/{id}",
		"POST /account-requests/v1/machine-account-create",
		"POST /machine-identities/v1",
		"POST /source-subtypes/v1",
		"POST /source-subtypes/v1/bulk-retrieve",
		"POST /sources/v2/{sourceId}/provisioning-policies",
		"PUT /sources/v2/{sourceId}/provisioning-policies/{id}",
	}
	var got []string
	for _, o := range contract.Operations() {
		if o.Experimental {
			got = append(got, o.Pattern())
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
