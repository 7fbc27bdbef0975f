//go:build unix

package app_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"midgard/internal/app/apptest"
)

// mapped is a source of service accounts with columns to map.
type mapped struct {
	*apptest.Server
	source string
	path   string
}

const mappedAccounts = `id,name,app,kind,mail,staff,stage,groups
m1,svc-pay-1,Payroll,service,ada@example.test,,PRD,
m2,svc-pay-2,payroll,service,BOB@example.test,,PRD,
m3,svc-crm,CRM,bot,,E-3,TST,
m4,svc-odd,,robot,nobody@example.test,,,
`

func newMapped(t *testing.T, s *apptest.Server) mapped {
	t.Helper()
	m := mapped{Server: s, source: s.CreateSource(t, "Jobs", obj{"deleteThreshold": 100})}
	m.path = "/sources/v1/" + m.source + "/machine-account-mappings"
	s.SetSchema(t, m.source, "id", "id", "name", "app", "kind", "mail", "staff", "stage", "groups")
	s.AllMachines(t, m.source)
	for _, name := range []string{"service", "bot"} {
		s.Admin.Post(t, "/source-subtypes/v1", apptest.JSON(obj{"sourceId": m.source, "technicalName": name, "displayName": "A " + name, "description": "d"})).Want(t, 201)
	}
	return m
}

// read is a transform that reads a column of the account itself.
func read(name string) obj {
	return obj{"type": "accountAttribute", "attributes": obj{"sourceName": "Jobs", "attributeName": name}}
}

func target(kind, name string, transform obj) obj {
	return obj{"target": obj{"type": kind, "attributeName": name}, "transformDefinition": transform}
}

// settled waits for the mapping work of the source and gives the newest task of it.
func (m mapped) settled(t *testing.T) apptest.Task {
	t.Helper()
	for _, row := range m.Admin.List(t, "/task-status/v1", "filters", `sourceId eq "`+m.source+`"`, "sorters", "-created") {
		if row.Text("uniqueName") == "Machine Account Mapping" {
			return m.Wait(t, row.Text("id"))
		}
	}
	t.Fatal("there is no mapping task")
	return apptest.Task{}
}

// set replaces the mappings and waits for the work that follows.
func (m mapped) set(t *testing.T, mappings ...obj) apptest.Task {
	t.Helper()
	m.Admin.Put(t, m.path, apptest.JSON(append([]obj{}, mappings...))).Want(t, 200)
	return m.settled(t)
}

// accounts shows of every machine account of the source some fields, separated by blanks; null is a dash.
func (m mapped) accounts(t *testing.T, fields ...string) string {
	t.Helper()
	var lines []string
	for _, row := range m.Admin.List(t, "/machine-accounts/v1", "filters", `source.id eq "`+m.source+`"`, "sorters", "nativeIdentity") {
		var parts []string
		for _, f := range fields {
			text := row.Text(f)
			if text == "" {
				text = "-"
			}
			parts = append(parts, text)
		}
		lines = append(lines, strings.Join(parts, " "))
	}
	return strings.Join(lines, "; ")
}

func (m mapped) want(t *testing.T, what, want string, fields ...string) {
	t.Helper()
	if got := m.accounts(t, fields...); got != want {
		t.Errorf("%s:\n got %s\nwant %s", what, got, want)
	}
}

func (m mapped) identities(t *testing.T) string {
	t.Helper()
	rows := m.Admin.List(t, "/machine-identities/v1", "filters", `source.id eq "`+m.source+`"`, "sorters", "name")
	return strings.Join(apptest.Texts(rows, "name"), ", ")
}

func TestMappings(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		m := newMapped(t, s)
		t.Run("list", m.testList)
		t.Run("refused", m.testRefused)
		t.Run("sub-administrators", m.testSubadmin)
		m.Load(t, m.source, mappedAccounts).Want(t, "SUCCESS")
		t.Run("attributes", m.testAttributes)
		t.Run("machine identities", m.testIdentities)
		t.Run("owners", m.testOwners)
		t.Run("aggregation", m.testAggregation)
		t.Run("classification", m.testClassification)
		t.Run("transform changes", m.testTransformChange)
		t.Run("preview", m.testPreview)
	})
}

