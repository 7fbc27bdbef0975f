//go:build unix

package app_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"midgard/internal/app/apptest"
)

const (
	creationPath   = "/account-requests/v1/machine-account-create"
	deletionsPath  = "/account-requests/v1/deletion"
	requestsPath   = "/midgard/v1/account-requests"
	idempotencyKey = "Idempotency-Key"
)

// requesting is an inventory with a subtype of "Servers" that bob may ask for and whose accounts bob's manager approves.
// Somebody else is to own them, somebody administers the source, and somebody has nothing to do with it.
type requesting struct {
	inventory
	subtype, form, entitlement     string
	bob, manager, owner, sub, dora *apptest.Caller
}

func newRequesting(t *testing.T, s *apptest.Server) requesting {
	t.Helper()
	in := requesting{inventory: newInventory(t, s)}
	in.bob, in.manager, in.owner, in.dora = s.AsWithScopes(t, "bob"), s.AsWithScopes(t, "ada"), s.AsWithScopes(t, "cleo"), s.AsWithScopes(t, "dora")
	in.sub = s.As(t, "emil", "SOURCE_SUBADMIN")
	group := in.group(t, "Server administrators", "emil")
	in.Admin.Patch(t, "/sources/v1/"+in.servers, patch("add", "/managementWorkgroup", idRef("GOVERNANCE_GROUP", group))).Want(t, 200)

	in.form = in.Admin.Post(t, formsPath, apptest.JSON(obj{"name": "A new account", "owner": idRef("IDENTITY", in.Admin.ID), "formElements": []any{
		obj{"id": "1", "elementType": "TEXT", "key": "purpose", "validations": []any{obj{"validationType": "REQUIRED"}, obj{"validationType": "MAX_LENGTH", "config": obj{"maxLength": 20}}}},
		obj{"id": "2", "elementType": "EMAIL", "key": "contact"},
	}})).Want(t, 201).ID(t)
	in.subtype, in.entitlement = in.enabled(t, in.servers, "bot")
	in.configure(t, in.subtype, "formId", in.form)
	in.configure(t, in.subtype, "approvalConfig/approvers", "manager")
	in.configure(t, in.subtype, "approvalRequired", true)
	in.grant(t, in.entitlement, in.bob)
	return in
}

func (in requesting) configure(t *testing.T, subtype, place string, value any) {
	t.Helper()
	in.Admin.Patch(t, subtypesPath+"/"+subtype+"/machine-config", patch("add", "/machineAccountCreate/"+place, value)).Want(t, 200)
}

func (in requesting) grant(t *testing.T, entitlement string, to *apptest.Caller) {
	t.Helper()
	in.Admin.Put(t, "/midgard/v1/entitlements/"+entitlement+"/holders/"+to.ID, "").Want(t, 200)
}

// body asks for an account whose purpose tells it from others.
func (in requesting) body(purpose string, more ...any) string {
	body := obj{"subtypeId": in.subtype, "ownerIdentityId": in.owner.ID, "userInput": obj{"purpose": purpose}}
	for i := 0; i < len(more); i += 2 {
		body[more[i].(string)] = more[i+1]
	}
	return apptest.JSON(body)
}

// ask asks for an account and gives the id of the request.
func (in requesting) ask(t *testing.T, purpose string) string {
	t.Helper()
	return requestID(t, in.bob.Post(t, creationPath, in.body(purpose)))
}

func requestID(t *testing.T, a apptest.Answer) string {
	t.Helper()
	id, _ := a.Want(t, 202).Field("accountRequestId").(string)
	if id == "" {
		t.Fatalf("%s: no id in %s", a.Request, a.Text)
	}
	return id
}

// decide lets somebody decide on the approval of a request: approve or reject it.
func (in requesting) decide(t *testing.T, id string, by *apptest.Caller, decision, comment string) apptest.Answer {
	t.Helper()
	approval := in.Admin.Get(t, requestsPath+"/"+id).Want(t, 200).Field("approvalRequestId")
	return by.Post(t, fmt.Sprintf("/generic-approvals/v1/%v/%s", approval, decision), apptest.JSON(obj{"comment": comment}))
}

// phases gives the states of both phases of a request.
func phases(row apptest.Row, key string) string {
	return row.Text(key+".0.state") + " " + row.Text(key+".1.state")
}

