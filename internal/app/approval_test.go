//go:build unix

package app_test

import (
	"fmt"
	"io"
	"mime/quotedprintable"
	"net/http"
	"net/mail"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"midgard/internal/app/apptest"
	schedules "midgard/internal/approval"
	"midgard/internal/config"
	"midgard/internal/governance"
	"midgard/internal/store"
	"midgard/internal/testenv"
)

const approvalsPath = "/generic-approvals/v1"

// desk is a server with people who ask and decide: bob asks, ada is his manager, cleo and dora are a governance group.
type desk struct {
	*apptest.Server
	ada, bob, cleo, dora, emil *apptest.Caller
	group                      string
}

func newDesk(t *testing.T, s *apptest.Server) *desk {
	t.Helper()
	d := &desk{Server: s, ada: s.As(t, "ada"), bob: s.As(t, "bob"), cleo: s.As(t, "cleo"), dora: s.As(t, "dora"), emil: s.As(t, "emil")}
	d.group = s.Admin.Post(t, "/workgroups/v1", apptest.JSON(obj{"name": "Approvers", "owner": obj{"type": "IDENTITY", "id": d.ada.ID}})).Want(t, 200).ID(t)
	members := []obj{{"type": "IDENTITY", "id": d.cleo.ID}, {"type": "IDENTITY", "id": d.dora.ID}}
	s.Admin.Post(t, "/workgroups/v1/"+d.group+"/members/bulk-add", apptest.JSON(members)).Want(t, 207)
	return d
}

func asParty(c *apptest.Caller) governance.Party {
	return governance.Person(governance.Reference{ID: c.ID, Name: c.Name})
}

// open asks for an approval of bob's by these parties, in a store beside the server.
func (d *desk) open(t *testing.T, name string, parties ...governance.Party) string {
	t.Helper()
	db, err := store.Open(t.Context(), d.Database())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // what it wrote is committed
	db.KeepMail()
	a := governance.GenericApproval{
		Type: "AGENT_ACTIVATE_APPROVAL", Name: name, Description: "Seen by " + name, Requester: asParty(d.bob).Reference,
		Targets: []governance.ApprovalObject{{Type: "SUBTYPE", RequestType: "CREATE", Reference: governance.Reference{ID: unknownID, Name: "Robot"}}},
	}
	for _, p := range parties {
		a.Steps = append(a.Steps, governance.ApprovalStep{Kind: governance.ApproverManager, Approver: p})
	}
	a, err = db.OpenApproval(t.Context(), governance.Server("test", ""), a)
	if err != nil {
		t.Fatal(err)
	}
	return a.ID
}

func (d *desk) groupParty() governance.Party {
	return governance.Party{Type: governance.PartyGroup, Reference: governance.Reference{ID: d.group, Name: "Approvers"}}
}

// state tells what has become of an approval.
func (d *desk) state(t *testing.T, id string) string {
	t.Helper()
	row := apptest.Row(d.Admin.Get(t, approvalsPath+"/"+id).Want(t, 200).Body.(obj))
	return row.Text("status") + " " + row.Text("assignedTo.0.name")
}

func TestApprovals(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		d := newDesk(t, s)
		t.Run("step by step", d.testSteps)
		t.Run("who may", d.testWhoMay)
		t.Run("lists", d.testApprovalLists)
		t.Run("at the same moment", d.testSameMoment)
		t.Run("reassign, comment, attributes", d.testEdits)
		t.Run("in bulk", d.testApprovalsInBulk)
		t.Run("configuration", d.testApprovalConfig)
	})
}

