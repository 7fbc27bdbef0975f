//go:build unix

package app_test

import (
	"strings"
	"testing"

	"midgard/internal/app/apptest"
)

// policyField is a field that copies an attribute of the owner.
func policyField(name string) obj {
	return obj{
		"name": name, "transform": obj{"type": "identityAttribute", "attributes": obj{"name": name}}, "attributes": obj{"cloudRequired": "true", "cloudMaxSize": "20"},
		"isRequired": false, "type": "string", "isMultiValued": false,
	}
}

func TestProvisioningPolicies(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		in := newInventory(t, s)
		t.Run("of usage types", in.testUsagePolicies)
		t.Run("of subtypes", in.testSubtypePolicies)
		t.Run("transforms", in.testPolicyTransforms)
		t.Run("refusals", in.testPolicyRefusals)
	})
}

func (in inventory) testUsagePolicies(t *testing.T) {
	path := "/sources/v1/" + in.servers + "/provisioning-policies"
	body := obj{"name": "Account", "description": "How", "usageType": "CREATE", "fields": []any{policyField("email")}}
	made := in.Admin.Post(t, path, apptest.JSON(body)).Want(t, 201, `"isRequired":true`, `"cloudMaxSize":"20"`)
	if shown := in.Admin.Get(t, "/v3/sources/"+in.servers+"/provisioning-policies/CREATE").Want(t, 200); shown.Text != made.Text {
		t.Errorf("shown as\n%s\nmade as\n%s", shown.Text, made.Text)
	}
	in.Admin.Post(t, path, apptest.JSON(body)).Refused(t, "400.1.409 Reference Conflict", "usageType")
	in.Admin.Patch(t, path+"/CREATE", patch("add", "/fields/0", policyField("uid"))).Want(t, 200, `"fields":[{"name":"uid"`)
	body["name"] = "Renamed"
	delete(body, "usageType")
	in.Admin.Put(t, path+"/CREATE", apptest.JSON(body)).Want(t, 200, `"name":"Renamed"`)
	both := in.Admin.Post(t, path+"/bulk-update", apptest.JSON([]any{
		obj{"name": "One", "usageType": "CREATE"}, obj{"name": "Two", "usageType": "DISABLE", "fields": []any{obj{"name": "x", "transform": obj{"type": "rule", "attributes": obj{"name": "Of the client"}}}}},
	})).Want(t, 200)
	if names := apptest.Texts(both.Rows(t), "name"); strings.Join(names, " ") != "One Two" {
		t.Errorf("in bulk there are %v", names)
	}
	if rows := in.Admin.List(t, path); len(rows) != 2 || rows[0].Text("name") != "One" {
		t.Errorf("listed are %v", rows)
	}
	in.Admin.Delete(t, path+"/CREATE").Want(t, 204)
	in.Admin.Get(t, path+"/CREATE").Refused(t, "404 Not found", "CREATE")
	in.Admin.Get(t, path+"/CREATE_MACHINE_ACCOUNT").Refused(t, "404 Not found")
}

func (in inventory) testSubtypePolicies(t *testing.T) {
	path := "/sources/v2/" + in.servers + "/provisioning-policies"
	subtype := in.Admin.Post(t, subtypesPath, apptest.JSON(obj{"sourceId": in.servers, "technicalName": "made", "displayName": "Made", "description": ""})).Want(t, 201).ID(t)
	of := func() []apptest.Row {
		return in.Admin.List(t, path, "filters", `subtypeId eq "`+subtype+`" and usageType eq "CREATE_MACHINE_ACCOUNT"`)
	}
	stub := of()
	if len(stub) != 1 || stub[0].Text("subtypeId") != subtype || len(stub[0].Field("fields").([]any)) != 0 {
		t.Fatalf("the subtype is born with %v", stub)
	}
	one := path + "/" + stub[0].Text("id")
	in.Admin.Patch(t, one, patch("add", "/fields/-", policyField("uid"))).Want(t, 200, `"isRequired":true`)
	in.Admin.Put(t, one, apptest.JSON(obj{"name": "P", "subtypeId": "", "usageType": "CREATE"})).Refused(t, "400.1.3 Illegal value", "usageType")
	again := obj{"name": "Another", "usageType": "CREATE_MACHINE_ACCOUNT", "subtypeId": subtype}
	in.Admin.Post(t, path, apptest.JSON(again)).Refused(t, "400.1.409 Reference Conflict", "subtypeId")
	in.Admin.Delete(t, one).Want(t, 204)
	in.Admin.Post(t, path, apptest.JSON(again)).Want(t, 201)
	again["subtypeId"] = nil
	general := in.Admin.Post(t, path, apptest.JSON(again)).Want(t, 201, `"subtypeId":null`).ID(t)
	again["subtypeId"] = "0198c0de-0000-7000-8000-000000000000"
	in.Admin.Post(t, path, apptest.JSON(again)).Refused(t, "400.1.404 Referenced object not found", "subtypeId")
	in.Admin.Get(t, "/sources/v2/"+in.mail+"/provisioning-policies/"+general).Refused(t, "404 Not found")
	in.Admin.Delete(t, subtypesPath+"/"+subtype).Want(t, 204)
	if left := of(); len(left) != 0 {
		t.Errorf("the subtype that is gone has %v", left)
	}
	in.Admin.Get(t, path+"/"+general).Want(t, 200)
}

