package ldap_test

import (
	"strings"
	"testing"

	wire "github.com/go-ldap/ldap/v3"
	"github.com/google/go-cmp/cmp"

	"midgard/internal/connector"
	"midgard/internal/connector/connectortest"
	"midgard/internal/testenv"
)

func TestLockedAndDisabled(t *testing.T) {
	t.Parallel()
	server := testenv.Slapd(t, testenv.WithLDIF(branches+service("fine")+service("guessed")+service("locked")+service("retired")))
	source := open(t, config(server, syncrepl))
	_, result := list(t, source, accounts())
	for range 3 {
		if err := login(t, server, serviceDN("guessed"), "wrong"); err == nil {
			t.Fatal("the wrong password works")
		}
	}
	if err := login(t, server, serviceDN("guessed"), "secret"); err == nil {
		t.Fatal("the server has not locked the account")
	}
	server.Modify("dn: " + serviceDN("locked") + "\nchangetype: modify\nreplace: pwdAccountLockedTime\npwdAccountLockedTime: 000001010000Z\n\n" +
		describe(serviceDN("retired"), "Retired"))

	full, _ := list(t, source, accounts())
	wantState(t, full, "fine", false, false)
	wantState(t, full, "guessed", false, true)
	wantState(t, full, "locked", true, false)
	wantState(t, full, "retired", false, false)

	delta, _ := list(t, source, since(result.Token))
	wantState(t, delta, "guessed", false, true)
	wantState(t, delta, "locked", true, false)

	byDescription := open(t, config(server, map[string]any{"revokeAttr": "description", "revokeVal": "retired"}))
	other, _ := list(t, byDescription, accounts())
	wantState(t, other, "retired", true, false)
	wantState(t, other, "guessed", false, true)
	wantState(t, other, "locked", true, false)
}

