//go:build unix

package app_test

import (
	"slices"
	"strings"
	"testing"

	"midgard/internal/app/apptest"
)

// kinds is a source of accounts that only their attributes tell apart.
type kinds struct {
	inventory
	source string
	config string // the path of its configuration
}

const kindAccounts = `id,name,accountType,groups
a1,svc-Backup,service,ops
a2,jane.doe,human,
a3,SVC-deploy,Service,ops;root
a4,batch_01,,
a5,robot-svc,bot,x
`

func newKinds(t *testing.T, s *apptest.Server) kinds {
	t.Helper()
	k := kinds{inventory: inventory{Server: s}, source: s.CreateSource(t, "Kinds", nil)}
	k.config = "/sources/v1/" + k.source + "/machine-classification-config"
	s.SetSchema(t, k.source, "id", "id", "name", "accountType", "groups")
	s.Load(t, k.source, kindAccounts).Want(t, "SUCCESS")
	return k
}

// machines gives the native identities of the source's machine accounts.
func (k kinds) machines(t *testing.T) string {
	t.Helper()
	rows := k.Admin.List(t, accountsPath, "filters", `source.id eq "`+k.source+`"`, "sorters", "nativeIdentity")
	return strings.Join(apptest.Texts(rows, "nativeIdentity"), " ")
}

// accountID finds an account of the source, whatever it is.
func (k kinds) accountID(t *testing.T, native string) string {
	t.Helper()
	return k.Admin.List(t, "/accounts/v1", "filters", `sourceId eq "`+k.source+`" and nativeIdentity eq "`+native+`"`)[0].Text("id")
}

// classify runs a classification of the source in a mode to its end.
func (k kinds) classify(t *testing.T, mode string) apptest.Row {
	t.Helper()
	path := "/sources/v1/" + k.source + "/classify"
	k.Admin.Post(t, apptest.Query(path, "classificationMode", mode), "").Want(t, 200, `{"Accounts submitted for processing":5}`)
	return k.ended(t)
}

func (k kinds) ended(t *testing.T) apptest.Row {
	t.Helper()
	return k.Until(t, "/sources/v1/"+k.source+"/classify", func(r apptest.Row) bool {
		return slices.Contains([]string{"COMPLETED", "CANCELLED", "TERMINATED"}, r.Text("status"))
	})
}

func (k kinds) want(t *testing.T, what, machines string) {
	t.Helper()
	if got := k.machines(t); got != machines {
		t.Errorf("%s: machines are %q, want %q", what, got, machines)
	}
}

func TestClassification(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		k := newKinds(t, s)
		t.Run("config", k.testConfig)
		t.Run("refused configs", k.testRefusedConfigs)
		t.Run("operations", k.testCriteria)
		t.Run("modes of a source", k.testSourceModes)
		t.Run("modes of an account", k.testAccountModes)
		t.Run("a decision by hand survives", k.testManualDecision)
		t.Run("there and back", k.testThereAndBack)
		t.Run("declassify", k.testDeclassify)
		t.Run("cancel", k.testCancelClassification)
	})
}

const threeLevels = `{"operation":"OR","caseSensitive":false,"dataType":null,"attribute":null,"value":null,"children":[
	{"operation":"AND","caseSensitive":false,"dataType":null,"attribute":null,"value":null,"children":[
		{"operation":"STARTS_WITH","caseSensitive":true,"dataType":"STRING","attribute":"name","value":"svc-","children":null},
		{"operation":"EQUALS","caseSensitive":false,"dataType":null,"attribute":"groups","value":"ops","children":null}]},
	{"operation":"EQUALS","caseSensitive":false,"dataType":null,"attribute":"accountType","value":"bot","children":null}]}`