func (d *desk) testSteps(t *testing.T) {
	id := d.open(t, "steps", asParty(d.ada), d.groupParty())
	path := "/v2025/generic-approvals/" + id
	seen := d.bob.Get(t, path).Want(t, 200, `"escalationStep":"0"`, `"serialStep":0`, `"type":"SERIAL"`, `"medium":"EMAIL"`)
	if seen.Field("status") != "PENDING" || seen.Field("name.0.value") != "steps" || seen.Field("approvers.1.members.0.email") == nil ||
		seen.Field("approvers.1.serialOrder") != 1.0 || seen.Field("requester.identityID") != d.bob.ID || seen.Field("assignedTo.0.email") != "ada@example.test" {
		t.Errorf("the approval is %s", seen.Text)
	}
	d.ada.Post(t, path+"/approve", "").Want(t, 200, `"serialStep":1`)
	d.dora.Post(t, approvalsPath+"/"+id+"/reject", `{"comment":"not now"}`).Want(t, 204)
	ended := d.bob.Get(t, path).Want(t, 200, `"status":"REJECTED"`, `"comment":"not now"`, `"completedDate"`)
	if ended.Field("approvedBy.0.identityID") != d.ada.ID || ended.Field("rejectedBy.0.identityID") != d.dora.ID || ended.Field("rejectedBy.0.actionedAs.0.id") != d.group {
		t.Errorf("the approval is %s", ended.Text)
	}
	for _, action := range []string{"approve", "reject"} {
		d.cleo.Post(t, path+"/"+action, "{}").Refused(t, "400.1.409 Reference Conflict", "has ended already: it is REJECTED by dora")
	}
	d.Admin.Post(t, path+"/cancel", "").Refused(t, "400.1.409 Reference Conflict")
}

// testWhoMay: who may not know of an approval does not find it; who may, but is not asked, is refused.
func (d *desk) testWhoMay(t *testing.T) {
	path := approvalsPath + "/" + d.open(t, "who may", asParty(d.ada), asParty(d.emil))
	for _, action := range []string{"approve", "reject", "reassign", "comments", "attributes"} {
		d.cleo.Post(t, path+"/"+action, "{").Refused(t, "404 Not found")
		d.emil.Post(t, path+"/"+action, "{}").Refused(t, "404 Not found") // it is not his turn yet
		d.Admin.Post(t, approvalsPath+"/"+unknownID+"/"+action, "{}").Refused(t, "404 Not found")
	}
	d.cleo.Get(t, path).Refused(t, "404 Not found")
	d.bob.Post(t, path+"/approve", "{}").Refused(t, "403 Forbidden", "request of their own")
	d.bob.Post(t, path+"/reassign", apptest.JSON(obj{"reassignTo": d.cleo.ID})).Refused(t, "403 Forbidden")
	d.bob.Post(t, path+"/attributes", `{"additionalAttributes":{"a":"b"}}`).Refused(t, "403 Forbidden")
	for _, caller := range []*apptest.Caller{d.ada, d.bob} {
		caller.Post(t, path+"/cancel", "{}").Refused(t, "403 Forbidden")
	}
	d.Application(t).Get(t, approvalsPath).Refused(t, "403 Forbidden")
	d.Admin.Post(t, path+"/approve", apptest.JSON(obj{"overrideApproverID": d.cleo.ID})).Refused(t, "400.1.3 Illegal value", "overrideApproverID")
	taken := d.Admin.Post(t, path+"/approve", apptest.JSON(obj{"overrideApproverID": d.ada.ID, "additionalAttributes": obj{"why": "ada is away"}})).Want(t, 200)
	if taken.Field("reassignmentHistory.0.reassignedFrom.identityID") != d.ada.ID || taken.Field("reassignmentHistory.0.reassignedTo.identityID") != d.Admin.ID ||
		taken.Field("additionalAttributes") != `{"why":"ada is away"}` {
		t.Errorf("the administrator took it over: %s", taken.Text)
	}
	d.emil.Post(t, path+"/approve", `{"comment":"`+strings.Repeat("x", 4001)+`"}`).Refused(t, "400.1.4 Limit violation", "comment")
	d.emil.Post(t, path+"/approve", "{}").Want(t, 200, `"status":"APPROVED"`)
}

