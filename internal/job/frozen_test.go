//go:build unix

package job_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"midgard/internal/governance"
	"midgard/internal/job"
	"midgard/internal/store"
	"midgard/internal/store/storetest"
)

// frozen is the store as a worker sees it whose process was stopped: no heartbeat goes out until it thaws.
type frozen struct {
	*store.Store
	thaw <-chan struct{}
}

func (f frozen) ExtendLease(ctx context.Context, l governance.Lease, d time.Duration) error {
	select {
	case <-f.thaw:
	case <-ctx.Done():
		return ctx.Err()
	}
	return f.Store.ExtendLease(ctx, l, d)
}

// attempt is what a worker had to say when it ended its task.
type attempt struct {
	number   int
	progress error // of a write in the middle
	finished error
}

// TestAFrozenWorkerKeepsNothing freezes workers past their lease, lets others do the work, and thaws them: half of them
// notice that their context has ended, half of them do not look. Whatever they still write, nothing of it may be kept.
func TestAFrozenWorkerKeepsNothing(t *testing.T) {
	t.Parallel()
	const jobs = 10
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		thaw, second := make(chan struct{}), make(chan attempt, jobs)
		first := make(chan attempt, jobs)
		began := make(chan struct{}, jobs)
		sleeper := job.New(frozen{s, thaw}, job.Options{Workers: jobs, Lease: 300 * time.Millisecond, Poll: 5 * time.Millisecond})
		sleeper.Handle(kind, func(ctx context.Context, j governance.Job) error {
			began <- struct{}{}
			<-thaw
			if len(j.Key)%2 == 0 {
				<-ctx.Done()
			}
			a := finish(s, j, "by the sleeper")
			first <- a
			return a.finished
		})
		stop := run(t, sleeper)
		var tasks []governance.Task
		for i := range jobs {
			tasks = append(tasks, enqueue(t, s, fmt.Sprintf("%0*d", 1+i, i)))
		}
		for range jobs {
			receive(t, began)
		}
		waker := job.New(s, job.Options{Workers: jobs, Lease: lease, Poll: 5 * time.Millisecond})
		waker.Handle(kind, func(_ context.Context, j governance.Job) error {
			a := finish(s, j, "by the waker")
			second <- a
			return a.finished
		})
		run(t, waker)
		for range jobs {
			if a := receive(t, second); a.number != 2 || a.progress != nil || a.finished != nil {
				t.Errorf("the second worker, at attempt %d, got %v and %v", a.number, a.progress, a.finished)
			}
		}
		close(thaw)
		for range jobs {
			if a := receive(t, first); !errors.Is(a.progress, governance.ErrLeaseLost) || !errors.Is(a.finished, governance.ErrLeaseLost) {
				t.Errorf("the frozen worker's writes gave %v and %v", a.progress, a.finished)
			}
		}
		stop()
		for _, queued := range tasks {
			j := until(t, s, queued.JobID, ended)
			if got := task(t, s, queued.ID); j.State != governance.JobCompleted || got.Progress != "by the waker" {
				t.Errorf("the job is %s, done %s", describe(j), got.Progress)
			}
		}
	})
}

// finish does what handlers do: it writes in the middle and ends its task, under the job's lease.
func finish(s *store.Store, j governance.Job, who string) attempt {
	ctx := context.Background()
	tasks, err := taskOf(ctx, s, j)
	if err != nil {
		return attempt{j.Attempt, err, err}
	}
	tasks.Progress = who
	progress := s.ReportTask(ctx, j.Lease(), tasks)
	tasks.CompletionStatus = governance.TaskSuccess
	return attempt{j.Attempt, progress, s.FinishTask(ctx, j.Lease(), tasks)}
}
