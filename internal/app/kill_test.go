//go:build unix

package app_test

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	kills    = 16
	killRows = 20_000
)

// TestKill kills the real program again and again, at random moments, while it aggregates a large file and several clients
// write, and starts it again each time. What was answered must be there in the end; what was not must be whole or absent.
// The work that was under way must go on by itself.
func TestKill(t *testing.T) {
	p := programs(t)
	eachEngine(t, func(t *testing.T, database string) {
		v := &loaded{victim: newVictim(t, p.midgard, database)}
		began := time.Now()
		v.start()
		v.signIn()
		v.makeSource()
		ledger := &ledger{victim: v.victim, entries: map[string]*entry{}}
		stop := untilStopped(3, ledger.turn)
		for range kills {
			v.keepLoading()
			v.pause()
			v.kill()
			v.start()
		}
		stop()
		resumed := v.untilIdle()
		t.Logf("%d kills in %v; %d writes answered, %d not; the run that the last kill interrupted was done %v after the start",
			v.kills, time.Since(began).Round(time.Second), v.answered.Load(), v.unanswered.Load(), resumed.Round(time.Millisecond))
		v.loadAndWait(9)
		v.kill()
		books := openBooks(t, v.victim, p.query)
		ledger.check(t, books)
		books.checkInventory(9)
	})
}

// loaded is a victim that files are loaded into.
type loaded struct {
	*victim
	source  string
	version int
}

func (v *loaded) makeSource() {
	v.t.Helper()
	var made struct{ ID string }
	v.admin.must(http.MethodPost, "/sources/v1", obj{
		"name": "Servers", "owner": idRef("IDENTITY", v.adminID), "connector": "delimited-file",
		"connectorAttributes": obj{"multiValueDelimiter": ";"},
	}, &made)
	v.source = made.ID
	var schemas []struct{ ID, Name string }
	v.admin.must(http.MethodGet, "/sources/v1/"+v.source+"/schemas", nil, &schemas)
	for _, schema := range schemas {
		if schema.Name != "account" {
			continue
		}
		v.admin.must(http.MethodPut, "/sources/v1/"+v.source+"/schemas/"+schema.ID, obj{
			"name": "account", "nativeObjectType": "account", "identityAttribute": "id", "displayAttribute": "name", "attributes": []any{
				obj{"name": "id", "type": "STRING"}, obj{"name": "name", "type": "STRING"},
				obj{"name": "groups", "type": "STRING", "isMulti": true, "isEntitlement": true, "isGroup": true},
			},
		}, nil)
	}
	v.admin.must(http.MethodPut, "/sources/v1/"+v.source+"/machine-classification-config", obj{"enabled": true, "classificationMethod": "SOURCE"}, nil)
}

// killFile is the file of a version: names and groups of a twentieth of the rows differ from one version to the next.
func killFile(version int) string {
	var b strings.Builder
	b.WriteString("id,name,groups\n")
	for i := range killRows {
		at := version
		if i%20 != version%20 {
			at = 0
		}
		fmt.Fprintf(&b, "svc-%05d,Service %d v%d,group-%02d;group-%02d\n", i, i, at, i%50, 50+(i+at)%50)
	}
	return b.String()
}

// load uploads a version and gives the id of the run's task.
func (v *loaded) load(version int) (string, error) {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", "accounts.csv")
	if err != nil {
		return "", err
	}
	io.WriteString(part, killFile(version)) //nolint:errcheck // into memory
	form.Close()                            //nolint:errcheck // into memory
	var answer struct{ Task struct{ ID string } }
	_, err = v.admin.call(http.MethodPost, "/sources/v1/"+v.source+"/load-accounts", form.FormDataContentType(), &body, &answer)
	return answer.Task.ID, err
}

// keepLoading starts the next version when the last one is done.
func (v *loaded) keepLoading() {
	v.t.Helper()
	if v.running() > 0 {
		return
	}
	v.version++
	if _, err := v.load(v.version); err != nil {
		v.t.Fatalf("load version %d: %v\n%s", v.version, err, v.said())
	}
}

func (v *loaded) loadAndWait(version int) {
	v.t.Helper()
	id, err := v.load(version)
	if err != nil {
		v.t.Fatal(err)
	}
	v.untilIdle()
	var task struct{ CompletionStatus string }
	v.admin.must(http.MethodGet, "/task-status/v1/"+id, nil, &task)
	if task.CompletionStatus != "SUCCESS" {
		v.t.Errorf("the last run ended with %s", task.CompletionStatus)
	}
}

// ledger are the writes of the clients.
type ledger struct {
	*victim
	mu      sync.Mutex
	entries map[string]*entry // by name
}

// entry is what is known of one machine identity: the descriptions that it may have, of which the first is the last one
// that was answered, and how many changes of it were.
type entry struct {
	id      string
	made    bool // its creation was answered
	may     []string
	changes int
}

// turn creates a machine identity and changes it twice, each once the one before was answered.
func (l *ledger) turn(client, n int) {
	name := fmt.Sprintf("client %d number %d", client, n)
	e := &entry{may: []string{"first"}}
	l.mu.Lock()
	l.entries[name] = e
	l.mu.Unlock()
	var made struct{ ID string }
	if !l.send(http.MethodPost, identitiesPath, jsonType, obj{"name": name, "nativeIdentity": name, "subtype": "Application", "description": "first"}, &made) {
		return
	}
	e.id, e.made = made.ID, true
	for _, text := range []string{"second", "third"} {
		e.may = append(e.may, text)
		patch := []any{obj{"op": "replace", "path": "/description", "value": text}}
		if !l.send(http.MethodPatch, identitiesPath+"/"+e.id, "application/json-patch+json", patch, nil) {
			return
		}
		e.may, e.changes = []string{text}, e.changes+1
	}
}

// send reports whether the write was answered as wanted.
func (l *ledger) send(method, path, contentType string, body, into any) bool {
	answer, ok := l.admin.try(method, path, contentType, body, into)
	if ok && answer.status != http.StatusOK {
		l.t.Errorf("%s %s: %d %s", method, path, answer.status, answer.text)
	}
	return ok && answer.status == http.StatusOK
}
