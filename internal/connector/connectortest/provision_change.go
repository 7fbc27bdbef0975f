package connectortest

import (
	"context"
	"errors"
	"testing"

	"midgard/internal/connector"
)

// testEntitlements takes the first entitlement away from the last account that has it.
func testEntitlements(t *testing.T, p trial) {
	given, other := p.Entitlements[0], p.Entitlements[1]
	first, second := p.create(t, p.Request("first")), p.create(t, p.Request("second"))
	add := func(identity string, e connector.Entitlement) {
		twice(t, "AddEntitlement", func() error { return p.AddEntitlement(t.Context(), identity, e.Attribute, e.Value) })
	}
	remove := func(identity string, e connector.Entitlement) {
		twice(t, "RemoveEntitlement", func() error { return p.RemoveEntitlement(t.Context(), identity, e.Attribute, e.Value) })
	}
	for range 2 { // the second time comes to an entitlement that somebody had
		add(first.Identity, given)
		add(second.Identity, given)
		remove(first.Identity, given)
		wantValues(t, p.read(t, first.Identity), given.Attribute)
		wantValues(t, p.read(t, second.Identity), given.Attribute, given.Value)
		remove(second.Identity, given)
		wantValues(t, p.read(t, second.Identity), given.Attribute)
	}
	add(first.Identity, other)
	wantValues(t, p.read(t, first.Identity), other.Attribute, other.Value)
	wantFault(t, "AddEntitlement of an attribute that is none",
		p.AddEntitlement(t.Context(), first.Identity, "no such attribute", given.Value), connector.ErrRefused)
}

// testHalfDone makes the last step of a Create fail: nothing may stay.
func testHalfDone(t *testing.T, p trial) {
	request := p.Request("half done")
	request.Password = connector.NewSecret(firstPassword)
	request.Entitlements = []connector.Entitlement{p.Entitlements[0], {Attribute: "no such attribute", Value: "x"}}
	if _, err := p.Create(t.Context(), request); !errors.Is(err, connector.ErrRefused) {
		t.Errorf("Create with an entitlement that is none gave %v", err)
	}
	if p.WeakPassword != "" {
		weak := p.Request("half done")
		weak.Password = connector.NewSecret(p.WeakPassword)
		_, err := p.Create(t.Context(), weak)
		wantFault(t, "Create with a weak password", err, connector.ErrRefused)
	}
	request.Entitlements = nil
	made := p.create(t, request) // it would be ErrExists if anything had stayed
	wantValues(t, made, p.Entitlements[0].Attribute)
	wantLogin(t, p, made.Identity, firstPassword, true)
}

func testState(t *testing.T, p trial) {
	request := p.Request("state")
	request.Password = connector.NewSecret(firstPassword)
	id := p.create(t, request).Identity
	if p.has("ENABLE") {
		twice(t, "Enable", func() error { return p.Enable(t.Context(), id) })
		twice(t, "Disable", func() error { return p.Disable(t.Context(), id) })
		wantState(t, p, id, true, false)
		twice(t, "Enable", func() error { return p.Enable(t.Context(), id) })
		wantState(t, p, id, false, false)
	} else {
		wantFault(t, "Enable", p.Enable(t.Context(), id), connector.ErrRefused)
		wantFault(t, "Disable", p.Disable(t.Context(), id), connector.ErrRefused)
	}
	if !p.has("UNLOCK") {
		wantFault(t, "Unlock", p.Unlock(t.Context(), id), connector.ErrRefused)
		return
	}
	twice(t, "Unlock", func() error { return p.Unlock(t.Context(), id) })
	p.Lock(t, id)
	wantState(t, p, id, false, true)
	twice(t, "Unlock", func() error { return p.Unlock(t.Context(), id) })
	wantState(t, p, id, false, false)
	if p.has("ENABLE") {
		twice(t, "Disable", func() error { return p.Disable(t.Context(), id) })
		twice(t, "Unlock", func() error { return p.Unlock(t.Context(), id) })
		wantState(t, p, id, true, false)
	}
}

func wantState(t *testing.T, p trial, identity string, disabled, locked bool) {
	t.Helper()
	if got := p.read(t, identity); got.Disabled != disabled || got.Locked != locked {
		t.Errorf("%q is disabled %v and locked %v, want %v and %v", identity, got.Disabled, got.Locked, disabled, locked)
	}
	wantLogin(t, p, identity, firstPassword, !disabled && !locked)
}

