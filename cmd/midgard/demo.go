package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"midgard/client"
	"midgard/internal/app"
	"midgard/internal/config"
)

// demoFolder is where midgard demo keeps its database unless told otherwise.
const demoFolder = "midgard-demo"

type demo struct {
	*program
	data, listen, logLevel string
}

func (p *program) demoCommand() *cobra.Command {
	verb := &demo{program: p}
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Start a server with this machine's accounts and a sample organisation",
		Long: "Demo starts a server with an embedded database in a folder, reads the accounts of this machine and a sample\n" +
			"organisation (nobody in it exists), prints what it found and how to look at it, and keeps serving until it is\n" +
			"interrupted. A second run uses the folder again. To start afresh, delete the folder.",
		Example: "  midgard demo\n  midgard demo --data /tmp/midgard-demo --listen 127.0.0.1:0",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return verb.run(cmd.Context()) },
	}
	flags := cmd.Flags()
	flags.StringVar(&verb.data, "data", "./"+demoFolder, "folder of the demo's database")
	flags.StringVar(&verb.listen, "listen", "127.0.0.1:8400", "address and port of the API")
	flags.StringVar(&verb.logLevel, "log-level", "warn", "least severe messages that are logged: debug, info, warn or error")
	return cmd
}

func (d *demo) run(ctx context.Context) error {
	cfg, err := d.settings()
	if err != nil {
		return &usageError{err}
	}
	access, err := demoAccess(d.data)
	if err != nil {
		return err
	}
	cfg.BootstrapClientID, cfg.BootstrapClientSecret = access.ClientID, access.ClientSecret
	fmt.Fprintf(d.stdout, "This demo lives in %s. A second run goes on from there; to start afresh, delete the folder.\n\n", absolute(d.data))
	srv, err := d.engine.open(ctx, cfg, newLogger(cfg, d.stderr))
	if err != nil {
		return err
	}
	err = d.serveAndLoad(ctx, srv, access)
	return cmp.Or(err, srv.Close())
}

func absolute(path string) string {
	if full, err := filepath.Abs(path); err == nil {
		return full
	}
	return path
}

// settings leaves the environment aside: a demo never touches the database of an installation.
func (d *demo) settings() (config.Config, error) {
	nothing := func(string) string { return "" }
	return config.Load("", nothing, map[string]string{"data": d.data, "listen": d.listen, "log-level": d.logLevel})
}

// demoAccess returns the client of an earlier run, or makes one. It is on disk before the database exists, so that a run
// that is killed at any moment leaves a folder that the next run can use.
func demoAccess(dir string) (localAccess, error) {
	access, err := readAccess(dir)
	if !errors.Is(err, os.ErrNotExist) {
		return access, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return access, err
	}
	access = localAccess{ClientID: id.String(), ClientSecret: rand.Text() + rand.Text()}
	return access, writeAccess(dir, access)
}

// serveAndLoad serves until the context ends or loading fails; then it waits for the server to finish.
func (d *demo) serveAndLoad(ctx context.Context, srv server, access localAccess) error {
	serving, stop := context.WithCancel(ctx)
	defer stop()
	served := make(chan error, 1)
	go func() { served <- srv.Serve(serving) }()
	select {
	case err := <-served:
		return portHint(err)
	case <-srv.Ready():
	}
	loading := d.load(serving, srv.URL(), access)
	if loading != nil {
		stop()
	}
	ended := <-served
	if ctx.Err() != nil {
		return ended // interrupted while it loaded: that is what was asked for
	}
	return cmp.Or(ended, loading)
}

func portHint(err error) error {
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("%w; with --listen 127.0.0.1:0 the demo takes a free port", err)
	}
	return err
}

func (d *demo) load(ctx context.Context, url string, access localAccess) error {
	access.URL = url
	if err := writeAccess(d.data, access); err != nil {
		return err
	}
	c, err := client.New(access.URL, access.ClientID, access.ClientSecret, client.WithUserAgent("midgard-demo/"+app.Version))
	if err != nil {
		return err
	}
	loader := demoLoader{program: d.program, client: c}
	if loader.owner, err = c.Identity(ctx); err != nil {
		return d.foreign(err)
	}
	found, err := loader.sources(ctx)
	if err != nil {
		return err
	}
	return d.report(found, access)
}

// foreign explains why the demo's own client may be refused.
func (d *demo) foreign(err error) error {
	var failure *client.Error
	if errors.As(err, &failure) && failure.Status < 500 {
		return fmt.Errorf("%s belongs to another organisation or its client.json was lost; delete the folder to start afresh (%w)", d.data, err)
	}
	return err
}
