//go:build unix

package app_test

import (
	"maps"
	"strings"
	"testing"

	"midgard/internal/app/apptest"
)

// identityVersion is what distinguishes a version of the machine identity operations.
type identityVersion struct {
	name, path string
	created    int
	required   []string
}

var identityVersions = []identityVersion{
	{"v2024", "/v2024/machine-identities", 200, []string{"name", "businessApplication"}},
	{"v2025", "/v2025/machine-identities", 200, []string{"name", "businessApplication", "subtype"}},
	{"v2026", "/v2026/machine-identities", 200, []string{"name", "nativeIdentity", "subtype"}},
	{"v1", "/machine-identities/v1", 200, []string{"name", "nativeIdentity", "subtype"}},
	{"v2", "/machine-identities/v2", 201, []string{"name"}},
}

// fullIdentity is a request body with everything that any version knows.
func fullIdentity(in inventory, t *testing.T) obj {
	bob, cleo := idRef("IDENTITY", in.Person(t, "bob")), idRef("IDENTITY", in.Person(t, "cleo"))
	return obj{
		"name": "Payroll", "businessApplication": "payroll", "nativeIdentity": "payroll", "subtype": "AI Agent", "description": "Pays",
		"environment": "production", "attributes": obj{"tier": 1, "status": "live", "b": []any{"x"}}, "sourceId": in.servers, "uuid": "u-1",
		"owners":           obj{"primaryIdentity": bob, "secondaryIdentities": []any{cleo}, "primary": bob, "secondary": []any{cleo}},
		"userEntitlements": []any{obj{"entitlementId": in.entitlements(t, in.servers)["backup"], "sourceId": in.servers}},
	}
}

// shapes gives the body that each version answers for fullIdentity.
func shapes(in inventory, t *testing.T) map[string]obj {
	source := ref("SOURCE", in.servers, "Servers")
	bob, cleo := ref("IDENTITY", in.Person(t, "bob"), "bob"), ref("IDENTITY", in.Person(t, "cleo"), "cleo")
	head := obj{"name": "Payroll", "description": "Pays", "attributes": obj{"tier": 1, "status": "live", "b": []any{"x"}}, "manuallyEdited": false}
	with := func(base, more obj) obj {
		all := maps.Clone(base)
		maps.Copy(all, more)
		return all
	}
	core := with(head, obj{
		"nativeIdentity": "payroll", "subtype": "AI Agent", "manuallyCreated": true, "sourceId": in.servers, "source": source, "uuid": "u-1",
		"owners": obj{"primaryIdentity": bob, "secondaryIdentities": []any{cleo}},
		"userEntitlements": []any{obj{
			"entitlementId": in.entitlements(t, in.servers)["backup"], "sourceId": in.servers, "displayName": "backup", "source": source,
		}},
	})
	business := obj{"businessApplication": "payroll"}
	feature := obj{"businessApplicationRefs": nil, "effectiveSanctionedStatus": nil}
	return map[string]obj{
		"v2024": with(head, business), "v2025": with(core, business), "v2026": with(core, feature), "v1": core,
		"v2": with(with(core, feature), obj{
			"owners": obj{"primary": bob, "secondary": []any{cleo}}, "connectorAttributes": obj{}, "environment": "production",
			"existsOnSource": "NOT_APPLICABLE", "status": "live",
		}),
	}
}

func TestMachineIdentityShapes(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		in := newInventory(t, s)
		want := shapes(in, t)
		for _, v := range identityVersions {
			made := in.Admin.Post(t, v.path, apptest.JSON(fullIdentity(in, t))).Want(t, v.created)
			same(t, v.name+" made", want[v.name], without(made.Body, "id", "created", "modified"))
			id := made.ID(t)
			in.Admin.Get(t, v.path+"/"+id).Want(t, 200, made.Text)
			in.Admin.Get(t, v.path+"/"+strings.ToUpper(strings.ReplaceAll(id, "-", ""))).Want(t, 200, made.Text)
			in.Admin.Get(t, apptest.Query(v.path, "filters", `id eq "`+id+`"`)).Want(t, 200, "["+made.Text+"]")
			edited := in.Admin.Patch(t, v.path+"/"+id, replace("/name", "Payroll 2")).Want(t, 200)
			changed := maps.Clone(want[v.name])
			changed["name"], changed["manuallyEdited"] = "Payroll 2", true
			same(t, v.name+" edited", changed, without(edited.Body, "id", "created", "modified"))
			in.Admin.Delete(t, v.path+"/"+id).Want(t, 204)
			for _, method := range []string{"GET", "DELETE", "PATCH"} {
				body := map[string]string{"PATCH": replace("/name", "x")}[method]
				in.Admin.Do(t, method, v.path+"/"+id, body).Refused(t, "404 Not found", "Machine identity", id)
			}
		}
		// what one version writes, the others show
		id := in.Admin.Post(t, "/machine-identities/v2", apptest.JSON(fullIdentity(in, t))).ID(t)
		for _, v := range identityVersions {
			got := in.Admin.Get(t, v.path+"/"+id).Want(t, 200)
			same(t, v.name+" of v2", want[v.name], without(got.Body, "id", "created", "modified"))
		}
	})
}

