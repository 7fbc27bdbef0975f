//go:build unix

package app_test

import (
	"slices"
	"testing"

	"midgard/internal/app/apptest"
)

func TestMachineIdentityPatch(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		in := newInventory(t, s)
		t.Run("immutable fields", in.testImmutableIdentityFields)
		t.Run("operations", in.testPatchOperations)
		t.Run("all or nothing", in.testPatchIsAtomic)
		t.Run("malformed", in.testMalformedPatches)
		t.Run("required fields", in.testPatchedRequiredFields)
	})
}

// patchableIdentity lists the fields that each version lets clients change.
var patchableIdentity = map[string][]string{
	"v2024": {"name", "businessApplication", "description", "attributes", "manuallyEdited"},
	"v2025": {"name", "businessApplication", "nativeIdentity", "subtype", "description", "attributes", "owners", "sourceId", "uuid", "userEntitlements", "manuallyEdited"},
	"v2026": {"name", "nativeIdentity", "subtype", "description", "attributes", "owners", "sourceId", "uuid", "userEntitlements", "manuallyEdited", "businessApplicationRefs"},
	"v1":    {"name", "nativeIdentity", "subtype", "description", "attributes", "owners", "sourceId", "uuid", "userEntitlements", "manuallyEdited"},
	"v2":    {"name", "nativeIdentity", "subtype", "description", "environment", "attributes", "owners", "userEntitlements", "manuallyEdited", "businessApplicationRefs"},
}

func (in inventory) testImmutableIdentityFields(t *testing.T) {
	values := fullIdentity(in, t)
	values["manuallyEdited"], values["businessApplicationRefs"] = true, []any{}
	fields := []string{"id", "created", "modified", "manuallyCreated", "source", "datasetId", "existsOnSource", "connectorAttributes", "status", "risk", "resource", "effectiveSanctionedStatus", "nothing"}
	for field := range values {
		fields = append(fields, field)
	}
	for _, v := range identityVersions {
		path := v.path + "/" + in.Admin.Post(t, v.path, apptest.JSON(fullIdentity(in, t))).ID(t)
		for _, field := range fields {
			got := in.Admin.Patch(t, path, patch("add", "/"+field, values[field]))
			if slices.Contains(patchableIdentity[v.name], field) {
				got.Want(t, 200)
				continue
			}
			got.Refused(t, "400.1.3 Illegal value", "Field '"+field+"' is not patchable.")
		}
	}
}

func (in inventory) testPatchOperations(t *testing.T) {
	path := identitiesPath + "/" + in.createIdentity(t, "Patched", obj{"attributes": obj{"a": 1, "list": []any{"x", "y"}}}).ID(t)
	for _, step := range []struct {
		ops   string
		field string
		want  any
	}{
		{`[{"op":"add","path":"/attributes/b","value":{"c":[null,true,1.5]}}]`, "attributes.b", obj{"c": []any{nil, true, 1.5}}},
		{`[{"op":"copy","from":"/attributes/b/c","path":"/attributes/d"}]`, "attributes.d", []any{nil, true, 1.5}},
		{`[{"op":"move","from":"/attributes/b","path":"/attributes/e"}]`, "attributes.b", nil},
		{`[{"op":"move","from":"/attributes/list/0","path":"/attributes/list/-"}]`, "attributes.list", []any{"y", "x"}},
		{`[{"op":"copy","from":"/name","path":"/description"}]`, "description", "Patched"},
		{`[{"op":"test","path":"/attributes/a","value":1.0},{"op":"replace","path":"/attributes/a","value":2}]`, "attributes.a", 2},
		{`[{"op":"test","path":"/name","value":"Patched"},{"op":"replace","path":"/uuid","value":"u"}]`, "uuid", "u"},
		{`[{"op":"replace","path":"/attributes","value":{"only":"this"}}]`, "attributes", obj{"only": "this"}},
		{`[{"op":"add","path":"/attributes/a~1b~0","value":"escaped"}]`, "attributes.a/b~", "escaped"},
		{`[{"op":"replace","path":"/attributes","value":null}]`, "attributes", obj{}},
		{`[{"op":"add","path":"/attributes/z","value":"z"},{"op":"remove","path":"/attributes/z"}]`, "attributes", obj{}},
		{`[]`, "name", "Patched"},
	} {
		same(t, step.ops, step.want, in.Admin.Patch(t, path, step.ops).Want(t, 200).Field(step.field))
		same(t, step.ops+" read again", step.want, in.Admin.Get(t, path).Field(step.field))
	}
	for ops, part := range map[string]string{
		`[{"op":"test","path":"/name","value":"patched"}]`:           "different",
		`[{"op":"remove","path":"/attributes/absent"}]`:              "does not exist",
		`[{"op":"replace","path":"/attributes/absent","value":1}]`:   "does not exist",
		`[{"op":"move","from":"/attributes/absent","path":"/uuid"}]`: "does not exist",
		`[{"op":"add","path":"/attributes/x/y","value":1}]`:          "does not exist",
		`[{"op":"replace","path":"/name","value":5}]`:                "must be a string",
		`[{"op":"replace","path":"/attributes","value":[]}]`:         "'attributes' must be an object",
		`[{"op":"replace","path":"/owners","value":"bob"}]`:          "must be an object",
		`[{"op":"replace","path":"/manuallyEdited","value":"yes"}]`:  "true or false",
		`[{"op":"replace","path":"","value":{}}]`:                    "patchable",
	} {
		got := in.Admin.Patch(t, path, ops)
		if got.Status != 400 {
			t.Errorf("%s: %d %s", ops, got.Status, got.Text)
			continue
		}
		got.Refused(t, got.Field("detailCode").(string), part)
	}
}

