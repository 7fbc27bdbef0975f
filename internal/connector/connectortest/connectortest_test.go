package connectortest_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"midgard/internal/connector"
	"midgard/internal/connector/connectortest"
)

// TestRun keeps the suite itself honest: a connector made of nothing but the promises passes it, every branch included.
func TestRun(t *testing.T) {
	t.Parallel()
	connectortest.Run(t, harness(""))
}

// flawVariable carries a flaw into the process that is expected to fail.
const flawVariable = "CONNECTORTEST_FLAW"

// TestRun_findsFlaws breaks one promise at a time. A failing suite fails the test that runs it, hence the processes.
func TestRun_findsFlaws(t *testing.T) {
	t.Parallel()
	if flaw := os.Getenv(flawVariable); flaw != "" {
		connectortest.Run(t, harness(flaw))
		return
	}
	for flaw, complaint := range map[string]string{
		"feature":      "is not the contract's",
		"unasked":      "which was not asked for",
		"type":         "does not fit",
		"twice":        "is empty or comes twice",
		"shared map":   "share their attributes",
		"limit":        "with limit 1 says it is complete",
		"sink error":   "instead of the sink's own error",
		"context":      "a cancelled list gave error",
		"complete":     "so that they would count as gone",
		"auth":         "want ErrAuth",
		"tells secret": "the error shows the secret",
		"required":     "instead of a ConfigError",
		"drift":        "in one list and",

		"undeclared":          "but not so PROVISIONING declared",
		"injection":           `Create of "x)(uid=*"`,
		"takes over":          "Create again gave",
		"differs":             "want a difference in",
		"half done":           "Create of \"half done\"",
		"partly":              "note of \"id:updated\"",
		"doubles":             "tags of \"id:updated\"",
		"not twice":           "AddEntitlement again",
		"last one stays":      "groups of \"id:first\"",
		"stays enabled":       "is disabled false",
		"unlock enables":      "is disabled false",
		"password enables":    "a new password enables",
		"any password":        "SetPassword of a weak one",
		"repeats what it got": "the error shows a password",
		"absent":              "of an absent account gave",
		"gone is an error":    "Delete again",
		"final":               "want a retryable ErrUnreachable",
		"no rights needed":    "without the right to",
		"wildcard":            "InUse of",
	} {
		t.Run(flaw, func(t *testing.T) {
			t.Parallel()
			child := exec.Command(os.Args[0], "-test.run=^TestRun_findsFlaws$")
			child.Env = append(os.Environ(), flawVariable+"="+flaw)
			output, err := child.CombinedOutput()
			var exit *exec.ExitError
			if !errors.As(err, &exit) || !strings.Contains(string(output), complaint) {
				t.Errorf("the suite ended with %v and does not say %q:\n%s", err, complaint, output)
			}
		})
	}
}

func harness(flaw string) connectortest.Harness {
	at := func(place string) func(*testing.T) connector.Config {
		return func(*testing.T) connector.Config {
			return connector.Config{
				Attributes: map[string]any{"place": place, "nested": []any{map[string]any{"a": "b"}}},
				Secrets:    map[string]connector.Secret{"password": connector.NewSecret("open sesame")},
			}
		}
	}
	factory := ideal{flaw: flaw, world: &world{map[string]*person{}}}
	return connectortest.Harness{
		Factory:     factory,
		Config:      at("here"),
		Broken:      at("nowhere"),
		WrongSecret: at("elsewhere"),
		Unreadable:  at("half"),
		Provision:   editable(factory, at),
	}
}

// ideal is a factory and a source in one. A flaw names the promise it breaks.
type ideal struct {
	flaw, place string
	lists       *int
	world       *world
}

