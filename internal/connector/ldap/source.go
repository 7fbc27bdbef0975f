package ldap

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-ldap/ldap/v3"

	"midgard/internal/connector"
)

// source is a configured directory. Connections live for one call, so there is nothing to keep or to close.
type source struct {
	settings       settings
	account, group connector.Schema // for what is no list
}

var (
	_ connector.Discoverer  = (*source)(nil)
	_ connector.Provisioner = (*source)(nil)
	_ connector.Checker     = (*source)(nil)
)

// Close does nothing: every call closes its own connections.
func (s *source) Close() error { return nil }

var errNoEntry = errors.New("the server shows no such entry to the reading account")

// Test connects, binds, looks at every configured place and checks that the server can do what deltaMode asks for.
func (s *source) Test(ctx context.Context) error {
	session, err := s.settings.connect(ctx)
	if err != nil {
		return err
	}
	defer session.close()
	var places []base
	for _, list := range [][]base{s.settings.accounts, s.settings.groups, s.settings.memberships} {
		for _, b := range list {
			places = appendBase(places, base{dn: b.dn, filter: "(objectClass=*)", scope: ldap.ScopeBaseObject})
		}
	}
	for _, place := range places {
		result, err := session.search(place.request([]string{"1.1"}))
		if err != nil {
			return session.fault(ctx, fmt.Sprintf("look at %q", place.dn), err)
		}
		if len(result.Entries) == 0 {
			return fmt.Errorf("look at %q: %w", place.dn, errNoEntry)
		}
	}
	if s.settings.deltaMode == deltaSync && len(session.root.Attributes) > 0 && !session.supports(ldap.ControlTypeSyncRequest) {
		return &connector.ConfigError{Field: "deltaMode", Reason: "syncrepl is not offered by this server; modifyTimestamp does without"}
	}
	return nil
}

// List reads accounts or groups. A full list gives a token when deltas are on; a delta without a usable token is
// ErrDeltaExpired.
func (s *source) List(ctx context.Context, request connector.ListRequest, sink connector.Sink) (connector.ListResult, error) {
	r, err := s.newRun(request, sink)
	if err != nil {
		return connector.ListResult{}, err
	}
	mark, err := r.mark()
	if err != nil {
		return connector.ListResult{}, err
	}
	// A delta reads the groups only when it meets a changed account.
	if request.Mode == connector.Full {
		if err := r.loadMemberships(ctx); err != nil {
			return connector.ListResult{}, err
		}
	}
	if r.session, err = s.settings.connect(ctx); err != nil {
		return connector.ListResult{}, err
	}
	defer r.session.close()
	result, err := r.list(ctx, mark)
	if errors.Is(err, errLimit) {
		return connector.ListResult{}, nil
	}
	if err != nil {
		return connector.ListResult{}, err
	}
	return result, nil
}

func (s *source) newRun(request connector.ListRequest, sink connector.Sink) (*run, error) {
	r := &run{settings: &s.settings, request: request, sink: sink}
	schema := request.Schema
	switch request.Type {
	case connector.TypeAccount:
		r.bases = s.settings.accounts
		if len(schema.Attributes) == 0 {
			schema = accountSchema()
		}
	case connector.TypeGroup:
		r.bases = s.settings.groups
		if len(schema.Attributes) == 0 {
			schema = groupSchema()
		}
	default:
		return nil, fmt.Errorf("an LDAP directory has no objects of type %q", request.Type)
	}
	r.translator = s.settings.translator(request.Type, schema)
	if r.translator.groups != "" && s.settings.membership != membershipNone {
		r.memberships = s.settings.newMemberships()
	}
	r.scope = r.digest()
	return r, nil
}
