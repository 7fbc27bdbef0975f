//go:build unix

package mail_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"mime"
	"mime/quotedprintable"
	netmail "net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/google/go-cmp/cmp"

	"midgard/internal/governance"
	"midgard/internal/mail"
	"midgard/internal/testenv"
)

// outbox is a store in memory.
type outbox struct {
	waiting []governance.Mail
	became  map[string]string // by id: "sent", or the reason
	next    map[string]time.Time
}

func (o *outbox) DueMail(_ context.Context, limit int) ([]governance.Mail, error) {
	due := o.waiting[:min(limit, len(o.waiting))]
	o.waiting = o.waiting[len(due):]
	return due, nil
}

func (o *outbox) MailSent(_ context.Context, _ governance.Lease, id string) error {
	o.became[id] = "sent"
	return nil
}

func (o *outbox) MailNotSent(_ context.Context, _ governance.Lease, id, reason string, next time.Time) error {
	o.became[id], o.next[id] = reason, next
	return nil
}

var now = time.Date(2026, time.May, 4, 9, 0, 0, 0, time.UTC)

// letter is an e-mail that waits.
func letter(id, kind, name, address string) governance.Mail {
	return governance.Mail{
		ID: id, Kind: kind, Created: now, Recipient: governance.Contact{Email: address, Reference: governance.Reference{ID: "p1", Name: name}},
		Approval: governance.GenericApproval{
			ID: "a1", Name: "Account on Directory", Status: governance.ApprovalPending, Description: "for the nightly run = 3 €",
			Requester: governance.Reference{ID: "r1", Name: "Zoë"}, Created: now, Due: now.Add(24 * time.Hour),
			Comments: []governance.ApprovalComment{{Author: governance.Reference{Name: "Zoë"}, Text: "please <soon>"}},
		},
	}
}

// work sends what waits and gives what became of it.
func work(t *testing.T, o mail.Options, waiting ...governance.Mail) *outbox {
	t.Helper()
	kept := &outbox{waiting: waiting, became: map[string]string{}, next: map[string]time.Time{}}
	o.Store, o.Now, o.From, o.Organization = kept, func() time.Time { return now }, "Midgard <midgard@example.test>", "acme"
	o.PublicURL = "https://midgard.example.test"
	s, err := mail.New(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Work(t.Context(), governance.Job{}); err != nil {
		t.Fatal(err)
	}
	return kept
}

func bodyOf(t *testing.T, m *netmail.Message) string {
	t.Helper()
	body, err := io.ReadAll(quotedprintable.NewReader(m.Body))
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(body), "\r\n", "\n")
}

func TestSend(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{mail.StartTLS, mail.ImplicitTLS, mail.PlainText} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			server := testenv.NewMailServer(t, mode == mail.ImplicitTLS)
			if mode != mail.PlainText { // where the password would be read by everybody
				server.User, server.Password = "midgard", "not for anybody"
			}
			o := mail.Options{Host: server.Host, Port: server.Port, TLS: mode, TLSConfig: server.Trust, User: server.User, Password: server.Password}
			kept := work(t, o, letter("m1", governance.MailAssigned, "Ada\nBcc: eve@example.test", "ada@example.test"), letter("m2", governance.MailReminder, "Bob", "bob@example.test"))
			if diff := cmp.Diff(map[string]string{"m1": "sent", "m2": "sent"}, kept.became); diff != "" {
				t.Fatalf("what became of the e-mails differs (-want +got):\n%s", diff)
			}
			got := server.Wait(t, 2)[0]
			subject, err := new(mime.WordDecoder).DecodeHeader(got.Header.Get("Subject"))
			if err != nil || subject != "Account on Directory waits for your decision" || got.Header.Get("Bcc") != "" {
				t.Errorf("the subject is %q (%v), the header %v", subject, err, got.Header)
			}
			if id := got.Header.Get("Message-Id"); id != "<m1@midgard.example.test>" || got.Header.Get("Auto-Submitted") != "auto-generated" {
				t.Errorf("the header is %v", got.Header)
			}
			body := bodyOf(t, got)
			for _, part := range []string{
				"Zoë asks for: Account on Directory\n", "for the nightly run = 3 €\n", "Zoë wrote: please <soon>\n",
				"\nhttps://midgard.example.test/generic-approvals/v1/a1\n", "2026-05-05 09:00 UTC", "Midgard, acme",
			} {
				if !strings.Contains(body, part) {
					t.Errorf("%q is not in\n%s", part, body)
				}
			}
		})
	}
}

