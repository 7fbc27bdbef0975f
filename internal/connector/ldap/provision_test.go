package ldap_test

import (
	"context"
	"errors"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"midgard/internal/connector"
	"midgard/internal/connector/ldap"
	"midgard/internal/testenv"
)

func provisioner(t *testing.T, c connector.Config) connector.Provisioner {
	t.Helper()
	return open(t, c).(connector.Provisioner)
}

func member(cn string) connector.Entitlement {
	return connector.Entitlement{Attribute: "groups", Value: groupDN(cn)}
}

// membersOf reads who is in a group, as the directory has it.
func membersOf(t *testing.T, server *testenv.SlapdServer, cn, attribute string) []string {
	t.Helper()
	c := config(server, map[string]any{"user": server.RootDN, "searchDN": groupsDN,
		"searchDNs": []any{map[string]any{"searchDN": groupsDN, "iterateSearchFilter": "(cn=" + cn + ")"}}})
	c.Secrets["password"] = connector.NewSecret(server.RootPassword)
	request := connector.ListRequest{Type: connector.TypeAccount, Schema: connector.Schema{ObjectType: connector.TypeAccount,
		IdentityAttribute: "dn", DisplayAttribute: "cn", Attributes: []connector.SchemaAttribute{{Name: attribute, Type: "STRING", Multi: true}}}}
	recorder, _ := list(t, open(t, c), request)
	members, _ := find(t, recorder, groupDN(cn)).Attributes[attribute].([]string)
	return members
}

func wantMembers(t *testing.T, server *testenv.SlapdServer, cn, attribute string, want ...string) {
	t.Helper()
	if got := membersOf(t, server, cn, attribute); !slices.Equal(got, want) {
		t.Errorf("%s of %s is %q, want %q", attribute, cn, got, want)
	}
}

// TestBrokenConnections breaks the connection at every place of the conversation: a request is carried out once, however
// often it has to be sent, and nothing is left over.
func TestBrokenConnections(t *testing.T) {
	t.Parallel()
	server := testenv.Slapd(t, testenv.WithLDIF(branches))
	server.Add(group("one", "cn=nobody") + group("two", "cn=nobody"))
	proxy := testenv.FaultyProxy(t, net.JoinHostPort(server.Host, strconv.Itoa(server.Port)))
	source := provisioner(t, writer(server, map[string]any{"port": float64(proxy.Port), "timeout": 5.0}))
	request := connector.CreateRequest{Name: "svc", Password: connector.NewSecret("long enough 1"),
		Entitlements: []connector.Entitlement{member("one"), member("two")}, Resume: true}
	broken := map[string]int{}
	until := func(what string, do func() error) {
		for bytes := int64(0); ; bytes += 97 {
			proxy.CutAfter(bytes)
			err := do()
			if err == nil {
				return
			}
			wantUnreachable(t, err)
			broken[what]++
			if t.Failed() || bytes > 100_000 {
				t.Fatalf("%s does not end", what)
			}
		}
	}
	until("Create", func() error { _, err := source.Create(t.Context(), request); return err })
	wantMembers(t, server, "one", "member", serviceDN("svc"))
	wantMembers(t, server, "two", "member", serviceDN("svc"))
	if err := login(t, server, serviceDN("svc"), "long enough 1"); err != nil {
		t.Errorf("the account cannot log in: %v", err)
	}
	until("Delete", func() error { return source.Delete(t.Context(), serviceDN("svc")) })
	wantMembers(t, server, "one", "member", "cn=nobody")
	wantMembers(t, server, "two", "member", "cn=nobody")
	for what, times := range broken {
		if times < 5 {
			t.Errorf("%s was broken only %d times", what, times)
		}
	}
}

