//go:build unix

package app_test

import (
	"strings"
	"testing"

	"midgard/internal/app/apptest"
)

func TestSubtypeSettings(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		in := newInventory(t, s)
		t.Run("defaults", in.testDefaultSettings)
		t.Run("enabling", in.testEnabling)
		t.Run("form", in.testFormOfSubtype)
		t.Run("approvers and comments", in.testApprovers)
		t.Run("places", in.testSettingPlaces)
		t.Run("the source's settings", in.testSourceSettings)
		t.Run("groups that approve", in.testApprovingGroups)
		t.Run("entitlement", in.testCreationEntitlement)
		t.Run("aggregation", in.testAggregationLeavesCreation)
		t.Run("deletion of the source", in.testSourceWithSubtypes)
	})
}

// settings gives the path of the settings of a new subtype of "Servers".
func (in inventory) settings(t *testing.T, technicalName string) string {
	t.Helper()
	return subtypesPath + "/" + in.subtype(t, in.servers, technicalName) + "/machine-config"
}

// approval is one kind of approval as answers show it.
func approval(required bool, approvers, comments string) obj {
	return obj{"approvalRequired": required, "approvalConfig": obj{"approvers": approvers, "comments": comments}}
}

func (in inventory) testDefaultSettings(t *testing.T) {
	id := in.subtype(t, in.servers, "default")
	creation := approval(false, "", "OFF")
	creation["accountCreateEnabled"] = false
	want := obj{"subtypeId": id, "machineAccountCreate": creation, "machineAccountDelete": approval(true, "sourceOwner", "OFF")}
	for _, path := range []string{subtypesPath, "/v2026/source-subtypes"} {
		same(t, path, want, in.Admin.Get(t, path+"/"+id+"/machine-config").Want(t, 200).Body)
		same(t, path, want, in.Admin.Patch(t, path+"/"+id+"/machine-config", "[]").Want(t, 200).Body)
		in.Admin.Get(t, path+"/"+unknownID+"/machine-config").Refused(t, "404 Not found")
		in.Admin.Patch(t, path+"/"+unknownID+"/machine-config", "{").Refused(t, "404 Not found")
	}
}

// testEnabling: clients may take as many steps as they like, but the last one is to let people ask.
func (in inventory) testEnabling(t *testing.T) {
	path := in.settings(t, "enabling")
	const create = "/machineAccountCreate"
	for _, step := range []struct{ patch, code, part string }{
		{replace(create+"/accountCreateEnabled", true), "400.1.0 Required Data Missing Or Empty", "'machineAccountCreate.passwordSetting'"},
		{replace(create+"/passwordSetting", "GUESS"), "400.1.3 Illegal value", "machineAccountCreate.passwordSetting"},
		{replace(create+"/passwordSetting", "SET_TO_NEW_ATTRIBUTE"), "", `"passwordSetting":"SET_TO_NEW_ATTRIBUTE"`},
		{replace(create+"/accountCreateEnabled", true), "400.1.0 Required Data Missing Or Empty", "'machineAccountCreate.passwordAttribute'"},
		{replace(create+"/passwordAttribute", strings.Repeat("x", 513)), "400.1.4 Limit violation", "'machineAccountCreate.passwordAttribute'"},
		{replace(create+"/formId", unknownID), "400.1.404 Referenced object not found", "'machineAccountCreate.formId'"},
		{replace(create+"/passwordAttribute", "secret"), "", `"passwordAttribute":"secret"`},
		{replace(create+"/accountCreateEnabled", true), "", `"accountCreateEnabled":true,"entitlementId":"`},
		{replace(create+"/passwordAttribute", ""), "400.1.0 Required Data Missing Or Empty", "'machineAccountCreate.passwordAttribute'"},
		{`[{"op":"remove","path":"/machineAccountCreate/passwordSetting"}]`, "400.1.0 Required Data Missing Or Empty", "'machineAccountCreate.passwordSetting'"},
		{replace(create+"/passwordSetting", "DO_NOT_SET_PASSWORD"), "", `"passwordSetting":"DO_NOT_SET_PASSWORD"`},
		{replace(create+"/passwordAttribute", ""), "", `"accountCreateEnabled":true`},
		{`[{"op":"remove","path":"/machineAccountCreate"}]`, "", `"machineAccountCreate":{"accountCreateEnabled":false,"approvalRequired":false`},
		{apptest.JSON([]any{
			obj{"op": "add", "path": create, "value": obj{"accountCreateEnabled": true, "passwordSetting": "SET_TO_EXISTING_ATTRIBUTE", "passwordAttribute": "pw"}},
		}), "", `"passwordSetting":"SET_TO_EXISTING_ATTRIBUTE","passwordAttribute":"pw"`},
		{replace(create+"/accountCreateEnabled", "yes"), "400.1 Bad Request Content", "true or false"},
	} {
		got := in.Admin.Patch(t, path, step.patch)
		if step.code != "" {
			got.Refused(t, step.code, step.part)
			continue
		}
		got.Want(t, 200, step.part)
	}
}