func (d *desk) testApprovalLists(t *testing.T) {
	mine, groups := d.open(t, "mine", asParty(d.emil)), d.open(t, "groups", d.groupParty())
	names := func(c *apptest.Caller, params ...string) string {
		t.Helper()
		params = append(params, "filters", `name in ("mine","groups") and status eq "PENDING"`)
		return strings.Join(apptest.Texts(c.List(t, approvalsPath, params...), "name.0.value"), " ")
	}
	for _, c := range []struct {
		who    *apptest.Caller
		params []string
		want   string
	}{
		{d.emil, nil, "mine"},
		{d.cleo, nil, "groups"},
		{d.bob, nil, ""}, // nothing waits for him
		{d.bob, []string{"requesterId", d.bob.ID}, "mine groups"},
		{d.emil, []string{"requesterId", d.bob.ID}, "mine"},
		{d.Admin, nil, "mine groups"},
		{d.Admin, []string{"mine", "true"}, ""},
		{d.Admin, []string{"mine", "false"}, "mine groups"},
		{d.Admin, []string{"approverId", d.group}, "groups"},
		{d.Admin, []string{"approverId", strings.ToUpper(strings.ReplaceAll(d.dora.ID, "-", ""))}, "groups"},
		{d.Admin, []string{"requesteeId", d.bob.ID}, ""},
	} {
		if got := names(c.who, c.params...); got != c.want {
			t.Errorf("%s with %v sees %q, not %q", c.who.Name, c.params, got, c.want)
		}
	}
	filter := []string{"filters", fmt.Sprintf("approvalId in (%q,%q)", mine, groups)}
	only := d.Admin.Get(t, apptest.Query(approvalsPath, append(filter, "count-only", "true")...)).Want(t, 200)
	if only.Header.Get("X-Total-Count") != "2" || only.Text != "[]" {
		t.Errorf("only the count: %v %s", only.Header, only.Text)
	}
	bare := d.Admin.Get(t, apptest.Query(approvalsPath, filter...)).Want(t, 200).Rows(t)[0]
	full := d.Admin.Get(t, apptest.Query(approvalsPath, append(filter, "include-comments", "true", "include-approvers", "true",
		"include-reassignment-history", "true", "include-batch-info", "true", "count", "true")...)).Want(t, 200).Rows(t)[0]
	for _, part := range []string{"comments", "approvers", "reassignmentHistory"} {
		if bare[part] != nil || full[part] == nil {
			t.Errorf("%s is %v without and %v with the flag", part, bare[part], full[part])
		}
	}
	d.emil.Get(t, apptest.Query(approvalsPath, "mine", "true", "approverId", d.ada.ID)).Refused(t, "400.1.3 Illegal value", "approverId")
	d.emil.Get(t, apptest.Query(approvalsPath, "mine", "maybe")).Refused(t, "400.1.3 Illegal value", "mine")
	d.emil.Get(t, apptest.Query(approvalsPath, "filters", `state eq "x"`)).Refused(t, "400.1.3 Illegal value", "state")
}

// testSameMoment: of decisions at the same moment one counts, and the others are told.
func (d *desk) testSameMoment(t *testing.T) {
	id := d.open(t, "same moment", d.groupParty())
	answers := make([]apptest.Answer, 3)
	var all sync.WaitGroup
	for i, caller := range []*apptest.Caller{d.cleo, d.dora, d.Admin} {
		all.Go(func() { answers[i] = caller.Post(t, approvalsPath+"/"+id+"/approve", "{}") })
	}
	all.Wait()
	counted := 0
	for _, a := range answers {
		if a.Status == http.StatusOK {
			counted++
		} else {
			a.Refused(t, "400.1.409 Reference Conflict", "APPROVED by ")
		}
	}
	if kept := d.Admin.Get(t, approvalsPath+"/"+id); counted != 1 || len(kept.Field("approvedBy").([]any)) != 1 {
		t.Errorf("%d decisions counted: %s", counted, kept.Text)
	}
}

