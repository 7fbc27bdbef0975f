package main

import (
	"context"
	"log/slog"

	"midgard/internal/config"
)

// engine is the part of the program that is not a client. Verbs reach it through this port so that tests can stand in.
type engine struct {
	open    func(context.Context, config.Config, *slog.Logger) (server, error)
	backup  func(context.Context, config.Config, string) error
	restore func(context.Context, config.Config, string) error
}

// server is a Midgard that has been opened.
type server interface {
	// Serve listens until the context ends and then finishes what is under way.
	Serve(context.Context) error
	// Ready is closed once the server listens; URL is known from then on.
	Ready() <-chan struct{}
	URL() string
	// Bootstrap returns the first administrator's client, and whether opening the database made it.
	Bootstrap() (clientID, secret string, created bool)
	Close() error
}
