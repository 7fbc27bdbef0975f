package ldap

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/go-ldap/ldap/v3"
	"github.com/google/uuid"

	"midgard/internal/connector"
)

// bySync lists by content synchronisation: everything when the mark is empty, else what changed since its cookies.
//
// The server answers a delta in one of two ways. Either it names what was deleted, or it names all that is still there
// (the present phase), in which case the rest is gone and the list is complete. A mixture of both over several places
// cannot be said by one result and asks for a full list.
func (r *run) bySync(ctx context.Context, m mark) (connector.ListResult, error) {
	delta := len(m.Cookies) > 0
	if !delta {
		m.Cookies = make([][]byte, len(r.bases))
	}
	next, present := mark{}, 0
	moved := r.newMoves()
	for i, b := range r.bases {
		refresh := &refresh{run: r, cookie: m.Cookies[i], delta: delta, moves: moved}
		if err := refresh.read(ctx, b); err != nil {
			return connector.ListResult{}, err
		}
		next.Cookies = append(next.Cookies, refresh.cookie)
		if refresh.present {
			present++
		}
	}
	if err := moved.release(ctx); err != nil {
		return connector.ListResult{}, err
	}
	if present > 0 && present < len(r.bases) {
		return connector.ListResult{}, fmt.Errorf("%w: the server remembers it for a part of the search places only",
			connector.ErrDeltaExpired)
	}
	whole := !delta || present > 0
	if whole && r.unread {
		return connector.ListResult{}, nil // a later delta would not say what this one has left out
	}
	token, err := r.token(next)
	return connector.ListResult{Token: token, Complete: whole}, err
}

// refresh is one synchronisation of one place.
type refresh struct {
	run     *run
	delta   bool
	moves   *moves
	cookie  []byte // to go on from; after read, the next one
	present bool   // the server named everything that is still there
	seen    bool   // it sent anything at all
	done    *ldap.ControlSyncDone
}

func (f *refresh) read(ctx context.Context, b base) error {
	session, what := f.run.session, fmt.Sprintf("synchronise %q", b.dn)
	err := session.stream(ctx, what, func(ctx context.Context) ldap.Response {
		request := b.request(f.run.translator.request)
		return session.conn.Syncrepl(ctx, request, streamBuffer, ldap.SyncRequestModeRefreshOnly, f.cookie, false)
	}, func(item ldap.Response) error { return f.take(ctx, item) })
	if err != nil {
		// 53 is how OpenLDAP says that the cookie is newer than its own state, as after a restore from a backup.
		if f.delta && ldap.IsErrorAnyOf(err, ldap.LDAPResultSyncRefreshRequired, ldap.LDAPResultUnwillingToPerform) {
			return fmt.Errorf("%w: %w", connector.ErrDeltaExpired, err)
		}
		return err
	}
	if f.done == nil {
		return session.fault(ctx, what, errEndedEarly)
	}
	return f.conclude()
}

// conclude decides what the end of the synchronisation means.
func (f *refresh) conclude() error {
	fresh := len(f.done.Cookie) > 0 && !bytes.Equal(f.done.Cookie, f.cookie)
	if f.delta && f.seen && !fresh {
		return fmt.Errorf("%w: the server sent changes without a new cookie, as it does when it cannot use the old one",
			connector.ErrDeltaExpired)
	}
	// Without this, "nothing changed" would read as "nothing is left".
	if f.delta && fresh && !f.done.RefreshDeletes {
		f.present = true
	}
	if fresh {
		f.cookie = f.done.Cookie
	}
	return nil
}

func (f *refresh) take(ctx context.Context, item ldap.Response) error {
	if url := item.Referral(); url != "" {
		return f.run.refer(ctx, url)
	}
	if item.Entry() != nil {
		f.seen = true
		return f.takeEntry(ctx, item)
	}
	for _, control := range item.Controls() {
		if err := f.takeControl(ctx, control); err != nil {
			return err
		}
	}
	return nil
}

var errNoState = errors.New("the server sent an entry without its synchronisation state")

func (f *refresh) takeEntry(ctx context.Context, item ldap.Response) error {
	state, ok := ldap.FindControl(item.Controls(), ldap.ControlTypeSyncState).(*ldap.ControlSyncState)
	if !ok {
		return fmt.Errorf("synchronise %q: %w", item.Entry().DN, errNoState)
	}
	switch state.State {
	case ldap.SyncStateDelete:
		return f.deleted(ctx, state.EntryUUID)
	case ldap.SyncStatePresent:
		return f.unchanged(ctx, state.EntryUUID)
	}
	f.moves.found(state.EntryUUID)
	return f.run.take(ctx, indexed(item.Entry()), state.EntryUUID.String())
}

func (f *refresh) takeControl(ctx context.Context, control ldap.Control) error {
	switch control := control.(type) {
	case *ldap.ControlSyncDone:
		f.done = control
	case *ldap.ControlSyncInfo:
		f.present = f.present || f.delta && control.RefreshPresent != nil
		if set := control.SyncIdSet; set != nil {
			return f.takeSet(ctx, set)
		}
	}
	return nil
}

func (f *refresh) takeSet(ctx context.Context, set *ldap.ControlSyncInfoSyncIdSet) error {
	if !f.delta {
		return nil // about objects that a full list has not heard of
	}
	f.seen = true
	tell := f.unchanged
	if set.RefreshDeletes {
		tell = f.deleted
	}
	for _, id := range set.SyncUUIDs {
		if err := tell(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

func (f *refresh) unchanged(ctx context.Context, id uuid.UUID) error {
	if !f.delta {
		return nil
	}
	return f.run.emit(ctx, connector.Object{Type: f.run.request.Type, UUID: id.String(), Unchanged: true})
}

func (f *refresh) deleted(ctx context.Context, id uuid.UUID) error {
	if !f.delta || f.moves.hold(id) {
		return nil
	}
	return f.run.emitDeleted(ctx, id)
}

func (r *run) emitDeleted(ctx context.Context, id uuid.UUID) error {
	return r.emit(ctx, connector.Object{Type: r.request.Type, UUID: id.String(), Deleted: true})
}

// moves holds deletions back until all places are read: an entry that moved from one place to another is deleted here and
// found there, in whichever order. With a single place there is nothing to hold back, and both sets are nil.
type moves struct {
	run            *run
	deletes, finds map[uuid.UUID]struct{}
}

func (r *run) newMoves() *moves {
	if len(r.bases) < 2 || r.request.Mode == connector.Full {
		return &moves{run: r}
	}
	return &moves{run: r, deletes: map[uuid.UUID]struct{}{}, finds: map[uuid.UUID]struct{}{}}
}

// found notes that an entry is there.
func (m *moves) found(id uuid.UUID) {
	if m.finds != nil {
		m.finds[id] = struct{}{}
	}
}

// hold says whether it keeps the deletion for later.
func (m *moves) hold(id uuid.UUID) bool {
	if m.deletes != nil {
		m.deletes[id] = struct{}{}
	}
	return m.deletes != nil
}

// release emits the deletions of what was found nowhere.
func (m *moves) release(ctx context.Context) error {
	for id := range m.deletes {
		if _, found := m.finds[id]; found {
			continue
		}
		if err := m.run.emitDeleted(ctx, id); err != nil {
			return err
		}
	}
	return nil
}
