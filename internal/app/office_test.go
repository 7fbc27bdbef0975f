//go:build unix

package app_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"

	"midgard/internal/app/apptest"
	"midgard/internal/testenv"
)

// office is a directory on which people ask for accounts, and everybody who has a say in it: bob asks, ada is his manager
// and everybody else's, cleo owns the source, and dora and emil are a governance group. Each acts with a token of their own.
type office struct {
	directory
	slapd                      *testenv.SlapdServer
	group, form                string
	bob, ada, cleo, dora, emil *apptest.Caller
}

// newOffice lets the administrator of a server prepare everything but the subtypes.
func newOffice(t *testing.T, s *apptest.Server, slapd *testenv.SlapdServer) office {
	t.Helper()
	o := office{slapd: slapd, ada: s.AsWithScopes(t, "ada"), bob: s.AsWithScopes(t, "bob"), cleo: s.AsWithScopes(t, "cleo"), dora: s.AsWithScopes(t, "dora"), emil: s.AsWithScopes(t, "emil")}
	o.directory = newDirectory(t, s, slapd, slapd.Port, obj{"user": slapd.WriterDN, "password": slapd.WriterPassword, "ownerAttribute": "employeeNumber"})
	source := strings.TrimSuffix(o.path(""), "/")
	s.Admin.Patch(t, source, apptest.JSON([]any{
		obj{"op": "replace", "path": "/owner", "value": idRef("IDENTITY", o.cleo.ID)}, obj{"op": "replace", "path": "/deleteThreshold", "value": 100},
	})).Want(t, http.StatusOK)
	schema := s.Admin.List(t, o.path("schemas"), "include-names", "account")[0].Text("id")
	s.Admin.Patch(t, o.path("schemas/"+schema), patch("add", "/attributes/-", obj{"name": "roomNumber", "type": "STRING"})).Want(t, http.StatusOK)
	s.Admin.Put(t, o.path("machine-account-mappings"), apptest.JSON([]obj{
		target("ACCOUNT", "label", obj{"type": "upper", "attributes": obj{"input": obj{"type": "accountAttribute", "attributes": obj{"sourceName": "Directory", "attributeName": "uid"}}}}),
	})).Want(t, http.StatusOK)
	o.group = s.Admin.Post(t, "/workgroups/v1", apptest.JSON(obj{"name": "Directory operators", "owner": idRef("IDENTITY", s.Admin.ID)})).Want(t, http.StatusOK).ID(t)
	s.Admin.Post(t, "/workgroups/v1/"+o.group+"/members/bulk-add", apptest.JSON([]obj{idRef("IDENTITY", o.dora.ID), idRef("IDENTITY", o.emil.ID)})).Want(t, http.StatusMultiStatus)
	o.form = s.Admin.Post(t, formsPath, apptest.JSON(requestForm(s.Admin.ID))).Want(t, http.StatusCreated).ID(t)
	a := s.Admin.Post(t, o.path("load-entitlements"), "").Want(t, http.StatusAccepted)
	s.Wait(t, a.ID(t)).Want(t, "SUCCESS")
	return o
}

// offer makes a subtype whose accounts bob may ask for and get a password. Who approves a creation and a deletion is as in
// the configuration of subtypes; "" stands for nobody.
func (o office) offer(t *testing.T, name, creation, deletion string) (subtype string) {
	t.Helper()
	subtype = o.Admin.Post(t, subtypesPath, apptest.JSON(obj{"sourceId": o.source, "technicalName": name, "displayName": "A " + name, "description": ""})).Want(t, http.StatusCreated).ID(t)
	create, remove := approval(creation != "", creation, "OFF"), approval(deletion != "", deletion, "OFF")
	create["formId"], create["passwordSetting"], create["passwordAttribute"], create["accountCreateEnabled"] = o.form, "SET_TO_NEW_ATTRIBUTE", "userPassword", true
	made := o.Admin.Patch(t, subtypesPath+"/"+subtype+"/machine-config", apptest.JSON([]any{
		obj{"op": "add", "path": "/machineAccountCreate", "value": create}, obj{"op": "add", "path": "/machineAccountDelete", "value": remove},
	})).Want(t, http.StatusOK)
	entitlement, _ := made.Field("machineAccountCreate.entitlementId").(string)
	o.Admin.Put(t, holderPath(entitlement, o.bob.ID), "").Want(t, http.StatusOK)
	return subtype
}

// entitlement gives the id of a group of the directory.
func (o office) entitlement(t *testing.T, name string) string {
	t.Helper()
	rows := o.Admin.List(t, "/entitlements/v1", "filters", `source.id eq "`+o.source+`" and name eq "`+name+`"`)
	if len(rows) != 1 {
		t.Fatalf("%d groups are called %q", len(rows), name)
	}
	return rows[0].Text("id")
}

// dial connects to the directory as its own clients do.
func dial(t *testing.T, slapd *testenv.SlapdServer) *ldap.Conn {
	t.Helper()
	connection, err := ldap.DialURL(slapd.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { connection.Close() })
	return connection
}

// canBind says whether the directory takes a password.
func canBind(t *testing.T, slapd *testenv.SlapdServer, dn, password string) bool {
	t.Helper()
	connection := dial(t, slapd)
	defer connection.Close()
	err := connection.Bind(dn, password)
	var refused *ldap.Error
	if err != nil && !(errors.As(err, &refused) && refused.ResultCode == ldap.LDAPResultInvalidCredentials) {
		t.Fatalf("bind as %s: %v", dn, err)
	}
	return err == nil
}

// entriesBelow reads from the directory itself, as its root, all entries of a class below a base.
func entriesBelow(t *testing.T, slapd *testenv.SlapdServer, base, class string) map[string]*ldap.Entry {
	t.Helper()
	connection := dial(t, slapd)
	defer connection.Close()
	if err := connection.Bind(slapd.RootDN, slapd.RootPassword); err != nil {
		t.Fatal(err)
	}
	result, err := connection.Search(ldap.NewSearchRequest(base, ldap.ScopeSingleLevel, ldap.NeverDerefAliases, 0, 0, false, "(objectClass="+class+")", []string{"*", "+"}, nil))
	if err != nil {
		t.Fatal(err)
	}
	entries := map[string]*ldap.Entry{}
	for _, e := range result.Entries {
		entries[e.DN] = e
	}
	return entries
}
