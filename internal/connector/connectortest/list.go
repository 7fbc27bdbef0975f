package connectortest

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"midgard/internal/connector"
)

// fewest is how many accounts a harness must have for the tests of stopping in the middle to mean something.
const fewest = 3

func testList(t *testing.T, h Harness) {
	for _, objectType := range h.types() {
		t.Run(objectType, func(t *testing.T) {
			source := h.open(t, h.Config(t))
			first, result := h.list(t, source, h.request(objectType))
			if objectType == connector.TypeAccount && len(first.Objects) < fewest {
				t.Fatalf("the harness has %d accounts, want at least %d", len(first.Objects), fewest)
			}
			if !result.Complete {
				t.Error("a full list of a working source is not complete")
			}
			checkObjects(t, first.Objects, h.schema(objectType), objectType)
			checkSameAgain(t, h, source, objectType, first)
			checkLimit(t, h, source, objectType, len(first.Objects))
			checkDelta(t, h, source, objectType, result.Token)
			checkOwnMaps(t, first.Objects)
		})
	}
	t.Run("of an unknown type", func(t *testing.T) {
		request := h.request(connector.TypeAccount)
		request.Type = "no-such-type"
		wantNoList(t, h.open(t, h.Config(t)), request)
	})
}

func checkObjects(t *testing.T, objects []connector.Object, schema connector.Schema, objectType string) {
	seen := map[string]bool{}
	for _, object := range objects {
		if object.Identity == "" || seen[object.Identity] {
			t.Errorf("identity %q is empty or comes twice", object.Identity)
		}
		seen[object.Identity] = true
		if object.Type != objectType {
			t.Errorf("object %q is of type %q", object.Identity, object.Type)
		}
		if object.Deleted || object.Unchanged {
			t.Errorf("object %q of a full list carries marks of a delta", object.Identity)
		}
		checkText(t, object.Identity, "identity", object.Identity)
		checkText(t, object.Identity, "name", object.Name)
		for name, value := range object.Attributes {
			checkValue(t, object.Identity, schema, name, value)
		}
	}
}

// checkValue compares a value with what the schema announces for it.
func checkValue(t *testing.T, identity string, schema connector.Schema, name string, value any) {
	at := slices.IndexFunc(schema.Attributes, func(a connector.SchemaAttribute) bool { return a.Name == name })
	if at < 0 {
		t.Errorf("object %q has the attribute %q, which was not asked for", identity, name)
		return
	}
	attribute := schema.Attributes[at]
	fits := false
	switch value := value.(type) {
	case nil:
		fits = true
	case []string:
		fits = attribute.Multi && len(value) > 0
		for _, element := range value {
			checkText(t, identity, name, element)
		}
	case string:
		fits = !attribute.Multi && (attribute.Type == "STRING" || attribute.Type == "DATE")
		checkText(t, identity, name, value)
	case bool:
		fits = !attribute.Multi && attribute.Type == "BOOLEAN"
	case int64:
		fits = !attribute.Multi && (attribute.Type == "INT" || attribute.Type == "LONG")
	case float64:
		fits = !attribute.Multi && attribute.Type == "LONG"
	}
	if !fits {
		t.Errorf("object %q: %s is %#v (%T), which does not fit %+v", identity, name, value, value, attribute)
	}
}

// checkText refuses what databases refuse.
func checkText(t *testing.T, identity, name, text string) {
	if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
		t.Errorf("object %q: %s is not clean text: %q", identity, name, text)
	}
}

func checkSameAgain(t *testing.T, h Harness, source connector.Source, objectType string, first *Recorder) {
	second, _ := h.list(t, source, h.request(objectType))
	byIdentity := map[string]connector.Object{}
	for _, object := range second.Objects {
		byIdentity[object.Identity] = object
	}
	if len(first.Objects) != len(second.Objects) {
		t.Errorf("two lists of an unchanged source have %d and %d objects", len(first.Objects), len(second.Objects))
	}
	for _, object := range first.Objects {
		if again := byIdentity[object.Identity]; !reflect.DeepEqual(object, again) {
			t.Errorf("object %q is %#v in one list and %#v in the next", object.Identity, object, again)
		}
	}
}

func checkLimit(t *testing.T, h Harness, source connector.Source, objectType string, total int) {
	for _, limit := range []int{1, 2, total + 1} {
		request := h.request(objectType)
		request.Limit = limit
		got, result := h.list(t, source, request)
		if want := min(limit, total); len(got.Objects) != want {
			t.Errorf("limit %d of %d gave %d objects", limit, total, len(got.Objects))
		}
		if result.Complete || result.Token != nil {
			t.Errorf("a list with limit %d says it is complete, or gives a token", limit)
		}
	}
}

// checkDelta gives a token back, and then one that nobody made.
func checkDelta(t *testing.T, h Harness, source connector.Source, objectType string, token []byte) {
	if token == nil {
		return
	}
	request := h.request(objectType)
	request.Mode, request.Token = connector.Delta, token
	_, result := h.list(t, source, request)
	if result.Token == nil {
		t.Error("a delta gives no token for the next one")
	}
	request.Token = []byte("not a token")
	_, err := source.List(context.Background(), request, &Recorder{})
	if err != nil && !errors.Is(err, connector.ErrDeltaExpired) {
		t.Errorf("a delta with a false token: %v, want ErrDeltaExpired or a list", err)
	}
}

func checkOwnMaps(t *testing.T, objects []connector.Object) {
	seen := map[uintptr]string{}
	for _, object := range objects {
		if object.Attributes == nil {
			continue
		}
		place := reflect.ValueOf(object.Attributes).Pointer()
		if other, twice := seen[place]; twice {
			t.Errorf("objects %q and %q share their attributes", other, object.Identity)
		}
		seen[place] = object.Identity
	}
}

// wantNoList demands an error, and no claim to be complete.
func wantNoList(t *testing.T, source connector.Source, request connector.ListRequest) error {
	t.Helper()
	result, err := source.List(context.Background(), request, &Recorder{})
	if err == nil || result.Complete {
		t.Errorf("List gave error %v and Complete %v, want an error and not complete", err, result.Complete)
	}
	return err
}
