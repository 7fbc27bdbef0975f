//go:build unix

package testenv

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // registers the "pgx" driver
)

// PostgresEnv names the environment variable with the DSN of a superuser on a throwaway server. When it is set no server
// is started, so that many packages under test can share one.
const PostgresEnv = "MIDGARD_TEST_POSTGRES"

var (
	postgresOnce sync.Once
	postgresDSN  string
	postgresErr  error
)

// Postgres returns the DSN (a postgres:// URL) of a new, empty UTF-8 database with the C.UTF-8 collation, whose user owns
// it and is a superuser. The database is dropped when the test ends. The package's TestMain must call Main.
func Postgres(t testing.TB) string {
	t.Helper()
	postgresOnce.Do(func() { postgresDSN, postgresErr = postgresServer() })
	if postgresErr != nil {
		t.Fatal(postgresErr)
	}
	name := "test_" + strings.ToLower(rand.Text())
	create := "create database " + name + " template template0 encoding 'UTF8' lc_collate 'C.UTF-8' lc_ctype 'C.UTF-8'"
	if err := administer(postgresDSN, create); err != nil {
		t.Fatalf("create database: %v", err)
	}
	t.Cleanup(func() {
		// Force: a test that leaks a connection should fail by its own check, not by this one.
		if err := administer(postgresDSN, "drop database "+name+" with (force)"); err != nil {
			t.Errorf("drop database: %v", err)
		}
	})
	dsn, err := url.Parse(postgresDSN)
	if err != nil {
		t.Fatal("the server's DSN is not a URL")
	}
	dsn.Path = "/" + name
	return dsn.String()
}

// administer runs one statement that cannot be part of a transaction.
func administer(dsn, statement string) error {
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		return err
	}
	defer db.Close()
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	_, err = db.ExecContext(ctx, statement)
	return err
}

// postgresServer returns the DSN of the shared server and starts it when the environment names none.
func postgresServer() (string, error) {
	if dsn := os.Getenv(PostgresEnv); dsn != "" {
		parsed, err := url.Parse(dsn)
		if err != nil || parsed.Host == "" {
			return "", fmt.Errorf("%s must be a URL such as postgres://user:password@127.0.0.1:5432/postgres", PostgresEnv)
		}
		return dsn, nil
	}
	server, err := startPostgres()
	if err != nil {
		return "", fmt.Errorf("start PostgreSQL: %w", err)
	}
	if !onExit(server.stop) {
		server.stop()
		return "", errors.New("testenv.Postgres needs a TestMain that calls testenv.Main, which stops the server")
	}
	return server.dsn, nil
}

type postgresProcess struct {
	*process
	dir string
	dsn string
}

func (s *postgresProcess) stop() {
	// SIGINT is PostgreSQL's fast shutdown: it ends the sessions instead of waiting for them.
	s.process.stop(syscall.SIGINT)
	os.RemoveAll(s.dir)
}

func startPostgres() (*postgresProcess, error) {
	initdb, err := program("initdb", "postgresql", "/usr/lib/postgresql/*/bin/initdb", "/usr/pgsql-*/bin/initdb")
	if err != nil {
		return nil, err
	}
	postgres, err := program("postgres", "postgresql", "/usr/lib/postgresql/*/bin/postgres", "/usr/pgsql-*/bin/postgres")
	if err != nil {
		return nil, err
	}
	owner, err := unprivileged()
	if err != nil {
		return nil, err
	}
	dir, err := ownedFolder(owner)
	if err != nil {
		return nil, err
	}
	password := rand.Text()
	if err := initCluster(initdb, dir, password, owner); err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	server, err := runPostgres(postgres, dir, password, owner)
	if err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	return server, nil
}

// unprivileged returns the user to run as: PostgreSQL refuses to run as root. Nil means the present user.
func unprivileged() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	account, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("tests run as root need the user postgres, which the package postgresql makes: %w", err)
	}
	uid, uidErr := strconv.ParseUint(account.Uid, 10, 32)
	gid, gidErr := strconv.ParseUint(account.Gid, 10, 32)
	if err := errors.Join(uidErr, gidErr); err != nil {
		return nil, err
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}

// ownedFolder makes the temporary folder. It is not t.TempDir, since the server outlives the test that asks first.
func ownedFolder(owner *syscall.Credential) (string, error) {
	dir, err := os.MkdirTemp("", "midgard-postgres-")
	if err != nil {
		return "", err
	}
	if owner == nil {
		return dir, nil
	}
	if err := os.Chown(dir, int(owner.Uid), int(owner.Gid)); err != nil {
		os.RemoveAll(dir)
		return "", err
	}
	return dir, nil
}

// initCluster makes the data folder. A password is set although the server listens on loopback only: a superuser of
// PostgreSQL can run programs, and other users of this machine reach loopback too.
func initCluster(initdb, dir, password string, owner *syscall.Credential) error {
	secret := filepath.Join(dir, "password")
	if err := os.WriteFile(secret, []byte(password), 0o600); err != nil {
		return err
	}
	if owner != nil {
		if err := os.Chown(secret, int(owner.Uid), int(owner.Gid)); err != nil {
			return err
		}
	}
	cmd := exec.Command(initdb, "--pgdata", filepath.Join(dir, "data"), "--username", "midgard", "--pwfile", secret,
		"--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync")
	cmd.Dir = dir
	cmd.SysProcAttr = attributes(owner, 0)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return nil
}

// runPostgres starts the server; a port that somebody took in between is the reason to try again.
func runPostgres(postgres, dir, password string, owner *syscall.Credential) (*postgresProcess, error) {
	var last error
	for range 3 {
		port, err := freePort()
		if err != nil {
			return nil, err
		}
		server, err := runPostgresAt(postgres, dir, password, port, owner)
		if err == nil {
			return server, nil
		}
		last = err
	}
	return nil, last
}

func runPostgresAt(postgres, dir, password string, port int, owner *syscall.Credential) (*postgresProcess, error) {
	// No durability: nobody reads this data after the test.
	args := []string{"-D", filepath.Join(dir, "data"), "-c", "port=" + strconv.Itoa(port), "-c", "listen_addresses=127.0.0.1",
		"-c", "unix_socket_directories=", "-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off",
		"-c", "max_connections=200", "-c", "shared_buffers=64MB"}
	// SIGQUIT is the immediate shutdown: the parent process takes its children along.
	p, err := startProcess(command{
		path: postgres, args: args, dir: dir, logPath: filepath.Join(dir, "log"), user: owner, deathSig: syscall.SIGQUIT,
	})
	if err != nil {
		return nil, err
	}
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	dsn := url.URL{
		Scheme: "postgres", User: url.UserPassword("midgard", password), Host: address, Path: "/postgres",
		RawQuery: "sslmode=disable",
	}
	server := &postgresProcess{process: p, dir: dir, dsn: dsn.String()}
	if err := waitReady(p, func() bool { return pings(server.dsn) }); err != nil {
		p.stop(syscall.SIGINT)
		return nil, err
	}
	return server, nil
}

func pings(dsn string) bool {
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		return false
	}
	defer db.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	return db.PingContext(ctx) == nil
}
