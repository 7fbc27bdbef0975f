package ldap

import (
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"
)

// nameKey maps all spellings of one distinguished name to one text: names compare without regard to case, to escapes, to
// spaces around and repeated within values, and to the order within a relative name. What is no name is only folded.
func nameKey(dn string) string {
	keys, isName := relativeKeys(dn)
	if !isName {
		return strings.ToLower(dn)
	}
	var key strings.Builder
	for _, relative := range keys {
		key.WriteString(relative)
		key.WriteByte(2)
	}
	return key.String()
}

// relativeKeys is nameKey for each relative name, the entry's own first.
func relativeKeys(dn string) (keys []string, isName bool) {
	parsed, err := ldap.ParseDN(dn)
	if err != nil {
		return nil, false
	}
	for _, relative := range parsed.RDNs {
		parts := make([]string, len(relative.Attributes))
		for i, a := range relative.Attributes {
			parts[i] = strings.ToLower(a.Type) + "\x00" + strings.Join(strings.Fields(strings.ToLower(a.Value)), " ") + "\x01"
		}
		slices.Sort(parts)
		keys = append(keys, strings.Join(parts, ""))
	}
	return keys, true
}

// namingValue returns the value that the last relative name of the entry gives to the attribute, or to any attribute when
// the name is empty; "" when it gives none.
func namingValue(dn, attribute string) string {
	parsed, err := ldap.ParseDN(dn)
	if err != nil || len(parsed.RDNs) == 0 {
		return ""
	}
	for _, a := range parsed.RDNs[0].Attributes {
		if attribute == "" || strings.EqualFold(a.Type, attribute) {
			return a.Value
		}
	}
	return ""
}