func (m mapped) testList(t *testing.T) {
	for _, path := range []string{"/v2024/sources/%s/machine-mappings", "/v2025/sources/%s/machine-account-mappings", "/v2026/sources/%s/machine-mappings", "/sources/v1/%s/machine-mappings"} {
		a := m.Admin.Put(t, fmt.Sprintf(path, m.source), apptest.JSON(target("ACCOUNT", "environment", read("stage")))).Want(t, 200)
		if rows := a.Rows(t); len(rows) != 1 || rows[0].Text("target.attributeName") != "environment" {
			t.Errorf("%s answers %s", path, a.Text)
		}
	}
	a := m.Admin.Post(t, m.path, apptest.JSON(target("ACCOUNT", "costCentre", obj{"type": "static", "attributes": obj{"value": "x"}}))).Want(t, 200)
	if got := apptest.Texts(a.Rows(t), "target.attributeName"); strings.Join(got, " ") != "environment costCentre" {
		t.Errorf("after a post there are %v", got)
	}
	a = m.Admin.Post(t, m.path, apptest.JSON([]obj{target("ACCOUNT", "environment", obj{"type": "reference", "id": "ToUpper", "attributes": obj{"input": read("stage")}})})).Want(t, 200)
	if rows := a.Rows(t); len(rows) != 2 || rows[0].Text("transformDefinition.id") != "ToUpper" {
		t.Errorf("a post does not replace the mapping of its target: %s", a.Text)
	}
	if rows := m.Admin.Get(t, m.path+"?limit=1&offset=1").Want(t, 200).Rows(t); len(rows) != 1 || rows[0].Text("target.attributeName") != "costCentre" {
		t.Errorf("the second page is %v", rows)
	}
	if a := m.Admin.Delete(t, m.path).Want(t, 200); a.Text != "" {
		t.Errorf("deleting answers %q", a.Text)
	}
	m.Admin.Get(t, m.path).Want(t, 200, "[]")
	m.settled(t)
}

func (m mapped) testRefused(t *testing.T) {
	static := obj{"type": "static", "attributes": obj{"value": "x"}}
	for body, wants := range map[string][]string{
		apptest.JSON(obj{"transformDefinition": static}):                                    {"target.type"},
		apptest.JSON(target("PERSON", "uid", static)):                                       {"target.type", "OWNER_IDENTITY"},
		apptest.JSON(target("ACCOUNT", "", static)):                                         {"target.attributeName"},
		apptest.JSON(target("ACCOUNT", "nativeIdentity", static)):                           {"target.attributeName", "cannot be mapped"},
		apptest.JSON(target("OWNER_IDENTITY", "phone", static)):                             {"target.attributeName", "uid, name or email"},
		apptest.JSON(target("OWNER_ACCOUNT", "staff", static)):                              {"target.sourceId"},
		apptest.JSON([]obj{target("ACCOUNT", "a", static), target("ACCOUNT", "a", static)}): {"[1].target"},
		apptest.JSON(obj{"target": obj{"type": "ACCOUNT", "attributeName": "a"}}):           {"transformDefinition"},
		apptest.JSON([]obj{target("ACCOUNT", "a", obj{"type": "reference", "id": "None"})}): {"[0].transformDefinition", "None"},
		apptest.JSON(target("ACCOUNT", "a", obj{"type": "lookup", "attributes": obj{}})):    {"transformDefinition.attributes.table"},
		apptest.JSON(target("ACCOUNT", "a", obj{"type": "guess"})):                          {"transformDefinition.type", "guess"},
		`"x"`: {},
	} {
		m.Admin.Put(t, m.path, body).Want(t, 400, wants...)
	}
	unknown := obj{"target": obj{"type": "OWNER_ACCOUNT", "attributeName": "staff", "sourceId": "00000000-0000-4000-8000-00000000abcd"}, "transformDefinition": static}
	m.Admin.Put(t, m.path, apptest.JSON(unknown)).Refused(t, "400.1.404 Referenced object not found", "target.sourceId")
	for _, placeholder := range []string{"{sourceId}", "{id}"} {
		m.Admin.Get(t, "/v2025/sources/"+url.PathEscape(placeholder)+"/machine-account-mappings").Want(t, 400, "placeholder", "sourceId")
	}
	m.Admin.Get(t, "/v2025/sources/00000000-0000-4000-8000-00000000abcd/machine-account-mappings").Want(t, 404)
	m.Admin.Get(t, m.path).Want(t, 200, "[]")
}

