//go:build unix

package job_test

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"midgard/internal/governance"
	"midgard/internal/job"
	"midgard/internal/store"
)

const (
	kind = "work"
	// lease is as short as it may be without a loaded machine losing one by being slow.
	lease = 2 * time.Second
	// limit ends a test that would wait for ever.
	limit = 30 * time.Second
	// idle is a polling interval that no test lives to see: what runs was announced.
	idle = time.Hour
)

var tester = governance.Actor{Name: "tester", TrackingID: "7f3c"}

// enqueue starts a task, which is the public way to add a job, and gives the job's id.
func enqueue(t *testing.T, s *store.Store, key string) governance.Task {
	t.Helper()
	task, err := start(t.Context(), s, key)
	if err != nil {
		t.Fatal(err)
	}
	return task
}

func start(ctx context.Context, s *store.Store, key string) (governance.Task, error) {
	task := governance.Task{Name: "Work", Type: governance.TaskTypeQueued, Target: governance.Reference{Name: key}}
	return s.StartTask(ctx, tester, task, kind, key, func(id string) any { return map[string]string{"taskId": id} })
}

// run lets an engine work until the test ends or stop is called, which waits for its end.
func run(t *testing.T, e *job.Engine) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); e.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		receive(t, ended)
	})
	t.Cleanup(stop)
	return stop
}

// receive waits for the next value of a channel or its end.
func receive[T any](t *testing.T, from <-chan T) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(limit):
		t.Fatal("nothing came in time")
		panic("unreachable")
	}
}

// until asks again and again until the job is as wanted, and gives it.
func until(t *testing.T, s *store.Store, id string, wanted func(governance.Job) bool) governance.Job {
	t.Helper()
	deadline, tick := time.After(limit), time.NewTicker(2*time.Millisecond)
	defer tick.Stop()
	for {
		j, err := s.Job(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if wanted(j) {
			return j
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("the job is still %s", describe(j))
		}
	}
}

func ended(j governance.Job) bool {
	return j.State != governance.JobAvailable && j.State != governance.JobRunning
}

func describe(j governance.Job) string {
	return fmt.Sprintf("%s at attempt %d of %d, last error %q", j.State, j.Attempt, j.MaxAttempts, j.LastError)
}

// task reads a task that a test has started.
func task(t *testing.T, s *store.Store, id string) governance.Task {
	t.Helper()
	found, err := s.Task(t.Context(), id, "")
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// taskOf reads the task that a job works for.
func taskOf(ctx context.Context, s *store.Store, j governance.Job) (governance.Task, error) {
	var args struct{ TaskID string }
	if err := json.Unmarshal(j.Args, &args); err != nil {
		return governance.Task{}, err
	}
	return s.Task(ctx, args.TaskID, "")
}

// longAgo is the clock of an engine whose pauses are over as soon as they begin.
func longAgo() time.Time { return time.Now().Add(-24 * time.Hour) }
