//go:build unix

package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"midgard/internal/app/apptest"
	"midgard/internal/testenv"
)

// defaultSeed is what the random decisions of the tests that kill are made from, so that a failure can come back.
const defaultSeed = 8400

// seed is the one from the environment, else the default.
func seed(t *testing.T) uint64 {
	t.Helper()
	text := os.Getenv("SEED")
	if text == "" {
		return defaultSeed
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("SEED must be a whole number, not %q", text)
	}
	return n
}

// newDice makes a source of random decisions for one of several who decide at the same time.
func newDice(seed, who uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, who)) }

// eachEngine runs a test for each engine, in parallel, with the URL of a database of its own; "" stands for SQLite.
func eachEngine(t *testing.T, run func(t *testing.T, database string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		run(t, "")
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		run(t, testenv.Postgres(t))
	})
}

// victim is the program as a process of its own. One goroutine starts and kills it; clients only send requests.
type victim struct {
	t        *testing.T
	binary   string
	data     string
	database string
	listen   string
	settings []string // further variables of its environment
	log      apptest.Log
	http     *http.Client
	dice     *rand.Rand
	admin    sender
	adminID  string

	answered, unanswered atomic.Int64 // what clients have sent

	process *exec.Cmd
	ended   chan struct{}
	started time.Time
	kills   int
}

func newVictim(t *testing.T, binary, database string, settings ...string) *victim {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	v := &victim{
		t: t, binary: binary, data: t.TempDir(), database: database, listen: listener.Addr().String(), settings: settings, dice: newDice(seed(t), 0),
		http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 8}, Timeout: 20 * time.Second},
	}
	t.Logf("SEED=%d", seed(t))
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
	v.process.Env = append(v.process.Env, v.settings...)
	v.process.Stdout, v.process.Stderr = &v.log, &v.log
	v.started, v.ended = time.Now(), make(chan struct{})
	if err := v.process.Start(); err != nil {
		v.t.Fatal(err)
	}
	go func(p *exec.Cmd, ended chan struct{}) { p.Wait(); close(ended) }(v.process, v.ended) //nolint:errcheck // it is killed
}

// pause lets the program work for a while, or not at all.
func (v *victim) pause() {
	if v.dice.IntN(8) == 0 { // a kill in the middle of the start
		v.kill()
		v.launch()
		<-time.After(upTo(v.dice, 150*time.Millisecond))
		return
	}
	<-time.After(upTo(v.dice, 900*time.Millisecond))
}

// upTo draws a time.
func upTo(dice *rand.Rand, most time.Duration) time.Duration {
	return time.Duration(dice.Int64N(int64(most)))
}

// said is the end of what the program had to say.
func (v *victim) said() string {
	text := v.log.String()
	return text[max(0, len(text)-4000):]
}

// errors are the first things of all that the program has complained about.
func (v *victim) errors() string {
	var lines []string
	for line := range strings.Lines(v.log.String()) {
		if strings.Contains(line, "level=ERROR") || strings.Contains(line, "attempt ended") && !strings.Contains(line, "wait") {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines[:min(len(lines), 40)], "")
}

func (v *victim) kill() {
	if v.process == nil {
		return
	}
	v.process.Process.Kill() //nolint:errcheck // it may have ended
	<-v.ended
	v.process = nil
	v.kills++
}

// signIn makes the administrator, who can send from then on.
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
	v.admin, v.adminID = sender{victim: v, token: answer.AccessToken}, answer.IdentityID
}

// sender sends requests to a victim in somebody's name.
type sender struct {
	*victim
	token string
	key   string // of the request, by which the program knows it again; "" for none
}

// reply is what the program answered.
type reply struct {
	status int
	text   string
}

const jsonType = "application/json"

// call sends a request. An error means that nothing is known of its outcome.
func (s sender) call(method, path, contentType string, body io.Reader, into any) (reply, error) {
	request, err := http.NewRequestWithContext(context.Background(), method, "http://"+s.listen+path, body)
	if err != nil {
		return reply{}, err
	}
	request.Header.Set("Authorization", "Bearer "+s.token)
	request.Header.Set(apptest.Experimental, "true")
	request.Header.Set("Content-Type", contentType)
	if s.key != "" {
		request.Header.Set(idempotencyKey, s.key)
	}
	response, err := s.http.Do(request)
	if err != nil {
		return reply{}, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return reply{}, err
	}
	answer := reply{response.StatusCode, string(text)}
	if answer.status >= 500 {
		return answer, fmt.Errorf("%s %s: %d %s", method, path, answer.status, text)
	}
	if into == nil || answer.status >= 300 {
		return answer, nil
	}
	return answer, json.Unmarshal(text, into)
}

// must is call for the times when nobody is killed.
func (s sender) must(method, path string, body, into any) {
	s.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		s.t.Fatal(err)
	}
	answer, err := s.call(method, path, jsonType, bytes.NewReader(text), into)
	if err != nil || answer.status >= 300 {
		s.t.Fatalf("%s %s: %d %v %s\n%s", method, path, answer.status, err, answer.text, s.said())
	}
}

// try is call for a client who writes; it counts. ok tells whether there was an answer; without one it takes a breath.
func (s sender) try(method, path, contentType string, body, into any) (answer reply, ok bool) {
	text, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	if answer, err = s.call(method, path, contentType, bytes.NewReader(text), into); err != nil {
		s.unanswered.Add(1)
		<-time.After(5 * time.Millisecond)
		return answer, false
	}
	s.answered.Add(1)
	return answer, true
}

// untilStopped lets each of some clients take one turn after the other until stop is called, which waits for them.
func untilStopped(clients int, turn func(client, n int)) (stop func()) {
	done := make(chan struct{})
	var working sync.WaitGroup
	for c := range clients {
		working.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-done:
					return
				default:
					turn(c, n)
				}
			}
		})
	}
	return func() { close(done); working.Wait() }
}

// running counts the runs that have not ended.
func (v *victim) running() int {
	v.t.Helper()
	var tasks []struct{ ID string }
	v.admin.must(http.MethodGet, "/task-status/v1?filters="+url.QueryEscape("completionStatus isnull"), nil, &tasks)
	return len(tasks)
}

// untilIdle waits until no run is left and gives the time since the program was started.
func (v *victim) untilIdle() time.Duration {
	v.t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); v.running() > 0; <-time.After(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			v.t.Fatalf("a run does not end:\n%s", v.said())
		}
	}
	return time.Since(v.started)
}
