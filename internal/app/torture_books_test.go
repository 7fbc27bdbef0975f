//go:build unix

package app_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"midgard/internal/governance"
)

// accountRow is a row of the inventory.
type accountRow struct{ ID, Native, Owner, Subtype, Environment, Description, Identity string }

// verdict is what the tables say in the end.
type verdict struct {
	*books
	requests  map[string]governance.AccountRequest
	approvals map[string]governance.GenericApproval
	accounts  map[string]accountRow // by id
}

// decodedRows decodes the second column of a query, by the first.
func decodedRows[T any](b *books, query string) map[string]T {
	b.t.Helper()
	objects := map[string]T{}
	b.rows(query, func(id, text string) {
		var x T
		if err := json.Unmarshal([]byte(text), &x); err != nil {
			b.t.Fatalf("%s: %v in %s", query, err, text)
		}
		objects[id] = x
	})
	return objects
}

// check compares what people were told, what the tables have and what the directory shows.
func (x *torture) check(b *books) {
	v := verdict{books: b, accounts: map[string]accountRow{}}
	v.requests = decodedRows[governance.AccountRequest](b, "select id, body from account_request")
	v.approvals = decodedRows[governance.GenericApproval](b, "select id, body from generic_approval")
	b.rows(`select id, native_identity || '|' || coalesce(owner_id, '') || '|' || coalesce(subtype, '') || '|' || coalesce(environment, '') || '|' || coalesce(description, '')
		|| '|' || coalesce(machine_identity_id, '') from account where source_id = '`+x.source+"'", func(id, row string) {
		p := strings.Split(row, "|")
		v.accounts[id] = accountRow{id, p[0], p[1], p[2], p[3], p[4], p[5]}
	})
	v.checkEnds()
	v.checkDecisions(x)
	made := x.checkWishes(&v)
	x.checkDeletions(&v, made)
	x.checkAccounts(&v, made)
	x.checkGroup(made)
	v.checkWork()
}

// checkEnds: every request has ended, once, and as its approval did.
func (v *verdict) checkEnds() {
	counts := map[string]int{}
	for id, r := range v.requests {
		counts[string(r.Type)+" "+string(r.Status)]++
		approval, asked := v.approvals[r.ApprovalID]
		switch {
		case r.Status == governance.RequestPending, r.Completed.IsZero():
			v.t.Errorf("request %s has not ended: %+v", id, r)
		case r.Status == governance.RequestFailed:
			v.t.Errorf("request %s failed: %s", id, r.Error)
		case asked != (r.ApprovalID != ""):
			v.t.Errorf("request %s has lost its approval %s", id, r.ApprovalID)
		case asked && approval.Status != map[governance.RequestStatus]governance.ApprovalStatus{
			governance.RequestSucceeded: governance.ApprovalApproved, governance.RequestRejected: governance.ApprovalRejected, governance.RequestCancelled: governance.ApprovalCancelled,
		}[r.Status]:
			v.t.Errorf("request %s is %s, its approval %s", id, r.Status, approval.Status)
		}
	}
	v.t.Logf("%d requests: %v", len(v.requests), counts)
	ends := map[string]int{}
	v.rows("select object_id, after from change where object_type = 'ACCOUNT_REQUEST' and after is not null", func(id, after string) {
		var is struct{ OverallStatus governance.RequestStatus }
		if err := json.Unmarshal([]byte(after), &is); err != nil {
			v.t.Fatal(err)
		}
		if is.OverallStatus != "" && is.OverallStatus != governance.RequestPending {
			ends[id]++
		}
	})
	for id := range v.requests {
		if ends[id] != 1 {
			v.t.Errorf("request %s has come to %d ends", id, ends[id])
		}
	}
}

