//go:build unix

package app_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"midgard/internal/app/apptest"
)

const (
	transformsPath = "/transforms/v1"
	trialPath      = "/midgard/v1/transform-test"
	toUpperID      = "00000000-0000-4000-8000-000000000001"
)

// transforms is a server whose transforms a test writes.
type transforms struct{ *apptest.Server }

func TestTransforms(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		x := transforms{s}
		t.Run("internal", x.testInternal)
		t.Run("life", x.testLife)
		t.Run("versions", x.testVersions)
		t.Run("lists", x.testLists)
		t.Run("refusals", x.testRefusals)
		t.Run("sizes", x.testSizes)
		t.Run("what stays", x.testWhatStays)
		t.Run("references", x.testReferences)
		t.Run("changes that break users", x.testBrokenUsers)
		t.Run("cycles at once", x.testCyclesAtOnce)
		t.Run("use and deletion at once", x.testUseAndDeletion)
		t.Run("rights", x.testRights)
		t.Run("types", x.testTypes)
		t.Run("trials", x.testTrials)
		t.Run("refused trials", x.testRefusedTrials)
	})
}

// body is a transform as clients send it.
func body(name, kind string, attributes any) string {
	return apptest.JSON(obj{"name": name, "type": kind, "attributes": attributes})
}

// refers is a transform of type reference.
func refers(name string) obj { return obj{"type": "reference", "attributes": obj{"id": name}} }

// make creates a transform and gives its path.
func (x transforms) make(t *testing.T, name, kind string, attributes any) string {
	t.Helper()
	return transformsPath + "/" + x.Admin.Post(t, transformsPath, body(name, kind, attributes)).Want(t, 201).ID(t)
}

func (x transforms) testInternal(t *testing.T) {
	rows := x.Admin.List(t, transformsPath)
	want := []string{"ToUpper", "ToLower", "Remove Diacritical Marks", "E164 Phone", "ISO3166 Country Format", "RFC5646 Language Format"}
	if d := cmp.Diff(want, apptest.Texts(rows, "name")); d != "" {
		t.Error(d)
	}
	for _, row := range rows {
		path := transformsPath + "/" + row.Text("id")
		if row.Field("internal") != true {
			t.Errorf("%v is not internal", row)
		}
		const refusal = "is internal: it can be neither changed nor deleted"
		x.Admin.Delete(t, path).Refused(t, "400.1.3 Illegal value", row.Text("name"), refusal)
		x.Admin.Put(t, path, body(row.Text("name"), row.Text("type"), nil)).Refused(t, "400.1.3 Illegal value", row.Text("name"), refusal)
		trial := x.Admin.Post(t, trialPath, apptest.JSON(obj{"transform": refers(row.Text("name")), "input": "x"})).Want(t, 200)
		if text := trial.Field("results.0.error"); text != nil {
			t.Errorf("%s: %v", row.Text("name"), text)
		}
	}
	want200 := x.Admin.Get(t, transformsPath+"/"+strings.ToUpper(strings.ReplaceAll(toUpperID, "-", ""))).Want(t, 200)
	if d := cmp.Diff(obj{"id": toUpperID, "name": "ToUpper", "type": "upper", "attributes": nil, "internal": true}, want200.Body); d != "" {
		t.Error(d)
	}
}

