//go:build unix

package proof_test

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"

	"midgard/internal/app/apptest"
)

const accountColumns = "id name description owner environment groups disabled locked"

// accountFile generates accounts, owned by people by their uid.
func (w *world) accountFile(prefix string, n int) string {
	return file(accountColumns, n, func(i int) []string {
		return []string{
			fmt.Sprintf("%s-%d", prefix, i), w.one(words...), w.one("", "x", "X", "x, y", "0"), w.one("", "uid-00", "uid-03", "uid-05", "nobody"),
			w.one("", "prod", "Prod", "test"), w.one("", "g1", "g1;g2", "G2", "g1;g2;g3;g4;g5"), w.one("yes", "no"), w.one("yes", "no"),
		}
	})
}

// makeAccounts loads machine accounts from two sources and other accounts from a third.
func (w *world) makeAccounts(t *testing.T) {
	for name, n := range map[string]int{"Servers": 18, "Mail": 6, "Desk": 8} {
		source := w.source(t, name, nil)
		w.SetSchema(t, source, "id", strings.Fields(accountColumns)...)
		if name != "Desk" {
			w.AllMachines(t, source)
		}
		w.Load(t, source, w.accountFile(strings.ToLower(name), n)).Want(t, "SUCCESS")
	}
	w.objects["/sources"] = w.sources["Servers"]
}

// makeSubtypes makes subtypes of the accounts of two sources.
func (w *world) makeSubtypes(t *testing.T) {
	for i := range 12 {
		w.make(t, "/source-subtypes/v1", http.StatusCreated, obj{
			"sourceId": w.sources[[]string{"Servers", "Mail"}[i%2]], "technicalName": w.title(i), "displayName": w.title(i), "description": w.one("", "x"),
		})
	}
}

// subtypeOf draws a subtype of an account's source.
func (w *world) subtypeOf(t *testing.T, account apptest.Row) string {
	t.Helper()
	rows := w.Admin.List(t, "/source-subtypes/v1", "filters", `source.id eq "`+account.Text("source.id")+`"`)
	return rows[w.dice.IntN(len(rows))].Text("technicalName")
}

// makeMappings maps what accounts have already, and an attribute of their own.
func (w *world) makeMappings(t *testing.T) {
	var mappings []any
	for i := range 5 {
		mappings = append(mappings, obj{
			"target":              obj{"type": "ACCOUNT", "attributeName": fmt.Sprintf("mapped%d", i)},
			"transformDefinition": obj{"type": "accountAttribute", "attributes": obj{"sourceName": "Servers", "attributeName": "name"}},
		})
	}
	w.Admin.Put(t, "/sources/v1/"+w.sources["Servers"]+"/machine-mappings", apptest.JSON(mappings)).Want(t, http.StatusOK)
	w.settle(t)
}

// editAccounts gives some accounts and entitlements what aggregation does not.
func (w *world) editAccounts(t *testing.T) {
	accounts := w.Admin.List(t, "/machine-accounts/v1")
	for i, row := range accounts {
		path := "/machine-accounts/v1/" + row.Text("id")
		switch i % 7 {
		case 1:
			w.edit(t, path, "attributes", obj{"tier": w.one("Gold", "gold"), "count": i, "live": true, "list": []any{"x", "Y"}})
		case 2:
			w.edit(t, path, "uuid", fmt.Sprintf("7F4E-%02d", i))
		case 3:
			w.edit(t, path, "accessType", "indirect")
		case 4:
			w.edit(t, path, "manuallyCorrelated", true)
		case 5:
			w.edit(t, path, "attributes", obj{"note": `a=b "c"`, "ratio": 1.5})
		case 6:
			w.edit(t, path, "subtype", w.subtypeOf(t, row))
		}
		if groups, _ := row.Field("connectorAttributes.groups").([]any); len(groups) > 4 {
			w.objects["/accounts"], w.objects["/machine-accounts"] = row.Text("id"), row.Text("id")
		}
	}
	for i, row := range w.Admin.List(t, "/entitlements/v1") {
		path := "/entitlements/v1/" + row.Text("id")
		if i%2 == 0 {
			w.edit(t, path, "requestable", true)
			w.edit(t, path, "owner", ref("IDENTITY", w.somebody()))
			w.edit(t, path, "name", w.title(i))
		}
	}
}