func (m mapped) testAttributes(t *testing.T) {
	task := m.set(t,
		target("ACCOUNT", "environment", obj{"type": "lookup", "attributes": obj{"input": read("stage"), "table": obj{"PRD": "production", "TST": "test", "default": "unknown"}}}),
		target("ACCOUNT", "subtype", read("kind")),
		target("ACCOUNT", "description", obj{"type": "concat", "attributes": obj{"values": []any{"runs ", read("app")}}}),
		target("ACCOUNT", "application", read("app")))
	task.Want(t, "WARNING")
	if text := strings.Join(task.Messages(), " "); !strings.Contains(text, `svc-odd: ACCOUNT subtype: the source has no subtype with the technical name "robot"`) {
		t.Errorf("the task says %q", text)
	}
	m.want(t, "mapped", "production service runs Payroll Payroll; production service runs payroll payroll; test bot runs CRM CRM; unknown - runs -",
		"environment", "subtype", "description", "attributes.application")
	rows := m.Admin.List(t, "/machine-accounts/v1", "filters", `subtype.displayName eq "A bot" and attributes eq "application=CRM"`)
	if len(rows) != 1 {
		t.Errorf("%d accounts are found by what was mapped", len(rows))
	}
	id := m.accountNamed(t, "m3")
	m.Admin.Patch(t, "/machine-accounts/v1/"+id, `[{"op":"replace","path":"/description","value":"mine"}]`).Want(t, 200)
	m.set(t, target("ACCOUNT", "application", obj{"type": "upper", "attributes": obj{"input": read("app")}})).Want(t, "SUCCESS")
	m.want(t, "what a mapping no longer gives goes, what a person gave stays", "- - - PAYROLL; - - - PAYROLL; test bot mine CRM; - - - -",
		"environment", "subtype", "description", "attributes.application")
	m.Admin.Patch(t, "/machine-accounts/v1/"+id, `[{"op":"replace","path":"/manuallyEdited","value":false}]`).Want(t, 200)
	m.Admin.Delete(t, m.path).Want(t, 200)
	m.settled(t).Want(t, "SUCCESS")
	m.want(t, "without mappings", "- - -; - - -; - - -; - - -", "subtype", "description", "attributes.application")
}

func (m mapped) accountNamed(t *testing.T, native string) string {
	t.Helper()
	return m.Admin.List(t, "/machine-accounts/v1", "filters", `source.id eq "`+m.source+`" and nativeIdentity eq "`+native+`"`)[0].Text("id")
}

func (m mapped) testIdentities(t *testing.T) {
	if got := m.identities(t); got != "svc-crm, svc-odd, svc-pay-1, svc-pay-2" {
		t.Fatalf("before, there are %s", got)
	}
	own := obj{"nativeIdentity": "crm", "name": "The CRM", "subtype": "Application", "description": "d"}
	byHand := m.Admin.Post(t, "/machine-identities/v2", apptest.JSON(own)).Want(t, 201).ID(t)
	m.set(t, target("IDENTITY", "nativeIdentity", read("app")),
		target("IDENTITY", "name", obj{"type": "firstValid", "attributes": obj{"values": []any{read("title"), obj{"type": "concat", "attributes": obj{"values": []any{"App ", read("app")}}}}}}),
		target("IDENTITY", "criticality", read("stage"))).Want(t, "SUCCESS")
	if got := m.identities(t); got != "App, App Payroll" {
		t.Errorf("machine identities are %s", got)
	}
	m.want(t, "joined", "App Payroll; App Payroll; The CRM; App", "machineIdentity.name")
	m.Admin.Get(t, "/machine-identities/v2/"+byHand).Want(t, 200, `"name":"The CRM"`)
	if rows := m.Admin.List(t, "/machine-identities/v1", "filters", `attributes eq "criticality=PRD"`); len(rows) != 1 || rows[0].Text("nativeIdentity") != "Payroll" {
		t.Errorf("found by a mapped attribute: %v", rows)
	}
	m.set(t).Want(t, "SUCCESS")
	if got := m.identities(t); got != "svc-crm, svc-odd, svc-pay-1, svc-pay-2" {
		t.Errorf("without mappings there are %s", got)
	}
	m.Admin.Delete(t, "/machine-identities/v2/"+byHand).Want(t, 204)
}

func (m mapped) testOwners(t *testing.T) {
	m.Person(t, "ada")
	m.set(t, target("OWNER_IDENTITY", "email", read("mail"))).Want(t, "SUCCESS")
	m.want(t, "owners by e-mail", "ada; bob; -; -", "ownerIdentity.name")
	m.staff(t)
	lookup := obj{"target": obj{"type": "OWNER_ACCOUNT", "attributeName": "staffNumber", "sourceId": m.people(t)}, "transformDefinition": read("staff")}
	m.set(t, lookup, target("OWNER_IDENTITY", "email", read("mail"))).Want(t, "SUCCESS")
	m.want(t, "owners by an account", "ada; bob; cleo; -", "ownerIdentity.name")
}

