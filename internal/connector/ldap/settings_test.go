package ldap_test

import (
	"errors"
	"testing"

	"midgard/internal/connector"
	"midgard/internal/connector/ldap"
)

func TestOpenRefusesWhatCannotWork(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		more  map[string]any
		field string
	}{
		{"password in the clear", map[string]any{"host": "ldap.example.test"}, "useSSL"},
		{"address of another machine", map[string]any{"host": "192.0.2.7"}, "useSSL"},
		{"both ways of TLS", map[string]any{"useSSL": true, "useStartTLS": true}, "useStartTLS"},
		{"address with a scheme", map[string]any{"host": "ldap://localhost"}, "host"},
		{"address with a port", map[string]any{"host": "localhost:389"}, "host"},
		{"port out of range", map[string]any{"port": 70000.0}, "port"},
		{"port with a fraction", map[string]any{"port": 389.5}, "port"},
		{"port that is no number", map[string]any{"port": "ldap"}, "port"},
		{"timeout of nothing", map[string]any{"timeout": 0.0}, "timeout"},
		{"certificate that is none", map[string]any{"useSSL": true, "caCertificate": "hello"}, "caCertificate"},
		{"no user", map[string]any{"user": ""}, "user"},
		{"unknown authorization", map[string]any{"authorizationType": "kerberos"}, "authorizationType"},
		{"no place", map[string]any{"searchDN": nil}, "searchDN"},
		{"place that is no name", map[string]any{"searchDN": "people"}, "searchDN"},
		{"list of places that is none", map[string]any{"searchDNs": "ou=x"}, "searchDNs"},
		{"place without a name", map[string]any{"searchDNs": []any{map[string]any{"searchScope": "BASE"}}}, "searchDNs"},
		{"place that is a number", map[string]any{"searchDNs": []any{7.0}}, "searchDNs"},
		{"unknown scope", map[string]any{"searchDNs": []any{map[string]any{"searchDN": "ou=x", "searchScope": "ALL"}}}, "searchDNs"},
		{"filter that ends early", map[string]any{"searchDNs": []any{map[string]any{"searchDN": "ou=x", "iterateSearchFilter": "(&(a=b)"}}}, "searchDNs"},
		{"group filter that is a number", map[string]any{"searchDNs": []any{map[string]any{"searchDN": "ou=x", "groupMemberFilterString": 7.0}}}, "searchDNs"},
		{"group place that is no name", map[string]any{"group.searchDNs": []any{"groups"}}, "group.searchDNs"},
		{"page of a fraction", map[string]any{"pageSize": 1.5}, "pageSize"},
		{"unknown delta mode", map[string]any{"deltaMode": "guess"}, "deltaMode"},
		{"unknown membership", map[string]any{"groupMembership": "guess"}, "groupMembership"},
		{"flag that is a word", map[string]any{"useSSL": "perhaps"}, "useSSL"},
		{"parent that is no name", map[string]any{"createParentDN": "services"}, "createParentDN"},
		{"naming attribute that is a filter", map[string]any{"createNamingAttribute": "uid=*)(cn"}, "createNamingAttribute"},
		{"placeholder that is no name", map[string]any{"groupPlaceholderMember": "nobody"}, "groupPlaceholderMember"},
		{"unknown way to disable", map[string]any{"revokeAction": "delete"}, "revokeAction"},
		{"attribute to disable that is none", map[string]any{"revokeAttr": "a b"}, "revokeAttr"},
		{"enabling that disables", map[string]any{"restoreAction": "replace"}, "restoreVal"},
		{"disabling that enables", map[string]any{"revokeAction": "remove", "restoreAction": "remove"}, "restoreVal"},
		{"list of numbers", map[string]any{"attributesInBinaryFormat": []any{1.0}}, "attributesInBinaryFormat"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := ldap.New().Open(minimal(c.more))
			var wrong *connector.ConfigError
			if !errors.As(err, &wrong) || wrong.Field != c.field {
				t.Errorf("error is %v, want a ConfigError about %s", err, c.field)
			}
		})
	}
	t.Run("no password", func(t *testing.T) {
		t.Parallel()
		c := minimal(nil)
		c.Secrets = nil
		var wrong *connector.ConfigError
		if _, err := ldap.New().Open(c); !errors.As(err, &wrong) || wrong.Field != "password" {
			t.Errorf("error is %v", err)
		}
	})
}

func TestOpenAccepts(t *testing.T) {
	t.Parallel()
	for name, more := range map[string]map[string]any{
		"loopback in the clear":     nil,
		"version 6 loopback":        {"host": "[::1]"},
		"LDAPS":                     {"host": "ldap.example.test", "useSSL": "true", "port": "636"},
		"StartTLS":                  {"host": "ldap.example.test", "useStartTLS": true},
		"the named switch":          {"host": "ldap.example.test", "allowPlaintext": true},
		"nobody over the network":   {"host": "ldap.example.test", "authorizationType": "NONE", "user": nil},
		"mode in any case":          {"deltaMode": "SyncRepl"},
		"filter without its ends":   {"searchDNs": []any{map[string]any{"searchDN": "ou=x", "iterateSearchFilter": "uid=*"}}},
		"the root as a place":       {"searchDN": nil, "searchDNs": []any{"dc=test"}},
		"groups of one filter only": {"searchDNs": []any{map[string]any{"searchDN": "ou=x", "groupMemberFilterString": "cn=*"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := ldap.New().Open(minimal(more)); err != nil {
				t.Error(err)
			}
		})
	}
}

func minimal(more map[string]any) connector.Config {
	c := connector.Config{
		Attributes: map[string]any{"host": "localhost", "user": "cn=x", "searchDN": "dc=test"},
		Secrets:    map[string]connector.Secret{"password": connector.NewSecret("x")},
	}
	for name, value := range more {
		c.Attributes[name] = value
	}
	return c
}
