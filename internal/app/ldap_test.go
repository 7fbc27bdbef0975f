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
	"midgard/internal/config"
	"midgard/internal/testenv"
)

const (
	directoryServices = "ou=services,dc=example,dc=test"
	directoryGroups   = "ou=groups,dc=example,dc=test"
	directoryBranches = "dn: " + directoryServices + "\nobjectClass: organizationalUnit\nou: services\n\n" +
		"dn: " + directoryGroups + "\nobjectClass: organizationalUnit\nou: groups\n\n"
)

func serviceDN(uid string) string { return "uid=" + uid + "," + directoryServices }

func groupDN(cn string) string { return "cn=" + cn + "," + directoryGroups }

// serviceEntries are accounts svc-00 and so on, and one that a person uses.
func serviceEntries(n int) string {
	text := directoryBranches
	for i := range n {
		text += serviceEntry(fmt.Sprintf("svc-%02d", i))
	}
	return text + serviceEntry("jane")
}

func serviceEntry(uid string) string {
	return fmt.Sprintf("dn: %s\nobjectClass: account\nobjectClass: simpleSecurityObject\nuid: %s\nuserPassword: secret\n\n", serviceDN(uid), uid)
}

func groupEntry(cn string, uids ...string) string {
	text := fmt.Sprintf("dn: %s\nobjectClass: groupOfNames\ncn: %s\ndescription: The %s\n", groupDN(cn), cn, cn)
	for _, uid := range uids {
		text += "member: " + serviceDN(uid) + "\n"
	}
	return text + "\n"
}

func change(dn, how string) string { return "dn: " + dn + "\nchangetype: modify\n" + how + "\n\n" }

// directory is a source that reads a real directory server.
type directory struct {
	*apptest.Server
	source string
}

// newDirectory makes the source, whose accounts with a uid that begins with svc- are machines'. The directory is asked at
// the given address, which may be a proxy's.
func newDirectory(t *testing.T, s *apptest.Server, slapd *testenv.SlapdServer, port int, more map[string]any) directory {
	t.Helper()
	attributes := map[string]any{
		"host": slapd.Host, "port": port, "user": slapd.BindDN, "password": slapd.BindPassword, "searchDN": directoryServices,
		"group.searchDNs": []any{obj{"searchDN": directoryGroups}}, "pageSize": 5, "timeout": 5,
		"deltaAggregationEnabled": true, "deltaMode": "syncrepl",
	}
	maps.Copy(attributes, more)
	body := obj{
		"name": "Directory", "owner": idRef("IDENTITY", s.Admin.ID), "connector": "openldap", "connectorAttributes": attributes,
	}
	d := directory{s, s.Admin.Post(t, "/sources/v1", apptest.JSON(body)).Want(t, http.StatusCreated).ID(t)}
	criteria := obj{"operation": "STARTS_WITH", "dataType": "STRING", "attribute": "uid", "value": "svc-", "caseSensitive": false}
	d.Admin.Put(t, d.path("machine-classification-config"), apptest.JSON(obj{"enabled": true, "classificationMethod": "CRITERIA", "criteria": criteria})).
		Want(t, http.StatusOK)
	return d
}

func (d directory) path(rest string) string { return "/sources/v1/" + d.source + "/" + rest }

// load aggregates the accounts, by a delta when there is something to continue.
func (d directory) load(t *testing.T) apptest.Task {
	t.Helper()
	a := d.Admin.Post(t, d.path("load-accounts"), "").Want(t, http.StatusAccepted)
	id, _ := a.Field("task.id").(string)
	return d.Wait(t, id)
}

// rows gives the accounts of the directory by uid.
func (d directory) rows(t *testing.T) map[string]apptest.Row {
	t.Helper()
	rows := map[string]apptest.Row{}
	for _, row := range d.Admin.List(t, "/accounts/v1", "filters", `sourceId eq "`+d.source+`"`) {
		rows[row.Text("attributes.uid")] = row
	}
	return rows
}

// held gives the names of an account's entitlements.
func (d directory) held(t *testing.T, account apptest.Row) []string {
	t.Helper()
	names := apptest.Texts(d.Admin.List(t, "/accounts/v1/"+account.Text("id")+"/entitlements"), "name")
	slices.Sort(names)
	return names
}

