package aggregate

import (
	"context"
	"errors"
	"fmt"

	"midgard/internal/connector"
	"midgard/internal/governance"
)

// act does the action for one account.
func (w *actionWork) act(ctx context.Context, id string) error {
	a, err := w.store.Account(ctx, id, "")
	if governance.KindOf(err) == governance.NotFound && w.report.Action == governance.ActionForget {
		return nil // an attempt that was cut off has removed it
	}
	if err != nil {
		return err
	}
	if w.report.Action == governance.ActionForget {
		return w.store.DropAccount(ctx, w.actor, w.job.Lease(), &a)
	}
	t := w.target(ctx, a.Source)
	if t.err != nil {
		return t.err
	}
	p, ok := t.connected.(connector.Provisioner)
	if !ok {
		return impossible(w.report.Action, &a)
	}
	if err := w.change(ctx, p, a.NativeIdentity); err != nil {
		return w.failed(ctx, &a, err)
	}
	o, err := p.Read(ctx, connector.TypeAccount, a.NativeIdentity)
	if err != nil {
		return w.failed(ctx, &a, err)
	}
	if err := w.write(ctx, t, &a, &o); err != nil {
		return err
	}
	if w.report.Action != governance.ActionReload && !w.report.Action.Done(o.Disabled, o.Locked) {
		return &sourceError{fmt.Errorf("the source took the action %s for %q, but shows the account as it was", w.report.Action, a.Name)}
	}
	return nil
}

// impossible is the failure of an action that the account's source cannot do.
func impossible(action governance.AccountAction, a *governance.Account) error {
	return governance.Fail(governance.Illegal, "", "The source %q of the account %q cannot do the action %s: its connector does not support it.", a.Source.Name, a.Name, action)
}

// target opens a source once for all of its accounts. A source that could not be opened is not tried again by this attempt.
func (w *actionWork) target(ctx context.Context, source governance.Reference) *target {
	if t := w.targets[source.ID]; t != nil {
		return t
	}
	t := &target{run: &run{Service: w.Service, Request: Request{SourceID: source.ID, ObjectType: connector.TypeAccount}}}
	w.targets[source.ID] = t
	if t.err = t.run.prepare(ctx); t.err != nil {
		return t
	}
	t.connected, t.err = w.sources.Open(ctx, t.run.source)
	if t.err != nil {
		t.connected, t.err = nil, &sourceError{t.err}
	}
	return t
}

func (w *actionWork) change(ctx context.Context, p connector.Provisioner, native string) error {
	switch w.report.Action {
	case governance.ActionEnable:
		return p.Enable(ctx, native)
	case governance.ActionDisable:
		return p.Disable(ctx, native)
	case governance.ActionUnlock:
		return p.Unlock(ctx, native)
	}
	return nil
}

// failed is what a source's failure means for an account. One that the source does not have is marked as missing: whether
// it is to be removed is for an aggregation to say, which knows how many more are gone.
func (w *actionWork) failed(ctx context.Context, a *governance.Account, err error) error {
	if !errors.Is(err, connector.ErrNoSuchObject) {
		return &sourceError{fmt.Errorf("the action %s failed for %q: %w", w.report.Action, a.Name, err)}
	}
	if err := w.store.MarkGone(ctx, w.actor, w.job.Lease(), a.ID); err != nil {
		return err
	}
	return &sourceError{fmt.Errorf("the source has no account %q any more; it counts as missing until the next aggregation: %w", a.NativeIdentity, err)}
}

// write brings the account in line with what the source shows, by the rules of an aggregation.
func (w *actionWork) write(ctx context.Context, t *target, a *governance.Account, o *connector.Object) error {
	observed, _, err := t.run.rules.observe(o, nil)
	if err != nil {
		return &sourceError{err}
	}
	return w.store.ReloadAccount(ctx, w.actor, w.job.Lease(), a, observed, t.run.mapper)
}
