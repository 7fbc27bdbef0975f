package connectortest

import (
	"context"
	"errors"
	"strings"
	"testing"

	"midgard/internal/connector"
)

// errFull is what a sink returns in these tests.
var errFull = errors.New("the sink takes no more")

func testStop(t *testing.T, h Harness) {
	t.Run("by the sink", func(t *testing.T) {
		recorder := &Recorder{}
		recorder.OnEmit = func(connector.Object) error {
			if len(recorder.Objects) == 2 {
				return errFull
			}
			return nil
		}
		result, err := h.open(t, h.Config(t)).List(context.Background(), h.request(connector.TypeAccount), recorder)
		if err != errFull { // compared, not matched: the port promises the error as it is
			t.Errorf("List gave %v instead of the sink's own error", err)
		}
		if len(recorder.Objects) != 2 || result.Complete {
			t.Errorf("after the sink's error: %d objects, complete %v", len(recorder.Objects), result.Complete)
		}
	})
	t.Run("before it starts", func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		recorder := &Recorder{}
		result, err := h.open(t, h.Config(t)).List(ctx, h.request(connector.TypeAccount), recorder)
		wantCancelled(t, result, err)
		if len(recorder.Objects) > 0 {
			t.Errorf("%d objects came after the context had ended", len(recorder.Objects))
		}
	})
	t.Run("in the middle", func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		recorder := &Recorder{OnEmit: func(connector.Object) error { cancel(); return nil }}
		result, err := h.open(t, h.Config(t)).List(ctx, h.request(connector.TypeAccount), recorder)
		wantCancelled(t, result, err)
		if len(recorder.Objects) > 1 {
			t.Errorf("%d objects came although the first one cancelled the list", len(recorder.Objects))
		}
	})
}

func wantCancelled(t *testing.T, result connector.ListResult, err error) {
	t.Helper()
	if !errors.Is(err, context.Canceled) || result.Complete {
		t.Errorf("a cancelled list gave error %v and Complete %v", err, result.Complete)
	}
}

func testFailure(t *testing.T, h Harness) {
	t.Run("of a broken source", func(t *testing.T) {
		source := h.open(t, h.Broken(t))
		if err := source.Test(context.Background()); err == nil {
			t.Error("Test of a broken source succeeds")
		}
		wantNoList(t, source, h.request(connector.TypeAccount))
	})
	if h.WrongSecret != nil {
		t.Run("of a wrong secret", func(t *testing.T) { testWrongSecret(t, h) })
	}
	if h.Unreadable != nil {
		t.Run("of single objects", func(t *testing.T) { testUnreadable(t, h) })
		t.Run("of single objects and of the sink", func(t *testing.T) { testRefusedFailure(t, h) })
	}
}

// refusing ends a list at its first failure.
type refusing struct{ *Recorder }

func (refusing) Fail(context.Context, string, error) error { return errFull }

func testRefusedFailure(t *testing.T, h Harness) {
	source := h.open(t, h.Unreadable(t))
	result, err := source.List(context.Background(), h.request(connector.TypeAccount), refusing{&Recorder{}})
	if err != errFull || result.Complete { // compared, not matched: the port promises the error as it is
		t.Errorf("List gave error %v and Complete %v instead of the sink's own error", err, result.Complete)
	}
}

func testWrongSecret(t *testing.T, h Harness) {
	config := h.WrongSecret(t)
	source := h.open(t, config)
	tested := source.Test(context.Background())
	listed := wantNoList(t, source, h.request(connector.TypeAccount))
	for _, err := range []error{tested, listed} {
		if !errors.Is(err, connector.ErrAuth) {
			t.Errorf("a wrong secret gave %v, want ErrAuth", err)
			continue
		}
		for name, secret := range config.Secrets {
			if clear := secret.Reveal(); clear != "" && strings.Contains(err.Error(), clear) {
				t.Errorf("the error shows the secret %q", name)
			}
		}
	}
}

// testUnreadable wants the readable part, a message for the rest, and no claim that the rest is gone.
func testUnreadable(t *testing.T, h Harness) {
	got, result := h.list(t, h.open(t, h.Unreadable(t)), h.request(connector.TypeAccount))
	if len(got.Objects) == 0 || len(got.Failures) == 0 {
		t.Errorf("%d objects and %d failures, want some of both", len(got.Objects), len(got.Failures))
	}
	for _, failure := range got.Failures {
		if failure.Where == "" || failure.Reason == nil {
			t.Errorf("failure %q does not say where or why", failure)
		}
	}
	if result.Complete {
		t.Error("a list with unreadable objects is complete, so that they would count as gone")
	}
}
