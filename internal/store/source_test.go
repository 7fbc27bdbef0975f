//go:build unix

package store_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"midgard/internal/contract"
	"midgard/internal/filter"
	"midgard/internal/governance"
	"midgard/internal/store"
	"midgard/internal/store/storetest"
)

func newSource(name, ownerID string) governance.Source {
	return governance.Source{
		ID: store.NewID(), Name: name, Description: "About " + name, Owner: governance.Reference{ID: ownerID}, Type: "DelimitedFile",
		Connector: "delimited-file", ConnectorClass: "class", ConnectionType: "file", ConnectorAttributes: json.RawMessage(`{"delimiter":";"}`),
		Features: []string{"DISCOVER_SCHEMA", "NO_RANDOM_ACCESS"}, DeleteThreshold: 10, Status: governance.SourceUnchecked,
	}
}

func newSchema(name string) governance.Schema {
	return governance.Schema{
		ID: store.NewID(), Name: name, IdentityAttribute: "id", DisplayAttribute: "name",
		Attributes: []governance.SchemaAttribute{{Name: "id", Type: "STRING"}, {Name: "name", Type: "STRING"}},
	}
}

func mustCreateSource(t *testing.T, s *store.Store, src governance.Source, schemas ...governance.Schema) governance.Source {
	t.Helper()
	created, err := s.CreateSource(t.Context(), tester, src, schemas)
	if err != nil {
		t.Fatal(err)
	}
	return created
}

func wantKind(t *testing.T, err error, kind governance.Kind, part string) {
	t.Helper()
	if err == nil || governance.KindOf(err) != kind || !strings.Contains(err.Error(), part) {
		t.Errorf("got %v, want an error of kind %d with %q", err, kind, part)
	}
}

func TestCreateSource(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		draft := newSource("Payroll", administrator(t, s))
		draft.Secrets = map[string]string{"password": "cipher text"}
		draft.Refs.Cluster = json.RawMessage(`{"id":"1","name":"c","type":"CLUSTER"}`)
		schema := newSchema("account")
		created := mustCreateSource(t, s, draft, schema)

		want := draft
		want.Owner.Name, want.Schemas = "Administrator", []governance.Reference{{ID: schema.ID, Name: "account"}}
		want.Created, want.Modified, want.Since = now, now, now
		if diff := cmp.Diff(want, created); diff != "" {
			t.Errorf("created (-want +got):\n%s", diff)
		}
		read, err := s.Source(t.Context(), created.ID, "")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(created, read); diff != "" {
			t.Errorf("read (-want +got):\n%s", diff)
		}
		wantActions(t, s, created.ID, "CREATE")
		wantActions(t, s, schema.ID, "CREATE")
	}, func(o *store.Options) { o.Now = func() time.Time { return now } })
}

// wantActions compares the actions recorded for an object; no record may hold a cipher text.
func wantActions(t *testing.T, s *store.Store, id string, actions ...string) []governance.Change {
	t.Helper()
	changes, err := s.Changes(t.Context(), id, "", 100)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range changes {
		got = append(got, c.Action)
		if strings.Contains(string(c.Before)+string(c.After), "cipher") {
			t.Errorf("a record holds a secret: %s %s", c.Before, c.After)
		}
	}
	if diff := cmp.Diff(actions, got); diff != "" {
		t.Errorf("records of %s (-want +got):\n%s", id, diff)
	}
	return changes
}

func TestCreateSourceRefusals(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		owner := administrator(t, s)
		mustCreateSource(t, s, newSource("Payroll", owner))
		_, err := s.CreateSource(t.Context(), tester, newSource("PAYROLL", owner), nil)
		wantKind(t, err, governance.Conflict, `Source with name "PAYROLL" already exists.`)

		_, err = s.CreateSource(t.Context(), tester, newSource("Other", store.NewID()), []governance.Schema{newSchema("account")})
		wantKind(t, err, governance.UnknownRef, "owner")

		draft := newSource("Other", owner)
		draft.ManagementWorkgroup.ID = store.NewID()
		_, err = s.CreateSource(t.Context(), tester, draft, nil)
		wantKind(t, err, governance.UnknownRef, "managementWorkgroup")
		if names := sourceNames(t, s, filter.Query{Limit: 10}); names != "Payroll" {
			t.Errorf("sources are %q, want the first one alone", names)
		}
	})
}

