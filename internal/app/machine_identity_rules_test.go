//go:build unix

package app_test

import (
	"strings"
	"testing"

	"midgard/internal/app/apptest"
)

func TestMachineIdentityRules(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		in := newInventory(t, s)
		t.Run("descriptions", in.testDescriptions)
		t.Run("owners", in.testOwners)
		t.Run("owners in v2", in.testOwnersV2)
		t.Run("user entitlements", in.testUserEntitlements)
		t.Run("references", in.testIdentityReferences)
		t.Run("two names of one key", in.testNativeIdentityAndBusinessApplication)
		t.Run("what clients cannot decide", in.testReadOnlyFields)
	})
}

func (in inventory) testDescriptions(t *testing.T) {
	for _, v := range identityVersions {
		body := fullIdentity(in, t)
		body["description"] = strings.Repeat("ä", 2000)
		path := v.path + "/" + in.Admin.Post(t, v.path, apptest.JSON(body)).Want(t, v.created).ID(t)
		body["description"] = strings.Repeat("ä", 2001)
		in.Admin.Post(t, v.path, apptest.JSON(body)).Refused(t, "400.1.4 Limit violation", "'description'", "2001", "2000")
		in.Admin.Patch(t, path, replace("/description", body["description"])).Refused(t, "400.1.4 Limit violation", "'description'")
		in.Admin.Patch(t, path, replace("/description", "short")).Want(t, 200, `"description":"short"`)
		in.Admin.Patch(t, path, `[{"op":"remove","path":"/description"}]`).Want(t, 200, `"description":""`)
	}
}

func (in inventory) testOwners(t *testing.T) {
	ada := idRef("IDENTITY", in.Person(t, "ada"))
	for _, v := range identityVersions[1:4] {
		body := fullIdentity(in, t)
		create := func(owners obj) apptest.Answer {
			body["owners"] = owners
			return in.Admin.Post(t, v.path, apptest.JSON(body))
		}
		ten := create(obj{"primaryIdentity": ada, "secondaryIdentities": in.secondaries(t, 10)}).Want(t, v.created)
		if got := len(ten.Field("owners.secondaryIdentities").([]any)); got != 10 {
			t.Errorf("%s: %d secondary owners", v.name, got)
		}
		create(obj{"primaryIdentity": ada, "secondaryIdentities": in.secondaries(t, 11)}).Refused(t, "400.1.4 Limit violation", "'owners'", "11", "10")
		create(obj{"primaryIdentity": ada, "secondaryIdentities": []any{ada}}).Refused(t, "400.1.3 Illegal value", "twice")
		create(obj{"primaryIdentity": nil, "secondaryIdentities": in.secondaries(t, 1)}).Refused(t, "400.1.0 Required Data Missing Or Empty", "owners.primaryIdentity")
		create(obj{"primaryIdentity": idRef("GOVERNANCE_GROUP", in.group(t, "g "+v.name)), "secondaryIdentities": []any{}}).Refused(t, "400.1.3 Illegal value", "use IDENTITY")
		create(obj{"primaryIdentity": obj{}, "secondaryIdentities": []any{}}).Refused(t, "400.1.0 Required Data Missing Or Empty", "owners.primaryIdentity.id")
		create(obj{"primaryIdentity": ada, "secondaryIdentities": []any{obj{"type": "IDENTITY"}}}).Refused(t, "400.1.0 Required Data Missing Or Empty", "no id")
		create(obj{"primaryIdentity": ada, "secondaryIdentities": []any{}}).Want(t, v.created, `"secondaryIdentities":[]`)
		path := v.path + "/" + ten.ID(t)
		in.Admin.Patch(t, path, `[{"op":"remove","path":"/owners/secondaryIdentities/0"}]`).Want(t, 200, `"ada"`)
		in.Admin.Patch(t, path, patch("add", "/owners/secondaryIdentities/-", ada)).Refused(t, "400.1.3 Illegal value", "twice")
		in.Admin.Patch(t, path, replace("/owners/secondaryIdentities", []any{})).Want(t, 200, `"secondaryIdentities":[]`)
		in.Admin.Patch(t, path, patch("add", "/owners/secondaryIdentities/-", idRef("IDENTITY", in.Person(t, "bob")))).Want(t, 200, `"name":"bob"`)
		in.Admin.Patch(t, path, replace("/owners/primaryIdentity/id", in.Person(t, "emil"))).Want(t, 200, `"name":"emil"`)
		none := in.Admin.Patch(t, path, `[{"op":"remove","path":"/owners"}]`).Want(t, 200)
		if none.Field("owners") != nil {
			t.Errorf("%s: owners are %v", v.name, none.Field("owners"))
		}
		in.Admin.Patch(t, path, patch("add", "/owners", obj{"primaryIdentity": ada})).Want(t, 200, `"name":"ada"`)
	}
}

