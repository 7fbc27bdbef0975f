//go:build unix

package apptest

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"midgard/internal/contract/contracttest"
)

// Experimental is the header by which clients say that they know what they do.
const Experimental = "X-SailPoint-Experimental"

// Caller sends requests as somebody.
type Caller struct {
	Name  string // for messages
	ID    string // of the person, "" for an application
	Token string // "" sends none

	server *Server
	header map[string]string
}

// With is the caller with a header that goes out with every request; an empty value leaves one out that otherwise would.
func (c *Caller) With(name, value string) *Caller {
	clone := *c
	clone.header = maps.Clone(c.header)
	if clone.header == nil {
		clone.header = map[string]string{}
	}
	clone.header[http.CanonicalHeaderKey(name)] = value
	return &clone
}

// Get asks for a path, which may have a query.
func (c *Caller) Get(t testing.TB, path string) Answer {
	t.Helper()
	return c.Do(t, http.MethodGet, path, "")
}

// Post sends a JSON body; an empty one is no body at all.
func (c *Caller) Post(t testing.TB, path, body string) Answer {
	t.Helper()
	return c.Do(t, http.MethodPost, path, body)
}

// Put is Post with another method.
func (c *Caller) Put(t testing.TB, path, body string) Answer {
	t.Helper()
	return c.Do(t, http.MethodPut, path, body)
}

// Patch sends a JSON Patch.
func (c *Caller) Patch(t testing.TB, path, body string) Answer {
	t.Helper()
	return c.Do(t, http.MethodPatch, path, body)
}

// Delete deletes.
func (c *Caller) Delete(t testing.TB, path string) Answer {
	t.Helper()
	return c.Do(t, http.MethodDelete, path, "")
}

// List gets the rows of a list, with the query parameters given as pairs. Anything but 200 ends the test.
func (c *Caller) List(t testing.TB, path string, params ...string) []Row {
	t.Helper()
	a := c.Get(t, Query(path, params...))
	if a.Status != http.StatusOK {
		t.Fatalf("%s: %d %s", Query(path, params...), a.Status, a.Text)
	}
	return a.Rows(t)
}

// Query adds parameters, given as pairs, to a path.
func Query(path string, params ...string) string {
	values := url.Values{}
	for i := 0; i < len(params); i += 2 {
		values.Set(params[i], params[i+1])
	}
	if len(values) == 0 {
		return path
	}
	return path + "?" + values.Encode()
}

// Do sends a request and holds the answer against the contract.
func (c *Caller) Do(t testing.TB, method, path, body string) Answer {
	t.Helper()
	var reader io.Reader = http.NoBody
	kind := ""
	if body != "" {
		reader, kind = strings.NewReader(body), "application/json"
		if method == http.MethodPatch {
			kind = "application/json-patch+json"
		}
	}
	return c.send(t, method, path, kind, reader)
}

// Part is a part of a multipart form; one with a file name is a file.
type Part struct{ Name, FileName, Content string }

// PostForm sends a multipart form.
func (c *Caller) PostForm(t testing.TB, path string, parts ...Part) Answer {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for _, p := range parts {
		into, err := form.CreateFormFile(p.Name, p.FileName)
		if p.FileName == "" {
			into, err = form.CreateFormField(p.Name)
		}
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(into, p.Content) //nolint:errcheck // into memory
	}
	form.Close() //nolint:errcheck // into memory
	return c.send(t, http.MethodPost, path, form.FormDataContentType(), &body)
}

func (c *Caller) send(t testing.TB, method, path, kind string, body io.Reader) Answer {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, c.server.URL+path, body)
	if err != nil {
		t.Fatal(err)
	}
	c.setHeaders(request, kind)
	return c.Send(t, request)
}

// Send sends a request as the test has made it, without the caller's token, and holds the answer against the contract.
func (c *Caller) Send(t testing.TB, request *http.Request) Answer {
	t.Helper()
	what := request.Method + " " + request.URL.RequestURI() + " as " + c.Name
	response, err := c.server.client.Do(request)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	defer response.Body.Close()
	a, err := read(response)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	a.Request = what
	c.check(t, request, a)
	return a
}

func (c *Caller) setHeaders(request *http.Request, kind string) {
	request.Header.Set(Experimental, "true")
	if c.Token != "" {
		request.Header.Set("Authorization", "Bearer "+c.Token)
	}
	if kind != "" {
		request.Header.Set("Content-Type", kind)
	}
	for name, value := range c.header {
		request.Header.Del(name)
		if value != "" {
			request.Header.Set(name, value)
		}
	}
}

// check holds an answer against the contract. A request that is no operation of it can only be told so, unless it is about
// what is served beside the contract.
func (c *Caller) check(t testing.TB, request *http.Request, a Answer) {
	t.Helper()
	err := c.server.valid(request, a.Status, a.Header, []byte(a.Text))
	none := a.Status == http.StatusNotFound || a.Status == http.StatusMethodNotAllowed ||
		strings.HasPrefix(request.URL.Path, "/oauth/") || strings.HasPrefix(request.URL.Path, "/.well-known/")
	if err != nil && (!none || !errors.Is(err, contracttest.ErrNoOperation)) {
		t.Errorf("%s: %v\n%s", a.Request, err, a.Text)
	}
	a.checkTracking(t)
}