func (in inventory) testPolicyTransforms(t *testing.T) {
	path := "/sources/v2/" + in.mail + "/provisioning-policies"
	refers := func(name string) string {
		return apptest.JSON(obj{"name": "P", "usageType": "CREATE_MACHINE_ACCOUNT", "fields": []any{
			obj{"name": "a", "transform": obj{"type": "static", "attributes": obj{"value": "x"}}},
			obj{"name": "b", "transform": obj{"type": "reference", "attributes": obj{"id": name}}},
		}})
	}
	in.Admin.Post(t, path, refers("Nobody's")).Refused(t, "400.1.404 Referenced object not found", "fields[1].transform", "Nobody's")
	transform := in.Admin.Post(t, "/transforms/v1", apptest.JSON(obj{"name": "Of a policy", "type": "lower", "attributes": obj{}})).Want(t, 201).ID(t)
	policy := in.Admin.Post(t, path, refers("Of a policy")).Want(t, 201).ID(t)
	if refused := in.Admin.Delete(t, "/transforms/v1/"+transform); refused.Status == 204 {
		t.Errorf("a transform that a policy uses is deleted")
	}
	in.Admin.Delete(t, path+"/"+policy).Want(t, 204)
	in.Admin.Delete(t, "/transforms/v1/"+transform).Want(t, 204)
}

func (in inventory) testPolicyRefusals(t *testing.T) {
	path := "/sources/v2/" + in.servers + "/provisioning-policies"
	field := func(change obj) obj {
		f := obj{"name": "f"}
		for k, v := range change {
			f[k] = v
		}
		return obj{"name": "P", "usageType": "CREATE_MACHINE_ACCOUNT", "fields": []any{f}}
	}
	for _, test := range []struct {
		body obj
		code string
		part string
	}{
		{obj{"usageType": "CREATE"}, "400.1.0 Required Data Missing Or Empty", "name"},
		{obj{"name": "P"}, "400.1.0 Required Data Missing Or Empty", "usageType"},
		{obj{"name": "P", "usageType": "SOME"}, "400.1.3 Illegal value", "usageType"},
		{obj{"name": "P", "usageType": "DELETE", "subtypeId": "0198c0de-0000-7000-8000-000000000000"}, "400.1.3 Illegal value", "subtypeId"},
		{field(obj{"name": ""}), "400.1.0 Required Data Missing Or Empty", "fields[0].name"},
		{field(obj{"type": "text"}), "400.1.3 Illegal value", "fields[0].type"},
		{field(obj{"type": "secret"}), "400.1.3 Illegal value", "passwordSetting"},
		{field(obj{"transform": obj{"type": "lowest"}}), "400.1.3 Illegal value", "fields[0].transform.type"},
		{field(obj{"transform": "x"}), "400.1.3 Illegal value", "fields[0].transform"},
	} {
		in.Admin.Post(t, path, apptest.JSON(test.body)).Refused(t, test.code, test.part)
	}
	in.Admin.Post(t, "/sources/v1/"+in.servers+"/provisioning-policies", apptest.JSON(obj{"name": "P", "usageType": "CREATE_MACHINE_ACCOUNT"})).Refused(t, "400.1.3 Illegal value", "v2")
}
