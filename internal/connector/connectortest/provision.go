package connectortest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"midgard/internal/connector"
)

// Provision describes a source whose accounts may be made and changed by the tests.
type Provision struct {
	// Config configures such a source; its schemas are those of Harness.Account and Harness.Group.
	Config func(*testing.T) connector.Config
	// Forbidden configures the same source with credentials that may read and not change it; nil when there are none.
	Forbidden func(*testing.T) connector.Config
	// Unreachable configures a source that cannot be reached, which is likely to pass.
	Unreachable func(*testing.T) connector.Config

	// Request asks for an account of that plain name, which may be any text, with a password. Requests of different names
	// ask for different accounts.
	Request func(name string) connector.CreateRequest
	// Attribute is a single-valued text attribute of accounts that may be changed freely, Multi a multi-valued one.
	Attribute, Multi string
	// Entitlements are two that every account may have; nobody has the first one, and nobody has it again at the end.
	Entitlements [2]connector.Entitlement

	// LogIn tries a password as an account would; nil when accounts of such sources do not log in.
	LogIn func(t *testing.T, identity, password string) error
	// Lock makes the source lock an account, as wrong passwords do. Needed with UNLOCK.
	Lock func(t *testing.T, identity string)
	// WeakPassword is refused by the source; empty when it takes any.
	WeakPassword string
}

// hostile are names that mean something else where a connector pastes texts together.
var hostile = []string{
	"x", "o'brien, ou=people", "x)(uid=*", "*", `back\slash`, `"quoted"`, "#hash", "a+cn=b", "<a;b>=c", "ünïcode 名", "$(id)`id`", "--flag", "a'; drop table x--",
}

const (
	firstPassword  = "correct horse 1"
	secondPassword = "battery staple 2"
)

// testProvision runs when a source can provision. One that cannot must not say so, one that can must be tried.
func testProvision(t *testing.T, h Harness) {
	_, can := h.open(t, h.Config(t)).(connector.Provisioner)
	spec := h.Factory.Spec()
	for _, feature := range []string{"PROVISIONING", "ENABLE", "UNLOCK", "PASSWORD", "DELETE"} {
		if !can && slices.Contains(spec.Features, feature) {
			t.Errorf("%s declared by a connector without a Provisioner", feature)
		}
	}
	if can != slices.Contains(spec.Features, "PROVISIONING") || can != (h.Provision != nil) {
		t.Fatalf("Provisioner implemented: %v, but not so PROVISIONING declared or Harness.Provision given", can)
	}
	if !can {
		return
	}
	for name, test := range map[string]func(*testing.T, trial){
		"create": testCreate, "names": testNames, "update": testUpdate, "entitlements": testEntitlements,
		"half done": testHalfDone, "state": testState, "password": testPassword, "delete": testDelete,
		"absent": testAbsent, "failures": testChangeFailures, "in use": testInUse,
	} {
		t.Run(name, func(t *testing.T) { test(t, newTrial(t, h)) })
	}
}

// trial is an open source of the harness.
type trial struct {
	Provision
	connector.Provisioner
	h Harness
}

func newTrial(t *testing.T, h Harness) trial {
	return h.trial(t, h.Provision.Config)
}

func (h Harness) trial(t *testing.T, config func(*testing.T) connector.Config) trial {
	t.Helper()
	c := config(t)
	c.Schemas = nil
	for _, schema := range []*connector.Schema{h.Account, h.Group} {
		if schema != nil {
			c.Schemas = append(c.Schemas, *schema)
		}
	}
	return trial{*h.Provision, h.open(t, c).(connector.Provisioner), h}
}

func (p trial) has(feature string) bool { return slices.Contains(p.h.Factory.Spec().Features, feature) }

// create makes an account that is deleted when the test ends.
func (p trial) create(t *testing.T, request connector.CreateRequest) connector.Object {
	t.Helper()
	object, err := p.Create(t.Context(), request)
	if err != nil {
		t.Fatalf("Create of %q: %v", request.Name, err)
	}
	t.Cleanup(func() {
		if err := p.Delete(context.Background(), object.Identity); err != nil && p.has("DELETE") {
			t.Errorf("Delete of %q: %v", object.Identity, err)
		}
	})
	return object
}

func (p trial) read(t *testing.T, identity string) connector.Object {
	t.Helper()
	object, err := p.Read(t.Context(), connector.TypeAccount, identity)
	if err != nil {
		t.Fatalf("Read of %q: %v", identity, err)
	}
	return object
}

// twice does what must be harmless when it is done again.
func twice(t *testing.T, what string, do func() error) {
	t.Helper()
	for _, time := range []string{"", " again"} {
		if err := do(); err != nil {
			t.Fatalf("%s%s: %v", what, time, err)
		}
	}
}

// values returns the values of an attribute, however many it may have.
func values(object connector.Object, attribute string) []string {
	switch value := object.Attributes[attribute].(type) {
	case string:
		return []string{value}
	case []string:
		return value
	}
	return nil
}

func wantValues(t *testing.T, object connector.Object, attribute string, want ...string) {
	t.Helper()
	if got := values(object, attribute); !slices.Equal(got, want) {
		t.Errorf("%s of %q is %q, want %q", attribute, object.Identity, got, want)
	}
}

func wantLogin(t *testing.T, p trial, identity, password string, works bool) {
	t.Helper()
	if p.LogIn == nil {
		return
	}
	if err := p.LogIn(t, identity, password); (err == nil) != works {
		t.Errorf("logging in as %q gave %v, want that it works: %v", identity, err, works)
	}
}

// wantFault wants an error of a kind that shows no password.
func wantFault(t *testing.T, what string, err, kind error) {
	t.Helper()
	if !errors.Is(err, kind) {
		t.Errorf("%s gave %v, want an error that wraps %q", what, err, kind)
		return
	}
	for _, secret := range []string{firstPassword, secondPassword} {
		if strings.Contains(err.Error(), secret) {
			t.Errorf("%s: the error shows a password", what)
		}
	}
}
