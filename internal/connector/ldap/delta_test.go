package ldap_test

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"midgard/internal/connector"
	"midgard/internal/connector/connectortest"
	"midgard/internal/testenv"
)

var syncrepl = map[string]any{"deltaMode": "syncrepl"}

// changes sorts what a delta said into identities or UUIDs.
type changes struct{ Read, Deleted, Unchanged []string }

func changesOf(recorder *connectortest.Recorder) changes {
	var c changes
	for _, object := range recorder.Objects {
		switch {
		case object.Deleted:
			c.Deleted = append(c.Deleted, object.UUID)
		case object.Unchanged:
			c.Unchanged = append(c.Unchanged, object.UUID)
		default:
			c.Read = append(c.Read, object.Identity)
		}
	}
	for _, list := range [][]string{c.Read, c.Deleted, c.Unchanged} {
		slices.Sort(list)
	}
	return c
}

func wantChanges(t *testing.T, recorder *connectortest.Recorder, want changes) {
	t.Helper()
	slices.Sort(want.Unchanged)
	if diff := cmp.Diff(want, changesOf(recorder)); diff != "" {
		t.Errorf("changes differ (-want +got):\n%s", diff)
	}
}

// uuids maps the uid of each listed account to its UUID.
func uuids(recorder *connectortest.Recorder) map[string]string {
	found := map[string]string{}
	for _, object := range recorder.Objects {
		found[object.Attributes["uid"].(string)] = object.UUID
	}
	return found
}

func describe(dn, text string) string {
	return "dn: " + dn + "\nchangetype: modify\nreplace: description\ndescription: " + text + "\n\n"
}

func rename(dn, rdn, parent string) string {
	return "dn: " + dn + "\nchangetype: modrdn\nnewrdn: " + rdn + "\ndeleteoldrdn: 1\nnewsuperior: " + parent + "\n\n"
}

func TestSyncDeltaNamesWhatChangedAndWhatIsGone(t *testing.T) {
	t.Parallel()
	server := testenv.Slapd(t, testenv.WithLDIF(branches+service("a")+service("b")+service("c")+service("d")))
	source := open(t, config(server, syncrepl))
	full, result := list(t, source, accounts())
	ids := uuids(full)

	nothing, result := list(t, source, since(result.Token))
	if len(nothing.Objects) != 0 || result.Complete || result.Token == nil {
		t.Fatalf("without a change: %d objects, complete %v, token %q", len(nothing.Objects), result.Complete, result.Token)
	}
	server.Modify(describe(serviceDN("a"), "changed") + rename(serviceDN("c"), "uid=c2", servicesDN))
	server.Delete(serviceDN("b"))
	server.Add(service("e"))
	got, result := list(t, source, since(result.Token))
	wantChanges(t, got, changes{Read: []string{serviceDN("a"), serviceDN("c2"), serviceDN("e")}, Deleted: []string{ids["b"]}})
	if result.Complete {
		t.Error("a delta that names what is gone is complete, so that all unchanged accounts would count as gone")
	}
	if renamed := find(t, got, serviceDN("c2")); renamed.UUID != ids["c"] {
		t.Errorf("the renamed account has UUID %q, want %q", renamed.UUID, ids["c"])
	}
	if again, _ := list(t, source, since(result.Token)); len(again.Objects) != 0 {
		t.Errorf("the next delta repeats %q", again.Identities())
	}
}

func TestSyncDeltaNamesWhatNoLongerMatches(t *testing.T) {
	t.Parallel()
	server := testenv.Slapd(t, testenv.WithLDIF(branches+service("a")+service("b")))
	place := map[string]any{"searchDN": servicesDN, "iterateSearchFilter": "(&(objectClass=account)(!(description=retired)))"}
	source := open(t, config(server, map[string]any{"deltaMode": "syncrepl", "searchDNs": []any{place}}))
	full, result := list(t, source, accounts())
	server.Modify(describe(serviceDN("b"), "retired"))
	got, _ := list(t, source, since(result.Token))
	wantChanges(t, got, changes{Deleted: []string{uuids(full)["b"]}})
}