func (d *desk) testEdits(t *testing.T) {
	id := d.open(t, "edits", asParty(d.ada))
	path := approvalsPath + "/" + id
	d.bob.Post(t, path+"/comments", `{"comment":"please"}`).Want(t, 200, `"comment":"please"`)
	d.bob.Post(t, path+"/comments", `{}`).Refused(t, "400.1.0 Required Data Missing Or Empty", "comment")
	d.ada.Post(t, path+"/attributes", `{"additionalAttributes":{"a":"1","b":"2"},"comment":"noted"}`).Want(t, 200, `"noted"`)
	changed := d.ada.Post(t, path+"/attributes", `{"additionalAttributes":{"b":"3"},"removeAttributeKeys":["a"]}`).Want(t, 200)
	if changed.Field("additionalAttributes") != `{"b":"3"}` {
		t.Errorf("the attributes are %v", changed.Field("additionalAttributes"))
	}
	for body, code := range map[string]string{
		`{}`:                                 "400.1.0 Required Data Missing Or Empty",
		`{"reassignTo":"` + unknownID + `"}`: "400.1.404 Referenced object not found",
		`{"reassignTo":"` + d.bob.ID + `"}`:  "400.1.3 Illegal value",
		`{"reassignTo":"` + d.cleo.ID + `","reassignFrom":"` + d.dora.ID + `"}`: "400.1.3 Illegal value",
	} {
		d.ada.Post(t, path+"/reassign", body).Refused(t, code)
	}
	d.ada.Post(t, path+"/reassign", apptest.JSON(obj{"reassignFrom": d.ada.ID, "reassignTo": d.group, "comment": "yours"})).Want(t, 204)
	requester := apptest.JSON([]obj{{"type": "IDENTITY", "id": d.bob.ID}})
	d.Admin.Post(t, "/workgroups/v1/"+d.group+"/members/bulk-add", requester).Want(t, 207)
	d.bob.Post(t, path+"/reassign", apptest.JSON(obj{"reassignTo": d.emil.ID})).Refused(t, "403 Forbidden", "request of their own")
	d.Admin.Post(t, "/workgroups/v1/"+d.group+"/members/bulk-delete", requester).Want(t, 207)
	moved := d.cleo.Get(t, path).Want(t, 200, `"MANUAL_REASSIGNMENT"`)
	if moved.Field("reassignmentHistory.0.commentID") != moved.Field("comments.2.commentId") || moved.Field("assignedTo.0.identityID") != d.group {
		t.Errorf("the approval is %s", moved.Text)
	}
	d.ada.Post(t, path+"/approve", "").Refused(t, "400.1.409 Reference Conflict", "waits for Approvers now")
	d.Admin.Post(t, path+"/cancel", `{"comment":"enough"}`).Want(t, 204)
	if got := d.state(t, id); got != "CANCELLED Approvers" {
		t.Errorf("it is %s", got)
	}
}

func (d *desk) testApprovalsInBulk(t *testing.T) {
	ended := d.open(t, "ended", asParty(d.ada))
	d.ada.Post(t, approvalsPath+"/"+ended+"/approve", "").Want(t, 200)
	for _, c := range []struct {
		action string
		more   obj
		want   string
	}{
		{"bulk-reassign", obj{"reassignTo": d.emil.ID}, "PENDING emil"},
		{"bulk-approve", obj{"comment": "all", "additionalAttributes": obj{"n": 3, "s": "x"}}, "APPROVED "},
		{"bulk-reject", obj{"comment": "none"}, "REJECTED "},
		{"bulk-cancel", obj{}, "CANCELLED ada"},
	} {
		ids := []string{d.open(t, "one", asParty(d.ada)), d.open(t, "two", asParty(d.ada)), ended}
		body := func(ids []string) string {
			b := obj{"approvalIds": ids}
			for key, value := range c.more {
				b[key] = value
			}
			return apptest.JSON(b)
		}
		path := "/v2025/generic-approvals/" + c.action
		d.ada.Post(t, path, body(ids)).Refused(t, "403 Forbidden")
		d.Admin.Post(t, path, body(nil)).Refused(t, "400.1.0 Required Data Missing Or Empty", "approvalIds")
		d.Admin.Post(t, path, body(append(ids, unknownID))).Refused(t, "404 Not found")
		if got := d.state(t, ids[0]); got != "PENDING ada" {
			t.Errorf("a refused %s left %s", c.action, got)
		}
		d.Admin.Post(t, path, body(ids)).Want(t, 202, "{}")
		for _, id := range ids[:2] {
			if got := d.state(t, id); !strings.HasPrefix(got, c.want) {
				t.Errorf("after %s it is %s", c.action, got)
			}
		}
	}
	if got := d.state(t, ended); got != "APPROVED ada" {
		t.Errorf("the one that had ended is %s", got)
	}
}

