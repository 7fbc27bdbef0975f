//go:build unix

package testenv_test

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"strconv"
	"testing"

	"github.com/go-ldap/ldap/v3"

	"midgard/internal/testenv"
)

func TestSlapdServesPlainAndTLSAndComesBackWithItsData(t *testing.T) {
	t.Parallel()
	server := testenv.Slapd(t, testenv.WithLDIF("dn: ou=loaded,dc=example,dc=test\nobjectClass: organizationalUnit\nou: loaded\n"))
	server.Add("dn: ou=added,dc=example,dc=test\nobjectClass: organizationalUnit\nou: added\n")
	server.Modify("dn: ou=added,dc=example,dc=test\nchangetype: modify\nadd: description\ndescription: changed\n")
	server.Restart()
	if got := count(t, server, server.URL, "(description=changed)"); got != 1 {
		t.Errorf("%d entries with the description after the restart, want 1", got)
	}
	server.Delete("ou=added,dc=example,dc=test", "ou=loaded,dc=example,dc=test")
	if got := count(t, server, server.TLSURL, "(objectClass=organizationalUnit)"); got != 1 {
		t.Errorf("%d organizational units after the delete, want 1", got)
	}
}

func count(t *testing.T, server *testenv.SlapdServer, url, filter string) int {
	t.Helper()
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM([]byte(server.CAPEM)) {
		t.Fatal("the server's CA is no PEM certificate")
	}
	conn, err := ldap.DialURL(url, ldap.DialWithTLSConfig(&tls.Config{RootCAs: roots, ServerName: server.Host}))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.Bind(server.BindDN, server.BindPassword); err != nil {
		t.Fatal(err)
	}
	result, err := conn.Search(ldap.NewSearchRequest(server.BaseDN, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 0, 0, false, filter, []string{"1.1"}, nil))
	if err != nil {
		t.Fatal(err)
	}
	return len(result.Entries)
}

func TestFaultyProxyCutsHangsRefusesAndHeals(t *testing.T) {
	t.Parallel()
	proxy := testenv.FaultyProxy(t, chatterbox(t))
	proxy.CutAfter(10)
	if got, err := io.ReadAll(dial(t, proxy)); len(got) > 10 || err == nil {
		t.Errorf("a cut connection gave %d bytes and error %v, want at most 10 and a reset", len(got), err)
	}
	proxy.Refuse()
	if conn, err := net.Dial("tcp", net.JoinHostPort(proxy.Host, strconv.Itoa(proxy.Port))); err == nil {
		if got, _ := io.ReadAll(conn); len(got) != 0 {
			t.Errorf("a refused connection gave %d bytes", len(got))
		}
		conn.Close()
	}
	proxy.HangAfter(10)
	hung := dial(t, proxy)
	if _, err := io.ReadFull(hung, make([]byte, 10)); err != nil {
		t.Errorf("the bytes before the hang: %v", err)
	}
	proxy.CloseConnections()
	if got, _ := io.ReadAll(hung); len(got) != 0 {
		t.Errorf("a hung connection gave %d bytes more", len(got))
	}
	proxy.Heal()
	if got, err := io.ReadAll(dial(t, proxy)); len(got) != 1000 || err != nil {
		t.Errorf("a healed proxy gave %d bytes and error %v, want 1000 and none", len(got), err)
	}
}

// chatterbox answers the first byte of a connection with 1000 bytes. It returns its address.
func chatterbox(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			if _, err := io.ReadFull(conn, make([]byte, 1)); err == nil {
				conn.Write(make([]byte, 1000))
			}
			conn.Close()
		}
	}()
	return listener.Addr().String()
}

// dial connects through the proxy and sends the byte that the chatterbox waits for: were the proxy to reset the connection
// earlier, connecting itself could fail.
func dial(t *testing.T, proxy *testenv.Proxy) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", net.JoinHostPort(proxy.Host, strconv.Itoa(proxy.Port)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if _, err := conn.Write([]byte("?")); err != nil {
		t.Fatal(err)
	}
	return conn
}