func TestMachineIdentityLeast(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		in := newInventory(t, s)
		full := fullIdentity(in, t)
		for _, v := range identityVersions {
			least := obj{}
			for _, field := range v.required {
				least[field] = full[field]
			}
			for _, field := range v.required {
				for name, value := range map[string]any{"absent": nil, "empty": "", "blank": " "} {
					body := without(least, field)
					if name != "absent" {
						body[field] = value
					}
					in.Admin.Post(t, v.path, apptest.JSON(body)).Refused(t, "400.1.0 Required Data Missing Or Empty", "Required field '"+field+"' was missing or empty.")
				}
			}
			made := in.Admin.Post(t, v.path, apptest.JSON(least)).Want(t, v.created)
			if made.Field("manuallyEdited") != false {
				t.Errorf("%s: %s", v.name, made.Text)
			}
			// the keys without which strict clients cannot decode
			in.Admin.Get(t, identitiesPath+"/"+made.ID(t)).Want(t, 200, `"name":"Payroll"`, `"nativeIdentity":"`, `"subtype":"`)
		}
	})
}

func TestMachineIdentityOfAggregation(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		in := newInventory(t, s)
		account := in.account(t, "svc-01")
		id := account.Text("machineIdentity.id")
		got := in.Admin.Get(t, "/machine-identities/v2/"+id).Want(t, 200)
		same(t, "made by aggregation", obj{
			"id": id, "name": "svc-backup", "description": "Nightly backup", "attributes": obj{}, "connectorAttributes": obj{}, "manuallyEdited": false,
			"manuallyCreated": false, "owners": obj{"primary": ref("IDENTITY", in.Person(t, "bob"), "bob"), "secondary": []any{}},
			"subtype": "Application", "nativeIdentity": "svc-01", "environment": "production", "existsOnSource": "TRUE", "status": nil,
			"sourceId": in.servers, "source": ref("SOURCE", in.servers, "Servers"), "userEntitlements": []any{},
			"businessApplicationRefs": nil, "effectiveSanctionedStatus": nil,
		}, without(got.Body, "created", "modified"))
		t.Run("an edit survives", func(t *testing.T) {
			in.Admin.Patch(t, identitiesPath+"/"+id, replace("/description", "Mine")).Want(t, 200, `"manuallyEdited":true`)
			file := strings.Replace(serverAccounts, "Nightly backup", "Daily backup", 1)
			in.Load(t, in.servers, strings.Replace(file, "Deploys things", "Undeploys things", 1)).Want(t, "SUCCESS")
			in.Admin.Get(t, identitiesPath+"/"+id).Want(t, 200, `"description":"Mine"`)
			other := in.account(t, "svc-02").Text("machineIdentity.id")
			in.Admin.Get(t, identitiesPath+"/"+other).Want(t, 200, `"description":"Undeploys things"`, `"manuallyEdited":false`)
		})
		t.Run("and is given up", func(t *testing.T) {
			in.Admin.Patch(t, identitiesPath+"/"+id, replace("/manuallyEdited", false)).Want(t, 200, `"manuallyEdited":false`)
			file := strings.Replace(serverAccounts, "Nightly backup", "Daily backup", 1)
			in.Load(t, in.servers, strings.Replace(file, "Deploys things", "Undeploys things", 1)).Want(t, "SUCCESS") // as it was
			in.Admin.Get(t, identitiesPath+"/"+id).Want(t, 200, `"description":"Daily backup"`)
		})
		t.Run("deletion gives the accounts a new one", func(t *testing.T) {
			in.Admin.Delete(t, identitiesPath+"/"+id).Want(t, 204)
			again := in.account(t, "svc-01")
			home := again.Text("machineIdentity.id")
			if home == id || home == "" || again.Text("id") != account.Text("id") {
				t.Errorf("the account is %v", again)
			}
			in.Admin.Get(t, identitiesPath+"/"+home).Want(t, 200, `"name":"svc-backup"`, `"manuallyCreated":false`)
			in.Load(t, in.servers, serverAccounts).Want(t, "SUCCESS")
			if got := in.account(t, "svc-01").Text("machineIdentity.id"); got != home {
				t.Errorf("the next run moved the account from %s to %s", home, got)
			}
		})
	})
}
