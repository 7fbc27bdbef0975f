package store

import (
	"context"
	"fmt"

	"midgard/internal/governance"
)

// NameFree tells whether a request may have a name for its new account, as far as Midgard knows: no account of the source
// goes by it, and no other unfinished request has chosen it.
func (s *Store) NameFree(ctx context.Context, requestID, sourceID, name string) (bool, error) {
	var n int
	err := s.reader().QueryRowContext(ctx, takenName, sourceID, Key(name), requestID).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("look for the name %q: %w", name, err)
	}
	return n == 0, nil
}

const takenName = `select (select count(*) from account where source_id = $1 and native_key = $2)
 + (select count(*) from account where source_id = $1 and name_key = $2)
 + (select count(*) from planned_account where source_id = $1 and name_key = $2 and request_id <> $3)`

// PlanAccount keeps what is planned for the account of a request, and the name for it alone until the request has ended.
// It fails with Conflict when another request has that name by now, and with ErrCancelled when the request has ended.
func (s *Store) PlanAccount(ctx context.Context, lease governance.Lease, r *governance.AccountRequest, name string, p governance.Provisioning) error {
	return s.write(ctx, governance.Server("provisioning", ""), func(ctx context.Context, t *tx) error {
		if err := t.saveProvisioning(ctx, lease, r.ID, p); err != nil {
			return err
		}
		return t.reserveName(ctx, r, name)
	})
}

const (
	releaseName = "delete from planned_account where request_id = $1"
	releaseDone = `delete from planned_account where source_id = $1 and name_key = $2
 and request_id in (select id from account_request where status <> '` + string(governance.RequestPending) + "')"
	reserveName = "insert into planned_account (source_id, name_key, request_id) values ($1, $2, $3) on conflict (source_id, name_key) do nothing"
)

func (t *tx) reserveName(ctx context.Context, r *governance.AccountRequest, name string) error {
	key := Key(name)
	if err := t.refuseKnown(ctx, r.Source.ID, name); err != nil {
		return err
	}
	if err := exec(ctx, t, releaseName, r.ID); err != nil {
		return fmt.Errorf("release the name of request %q: %w", r.ID, err)
	}
	if err := exec(ctx, t, releaseDone, r.Source.ID, key); err != nil {
		return fmt.Errorf("release the name %q: %w", name, err)
	}
	n, err := affected(ctx, t, reserveName, r.Source.ID, key, r.ID)
	if err != nil {
		return fmt.Errorf("reserve the name %q: %w", name, err)
	}
	if n == 0 {
		return governance.Fail(governance.Conflict, "", "Another request has chosen the name %q.", name)
	}
	return nil
}

// refuseKnown fails with Conflict when an account of the source has the native identity: a request makes a new one.
func (t *tx) refuseKnown(ctx context.Context, sourceID, nativeIdentity string) error {
	known, err := many(ctx, t, "select id from account where source_id = $1 and native_key = $2", scanText, sourceID, Key(nativeIdentity))
	if err != nil {
		return fmt.Errorf("look for account %q: %w", nativeIdentity, err)
	}
	if len(known) > 0 {
		return governance.Fail(governance.Conflict, "nativeIdentity", "The source already has an account %q.", nativeIdentity)
	}
	return nil
}

// AdoptAccount puts the account that a request has made into the inventory, as the machine account that was asked for, and
// ends the request with it; all of it or nothing. An account that an aggregation has found meanwhile is taken. An owner, a
// machine identity or a subtype that is gone by now is left out: then the account has no owner, or a machine identity of its
// own.
func (s *Store) AdoptAccount(ctx context.Context, actor governance.Actor, lease governance.Lease, requestID string, adoption governance.Adoption) (governance.Account, error) {
	var a governance.Account
	err := s.write(ctx, actor, func(ctx context.Context, t *tx) error {
		if err := t.hold(ctx, lease); err != nil {
			return err
		}
		r, err := byID(ctx, t, accountRequests, requestObject, requestID)
		if err != nil {
			return err
		}
		if r.Status != governance.RequestPending {
			return governance.ErrCancelled
		}
		if a, err = t.adopt(ctx, &r, adoption); err != nil {
			return err
		}
		if err := t.readyPassword(ctx, r.ID, adoption.PasswordExpires); err != nil {
			return err
		}
		if err := exec(ctx, t, releaseName, r.ID); err != nil {
			return fmt.Errorf("release the name of request %q: %w", r.ID, err)
		}
		return t.endRequest(ctx, lease, r.ID, governance.RequestOutcome{
			Account: governance.Reference{ID: a.ID, Name: a.Name}, MachineIdentity: a.MachineIdentity,
		})
	})
	if err != nil {
		return a, fmt.Errorf("adopt account %q: %w", adoption.Observed.NativeIdentity, err)
	}
	return a, nil
}

