package ldap

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-ldap/ldap/v3"

	"midgard/internal/connector"
)

// Attributes with a meaning of their own.
const (
	attrDN              = "dn" // not an attribute: the name of the entry
	attrUUID            = "entryUUID"
	attrUID             = "uid"
	attrMemberOf        = "memberOf"
	attrMemberUID       = "memberUid"
	attrModifyTimestamp = "modifyTimestamp"
	attrLockedTime      = "pwdAccountLockedTime"
	attrAccountLock     = "nsAccountLock"

	// lockedByAdministrator is the value of pwdAccountLockedTime that only an administrator can lift; others are the time
	// since which wrong passwords keep an account locked.
	lockedByAdministrator = "000001010000Z"
)

// attributeKey folds an attribute description; the option ";binary" is about the transfer, not about the attribute.
func attributeKey(name string) string {
	return strings.TrimSuffix(strings.ToLower(name), ";binary")
}

// translator makes objects of one type from entries, by one schema.
type translator struct {
	objectType string
	identity   string // attribute key; "" for the distinguished name
	display    string // attribute key
	attributes []wanted
	groups     string // schema attribute for the groups; "" for none
	revokeAttr string // attribute key
	revokeVal  string
	inverted   bool     // revokeVal means enabled
	request    []string // what to ask the server for
}

// wanted is a schema attribute that the server is asked for.
type wanted struct {
	name   string
	key    string
	kind   string
	multi  bool
	binary bool
}

func (s *settings) translator(objectType string, schema connector.Schema) *translator {
	t := &translator{
		objectType: objectType, display: attributeKey(schema.DisplayAttribute),
		revokeAttr: attributeKey(s.revokeAttr), revokeVal: s.revokeVal, inverted: s.writing.revoke.action == actionRemove,
	}
	if key := attributeKey(schema.IdentityAttribute); key != "" && key != attrDN {
		t.identity = key
		t.request = append(t.request, schema.IdentityAttribute)
	}
	t.request = append(t.request, attrUUID, schema.DisplayAttribute)
	if objectType == connector.TypeAccount {
		t.groups = s.groupsIn(schema)
		t.request = append(t.request, attrLockedTime, attrAccountLock, s.revokeAttr)
	}
	for _, a := range schema.Attributes {
		key := attributeKey(a.Name)
		if a.Name == t.groups || holdsSecrets(key) {
			continue
		}
		t.attributes = append(t.attributes, wanted{a.Name, key, a.Type, a.Multi, s.binary[key]})
		t.request = append(t.request, a.Name)
	}
	if t.groups != "" {
		t.request = append(t.request, s.membershipAttributes()...)
	}
	t.request = distinct(t.request)
	return t
}

// groupsIn names the schema attribute that receives the groups: the configured one or, when the schema lacks it, the
// first one marked as holding groups.
func (s *settings) groupsIn(schema connector.Schema) string {
	first := ""
	for _, a := range schema.Attributes {
		if strings.EqualFold(a.Name, s.groupsAttribute) {
			return a.Name
		}
		if a.Group && first == "" {
			first = a.Name
		}
	}
	return first
}

// holdsSecrets recognises attributes that no inventory may hold, whatever a schema says.
func holdsSecrets(key string) bool {
	switch key {
	case "userpkcs12", "krbprincipalkey", "krbextradata", "ipanthash", "pwdhistory":
		return true
	}
	return strings.Contains(key, "password") || strings.Contains(key, "secret")
}

// distinct returns what to ask the server for: each attribute once, and no name of the entry, which comes unasked.
func distinct(names []string) []string {
	seen := map[string]bool{"": true, attrDN: true}
	return slices.DeleteFunc(names, func(name string) bool {
		key := strings.ToLower(name)
		repeated := seen[key]
		seen[key] = true
		return repeated
	})
}

// entry is a directory entry with its attributes by key.
type entry struct {
	*ldap.Entry
	byKey map[string]*ldap.EntryAttribute
}

func indexed(e *ldap.Entry) entry {
	byKey := make(map[string]*ldap.EntryAttribute, len(e.Attributes))
	for _, a := range e.Attributes {
		byKey[attributeKey(a.Name)] = a
	}
	return entry{e, byKey}
}

// texts returns the values of an attribute, nil when there is none.
func (e entry) texts(key string) []string {
	if a := e.byKey[key]; a != nil {
		return a.Values
	}
	return nil
}

// has says whether the attribute has the value, in any case.
func (e entry) has(key, value string) bool {
	return slices.ContainsFunc(e.texts(key), func(text string) bool { return strings.EqualFold(text, value) })
}

