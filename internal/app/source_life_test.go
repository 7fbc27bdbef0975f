//go:build unix

package app_test

import (
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"midgard/internal/app/apptest"
	"midgard/internal/config"
)

// lifeFile is a file of accounts numbered from low to high, of which edit may change each.
func lifeFile(low, high int, edit func(i int, row string) string) string {
	var b strings.Builder
	b.WriteString("id,name,description,groups\n")
	for i := low; i < high; i++ {
		row := fmt.Sprintf("acc-%05d,Account %d,Runs job %d,g%d;all", i, i, i, i%7)
		if edit != nil {
			row = edit(i, row)
		}
		b.WriteString(row + "\n")
	}
	return b.String()
}

// wantCounts demands figures of a run, given as "read 40 created 40".
func wantCounts(t *testing.T, what string, task apptest.Task, counts string) {
	t.Helper()
	words := strings.Fields(counts)
	for i := 0; i < len(words); i += 2 {
		if got := task.Count(words[i]); got != words[i+1] {
			t.Errorf("%s: %s is %s, want %s", what, words[i], got, words[i+1])
		}
	}
}

// TestLifeOfASource takes one source from its making to its end, over the API alone.
func TestLifeOfASource(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		source := s.CreateSource(t, "Life", map[string]any{"deleteThreshold": 10})
		path := "/sources/v1/" + source
		s.Admin.Get(t, path).Want(t, 200, `"status":"SOURCE_STATE_UNCHECKED_SOURCE"`, `"deleteThreshold":10`)
		s.SetSchema(t, source, "id", "id", "name", "description", "groups")
		s.AllMachines(t, source)
		count := func() string {
			return s.Admin.Get(t, apptest.Query(accountsPath, "filters", `source.id eq "`+source+`"`, "count", "true", "limit", "0")).Header.Get("X-Total-Count")
		}
		load := func(what, file, status, counts string, more ...apptest.Part) apptest.Task {
			t.Helper()
			task := s.Load(t, source, file, more...).Want(t, status)
			wantCounts(t, what, task, counts)
			return task
		}
		load("first run", lifeFile(0, 100, nil), "SUCCESS", "read 100 created 100 updated 0 unchanged 0 removed 0 machines 100 machineIdentities 100")
		s.Admin.Get(t, path).Want(t, 200, `"status":"SOURCE_STATE_HEALTHY"`, `"healthy":true`)
		before := s.Admin.Get(t, accountsPath+"?sorters=id").Text
		load("nothing changed", lifeFile(0, 100, nil), "SUCCESS", "read 100 created 0 updated 0 unchanged 100 removed 0")
		load("everything looked at again", lifeFile(0, 100, nil), "SUCCESS", "read 100 created 0 updated 0 unchanged 100 removed 0", apptest.Part{Name: "disableOptimization", Content: "true"})
		if after := s.Admin.Get(t, accountsPath+"?sorters=id").Text; after != before {
			t.Errorf("a run without changes has changed something")
		}
		edited := func(i int, row string) string {
			return map[bool]string{true: strings.Replace(row, "Runs job", "Ran job", 1), false: row}[i%20 == 6]
		}
		load("five changed, five new, five gone", lifeFile(5, 105, edited), "SUCCESS", "read 100 created 5 updated 5 unchanged 90 missing 5 removed 5")
		row := s.Admin.List(t, accountsPath, "filters", `nativeIdentity eq "acc-00026"`)[0]
		if row.Text("description") != "Ran job 26" || count() != "100" {
			t.Errorf("%s accounts, one is %v", count(), row)
		}
		for native, identities := range map[string]int{"acc-00004": 0, "acc-00104": 1} {
			if rows := s.Admin.List(t, identitiesPath, "filters", `nativeIdentity eq "`+native+`"`); len(rows) != identities {
				t.Errorf("%s has %d machine identities", native, len(rows))
			}
		}
		refused := load("half is gone", lifeFile(5, 55, edited), "ERROR", "read 50 unchanged 50 missing 50 removed 0")
		if text := strings.Join(refused.Messages(), " "); !strings.Contains(text, "50 of 100 accounts are missing") || count() != "100" {
			t.Errorf("%s accounts are left: %s", count(), text)
		}
		s.Admin.Patch(t, path, replace("/deleteThreshold", 60)).Want(t, 200)
		load("half is gone for good", lifeFile(5, 55, edited), "SUCCESS", "read 50 unchanged 50 missing 50 removed 50")
		if count() != "50" {
			t.Errorf("%s accounts are left", count())
		}
		gone := s.Admin.Delete(t, path).Want(t, 202)
		s.Wait(t, gone.ID(t)).Want(t, "SUCCESS")
		s.Admin.Get(t, path).Refused(t, "404 Not found")
		for _, list := range []string{accountsPath, identitiesPath, "/entitlements/v1", "/accounts/v1"} {
			if rows := s.Admin.List(t, list); len(rows) > 0 {
				t.Errorf("%s still has %d rows", list, len(rows))
			}
		}
		again := s.CreateSource(t, "Life", nil)
		s.SetSchema(t, again, "id", "id", "name", "description", "groups")
		wantCounts(t, "a source of the same name", s.Load(t, again, lifeFile(0, 3, nil)).Want(t, "SUCCESS"), "created 3")
	})
}