// TestRefusals: what is refused for good is given up, anything else tried again, and no password is told.
func TestRefusals(t *testing.T) {
	t.Parallel()
	server := testenv.NewMailServer(t, false)
	server.Refuse = func(recipient string) error {
		switch {
		case strings.HasPrefix(recipient, "gone"):
			return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "nobody of that name"}
		case strings.HasPrefix(recipient, "busy"):
			return &smtp.SMTPError{Code: 450, EnhancedCode: smtp.EnhancedCode{4, 2, 0}, Message: "later"}
		}
		return nil
	}
	old := letter("m5", governance.MailEnded, "Old", "busy@example.test")
	old.Created = now.Add(-73 * time.Hour)
	third := letter("m2", governance.MailEnded, "Busy", "busy@example.test")
	third.Attempts = 3
	kept := work(t, mail.Options{Host: server.Host, Port: server.Port, TLS: mail.StartTLS, TLSConfig: server.Trust},
		letter("m1", governance.MailEnded, "Gone", "gone@example.test"), third, letter("m3", governance.MailEnded, "Nowhere", "no address"),
		letter("m4", governance.MailEnded, "Ada", "ada@example.test"), old)
	want := map[string]time.Time{"m1": {}, "m2": now.Add(8 * time.Minute), "m3": {}, "m5": {}}
	if diff := cmp.Diff(want, kept.next); diff != "" || kept.became["m4"] != "sent" {
		t.Errorf("when they are tried again differs (-want +got):\n%s\n%v", diff, kept.became)
	}
	if !strings.Contains(kept.became["m1"], "nobody of that name") {
		t.Errorf("the reason is %q", kept.became["m1"])
	}
}

func TestServerThatIsAway(t *testing.T) {
	t.Parallel()
	server := testenv.NewMailServer(t, false)
	server.User, server.Password = "midgard", "right"
	for name, o := range map[string]mail.Options{
		"nobody listens":                 {Host: "127.0.0.1", Port: 1, TLS: mail.PlainText},
		"its certificate is not trusted": {Host: server.Host, Port: server.Port, TLS: mail.StartTLS},
		"the password is wrong":          {Host: server.Host, Port: server.Port, TLS: mail.StartTLS, TLSConfig: server.Trust, User: "midgard", Password: "hush-hush"},
		"a password in plain text":       {Host: server.Host, Port: server.Port, TLS: mail.PlainText, User: "midgard", Password: "right"},
		"it wants a name":                {Host: server.Host, Port: server.Port, TLS: mail.PlainText},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			o.Log = slog.New(slog.NewTextHandler(&log, nil))
			kept := work(t, o, letter("m1", governance.MailEnded, "Ada", "ada@example.test"))
			reason := kept.became["m1"]
			if reason == "sent" || reason == "" || strings.Contains(reason+log.String(), "hush-hush") {
				t.Errorf("it became %q, with the log\n%s", reason, log.String())
			}
			if next := kept.next["m1"]; name != "it wants a name" && !next.Equal(now.Add(time.Minute)) {
				t.Errorf("it is tried again at %s", next)
			}
		})
	}
	if got := server.Received(); len(got) != 0 {
		t.Errorf("%d e-mails arrived", len(got))
	}
}

func TestOwnTemplates(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("ended.txt", "Subject: {{.Approval.Name}}\r\n\r\n{{.Organization}} sagt: {{.Approval.Status}}, siehe {{.Link}}\r\n")
	server := testenv.NewMailServer(t, false)
	o := mail.Options{Host: server.Host, Port: server.Port, TLS: mail.PlainText, Templates: folder}
	work(t, o, letter("m1", governance.MailEnded, "Ada", "ada@example.test"), letter("m2", governance.MailReminder, "Ada", "ada@example.test"))
	got := server.Wait(t, 2)
	if body := bodyOf(t, got[0]); strings.TrimSpace(body) != "acme sagt: PENDING, siehe https://midgard.example.test/generic-approvals/v1/a1" {
		t.Errorf("the own template gave %q", body)
	}
	if body := bodyOf(t, got[1]); !strings.Contains(body, "this has been waiting") {
		t.Errorf("a kind without an own template gave %q", body)
	}
	for text, part := range map[string]string{
		"no subject\n\ntext":          "does not begin with a line",
		"Subject: {{.Approval.Nome}}": "can't evaluate field Nome",
		"Subject: {{":                 "parse the template",
	} {
		write("assigned.txt", text)
		o.From = "midgard@example.test"
		if _, err := mail.New(o); err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("the template %q: %v", text, err)
		}
	}
}
