//go:build unix

package app_test

import (
	"net/http"
	"slices"
	"testing"

	"midgard/internal/app/apptest"
	"midgard/internal/testenv"
)

// story is what the people of an office know of one account while they go from the request for it to its end.
type story struct {
	office
	subtype, readers, billing string // the billing is the machine identity that the account is for
	request, account          string
	password                  string
}

const storyName = "svc-pay"

// TestStory plays a request for an account from its beginning to the account's end, over the API alone and with everybody's
// own token, and looks at the directory itself for what became of it.
func TestStory(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		slapd := testenv.Slapd(t, testenv.WithLDIF(serviceEntries(2)))
		slapd.Add(groupEntry("readers", "svc-00"))
		x := story{office: newOffice(t, s, slapd)}
		x.subtype = x.offer(t, "service", "manager, sourceOwner, workgroup:"+x.group, "manager, sourceOwner")
		x.readers = x.entitlement(t, "readers")
		x.billing = s.Admin.Post(t, identitiesPath, apptest.JSON(obj{"name": "Billing", "nativeIdentity": "billing", "subtype": "Application"})).Want(t, http.StatusOK).ID(t)
		x.isOffered(t)
		x.isAskedFor(t)
		x.isRejected(t)
		x.isApproved(t)
		x.isMade(t)
		x.isOnTheDirectory(t)
		x.hasAPassword(t)
		x.isAggregated(t)
		x.isDisabledAndEnabled(t)
		x.isDeleted(t)
	})
}

func (x *story) isOffered(t *testing.T) {
	t.Helper()
	if got := mayAskFor(t, x.bob); !slices.Equal(got, []string{"service"}) {
		t.Errorf("bob may ask for %q", got)
	}
	if got := mayAskFor(t, x.dora); len(got) != 0 {
		t.Errorf("dora may ask for %q", got)
	}
}

// body is what bob asks for.
func (x *story) body(name string) string {
	return apptest.JSON(obj{
		"subtypeId": x.subtype, "formId": x.form, "ownerIdentityId": x.dora.ID, "machineIdentityId": x.billing, "environment": "Production", "description": "Pays the bills",
		"userInput": obj{"name": name, "production": true, "reason": "bills"}, "entitlementIds": []string{x.readers},
	})
}

func (x *story) isAskedFor(t *testing.T) {
	t.Helper()
	x.dora.Post(t, creationPath, x.body(storyName)).Refused(t, "403 Forbidden", "'subtypeId'")
	unreasoned := obj{"subtypeId": x.subtype, "ownerIdentityId": x.dora.ID, "userInput": obj{"name": storyName, "production": true}}
	x.bob.Post(t, creationPath, apptest.JSON(unreasoned)).Refused(t, "400.1.3 Illegal value", "userInput.reason")
	x.request = requestID(t, x.bob.Post(t, creationPath, x.body(storyName)))
	if again := requestID(t, x.bob.Post(t, creationPath, x.body(storyName))); again != x.request {
		t.Errorf("sent again it made %s beside %s", again, x.request)
	}
	x.cleo.Get(t, creationPath+"/"+x.request).Refused(t, "404 Not found") // it is not her turn yet
}

// waitsFor gives the approval of a request once it is in the list of what waits for somebody, and only then.
func (x *story) waitsFor(t *testing.T, who *apptest.Caller, request string) (path string) {
	t.Helper()
	for _, row := range who.List(t, approvalsPath, "mine", "true", "filters", `status eq "PENDING" and referenceId eq "`+request+`"`) {
		return approvalsPath + "/" + row.Text("id")
	}
	t.Fatalf("request %s does not wait for %s", request, who.Name)
	return ""
}

func (x *story) isRejected(t *testing.T) {
	t.Helper()
	other := requestID(t, x.bob.Post(t, creationPath, x.body("svc-no")))
	x.ada.Post(t, x.waitsFor(t, x.ada, other)+"/reject", `{"comment":"One is enough."}`).Want(t, http.StatusNoContent)
	got := x.bob.Get(t, creationPath+"/"+other).Want(t, http.StatusOK, "One is enough.")
	if p := phases(got.Body.(obj), "accountRequestPhases"); got.Field("overallStatus") != "REJECTED" || p != "REJECTED NOT_STARTED" {
		t.Errorf("rejected it is %s", got.Text)
	}
}