func TestAccountRequests(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		in := newRequesting(t, s)
		t.Run("refusals", in.testRefusals)
		t.Run("inactive owner", in.testInactiveOwner)
		t.Run("forms", in.testForms)
		t.Run("header", in.testHeader)
		t.Run("who sees them", in.testVisibility)
		t.Run("sent again", in.testReplays)
		t.Run("outcomes", in.testOutcomes)
		t.Run("cancelled", in.testCancelled)
		t.Run("lists", in.testRequestLists)
		t.Run("refused deletion", in.testRefusedDeletion)
		t.Run("deletion", in.testDeletion)
		t.Run("deletion asked twice", in.testDeletionTwice)
		t.Run("source that goes", in.testSourceGoes)
	})
}

func (in requesting) testRefusals(t *testing.T) {
	asleep := in.Admin.Post(t, subtypesPath, apptest.JSON(obj{"sourceId": in.servers, "technicalName": "asleep", "displayName": "a", "description": ""})).Want(t, 201).ID(t)
	foreign := in.entitlements(t, in.mail)["senders"]
	own := in.entitlements(t, in.servers)["operators"]
	many := make([]string, 21)
	for i := range many {
		many[i] = fmt.Sprintf("0198c0de-0000-7000-8000-%012d", i)
	}
	for _, test := range []struct {
		change obj
		code   string
		part   string
	}{
		{obj{"subtypeId": nil}, "400.1.0 Required Data Missing Or Empty", "'subtypeId'"},
		{obj{"ownerIdentityId": ""}, "400.1.0 Required Data Missing Or Empty", "'ownerIdentityId'"},
		{obj{"subtypeId": unknownID}, "400.1.404 Referenced object not found", "'subtypeId'"},
		{obj{"subtypeId": asleep}, "400.1.3 Illegal value", "'subtypeId' cannot be requested"},
		{obj{"ownerIdentityId": unknownID}, "400.1.404 Referenced object not found", "'ownerIdentityId'"},
		{obj{"formId": unknownID}, "400.1.3 Illegal value", `field "formId": the form of the subtype is "` + in.form},
		{obj{"machineIdentityId": unknownID}, "400.1.404 Referenced object not found", "'machineIdentityId'"},
		{obj{"entitlementIds": []string{unknownID}}, "400.1.404 Referenced object not found", "'entitlementIds'"},
		{obj{"entitlementIds": []string{foreign}}, "400.1.404 Referenced object not found", foreign},
		{obj{"entitlementIds": []string{in.entitlement}}, "400.1.3 Illegal value", "'entitlementIds' is for people"},
		{obj{"entitlementIds": []string{own, strings.ToUpper(own)}}, "400.1.3 Illegal value", "twice"},
		{obj{"entitlementIds": []string{""}}, "400.1.0 Required Data Missing Or Empty", "'entitlementIds'"},
		{obj{"entitlementIds": many}, "400.1.4 Limit violation", "'entitlementIds' holds 21 entries; at most 20"},
		{obj{"description": strings.Repeat("x", 2001)}, "400.1.4 Limit violation", "'description'"},
		{obj{"environment": strings.Repeat("x", 513)}, "400.1.4 Limit violation", "'environment'"},
		{obj{"userInput": "x"}, "400.1.3 Illegal value", "'userInput' must be an object"},
		{obj{"userInput": obj{"purpose": strings.Repeat("x", 102400)}}, "400.1.4 Limit violation", "'userInput'"},
		{obj{"entitlementIds": "x"}, "400.1 Bad Request Content", "entitlementIds"},
	} {
		body := obj{"subtypeId": in.subtype, "ownerIdentityId": in.owner.ID, "userInput": obj{"purpose": "x"}}
		for field, value := range test.change {
			body[field] = value
		}
		in.bob.Post(t, creationPath, apptest.JSON(body)).Refused(t, test.code, test.part)
	}
	in.bob.Post(t, creationPath, "{").Refused(t, "400.1 Bad Request Content")
	in.dora.Post(t, creationPath, in.body("x")).Refused(t, "403 Forbidden", "'subtypeId'", `"bot"`)
	in.Admin.Post(t, creationPath, in.body("x")).Refused(t, "403 Forbidden", "'subtypeId'")
	in.Application(t).Post(t, creationPath, in.body("x")).Refused(t, "403 Forbidden", "for persons")
	in.bob.With(idempotencyKey, strings.Repeat("k", 256)).Post(t, creationPath, in.body("x")).Refused(t, "400.1.4 Limit violation", idempotencyKey)
	if rows := in.bob.List(t, requestsPath); len(rows) != 0 {
		t.Errorf("refused requests are listed: %v", rows)
	}
}

