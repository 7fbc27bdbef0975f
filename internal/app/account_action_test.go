//go:build unix

package app_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"midgard/internal/app/apptest"
	"midgard/internal/testenv"
)

// TestAccountActions acts on the accounts of a real directory and looks there for what became of it.
func TestAccountActions(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		slapd := testenv.Slapd(t, testenv.WithLDIF(serviceEntries(8)))
		d := newDirectory(t, s, slapd, slapd.Port, map[string]any{"user": slapd.WriterDN, "password": slapd.WriterPassword})
		d.load(t).Want(t, "SUCCESS")
		x := acting{directory: d, slapd: slapd, ids: map[string]string{}}
		for uid, row := range d.rows(t) {
			x.ids[uid] = row.Text("id")
		}
		t.Run("disable, enable and unlock", x.testStates)
		t.Run("reload", x.testReload)
		t.Run("in bulk", x.testBulk)
		t.Run("remove", x.testRemoval)
		t.Run("delete", x.testDeletion)
		t.Run("owners", x.testOwners)
		t.Run("any account", x.testAnyAccount)
		t.Run("parts", x.testParts)
		t.Run("sources that cannot", x.testUnable)
		t.Run("a source that is away", x.testAway)
	})
}

// acting is a directory whose accounts are acted on; ids are theirs by uid.
type acting struct {
	directory
	slapd *testenv.SlapdServer
	ids   map[string]string
}

func (x acting) path(uid, action string) string {
	return accountsPath + "/" + x.ids[uid] + "/" + action
}

// act starts an action as somebody and waits for its end.
func (x acting) act(t *testing.T, who *apptest.Caller, path, body string) apptest.Task {
	t.Helper()
	return x.Wait(t, who.Post(t, path, body).Want(t, http.StatusAccepted).ID(t))
}

func (x acting) row(t *testing.T, uid string) apptest.Answer {
	t.Helper()
	return x.Admin.Get(t, accountsPath+"/"+x.ids[uid]).Want(t, http.StatusOK)
}

// bulk is the body of a bulk request for accounts by uid.
func (x acting) bulk(uids ...string) string {
	ids := []string{}
	for _, uid := range uids {
		ids = append(ids, x.ids[uid])
	}
	return apptest.JSON(obj{"ids": ids})
}

// seen reads an account from the directory as the next aggregation does.
func (x acting) seen(t *testing.T, uid string) apptest.Row {
	t.Helper()
	x.load(t).Want(t, "SUCCESS")
	return x.rows(t)[uid]
}

func (x acting) testStates(t *testing.T) {
	task := x.act(t, x.Admin, x.path("svc-00", "disable"), "").Want(t, "SUCCESS")
	if task.Text("uniqueName") != "Cloud Account Disable" || task.Count("succeeded") != "1" || task.Text("attributes.accounts.0.status") != "SUCCESS" {
		t.Errorf("the task is %v", task.Row)
	}
	x.row(t, "svc-00").Want(t, http.StatusOK, `"enabled":false`)
	if got := x.seen(t, "svc-00"); got.Field("disabled") != true {
		t.Errorf("the directory shows %v", got)
	}
	last := changesOf(t, x.Server, x.ids["svc-00"])
	if c := last[len(last)-1]; c.Actor.IdentityID != x.Admin.ID || c.Actor.Reason != "disable" || string(c.After) != `{"disabled":true}` {
		t.Errorf("the last change is %+v", c)
	}
	x.act(t, x.Admin, x.path("svc-00", "disable"), "").Want(t, "SUCCESS")
	x.act(t, x.Admin, x.path("svc-00", "enable"), "").Want(t, "SUCCESS")
	x.row(t, "svc-00").Want(t, http.StatusOK, `"enabled":true`)
	if got := x.seen(t, "svc-00"); got.Field("disabled") != false {
		t.Errorf("the directory shows %v", got)
	}

	x.slapd.Modify(change(serviceDN("svc-01"), "replace: pwdAccountLockedTime\npwdAccountLockedTime: 20990101000000Z"))
	if got := x.seen(t, "svc-01"); got.Field("locked") != true {
		t.Errorf("the directory shows %v", got)
	}
	x.act(t, x.Admin, x.path("svc-01", "unlock"), "").Want(t, "SUCCESS")
	x.row(t, "svc-01").Want(t, http.StatusOK, `"locked":false`)
}

