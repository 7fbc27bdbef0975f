package source_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"midgard/internal/connector"
	"midgard/internal/connector/delimited"
	"midgard/internal/governance"
	"midgard/internal/source"
)

func TestTestSource(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	src := b.create(t, delimited.Name, `{"filePath":"people.csv"}`)
	check := func(failure, status string) governance.Source {
		t.Helper()
		got, err := b.TestSource(t.Context(), tester, src.ID, "")
		if err != nil || !strings.Contains(got.Failure, failure) || (failure == "") != (got.Failure == "") || got.Source.Name != "Payroll" {
			t.Fatalf("check is %+v (%v), want a failure with %q", got, err, failure)
		}
		read, err := b.store.Source(t.Context(), src.ID, "")
		if err != nil || read.Status != status || read.Healthy != (failure == "") || read.StatusMessage != got.Failure {
			t.Errorf("kept is %t %s %q (%v), want %s", read.Healthy, read.Status, read.StatusMessage, err, status)
		}
		return read
	}
	b.now = b.now.Add(time.Hour)
	broken := check("people.csv", governance.SourceError)
	b.now = b.now.Add(time.Hour)
	b.write(t, "people.csv", "id,name\n1,Ada\n")
	healthy := check("", governance.SourceHealthy)
	if !broken.Since.Equal(src.Created.Add(time.Hour)) || !healthy.Since.Equal(src.Created.Add(2*time.Hour)) {
		t.Errorf("since %v, then %v", broken.Since, healthy.Since)
	}
	_, err := b.TestSource(t.Context(), tester, "0198c0de-0000-7000-8000-000000000000", "")
	wantError(t, err, governance.NotFound, "Source")
}

func TestTestSourceShowsWhatTheSourceSays(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	src := b.create(t, "safe", `{"password":"one"}`)
	b.safe.test = fmt.Errorf("%w: 52e", connector.ErrAuth)
	got, err := b.TestSource(t.Context(), tester, src.ID, "")
	if want := "the source refused the credentials: 52e"; err != nil || got.Failure != want {
		t.Errorf("failure is %q (%v), want %q", got.Failure, err, want)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.TestSource(ctx, tester, src.ID, ""); !errors.Is(err, context.Canceled) {
		t.Errorf("a caller who left gives %v", err)
	}
}

func TestPeekSource(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.write(t, "people.csv", "id,name,email,groups\n1,Ada,ada@example.org,ops\n2,Bob,,\n3,Cyd,,\n")
	src := b.create(t, delimited.Name, `{"filePath":"people.csv"}`)
	got, err := b.PeekSource(t.Context(), src.ID, "", "account", 2)
	if err != nil {
		t.Fatal(err)
	}
	want := source.Sample{Source: governance.Reference{ID: src.ID, Name: "Payroll"}, ObjectType: "account", Objects: []source.Object{
		{Identity: "1", Name: "Ada", Attributes: map[string]any{"id": "1", "name": "Ada", "email": "ada@example.org", "groups": []string{"ops"}}},
		{Identity: "2", Name: "Bob", Attributes: map[string]any{"id": "2", "name": "Bob"}},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("sample (-want +got):\n%s", diff)
	}
}

func TestPeekSourceRefusals(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	src := b.create(t, delimited.Name, `{}`)
	for _, test := range []struct {
		objectType string
		limit      int
		kind       governance.Kind
		part       string
	}{
		{"account", 0, governance.Limit, "'maxCount' is 0; from 1 to 100"},
		{"account", 101, governance.Limit, "maxCount"},
		{"machine", 25, governance.Illegal, `"machine" for field "objectType"`},
		{"account", 25, governance.Invalid, "The source could not be read: filePath is not set and no file was uploaded."},
	} {
		_, err := b.PeekSource(t.Context(), src.ID, "", test.objectType, test.limit)
		wantError(t, err, test.kind, test.part)
	}
}

func TestPeekSourceReadsTheConnectorFile(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	src := b.create(t, delimited.Name, `{}`)
	id, _, err := b.store.CreateUpload(t.Context(), src.ID, "people.csv", strings.NewReader("id,name\n1,Ada\n"), 100)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.store.KeepUpload(t.Context(), tester, src.ID, id); err != nil {
		t.Fatal(err)
	}
	if got, err := b.PeekSource(t.Context(), src.ID, "", "account", 25); err != nil || len(got.Objects) != 1 || got.Objects[0].Name != "Ada" {
		t.Errorf("sample is %+v (%v)", got, err)
	}
}

func TestPeekSourceStopsAConnectorThatDoesNot(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	src := b.create(t, "safe", `{"password":"one"}`)
	got, err := b.PeekSource(t.Context(), src.ID, "", "account", 2)
	if err != nil || len(got.Objects) != 2 || got.Objects[0].Name != "a" {
		t.Errorf("sample is %+v (%v)", got, err)
	}
}