func TestDeleteLeavesNoMembership(t *testing.T) {
	t.Parallel()
	// The members are loaded past the overlay, so that the server itself removes nothing.
	server := testenv.Slapd(t, testenv.WithoutMemberOf(), testenv.WithLDIF(branches+service("a")+service("b")+
		"dn: uid=b,ou=people,dc=example,dc=test\nobjectClass: account\nuid: b\n\n"+
		group("alone", serviceDN("a"))+group("both", serviceDN("a"), serviceDN("b"))+
		"dn: cn=unique,ou=groups,dc=example,dc=test\nobjectClass: groupOfUniqueNames\ncn: unique\nuniqueMember: "+serviceDN("a")+"\n\n"+
		strings.Replace(posixGroup, "stranger", "a", 1)))
	source := provisioner(t, writer(server, map[string]any{"searchDN": "dc=example,dc=test"}))
	if err := source.Delete(t.Context(), serviceDN("a")); err != nil {
		t.Fatal(err)
	}
	wantMembers(t, server, "alone", "member", "cn=nobody")
	wantMembers(t, server, "both", "member", serviceDN("b"))
	wantMembers(t, server, "unique", "uniqueMember", "cn=nobody")
	wantMembers(t, server, "posix", "memberUid", "b")

	// Somebody else deletes the entry; what refers to it goes all the same, but for a login name that another account has.
	server.Delete(serviceDN("b"))
	if err := source.Delete(t.Context(), serviceDN("b")); err != nil {
		t.Fatal(err)
	}
	wantMembers(t, server, "both", "member", "cn=nobody")
	wantMembers(t, server, "posix", "memberUid", "b")
}

func TestRefusedDeleteChangesNothing(t *testing.T) {
	t.Parallel()
	server := testenv.Slapd(t, testenv.WithLDIF(branches+service("a")+"dn: cn=below,"+serviceDN("a")+"\nobjectClass: applicationProcess\ncn: below\n\n"))
	server.Add(group("alone", serviceDN("a")))
	source := provisioner(t, writer(server, nil))
	if err := source.Delete(t.Context(), serviceDN("a")); !errors.Is(err, connector.ErrRefused) {
		t.Errorf("deleting an entry with another one below gave %v", err)
	}
	wantMembers(t, server, "alone", "member", serviceDN("a"))
}

// TestOnlyOwnAccounts names entries that the source's lists would not show.
func TestOnlyOwnAccounts(t *testing.T) {
	t.Parallel()
	server := testenv.Slapd(t, testenv.WithLDIF(branches+service("mine", "description: mine")+service("other")+
		"dn: uid=person,ou=people,dc=example,dc=test\nobjectClass: account\nuid: person\n\n"))
	server.Add(group("members", serviceDN("mine"), serviceDN("other"), "uid=person,"+peopleDN) +
		"dn: cn=outside,ou=people,dc=example,dc=test\nobjectClass: groupOfNames\ncn: outside\nmember: cn=nobody\n\n")
	mine := map[string]any{"searchDNs": []any{map[string]any{"searchDN": servicesDN, "iterateSearchFilter": "(description=mine)", "searchScope": "ONELEVEL"}}}
	source := provisioner(t, writer(server, mine))
	for _, dn := range []string{
		serviceDN("other"), "uid=person," + peopleDN, server.RootDN, server.WriterDN, servicesDN, "dc=example,dc=test", "cn=x," + serviceDN("mine"),
		"", "mine", "uid=mine", "uid=*," + servicesDN, serviceDN("mine") + "x",
	} {
		for name, err := range map[string]error{
			"Disable": source.Disable(t.Context(), dn), "SetPassword": source.SetPassword(t.Context(), dn, connector.NewSecret("long enough 1")),
			"AddEntitlement": source.AddEntitlement(t.Context(), dn, "groups", groupDN("members")),
			"Update":         source.Update(t.Context(), dn, []connector.AttributeChange{{Attribute: "description", Value: "taken over"}}),
		} {
			if !errors.Is(err, connector.ErrNoSuchObject) {
				t.Errorf("%s of %q gave %v", name, dn, err)
			}
		}
		if err := source.Delete(t.Context(), dn); err != nil && !errors.Is(err, connector.ErrNoSuchObject) {
			t.Errorf("Delete of %q gave %v", dn, err)
		}
	}
	wantMembers(t, server, "members", "member", serviceDN("mine"), serviceDN("other"), "uid=person,"+peopleDN)
	for _, dn := range []string{"cn=outside," + peopleDN, serviceDN("mine"), "", "cn=*," + groupsDN} {
		if err := source.AddEntitlement(t.Context(), serviceDN("mine"), "groups", dn); !errors.Is(err, connector.ErrNoSuchObject) {
			t.Errorf("membership in %q gave %v", dn, err)
		}
	}
	if _, err := source.Create(t.Context(), connector.CreateRequest{Name: "unseen"}); !errors.Is(err, connector.ErrRefused) {
		t.Errorf("an account that lists do not show is made: %v", err)
	}
	found, err := source.Create(t.Context(), connector.CreateRequest{Name: "other"})
	if !errors.Is(err, connector.ErrExists) || found.Identity != "" {
		t.Errorf("an entry in the way gave %q, %v", found.Identity, err)
	}
	server.Add("dn: " + serviceDN("unseen") + "\nobjectClass: account\nuid: unseen\n") // fails if it stayed
}