// TestSyncDeltaWithoutMemory is about a server that lost its session log: it names all that is still there instead.
func TestSyncDeltaWithoutMemory(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(*testing.T) (*testenv.SlapdServer, func()){
		"after a restart": func(t *testing.T) (*testenv.SlapdServer, func()) {
			server := testenv.Slapd(t, testenv.WithLDIF(branches+service("a")+service("b")+service("c")))
			return server, server.Restart
		},
		"without a session log": func(t *testing.T) (*testenv.SlapdServer, func()) {
			return testenv.Slapd(t, testenv.WithSessionLog(0), testenv.WithLDIF(branches+service("a")+service("b")+service("c"))), func() {}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, forget := prepare(t)
			source := open(t, config(server, syncrepl))
			full, result := list(t, source, accounts())
			ids := uuids(full)
			server.Modify(describe(serviceDN("a"), "changed"))
			server.Delete(serviceDN("b"))
			forget()
			got, result := list(t, source, since(result.Token))
			if !result.Complete {
				t.Error("a delta that names all that is there is not complete")
			}
			c := changesOf(got)
			if diff := cmp.Diff([]string{serviceDN("a")}, c.Read); diff != "" || len(c.Deleted) > 0 {
				t.Errorf("read %q, deleted %q", c.Read, c.Deleted)
			}
			if !slices.Contains(c.Unchanged, ids["c"]) || slices.Contains(c.Unchanged, ids["b"]) {
				t.Errorf("unchanged are %q, want %q among them and not %q", c.Unchanged, ids["c"], ids["b"])
			}
			if again, result := list(t, source, since(result.Token)); len(again.Objects) != 0 || result.Complete {
				t.Errorf("then nothing changes, but the next delta has %d objects and complete %v", len(again.Objects), result.Complete)
			}
		})
	}
}

func TestSyncDeltaOfAnEmptiedDirectoryIsComplete(t *testing.T) {
	t.Parallel()
	server := testenv.Slapd(t, testenv.WithLDIF(branches+service("a")))
	source := open(t, config(server, syncrepl))
	_, result := list(t, source, accounts())
	server.Delete(serviceDN("a"))
	server.Restart()
	got, result := list(t, source, since(result.Token))
	if len(got.Objects) != 0 || !result.Complete {
		t.Errorf("%d objects and complete %v, want none and true", len(got.Objects), result.Complete)
	}
}

// TestSyncDeltaOverSeveralPlaces moves an account between two places in both directions.
func TestSyncDeltaOverSeveralPlaces(t *testing.T) {
	t.Parallel()
	inPeople := strings.ReplaceAll(service("p")+service("q"), servicesDN, peopleDN)
	server := testenv.Slapd(t, testenv.WithLDIF(branches+service("a")+service("b")+inPeople))
	source := open(t, config(server, map[string]any{"deltaMode": "syncrepl", "searchDNs": []any{servicesDN, peopleDN}}))
	full, result := list(t, source, accounts())
	server.Modify(rename(serviceDN("a"), "uid=a", peopleDN) + rename("uid=p,"+peopleDN, "uid=p", servicesDN))
	server.Delete(serviceDN("b"))
	got, _ := list(t, source, since(result.Token))
	wantChanges(t, got, changes{Read: []string{"uid=a," + peopleDN, serviceDN("p")}, Deleted: []string{uuids(full)["b"]}})
}

// TestExpiredTokens are those after which only a full list helps.
func TestExpiredTokens(t *testing.T) {
	t.Parallel()
	server := testenv.Slapd(t, testenv.WithLDIF(branches+service("a")+strings.ReplaceAll(service("p"), servicesDN, peopleDN)))
	places := map[string]any{"deltaMode": "syncrepl", "searchDNs": []any{servicesDN, peopleDN}}
	source := open(t, config(server, places))
	_, old := list(t, source, accounts())
	server.Modify(describe(serviceDN("a"), "changed"))
	server.Restart()
	_, young := list(t, source, accounts())

	for name, c := range map[string]struct {
		source connector.Source
		token  []byte
	}{
		"no token":      {source, nil},
		"not a token":   {source, []byte("{")},
		"of the future": {source, withCookies(t, young.Token, func([][]byte) [][]byte { return [][]byte{[]byte(future), []byte(future)} })},
		"unusable": {source, withCookies(t, young.Token, func([][]byte) [][]byte {
			return [][]byte{[]byte("what is this"), []byte("what is this")}
		})},
		"cookies missing": {source, withCookies(t, young.Token, func(c [][]byte) [][]byte { return c[:1] })},
		"remembered for one place only": {source, withCookies(t, young.Token, func(c [][]byte) [][]byte {
			return [][]byte{cookies(t, old.Token)[0], c[1]}
		})},
		"other places":                   {open(t, config(server, syncrepl)), young.Token},
		"other mode":                     {open(t, config(server, with(places, "deltaMode", "modifyTimestamp"))), young.Token},
		"deltas are off":                 {open(t, config(server, with(places, "deltaAggregationEnabled", false))), young.Token},
		"other attribute for the groups": {open(t, config(server, with(places, "groupMembership", "memberOf"))), young.Token},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := listError(t, c.source, since(c.token)); !errors.Is(err, connector.ErrDeltaExpired) {
				t.Errorf("error is %v, want ErrDeltaExpired", err)
			}
		})
	}
	request := since(young.Token)
	request.Schema.Attributes = request.Schema.Attributes[1:]
	if _, err := listError(t, source, request); !errors.Is(err, connector.ErrDeltaExpired) {
		t.Errorf("with another schema the error is %v, want ErrDeltaExpired", err)
	}
}

