package ldap_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"midgard/internal/connector"
	"midgard/internal/connector/ldap"
	"midgard/internal/testenv"
)

func TestFullListIsTheSameByPagesAtOnceAndBySync(t *testing.T) {
	t.Parallel()
	var ldif strings.Builder
	for i := range 25 {
		ldif.WriteString(service(fmt.Sprintf("svc%02d", i)))
	}
	server := testenv.Slapd(t, testenv.WithLDIF(branches+ldif.String()))
	want, result := list(t, open(t, config(server, map[string]any{"pageSize": 7.0})), accounts())
	if len(want.Objects) != 25 || !result.Complete || result.Token != nil {
		t.Fatalf("%d objects, complete %v, token %q; want 25, true and none", len(want.Objects), result.Complete, result.Token)
	}
	for name, more := range map[string]map[string]any{
		"at once":         {"pageSize": 0.0},
		"whole pages":     {"pageSize": 5.0},
		"syncrepl":        {"deltaAggregationEnabled": true},
		"modifyTimestamp": {"deltaMode": "modifyTimestamp", "pageSize": "7"},
	} {
		got, result := list(t, open(t, config(server, more)), accounts())
		byIdentity := cmpopts.SortSlices(func(a, b connector.Object) bool { return a.Identity < b.Identity })
		if diff := cmp.Diff(want.Objects, got.Objects, byIdentity); diff != "" || !result.Complete {
			t.Errorf("%s: complete %v, objects differ: %s", name, result.Complete, diff)
		}
		if delta := more["pageSize"] != 0.0 && more["pageSize"] != 5.0; delta != (result.Token != nil) {
			t.Errorf("%s: token %q", name, result.Token)
		}
	}
}

const mixedEntries = `dn: cn=Ada Service,ou=services,dc=example,dc=test
objectClass: inetOrgPerson
objectClass: posixAccount
cn: Ada
cn: Ada Service
cn: Countess
sn: Lovelace
uid: ada
mail: ada@example.test
mail: lovelace@example.test
uidNumber: 1000
gidNumber: 100
homeDirectory: /home/ada
loginShell: /usr/sbin/nologin
manager: cn=boss,ou=people,dc=example,dc=test
ou: engines
ou: analysis
userPassword: secret
jpegPhoto:: /9j/4AAQ

dn: cn=billing,ou=services,dc=example,dc=test
objectClass: applicationProcess
objectClass: simpleSecurityObject
cn: billing
userPassword: secret

dn: ou=unit,ou=services,dc=example,dc=test
objectClass: organizationalUnit
ou: unit

dn: uid=posix,ou=unit,ou=services,dc=example,dc=test
objectClass: account
objectClass: posixAccount
uid: posix
cn: Posix Account
uidNumber: 4294967294
gidNumber: 100
homeDirectory: /

dn: uid=bare,ou=services,dc=example,dc=test
objectClass: account
uid: bare

`

func TestAttributesFollowTheSchema(t *testing.T) {
	t.Parallel()
	server := testenv.Slapd(t, testenv.WithLDIF(branches+mixedEntries))
	request := accounts()
	request.Schema.Attributes = append(request.Schema.Attributes,
		connector.SchemaAttribute{Name: "jpegPhoto", Type: "STRING"},
		connector.SchemaAttribute{Name: "userPassword", Type: "STRING"})
	recorder, _ := list(t, open(t, config(server, map[string]any{"attributesInBinaryFormat": []any{"jpegPhoto"}})), request)

	ada := find(t, recorder, "cn=Ada Service,ou=services,dc=example,dc=test")
	created, _ := ada.Attributes["createTimestamp"].(string)
	if len(created) != len("2026-01-02T15:04:05.000Z") || !strings.HasSuffix(created, ".000Z") {
		t.Errorf("createTimestamp is %q, not RFC 3339 with milliseconds", created)
	}
	delete(ada.Attributes, "createTimestamp")
	want := connector.Object{
		Type: connector.TypeAccount, Identity: "cn=Ada Service,ou=services,dc=example,dc=test", Name: "Ada Service",
		Attributes: map[string]any{
			"dn": "cn=Ada Service,ou=services,dc=example,dc=test", "cn": "Ada Service", "sn": "Lovelace", "uid": "ada",
			"mail": "ada@example.test", "uidNumber": int64(1000), "gidNumber": int64(100), "homeDirectory": "/home/ada",
			"loginShell": "/usr/sbin/nologin", "manager": "cn=boss,ou=people,dc=example,dc=test",
			"ou": []string{"analysis", "engines"}, "objectClass": []string{"inetOrgPerson", "posixAccount"},
			"jpegPhoto": base64.StdEncoding.EncodeToString([]byte("\xff\xd8\xff\xe0\x00\x10")),
		},
	}
	if diff := cmp.Diff(want, ada, cmpopts.IgnoreFields(connector.Object{}, "UUID")); diff != "" {
		t.Errorf("object differs (-want +got):\n%s", diff)
	}
	if len(ada.UUID) != 36 {
		t.Errorf("UUID is %q", ada.UUID)
	}
	if got := find(t, recorder, "uid=bare,ou=services,dc=example,dc=test").Name; got != "bare" {
		t.Errorf("an account without cn is called %q, want its uid", got)
	}
	if got := find(t, recorder, "uid=posix,ou=unit,ou=services,dc=example,dc=test").Attributes["uidNumber"]; got != int64(4294967294) {
		t.Errorf("uidNumber is %v", got)
	}
	if len(recorder.Objects) != 4 {
		t.Errorf("the default filter finds %q, want the four accounts", recorder.Identities())
	}
}

