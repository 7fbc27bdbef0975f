package ldap_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"midgard/internal/connector"
	"midgard/internal/connector/connectortest"
	"midgard/internal/testenv"
)

func TestTLS(t *testing.T) {
	t.Parallel()
	server := testenv.Slapd(t, testenv.WithLDIF(branches+service("a")))
	other := testenv.Slapd(t)
	ldaps, startTLS := map[string]any{"useSSL": true, "port": float64(server.TLSPort)}, map[string]any{"useStartTLS": true}
	for name, more := range map[string]map[string]any{"LDAPS": ldaps, "StartTLS": startTLS} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, good := range []map[string]any{
				with(more, "caCertificate", server.CAPEM), with(more, "insecureSkipVerify", true),
				with(with(more, "caCertificate", server.CAPEM), "host", "localhost"),
			} {
				source := open(t, config(server, good))
				if err := source.Test(t.Context()); err != nil {
					t.Errorf("Test: %v", err)
				}
				if recorder, _ := list(t, source, accounts()); len(recorder.Objects) != 1 {
					t.Errorf("objects %q", recorder.Identities())
				}
			}
			for _, bad := range []map[string]any{more, with(more, "caCertificate", other.CAPEM)} {
				_, err := listError(t, open(t, config(server, bad)), accounts())
				var again *connector.Retryable
				if !errors.Is(err, connector.ErrUnreachable) || errors.As(err, &again) || !strings.Contains(err.Error(), "caCertificate") {
					t.Errorf("an untrusted certificate gave %v", err)
				}
			}
		})
	}
	t.Run("of a server without it", func(t *testing.T) {
		source := open(t, config(server, with(startTLS, "port", float64(server.TLSPort))))
		if _, err := listError(t, source, accounts()); !errors.Is(err, connector.ErrUnreachable) {
			t.Errorf("error is %v", err)
		}
	})
}

// many is the LDIF of so many service accounts with a description of so many bytes.
func many(count, bytes int) string {
	var ldif strings.Builder
	ldif.WriteString(branches)
	for i := range count {
		ldif.WriteString(service(fmt.Sprintf("svc%05d", i), "description: "+strings.Repeat("x", bytes)))
	}
	return ldif.String()
}

func wantUnreachable(t *testing.T, err error) {
	t.Helper()
	var again *connector.Retryable
	if !errors.Is(err, connector.ErrUnreachable) || !errors.As(err, &again) {
		t.Errorf("error is %v, want a retryable ErrUnreachable", err)
	}
}

// TestDirectoryGoesAway breaks the connection at several places of the conversation.
func TestDirectoryGoesAway(t *testing.T) {
	t.Parallel()
	server := testenv.Slapd(t, testenv.WithLDIF(many(1000, 200)))
	for mode, more := range map[string]map[string]any{
		"paged": {"groupMembership": "none"}, "at once": {"groupMembership": "none", "pageSize": 0.0},
		"syncrepl": {"groupMembership": "none", "deltaMode": "syncrepl"},
	} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			proxy := testenv.FaultyProxy(t, net.JoinHostPort(server.Host, fmt.Sprint(server.Port)))
			source := open(t, config(server, with(with(more, "port", float64(proxy.Port)), "timeout", 1.0)))
			for _, bytes := range []int64{0, 5, 100, 2000, 100_000} {
				proxy.CutAfter(bytes)
				recorder, err := listError(t, source, accounts())
				wantUnreachable(t, err)
				if bytes == 100_000 && (len(recorder.Objects) == 0 || len(recorder.Objects) >= 1000) {
					t.Errorf("%d objects came before the connection broke", len(recorder.Objects))
				}
			}
			proxy.HangAfter(50_000)
			_, err := listError(t, source, accounts())
			wantUnreachable(t, err)
			proxy.Refuse()
			_, err = listError(t, source, accounts())
			wantUnreachable(t, err)
			proxy.Heal()
			if recorder, _ := list(t, source, accounts()); len(recorder.Objects) != 1000 {
				t.Errorf("after all that: %d objects", len(recorder.Objects))
			}
		})
	}
}

func TestDirectoryGoesAwayWhileGroupsAreRead(t *testing.T) {
	t.Parallel()
	server := testenv.Slapd(t, testenv.WithLDIF(branches+service("a")+group("seeded", serviceDN("a"))))
	proxy := testenv.FaultyProxy(t, net.JoinHostPort(server.Host, fmt.Sprint(server.Port)))
	source := open(t, config(server, map[string]any{"port": float64(proxy.Port)}))
	proxy.CutAfter(3000)
	list(t, source, accounts()) // fits
	proxy.CutAfter(0)
	recorder, err := listError(t, source, accounts())
	wantUnreachable(t, err)
	if len(recorder.Objects) > 0 {
		t.Errorf("objects %q came without their groups", recorder.Identities())
	}
}