func (x transforms) testLife(t *testing.T) {
	made := x.Admin.Post(t, transformsPath, `{"name":"First name","type":"replaceAll","attributes":{ "table" : {"b":"1","a":"2"} },"internal":true,"id":"mine"}`).Want(t, 201)
	id := made.ID(t)
	path := transformsPath + "/" + id
	want := obj{"id": id, "name": "First name", "type": "replaceAll", "attributes": obj{"table": obj{"b": "1", "a": "2"}}, "internal": false}
	for _, got := range []apptest.Answer{made, x.Admin.Get(t, path)} {
		if d := cmp.Diff(want, got.Body); d != "" {
			t.Error(d)
		}
		got.Want(t, got.Status, `{"table":{"b":"1","a":"2"}}`) // in the order in which it was sent
	}
	want["attributes"] = obj{"table": obj{"c": "3"}}
	changed := x.Admin.Put(t, path, `{"name":"First name","type":"replaceAll","attributes":{"table":{"c":"3"}}}`).Want(t, 200)
	if d := cmp.Diff(want, changed.Body); d != "" {
		t.Error(d)
	}
	x.Admin.Put(t, path, "").Want(t, 200, `"c":"3"`) // the contract lets the body be absent
	x.Admin.Put(t, path, changed.Text).Want(t, 200, `"c":"3"`)
	gone := x.Admin.Delete(t, path).Want(t, 204)
	if gone.Text != "" {
		t.Errorf("deletion answers %q", gone.Text)
	}
	for _, method := range []string{"GET", "PUT", "DELETE"} {
		x.Admin.Do(t, method, path, map[string]string{"PUT": "{"}[method]).Refused(t, "404 Not found", "Transform", id)
	}
}

func (x transforms) testVersions(t *testing.T) {
	for _, version := range []string{"/v2024/transforms", "/v2025/transforms", "/v2026/transforms", "/v3/transforms", "/beta/transforms", "/transforms/v1"} {
		path := version + "/" + x.Admin.Post(t, version, body("Version", "trim", obj{})).Want(t, 201, `"attributes":{}`).ID(t)
		x.Admin.Put(t, path, `{"attributes":null}`).Want(t, 200, `"attributes":null`)
		x.Admin.Get(t, path).Want(t, 200, `"name":"Version"`)
		x.Admin.Get(t, version+"?name=version").Want(t, 200, `"name":"Version"`)
		x.Admin.Delete(t, path).Want(t, 204)
	}
}

func (x transforms) testLists(t *testing.T) {
	for _, name := range []string{"List alpha", "list Beta", "Ünder\\\"quote"} {
		x.make(t, name, "lower", nil)
	}
	for query, want := range map[string][]string{
		`name=List alpha`:               {"List alpha"},
		`name=LIST BETA`:                {"list Beta"},
		`name=List`:                     {},
		"name=\x00":                     {},
		`filters=name sw "list "`:       {"List alpha", "list Beta"},
		`filters=name eq "list BETA"`:   {"list Beta"},
		`filters=name sw "ünder\\\""`:   {`Ünder\"quote`},
		`filters=internal eq false`:     {"List alpha", "list Beta", `Ünder\"quote`},
		`filters=not internal eq false`: {"ToUpper", "ToLower", "Remove Diacritical Marks", "E164 Phone", "ISO3166 Country Format", "RFC5646 Language Format"},
		`name=toupper&filters=internal eq true or name sw "l"`: {"ToUpper"},
		`name=toupper&filters=internal eq false`:               {},
	} {
		params := []string{}
		for pair := range strings.SplitSeq(query, "&") {
			name, value, _ := strings.Cut(pair, "=")
			params = append(params, name, value)
		}
		if d := cmp.Diff(want, apptest.Texts(x.Admin.List(t, transformsPath, params...), "name")); d != "" {
			t.Errorf("%s: %s", query, d)
		}
	}
	all := apptest.Texts(x.Admin.List(t, transformsPath), "id")
	if !slices.IsSorted(all) {
		t.Errorf("%v is not in the order of creation", all)
	}
	page := x.Admin.Get(t, transformsPath+"?limit=2&offset=1&count=true").Want(t, 200)
	if got := apptest.Texts(page.Rows(t), "id"); !slices.Equal(got, all[1:3]) || page.Header.Get("X-Total-Count") != fmt.Sprint(len(all)) {
		t.Errorf("%v of %s", got, page.Header.Get("X-Total-Count"))
	}
	for _, filter := range []string{`name co "a"`, `id eq "a"`, `internal ne true`, `type eq "upper"`} {
		x.Admin.Get(t, apptest.Query(transformsPath, "filters", filter)).Refused(t, "400.1.3 Illegal value", "filters")
	}
}

