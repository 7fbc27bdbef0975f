package client

import (
	"context"
	"time"
)

// WithSleep lets tests see the pauses instead of taking them.
func WithSleep(f func(context.Context, time.Duration) error) Option {
	return func(c *Client) { c.sleep = f }
}
