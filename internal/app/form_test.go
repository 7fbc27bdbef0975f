//go:build unix

package app_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"midgard/internal/app/apptest"
)

const (
	formsPath      = "/form-definitions/v1"
	formChecksPath = "/midgard/v1/form-definitions"
)

// requestForm is a form with a section, a column set, a selection and a condition: production needs a reason.
func requestForm(owner string) obj {
	text := func(id, key string, validations ...obj) obj {
		return obj{"id": id, "elementType": "TEXT", "key": key, "config": obj{"label": key}, "validations": validations}
	}
	return obj{
		"name": "Ask for an account", "description": "Used by subtypes", "owner": idRef("IDENTITY", owner),
		"usedBy":    []obj{{"type": "SOURCE", "id": "1", "name": "Servers"}},
		"formInput": []obj{{"id": "in1", "type": "STRING", "label": "region"}},
		"formElements": []obj{
			{"id": "1", "elementType": "SECTION", "config": obj{"label": "Account", "formElements": []obj{
				text("2", "name", obj{"validationType": "REQUIRED"}, obj{"validationType": "MAX_LENGTH", "config": obj{"maxLength": 8}}),
				{"id": "3", "elementType": "COLUMN_SET", "config": obj{"columns": [][]obj{{
					{"id": "4", "elementType": "TOGGLE", "key": "production", "config": obj{"default": false}},
				}, {text("5", "reason")}}}},
			}}},
			{"id": "6", "elementType": "DATE", "key": "until", "validations": nil},
		},
		"formConditions": []obj{{
			"ruleOperator": "AND",
			"rules":        []obj{{"sourceType": "ELEMENT", "source": "production", "operator": "EQ", "valueType": "BOOLEAN", "value": "true"}},
			"effects":      []obj{{"effectType": "REQUIRE", "config": obj{"element": "5"}}},
		}},
	}
}

func TestForms(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		bob := s.Person(t, "bob")
		made := s.Admin.Post(t, formsPath, apptest.JSON(requestForm(bob))).Want(t, 201)
		path := formsPath + "/" + made.ID(t)
		for field, want := range map[string]any{
			"owner.name": "bob", "formElements.0.config.formElements.1.config.columns.1.0.key": "reason", "formElements.1.validations": nil,
			"formConditions.0.rules.0.value": "true", "formInput.0.label": "region", "usedBy.0.name": "Servers",
		} {
			if got := made.Field(field); got != want {
				t.Errorf("%s is %v, want %v", field, got, want)
			}
		}
		if shown := s.Admin.Get(t, "/beta/form-definitions/"+strings.ToUpper(made.ID(t))).Want(t, 200); shown.Text != made.Text {
			t.Errorf("shown as\n%s\ncreated as\n%s", shown.Text, made.Text)
		}
		editForm(t, s, path)
		checkForm(t, s, formChecksPath+"/"+made.ID(t)+"/validate")
		formInUse(t, s, path, made.ID(t))
	})
}

func editForm(t *testing.T, s *apptest.Server, path string) {
	t.Helper()
	s.Admin.Patch(t, path, "").Want(t, 200, `"name":"Ask for an account"`)
	s.Admin.Patch(t, path, replace("/description", "")).Want(t, 200, `"description":""`)
	s.Admin.Patch(t, path, patch("add", "/formElements/-", obj{"elementType": "IMAGE", "id": "7"})).Want(t, 200, `"id":"7"`)
	s.Admin.Patch(t, path, patch("remove", "/usedBy", nil)).Want(t, 200, `"usedBy":[]`)
	s.Admin.Patch(t, path, replace("/id", "x")).Refused(t, "400.1.3 Illegal value", "'id' is not patchable")
	s.Admin.Patch(t, path, replace("/formElements/0/elementType", "BOX")).Refused(t, "400.1.3 Illegal value", `"formElements[0].elementType"`)
	s.Admin.Patch(t, path, replace("/owner/id", unknownID)).Refused(t, "400.1.404 Referenced object not found", "owner")
	s.Admin.Patch(t, path, patch("remove", "/owner", nil)).Refused(t, "400.1.0 Required Data Missing Or Empty", "owner")
	s.Admin.Patch(t, path, replace("/formConditions/0/effects/0/config/element", "nowhere")).
		Refused(t, "400.1.3 Illegal value", "formConditions[0].effects[0].config.element", "no element")
	s.Admin.Post(t, formsPath, "").Refused(t, "400.1.0 Required Data Missing Or Empty", "'name'")
	s.Admin.Post(t, formsPath, `{"name":"x"}`).Refused(t, "400.1.0 Required Data Missing Or Empty", "owner")
	s.As(t, "cleo", "SOURCE_ADMIN").Get(t, path).Refused(t, "403 Forbidden")
}

