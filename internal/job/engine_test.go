//go:build unix

package job_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"midgard/internal/governance"
	"midgard/internal/job"
	"midgard/internal/store"
	"midgard/internal/store/storetest"
)

func TestAJobRunsOnceAndEnds(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		seen := make(chan governance.Job, 1)
		e := job.New(s, job.Options{Lease: lease})
		e.Handle(kind, func(_ context.Context, j governance.Job) error { seen <- j; return nil })
		s.OnEnqueue(e.Wake)
		run(t, e)
		queued := enqueue(t, s, "a")
		j := receive(t, seen)
		if j.ID != queued.JobID || j.Attempt != 1 || j.TrackingID != tester.TrackingID || !strings.Contains(string(j.Args), queued.ID) {
			t.Errorf("the handler got %+v", j)
		}
		if after := until(t, s, j.ID, ended); after.State != governance.JobCompleted || after.Attempt != 1 {
			t.Errorf("the job is %s", describe(after))
		}
	})
}

func TestOneUnfinishedJobOfAKey(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		first := enqueue(t, s, "a")
		if _, err := start(t.Context(), s, "a"); governance.KindOf(err) != governance.Conflict {
			t.Fatalf("a second job of the same key gives %v", err)
		}
		enqueue(t, s, "b")
		claimed, err := s.ClaimJobs(t.Context(), []string{kind}, 1, lease)
		if err != nil || len(claimed) != 1 || claimed[0].ID != first.JobID {
			t.Fatalf("claimed %+v (%v)", claimed, err)
		}
		if _, err := start(t.Context(), s, "a"); governance.KindOf(err) != governance.Conflict {
			t.Errorf("a second job while the first runs gives %v", err)
		}
		if err := s.EndJob(t.Context(), claimed[0].Lease(), governance.JobCompleted, "", time.Now()); err != nil {
			t.Fatal(err)
		}
		if _, err := start(t.Context(), s, "a"); err != nil {
			t.Errorf("the key stays taken: %v", err)
		}
	})
}

// TestConcurrentStartsGiveOneJob is the same under a race for the key.
func TestConcurrentStartsGiveOneJob(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		errs := make(chan error, 16)
		for range cap(errs) {
			go func() {
				_, err := start(t.Context(), s, "a")
				errs <- err
			}()
		}
		started := 0
		for range cap(errs) {
			switch err := receive(t, errs); {
			case err == nil:
				started++
			case governance.KindOf(err) != governance.Conflict:
				t.Error(err)
			}
		}
		if started != 1 {
			t.Errorf("%d jobs of one key", started)
		}
	})
}

func TestTwoEnginesNeverTakeTheSameJob(t *testing.T) {
	t.Parallel()
	const jobs, engines, workers = 200, 2, 4
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		for i := range jobs {
			enqueue(t, s, fmt.Sprint(i))
		}
		var mu sync.Mutex
		runs, left := map[string]int{}, jobs
		all := make(chan struct{})
		for range engines {
			e := job.New(s, job.Options{Lease: time.Minute, Workers: workers, Poll: 5 * time.Millisecond})
			e.Handle(kind, func(_ context.Context, j governance.Job) error {
				mu.Lock()
				defer mu.Unlock()
				runs[j.ID]++
				if left--; left == 0 {
					close(all)
				}
				return nil
			})
			run(t, e)
		}
		receive(t, all)
		mu.Lock()
		defer mu.Unlock()
		for id, n := range runs {
			if n != 1 {
				t.Errorf("job %s ran %d times", id, n)
			}
		}
		if len(runs) != jobs {
			t.Errorf("%d of %d jobs ran", len(runs), jobs)
		}
	})
}

// TestAHeartbeatKeepsALongJob waits until a job has outlived the lease that it was claimed with, while another engine
// looks for work all the time.
func TestAHeartbeatKeepsALongJob(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		const short = 600 * time.Millisecond
		began, finish := make(chan governance.Job, 2), make(chan struct{})
		for range 2 {
			e := job.New(s, job.Options{Lease: short, Poll: 5 * time.Millisecond})
			e.Handle(kind, func(_ context.Context, j governance.Job) error { began <- j; <-finish; return nil })
			run(t, e)
		}
		enqueue(t, s, "a")
		first := receive(t, began)
		until(t, s, first.ID, func(j governance.Job) bool { return j.LeaseUntil.After(first.LeaseUntil.Add(2 * short)) })
		close(finish)
		if j := until(t, s, first.ID, ended); j.State != governance.JobCompleted || j.Attempt != 1 || len(began) != 0 {
			t.Errorf("the job is %s; %d more began", describe(j), len(began))
		}
	})
}

