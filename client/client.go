// Package client calls the public API of a Midgard server, or of anything else that speaks the same contract: it uses
// published operations only. It fetches and renews access tokens, waits where the server asks for patience, pages through
// lists and turns the server's three forms of error into one type.
//
// A Client may be used by many goroutines. Bodies travel compressed when the server likes: net/http asks for gzip and
// unpacks it.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	// ExperimentalHeader opts in to operations that the contract calls experimental. It is harmless on others.
	ExperimentalHeader = "X-SailPoint-Experimental"

	jsonType  = "application/json"
	patchType = "application/json-patch+json"
	formType  = "application/x-www-form-urlencoded"
)

// Client is the API of one server as seen with one client id.
type Client struct {
	base      string
	http      *http.Client
	userAgent string
	retries   int
	sleep     func(context.Context, time.Duration) error
	tokens    tokenCache
}

// Option changes how New builds a Client.
type Option func(*Client)

// WithHTTPClient replaces http.DefaultClient, for example to trust another certificate authority.
func WithHTTPClient(h *http.Client) Option { return func(c *Client) { c.http = h } }

// WithRetries sets how often a request is repeated after 429 and 503; the default is 4, 0 turns it off.
func WithRetries(n int) Option { return func(c *Client) { c.retries = n } }

// WithUserAgent replaces the User-Agent header.
func WithUserAgent(name string) Option { return func(c *Client) { c.userAgent = name } }

// New prepares a client; it does not connect. base is the URL of the server, with or without a slash at its end.
func New(base, clientID, secret string, options ...Option) (*Client, error) {
	u, err := url.Parse(base)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return nil, fmt.Errorf("the server's address must be an http:// or https:// URL, not %q", base)
	}
	c := &Client{base: strings.TrimRight(base, "/"), http: http.DefaultClient, userAgent: "midgard-client", retries: 4, sleep: sleep}
	c.tokens = newTokenCache(clientID, secret)
	for _, option := range options {
		option(c)
	}
	return c, nil
}

// Base is the URL of the server without a slash at its end.
func (c *Client) Base() string { return c.base }

// Do sends one request and decodes the answer. path starts with a slash and may hold a query. body is nil, a
// json.RawMessage that is sent as it is, or a value for encoding/json; into is nil, a *json.RawMessage, or a pointer for
// encoding/json. A status of 400 or more is an *Error.
//
// A request with one of the methods that may be repeated safely (GET, HEAD, OPTIONS, PUT, DELETE) is repeated after 429
// and 503 once the time has passed that the server named. A request of any method is repeated once after 401 with a new
// token, since the server did nothing then.
func (c *Client) Do(ctx context.Context, method, path string, body, into any) error {
	payload, err := encode(body)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	_, err = c.send(ctx, call{method: method, path: path, payload: payload, contentType: contentType(method)}, into)
	return err
}

func encode(body any) ([]byte, error) {
	switch b := body.(type) {
	case nil:
		return nil, nil
	case json.RawMessage:
		return b, nil
	default:
		return json.Marshal(b)
	}
}

func contentType(method string) string {
	if method == http.MethodPatch {
		return patchType
	}
	return jsonType
}

// call is a request whose payload is at hand, so that it can be sent again.
type call struct {
	method, path string
	payload      []byte
	contentType  string
	key          string // by which the server knows the request when it comes again, "" for none
}

// send repeats the call as Do promises, decodes the last answer and returns its headers. Failures to get a token are not
// repeated here: requestToken has its own patience, and wrong credentials do not improve.
func (c *Client) send(ctx context.Context, call call, into any) (http.Header, error) {
	renewed := false
	for attempt := 0; ; attempt++ {
		token, err := c.Token(ctx)
		if err != nil {
			return nil, err
		}
		header, err := c.once(ctx, token, call, into)
		var failure *Error
		if !errors.As(err, &failure) {
			return header, err
		}
		if failure.Status == http.StatusUnauthorized && !renewed {
			renewed = true
			continue
		}
		if attempt >= c.retries || !call.repeatable(failure.Status) {
			return header, err
		}
		if err := c.sleep(ctx, patience(failure, attempt)); err != nil {
			return nil, err
		}
	}
}

func (c *Client) once(ctx context.Context, token string, call call, into any) (http.Header, error) {
	request, err := http.NewRequestWithContext(ctx, call.method, c.base+call.path, body(call.payload))
	if err != nil {
		return nil, err
	}
	if call.payload != nil {
		request.Header.Set("Content-Type", call.contentType)
	}
	if call.key != "" {
		request.Header.Set(idempotencyHeader, call.key)
	}
	return c.exchange(request, token, into)
}

// body is nil rather than empty without a payload: only then does net/http leave out the body.
func body(payload []byte) io.Reader {
	if payload == nil {
		return nil
	}
	return bytes.NewReader(payload)
}

// exchange drops the token after 401, so that the next attempt fetches a new one.
func (c *Client) exchange(request *http.Request, token string, into any) (http.Header, error) {
	c.mark(request)
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := c.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer finish(response)
	if response.StatusCode >= http.StatusBadRequest {
		failure := errorOf(response)
		if failure.Status == http.StatusUnauthorized {
			c.tokens.drop(token)
		}
		return response.Header, failure
	}
	if err := decode(response.Body, into); err != nil {
		return response.Header, fmt.Errorf("%s %s: the answer cannot be read: %w", request.Method, request.URL.Path, err)
	}
	return response.Header, nil
}

func (c *Client) mark(request *http.Request) {
	request.Header.Set("Accept", jsonType)
	request.Header.Set("User-Agent", c.userAgent)
	request.Header.Set(ExperimentalHeader, "true")
}

// finish reads what is left of a small answer so that its connection can be used again.
func finish(response *http.Response) {
	_, _ = io.CopyN(io.Discard, response.Body, 64<<10)
	_ = response.Body.Close()
}

// decode accepts an empty body, which several operations of the contract send with their success.
func decode(from io.Reader, into any) error {
	if into == nil {
		return nil
	}
	if err := json.NewDecoder(from).Decode(into); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}
