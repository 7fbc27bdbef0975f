package main

import (
	"cmp"
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"midgard/internal/config"
)

func (p *program) serveCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the server",
		Long: "Serve runs until it is interrupted and then finishes what is under way. On an empty database it makes the first\n" +
			"administrator's client and prints its secret once.\n\n" + configHelp,
		Example: "  midgard serve\n" +
			"  midgard serve --listen 0.0.0.0:8443 --tls-cert server.pem --tls-key server.key\n" +
			"  MIDGARD_DATABASE=postgres://midgard@db/midgard midgard serve --data /var/lib/midgard",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := p.loadSettings(cmd)
			if err != nil {
				return &usageError{err}
			}
			return p.serve(cmd.Context(), cfg)
		},
	}
	settingFlags(cmd.Flags())
	return cmd
}

func (p *program) serve(ctx context.Context, cfg config.Config) error {
	srv, err := p.engine.open(ctx, cfg, newLogger(cfg, p.stderr))
	if err != nil {
		return err
	}
	if id, secret, created := srv.Bootstrap(); created {
		p.printBootstrap(id, secret, cfg.BootstrapClientSecret != "")
	}
	err = p.serveUntilDone(ctx, srv)
	return cmp.Or(err, srv.Close())
}

// serveUntilDone prints the address once it is known: with port 0 it is not the configured one.
func (p *program) serveUntilDone(ctx context.Context, srv server) error {
	served := make(chan error, 1)
	go func() { served <- srv.Serve(ctx) }()
	select {
	case err := <-served:
		return err
	case <-srv.Ready():
		fmt.Fprintf(p.stdout, "Serving %s\n", srv.URL())
		return <-served
	}
}

// printBootstrap leaves out a secret that the operator has chosen, since it is known already.
func (p *program) printBootstrap(id, secret string, chosen bool) {
	fmt.Fprintln(p.stdout, "This is a new organisation. Its administrator's client:")
	fmt.Fprintln(p.stdout, "  client id     ", id)
	if chosen {
		fmt.Fprintln(p.stdout, "  client secret  as configured")
		return
	}
	fmt.Fprintln(p.stdout, "  client secret ", secret)
	fmt.Fprintln(p.stdout, "The secret is not shown again.")
}
