package source_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"midgard/internal/connector"
	"midgard/internal/connector/delimited"
	"midgard/internal/governance"
	"midgard/internal/secret"
	"midgard/internal/source"
	"midgard/internal/store"
)

var tester = governance.Actor{Name: "tester", TrackingID: "0123456789abcdef0123456789abcdef"}

// bench is a service on an empty database, with the connector for files and one that needs a password.
type bench struct {
	*source.Service
	store *store.Store
	safe  *safe
	files string
	owner governance.Reference
	now   time.Time
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{safe: &safe{}, files: t.TempDir(), now: time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)}
	clock := func() time.Time { return b.now }
	var err error
	b.store, err = store.Open(t.Context(), store.Options{Path: filepath.Join(t.TempDir(), "midgard.db"), Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.store.Close() })
	b.owner = governance.Reference{ID: store.NewID()}
	admin := governance.Identity{ID: b.owner.ID, UID: "admin", Name: "Administrator", State: governance.StateActive}
	token := governance.AccessToken{ID: store.NewID(), Owner: b.owner, SecretHash: []byte("hash")}
	if _, err := b.store.Bootstrap(t.Context(), tester, admin, nil, token); err != nil {
		t.Fatal(err)
	}
	b.Service = source.New(source.Options{
		Store: b.store, Sealer: secret.Ephemeral(), NewID: store.NewID, Now: clock, FileRoot: b.files,
		Connectors: map[string]connector.Factory{delimited.Name: delimited.New(), "safe": b.safe},
	})
	return b
}

func (b *bench) create(t *testing.T, connectorName, attributes string) governance.Source {
	t.Helper()
	created, err := b.CreateSource(t.Context(), tester, b.draft(connectorName, attributes), false)
	if err != nil {
		t.Fatal(err)
	}
	return created
}

func (b *bench) draft(connectorName, attributes string) governance.Source {
	return governance.Source{Name: "Payroll", Owner: b.owner, Connector: connectorName, ConnectorAttributes: json.RawMessage(attributes), DeleteThreshold: 10}
}

// safe is a connector with two secrets, of which the password is required. It remembers how it was opened.
type safe struct {
	opened connector.Config
	test   error
}

func (*safe) Spec() connector.Spec {
	return connector.Spec{
		Connector: "safe", Type: "Safe", Class: "x.Safe", ConnectionType: "direct", Features: []string{"AUTHENTICATE"},
		Fields: []connector.Field{
			{Name: "host", Kind: connector.KindText}, {Name: "token", Kind: connector.KindText, Secret: true},
			{Name: "password", Kind: connector.KindText, Required: true, Secret: true},
		},
		Account: connector.Schema{ObjectType: "account", IdentityAttribute: "id", DisplayAttribute: "id",
			Attributes: []connector.SchemaAttribute{{Name: "id", Type: "STRING"}}},
	}
}

func (f *safe) Open(c connector.Config) (connector.Source, error) {
	f.opened = c
	if _, ok := c.Secrets["password"]; !ok {
		return nil, &connector.ConfigError{Field: "password", Reason: "is required"}
	}
	return f, nil
}

func (f *safe) Test(context.Context) error { return f.test }
func (f *safe) Close() error               { return nil }
func (f *safe) List(ctx context.Context, r connector.ListRequest, sink connector.Sink) (connector.ListResult, error) {
	for _, id := range []string{"a", "b", "c"} { // it does not care about the limit
		if err := sink.Emit(ctx, connector.Object{Type: r.Type, Identity: id}); err != nil {
			return connector.ListResult{}, err
		}
	}
	return connector.ListResult{Complete: true}, nil
}

func (f *safe) secrets() map[string]string {
	clear := map[string]string{}
	for field, s := range f.opened.Secrets {
		clear[field] = s.Reveal()
	}
	return clear
}

func wantError(t *testing.T, err error, kind governance.Kind, part string) {
	t.Helper()
	if err == nil || governance.KindOf(err) != kind || !strings.Contains(err.Error(), part) {
		t.Errorf("got %v, want an error of kind %d with %q", err, kind, part)
	}
}