func TestDirectory(t *testing.T) {
	t.Parallel()
	slapd := testenv.Slapd(t, testenv.WithLDIF(serviceEntries(12)))
	slapd.Add(groupEntry("backup operators", "svc-00", "svc-01") + groupEntry("readers", "svc-00"))
	slapd.Modify(change(serviceDN("svc-02"), "replace: pwdAccountLockedTime\npwdAccountLockedTime: 000001010000Z") +
		change(serviceDN("svc-03"), "replace: pwdAccountLockedTime\npwdAccountLockedTime: 20990101000000Z"))
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		d := newDirectory(t, s, slapd, slapd.Port, nil)
		d.Admin.Post(t, d.path("connector/check-connection"), "").Want(t, http.StatusOK, `"SUCCESS"`)
		peek := d.Admin.Post(t, d.path("connector/peek-resource-objects"), `{"objectType":"account","maxCount":3}`).Want(t, http.StatusOK)
		if n := fmt.Sprint(peek.Field("objectCount")); n != "3" {
			t.Errorf("a look at three accounts shows %s", n)
		}
		d.testGroups(t)
		d.testAccounts(t)
	})
}

// testGroups reads the groups first; the accounts' groups must then be the same entitlements.
func (d directory) testGroups(t *testing.T) {
	t.Helper()
	a := d.Admin.Post(t, d.path("load-entitlements"), "").Want(t, http.StatusAccepted)
	d.Wait(t, a.ID(t)).Want(t, "SUCCESS")
	before := d.Admin.List(t, "/entitlements/v1", "filters", `source.id eq "`+d.source+`"`, "sorters", "name")
	if got := apptest.Texts(before, "name"); !slices.Equal(got, []string{"backup operators", "readers"}) {
		t.Errorf("the groups are %q", got)
	}
	d.load(t).Want(t, "SUCCESS")
	after := d.Admin.List(t, "/entitlements/v1", "filters", `source.id eq "`+d.source+`"`, "sorters", "name")
	if !slices.Equal(apptest.Texts(before, "id"), apptest.Texts(after, "id")) || after[0].Text("value") != groupDN("backup operators") ||
		after[0].Text("description") != "The backup operators" {
		t.Errorf("after the accounts the entitlements are %v, before %v", after, before)
	}
	rows := d.rows(t)
	for uid, want := range map[string][]string{"svc-00": {"backup operators", "readers"}, "svc-01": {"backup operators"}, "svc-02": {}} {
		if got := d.held(t, rows[uid]); !slices.Equal(got, want) {
			t.Errorf("%s holds %q, want %q", uid, got, want)
		}
	}
}

func (d directory) testAccounts(t *testing.T) {
	t.Helper()
	rows := d.rows(t)
	if len(rows) != 13 || len(natives(t, d.Server, d.source)) != 12 {
		t.Errorf("%d accounts, of which machines' are %q", len(rows), natives(t, d.Server, d.source))
	}
	for uid, want := range map[string][2]bool{"svc-00": {false, false}, "svc-02": {true, false}, "svc-03": {false, true}} {
		if got := [2]bool{rows[uid]["disabled"].(bool), rows[uid]["locked"].(bool)}; got != want {
			t.Errorf("%s is disabled and locked %v, want %v", uid, got, want)
		}
	}
	if got := rows["jane"].Field("isMachine"); got != false {
		t.Errorf("jane is a machine: %v", got)
	}
}