func (s ideal) Spec() connector.Spec {
	group := connector.Schema{ObjectType: connector.TypeGroup, NativeObjectType: "g", IdentityAttribute: "id", DisplayAttribute: "id",
		Attributes: []connector.SchemaAttribute{{Name: "id", Type: "STRING"}}}
	account := group
	account.ObjectType = connector.TypeAccount
	account.Attributes = []connector.SchemaAttribute{
		{Name: "id", Type: "STRING"}, {Name: "size", Type: "INT"}, {Name: "on", Type: "BOOLEAN"},
		{Name: "note", Type: "STRING"}, {Name: "tags", Type: "STRING", Multi: true},
		{Name: "groups", Type: "STRING", Multi: true, Entitlement: true, Group: true},
	}
	features := []string{"SEARCH", "PROVISIONING", "ENABLE", "UNLOCK", "PASSWORD", "DELETE"}
	switch s.flaw {
	case "feature":
		features[0] = "FLY"
	case "undeclared":
		features = features[:1]
	}
	return connector.Spec{
		Connector: "ideal", Type: "Ideal", Class: "ideal", ConnectionType: "direct", Summary: "Objects made up on the spot.",
		Features: features,
		Fields: []connector.Field{
			{Name: "place", Kind: connector.KindText, Required: true, Help: "Where."},
			{Name: "password", Kind: connector.KindText, Secret: true, Required: true, Help: "What to say."},
		},
		Account: account, Group: &group,
	}
}

func (s ideal) Open(config connector.Config) (connector.Source, error) {
	place, ok := config.Attributes["place"].(string)
	if !ok {
		return nil, &connector.ConfigError{Field: "place", Reason: "must be a text"}
	}
	if _, ok := config.Secrets["password"]; !ok && s.flaw != "required" {
		return nil, &connector.ConfigError{Field: "password", Reason: "is required"}
	}
	return ideal{s.flaw, place, new(int), s.world}, nil
}

func (s ideal) Test(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	switch s.place {
	case "nowhere":
		return connector.ErrUnreachable
	case "elsewhere":
		if s.flaw == "auth" {
			return connector.ErrUnreachable
		}
		if s.flaw == "tells secret" {
			return fmt.Errorf("say open sesame: %w", connector.ErrAuth)
		}
		return fmt.Errorf("say hello: %w", connector.ErrAuth)
	}
	return nil
}

func (s ideal) List(ctx context.Context, request connector.ListRequest, sink connector.Sink) (connector.ListResult, error) {
	if err := s.Test(ctx); err != nil {
		return connector.ListResult{}, err
	}
	if request.Type != connector.TypeAccount && request.Type != connector.TypeGroup {
		return connector.ListResult{}, errors.New("unknown type")
	}
	if request.Mode == connector.Delta && string(request.Token) != "now" {
		return connector.ListResult{}, connector.ErrDeltaExpired
	}
	*s.lists++
	if s.place == "world" {
		return s.listWorld(ctx, sink)
	}
	limited := request.Limit > 0 && s.flaw != "limit"
	for i := range 4 {
		if limited && i == request.Limit {
			break
		}
		if err := s.one(ctx, request.Type, i, sink); err != nil {
			return connector.ListResult{}, err
		}
	}
	if limited {
		return connector.ListResult{}, nil
	}
	return connector.ListResult{Complete: s.place == "here" || s.flaw == "complete", Token: []byte("now")}, nil
}

func (s ideal) listWorld(ctx context.Context, sink connector.Sink) (connector.ListResult, error) {
	for _, id := range slices.Sorted(maps.Keys(s.world.people)) {
		if err := sink.Emit(ctx, s.shown(id, s.world.people[id])); err != nil {
			return connector.ListResult{}, err
		}
	}
	return connector.ListResult{Complete: true}, nil
}

func (s ideal) one(ctx context.Context, objectType string, i int, sink connector.Sink) error {
	if err := ctx.Err(); err != nil && s.flaw != "context" {
		return err
	}
	if s.place == "half" && i%2 == 1 {
		return sink.Fail(ctx, fmt.Sprintf("object %d", i), errors.New("cannot be read"))
	}
	err := sink.Emit(ctx, s.object(objectType, i))
	if err != nil && s.flaw == "sink error" {
		return fmt.Errorf("emit: %w", err)
	}
	return err
}

var shared = map[string]any{}

func (s ideal) object(objectType string, i int) connector.Object {
	object := connector.Object{Type: objectType, Identity: fmt.Sprint(i), Attributes: map[string]any{"id": fmt.Sprint(i)}}
	if objectType == connector.TypeAccount {
		object.Attributes["size"], object.Attributes["on"] = int64(i), true
		object.Attributes["groups"] = []string{"0", "1"}
	}
	switch s.flaw {
	case "unasked":
		object.Attributes["more"] = "x"
	case "type":
		object.Attributes["id"] = []string{"x"}
	case "twice":
		object.Identity = "same"
	case "shared map":
		object.Attributes = shared
	case "drift":
		object.Locked = *s.lists%2 == 0
	}
	return object
}

func (ideal) Close() error { return nil }