// testFormOfSubtype: a form must be there when it is named, and cannot go before it is named no longer.
func (in inventory) testFormOfSubtype(t *testing.T) {
	path := in.settings(t, "form")
	form := in.Admin.Post(t, "/form-definitions/v1", apptest.JSON(obj{"name": "Ask for an account", "owner": idRef("IDENTITY", in.Admin.ID)})).Want(t, 201).ID(t)
	hex := strings.ToUpper(strings.ReplaceAll(form, "-", ""))
	in.Admin.Patch(t, path, replace("/machineAccountCreate/formId", hex)).Want(t, 200, `"formId":"`+form+`"`)
	in.Admin.Patch(t, path, replace("/machineAccountCreate/passwordAttribute", "x")).Want(t, 200, form)
	in.Admin.Delete(t, "/form-definitions/v1/"+form).Refused(t, "400.2.1.0 Object in use by another", "form")
	in.Admin.Patch(t, path, replace("/machineAccountCreate/formId", nil)).Want(t, 200)
	in.Admin.Delete(t, "/form-definitions/v1/"+form).Want(t, 204)
	in.Admin.Patch(t, path, replace("/machineAccountCreate/formId", form)).Refused(t, "400.1.404 Referenced object not found", "'machineAccountCreate.formId'", form)
}

