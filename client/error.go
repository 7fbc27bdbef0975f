package client

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// Error is an answer with a status of 400 or more.
type Error struct {
	Status     int
	DetailCode string // "400.1.3 Illegal value"; empty for 401, 429 and answers that are not the server's own
	TrackingID string // finds the request in the server's log; empty when the server named none
	Text       string // for people, in English
	RetryAfter time.Duration
	Method     string
	Path       string
}

// Error is one line.
func (e *Error) Error() string {
	text := fmt.Sprintf("%s %s: %d %s", e.Method, e.Path, e.Status, e.Text)
	if e.TrackingID != "" {
		text += " (tracking id " + e.TrackingID + ")"
	}
	return text
}

// errorOf understands the three bodies of the contract: the error object, {"error": …} of the gateway and of the token
// endpoint, and {"message": …} of the rate limit. Anything else, a proxy's HTML page say, leaves the status text.
func errorOf(response *http.Response) *Error {
	e := &Error{
		Status:     response.StatusCode,
		TrackingID: response.Header.Get("SLPT-Request-ID"),
		RetryAfter: retryAfter(response.Header.Get("Retry-After"), time.Now()),
		Method:     response.Request.Method,
		Path:       response.Request.URL.Path,
	}
	raw, _ := io.ReadAll(io.LimitReader(response.Body, 1<<20)) // what arrived before a broken connection still helps
	e.read(raw)
	if e.Text == "" {
		e.Text = http.StatusText(e.Status)
	}
	return e
}

type errorBody struct {
	DetailCode string `json:"detailCode"`
	TrackingID string `json:"trackingId"`
	Messages   []struct {
		Text string `json:"text"`
	} `json:"messages"`
	Error       string `json:"error"`
	Description string `json:"error_description"`
	Message     string `json:"message"`
}

func (e *Error) read(raw []byte) {
	var b errorBody
	if json.Unmarshal(raw, &b) != nil {
		return
	}
	e.DetailCode = b.DetailCode
	if b.TrackingID != "" {
		e.TrackingID = b.TrackingID
	}
	e.Text = b.text()
}

// text is on one line. The error object carries the same text once per locale, so that the first is enough.
func (b errorBody) text() string {
	text := b.Message
	switch {
	case len(b.Messages) > 0:
		text = b.Messages[0].Text
	case b.Description != "":
		text = b.Error + ": " + b.Description
	case b.Error != "":
		text = b.Error
	}
	return strings.Join(strings.Fields(text), " ")
}