const future = "rid=000,csn=20991231000000.000000Z#000000#000#000000"

func with(attributes map[string]any, name string, value any) map[string]any {
	copied := map[string]any{}
	maps.Copy(copied, attributes)
	copied[name] = value
	return copied
}

func cookies(t *testing.T, token []byte) [][]byte {
	t.Helper()
	var content struct{ Cookies [][]byte }
	if err := json.Unmarshal(token, &content); err != nil {
		t.Fatal(err)
	}
	return content.Cookies
}

// withCookies changes the server's part of a token.
func withCookies(t *testing.T, token []byte, change func([][]byte) [][]byte) []byte {
	t.Helper()
	var content map[string]any
	if err := json.Unmarshal(token, &content); err != nil {
		t.Fatal(err)
	}
	content["cookies"] = change(cookies(t, token))
	changed, err := json.Marshal(content)
	if err != nil {
		t.Fatal(err)
	}
	return changed
}

func TestTimestampDeltaReadsWhatChangedAndNeverClaimsToBeComplete(t *testing.T) {
	t.Parallel()
	old := func(uid, at string) string {
		return service(uid, "createTimestamp: 20200101000000Z", "modifyTimestamp: "+at)
	}
	server := testenv.Slapd(t, testenv.WithoutSyncprov(),
		testenv.WithLDIF(branches+old("a", "20200101000000Z")+old("b", "20200102000000Z")+old("c", "20200103000000Z")))
	source := open(t, config(server, map[string]any{"deltaMode": "modifyTimestamp", "pageSize": 2.0}))
	full, result := list(t, source, accounts())
	if len(full.Objects) != 3 || !result.Complete {
		t.Fatalf("%d objects, complete %v", len(full.Objects), result.Complete)
	}
	server.Modify(describe(serviceDN("a"), "changed"))
	server.Delete(serviceDN("b"))
	// The youngest of the first list comes again: something else may have changed in the same second.
	for range 2 {
		var got *connectortest.Recorder
		got, result = list(t, source, since(result.Token))
		if result.Complete || result.Token == nil {
			t.Errorf("complete %v, token %q; want false and one", result.Complete, result.Token)
		}
		if c := changesOf(got); !slices.Contains(c.Read, serviceDN("a")) || len(c.Deleted)+len(c.Unchanged) > 0 {
			t.Errorf("changes %+v", c)
		}
	}
	server.Add(service("d"))
	if got, _ := list(t, source, since(result.Token)); !slices.Contains(got.Identities(), serviceDN("d")) || slices.Contains(got.Identities(), serviceDN("c")) {
		t.Errorf("a later delta has %q, want the new account and not the untouched one", got.Identities())
	}
}

func TestServerWithoutSyncSaysSo(t *testing.T) {
	t.Parallel()
	server := testenv.Slapd(t, testenv.WithoutSyncprov(), testenv.WithLDIF(branches+service("a")))
	source := open(t, config(server, syncrepl))
	_, err := listError(t, source, accounts())
	if !strings.Contains(err.Error(), "modifyTimestamp") {
		t.Errorf("List says %q", err)
	}
	var wrong *connector.ConfigError
	if err := source.Test(t.Context()); !errors.As(err, &wrong) || wrong.Field != "deltaMode" {
		t.Errorf("Test says %v", err)
	}
}