func TestCreateNames(t *testing.T) {
	t.Parallel()
	server := testenv.Slapd(t, testenv.WithLDIF(branches+service("seeded")+"dn: ou=deep,ou=services,dc=example,dc=test\nobjectClass: organizationalUnit\nou: deep\n\n"))
	source := provisioner(t, writer(server, map[string]any{"createParentDN": "ou=deep," + servicesDN}))
	deep := func(name string) string { return name + ",ou=deep," + servicesDN }
	for name, c := range map[string]struct {
		request connector.CreateRequest
		want    string
		refused bool
	}{
		"by name":                      {connector.CreateRequest{Name: "a"}, deep("uid=a"), false},
		"by naming attribute":          {connector.CreateRequest{Name: "no", Attributes: map[string]any{"uid": "b"}}, deep("uid=b"), false},
		"by identity":                  {connector.CreateRequest{Identity: "cn=c," + servicesDN}, "cn=c," + servicesDN, false},
		"by attribute dn":              {connector.CreateRequest{Name: "no", Attributes: map[string]any{"dn": serviceDN("d")}}, serviceDN("d"), false},
		"of two parts":                 {connector.CreateRequest{Identity: deep("uid=e+cn=E e")}, deep("cn=E e+uid=e"), false},
		"of other classes":             {connector.CreateRequest{Name: "f", Attributes: map[string]any{"objectClass": []any{"account"}}}, deep("uid=f"), false},
		"with nothing":                 {connector.CreateRequest{}, "", true},
		"elsewhere":                    {connector.CreateRequest{Identity: "uid=x," + peopleDN}, "", true},
		"that is none":                 {connector.CreateRequest{Identity: "x"}, "", true},
		"that says another":            {connector.CreateRequest{Identity: serviceDN("x"), Attributes: map[string]any{"uid": "y"}}, "", true},
		"below what is not there":      {connector.CreateRequest{Identity: "uid=x,ou=nowhere," + servicesDN}, "", true},
		"with a NUL":                   {connector.CreateRequest{Name: "x\x00y"}, "", true},
		"with a password attribute":    {connector.CreateRequest{Name: "x", Attributes: map[string]any{"userPassword": "clear"}}, "", true},
		"with groups as an attribute":  {connector.CreateRequest{Name: "x", Attributes: map[string]any{"groups": groupDN("g")}}, "", true},
		"with an unknown attribute":    {connector.CreateRequest{Name: "x", Attributes: map[string]any{"nonsense": "1"}}, "", true},
		"without what a class demands": {connector.CreateRequest{Name: "x", Attributes: map[string]any{"objectClass": []string{"account", "posixAccount"}}}, "", true},
	} {
		t.Run(name, func(t *testing.T) {
			made, err := source.Create(t.Context(), c.request)
			missing := name == "below what is not there" && errors.Is(err, connector.ErrNoSuchObject)
			if made.Identity != c.want || c.refused != (errors.Is(err, connector.ErrRefused) || missing) || !c.refused && err != nil {
				t.Errorf("made %q with error %v", made.Identity, err)
			}
		})
	}
	// What another administrator made is not the work of an earlier call, however alike.
	_, err := source.Create(t.Context(), connector.CreateRequest{Identity: serviceDN("seeded"), Resume: true,
		Attributes: map[string]any{"objectClass": []string{"account", "simpleSecurityObject"}}, Password: connector.NewSecret("long enough 1")})
	var exists *connector.ExistsError
	if !errors.As(err, &exists) || !cmp.Equal(exists.Differs, []string{"creatorsName"}) {
		t.Errorf("the entry of another one gave %v", err)
	}
	if err := login(t, server, serviceDN("seeded"), "secret"); err != nil {
		t.Errorf("its password was changed: %v", err)
	}
}

