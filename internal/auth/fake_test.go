package auth_test

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"midgard/internal/auth"
	"midgard/internal/governance"
	"midgard/internal/secret"
)

// memory is a database that several services can share, as nodes do.
type memory struct {
	mu       sync.Mutex
	settings map[string]string
	callers  map[string]governance.Caller
	keys     []governance.SigningKey
	tokens   map[string]governance.AccessToken
	clients  map[string]governance.OAuthClient
	users    map[string]governance.User
	actors   []governance.Actor
	down     bool
	reads    atomic.Int64 // of callers
	keyReads atomic.Int64
}

var errDown = errors.New("the database is away")

func newMemory() *memory {
	return &memory{settings: map[string]string{}, callers: map[string]governance.Caller{}, tokens: map[string]governance.AccessToken{},
		clients: map[string]governance.OAuthClient{}, users: map[string]governance.User{}}
}

func (m *memory) Caller(_ context.Context, id string) (governance.Caller, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.reads.Add(1)
	if m.down {
		return governance.Caller{}, errDown
	}
	c, found := m.callers[id]
	if !found {
		return c, governance.Missing("Client", id)
	}
	return c, nil
}

func (m *memory) MarkUsed(_ context.Context, id string, at time.Time) error {
	m.change(id, func(c *governance.Caller) { c.LastUsed = at })
	return nil
}

func (m *memory) EnsureSetting(_ context.Context, name, value string) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.settings[name] == "" {
		m.settings[name] = value
	}
	return m.settings[name], nil
}

func (m *memory) SigningKeys(context.Context) ([]governance.SigningKey, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.keyReads.Add(1)
	if m.down {
		return nil, errDown
	}
	return slices.SortedFunc(slices.Values(m.keys), func(a, b governance.SigningKey) int {
		return cmp.Or(b.Created.Compare(a.Created), cmp.Compare(b.ID, a.ID))
	}), nil
}

func (m *memory) RotateSigningKey(_ context.Context, _ governance.Actor, next governance.SigningKey, due, gone time.Time) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, k := range m.keys {
		if k.Retired.IsZero() && k.Created.After(due) {
			return false, nil
		}
	}
	m.keys = slices.DeleteFunc(m.keys, func(k governance.SigningKey) bool { return !k.Retired.IsZero() && k.Retired.Before(gone) })
	for i := range m.keys {
		if m.keys[i].Retired.IsZero() {
			m.keys[i].Retired = next.Created
		}
	}
	m.keys = append(m.keys, next)
	return true, nil
}

func (m *memory) Bootstrap(_ context.Context, actor governance.Actor, admin governance.Identity, levels []string, token governance.AccessToken) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.users) > 0 {
		return false, nil
	}
	m.users[admin.ID] = governance.User{ID: admin.ID, UID: admin.UID, Name: admin.Name, Levels: levels}
	m.keep(actor, token)
	return true, nil
}

// keep makes a token known as a caller, too.
func (m *memory) keep(actor governance.Actor, token governance.AccessToken) {
	u := m.users[token.Owner.ID]
	m.actors = append(m.actors, actor)
	m.tokens[token.ID] = token
	m.callers[token.ID] = governance.Caller{ClientID: token.ID, Name: u.Name, SecretHash: token.SecretHash, Identity: governance.Reference{ID: u.ID, Name: u.Name},
		UID: u.UID, Levels: u.Levels, Scope: token.Scope, ValiditySecs: token.ValiditySecs, Expires: token.Expires, Enabled: true, Credentials: true}
}

func (m *memory) CreateAccessToken(_ context.Context, actor governance.Actor, token governance.AccessToken) (governance.AccessToken, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.keep(actor, token)
	return token, nil
}

func (m *memory) UpdateAccessToken(_ context.Context, actor governance.Actor, id string, edit func(*governance.AccessToken) error) (governance.AccessToken, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	token, found := m.tokens[id]
	if !found {
		return token, governance.Missing("Personal access token", id)
	}
	if err := edit(&token); err != nil {
		return token, err
	}
	m.keep(actor, token)
	return token, nil
}