// checkDecisions: every step of every approval was decided at most once, and what was acknowledged is what counts.
func (v *verdict) checkDecisions(x *torture) {
	type steps struct {
		Steps  []governance.ApprovalStep
		Status governance.ApprovalStatus
	}
	decided, ended := map[string]int{}, map[string]int{}
	v.rows("select object_id, before || '\n' || after from change where object_type = 'APPROVAL' and action = 'UPDATE'", func(id, both string) {
		before, after, _ := strings.Cut(both, "\n")
		var was, is steps
		if json.Unmarshal([]byte(before), &was) != nil || json.Unmarshal([]byte(after), &is) != nil {
			v.t.Fatalf("a change of approval %s is %s", id, both)
		}
		for i := range is.Steps {
			if is.Steps[i].Decision != "" && (i >= len(was.Steps) || was.Steps[i].Decision != is.Steps[i].Decision || was.Steps[i].DecidedBy != is.Steps[i].DecidedBy) {
				decided[id]++
			}
		}
		if is.Status != "" {
			ended[id]++
		}
	})
	for id, a := range v.approvals {
		n := 0
		for _, step := range a.Steps {
			if step.Decision != "" {
				n++
			}
		}
		if a.Pending() || decided[id] != n || ended[id] != 1 {
			v.t.Errorf("approval %s is %s with %d decisions; it was decided %d times and ended %d times", id, a.Status, n, decided[id], ended[id])
		}
	}
	for id, told := range x.decisions {
		v.checkTold(id, told)
	}
}

// checkTold: each decision that was acknowledged is there, and no two are about one step.
func (v *verdict) checkTold(id string, told []decision) {
	a := v.approvals[id]
	taken := map[int]bool{}
	for _, d := range told {
		want := governance.ApprovalRejected
		if d.approved {
			want = governance.ApprovalApproved
		}
		at := slices.IndexFunc(a.Steps, func(s governance.ApprovalStep) bool { return s.DecidedBy.ID == d.by && s.Decision == want })
		if at < 0 || taken[at] {
			v.t.Errorf("approval %s: a decision of %s was acknowledged and does not count: %+v", id, d.by, a.Steps)
		}
		taken[at] = true
	}
}

// checkWishes: nothing that was acknowledged is lost, and nothing was asked for twice. It gives the requests that have made
// an account, by their marks.
func (x *torture) checkWishes(v *verdict) (made map[string]governance.AccountRequest) {
	byMark := map[string][]governance.AccountRequest{}
	for _, r := range v.requests {
		if r.Type == governance.RequestCreation {
			byMark[r.Description] = append(byMark[r.Description], r)
		}
	}
	made = map[string]governance.AccountRequest{}
	for _, w := range x.wishes {
		list := byMark[w.mark]
		delete(byMark, w.mark)
		switch {
		case len(list) > 1:
			x.t.Errorf("%s has %d requests", w.mark, len(list))
		case len(list) == 0 && w.id != "":
			x.t.Errorf("%s was acknowledged as %s and is lost", w.mark, w.id)
		case len(list) == 0:
			continue // it never arrived
		case w.id != "" && w.id != list[0].ID:
			x.t.Errorf("%s was acknowledged as %s and is %s", w.mark, w.id, list[0].ID)
		case w.cancelled != (list[0].Status == governance.RequestCancelled) && w.cancelled:
			x.t.Errorf("%s was cancelled and is %s", w.mark, list[0].Status)
		case w.account != "" && w.account != list[0].Account.ID:
			x.t.Errorf("%s had the account %s and has %s", w.mark, w.account, list[0].Account.ID)
		}
		if list[0].Status == governance.RequestSucceeded {
			made[w.mark] = list[0]
		}
	}
	if len(byMark) > 0 {
		x.t.Errorf("nobody asked for %v", slices.Collect(maps.Keys(byMark)))
	}
	return made
}