func (x acting) testReload(t *testing.T) {
	x.slapd.Modify(change(serviceDN("svc-02"), "replace: description\ndescription: told at once"))
	x.slapd.Add(groupEntry("reloaded", "svc-02"))
	x.act(t, x.Admin, x.path("svc-02", "reload"), "").Want(t, "SUCCESS")
	x.row(t, "svc-02").Want(t, http.StatusOK, `"description":"told at once"`, `"hasEntitlements":true`)

	x.slapd.Delete(serviceDN("svc-03"))
	task := x.act(t, x.Admin, x.path("svc-03", "reload"), "").Want(t, "ERROR")
	wantMessage(t, task, serviceDN("svc-03"), "counts as missing")
	x.row(t, "svc-03")
	x.slapd.Add(serviceEntry("svc-03"))
	x.act(t, x.Admin, x.path("svc-03", "reload"), "").Want(t, "SUCCESS")
}

func (x acting) testBulk(t *testing.T) {
	task := x.act(t, x.Admin, accountsPath+"/bulk-disable", x.bulk("svc-00", "svc-01", "svc-00", "jane")).Want(t, "SUCCESS")
	wantMessage(t, task, "2 accounts were skipped")
	if got := task.Count("succeeded"); got != "2" {
		t.Errorf("%s accounts were disabled", got)
	}
	x.row(t, "svc-01").Want(t, http.StatusOK, `"enabled":false`)
	x.act(t, x.Admin, accountsPath+"/bulk-enable", x.bulk("svc-00", "svc-01")).Want(t, "SUCCESS")
	none := x.act(t, x.Admin, accountsPath+"/bulk-enable", x.bulk("svc-00")).Want(t, "ERROR")
	wantMessage(t, none, "None of the accounts")
	x.act(t, x.Admin, accountsPath+"/bulk-reload-async", x.bulk("svc-00", "svc-01")).Want(t, "SUCCESS")

	for _, path := range []string{accountsPath, "/v2026/machine-accounts"} {
		a := x.Admin.Post(t, path+"/bulk-reload", `{"ids":["`+x.ids["svc-04"]+`","`+x.ids["svc-04"]+`","`+x.ids["jane"]+`","`+unknownID+`"]}`).Want(t, http.StatusMultiStatus)
		same(t, path, "[200 409 404 404]", fmt.Sprint(statuses(a)))
		x.Until(t, "/task-status/v1?limit=1&sorters=-created", func(apptest.Row) bool { return x.idle(t) })
	}
	for body, code := range map[string]string{`{"ids":[]}`: "400.1.0 Required Data Missing Or Empty", `{}`: "400.1.0 Required Data Missing Or Empty",
		apptest.JSON(obj{"ids": slices.Repeat([]string{unknownID}, 101)}): "400.1.4 Limit violation"} {
		for _, path := range []string{"bulk-enable", "bulk-disable", "bulk-reload", "bulk-reload-async"} {
			x.Admin.Post(t, accountsPath+"/"+path, body).Refused(t, code, "'ids'")
		}
	}
}

// idle says whether all tasks have ended.
func (x acting) idle(t *testing.T) bool {
	t.Helper()
	return len(x.Admin.List(t, "/task-status/v1", "filters", "completionStatus isnull")) == 0
}

// statuses gives those of the rows of a bulk answer.
func statuses(a apptest.Answer) []string {
	list, _ := a.Body.([]any)
	var all []string
	for _, row := range list {
		all = append(all, apptest.Row(row.(obj)).Text("status"))
	}
	return all
}

// testRemoval: an account that is removed from here alone comes back.
func (x acting) testRemoval(t *testing.T) {
	x.act(t, x.Admin, x.path("svc-05", "remove"), "").Want(t, "SUCCESS")
	x.Admin.Get(t, accountsPath+"/"+x.ids["svc-05"]).Refused(t, "404 Not found")
	if back := x.seen(t, "svc-05"); back == nil || back.Text("id") == x.ids["svc-05"] {
		t.Errorf("the next aggregation brought back %v", back)
	}
}

