package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime"
	"strconv"

	_ "github.com/jackc/pgx/v5/stdlib" // the drivers that Midgard uses
	_ "modernc.org/sqlite"

	"midgard/internal/app"
	"midgard/internal/config"
)

// midgardSettings say where a server under test keeps its data.
type midgardSettings struct {
	Data     string
	Database string // "" for SQLite in Data
}

// The administrator's client of every server under test.
const (
	clientID     = "bench"
	clientSecret = "a secret of the bench, on loopback only"
)

// serverConfig is the default configuration on a free port.
func serverConfig(m midgardSettings) (config.Config, error) {
	nothing := func(string) string { return "" }
	cfg, err := config.Load("", nothing, map[string]string{"data": m.Data, "listen": "127.0.0.1:0"})
	cfg.Database, cfg.BootstrapClientID, cfg.BootstrapClientSecret = m.Database, clientID, clientSecret
	return cfg, err
}

// serveMidgard is the server under test, wired as the real program wires it. It logs at the default level, in the default
// form; the lines are written to the null device.
func serveMidgard(ctx context.Context, s *stage, settings json.RawMessage) error {
	var m midgardSettings
	if err := json.Unmarshal(settings, &m); err != nil {
		return err
	}
	cfg, err := serverConfig(m)
	if err != nil {
		return err
	}
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer null.Close()
	a, err := app.New(ctx, cfg, slog.New(slog.NewTextHandler(null, nil)))
	if err != nil {
		return err
	}
	if err := s.meter.watch(m.Database); err != nil {
		return errors.Join(err, a.Close())
	}
	go func() {
		select {
		case <-a.Ready():
			s.ready(ctx, message{URL: a.URL()})
		case <-ctx.Done():
		}
	}()
	return errors.Join(a.Serve(ctx), a.Close())
}

// staticSettings is an answer that is known before the question.
type staticSettings struct{ Body []byte }

// serveStatic is the baseline of reading one object: net/http and nothing else.
func serveStatic(ctx context.Context, s *stage, settings json.RawMessage) error {
	var static staticSettings
	if err := json.Unmarshal(settings, &static); err != nil {
		return err
	}
	return listen(ctx, s, func(w http.ResponseWriter, _ *http.Request) { send(w, static.Body) })
}

func send(w http.ResponseWriter, body []byte) {
	w.Header()["Content-Type"] = []string{"application/json;charset=UTF-8"}
	w.Header()["Content-Length"] = []string{strconv.Itoa(len(body))}
	w.Write(body) //nolint:errcheck // the parent counts what it gets
}

// sqlSettings are a query and the bytes that are sent once its rows were read.
type sqlSettings struct {
	Driver, DSN, Database string
	Query                 string
	Body                  []byte
}

// serveSQL is the baseline of reading a page: it reads the rows through database/sql, forgets them and sends the bytes
// that Midgard makes of them.
func serveSQL(ctx context.Context, s *stage, settings json.RawMessage) error {
	var q sqlSettings
	if err := json.Unmarshal(settings, &q); err != nil {
		return err
	}
	db, err := sql.Open(q.Driver, q.DSN)
	if err != nil {
		return err
	}
	defer db.Close()
	db.SetMaxOpenConns(max(4, 2*runtime.NumCPU()))
	db.SetMaxIdleConns(max(4, 2*runtime.NumCPU()))
	query, err := db.PrepareContext(ctx, q.Query)
	if err != nil {
		return err
	}
	defer query.Close()
	if err := s.meter.watch(q.Database); err != nil {
		return err
	}
	return listen(ctx, s, func(w http.ResponseWriter, r *http.Request) {
		if n, err := readAll(r.Context(), query); err != nil || n == 0 {
			http.Error(w, "the baseline read no rows", http.StatusInternalServerError)
			return
		}
		send(w, q.Body)
	})
}

// readAll takes every column as the driver gives it, which is the least work that reading it can be.
func readAll(ctx context.Context, query *sql.Stmt) (n int, err error) {
	rows, err := query.QueryContext(ctx)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return 0, err
	}
	_, places := slots(len(columns))
	for ; rows.Next(); n++ {
		if err := rows.Scan(places...); err != nil {
			return n, err
		}
	}
	return n, rows.Err()
}

// slots gives n places for values and pointers to them.
func slots(n int) (values, pointers []any) {
	values, pointers = make([]any, n), make([]any, n)
	for i := range values {
		pointers[i] = &values[i]
	}
	return values, pointers
}

// listen serves a handler until the context ends.
func listen(ctx context.Context, s *stage, handler http.HandlerFunc) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: handler}
	defer context.AfterFunc(ctx, func() { server.Close() })() //nolint:errcheck // nothing is left to lose
	s.ready(ctx, message{URL: "http://" + listener.Addr().String()})
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