func (in inventory) testOwnersV2(t *testing.T) {
	const path = "/machine-identities/v2"
	group, other := in.group(t, "Operators"), in.group(t, "Others")
	people := in.secondaries(t, 11)
	create := func(primary any, secondary ...any) apptest.Answer {
		return in.Admin.Post(t, path, apptest.JSON(obj{"name": "x", "owners": obj{"primary": primary, "secondary": secondary}}))
	}
	create(nil, people[:10]...).Want(t, 201)
	create(nil, people...).Refused(t, "400.1.4 Limit violation", "'owners'")
	create(nil, idRef("GOVERNANCE_GROUP", group), idRef("GOVERNANCE_GROUP", other)).Refused(t, "400.1.3 Illegal value", "more than one governance group")
	create(nil, idRef("GOVERNANCE_GROUP", group), people[0]).Refused(t, "400.1.3 Illegal value", "mixes")
	create(people[0], people[0]).Refused(t, "400.1.3 Illegal value", "twice")
	create(idRef("GOVERNANCE_GROUP", group)).Refused(t, "400.1.3 Illegal value", "use IDENTITY")
	made := create(people[0], idRef("GOVERNANCE_GROUP", group)).Want(t, 201)
	same(t, "owners", obj{
		"primary": ref("IDENTITY", in.Person(t, "bob"), "bob"), "secondary": []any{ref("GOVERNANCE_GROUP", group, "Operators")},
	}, made.Field("owners"))
	one := path + "/" + made.ID(t)
	in.Admin.Patch(t, one, replace("/name", "y")).Want(t, 200, `"name":"Operators"`, `"name":"bob"`)
	in.Admin.Patch(t, one, patch("add", "/owners/secondary/-", people[1])).Refused(t, "400.1.3 Illegal value", "mixes")
	in.Admin.Patch(t, one, replace("/owners/secondary", people[1:3])).Want(t, 200, `"cleo"`, `"dora"`)
	for field, value := range map[string]string{"id": in.Person(t, "bob"), "name": "bob"} {
		rows := in.Admin.List(t, path, "filters", `owners.primaryIdentity.`+field+` eq "`+value+`" and displayName eq "y"`)
		if len(rows) != 1 {
			t.Errorf("by the primary owner's %s: %d rows", field, len(rows))
		}
	}
}