// testDeletion asks for the deletion on the source.
func (x acting) testDeletion(t *testing.T) {
	request := x.Admin.Post(t, x.path("svc-04", "delete"), `{"comments":"no longer used"}`).Want(t, http.StatusAccepted)
	id, _ := request.Field("accountRequestId").(string)
	x.Admin.Get(t, "/midgard/v1/account-requests/"+id).Want(t, http.StatusOK, `"DELETE_ACCOUNT"`, "no longer used")
	x.Admin.Post(t, x.path("jane", "delete"), "").Refused(t, "404 Not found")
	x.Application(t).Post(t, x.path("svc-04", "delete"), "").Refused(t, "403 Forbidden")
}

// testOwners: whoever owns an account may act on it without a user level, and on no other one.
func (x acting) testOwners(t *testing.T) {
	bob, cleo := x.As(t, "bob"), x.As(t, "cleo", "HELPDESK")
	x.Admin.Patch(t, accountsPath+"/"+x.ids["svc-06"], patch("add", "/ownerIdentity", idRef("IDENTITY", bob.ID))).Want(t, http.StatusOK)
	for _, action := range []string{"disable", "enable", "unlock", "reload"} {
		x.act(t, bob, x.path("svc-06", action), "").Want(t, "SUCCESS")
		bob.Post(t, x.path("svc-07", action), "").Refused(t, "404 Not found")
		x.act(t, cleo, x.path("svc-07", action), "").Want(t, "SUCCESS")
	}
	bob.Post(t, x.path("svc-07", "remove"), "").Refused(t, "404 Not found")
	bob.Post(t, x.path("svc-07", "delete"), "").Refused(t, "404 Not found")
	cleo.Post(t, x.path("svc-07", "remove"), "").Refused(t, "404 Not found")
	task := x.act(t, bob, accountsPath+"/bulk-disable", x.bulk("svc-06", "svc-07")).Want(t, "SUCCESS")
	if got := task.Count("succeeded"); got != "1" {
		t.Errorf("bob disabled %s accounts", got)
	}
	x.row(t, "svc-07").Want(t, http.StatusOK, `"enabled":true`)
	same(t, "bob reloads", "[200 404]", fmt.Sprint(statuses(bob.Post(t, accountsPath+"/bulk-reload", x.bulk("svc-06", "svc-07")).Want(t, http.StatusMultiStatus))))
	x.Until(t, "/task-status/v1/"+task.Text("id"), func(apptest.Row) bool { return x.idle(t) })
	bob.Get(t, x.path("svc-06", "machine-identities")).Want(t, http.StatusOK, `"svc-06"`)
	bob.Get(t, x.path("svc-07", "machine-identities")).Refused(t, "404 Not found")
	bob.Get(t, x.path("svc-06", "entitlements")).Refused(t, "403 Forbidden")
	x.AsWithScopes(t, "bob", "idn:mis-account:enable").Post(t, x.path("svc-06", "disable"), "").Refused(t, "403 Forbidden")
	x.act(t, x.AsWithScopes(t, "bob", "idn:mis-account:enable"), x.path("svc-06", "enable"), "").Want(t, "SUCCESS")
	x.act(t, bob, x.path("svc-06", "remove"), "").Want(t, "SUCCESS")
}