func (in requesting) testInactiveOwner(t *testing.T) {
	nils := in.Person(t, "nils")
	people := in.Admin.List(t, "/sources/v1", "filters", `name eq "People"`)[0].Text("id")
	in.Load(t, people, strings.Replace(apptest.People(), "nils,nils,nils@example.test,ada\n", "", 1)).Want(t, "SUCCESS")
	in.bob.Post(t, creationPath, in.body("x", "ownerIdentityId", nils)).Refused(t, "400.1.3 Illegal value", "'ownerIdentityId' is not active")
}

func (in requesting) testForms(t *testing.T) {
	in.bob.Post(t, creationPath, in.body("this is far longer than it may be", "userInput", obj{"purpose": "this is far longer than it may be", "contact": "x", "other": 1})).
		Refused(t, "400.1.3 Illegal value", "userInput.purpose: has 33 characters", "userInput.contact: must be an email address", "userInput.other: the form has no such key")
	in.bob.Post(t, creationPath, in.body("", "userInput", nil)).Refused(t, "400.1.3 Illegal value", "userInput.purpose: a value is required")
	given := requestID(t, in.bob.Post(t, creationPath, in.body("form given", "formId", strings.ToUpper(in.form))))
	got := in.bob.Get(t, requestsPath+"/"+given).Want(t, 200)
	same(t, "input", obj{"purpose": "form given"}, got.Field("userInput"))
	same(t, "form", in.form, got.Field("formId"))

	free, entitlement := in.enabled(t, in.servers, "free") // a subtype without a form takes any input, or a form that is given
	in.grant(t, entitlement, in.bob)
	in.bob.Post(t, creationPath, in.body("", "subtypeId", free, "formId", in.form, "userInput", nil)).Refused(t, "400.1.3 Illegal value", "userInput.purpose")
	in.bob.Post(t, creationPath, in.body("", "subtypeId", free, "formId", unknownID)).Refused(t, "400.1.404 Referenced object not found", "'formId'")
	id := requestID(t, in.bob.Post(t, creationPath, in.body("", "subtypeId", free, "userInput", obj{"n": 12345678901234567}, "environment", "test", "description", "d",
		"entitlementIds", []string{in.entitlements(t, in.servers)["operators"]})))
	got = in.bob.Get(t, requestsPath+"/"+id).Want(t, 200, `"n":12345678901234567`, `"environment":"test"`, `"description":"d"`, `"operators"`)
	if p := phases(got.Body.(obj), "phases"); p != "PASSED PENDING" || got.Field("approvalRequestId") != nil {
		t.Errorf("without approval the phases are %s of %s", p, got.Text)
	}
}

func (in requesting) testHeader(t *testing.T) {
	body := in.body("header")
	in.bob.With(apptest.Experimental, "").Post(t, creationPath, body).Want(t, 400, `{"error":"Experimental Header is missing or invalid."}`)
	id := requestID(t, in.bob.With(apptest.Experimental, "").Post(t, "/v2026/account-requests/machine-account-create", body))
	in.bob.With(apptest.Experimental, "").Get(t, creationPath+"/"+id).Want(t, 400)
	in.bob.With(apptest.Experimental, "").Get(t, "/v2026/account-requests/machine-account-create/"+id).Want(t, 200, id)
}

func (in requesting) testVisibility(t *testing.T) {
	id := in.ask(t, "seen")
	got := in.bob.Get(t, creationPath+"/"+strings.ToUpper(id)).Want(t, 200)
	approval, _ := got.Field("approvalRequestId").(string)
	want := obj{
		"accountRequestId": id, "requestType": "CREATE_MACHINE_ACCOUNT", "completedAt": nil, "overallStatus": "PENDING", "requester": ref("IDENTITY", in.bob.ID, "bob"),
		"approvalRequestId": approval, "errorDetails": nil,
		"accountRequestPhases": []any{
			obj{"name": "APPROVAL_PHASE", "state": "PENDING", "started": got.Field("createdAt")}, obj{"name": "PROVISIONING_PHASE", "state": "NOT_STARTED"},
		},
	}
	same(t, "details", want, without(got.Body, "createdAt"))
	if approval == "" {
		t.Error("the request has no approval")
	}
	for _, path := range []string{creationPath + "/", "/v2026/account-requests/machine-account-create/", requestsPath + "/"} {
		for _, c := range []*apptest.Caller{in.bob, in.owner, in.manager, in.sub, in.Admin} {
			c.Get(t, path+id).Want(t, 200, id)
		}
		in.dora.Get(t, path+id).Refused(t, "404 Not found", id)
		in.bob.Get(t, path+unknownID).Refused(t, "404 Not found")
	}
	in.Application(t).Get(t, creationPath+"/"+id).Want(t, 403)
}

