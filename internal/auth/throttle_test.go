package auth_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"midgard/internal/auth"
)

func (n *node) guess(t *testing.T, clientID, remote string) error {
	t.Helper()
	_, err := n.Issue(t.Context(), auth.TokenRequest{GrantType: "client_credentials", ClientID: clientID, ClientSecret: "a guess", Remote: remote})
	return err
}

func waitOf(err error) time.Duration {
	var limit *auth.LimitError
	if errors.As(err, &limit) {
		return limit.RetryAfter
	}
	return 0
}

func TestGuessingGetsSlow(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	for i := range 5 {
		if wait := waitOf(n.guess(t, n.clientID, "198.51.100.1:1")); wait != 0 {
			t.Fatalf("guess %d has to wait for %s", i+1, wait)
		}
	}
	for _, want := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60} {
		wait := waitOf(n.guess(t, n.clientID, fmt.Sprintf("198.51.100.%d:1", want))) // from wherever
		if wait != want*time.Second {
			t.Fatalf("the wait is %s, want %s", wait, want*time.Second)
		}
		n.clock.advance(wait - 1)
		if waitOf(n.guess(t, n.clientID, "198.51.100.1:1")) == 0 {
			t.Fatal("a nanosecond early was early enough")
		}
		n.clock.advance(1)
		if wait := waitOf(n.guess(t, n.clientID, "198.51.100.200:1")); wait != 0 {
			t.Fatalf("after the wait there is another one of %s", wait)
		}
	}
	n.clock.advance(3 * time.Minute)
	for range 5 {
		if wait := waitOf(n.guess(t, n.clientID, "198.51.100.1:1")); wait != 0 {
			t.Fatalf("after minutes of peace there is still a wait of %s", wait)
		}
	}
}

func TestBlockedClientIsNotLookedAt(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	for range 5 {
		n.guess(t, n.clientID, "198.51.100.1:1")
	}
	before := n.db.reads.Load()
	if _, err := n.Issue(t.Context(), n.request()); waitOf(err) == 0 {
		t.Errorf("the right secret passed a block: %v", err)
	}
	if n.db.reads.Load() != before {
		t.Error("a blocked request read the database")
	}
}

func TestGuessersCannotLockAClientOut(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.token(t)
	for range 20 {
		n.guess(t, n.clientID, "198.51.100.1:1")
	}
	n.token(t)
}

func TestClientAtItsOwnPlaceIsSlowedByItsOwnFailures(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.token(t)
	for range 5 {
		n.guess(t, n.clientID, "192.0.2.7:99")
	}
	if waitOf(n.guess(t, n.clientID, "192.0.2.7:99")) != time.Second {
		t.Error("five failures at the client's own address cost nothing")
	}
}

func TestSuccessResets(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	for range 3 {
		for range 4 {
			n.guess(t, n.clientID, "192.0.2.7:99")
		}
		n.token(t)
	}
}

func TestManySuccessesAreNeverSlowed(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	for range 200 {
		n.token(t)
	}
}

func TestTryingManyClientsBlocksTheAddress(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		from    func(i int) string
		blocked bool
	}{
		"one IPv4 address":    {func(i int) string { return fmt.Sprintf("203.0.113.9:%d", i) }, true},
		"mapped IPv4":         {func(i int) string { return fmt.Sprintf("[::ffff:203.0.113.9]:%d", i) }, true},
		"one IPv6 customer":   {func(i int) string { return fmt.Sprintf("[2001:db8::%d]:1", i) }, true},
		"without a port":      {func(int) string { return "203.0.113.9" }, true},
		"unreadable":          {func(i int) string { return fmt.Sprintf("pipe %d", i) }, true},
		"many IPv4 addresses": {func(i int) string { return fmt.Sprintf("203.0.113.%d:1", i) }, false},
		"many IPv6 customers": {func(i int) string { return fmt.Sprintf("[2001:db8:0:%d::1]:1", i) }, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newNode(t)
			for i := range 5 {
				n.guess(t, fmt.Sprintf("client-%d", i), test.from(i))
			}
			if blocked := waitOf(n.guess(t, "client-6", test.from(6))) > 0; blocked != test.blocked {
				t.Errorf("blocked is %t", blocked)
			}
		})
	}
}

func TestOneBrokenClientDoesNotBlockItsNeighbours(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	for range 50 {
		n.guess(t, "misconfigured", "192.0.2.7:1")
		n.clock.advance(time.Second)
	}
	n.token(t)
}

func TestRateLimit(t *testing.T) {
	t.Parallel()
	n := newNode(t, func(o *auth.Options) { o.RateLimit = auth.RateLimit{Requests: 3, Window: 10 * time.Second} })
	for range 3 {
		if wait := n.Limit("c", "v2025"); wait != 0 {
			t.Fatalf("a wait of %s within the budget", wait)
		}
		n.clock.advance(time.Second)
	}
	if wait := n.Limit("c", "v2025"); wait != 7*time.Second {
		t.Errorf("the wait is %s, want the 7 seconds until the window ends", wait)
	}
	if wait := n.Limit("c", "v2026") + n.Limit("d", "v2025"); wait != 0 {
		t.Errorf("another version and another client wait for %s", wait)
	}
	n.clock.advance(7 * time.Second)
	if wait := n.Limit("c", "v2025"); wait != 0 {
		t.Errorf("after the wait there is another one of %s", wait)
	}
}

func TestNoRateLimitByDefault(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	for range 1000 {
		if wait := n.Limit("c", "v1"); wait != 0 {
			t.Fatalf("a wait of %s", wait)
		}
	}
}