// testAnyAccount acts on an account that is no machine's.
func (x acting) testAnyAccount(t *testing.T) {
	jane := "/v2025/accounts/" + x.ids["jane"] + "/"
	x.act(t, x.Admin, jane+"disable", "{}").Want(t, "SUCCESS")
	x.Admin.Get(t, "/accounts/v1/"+x.ids["jane"]).Want(t, http.StatusOK, `"disabled":true`)
	x.act(t, x.Admin, jane+"enable", `{"forceProvisioning":true}`).Want(t, "SUCCESS")
	x.act(t, x.Admin, jane+"unlock", `{"unlockIDNAccount":false}`).Want(t, "SUCCESS")
	x.act(t, x.Admin, jane+"reload", "").Want(t, "SUCCESS")
	x.Admin.Get(t, "/accounts/v1/"+x.ids["jane"]).Want(t, http.StatusOK, `"disabled":false`)
	x.Admin.Post(t, x.path("jane", "disable"), "").Refused(t, "404 Not found")
	x.As(t, "dora").Post(t, jane+"disable", "{}").Refused(t, "403 Forbidden")
	x.act(t, x.Admin, jane+"remove", "").Want(t, "SUCCESS")
	x.Admin.Get(t, "/accounts/v1/"+x.ids["jane"]).Refused(t, "404 Not found")
}

func (x acting) testParts(t *testing.T) {
	held := apptest.Texts(x.Admin.List(t, x.path("svc-02", "entitlements")), "name")
	if !slices.Equal(held, []string{groupDN("reloaded")}) { // nobody has read the groups themselves
		t.Errorf("svc-02 holds %q", held)
	}
	m := x.Admin.Get(t, x.path("svc-02", "machine-identities")).Want(t, http.StatusOK)
	if m.Field("0.id") != x.row(t, "svc-02").Field("machineIdentity.id") || m.Field("1") != nil {
		t.Errorf("svc-02 belongs to %s", m.Text)
	}
	x.Admin.Get(t, accountsPath+"/"+unknownID+"/entitlements").Refused(t, "404 Not found")
	x.Admin.Get(t, accountsPath+"/"+unknownID+"/machine-identities").Refused(t, "404 Not found")
}

// testUnable: a file cannot be acted on, but what was read from it can be removed.
func (x acting) testUnable(t *testing.T) {
	source := x.CreateSource(t, "File", obj{"features": []string{"PROVISIONING", "ENABLE"}})
	x.SetSchema(t, source, "id", "id", "name")
	x.AllMachines(t, source)
	x.Load(t, source, "id,name\nf1,f1\n").Want(t, "SUCCESS")
	id := x.Admin.List(t, accountsPath, "filters", `source.id eq "`+source+`"`)[0].Text("id")
	for _, action := range []string{"enable", "disable", "unlock", "reload"} {
		x.Admin.Post(t, accountsPath+"/"+id+"/"+action, "").Refused(t, "400.1.3 Illegal value", `"File"`, action, "does not support it")
	}
	a := x.Admin.Post(t, accountsPath+"/bulk-reload", apptest.JSON(obj{"ids": []string{id}})).Want(t, http.StatusMultiStatus, "does not support it")
	same(t, "rows", "[400]", fmt.Sprint(statuses(a)))
	x.act(t, x.Admin, accountsPath+"/bulk-disable", apptest.JSON(obj{"ids": []string{id}})).Want(t, "ERROR")
	x.act(t, x.Admin, accountsPath+"/"+id+"/remove", "").Want(t, "SUCCESS")
}

// testAway: a directory that is away is waited for, and what was done by then is not done twice.
func (x acting) testAway(t *testing.T) {
	before := maps.Clone(x.ids)
	x.slapd.Stop()
	id := x.Admin.Post(t, accountsPath+"/bulk-disable", x.bulk("svc-00", "svc-01")).Want(t, http.StatusAccepted).ID(t)
	single := x.Admin.Post(t, x.path("svc-02", "disable"), "").Want(t, http.StatusAccepted).ID(t)
	x.Until(t, "/task-status/v1/"+single, func(r apptest.Row) bool { return strings.HasPrefix(r.Text("progress"), "Waiting for the source") })
	x.Admin.Post(t, x.path("svc-02", "enable"), "").Refused(t, "400.1.409 Reference Conflict", "still under way")
	x.slapd.Start()
	for _, id := range []string{id, single} {
		x.Wait(t, id).Want(t, "SUCCESS")
	}
	x.row(t, "svc-00").Want(t, http.StatusOK, `"enabled":false`, before["svc-00"])
	x.row(t, "svc-02").Want(t, http.StatusOK, `"enabled":false`)
}
