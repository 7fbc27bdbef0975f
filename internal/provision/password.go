package provision

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"math/big"
	"strings"
	"time"

	"midgard/internal/connector"
	"midgard/internal/governance"
)

// wantsPassword says that accounts of a subtype get a generated password.
func wantsPassword(x *governance.Subtype) bool {
	return x.Creation.PasswordSetting == governance.PasswordExisting || x.Creation.PasswordSetting == governance.PasswordNew
}

// setPassword gives the account its password. It is kept, sealed, before it is used: what the source has got can be told to
// the owner whatever happens next, and another attempt sets the same one.
func (w *work) setPassword(ctx context.Context) (bool, error) {
	subtype, err := w.Store.Subtype(ctx, w.request.Subtype.ID, "")
	if err != nil && governance.KindOf(err) != governance.NotFound {
		return false, err
	}
	if !wantsPassword(&subtype) {
		return w.advance(ctx, governance.StepEntitlements)
	}
	if err := w.reconnect(ctx); err != nil {
		return false, err
	}
	password, err := w.password(ctx)
	if err != nil {
		return false, err
	}
	if err := w.target.SetPassword(ctx, w.p.NativeIdentity, password); err != nil {
		return false, ofSource(err)
	}
	return w.advance(ctx, governance.StepEntitlements)
}

func (w *work) password(ctx context.Context) (connector.Secret, error) {
	rules, err := passwordRules(&w.source)
	if err != nil {
		return connector.Secret{}, err
	}
	sealed, err := w.Sealer.Seal(rules.generate(), passwordContext(w.request.ID))
	if err != nil {
		return connector.Secret{}, fmt.Errorf("seal the password: %w", err)
	}
	if sealed, err = w.Store.KeepPassword(ctx, w.lease, &w.request, sealed, w.Now().Add(w.PasswordLifetime)); err != nil {
		return connector.Secret{}, err
	}
	clear, err := w.Sealer.Open(sealed, passwordContext(w.request.ID))
	if err != nil {
		return connector.Secret{}, fmt.Errorf("open the password: %w", err)
	}
	return connector.NewSecret(clear), nil
}

// passwordContext binds a password to its request: copied to another one, it cannot be opened.
func passwordContext(requestID string) string { return requestID + "|password" }

// Password is a generated password as its owner gets it.
type Password struct {
	Secret  connector.Secret
	Expires time.Time // until when it could have been fetched
}

// TakePassword gives the password of the account that a request has made to the account's owner, once: it is gone from
// Midgard with this call. NotFound tells everybody else, and the owner when there is none any more.
func (s *Service) TakePassword(ctx context.Context, actor governance.Actor, requestID, ownerID string) (Password, error) {
	kept, err := s.Store.TakePassword(ctx, actor, requestID, ownerID)
	if err != nil {
		return Password{}, err
	}
	clear, err := s.Sealer.Open(kept.Sealed, passwordContext(requestID))
	if err != nil {
		return Password{}, fmt.Errorf("open the password of request %q: %w", requestID, err)
	}
	return Password{connector.NewSecret(clear), kept.Expires}, nil
}

// The bounds and defaults of generated passwords.
const (
	passwordLength    = 24
	minPasswordLength = 12
	maxPasswordLength = 128
	passwordSpecial   = "-_.+=!#%"
)

// The classes of characters that every generated password has one of. What people mistake for one another is left out.
const (
	lowerCase = "abcdefghijkmnopqrstuvwxyz"
	upperCase = "ABCDEFGHJKLMNPQRSTUVWXYZ"
	digits    = "23456789"
)

// rules say what a generated password is like.
type rules struct {
	length  int
	special string // characters beside letters and digits; "" for none
}

// passwordRules reads what the source's configuration says of passwords: passwordLength and passwordSpecialCharacters.
func passwordRules(src *governance.Source) (rules, error) {
	own := struct {
		Length  *int    `json:"passwordLength"`
		Special *string `json:"passwordSpecialCharacters"`
	}{}
	if err := json.Unmarshal(src.ConnectorAttributes, &own); err != nil && len(src.ConnectorAttributes) > 0 {
		return rules{}, governance.Because(err, governance.Illegal, "connectorAttributes", "The source's passwordLength or passwordSpecialCharacters cannot be read.")
	}
	r := rules{passwordLength, passwordSpecial}
	if own.Length != nil {
		r.length = min(max(*own.Length, minPasswordLength), maxPasswordLength)
	}
	if own.Special != nil {
		r.special = *own.Special
	}
	return r, nil
}

// generate makes a password with a character of every class, each other one from all of them.
func (r rules) generate() string {
	classes := []string{lowerCase, upperCase, digits}
	if r.special != "" {
		classes = append(classes, r.special)
	}
	all := []rune(strings.Join(classes, ""))
	password := make([]rune, 0, r.length)
	for _, class := range classes {
		password = append(password, pick([]rune(class)))
	}
	for len(password) < r.length {
		password = append(password, pick(all))
	}
	for i := len(password) - 1; i > 0; i-- {
		j := below(i + 1)
		password[i], password[j] = password[j], password[i]
	}
	return string(password)
}

func pick(from []rune) rune { return from[below(len(from))] }

// below draws a number from a cryptographic source.
func below(n int) int {
	i, err := rand.Int(rand.Reader, big.NewInt(int64(n)))
	if err != nil {
		panic(err) // the system has no randomness to give: crypto/rand does not return that any more
	}
	return int(i.Int64())
}