func (k kinds) testConfig(t *testing.T) {
	for _, path := range []string{k.config, "/v2024" + strings.Replace(k.config, "/v1", "", 1), "/v2025" + strings.Replace(k.config, "/v1", "", 1), "/v2026" + strings.Replace(k.config, "/v1", "", 1)} {
		k.Admin.Get(t, path).Refused(t, "404 Not found")
		k.Admin.Delete(t, path).Refused(t, "404 Not found")
		made := k.Admin.Put(t, path, `{"enabled":true,"classificationMethod":"CRITERIA","criteria":`+threeLevels+`,"created":"2001-01-01T00:00:00Z","more":1}`).Want(t, 200)
		same(t, "criteria", decoded(threeLevels), made.Field("criteria"))
		if strings.HasPrefix(made.Field("created").(string), "2001") || made.Field("modified") != nil {
			t.Errorf("made %s", made.Text)
		}
		k.Admin.Get(t, path).Want(t, 200, made.Text)
		// a change of the method keeps the criteria
		k.Admin.Put(t, path, `{"enabled":false,"classificationMethod":"SOURCE"}`).Want(t, 200, `"enabled":false`, `"classificationMethod":"SOURCE"`, `"STARTS_WITH"`)
		if got := k.Admin.Delete(t, path).Want(t, 200); got.Text != "" || got.Header.Get("Content-Type") != "" {
			t.Errorf("the answer is %q %v", got.Text, got.Header)
		}
	}
	none := strings.Replace(k.config, k.source, unknownID, 1)
	for _, method := range []string{"GET", "PUT", "DELETE"} {
		k.Admin.Do(t, method, none, map[string]string{"PUT": `{"classificationMethod":"SOURCE"}`}[method]).Refused(t, "404 Not found", unknownID)
	}
}

func (k kinds) testRefusedConfigs(t *testing.T) {
	const leaf = `{"operation":"EQUALS","attribute":"a","value":"b"}`
	nested := func(levels int) string {
		tree := leaf
		for range levels - 1 {
			tree = `{"operation":"AND","children":[` + tree + `]}`
		}
		return tree
	}
	for criteria, refusal := range map[string][2]string{
		`null`:                               {"400.1.0 Required Data Missing Or Empty", "'criteria'"},
		nested(4):                            {"400.1.4 Limit violation", "deeper than 3 levels at 'criteria.children[0].children[0].children[0]'"},
		`{}`:                                 {"400.1.0 Required Data Missing Or Empty", "criteria.operation"},
		`{"operation":"LIKE"}`:               {"400.1.3 Illegal value", "LIKE"},
		`{"operation":"EQUALS","value":"x"}`: {"400.1.0 Required Data Missing Or Empty", "criteria.attribute"},
		`{"operation":"OR"}`:                 {"400.1.0 Required Data Missing Or Empty", "criteria.children"},
		`{"operation":"OR","children":[]}`:   {"400.1.0 Required Data Missing Or Empty", "criteria.children"},
		`{"operation":"OR","children":[{}]}`: {"400.1.0 Required Data Missing Or Empty", "criteria.children[0].operation"},
		`{"operation":"EQUALS","attribute":"` + strings.Repeat("x", 513) + `"}`:              {"400.1.4 Limit violation", "criteria.attribute"},
		`{"operation":"EQUALS","attribute":"a","value":"` + strings.Repeat("x", 2049) + `"}`: {"400.1.4 Limit violation", "criteria.value"},
		`{"operation":7}`: {"400.1 Bad Request Content", "/criteria/operation"},
		`{"operation":"EQUALS","attribute":"a","children":[` + leaf + `]}`: {"400.1.3 Illegal value", "criteria.children"},
	} {
		k.Admin.Put(t, k.config, `{"enabled":true,"classificationMethod":"CRITERIA","criteria":`+criteria+`}`).Refused(t, refusal[0], refusal[1])
	}
	for body, refusal := range map[string][2]string{
		``:                                 {"400.1 Bad Request Content", "empty"},
		`{"enabled":true}`:                 {"400.1.0 Required Data Missing Or Empty", "'classificationMethod'"},
		`{"classificationMethod":"GUESS"}`: {"400.1.3 Illegal value", "SOURCE or CRITERIA"},
		`{"enabled":"yes","classificationMethod":"SOURCE"}`: {"400.1 Bad Request Content", "/enabled"},
		`[]`: {"400.1 Bad Request Content", "must be an object"},
	} {
		k.Admin.Put(t, k.config, body).Refused(t, refusal[0], refusal[1])
	}
	k.Admin.Get(t, k.config).Refused(t, "404 Not found")
	k.Admin.Put(t, k.config, `{"enabled":true,"classificationMethod":"CRITERIA","criteria":`+nested(3)+`}`).Want(t, 200)
}

