package ldap_test

import (
	"testing"

	"midgard/internal/connector"
	"midgard/internal/connector/connectortest"
	"midgard/internal/connector/ldap"
	"midgard/internal/testenv"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	server := testenv.Slapd(t, testenv.WithLDIF(branches+service("a", "description: first")+service("b")+service("c")+service("d")))
	server.Add(group("readers", serviceDN("a"), serviceDN("b")) + group("writers", serviceDN("a")))
	for name, more := range map[string]map[string]any{
		"paged": {"pageSize": 2.0}, "syncrepl": {"deltaMode": "syncrepl"}, "modifyTimestamp": {"deltaMode": "modifyTimestamp"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			connectortest.Run(t, connectortest.Harness{
				Factory: ldap.New(),
				Config:  func(*testing.T) connector.Config { return config(server, more) },
				Broken: func(t *testing.T) connector.Config {
					proxy := testenv.FaultyProxy(t, server.Host+":1")
					c := config(server, more)
					c.Attributes["port"] = float64(proxy.Port)
					return c
				},
				WrongSecret: func(*testing.T) connector.Config {
					c := config(server, more)
					c.Secrets["password"] = connector.NewSecret("not-the-password")
					return c
				},
			})
		})
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
