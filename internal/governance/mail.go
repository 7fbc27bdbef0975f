package governance

import "time"

// The kinds of e-mails about an approval.
const (
	MailAssigned = "assigned" // it is the recipient's turn
	MailReminder = "reminder" // it still is
	MailEnded    = "ended"    // to who asked
)

// Mail is an e-mail that waits to be sent. It holds no text: that is made when it is sent.
type Mail struct {
	ID        string
	Kind      string // one of the Mail constants
	Recipient Contact
	Approval  GenericApproval
	Attempts  int // that have failed
	Created   time.Time
}