func (d *desk) testApprovalConfig(t *testing.T) {
	const kind = "AGENT_ACTIVATE_APPROVAL"
	path := approvalsPath + "/config/" + kind
	d.bob.Get(t, path).Want(t, 200, `"requiresComment":"OFF"`, `"autoApprove":"OFF"`, `"machineIdentityManagerAssignment":"MANAGER_OF_REQUESTER"`)
	d.bob.Put(t, path+"/APPROVAL_TYPE", "{}").Refused(t, "403 Forbidden")
	for body, part := range map[string]string{
		`{"reminderConfig":{"maxReminders":21}}`:                                                                  "reminderConfig.maxReminders",
		`{"reminderConfig":{"reminderCronSchedule":"often"}}`:                                                     "reminderConfig.reminderCronSchedule",
		`{"timeoutConfig":{"daysUntilTimeout":91}}`:                                                               "timeoutConfig.daysUntilTimeout",
		`{"cronTimezone":{"location":"Atlantis"}}`:                                                                "cronTimezone",
		`{"fallbackApprover":{"type":"IDENTITY","identityID":"` + unknownID + `"}}`:                               "fallbackApprover.identityID",
		`{"escalationConfig":{"escalationChain":[{"identityType":"IDENTITY","identityId":"` + unknownID + `"}]}}`: "escalationConfig.escalationChain[0].identityId",
	} {
		answer := d.Admin.Put(t, path+"/APPROVAL_TYPE", body)
		if answer.Status != http.StatusBadRequest || !strings.Contains(answer.Text, part) {
			t.Errorf("%s: %d %s", body, answer.Status, answer.Text)
		}
	}
	d.Admin.Put(t, path+"/TENANT", "{}").Refused(t, "400.1.3 Illegal value", "TENANT")
	tenant := d.Admin.Get(t, approvalsPath+"?limit=1").Want(t, 200).Rows(t)[0].Text("tenantId")
	d.Admin.Put(t, approvalsPath+"/config/"+tenant+"/TENANT", `{"requiresComment":"REJECTION"}`).Want(t, 200)
	d.bob.Get(t, path).Want(t, 200, `"requiresComment":"REJECTION"`)
	d.Admin.Delete(t, approvalsPath+"/config/"+tenant+"/TENANT").Want(t, 204)
	d.Admin.Put(t, path+"/PLANET", "{}").Refused(t, "400.1.3 Illegal value", "scope")
	d.Admin.Delete(t, path+"/APPROVAL_REQUEST").Refused(t, "400.1.3 Illegal value", "scope")
	d.Admin.Delete(t, path+"/APPROVAL_TYPE").Refused(t, "404 Not found")
	whole := obj{
		"reminderConfig":   obj{"enabled": true, "daysUntilFirstReminder": 1, "reminderCronSchedule": "@every 24h", "maxReminders": 5},
		"escalationConfig": obj{"enabled": true, "daysUntilFirstEscalation": 2, "escalationCronSchedule": "@every 72h", "escalationChain": []any{obj{"chainId": "c", "identityId": d.emil.ID, "identityType": "IDENTITY"}}},
		"timeoutConfig":    obj{"enabled": true, "daysUntilTimeout": 3, "timeoutResult": "APPROVED"},
		"cronTimezone":     obj{"location": "America/New_York", "offset": ""},
		"serialChain":      []any{obj{"tier": 1, "identityId": d.group, "identityType": "GOVERNANCE_GROUP"}},
		"requiresComment":  "ALL", "fallbackApprover": obj{"identityID": d.emil.ID, "type": "IDENTITY"},
		"machineIdentityManagerAssignment": "MANAGER_OF_REQUESTER", "circumventApprovalProcess": true, "autoApprove": "DIRECT",
	}
	kept := d.Admin.Put(t, path+"/APPROVAL_TYPE", apptest.JSON(whole)).Want(t, 200).Body
	same(t, "the configuration", kept, d.Admin.Get(t, path).Want(t, 200).Body)
	if id := d.open(t, "passed", asParty(d.ada)); d.state(t, id) != "PASSED " {
		t.Errorf("a circumvented approval is %s", d.state(t, id))
	}
	delete(whole, "circumventApprovalProcess")
	d.Admin.Put(t, path+"/APPROVAL_TYPE", apptest.JSON(whole)).Want(t, 200)
	id := d.open(t, "configured", asParty(d.ada))
	d.Admin.Delete(t, path+"/APPROVAL_TYPE").Want(t, 204)
	d.bob.Get(t, path).Want(t, 200, `"requiresComment":"OFF"`)
	d.bob.Get(t, approvalsPath+"/config/"+id).Want(t, 200, `"requiresComment":"ALL"`, `"tier":1`)
	d.ada.Post(t, approvalsPath+"/"+id+"/approve", "").Refused(t, "400.1.0 Required Data Missing Or Empty", "comment")
	d.ada.Post(t, approvalsPath+"/"+id+"/approve", `{"comment":"yes"}`).Want(t, 200, `"serialStep":1`, `"dueDate"`)
}

