package connectortest

import (
	"context"
	"errors"
	"maps"
	"reflect"
	"testing"

	"midgard/internal/connector"
)

func testOpen(t *testing.T, h Harness) {
	t.Run("leaves the configuration alone", func(t *testing.T) {
		config := h.Config(t)
		before := copied(config.Attributes).(map[string]any)
		h.open(t, config)
		if !reflect.DeepEqual(before, config.Attributes) {
			t.Errorf("Open changed the attributes from %v to %v", before, config.Attributes)
		}
	})
	t.Run("touches nothing", func(t *testing.T) { h.open(t, h.Broken(t)) })
	t.Run("tolerates unknown keys", func(t *testing.T) {
		config := h.Config(t)
		config.Attributes = with(config.Attributes, map[string]any{
			"healthy": true, "since": "2026-01-01T00:00:00.000Z", "cloudDisplayName": "x", "deleteThresholdPercentage": 10.0,
		})
		h.open(t, config)
	})
	t.Run("names a field of the wrong kind", func(t *testing.T) { testWrongKinds(t, h) })
	t.Run("names a required field that is missing", func(t *testing.T) { testRequired(t, h) })
	t.Run("and test", func(t *testing.T) {
		if err := h.open(t, h.Config(t)).Test(context.Background()); err != nil {
			t.Errorf("Test: %v", err)
		}
	})
	t.Run("and test cancelled", func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if err := h.open(t, h.Config(t)).Test(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("Test with a cancelled context: %v", err)
		}
	})
}

func testWrongKinds(t *testing.T, h Harness) {
	wrong := map[connector.FieldKind]any{
		connector.KindText:   map[string]any{"a": "b"},
		connector.KindNumber: map[string]any{"a": "b"},
		connector.KindBool:   map[string]any{"a": "b"},
		connector.KindList:   map[string]any{"a": "b"},
		connector.KindTable:  3.5,
	}
	for _, field := range h.Factory.Spec().Fields {
		if field.Secret {
			continue
		}
		config := h.Config(t)
		config.Attributes = with(config.Attributes, map[string]any{field.Name: wrong[field.Kind]})
		wantConfigError(t, h.Factory, config, field.Name)
	}
}

func testRequired(t *testing.T, h Harness) {
	for _, field := range h.Factory.Spec().Fields {
		if !field.Required {
			continue
		}
		config := h.Config(t)
		config.Attributes, config.Secrets = maps.Clone(config.Attributes), maps.Clone(config.Secrets)
		delete(config.Attributes, field.Name)
		delete(config.Secrets, field.Name)
		wantConfigError(t, h.Factory, config, field.Name)
	}
}

func wantConfigError(t *testing.T, factory connector.Factory, config connector.Config, field string) {
	t.Helper()
	source, err := factory.Open(config)
	if err == nil {
		_ = source.Close()
	}
	var wrong *connector.ConfigError
	if !errors.As(err, &wrong) || wrong.Field != field {
		t.Errorf("Open gave %v instead of a ConfigError for %q", err, field)
	}
}

// with copies attributes and sets some of them.
func with(attributes, more map[string]any) map[string]any {
	all := maps.Clone(attributes)
	if all == nil {
		all = map[string]any{}
	}
	maps.Copy(all, more)
	return all
}

func copied(value any) any {
	switch value := value.(type) {
	case map[string]any:
		if value == nil {
			return value
		}
		all := make(map[string]any, len(value))
		for key, element := range value {
			all[key] = copied(element)
		}
		return all
	case []any:
		all := make([]any, len(value))
		for i, element := range value {
			all[i] = copied(element)
		}
		return all
	}
	return value
}
