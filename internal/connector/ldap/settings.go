package ldap

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"

	"midgard/internal/connector"
)

// The values of the configuration's enumerations.
const (
	authSimple = "simple"
	authNone   = "none"

	deltaNone      = "none"
	deltaSync      = "syncrepl"
	deltaTimestamp = "modifyTimestamp"

	membershipAuto     = "auto"
	membershipMemberOf = "memberOf"
	membershipGroups   = "groups"
	membershipNone     = "none"
)

// settings are a checked configuration.
type settings struct {
	host     string
	port     int
	tls      *tls.Config // nil: no TLS
	startTLS bool
	bind     bool
	user     string
	password connector.Secret
	timeout  time.Duration

	accounts, groups []base
	memberships      []base // where groups are searched for their members
	memberAttributes []string
	membership       string
	groupsAttribute  string

	binary    map[string]bool // lower case
	pageSize  uint32
	deltaMode string

	revokeAttr, revokeVal string
	writing               writing
}

// base is one place to search.
type base struct {
	dn     string
	filter string
	scope  int
}

func readSettings(config connector.Config) (settings, error) {
	in := &attributes{values: config.Attributes}
	var s settings
	s.readConnection(in, config.Secrets["password"])
	s.readSearches(in)
	s.readMembership(in)
	s.pageSize = uint32(in.number("pageSize", defaultPageSize, 0, 100_000))
	s.deltaMode = readDeltaMode(in)
	s.revokeAttr, s.revokeVal = in.text("revokeAttr", defaultRevokeAttr), in.text("revokeVal", defaultRevokeVal)
	s.readWriting(in)
	s.binary = map[string]bool{}
	for _, name := range in.list("attributesInBinaryFormat") {
		s.binary[attributeKey(name)] = true
	}
	return s, in.err
}

func (s *settings) readConnection(in *attributes, password connector.Secret) {
	s.host = in.text("host", "")
	if s.host == "" {
		in.fail("host", "is required")
	}
	if strings.ContainsAny(s.host, "/ ") || strings.Contains(s.host, ":") && parseAddress(s.host) == nil {
		in.fail("host", "must be a name or an address, without ldap:// in front and without a port")
	}
	useSSL := in.flag("useSSL", false)
	s.startTLS = in.flag("useStartTLS", false)
	if useSSL && s.startTLS {
		in.fail("useStartTLS", "cannot be combined with useSSL")
	}
	usual := 389
	if useSSL {
		usual = 636
	}
	s.port = in.number("port", usual, 1, 65535)
	s.timeout = time.Duration(in.number("timeout", defaultTimeout, 1, 86400)) * time.Second
	s.bind = in.choice("authorizationType", authSimple, authNone) == authSimple
	s.user, s.password = in.text("user", ""), password
	certificates, skip := in.text("caCertificate", ""), in.flag("insecureSkipVerify", false)
	if useSSL || s.startTLS {
		s.tls = tlsConfig(in, s.host, certificates, skip)
	}
	s.checkLogin(in, in.flag("allowPlaintext", false))
}

func (s *settings) checkLogin(in *attributes, allowPlaintext bool) {
	if !s.bind {
		return
	}
	if s.user == "" {
		in.fail("user", `is required unless authorizationType is "none"`)
	}
	// A bind with an empty password succeeds on many servers, as nobody.
	if s.password.Reveal() == "" {
		in.fail("password", `is required unless authorizationType is "none"`)
	}
	if s.tls == nil && !allowPlaintext && !isLoopback(s.host) {
		in.fail("useSSL", "or useStartTLS must be on: the password would cross the network unencrypted (allowPlaintext allows it)")
	}
}

// isLoopback decides by the text alone, since Open does not ask name servers.
func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	address := parseAddress(host)
	return address != nil && address.IsLoopback()
}

// parseAddress returns nil for a name. Version 6 addresses may be in brackets.
func parseAddress(host string) net.IP { return net.ParseIP(strings.Trim(host, "[]")) }

func tlsConfig(in *attributes, host, certificates string, skip bool) *tls.Config {
	config := &tls.Config{ServerName: strings.Trim(host, "[]"), MinVersion: tls.VersionTLS12, InsecureSkipVerify: skip}
	if certificates == "" {
		return config
	}
	config.RootCAs = x509.NewCertPool()
	if !config.RootCAs.AppendCertsFromPEM([]byte(certificates)) {
		in.fail("caCertificate", "holds no certificate in PEM form")
	}
	return config
}

