package store

import (
	"context"
	"fmt"
	"time"

	"midgard/internal/governance"
)

// KeepPassword keeps the sealed password for the account that a request makes, unless the request has one already, and
// gives the one that counts. It cannot be fetched before the account is adopted.
func (s *Store) KeepPassword(ctx context.Context, lease governance.Lease, r *governance.AccountRequest, sealed string, expires time.Time) (string, error) {
	var kept string
	err := s.write(ctx, governance.Server("provisioning", ""), func(ctx context.Context, t *tx) error {
		if err := t.hold(ctx, lease); err != nil {
			return err
		}
		err := exec(ctx, t, `insert into account_password (request_id, owner_id, sealed, ready, expires) values ($1, $2, $3, false, $4)
 on conflict (request_id) do nothing`, r.ID, r.Owner.ID, sealed, expires.UnixMilli())
		if err != nil {
			return err
		}
		return t.QueryRowContext(ctx, "select sealed from account_password where request_id = $1", r.ID).Scan(textInto{&kept})
	})
	if err != nil {
		return "", fmt.Errorf("keep the password of request %q: %w", r.ID, err)
	}
	return kept, nil
}

// readyPassword lets the owner of a new account fetch its password until it expires.
func (t *tx) readyPassword(ctx context.Context, requestID string, expires time.Time) error {
	if expires.IsZero() {
		return nil
	}
	if err := exec(ctx, t, "update account_password set ready = true, expires = $1 where request_id = $2", expires.UnixMilli(), requestID); err != nil {
		return fmt.Errorf("release the password of request %q: %w", requestID, err)
	}
	return nil
}

const passwordOf = `select p.request_id, p.sealed, p.expires from account_password p join account_request r on r.id = p.request_id
 join account a on a.id = r.account_id where p.request_id = $1 and a.owner_id = $2 and p.owner_id = $2 and p.ready and p.sealed is not null and p.expires > $3`

// TakePassword gives the password of the account that a request has made to the account's owner, and to nobody twice: it is
// gone with this call. NotFound tells all others, and the owner when there is none (any more).
func (s *Store) TakePassword(ctx context.Context, actor governance.Actor, requestID, ownerID string) (governance.AccountPassword, error) {
	var p governance.AccountPassword
	err := s.write(ctx, actor, func(ctx context.Context, t *tx) error {
		scan := func(r row, p *governance.AccountPassword) error {
			return r.Scan(&p.RequestID, textInto{&p.Sealed}, timeInto{&p.Expires})
		}
		var err error
		if p, err = one(ctx, t, "Password of account request", requestID, passwordOf, scan, requestID, ownerID, t.now.UnixMilli()); err != nil {
			return err
		}
		n, err := affected(ctx, t, "delete from account_password where request_id = $1 and sealed = $2", requestID, p.Sealed)
		if err != nil {
			return fmt.Errorf("forget the password of request %q: %w", requestID, err)
		}
		if n == 0 { // somebody was faster
			return governance.Missing("Password of account request", requestID)
		}
		return t.record(ctx, governance.ActionDelete, "ACCOUNT_PASSWORD", requestID, "fetched by the owner", nil, nil)
	})
	return p, err
}

const spentPasswords = `delete from account_password where expires < $1 or request_id in (select id from account_request where status in ('` +
	string(governance.RequestFailed) + "', '" + string(governance.RequestCancelled) + "', '" + string(governance.RequestRejected) + "'))"

// WipePasswords removes the passwords that have expired and those of requests that have come to nothing.
func (s *Store) WipePasswords(ctx context.Context) error {
	return s.write(ctx, governance.Actor{}, func(ctx context.Context, t *tx) error {
		return exec(ctx, t, spentPasswords, t.now.UnixMilli())
	})
}