func TestDisableByAnotherAttribute(t *testing.T) {
	t.Parallel()
	server := testenv.Slapd(t, testenv.WithLDIF(branches))
	for name, more := range map[string]map[string]any{
		"a mark":         {"revokeAttr": "employeeType", "revokeVal": "Retired", "revokeAction": "add"},
		"a mark alone":   {"revokeAttr": "employeeType", "revokeVal": "Retired"},
		"a mark missing": {"revokeAttr": "employeeType", "revokeVal": "Active", "revokeAction": "remove"},
		"two marks": {"revokeAttr": "employeeType", "revokeVal": "Retired", "revokeAction": "replace",
			"restoreAttr": "employeeType", "restoreVal": "Active", "restoreAction": "replace"},
	} {
		t.Run(name, func(t *testing.T) {
			source := provisioner(t, writer(server, more))
			made, err := source.Create(t.Context(), connector.CreateRequest{Name: name, Attributes: map[string]any{"employeeType": "Active"}})
			if err != nil || made.Disabled {
				t.Fatalf("made %+v, %v", made, err)
			}
			for _, disabled := range []bool{true, true, false, false, true, false} {
				change := source.Enable
				if disabled {
					change = source.Disable
				}
				if err := change(t.Context(), made.Identity); err != nil {
					t.Fatal(err)
				}
				if got, err := source.Read(t.Context(), connector.TypeAccount, made.Identity); err != nil || got.Disabled != disabled {
					t.Fatalf("disabled %v, want %v; error %v", got.Disabled, disabled, err)
				}
			}
		})
	}
}

func TestValuesAreWrittenAsTheyAreRead(t *testing.T) {
	t.Parallel()
	server := testenv.Slapd(t, testenv.WithLDIF(branches))
	server.Add(group("g", "cn=nobody"))
	c := writer(server, map[string]any{"attributesInBinaryFormat": "jpegPhoto", "createObjectClasses": "inetOrgPerson, posixAccount, pwdPolicy"})
	account := ldap.New().Spec().Account
	account.Attributes = append(account.Attributes, connector.SchemaAttribute{Name: "jpegPhoto", Type: "STRING"},
		connector.SchemaAttribute{Name: "pwdLockout", Type: "BOOLEAN"})
	c.Schemas = []connector.Schema{account}
	source := provisioner(t, c)
	wanted := map[string]any{
		"uidNumber": int64(70000), "gidNumber": 7e6, "homeDirectory": "/srv/a", "jpegPhoto": "/wA=", "pwdLockout": true, "pwdAttribute": "userPassword",
		"ou": []any{"b", "a", ""}, "mail": "", "title": nil,
	}
	made, err := source.Create(t.Context(), connector.CreateRequest{Name: "Ä", Attributes: wanted})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"uidNumber": int64(70000), "gidNumber": int64(7000000), "homeDirectory": "/srv/a", "jpegPhoto": "/wA=", "pwdLockout": true, "ou": []string{"a", "b"},
		"cn": "Ä", "sn": "Ä", "uid": "Ä",
	}
	for name, value := range want {
		if diff := cmp.Diff(value, made.Attributes[name]); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	for _, value := range []any{struct{}{}, "\xff", []any{1.5, map[string]any{}}} {
		err := source.Update(t.Context(), made.Identity, []connector.AttributeChange{{Attribute: "description", Value: value}})
		if !errors.Is(err, connector.ErrRefused) {
			t.Errorf("the value %#v gave %v", value, err)
		}
	}
	shown, err := source.Read(t.Context(), connector.TypeGroup, groupDN("g"))
	if err != nil || shown.Name != "g" || shown.Type != connector.TypeGroup {
		t.Errorf("the group is %+v, %v", shown, err)
	}
}

