// Package job is the durable job engine. A job is a row that the caller's transaction adds; workers claim rows under a
// lease, renew it by heartbeat and end it. A worker that dies loses its lease and the job runs again; a worker that was
// only slow finds its token replaced, so that nothing it still writes is kept. Handlers are therefore written to run
// again: they carry governance.Lease in every write.
package job

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"sync"
	"time"

	"midgard/internal/governance"
)

// Store keeps the jobs.
type Store interface {
	ClaimJobs(ctx context.Context, kinds []string, n int, lease time.Duration) ([]governance.Job, error)
	ExtendLease(ctx context.Context, l governance.Lease, d time.Duration) error
	EndJob(ctx context.Context, l governance.Lease, state governance.JobState, reason string, runAt time.Time) error
	ReleaseJob(ctx context.Context, l governance.Lease) error
}

// Handler does one kind of work. nil means done. An error is tried again with growing pauses, unless Permanent or Later wraps it;
// governance.ErrCancelled and governance.ErrLeaseLost end the attempt without a retry.
type Handler func(ctx context.Context, j governance.Job) error

// Options tune an Engine; zero values mean the defaults.
type Options struct {
	Workers int           // jobs at the same time; 2
	Lease   time.Duration // how long a silent worker keeps its job; 10 s. The heartbeat comes three times as often.
	Poll    time.Duration // how often to look for work that nobody announced; 1 s
	Now     func() time.Time
	Log     *slog.Logger
}

// Engine runs jobs until its context ends.
type Engine struct {
	store    Store
	o        Options
	handlers map[string]Handler
	wake     chan struct{}
}

// New makes an engine without handlers.
func New(store Store, o Options) *Engine {
	if o.Workers == 0 {
		o.Workers = 2
	}
	if o.Lease == 0 {
		o.Lease = 10 * time.Second
	}
	if o.Poll == 0 {
		o.Poll = time.Second
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Engine{store: store, o: o, handlers: map[string]Handler{}, wake: make(chan struct{}, 1)}
}

// Handle registers the handler of a kind. Call it before Run.
func (e *Engine) Handle(kind string, h Handler) { e.handlers[kind] = h }

// Wake makes the engine look for work now. It never blocks.
func (e *Engine) Wake() {
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

// errStopping is the cause of a job's context when the engine is being stopped.
var errStopping = errors.New("the server is stopping")

// Run claims and works until ctx ends. Then it asks the running jobs to stop, gives them back and returns when the last
// one has.
func (e *Engine) Run(ctx context.Context) {
	kinds := make([]string, 0, len(e.handlers))
	for kind := range e.handlers {
		kinds = append(kinds, kind)
	}
	jobs, stop := context.WithCancelCause(context.WithoutCancel(ctx))
	slots := make(chan struct{}, e.o.Workers)
	var running sync.WaitGroup
	for ctx.Err() == nil {
		for _, j := range e.claim(ctx, kinds, e.o.Workers-len(slots)) {
			slots <- struct{}{}
			running.Go(func() {
				defer func() { <-slots; e.Wake() }()
				e.attempt(jobs, j)
			})
		}
		e.wait(ctx)
	}
	stop(errStopping)
	running.Wait()
}

func (e *Engine) claim(ctx context.Context, kinds []string, n int) []governance.Job {
	if n == 0 {
		return nil
	}
	jobs, err := e.store.ClaimJobs(ctx, kinds, n, e.o.Lease)
	if err != nil && ctx.Err() == nil {
		e.o.Log.Error("cannot claim jobs", "error", err)
	}
	return jobs
}

func (e *Engine) wait(ctx context.Context) {
	timer := time.NewTimer(e.o.Poll)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-e.wake:
	case <-ctx.Done():
	}
}

// attempt runs a claimed job under a heartbeat and records the outcome.
func (e *Engine) attempt(ctx context.Context, j governance.Job) {
	work, cancel := context.WithCancelCause(ctx)
	if j.Cancel { // the worker that had it died before it heard of that; the handler still has to tell its task
		cancel(governance.ErrCancelled)
	}
	beat := make(chan struct{})
	go func() {
		defer close(beat)
		e.heartbeat(work, cancel, j.Lease())
	}()
	err := e.call(work, j)
	cause := context.Cause(work)
	cancel(nil)
	<-beat
	if err != nil && cause != nil {
		err = cause // what the handler says of a context that we ended is only an echo
	}
	if e := e.end(context.WithoutCancel(ctx), j, err); e != nil && err == nil {
		err = e
	}
	if err != nil && !errors.Is(err, errStopping) {
		e.o.Log.Warn("job attempt ended", "kind", j.Kind, "key", j.Key, "attempt", j.Attempt, "tracking_id", j.TrackingID, "error", err)
	}
}

func (e *Engine) heartbeat(ctx context.Context, cancel context.CancelCauseFunc, l governance.Lease) {
	ticker := time.NewTicker(e.o.Lease / 3)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		err := e.store.ExtendLease(ctx, l, e.o.Lease)
		if errors.Is(err, governance.ErrLeaseLost) || errors.Is(err, governance.ErrCancelled) {
			cancel(err)
			return
		}
	}
}

// call turns a panic into an error: a faulty handler ends its job, not the server.
func (e *Engine) call(ctx context.Context, j governance.Job) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = Permanent(fmt.Errorf("panic: %v\n%s", r, debug.Stack()))
		}
	}()
	return e.handlers[j.Kind](ctx, j)
}

func (e *Engine) end(ctx context.Context, j governance.Job, err error) error {
	var permanent *permanentError
	var later *laterError
	now := e.o.Now()
	switch {
	case err == nil:
		return e.store.EndJob(ctx, j.Lease(), governance.JobCompleted, "", now)
	case errors.Is(err, errStopping):
		return e.store.ReleaseJob(ctx, j.Lease())
	case errors.Is(err, governance.ErrLeaseLost):
		return nil
	case errors.Is(err, governance.ErrCancelled):
		return e.store.EndJob(ctx, j.Lease(), governance.JobCancelled, err.Error(), now)
	case errors.As(err, &later):
		return e.store.EndJob(ctx, j.Lease(), governance.JobAvailable, err.Error(), later.at)
	case errors.As(err, &permanent) || j.Attempt >= j.MaxAttempts:
		return e.store.EndJob(ctx, j.Lease(), governance.JobFailed, err.Error(), now)
	}
	return e.store.EndJob(ctx, j.Lease(), governance.JobAvailable, err.Error(), now.Add(backoff(j.Attempt)))
}

// backoff doubles from a second to five minutes, with jitter so that many failures do not come back together.
func backoff(attempt int) time.Duration {
	pause := min(time.Second<<min(attempt-1, 10), 5*time.Minute)
	return pause/2 + rand.N(pause/2+1)
}

type laterError struct {
	err error
	at  time.Time
}

func (e *laterError) Error() string { return e.err.Error() }
func (e *laterError) Unwrap() error { return e.err }

// Later gives a job back until a time, without an end to how often: the work keeps its own count of what went wrong.
func Later(at time.Time, err error) error { return &laterError{err, at} }

type permanentError struct{ err error }

func (e *permanentError) Error() string { return e.err.Error() }
func (e *permanentError) Unwrap() error { return e.err }

// Permanent marks an error that trying again would not mend.
func Permanent(err error) error { return &permanentError{err} }
