//go:build unix

package app_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"midgard/internal/app/apptest"
	"midgard/internal/governance"
)

func TestSuccession(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		in := newInventory(t, s)
		x := heritage{in, in.Admin.List(t, "/sources/v1", "filters", `name eq "People"`)[0].Text("id")}
		x.Admin.Patch(t, "/sources/v1/"+x.people, replace("/deleteThreshold", 100)).Want(t, 200)
		t.Run("who becomes inactive", x.testInactive)
		t.Run("who is deleted", x.testDeleted)
		t.Run("aggregation after it", x.testAggregation)
		t.Run("managers who left before", x.testManagersAbove)
		t.Run("nobody", x.testNobody)
		t.Run("many", x.testMany)
	})
}

// heritage is an inventory whose people can leave.
type heritage struct {
	inventory
	people string // their source
}

// leave loads the people without some of them, and waits until what they owned is handed on.
func (x heritage) leave(t *testing.T, names ...string) {
	t.Helper()
	file := apptest.People()
	for _, name := range names {
		file = strings.Replace(file, "\n"+name+",", "\n-"+name+",", 1)
	}
	kept := []string{}
	for _, line := range strings.Split(strings.TrimSpace(file), "\n") {
		if !strings.HasPrefix(line, "-") {
			kept = append(kept, line)
		}
	}
	x.Load(t, x.people, strings.Join(kept, "\n")+"\n").Want(t, "SUCCESS")
}

// owned makes a machine identity with owners by name.
func (x heritage) owned(t *testing.T, name, primary string, secondary ...string) string {
	t.Helper()
	list := []any{}
	for _, person := range secondary {
		list = append(list, idRef("IDENTITY", x.Person(t, person)))
	}
	return x.createIdentity(t, name, obj{"owners": obj{
		"primaryIdentity": idRef("IDENTITY", x.Person(t, primary)), "secondaryIdentities": list,
	}}).Want(t, 200).ID(t)
}

// wait waits until a machine identity has the owners, by name and the primary one first.
func (x heritage) wait(t *testing.T, id, owners string) {
	t.Helper()
	x.Until(t, "/machine-identities/v2/"+id, func(m apptest.Row) bool {
		names := []string{m.Text("owners.primary.name")}
		list, _ := m.Field("owners.secondary").([]any)
		for _, o := range list {
			names = append(names, apptest.Row(o.(obj)).Text("name"))
		}
		return strings.Join(names, " ") == owners
	})
}

// lastReason demands the reason of the newest change of an object.
func (x heritage) lastReason(t *testing.T, id, reason string) {
	t.Helper()
	changes := changesOf(t, x.Server, id)
	if last := changes[len(changes)-1]; last.Actor.Reason != reason || last.Action != governance.ActionUpdate {
		t.Errorf("the reason of the last change is %q, want %q", last.Actor.Reason, reason)
	}
}

func (x heritage) testInactive(t *testing.T) {
	promoted, managed := x.owned(t, "promoted", "bob", "lars", "cleo"), x.owned(t, "managed", "bob")
	second, untouched := x.owned(t, "second", "cleo", "bob", "dora"), x.owned(t, "untouched", "cleo", "dora")
	account := x.account(t, "svc-01").Text("id") // of bob's by its source
	x.leave(t, "lars")
	x.wait(t, promoted, "bob cleo")
	x.lastReason(t, promoted, "the secondary owner lars became inactive")

	x.leave(t, "lars", "bob")
	x.wait(t, promoted, "cleo")
	x.lastReason(t, promoted, "the primary owner bob became inactive; the secondary owner cleo follows")
	x.wait(t, managed, "ada")
	x.lastReason(t, managed, "the primary owner bob became inactive; the manager ada follows")
	x.wait(t, second, "cleo dora")
	x.wait(t, untouched, "cleo dora")
	if n := len(changesOf(t, x.Server, untouched)); n != 1 {
		t.Errorf("what concerns nobody who left has %d change records", n)
	}
	x.Until(t, accountsPath+"/"+account, func(a apptest.Row) bool { return a.Text("ownerIdentity.name") == "ada" })
	x.lastReason(t, account, "the owner bob became inactive; the manager ada follows")
	if rows := x.Admin.List(t, accountsPath, "filters", `ownerIdentity.name eq "ADA"`); len(rows) != 2 {
		t.Errorf("%d accounts are found by their new owner", len(rows))
	}
}

func (x heritage) testDeleted(t *testing.T) {
	id, account := x.owned(t, "of dora", "dora", "emil"), x.account(t, "svc-05").Text("id")
	x.Admin.Delete(t, "/identities/v1/"+x.Person(t, "dora")).Want(t, 204)
	x.wait(t, id, "emil")
	x.lastReason(t, id, "the primary owner dora was deleted; the secondary owner emil follows")
	x.Admin.Get(t, accountsPath+"/"+account).Want(t, 200, `"name":"ada"`)
	x.lastReason(t, account, "the owner dora was deleted; the manager ada follows")
	changes := changesOf(t, x.Server, account)
	if last := changes[len(changes)-1]; last.Actor.IdentityID != x.Admin.ID {
		t.Errorf("it was done by %+v", last.Actor)
	}
}

