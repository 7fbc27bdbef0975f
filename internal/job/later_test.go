//go:build unix

package job_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"midgard/internal/governance"
	"midgard/internal/job"
	"midgard/internal/store"
	"midgard/internal/store/storetest"
)

// TestLaterNeverGivesUp: a job that is given back for later runs again at that time, beyond the attempts of others.
func TestLaterNeverGivesUp(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		task := enqueue(t, s, "patient")
		e := job.New(s, job.Options{Poll: 2 * time.Millisecond})
		ended := make(chan int, 1)
		waited := time.Time{}
		e.Handle(kind, func(_ context.Context, j governance.Job) error {
			if time.Now().Before(waited) {
				t.Errorf("attempt %d came too early", j.Attempt)
			}
			if j.Attempt <= j.MaxAttempts+2 {
				waited = time.Now().Add(5 * time.Millisecond).Truncate(time.Millisecond)
				return job.Later(waited, errors.New("not yet"))
			}
			ended <- j.Attempt
			return nil
		})
		run(t, e)
		if n := receive(t, ended); n < 10 { // more than any job has
			t.Errorf("it took %d attempts", n)
		}
		until(t, s, task.JobID, func(j governance.Job) bool { return j.State == governance.JobCompleted })
	})
}
