//go:build unix

package app_test

import (
	"net/url"
	"strings"
	"testing"

	"midgard/internal/app/apptest"
	"midgard/internal/config"
)

// TestBadJSON sends bodies that are no strict JSON, or not the JSON that is wanted, to operations that take one.
func TestBadJSON(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		in := inventory{Server: s}
		identity := in.createIdentity(t, "Unharmed", nil)
		source := s.CreateSource(t, "Unharmed", nil)
		before := identity.Text
		targets := []struct{ method, path string }{
			{"POST", identitiesPath}, {"POST", "/machine-identities/v2"}, {"POST", "/v2024/machine-identities"}, {"PATCH", identitiesPath + "/" + identity.ID(t)},
			{"POST", "/sources/v1"}, {"PUT", "/sources/v1/" + source}, {"PUT", "/sources/v1/" + source + "/machine-classification-config"}, {"POST", "/workgroups/v1"},
		}
		for name, test := range map[string]struct{ body, part string }{
			"no JSON":           {"name=x", "unexpected character"},
			"cut off":           {`{"name":"x"`, "unexpected end"},
			"two values":        {`{} {}`, "unexpected data after the value"},
			"duplicate keys":    {`{"name":"a","name":"b"}`, "duplicate key"},
			"deeper duplicates": {`[{"op":"add","path":"/attributes","value":{"a":{"b":1,"b":2}}}]`, "duplicate key"},
			"bad UTF-8":         {"{\"name\":\"\xff\"}", "UTF-8"},
			"lone surrogate":    {`{"name":"\ud800"}`, "lone surrogate"},
			"endless number":    {`{"name":"a","attributes":{"a":1e999}}`, "the number is too large"},
			"null character":    {`{"name":"a\u0000b"}`, "U+0000"},
			"raw control":       {"{\"name\":\"a\x01b\"}", "control character"},
			"too deep":          {strings.Repeat(`{"a":`, 70) + "1" + strings.Repeat("}", 70), "nested deeper than 64 levels"},
			"a text":            {`"x"`, ""},
			"null":              {`null`, ""},
			"a number":          {`17`, ""},
			"binary":            {"\x1f\x8b\x08\x00", "unexpected character"},
		} {
			for _, target := range targets {
				got := in.Admin.Do(t, target.method, target.path, test.body)
				if got.Status != 400 {
					t.Errorf("%s: %s %s gives %d %s", name, target.method, target.path, got.Status, got.Text)
					continue
				}
				got.Refused(t, "400.1 Bad Request Content", test.part)
			}
		}
		for i, target := range targets {
			in.Admin.Do(t, target.method, target.path, "").Want(t, 400)
			if i >= 3 && i <= 5 { // one for each method; four megabytes take their time
				in.Admin.Do(t, target.method, target.path, `{"name":"`+strings.Repeat("x", 4<<20)+`"}`).Refused(t, "400.1.4 Limit violation", "larger than 4194304 bytes")
			}
		}
		if after := in.Admin.Get(t, identitiesPath+"/"+identity.ID(t)).Text; after != before || len(in.Admin.List(t, identitiesPath)) != 1 {
			t.Errorf("it was %s\nand is %s", before, after)
		}
	})
}

// TestBadValues sends values of the wrong type, and values that are longer than makes sense, in every field of a machine
// identity.
func TestBadValues(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		in := inventory{Server: s}
		long := strings.Repeat("x", 5000)
		for _, v := range identityVersions {
			least := obj{"name": "n", "businessApplication": "b", "nativeIdentity": "n", "subtype": "Application"}
			id := in.Admin.Post(t, v.path, apptest.JSON(least)).ID(t)
			refuse := func(field string, value any, code string) {
				t.Helper()
				body := without(least)
				body[field] = value
				in.Admin.Post(t, v.path, apptest.JSON(body)).Refused(t, code, field)
				in.Admin.Patch(t, v.path+"/"+id, patch("add", "/"+field, value)).Refused(t, code, field)
			}
			for _, field := range patchableIdentity[v.name] {
				switch field {
				case "attributes":
					refuse(field, "x", "400.1.3 Illegal value")
					if v.name == "v2" { // a megabyte takes its time
						refuse(field, obj{"a": strings.Repeat("x", 1<<20)}, "400.1.4 Limit violation")
					}
				case "owners":
					refuse(field, "x", "400.1 Bad Request Content")
					refuse(field, []any{}, "400.1 Bad Request Content")
				case "userEntitlements":
					refuse(field, obj{}, "400.1 Bad Request Content")
					refuse(field, []any{"x"}, "400.1 Bad Request Content")
				case "businessApplicationRefs":
					refuse(field, []any{obj{"id": unknownID}}, "400.1.3 Illegal value")
				case "manuallyEdited":
					in.Admin.Patch(t, v.path+"/"+id, patch("add", "/"+field, "yes")).Refused(t, "400.1 Bad Request Content", field)
				case "sourceId":
					refuse(field, 7, "400.1 Bad Request Content")
					refuse(field, long, "400.1.404 Referenced object not found")
				default:
					refuse(field, 7, "400.1 Bad Request Content")
					refuse(field, obj{}, "400.1 Bad Request Content")
					refuse(field, long, "400.1.4 Limit violation")
				}
			}
			in.Admin.Get(t, v.path+"/"+id).Want(t, 200, `"name":"n"`, `"manuallyEdited":false`)
		}
		in.Admin.Post(t, "/machine-identities/v2", apptest.JSON(obj{"name": strings.Repeat("ä", 512), "nativeIdentity": strings.Repeat("ä", 2048)})).Want(t, 201)
		in.Admin.Post(t, "/machine-identities/v2", apptest.JSON(obj{"name": strings.Repeat("ä", 513)})).Refused(t, "400.1.4 Limit violation", "'name' has 513 characters; at most 512")
	})
}