func (in inventory) testApprovers(t *testing.T) {
	path := in.settings(t, "approvers")
	group := in.group(t, "Approvers")
	hex := strings.ToUpper(strings.ReplaceAll(group, "-", ""))
	for _, kind := range []string{"machineAccountCreate", "machineAccountDelete"} {
		field, comments := "/"+kind+"/approvalConfig/approvers", "/"+kind+"/approvalConfig/comments"
		in.Admin.Patch(t, path, `[`+strings.Trim(replace("/"+kind+"/approvalRequired", true), "[]")+`,{"op":"replace","path":"`+field+`","value":" "}]`).
			Refused(t, "400.1.0 Required Data Missing Or Empty", "'"+kind+".approvalConfig.approvers'")
		for _, approvers := range []string{"manager", " sourceOwner,manager", "sourceOwner, manager, workgroup:" + group, "workgroup:" + hex} {
			got := in.Admin.Patch(t, path, replace(field, approvers)).Want(t, 200)
			if shown := got.Field(kind + ".approvalConfig.approvers"); shown != approvers {
				t.Errorf("%q is shown as %q", approvers, shown)
			}
		}
		for approvers, refusal := range map[string][2]string{
			"owner":                         {"400.1.3 Illegal value", `"owner"`},
			"Manager":                       {"400.1.3 Illegal value", `"Manager"`},
			"manager,":                      {"400.1.3 Illegal value", `""`},
			"manager:x":                     {"400.1.3 Illegal value", `"manager:x"`},
			"manager, sourceOwner ,manager": {"400.1.3 Illegal value", `"manager" twice`},
			"workgroup:" + group + ", workgroup:" + hex: {"400.1.3 Illegal value", "twice"},
			"workgroup:":                          {"400.1.3 Illegal value", "the id of a governance group"},
			"workgroup:" + unknownID:              {"400.1.404 Referenced object not found", unknownID},
			"workgroup:x":                         {"400.1.404 Referenced object not found", `"x"`},
			strings.Repeat("manager,", 30) + "x":  {"400.1.3 Illegal value", "twice"},
			"manager" + strings.Repeat(" ", 2000): {"400.1.4 Limit violation", "at most 2000"},
		} {
			in.Admin.Patch(t, path, replace(field, approvers)).Refused(t, refusal[0], kind+".approvalConfig.approvers", refusal[1])
		}
		for _, policy := range []string{"ALL", "OFF", "APPROVAL", "REJECT", "REJECTION"} {
			got := in.Admin.Patch(t, path, replace(comments, policy)).Want(t, 200)
			if shown := got.Field(kind + ".approvalConfig.comments"); shown != policy {
				t.Errorf("%s is shown as %s", policy, shown)
			}
		}
		in.Admin.Patch(t, path, replace(comments, "SOMETIMES")).Refused(t, "400.1.3 Illegal value", kind+".approvalConfig.comments", "ALL, OFF, APPROVAL, REJECT, REJECTION")
		in.Admin.Patch(t, path, `[{"op":"remove","path":"`+comments+`"}]`).Want(t, 200, `"comments":"OFF"`)
	}
	in.Admin.Patch(t, path, replace("/machineAccountDelete/approvalConfig/approvers", "accountOwner, manager")).Want(t, 200, "accountOwner, manager")
	in.Admin.Patch(t, path, replace("/machineAccountCreate/approvalConfig/approvers", "accountOwner")).
		Refused(t, "400.1.3 Illegal value", "machineAccountCreate.approvalConfig.approvers", "no owner yet")
}

// testSettingPlaces: a patch that goes anywhere else is refused by the name of the place.
func (in inventory) testSettingPlaces(t *testing.T) {
	path := in.settings(t, "places")
	in.Admin.Patch(t, path, patch("add", "/subtypeId", "x")).Refused(t, "400.1.3 Illegal value", "Field 'subtypeId' is not patchable.")
	for _, place := range []string{"machineAccountCreate.entitlementId", "machineAccountCreate.nothing", "machineAccountDelete.accountCreateEnabled",
		"machineAccountDelete.approvalConfig.nothing", "machineAccountCreate.approvalConfig.approvers.0"} {
		in.Admin.Patch(t, path, patch("add", "/"+strings.ReplaceAll(place, ".", "/"), "x")).Refused(t, "400.1.3 Illegal value", "Field '"+place+"' is not patchable.")
	}
	in.Admin.Patch(t, path, `[{"op":"move","from":"/machineAccountCreate/entitlementId","path":"/machineAccountCreate/formId"}]`).Refused(t, "400.1.3 Illegal value", "entitlementId")
	in.Admin.Patch(t, path, replace("/machineAccountCreate", obj{"entitlementId": unknownID})).Refused(t, "400.1.3 Illegal value", "entitlementId' cannot be changed")
	in.Admin.Patch(t, path, replace("/machineAccountCreate", []any{})).Refused(t, "400.1 Bad Request Content")
	in.Admin.Patch(t, path, patch("test", "/machineAccountCreate/accountCreateEnabled", true)).Refused(t, "400.1 Bad Request Content")
	in.Admin.Patch(t, path, patch("test", "/machineAccountCreate/accountCreateEnabled", false)).Want(t, 200)
}