// staff gives the people numbers.
func (m mapped) staff(t *testing.T) {
	t.Helper()
	m.SetSchema(t, m.people(t), "uid", "uid", "displayName", "email", "manager", "staffNumber")
	lines := strings.Split(strings.TrimSpace(apptest.People()), "\n")
	for i := range lines {
		lines[i] += fmt.Sprintf(",e-%d", i)
		if i == 0 {
			lines[i] = strings.Replace(lines[i], ",e-0", ",staffNumber", 1)
		}
	}
	m.Load(t, m.people(t), strings.Join(lines, "\n")+"\n").Want(t, "SUCCESS")
}

func (m mapped) people(t *testing.T) string {
	t.Helper()
	return m.Admin.List(t, "/sources/v1", "filters", `name eq "People"`)[0].Text("id")
}

func (m mapped) testAggregation(t *testing.T) {
	m.set(t, target("IDENTITY", "nativeIdentity", read("app")), target("ACCOUNT", "environment", read("stage"))).Want(t, "SUCCESS")
	file := strings.Replace(mappedAccounts, "m1,svc-pay-1,Payroll", "m1,svc-pay-1,Ledger", 1) + "m5,svc-pay-3,Payroll,service,,,DEV,\nm6,svc-new,Ledger,service,,,DEV,\n"
	task := m.Load(t, m.source, file).Want(t, "SUCCESS")
	if task.Count("created") != "2" || task.Count("mappingProblems") != "0" {
		t.Errorf("the run counts %v", task.Row["attributes"])
	}
	m.want(t, "after a run", "Ledger PRD; payroll PRD; CRM TST; svc-odd -; payroll DEV; Ledger DEV", "machineIdentity.name", "environment")
	m.Load(t, m.source, file).Want(t, "SUCCESS")
	m.Load(t, m.source, mappedAccounts).Want(t, "SUCCESS")
	if got := m.identities(t); got != "CRM, Payroll, svc-odd" {
		t.Errorf("after all, there are %s", got)
	}
}

func (m mapped) testClassification(t *testing.T) {
	account := m.accountNamed(t, "m1")
	m.Admin.Post(t, "/accounts/v1/"+account+"/classify?classificationMode=forceHuman", "").Want(t, 200, `{"isMachine":false}`)
	m.Admin.Post(t, "/accounts/v1/"+account+"/classify?classificationMode=forceMachine", "").Want(t, 200, `{"isMachine":true}`)
	m.want(t, "classified again", "Payroll PRD; Payroll PRD; CRM TST; svc-odd -", "machineIdentity.name", "environment")
}

func (m mapped) testTransformChange(t *testing.T) {
	id := m.Admin.Post(t, "/transforms/v1", apptest.JSON(obj{"name": "Stage", "type": "lower", "attributes": obj{}})).Want(t, 201).ID(t)
	m.Admin.Post(t, "/transforms/v1", apptest.JSON(obj{"name": "Outer", "type": "reference", "attributes": obj{"id": "Stage"}})).Want(t, 201)
	m.set(t, target("ACCOUNT", "environment", obj{"type": "reference", "attributes": obj{"id": "Outer", "input": read("stage")}})).Want(t, "SUCCESS")
	m.want(t, "lower", "prd; prd; tst; -", "environment")
	m.Admin.Delete(t, "/transforms/v1/"+id).Want(t, 400, "Outer")
	m.Admin.Put(t, "/transforms/v1/"+id, apptest.JSON(obj{"name": "Stage", "type": "lower", "attributes": obj{"input": read("kind")}})).Want(t, 200)
	m.settled(t).Want(t, "SUCCESS")
	m.want(t, "another column", "service; service; bot; robot", "environment")
}

