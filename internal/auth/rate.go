package auth

import (
	"sync"
	"time"
)

// rateLimiter gives each client and API version a budget per window. A window begins with the first request after the
// last one has ended, so a client that waits for as long as it is told always finds a full budget.
type rateLimiter struct {
	RateLimit
	now     func() time.Time
	windows *recent[budgetKey, *window]
}

type budgetKey struct{ client, version string }

type window struct {
	mu   sync.Mutex
	ends time.Time
	left int
}

// countedClients is how many budgets are kept at least. Their owners are authenticated, so nobody can crowd them out.
const countedClients = 10_000

func newRateLimiter(l RateLimit, now func() time.Time) *rateLimiter {
	return &rateLimiter{RateLimit: l, now: now, windows: newRecent[budgetKey, *window](countedClients)}
}

func (l *rateLimiter) take(client, version string) time.Duration {
	if l.Requests <= 0 {
		return 0
	}
	key := budgetKey{client, version}
	w, found := l.windows.get(key)
	if !found {
		w = l.windows.getOrPut(key, &window{})
	}
	now := l.now()
	w.mu.Lock()
	defer w.mu.Unlock()
	if !now.Before(w.ends) {
		w.ends, w.left = now.Add(l.Window), l.Requests
	}
	if w.left == 0 {
		return w.ends.Sub(now)
	}
	w.left--
	return 0
}