func (in inventory) testUserEntitlements(t *testing.T) {
	list := "id,name,groups\nm1,mailer,senders\nm2,fetcher,g0;g1;g2;g3;g4;g5;g6;g7;g8;g9;g10\n"
	in.Load(t, in.mail, list).Want(t, "SUCCESS")
	ids := in.entitlements(t, in.mail)
	entry := func(value, source string) obj { return obj{"entitlementId": ids[value], "sourceId": source} }
	many := []any{}
	for _, value := range []string{"g0", "g1", "g2", "g3", "g4", "g5", "g6", "g7", "g8", "g9", "g10"} {
		many = append(many, entry(value, in.mail))
	}
	for _, v := range identityVersions[1:] {
		body := fullIdentity(in, t)
		create := func(entries ...any) apptest.Answer {
			body["userEntitlements"] = entries
			return in.Admin.Post(t, v.path, apptest.JSON(body))
		}
		create(many...).Refused(t, "400.1.4 Limit violation", "'userEntitlements'", "11")
		create(entry("g0", in.servers)).Refused(t, "400.1.404 Referenced object not found", "userEntitlements", in.servers)
		create(obj{"entitlementId": unknownID, "sourceId": in.mail}).Refused(t, "400.1.404 Referenced object not found", unknownID)
		create(obj{"entitlementId": ids["g0"]}).Refused(t, "400.1.0 Required Data Missing Or Empty", "userEntitlements.sourceId")
		create(obj{"sourceId": in.mail}).Refused(t, "400.1.0 Required Data Missing Or Empty", "userEntitlements.entitlementId")
		create(entry("g0", in.mail), entry("g0", in.mail)).Refused(t, "400.1.3 Illegal value", "userEntitlements", "twice")
		made := create(many[:10]...).Want(t, v.created)
		path := v.path + "/" + made.ID(t)
		in.Admin.Patch(t, path, patch("add", "/userEntitlements/-", entry("g10", in.mail))).Refused(t, "400.1.4 Limit violation", "'userEntitlements'")
		in.Admin.Patch(t, path, replace("/userEntitlements", []any{entry("senders", in.mail)})).Want(t, 200, `"displayName":"senders"`)
		rows := in.Admin.List(t, "/machine-identity-user-entitlements/v1", "filters", `machineIdentityId eq "`+made.ID(t)+`"`)
		if len(rows) != 1 || rows[0].Text("entitlement.name") != "senders" || rows[0].Text("source.name") != "Mail" {
			t.Errorf("%s: rows %v", v.name, rows)
		}
		in.Admin.Patch(t, path, `[{"op":"remove","path":"/userEntitlements"}]`).Want(t, 200, `"userEntitlements":[]`)
		in.Admin.Delete(t, path).Want(t, 204)
	}
}

func (in inventory) testIdentityReferences(t *testing.T) {
	unknown := idRef("IDENTITY", unknownID)
	for name, body := range map[string]obj{
		"source":    {"sourceId": unknownID},
		"primary":   {"owners": obj{"primaryIdentity": unknown, "secondaryIdentities": []any{}}},
		"secondary": {"owners": obj{"primaryIdentity": idRef("IDENTITY", in.Person(t, "ada")), "secondaryIdentities": []any{unknown}}},
	} {
		in.createIdentity(t, "Unknown "+name, body).Refused(t, "400.1.404 Referenced object not found", unknownID)
	}
	group := obj{"name": "x", "owners": obj{"secondary": []any{idRef("GOVERNANCE_GROUP", unknownID)}}}
	in.Admin.Post(t, "/machine-identities/v2", apptest.JSON(group)).Refused(t, "400.1.404 Referenced object not found", unknownID)
	if rows := in.Admin.List(t, identitiesPath, "filters", `displayName sw "Unknown"`); len(rows) > 0 {
		t.Errorf("a refused one was kept: %v", rows)
	}
	path := identitiesPath + "/" + in.createIdentity(t, "Known", nil).ID(t)
	in.Admin.Patch(t, path, patch("add", "/sourceId", unknownID)).Refused(t, "400.1.404 Referenced object not found", "sourceId")
	in.Admin.Patch(t, path, patch("add", "/owners/primaryIdentity", unknown)).Refused(t, "400.1.404 Referenced object not found", "owners")
	in.Admin.Patch(t, path, patch("add", "/sourceId", in.servers)).Want(t, 200, `"source":{"type":"SOURCE","id":"`+in.servers+`","name":"Servers"}`)
}

