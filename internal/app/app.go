// Package app wires Midgard: it is the one place that knows every part. New builds them in the order in which they need
// each other, Serve runs them, Close stops them in the opposite order.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"midgard/internal/aggregate"
	"midgard/internal/api"
	"midgard/internal/auth"
	"midgard/internal/config"
	"midgard/internal/connector/builtin"
	"midgard/internal/governance"
	"midgard/internal/job"
	"midgard/internal/mail"
	"midgard/internal/provision"
	"midgard/internal/secret"
	"midgard/internal/source"
	"midgard/internal/store"
	"midgard/internal/succession"
)

// Version is the program's version; release builds set it.
var Version = "0.1.0-dev"

// App is a Midgard that has opened its database.
type App struct {
	cfg       config.Config
	log       *slog.Logger
	store     *store.Store
	jobs      *job.Engine
	sources   *source.Service
	aggregate *aggregate.Service
	provision *provision.Service
	metrics   *metrics
	handler   http.Handler
	unlock    func()

	clientID, clientSecret string
	created                bool

	listener net.Listener // from the start, so that the server knows its own address
	ready    chan struct{}
	once     sync.Once
}

// useCases joins the packages whose work the API starts.
type useCases struct {
	*source.Service
	aggregation
	provisioning
}

// aggregation gives the embedded service a name of its own beside the other one.
type aggregation struct{ *aggregate.Service }

// provisioning is aggregation for its service.
type provisioning struct{ *provision.Service }

// New opens the data folder, the address and the database and builds everything. On an empty database it makes the administrator's
// client, which Bootstrap tells. A second server on the same embedded database is refused.
func New(ctx context.Context, cfg config.Config, log *slog.Logger) (*App, error) {
	a := &App{cfg: cfg, log: log, ready: make(chan struct{}), unlock: func() {}}
	if err := a.build(ctx); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

func (a *App) build(ctx context.Context) error {
	box, err := a.openData()
	if err != nil {
		return err
	}
	if a.listener, err = net.Listen("tcp", a.cfg.Listen); err != nil {
		return fmt.Errorf("listen on %s: %w", a.cfg.Listen, err)
	}
	if a.store, err = store.Open(ctx, store.Options{Database: a.cfg.Database, Path: databaseFile(a.cfg), Log: a.log}); err != nil {
		return err
	}
	limit := auth.RateLimit{}
	if a.cfg.RateLimit.Enabled {
		limit = auth.RateLimit{Requests: a.cfg.RateLimit.Requests, Window: a.cfg.RateLimit.Window}
	}
	authority, err := auth.New(ctx, auth.Options{
		Store: a.store, Sealer: box, Organization: a.cfg.Organization, Issuer: a.URL(), Lifetime: a.cfg.TokenLifetime, RateLimit: limit, Log: a.log,
	})
	if err != nil {
		return err
	}
	a.clientID, a.clientSecret, a.created, err = authority.Bootstrap(ctx, a.cfg.BootstrapClientID, a.cfg.BootstrapClientSecret)
	if err != nil {
		return err
	}
	a.sources = source.New(source.Options{
		Store: a.store, Sealer: box, Connectors: builtin.Connectors(), NewID: store.NewID, Now: time.Now, FileRoot: a.cfg.FileRoot,
	})
	a.aggregate = aggregate.New(a.store, a.sources, time.Now, a.log)
	a.metrics = newMetrics(a.store.Engine())
	a.metrics.watchOwners(a.store.OwnerlessMachines)
	a.provision = provision.New(provision.Options{
		Store: a.store, Sources: a.sources, Observer: a.aggregate, Sealer: box, PasswordLifetime: a.cfg.PasswordLifetime, Log: a.log, Observe: a.metrics.provisioned,
	})
	a.buildJobs()
	if err := a.buildMail(); err != nil {
		return err
	}
	return a.buildHandler(authority)
}

// openData makes the data folder and opens the keys that encrypt secrets.
func (a *App) openData() (*secret.Box, error) {
	for _, folder := range []string{a.cfg.Data, filepath.Dir(a.cfg.SecretKeyFile), a.cfg.FileRoot} {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return nil, fmt.Errorf("make the folder %q: %w", folder, err)
		}
	}
	if a.cfg.Database == "" {
		unlock, err := lock(a.cfg.Data)
		if err != nil {
			return nil, err
		}
		a.unlock = unlock
	}
	box, err := secret.Open(a.cfg.SecretKeyFile)
	if err != nil {
		return nil, fmt.Errorf("open the secret keys: %w", err)
	}
	return box, nil
}

func databaseFile(cfg config.Config) string { return filepath.Join(cfg.Data, "midgard.db") }

func (a *App) buildJobs() {
	a.jobs = job.New(a.store, job.Options{Workers: a.cfg.Workers, Lease: a.cfg.JobLease, Log: a.log})
	a.jobs.Handle(governance.JobAggregate, a.aggregate.Work)
	a.jobs.Handle(governance.JobClassify, a.aggregate.Classify)
	a.jobs.Handle(governance.JobMap, a.aggregate.Map)
	a.jobs.Handle(governance.JobAccounts, a.aggregate.Act)
	a.jobs.Handle(governance.JobSuccession, succession.Worker{Store: a.store}.Work)
	a.jobs.Handle(governance.JobProvision, a.provision.Work)
	a.jobs.Handle(governance.JobDeleteSource, a.sources.WorkDeletion)
	a.jobs.Handle(governance.JobRename, a.sources.WorkRename)
	a.store.OnEnqueue(a.jobs.Wake)
}

