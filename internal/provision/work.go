package provision

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"midgard/internal/connector"
	"midgard/internal/governance"
)

// work is one attempt at a request.
type work struct {
	*Service
	lease   governance.Lease
	actor   governance.Actor
	request governance.AccountRequest
	p       governance.Provisioning // as it is kept, and for a moment ahead of that

	source governance.Source
	opened connector.Source
	target connector.Provisioner // nil where the connector cannot provision
}

// step does what is due. It reports that the work has ended, for good or until a person has done something.
type step func(w *work, ctx context.Context) (ended bool, err error)

// steps are what there is to do for each type of request. The first one that is due is in first.
var (
	steps map[governance.RequestType]map[string]step
	first = map[governance.RequestType]string{
		governance.RequestCreation: governance.StepPlan,
		governance.RequestDeletion: governance.StepDelete,
	}
)

func init() {
	steps = map[governance.RequestType]map[string]step{
		governance.RequestCreation: {
			governance.StepPlan: (*work).plan, governance.StepCreate: (*work).create, governance.StepPassword: (*work).setPassword,
			governance.StepEntitlements: (*work).entitle, governance.StepVerify: (*work).verify, governance.StepAdopt: (*work).adopt,
			governance.StepManual: (*work).handOver, governance.StepUndo: (*work).undo,
		},
		governance.RequestDeletion: {
			governance.StepDelete: (*work).remove, governance.StepVerify: (*work).verifyGone, governance.StepForget: (*work).forget,
			governance.StepManual: (*work).handOver,
		},
	}
}

func (w *work) run(ctx context.Context) error {
	for {
		ended, err := w.once(ctx)
		if err != nil {
			ended, err = w.failed(ctx, err)
		}
		if err != nil || ended {
			return err
		}
	}
}

// once does one step; that it begins is recorded before.
func (w *work) once(ctx context.Context) (ended bool, err error) {
	if w.p.Step == "" {
		w.p.Turn(first[w.request.Type])
	}
	name := w.p.Step
	do := steps[w.request.Type][name]
	if do == nil {
		return false, governance.Fail(governance.Invalid, "", "The work on the request is at the step %q, which this version does not know.", name)
	}
	w.p.Attempts++
	if err := w.save(ctx); err != nil {
		return false, err
	}
	if ended, err = do(w, ctx); err == nil {
		w.Observe(name, "done")
	}
	return ended, err
}

func (w *work) save(ctx context.Context) error {
	return w.Store.SaveProvisioning(ctx, w.lease, w.request.ID, w.p)
}

// advance records that the step is done and which one is next.
func (w *work) advance(ctx context.Context, next string) (ended bool, err error) {
	w.p.Next(next)
	return false, w.save(ctx)
}

// failed decides what becomes of a request whose step has failed: it waits, takes back what it made, or ends. The error is
// the one to give the job back with.
func (w *work) failed(ctx context.Context, cause error) (ended bool, err error) {
	if ctx.Err() != nil || errors.Is(cause, governance.ErrLeaseLost) || errors.Is(cause, governance.ErrCancelled) {
		return false, cause
	}
	if !mayPass(cause) {
		return w.refused(ctx, cause)
	}
	now := w.Now().UTC().Truncate(time.Millisecond)
	if w.p.Since.IsZero() {
		w.p.Since = now
	}
	lasts := now.Sub(w.p.Since)
	if lasts >= w.Patience.GiveUp {
		return w.refused(ctx, fmt.Errorf("%w (tried for %s%s)", cause, lasts.Round(time.Minute), w.perhapsMade()))
	}
	pause := max(min(max(lasts, w.Patience.First), w.Patience.Max), askedFor(cause))
	w.p.NextTry, w.p.Message = now.Add(pause), words(cause)
	w.Observe(w.p.Step, "later")
	return false, &given{errors.Join(cause, w.save(ctx)), w.p.NextTry}
}

// perhapsMade warns of an account that a call may have made whose answer never came.
func (w *work) perhapsMade() string {
	if w.p.Step != governance.StepCreate {
		return ""
	}
	return fmt.Sprintf("; the account %q may have been made", cmp.Or(w.p.NativeIdentity, w.p.Name))
}

// refused ends the request, once an account that it made is gone again.
func (w *work) refused(ctx context.Context, cause error) (ended bool, err error) {
	w.Observe(w.p.Step, "failed")
	w.Log.Warn("provisioning failed", "request", w.request.ID, "source", w.request.Source.Name, "step", w.p.Step, "tracking_id", w.actor.TrackingID, "error", cause)
	if w.p.Step == governance.StepUndo {
		return w.end(ctx, fmt.Sprintf("%s The account %q was made and could not be removed again: %s", w.p.Cause, w.p.NativeIdentity, words(cause)))
	}
	if w.request.Type == governance.RequestCreation && w.p.Has(governance.StepCreate) {
		w.p.Turn(governance.StepUndo)
		w.p.Cause = words(cause)
		return false, w.save(ctx)
	}
	return w.end(ctx, words(cause))
}

// end ends the request with a failure.
func (w *work) end(ctx context.Context, reason string) (ended bool, err error) {
	err = w.Store.EndRequest(ctx, w.lease, w.request.ID, governance.RequestOutcome{Error: governance.Cut(reason, governance.MaxDescription)})
	if err != nil {
		return false, err
	}
	if err := w.Store.WipePasswords(ctx); err != nil {
		w.Log.Error("cannot wipe passwords", "error", err) // the periodic step will
	}
	return true, nil
}

// connect opens the source, once.
func (w *work) connect(ctx context.Context) error {
	if w.opened != nil {
		return nil
	}
	var err error
	if w.source, err = w.Store.Source(ctx, w.request.Source.ID, ""); err != nil {
		return err
	}
	if w.opened, err = w.Sources.Open(ctx, w.source); err != nil {
		return err
	}
	w.target, _ = w.opened.(connector.Provisioner)
	return nil
}

func (w *work) close() {
	if w.opened != nil {
		w.opened.Close() //nolint:errcheck // what was to be done is done, or has failed
	}
}

// sourceError is what a connector said.
type sourceError struct{ err error }

func (e *sourceError) Error() string { return e.err.Error() }
func (e *sourceError) Unwrap() error { return e.err }

// ofSource marks an error as the source's.
func ofSource(err error) error {
	if err == nil {
		return nil
	}
	return &sourceError{err}
}

// mayPass tells failures that are worth another try: the source is away, or something of our own is. What the source or the
// policy refuses stays refused.
func mayPass(err error) bool {
	var passing *connector.Retryable
	if errors.As(err, &passing) || errors.Is(err, connector.ErrUnreachable) {
		return true
	}
	var source *sourceError
	if errors.As(err, &source) {
		return false
	}
	kind := governance.KindOf(err)
	return kind == governance.Internal || kind == governance.Unavailable
}

// askedFor is the pause that the source itself wants.
func askedFor(err error) time.Duration {
	var passing *connector.Retryable
	if errors.As(err, &passing) {
		return passing.After
	}
	return 0
}

// words are what the requester reads: the source's or our own, never those of our internals.
func words(err error) string {
	var source *sourceError
	if errors.As(err, &source) {
		return err.Error()
	}
	var ours *governance.Error
	if errors.As(err, &ours) {
		return ours.Text
	}
	return "An internal fault stopped the provisioning; the log has it under the request's id."
}
