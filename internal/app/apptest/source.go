//go:build unix

package apptest

import (
	"maps"
	"net/http"
	"testing"
	"time"
)

// Cast are the people of the test organisation, whom Person makes. They are all active; everybody's e-mail address is
// NAME@example.test and ada is the manager of the others.
var Cast = []string{"ada", "bob", "cleo", "dora", "emil", "finn", "gina", "hugo", "ines", "jack", "kira", "lars", "mona", "nils"}

// Person gives the id of a person of the cast. The first call brings the people in from an authoritative source "People".
func (s *Server) Person(t testing.TB, name string) string {
	t.Helper()
	s.cast.Do(func() { s.people = s.makePeople(t) })
	id := s.people[name]
	if id == "" {
		t.Fatalf("nobody is called %q", name)
	}
	return id
}

// People is the file that the cast comes from.
func People() string {
	file := "uid,displayName,email,manager\n"
	for _, name := range Cast {
		manager := "ada"
		if name == "ada" {
			manager = ""
		}
		file += name + "," + name + "," + name + "@example.test," + manager + "\n"
	}
	return file
}

func (s *Server) makePeople(t testing.TB) map[string]string {
	t.Helper()
	source := s.CreateSource(t, "People", map[string]any{"authoritative": true})
	s.SetSchema(t, source, "uid", "uid", "displayName", "email", "manager")
	s.Load(t, source, People()).Want(t, "SUCCESS")
	people := map[string]string{}
	for _, row := range s.Admin.List(t, "/identities/v1") {
		people[row.Text("alias")] = row.Text("id")
	}
	return people
}

// CreateSource makes a source that reads uploaded files, with further members of the body, and gives its id.
func (s *Server) CreateSource(t testing.TB, name string, more map[string]any) string {
	t.Helper()
	body := map[string]any{
		"name": name, "owner": map[string]any{"type": "IDENTITY", "id": s.Admin.ID}, "connector": "delimited-file",
		"connectorAttributes": map[string]any{"multiValueDelimiter": ";"},
	}
	maps.Copy(body, more)
	return s.Admin.Post(t, "/sources/v1", JSON(body)).Want(t, http.StatusCreated).ID(t)
}

// SetSchema names the columns of a source's accounts, of which the identity is the first given. A column called groups holds
// the entitlements.
func (s *Server) SetSchema(t testing.TB, source, identity string, columns ...string) {
	t.Helper()
	path := "/sources/v1/" + source + "/schemas"
	rows := s.Admin.List(t, path, "include-names", "account")
	if len(rows) != 1 {
		t.Fatalf("source %s has %d account schemas", source, len(rows))
	}
	attributes := []any{}
	for _, column := range columns {
		groups := column == "groups"
		attributes = append(attributes, map[string]any{
			"name": column, "type": "STRING", "isMulti": groups, "isEntitlement": groups, "isGroup": groups,
		})
	}
	schema := map[string]any{
		"name": "account", "nativeObjectType": "account", "identityAttribute": identity, "displayAttribute": columns[min(1, len(columns)-1)], "attributes": attributes,
	}
	s.Admin.Put(t, path+"/"+rows[0].Text("id"), JSON(schema)).Want(t, http.StatusOK)
}

// AllMachines says of a source that all of its accounts are machines'.
func (s *Server) AllMachines(t testing.TB, source string) {
	t.Helper()
	s.Admin.Put(t, "/sources/v1/"+source+"/machine-classification-config", `{"enabled":true,"classificationMethod":"SOURCE"}`).Want(t, http.StatusOK)
}

// Task is a task at its end.
type Task struct{ Row }

// Want demands a completion status.
func (k Task) Want(t testing.TB, status string) Task {
	t.Helper()
	if got := k.Text("completionStatus"); got != status {
		t.Errorf("the task ended with %s, want %s: %v", got, status, k.Row)
	}
	return k
}

// Count gives one of a run's figures as text.
func (k Task) Count(name string) string { return k.Text("attributes." + name) }

// Messages gives the texts of the task's messages.
func (k Task) Messages() []string {
	var texts []string
	list, _ := k.Field("messages").([]any)
	for _, m := range list {
		texts = append(texts, Row(m.(map[string]any)).Text("localizedText.message"))
	}
	return texts
}

// StartLoad uploads a file of accounts, with further parts of the form, and gives the id of the run's task.
func (s *Server) StartLoad(t testing.TB, source, file string, more ...Part) string {
	t.Helper()
	form := append([]Part{{Name: "file", FileName: "accounts.csv", Content: file}}, more...)
	a := s.Admin.PostForm(t, "/sources/v1/"+source+"/load-accounts", form...).Want(t, http.StatusAccepted)
	id, _ := a.Field("task.id").(string)
	return id
}

// Load uploads a file of accounts and waits for the end of the run.
func (s *Server) Load(t testing.TB, source, file string, more ...Part) Task {
	t.Helper()
	return s.Wait(t, s.StartLoad(t, source, file, more...))
}

// Wait follows a task to its end.
func (s *Server) Wait(t testing.TB, id string) Task {
	t.Helper()
	return Task{s.Until(t, "/task-status/v1/"+id, func(row Row) bool { return row.Field("completionStatus") != nil })}
}

// Until asks for an object again and again until it is as wanted. A client of the API has no other way to see progress.
func (s *Server) Until(t testing.TB, path string, wanted func(Row) bool) Row {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(Deadline); ; {
		a := s.Admin.Get(t, path).Want(t, http.StatusOK)
		row, _ := a.Body.(map[string]any)
		if wanted(row) {
			return row
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: still %s", path, a.Text)
		}
		<-tick.C
	}
}
