package aggregate_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"midgard/internal/aggregate"
	"midgard/internal/connector"
	"midgard/internal/governance"
)

var schema = governance.Schema{
	Name: connector.TypeAccount, IdentityAttribute: "id", DisplayAttribute: "name",
	Attributes: []governance.SchemaAttribute{{Name: "id"}, {Name: "groups", IsMulti: true, IsEntitlement: true}},
}

func object() connector.Object {
	return connector.Object{Type: connector.TypeAccount, Identity: "svc-1", Attributes: map[string]any{
		"groups": []string{"b", "a"}, "owner": "jane", "keeper": "joe", "description": "Runs the payroll", "environment": "Production",
		"privileged": true, "uid": int64(1000000),
	}}
}

func TestObserve(t *testing.T) {
	t.Parallel()
	a, err := aggregate.Observe(governance.Source{}, schema, nil, nil, object())
	if err != nil {
		t.Fatal(err)
	}
	want := governance.ObservedAccount{
		NativeIdentity: "svc-1", Name: "svc-1", Privileged: true, OwnerKey: "jane", Description: "Runs the payroll", Environment: "Production",
		Attributes:   json.RawMessage(`{"description":"Runs the payroll","environment":"Production","groups":["b","a"],"keeper":"joe","owner":"jane","privileged":true,"uid":1000000}`),
		Entitlements: []governance.EntitlementValue{{Attribute: "groups", Value: "b"}, {Attribute: "groups", Value: "a"}},
	}
	want.Hash = a.Hash
	if diff := cmp.Diff(want, a); diff != "" {
		t.Error(diff)
	}
}

func TestObserveOwnerAttribute(t *testing.T) {
	t.Parallel()
	a, err := aggregate.Observe(governance.Source{ConnectorAttributes: json.RawMessage(`{"ownerAttribute":"keeper"}`)}, schema, nil, nil, object())
	if err != nil || a.OwnerKey != "joe" {
		t.Errorf("the owner is %q: %v", a.OwnerKey, err)
	}
}

func TestObserveClassifies(t *testing.T) {
	t.Parallel()
	machine := func(c *governance.ClassificationConfig) *bool {
		a, err := aggregate.Observe(governance.Source{}, schema, c, nil, object())
		if err != nil {
			t.Fatal(err)
		}
		return a.Machine
	}
	equals := func(attribute, value string) *governance.ClassificationConfig {
		return &governance.ClassificationConfig{Enabled: true, Method: governance.ByCriteria, Criteria: &governance.Criteria{Operation: "EQUALS", Attribute: attribute, Value: value}}
	}
	for _, c := range []struct {
		name   string
		config *governance.ClassificationConfig
		want   *bool
	}{
		{"no configuration", nil, nil},
		{"disabled", &governance.ClassificationConfig{Method: governance.BySource}, nil},
		{"every account", &governance.ClassificationConfig{Enabled: true, Method: governance.BySource}, new(true)},
		{"one of several values", equals("groups", "A"), new(true)},
		{"a number", equals("uid", "1000000"), new(true)},
		{"a truth value", equals("privileged", "true"), new(true)},
		{"the native identity", equals("nativeIdentity", "svc-1"), new(true)},
		{"no match", equals("groups", "c"), new(false)},
	} {
		if diff := cmp.Diff(c.want, machine(c.config)); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}

func TestObservePerson(t *testing.T) {
	t.Parallel()
	profile := []governance.ProfileSource{
		{IdentityAttribute: "uid", AccountAttribute: "login"}, {IdentityAttribute: "firstname", AccountAttribute: "first"},
		{IdentityAttribute: "lastname", AccountAttribute: "last"}, {IdentityAttribute: "manager", AccountAttribute: "boss"},
		{IdentityAttribute: "department", AccountAttribute: "dept"},
	}
	for _, c := range []struct {
		name       string
		attributes map[string]any
		disabled   bool
		want       governance.ObservedPerson
	}{
		{"everything", map[string]any{"login": "jdoe", "first": "Jane", "last": "Doe", "boss": "mbrown", "dept": "Sales"}, false,
			governance.ObservedPerson{UID: "jdoe", Name: "Jane Doe", FirstName: "Jane", LastName: "Doe", ManagerKey: "mbrown", Attributes: json.RawMessage(`{"department":"Sales"}`)}},
		{"nothing but the account", map[string]any{}, true,
			governance.ObservedPerson{UID: "p1", Name: "p1", LifecycleState: "inactive", Attributes: json.RawMessage(`{}`)}},
	} {
		a, err := aggregate.Observe(governance.Source{}, schema, nil, profile, connector.Object{Identity: "p1", Attributes: c.attributes, Disabled: c.disabled})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(&c.want, a.Person); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}

// TestHash checks that every input that is kept moves the hash, and that the rules are among the inputs.
func TestHash(t *testing.T) {
	t.Parallel()
	hash := func(change func(*connector.Object), c *governance.ClassificationConfig) [16]byte {
		o := object()
		change(&o)
		a, err := aggregate.Observe(governance.Source{}, schema, c, nil, o)
		if err != nil {
			t.Fatal(err)
		}
		return a.Hash
	}
	same := hash(func(*connector.Object) {}, nil)
	if again := hash(func(*connector.Object) {}, nil); again != same {
		t.Error("the same object has two hashes")
	}
	for name, change := range map[string]func(*connector.Object){
		"identity": func(o *connector.Object) { o.Identity = "svc-2" }, "uuid": func(o *connector.Object) { o.UUID = "1" },
		"name": func(o *connector.Object) { o.Name = "x" }, "disabled": func(o *connector.Object) { o.Disabled = true },
		"locked": func(o *connector.Object) { o.Locked = true }, "an attribute": func(o *connector.Object) { o.Attributes["owner"] = "joe" },
		"an entitlement": func(o *connector.Object) { o.Attributes["groups"] = []string{"a"} },
	} {
		if hash(change, nil) == same {
			t.Errorf("a change of %s leaves the hash", name)
		}
	}
	if hash(func(*connector.Object) {}, &governance.ClassificationConfig{Enabled: true, Method: governance.BySource}) == same {
		t.Error("a change of the rules leaves the hash")
	}
}

func TestBitmap(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		model, b := map[int64]bool{}, aggregate.Bitmap{}
		for _, n := range rapid.SliceOf(rapid.Int64Range(0, 5000)).Draw(t, "ordinals") {
			b.Set(n)
			model[n] = true
		}
		for n := range int64(5100) {
			if b.Has(n) != model[n] {
				t.Fatalf("%d: %v", n, b.Has(n))
			}
		}
	})
}
