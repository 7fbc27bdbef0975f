//go:build unix

package proof_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"midgard/internal/app/apptest"
	"midgard/internal/config"
	"midgard/internal/contract"
	"midgard/internal/contract/contracttest"
)

// unknownID is an id that nobody has.
const unknownID = "0198c0de-0000-7000-8000-000000000000"

// prover asks one server. It looks at less of each answer than apptest does, which would take minutes for the number of
// them: the first answer of every operation and status is held against the schema, and every other one of them must have
// the same form or, in a list, rows that were held against it.
type prover struct {
	*apptest.Server
	client *http.Client
	valid  func(*http.Request, int, http.Header, []byte) error

	asked atomic.Int64

	mu   sync.Mutex
	seen map[string]bool // method, path and status of operations that were held against their schema
}

func prove(t *testing.T, s *apptest.Server) *prover {
	t.Helper()
	transport := &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 16}
	t.Cleanup(transport.CloseIdleConnections)
	return &prover{
		Server: s, client: &http.Client{Transport: transport, Timeout: apptest.Deadline},
		valid: contracttest.Validator(t), seen: map[string]bool{},
	}
}

// oneEngine starts a server where the engine makes no difference.
func oneEngine(t *testing.T, change ...func(*config.Config)) *prover {
	t.Helper()
	return prove(t, apptest.Start(t, change...))
}

// eachEngine runs a test on a server for each engine.
func eachEngine(t *testing.T, run func(t *testing.T, p *prover)) {
	t.Helper()
	apptest.Each(t, func(t *testing.T, s *apptest.Server) { run(t, prove(t, s)) })
}

// question is a request; an empty token, header or body is left out.
type question struct {
	method, path              string
	token, experimental, body string
	operation                 *contract.Operation // nil when there is none
}

func (q *question) String() string { return q.method + " " + q.path }

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// failer is what a test and a property have in common.
type failer interface {
	Helper()
	Context() context.Context
	Errorf(format string, args ...any)
}

// ask sends a request. It can be called from any goroutine; what goes wrong in between fails the test and gives no answer.
func (p *prover) ask(t failer, q *question) answer {
	t.Helper()
	p.asked.Add(1)
	request, err := http.NewRequestWithContext(t.Context(), q.method, p.URL+q.path, strings.NewReader(q.body))
	if err != nil {
		t.Errorf("%v: %v", q, err)
		return answer{}
	}
	for name, value := range map[string]string{"Authorization": q.token, apptest.Experimental: q.experimental, "Content-Type": contentType(q)} {
		if value != "" {
			request.Header.Set(name, value)
		}
	}
	response, err := p.client.Do(request)
	if err != nil {
		t.Errorf("%v: %v", q, err)
		return answer{}
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Errorf("%v: %v", q, err)
		return answer{}
	}
	a := answer{response.StatusCode, response.Header, body}
	p.checkForm(t, q, request, a)
	return a
}

func contentType(q *question) string {
	if q.body == "" || q.operation == nil {
		return ""
	}
	return q.operation.Consumes[0]
}

// checkForm holds the first answer of a kind against the schema, and of every answer what an operator relies on.
func (p *prover) checkForm(t failer, q *question, request *http.Request, a answer) {
	t.Helper()
	if a.status >= http.StatusInternalServerError {
		t.Errorf("%v: %d %s", q, a.status, a.body)
	}
	if a.status >= http.StatusBadRequest {
		p.checkTracking(t, q, a)
	}
	if q.operation == nil || !p.first(q.operation.Pattern()+" "+strconv.Itoa(a.status)) {
		return
	}
	if err := p.valid(request, a.status, a.header, a.body); err != nil {
		t.Errorf("%v: %v\n%.1000s", q, err, a.body)
	}
}

func (p *prover) first(kind string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.seen[kind] {
		return false
	}
	p.seen[kind] = true
	return true
}

var trackingForm = regexp.MustCompile(`^[0-9a-f]{32}$`)

// checkTracking wants the one id of a failure in the headers and, where the body has a place for it, in the body.
func (p *prover) checkTracking(t failer, q *question, a answer) {
	t.Helper()
	id := a.header.Get("Slpt-Request-Id")
	inBody := !bytes.Contains(a.body, []byte(`"detailCode"`)) || bytes.Contains(a.body, []byte(`"trackingId":"`+id+`"`))
	if !trackingForm.MatchString(id) || a.header.Get("X-Request-Id") != id || !inBody {
		t.Errorf("%v: the tracking id is %q: %s", q, id, a.body)
	}
}

// failure is the contract's body of most failures.
type failure struct {
	DetailCode string
	Messages   []struct{ Text string }
}

// text is the first message of a failure; "" when the body is none.
func (a *answer) failure() (detailCode, text string) {
	var f failure
	if json.Unmarshal(a.body, &f) != nil || len(f.Messages) == 0 {
		return f.DetailCode, ""
	}
	return f.DetailCode, f.Messages[0].Text
}

// withQuery adds parameters, given as pairs, to a path; those without a value are left out.
func withQuery(path string, params ...string) string {
	values := url.Values{}
	for i := 0; i < len(params); i += 2 {
		if params[i+1] != "" {
			values.Set(params[i], params[i+1])
		}
	}
	if len(values) == 0 {
		return path
	}
	return path + "?" + values.Encode()
}

// bearer is the header of a token; none for "".
func bearer(token string) string {
	if token == "" {
		return ""
	}
	return "Bearer " + token
}

// inParallel does n things with as many workers as there are processors.
func inParallel(n int, do func(i int)) {
	var workers sync.WaitGroup
	next := make(chan int)
	for range max(2, runtime.GOMAXPROCS(0)) {
		workers.Go(func() {
			for i := range next {
				do(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	workers.Wait()
}
