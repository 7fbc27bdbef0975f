package client

import (
	"context"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"
)

// longestWait bounds what a server may ask for; a caller who wants to wait longer sees the error.
const longestWait = time.Minute

// repeatable says whether the same request may be sent again. After 429 and 503 the server did nothing, but a gateway
// in between may answer 503 after the fact, hence only methods whose repetition changes nothing.
func repeatable(method string, status int) bool {
	if status != http.StatusTooManyRequests && status != http.StatusServiceUnavailable {
		return false
	}
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodPut, http.MethodDelete:
		return true
	}
	return false
}

// repeatable is the same for a call. What the server knows again by its key changes nothing when it is repeated.
func (c *call) repeatable(status int) bool {
	if c.key != "" {
		return repeatable(http.MethodPut, status)
	}
	return repeatable(c.method, status)
}

// patience is how long to wait before the next attempt: what the server said, or a growing time of which half is chance,
// so that many clients do not come back together.
func patience(failure *Error, attempt int) time.Duration {
	if failure.RetryAfter > 0 {
		return min(failure.RetryAfter, longestWait)
	}
	half := 100 * time.Millisecond << min(attempt, 6)
	return half + rand.N(half)
}

// retryAfter reads the header in both of its forms. It returns 0 when there is none.
func retryAfter(header string, now time.Time) time.Duration {
	if seconds, err := strconv.Atoi(header); err == nil && seconds > 0 {
		return time.Duration(min(seconds, int(longestWait/time.Second))) * time.Second
	}
	if at, err := http.ParseTime(header); err == nil && at.After(now) {
		return at.Sub(now)
	}
	return 0
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