func (x transforms) testRefusals(t *testing.T) {
	x.make(t, "Taken", "upper", nil)
	const required, illegal, unknown = "400.1.0 Required Data Missing Or Empty", "400.1.3 Illegal value", "400.1.404 Referenced object not found"
	for sent, refusal := range map[string][2]string{
		`{"type":"upper","attributes":null}`:                                             {required, "'name'"},
		`{"name":"  ","type":"upper","attributes":null}`:                                 {required, "'name'"},
		`{"name":"x","attributes":null}`:                                                 {required, "'type'"},
		`{"name":"x","type":"Upper","attributes":null}`:                                  {illegal, `"upper"`},
		`{"name":"x","type":"sideways","attributes":{}}`:                                 {illegal, "sideways"},
		`{"name":"x","type":"upper","attributes":[]}`:                                    {illegal, "'attributes' must be an object"},
		`{"name":"x","type":"upper","attributes":"a"}`:                                   {illegal, "'attributes' must be an object"},
		`{"name":"x","type":"substring","attributes":{}}`:                                {required, "attributes.begin"},
		`{"name":"x","type":"concat","attributes":{"values":["a",{}]}}`:                  {required, "attributes.values[1].type"},
		`{"name":"x","type":"static","attributes":{"value":"#if("}}`:                     {illegal, "attributes.value"},
		`{"name":"x","type":"reference","attributes":{"id":"Nothing"}}`:                  {unknown, `"Nothing"`},
		`{"name":"x","type":"reference","attributes":{"id":"toupper"}}`:                  {unknown, `"toupper"`},
		`{"name":"x","type":"reference","attributes":{"id":"x"}}`:                        {illegal, "refers to itself"},
		`{"name":"TAKEN","type":"upper","attributes":null}`:                              {"400.1.409 Reference Conflict", `"TAKEN" already exists`},
		`{"name":"ToUpper","type":"upper","attributes":null}`:                            {"400.1.409 Reference Conflict", `"ToUpper" already exists`},
		`{"name":"x","type":"upper","attributes":{"input":{"type":"lower"}`:              {"400.1 Bad Request Content", ""},
		`{"name":7,"type":"upper","attributes":null}`:                                    {"400.1 Bad Request Content", "/name"},
		`{"name":"x","type":"upper","attributes":{"input":1,"input":2}}`:                 {"400.1 Bad Request Content", "duplicate"},
		`{"name":"x","type":"upper","requiresPeriodicRefresh":"perhaps"}`:                {"400.1 Bad Request Content", "requiresPeriodicRefresh"},
		`{"name":"x","type":"upper","attributes":{"requiresPeriodicRefresh":"perhaps"}}`: {illegal, "requiresPeriodicRefresh"},
	} {
		x.Admin.Post(t, transformsPath, sent).Refused(t, refusal[0], refusal[1])
	}
	if rows := x.Admin.List(t, transformsPath, "name", "x"); len(rows) != 0 {
		t.Errorf("a refused transform is there: %v", rows)
	}
}

func (x transforms) testSizes(t *testing.T) {
	const least = `{"name":"","type":"static","attributes":{"value":""}}`
	name := strings.Repeat("ü", 50)
	longest := strings.Repeat("v", 400<<10-len(least)-len(name))
	path := x.make(t, name, "static", obj{"value": longest})
	x.Admin.Get(t, path).Want(t, 200, longest[:1000])
	x.Admin.Put(t, path, apptest.JSON(obj{"attributes": obj{"value": longest + "v"}})).Refused(t, "400.1.4 Limit violation", "409601", "409600")
	x.Admin.Delete(t, path).Want(t, 204)
	x.Admin.Post(t, transformsPath, body(name, "static", obj{"value": longest + "v"})).Refused(t, "400.1.4 Limit violation", "409601", "409600")
	x.Admin.Post(t, transformsPath, body(name+"x", "upper", nil)).Refused(t, "400.1.4 Limit violation", "'name'", "51", "50")
}