// checkDeletions takes the accounts whose deletion has succeeded out of those that were made.
func (x *torture) checkDeletions(v *verdict, made map[string]governance.AccountRequest) {
	marks := map[string]string{} // by account
	for mark, r := range made {
		marks[r.Account.ID] = mark
	}
	for id, r := range v.requests {
		if r.Type != governance.RequestDeletion {
			continue
		}
		mark, known := marks[r.Account.ID]
		if !known {
			x.t.Errorf("request %s deletes %s, which nobody has got", id, r.Account.ID)
		}
		if r.Status == governance.RequestSucceeded {
			if _, there := made[mark]; known && !there {
				x.t.Errorf("%s was deleted twice", mark)
			}
			delete(made, mark)
		}
	}
	for _, w := range x.wishes {
		if _, there := v.requests[w.deletion]; w.deletion != "" && !there {
			x.t.Errorf("the deletion %s of %s was acknowledged and is lost", w.deletion, w.mark)
		}
	}
}

// checkAccounts: the directory and the inventory have exactly the accounts that were made and not deleted, once, and the
// inventory has them as they were asked for.
func (x *torture) checkAccounts(v *verdict, made map[string]governance.AccountRequest) {
	entries := x.marked()
	natives, accounts := map[string]int{}, maps.Clone(v.accounts)
	for _, a := range accounts {
		natives[a.Native]++
	}
	for mark, r := range made {
		a, there := accounts[r.Account.ID]
		delete(accounts, r.Account.ID)
		dns := entries[mark]
		delete(entries, mark)
		want := accountRow{r.Account.ID, a.Native, x.dora.ID, map[string]string{x.free: "free", x.ruled: "ruled"}[r.Subtype.ID], "Test", mark, r.MachineIdentity.ID}
		switch {
		case !there:
			x.t.Errorf("%s has the account %s, which is not in the inventory", mark, r.Account.ID)
		case len(dns) != 1:
			x.t.Errorf("%s has on the directory %q", mark, dns)
		case a != want || a.Native != dns[0] || natives[a.Native] != 1:
			x.t.Errorf("%s is %+v in the inventory (%d times), want %+v; on the directory it is %s", mark, a, natives[a.Native], want, dns[0])
		}
	}
	if len(entries) > 0 {
		x.t.Errorf("on the directory there are accounts that should not be: %v", entries)
	}
	for _, a := range accounts {
		if !slices.Contains([]string{serviceDN("svc-00"), serviceDN("svc-01"), serviceDN("jane")}, a.Native) {
			x.t.Errorf("in the inventory is %+v, which should not be", a)
		}
	}
	x.t.Logf("%d accounts were made and are there", len(made))
}

// checkGroup: the group has exactly the accounts that were asked for with it.
func (x *torture) checkGroup(made map[string]governance.AccountRequest) {
	want := []string{serviceDN("svc-00")}
	entries := x.marked()
	for mark, r := range made {
		if len(r.Entitlements) > 0 {
			want = append(want, entries[mark]...)
		}
	}
	got := entriesBelow(x.t, x.slapd, directoryGroups, "groupOfNames")[groupDN("readers")].GetAttributeValues("member")
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		x.t.Errorf("the group has %q, want %q", got, want)
	}
}

// checkWork: nothing is left to do, and no name is kept for a request that has ended.
func (v *verdict) checkWork() {
	v.rows("select id, kind || ' ' || state || ' ' || coalesce(last_error, '') from job where state in ('available', 'running', 'failed')", func(_, job string) { v.t.Errorf("a job is left: %s", job) })
	v.rows("select request_id, name_key from planned_account", func(id, name string) {
		v.t.Errorf("the name %q is still kept for request %s, which is %s", name, id, v.requests[id].Status)
	})
	v.rows("select id, coalesce(completion_status, 'nothing') || ' ' || coalesce(messages, '') from task where coalesce(completion_status, 'nothing') <> 'SUCCESS'", func(_, task string) {
		v.t.Errorf("a task ended with %s", task)
	})
	records := map[string]int{}
	v.rows("select object_id, object_type from change where action = 'CREATE'", func(id, _ string) { records[id]++ })
	for id := range v.accounts {
		v.wantOne("account", id, records)
	}
}
