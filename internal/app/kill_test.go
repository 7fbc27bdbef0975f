//go:build unix

package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"mime/multipart"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"midgard/internal/app/apptest"
	"midgard/internal/testenv"
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
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			database := ""
			if engine == "postgres" {
				database = testenv.Postgres(t)
			}
			v := newVictim(t, p.midgard, database)
			began := time.Now()
			v.start()
			v.signIn()
			v.makeSource()
			ledger := &ledger{victim: v, entries: map[string]*entry{}}
			stop := ledger.write(3)
			for range kills {
				v.keepLoading()
				v.pause()
				v.kill()
				v.start()
			}
			stop()
			resumed := v.untilIdle()
			t.Logf("%d kills in %v; %d writes answered, %d not; the run that the last kill interrupted was done %v after the start",
				kills, time.Since(began).Round(time.Second), ledger.answered, ledger.unanswered, resumed.Round(time.Millisecond))
			v.loadAndWait(9)
			v.kill()
			books := openBooks(t, v, p.query)
			ledger.check(t, books)
			books.checkInventory(9)
		})
	}
}

// victim is the program as a process of its own. One goroutine starts and kills it; clients only send requests.
type victim struct {
	t        *testing.T
	binary   string
	data     string
	database string
	listen   string
	log      apptest.Log
	http     *http.Client
	token    string
	source   string
	version  int

	process *exec.Cmd
	ended   chan struct{}
	started time.Time
}

func newVictim(t *testing.T, binary, database string) *victim {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	v := &victim{
		t: t, binary: binary, data: t.TempDir(), database: database, listen: listener.Addr().String(),
		http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 8}, Timeout: 20 * time.Second},
	}
	t.Cleanup(func() { v.kill(); v.http.CloseIdleConnections() })
	return v
}

// start runs the program and waits until it answers.
func (v *victim) start() {
	v.t.Helper()
	v.launch()
	deadline := time.Now().Add(30 * time.Second)
	for {
		response, err := v.http.Get("http://" + v.listen + "/readyz")
		if err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return
			}
		}
		select {
		case <-v.ended:
			v.t.Fatalf("the program ended by itself:\n%s", v.said())
		case <-time.After(5 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			v.t.Fatalf("the program does not answer:\n%s", v.said())
		}
	}
}

func (v *victim) launch() {
	v.t.Helper()
	v.process = exec.Command(v.binary, "serve", "--data", v.data, "--listen", v.listen, "--log-level", "warn")
	v.process.Env = append(os.Environ(), "MIDGARD_DATABASE="+v.database, "MIDGARD_BOOTSTRAP_CLIENT_ID=admin", "MIDGARD_BOOTSTRAP_CLIENT_SECRET=the-secret-of-the-admin")
	v.process.Stdout, v.process.Stderr = &v.log, &v.log
	v.started, v.ended = time.Now(), make(chan struct{})
	if err := v.process.Start(); err != nil {
		v.t.Fatal(err)
	}
	go func(p *exec.Cmd, ended chan struct{}) { p.Wait(); close(ended) }(v.process, v.ended) //nolint:errcheck // it is killed
}

// pause lets the program work for a while, or not at all.
func (v *victim) pause() {
	if rand.N(8) == 0 { // a kill in the middle of the start
		v.kill()
		v.launch()
		<-time.After(rand.N(150 * time.Millisecond))
		return
	}
	<-time.After(rand.N(900 * time.Millisecond))
}

// said is the end of what the program had to say.
func (v *victim) said() string {
	text := v.log.String()
	return text[max(0, len(text)-4000):]
}

func (v *victim) kill() {
	if v.process == nil {
		return
	}
	v.process.Process.Kill() //nolint:errcheck // it may have ended
	<-v.ended
	v.process = nil
}

func (v *victim) signIn() {
	v.t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {"admin"}, "client_secret": {"the-secret-of-the-admin"}}
	response, err := v.http.PostForm("http://"+v.listen+"/oauth/token", form)
	if err != nil {
		v.t.Fatal(err)
	}
	defer response.Body.Close()
	var answer struct {
		AccessToken string `json:"access_token"`
		IdentityID  string `json:"identity_id"`
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil || answer.AccessToken == "" {
		v.t.Fatalf("sign in: %s (%v)", response.Status, err)
	}
	v.token, v.source = answer.AccessToken, answer.IdentityID
}

// call sends a request. An error means that nothing is known of its outcome.
func (v *victim) call(method, path, contentType string, body io.Reader, into any) (int, error) {
	request, err := http.NewRequestWithContext(context.Background(), method, "http://"+v.listen+path, body)
	if err != nil {
		return 0, err
	}
	request.Header.Set("Authorization", "Bearer "+v.token)
	request.Header.Set("X-SailPoint-Experimental", "true")
	request.Header.Set("Content-Type", contentType)
	response, err := v.http.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, err
	}
	if response.StatusCode >= 500 {
		return response.StatusCode, fmt.Errorf("%s %s: %d %s", method, path, response.StatusCode, text)
	}
	if into == nil || response.StatusCode >= 300 {
		return response.StatusCode, nil
	}
	return response.StatusCode, json.Unmarshal(text, into)
}

// must is call for the times when nobody is killed.
func (v *victim) must(method, path string, body, into any) {
	v.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		v.t.Fatal(err)
	}
	status, err := v.call(method, path, "application/json", bytes.NewReader(text), into)
	if err != nil || status >= 300 {
		v.t.Fatalf("%s %s: %d %v\n%s", method, path, status, err, v.said())
	}
}

