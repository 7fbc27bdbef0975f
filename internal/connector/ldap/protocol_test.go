package ldap

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"midgard/internal/connector"
	"midgard/internal/connector/connectortest"
)

// These tests play what no server at hand sends, but the protocols allow.

// message is one message of a server.
type message struct {
	entry    *ldap.Entry
	controls []ldap.Control
}

func (m message) Entry() *ldap.Entry       { return m.entry }
func (m message) Referral() string         { return "" }
func (m message) Controls() []ldap.Control { return m.controls }
func (m message) Err() error               { return nil }
func (m message) Next() bool               { return true }

func entryMessage(dn string, state ldap.ControlSyncStateState, id uuid.UUID) message {
	return message{ldap.NewEntry(dn, nil), []ldap.Control{&ldap.ControlSyncState{State: state, EntryUUID: id}}}
}

func newRefresh(t *testing.T, delta bool) (*refresh, *connectortest.Recorder) {
	t.Helper()
	s := &source{settings: settings{groupsAttribute: "groups", membership: membershipNone, accounts: []base{{dn: "dc=test"}}}}
	recorder := &connectortest.Recorder{}
	request := connector.ListRequest{Type: connector.TypeAccount}
	if delta {
		request.Mode = connector.Delta
	}
	r, err := s.newRun(request, recorder)
	if err != nil {
		t.Fatal(err)
	}
	return &refresh{run: r, delta: delta, moves: r.newMoves(), cookie: []byte("old")}, recorder
}

func TestSyncStatesOfSingleEntries(t *testing.T) {
	t.Parallel()
	ids := []uuid.UUID{uuid.New(), uuid.New(), uuid.New(), uuid.New()}
	messages := []message{
		entryMessage("cn=0", ldap.SyncStatePresent, ids[0]), entryMessage("cn=1", ldap.SyncStateAdd, ids[1]),
		entryMessage("cn=2", ldap.SyncStateModify, ids[2]), entryMessage("cn=3", ldap.SyncStateDelete, ids[3]),
	}
	for delta, want := range map[bool][]connector.Object{
		true: {
			{UUID: ids[0].String(), Unchanged: true}, {UUID: ids[1].String(), Identity: "cn=1", Name: "1"},
			{UUID: ids[2].String(), Identity: "cn=2", Name: "2"}, {UUID: ids[3].String(), Deleted: true},
		},
		false: {{UUID: ids[1].String(), Identity: "cn=1", Name: "1"}, {UUID: ids[2].String(), Identity: "cn=2", Name: "2"}},
	} {
		refresh, recorder := newRefresh(t, delta)
		for _, m := range messages {
			if err := refresh.take(t.Context(), m); err != nil {
				t.Fatal(err)
			}
		}
		for i := range recorder.Objects {
			recorder.Objects[i].Type, recorder.Objects[i].Attributes = "", nil
		}
		if diff := cmp.Diff(want, recorder.Objects); diff != "" {
			t.Errorf("delta %v: %s", delta, diff)
		}
	}
}

func TestEntryWithoutSyncStateIsAnError(t *testing.T) {
	t.Parallel()
	refresh, _ := newRefresh(t, true)
	if err := refresh.take(t.Context(), message{entry: ldap.NewEntry("cn=0", nil)}); !errors.Is(err, errNoState) {
		t.Errorf("error is %v", err)
	}
}