// isApproved lets everybody decide in their turn, and nobody before it or after it.
func (x *story) isApproved(t *testing.T) {
	t.Helper()
	turns := []*apptest.Caller{x.ada, x.cleo, x.dora}
	path := x.waitsFor(t, x.ada, x.request)
	x.bob.Post(t, path+"/approve", "").Refused(t, "403 Forbidden", "request of their own")
	for i, who := range turns {
		for _, later := range turns[i+1:] {
			if got := later.Post(t, path+"/approve", ""); got.Status != http.StatusNotFound && got.Status != http.StatusForbidden { // dora is to own the account, and sees that it is asked for
				t.Errorf("%s approves before her turn: %d %s", later.Name, got.Status, got.Text)
			}
		}
		if got := x.waitsFor(t, who, x.request); got != path {
			t.Errorf("for %s waits %s, before it was %s", who.Name, got, path)
		}
		if status := x.bob.Get(t, creationPath+"/"+x.request).Field("overallStatus"); status != "PENDING" {
			t.Errorf("before %s has approved it is %v", who.Name, status)
		}
		who.Post(t, path+"/approve", "").Want(t, http.StatusOK)
		who.Post(t, path+"/approve", "").Refused(t, "400.1.409 Reference Conflict")
	}
	x.emil.Post(t, path+"/approve", "").Refused(t, "400.1.409 Reference Conflict", "dora") // one member of the group suffices
}

// isMade waits for the account and looks at what the inventory has of it.
func (x *story) isMade(t *testing.T) {
	t.Helper()
	x.ends(t, x.request)
	request := x.bob.Get(t, requestsPath+"/"+x.request).Want(t, http.StatusOK)
	x.account, _ = request.Field("account.id").(string)
	x.isAsAskedFor(t)
	if rows := x.Admin.List(t, accountsPath, "filters", `source.id eq "`+x.source+`"`); len(rows) != 1 { // the others were never read
		t.Errorf("the inventory has %v", apptest.Texts(rows, "nativeIdentity"))
	}
}

// ends waits for the end of a request, which must be a good one.
func (x *story) ends(t *testing.T, request string) {
	t.Helper()
	row := x.Until(t, requestsPath+"/"+request, func(row apptest.Row) bool { return row.Text("status") != "PENDING" })
	if row.Text("status") != "SUCCESS" || row.Text("phases.0.finished") == "" || row.Text("phases.1.finished") == "" {
		t.Fatalf("the request ended as %v", row)
	}
}

func (x *story) isAsAskedFor(t *testing.T) {
	t.Helper()
	a := x.Admin.Get(t, accountsPath+"/"+x.account).Want(t, http.StatusOK)
	for field, want := range map[string]any{
		"nativeIdentity": serviceDN(storyName), "subtype": "service", "environment": "Production", "description": "Pays the bills", "enabled": true, "hasEntitlements": true,
		"ownerIdentity.id": x.dora.ID, "machineIdentity.id": x.billing, "machineIdentity.name": "Billing", "source.id": x.source,
	} {
		same(t, field, want, a.Field(field))
	}
}

func (x *story) isOnTheDirectory(t *testing.T) {
	t.Helper()
	entry := entriesBelow(t, x.slapd, directoryServices, "inetOrgPerson")[serviceDN(storyName)]
	if entry == nil {
		t.Fatal("the directory has no such entry")
	}
	if entry.GetAttributeValue("employeeNumber") != "dora" || entry.GetAttributeValue("description") != "Pays the bills" {
		t.Errorf("on the directory it is %v", entry.Attributes)
	}
	members := entriesBelow(t, x.slapd, directoryGroups, "groupOfNames")[groupDN("readers")].GetAttributeValues("member")
	if !slices.Contains(members, serviceDN(storyName)) {
		t.Errorf("the members of the group are %q", members)
	}
}

// hasAPassword lets the owner fetch the password, which nobody else can, nor the owner twice.
func (x *story) hasAPassword(t *testing.T) {
	t.Helper()
	path := requestsPath + "/" + x.request + "/password"
	for _, other := range []*apptest.Caller{x.bob, x.ada, x.cleo, x.Admin} {
		other.Post(t, path, "").Refused(t, "404 Not found")
	}
	x.password, _ = x.dora.Post(t, path, "").Want(t, http.StatusOK).Field("password").(string)
	x.dora.Post(t, path, "").Refused(t, "404 Not found")
	if !canBind(t, x.slapd, serviceDN(storyName), x.password) {
		t.Error("the directory refuses the password of the new account")
	}
}