// testReplays: clients send a request again when they have not seen the answer.
func (in requesting) testReplays(t *testing.T) {
	first := in.ask(t, "again")
	if again := requestID(t, in.bob.Post(t, "/v2026/account-requests/machine-account-create", in.body("again"))); again != first {
		t.Errorf("the same request within a minute made %s beside %s", again, first)
	}
	if other := in.ask(t, "other"); other == first {
		t.Error("another request is taken for the same")
	}
	in.grant(t, in.entitlement, in.dora)
	if other := requestID(t, in.dora.Post(t, creationPath, in.body("again"))); other == first {
		t.Error("the request of another person is taken for the same")
	}
	keyed := in.bob.With(idempotencyKey, "one")
	one := requestID(t, keyed.Post(t, creationPath, in.body("keyed")))
	if again := requestID(t, keyed.Post(t, creationPath, in.body("keyed"))); again != one {
		t.Errorf("the same key made %s beside %s", again, one)
	}
	if unkeyed := in.ask(t, "keyed"); unkeyed != one {
		t.Errorf("sent again without its key it made %s beside %s", unkeyed, one)
	}
	if two := requestID(t, in.bob.With(idempotencyKey, "two").Post(t, creationPath, in.body("keyed"))); two == one {
		t.Error("another key asks for another account")
	}
	keyed.Post(t, creationPath, in.body("different")).Refused(t, "400.1.409 Reference Conflict", idempotencyKey)
	in.bob.With(idempotencyKey, "used up").Post(t, creationPath, in.body("x", "ownerIdentityId", unknownID)).Want(t, 400)
	requestID(t, in.bob.With(idempotencyKey, "used up").Post(t, creationPath, in.body("after a refusal"))) // what was refused made nothing

	for name, c := range map[string]*apptest.Caller{"a key": in.bob.With(idempotencyKey, "at once"), "none": in.bob} {
		ids := in.atOnce(t, 8, func() apptest.Answer { return c.Post(t, creationPath, in.body("at once with "+name)) })
		if len(slices.Compact(slices.Sorted(slices.Values(ids)))) != 1 {
			t.Errorf("with %s eight at once made %v", name, ids)
		}
	}
}

// atOnce sends the same from several places and gives the ids of the answers.
func (in requesting) atOnce(t *testing.T, n int, send func() apptest.Answer) []string {
	t.Helper()
	ids := make([]string, n)
	var group sync.WaitGroup
	for i := range ids {
		group.Go(func() {
			if a := send().Want(t, http.StatusAccepted); a.Status == http.StatusAccepted {
				ids[i], _ = a.Field("accountRequestId").(string)
			}
		})
	}
	group.Wait()
	return ids
}

func (in requesting) testOutcomes(t *testing.T) {
	approved := in.ask(t, "approved")
	in.decide(t, approved, in.bob, "approve", "").Want(t, 403)
	in.decide(t, approved, in.manager, "approve", "").Want(t, 200)
	got := in.bob.Get(t, creationPath+"/"+approved).Want(t, 200)
	if p := phases(got.Body.(obj), "accountRequestPhases"); p != "APPROVED PENDING" || got.Field("overallStatus") != "PENDING" || got.Field("accountRequestPhases.0.finished") == nil {
		t.Errorf("approved it is %s", got.Text)
	}
	in.bob.Post(t, requestsPath+"/"+approved+"/cancel", "").Refused(t, "400.1.409 Reference Conflict", "its provisioning has begun")

	rejected := in.ask(t, "rejected")
	in.decide(t, rejected, in.manager, "reject", "Use the other one.").Want(t, 204)
	got = in.bob.Get(t, creationPath+"/"+rejected).Want(t, 200, "The request was rejected by ada. Use the other one.")
	if p := phases(got.Body.(obj), "accountRequestPhases"); p != "REJECTED NOT_STARTED" || got.Field("overallStatus") != "REJECTED" || got.Field("completedAt") == nil {
		t.Errorf("rejected it is %s", got.Text)
	}
	in.manager.Get(t, creationPath+"/"+rejected).Want(t, 200) // who has decided still sees what it was
	in.bob.Post(t, requestsPath+"/"+rejected+"/cancel", "").Refused(t, "400.1.409 Reference Conflict", "already ended with REJECTED")
}