func TestFailuresAreTriedAgainLater(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		e := job.New(s, job.Options{Lease: lease, Poll: idle})
		e.Handle(kind, func(context.Context, governance.Job) error { return errors.New("the disk is full") })
		s.OnEnqueue(e.Wake)
		run(t, e)
		before := time.Now()
		j := until(t, s, enqueue(t, s, "a").JobID, func(j governance.Job) bool { return j.State == governance.JobAvailable && j.Attempt == 1 })
		if j.LastError != "the disk is full" || j.RunAt.Before(before.Add(400*time.Millisecond)) || j.RunAt.After(time.Now().Add(2*time.Second)) {
			t.Errorf("the job is %s and runs again %v after it was made", describe(j), j.RunAt.Sub(before))
		}
	})
}

// TestHowAttemptsEnd runs handlers of every temper to their end.
func TestHowAttemptsEnd(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		handler  func(attempt int) error
		state    governance.JobState
		attempts int
		text     string
		task     string // how the task of the job ends, which the handlers here leave open
	}{
		"the third attempt works": {func(n int) error {
			if n < 3 {
				return errors.New("not yet")
			}
			return nil
		}, governance.JobCompleted, 3, "", ""},
		"no attempt works":  {func(int) error { return errors.New("never") }, governance.JobFailed, 10, "never", governance.TaskError},
		"trying is useless": {func(int) error { return job.Permanent(errors.New("bad arguments")) }, governance.JobFailed, 1, "bad arguments", governance.TaskError},
		"it panics":         {func(int) error { panic("a fault of ours") }, governance.JobFailed, 1, "panic: a fault of ours", governance.TaskError},
		"it was cancelled":  {func(int) error { return governance.ErrCancelled }, governance.JobCancelled, 1, "cancelled", governance.TaskTerminated},
	}
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		e := job.New(s, job.Options{Lease: lease, Workers: 4, Now: longAgo})
		e.Handle(kind, func(_ context.Context, j governance.Job) error { return tests[j.Key].handler(j.Attempt) })
		s.OnEnqueue(e.Wake)
		run(t, e)
		for name, test := range tests {
			queued := enqueue(t, s, name)
			j := until(t, s, queued.JobID, ended)
			if j.State != test.state || j.Attempt != test.attempts || !strings.Contains(j.LastError, test.text) {
				t.Errorf("%s: the job is %s", name, describe(j))
			}
			if got := task(t, s, queued.ID); got.CompletionStatus != test.task || got.Done() == got.Completed.IsZero() {
				t.Errorf("%s: the task ended with %q at %v, want %q", name, got.CompletionStatus, got.Completed, test.task)
			}
		}
	})
}

func TestARunningJobIsCancelled(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		began, cause := make(chan struct{}), make(chan error, 1)
		e := job.New(s, job.Options{Lease: 600 * time.Millisecond, Poll: idle})
		e.Handle(kind, func(ctx context.Context, _ governance.Job) error {
			close(began)
			<-ctx.Done()
			cause <- context.Cause(ctx)
			return ctx.Err()
		})
		s.OnEnqueue(e.Wake)
		run(t, e)
		queued := enqueue(t, s, "a")
		receive(t, began)
		if _, err := s.CloseTask(t.Context(), tester, queued.ID, governance.TaskTerminated, time.Time{}); err != nil {
			t.Fatal(err)
		}
		if err := receive(t, cause); !errors.Is(err, governance.ErrCancelled) {
			t.Errorf("the handler's context ended because %v", err)
		}
		if j := until(t, s, queued.JobID, ended); j.State != governance.JobCancelled {
			t.Errorf("the job is %s", describe(j))
		}
	})
}

func TestAWaitingJobIsCancelled(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		queued := enqueue(t, s, "a")
		if _, err := s.CloseTask(t.Context(), tester, queued.ID, governance.TaskTerminated, time.Time{}); err != nil {
			t.Fatal(err)
		}
		if j, err := s.Job(t.Context(), queued.JobID); err != nil || j.State != governance.JobCancelled {
			t.Errorf("the job is %s (%v)", describe(j), err)
		}
		if claimed, err := s.ClaimJobs(t.Context(), []string{kind}, 1, lease); len(claimed) != 0 || err != nil {
			t.Errorf("claimed %+v (%v)", claimed, err)
		}
	})
}

