//go:build unix

package app_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"midgard/internal/app/apptest"
	"midgard/internal/governance"
	"midgard/internal/store"
)

const subtypesPath = "/source-subtypes/v1"

// subtype makes a subtype that is displayed by its technical name, and gives its id.
func (in inventory) subtype(t *testing.T, source, technicalName string) string {
	t.Helper()
	body := obj{"sourceId": source, "technicalName": technicalName, "displayName": technicalName, "description": ""}
	return in.Admin.Post(t, subtypesPath, apptest.JSON(body)).Want(t, 201).ID(t)
}

func TestSubtypes(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		in := newSubadmins(t, s)
		t.Run("shapes", in.testSubtypeShapes)
		t.Run("refused bodies", in.testRefusedSubtypes)
		t.Run("lists", in.testSubtypeLists)
		t.Run("bulk retrieval", in.testBulkRetrieve)
		t.Run("patches", in.testPatchedSubtypes)
		t.Run("deprecated operations", in.testSubtypesUnderSource)
		t.Run("sub-administrators", in.testSubtypeScope)
		t.Run("accounts", in.testSubtypesOfAccounts)
		t.Run("system-managed", in.testSystemManaged)
		t.Run("twenty at most", in.testTwentySubtypes)
	})
}

func (in subadmins) testSubtypeShapes(t *testing.T) {
	for _, path := range []string{subtypesPath, "/v2026/source-subtypes"} {
		body := obj{"sourceId": strings.ToUpper(strings.ReplaceAll(in.servers, "-", "")), "technicalName": "foo", "displayName": "Mr Foo", "description": "fighters", "type": "MACHINE"}
		made := in.Admin.Post(t, path, apptest.JSON(body)).Want(t, 201)
		want := obj{
			"sourceId": in.servers, "technicalName": "foo", "displayName": "Mr Foo", "description": "fighters", "type": "MACHINE", "systemManaged": false,
			"source": ref("SOURCE", in.servers, "Servers"),
		}
		same(t, path, want, without(made.Body, "id", "created", "modified"))
		one := path + "/" + made.ID(t)
		same(t, one, made.Body, in.Admin.Get(t, one).Want(t, 200).Body)
		if text := in.Admin.Delete(t, one).Want(t, 204).Text; text != "" {
			t.Errorf("the deletion answers %q", text)
		}
		in.Admin.Get(t, one).Refused(t, "404 Not found")
		in.Admin.Delete(t, one).Refused(t, "404 Not found")
		in.Admin.Patch(t, one, `[]`).Refused(t, "404 Not found")
	}
}

func (in subadmins) testRefusedSubtypes(t *testing.T) {
	in.subtype(t, in.servers, "Taken")
	for _, test := range []struct {
		change obj
		code   string
		part   string
	}{
		{obj{"sourceId": nil}, "400.1.0 Required Data Missing Or Empty", "'sourceId'"},
		{obj{"sourceId": unknownID}, "400.1.404 Referenced object not found", "'sourceId'"},
		{obj{"sourceId": "a\u0000"}, "400.1 Bad Request Content", "U+0000"},
		{obj{"technicalName": nil}, "400.1.0 Required Data Missing Or Empty", "'technicalName'"},
		{obj{"technicalName": "  "}, "400.1.0 Required Data Missing Or Empty", "'technicalName'"},
		{obj{"technicalName": "tAKEN"}, "400.1.409 Reference Conflict", `technical name "tAKEN"`},
		{obj{"technicalName": strings.Repeat("Ä", 513)}, "400.1.4 Limit violation", "'technicalName' has 513 characters"},
		{obj{"displayName": ""}, "400.1.0 Required Data Missing Or Empty", "'displayName'"},
		{obj{"displayName": strings.Repeat("x", 513)}, "400.1.4 Limit violation", "'displayName'"},
		{obj{"description": nil}, "400.1.0 Required Data Missing Or Empty", "'description'"},
		{obj{"description": strings.Repeat("x", 2001)}, "400.1.4 Limit violation", "'description'"},
		{obj{"type": "HUMAN"}, "400.1.3 Illegal value", "use MACHINE"},
		{obj{"displayName": 7}, "400.1 Bad Request Content", "must be a string"},
	} {
		body := obj{"sourceId": in.servers, "technicalName": "new", "displayName": "New", "description": "d"}
		for field, value := range test.change {
			body[field] = value
		}
		in.Admin.Post(t, subtypesPath, apptest.JSON(body)).Refused(t, test.code, test.part)
		delete(body, "sourceId")
		if _, ofSource := test.change["sourceId"]; !ofSource {
			in.Admin.Post(t, "/v2025/sources/"+in.servers+"/subtypes", apptest.JSON(body)).Refused(t, test.code, test.part)
		}
	}
	in.subtype(t, in.mail, "Taken") // on another source the name is free
}