func (x *story) isAggregated(t *testing.T) {
	t.Helper()
	x.load(t).Want(t, "SUCCESS")
	rows := x.Admin.List(t, accountsPath, "filters", `nativeIdentity eq "`+serviceDN(storyName)+`"`)
	if ids := apptest.Texts(rows, "id"); !slices.Equal(ids, []string{x.account}) {
		t.Errorf("after an aggregation the account is %q, before it was %s", ids, x.account)
	}
	if rows := x.Admin.List(t, identitiesPath, "filters", `displayName eq "Billing"`); len(rows) != 1 {
		t.Errorf("after an aggregation there are %d machine identities", len(rows))
	}
	x.isAsAskedFor(t)
	other := x.Admin.List(t, accountsPath, "filters", `nativeIdentity eq "`+serviceDN("svc-00")+`"`)
	if len(other) != 1 || other[0].Text("attributes.label") != "SVC-00" { // which nobody has asked for: the mappings decide it
		t.Errorf("the account that was there before is %v", other)
	}
}

// isDisabledAndEnabled by its owner.
func (x *story) isDisabledAndEnabled(t *testing.T) {
	t.Helper()
	for _, step := range []struct {
		action  string
		enabled bool
	}{{"disable", false}, {"enable", true}} {
		x.bob.Post(t, accountsPath+"/"+x.account+"/"+step.action, "").Refused(t, "404 Not found")
		x.Wait(t, x.dora.Post(t, accountsPath+"/"+x.account+"/"+step.action, "").Want(t, http.StatusAccepted).ID(t)).Want(t, "SUCCESS")
		same(t, step.action, step.enabled, x.Admin.Get(t, accountsPath+"/"+x.account).Field("enabled"))
		if got := canBind(t, x.slapd, serviceDN(storyName), x.password); got != step.enabled {
			t.Errorf("after %s its password is taken: %v", step.action, got)
		}
	}
}

func (x *story) isDeleted(t *testing.T) {
	t.Helper()
	path := "/account-requests/v1/account/" + x.account + "/delete"
	x.bob.Post(t, path, "").Refused(t, "404 Not found")
	request := requestID(t, x.dora.Post(t, path, `{"comments":"Nobody pays any more."}`))
	for _, who := range []*apptest.Caller{x.ada, x.cleo} {
		if entriesBelow(t, x.slapd, directoryServices, "inetOrgPerson")[serviceDN(storyName)] == nil {
			t.Errorf("the account is gone before %s has approved", who.Name)
		}
		who.Post(t, x.waitsFor(t, who, request)+"/approve", "").Want(t, http.StatusOK)
	}
	x.ends(t, request)
	x.isGone(t)
	x.load(t).Want(t, "SUCCESS")
	x.isGone(t)
	x.Admin.Get(t, identitiesPath+"/"+x.billing).Want(t, http.StatusOK) // it was there before the account
	if got := x.bob.Get(t, creationPath+"/"+x.request).Field("overallStatus"); got != "SUCCESS" {
		t.Errorf("the request for the account is %v in the end", got)
	}
}

func (x *story) isGone(t *testing.T) {
	t.Helper()
	x.Admin.Get(t, accountsPath+"/"+x.account).Refused(t, "404 Not found")
	if rows := x.Admin.List(t, "/accounts/v1", "filters", `nativeIdentity eq "`+serviceDN(storyName)+`"`); len(rows) != 0 {
		t.Errorf("the inventory still has %v", rows)
	}
	if entriesBelow(t, x.slapd, directoryServices, "inetOrgPerson")[serviceDN(storyName)] != nil {
		t.Error("the directory still has the account")
	}
	members := entriesBelow(t, x.slapd, directoryGroups, "groupOfNames")[groupDN("readers")].GetAttributeValues("member")
	if !slices.Equal(members, []string{serviceDN("svc-00")}) {
		t.Errorf("the members of the group are %q", members)
	}
	if canBind(t, x.slapd, serviceDN(storyName), x.password) {
		t.Error("the directory still takes the password")
	}
}
