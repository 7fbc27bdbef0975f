//go:build unix

package app_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"midgard/internal/app/apptest"
)

const (
	identitiesPath = "/machine-identities/v1"
	accountsPath   = "/machine-accounts/v1"
	unknownID      = "0198c0de-0000-7000-8000-000000000000"
)

// obj is a JSON object of a request or an expected answer.
type obj = map[string]any

// ref is a reference to another object.
func ref(kind, id, name string) obj { return obj{"type": kind, "id": id, "name": name} }

// idRef is a reference as clients send it.
func idRef(kind, id string) obj { return obj{"type": kind, "id": id} }

// patch is a JSON Patch of one operation.
func patch(op, path string, value any) string {
	return apptest.JSON([]any{obj{"op": op, "path": path, "value": value}})
}

func replace(path string, value any) string { return patch("replace", path, value) }

// serverAccounts is a file of machine accounts that differ in everything that lists can ask for.
const serverAccounts = `id,name,description,owner,environment,groups,disabled,locked
svc-01,svc-backup,Nightly backup,bob,production,operators;backup,no,no
svc-02,svc-deploy,Deploys things,cleo,production,operators,no,yes
svc-03,svc-mail,,bob,test,,yes,no
svc-04,Svc-Ärger,"Ümläute und ""quotes""",,,backup,no,no
svc-05,100%_svc\,Underscore_100%,dora,Test,,yes,yes
svc-06,zz last,nobody's,nobody,,operators,no,no
`

const serverColumns = "id name description owner environment groups disabled locked"

// inventory is a server with the cast, a source "Servers" whose six accounts are machines', and a source "Mail" with two.
type inventory struct {
	*apptest.Server
	servers, mail string
}

func newInventory(t *testing.T, s *apptest.Server) inventory {
	t.Helper()
	s.Person(t, "ada")
	in := inventory{Server: s, servers: s.CreateSource(t, "Servers", nil), mail: s.CreateSource(t, "Mail", nil)}
	s.SetSchema(t, in.servers, "id", strings.Fields(serverColumns)...)
	s.SetSchema(t, in.mail, "id", "id", "name", "groups")
	s.AllMachines(t, in.servers)
	s.AllMachines(t, in.mail)
	s.Load(t, in.servers, serverAccounts).Want(t, "SUCCESS")
	s.Load(t, in.mail, "id,name,groups\nm1,mailer,senders\nm2,fetcher,\n").Want(t, "SUCCESS")
	return in
}

// entitlements gives the ids of a source's entitlements by value.
func (in inventory) entitlements(t *testing.T, source string) map[string]string {
	t.Helper()
	ids := map[string]string{}
	for _, row := range in.Admin.List(t, "/entitlements/v1", "filters", `source.id eq "`+source+`"`) {
		ids[row.Text("value")] = row.Text("id")
	}
	return ids
}

// account gives the row of a machine account by its native identity.
func (in inventory) account(t *testing.T, native string) apptest.Row {
	t.Helper()
	rows := in.Admin.List(t, accountsPath, "filters", `nativeIdentity eq "`+native+`"`)
	if len(rows) != 1 {
		t.Fatalf("%d accounts are called %q", len(rows), native)
	}
	return rows[0]
}

// createIdentity makes a machine identity with further members of the body.
func (in inventory) createIdentity(t *testing.T, name string, more obj) apptest.Answer {
	t.Helper()
	body := obj{"name": name, "nativeIdentity": name, "subtype": "Application"}
	maps.Copy(body, more)
	return in.Admin.Post(t, identitiesPath, apptest.JSON(body))
}

// secondaries are references to the first n people of the cast after the first.
func (in inventory) secondaries(t *testing.T, n int) []any {
	t.Helper()
	list := []any{}
	for _, name := range apptest.Cast[1 : n+1] {
		list = append(list, idRef("IDENTITY", in.Person(t, name)))
	}
	return list
}

// without gives a decoded body without what nobody can foresee.
func without(body any, keys ...string) obj {
	m, _ := body.(obj)
	m = maps.Clone(m)
	for _, key := range keys {
		delete(m, key)
	}
	return m
}

// same compares values by their JSON forms.
func same(t *testing.T, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(pretty(want), pretty(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// pretty is JSON with one member a line, so that a difference is readable.
func pretty(v any) string {
	return strings.NewReplacer(`,"`, ",\n\"", `,{`, ",\n{").Replace(apptest.JSON(v))
}

// decoded is a JSON text as answers are decoded.
func decoded(text string) any {
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		panic(err)
	}
	return v
}

// group makes a governance group with members and gives its id.
func (in inventory) group(t *testing.T, name string, members ...string) string {
	t.Helper()
	id := in.Admin.Post(t, "/workgroups/v1", apptest.JSON(obj{"name": name, "owner": idRef("IDENTITY", in.Admin.ID)})).Want(t, 200).ID(t)
	if len(members) == 0 {
		return id
	}
	list := make([]any, len(members))
	for i, person := range members {
		list[i] = idRef("IDENTITY", in.Person(t, person))
	}
	in.Admin.Post(t, fmt.Sprintf("/workgroups/v1/%s/members/bulk-add", id), apptest.JSON(list)).Want(t, 207)
	return id
}