func (in subadmins) testSubtypeLists(t *testing.T) {
	in.subtype(t, in.servers, "api")
	for filters, names := range map[string]string{
		"":                                  "Taken Taken api",
		`technicalName eq "TAKEN"`:          "Taken Taken",
		`technicalName sw "a"`:              "api",
		`displayName eq "api"`:              "api",
		`displayName sw "ta"`:               "Taken Taken",
		`source.id eq "` + in.servers + `"`: "Taken api",
		`source.id in ("` + strings.ToUpper(in.mail) + `") and not displayName eq "x"`: "Taken",
	} {
		rows := in.Admin.List(t, subtypesPath, "filters", filters, "sorters", "technicalName")
		slices.SortFunc(rows, func(a, b apptest.Row) int { return strings.Compare(a.Text("technicalName"), b.Text("technicalName")) })
		if got := strings.Join(apptest.Texts(rows, "technicalName"), " "); got != names {
			t.Errorf("%s gives %s, want %s", filters, got, names)
		}
	}
	rows := in.Admin.List(t, subtypesPath, "sorters", "-displayName,technicalName")
	if got := apptest.Texts(rows, "displayName"); !slices.Equal(got, []string{"Taken", "Taken", "api"}) {
		t.Errorf("sorted they are %v", got)
	}
	id := rows[0].Text("id")
	for _, filters := range []string{`id eq "` + id + `"`, `id in ("` + id + `", "x")`, `id sw "` + id[:30] + `"`} {
		if rows := in.Admin.List(t, "/v2026/source-subtypes", "filters", filters); len(rows) != 1 {
			t.Errorf("%s gives %d rows", filters, len(rows))
		}
	}
	if got := in.Admin.Get(t, subtypesPath+"?count=true&limit=1&offset=1").Want(t, 200); got.Header.Get("X-Total-Count") != "3" || len(got.Rows(t)) != 1 {
		t.Errorf("the page is %s of %s", got.Text, got.Header.Get("X-Total-Count"))
	}
	in.Admin.Get(t, subtypesPath+"?filters=description+eq+%22x%22").Refused(t, "400.1.3 Illegal value", `"description" at position 1`)
	in.Admin.Get(t, "/v2026/sources/"+in.servers+"/subtypes?filters=id+eq+%22x%22").Refused(t, "400.1.3 Illegal value", `"id" at position 1`)
}

func (in subadmins) testBulkRetrieve(t *testing.T) {
	rows := in.Admin.List(t, subtypesPath)
	ids := apptest.Texts(rows, "id")
	slices.Reverse(ids)
	got := in.Admin.Post(t, subtypesPath+"/bulk-retrieve", apptest.JSON(append([]string{strings.ToUpper(ids[0])}, ids...))).Want(t, 200)
	if order := apptest.Texts(got.Rows(t), "id"); !slices.Equal(order, ids) {
		t.Errorf("asked for %v, got %v", ids, order)
	}
	many := make([]string, 101)
	for i := range many {
		many[i] = ids[0]
	}
	path := "/v2026/source-subtypes/bulk-retrieve"
	if got := in.Admin.Post(t, path, apptest.JSON(many[:100])).Want(t, 200).Rows(t); len(got) != 1 {
		t.Errorf("%d rows", len(got))
	}
	in.Admin.Post(t, path, apptest.JSON(many)).Refused(t, "400.1.4 Limit violation", "101 entries; at most 100")
	in.Admin.Post(t, path, `[]`).Refused(t, "400.1.0 Required Data Missing Or Empty", "'subtypeIds'")
	in.Admin.Post(t, path, `[""]`).Refused(t, "400.1.0 Required Data Missing Or Empty", "Entry 0")
	in.Admin.Post(t, path, `{"ids":[]}`).Refused(t, "400.1 Bad Request Content")
	in.Admin.Post(t, path, apptest.JSON([]string{ids[0], unknownID, "x"})).Refused(t, "404 Not found", unknownID+", x")
}

