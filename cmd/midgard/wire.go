package main

import (
	"context"
	"log/slog"

	"midgard/internal/app"
	"midgard/internal/config"
)

// theEngine is the real one.
var theEngine = engine{
	open: func(ctx context.Context, cfg config.Config, log *slog.Logger) (server, error) {
		a, err := app.New(ctx, cfg, log)
		if err != nil {
			return nil, err // not a: an interface that holds a nil pointer is not nil
		}
		return a, nil
	},
	backup:  app.Backup,
	restore: app.Restore,
}
