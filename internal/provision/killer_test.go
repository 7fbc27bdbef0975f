//go:build unix

package provision_test

import (
	"context"
	"time"

	"midgard/internal/connector"
	"midgard/internal/governance"
	"midgard/internal/source"
	"midgard/internal/store"
)

// killer ends a worker at one of its points: everything that it writes or asks a source to change is two, before and after
// it is carried out. Dead, a worker does nothing more, as after kill -9.
type killer struct {
	at     int // the point, from 1; 0 lets the worker live
	passed int
	cancel context.CancelFunc
}

func (k *killer) arm(cancel context.CancelFunc) { k.passed, k.cancel = 0, cancel }

// point says that the worker is alive.
func (k *killer) point(ctx context.Context) error {
	if k.passed++; k.passed == k.at {
		k.cancel()
	}
	return ctx.Err()
}

func (k *killer) around(ctx context.Context, do func() error) error {
	if err := k.point(ctx); err != nil {
		return err
	}
	if err := do(); err != nil {
		return err
	}
	return k.point(ctx)
}

type mortalStore struct {
	*store.Store
	*killer
}

func (s mortalStore) SaveProvisioning(ctx context.Context, lease governance.Lease, id string, p governance.Provisioning) error {
	return s.around(ctx, func() error { return s.Store.SaveProvisioning(ctx, lease, id, p) })
}

func (s mortalStore) PlanAccount(ctx context.Context, lease governance.Lease, r *governance.AccountRequest, name string, p governance.Provisioning) error {
	return s.around(ctx, func() error { return s.Store.PlanAccount(ctx, lease, r, name, p) })
}

func (s mortalStore) KeepPassword(ctx context.Context, lease governance.Lease, r *governance.AccountRequest, sealed string, expires time.Time) (kept string, err error) {
	return kept, s.around(ctx, func() error { kept, err = s.Store.KeepPassword(ctx, lease, r, sealed, expires); return err })
}

func (s mortalStore) AdoptAccount(ctx context.Context, actor governance.Actor, lease governance.Lease, id string, adoption governance.Adoption) (a governance.Account, err error) {
	return a, s.around(ctx, func() error { a, err = s.Store.AdoptAccount(ctx, actor, lease, id, adoption); return err })
}

func (s mortalStore) FinishDeletion(ctx context.Context, actor governance.Actor, lease governance.Lease, r *governance.AccountRequest) error {
	return s.around(ctx, func() error { return s.Store.FinishDeletion(ctx, actor, lease, r) })
}

func (s mortalStore) EndRequest(ctx context.Context, lease governance.Lease, id string, o governance.RequestOutcome) error {
	return s.around(ctx, func() error { return s.Store.EndRequest(ctx, lease, id, o) })
}

type mortalSources struct {
	*source.Service
	*killer
}

func (s mortalSources) Open(ctx context.Context, src governance.Source) (connector.Source, error) {
	opened, err := s.Service.Open(ctx, src)
	if p, can := opened.(provisioner); err == nil && can {
		return mortalSource{p, s.killer}, nil
	}
	return opened, err
}

type provisioner interface {
	connector.Source
	connector.Provisioner
	connector.Checker
}

type mortalSource struct {
	provisioner
	*killer
}

// The calls go on though the worker is dead: what is on its way to a source arrives there.

func (s mortalSource) Create(ctx context.Context, request connector.CreateRequest) (o connector.Object, err error) {
	return o, s.around(ctx, func() error { o, err = s.provisioner.Create(context.WithoutCancel(ctx), request); return err })
}

func (s mortalSource) SetPassword(ctx context.Context, identity string, password connector.Secret) error {
	return s.around(ctx, func() error { return s.provisioner.SetPassword(context.WithoutCancel(ctx), identity, password) })
}

func (s mortalSource) AddEntitlement(ctx context.Context, identity, attribute, value string) error {
	return s.around(ctx, func() error {
		return s.provisioner.AddEntitlement(context.WithoutCancel(ctx), identity, attribute, value)
	})
}

func (s mortalSource) Delete(ctx context.Context, identity string) error {
	return s.around(ctx, func() error { return s.provisioner.Delete(context.WithoutCancel(ctx), identity) })
}