func (in subadmins) testPatchedSubtypes(t *testing.T) {
	id := in.subtype(t, in.servers, "patched")
	for _, path := range []string{subtypesPath + "/" + id, "/v2026/source-subtypes/" + id} {
		in.Admin.Patch(t, path, `[{"op":"replace","path":"/displayName","value":"Other"},{"op":"add","path":"/description","value":"d"}]`).
			Want(t, 200, `"displayName":"Other"`, `"description":"d"`, `"technicalName":"patched"`)
		in.Admin.Patch(t, path, `[{"op":"remove","path":"/description"}]`).Want(t, 200, `"description":""`)
		for _, field := range []string{"technicalName", "id", "sourceId", "type", "systemManaged", "source", "created", "nothing"} {
			in.Admin.Patch(t, path, patch("add", "/"+field, "x")).Refused(t, "400.1.3 Illegal value", "Field '"+field+"' is not patchable.")
		}
		in.Admin.Patch(t, path, replace("/displayName", " ")).Refused(t, "400.1.0 Required Data Missing Or Empty", "'displayName'")
		in.Admin.Patch(t, path, `[{"op":"remove","path":"/displayName"}]`).Refused(t, "400.1.0 Required Data Missing Or Empty", "'displayName'")
		in.Admin.Patch(t, path, replace("/description", strings.Repeat("x", 2001))).Refused(t, "400.1.4 Limit violation", "'description'")
		in.Admin.Patch(t, path, patch("test", "/displayName", "x")).Refused(t, "400.1 Bad Request Content")
	}
	in.Admin.Delete(t, subtypesPath+"/"+id).Want(t, 204)
}

// testSubtypesUnderSource: what came before the operations by id does the same and says that it is deprecated.
func (in subadmins) testSubtypesUnderSource(t *testing.T) {
	for _, version := range []string{"/v2025/sources", "/v2026/sources", "/sources/v1"} {
		path := version + "/" + in.mail + "/subtypes"
		made := in.Admin.Post(t, path, `{"technicalName":"Old Way/1","displayName":"Old","description":"d"}`).Want(t, 201)
		want := obj{"sourceId": in.mail, "technicalName": "Old Way/1", "displayName": "Old", "description": "d", "type": "MACHINE"}
		same(t, path, want, without(made.Body, "id", "created", "modified"))
		one := path + "/old%20way%2F1"
		byID := version + "/subtypes/" + made.ID(t)
		for _, got := range []apptest.Answer{
			made, in.Admin.Get(t, one).Want(t, 200, made.Text), in.Admin.Get(t, byID).Want(t, 200, made.Text),
			in.Admin.Get(t, path+"?filters=technicalName+sw+%22old%22&count=true&sorters=-displayName").Want(t, 200, made.Text),
			in.Admin.Patch(t, one, replace("/displayName", "Older")).Want(t, 200, `"displayName":"Older"`),
			in.Admin.Patch(t, one, replace("/technicalName", "x")).Want(t, 400, "'technicalName' is not patchable"),
			in.Admin.Delete(t, one).Want(t, 204), in.Admin.Delete(t, one).Want(t, 404), in.Admin.Patch(t, one, "[]").Want(t, 404),
			in.Admin.Get(t, one).Want(t, 404), in.Admin.Get(t, byID).Want(t, 404),
			in.Admin.Get(t, version+"/"+unknownID+"/subtypes").Want(t, 404), in.Admin.Post(t, version+"/"+unknownID+"/subtypes", "{}").Want(t, 404),
			in.Nobody.Get(t, path).Want(t, 401), in.Admin.With(apptest.Experimental, "").Get(t, path).Want(t, 200),
		} {
			if got.Header.Get("X-Deprecated") != "true" {
				t.Errorf("%s: headers %v", got.Request, got.Header)
			}
		}
	}
	if got := in.Admin.Get(t, subtypesPath); got.Header.Get("X-Deprecated") != "" {
		t.Errorf("headers %v", got.Header)
	}
}