func TestCreateSource(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	draft := b.draft("safe", `{"delimiter":";","hasHeader":true,"number":1.50}`)
	draft.Type, draft.Healthy, draft.Status = "Anything", true, governance.SourceHealthy
	got, err := b.CreateSource(t.Context(), tester, draft, true)
	if err != nil {
		t.Fatal(err)
	}
	spec := delimited.New().Spec()
	if got.Connector != delimited.Name || got.Type != spec.Type || got.ConnectorClass != spec.Class || got.ConnectionType != "file" {
		t.Errorf("connector facts are %s, %s, %s, %s", got.Connector, got.Type, got.ConnectorClass, got.ConnectionType)
	}
	if got.Healthy || got.Status != governance.SourceUnchecked || !slices.Equal(got.Features, spec.Features) {
		t.Errorf("healthy %t, status %s, features %v", got.Healthy, got.Status, got.Features)
	}
	if want := `{"delimiter":";","hasHeader":true,"number":1.50}`; string(got.ConnectorAttributes) != want {
		t.Errorf("attributes are %s, want %s", got.ConnectorAttributes, want)
	}
	schemas, err := b.store.Schemas(t.Context(), got.ID)
	if err != nil || len(schemas) != 2 || schemas[0].Name != "account" || schemas[1].Name != "group" {
		t.Fatalf("schemas are %+v (%v)", schemas, err)
	}
	if err := schemas[0].Validate(); err != nil {
		t.Error(err)
	}
	groups := schemas[0].Attributes[slices.IndexFunc(schemas[0].Attributes, func(a governance.SchemaAttribute) bool { return a.IsGroup })]
	if want := `{"type":"CONNECTOR_SCHEMA","id":"` + schemas[1].ID + `","name":"group"}`; string(groups.Schema) != want {
		t.Errorf("the groups attribute refers to %s, want %s", groups.Schema, want)
	}
	if diff := cmp.Diff(spec.Account, source.ConnectorSchema(schemas[0])); diff != "" {
		t.Errorf("the schema for the connector (-proposed +kept):\n%s", diff)
	}
}

func TestCreateSourceRefusals(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*governance.Source)
		kind   governance.Kind
		part   string
	}{
		"no connector":      {func(s *governance.Source) { s.Connector = "" }, governance.Required, "'connector'"},
		"unknown connector": {func(s *governance.Source) { s.Connector = "x" }, governance.Illegal, `"x" for field "connector": there are delimited-file, safe.`},
		"no name":           {func(s *governance.Source) { s.Name = "  " }, governance.Required, "'name'"},
		"long name":         {func(s *governance.Source) { s.Name = strings.Repeat("ä", 513) }, governance.Limit, "'name' has 513 characters"},
		"no owner":          {func(s *governance.Source) { s.Owner = governance.Reference{} }, governance.Required, "'owner'"},
		"unknown owner":     {func(s *governance.Source) { s.Owner.ID = store.NewID() }, governance.UnknownRef, "owner"},
		"threshold":         {func(s *governance.Source) { s.DeleteThreshold = 101 }, governance.Illegal, "deleteThreshold"},
		"feature":           {func(s *governance.Source) { s.Features = []string{"FLY"} }, governance.Illegal, `"FLY" for field "features"`},
		"attribute": {func(s *governance.Source) { s.ConnectorAttributes = []byte(`{"delimiter":"ab"}`) }, governance.Illegal,
			`Illegal value for field "connectorAttributes.delimiter": must be one character`},
		"attributes": {func(s *governance.Source) { s.ConnectorAttributes = []byte(`[1]`) }, governance.Illegal, "'connectorAttributes' must be an object"},
		"path": {func(s *governance.Source) { s.ConnectorAttributes = []byte(`{"filePath":"../x"}`) }, governance.Illegal,
			"connectorAttributes.filePath"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			draft := b.draft(delimited.Name, `{}`)
			test.change(&draft)
			_, err := b.CreateSource(t.Context(), tester, draft, false)
			wantError(t, err, test.kind, test.part)
		})
	}
}