// TestPasswordsNeedAProtectedConnection binds as nobody, which alone would need no encryption.
func TestPasswordsNeedAProtectedConnection(t *testing.T) {
	t.Parallel()
	source := provisioner(t, minimal(map[string]any{"host": "ldap.example.test", "authorizationType": "none"}))
	_, created := source.Create(t.Context(), connector.CreateRequest{Name: "x", Password: connector.NewSecret("long enough 1")})
	for _, err := range []error{created, source.SetPassword(context.Background(), "uid=x,dc=test", connector.NewSecret("long enough 1"))} {
		if !errors.Is(err, connector.ErrRefused) {
			t.Errorf("error is %v", err)
		}
	}
}

// TestOtherEntitlements has an attribute of the account itself as an entitlement, and an identity that is no name.
func TestOtherEntitlements(t *testing.T) {
	t.Parallel()
	server := testenv.Slapd(t, testenv.WithLDIF(branches+"dn: cn=nameless,ou=services,dc=example,dc=test\nobjectClass: applicationProcess\ncn: nameless\ndescription: nobody\n\n"+
		service("twin", "description: twin")+service("other", "description: twin")+posixGroup))
	c := writer(server, map[string]any{"groupMemberAttribute": "memberUid", "createObjectClasses": "account"})
	account := ldap.New().Spec().Account
	account.IdentityAttribute = "description"
	account.Attributes = slices.Clone(account.Attributes)
	for i, a := range account.Attributes {
		account.Attributes[i].Entitlement = a.Entitlement || a.Name == "host"
	}
	c.Schemas = []connector.Schema{account}
	source := provisioner(t, c)
	made, err := source.Create(t.Context(), connector.CreateRequest{Identity: "The backup", Name: "backup",
		Entitlements: []connector.Entitlement{{Attribute: "host", Value: "db1"}, {Attribute: "host", Value: "db2"}, member("posix")}})
	if err != nil || made.Identity != "The backup" {
		t.Fatalf("made %+v, %v", made, err)
	}
	for range 2 {
		if err := source.RemoveEntitlement(t.Context(), "the backup", "host", "DB1"); err != nil {
			t.Fatal(err)
		}
	}
	got, err := source.Read(t.Context(), connector.TypeAccount, "The backup")
	if err != nil || !cmp.Equal(got.Attributes["host"], []string{"db2"}) || !cmp.Equal(got.Attributes["groups"], []string{groupDN("posix")}) {
		t.Errorf("read %+v, %v", got, err)
	}
	for what, err := range map[string]error{
		"an identity of two": source.Disable(t.Context(), "twin"),
		"a group of login names for an account without one": source.AddEntitlement(t.Context(), "nobody", "groups", groupDN("posix")),
		"an attribute that is no entitlement":               source.AddEntitlement(t.Context(), "The backup", "title", "x"),
	} {
		if !errors.Is(err, connector.ErrRefused) {
			t.Errorf("%s gave %v", what, err)
		}
	}
	_, err = source.Create(t.Context(), connector.CreateRequest{Identity: "The Backup", Attributes: map[string]any{"dn": serviceDN("backup2")}})
	var exists *connector.ExistsError
	if !errors.As(err, &exists) || exists.Identity != "The backup" {
		t.Errorf("the same identity under another name gave %v", err)
	}
	checker := source.(connector.Checker)
	for dn, want := range map[string]bool{serviceDN("backup"): true, serviceDN("free"): false} {
		if used, err := checker.InUse(t.Context(), "dn", dn); used != want || err != nil {
			t.Errorf("the name %q is in use: %v, %v", dn, used, err)
		}
	}
}