// testSubtypeScope: bob administers "Servers" and nothing else.
func (in subadmins) testSubtypeScope(t *testing.T) {
	other := in.Admin.List(t, subtypesPath, "filters", `source.id eq "`+in.mail+`"`)[0].Text("id")
	mine := in.Admin.List(t, subtypesPath, "filters", `source.id eq "`+in.servers+`"`)
	if rows := in.bob.List(t, subtypesPath); len(rows) != len(mine) {
		t.Errorf("a sub-administrator sees %v", rows)
	}
	for _, call := range []struct{ method, path, body string }{
		{"GET", subtypesPath + "/" + other, ""},
		{"PATCH", subtypesPath + "/" + other, "[]"},
		{"DELETE", subtypesPath + "/" + other, ""},
		{"POST", subtypesPath + "/bulk-retrieve", apptest.JSON([]string{mine[0].Text("id"), other})},
		{"GET", subtypesPath + "/" + other + "/machine-config", ""},
		{"PATCH", subtypesPath + "/" + other + "/machine-config", "[]"},
		{"GET", "/sources/v1/subtypes/" + other, ""},
		{"GET", "/sources/v1/" + in.mail + "/subtypes", ""},
		{"POST", "/sources/v1/" + in.mail + "/subtypes", "{}"},
		{"GET", "/sources/v1/" + in.mail + "/subtypes/taken", ""},
		{"PATCH", "/sources/v1/" + in.mail + "/subtypes/taken", "[]"},
		{"DELETE", "/sources/v1/" + in.mail + "/subtypes/taken", ""},
		{"GET", "/sources/v1/" + in.mail + "/approval-config/machine-account-delete", ""},
		{"PATCH", "/sources/v1/" + in.mail + "/approval-config/machine-account-delete", "[]"},
	} {
		in.bob.Do(t, call.method, call.path, call.body).Refused(t, "404 Not found")
	}
	body := obj{"sourceId": in.mail, "technicalName": "x", "displayName": "x", "description": ""}
	in.bob.Post(t, subtypesPath, apptest.JSON(body)).Refused(t, "400.1.404 Referenced object not found", "'sourceId'")
	body["sourceId"] = in.servers
	id := in.bob.Post(t, subtypesPath, apptest.JSON(body)).Want(t, 201).ID(t)
	in.bob.Patch(t, subtypesPath+"/"+id, replace("/description", "mine")).Want(t, 200)
	in.bob.Get(t, subtypesPath+"/"+id+"/machine-config").Want(t, 200)
	in.bob.Delete(t, subtypesPath+"/"+id).Want(t, 204)
	in.bob.Get(t, "/sources/v1/"+in.servers+"/approval-config/machine-account-delete").Want(t, 200)
}