// TestACancelledJobOfADeadWorkerDoesNotBegin is about a worker that died before it heard that its job was cancelled.
func TestACancelledJobOfADeadWorkerDoesNotBegin(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		queued := enqueue(t, s, "a")
		if claimed, err := s.ClaimJobs(t.Context(), []string{kind}, 1, lease); len(claimed) != 1 || err != nil {
			t.Fatalf("claimed %+v (%v)", claimed, err)
		}
		if _, err := s.CloseTask(t.Context(), tester, queued.ID, governance.TaskTerminated, time.Time{}); err != nil {
			t.Fatal(err)
		}
		if n, err := s.ReleaseAllJobs(t.Context()); n != 1 || err != nil {
			t.Fatalf("%d jobs released (%v)", n, err)
		}
		cause := make(chan error, 1)
		e := job.New(s, job.Options{Lease: time.Minute, Poll: idle})
		e.Handle(kind, func(ctx context.Context, _ governance.Job) error { cause <- context.Cause(ctx); return ctx.Err() })
		run(t, e)
		if err := receive(t, cause); !errors.Is(err, governance.ErrCancelled) {
			t.Errorf("the handler began with a context that ended because %v", err)
		}
		if j := until(t, s, queued.JobID, ended); j.State != governance.JobCancelled {
			t.Errorf("the job is %s", describe(j))
		}
	})
}

func TestAStoppedEngineGivesItsJobsBack(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		began := make(chan struct{})
		e := job.New(s, job.Options{Lease: time.Minute, Poll: idle})
		e.Handle(kind, func(ctx context.Context, _ governance.Job) error { close(began); <-ctx.Done(); return ctx.Err() })
		s.OnEnqueue(e.Wake)
		stop := run(t, e)
		queued := enqueue(t, s, "a")
		receive(t, began)
		stop()
		if j, err := s.Job(t.Context(), queued.JobID); err != nil || j.State != governance.JobAvailable || j.Attempt != 0 {
			t.Fatalf("the job is %s (%v)", describe(j), err)
		}
		next := job.New(s, job.Options{Lease: lease, Poll: idle})
		next.Handle(kind, func(context.Context, governance.Job) error { return nil })
		run(t, next)
		if j := until(t, s, queued.JobID, ended); j.State != governance.JobCompleted || j.Attempt != 1 {
			t.Errorf("the job is %s", describe(j))
		}
	})
}

// TestNewWorkIsTakenAtOnce measures the way from the answer to the caller to the start of the work, with an engine that
// would otherwise look for work once an hour.
func TestNewWorkIsTakenAtOnce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		began := make(chan time.Time, 1)
		e := job.New(s, job.Options{Lease: time.Minute, Poll: idle})
		e.Handle(kind, func(context.Context, governance.Job) error { began <- time.Now(); return nil })
		s.OnEnqueue(e.Wake)
		run(t, e)
		var waits []time.Duration
		for i := range 20 {
			queued := enqueue(t, s, fmt.Sprint(i))
			answered := time.Now()
			waits = append(waits, max(0, receive(t, began).Sub(answered)))
			until(t, s, queued.JobID, ended)
		}
		slices.Sort(waits)
		t.Logf("work began %v after the answer in the middle, %v at most", waits[len(waits)/2], waits[len(waits)-1])
		if waits[len(waits)-1] > 5*time.Second {
			t.Error("that is not at once")
		}
	})
}

// flaky is a store that cannot be reached for a while.
type flaky struct {
	*store.Store
	mu   sync.Mutex
	left int
}

func (f *flaky) fails() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.left == 0 {
		return nil
	}
	f.left--
	return errors.New("the database is away")
}

func (f *flaky) ClaimJobs(ctx context.Context, kinds []string, n int, lease time.Duration) ([]governance.Job, error) {
	if err := f.fails(); err != nil {
		return nil, err
	}
	return f.Store.ClaimJobs(ctx, kinds, n, lease)
}

func (f *flaky) ExtendLease(ctx context.Context, l governance.Lease, d time.Duration) error {
	if err := f.fails(); err != nil {
		return err
	}
	return f.Store.ExtendLease(ctx, l, d)
}

func TestWorkGoesOnAfterTheDatabaseWasAway(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		e := job.New(&flaky{Store: s, left: 5}, job.Options{Lease: lease, Poll: time.Millisecond})
		e.Handle(kind, func(context.Context, governance.Job) error { return nil })
		queued := enqueue(t, s, "a")
		run(t, e)
		if j := until(t, s, queued.JobID, ended); j.State != governance.JobCompleted {
			t.Errorf("the job is %s", describe(j))
		}
	})
}
