//go:build unix

package app_test

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// books are the tables as they are when no program runs.
type books struct {
	t                    *testing.T
	query, driver, place string
}

func openBooks(t *testing.T, v *victim, query string) *books {
	t.Helper()
	if v.database != "" {
		return &books{t, query, "pgx", v.database}
	}
	b := &books{t, query, "sqlite", "file:" + filepath.Join(v.data, "midgard.db")}
	b.rows("select 'verdict', integrity_check from pragma_integrity_check", func(_, verdict string) {
		if verdict != "ok" {
			t.Errorf("the database is damaged: %s", verdict)
		}
	})
	return b
}

// rows hands every row of a query with two columns to a function.
func (b *books) rows(query string, visit func(key, value string)) {
	b.t.Helper()
	ask := exec.Command(b.query, b.driver, b.place, query)
	var complaint bytes.Buffer
	ask.Stderr = &complaint
	out, err := ask.Output()
	if err != nil {
		b.t.Fatalf("%s: %v %s", query, err, complaint.String())
	}
	for decoder := json.NewDecoder(bytes.NewReader(out)); decoder.More(); {
		var row [2]string
		if err := decoder.Decode(&row); err != nil {
			b.t.Fatal(err)
		}
		visit(row[0], row[1])
	}
}

// check compares what the clients were answered with what is there.
func (l *ledger) check(t *testing.T, b *books) {
	t.Helper()
	kept, changes := map[string]string{}, map[string]int{}
	b.rows("select name, id || ' ' || description from machine_identity where manually_created", func(name, row string) {
		if kept[name] != "" {
			t.Errorf("%q is there twice", name)
		}
		kept[name] = row
	})
	b.rows("select object_id, action from change where object_type = 'MACHINE_IDENTITY' and action = 'UPDATE'", func(id, _ string) { changes[id]++ })
	for name, e := range l.entries {
		id, description, there := strings.Cut(kept[name], " ")
		delete(kept, name)
		switch {
		case !there && e.made:
			t.Errorf("%q was answered and is lost", name)
		case there && !slices.Contains(e.may, description):
			t.Errorf("%q has the description %q, want one of %q", name, description, e.may)
		case e.made && id != e.id:
			t.Errorf("%q has the id %s, was answered with %s", name, id, e.id)
		case changes[id] < e.changes || changes[id] > e.changes+1:
			t.Errorf("%q has %d change records for %d answered changes", name, changes[id], e.changes)
		}
	}
	if len(kept) > 0 {
		t.Errorf("there are %d machine identities that nobody made", len(kept))
	}
}

// checkInventory looks for anything half done in what the runs have written; version is the file of the last one. The
// tables are compared here and not by SQL, which the race detector makes very slow.
func (b *books) checkInventory(version int) {
	b.t.Helper()
	records := map[string]int{}
	b.rows("select object_id, object_type from change where action = 'CREATE'", func(id, _ string) { records[id]++ })
	identities, accounts := map[string]string{}, 0
	b.rows("select id, name || ' ' || native_identity from machine_identity", func(id, names string) {
		b.wantOne("machine identity", id, records)
		identities[id] = names
	})
	b.rows("select id || ' ' || machine_identity_id, name || ' ' || native_identity from account where machine", func(ids, names string) {
		id, identity, _ := strings.Cut(ids, " ")
		b.wantOne("account", id, records)
		if identities[identity] != names {
			b.t.Errorf("the machine identity of %q is %q", names, identities[identity])
		}
		delete(identities, identity)
		accounts++
	})
	b.rows("select id, value from entitlement", func(id, _ string) { b.wantOne("entitlement", id, records) })
	b.rows("select id, name from machine_identity where manually_created", func(id, _ string) { delete(identities, id) })
	b.rows("select count(*), count(distinct native_key) from account", func(all, different string) {
		if want := strconv.Itoa(killRows); all != want || different != want || accounts != killRows {
			b.t.Errorf("%s accounts, %s native identities, %d machines", all, different, accounts)
		}
	})
	if len(identities) > 0 {
		b.t.Errorf("%d machine identities have no account", len(identities))
	}
	b.rows("select id, kind || ' ' || state from job where state in ('available', 'running', 'failed')", func(_, job string) { b.t.Errorf("a job is left: %s", job) })
	b.rows("select id, coalesce(completion_status, 'nothing') from task", func(_, status string) {
		if status != "SUCCESS" {
			b.t.Errorf("a task ended with %s", status)
		}
	})
	b.checkLinks(version)
}

// wantOne demands that an object has exactly one record of its making.
func (b *books) wantOne(what, id string, records map[string]int) {
	if n := records[id]; n != 1 {
		b.t.Errorf("the %s %s has %d records of its making", what, id, n)
	}
}

// checkLinks compares every account, its groups and its entitlements with the file.
func (b *books) checkLinks(version int) {
	b.t.Helper()
	held := map[string][]string{}
	b.rows("select l.account_id, e.value from account_entitlement l join entitlement e on e.id = l.entitlement_id order by e.value", func(id, value string) {
		held[id] = append(held[id], value)
	})
	want := map[string]string{}
	for row := range strings.SplitSeq(strings.TrimSpace(killFile(version)), "\n") {
		id, rest, _ := strings.Cut(row, ",")
		want[id] = rest
	}
	wrong := 0
	b.rows("select id, connector_attributes from account", func(id, text string) {
		var a struct {
			ID, Name string
			Groups   []string
		}
		if err := json.Unmarshal([]byte(text), &a); err != nil {
			b.t.Fatal(err)
		}
		if want[a.ID] != a.Name+","+strings.Join(a.Groups, ";") || !slices.Equal(held[id], a.Groups) {
			wrong++
			if wrong < 5 {
				b.t.Errorf("%s holds %q, shows %s, want %s", a.ID, held[id], text, want[a.ID])
			}
		}
	})
	if wrong > 0 {
		b.t.Errorf("%d accounts are not as in the file", wrong)
	}
}