// silence is a port that accepts connections and never says a word.
func silence(t *testing.T) (port int) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var open []net.Conn
	var accepting sync.WaitGroup
	accepting.Go(func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			open = append(open, connection)
		}
	})
	t.Cleanup(func() {
		listener.Close()
		accepting.Wait()
		for _, connection := range open {
			connection.Close()
		}
	})
	return listener.Addr().(*net.TCPAddr).Port
}

// TestRunsThatWait has a run that waits for a directory and, since there is one worker, one that waits for that run. Of each
// source a second run is refused, and both can be cancelled.
func TestRunsThatWait(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		directory := s.CreateSource(t, "Directory", map[string]any{"connector": "openldap", "connectorAttributes": obj{
			"host": "127.0.0.1", "port": fmt.Sprint(silence(t)), "authorizationType": "none", "searchDN": "dc=example", "timeout": 600,
		}})
		file := s.CreateSource(t, "File", nil)
		s.SetSchema(t, file, "id", "id", "name", "description", "groups")
		start := func(source string) apptest.Answer {
			return s.Admin.PostForm(t, "/sources/v1/"+source+"/load-accounts", apptest.Part{Name: "file", FileName: "a.csv", Content: lifeFile(0, 3, nil)})
		}
		running := s.Admin.Post(t, "/sources/v1/"+directory+"/load-accounts", "").Want(t, 202).Field("task.id").(string)
		s.Until(t, "/task-status/v1/"+running, func(r apptest.Row) bool { return r.Text("progress") != "Waiting" })
		waiting := start(file).Want(t, 202).Field("task.id").(string)
		for source, name := range map[string]string{directory: "Directory", file: "File"} {
			start(source).Refused(t, "400.1.409 Reference Conflict", fmt.Sprintf("%q is", name))
		}
		for _, id := range []string{waiting, running} {
			s.Admin.Get(t, "/account-aggregations/v1/"+id+"/status").Want(t, 200, `"status":"STARTED"`)
			s.Admin.Patch(t, "/task-status/v1/"+id, replaceOrAdd("completionStatus", "TERMINATED")).Want(t, 200, `"completionStatus":"TERMINATED"`)
			s.Admin.Patch(t, "/task-status/v1/"+id, replace("/completionStatus", "SUCCESS")).Refused(t, "400.1.409 Reference Conflict", "TERMINATED")
			s.Admin.Get(t, "/account-aggregations/v1/"+id+"/status").Want(t, 200, `"status":"CANCELLED"`)
		}
		// what had not begun is gone at once, and once the other one has let go of the worker, a new run has its turn
		again := start(file).Want(t, 202).Field("task.id").(string)
		wantCounts(t, "after both", s.Wait(t, again).Want(t, "SUCCESS"), "read 3 created 3")
		for _, id := range []string{waiting, running} {
			s.Admin.Get(t, "/task-status/v1/"+id).Want(t, 200, `"completionStatus":"TERMINATED"`)
		}
	}, func(c *config.Config) { c.Workers, c.JobLease = 1, time.Second })
}