func sourceNames(t *testing.T, s *store.Store, q filter.Query) string {
	t.Helper()
	page, err := s.Sources(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	names := make([]string, len(page.Items))
	for i := range page.Items {
		names[i] = page.Items[i].Name
	}
	return strings.Join(names, " ")
}

func TestUpdateSource(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		created := mustCreateSource(t, s, newSource("Payroll", administrator(t, s)))
		for _, sealed := range []string{"cipher one", "cipher one", "cipher two"} {
			updateSource(t, s, created.ID, func(src *governance.Source) { src.Secrets = map[string]string{"password": sealed} })
		}
		updated, err := s.Source(t.Context(), created.ID, "")
		if err != nil || updated.Secrets["password"] != "cipher two" {
			t.Errorf("the secret is %q (%v), want the last one", updated.Secrets["password"], err)
		}
		changes := wantActions(t, s, created.ID, "CREATE", "UPDATE", "UPDATE")
		if last := changes[2].After; !strings.Contains(string(last), `"password"`) {
			t.Errorf("the record does not tell that the secret changed: %s", last)
		}
		mustCreateSource(t, s, newSource("Other", updated.Owner.ID))
		_, err = s.UpdateSource(t.Context(), tester, created.ID, func(src *governance.Source) error {
			src.Name = "other"
			return nil
		})
		wantKind(t, err, governance.Conflict, `Source with name "other" already exists.`)
		_, err = s.UpdateSource(t.Context(), tester, store.NewID(), func(*governance.Source) error { return nil })
		wantKind(t, err, governance.NotFound, "Source")
	})
}

func updateSource(t *testing.T, s *store.Store, id string, change func(*governance.Source)) governance.Source {
	t.Helper()
	updated, err := s.UpdateSource(t.Context(), tester, id, func(src *governance.Source) error {
		change(src)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return updated
}

func TestSourceHealth(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		src := mustCreateSource(t, s, newSource("Payroll", administrator(t, s)))
		health := func(healthy bool, status string) governance.Source {
			if err := s.SetSourceHealth(t.Context(), tester, src.ID, healthy, status, ""); err != nil {
				t.Fatal(err)
			}
			read, err := s.Source(t.Context(), src.ID, "")
			if err != nil || read.Healthy != healthy || read.Status != status {
				t.Fatalf("health is %t %s (%v)", read.Healthy, read.Status, err)
			}
			return read
		}
		first := health(true, governance.SourceHealthy)
		if again := health(true, governance.SourceHealthy); !again.Since.Equal(first.Since) {
			t.Errorf("an unchanged health moved from %v to %v", first.Since, again.Since)
		}
		if broken := health(false, governance.SourceError); !broken.Since.After(first.Since) || !broken.Modified.Equal(src.Modified) {
			t.Errorf("since is %v after %v, modified %v, want %v", broken.Since, first.Since, broken.Modified, src.Modified)
		}
		wantActions(t, s, src.ID, "CREATE", "UPDATE", "UPDATE")
	}, ticking)
}

// ticking makes every look at the clock a day and some milliseconds later than the last one.
func ticking(o *store.Options) {
	var n atomic.Int64
	begin := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	o.Now = func() time.Time { return begin.Add(time.Duration(n.Add(1)) * (24*time.Hour + 7*time.Millisecond)) }
}

func TestSourceAdministrators(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		person := administrator(t, s)
		group, err := s.CreateWorkgroup(t.Context(), tester, governance.Workgroup{Name: "Payroll admins", Owner: governance.Reference{ID: person}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.AddWorkgroupMembers(t.Context(), tester, group.ID, []string{person}); err != nil {
			t.Fatal(err)
		}
		theirs := newSource("Payroll", person)
		theirs.ManagementWorkgroup.ID = group.ID
		mine, other := mustCreateSource(t, s, theirs), mustCreateSource(t, s, newSource("Other", person))
		if mine.ManagementWorkgroup.Name != "Payroll admins" {
			t.Errorf("the management group is %+v", mine.ManagementWorkgroup)
		}
		if names := sourceNames(t, s, filter.Query{Limit: 10, AdministeredBy: person}); names != "Payroll" {
			t.Errorf("sources of the person are %q", names)
		}
		if _, err := s.Source(t.Context(), mine.ID, person); err != nil {
			t.Error(err)
		}
		_, err = s.Source(t.Context(), other.ID, person)
		wantKind(t, err, governance.NotFound, "Source")
		_, err = s.DeleteSource(t.Context(), tester, other.ID, person)
		wantKind(t, err, governance.NotFound, "Source")
	})
}