// testNativeIdentityAndBusinessApplication: v2024 and v2025 say businessApplication for what later versions call
// nativeIdentity.
func (in inventory) testNativeIdentityAndBusinessApplication(t *testing.T) {
	old := in.Admin.Post(t, "/v2024/machine-identities", `{"name":"Old","businessApplication":"key-1"}`).Want(t, 200).ID(t)
	both := func(id, native, business string) {
		t.Helper()
		in.Admin.Get(t, "/v2025/machine-identities/"+id).Want(t, 200, `"nativeIdentity":"`+native+`"`, `"businessApplication":"`+business+`"`)
		in.Admin.Get(t, "/v2026/machine-identities/"+id).Want(t, 200, `"nativeIdentity":"`+native+`"`)
	}
	both(old, "key-1", "key-1")
	in.Admin.Patch(t, "/v2024/machine-identities/"+old, replace("/businessApplication", "key-2")).Want(t, 200)
	both(old, "key-2", "key-2")
	in.Admin.Patch(t, identitiesPath+"/"+old, replace("/nativeIdentity", "key-3")).Want(t, 200)
	both(old, "key-3", "key-3")
	in.Admin.Patch(t, "/v2025/machine-identities/"+old, replace("/nativeIdentity", "key-4")).Want(t, 200)
	both(old, "key-4", "key-3")
	in.Admin.Patch(t, identitiesPath+"/"+old, replace("/nativeIdentity", "key-5")).Want(t, 200)
	both(old, "key-5", "key-3")
	newer := in.createIdentity(t, "key-6", nil).ID(t)
	both(newer, "key-6", "key-6")
	for filter, want := range map[string]string{`businessApplication eq "KEY-3"`: old, `businessApplication sw "key-6"`: newer} {
		if rows := in.Admin.List(t, "/v2025/machine-identities", "filters", filter); len(rows) != 1 || rows[0].Text("id") != want {
			t.Errorf("%s gives %v", filter, rows)
		}
	}
}

func (in inventory) testReadOnlyFields(t *testing.T) {
	made := in.createIdentity(t, "Mine", obj{
		"id": unknownID, "created": "2001-01-01T00:00:00Z", "modified": "2001-01-01T00:00:00Z", "manuallyCreated": false, "manuallyEdited": true,
		"existsOnSource": "TRUE", "datasetId": "d", "source": ref("SOURCE", in.servers, "Servers"), "businessApplication": "b", "environment": "e",
		"businessApplicationRefs": []any{idRef("BUSINESS_APPLICATION", unknownID)}, "x": 1,
	}).Want(t, 200, `"manuallyCreated":true`, `"manuallyEdited":false`)
	if id := made.ID(t); id == unknownID || strings.HasPrefix(made.Field("created").(string), "2001") || made.Field("source") != nil {
		t.Errorf("made %s", made.Text)
	}
	in.Admin.Get(t, "/machine-identities/v2/"+made.ID(t)).Want(t, 200, `"existsOnSource":"NOT_APPLICABLE"`, `"environment":""`)
	in.Admin.Get(t, "/v2024/machine-identities/"+made.ID(t)).Want(t, 200, `"businessApplication":"Mine"`)
	refs := obj{"name": "x", "businessApplicationRefs": []any{idRef("BUSINESS_APPLICATION", unknownID)}}
	in.Admin.Post(t, "/machine-identities/v2", apptest.JSON(refs)).Refused(t, "400.1.3 Illegal value", "businessApplicationRefs")
	in.Admin.Post(t, "/v2024/machine-identities", apptest.JSON(obj{"name": "o", "businessApplication": "o", "sourceId": in.servers})).Want(t, 200)
	if rows := in.Admin.List(t, identitiesPath, "filters", `displayName eq "o" and source.id eq "`+in.servers+`"`); len(rows) != 0 {
		t.Errorf("v2024 has set a source: %v", rows)
	}
	edited := in.Admin.Post(t, "/machine-identities/v2", `{"name":"e","manuallyEdited":true}`).Want(t, 201, `"manuallyEdited":true`)
	in.Admin.Patch(t, "/machine-identities/v2/"+edited.ID(t), `[{"op":"remove","path":"/manuallyEdited"}]`).Want(t, 200, `"manuallyEdited":false`)
}