// testMany owns more than one transaction hands on, both when somebody becomes inactive and when somebody is deleted.
func (x heritage) testMany(t *testing.T) {
	x.leave(t) // nobody: all are back
	source := x.CreateSource(t, "Many", nil)
	x.SetSchema(t, source, "id", "id", "name", "owner")
	x.AllMachines(t, source)
	var file strings.Builder
	file.WriteString("id,name,owner\n")
	for i := range 420 {
		fmt.Fprintf(&file, "many-%03d,many-%03d,%s\n", i, i, []string{"finn", "gina"}[i%2])
	}
	x.Load(t, source, file.String()).Want(t, "SUCCESS")
	count := func(owner string) string {
		return x.Admin.Get(t, apptest.Query(accountsPath, "filters", `source.id eq "`+source+`" and ownerIdentity.id eq "`+x.Person(t, owner)+`"`, "count", "true", "limit", "1")).Header.Get("X-Total-Count")
	}
	x.leave(t, "lars", "bob", "dora", "finn")
	x.Until(t, "/task-status/v1?limit=1", func(apptest.Row) bool { return count("finn") == "0" })
	x.Admin.Delete(t, "/identities/v1/"+x.Person(t, "gina")).Want(t, 204)
	if f, g, a := count("finn"), count("gina"), count("ada"); f != "0" || g != "0" || a != "420" {
		t.Errorf("finn owns %s, gina %s and ada %s", f, g, a)
	}
}

// testAggregation: what a source goes on saying of an owner who has left means who took over.
func (x heritage) testAggregation(t *testing.T) {
	x.Load(t, x.servers, strings.Replace(serverAccounts, "Nightly backup", "Daily backup", 1)).Want(t, "SUCCESS")
	if a := x.account(t, "svc-01"); a.Text("description") != "Daily backup" || a.Text("ownerIdentity.name") != "ada" {
		t.Errorf("after a change on its source the account is %v", a)
	}
	x.Load(t, x.servers, strings.Replace(serverAccounts, "Underscore_100%", "Changed", 1)).Want(t, "SUCCESS")
	if a := x.account(t, "svc-05"); a.Text("description") != "Changed" || a.Text("ownerIdentity.name") != "ada" {
		t.Errorf("the account of somebody who was deleted is %v", a)
	}
	x.Load(t, x.mail, "id,name,groups\nm1,mailer,senders\nm2,fetcher,\n").Want(t, "SUCCESS")
}

// testManagersAbove: the manager of who leaves has left before, so that theirs follows.
func (x heritage) testManagersAbove(t *testing.T) {
	file := strings.Replace(apptest.People(), "hugo,hugo,hugo@example.test,ada", "hugo,hugo,hugo@example.test,ines", 1)
	x.Load(t, x.people, file).Want(t, "SUCCESS")
	id := x.owned(t, "of hugo", "hugo")
	without := func(names ...string) string {
		text := file
		for _, name := range names {
			text = strings.Replace(text, name+","+name+","+name+"@example.test,ada\n", "", 1)
			text = strings.Replace(text, name+","+name+","+name+"@example.test,ines\n", "", 1)
		}
		return text
	}
	x.Load(t, x.people, without("ines")).Want(t, "SUCCESS")
	x.Load(t, x.people, without("ines", "hugo")).Want(t, "SUCCESS")
	x.wait(t, id, "ada")
	x.lastReason(t, id, "the primary owner hugo became inactive; the manager ada follows")
}

// testNobody: without anybody who follows, a machine identity is found by having no owner.
func (x heritage) testNobody(t *testing.T) {
	id := x.owned(t, "of ada", "ada", "jack")
	alone := x.owned(t, "of ada alone", "ada")
	x.leave(t, "ada")
	x.wait(t, id, "jack")
	x.wait(t, alone, "")
	x.lastReason(t, alone, "the primary owner ada became inactive; nobody follows, since there is no active secondary owner and no manager")
	rows := x.Admin.List(t, identitiesPath, "filters", `owners.primaryIdentity.name isnull and displayName eq "of ada alone"`)
	if len(rows) != 1 || rows[0].Text("id") != alone {
		t.Errorf("without owner are %v", rows)
	}
	if !strings.Contains(metricsOf(t, x.Server), "\nmidgard_machine_identities_without_owner ") {
		t.Error("no metric counts them")
	}
}

// metricsOf reads what the server shows beside the contract.
func metricsOf(t *testing.T, s *apptest.Server) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/metrics", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
