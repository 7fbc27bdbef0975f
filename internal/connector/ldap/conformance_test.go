package ldap_test

import (
	"net"
	"strconv"
	"testing"

	wire "github.com/go-ldap/ldap/v3"

	"midgard/internal/connector"
	"midgard/internal/connector/connectortest"
	"midgard/internal/connector/ldap"
	"midgard/internal/testenv"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	server := testenv.Slapd(t, testenv.WithLDIF(branches+service("a", "description: first")+service("b")+service("c")+service("d")))
	server.Add(group("readers", serviceDN("a"), serviceDN("b")) + group("writers", serviceDN("a")))
	for name, c := range map[string]struct {
		reading   map[string]any
		provision func(*testing.T) *connectortest.Provision
	}{
		"paged":           {map[string]any{"pageSize": 2.0}, provisionPersons},
		"syncrepl":        {map[string]any{"deltaMode": "syncrepl"}, provisionServices},
		"modifyTimestamp": {map[string]any{"deltaMode": "modifyTimestamp"}, provisionPosix},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			connectortest.Run(t, connectortest.Harness{
				Factory: ldap.New(),
				Config:  func(*testing.T) connector.Config { return config(server, c.reading) },
				Broken: func(t *testing.T) connector.Config {
					proxy := testenv.FaultyProxy(t, server.Host+":1")
					c := config(server, c.reading)
					c.Attributes["port"] = float64(proxy.Port)
					return c
				},
				WrongSecret: func(*testing.T) connector.Config {
					c := config(server, c.reading)
					c.Secrets["password"] = connector.NewSecret("not-the-password")
					return c
				},
				Provision: c.provision(t),
			})
		})
	}
}

// TestConformanceByLogin has the login name as the native identity, and the groups from memberOf.
func TestConformanceByLogin(t *testing.T) {
	t.Parallel()
	server := testenv.Slapd(t, testenv.WithLDIF(branches+service("a")+service("b")+service("c")))
	account := ldap.New().Spec().Account
	account.IdentityAttribute = "uid"
	p := provision(t, map[string]any{"groupMembership": "memberOf"}, "ou", nil)
	byName := p.LogIn
	p.LogIn = func(t *testing.T, identity, password string) error { return byName(t, serviceDN(identity), password) }
	lock := p.Lock
	p.Lock = func(t *testing.T, identity string) { lock(t, serviceDN(identity)) }
	connectortest.Run(t, connectortest.Harness{
		Factory: ldap.New(), Account: &account, Provision: p,
		Config: func(*testing.T) connector.Config { return config(server, nil) },
		Broken: func(t *testing.T) connector.Config { return config(server, map[string]any{"searchDN": "dc=elsewhere"}) },
	})
}

func provisionPersons(t *testing.T) *connectortest.Provision {
	return provision(t, nil, "ou", nil)
}

func provisionServices(t *testing.T) *connectortest.Provision {
	return provision(t, map[string]any{"createObjectClasses": "account, simpleSecurityObject"}, "host", nil)
}

func provisionPosix(t *testing.T) *connectortest.Provision {
	return provision(t, map[string]any{"createObjectClasses": []any{"account", "posixAccount"}}, "host",
		map[string]any{"uidNumber": int64(7001), "gidNumber": 7.0, "homeDirectory": "/srv/x"})
}

// writer configures a source that changes the server.
func writer(server *testenv.SlapdServer, more map[string]any) connector.Config {
	c := config(server, more)
	c.Attributes["user"], c.Secrets["password"] = server.WriterDN, connector.NewSecret(server.WriterPassword)
	return c
}

// provision is about a server of its own, with a group of names and one of each other kind by turns.
func provision(t *testing.T, more map[string]any, multi string, attributes map[string]any) *connectortest.Provision {
	t.Helper()
	server := testenv.Slapd(t, testenv.WithLDIF(branches+service("neighbour")))
	server.Add(group("empty", "cn=nobody"))
	other := groupDN("unique")
	if attributes == nil {
		server.Add("dn: " + other + "\nobjectClass: groupOfUniqueNames\ncn: unique\nuniqueMember: " + serviceDN("neighbour") + "\n")
	} else {
		other = groupDN("posix")
		server.Add(posixGroup)
	}
	if more["groupMembership"] == "memberOf" { // which the overlay keeps for groups of names
		other = groupDN("second")
		server.Add(group("second", serviceDN("neighbour")))
	}
	return &connectortest.Provision{
		Config:    func(*testing.T) connector.Config { return writer(server, more) },
		Forbidden: func(*testing.T) connector.Config { return config(server, more) },
		Unreachable: func(t *testing.T) connector.Config {
			proxy := testenv.FaultyProxy(t, net.JoinHostPort(server.Host, strconv.Itoa(server.Port)))
			proxy.Refuse()
			return writer(server, with(more, "port", float64(proxy.Port)))
		},
		Request: func(name string) connector.CreateRequest {
			return connector.CreateRequest{Name: name, Attributes: with(attributes, "description", "made by a test")}
		},
		Attribute:    "description",
		Multi:        multi,
		Entitlements: [2]connector.Entitlement{{Attribute: "groups", Value: groupDN("empty")}, {Attribute: "groups", Value: other}},
		LogIn:        func(t *testing.T, identity, password string) error { return login(t, server, identity, password) },
		Lock: func(t *testing.T, identity string) {
			for range 3 {
				if err := login(t, server, identity, "wrong"); !wire.IsErrorWithCode(err, wire.LDAPResultInvalidCredentials) {
					t.Fatalf("a wrong password gave %v", err)
				}
			}
		},
		WeakPassword: "weak",
	}
}

// TestUnreadableEntries takes the description as the identity, which one account lacks: a message and an incomplete list.
func TestUnreadableEntries(t *testing.T) {
	t.Parallel()
	server := testenv.Slapd(t, testenv.WithLDIF(branches+service("a", "description: first")+service("b")+service("c", "description: third")))
	source := open(t, config(server, nil))
	request := accounts()
	request.Schema.IdentityAttribute = "description"
	recorder, result := list(t, source, request)
	if len(recorder.Objects) != 2 || len(recorder.Failures) != 1 || result.Complete {
		t.Fatalf("%d objects, %d failures, complete %v; want 2, 1, false", len(recorder.Objects), len(recorder.Failures), result.Complete)
	}
	if got := recorder.Failures[0].Where; got != serviceDN("b") {
		t.Errorf("the failure is about %q", got)
	}
	find(t, recorder, "first")
}