var errNoIdentity = errors.New("the entry has no value of the identity attribute")

// object translates an entry, but for its groups. A value-less identity attribute is an error.
func (t *translator) object(e entry) (connector.Object, error) {
	object := connector.Object{Type: t.objectType, Identity: clean(e.DN), Attributes: make(map[string]any, len(t.attributes)+1)}
	if t.identity != "" {
		if object.Identity = e.single(t.identity); object.Identity == "" {
			return object, fmt.Errorf("%w %q", errNoIdentity, t.identity)
		}
	}
	if uuids := e.texts(attributeKey(attrUUID)); len(uuids) > 0 {
		object.UUID = strings.ToLower(uuids[0])
	}
	object.Name = t.displayName(e)
	for _, a := range t.attributes {
		if value := a.value(e); value != nil {
			object.Attributes[a.name] = value
		}
	}
	if t.objectType == connector.TypeAccount {
		object.Disabled, object.Locked = t.state(e)
	}
	return object, nil
}

// displayName falls back from the display attribute to cn, uid and the naming value: an account entry without cn is usual.
func (t *translator) displayName(e entry) string {
	if t.display == attrDN {
		return clean(e.DN)
	}
	for _, key := range []string{t.display, "cn", attrUID} {
		if name := e.single(key); name != "" {
			return name
		}
	}
	return clean(namingValue(e.DN, ""))
}

// state tells whether the account is disabled and whether it is locked.
func (t *translator) state(e entry) (disabled, locked bool) {
	disabled = e.has(t.revokeAttr, t.revokeVal) != t.inverted || e.has(attributeKey(attrAccountLock), "true")
	for _, since := range e.texts(attributeKey(attrLockedTime)) {
		if since == lockedByAdministrator {
			disabled = true
		} else {
			locked = true
		}
	}
	return disabled, locked
}

// single returns one value: the one in the entry's name if the attribute names the entry, else the first.
func (e entry) single(key string) string {
	values := e.texts(key)
	if len(values) == 0 {
		return ""
	}
	if len(values) > 1 {
		if naming := namingValue(e.DN, key); slices.Contains(values, naming) {
			return clean(naming)
		}
	}
	return clean(values[0])
}

// value is the attribute's value as the schema types it; nil when the entry has none. Values of a multi-valued attribute
// are sorted: directories do not keep their order, and a new order is no change.
func (w wanted) value(e entry) any {
	if w.key == attrDN {
		return clean(e.DN)
	}
	a := e.byKey[w.key]
	if a == nil || len(a.ByteValues) == 0 {
		return nil
	}
	if w.binary {
		return w.encoded(a.ByteValues)
	}
	if !w.multi {
		return typed(e.single(w.key), w.kind)
	}
	values := make([]string, len(a.Values))
	for i, value := range a.Values {
		values[i] = clean(value)
	}
	slices.Sort(values)
	return slices.Compact(values)
}

func (w wanted) encoded(values [][]byte) any {
	if !w.multi {
		return base64.StdEncoding.EncodeToString(values[0])
	}
	texts := make([]string, len(values))
	for i, value := range values {
		texts[i] = base64.StdEncoding.EncodeToString(value)
	}
	slices.Sort(texts)
	return slices.Compact(texts)
}

// clean returns text as it is, and base64 of what is no text: databases and JSON take neither broken UTF-8 nor NUL.
func clean(value string) string {
	if utf8.ValidString(value) && !strings.ContainsRune(value, 0) {
		return value
	}
	return base64.StdEncoding.EncodeToString([]byte(value))
}

// typed converts a value to what the schema announces, nil when it does not fit.
func typed(value, kind string) any {
	switch kind {
	case "INT", "LONG":
		if number, err := strconv.ParseInt(value, 10, 64); err == nil {
			return number
		}
		return nil
	case "BOOLEAN":
		return strings.EqualFold(value, "true")
	case "DATE":
		if at, err := parseTime(value); err == nil {
			return at.UTC().Format("2006-01-02T15:04:05.000Z")
		}
	}
	return value
}

// parseTime reads GeneralizedTime as servers write it: seconds and their fractions may be absent, the zone is Z or an offset.
func parseTime(value string) (time.Time, error) {
	var first error
	for _, layout := range []string{"20060102150405Z0700", "200601021504Z0700"} {
		at, err := time.Parse(layout, value) // accepts a fraction after the seconds
		if err == nil {
			return at, nil
		}
		if first == nil {
			first = err
		}
	}
	return time.Time{}, first
}