func (s *settings) address() string {
	return net.JoinHostPort(strings.Trim(s.host, "[]"), strconv.Itoa(s.port))
}

func (s *settings) readSearches(in *attributes) {
	if single := in.text("searchDN", ""); single != "" {
		s.accounts = []base{{single, defaultAccountFilter, ldap.ScopeWholeSubtree}}
		in.checkDN("searchDN", single)
	}
	if tables := in.tables("searchDNs"); len(tables) > 0 {
		s.accounts = nil
		for _, table := range tables {
			s.accounts = append(s.accounts, in.base("searchDNs", table, defaultAccountFilter))
		}
	}
	if len(s.accounts) == 0 {
		in.fail("searchDN", "is required unless searchDNs is given")
	}
	for _, table := range in.tables("group.searchDNs") {
		s.groups = append(s.groups, in.base("group.searchDNs", table, defaultGroupFilter))
	}
	if len(s.groups) == 0 {
		for _, b := range s.accounts {
			s.groups = appendBase(s.groups, base{b.dn, defaultGroupFilter, b.scope})
		}
	}
}

func (s *settings) readMembership(in *attributes) {
	s.groupsAttribute = in.text("groupEntitlementAttr", defaultGroupsAttribute)
	s.membership = in.choice("groupMembership", membershipAuto, membershipMemberOf, membershipGroups, membershipNone)
	s.memberAttributes = []string{"member", "uniqueMember", attrMemberUID}
	if name := in.text("groupMemberAttribute", ""); name != "" {
		s.memberAttributes = []string{name}
	}
	for _, table := range in.tables("searchDNs") {
		place := &attributes{values: table}
		dn, filter := place.text("groupMembershipSearchDN", ""), place.text("groupMemberFilterString", "")
		if place.err != nil {
			in.fail("searchDNs", "must have texts for groupMembershipSearchDN and groupMemberFilterString")
			return
		}
		if dn == "" && filter == "" {
			continue
		}
		in.checkDN("searchDNs", dn)
		s.memberships = append(s.memberships, s.membershipBases(dn, in.filter("searchDNs", filter, defaultGroupFilter))...)
	}
	if len(s.memberships) == 0 {
		s.memberships = s.groups
	}
}

// membershipBases applies the filter to the one place named or, when none is, to all places of groups.
func (s *settings) membershipBases(dn, filter string) []base {
	if dn != "" {
		return []base{{dn, filter, ldap.ScopeWholeSubtree}}
	}
	var bases []base
	for _, b := range s.groups {
		bases = append(bases, base{b.dn, filter, b.scope})
	}
	return bases
}

func appendBase(bases []base, added base) []base {
	for _, b := range bases {
		if b == added {
			return bases
		}
	}
	return append(bases, added)
}

func readDeltaMode(in *attributes) string {
	named := in.text("deltaMode", "") != ""
	mode := in.choice("deltaMode", deltaSync, deltaTimestamp, deltaNone)
	if !in.flag("deltaAggregationEnabled", named) {
		return deltaNone
	}
	return mode
}

// base reads one element of a list of places.
func (a *attributes) base(field string, table map[string]any, defaultFilter string) base {
	place := &attributes{values: table}
	b := base{dn: place.text("searchDN", "")}
	scope := place.choice("searchScope", "SUBTREE", "ONELEVEL", "BASE")
	filter := place.text("iterateSearchFilter", "")
	if place.err != nil {
		a.fail(field, "has an element whose %s", place.err)
		return b
	}
	if b.dn == "" {
		a.fail(field, "has an element without searchDN")
	}
	a.checkDN(field, b.dn)
	b.filter = a.filter(field, filter, defaultFilter)
	b.scope = map[string]int{"SUBTREE": ldap.ScopeWholeSubtree, "ONELEVEL": ldap.ScopeSingleLevel, "BASE": ldap.ScopeBaseObject}[scope]
	return b
}

func (a *attributes) checkDN(field, dn string) {
	if _, err := ldap.ParseDN(dn); err != nil {
		a.fail(field, "holds %q, which is no distinguished name", dn)
	}
}

// filter checks a search filter and adds the outer parentheses that people leave out.
func (a *attributes) filter(field, filter, absent string) string {
	if filter == "" {
		return absent
	}
	if !strings.HasPrefix(filter, "(") {
		filter = fmt.Sprintf("(%s)", filter)
	}
	if _, err := ldap.CompileFilter(filter); err != nil {
		a.fail(field, "holds the search filter %q, which cannot be read: %v", filter, err)
	}
	return filter
}
