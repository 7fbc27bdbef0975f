// Package builtin knows every connector that the program brings along. It is the only package that imports them all.
package builtin

import (
	"midgard/internal/connector"
	"midgard/internal/connector/delimited"
	"midgard/internal/connector/ldap"
	"midgard/internal/connector/local"
)

// aliases are further names by which a source may ask for a connector; a stored source keeps the name it was made with.
var aliases = map[string]string{"ldap": ldap.Name}

// Connectors returns the factories by the name that a source's "connector" field holds: the one in their Spec, and the
// aliases. Each call makes a new map.
func Connectors() map[string]connector.Factory {
	all := map[string]connector.Factory{}
	for _, factory := range []connector.Factory{delimited.New(), ldap.New(), local.New()} {
		all[factory.Spec().Connector] = factory
	}
	for alias, name := range aliases {
		all[alias] = all[name]
	}
	return all
}