func login(t *testing.T, server *testenv.SlapdServer, dn, password string) error {
	t.Helper()
	conn, err := wire.DialURL(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	return conn.Bind(dn, password)
}

func wantState(t *testing.T, recorder *connectortest.Recorder, uid string, disabled, locked bool) {
	t.Helper()
	if got := find(t, recorder, serviceDN(uid)); got.Disabled != disabled || got.Locked != locked {
		t.Errorf("%s: disabled %v, locked %v; want %v, %v", uid, got.Disabled, got.Locked, disabled, locked)
	}
}

// groupsOf maps each account's uid to its groups.
func groupsOf(recorder *connectortest.Recorder, attribute string) map[string][]string {
	found := map[string][]string{}
	for _, object := range recorder.Objects {
		uid, _ := object.Attributes["uid"].(string)
		if names, ok := object.Attributes[attribute].([]string); ok {
			found[uid] = names
		}
	}
	return found
}

const posixGroup = "dn: cn=posix,ou=groups,dc=example,dc=test\nobjectClass: posixGroup\ncn: posix\ngidNumber: 7\nmemberUid: b\nmemberUid: stranger\n\n"

func TestGroupsOfAccounts(t *testing.T) {
	t.Parallel()
	seeded := branches + service("a") + service("b") + service("c") + posixGroup +
		// The members are spelled unlike the accounts: names compare by meaning.
		group("seeded", "UID=A, ou=Services,dc=example,dc=TEST") +
		"dn: cn=unique,ou=groups,dc=example,dc=test\nobjectClass: groupOfUniqueNames\ncn: unique\nuniqueMember: " + serviceDN("b") + "\n\n"
	added := group("added", serviceDN("a"), serviceDN("b"))
	for name, c := range map[string]struct {
		options []testenv.SlapdOption
		more    map[string]any
		want    map[string][]string
	}{
		"both sides": {
			want: map[string][]string{"a": {groupDN("added"), groupDN("seeded")}, "b": {groupDN("added"), groupDN("posix"), groupDN("unique")}},
		},
		"a server without memberOf": {
			options: []testenv.SlapdOption{testenv.WithoutMemberOf()},
			want:    map[string][]string{"a": {groupDN("added"), groupDN("seeded")}, "b": {groupDN("added"), groupDN("posix"), groupDN("unique")}},
		},
		"memberOf only": {
			more: map[string]any{"groupMembership": "memberOf"},
			want: map[string][]string{"a": {groupDN("added")}, "b": {groupDN("added")}},
		},
		"groups only, one attribute": {
			more: map[string]any{"groupMembership": "groups", "groupMemberAttribute": "memberUid"},
			want: map[string][]string{"b": {groupDN("posix")}},
		},
		"groups of one filter": {
			more: map[string]any{"groupMembership": "groups", "searchDNs": []any{
				map[string]any{"searchDN": servicesDN, "groupMembershipSearchDN": groupsDN, "groupMemberFilterString": "(cn=seeded)"}}},
			want: map[string][]string{"a": {groupDN("seeded")}},
		},
		"none": {more: map[string]any{"groupMembership": "none"}, want: map[string][]string{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := testenv.Slapd(t, append(c.options, testenv.WithLDIF(seeded))...)
			server.Add(added)
			recorder, _ := list(t, open(t, config(server, c.more)), accounts())
			if diff := cmp.Diff(c.want, groupsOf(recorder, "groups")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestGroupsOfAccountsInADelta(t *testing.T) {
	t.Parallel()
	server := testenv.Slapd(t, testenv.WithLDIF(branches+service("a")+service("b")+group("seeded", serviceDN("a"), serviceDN("b"))))
	source := open(t, config(server, syncrepl))
	_, result := list(t, source, accounts())
	server.Modify(describe(serviceDN("a"), "changed"))
	got, _ := list(t, source, since(result.Token))
	if diff := cmp.Diff(map[string][]string{"a": {groupDN("seeded")}}, groupsOf(got, "groups")); diff != "" {
		t.Error(diff)
	}
}

// TestGroupsGoWhereTheSchemaWantsThem has the groups under the name that a migrated configuration gives them.
func TestGroupsGoWhereTheSchemaWantsThem(t *testing.T) {
	t.Parallel()
	server := testenv.Slapd(t, testenv.WithLDIF(branches+service("a")+group("seeded", serviceDN("a"))))
	request := accounts()
	last := len(request.Schema.Attributes) - 1
	request.Schema.Attributes = append(request.Schema.Attributes[:last:last],
		connector.SchemaAttribute{Name: "memberOf", Type: "STRING", Multi: true, Entitlement: true, Group: true})
	for _, more := range []map[string]any{{"groupEntitlementAttr": "memberof"}, nil} {
		recorder, _ := list(t, open(t, config(server, more)), request)
		if diff := cmp.Diff(map[string][]string{"a": {groupDN("seeded")}}, groupsOf(recorder, "memberOf")); diff != "" {
			t.Errorf("%v: %s", more, diff)
		}
	}
}

func TestEscapedNames(t *testing.T) {
	t.Parallel()
	const dn = `cn=Svc\2C \22x\22 \+ \C3\9F,ou=services,dc=example,dc=test`
	server := testenv.Slapd(t, testenv.WithLDIF(branches+
		"dn: "+dn+"\nobjectClass: applicationProcess\n\n"+group("seeded", strings.ReplaceAll(dn, `\C3\9F`, `\c3\9f`))))
	recorder, _ := list(t, open(t, config(server, nil)), accounts())
	if len(recorder.Objects) != 1 {
		t.Fatalf("objects %q", recorder.Identities())
	}
	object := recorder.Objects[0]
	if object.Name != `Svc, "x" + ß` {
		t.Errorf("name is %q", object.Name)
	}
	if diff := cmp.Diff([]string{groupDN("seeded")}, object.Attributes["groups"]); diff != "" {
		t.Error(diff)
	}
}
