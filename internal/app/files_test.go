//go:build unix

package app_test

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"midgard/internal/app/apptest"
)

// put writes a file below the only folder from which the server may read files.
func put(t *testing.T, s *apptest.Server, path, content string) {
	t.Helper()
	path = filepath.Join(s.Config.FileRoot, path)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// run aggregates the accounts of a source that is read where it is.
func run(t *testing.T, s *apptest.Server, source string) apptest.Task {
	t.Helper()
	return directory{s, source}.load(t)
}

// TestAHostInFiles reads the accounts of a host whose files were brought here.
func TestAHostInFiles(t *testing.T) {
	t.Parallel()
	s := apptest.Start(t)
	put(t, s, "hosts/db1/etc/passwd", "root:x:0:0:root:/root:/bin/bash\nbackup:x:950:950:Backups:/var/backups:/usr/sbin/nologin\n"+
		"jane:x:1000:1000:Jane:/home/jane:/bin/bash\nold:x:1001:1001::/home/old:/bin/bash\n")
	put(t, s, "hosts/db1/etc/group", "root:x:0:\nbackup:x:950:\nsudo:x:27:jane\noperators:x:60:backup,jane\njane:x:1000:\nold:x:1001:\n")
	put(t, s, "hosts/db1/etc/shadow", "root:!:19000:0:99999:7:::\nbackup:*:19000::::::\njane:$6$x$y:19700:0:90:7:::\nold:!$6$x$y:19000:0:99999:7:::\n")
	source := s.CreateSource(t, "db1", map[string]any{"connector": "local", "connectorAttributes": map[string]any{"root": "hosts/db1"}})
	criteria := obj{"operation": "NOT_EQUALS", "dataType": "STRING", "attribute": "accountType", "value": "human"}
	s.Admin.Put(t, "/sources/v1/"+source+"/machine-classification-config", apptest.JSON(obj{"enabled": true, "classificationMethod": "CRITERIA", "criteria": criteria})).
		Want(t, http.StatusOK)
	run(t, s, source).Want(t, "SUCCESS")
	d := directory{s, source}
	rows := map[string]apptest.Row{}
	for _, row := range s.Admin.List(t, "/accounts/v1", "filters", `sourceId eq "`+source+`"`) {
		rows[row.Text("nativeIdentity")] = row
	}
	for name, want := range map[string]struct {
		machine, locked bool
		groups          []string
	}{
		"root": {true, true, []string{"root"}}, "backup": {true, false, []string{"backup", "operators"}},
		"jane": {false, false, []string{"jane", "operators", "sudo"}}, "old": {false, true, []string{"old"}},
	} {
		row := rows[name]
		if row == nil {
			t.Fatalf("there is no %s: %v", name, rows)
		}
		locked := row.Field("disabled") == true || row.Field("locked") == true
		if groups := d.held(t, row); row.Field("isMachine") != want.machine || !slices.Equal(groups, want.groups) {
			t.Errorf("%s is a machine: %v, closed: %v, holds %q; want %+v", name, row.Field("isMachine"), locked, groups, want)
		}
		if strings.Contains(row.Text("attributes"), "$6$") {
			t.Errorf("the password's hash is in %v", row)
		}
	}
	wantOutside(t, s, source, "root", "../../..", "/etc")
}

// TestAFileInItsPlace reads accounts from a file on the server, which changes, goes away and comes back.
func TestAFileInItsPlace(t *testing.T) {
	t.Parallel()
	s := apptest.Start(t)
	put(t, s, "crm/accounts.csv", machineFile(0, 20))
	source := s.CreateSource(t, "CRM", map[string]any{"connectorAttributes": map[string]any{"filePath": "crm/accounts.csv"}})
	s.SetSchema(t, source, "id", "id", "name")
	s.AllMachines(t, source)
	run(t, s, source).Want(t, "SUCCESS")
	if n := len(natives(t, s, source)); n != 20 {
		t.Errorf("%d accounts", n)
	}
	put(t, s, "crm/accounts.csv", machineFile(1, 21))
	task := run(t, s, source).Want(t, "SUCCESS")
	if task.Count("created") != "1" || task.Count("removed") != "1" || task.Count("unchanged") != "19" {
		t.Errorf("the run counts %v", task.Field("attributes"))
	}
	if err := os.Rename(filepath.Join(s.Config.FileRoot, "crm"), filepath.Join(s.Config.FileRoot, "away")); err != nil {
		t.Fatal(err)
	}
	wantMessage(t, run(t, s, source).Want(t, "ERROR"), "no such file")
	put(t, s, "crm/accounts.csv", "\x00\x01\x02\xff binary\n")
	wantMessage(t, run(t, s, source).Want(t, "ERROR"), "could not be read")
	put(t, s, "crm/accounts.csv", "id,name\nsvc-01,\"never closed")
	wantMessage(t, run(t, s, source).Want(t, "ERROR"), "never closed")
	if n := len(natives(t, s, source)); n != 20 {
		t.Errorf("%d accounts are left", n)
	}
	put(t, s, "crm/accounts.csv", machineFile(1, 21))
	run(t, s, source).Want(t, "SUCCESS")
	wantOutside(t, s, source, "filePath", "../secrets.json", "/etc/passwd", "crm/../../secrets.json")
}

// wantOutside demands that paths out of the folder for files are refused: by the source, or at the latest by its runs.
func wantOutside(t *testing.T, s *apptest.Server, source, field string, paths ...string) {
	t.Helper()
	for _, path := range paths {
		a := s.Admin.Patch(t, "/sources/v1/"+source, patch("add", "/connectorAttributes/"+field, path))
		if a.Status != http.StatusOK {
			a.Refused(t, "400.1.3 Illegal value", "connectorAttributes."+field, "outside")
			continue
		}
		wantMessage(t, run(t, s, source).Want(t, "ERROR"), "outside the folder for files")
	}
}

const peopleHead = "uid,displayName,email,manager,lifecycleState\n"

// people makes an authoritative source of people.
func people(t *testing.T, s *apptest.Server) string {
	t.Helper()
	source := s.CreateSource(t, "HR", map[string]any{"authoritative": true, "deleteThreshold": 50})
	s.SetSchema(t, source, "uid", "uid", "displayName", "email", "manager", "lifecycleState")
	return source
}

// owned makes a source of machine accounts that name their owners by uid, e-mail address or name.
func owned(t *testing.T, s *apptest.Server) string {
	t.Helper()
	source := s.CreateSource(t, "Servers", nil)
	s.SetSchema(t, source, "id", "id", "name", "owner")
	s.AllMachines(t, source)
	s.Load(t, source, "id,name,owner\na,A,eva\nb,B,EVA@example.test\nc,C,Eva Stone\nd,D,nobody\ne,E,ian\n").Want(t, "SUCCESS")
	return source
}

const staff = peopleHead + "eva,Eva Stone,eva@example.test,ian,active\nian,Ian Reed,ian@example.test,,active\nleo,Leo Moss,leo@example.test,eva,terminated\n"

// TestOwnersAreFound whichever comes first, the people or what they own.
func TestOwnersAreFound(t *testing.T) {
	t.Parallel()
	t.Run("people first", func(t *testing.T) {
		t.Parallel()
		apptest.Each(t, func(t *testing.T, s *apptest.Server) {
			s.Load(t, people(t, s), staff).Want(t, "SUCCESS")
			owned(t, s)
			wantOwners(t, s)
		})
	})
	t.Run("people later", func(t *testing.T) {
		t.Parallel()
		apptest.Each(t, func(t *testing.T, s *apptest.Server) {
			owned(t, s)
			s.Load(t, people(t, s), staff).Want(t, "SUCCESS")
			wantOwners(t, s)
		})
	})
}

func wantOwners(t *testing.T, s *apptest.Server) {
	t.Helper()
	for native, want := range map[string]string{"a": "Eva Stone", "b": "Eva Stone", "c": "Eva Stone", "d": "", "e": "Ian Reed"} {
		row := s.Admin.List(t, accountsPath, "filters", `nativeIdentity eq "`+native+`"`)[0]
		identity := s.Admin.Get(t, "/machine-identities/v2/"+row.Text("machineIdentity.id"))
		primary, _ := identity.Field("owners.primary.name").(string)
		if got := row.Text("ownerIdentity.name"); got != want || primary != want {
			t.Errorf("the owner of %s is %q and of its machine identity %q, want %q", native, got, primary, want)
		}
	}
}

// TestPeopleComeAndGo follows people through their source: active, inactive, gone, back.
func TestPeopleComeAndGo(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		hr := people(t, s)
		s.Load(t, hr, staff).Want(t, "SUCCESS")
		owned(t, s)
		wantPeople(t, s, "eva active", "ian active", "leo terminated")
		if eva := person(t, s, "eva"); eva.Text("managerRef.name") != "Ian Reed" {
			t.Errorf("eva is %v", eva)
		}
		s.Load(t, hr, strings.Replace(staff, "eva,Eva Stone,eva@example.test,ian,active\n", "", 1)).Want(t, "SUCCESS")
		wantPeople(t, s, "eva inactive", "ian active", "leo terminated")
		a := s.Admin.List(t, accountsPath, "filters", `nativeIdentity eq "a"`)[0]
		s.Until(t, "/machine-identities/v2/"+a.Text("machineIdentity.id"), func(row apptest.Row) bool { return row.Text("owners.primary.name") == "Ian Reed" })
		s.Load(t, hr, staff).Want(t, "SUCCESS")
		wantPeople(t, s, "eva active", "ian active", "leo terminated")
	})
}

func person(t *testing.T, s *apptest.Server, uid string) apptest.Row {
	t.Helper()
	rows := s.Admin.List(t, "/identities/v1", "filters", `alias eq "`+uid+`"`, "defaultFilter", "NONE")
	if len(rows) != 1 {
		t.Fatalf("%d people are called %s", len(rows), uid)
	}
	return rows[0]
}

func wantPeople(t *testing.T, s *apptest.Server, want ...string) {
	t.Helper()
	for _, text := range want {
		uid, state, _ := strings.Cut(text, " ")
		row := person(t, s, uid)
		if got := row.Text("lifecycleState.stateName"); got != state {
			t.Errorf("%s is %q, want %s: %v", uid, got, state, row)
		}
	}
}