func (in requesting) testCancelled(t *testing.T) {
	id := in.ask(t, "cancelled")
	path := requestsPath + "/" + id + "/cancel"
	in.dora.Post(t, path, "").Refused(t, "404 Not found")
	for _, c := range []*apptest.Caller{in.owner, in.manager} {
		c.Post(t, path, "").Refused(t, "403 Forbidden", "the requester and administrators")
	}
	in.bob.Post(t, path, `{"comment":7}`).Want(t, 400)
	in.bob.Post(t, path, `{"reason":"x"}`).Refused(t, "400.1 Bad Request Content", "reason")
	got := in.bob.Post(t, path, `{"comment":"Not needed."}`).Want(t, 200, `"errorDetails":"Not needed."`)
	if p := phases(got.Body.(obj), "phases"); p != "CANCELLED CANCELLED" || got.Field("status") != "CANCELLED" || got.Field("completed") == nil {
		t.Errorf("cancelled it is %s", got.Text)
	}
	in.bob.Post(t, path, "").Want(t, 200, `"status":"CANCELLED"`) // the client may not have heard of the first time
	in.decide(t, id, in.manager, "approve", "").Refused(t, "400.1.409 Reference Conflict", "CANCELLED")
	for purpose, c := range map[string]*apptest.Caller{"cancelled by admin": in.Admin, "cancelled by sub": in.sub} {
		c.Post(t, requestsPath+"/"+in.ask(t, purpose)+"/cancel", "").Want(t, 200, `"status":"CANCELLED"`, `"errorDetails":null`)
	}
}

func (in requesting) testRequestLists(t *testing.T) {
	mine := in.bob.List(t, requestsPath, "sorters", "-created")
	for _, row := range mine {
		if row.Text("requester.id") != in.bob.ID {
			t.Errorf("the list of one's own requests has %v", row)
		}
	}
	got := in.bob.Get(t, requestsPath+"?count=true&limit=2&offset=1&sorters=-created").Want(t, 200)
	if rows := got.Rows(t); len(rows) != 2 || rows[0].Text("id") != mine[1].Text("id") || got.Header.Get("X-Total-Count") != fmt.Sprint(len(mine)) {
		t.Errorf("the page is %s of %s", got.Text, got.Header.Get("X-Total-Count"))
	}
	for filters, status := range map[string]string{`status eq "REJECTED"`: "REJECTED", `status in ("CANCELLED")`: "CANCELLED"} {
		rows := in.bob.List(t, requestsPath, "filters", filters+` and requestType eq "CREATE_MACHINE_ACCOUNT"`)
		if texts := apptest.Texts(rows, "status"); len(rows) == 0 || slices.ContainsFunc(texts, func(s string) bool { return s != status }) {
			t.Errorf("%s gives %v", filters, texts)
		}
	}
	in.bob.Get(t, requestsPath+"?all=true").Refused(t, "403 Forbidden", "'all'")
	for _, c := range []*apptest.Caller{in.Admin, in.sub} {
		if rows := c.List(t, requestsPath); len(rows) != 0 {
			t.Errorf("%s has made no requests and sees %d", c.Name, len(rows))
		}
		if rows := c.List(t, requestsPath, "all", "true"); len(rows) <= len(mine) { // dora has made one
			t.Errorf("%s sees %d of the requests of all", c.Name, len(rows))
		}
	}
	in.Admin.Patch(t, "/auth-users/v1/"+in.sub.ID, patch("replace", "/capabilities", []string{})).Want(t, 200)
	in.sub.Get(t, requestsPath+"?all=true").Want(t, 403)
	in.Admin.Patch(t, "/auth-users/v1/"+in.sub.ID, patch("replace", "/capabilities", []string{"SOURCE_SUBADMIN"})).Want(t, 200)
}