// testSourceSettings: a subtype has the settings of its source until it gets its own, and again when it gives them up.
func (in inventory) testSourceSettings(t *testing.T) {
	subtype := in.settings(t, "inherits")
	for _, path := range []string{"/sources/v1/" + in.servers, "/v2026/sources/" + in.servers} {
		path += "/approval-config/machine-account-delete"
		same(t, path, approval(true, "sourceOwner", "OFF"), in.Admin.Get(t, path).Want(t, 200).Body)
		in.Admin.Patch(t, path, `[{"op":"replace","path":"/approvalConfig/comments","value":"ALL"},{"op":"replace","path":"/approvalConfig/approvers","value":"accountOwner, manager"}]`).Want(t, 200)
		same(t, path, approval(true, "accountOwner, manager", "ALL"), in.Admin.Get(t, path).Want(t, 200).Body)
		same(t, "inherited", approval(true, "accountOwner, manager", "ALL"), in.Admin.Get(t, subtype).Field("machineAccountDelete"))
		in.Admin.Patch(t, path, replace("/approvalConfig/approvers", "")).Refused(t, "400.1.0 Required Data Missing Or Empty", "'approvalConfig.approvers'")
		in.Admin.Patch(t, path, replace("/approvalConfig/comments", "x")).Refused(t, "400.1.3 Illegal value", "approvalConfig.comments")
		in.Admin.Patch(t, path, replace("/approvalConfig/approvers", "workgroup:"+unknownID)).Refused(t, "400.1.404 Referenced object not found", "approvalConfig.approvers")
		in.Admin.Patch(t, path, patch("add", "/approvalConfig/serialChain", []any{})).Refused(t, "400.1.3 Illegal value", "'approvalConfig.serialChain' is not patchable")
		in.Admin.Patch(t, path, patch("add", "/id", "x")).Refused(t, "400.1.3 Illegal value", "'id' is not patchable")

		in.Admin.Patch(t, subtype, replace("/machineAccountDelete/approvalConfig/comments", "REJECT")).Want(t, 200)
		in.Admin.Patch(t, path, replace("/approvalRequired", false)).Want(t, 200)
		same(t, "own", approval(true, "accountOwner, manager", "REJECT"), in.Admin.Get(t, subtype).Field("machineAccountDelete"))
		in.Admin.Patch(t, subtype, `[{"op":"remove","path":"/machineAccountDelete"}]`).Want(t, 200)
		same(t, "given up", approval(false, "accountOwner, manager", "ALL"), in.Admin.Get(t, subtype).Field("machineAccountDelete"))
		in.Admin.Patch(t, path, `[{"op":"replace","path":"/approvalRequired","value":true},{"op":"replace","path":"/approvalConfig","value":{"approvers":"sourceOwner"}}]`).Want(t, 200)
	}
	in.Admin.Get(t, "/sources/v1/"+unknownID+"/approval-config/machine-account-delete").Refused(t, "404 Not found")
}

// testApprovingGroups: a group that decides is in use until nothing names it any more.
func (in inventory) testApprovingGroups(t *testing.T) {
	group := in.group(t, "Deciders")
	id := in.subtype(t, in.servers, "decided")
	settings, source := subtypesPath+"/"+id+"/machine-config", "/sources/v1/"+in.mail+"/approval-config/machine-account-delete"
	in.Admin.Patch(t, settings, replace("/machineAccountCreate/approvalConfig/approvers", "workgroup:"+group)).Want(t, 200)
	in.Admin.Patch(t, settings, replace("/machineAccountDelete/approvalConfig/approvers", "manager,workgroup:"+group)).Want(t, 200)
	in.Admin.Patch(t, source, replace("/approvalConfig/approvers", "workgroup:"+group)).Want(t, 200)
	in.Admin.Delete(t, "/workgroups/v1/"+group).Refused(t, "400.2.1.0 Object in use by another", `approval settings of source "Mail"`, `approval settings of subtype "decided"`)
	in.Admin.Patch(t, source, replace("/approvalConfig/approvers", "manager")).Want(t, 200)
	in.Admin.Patch(t, settings, replace("/machineAccountCreate/approvalConfig/approvers", "")).Want(t, 200)
	in.Admin.Delete(t, "/workgroups/v1/"+group).Refused(t, "400.2.1.0 Object in use by another", `subtype "decided"`)
	in.Admin.Delete(t, subtypesPath+"/"+id).Want(t, 204)
	in.Admin.Delete(t, "/workgroups/v1/"+group).Want(t, 204)
}