func TestSecrets(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		attributes string // what a client puts in place of the attributes
		want       map[string]string
		refused    string
	}{
		"absent":           {`{"host":"h2"}`, map[string]string{"password": "one", "token": "two"}, ""},
		"masks":            {`{"password":"********","token":"****"}`, map[string]string{"password": "one", "token": "two"}, ""},
		"new":              {`{"password":"new","encrypted":"host"}`, map[string]string{"password": "new", "token": "two"}, ""},
		"null":             {`{"token":null}`, map[string]string{"password": "one"}, ""},
		"empty":            {`{"token":""}`, map[string]string{"password": "one"}, ""},
		"three stars":      {`{"token":"***"}`, map[string]string{"password": "one", "token": "***"}, ""},
		"required removed": {`{"password":null}`, nil, `"connectorAttributes.password": is required`},
		"no text":          {`{"password":7}`, nil, `"connectorAttributes.password": must be a text`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			created := b.create(t, "safe", `{"host":"h","password":"one","token":"two"}`)
			updated, err := b.UpdateSource(t.Context(), tester, created.ID, func(s *governance.Source) error {
				if !strings.Contains(string(s.ConnectorAttributes), `"password":"********"`) {
					t.Errorf("an edit sees the attributes %s, without a mask", s.ConnectorAttributes)
				}
				s.ConnectorAttributes = json.RawMessage(test.attributes)
				return nil
			})
			if test.refused != "" {
				wantError(t, err, governance.Illegal, test.refused)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, b.reopened(t, updated)); diff != "" {
				t.Errorf("secrets (-want +got):\n%s", diff)
			}
			wantHidden(t, updated)
		})
	}
}

// reopened gives the secrets that the connector of a source sees, next to the source's schemas.
func (b *bench) reopened(t *testing.T, src governance.Source) map[string]string {
	t.Helper()
	opened, err := b.Open(t.Context(), src)
	if err != nil {
		t.Fatal(err)
	}
	if err := opened.Close(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]connector.Schema{b.safe.Spec().Account}, b.safe.opened.Schemas); diff != "" {
		t.Errorf("schemas (-want +got):\n%s", diff)
	}
	return b.safe.secrets()
}

// wantHidden looks for secrets where others read: the attributes name them only in the list for clients.
func wantHidden(t *testing.T, src governance.Source) {
	t.Helper()
	var attributes map[string]any
	if err := json.Unmarshal(src.ConnectorAttributes, &attributes); err != nil {
		t.Fatal(err)
	}
	if attributes["encrypted"] != "password,token" || attributes["password"] != nil || attributes["token"] != nil {
		t.Errorf("attributes are %s", src.ConnectorAttributes)
	}
	for field, sealed := range src.Secrets {
		if slices.Contains([]string{"one", "two", "new", "***"}, sealed) {
			t.Errorf("secret %s is kept in clear", field)
		}
	}
}

func TestSecretsAreBoundToTheirSource(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	created := b.create(t, "safe", `{"password":"one"}`)
	moved := created
	moved.ID = store.NewID()
	_, err := b.Open(t.Context(), moved)
	wantError(t, err, governance.Illegal, `The secret of field "connectorAttributes.password" can no longer be read`)
}

func TestUpdateSourceRefusesFixedFields(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	created := b.create(t, delimited.Name, `{}`)
	for field, change := range map[string]func(*governance.Source){
		"id":               func(s *governance.Source) { s.ID = store.NewID() },
		"type":             func(s *governance.Source) { s.Type = "x" },
		"authoritative":    func(s *governance.Source) { s.Authoritative = true },
		"connector":        func(s *governance.Source) { s.Connector = "safe" },
		"connectorClass":   func(s *governance.Source) { s.ConnectorClass = "x" },
		"passwordPolicies": func(s *governance.Source) { s.Refs.PasswordPolicies = []byte(`[{}]`) },
	} {
		_, err := b.UpdateSource(t.Context(), tester, created.ID, func(s *governance.Source) error {
			change(s)
			return nil
		})
		wantError(t, err, governance.Illegal, "Field '"+field+"' cannot be changed.")
	}
}

// TestConfigurationIsCheckedWhenItChanges: a source that can no longer be opened can still be renamed.
func TestConfigurationIsCheckedWhenItChanges(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	created := b.create(t, delimited.Name, `{"filePath":"a.csv"}`)
	b.Service.FileRoot = ""
	rename := func(s *governance.Source) error { s.Name = "Renamed"; return nil }
	if got, err := b.UpdateSource(t.Context(), tester, created.ID, rename); err != nil || got.Name != "Renamed" {
		t.Errorf("renamed to %q: %v", got.Name, err)
	}
	_, err := b.UpdateSource(t.Context(), tester, created.ID, func(s *governance.Source) error {
		s.ConnectorAttributes = json.RawMessage(`{"filePath":"b.csv"}`)
		return nil
	})
	wantError(t, err, governance.Illegal, "connectorAttributes.filePath")
}

func (b *bench) write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(b.files, name), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
