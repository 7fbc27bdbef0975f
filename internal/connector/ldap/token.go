package ldap

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"midgard/internal/connector"
)

// mark is what a token says: how far an earlier list came.
type mark struct {
	Mode    string    `json:"mode"`
	Scope   string    `json:"scope"`             // what the list asked for
	Cookies [][]byte  `json:"cookies,omitempty"` // syncrepl: one per place
	Since   time.Time `json:"since,omitzero"`    // modifyTimestamp
}

// mark reads the token of a delta and returns an empty mark for a full list. A token of another configuration or schema
// has expired: a delta from it would leave unchanged objects as the old question saw them.
func (r *run) mark() (mark, error) {
	if r.request.Mode == connector.Full {
		return mark{}, nil
	}
	if r.settings.deltaMode == deltaNone {
		return mark{}, fmt.Errorf("%w: deltas are off", connector.ErrDeltaExpired)
	}
	var m mark
	if err := json.Unmarshal(r.request.Token, &m); err != nil {
		return mark{}, fmt.Errorf("%w: it is not one of this connector", connector.ErrDeltaExpired)
	}
	if m.Mode != r.settings.deltaMode || m.Scope != r.scope {
		return mark{}, fmt.Errorf("%w: the configuration or the schema changed since", connector.ErrDeltaExpired)
	}
	if m.Mode == deltaSync && (len(m.Cookies) != len(r.bases) || slices.ContainsFunc(m.Cookies, isEmpty)) {
		return mark{}, fmt.Errorf("%w: it lacks a cookie", connector.ErrDeltaExpired)
	}
	return m, nil
}

func isEmpty(cookie []byte) bool { return len(cookie) == 0 }

// token completes and encodes a mark; nil when a server gave no cookie to go on from.
func (r *run) token(m mark) ([]byte, error) {
	if r.settings.deltaMode == deltaSync && slices.ContainsFunc(m.Cookies, isEmpty) {
		return nil, nil
	}
	m.Mode, m.Scope = r.settings.deltaMode, r.scope
	return json.Marshal(m)
}

// digest identifies the question that a list asks, who asks it, and how the answer is read.
func (r *run) digest() string {
	t := r.translator
	hash := sha256.New()
	fmt.Fprintf(hash, "%q %q %q %+v %q %q %+v %q %q %q ", r.settings.address(), r.settings.user, t.objectType, r.bases, t.identity, t.display,
		t.attributes, t.groups, t.revokeAttr, t.revokeVal)
	if r.memberships != nil {
		fmt.Fprintf(hash, "%q %q %+v", r.settings.membership, r.settings.memberAttributes, r.settings.memberships)
	}
	return hex.EncodeToString(hash.Sum(nil)[:16])
}