// sourceListCases name the sources that are expected; %d stands for the day on which Beta was made, %t for its time.
var sourceListCases = []struct{ filters, sorters, want string }{
	{"", "", "Alpha Beta Gamma"},
	{"", "-name", "Gamma Beta Alpha"},
	{"", "-description", "Gamma Beta Alpha"},
	{"", "managerCorrelationRule.type,-accountCorrelationConfig.name,name", "Gamma Beta Alpha"},
	{"", "-accountCorrelationConfig.id", "Alpha Gamma Beta"},
	{"", "managerCorrelationRule.id,managerCorrelationRule.name,-id", "Gamma Beta Alpha"},
	{"", "owner.name,managementWorkgroup.id,connectorName,connectionType,healthy,status,type,owner.id,-created", "Gamma Beta Alpha"},
	{"", "-authoritative,modified", "Beta Alpha Gamma"},
	{`name sw "AL"`, "", "Alpha"},
	{`name co "A"`, "name", "Alpha Beta Gamma"},
	{`created sw "%d"`, "", "Beta"},
	{`created sw "%t"`, "", "Beta"},
	{`created sw "026-0"`, "", ""},
	{`not created sw "%d"`, "name", "Alpha Gamma"},
	{`modified sw "2026"`, "name", "Alpha Beta Gamma"},
	{`created ge %t`, "name", "Beta Gamma"},
	{`features ca ("PROVISIONING","enable")`, "", "Alpha"},
	{`features ca ("PROVISION")`, "", ""},
	{`features co "PROVISION"`, "", "Alpha"},
	{`managementWorkgroup.id isnull`, "name", "Alpha Beta Gamma"},
	{`healthy isnull or category eq "x"`, "", "Gamma"},
	{`not category eq "x"`, "name", "Alpha Beta"},
	{`authoritative eq true`, "", "Beta"},
	{`authoritative ne true`, "name", "Alpha Gamma"},
	{`status eq "source_state_unchecked_source" and connectionType eq "FILE"`, "name", "Alpha Beta Gamma"},
	{`type eq "delimitedfile" and connectorName eq "delimited-file"`, "name", "Alpha Beta Gamma"},
	{`description sw "ABOUT G"`, "", "Gamma"},
}

// TestSourceList tries what is particular to the list of sources; what all lists share has its tests elsewhere.
func TestSourceList(t *testing.T) {
	t.Parallel()
	op := operation(t, "listSources")
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		owner := administrator(t, s)
		alpha, beta, gamma := newSource("Alpha", owner), newSource("Beta", owner), newSource("Gamma", owner)
		alpha.Features = []string{"ENABLE", "PROVISIONING"}
		alpha.Refs.AccountCorrelationConfig = json.RawMessage(`{"id":"7","name":"b","type":"ACCOUNT_CORRELATION_CONFIG"}`)
		alpha.Refs.ManagerCorrelationRule = json.RawMessage(`{"id":"7","name":"b","type":"RULE"}`)
		beta.Authoritative = true
		gamma.Category = "X"
		gamma.Refs.AccountCorrelationConfig = json.RawMessage(`{"id":"3","name":"c","type":"ACCOUNT_CORRELATION_CONFIG"}`)
		gamma.Refs.ManagerCorrelationRule = json.RawMessage(`null`)
		mustCreateSource(t, s, alpha)
		made := mustCreateSource(t, s, beta).Created.Format(filter.TimeLayout)
		mustCreateSource(t, s, gamma)

		for _, test := range sourceListCases {
			filters := strings.NewReplacer("%d", made[:len(time.DateOnly)], "%t", made).Replace(test.filters)
			q := filter.Query{Limit: 250, Where: compiled(t, filters, op), Sort: sorted(t, test.sorters, op)}
			if got := sourceNames(t, s, q); got != test.want {
				t.Errorf("filters=%s sorters=%s gives %q, want %q", filters, test.sorters, got, test.want)
			}
		}
	}, ticking)
}

func operation(t *testing.T, id string) contract.Operation {
	t.Helper()
	all := contract.Operations()
	i := slices.IndexFunc(all, func(o contract.Operation) bool { return o.ID == id })
	if i < 0 {
		t.Fatalf("no operation %s", id)
	}
	return all[i]
}

func compiled(t *testing.T, text string, op contract.Operation) filter.Expr {
	t.Helper()
	tree, err := filter.Compile(text, op.Filters)
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

func sorted(t *testing.T, text string, op contract.Operation) []filter.Sort {
	t.Helper()
	sorts, err := filter.CompileSorters(text, op.Sorters)
	if err != nil {
		t.Fatal(err)
	}
	return sorts
}

// TestSourceListKnowsEveryField asks for every filter and sorter of the contract, so that none lacks its column.
func TestSourceListKnowsEveryField(t *testing.T) {
	t.Parallel()
	op := operation(t, "listSources")
	operands := map[filter.Type]string{filter.Bool: "true", filter.Time: "2026-03-01", filter.ID: `"0198c0de"`}
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		for _, field := range op.Filters {
			for _, operator := range field.Ops {
				text := fmt.Sprintf("%s %s %s", field.Name, operator, operandOf(operator, operands[field.Type]))
				sourceNames(t, s, filter.Query{Limit: 1, Count: true, Where: compiled(t, text, op)})
			}
		}
		for _, sorter := range op.Sorters {
			sourceNames(t, s, filter.Query{Limit: 1, Offset: 1000, Sort: sorted(t, "-"+sorter, op)})
		}
	})
}

func operandOf(operator filter.Op, operand string) string {
	if operand == "" {
		operand = `"x"`
	}
	switch operator {
	case filter.IsNull, filter.Pr:
		return ""
	case filter.In, filter.Ca:
		return "(" + operand + ")"
	}
	return operand
}
