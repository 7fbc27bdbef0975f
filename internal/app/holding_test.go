//go:build unix

package app_test

import (
	"slices"
	"strings"
	"testing"

	"midgard/internal/app/apptest"
	"midgard/internal/governance"
	"midgard/internal/store"
)

const createAccessPath = "/source-subtypes/v1/machine-account-create-access"

func holderPath(entitlement, person string) string {
	return "/midgard/v1/entitlements/" + entitlement + "/holders/" + person
}

func holderGroupPath(entitlement, group string) string {
	return "/midgard/v1/entitlements/" + entitlement + "/holder-groups/" + group
}

func TestHoldings(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		in := newInventory(t, s)
		t.Run("grants", in.testGrants)
		t.Run("refusals", in.testRefusedGrants)
		t.Run("rule of a group", in.testGroupRule)
		t.Run("create access", in.testCreateAccess)
		t.Run("sub-administrators", in.testGrantsOfSubadmins)
		t.Run("what ends a grant", in.testEndsOfGrants)
	})
}

// holders lists who holds an entitlement, by name.
func (in inventory) holders(t *testing.T, entitlement string) []string {
	t.Helper()
	names := apptest.Texts(in.Admin.List(t, "/midgard/v1/entitlement-holdings", "filters", `entitlement.id eq "`+entitlement+`"`), "identity.name")
	slices.Sort(names)
	return names
}

// mayAskFor gives the technical names of the subtypes that somebody may ask for.
func mayAskFor(t *testing.T, who *apptest.Caller) []string {
	t.Helper()
	names := []string{}
	for _, row := range who.List(t, createAccessPath) {
		list, _ := row.Field("subtypes").([]any)
		for _, subtype := range list {
			names = append(names, apptest.Row(subtype.(obj)).Text("subtypeTechnicalName"))
		}
	}
	return names
}

// changesOf reads the change records of an object, which no operation shows.
func changesOf(t *testing.T, s *apptest.Server, id string) []governance.Change {
	t.Helper()
	db, err := store.Open(t.Context(), s.Database())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // it was only read
	changes, err := db.Changes(t.Context(), id, "", 1000)
	if err != nil {
		t.Fatal(err)
	}
	return changes
}

func (in inventory) testGrants(t *testing.T) {
	_, entitlement := in.enabled(t, in.servers, "granted")
	dora := in.As(t, "dora")
	if got := mayAskFor(t, dora); len(got) != 0 {
		t.Errorf("without a grant dora may ask for %q", got)
	}
	path := holderPath(entitlement, dora.ID)
	first := in.Admin.Put(t, path, "").Want(t, 200, `"effective":true`, `"group":null`)
	same(t, "granted again", first.Body, in.Admin.Put(t, path, "").Want(t, 200).Body)
	if got := mayAskFor(t, dora); !slices.Equal(got, []string{"granted"}) {
		t.Errorf("with a grant dora may ask for %q", got)
	}
	rows := in.Admin.List(t, "/midgard/v1/entitlement-holdings", "filters", `identity.id eq "`+dora.ID+`"`)
	if len(rows) != 1 || rows[0].Text("entitlement.id") != entitlement || rows[0].Text("grantedBy") != in.Admin.Get(t, "/identities/v1/"+in.Admin.ID).Field("name") {
		t.Errorf("dora holds %v", rows)
	}
	in.Admin.Delete(t, path).Want(t, 204)
	in.Admin.Delete(t, path).Refused(t, "404 Not found")
	if got := mayAskFor(t, dora); len(got) != 0 {
		t.Errorf("after the revocation dora may ask for %q", got)
	}
	if got := len(changesOf(t, in.Server, entitlement)); got != 3 {
		t.Errorf("the entitlement has %d change records, want its creation, the grant and the revocation", got)
	}
}