func (t *tx) adopt(ctx context.Context, r *governance.AccountRequest, adoption governance.Adoption) (governance.Account, error) {
	if err := t.holdRow(ctx, sourceTable.name, r.Source.ID); err != nil {
		return governance.Account{}, err
	}
	id, err := t.place(ctx, r.Source, adoption)
	if err != nil {
		return governance.Account{}, err
	}
	wanted, err := t.adopted(ctx, r)
	if err != nil {
		return governance.Account{}, err
	}
	return t.updateAccount(ctx, id, "", func(a *governance.Account) error {
		a.TakeRequest(r, wanted)
		return a.Validate()
	})
}

// adopted gives what of the request's references there still is.
func (t *tx) adopted(ctx context.Context, r *governance.AccountRequest) (governance.Adopted, error) {
	var is governance.Adopted
	for _, ref := range []struct {
		table string
		of    governance.Reference
		to    *governance.Reference
	}{{"identity", r.Owner, &is.Owner}, {"machine_identity", r.MachineIdentity, &is.MachineIdentity}} {
		*ref.to = ref.of
		err := t.refer(ctx, ref.table, "", governance.Reference{}, ref.to)
		if governance.KindOf(err) == governance.UnknownRef {
			*ref.to, err = governance.Reference{}, nil
		}
		if err != nil {
			return is, err
		}
	}
	x, err := byID(ctx, t, subtypes, subtypeObject, r.Subtype.ID)
	if err != nil && governance.KindOf(err) != governance.NotFound {
		return is, err
	}
	is.Subtype = x.TechnicalName
	return is, nil
}

// place writes an account as its source shows it, and gives its id. One that a person has only named stays as it is when
// it is known.
func (t *tx) place(ctx context.Context, source governance.Reference, adoption governance.Adoption) (string, error) {
	d, err := t.knownAccount(ctx, source.ID, &adoption.Observed)
	if err != nil || adoption.Stub && d.ID != "" {
		return d.ID, err
	}
	observed := adoption.Observed
	observed.Machine = nil // the request decides, not classification
	b := batch{tx: t, source: source, writes: []governance.AccountWrite{{Digest: d, Observed: observed}}}
	if err := b.apply(ctx); err != nil {
		return "", err
	}
	return b.accounts[0].ID, nil
}

// knownAccount finds an account by the source's own id or by its native identity.
func (t *tx) knownAccount(ctx context.Context, sourceID string, o *governance.ObservedAccount) (governance.Digest, error) {
	found, err := many(ctx, t, `select id, uuid, ordinal from account where source_id = $1 and (native_key = $2 or uuid_key = $3)
 order by case when uuid_key = $3 then 0 else 1 end`, func(r row, d *governance.Digest) error { return r.Scan(&d.ID, &d.UUID, &d.Ordinal) },
		sourceID, Key(o.NativeIdentity), nullKey(o.UUID))
	if err != nil {
		return governance.Digest{}, fmt.Errorf("look for account %q: %w", o.NativeIdentity, err)
	}
	d := governance.Digest{}
	if len(found) > 0 {
		d = found[0]
	}
	d.Key = Key(o.NativeIdentity)
	return d, nil
}

// FinishDeletion removes the account of a deletion from the inventory and ends the request; all of it or nothing.
func (s *Store) FinishDeletion(ctx context.Context, actor governance.Actor, lease governance.Lease, r *governance.AccountRequest) error {
	return s.write(ctx, actor, func(ctx context.Context, t *tx) error {
		if err := t.hold(ctx, lease); err != nil {
			return err
		}
		if err := t.removeAccounts(ctx, []string{r.Account.ID}); err != nil {
			return err
		}
		return t.endRequest(ctx, lease, r.ID, governance.RequestOutcome{})
	})
}

// EntitlementsByID reads entitlements in the order of the ids; those that are gone are left out.
func (s *Store) EntitlementsByID(ctx context.Context, ids []string) ([]governance.Entitlement, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	text, args := in(1, anyOf(ids))
	found, err := matching(ctx, s.reader(), entitlements, "e.id "+text, args...)
	if err != nil {
		return nil, fmt.Errorf("read entitlements: %w", err)
	}
	at := make(map[string]governance.Entitlement, len(found))
	for _, e := range found {
		at[e.ID] = e
	}
	var ordered []governance.Entitlement
	for _, id := range ids {
		if e, there := at[id]; there {
			ordered = append(ordered, e)
		}
	}
	return ordered, nil
}

// PersonAccounts gives the accounts of a person on a source, which is named by its id or its name, oldest first.
func (s *Store) PersonAccounts(ctx context.Context, identityID, source string) ([]governance.Account, error) {
	return people{s.reader()}.PersonAccounts(ctx, identityID, source)
}
