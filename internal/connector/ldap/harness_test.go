package ldap_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"midgard/internal/connector"
	"midgard/internal/connector/connectortest"
	"midgard/internal/connector/ldap"
	"midgard/internal/testenv"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// branches are the entries that most tests put their own below.
const branches = "dn: ou=services,dc=example,dc=test\nobjectClass: organizationalUnit\nou: services\n\n" +
	"dn: ou=people,dc=example,dc=test\nobjectClass: organizationalUnit\nou: people\n\n" +
	"dn: ou=groups,dc=example,dc=test\nobjectClass: organizationalUnit\nou: groups\n\n"

const (
	servicesDN = "ou=services,dc=example,dc=test"
	peopleDN   = "ou=people,dc=example,dc=test"
	groupsDN   = "ou=groups,dc=example,dc=test"
)

func serviceDN(uid string) string { return "uid=" + uid + "," + servicesDN }

// service is the LDIF of a service account that can log in with the password "secret".
func service(uid string, lines ...string) string {
	return fmt.Sprintf("dn: %s\nobjectClass: account\nobjectClass: simpleSecurityObject\nuid: %s\nuserPassword: secret\n%s\n\n",
		serviceDN(uid), uid, strings.Join(lines, "\n"))
}

func group(cn string, members ...string) string {
	text := fmt.Sprintf("dn: cn=%s,%s\nobjectClass: groupOfNames\ncn: %s\n", cn, groupsDN, cn)
	for _, member := range members {
		text += "member: " + member + "\n"
	}
	return text + "\n"
}

func groupDN(cn string) string { return "cn=" + cn + "," + groupsDN }

// config reads all accounts and groups of the server; more sets or, with nil, removes attributes.
func config(server *testenv.SlapdServer, more map[string]any) connector.Config {
	c := connector.Config{
		Attributes: map[string]any{
			"host": server.Host, "port": float64(server.Port), "user": server.BindDN, "searchDN": servicesDN,
			"group.searchDNs": []any{map[string]any{"searchDN": groupsDN}},
		},
		Secrets: map[string]connector.Secret{"password": connector.NewSecret(server.BindPassword)},
	}
	maps.Copy(c.Attributes, more)
	return c
}

func open(t *testing.T, c connector.Config) connector.Source {
	t.Helper()
	source, err := ldap.New().Open(c)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() { source.Close() })
	return source
}

func accounts() connector.ListRequest {
	return connector.ListRequest{Type: connector.TypeAccount, Schema: ldap.New().Spec().Account}
}

func groups() connector.ListRequest {
	return connector.ListRequest{Type: connector.TypeGroup, Schema: *ldap.New().Spec().Group}
}

func since(token []byte) connector.ListRequest {
	request := accounts()
	request.Mode, request.Token = connector.Delta, token
	return request
}

func list(t *testing.T, source connector.Source, request connector.ListRequest) (*connectortest.Recorder, connector.ListResult) {
	t.Helper()
	recorder := &connectortest.Recorder{}
	result, err := source.List(context.Background(), request, recorder)
	if err != nil {
		t.Fatalf("List: %v", err)
	}
	return recorder, result
}

// listError lists from a source that must fail.
func listError(t *testing.T, source connector.Source, request connector.ListRequest) (*connectortest.Recorder, error) {
	t.Helper()
	recorder := &connectortest.Recorder{}
	result, err := source.List(context.Background(), request, recorder)
	if err == nil || result.Complete || result.Token != nil {
		t.Fatalf("List gave error %v, Complete %v and token %q, want an error and nothing else", err, result.Complete, result.Token)
	}
	return recorder, err
}

// find returns the object with the identity and fails without it.
func find(t *testing.T, recorder *connectortest.Recorder, identity string) connector.Object {
	t.Helper()
	object, found := recorder.Object(identity)
	if !found {
		t.Fatalf("no object %q among %q", identity, recorder.Identities())
	}
	return object
}

func sorted(recorder *connectortest.Recorder) []string {
	identities := recorder.Identities()
	slices.Sort(identities)
	return identities
}
