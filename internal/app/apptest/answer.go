//go:build unix

package apptest

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// Answer is what came back. Text is decompressed; Body is Text decoded where it is JSON.
type Answer struct {
	Request string // for messages
	Status  int
	Header  http.Header
	Text    string
	Body    any
}

// Row is one object of a list.
type Row map[string]any

func read(response *http.Response) (Answer, error) {
	a := Answer{Status: response.StatusCode, Header: response.Header}
	body := io.Reader(response.Body)
	if response.Header.Get("Content-Encoding") == "gzip" {
		unpacked, err := gzip.NewReader(body)
		if err != nil {
			return a, err
		}
		body = unpacked
	}
	text, err := io.ReadAll(body)
	if err != nil {
		return a, err
	}
	a.Text = string(text)
	if !strings.HasPrefix(a.Header.Get("Content-Type"), "application/json") {
		return a, nil
	}
	return a, json.Unmarshal(text, &a.Body)
}

var trackingForm = regexp.MustCompile(`^[0-9a-f]{32}$`)

// checkTracking sees to the id by which an operator finds a request in the log: one in both headers and in error bodies.
func (a Answer) checkTracking(t testing.TB) {
	t.Helper()
	id := a.Header.Get("SLPT-Request-ID")
	if !trackingForm.MatchString(id) || a.Header.Get("X-Request-Id") != id || a.Header.Get("Date") == "" {
		t.Errorf("%s: headers %v", a.Request, a.Header)
	}
	body, _ := a.Body.(map[string]any)
	if _, failure := body["detailCode"]; failure && body["trackingId"] != id {
		t.Errorf("%s: the header names %s, the body %v", a.Request, id, body["trackingId"])
	}
}

// short is the text as far as a person reads it.
func (a Answer) short() string { return a.Text[:min(len(a.Text), 1000)] }

// Want demands a status and parts of the text.
func (a Answer) Want(t testing.TB, status int, parts ...string) Answer {
	t.Helper()
	if a.Status != status {
		t.Errorf("%s: got %d, want %d\n%s", a.Request, a.Status, status, a.short())
		return a
	}
	for _, part := range parts {
		if !strings.Contains(a.Text, part) {
			t.Errorf("%s: got %s\nwant %s in it", a.Request, a.short(), part)
		}
	}
	return a
}

// Refused demands an error body: the status that begins the detail code, and parts of its text, in which quotation marks
// stand as they are.
func (a Answer) Refused(t testing.TB, detailCode string, parts ...string) {
	t.Helper()
	status, _ := strconv.Atoi(detailCode[:3])
	if got := a.Field("detailCode"); a.Status != status || got != detailCode {
		t.Errorf("%s: got %d %v, want %s\n%s", a.Request, a.Status, got, detailCode, a.short())
		return
	}
	text, _ := a.Field("messages.0.text").(string)
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%s: got %q\nwant %q in it", a.Request, text, part)
		}
	}
}

// Field gives what stands at a path such as "owners.secondary.0.id", nil when nothing does.
func (a Answer) Field(path string) any { return at(a.Body, path) }

// Field is Answer.Field within a row.
func (r Row) Field(path string) any { return at(map[string]any(r), path) }

// Text gives a field as text, "" for null and for nothing.
func (r Row) Text(path string) string {
	switch v := r.Field(path).(type) {
	case nil:
		return ""
	case string:
		return v
	default:
		return fmt.Sprint(v)
	}
}

func at(value any, path string) any {
	for step := range strings.SplitSeq(path, ".") {
		switch v := value.(type) {
		case map[string]any:
			value = v[step]
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i >= len(v) {
				return nil
			}
			value = v[i]
		default:
			return nil
		}
	}
	return value
}

// ID gives the id of the object in the answer, which must have one.
func (a Answer) ID(t testing.TB) string {
	t.Helper()
	id, _ := a.Field("id").(string)
	if id == "" {
		t.Fatalf("%s: no id in %d %s", a.Request, a.Status, a.Text)
	}
	return id
}

// Rows gives the objects of a list, also of one that is wrapped into an object as its member results.
func (a Answer) Rows(t testing.TB) []Row {
	t.Helper()
	list, ok := a.Body.([]any)
	if wrapped, isObject := a.Body.(map[string]any); isObject {
		list, ok = wrapped["results"].([]any)
	}
	if !ok {
		t.Fatalf("%s: %d %s is no list", a.Request, a.Status, a.Text)
	}
	rows := make([]Row, len(list))
	for i, item := range list {
		rows[i] = item.(map[string]any)
	}
	return rows
}

// Texts gives one field of every row.
func Texts(rows []Row, path string) []string {
	texts := make([]string, len(rows))
	for i, r := range rows {
		texts[i] = r.Text(path)
	}
	return texts
}
