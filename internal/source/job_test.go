package source_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"midgard/internal/connector/delimited"
	"midgard/internal/governance"
	"midgard/internal/source"
	"midgard/internal/store"
)

func (b *bench) claim(t *testing.T, kind string) governance.Job {
	t.Helper()
	jobs, err := b.store.ClaimJobs(t.Context(), []string{kind}, 1, time.Minute)
	if err != nil || len(jobs) != 1 {
		t.Fatalf("%d jobs (%v)", len(jobs), err)
	}
	return jobs[0]
}

func TestWorkRename(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	src := b.create(t, delimited.Name, `{}`)
	rename := func(s *governance.Source) error { s.Name = "Renamed"; return nil }
	if _, err := b.UpdateSource(t.Context(), tester, src.ID, rename); err != nil {
		t.Fatal(err)
	}
	j := b.claim(t, governance.JobRename)
	if err := b.WorkRename(t.Context(), j); err != nil {
		t.Fatal(err)
	}
	if after, err := b.store.Job(t.Context(), j.ID); err != nil || after.State != governance.JobCompleted {
		t.Errorf("the job is %s (%v)", after.State, err)
	}
}

func TestWorkDeletion(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	src := b.create(t, delimited.Name, `{}`)
	task, err := b.store.DeleteSource(t.Context(), tester, src.ID, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := b.WorkDeletion(t.Context(), b.claim(t, governance.JobDeleteSource)); err != nil {
		t.Fatal(err)
	}
	if done, err := b.store.Task(t.Context(), task.ID, ""); err != nil || done.CompletionStatus != governance.TaskSuccess {
		t.Errorf("the task is %+v (%v)", done, err)
	}
}

// failing is a store that cannot remove rows.
type failing struct {
	*store.Store
	cause error
}

func (f failing) DeleteSourceRows(context.Context, governance.Actor, governance.Lease, string, int) (bool, error) {
	return false, f.cause
}

func TestDeletionThatFails(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	src := b.create(t, delimited.Name, `{}`)
	task, err := b.store.DeleteSource(t.Context(), tester, src.ID, "")
	if err != nil {
		t.Fatal(err)
	}
	cause := errors.New("disk full at /secret/path")
	o := b.Options
	o.Store = failing{b.store, cause}
	broken := source.New(o)
	j := b.claim(t, governance.JobDeleteSource)
	if err := broken.WorkDeletion(t.Context(), j); !errors.Is(err, cause) {
		t.Errorf("got %v", err)
	}
	if waiting, err := b.store.Task(t.Context(), task.ID, ""); err != nil || waiting.Done() {
		t.Errorf("the task has ended before the last try: %+v (%v)", waiting, err)
	}
	j.Attempt = j.MaxAttempts
	if err := broken.WorkDeletion(t.Context(), j); !errors.Is(err, cause) {
		t.Errorf("got %v", err)
	}
	failed, err := b.store.Task(t.Context(), task.ID, "")
	if err != nil || failed.CompletionStatus != governance.TaskError || len(failed.Messages) != 1 || strings.Contains(failed.Messages[0].Text, "disk") {
		t.Errorf("the task is %+v (%v)", failed, err)
	}
	again, err := b.store.DeleteSource(t.Context(), tester, src.ID, "")
	if err != nil || again.ID == task.ID {
		t.Fatalf("deleting again gives the task that failed (%v)", err)
	}
	if err := b.WorkDeletion(t.Context(), b.claim(t, governance.JobDeleteSource)); err != nil {
		t.Error(err)
	}
}

func TestSchedules(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	src := b.create(t, delimited.Name, `{}`)
	schedule := governance.Schedule{SourceID: src.ID, Type: governance.ScheduleAccounts, Cron: "0 0 11 * * ?"}
	for _, refused := range []struct {
		change func(*governance.Schedule)
		kind   governance.Kind
		part   string
	}{
		{func(s *governance.Schedule) { s.Type = "x" }, governance.Illegal, "ACCOUNT_AGGREGATION or GROUP_AGGREGATION"},
		{func(s *governance.Schedule) { s.Cron = "" }, governance.Required, "'cronExpression'"},
		{func(s *governance.Schedule) { s.Cron = "daily" }, governance.Illegal, "cronExpression"},
		{func(s *governance.Schedule) { s.Cron = "0 0 0 1 1 ? 2020" }, governance.Illegal, "no such time is to come"},
	} {
		x := schedule
		refused.change(&x)
		_, err := b.CreateSchedule(t.Context(), tester, x)
		wantError(t, err, refused.kind, refused.part)
	}
	created, err := b.CreateSchedule(t.Context(), tester, schedule)
	if err != nil || !created.NextRun.Equal(b.now.Add(time.Hour)) {
		t.Fatalf("created is %+v (%v)", created, err)
	}
	updated, err := b.UpdateSchedule(t.Context(), tester, src.ID, schedule.Type, func(s *governance.Schedule) error {
		s.Cron = "0 30 * * * ?"
		return nil
	})
	if err != nil || !updated.NextRun.Equal(b.now.Add(30*time.Minute)) {
		t.Errorf("updated is %+v (%v)", updated, err)
	}
	_, err = b.UpdateSchedule(t.Context(), tester, src.ID, schedule.Type, func(s *governance.Schedule) error { s.Cron = "x"; return nil })
	wantError(t, err, governance.Illegal, "cronExpression")
}

// TestStartDue passes over times that went by while nobody looked, and starts a failing schedule's neighbours.
func TestStartDue(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	src := b.create(t, delimited.Name, `{}`)
	for _, scheduleType := range governance.ScheduleTypes() {
		if _, err := b.CreateSchedule(t.Context(), tester, governance.Schedule{SourceID: src.ID, Type: scheduleType, Cron: "0 0/10 * * * ?"}); err != nil {
			t.Fatal(err)
		}
	}
	broken := errors.New("cannot start")
	var started int
	start := func(_ context.Context, s governance.Schedule) error {
		started++
		if s.Type == governance.ScheduleAccounts {
			return broken
		}
		return nil
	}
	for _, step := range []struct {
		wait  time.Duration
		start int
		err   error
	}{{5 * time.Minute, 0, nil}, {5 * time.Minute, 2, broken}, {0, 0, nil}, {9 * time.Minute, 0, nil}, {3 * time.Hour, 2, broken}, {0, 0, nil}} {
		b.now, started = b.now.Add(step.wait), 0
		if err := b.StartDue(t.Context(), start); started != step.start || !errors.Is(err, step.err) {
			t.Errorf("at %v %d runs are started (%v), want %d", b.now, started, err, step.start)
		}
	}
}
