//go:build unix

package store_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"midgard/internal/governance"
	"midgard/internal/store"
	"midgard/internal/store/storetest"
)

func TestSchemas(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		src := mustCreateSource(t, s, newSource("Payroll", administrator(t, s)), newSchema("account"))
		other := mustCreateSource(t, s, newSource("Other", src.Owner.ID), newSchema("account"))
		draft := newSchema("group")
		draft.Configuration, draft.Features = []byte(`{"a":1}`), []string{"PROVISIONING"}
		group, err := s.CreateSchema(t.Context(), tester, src.ID, draft)
		if err != nil {
			t.Fatal(err)
		}
		read, err := s.Schema(t.Context(), src.ID, group.ID)
		if diff := cmp.Diff(group, read); diff != "" || err != nil {
			t.Errorf("read (-created +read), %v:\n%s", err, diff)
		}
		_, err = s.CreateSchema(t.Context(), tester, src.ID, newSchema("group"))
		wantKind(t, err, governance.Conflict, `Schema with name "group" already exists`)
		_, err = s.Schema(t.Context(), other.ID, group.ID)
		wantKind(t, err, governance.NotFound, "Schema")
		_, err = s.UpdateSchema(t.Context(), tester, other.ID, group.ID, func(*governance.Schema) error { return nil })
		wantKind(t, err, governance.NotFound, "Schema")

		updated, err := s.UpdateSchema(t.Context(), tester, src.ID, group.ID, func(x *governance.Schema) error {
			x.NativeObjectType = "groupOfNames"
			return nil
		})
		if err != nil || updated.NativeObjectType != "groupOfNames" || updated.SourceID != src.ID {
			t.Errorf("updated is %+v (%v)", updated, err)
		}
		wantActions(t, s, group.ID, "CREATE", "UPDATE")
		wantSchemas(t, s, src.ID, "account", "group")
		if err := s.DeleteSchema(t.Context(), tester, src.ID, group.ID); err != nil {
			t.Fatal(err)
		}
		wantSchemas(t, s, src.ID, "account")
		wantKind(t, s.DeleteSchema(t.Context(), tester, src.ID, group.ID), governance.NotFound, "Schema")
	})
}

func wantSchemas(t *testing.T, s *store.Store, sourceID string, want ...string) {
	t.Helper()
	src, err := s.Source(t.Context(), sourceID, "")
	if err != nil {
		t.Fatal(err)
	}
	all, err := s.Schemas(t.Context(), sourceID)
	if err != nil {
		t.Fatal(err)
	}
	var refs, schemas []string
	for _, ref := range src.Schemas {
		refs = append(refs, ref.Name)
	}
	for _, schema := range all {
		schemas = append(schemas, schema.Name)
	}
	if diff := cmp.Diff([][]string{want, want}, [][]string{refs, schemas}); diff != "" {
		t.Errorf("schemas as references and as a list (-want +got):\n%s", diff)
	}
}

// TestSchemaChangeForgetsTheDelta covers what a delta would leave out: it was read by the former schema.
func TestSchemaChangeForgetsTheDelta(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		draft := newSource("Payroll", administrator(t, s))
		draft.DeltaToken = []byte("token")
		src := mustCreateSource(t, s, draft)
		if string(src.DeltaToken) != "token" {
			t.Fatalf("the token is %q", src.DeltaToken)
		}
		if _, err := s.CreateSchema(t.Context(), tester, src.ID, newSchema("account")); err != nil {
			t.Fatal(err)
		}
		if read, err := s.Source(t.Context(), src.ID, ""); err != nil || read.DeltaToken != nil {
			t.Errorf("the token is still %q (%v)", read.DeltaToken, err)
		}
	})
}

