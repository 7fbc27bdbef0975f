package ldap

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync/atomic"
	"time"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"

	"midgard/internal/connector"
)

const (
	oidStartTLS = "1.3.6.1.4.1.1466.20037"

	attrSupportedControl = "supportedControl"
	attrSubschema        = "subschemaSubentry"
	attrCurrentTime      = "currentTime"
)

// session is one bound connection. It lives for one call of the source, ends with the call's context, and is not used
// again after an error that is no answer of the server.
type session struct {
	conn    *ldap.Conn
	raw     net.Conn
	timeout time.Duration
	silence *time.Timer // closes the connection when the server does not answer in time
	silent  atomic.Bool // the timer did so
	unhook  func() bool // of the context
	root    *ldap.Entry // the root DSE; without attributes when the server hides it
}

// connect dials, secures and binds.
func (s *settings) connect(ctx context.Context) (*session, error) {
	dialer := net.Dialer{Timeout: s.timeout}
	raw, err := dialer.DialContext(ctx, "tcp", s.address())
	if err != nil {
		return nil, s.unreachable(ctx, err)
	}
	c := &session{raw: raw, timeout: s.timeout}
	c.silence = time.AfterFunc(s.timeout, func() { c.silent.Store(true); raw.Close() })
	c.unhook = context.AfterFunc(ctx, func() { raw.Close() })
	wire, err := s.secure(ctx, raw)
	if err != nil {
		c.close()
		return nil, err
	}
	// The library's own timeout stays off: it drops results that a slow consumer has not taken, and says nothing.
	c.conn = ldap.NewConn(wire, s.tls != nil)
	c.conn.Start()
	if err := c.login(ctx, s); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

func (s *settings) unreachable(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("connect to %s: %w", s.address(), ctx.Err())
	}
	return &connector.Retryable{Err: fmt.Errorf("%w: connect to %s: %w", connector.ErrUnreachable, s.address(), err)}
}

// secure switches the connection to TLS where the configuration says so. A certificate that does not verify is not
// retryable: it stays wrong until somebody acts.
func (s *settings) secure(ctx context.Context, raw net.Conn) (net.Conn, error) {
	if s.tls == nil {
		return raw, nil
	}
	if s.startTLS {
		if err := requestTLS(raw); err != nil {
			return nil, s.tlsFault(ctx, err)
		}
	}
	wire := tls.Client(raw, s.tls)
	if err := wire.HandshakeContext(ctx); err != nil {
		return nil, s.tlsFault(ctx, err)
	}
	return wire, nil
}

func (s *settings) tlsFault(ctx context.Context, err error) error {
	var untrusted *tls.CertificateVerificationError
	var refused *ldap.Error
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("start TLS with %s: %w", s.address(), ctx.Err())
	case errors.As(err, &untrusted):
		return fmt.Errorf("%w: the certificate of %s is not trusted (caCertificate names the authority): %w",
			connector.ErrUnreachable, s.address(), err)
	case errors.As(err, &refused):
		return fmt.Errorf("%w: %s refuses StartTLS: %w", connector.ErrUnreachable, s.address(), err)
	}
	return s.unreachable(ctx, fmt.Errorf("start TLS: %w", err))
}

// requestTLS sends the StartTLS request and reads its answer from the bare connection. The library's own StartTLS loses
// the reason of a failed handshake and cannot be cancelled.
func requestTLS(raw net.Conn) error {
	request := ber.Encode(ber.ClassApplication, ber.TypeConstructed, ldap.ApplicationExtendedRequest, nil, "")
	request.AppendChild(ber.NewString(ber.ClassContext, ber.TypePrimitive, 0, oidStartTLS, ""))
	message := ber.NewSequence("")
	message.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, int64(1), ""))
	message.AppendChild(request)
	if _, err := raw.Write(message.Bytes()); err != nil {
		return err
	}
	answer, err := ber.ReadPacket(raw)
	if err != nil {
		return err
	}
	return ldap.GetLDAPError(answer)
}

// login binds and reads what the server says about itself.
func (c *session) login(ctx context.Context, s *settings) error {
	if s.bind {
		if err := c.guard(func() error { return c.conn.Bind(s.user, s.password.Reveal()) }); err != nil {
			return c.bindFault(ctx, s.user, err)
		}
	}
	request := ldap.NewSearchRequest("", ldap.ScopeBaseObject, ldap.NeverDerefAliases, 0, 0, false, "(objectClass=*)",
		[]string{attrSupportedControl, attrSubschema, attrCurrentTime}, nil)
	result, err := c.search(request)
	var refused *ldap.Error
	switch {
	case err == nil && len(result.Entries) == 1:
		c.root = result.Entries[0]
	case err != nil && (!errors.As(err, &refused) || refused.ResultCode == ldap.ErrorNetwork):
		return c.fault(ctx, "read the root entry", err)
	default:
		c.root = &ldap.Entry{}
	}
	return nil
}

