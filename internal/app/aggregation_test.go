//go:build unix

package app_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"midgard/internal/app/apptest"
)

// machineFile gives rows of machine accounts with the numbers from low up to, not including, high.
func machineFile(low, high int, more ...string) string {
	rows := []string{"id,name"}
	for i := low; i < high; i++ {
		rows = append(rows, fmt.Sprintf("svc-%02d,Service %d", i, i))
	}
	return strings.Join(append(rows, more...), "\n") + "\n"
}

// machines makes a source of machine accounts.
func machines(t *testing.T, s *apptest.Server, name string) string {
	t.Helper()
	source := s.CreateSource(t, name, nil)
	s.SetSchema(t, source, "id", "id", "name")
	s.AllMachines(t, source)
	return source
}

// natives gives the native identities of a source's machine accounts, in order.
func natives(t *testing.T, s *apptest.Server, source string) []string {
	t.Helper()
	all := apptest.Texts(s.Admin.List(t, accountsPath, "filters", `source.id eq "`+source+`"`, "limit", "250"), "nativeIdentity")
	slices.Sort(all)
	return all
}

// wantMessage demands that one message of a task has all the parts.
func wantMessage(t *testing.T, task apptest.Task, parts ...string) {
	t.Helper()
	found := slices.ContainsFunc(task.Messages(), func(text string) bool {
		return !slices.ContainsFunc(parts, func(part string) bool { return !strings.Contains(text, part) })
	})
	if !found {
		t.Errorf("no message has all of %q: %q", parts, task.Messages())
	}
}

// TestAnAccountListedTwice is one of whom the file has two rows, also in another spelling, together and far apart.
func TestAnAccountListedTwice(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		source := machines(t, s, "Twice")
		file := machineFile(0, 1200, "svc-1199,again", "SVC-03,other spelling", "neu,Nieuw", "NEU,Nieuw", "neu,again")
		for round := range 2 {
			task := s.Load(t, source, file).Want(t, "WARNING")
			wantMessage(t, task, "SVC-03", "twice")
			wantMessage(t, task, "NEU", "twice")
			total := s.Admin.Get(t, apptest.Query(accountsPath, "limit", "1", "count", "true")).Header.Get("X-Total-Count")
			if total != "1201" || len(task.Messages()) != 4 {
				t.Errorf("round %d: %s accounts, messages %q", round, total, task.Messages())
			}
		}
		if name := s.Admin.List(t, accountsPath, "filters", `nativeIdentity eq "neu"`)[0].Text("name"); name != "Nieuw" {
			t.Errorf("the account that was listed three times is called %q", name)
		}
	})
}

// TestRowsThatCannotBeRead leaves the accounts behind them alone.
func TestRowsThatCannotBeRead(t *testing.T) {
	t.Parallel()
	s := apptest.Start(t)
	source := machines(t, s, "Ragged")
	s.Load(t, source, machineFile(0, 20)).Want(t, "SUCCESS")
	broken := strings.Replace(machineFile(0, 20), "svc-07,Service 7", "svc-07,Service 7,too,much", 1)
	task := s.Load(t, source, strings.Replace(broken, "svc-19,Service 19\n", "", 1)).Want(t, "WARNING")
	wantMessage(t, task, "row 9", "4 columns")
	if got := natives(t, s, source); len(got) != 20 || task.Count("removed") != "0" {
		t.Errorf("%d accounts are left, %s were removed", len(got), task.Count("removed"))
	}
}

// TestMissingAccounts takes a source through a list that is far too short, one that is right again, and one that is a
// little shorter.
func TestMissingAccounts(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		source := machines(t, s, "Short")
		s.Load(t, source, machineFile(0, 30)).Want(t, "SUCCESS")
		edited := identityOf(t, s, "svc-29")
		s.Admin.Patch(t, identitiesPath+"/"+edited, replace("/description", "kept by hand")).Want(t, http.StatusOK)

		task := s.Load(t, source, machineFile(0, 20)).Want(t, "ERROR")
		wantMessage(t, task, "Nothing was removed", "10 of 30", "deleteThreshold of 10 %")
		if got := natives(t, s, source); len(got) != 30 {
			t.Errorf("%d accounts are left after a list that is too short", len(got))
		}
		wantExists(t, s, "after the short list", "FALSE", "svc-29", "svc-25")
		wantExists(t, s, "after the short list", "TRUE", "svc-01")

		s.Load(t, source, machineFile(0, 30)).Want(t, "SUCCESS")
		wantExists(t, s, "after they came back", "TRUE", "svc-29", "svc-25")

		task = s.Load(t, source, machineFile(0, 28)).Want(t, "SUCCESS")
		if got := natives(t, s, source); len(got) != 28 || task.Count("removed") != "2" {
			t.Errorf("%d accounts are left, %s were removed", len(got), task.Count("removed"))
		}
		s.Admin.Get(t, identitiesPath+"/"+edited).Want(t, http.StatusNotFound)
	})
}

// identityOf gives the id of a machine account's machine identity.
func identityOf(t *testing.T, s *apptest.Server, native string) string {
	t.Helper()
	rows := s.Admin.List(t, accountsPath, "filters", `nativeIdentity eq "`+native+`"`)
	if len(rows) != 1 {
		t.Fatalf("%d accounts are called %q", len(rows), native)
	}
	return rows[0].Text("machineIdentity.id")
}

func wantExists(t *testing.T, s *apptest.Server, when, want string, accounts ...string) {
	t.Helper()
	for _, native := range accounts {
		got := s.Admin.Get(t, "/machine-identities/v2/"+identityOf(t, s, native)).Field("existsOnSource")
		if got != want {
			t.Errorf("%s, the machine identity of %s says existsOnSource %v", when, native, got)
		}
	}
}