// enabled makes a subtype of a source whose accounts people may ask for, and gives its id and that of its entitlement.
func (in inventory) enabled(t *testing.T, source, technicalName string) (subtype, entitlement string) {
	t.Helper()
	subtype = in.subtype(t, source, technicalName)
	got := in.Admin.Patch(t, subtypesPath+"/"+subtype+"/machine-config",
		`[{"op":"replace","path":"/machineAccountCreate/passwordSetting","value":"DO_NOT_SET_PASSWORD"},{"op":"replace","path":"/machineAccountCreate/accountCreateEnabled","value":true}]`).Want(t, 200)
	entitlement, _ = got.Field("machineAccountCreate.entitlementId").(string)
	return subtype, entitlement
}

func (in inventory) testCreationEntitlement(t *testing.T) {
	subtype, id := in.enabled(t, in.servers, "asked")
	path, settings := "/entitlements/v1/"+id, subtypesPath+"/"+subtype+"/machine-config"
	want := obj{"attribute": "assignedMacSubtype", "value": subtype, "name": "Machine Account Creation - Servers/asked", "requestable": true,
		"sourceSchemaObjectType": "machineAccountCreate", "source": ref("SOURCE", in.servers, "Servers")}
	got := in.Admin.Get(t, path).Want(t, 200)
	for field, value := range want {
		same(t, field, value, got.Field(field))
	}
	in.Admin.Patch(t, path, replace("/name", "x")).Refused(t, "400.1.3 Illegal value", "'name' cannot be changed")
	in.Admin.Patch(t, path, replace("/requestable", false)).Refused(t, "400.1.3 Illegal value", "'requestable' cannot be changed")
	in.Admin.Patch(t, path, `[{"op":"replace","path":"/description","value":"Ask here"},{"op":"add","path":"/owner","value":`+apptest.JSON(idRef("IDENTITY", in.Person(t, "bob")))+`}]`).Want(t, 200)

	in.createIdentity(t, "User of it", obj{"userEntitlements": []any{obj{"entitlementId": id, "sourceId": in.servers}}}).Want(t, 200)
	in.Admin.Patch(t, subtypesPath+"/"+subtype, replace("/displayName", "Asked for")).Want(t, 200)
	in.Admin.Get(t, path).Want(t, 200, `"name":"Machine Account Creation - Servers/Asked for"`, `"description":"Ask here"`)
	in.Admin.Patch(t, "/sources/v1/"+in.servers, replace("/name", "Hosts")).Want(t, 200)
	in.Admin.Get(t, path).Want(t, 200, `"name":"Machine Account Creation - Hosts/Asked for"`)
	in.Admin.Patch(t, "/sources/v1/"+in.servers, replace("/name", "Servers")).Want(t, 200)
	in.Admin.Patch(t, settings, replace("/machineAccountCreate/approvalConfig/comments", "ALL")).Want(t, 200, id)
	if rows := in.Admin.List(t, identitiesPath, "filters", `entitlement.name eq "machine account creation - servers/asked FOR"`); len(rows) != 1 {
		t.Errorf("%d machine identities are used by it", len(rows))
	}

	whole := in.Admin.Get(t, settings).Field("machineAccountCreate").(obj) // as clients read, change and write it
	whole["accountCreateEnabled"] = false
	off := in.Admin.Patch(t, settings, replace("/machineAccountCreate", whole)).Want(t, 200)
	if got := off.Field("machineAccountCreate.entitlementId"); got != nil {
		t.Errorf("switched off it has the entitlement %v", got)
	}
	in.Admin.Get(t, path).Refused(t, "404 Not found")
	if rows := in.Admin.List(t, identitiesPath, "filters", `entitlement.id eq "`+id+`"`); len(rows) != 0 {
		t.Errorf("%d machine identities are left", len(rows))
	}
	again, _ := in.Admin.Patch(t, settings, replace("/machineAccountCreate/accountCreateEnabled", true)).Want(t, 200).Field("machineAccountCreate.entitlementId").(string)
	in.Admin.Get(t, "/entitlements/v1/"+again).Want(t, 200)
	in.Admin.Delete(t, subtypesPath+"/"+subtype).Want(t, 204)
	in.Admin.Get(t, "/entitlements/v1/"+again).Refused(t, "404 Not found")
	in.Admin.Get(t, settings).Refused(t, "404 Not found")
}

