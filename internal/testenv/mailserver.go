//go:build unix

package testenv

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/mail"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// MailServer takes e-mails over SMTP on a free port of the loopback interface and keeps them for the test to look at. Set the
// fields above the line before the first connection.
type MailServer struct {
	User, Password string // what a client must sign in with; empty for nothing
	// Refuse is asked about each recipient; nil takes everybody. An *smtp.SMTPError is answered as it is.
	Refuse func(recipient string) error

	Host  string
	Port  int
	Trust *tls.Config // of a client that trusts the server's certificate

	mutex    sync.Mutex
	received []*mail.Message
	arrived  chan struct{}
}

// NewMailServer starts a mail server that ends with the test. It offers STARTTLS, or speaks TLS from the beginning.
func NewMailServer(t *testing.T, implicitTLS bool) *MailServer {
	t.Helper()
	m := &MailServer{arrived: make(chan struct{}, 1000)}
	config, err := m.certify(t.TempDir())
	if err != nil {
		t.Fatalf("make the mail server's certificate: %v", err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("start the mail server: %v", err)
	}
	m.Host, m.Port = "127.0.0.1", listener.Addr().(*net.TCPAddr).Port
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &mailSession{server: m}, nil }))
	server.Domain, server.ReadTimeout, server.AllowInsecureAuth = "localhost", startLimit, true
	server.ErrorLog = silent{}
	if implicitTLS {
		listener = tls.NewListener(listener, config)
	} else {
		server.TLSConfig = config
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		server.Serve(listener) //nolint:errcheck // it ends by being closed
	}()
	t.Cleanup(func() {
		server.Close() //nolint:errcheck // connections that are still open do not matter
		<-ended
	})
	return m
}

func (m *MailServer) certify(dir string) (*tls.Config, error) {
	files, err := makeCertificate(dir)
	if err != nil {
		return nil, err
	}
	certificate, err := tls.LoadX509KeyPair(files.cert, files.key)
	if err != nil {
		return nil, err
	}
	authority, err := os.ReadFile(files.ca)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(authority)
	m.Trust = &tls.Config{RootCAs: pool, ServerName: "localhost", MinVersion: tls.VersionTLS12}
	return &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}, nil
}

// Received gives what has been taken so far, in its order.
func (m *MailServer) Received() []*mail.Message {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	return append([]*mail.Message(nil), m.received...)
}

// Wait gives what has been taken once it is n e-mails.
func (m *MailServer) Wait(t testing.TB, n int) []*mail.Message {
	t.Helper()
	limit := time.After(startLimit)
	for {
		if all := m.Received(); len(all) >= n {
			return all
		}
		select {
		case <-m.arrived:
		case <-limit:
			t.Fatalf("%d e-mails have arrived, not %d", len(m.Received()), n)
		}
	}
}

func (m *MailServer) take(message *mail.Message) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.received = append(m.received, message)
	m.arrived <- struct{}{}
}

// mailSession is one connection.
type mailSession struct {
	server   *MailServer
	signedIn bool
}

var errSignIn = &smtp.SMTPError{Code: 530, EnhancedCode: smtp.EnhancedCode{5, 7, 0}, Message: "sign in first"}

func (s *mailSession) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *mailSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != s.server.User || password != s.server.Password {
			return &smtp.SMTPError{Code: 535, EnhancedCode: smtp.EnhancedCode{5, 7, 8}, Message: "not you with " + password}
		}
		s.signedIn = true
		return nil
	}), nil
}

func (s *mailSession) Mail(string, *smtp.MailOptions) error {
	if s.server.User != "" && !s.signedIn {
		return errSignIn
	}
	return nil
}

func (s *mailSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	if s.server.Refuse == nil {
		return nil
	}
	return s.server.Refuse(to)
}

func (s *mailSession) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	message, err := mail.ReadMessage(strings.NewReader(string(text)))
	if err != nil {
		return errors.Join(errors.New("not an e-mail"), err)
	}
	body, err := io.ReadAll(message.Body)
	if err != nil {
		return err
	}
	message.Body = strings.NewReader(string(body))
	s.server.take(message)
	return nil
}

func (s *mailSession) Reset()        {}
func (s *mailSession) Logout() error { return nil }

// silent is a log of connections that clients break off.
type silent struct{}

func (silent) Printf(string, ...any) {}
func (silent) Println(...any)        {}