// testWhatStays: nothing but the attributes can change.
func (x transforms) testWhatStays(t *testing.T) {
	path := x.make(t, "Steady", "lower", obj{})
	id := strings.TrimPrefix(path, transformsPath+"/")
	for sent, field := range map[string]string{
		`{"name":"Other","type":"lower","attributes":{}}`:  "'name'",
		`{"name":"steady","type":"lower","attributes":{}}`: "'name'",
		`{"name":"Steady","type":"upper","attributes":{}}`: "'type'",
		`{"id":"` + toUpperID + `","attributes":{}}`:       "'id'",
		`{"internal":true,"attributes":{}}`:                "'internal'",
	} {
		x.Admin.Put(t, path, sent).Refused(t, "400.1.3 Illegal value", field, "cannot be changed")
	}
	x.Admin.Put(t, path, `{"name":"Steady","type":"lower"}`).Refused(t, "400.1.0 Required Data Missing Or Empty", "'attributes'")
	x.Admin.Put(t, path, `{"attributes":{"input":{"type":"nothing"}}}`).Refused(t, "400.1.3 Illegal value", "attributes.input.type")
	x.Admin.Put(t, path, `{"attributes":`).Refused(t, "400.1 Bad Request Content")
	x.Admin.Get(t, path).Want(t, 200, `"attributes":{}`)
	x.Admin.Put(t, path, apptest.JSON(obj{"id": strings.ToUpper(id), "attributes": obj{}, "requiresPeriodicRefresh": true})).
		Want(t, 200, `"attributes":{"requiresPeriodicRefresh":true}`)
	x.Admin.Put(t, path, `{"attributes":{"requiresPeriodicRefresh":"false"},"requiresPeriodicRefresh":true}`).
		Want(t, 200, `"attributes":{"requiresPeriodicRefresh":"false"}`)
}

func (x transforms) testReferences(t *testing.T) {
	base := x.make(t, "Base", "lower", nil)
	users := []string{
		x.make(t, "User 1", "reference", obj{"id": "Base"}),
		x.make(t, "User 2", "concat", obj{"values": []any{"a", obj{"type": "reference", "id": "Base"}, refers("Base")}}),
	}
	x.Admin.Delete(t, base).Refused(t, "400.2.1.0 Object in use by another", `"Base"`, `transform "User 1", transform "User 2"`)
	x.Admin.Put(t, users[1], body("User 2", "concat", obj{"values": []any{"a"}})).Want(t, 200)
	x.Admin.Delete(t, base).Refused(t, "400.2.1.0 Object in use by another", `in use by: transform "User 1".`)
	x.Admin.Delete(t, users[0]).Want(t, 204)
	x.Admin.Delete(t, base).Want(t, 204)
	x.Admin.Put(t, users[1], body("User 2", "concat", obj{"values": []any{refers("Base")}})).Refused(t, "400.1.404 Referenced object not found", `"Base"`)
	many := x.make(t, "Many", "upper", nil)
	for i := range 7 {
		x.make(t, fmt.Sprintf("Many %d", i), "reference", obj{"id": "Many"})
	}
	x.Admin.Delete(t, many).Refused(t, "400.2.1.0 Object in use by another", `"Many 4", others.`)
}