// testSubtypesOfAccounts: accounts have the subtypes of their own source, follow their display names and lose them.
func (in subadmins) testSubtypesOfAccounts(t *testing.T) {
	id := in.subtype(t, in.servers, "Bot")
	path := accountsPath + "/" + in.account(t, "svc-01").Text("id")
	shown := func(field, name string) int {
		return len(in.Admin.List(t, accountsPath, "filters", fmt.Sprintf("subtype.%s eq %q", field, name)))
	}
	in.Admin.Patch(t, path, replaceOrAdd("subtype", "bOT")).Want(t, 200, `"subtype":"Bot"`)
	in.Admin.Patch(t, path, replaceOrAdd("subType", "nobody's")).Refused(t, "400.1.404 Referenced object not found", `Field 'subtype' is "nobody's"`)
	in.Admin.Patch(t, accountsPath+"/"+in.account(t, "m1").Text("id"), replaceOrAdd("subtype", "Bot")).Refused(t, "400.1.404 Referenced object not found", "'subtype'")
	in.Admin.Patch(t, subtypesPath+"/"+id, replace("/displayName", "Software robot")).Want(t, 200)
	if shown("displayName", "bot") != 0 || shown("displayName", "software ROBOT") != 1 || shown("technicalName", "bot") != 1 {
		t.Error("the account does not follow the display name of its subtype")
	}
	in.Admin.Patch(t, path, replaceOrAdd("description", "edited")).Want(t, 200, `"subtype":"Bot"`)
	in.Load(t, in.servers, strings.Replace(serverAccounts, "svc-backup", "svc-backups", 1)).Want(t, "SUCCESS")
	if shown("displayName", "software robot") != 1 {
		t.Error("an edit and an aggregation lose the display name")
	}
	in.Admin.Patch(t, path, replaceOrAdd("subtype", nil)).Want(t, 200, `"subtype":null`)
	if shown("displayName", "software robot") != 0 {
		t.Error("the account keeps the display name")
	}
	in.Admin.Patch(t, path, replaceOrAdd("subtype", "Bot")).Want(t, 200, `"subtype":"Bot"`)
	in.Admin.Delete(t, subtypesPath+"/"+id).Want(t, 204)
	in.Admin.Get(t, path).Want(t, 200, `"subtype":null`)
	if shown("technicalName", "Bot") != 0 || shown("displayName", "Software robot") != 0 {
		t.Error("the account keeps a subtype that is gone")
	}
}

// testSystemManaged: no operation makes such a subtype, so the test puts one into the database.
func (in subadmins) testSystemManaged(t *testing.T) {
	db, err := store.Open(t.Context(), in.Database())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // what was written is read below
	draft := governance.Subtype{Source: governance.Reference{ID: in.servers}, TechnicalName: "system", DisplayName: "System", SystemManaged: true}
	made, err := db.CreateSubtype(t.Context(), governance.Server("test", ""), draft, "")
	if err != nil {
		t.Fatal(err)
	}
	path := subtypesPath + "/" + made.ID
	in.Admin.Get(t, path).Want(t, 200, `"systemManaged":true`)
	in.Admin.Patch(t, path, replace("/displayName", "x")).Refused(t, "400.1.3 Illegal value", "managed by the system")
	in.Admin.Delete(t, path).Refused(t, "400.1.3 Illegal value", "managed by the system")
	in.Admin.Delete(t, "/sources/v1/"+in.servers+"/subtypes/system").Refused(t, "400.1.3 Illegal value", "managed by the system")
	in.Admin.Patch(t, path+"/machine-config", replace("/machineAccountCreate/passwordSetting", "DO_NOT_SET_PASSWORD")).Want(t, 200)
}

// testTwentySubtypes also asks for many at once: the limit holds however they meet.
func (in subadmins) testTwentySubtypes(t *testing.T) {
	have := len(in.Admin.List(t, subtypesPath, "filters", `source.id eq "`+in.servers+`"`))
	const asked = 24
	statuses := make(chan int, asked)
	for i := range asked {
		go func() {
			body := obj{"sourceId": in.servers, "technicalName": fmt.Sprint("n", i), "displayName": "n", "description": ""}
			statuses <- in.Admin.Post(t, subtypesPath, apptest.JSON(body)).Status
		}()
	}
	made := 0
	for range asked {
		if <-statuses == http.StatusCreated {
			made++
		}
	}
	if have+made != governance.MaxSubtypes {
		t.Errorf("there were %d subtypes and %d were made", have, made)
	}
	body := obj{"sourceId": in.servers, "technicalName": "more", "displayName": "n", "description": ""}
	in.Admin.Post(t, subtypesPath, apptest.JSON(body)).Refused(t, "400.1.4 Limit violation", "at most 20")
	in.subtype(t, in.mail, "more")
}
