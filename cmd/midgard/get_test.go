package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const twoMachines = `[
	{"id":"1","name":"svc-a","source":{"name":"HR"},"machineIdentity":null,"ownerIdentity":{"id":"x","name":"Ada, L."},"enabled":true,"locked":false,"tags":["a",{"name":"b"}]},
	{"id":"2","name":"bad\u001b[31m\u202ename","source":{"name":"HR"},"environment":"TEST","enabled":false,"locked":false,"big":12345678901234567890}]`

func machines(t *testing.T) *api {
	t.Helper()
	a := newAPI(t)
	a.HandleFunc("GET /v2025/machine-accounts", func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		w.Header().Set("X-Total-Count", "2")
		if q.Get("filters") == "nothing" {
			reply(w, []int{})
			return
		}
		if got := q.Get("limit") + " " + q.Get("sorters"); got != "50 -name" && got != "1 -name" && got != "250 -name" {
			t.Errorf("limit and sorters are %q", got)
		}
		_, _ = w.Write([]byte(twoMachines))
	})
	a.text("GET /v2025/machine-accounts/1", `{"id":"1","name":"svc-a","enabled":true}`)
	return a
}

func TestGet(t *testing.T) {
	t.Parallel()
	a := machines(t)
	list := []string{"get", "machine-accounts", "--sorters", "-name"}
	for name, tt := range map[string]struct {
		args []string
		want string
	}{
		"table": {list, "" +
			"ID  NAME           SOURCE.NAME  MACHINEIDENTITY.NAME  OWNERIDENTITY.NAME  ENVIRONMENT  ENABLED  LOCKED\n" +
			"1   svc-a          HR                                 Ada, L.                          true     false\n" +
			"2   bad·[31m·name  HR                                                     TEST         false    false\n"},
		"columns": {append(list, "--columns", "ownerIdentity,tags", "--all"), "OWNERIDENTITY  TAGS\nAda, L.        a, b\n               \n"},
		"csv": {append(list, "-o", "csv", "--columns", "name,ownerIdentity.name,ownerIdentity,big"), "" +
			"name,ownerIdentity.name,ownerIdentity,big\nsvc-a,\"Ada, L.\",\"{\"\"id\"\":\"\"x\"\",\"\"name\"\":\"\"Ada, L.\"\"}\",\n" +
			"bad\x1b[31m\u202ename,,,12345678901234567890\n"},
		"csv with all keys": {append(list, "-o", "csv"), "" +
			"id,name,source,machineIdentity,ownerIdentity,enabled,locked,tags,environment,big\n" +
			"1,svc-a,\"{\"\"name\"\":\"\"HR\"\"}\",,\"{\"\"id\"\":\"\"x\"\",\"\"name\"\":\"\"Ada, L.\"\"}\",true,false,\"[\"\"a\"\",{\"\"name\"\":\"\"b\"\"}]\",,\n" +
			"2,bad\x1b[31m\u202ename,\"{\"\"name\"\":\"\"HR\"\"}\",,,false,false,,TEST,12345678901234567890\n"},
		"count":      {append(list, "--count"), "2\n"},
		"one":        {[]string{"get", "machine-accounts", "1", "-o", "json"}, "{\n  \"id\": \"1\",\n  \"name\": \"svc-a\",\n  \"enabled\": true\n}\n"},
		"one, table": {[]string{"get", "machine-accounts", "1", "--columns", "name"}, "NAME\nsvc-a\n"},
		"no rows":    {[]string{"get", "machine-accounts", "--filters", "nothing", "-o", "json"}, "[]\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := invoke(t, a.env, "", tt.args...)
			if got.err != nil {
				t.Fatal(got.err)
			}
			if d := cmp.Diff(tt.want, got.stdout); d != "" {
				t.Error(d)
			}
		})
	}
	got := invoke(t, a.env, "", append(list, "-o", "json")...)
	if got.err != nil || !strings.HasPrefix(got.stdout, "[\n  {\n    \"id\": \"1\"") || !strings.Contains(got.stdout, "12345678901234567890") {
		t.Errorf("%+v", got)
	}
}

func TestListsWithoutPagesAreCutHere(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	a.HandleFunc("GET /v2025/oauth-clients", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.RawQuery != "" {
			t.Errorf("query %q", r.URL.RawQuery)
		}
		_, _ = w.Write([]byte(`[{"id":"1"},{"id":"2"},{"id":"3"},{"id":"4"}]`))
	})
	for line, want := range map[string]string{
		"--offset 1 --limit 2": "id\n2\n3\n", "--offset 9": "id\n", "--all": "id\n1\n2\n3\n4\n", "--count": "4\n",
	} {
		got := invoke(t, a.env, "", append([]string{"get", "oauth-clients", "-o", "csv", "--columns", "id"}, strings.Fields(line)...)...)
		if got.err != nil || got.stdout != want {
			t.Errorf("%s: %+v", line, got)
		}
	}
}

func TestSourceListIsGetSources(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	a.text("GET /v2025/sources", `[{"id":"s","name":"HR","healthy":true}]`)
	one, other := invoke(t, a.env, "", "source", "list"), invoke(t, a.env, "", "get", "sources")
	if one.err != nil || one.stdout != other.stdout || !strings.Contains(one.stdout, "HR") {
		t.Errorf("%+v", one)
	}
}

func TestLongValuesAreCutInTablesOnly(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ü", widest+1)
	if got := shorten(long); got != strings.Repeat("ü", widest-1)+"…" {
		t.Error(got)
	}
	if got := shorten(long[:2*widest]); got != long[:2*widest] {
		t.Error(got)
	}
}

func TestDottedPaths(t *testing.T) {
	t.Parallel()
	row, err := readRow([]byte(`{"a":{"b":{"c":1},"x.y":2},"a.b":{"d":3},"n":null}`))
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{"a.b.c": "1", "a.x.y": "2", "a.b.d": "3", "a.z": "", "n": "", "n.m": "", "": ""} {
		if got := plain(row.at(path)); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
	if _, err := readRow([]byte(`[1]`)); err == nil {
		t.Error("a list passes as a row")
	}
}

func TestExpiry(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 6, 30, 10, 0, 0, 5, time.UTC)
	for text, want := range map[string]string{
		"12h": "2026-06-30T22:00:00Z", "30d": "2026-07-30T10:00:00Z", "2026-06-30": "2026-07-01T00:00:00Z", "2026-12-31": "2027-01-01T00:00:00Z",
		"never": "never", "": "", "0d": "", "-1h": "", "2026-06-29": "", "soon": "",
	} {
		at, never, err := expiry(text, now)
		got := ""
		switch {
		case never:
			got = "never"
		case err == nil:
			got = at.Format(time.RFC3339)
		}
		if got != want {
			t.Errorf("%q: %q, want %q (%v)", text, got, want, err)
		}
	}
}