func testPassword(t *testing.T, p trial) {
	id := p.create(t, p.Request("password")).Identity
	if !p.has("PASSWORD") {
		wantFault(t, "SetPassword", p.SetPassword(t.Context(), id, connector.NewSecret(firstPassword)), connector.ErrRefused)
		return
	}
	for _, password := range []string{firstPassword, secondPassword} {
		twice(t, "SetPassword", func() error { return p.SetPassword(t.Context(), id, connector.NewSecret(password)) })
		wantLogin(t, p, id, password, true)
	}
	wantLogin(t, p, id, firstPassword, false)
	for _, refused := range []string{"", p.WeakPassword} {
		if refused == "" && p.WeakPassword == "" {
			continue
		}
		wantFault(t, "SetPassword of a weak one", p.SetPassword(t.Context(), id, connector.NewSecret(refused)), connector.ErrRefused)
	}
	wantLogin(t, p, id, secondPassword, true)
	if !p.has("ENABLE") {
		return
	}
	if err := p.Disable(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if err := p.SetPassword(t.Context(), id, connector.NewSecret("third time lucky 3")); err != nil {
		t.Fatal(err)
	}
	wantLogin(t, p, id, "third time lucky 3", false)
	if !p.read(t, id).Disabled {
		t.Error("a new password enables a disabled account")
	}
}

// changes are all calls that concern one account.
func (p trial) changes(identity string) map[string]func(context.Context) error {
	given := p.Entitlements[0]
	all := map[string]func(context.Context) error{
		"Update": func(ctx context.Context) error {
			return p.Update(ctx, identity, []connector.AttributeChange{{Attribute: p.Attribute, Value: "x"}})
		},
		"AddEntitlement": func(ctx context.Context) error { return p.AddEntitlement(ctx, identity, given.Attribute, given.Value) },
		"RemoveEntitlement": func(ctx context.Context) error {
			return p.RemoveEntitlement(ctx, identity, given.Attribute, given.Value)
		},
	}
	if p.has("ENABLE") {
		all["Enable"] = func(ctx context.Context) error { return p.Enable(ctx, identity) }
		all["Disable"] = func(ctx context.Context) error { return p.Disable(ctx, identity) }
	}
	if p.has("UNLOCK") {
		all["Unlock"] = func(ctx context.Context) error { return p.Unlock(ctx, identity) }
	}
	if p.has("PASSWORD") {
		all["SetPassword"] = func(ctx context.Context) error {
			return p.SetPassword(ctx, identity, connector.NewSecret(firstPassword))
		}
	}
	return all
}

// testAbsent names an account that is gone, and an entitlement that never was.
func testAbsent(t *testing.T, p trial) {
	made, err := p.Create(t.Context(), p.Request("absent"))
	if err != nil {
		t.Fatal(err)
	}
	err = p.AddEntitlement(t.Context(), made.Identity, p.Entitlements[0].Attribute, p.Entitlements[0].Value+"x")
	if p.h.isGroup(p.Entitlements[0].Attribute) {
		wantFault(t, "AddEntitlement of a group that is none", err, connector.ErrNoSuchObject)
	}
	if !p.has("DELETE") {
		return
	}
	if err := p.Delete(t.Context(), made.Identity); err != nil {
		t.Fatal(err)
	}
	for name, change := range p.changes(made.Identity) {
		wantFault(t, name+" of an absent account", change(t.Context()), connector.ErrNoSuchObject)
	}
	_, err = p.Read(t.Context(), connector.TypeGroup, "no such group")
	if err == nil {
		t.Error("a group that is none can be read")
	}
}

func (h Harness) isGroup(attribute string) bool {
	for _, a := range h.schema(connector.TypeAccount).Attributes {
		if a.Name == attribute {
			return a.Group
		}
	}
	return false
}

// testChangeFailures has every call fail for a reason that passes, by itself or at the caller's wish, and for one that does not.
func testChangeFailures(t *testing.T, p trial) {
	made := p.create(t, p.Request("failures"))
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	away := p.h.trial(t, p.Unreachable)
	for name, change := range away.all(made.Identity) {
		var again *connector.Retryable
		if err := change(t.Context()); !errors.As(err, &again) || !errors.Is(err, connector.ErrUnreachable) {
			t.Errorf("%s of an unreachable source gave %v, want a retryable ErrUnreachable", name, err)
		}
	}
	for name, change := range p.all(made.Identity) {
		wantFault(t, name+" with a context that has ended", change(ended), context.Canceled)
	}
	if p.Forbidden == nil {
		return
	}
	forbidden := p.h.trial(t, p.Forbidden)
	for name, change := range forbidden.all(made.Identity) {
		switch name {
		case "Read", "Enable", "Unlock", "RemoveEntitlement": // there is nothing to do
		default:
			wantFault(t, name+" without the right to", change(t.Context()), connector.ErrRefused)
		}
	}
	p.read(t, made.Identity)
}

// all adds the calls that have another outcome for an account that is absent.
func (p trial) all(identity string) map[string]func(context.Context) error {
	all := p.changes(identity)
	all["Read"] = func(ctx context.Context) error {
		_, err := p.Read(ctx, connector.TypeAccount, identity)
		return err
	}
	all["Create"] = func(ctx context.Context) error {
		_, err := p.Create(ctx, p.Request("never made"))
		return err
	}
	if p.has("DELETE") {
		all["Delete"] = func(ctx context.Context) error { return p.Delete(ctx, identity) }
	}
	return all
}