// testCriteria tries every operation on the accounts that are there, by classification and by aggregation, which has to
// decide alike.
func (k kinds) testCriteria(t *testing.T) {
	for i, test := range []struct{ criteria, want string }{
		{`{"operation":"EQUALS","attribute":"accountType","value":"service"}`, "a1 a3"},
		{`{"operation":"EQUALS","attribute":"accountType","value":"service","caseSensitive":true}`, "a1"},
		{`{"operation":"NOT_EQUALS","attribute":"accountType","value":"service"}`, "a2 a4 a5"},
		{`{"operation":"NOT_EQUALS","attribute":"accountType","value":"Service","caseSensitive":true}`, "a1 a2 a4 a5"},
		{`{"operation":"STARTS_WITH","attribute":"name","value":"SVC-"}`, "a1 a3"},
		{`{"operation":"STARTS_WITH","attribute":"name","value":"SVC-","caseSensitive":true}`, "a3"},
		{`{"operation":"ENDS_WITH","attribute":"name","value":"SVC"}`, "a5"},
		{`{"operation":"ENDS_WITH","attribute":"name","value":"SVC","caseSensitive":true}`, ""},
		{`{"operation":"CONTAINS","attribute":"name","value":"svc"}`, "a1 a3 a5"},
		{`{"operation":"CONTAINS","attribute":"name","value":"svc","caseSensitive":true}`, "a1 a5"},
		{`{"operation":"EQUALS","attribute":"groups","value":"root"}`, "a3"}, // one of several values
		{`{"operation":"EQUALS","attribute":"nativeIdentity","value":"a4"}`, "a4"},
		{`{"operation":"EQUALS","attribute":"absent","value":"x"}`, ""},
		{`{"operation":"AND","children":[{"operation":"CONTAINS","attribute":"name","value":"svc"},{"operation":"EQUALS","attribute":"groups","value":"ops"}]}`, "a1 a3"},
		{threeLevels, "a1 a5"},
	} {
		k.Admin.Put(t, k.config, `{"enabled":true,"classificationMethod":"CRITERIA","criteria":`+test.criteria+`}`).Want(t, 200)
		if i%2 == 1 { // each of the two has to find what the other one has decided by other criteria
			k.Load(t, k.source, kindAccounts).Want(t, "SUCCESS")
			k.want(t, test.criteria+" by aggregation", test.want)
		}
		status := k.classify(t, "")
		if status.Text("status") != "COMPLETED" || status.Text("counts.EXPECTED") != "5" || status.Text("counts.RECEIVED") != "5" || status.Text("counts.COMPLETED") != "5" {
			t.Errorf("%s: the status is %v", test.criteria, status)
		}
		k.want(t, test.criteria, test.want)
		if i%2 == 0 {
			k.Load(t, k.source, kindAccounts).Want(t, "SUCCESS")
			k.want(t, test.criteria+" and aggregation", test.want)
		}
	}
	for _, row := range k.Admin.List(t, accountsPath, "filters", `source.id eq "`+k.source+`"`) {
		if row.Text("classificationMethod") != "CRITERIA" || row.Text("machineIdentity.id") == "" {
			t.Errorf("a machine account is %v", row)
		}
	}
}

func (k kinds) testSourceModes(t *testing.T) {
	k.Admin.Put(t, k.config, `{"enabled":true,"classificationMethod":"CRITERIA","criteria":`+threeLevels+`}`).Want(t, 200)
	for _, step := range []struct{ mode, want, what string }{
		{"forceMachine", "a1 a2 a3 a4 a5", "all are machines'"},
		{"default", "a1 a2 a3 a4 a5", "decisions by hand stay"},
		{"ignoreManual", "a1 a5", "criteria alone count"},
		{"forceHuman", "", "none is a machine's"},
		{"", "", "decisions by hand stay, too"},
		{"ignoreManual", "a1 a5", "criteria again"},
	} {
		k.classify(t, step.mode)
		k.want(t, step.what, step.want)
	}
	identities := k.Admin.List(t, identitiesPath, "filters", `source.id eq "`+k.source+`"`)
	if len(identities) != 2 {
		t.Errorf("%d machine identities are left", len(identities))
	}
	k.Admin.Post(t, "/sources/v1/"+k.source+"/classify?classificationMode=guess", "").Refused(t, "400.1.3 Illegal value", "default, ignoreManual, forceMachine or forceHuman")
	k.Admin.Post(t, "/sources/v1/"+unknownID+"/classify", "").Refused(t, "404 Not found")
	k.Admin.Get(t, "/sources/v1/"+k.CreateSource(t, "Never classified", nil)+"/classify").Refused(t, "404 Not found")
}