// TestUnknownFields: fields that are unknown or read-only are ignored, since newer clients send them, unless the server is
// strict or the operation is our own.
func TestUnknownFields(t *testing.T) {
	t.Parallel()
	lenient, strict := apptest.Start(t), apptest.Start(t, func(c *config.Config) { c.Strict = true })
	for _, test := range []struct{ path, body, unknown string }{
		{identitiesPath, `{"name":"x","nativeIdentity":"x","subtype":"Application","colour":"red","id":"1"}`, "/colour, /id"},
		{identitiesPath, `{"name":"x","nativeIdentity":"x","subtype":"Application","created":"2001-01-01T00:00:00Z","manuallyCreated":true}`, "/created, /manuallyCreated"},
		{identitiesPath, `{"name":"x","nativeIdentity":"x","subtype":"Application","environment":"e","businessApplication":"b"}`, "/businessApplication, /environment"},
		{identitiesPath, `{"name":"x","nativeIdentity":"x","subtype":"Application","owners":{"secondary":[]}}`, "/owners"},
		{"/v2024/machine-identities", `{"name":"x","businessApplication":"x","nativeIdentity":"x","uuid":"u"}`, "/nativeIdentity, /uuid"},
		{"/machine-identities/v2", `{"name":"x","existsOnSource":"TRUE","status":"live"}`, "/existsOnSource, /status"},
		{"/workgroups/v1", `{"name":"x","memberCount":7}`, "/memberCount"},
		{"/sources/v1", `{"name":"x","connector":"delimited-file","owner":{"id":"ADMIN","colour":"red"},"healthy":true}`, "/healthy, /owner/colour"},
	} {
		for _, s := range []*apptest.Server{lenient, strict} {
			body := strings.Replace(test.body, "ADMIN", s.Admin.ID, 1)
			got := s.Admin.Post(t, test.path, body)
			if s == strict {
				got.Refused(t, "400.1 Bad Request Content", "unknown or read-only here: "+test.unknown+".")
			} else if got.Status/100 != 2 {
				t.Errorf("%s: %d %s", got.Request, got.Status, got.Text)
			}
		}
	}
	for _, path := range []string{accountsPath, identitiesPath, "/sources/v1"} {
		lenient.Admin.Get(t, path+"?colour=red&limit=1").Want(t, 200)
		strict.Admin.Get(t, path+"?colour=red&limit=1").Refused(t, "400.1 Bad Request Content", "colour")
		strict.Admin.Get(t, path+"?limit=1&count=true&filters=&sorters=").Want(t, 200)
	}
	body := `{"name":"x","ownerId":"` + lenient.Admin.ID + `","colour":"red"}`
	lenient.Admin.Post(t, "/midgard/v1/personal-access-tokens", body).Refused(t, "400.1 Bad Request Content", "/colour")
	config := "/sources/v1/" + strict.CreateSource(t, "Strict", nil) + "/machine-classification-config"
	strict.Admin.Put(t, config, `{"enabled":true,"classificationMethod":"SOURCE","created":"2001-01-01T00:00:00Z"}`).Refused(t, "400.1 Bad Request Content", "/created")
	strict.Admin.Put(t, config, `{"enabled":true,"classificationMethod":"SOURCE"}`).Want(t, 200)
}

// TestBadCredentials asks for tokens that nobody may have.
func TestBadCredentials(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		const refused = `{"error":"invalid_client","error_description":"Bad client credentials"}`
		for _, id := range []string{unknownID, "", "a\x00b", "a\xffb", strings.Repeat("x", 10_000)} {
			query := url.Values{"grant_type": {"client_credentials"}, "client_id": {id}, "client_secret": {"guess"}}
			got := s.Nobody.Post(t, "/oauth/token?"+query.Encode(), "")
			if got.Status != 401 || got.Text != refused {
				t.Errorf("%.20q: %d %s", id, got.Status, got.Text)
			}
		}
		for token, part := range map[string]string{
			"garbage": "malformed", "a.b.c": "malformed", strings.Repeat("x", 10_000): "malformed", s.Admin.Token + "x": "JWT validation failed", "": "Full authentication is required",
		} {
			s.WithToken("somebody", token).Get(t, identitiesPath).Want(t, 401, part)
		}
		s.Expired(t).Get(t, identitiesPath).Want(t, 401, `{"error":"JWT validation failed: JWT is expired"}`)
		s.Admin.With("Authorization", "Basic "+s.Admin.Token).Get(t, identitiesPath).Want(t, 401)
		s.Admin.With("Authorization", "bearer "+s.Admin.Token).Get(t, identitiesPath).Want(t, 200)
	})
}
