package connectortest_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"midgard/internal/connector"
	"midgard/internal/connector/connectortest"
)

// world is what the accounts of an ideal source that may be changed live in.
type world struct{ people map[string]*person }

type person struct {
	attributes       map[string]any
	groups           []string
	password         string
	disabled, locked bool
}

// editable describes the ideal source that may be changed, with a flaw or without.
func editable(s ideal, at func(string) func(*testing.T) connector.Config) *connectortest.Provision {
	return &connectortest.Provision{
		Config: at("world"), Forbidden: at("museum"), Unreachable: at("moon"),
		Request: func(name string) connector.CreateRequest {
			return connector.CreateRequest{Name: name, Attributes: map[string]any{"note": "new"}}
		},
		Attribute: "note", Multi: "tags",
		Entitlements: [2]connector.Entitlement{{Attribute: "groups", Value: "0"}, {Attribute: "groups", Value: "1"}},
		LogIn: func(_ *testing.T, identity, password string) error {
			p := s.world.people[identity]
			if p == nil || p.disabled || p.locked || p.password != password {
				return connector.ErrAuth
			}
			return nil
		},
		Lock:         func(_ *testing.T, identity string) { s.world.people[identity].locked = true },
		WeakPassword: "weak",
	}
}

// reach fails where the place cannot be reached, and changes where it cannot be changed.
func (s ideal) reach(ctx context.Context, change bool) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case s.place == "moon" && s.flaw == "final":
		return connector.ErrUnreachable
	case s.place == "moon":
		return &connector.Retryable{Err: connector.ErrUnreachable}
	case s.place == "museum" && change && s.flaw != "no rights needed":
		return connector.ErrRefused
	}
	return nil
}

func (s ideal) change(ctx context.Context, id string, do func(*person) error) error {
	if err := s.reach(ctx, true); err != nil {
		return err
	}
	p := s.world.people[id]
	if p == nil && s.flaw == "absent" {
		return nil
	}
	if p == nil {
		return connector.ErrNoSuchObject
	}
	return do(p)
}

func (s ideal) shown(id string, p *person) connector.Object {
	object := connector.Object{Type: connector.TypeAccount, Identity: id, Attributes: map[string]any{"id": id}, Disabled: p.disabled, Locked: p.locked}
	maps.Copy(object.Attributes, p.attributes)
	if len(p.groups) > 0 {
		object.Attributes["groups"] = slices.Sorted(slices.Values(p.groups))
	}
	return object
}

func (s ideal) Create(ctx context.Context, request connector.CreateRequest) (connector.Object, error) {
	if err := s.reach(ctx, true); err != nil {
		return connector.Object{}, err
	}
	id := "id:" + request.Name
	if s.flaw == "injection" {
		id, _, _ = strings.Cut(id, ")")
	}
	if old := s.world.people[id]; old != nil {
		var differs []string
		if old.attributes["note"] != request.Attributes["note"] && s.flaw != "differs" {
			differs = []string{"note"}
		}
		if s.flaw != "takes over" && (!request.Resume || len(differs) > 0) {
			return s.shown(id, old), &connector.ExistsError{Identity: id, Differs: differs}
		}
	}
	p := &person{attributes: maps.Clone(request.Attributes), password: request.Password.Reveal()}
	s.world.people[id] = p
	err := s.complete(ctx, id, request)
	if err != nil && s.flaw != "half done" {
		delete(s.world.people, id)
	}
	return s.shown(id, p), err
}

func (s ideal) complete(ctx context.Context, id string, request connector.CreateRequest) error {
	if request.Password.Reveal() == "weak" {
		return connector.ErrRefused
	}
	for _, given := range request.Entitlements {
		if err := s.AddEntitlement(ctx, id, given.Attribute, given.Value); err != nil {
			return err
		}
	}
	return nil
}

func (s ideal) Read(ctx context.Context, objectType, id string) (connector.Object, error) {
	if err := s.reach(ctx, false); err != nil {
		return connector.Object{}, err
	}
	if p := s.world.people[id]; p != nil && objectType == connector.TypeAccount {
		return s.shown(id, p), nil
	}
	return connector.Object{}, connector.ErrNoSuchObject
}