// testBrokenUsers: a transform cannot change so that those that lead to it do not work any more.
func (x transforms) testBrokenUsers(t *testing.T) {
	first := x.make(t, "Ring 0", "lower", nil)
	const steps = 4
	for i := 1; i < steps; i++ {
		x.make(t, fmt.Sprintf("Ring %d", i), "reference", obj{"id": fmt.Sprintf("Ring %d", i-1)})
	}
	for i := range steps {
		x.Admin.Put(t, first, apptest.JSON(obj{"attributes": obj{"input": refers(fmt.Sprintf("Ring %d", i))}})).Refused(t, "400.1.3 Illegal value", "refers to itself")
	}
	x.Admin.Get(t, first).Want(t, 200, `"attributes":null`)

	// Each of the two chains is short enough by itself.
	x.make(t, "Up 0", "lower", nil)
	bottom := x.make(t, "Down 0", "lower", nil)
	for i := 1; i < 20; i++ {
		x.make(t, fmt.Sprintf("Up %d", i), "reference", obj{"id": fmt.Sprintf("Up %d", i-1)})
		x.make(t, fmt.Sprintf("Down %d", i), "reference", obj{"id": fmt.Sprintf("Down %d", i-1)})
	}
	x.Admin.Put(t, bottom, apptest.JSON(obj{"attributes": obj{"input": refers("Up 19")}})).
		Refused(t, "400.2.1.0 Object in use by another", `Transform "Down `, "would not work any more")
	x.Admin.Put(t, bottom, apptest.JSON(obj{"attributes": obj{"input": refers("Up 3")}})).Want(t, 200)
}

// testCyclesAtOnce: of two changes that make a cycle together, one is refused.
func (x transforms) testCyclesAtOnce(t *testing.T) {
	for round := range 5 {
		names := []string{fmt.Sprintf("Left %d", round), fmt.Sprintf("Right %d", round)}
		paths := []string{x.make(t, names[0], "lower", nil), x.make(t, names[1], "lower", nil)}
		answers := atOnce(2, func(i int) apptest.Answer {
			return x.Admin.Put(t, paths[i], apptest.JSON(obj{"attributes": obj{"input": refers(names[1-i])}}))
		})
		statuses := []int{answers[0].Status, answers[1].Status}
		slices.Sort(statuses)
		if !slices.Equal(statuses, []int{200, 400}) {
			t.Errorf("round %d: %v\n%s\n%s", round, statuses, answers[0].Text, answers[1].Text)
		}
	}
}

// testUseAndDeletion: a transform that is deleted while another begins to refer to it either stays or is unknown to it.
func (x transforms) testUseAndDeletion(t *testing.T) {
	for round := range 5 {
		name := fmt.Sprintf("Wanted %d", round)
		path := x.make(t, name, "lower", nil)
		answers := atOnce(2, func(i int) apptest.Answer {
			if i == 0 {
				return x.Admin.Delete(t, path)
			}
			return x.Admin.Post(t, transformsPath, body("Wants "+name, "reference", obj{"id": name}))
		})
		kept := x.Admin.Get(t, path).Status == http.StatusOK
		switch {
		case kept && answers[0].Status == 400 && answers[1].Status == 201:
		case !kept && answers[0].Status == 204 && answers[1].Status == 400:
		default:
			t.Errorf("round %d: kept %v\n%d %s\n%d %s", round, kept, answers[0].Status, answers[0].Text, answers[1].Status, answers[1].Text)
		}
	}
}

// atOnce does something n times at the same time.
func atOnce(n int, do func(i int) apptest.Answer) []apptest.Answer {
	answers := make([]apptest.Answer, n)
	var wait sync.WaitGroup
	for i := range n {
		wait.Go(func() { answers[i] = do(i) })
	}
	wait.Wait()
	return answers
}

func (x transforms) testRights(t *testing.T) {
	reader := x.AsWithScopes(t, "ada", "idn:transform:read")
	reader.Get(t, transformsPath).Refused(t, "403 Forbidden", "ORG_ADMIN")
	x.As(t, "ada", "ORG_ADMIN")
	reader = x.AsWithScopes(t, "ada", "idn:transform:read")
	reader.Get(t, transformsPath).Want(t, 200)
	reader.Post(t, trialPath, `{"transform":{"type":"upper"},"input":"a"}`).Want(t, 200, `"A"`)
	reader.Post(t, transformsPath, body("x", "upper", nil)).Refused(t, "403 Forbidden", "idn:transform:manage")
	reader.Delete(t, transformsPath+"/"+unknownID).Refused(t, "403 Forbidden", "idn:transform:manage")
	x.Nobody.Post(t, trialPath, `{}`).Want(t, 401)
}