// TestDirectoryDelta follows a directory through its changes: by deltas while it remembers them, and by a list of what is
// still there after it was restarted.
func TestDirectoryDelta(t *testing.T) {
	t.Parallel()
	slapd := testenv.Slapd(t, testenv.WithLDIF(serviceEntries(20)))
	s := apptest.Start(t)
	d := newDirectory(t, s, slapd, slapd.Port, nil)
	d.load(t).Want(t, "SUCCESS")
	before := d.rows(t)

	slapd.Modify(change(serviceDN("svc-00"), "replace: description\ndescription: changed") +
		"dn: " + serviceDN("svc-01") + "\nchangetype: modrdn\nnewrdn: uid=svc-renamed\ndeleteoldrdn: 1\n\n")
	slapd.Delete(serviceDN("svc-02"))
	slapd.Add(serviceEntry("svc-new"))
	task := d.load(t).Want(t, "SUCCESS")
	if task.Count("read") != "4" || task.Count("created") != "1" || task.Count("updated") != "2" || task.Count("removed") != "1" || task.Count("deltaAggregation") != "true" {
		t.Errorf("the delta counts %v", task.Field("attributes"))
	}
	after := d.rows(t)
	if after["svc-renamed"].Text("id") != before["svc-01"].Text("id") || after["svc-renamed"].Text("nativeIdentity") != serviceDN("svc-renamed") {
		t.Errorf("the renamed account is %v, was %v", after["svc-renamed"], before["svc-01"])
	}
	if len(after) != 21 || after["svc-02"] != nil || after["svc-new"] == nil || after["svc-00"].Text("attributes.description") != "changed" {
		t.Errorf("after the delta there are %v", slices.Sorted(maps.Keys(after)))
	}

	// One gives its name to another, one is made anew under its name: two changes that look alike.
	slapd.Modify("dn: " + serviceDN("svc-04") + "\nchangetype: modrdn\nnewrdn: uid=svc-old\ndeleteoldrdn: 1\n\n")
	slapd.Delete(serviceDN("svc-05"))
	slapd.Add(serviceEntry("svc-04") + serviceEntry("svc-05"))
	d.load(t).Want(t, "SUCCESS")
	last := d.rows(t)
	if last["svc-old"].Text("id") != before["svc-04"].Text("id") || last["svc-04"].Text("id") == before["svc-04"].Text("id") {
		t.Errorf("who gave the name away is %v, who has it is %v", last["svc-old"], last["svc-04"])
	}
	if len(last) != 22 || last["svc-05"].Text("id") != before["svc-05"].Text("id") {
		t.Errorf("the account that was made anew is %v, was %v; there are %v", last["svc-05"], before["svc-05"], slices.Sorted(maps.Keys(last)))
	}

	slapd.Delete(serviceDN("svc-06"))
	slapd.Restart()
	task = d.load(t).Want(t, "SUCCESS")
	if got := d.rows(t); len(got) != 21 || got["svc-06"] != nil || task.Count("removed") != "1" || task.Count("created") != "0" {
		t.Errorf("after the restart there are %d accounts; the run counts %v", len(got), task.Field("attributes"))
	}
}

// TestAccountsThatSwapTheirNames stay the accounts that they are.
func TestAccountsThatSwapTheirNames(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		slapd := testenv.Slapd(t, testenv.WithLDIF(serviceEntries(3)))
		d := newDirectory(t, s, slapd, slapd.Port, nil)
		d.load(t).Want(t, "SUCCESS")
		before := d.rows(t)
		renamed := func(from, to string) {
			slapd.Modify("dn: " + serviceDN(from) + "\nchangetype: modrdn\nnewrdn: uid=" + to + "\ndeleteoldrdn: 1\n\n")
		}
		renamed("svc-00", "svc-tmp")
		renamed("svc-01", "svc-00")
		renamed("svc-tmp", "svc-01")
		d.load(t).Want(t, "SUCCESS")
		after := d.rows(t)
		if after["svc-00"].Text("id") != before["svc-01"].Text("id") || after["svc-01"].Text("id") != before["svc-00"].Text("id") || len(after) != 4 {
			t.Errorf("before %v\nafter %v", before, after)
		}
		if got := natives(t, s, d.source); !slices.Equal(got, []string{serviceDN("svc-00"), serviceDN("svc-01"), serviceDN("svc-02")}) {
			t.Errorf("the machine accounts are %q", got)
		}
	})
}