func checkForm(t *testing.T, s *apptest.Server, path string) {
	t.Helper()
	s.Admin.Post(t, path, `{"input":{"name":"svc","region":"EU"}}`).
		Want(t, 200, `"valid":true`, `"problems":[]`, `"input":{"name":"svc","production":false,"region":"EU"}`)
	a := s.Admin.Post(t, path, `{"input":{"name":"svc-backup","production":true,"until":"soon","extra":1}}`).Want(t, 200, `"valid":false`)
	problems := map[string]any{}
	for i, key := range []string{"name", "reason", "until", "extra"} {
		row, _ := a.Field("problems").([]any)
		if i >= len(row) || row[i].(obj)["key"] != key {
			t.Fatalf("%s: problem %d of %s is not about %s", a.Request, i, a.Text, key)
		}
		problems[key] = row[i].(obj)["reason"]
	}
	want := map[string]any{
		"name": "has 10 characters; at most 8 are allowed", "reason": "a value is required",
		"until": "must be a date such as 2026-01-31 or 2026-01-31T08:00:00Z", "extra": "the form has no such key",
	}
	if diff := cmp.Diff(want, problems); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	s.Admin.Post(t, path, `{}`).Refused(t, "400.1.0 Required Data Missing Or Empty", "input")
	draft := formChecksPath + "/validate"
	s.Admin.Post(t, draft, `{"form":{"formElements":[{"elementType":"EMAIL","key":"mail"}]},"input":{"mail":"x"}}`).
		Want(t, 200, `"reason":"must be an email address"`)
	s.Admin.Post(t, draft, `{"form":{"formElements":[{"elementType":"EMAIL"}]},"input":{}}`).
		Refused(t, "400.1.0 Required Data Missing Or Empty", "formElements[0].key")
	s.Admin.Post(t, draft, `{"form":{"elements":[]},"input":{}}`).Refused(t, "400.1 Bad Request Content", "elements")
}

// formInUse holds that a form stays while a subtype names it, and that it outlives its owner.
func formInUse(t *testing.T, s *apptest.Server, path, id string) {
	t.Helper()
	source := s.CreateSource(t, "Servers", nil)
	subtype := s.Admin.Post(t, "/source-subtypes/v1", apptest.JSON(obj{
		"sourceId": source, "technicalName": "svc", "displayName": "Service", "description": "", "type": "MACHINE",
	})).ID(t)
	config := "/source-subtypes/v1/" + subtype + "/machine-config"
	s.Admin.Patch(t, config, patch("add", "/machineAccountCreate/formId", id)).Want(t, 200, id)
	s.Admin.Delete(t, path).Refused(t, "400.2.1.0 Object in use by another", `subtype "Service" of source "Servers"`)
	s.Admin.Patch(t, config, patch("remove", "/machineAccountCreate/formId", nil)).Want(t, 200)
	s.Admin.Delete(t, "/identities/v1/"+s.Person(t, "bob")).Want(t, 204)
	if a := s.Admin.Get(t, path).Want(t, 200); a.Field("owner") != nil {
		t.Errorf("the form still has the owner %v", a.Field("owner"))
	}
	s.Admin.Delete(t, path).Want(t, 204)
	s.Admin.Get(t, path).Refused(t, "404 Not found", id)
}

func TestFormList(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		for _, name := range []string{"beta", "Alpha", "gamma", "alphabet"} {
			s.Admin.Post(t, "/v2025/form-definitions", apptest.JSON(obj{"name": name, "owner": idRef("IDENTITY", s.Person(t, "ada"))})).Want(t, 201)
		}
		for _, c := range []struct {
			params []string
			want   []string
			count  float64
		}{
			{[]string{"sorters", "name"}, []string{"Alpha", "alphabet", "beta", "gamma"}, 4},
			{[]string{"sorters", "-name", "limit", "2", "offset", "1"}, []string{"beta", "alphabet"}, 4},
			{[]string{"filters", `name sw "alpha"`, "sorters", "name"}, []string{"Alpha", "alphabet"}, 2},
			{[]string{"filters", `name in ("beta", "delta")`}, []string{"beta"}, 1},
			{[]string{"filters", `name gt "beta"`}, []string{"gamma"}, 1},
			{[]string{"filters", `name eq "nobody"`}, []string{}, 0},
			{[]string{"limit", "0"}, []string{}, 4},
			{[]string{"filters", "created gt 2020-01-01T00:00:00Z and modified gt 2020-01-01T00:00:00Z", "sorters", "created"}, []string{"beta", "Alpha", "gamma", "alphabet"}, 4},
		} {
			a := s.Admin.Get(t, apptest.Query(formsPath, c.params...)).Want(t, 200)
			if diff := cmp.Diff(c.want, apptest.Texts(a.Rows(t), "name")); diff != "" || a.Field("count") != c.count {
				t.Errorf("%v: count %v, want %v; (-want +got):\n%s", c.params, a.Field("count"), c.count, diff)
			}
		}
		s.Admin.Get(t, apptest.Query(formsPath, "filters", `owner eq "x"`)).Refused(t, "400.1.3 Illegal value", "owner")
		s.Admin.Get(t, formsPath+"?limit=251").Refused(t, "400.1.4 Limit violation")
	})
}