// makeMachineIdentities makes machine identities by hand, in several versions, beside those that aggregation made.
func (w *world) makeMachineIdentities(t *testing.T) {
	entitlements := w.Admin.List(t, "/entitlements/v1")
	for i := range 12 {
		entitlement := entitlements[i%len(entitlements)]
		body := obj{
			"name": w.title(i), "nativeIdentity": fmt.Sprintf("native-%d", i), "businessApplication": w.one("store", "shop", "Shop", `s"h\op`),
			"subtype": w.one("Application", "AI Agent"), "attributes": obj{"tier": w.one("Gold", "silver"), "n": 1.5},
			"userEntitlements": []any{obj{"entitlementId": entitlement.Text("id"), "sourceId": entitlement.Text("source.id")}},
		}
		maps.Copy(body, w.owners(i))
		path, status := "/v2025/machine-identities", http.StatusOK
		if i%3 == 2 {
			path, status = "/machine-identities/v2", http.StatusCreated
			body["environment"] = "test"
		}
		if i%4 == 0 {
			delete(body, "userEntitlements")
			body["sourceId"] = w.sources["Mail"]
		}
		w.make(t, path, status, body)
	}
	for i, row := range w.Admin.List(t, "/machine-identities/v1", "limit", "6") {
		w.edit(t, "/machine-identities/v1/"+row.Text("id"), "name", w.title(i))
	}
}

// owners gives the owners of the nth machine identity in the words of both versions: people, or people and a group.
func (w *world) owners(n int) obj {
	first, second, third := ref("IDENTITY", w.people[n%3]), ref("IDENTITY", w.people[3]), ref("IDENTITY", w.people[4])
	switch {
	case n%3 == 2 && n%2 == 0:
		return obj{"owners": obj{"secondary": []any{ref("GOVERNANCE_GROUP", w.groups[n%len(w.groups)])}}}
	case n%3 == 2:
		return obj{"owners": obj{"primary": first, "secondary": []any{second, third}}}
	case n%3 == 1:
		return obj{"owners": obj{"primaryIdentity": first, "secondaryIdentities": []any{second}}}
	}
	return nil
}

// makeTasks makes tasks of several kinds and ends beside those of the aggregations.
func (w *world) makeTasks(t *testing.T) {
	bad := w.StartLoad(t, w.sources["Mail"], "no,such\ncolumn,s\n")
	w.Wait(t, bad)
	w.Wait(t, w.taskOf(t, w.Admin.Delete(t, "/sources/v1/"+w.source(t, "Doomed", nil)).Want(t, http.StatusAccepted)))
	form := apptest.Part{Name: "file", FileName: "groups.csv", Content: "id,name\ng9,Nine\n"}
	w.Wait(t, w.taskOf(t, w.Admin.PostForm(t, "/sources/v1/"+w.sources["Servers"]+"/load-entitlements", form)))
	w.Admin.Post(t, "/sources/v1/"+w.sources["Desk"]+"/classify", "").Want(t, http.StatusOK)
	w.Until(t, "/sources/v1/"+w.sources["Desk"]+"/classify", func(row apptest.Row) bool { return row.Text("status") == "COMPLETED" })
	ended := w.Admin.List(t, "/task-status/v1")[0].Text("id")
	w.Admin.Get(t, "/task-status/v1/"+ended).Want(t, http.StatusOK)
}

// taskOf finds the task of an answer, which says where it is in several ways.
func (w *world) taskOf(t *testing.T, a apptest.Answer) string {
	t.Helper()
	if id, ok := a.Field("task.id").(string); ok {
		return id
	}
	return a.ID(t)
}