// TestDirectoryFaults lets the directory die in the middle of a list in every way, and refuse the password.
func TestDirectoryFaults(t *testing.T) {
	t.Parallel()
	slapd := testenv.Slapd(t, testenv.WithLDIF(serviceEntries(40)))
	proxy := testenv.FaultyProxy(t, fmt.Sprintf("%s:%d", slapd.Host, slapd.Port))
	s := apptest.Start(t)
	d := newDirectory(t, s, slapd, proxy.Port, map[string]any{"deltaAggregationEnabled": false, "deltaMode": "none", "timeout": 1})
	d.load(t).Want(t, "SUCCESS")
	for name, fault := range map[string]func(){
		"refused": proxy.Refuse, "cut at once": func() { proxy.CutAfter(1) }, "cut": func() { proxy.CutAfter(6000) }, "hangs": func() { proxy.HangAfter(6000) },
	} {
		fault()
		task := d.load(t).Want(t, "TEMPERROR")
		wantMessage(t, task, "could not be read to its end", "cannot be reached")
		if got := d.rows(t); len(got) != 41 || task.Count("removed") != "0" || task.Count("missing") != "0" {
			t.Errorf("%s: %d accounts are left; the run counts %v", name, len(got), task.Field("attributes"))
		}
		if src := d.Admin.Get(t, "/sources/v1/"+d.source); src.Field("healthy") != false {
			t.Errorf("%s: the source is healthy", name)
		}
		proxy.Heal()
	}
	d.load(t).Want(t, "SUCCESS")
	if src := d.Admin.Get(t, "/sources/v1/"+d.source); src.Field("healthy") != true {
		t.Errorf("after a good run the source is not healthy: %s", src.Text)
	}
	d.testWrongPassword(t)
}

func (d directory) testWrongPassword(t *testing.T) {
	t.Helper()
	d.Admin.Patch(t, "/sources/v1/"+d.source, patch("add", "/connectorAttributes/password", "not-it-0815")).Want(t, http.StatusOK)
	task := d.load(t).Want(t, "ERROR")
	wantMessage(t, task, "refused the credentials")
	check := d.Admin.Post(t, d.path("connector/check-connection"), "").Want(t, http.StatusOK, `"FAILURE"`, "refused the credentials")
	for _, text := range append(task.Messages(), check.Text, d.Log.String()) {
		if strings.Contains(text, "not-it-0815") {
			t.Errorf("the password is in %s", text)
		}
	}
	if got := len(d.rows(t)); got != 41 {
		t.Errorf("%d accounts are left", got)
	}
	if n := strings.Count(d.Log.String(), "job attempt ended"); n != 0 {
		t.Errorf("what the source refuses was tried again:\n%s", d.Log)
	}
}

// TestACancelledRun stops a run that waits for a directory, by way of its task.
func TestACancelledRun(t *testing.T) {
	t.Parallel()
	slapd := testenv.Slapd(t, testenv.WithLDIF(serviceEntries(40)))
	proxy := testenv.FaultyProxy(t, fmt.Sprintf("%s:%d", slapd.Host, slapd.Port))
	s := apptest.Start(t, func(c *config.Config) { c.JobLease = 1e9 })
	d := newDirectory(t, s, slapd, proxy.Port, map[string]any{"timeout": 600})
	proxy.HangAfter(3000)
	a := d.Admin.Post(t, d.path("load-accounts"), "").Want(t, http.StatusAccepted)
	id, _ := a.Field("task.id").(string)
	d.Admin.Post(t, d.path("load-accounts"), "").Refused(t, "400.1.409 Reference Conflict", "busy with another run")
	d.Until(t, "/task-status/v1/"+id, func(r apptest.Row) bool { return r.Text("progress") != "Waiting" })
	d.Admin.Patch(t, "/task-status/v1/"+id, apptest.JSON([]any{
		obj{"op": "replace", "path": "/completionStatus", "value": "TERMINATED"}, obj{"op": "replace", "path": "/completed", "value": "2026-01-01T00:00:00Z"},
	})).Want(t, http.StatusOK)
	proxy.Heal()
	for { // the source is free as soon as the run has noticed
		again := d.Admin.Post(t, d.path("load-accounts"), "")
		if again.Status != http.StatusAccepted {
			continue
		}
		id, _ := again.Field("task.id").(string)
		d.Wait(t, id).Want(t, "SUCCESS")
		break
	}
	task := apptest.Task{Row: apptest.Row(d.Admin.Get(t, "/task-status/v1/"+id).Body.(obj))}.Want(t, "TERMINATED")
	if task.Text("completed") != "2026-01-01T00:00:00.000Z" || len(task.Messages()) != 0 {
		t.Errorf("the cancelled task is %v", task.Row)
	}
}