// testAggregationLeavesCreation: what a source says under the name of the attribute gives nobody anything.
func (in inventory) testAggregationLeavesCreation(t *testing.T) {
	source := in.CreateSource(t, "Sly", nil)
	in.SetSchema(t, source, "id", "id", "name", "groups")
	schema := in.Admin.List(t, "/sources/v1/"+source+"/schemas", "include-names", "account")[0].Text("id")
	sly := obj{"name": "AssignedMacSubtype", "type": "STRING", "isEntitlement": true, "isGroup": false, "isMulti": false}
	in.Admin.Patch(t, "/sources/v1/"+source+"/schemas/"+schema, patch("add", "/attributes/-", sly)).Want(t, 200)
	in.AllMachines(t, source)
	subtype, id := in.enabled(t, source, "wanted")
	before := in.Admin.Get(t, "/entitlements/v1/"+id).Want(t, 200).Text
	in.Load(t, source, "id,name,groups,AssignedMacSubtype\n1,one,g,"+subtype+"\n").Want(t, "SUCCESS")
	in.Load(t, source, "id,name,groups,AssignedMacSubtype\n1,one,g,other\n").Want(t, "SUCCESS")
	if after := in.Admin.Get(t, "/entitlements/v1/"+id).Want(t, 200).Text; after != before {
		t.Errorf("it was %s\nand is %s", before, after)
	}
	rows := in.Admin.List(t, "/entitlements/v1", "filters", `source.id eq "`+source+`"`, "sorters", "attribute")
	if got := strings.Join(apptest.Texts(rows, "value"), " "); got != subtype+" g" {
		t.Errorf("the source has the entitlements %s", got)
	}
	account := in.account(t, "1").Text("id")
	if rows := in.Admin.List(t, "/accounts/v1/"+account+"/entitlements"); len(rows) != 1 {
		t.Errorf("the account holds %v", rows)
	}
}

func (in inventory) testSourceWithSubtypes(t *testing.T) {
	source := in.CreateSource(t, "Going", nil)
	subtype, id := in.enabled(t, source, "going")
	in.Admin.Patch(t, "/sources/v1/"+source+"/approval-config/machine-account-delete", replace("/approvalRequired", false)).Want(t, 200)
	task := in.Admin.Delete(t, "/sources/v1/"+source).Want(t, 202).ID(t)
	in.Admin.Get(t, subtypesPath+"/"+subtype).Refused(t, "404 Not found")
	in.Wait(t, task).Want(t, "SUCCESS")
	in.Admin.Get(t, "/entitlements/v1/"+id).Refused(t, "404 Not found")
	if rows := in.Admin.List(t, subtypesPath, "filters", `source.id eq "`+source+`"`); len(rows) != 0 {
		t.Errorf("%d subtypes are left", len(rows))
	}
}
