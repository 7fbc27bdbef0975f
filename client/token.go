package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// tokenCache holds one access token. Its lock is a channel of one place, so that a caller who waits for another's token
// request can give up with its own context.
type tokenCache struct {
	id, secret string
	lock       chan struct{}
	current    *accessToken
}

type accessToken struct {
	value      string
	identityID string
	renew      time.Time
}

func newTokenCache(id, secret string) tokenCache {
	return tokenCache{id: id, secret: secret, lock: make(chan struct{}, 1)}
}

// Token returns a bearer token that is valid for some time to come, a new one when the last has a tenth or less of its
// life left.
func (c *Client) Token(ctx context.Context) (string, error) {
	token, err := c.token(ctx)
	if err != nil {
		return "", err
	}
	return token.value, nil
}

// Identity is the id of the person as whom the client acts; empty for a client of its own name.
func (c *Client) Identity(ctx context.Context) (string, error) {
	token, err := c.token(ctx)
	if err != nil {
		return "", err
	}
	return token.identityID, nil
}

func (c *Client) token(ctx context.Context) (*accessToken, error) {
	select {
	case c.tokens.lock <- struct{}{}:
		defer func() { <-c.tokens.lock }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if t := c.tokens.current; t != nil && time.Now().Before(t.renew) {
		return t, nil
	}
	token, err := c.requestToken(ctx)
	if err != nil {
		return nil, err
	}
	c.tokens.current = token
	return token, nil
}

// drop forgets a token that the server refused, unless somebody has replaced it meanwhile.
func (t *tokenCache) drop(refused string) {
	t.lock <- struct{}{}
	defer func() { <-t.lock }()
	if t.current != nil && t.current.value == refused {
		t.current = nil
	}
}

// requestToken repeats itself after 429 and 503: asking for a token changes nothing, though its method is POST.
func (c *Client) requestToken(ctx context.Context) (*accessToken, error) {
	for attempt := 0; ; attempt++ {
		token, err := c.requestTokenOnce(ctx)
		var failure *Error
		if !errors.As(err, &failure) || attempt >= c.retries || !repeatable(http.MethodGet, failure.Status) {
			return token, err
		}
		if err := c.sleep(ctx, patience(failure, attempt)); err != nil {
			return nil, err
		}
	}
}

func (c *Client) requestTokenOnce(ctx context.Context) (*accessToken, error) {
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {c.tokens.id}, "client_secret": {c.tokens.secret}}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+"/oauth/token", strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	c.mark(request)
	request.Header.Set("Content-Type", formType)
	sent := time.Now()
	response, err := c.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer finish(response)
	if response.StatusCode != http.StatusOK {
		return nil, errorOf(response)
	}
	return readToken(response, sent)
}

func readToken(response *http.Response, sent time.Time) (*accessToken, error) {
	var answer struct {
		Value      string `json:"access_token"`
		ExpiresIn  int    `json:"expires_in"`
		IdentityID string `json:"identity_id"`
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return nil, fmt.Errorf("the answer to the token request cannot be read: %w", err)
	}
	if answer.Value == "" {
		return nil, errors.New("the answer to the token request holds no token")
	}
	life := time.Duration(answer.ExpiresIn) * time.Second
	return &accessToken{value: answer.Value, identityID: answer.IdentityID, renew: sent.Add(life - life/10)}, nil
}