func (s ideal) Update(ctx context.Context, id string, changes []connector.AttributeChange) error {
	return s.change(ctx, id, func(p *person) error {
		edited := maps.Clone(p.attributes)
		if s.flaw == "partly" {
			edited = p.attributes
		}
		for _, change := range changes {
			if change.Attribute != "note" && change.Attribute != "tags" {
				return connector.ErrRefused
			}
			s.edit(edited, change)
		}
		p.attributes = edited
		return nil
	})
}

func (s ideal) edit(attributes map[string]any, change connector.AttributeChange) {
	given, _ := change.Value.([]string)
	present, _ := attributes[change.Attribute].([]string)
	switch change.Kind {
	case connector.ChangeAdd:
		present = append(slices.Clone(present), given...)
		slices.Sort(present)
		if s.flaw != "doubles" {
			present = slices.Compact(present)
		}
		attributes[change.Attribute] = present
	case connector.ChangeRemove:
		present = slices.DeleteFunc(slices.Clone(present), func(v string) bool { return slices.Contains(given, v) })
		attributes[change.Attribute] = present
	default:
		attributes[change.Attribute] = change.Value
	}
	if attributes[change.Attribute] == nil {
		delete(attributes, change.Attribute)
	}
}

func (s ideal) Enable(ctx context.Context, id string) error {
	return s.change(ctx, id, func(p *person) error { p.disabled = false; return nil })
}

func (s ideal) Disable(ctx context.Context, id string) error {
	return s.change(ctx, id, func(p *person) error { p.disabled = s.flaw != "stays enabled"; return nil })
}

func (s ideal) Unlock(ctx context.Context, id string) error {
	return s.change(ctx, id, func(p *person) error {
		p.locked = false
		if s.flaw == "unlock enables" {
			p.disabled = false
		}
		return nil
	})
}

func (s ideal) SetPassword(ctx context.Context, id string, password connector.Secret) error {
	return s.change(ctx, id, func(p *person) error {
		if s.flaw == "repeats what it got" && password.Reveal() == "" {
			return fmt.Errorf("not as good as correct horse 1: %w", connector.ErrRefused)
		}
		if password.Reveal() == "" || password.Reveal() == "weak" && s.flaw != "any password" {
			return connector.ErrRefused
		}
		p.password = password.Reveal()
		if s.flaw == "password enables" {
			p.disabled = false
		}
		return nil
	})
}

func (s ideal) AddEntitlement(ctx context.Context, id, attribute, value string) error {
	return s.change(ctx, id, func(p *person) error {
		switch {
		case attribute != "groups":
			return connector.ErrRefused
		case value != "0" && value != "1":
			return connector.ErrNoSuchObject
		case slices.Contains(p.groups, value) && s.flaw == "not twice":
			return errors.New("is there already")
		case !slices.Contains(p.groups, value):
			p.groups = append(p.groups, value)
		}
		return nil
	})
}

func (s ideal) RemoveEntitlement(ctx context.Context, id, attribute, value string) error {
	return s.change(ctx, id, func(p *person) error {
		p.groups = slices.DeleteFunc(p.groups, func(g string) bool { return g == value && s.flaw != "last one stays" })
		return nil
	})
}

func (s ideal) Delete(ctx context.Context, id string) error {
	err := s.change(ctx, id, func(*person) error { delete(s.world.people, id); return nil })
	if errors.Is(err, connector.ErrNoSuchObject) && s.flaw != "gone is an error" {
		return nil
	}
	return err
}

func (s ideal) InUse(_ context.Context, attribute, value string) (bool, error) {
	if attribute != "" && attribute != "note" {
		return false, connector.ErrRefused
	}
	for id, p := range s.world.people {
		text := strings.TrimPrefix(id, "id:")
		if attribute == "note" {
			text, _ = p.attributes["note"].(string)
		}
		if strings.EqualFold(text, value) || s.flaw == "wildcard" && value == "*" {
			return true, nil
		}
	}
	return false, nil
}