func TestSearchPlaces(t *testing.T) {
	t.Parallel()
	server := testenv.Slapd(t, testenv.WithLDIF(branches+mixedEntries))
	for name, c := range map[string]struct {
		place any
		want  []string
	}{
		"one level": {
			map[string]any{"searchDN": servicesDN, "searchScope": "onelevel", "iterateSearchFilter": "uid=*"},
			[]string{"cn=Ada Service," + servicesDN, "uid=bare," + servicesDN},
		},
		"base":          {map[string]any{"searchDN": "uid=bare," + servicesDN, "searchScope": "BASE"}, []string{"uid=bare," + servicesDN}},
		"only the name": {"ou=unit," + servicesDN, []string{"uid=posix,ou=unit," + servicesDN}},
	} {
		source := open(t, config(server, map[string]any{"searchDN": nil, "searchDNs": []any{c.place}}))
		recorder, _ := list(t, source, accounts())
		if diff := cmp.Diff(c.want, sorted(recorder)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestGroupsAreReadWithoutTheirMembers(t *testing.T) {
	t.Parallel()
	server := testenv.Slapd(t, testenv.WithLDIF(branches+service("a")+group("readers", serviceDN("a"))+
		"dn: cn=posix,ou=groups,dc=example,dc=test\nobjectClass: posixGroup\ncn: posix\ngidNumber: 100\nmemberUid: a\n\n"))
	recorder, result := list(t, open(t, config(server, nil)), groups())
	if !result.Complete || len(recorder.Objects) != 2 {
		t.Fatalf("%d groups, complete %v", len(recorder.Objects), result.Complete)
	}
	want := map[string]any{"dn": groupDN("posix"), "cn": "posix", "gidNumber": int64(100), "objectClass": []string{"posixGroup"}}
	if diff := cmp.Diff(want, find(t, recorder, groupDN("posix")).Attributes); diff != "" {
		t.Error(diff)
	}
}

func TestReferralIsReportedAndNotFollowed(t *testing.T) {
	t.Parallel()
	server := testenv.Slapd(t, testenv.WithLDIF(branches+service("a")+
		"dn: ou=elsewhere,ou=services,dc=example,dc=test\nobjectClass: referral\nobjectClass: extensibleObject\nou: elsewhere\n"+
		"ref: ldap://192.0.2.1/ou=elsewhere,dc=example,dc=test\n\n"))
	for _, mode := range []string{"none", "syncrepl"} {
		recorder, _ := list(t, open(t, config(server, map[string]any{"deltaMode": mode})), accounts())
		if len(recorder.Objects) != 1 || len(recorder.Failures) != 1 || !strings.Contains(recorder.Failures[0].Where, "192.0.2.1") {
			t.Errorf("%s: objects %q and failures %q", mode, recorder.Identities(), recorder.Messages())
		}
	}
}

func TestDiscover(t *testing.T) {
	t.Parallel()
	server := testenv.Slapd(t, testenv.WithLDIF(branches+mixedEntries+group("readers", "cn=x")))
	source := open(t, config(server, map[string]any{"groupEntitlementAttr": "roles"})).(connector.Discoverer)
	for objectType, want := range map[string]struct{ present, absent []string }{
		connector.TypeAccount: {
			present: []string{"dn", "cn", "uid", "roles", "gecos", "roomNumber"},
			absent:  []string{"userPassword", "userPKCS12", "jpegPhoto", "userCertificate", "surname", "groups", "member"},
		},
		connector.TypeGroup: {present: []string{"dn", "cn", "description", "businessCategory"}, absent: []string{"member", "groups"}},
	} {
		schema, err := source.Discover(t.Context(), objectType)
		if err != nil {
			t.Fatal(err)
		}
		names := map[string]connector.SchemaAttribute{}
		for _, a := range schema.Attributes {
			names[a.Name] = a
		}
		for _, name := range want.present {
			if _, found := names[name]; !found {
				t.Errorf("%s: %s is missing", objectType, name)
			}
		}
		for _, name := range want.absent {
			if _, found := names[name]; found {
				t.Errorf("%s: %s is there", objectType, name)
			}
		}
	}
	if _, err := source.Discover(t.Context(), "machine"); err == nil {
		t.Error("an unknown type is discovered")
	}
}

func TestSpecOpensWithItsDefaults(t *testing.T) {
	t.Parallel()
	attributes := map[string]any{}
	for _, field := range ldap.New().Spec().Fields {
		if number, ok := field.Default.(int); ok {
			attributes[field.Name] = float64(number)
		} else if field.Default != nil {
			attributes[field.Name] = field.Default
		}
	}
	attributes["host"], attributes["searchDN"], attributes["useSSL"], attributes["user"] = "ldap.example.test", servicesDN, true, "cn=x"
	open(t, connector.Config{Attributes: attributes, Secrets: map[string]connector.Secret{"password": connector.NewSecret("x")}})
}