func (in inventory) testRefusedGrants(t *testing.T) {
	_, entitlement := in.enabled(t, in.servers, "refused")
	bob := in.Person(t, "bob")
	in.Admin.Put(t, holderPath(unknownID, bob), "").Refused(t, "404 Not found")
	in.Admin.Put(t, holderPath(entitlement, unknownID), "").Refused(t, "404 Not found")
	in.Admin.Put(t, holderGroupPath(entitlement, unknownID), "").Refused(t, "404 Not found")
	in.Admin.Delete(t, holderGroupPath(entitlement, unknownID)).Refused(t, "404 Not found")
	in.Admin.Put(t, holderPath(in.entitlements(t, in.servers)["operators"], bob), "").Refused(t, "400.1.3 Illegal value", "held by accounts on its source")
	in.As(t, "cleo").Put(t, holderPath(entitlement, bob), "").Refused(t, "403 Forbidden")
	in.As(t, "cleo", "HELPDESK").Get(t, "/midgard/v1/entitlement-holdings").Refused(t, "403 Forbidden")
}

func (in inventory) testGroupRule(t *testing.T) {
	_, entitlement := in.enabled(t, in.mail, "ruled")
	emil, finn := in.As(t, "emil"), in.As(t, "finn")
	group := in.Admin.Post(t, "/workgroups/v1", apptest.JSON(obj{"name": "Mailers", "description": "", "owner": idRef("IDENTITY", in.Admin.ID)})).Want(t, 200).ID(t)
	members := "/workgroups/v1/" + group + "/members/"
	in.Admin.Post(t, members+"bulk-add", apptest.JSON([]any{idRef("IDENTITY", emil.ID), idRef("IDENTITY", finn.ID)})).Want(t, 207)
	rule := in.Admin.Put(t, holderGroupPath(entitlement, group), "").Want(t, 200)
	same(t, "the rule made again", rule.Body, in.Admin.Put(t, holderGroupPath(entitlement, group), "").Want(t, 200).Body)
	if got := in.holders(t, entitlement); !slices.Equal(got, []string{"emil", "finn"}) {
		t.Errorf("by the rule it is held by %q", got)
	}
	in.Admin.Put(t, holderPath(entitlement, emil.ID), "").Want(t, 200)
	in.Admin.Post(t, members+"bulk-delete", apptest.JSON([]any{idRef("IDENTITY", emil.ID), idRef("IDENTITY", finn.ID)})).Want(t, 207)
	if got := in.holders(t, entitlement); !slices.Equal(got, []string{"emil"}) {
		t.Errorf("after they left the group it is held by %q", got)
	}
	if e, f := mayAskFor(t, emil), mayAskFor(t, finn); len(e) != 1 || len(f) != 0 {
		t.Errorf("emil may ask for %q, finn for %q", e, f)
	}
	in.Admin.Delete(t, "/workgroups/v1/"+group).Refused(t, "400.2.1.0 Object in use by another", "rule for entitlement")
	if rows := in.Admin.List(t, "/midgard/v1/entitlement-groups", "filters", `group.id eq "`+group+`"`); len(rows) != 1 || rows[0].Text("entitlement.id") != entitlement {
		t.Errorf("the rules of the group are %v", rows)
	}
	in.Admin.Delete(t, holderGroupPath(entitlement, group)).Want(t, 204)
	in.Admin.Delete(t, "/workgroups/v1/"+group).Want(t, 204)
}

func (in inventory) testCreateAccess(t *testing.T) {
	gina := in.As(t, "gina")
	var subtypes []string
	for _, x := range [][2]string{{in.servers, "first"}, {in.servers, "second"}, {in.mail, "third"}} {
		subtype, entitlement := in.enabled(t, x[0], x[1])
		in.Admin.Put(t, holderPath(entitlement, gina.ID), "").Want(t, 200)
		subtypes = append(subtypes, subtype)
	}
	rows := gina.List(t, "/v2026/source-subtypes/machine-account-create-access")
	if len(rows) != 2 || len(rows[0].Field("subtypes").([]any))+len(rows[1].Field("subtypes").([]any)) != 3 {
		t.Fatalf("gina may ask for %v", rows)
	}
	for i, row := range rows {
		page := gina.List(t, createAccessPath, "offset", []string{"0", "1"}[i], "limit", "1")
		same(t, "a page", []apptest.Row{row}, page)
	}
	servers := rows[slices.IndexFunc(rows, func(r apptest.Row) bool { return r.Text("sourceId") == in.servers })]
	want := obj{"subtypeId": subtypes[0], "subtypeDisplayName": "first", "subtypeTechnicalName": "first",
		"entitlementId": in.Admin.Get(t, subtypesPath+"/"+subtypes[0]+"/machine-config").Field("machineAccountCreate.entitlementId")}
	if same(t, "the first subtype", want, servers.Field("subtypes.0")); servers.Text("sourceName") != "Servers" {
		t.Errorf("the source is called %q", servers.Text("sourceName"))
	}
	if rows := in.Application(t).List(t, createAccessPath); len(rows) != 0 {
		t.Errorf("an application may ask for %v", rows)
	}
	for _, subtype := range subtypes {
		in.Admin.Delete(t, subtypesPath+"/"+subtype).Want(t, 204)
	}
	if got := mayAskFor(t, gina); len(got) != 0 {
		t.Errorf("without the subtypes gina may ask for %q", got)
	}
}

