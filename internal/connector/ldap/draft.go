package ldap

import (
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"midgard/internal/connector"
)

// draft is an entry to make.
type draft struct {
	dn         string
	identity   string // value of the schema's identity attribute where that is not the name
	attributes []ldap.Attribute
	classes    []string
	password   connector.Secret
}

func (s *source) draft(request connector.CreateRequest) (*draft, error) {
	d := &draft{password: request.Password, classes: s.settings.writing.classes}
	wanted := request.Identity
	for _, name := range slices.Sorted(maps.Keys(request.Attributes)) {
		values, err := s.wire(name, request.Attributes[name])
		switch key := attributeKey(name); {
		case err != nil:
			return nil, err
		case len(values) == 0:
		case key == attrDN && isNamed(s.account):
			wanted = cmp.Or(wanted, values[0])
		case key == attrDN:
			d.dn = values[0]
		case key == "objectclass":
			d.classes = values
		default:
			if err := s.mayChange(name); err != nil {
				return nil, err
			}
			d.attributes = append(d.attributes, ldap.Attribute{Type: name, Vals: values})
		}
	}
	if err := s.name(d, wanted, request.Name); err != nil {
		return nil, err
	}
	d.fill()
	if d.password.Reveal() != "" && !s.settings.writing.confidential {
		return nil, fmt.Errorf("password: %w: %w", connector.ErrRefused, errPlaintext)
	}
	return d, nil
}

var (
	errNameless = errors.New("the account has neither a name nor the attribute that names accounts")
	errConflict = errors.New("the name of the entry has another value")
)

// name settles the distinguished name. A name made here has its value escaped (RFC 4514): whatever it holds, it stays one
// value below the configured parent.
func (s *source) name(d *draft, wanted, name string) error {
	naming := s.settings.writing.naming
	if isNamed(s.account) {
		d.dn = cmp.Or(wanted, d.dn)
	} else {
		d.add(s.account.IdentityAttribute, wanted)
	}
	if d.dn == "" {
		plain, err := s.wire(naming, name)
		if err != nil {
			return err
		}
		if len(plain) > 0 {
			d.add(naming, plain[0])
		}
		if len(d.values(naming)) == 0 {
			return fmt.Errorf("%w: %w (%s)", connector.ErrRefused, errNameless, naming)
		}
		d.dn = naming + "=" + ldap.EscapeDN(d.values(naming)[0]) + "," + s.settings.writing.parent
	}
	if !isNamed(s.account) {
		if d.identity = cmp.Or(slices.Concat(d.values(s.account.IdentityAttribute), []string{""})...); d.identity == "" {
			return fmt.Errorf("%w: %w (%s)", connector.ErrRefused, errNameless, s.account.IdentityAttribute)
		}
	}
	return s.settle(d)
}

// settle checks the name and gives the entry the attributes that its name has.
func (s *source) settle(d *draft) error {
	parsed, err := ldap.ParseDN(d.dn)
	if err != nil || len(parsed.RDNs) == 0 {
		return fmt.Errorf("name %q: %w: %w", d.dn, connector.ErrRefused, errNoName)
	}
	if !s.settings.holdsAccounts(d.dn) {
		return fmt.Errorf("name %q: %w: accounts are not searched there", d.dn, connector.ErrRefused)
	}
	for _, part := range parsed.RDNs[0].Attributes {
		d.add(part.Type, part.Value)
		if !containsFold(d.values(part.Type), part.Value) {
			return fmt.Errorf("attribute %q: %w: %w, %q", part.Type, connector.ErrRefused, errConflict, part.Value)
		}
	}
	return nil
}

// add sets an attribute that the draft has not.
func (d *draft) add(name, value string) {
	if value != "" && len(d.values(name)) == 0 {
		d.attributes = append(d.attributes, ldap.Attribute{Type: name, Vals: []string{value}})
	}
}

func (d *draft) values(name string) []string {
	for _, a := range d.attributes {
		if attributeKey(a.Type) == attributeKey(name) {
			return a.Vals
		}
	}
	return nil
}

// demanded are attributes that common classes demand and that the name of the account can stand for.
var demanded = map[string][]string{
	"person": {"cn", "sn"}, "organizationalperson": {"cn", "sn"}, "inetorgperson": {"cn", "sn"},
	"account": {attrUID}, "posixaccount": {attrUID, "cn"}, "applicationprocess": {"cn"},
}

// fill completes what the object classes demand. One of them demands a password: it gets one that nobody knows until, and
// unless, the right one is set, so that the server hashes it.
func (d *draft) fill() {
	name := namingValue(d.dn, "")
	for _, class := range d.classes {
		for _, attribute := range demanded[strings.ToLower(class)] {
			d.add(attribute, name)
		}
	}
	if containsFold(d.classes, "simpleSecurityObject") && d.password.Reveal() == "" {
		d.password = connector.NewSecret(unknownPassword())
	}
}

// unknownPassword has all kinds of characters that policies ask for.
func unknownPassword() string { return rand.Text() + "-" + strings.ToLower(rand.Text()) + "7" }

func (d *draft) request() *ldap.AddRequest {
	request := ldap.NewAddRequest(d.dn, nil)
	request.Attribute("objectClass", d.classes)
	request.Attributes = append(request.Attributes, d.attributes...)
	if containsFold(d.classes, "simpleSecurityObject") {
		request.Attribute("userPassword", []string{unknownPassword()})
	}
	return request
}

func (d *draft) names() []string {
	names := make([]string, len(d.attributes))
	for i, a := range d.attributes {
		names[i] = a.Type
	}
	return names
}

// differs lists the attributes of which the entry lacks a value asked for.
func (d *draft) differs(e entry) []string {
	var names []string
	for _, a := range append(d.attributes, ldap.Attribute{Type: "objectClass", Vals: d.classes}) {
		present := e.texts(attributeKey(a.Type))
		lacks := slices.ContainsFunc(a.Vals, func(value string) bool {
			return !slices.ContainsFunc(present, func(v string) bool { return strings.EqualFold(v, value) || nameKey(v) == nameKey(value) })
		})
		if lacks {
			names = append(names, a.Type)
		}
	}
	return names
}