// TestApprovalsByMail: people are told by e-mail, and what is due while the server is away happens when it is back.
func TestApprovalsByMail(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			server := testenv.NewMailServer(t, false)
			change := []func(*config.Config){func(c *config.Config) {
				c.Mail = config.Mail{Host: server.Host, Port: server.Port, TLS: "none", From: "midgard@example.test"}
			}}
			if engine == "postgres" {
				change = append(change, apptest.Postgres(t))
			}
			newDesk(t, apptest.Start(t, change...)).testMail(t, server)
		})
	}
}

func (d *desk) testMail(t *testing.T, server *testenv.MailServer) {
	t.Helper()
	id := d.open(t, "mailed", asParty(d.ada))
	first := server.Wait(t, 1)[0]
	body, err := io.ReadAll(quotedprintable.NewReader(first.Body))
	if err != nil || first.Header.Get("To") != `"ada" <ada@example.test>` || !strings.Contains(string(body), d.URL+approvalsPath+"/"+id) {
		t.Errorf("the first e-mail is to %s:\n%s (%v)", first.Header.Get("To"), body, err)
	}
	d.ada.Post(t, approvalsPath+"/"+id+"/approve", "").Want(t, 200)
	if second := server.Wait(t, 2)[1]; second.Header.Get("To") != `"bob" <bob@example.test>` || second.Header.Get("Subject") != "mailed: APPROVED" {
		t.Errorf("the second e-mail has the header %v", second.Header)
	}
	d.Admin.Put(t, approvalsPath+"/config/AGENT_ACTIVATE_APPROVAL/APPROVAL_TYPE",
		`{"reminderConfig":{"enabled":true},"timeoutConfig":{"enabled":true,"daysUntilTimeout":1}}`).Want(t, 200)
	d.Stop()
	late := d.open(t, "late", asParty(d.emil))
	d.Restart(t)
	var subjects []string
	for _, m := range different(t, server, 4)[2:] {
		subjects = append(subjects, m.Header.Get("Subject"))
	}
	slices.Sort(subjects)
	if want := []string{"Reminder: late still waits for your decision", "late waits for your decision"}; !slices.Equal(subjects, want) {
		t.Errorf("after the restart there came %q", subjects)
	}
	d.tomorrow(t)
	if got := d.state(t, late); got != "EXPIRED emil" {
		t.Errorf("after a day it is %s", got)
	}
	if all := different(t, server, 4); len(all) != 4 {
		t.Errorf("there are %d e-mails", len(all))
	}
}

// different waits for so many e-mails that are not the same one again: what was sent when the server stopped may be sent
// once more, under the same id.
func different(t *testing.T, server *testenv.MailServer, n int) []*mail.Message {
	t.Helper()
	for wanted := n; ; wanted++ {
		var all []*mail.Message
		seen := map[string]bool{}
		for _, m := range server.Wait(t, wanted) {
			if id := m.Header.Get("Message-ID"); !seen[id] {
				seen[id] = true
				all = append(all, m)
			}
		}
		if len(all) >= n {
			return all
		}
	}
}

// tomorrow does what a server without e-mails does a day later.
func (d *desk) tomorrow(t *testing.T) {
	t.Helper()
	o := d.Database()
	o.Now = func() time.Time { return time.Now().Add(24 * time.Hour) }
	db, err := store.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // what it wrote is committed
	if err := db.TendApprovals(t.Context(), schedules.Next); err != nil {
		t.Fatal(err)
	}
}