func (in inventory) testPatchIsAtomic(t *testing.T) {
	path := identitiesPath + "/" + in.createIdentity(t, "Whole", nil).ID(t)
	before := in.Admin.Get(t, path).Text
	for _, ops := range []string{
		`[{"op":"replace","path":"/name","value":"Half"},{"op":"test","path":"/name","value":"Whole"}]`,
		`[{"op":"replace","path":"/name","value":"Half"},{"op":"replace","path":"/id","value":"x"}]`,
		`[{"op":"replace","path":"/name","value":"Half"},{"op":"add","path":"/sourceId","value":"` + unknownID + `"}]`,
	} {
		in.Admin.Patch(t, path, ops).Want(t, 400)
		if after := in.Admin.Get(t, path).Text; after != before {
			t.Errorf("%s left %s", ops, after)
		}
	}
}

func (in inventory) testMalformedPatches(t *testing.T) {
	path := identitiesPath + "/" + in.createIdentity(t, "Untouched", nil).ID(t)
	for ops, part := range map[string]string{
		``:                                       "empty",
		`{"op":"replace"}`:                       "must be an array",
		`[{"op":"replace","path":"/name"}]`:      `"value" is missing`,
		`[{"path":"/name","value":1}]`:           `"op" is missing`,
		`[{"op":"delete","path":"/name"}]`:       "unknown operation",
		`[{"op":"replace","value":1}]`:           `"path" is missing`,
		`[{"op":"move","path":"/name"}]`:         `"from" is missing`,
		`[{"op":"remove","path":"name"}]`:        "start with /",
		`[{"op":"remove","path":"/name~2"}]`:     "~",
		`[7]`:                                    "must be an object",
		`[{"op":"remove","path":"/name"}`:        "unexpected end",
		`[{"op":"remove","op":"add","path":""}]`: "duplicate key",
	} {
		in.Admin.Patch(t, path, ops).Refused(t, "400.1 Bad Request Content", part)
	}
}

func (in inventory) testPatchedRequiredFields(t *testing.T) {
	for _, v := range identityVersions {
		path := v.path + "/" + in.Admin.Post(t, v.path, apptest.JSON(fullIdentity(in, t))).ID(t)
		for _, field := range v.required {
			for _, ops := range []string{`[{"op":"remove","path":"/` + field + `"}]`, replace("/"+field, ""), replace("/"+field, nil)} {
				in.Admin.Patch(t, path, ops).Refused(t, "400.1.0 Required Data Missing Or Empty", "Required field '"+field+"'")
			}
		}
	}
	path := "/machine-identities/v2/" + in.Admin.Post(t, "/machine-identities/v2", apptest.JSON(fullIdentity(in, t))).ID(t)
	in.Admin.Patch(t, path, `[{"op":"remove","path":"/nativeIdentity"},{"op":"remove","path":"/subtype"}]`).Want(t, 200, `"nativeIdentity":""`, `"subtype":"Application"`)
}