// buildMail lets approvals write e-mails, where a mail server is configured.
func (a *App) buildMail() error {
	m := a.cfg.Mail
	if m.Host == "" {
		return nil
	}
	mails, err := mail.New(mail.Options{
		Store: a.store, Host: m.Host, Port: m.Port, TLS: m.TLS, User: m.User, Password: m.Password, From: m.From, Templates: m.Templates,
		PublicURL: a.URL(), Organization: a.cfg.Organization, Log: a.log,
	})
	if err != nil {
		return err
	}
	a.store.KeepMail()
	a.jobs.Handle(governance.JobMail, mails.Work)
	return nil
}

func (a *App) buildHandler(authority *auth.Service) error {
	contractAPI, err := api.New(api.Options{
		Store: a.store, Auth: authority, Use: useCases{a.sources, aggregation{a.aggregate}, provisioning{a.provision}}, Log: a.log, Strict: a.cfg.Strict, RequireExperimental: a.cfg.RequireExperimental,
		MaxUpload: a.cfg.MaxUpload, PublicURL: a.URL(), Organization: a.cfg.Organization, Version: Version, Observe: a.metrics.observe,
	})
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("/", contractAPI)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("ok\n")) }) //nolint:errcheck // the prober is gone
	mux.HandleFunc("GET /readyz", a.readyz)
	mux.Handle("GET /metrics", a.metrics.handler())
	a.handler = mux
	return nil
}

// readyz says whether requests can be answered: the database must be reachable.
func (a *App) readyz(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	if err := a.store.Ping(ctx); err != nil {
		a.log.Error("not ready", "error", err)
		http.Error(w, "the database does not answer", http.StatusServiceUnavailable)
		return
	}
	w.Write([]byte("ready\n")) //nolint:errcheck // the prober is gone
}

// Handler serves everything that the App serves; tests and benchmarks use it without a listener.
func (a *App) Handler() http.Handler { return a.handler }

// Bootstrap gives the administrator's client of a new organisation; created is false when there was one already.
func (a *App) Bootstrap() (clientID, secret string, created bool) {
	return a.clientID, a.clientSecret, a.created
}

// Ready is closed once the App listens.
func (a *App) Ready() <-chan struct{} { return a.ready }

// URL is where clients reach the App: the configured public URL, or the address that it listens on.
func (a *App) URL() string {
	switch {
	case a.cfg.PublicURL != "":
		return a.cfg.PublicURL
	case a.listener.Addr().(*net.TCPAddr).IP.IsUnspecified():
		return fmt.Sprintf("%s://localhost:%d", a.scheme(), a.listener.Addr().(*net.TCPAddr).Port)
	}
	return a.scheme() + "://" + a.listener.Addr().String()
}

func (a *App) scheme() string {
	if a.cfg.TLS() {
		return "https"
	}
	return "http"
}

// stopPeriod is how long requests that are under way may take to end when the server stops.
const stopPeriod = 10 * time.Second

// Serve listens and works until ctx ends, then finishes what is under way. Jobs that run are given back and go on after
// the next start.
func (a *App) Serve(ctx context.Context) error {
	tuneCollector()
	released, err := a.store.TakeOver(ctx)
	if err != nil {
		return err
	}
	if released > 0 {
		a.log.Info("work that was interrupted goes on", "jobs", released)
	}
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var background sync.WaitGroup
	background.Go(func() { a.jobs.Run(work) })
	background.Go(func() { a.tend(work) })
	server := &http.Server{
		Handler: a.handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		ErrorLog: slog.NewLogLogger(a.log.Handler(), slog.LevelWarn),
	}
	failed := make(chan error, 1)
	go func() { failed <- a.listen(server) }()
	a.once.Do(func() { close(a.ready) })
	a.log.Info("serving", "url", a.URL(), "database", a.store.Engine(), "version", Version)
	select {
	case err = <-failed:
	case <-ctx.Done():
		err = shutDown(server)
	}
	stop()
	background.Wait()
	return err
}

func (a *App) listen(server *http.Server) error {
	var err error
	if a.cfg.TLS() {
		err = server.ServeTLS(a.listener, a.cfg.TLSCert, a.cfg.TLSKey)
	} else {
		err = server.Serve(a.listener)
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

func shutDown(server *http.Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), stopPeriod)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		return errors.Join(fmt.Errorf("requests did not end in time: %w", err), server.Close())
	}
	return nil
}

// Close releases the database and the data folder. Serve must have returned.
func (a *App) Close() error {
	defer a.unlock()
	if a.listener != nil {
		a.listener.Close() //nolint:errcheck // Serve has closed it, unless it was never called
	}
	if a.store == nil {
		return nil
	}
	return a.store.Close()
}
