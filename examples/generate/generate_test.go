package main

import (
	"bytes"
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCommittedFilesAreTheGeneratorsOutput(t *testing.T) {
	t.Parallel()
	for name, want := range files() {
		got, err := os.ReadFile(filepath.Join("..", name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s differs: run go run ./examples/generate", name)
		}
	}
}

func TestWrite(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := write(dir); err != nil {
		t.Fatal(err)
	}
	for name, want := range files() {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := write(filepath.Join(dir, "absent")); err == nil {
		t.Error("a missing folder is no error")
	}
}

// records returns the rows of a generated file by column name.
func records(t *testing.T, name string) []map[string]string {
	t.Helper()
	all, err := csv.NewReader(bytes.NewReader(files()[name])).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out []map[string]string
	for _, row := range all[1:] {
		record := map[string]string{}
		for i, column := range all[0] {
			record[column] = row[i]
		}
		out = append(out, record)
	}
	return out
}

func TestPeopleFormATreeOfManagers(t *testing.T) {
	t.Parallel()
	people := records(t, "people.csv")
	if len(people) != peopleCount {
		t.Errorf("%d people, want %d", len(people), peopleCount)
	}
	seen, emails, inactive, tops := map[string]bool{}, map[string]bool{}, 0, 0
	for _, p := range people {
		if seen[p["uid"]] || emails[p["email"]] {
			t.Errorf("%s or %s occurs twice", p["uid"], p["email"])
		}
		if p["manager"] == "" {
			tops++
		} else if !seen[p["manager"]] {
			t.Errorf("the manager of %s does not stand before", p["uid"])
		}
		if !strings.HasSuffix(p["email"], "@example.test") || p["origin"] != origin {
			t.Errorf("%s is not marked as a sample", p["uid"])
		}
		if p["lifecycleState"] == "inactive" {
			inactive++
		}
		seen[p["uid"]], emails[p["email"]] = true, true
	}
	if tops != 1 || inactive < 20 || inactive > 100 {
		t.Errorf("%d people without a manager, %d inactive", tops, inactive)
	}
}

// The demo and its documents rely on this mix being there.
func TestAccountsHaveEveryCaseThatGovernanceLooksFor(t *testing.T) {
	t.Parallel()
	active := map[string]bool{}
	for _, p := range records(t, "people.csv") {
		active[p["uid"]] = p["lifecycleState"] == "active"
		active[p["email"]] = p["lifecycleState"] == "active"
	}
	counts, names := map[string]int{}, map[string]bool{}
	accounts := records(t, "service-accounts.csv")
	for _, a := range accounts {
		if names[a["name"]] || a["origin"] != origin {
			t.Errorf("%s occurs twice or is not marked", a["name"])
		}
		names[a["name"]] = true
		isActive, known := active[a["owner"]]
		count(counts, map[string]bool{
			"human": a["accountType"] == "human", "untyped": a["accountType"] == "", "no owner": a["owner"] == "",
			"unknown owner": a["owner"] != "" && !known, "inactive owner": known && !isActive, "disabled": a["status"] == "disabled",
			"privileged": a["privileged"] == "true", "never used": a["lastLogin"] == "", "several groups": strings.Contains(a["groups"], ";"),
			"owner by e-mail": strings.Contains(a["owner"], "@"),
		})
	}
	if len(accounts) != accountCount {
		t.Errorf("%d accounts, want %d", len(accounts), accountCount)
	}
	for what, least := range map[string]int{
		"human": 300, "untyped": 10, "no owner": 50, "unknown owner": 20, "inactive owner": 50, "disabled": 100, "privileged": 100,
		"never used": 50, "several groups": 500, "owner by e-mail": 100,
	} {
		if counts[what] < least {
			t.Errorf("%s: %d accounts, want at least %d", what, counts[what], least)
		}
	}
	t.Log(counts)
}

func count(into map[string]int, facts map[string]bool) {
	for what, holds := range facts {
		if holds {
			into[what]++
		}
	}
}
