package connectortest

import (
	"errors"
	"reflect"
	"slices"
	"testing"

	"midgard/internal/connector"
)

func testCreate(t *testing.T, p trial) {
	request := p.Request("created")
	request.Password, request.Entitlements = connector.NewSecret(firstPassword), p.Entitlements[:]
	made := p.create(t, request)
	if got := p.read(t, made.Identity); !reflect.DeepEqual(got, made) {
		t.Errorf("Create returned %+v, Read %+v", made, got)
	}
	wantLogin(t, p, made.Identity, firstPassword, true)
	for _, given := range p.Entitlements {
		if !slices.Contains(values(made, given.Attribute), given.Value) {
			t.Errorf("the new account has %q, not %q", values(made, given.Attribute), given.Value)
		}
	}
	listed, _ := p.h.list(t, p.h.open(t, p.Config(t)), p.h.request(connector.TypeAccount))
	if got, found := listed.Object(made.Identity); !found || !reflect.DeepEqual(got, made) {
		t.Errorf("Create returned %+v, List %+v", made, got)
	}
	testCreateAgain(t, p, request, made)
}

// testCreateAgain wants an account in the way to be told and left alone, unless it is the work of the same request.
func testCreateAgain(t *testing.T, p trial, request connector.CreateRequest, made connector.Object) {
	request.Password = connector.NewSecret(secondPassword)
	found, err := p.Create(t.Context(), request)
	var exists *connector.ExistsError
	if !errors.Is(err, connector.ErrExists) || !errors.As(err, &exists) || len(exists.Differs) > 0 {
		t.Errorf("Create again gave %v, want an ExistsError without a difference", err)
	}
	if !reflect.DeepEqual(found, made) {
		t.Errorf("Create again showed %+v instead of %+v", found, made)
	}
	wantLogin(t, p, made.Identity, firstPassword, true)

	request.Resume = true
	for range 2 {
		if found, err := p.Create(t.Context(), request); err != nil || found.Identity != made.Identity {
			t.Errorf("a resumed Create gave %q, %v", found.Identity, err)
		}
	}
	wantLogin(t, p, made.Identity, secondPassword, true)

	other := p.Request("created")
	other.Attributes = with(other.Attributes, map[string]any{p.Attribute: "somebody else's"})
	other.Password, other.Resume = connector.NewSecret(firstPassword), true
	_, err = p.Create(t.Context(), other)
	if !errors.As(err, &exists) || !slices.Contains(exists.Differs, p.Attribute) {
		t.Errorf("Create of another account with the same name gave %v, want a difference in %q", err, p.Attribute)
	}
	wantLogin(t, p, made.Identity, firstPassword, false)
}

// testNames makes accounts whose names want to be more than names.
func testNames(t *testing.T, p trial) {
	seen := map[string]bool{}
	for _, name := range hostile {
		made := p.create(t, p.Request(name))
		if seen[made.Identity] {
			t.Errorf("name %q led to an account that was there already: %q", name, made.Identity)
		}
		seen[made.Identity] = true
		if got := p.read(t, made.Identity); got.Identity != made.Identity {
			t.Errorf("name %q led to %q, and reading that to %q", name, made.Identity, got.Identity)
		}
		given := p.Entitlements[0]
		twice(t, "AddEntitlement", func() error {
			return p.AddEntitlement(t.Context(), made.Identity, given.Attribute, given.Value)
		})
		wantValues(t, p.read(t, made.Identity), given.Attribute, given.Value)
	}
	for _, name := range hostile {
		if _, err := p.Read(t.Context(), connector.TypeAccount, name); !errors.Is(err, connector.ErrNoSuchObject) && !seen[name] {
			t.Errorf("reading the identity %q gave %v", name, err)
		}
	}
}

func testUpdate(t *testing.T, p trial) {
	made := p.create(t, p.Request("updated"))
	steps := []struct {
		kind  connector.ChangeKind
		name  string
		value any
		want  []string
	}{
		{connector.ChangeSet, p.Attribute, "one)(x=*", []string{"one)(x=*"}},
		{connector.ChangeSet, p.Attribute, "two", []string{"two"}},
		{connector.ChangeSet, p.Attribute, nil, nil},
		{connector.ChangeSet, p.Multi, []string{"a", "b"}, []string{"a", "b"}},
		{connector.ChangeAdd, p.Multi, []string{"b", "c"}, []string{"a", "b", "c"}},
		{connector.ChangeRemove, p.Multi, []string{"a", "z"}, []string{"b", "c"}},
		{connector.ChangeRemove, p.Multi, []string{"b", "c"}, nil},
	}
	for _, step := range steps {
		twice(t, "Update", func() error {
			return p.Update(t.Context(), made.Identity, []connector.AttributeChange{{Kind: step.kind, Attribute: step.name, Value: step.value}})
		})
		wantValues(t, p.read(t, made.Identity), step.name, step.want...)
	}
	err := p.Update(t.Context(), made.Identity, []connector.AttributeChange{
		{Attribute: p.Attribute, Value: "three"}, {Attribute: "no such attribute)(", Value: "x"}})
	wantFault(t, "Update of an attribute that is none", err, connector.ErrRefused)
	wantValues(t, p.read(t, made.Identity), p.Attribute)
	if group := p.Entitlements[0]; p.h.isGroup(group.Attribute) {
		err := p.Update(t.Context(), made.Identity, []connector.AttributeChange{
			{Kind: connector.ChangeAdd, Attribute: group.Attribute, Value: group.Value}})
		wantFault(t, "Update of the groups", err, connector.ErrRefused)
	}
}

func testDelete(t *testing.T, p trial) {
	if !p.has("DELETE") {
		wantFault(t, "Delete", p.Delete(t.Context(), "x"), connector.ErrRefused)
		return
	}
	request := p.Request("deleted")
	request.Password, request.Entitlements = connector.NewSecret(firstPassword), p.Entitlements[:1]
	made := p.create(t, request)
	twice(t, "Delete", func() error { return p.Delete(t.Context(), made.Identity) })
	wantLogin(t, p, made.Identity, firstPassword, false)
	_, err := p.Read(t.Context(), connector.TypeAccount, made.Identity)
	wantFault(t, "Read of a deleted account", err, connector.ErrNoSuchObject)

	// Whoever has the name next has not what it stood for.
	request.Entitlements = nil
	again := p.create(t, request)
	wantValues(t, again, p.Entitlements[0].Attribute)
}

func testInUse(t *testing.T, p trial) {
	checker, can := p.Provisioner.(connector.Checker)
	if !can {
		return
	}
	made := p.create(t, p.Request("in use"))
	if err := p.Update(t.Context(), made.Identity, []connector.AttributeChange{{Attribute: p.Attribute, Value: "Taken"}}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		attribute, value string
		want             bool
	}{
		{"", "in use", true}, {"", "IN USE", true}, {"", "free", false}, {"", "*", false}, {"", "in*", false},
		{p.Attribute, "taken", true}, {p.Attribute, "free)(|(uid=*)", false},
	} {
		if got, err := checker.InUse(t.Context(), c.attribute, c.value); got != c.want || err != nil {
			t.Errorf("InUse of %q %q: %v, %v", c.attribute, c.value, got, err)
		}
	}
	_, err := checker.InUse(t.Context(), "cn=x)(cn", "x")
	wantFault(t, "InUse of an attribute that is none", err, connector.ErrRefused)
}