func (in inventory) testGrantsOfSubadmins(t *testing.T) {
	_, ours := in.enabled(t, in.servers, "ours")
	_, theirs := in.enabled(t, in.mail, "theirs")
	hugo := in.As(t, "hugo", "SOURCE_SUBADMIN")
	group := in.Admin.Post(t, "/workgroups/v1", apptest.JSON(obj{"name": "Server people", "description": "", "owner": idRef("IDENTITY", in.Admin.ID)})).Want(t, 200).ID(t)
	in.Admin.Post(t, "/workgroups/v1/"+group+"/members/bulk-add", apptest.JSON([]any{idRef("IDENTITY", hugo.ID)})).Want(t, 207)
	in.Admin.Patch(t, "/sources/v1/"+in.servers, patch("add", "/managementWorkgroup", idRef("GOVERNANCE_GROUP", group))).Want(t, 200)
	ines := in.Person(t, "ines")
	hugo.Put(t, holderPath(ours, ines), "").Want(t, 200)
	hugo.Put(t, holderPath(theirs, ines), "").Refused(t, "404 Not found")
	in.Admin.Put(t, holderPath(theirs, ines), "").Want(t, 200)
	rows := hugo.List(t, "/midgard/v1/entitlement-holdings", "filters", `identity.id eq "`+ines+`"`)
	if got := apptest.Texts(rows, "entitlement.id"); !slices.Equal(got, []string{ours}) {
		t.Errorf("hugo sees grants of %q", got)
	}
	hugo.Delete(t, holderPath(theirs, ines)).Refused(t, "404 Not found")
	hugo.Delete(t, holderPath(ours, ines)).Want(t, 204)
}

// testEndsOfGrants: who is inactive holds nothing as long as that lasts; what is gone is not granted any more.
func (in inventory) testEndsOfGrants(t *testing.T) {
	_, entitlement := in.enabled(t, in.servers, "ending")
	nils, mona := in.Person(t, "nils"), in.Person(t, "mona")
	for _, person := range []string{nils, mona} {
		in.Admin.Put(t, holderPath(entitlement, person), "").Want(t, 200)
	}
	rows := in.Admin.List(t, "/sources/v1", "filters", `name eq "People"`)
	people := rows[0].Text("id")
	in.Load(t, people, strings.Replace(apptest.People(), "nils,nils,nils@example.test,ada\n", "", 1)).Want(t, "SUCCESS")
	held := in.Admin.List(t, "/midgard/v1/entitlement-holdings", "filters", `identity.id eq "`+nils+`"`)
	if len(held) != 1 || held[0].Field("effective") != false {
		t.Errorf("while nils is away he holds %v", held)
	}
	in.Admin.Put(t, holderPath(entitlement, nils), "").Refused(t, "400.1.3 Illegal value", "not active")
	in.Load(t, people, apptest.People()).Want(t, "SUCCESS")
	held = in.Admin.List(t, "/midgard/v1/entitlement-holdings", "filters", `identity.id eq "`+nils+`"`)
	if len(held) != 1 || held[0].Field("effective") != true {
		t.Errorf("when nils is back he holds %v", held)
	}
	in.Admin.Delete(t, "/identities/v1/"+mona).Want(t, 204)
	if got := in.holders(t, entitlement); !slices.Equal(got, []string{"nils"}) {
		t.Errorf("without mona it is held by %q", got)
	}
}