func TestEndOfASynchronisation(t *testing.T) {
	t.Parallel()
	present := &ldap.ControlSyncInfo{RefreshPresent: &ldap.ControlSyncInfoRefreshPresent{RefreshDone: true}}
	for name, c := range map[string]struct {
		full    bool
		seen    bool
		info    []ldap.Control
		done    ldap.ControlSyncDone
		present bool
		cookie  string
		expired bool
	}{
		"deletes named":                    {seen: true, done: ldap.ControlSyncDone{Cookie: []byte("new"), RefreshDeletes: true}, cookie: "new"},
		"presence named":                   {seen: true, done: ldap.ControlSyncDone{Cookie: []byte("new")}, present: true, cookie: "new"},
		"presence, then deletes":           {seen: true, info: []ldap.Control{present}, done: ldap.ControlSyncDone{Cookie: []byte("new"), RefreshDeletes: true}, present: true, cookie: "new"},
		"nothing changed":                  {done: ldap.ControlSyncDone{RefreshDeletes: true}, cookie: "old"},
		"nothing changed, badly put":       {done: ldap.ControlSyncDone{}, cookie: "old"},
		"nothing changed, the same cookie": {done: ldap.ControlSyncDone{Cookie: []byte("old")}, cookie: "old"},
		"changes without a new cookie":     {seen: true, done: ldap.ControlSyncDone{RefreshDeletes: true}, expired: true},
		"a full list":                      {full: true, seen: true, done: ldap.ControlSyncDone{Cookie: []byte("new")}, cookie: "new"},
	} {
		refresh, _ := newRefresh(t, !c.full)
		refresh.seen = c.seen
		if err := refresh.take(t.Context(), message{controls: append(c.info, &c.done)}); err != nil {
			t.Fatal(err)
		}
		err := refresh.conclude()
		if errors.Is(err, connector.ErrDeltaExpired) != c.expired {
			t.Errorf("%s: error is %v", name, err)
		}
		if !c.expired && (refresh.present != c.present || string(refresh.cookie) != c.cookie) {
			t.Errorf("%s: present %v, cookie %q; want %v, %q", name, refresh.present, refresh.cookie, c.present, c.cookie)
		}
	}
}

func TestGroupOfWhichTheServerGivesAPart(t *testing.T) {
	t.Parallel()
	m := (&settings{membership: membershipGroups}).newMemberships()
	recorder := &connectortest.Recorder{}
	group := message{entry: ldap.NewEntry("cn=large", map[string][]string{"member;range=0-1": {"cn=a", "cn=b"}})}
	if err := m.add(t.Context(), group, recorder); err != nil || len(recorder.Failures) != 1 || recorder.Failures[0].Where != "cn=large" {
		t.Errorf("error %v, failures %q", err, recorder.Messages())
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	answer := func(code uint16) error { return ldap.NewError(code, errors.New("the server says so")) }
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	silent := &session{timeout: time.Second}
	silent.silent.Store(true)
	for name, c := range map[string]struct {
		got       error
		is        error
		retryable bool
	}{
		"busy":                   {(&session{}).fault(t.Context(), "search", answer(ldap.LDAPResultBusy)), connector.ErrUnreachable, true},
		"connection lost":        {(&session{}).fault(t.Context(), "search", errors.New("reset")), connector.ErrUnreachable, true},
		"silent":                 {silent.fault(t.Context(), "search", answer(ldap.ErrorNetwork)), connector.ErrUnreachable, true},
		"cancelled":              {(&session{}).fault(cancelled, "search", errors.New("reset")), context.Canceled, false},
		"size limit":             {(&session{}).fault(t.Context(), "search", answer(ldap.LDAPResultSizeLimitExceeded)), nil, false},
		"time limit":             {(&session{}).fault(t.Context(), "search", answer(ldap.LDAPResultTimeLimitExceeded)), nil, false},
		"no rights":              {(&session{}).fault(t.Context(), "search", answer(ldap.LDAPResultInsufficientAccessRights)), nil, false},
		"bind: wrong":            {(&session{}).bindFault(t.Context(), "cn=x", answer(ldap.LDAPResultInvalidCredentials)), connector.ErrAuth, false},
		"bind: TLS first":        {(&session{}).bindFault(t.Context(), "cn=x", answer(ldap.LDAPResultConfidentialityRequired)), connector.ErrAuth, false},
		"bind: busy":             {(&session{}).bindFault(t.Context(), "cn=x", answer(ldap.LDAPResultBusy)), connector.ErrUnreachable, true},
		"bind: unavailable":      {(&session{}).bindFault(t.Context(), "cn=x", answer(ldap.LDAPResultUnavailable)), connector.ErrUnreachable, true},
		"bind: connection ended": {(&session{}).bindFault(t.Context(), "cn=x", errEndedEarly), connector.ErrUnreachable, true},
	} {
		var again *connector.Retryable
		if c.is != nil && !errors.Is(c.got, c.is) || errors.As(c.got, &again) != c.retryable {
			t.Errorf("%s: %v (%T)", name, c.got, c.got)
		}
		if c.is == nil && (errors.Is(c.got, connector.ErrAuth) || errors.Is(c.got, connector.ErrUnreachable)) {
			t.Errorf("%s: %v", name, c.got)
		}
	}
}