func (k kinds) testAccountModes(t *testing.T) {
	path := "/accounts/v1/" + k.accountID(t, "a1") + "/classify"
	for _, step := range []struct{ mode, want string }{
		{"", "true"}, {"default", "true"}, {"forceHuman", "false"}, {"default", "false"}, {"ignoreManual", "true"}, {"forceMachine", "true"},
	} {
		for _, version := range []string{path, "/v2024" + strings.Replace(path, "/v1", "", 1), "/v2025" + strings.Replace(path, "/v1", "", 1), "/v2026" + strings.Replace(path, "/v1", "", 1)} {
			k.Admin.Post(t, apptest.Query(version, "classificationMode", step.mode), "").Want(t, 200, `{"isMachine":`+step.want+`}`)
		}
	}
	k.Admin.Post(t, path+"?classificationMode=x", "").Refused(t, "400.1.3 Illegal value", "classificationMode")
	k.Admin.Post(t, "/accounts/v1/"+unknownID+"/classify", "").Refused(t, "404 Not found")
	k.classify(t, "ignoreManual")
}

func (k kinds) testManualDecision(t *testing.T) {
	human, machine := k.accountID(t, "a1"), k.accountID(t, "a2")
	k.Admin.Post(t, "/accounts/v1/"+human+"/classify?classificationMode=forceHuman", "").Want(t, 200)
	k.Admin.Post(t, "/accounts/v1/"+machine+"/classify?classificationMode=forceMachine", "").Want(t, 200)
	k.want(t, "by hand", "a2 a5")
	k.Load(t, k.source, strings.Replace(strings.Replace(kindAccounts, "svc-Backup", "svc-restore", 1), "jane.doe", "jane", 1)).Want(t, "SUCCESS")
	k.want(t, "after a run that saw both changed", "a2 a5")
	k.Load(t, k.source, kindAccounts, apptest.Part{Name: "disableOptimization", Content: "true"}).Want(t, "SUCCESS")
	k.want(t, "after a run over everything", "a2 a5")
	k.classify(t, "default")
	k.want(t, "after a classification", "a2 a5")
	k.Admin.Get(t, accountsPath+"/"+machine).Want(t, 200, `"classificationMethod":"MANUAL"`)
	k.classify(t, "ignoreManual")
	k.want(t, "criteria again", "a1 a5")
}

// testThereAndBack makes a person's account a machine's and a person's again: the next run finds the person.
func (k kinds) testThereAndBack(t *testing.T) {
	ada := k.Person(t, "ada")
	row := k.Admin.List(t, "/accounts/v1", "filters", `identityId eq "`+ada+`"`)[0]
	path := "/accounts/v1/" + row.Text("id")
	k.Admin.Post(t, path+"/classify?classificationMode=forceMachine", "").Want(t, 200, `{"isMachine":true}`)
	if got := k.Admin.Get(t, path); got.Field("identity") != nil || got.Field("uncorrelated") != false {
		t.Errorf("a machine's account is %s", got.Text)
	}
	k.Admin.Post(t, path+"/classify?classificationMode=forceHuman", "").Want(t, 200, `{"isMachine":false}`)
	k.Load(t, row.Text("sourceId"), apptest.People()).Want(t, "SUCCESS")
	if got := k.Admin.Get(t, path); got.Field("identityId") != ada {
		t.Errorf("a person's account is %s", got.Text)
	}
}

func (k kinds) testDeclassify(t *testing.T) {
	for _, path := range []string{"/sources/v1/", "/v2025/sources/", "/v2026/sources/"} {
		k.classify(t, "forceMachine")
		k.Admin.Post(t, path+k.source+"/declassify", "").Want(t, 204)
		if status := k.ended(t); status.Text("status") != "COMPLETED" {
			t.Errorf("declassification is %v", status)
		}
		k.want(t, "declassified", "")
	}
	if rows := k.Admin.List(t, identitiesPath, "filters", `source.id eq "`+k.source+`"`); len(rows) > 0 {
		t.Errorf("%d machine identities are left", len(rows))
	}
	k.classify(t, "default") // what was decided by hand before is forgotten
	k.want(t, "classified again", "a1 a5")
	k.Admin.Post(t, "/sources/v1/"+unknownID+"/declassify", "").Refused(t, "404 Not found")
}

func (k kinds) testCancelClassification(t *testing.T) {
	path := "/sources/v1/" + k.source + "/classify"
	k.Admin.Delete(t, path).Refused(t, "404 Not found") // none is running
	k.Admin.Post(t, path, "").Want(t, 200)
	if again := k.Admin.Post(t, path, ""); again.Status != 200 { // it may have ended by now
		again.Refused(t, "400.1.409 Reference Conflict", "already being classified")
	}
	if cancelled := k.Admin.Delete(t, path); cancelled.Status != 204 {
		cancelled.Refused(t, "404 Not found")
	}
	k.ended(t)
	k.Admin.Delete(t, path).Refused(t, "404 Not found")
	k.Admin.Delete(t, "/sources/v1/"+unknownID+"/classify").Refused(t, "404 Not found")
}