func TestSlowConsumerLosesNothing(t *testing.T) {
	t.Parallel()
	server := testenv.Slapd(t, testenv.WithLDIF(many(400, 200)))
	for _, mode := range []string{"none", "syncrepl"} {
		source := open(t, config(server, map[string]any{"deltaMode": mode, "timeout": 1.0, "pageSize": 300.0}))
		recorder := &connectortest.Recorder{}
		recorder.OnEmit = func(connector.Object) error {
			if len(recorder.Objects) == 100 { // longer than the time the server has for an answer
				time.Sleep(1500 * time.Millisecond)
			}
			return nil
		}
		result, err := source.List(context.Background(), accounts(), recorder)
		if err != nil || !result.Complete || len(recorder.Objects) != 400 {
			t.Errorf("%s: %d objects, complete %v, error %v", mode, len(recorder.Objects), result.Complete, err)
		}
	}
}

func TestWrongPasswordIsNotRetryable(t *testing.T) {
	t.Parallel()
	server := testenv.Slapd(t)
	for name, change := range map[string]func(*connector.Config){
		"password": func(c *connector.Config) { c.Secrets["password"] = connector.NewSecret("wrong") },
		"user":     func(c *connector.Config) { c.Attributes["user"] = "cn=nobody,dc=example,dc=test" },
		"no name":  func(c *connector.Config) { c.Attributes["user"] = "nobody" },
	} {
		c := config(server, nil)
		change(&c)
		err := open(t, c).Test(t.Context())
		var again *connector.Retryable
		if !errors.Is(err, connector.ErrAuth) || errors.As(err, &again) {
			t.Errorf("%s: error is %v, want ErrAuth, not retryable", name, err)
		}
	}
}

func TestTestLooksAtThePlaces(t *testing.T) {
	t.Parallel()
	server := testenv.Slapd(t, testenv.WithLDIF(branches))
	if err := open(t, config(server, nil)).Test(t.Context()); err != nil {
		t.Error(err)
	}
	missing := open(t, config(server, map[string]any{"searchDN": "ou=missing,dc=example,dc=test"}))
	if err := missing.Test(t.Context()); err == nil || !strings.Contains(err.Error(), "ou=missing") {
		t.Errorf("a missing place gives %v", err)
	}
	anonymous := open(t, config(server, map[string]any{"authorizationType": "none"}))
	if err := anonymous.Test(t.Context()); err == nil {
		t.Error("nobody may look, but Test succeeds")
	}
}

// TestSizeLimit is about results that the server cuts: they must not look like a small directory.
func TestSizeLimit(t *testing.T) {
	t.Parallel()
	server := testenv.Slapd(t, testenv.WithSizeLimit(20), testenv.WithLDIF(many(50, 10)))
	for _, more := range []map[string]any{{"pageSize": 0.0}, {"pageSize": 10.0}, {"deltaMode": "syncrepl"}} {
		recorder, err := listError(t, open(t, config(server, more)), accounts())
		var again *connector.Retryable
		if !strings.Contains(err.Error(), "limit") || errors.As(err, &again) {
			t.Errorf("%v: error is %v", more, err)
		}
		if len(recorder.Objects) > 20 {
			t.Errorf("%v: %d objects came", more, len(recorder.Objects))
		}
	}
}

func TestCancelledListReturnsAtOnceFromASilentServer(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	accepted := make(chan net.Conn)
	go func() {
		defer close(accepted)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			accepted <- conn
		}
	}()
	defer func() {
		listener.Close()
		for range accepted {
		}
	}()
	for _, more := range []map[string]any{{"useSSL": true}, {"useStartTLS": true}, {}} {
		c := config(&testenv.SlapdServer{Host: "127.0.0.1", Port: listener.Addr().(*net.TCPAddr).Port, BindDN: "cn=x", BindPassword: "x"}, more)
		source := open(t, c)
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan error)
		go func() {
			_, err := source.List(ctx, accounts(), &connectortest.Recorder{})
			ended <- err
		}()
		conn := <-accepted
		if _, err := io.ReadFull(conn, make([]byte, 1)); err != nil { // the client has asked and now waits
			t.Fatal(err)
		}
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("%v: error is %v, want the cancellation", more, err)
		}
		conn.Close()
	}
}