// testPreview holds what a preview says against what happens when its rules are set.
func (m mapped) testPreview(t *testing.T) {
	path := "/midgard/v1/sources/" + m.source + "/mapping-preview"
	m.set(t).Want(t, "SUCCESS")
	before := m.accounts(t, "subtype", "environment", "machineIdentity.name", "ownerIdentity.name")
	rules := []obj{
		target("IDENTITY", "nativeIdentity", read("app")), target("ACCOUNT", "environment", read("stage")),
		target("ACCOUNT", "subtype", read("kind")), target("OWNER_IDENTITY", "email", read("mail")),
	}
	a := m.Admin.Post(t, path+"?limit=2", apptest.JSON(obj{"mappings": rules})).Want(t, 200)
	for name, want := range map[string]float64{
		"accountsRead": 4, "accountsChanged": 3, "machineIdentitiesMade": 2, "machineIdentitiesRemoved": 3, "accountsJoined": 2, "accountsSplit": 0,
		"ownersGained": 2, "ownersLost": 0, "ownersChanged": 0, "attributesChanged": 6, "problems": 1, "becomeMachine": 0, "becomeHuman": 0,
	} {
		if got := a.Field("counts." + name); got != want {
			t.Errorf("the preview counts %v as %s, want %v", got, name, want)
		}
	}
	rows, _ := a.Field("rows").([]any)
	if len(rows) != 2 || a.Field("total") != 4.0 {
		t.Errorf("the preview shows %d rows of %v", len(rows), a.Field("total"))
	}
	m.want(t, "a preview writes nothing", before, "subtype", "environment", "machineIdentity.name", "ownerIdentity.name")
	m.set(t, rules...).Want(t, "WARNING")
	if got := m.identities(t); got != "CRM, Payroll, svc-odd" {
		t.Errorf("after the rules are set there are %s", got)
	}
	again := m.Admin.Post(t, path, apptest.JSON(obj{"mappings": rules})).Want(t, 200)
	if again.Field("counts.accountsChanged") != 0.0 || again.Field("counts.problems") != 1.0 {
		t.Errorf("rules that are set already would change %v", again.Field("counts"))
	}
	human := obj{"classificationConfig": obj{"enabled": true, "classificationMethod": "CRITERIA", "criteria": obj{
		"operation": "EQUALS", "attribute": "kind", "value": "service"}}}
	a = m.Admin.Post(t, path, apptest.JSON(human)).Want(t, 200)
	if a.Field("counts.becomeHuman") != 2.0 || a.Field("counts.machineIdentitiesRemoved") != 2.0 {
		t.Errorf("the classification would change %v", a.Field("counts"))
	}
	m.Admin.Post(t, path, `{}`).Want(t, 400, "mappings")
	m.Admin.Post(t, path, apptest.JSON(obj{"mappings": []obj{target("ACCOUNT", "a", obj{"type": "guess"})}})).Want(t, 400, "mappings[0].transformDefinition.type")
	m.Admin.Post(t, path+"?limit=251", apptest.JSON(obj{"mappings": rules})).Want(t, 400, "limit")
}

// testSubadmin: a sub-administrator's mappings read and look up accounts of their own sources only.
func (m mapped) testSubadmin(t *testing.T) {
	bob := m.As(t, "bob", "SOURCE_SUBADMIN")
	group := m.Admin.Post(t, "/workgroups/v1", apptest.JSON(obj{"name": "Mappers", "owner": idRef("IDENTITY", m.Admin.ID)})).Want(t, 200).ID(t)
	m.Admin.Post(t, "/workgroups/v1/"+group+"/members/bulk-add", apptest.JSON([]any{idRef("IDENTITY", m.Person(t, "bob"))})).Want(t, 207)
	m.Admin.Patch(t, "/sources/v1/"+m.source, patch("add", "/managementWorkgroup", idRef("GOVERNANCE_GROUP", group))).Want(t, 200)
	foreign := obj{"type": "accountAttribute", "attributes": obj{"sourceName": "People", "attributeName": "email"}}
	byID := obj{"type": "accountAttribute", "attributes": obj{"applicationId": m.people(t), "attributeName": "email"}}
	lookup := obj{"target": obj{"type": "OWNER_ACCOUNT", "attributeName": "email", "sourceId": m.people(t)}, "transformDefinition": read("mail")}
	preview := "/midgard/v1/sources/" + m.source + "/mapping-preview"
	for _, mapping := range []obj{target("ACCOUNT", "x", foreign), target("ACCOUNT", "x", byID), lookup} {
		bob.Put(t, m.path, apptest.JSON(mapping)).Refused(t, "400.1.404 Referenced object not found", "administer")
		bob.Post(t, preview, apptest.JSON(obj{"mappings": []obj{mapping}})).Refused(t, "400.1.404 Referenced object not found", "mappings[0]")
	}
	bob.Put(t, m.path, apptest.JSON(target("ACCOUNT", "x", read("app")))).Want(t, 200)
	bob.Delete(t, m.path).Want(t, 200)
	m.settled(t)
}