func (m *memory) DeleteAccessToken(_ context.Context, _ governance.Actor, id string, allowed func(governance.AccessToken) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	token, found := m.tokens[id]
	if !found {
		return governance.Missing("Personal access token", id)
	}
	if err := allowed(token); err != nil {
		return err
	}
	delete(m.tokens, id)
	delete(m.callers, id)
	return nil
}

func (m *memory) CreateOAuthClient(_ context.Context, _ governance.Actor, c governance.OAuthClient) (governance.OAuthClient, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.putClient(c)
	return c, nil
}

func (m *memory) putClient(c governance.OAuthClient) {
	m.clients[c.ID] = c
	m.callers[c.ID] = governance.Caller{ClientID: c.ID, Name: c.Name, SecretHash: c.SecretHash, Scope: c.Scope, ValiditySecs: c.AccessTokenValidity,
		Enabled: c.Enabled, Credentials: slices.Contains(c.GrantTypes, governance.GrantClientCredentials)}
}

func (m *memory) UpdateOAuthClient(_ context.Context, _ governance.Actor, id string, edit func(*governance.OAuthClient) error) (governance.OAuthClient, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c, found := m.clients[id]
	if !found {
		return c, governance.Missing("OAuth client", id)
	}
	if err := edit(&c); err != nil {
		return c, err
	}
	m.putClient(c)
	return c, nil
}

func (m *memory) DeleteOAuthClient(_ context.Context, _ governance.Actor, id string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.clients, id)
	delete(m.callers, id)
	return nil
}

func (m *memory) UpdateUser(_ context.Context, _ governance.Actor, id string, edit func(*governance.User) error) (governance.User, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	u := m.users[id]
	if err := edit(&u); err != nil {
		return u, err
	}
	m.users[id] = u
	for _, token := range m.tokens {
		if token.Owner.ID == id {
			m.keep(governance.Actor{}, token)
		}
	}
	return u, nil
}

// change edits a caller behind the service's back, as another node would.
func (m *memory) change(id string, edit func(*governance.Caller)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := m.callers[id]
	edit(&c)
	m.callers[id] = c
}

func (m *memory) setDown(down bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.down = down
}

// clock is a time that only the test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// node is one service on a database, with a person's credential to use.
type node struct {
	*auth.Service
	db       *memory
	clock    *clock
	box      *secret.Box
	clientID string
	secret   string
}

const personSecret = "a secret that the test knows"

func newNode(t testing.TB, change ...func(*auth.Options)) *node {
	t.Helper()
	n := &node{db: newMemory(), clock: newClock(), box: secret.Ephemeral(), clientID: "ada-client", secret: personSecret}
	n.db.users["ada"] = governance.User{ID: "ada", UID: "ada.l", Name: "Ada L", Levels: []string{governance.LevelSourceAdmin}}
	n.db.keep(governance.Actor{}, governance.AccessToken{ID: n.clientID, Name: "test", Owner: governance.Reference{ID: "ada"}, SecretHash: hash(personSecret)})
	n.Service = n.again(t, change...)
	return n
}

// again starts another service on the same database.
func (n *node) again(t testing.TB, change ...func(*auth.Options)) *auth.Service {
	t.Helper()
	o := auth.Options{Store: n.db, Sealer: n.box, Organization: "acme", Issuer: "https://midgard.example", Now: n.clock.Now}
	for _, c := range change {
		c(&o)
	}
	s, err := auth.New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func hash(s string) []byte {
	sum := sha256.Sum256([]byte(s))
	return sum[:]
}

func (n *node) request() auth.TokenRequest {
	return auth.TokenRequest{GrantType: "client_credentials", ClientID: n.clientID, ClientSecret: n.secret, Remote: "192.0.2.7:4711"}
}

func (n *node) token(t testing.TB) string {
	t.Helper()
	answer, err := n.Issue(t.Context(), n.request())
	if err != nil {
		t.Fatal(err)
	}
	return answer.AccessToken
}