func TestSchedules(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		src := mustCreateSource(t, s, newSource("Payroll", administrator(t, s)))
		at := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
		accounts := mustSchedule(t, s, governance.Schedule{SourceID: src.ID, Type: governance.ScheduleAccounts, Cron: "0 0 10 * * ?", NextRun: at})
		mustSchedule(t, s, governance.Schedule{SourceID: src.ID, Type: governance.ScheduleGroups, Cron: "0 0 11 * * ?", NextRun: at.Add(time.Hour)})
		_, err := s.CreateSchedule(t.Context(), tester, accounts)
		wantKind(t, err, governance.Conflict, "ACCOUNT_AGGREGATION already exists")
		wantDue(t, s, at.Add(-time.Second))
		wantDue(t, s, at, governance.ScheduleAccounts)
		wantDue(t, s, at.Add(time.Hour), governance.ScheduleAccounts, governance.ScheduleGroups)

		updated, err := s.UpdateSchedule(t.Context(), tester, src.ID, governance.ScheduleAccounts, func(x *governance.Schedule) error {
			x.Cron, x.NextRun = "0 0 12 * * ?", at.Add(2*time.Hour)
			return nil
		})
		if err != nil || updated.Cron != "0 0 12 * * ?" {
			t.Errorf("updated is %+v (%v)", updated, err)
		}
		if won, err := s.AdvanceSchedule(t.Context(), accounts, at); won || err != nil {
			t.Errorf("a schedule that was changed meanwhile is started (%v)", err)
		}
		read, err := s.Schedule(t.Context(), src.ID, governance.ScheduleAccounts)
		if diff := cmp.Diff(updated, read); diff != "" || err != nil {
			t.Errorf("read (-updated +read), %v:\n%s", err, diff)
		}
		if err := s.DeleteSchedule(t.Context(), tester, src.ID, governance.ScheduleAccounts); err != nil {
			t.Fatal(err)
		}
		left, err := s.Schedules(t.Context(), src.ID)
		if err != nil || len(left) != 1 || left[0].Type != governance.ScheduleGroups {
			t.Errorf("left are %+v (%v)", left, err)
		}
		wantKind(t, s.DeleteSchedule(t.Context(), tester, src.ID, governance.ScheduleAccounts), governance.NotFound, "Schedule")
		wantActions(t, s, src.ID, "CREATE", "CREATE", "CREATE", "UPDATE", "DELETE")
		if _, err := s.DeleteSource(t.Context(), tester, src.ID, ""); err != nil {
			t.Fatal(err)
		}
		wantDue(t, s, at.Add(time.Hour))
	})
}

func mustSchedule(t *testing.T, s *store.Store, schedule governance.Schedule) governance.Schedule {
	t.Helper()
	created, err := s.CreateSchedule(t.Context(), tester, schedule)
	if err != nil {
		t.Fatal(err)
	}
	return created
}

func wantDue(t *testing.T, s *store.Store, at time.Time, want ...string) []governance.Schedule {
	t.Helper()
	due, err := s.DueSchedules(t.Context(), at)
	if err != nil {
		t.Fatal(err)
	}
	var types []string
	for _, schedule := range due {
		types = append(types, schedule.Type)
	}
	if diff := cmp.Diff(want, types); diff != "" {
		t.Errorf("due at %v (-want +got):\n%s", at, diff)
	}
	return due
}

// TestOneNodeStartsASchedule lets many race for the same time.
func TestOneNodeStartsASchedule(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		src := mustCreateSource(t, s, newSource("Payroll", administrator(t, s)))
		at := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
		mustSchedule(t, s, governance.Schedule{SourceID: src.ID, Type: governance.ScheduleAccounts, Cron: "0 0 10 1 3 ? 2026", NextRun: at})
		due := wantDue(t, s, at, governance.ScheduleAccounts)[0]
		var wins atomic.Int64
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				won, err := s.AdvanceSchedule(t.Context(), due, time.Time{})
				if err != nil {
					t.Error(err)
				}
				if won {
					wins.Add(1)
				}
			})
		}
		all.Wait()
		if wins.Load() != 1 {
			t.Errorf("%d nodes start the run", wins.Load())
		}
		wantDue(t, s, at.AddDate(1000, 0, 0)) // a schedule without a next time is never due again
		if read, err := s.Schedule(t.Context(), src.ID, governance.ScheduleAccounts); err != nil || !read.NextRun.IsZero() {
			t.Errorf("the next run is %v (%v), want none", read.NextRun, err)
		}
	})
}
