//go:build unix

package store_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"midgard/internal/filter"
	"midgard/internal/governance"
	"midgard/internal/store"
	"midgard/internal/store/storetest"
)

// claim takes the one job of a kind that is due.
func claim(t *testing.T, s *store.Store, kind string) governance.Job {
	t.Helper()
	jobs, err := s.ClaimJobs(t.Context(), []string{kind}, 2, time.Minute)
	if err != nil || len(jobs) != 1 {
		t.Fatalf("%d jobs of kind %s are due (%v), want one", len(jobs), kind, err)
	}
	return jobs[0]
}

// aggregated adds machine accounts with two entitlements each to a source, as a run does.
func aggregated(t *testing.T, s *store.Store, src governance.Source, names ...string) {
	t.Helper()
	task := governance.Task{Type: governance.TaskTypeQueued, Name: governance.TaskAccountAggregation, SourceID: src.ID}
	task, err := s.StartTask(t.Context(), tester, task, governance.JobAggregate, src.ID, func(string) any { return struct{}{} })
	if err != nil {
		t.Fatal(err)
	}
	lease := claim(t, s, governance.JobAggregate).Lease()
	machine := true
	var writes []governance.AccountWrite
	for _, name := range names {
		writes = append(writes, governance.AccountWrite{Observed: governance.ObservedAccount{
			NativeIdentity: name, Name: name, Attributes: json.RawMessage(`{"id":"` + name + `"}`), Machine: &machine, Method: governance.BySource,
			Entitlements: []governance.EntitlementValue{{Attribute: "groups", Value: "operators"}, {Attribute: "groups", Value: name}},
		}})
	}
	if _, err := s.ApplyAccounts(t.Context(), tester, lease, governance.Reference{ID: src.ID, Name: src.Name}, writes, nil); err != nil {
		t.Fatal(err)
	}
	task.CompletionStatus = governance.TaskSuccess
	if err := s.FinishTask(t.Context(), lease, task); err != nil {
		t.Fatal(err)
	}
}

func accountsOf(t *testing.T, s *store.Store, sorters string) string {
	t.Helper()
	op := operation(t, "listMachineAccounts")
	page, err := s.MachineAccounts(t.Context(), filter.Query{Limit: 250, Sort: sorted(t, sorters, op)})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, a := range page.Items {
		names = append(names, a.Source.Name+"/"+a.Name)
	}
	return strings.Join(names, " ")
}

func repeated(t *testing.T, step func(context.Context) (bool, error)) int {
	t.Helper()
	for n := 1; n < 100; n++ {
		done, err := step(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if done {
			return n
		}
	}
	t.Fatal("the job does not end")
	return 0
}

func TestRenameSource(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		owner := administrator(t, s)
		first, second := mustCreateSource(t, s, newSource("Alpha", owner)), mustCreateSource(t, s, newSource("Beta", owner))
		aggregated(t, s, first, "a1", "a2", "a3")
		aggregated(t, s, second, "b1")
		updateSource(t, s, first.ID, func(src *governance.Source) { src.Name = "Zeta" })

		j := claim(t, s, governance.JobRename)
		rename := func(ctx context.Context) (bool, error) { return s.RenameSourceRows(ctx, j.Lease(), first.ID, 2) }
		if done, err := rename(t.Context()); done || err != nil {
			t.Fatalf("the first two rows end the job: %t, %v", done, err)
		}
		// renamed again on the way: the rows that have passed get the last name all the same
		updateSource(t, s, first.ID, func(src *governance.Source) { src.Name = "Omega" })
		repeated(t, rename)
		if got, want := accountsOf(t, s, "source.name,name"), "Beta/b1 Omega/a1 Omega/a2 Omega/a3"; got != want {
			t.Errorf("accounts by source: %s, want %s", got, want)
		}
		if after, err := s.Job(t.Context(), j.ID); err != nil || after.State != governance.JobCompleted {
			t.Errorf("the job is %s (%v)", after.State, err)
		}
		updateSource(t, s, first.ID, func(src *governance.Source) { src.Name = "Alpha" })
		if next := claim(t, s, governance.JobRename); next.ID == j.ID {
			t.Error("a later rename runs in a job that has ended")
		}
		_, err := rename(t.Context())
		if err == nil {
			t.Error("a worker that has ended its job still renames")
		}
	})
}

