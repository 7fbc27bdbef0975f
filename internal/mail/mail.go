// Package mail sends the e-mails that approvals write. They wait in the store, in rows of their own, until the mail server has
// accepted them; what it refuses for the time being is tried again for three days. An e-mail that was accepted just before the
// server died is sent again, with the same Message-ID.
package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	netmail "net/mail"
	"net/url"
	"strings"
	"text/template"
	"time"

	"github.com/wneessen/go-mail"

	"midgard/internal/governance"
)

// Store is where e-mails wait.
type Store interface {
	DueMail(ctx context.Context, limit int) ([]governance.Mail, error)
	MailSent(ctx context.Context, l governance.Lease, id string) error
	MailNotSent(ctx context.Context, l governance.Lease, id, reason string, next time.Time) error
}

// The ways in which the connection to the mail server is encrypted.
const (
	StartTLS    = "starttls" // demanded: a server that does not offer it gets nothing
	ImplicitTLS = "tls"
	PlainText   = "none"
)

// Options say where e-mails go and what they look like. Store, Host, Port, TLS and From must be set.
type Options struct {
	Store          Store
	Host           string
	Port           int
	TLS            string // StartTLS, ImplicitTLS or PlainText
	User, Password string // empty where the mail server wants none
	From           string // an address, or a name with one in angle brackets
	Templates      string // a folder with templates that replace those in the program; "" for none
	PublicURL      string // where links lead
	Organization   string
	// TLSConfig replaces the trust in the authorities that the machine trusts; nil for those.
	TLSConfig *tls.Config
	Now       func() time.Time // nil means time.Now
	Log       *slog.Logger
}

// Service sends e-mails. It is safe for concurrent use.
type Service struct {
	Options
	from      *netmail.Address
	templates map[string]*template.Template
}

// timeout bounds every exchange with the mail server.
const timeout = 30 * time.Second

// New reads the templates. It does not connect: a mail server that is away does not keep Midgard from starting.
func New(o Options) (*Service, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	from, err := netmail.ParseAddress(o.From)
	if err != nil {
		return nil, fmt.Errorf("read the sender of e-mails %q: %w", o.From, err)
	}
	templates, err := readTemplates(o.Templates)
	if err != nil {
		return nil, err
	}
	s := &Service{o, from, templates}
	_, err = s.client()
	return s, err
}

func (s *Service) client() (*mail.Client, error) {
	options := []mail.Option{mail.WithPort(s.Port), mail.WithTimeout(timeout)}
	switch s.TLS {
	case ImplicitTLS:
		options = append(options, mail.WithSSL())
	case PlainText:
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
	default:
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory))
	}
	if s.TLSConfig != nil {
		options = append(options, mail.WithTLSConfig(s.TLSConfig))
	}
	if s.User != "" {
		options = append(options, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(s.User), mail.WithPassword(s.Password))
	}
	client, err := mail.NewClient(s.Host, options...)
	if err != nil {
		return nil, fmt.Errorf("prepare the connection to the mail server %s: %w", s.Host, err)
	}
	return client, nil
}

// batch is how many e-mails share a connection.
const batch = 50

// Work is the handler of governance.JobMail: it sends what is due. A mail server that cannot be reached is no failure of the
// job; the e-mails have their own times at which they are tried again.
func (s *Service) Work(ctx context.Context, j governance.Job) error {
	for {
		due, err := s.Store.DueMail(ctx, batch)
		if err != nil || len(due) == 0 {
			return err
		}
		if err := s.send(ctx, j.Lease(), due); err != nil {
			return err
		}
	}
}

func (s *Service) send(ctx context.Context, l governance.Lease, due []governance.Mail) error {
	client, err := s.client()
	if err == nil {
		err = client.DialWithContext(ctx)
	}
	if err != nil {
		return s.postponeAll(ctx, l, due, err)
	}
	defer client.Close() //nolint:errcheck // what was accepted is accepted
	for i := range due {
		err := s.deliver(client, &due[i])
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := s.record(ctx, l, &due[i], err); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) postponeAll(ctx context.Context, l governance.Lease, due []governance.Mail, cause error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	s.Log.Warn("the mail server cannot be used", "host", s.Host, "waiting", len(due), "error", s.reason(cause))
	for i := range due {
		if err := s.Store.MailNotSent(ctx, l, due[i].ID, s.reason(cause), s.again(&due[i])); err != nil {
			return err
		}
	}
	return nil
}

// record keeps what became of an e-mail.
func (s *Service) record(ctx context.Context, l governance.Lease, m *governance.Mail, failure error) error {
	if failure == nil {
		return s.Store.MailSent(ctx, l, m.ID)
	}
	next := s.again(m)
	if permanent(failure) {
		next = time.Time{}
	}
	s.Log.Warn("an e-mail was not sent", "mail", m.ID, "approval", m.Approval.ID, "recipient", m.Recipient.ID, "tried_again", next, "error", s.reason(failure))
	return s.Store.MailNotSent(ctx, l, m.ID, s.reason(failure), next)
}

// reason is what is kept of a failure. A server may repeat what it was sent, so the password is taken out.
func (s *Service) reason(err error) string {
	if s.Password == "" {
		return err.Error()
	}
	return strings.ReplaceAll(err.Error(), s.Password, "****")
}

// keepTrying is how long an e-mail is tried.
const keepTrying = 72 * time.Hour

// again is when an e-mail is tried next: after a minute, and then after pauses that double up to an hour; zero when it is
// given up.
func (s *Service) again(m *governance.Mail) time.Time {
	now := s.Now()
	if now.Sub(m.Created) > keepTrying {
		return time.Time{}
	}
	return now.Add(min(time.Minute<<min(m.Attempts, 6), time.Hour))
}

// permanent says that trying again would not help: the server refuses the e-mail for good, or it has no such recipient.
func permanent(err error) bool {
	var refused *mail.SendError
	var address *addressError
	return errors.As(err, &address) || errors.As(err, &refused) && refused.ErrorCode() >= 500
}

// addressError is an address that no server would take.
type addressError struct{ error }

func (e *addressError) Unwrap() error { return e.error }

func (s *Service) deliver(client *mail.Client, m *governance.Mail) error {
	message, err := s.message(m)
	if err != nil {
		return err
	}
	return client.Send(message)
}

// message makes the e-mail. Its Message-ID follows from its row, so that a second copy can be told.
func (s *Service) message(m *governance.Mail) (*mail.Msg, error) {
	letter := Letter{m.Kind, m.Recipient, m.Approval, s.link(m.Approval.ID), s.Organization}
	subject, text, err := render(s.templates[m.Kind], &letter)
	if err != nil {
		return nil, err
	}
	message := mail.NewMsg()
	message.FromMailAddress(s.from)
	if _, err := netmail.ParseAddress(m.Recipient.Email); err != nil {
		return nil, &addressError{fmt.Errorf("read the address of identity %q: %w", m.Recipient.ID, err)}
	}
	message.ToMailAddress(&netmail.Address{Name: m.Recipient.Name, Address: m.Recipient.Email})
	message.Subject(subject)
	message.SetMessageIDWithValue(m.ID + "@midgard." + s.from.Address[strings.LastIndexByte(s.from.Address, '@')+1:])
	message.SetDateWithValue(m.Created)
	message.SetGenHeader("Auto-Submitted", "auto-generated")
	message.SetBodyString(mail.TypeTextPlain, text)
	return message, nil
}

// link leads to the approval.
func (s *Service) link(approvalID string) string {
	return s.PublicURL + "/generic-approvals/v1/" + url.PathEscape(approvalID)
}