// bindFault calls every answer to a bind a refusal of the credentials, except that the server has no time now: repeating
// what was refused for another reason may lock the account.
func (c *session) bindFault(ctx context.Context, user string, err error) error {
	var refused *ldap.Error
	busy := ldap.IsErrorAnyOf(err, ldap.LDAPResultBusy, ldap.LDAPResultUnavailable, ldap.ErrorNetwork)
	if !errors.As(err, &refused) || busy {
		return c.fault(ctx, "bind", err)
	}
	return fmt.Errorf("bind as %q: %w: %w", user, connector.ErrAuth, err)
}

// supports says whether the server announces a control.
func (c *session) supports(oid string) bool {
	return slices.Contains(c.root.GetEqualFoldAttributeValues(attrSupportedControl), oid)
}

// guard runs one request and closes the connection when the server is silent for too long.
func (c *session) guard(request func() error) error {
	c.silence.Reset(c.timeout)
	defer c.silence.Stop()
	return request()
}

// search is for requests whose result is small.
func (c *session) search(request *ldap.SearchRequest) (result *ldap.SearchResult, err error) {
	err = c.guard(func() error {
		result, err = c.conn.Search(request)
		return err
	})
	return result, err
}

// next waits for the next item of a stream. Only the wait is timed, not what the caller does between two items.
func (c *session) next(items ldap.Response) bool {
	c.silence.Reset(c.timeout)
	defer c.silence.Stop()
	return items.Next()
}

func (c *session) close() {
	c.silence.Stop()
	c.unhook()
	c.raw.Close()
	if c.conn != nil {
		c.conn.Close()
	}
}

// streamBuffer is how many decoded entries may wait for the consumer.
const streamBuffer = 64

// stream starts a request and hands each item to visit. It returns visit's error as it is, and nil only when the server
// ended the result: the library closes its channel without an error in several other cases.
func (c *session) stream(
	ctx context.Context, what string, start func(context.Context) ldap.Response, visit func(ldap.Response) error,
) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	items := start(ctx)
	for c.next(items) {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		if err := visit(items); err != nil {
			return err
		}
	}
	if err := items.Err(); err != nil {
		return c.fault(ctx, what, err)
	}
	if ctx.Err() != nil || c.conn.IsClosing() || c.conn.GetLastError() != nil {
		return c.fault(ctx, what, errEndedEarly)
	}
	return nil
}

var errEndedEarly = errors.New("the connection ended before the result")

// fault translates an error of the library. Anything that is no answer of the server is a broken connection.
func (c *session) fault(ctx context.Context, what string, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("%s: %w", what, ctx.Err())
	}
	if c.silent.Load() {
		return &connector.Retryable{Err: fmt.Errorf("%s: %w: no answer for %s", what, connector.ErrUnreachable, c.timeout)}
	}
	var answer *ldap.Error
	if !errors.As(err, &answer) {
		return &connector.Retryable{Err: fmt.Errorf("%s: %w: %w", what, connector.ErrUnreachable, err)}
	}
	switch answer.ResultCode {
	case ldap.ErrorNetwork, ldap.LDAPResultBusy, ldap.LDAPResultUnavailable:
		return &connector.Retryable{Err: fmt.Errorf("%s: %w: %w", what, connector.ErrUnreachable, err)}
	case ldap.LDAPResultSizeLimitExceeded:
		return fmt.Errorf("%s: the server's size limit cut the result; it must be raised for the reading account: %w", what, err)
	case ldap.LDAPResultTimeLimitExceeded, ldap.LDAPResultAdminLimitExceeded:
		return fmt.Errorf("%s: a limit of the server cut the result; it must be raised for the reading account: %w", what, err)
	case ldap.LDAPResultNoSuchObject:
		return fmt.Errorf("%s: the server has no such entry, or hides it from the reading account: %w", what, err)
	case ldap.LDAPResultUnavailableCriticalExtension:
		return fmt.Errorf("%s: the server offers no content synchronisation there; deltaMode modifyTimestamp does without: %w", what, err)
	}
	return fmt.Errorf("%s: %w", what, err)
}