func TestDeleteSource(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		owner := administrator(t, s)
		doomed, other := mustCreateSource(t, s, newSource("Alpha", owner), newSchema("account")), mustCreateSource(t, s, newSource("Beta", owner))
		aggregated(t, s, doomed, "a1", "a2", "a3")
		aggregated(t, s, other, "b1")
		byHand := machineByHand(t, s, doomed.ID)
		upload, _, err := s.CreateUpload(t.Context(), doomed.ID, "x.csv", strings.NewReader("x"), 10)
		if err != nil {
			t.Fatal(err)
		}
		running, err := s.StartTask(t.Context(), tester, governance.Task{Name: governance.TaskAccountAggregation, SourceID: doomed.ID}, governance.JobAggregate, doomed.ID,
			func(string) any { return struct{}{} })
		if err != nil {
			t.Fatal(err)
		}
		run := claim(t, s, governance.JobAggregate)

		task, err := s.DeleteSource(t.Context(), tester, doomed.ID, "")
		if err != nil || task.Done() || task.Target.Name != "Alpha" {
			t.Fatalf("deletion gives %+v, %v", task, err)
		}
		again, err := s.DeleteSource(t.Context(), tester, doomed.ID, "")
		if err != nil || again.ID != task.ID {
			t.Errorf("deleting again gives task %s (%v), want %s", again.ID, err, task.ID)
		}
		_, err = s.Source(t.Context(), doomed.ID, "")
		wantKind(t, err, governance.NotFound, "Source")
		if names := sourceNames(t, s, filter.Query{Limit: 10}); names != "Beta" {
			t.Errorf("sources are %q", names)
		}
		mustCreateSource(t, s, newSource("Alpha", owner)) // the name is free at once
		if stopped, err := s.Task(t.Context(), running.ID, ""); err != nil || stopped.CompletionStatus != governance.TaskTerminated {
			t.Errorf("the aggregation is %q (%v)", stopped.CompletionStatus, err)
		}

		j := claim(t, s, governance.JobDeleteSource)
		remove := func(ctx context.Context) (bool, error) {
			return s.DeleteSourceRows(ctx, tester, j.Lease(), doomed.ID, 2)
		}
		_, err = remove(t.Context())
		wantKind(t, err, governance.Unavailable, "still stopping")
		if err := s.EndJob(t.Context(), run.Lease(), governance.JobCancelled, "", time.Now()); err != nil {
			t.Fatal(err)
		}
		if n := repeated(t, remove); n < 4 {
			t.Errorf("%d steps of two rows removed three accounts and four entitlements", n)
		}
		checkGone(t, s, doomed.ID, byHand, upload, task.ID)
	})
}

// machineByHand adds a machine identity that somebody describes, on the source and with one of its entitlements.
func machineByHand(t *testing.T, s *store.Store, sourceID string) string {
	t.Helper()
	page, err := s.Entitlements(t.Context(), filter.Query{Limit: 10, Where: equal("source.id", sourceID)})
	if err != nil || len(page.Items) != 4 {
		t.Fatalf("%d entitlements, %v", len(page.Items), err)
	}
	m, err := s.CreateMachineIdentity(t.Context(), tester, governance.MachineIdentity{
		Name: "By hand", NativeIdentity: "hand", Subtype: governance.SubtypeApplication, Source: governance.Reference{ID: sourceID},
		ExistsOnSource: governance.ExistsNotApplicable, ManuallyCreated: true,
		UserEntitlements: []governance.UserEntitlement{{Entitlement: governance.Reference{ID: page.Items[0].ID}, Source: governance.Reference{ID: sourceID}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return m.ID
}

func equal(field, id string) filter.Expr {
	return &filter.Compare{Field: field, Type: filter.ID, Op: filter.Eq, Values: []filter.Value{{Text: id}}}
}

func checkGone(t *testing.T, s *store.Store, sourceID, byHand, upload, taskID string) {
	t.Helper()
	if got := accountsOf(t, s, "name"); got != "Beta/b1" {
		t.Errorf("accounts are %q", got)
	}
	entitlements, err := s.Entitlements(t.Context(), filter.Query{Limit: 10, Where: equal("source.id", sourceID)})
	if err != nil || len(entitlements.Items) != 0 {
		t.Errorf("%d entitlements are left (%v)", len(entitlements.Items), err)
	}
	machines, err := s.MachineIdentities(t.Context(), filter.Query{Limit: 10})
	var names []string
	for _, m := range machines.Items {
		names = append(names, fmt.Sprintf("%s of %q with %d", m.Name, m.Source.Name, len(m.UserEntitlements)))
	}
	if diff := cmp.Diff([]string{`b1 of "Beta" with 0`, `By hand of "" with 0`}, names); diff != "" || err != nil {
		t.Errorf("machine identities (-want +got), %v:\n%s", err, diff)
	}
	if last := len(wantActions(t, s, byHand, "CREATE", "UPDATE", "UPDATE")); last != 3 {
		t.Errorf("%d records", last)
	}
	if _, err := s.OpenUpload(t.Context(), upload).Read(make([]byte, 1)); governance.KindOf(err) != governance.NotFound {
		t.Errorf("the upload is still there: %v", err)
	}
	task, err := s.Task(t.Context(), taskID, "")
	if err != nil || task.CompletionStatus != governance.TaskSuccess || task.PercentComplete != 100 {
		t.Errorf("the task is %+v (%v)", task, err)
	}
	job, err := s.Job(t.Context(), task.JobID)
	if err != nil || job.State != governance.JobCompleted {
		t.Errorf("the job is %s (%v)", job.State, err)
	}
	_, err = s.DeleteSource(t.Context(), tester, sourceID, "")
	wantKind(t, err, governance.NotFound, "Source")
}