func (v *victim) makeSource() {
	v.t.Helper()
	var made struct{ ID string }
	v.must(http.MethodPost, "/sources/v1", obj{
		"name": "Servers", "owner": idRef("IDENTITY", v.source), "connector": "delimited-file",
		"connectorAttributes": obj{"multiValueDelimiter": ";"},
	}, &made)
	v.source = made.ID
	var schemas []struct{ ID, Name string }
	v.must(http.MethodGet, "/sources/v1/"+v.source+"/schemas", nil, &schemas)
	for _, schema := range schemas {
		if schema.Name != "account" {
			continue
		}
		v.must(http.MethodPut, "/sources/v1/"+v.source+"/schemas/"+schema.ID, obj{
			"name": "account", "nativeObjectType": "account", "identityAttribute": "id", "displayAttribute": "name", "attributes": []any{
				obj{"name": "id", "type": "STRING"}, obj{"name": "name", "type": "STRING"},
				obj{"name": "groups", "type": "STRING", "isMulti": true, "isEntitlement": true, "isGroup": true},
			},
		}, nil)
	}
	v.must(http.MethodPut, "/sources/v1/"+v.source+"/machine-classification-config", obj{"enabled": true, "classificationMethod": "SOURCE"}, nil)
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
func (v *victim) load(version int) (string, error) {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", "accounts.csv")
	if err != nil {
		return "", err
	}
	io.WriteString(part, killFile(version)) //nolint:errcheck // into memory
	form.Close()                            //nolint:errcheck // into memory
	var answer struct{ Task struct{ ID string } }
	_, err = v.call(http.MethodPost, "/sources/v1/"+v.source+"/load-accounts", form.FormDataContentType(), &body, &answer)
	return answer.Task.ID, err
}

// running counts the runs that have not ended.
func (v *victim) running() int {
	v.t.Helper()
	var tasks []struct{ ID string }
	v.must(http.MethodGet, "/task-status/v1?filters="+url.QueryEscape("completionStatus isnull"), nil, &tasks)
	return len(tasks)
}

// keepLoading starts the next version when the last one is done.
func (v *victim) keepLoading() {
	v.t.Helper()
	if v.running() > 0 {
		return
	}
	v.version++
	if _, err := v.load(v.version); err != nil {
		v.t.Fatalf("load version %d: %v\n%s", v.version, err, v.said())
	}
}

// untilIdle waits until no run is left and gives the time since the program was started.
func (v *victim) untilIdle() time.Duration {
	v.t.Helper()
	for deadline := time.Now().Add(60 * time.Second); v.running() > 0; <-time.After(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			v.t.Fatalf("a run does not end:\n%s", v.said())
		}
	}
	return time.Since(v.started)
}

func (v *victim) loadAndWait(version int) {
	v.t.Helper()
	id, err := v.load(version)
	if err != nil {
		v.t.Fatal(err)
	}
	v.untilIdle()
	var task struct{ CompletionStatus string }
	v.must(http.MethodGet, "/task-status/v1/"+id, nil, &task)
	if task.CompletionStatus != "SUCCESS" {
		v.t.Errorf("the last run ended with %s", task.CompletionStatus)
	}
}

// ledger are the writes of the clients.
type ledger struct {
	*victim
	mu                   sync.Mutex
	entries              map[string]*entry // by name
	answered, unanswered int
}

// entry is what is known of one machine identity: the descriptions that it may have, of which the first is the last one
// that was answered, and how many changes of it were.
type entry struct {
	id      string
	made    bool // its creation was answered
	may     []string
	changes int
}

// write lets clients write until stop is called, which waits for them.
func (l *ledger) write(clients int) (stop func()) {
	done := make(chan struct{})
	var writing sync.WaitGroup
	for c := range clients {
		writing.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-done:
					return
				default:
					l.turn(c, n)
				}
			}
		})
	}
	return func() { close(done); writing.Wait() }
}

// turn creates a machine identity and changes it twice, each once the one before was answered.
func (l *ledger) turn(client, n int) {
	name := fmt.Sprintf("client %d number %d", client, n)
	e := &entry{may: []string{"first"}}
	l.mu.Lock()
	l.entries[name] = e
	l.mu.Unlock()
	var made struct{ ID string }
	if !l.send(http.MethodPost, identitiesPath, "application/json", obj{"name": name, "nativeIdentity": name, "subtype": "Application", "description": "first"}, http.StatusOK, &made) {
		return
	}
	e.id, e.made = made.ID, true
	for _, text := range []string{"second", "third"} {
		e.may = append(e.may, text)
		patch := []any{obj{"op": "replace", "path": "/description", "value": text}}
		if !l.send(http.MethodPatch, identitiesPath+"/"+e.id, "application/json-patch+json", patch, http.StatusOK, nil) {
			return
		}
		e.may, e.changes = []string{text}, e.changes+1
	}
}

// send reports whether the write was answered as wanted. Without an answer it takes a breath.
func (l *ledger) send(method, path, contentType string, body any, want int, into any) bool {
	text, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	status, err := l.call(method, path, contentType, bytes.NewReader(text), into)
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case err != nil:
		l.unanswered++
		<-time.After(5 * time.Millisecond)
		return false
	case status != want:
		l.t.Errorf("%s %s: %d", method, path, status)
		return false
	}
	l.answered++
	return true
}
