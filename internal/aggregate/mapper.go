package aggregate

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"midgard/internal/governance"
	"midgard/internal/transform"
)

// mapper applies the mappings of one source, compiled once. It implements governance.Mapper. It works on one account at a
// time and must not be shared by goroutines.
type mapper struct {
	rules    *rules
	source   governance.Reference
	subtypes map[string]governance.Subtype // by folded technical name
	owners   []compiledMapping
	values   []compiledMapping
	now      func() time.Time

	// of the account that is being mapped
	ctx     context.Context
	account *governance.Account
	read    func(name string) []string
	people  governance.People
	context transform.Context
}

type compiledMapping struct {
	target    governance.MappingTarget
	transform *transform.Transform
}

// compileMappings makes the set ready for a run. find gives the definitions of transforms by name. path names a part of the
// mapping with an index in errors.
func compileMappings(set []governance.AttributeMapping, find findTransform, path func(i int, part string) string) (owners, values []compiledMapping, err error) {
	for i, m := range set {
		t, err := transform.Compile(m.TransformDefinition, find)
		if err != nil {
			return nil, nil, at(err, path(i, "transformDefinition"))
		}
		c := compiledMapping{m.Target, t}
		switch m.Target.Type {
		case governance.TargetOwnerIdentity, governance.TargetOwnerAccount:
			owners = append(owners, c)
		default:
			values = append(values, c)
		}
	}
	return owners, values, nil
}

// at puts the place of a definition before the field that an error names.
func at(err error, place string) error {
	var e *governance.Error
	if !errors.As(err, &e) {
		return err
	}
	field := place
	if e.Field != "" {
		field += "." + e.Field
	}
	return governance.Because(err, e.Kind, field, "%s (in %s)", e.Text, field)
}

// OwnerKeys implements governance.Mapper. Without mappings of owners it is what the source's own attribute says.
func (m *mapper) OwnerKeys(a *governance.Account) []string {
	m.begin(context.Background(), a, nil)
	if len(m.owners) == 0 {
		if key := m.rules.ownerKeyOf(m.text); key != "" {
			return []string{key}
		}
		return nil
	}
	var keys []string
	failed := false
	for _, o := range m.owners {
		v, err := o.transform.Eval(&m.context, transform.Null())
		if err == nil && v.Text != "" {
			keys = append(keys, governance.OwnerKey(o.target, v.Text))
		}
		failed = failed || err != nil
	}
	if len(keys) == 0 && failed && a.OwnerKey != "" { // as it was
		return []string{a.OwnerKey}
	}
	return keys
}

// Map implements governance.Mapper.
func (m *mapper) Map(ctx context.Context, a *governance.Account, people governance.People) ([]string, error) {
	m.begin(ctx, a, people)
	o := outcome{mapper: m, old: governance.Mapped{}, is: governance.Mapped{Account: map[string]string{}, Identity: map[string]string{}}}
	if a.Mapped != nil {
		o.old = *a.Mapped
	}
	o.description = governance.Cut(m.text(attrDescription), governance.MaxDescription)
	o.environment = governance.Cut(m.text(attrEnvironment), governance.MaxName)
	o.problems = m.ownerProblems()
	for i := range m.values {
		if err := o.add(&m.values[i]); err != nil {
			return nil, err
		}
	}
	o.write(a)
	return o.problems, nil
}

// ownerProblems tells why mappings of owners gave nothing.
func (m *mapper) ownerProblems() []string {
	var problems []string
	for _, o := range m.owners {
		if _, err := o.transform.Eval(&m.context, transform.Null()); err != nil {
			problems = append(problems, problem(o.target, err))
		}
	}
	return problems
}

func problem(target governance.MappingTarget, err error) string {
	return fmt.Sprintf("%s: %s", target, words(err))
}

// words are what an error says to people.
func words(err error) string {
	var e *governance.Error
	if errors.As(err, &e) {
		return e.Text
	}
	return err.Error()
}

// begin points the mapper at an account.
func (m *mapper) begin(ctx context.Context, a *governance.Account, people governance.People) {
	m.ctx, m.account, m.people, m.read = ctx, a, people, a.ConnectorValues()
	m.context.Now = m.now()
	m.context.AccountAttribute, m.context.IdentityAttribute = m.accountAttribute, m.identityAttribute
}

// text gives the first value of an attribute of the account.
func (m *mapper) text(name string) string {
	if list := m.read(name); len(list) > 0 {
		return list[0]
	}
	return ""
}

// accountAttribute reads the account itself, or an account that its owner has on another source.
func (m *mapper) accountAttribute(q transform.AccountQuery) (transform.Value, error) {
	if q.SourceID == m.source.ID || strings.EqualFold(q.SourceName, m.source.Name) || strings.EqualFold(q.ApplicationName, m.source.Name) {
		if list := m.read(q.Attribute); len(list) > 0 {
			return transform.Text(list[0]), nil
		}
		return transform.Null(), nil
	}
	if m.people == nil || !m.account.Owner.Set() {
		return transform.Null(), nil
	}
	source := q.SourceID + q.SourceName + q.ApplicationName // one of them is set
	list, err := m.people.PersonAccounts(m.ctx, m.account.Owner.ID, source)
	if err != nil {
		return transform.Null(), &storeError{err}
	}
	candidates := make([]transform.Account, len(list))
	for i := range list {
		a := &list[i]
		candidates[i] = transform.Account{
			NativeIdentity: a.NativeIdentity, DisplayName: a.Name, HasEntitlements: a.HasEntitlements, Created: a.Created, Attribute: a.ConnectorValues(),
		}
	}
	return q.Pick(candidates), nil
}

// identityAttribute reads the owner.
func (m *mapper) identityAttribute(name string) (transform.Value, error) {
	if m.people == nil || !m.account.Owner.Set() {
		return transform.Null(), nil
	}
	value, ok, err := m.people.PersonAttribute(m.ctx, m.account.Owner.ID, name)
	if err != nil {
		return transform.Null(), &storeError{err}
	}
	return transform.Value{Text: value, Valid: ok}, nil
}

// outcome collects what the mappings make of one account.
type outcome struct {
	*mapper
	old, is                  governance.Mapped
	description, environment string
	problems                 []string
}

// add evaluates one mapping. A mapping that fails leaves its target as it was.
func (o *outcome) add(c *compiledMapping) error {
	v, err := c.transform.Eval(&o.context, transform.Null())
	var ours *storeError
	if errors.As(err, &ours) {
		return ours.err
	}
	if err == nil {
		err = o.set(c.target, strings.TrimSpace(v.Text))
	}
	if err != nil {
		o.problems = append(o.problems, problem(c.target, err))
		o.keep(c.target)
	}
	return nil
}

func (o *outcome) set(target governance.MappingTarget, value string) error {
	if n := utf8.RuneCountInString(value); n > limitOf(target) {
		return fmt.Errorf("the value has %d characters; at most %d are allowed", n, limitOf(target))
	}
	switch {
	case target.CorrelatesIdentity():
		o.is.NativeIdentity = value
	case target.Type == governance.TargetIdentity:
		return o.setIdentity(target.AttributeName, value)
	case target.AttributeName == governance.AttributeDescription:
		o.description = value
	case target.AttributeName == governance.AttributeEnvironment:
		o.environment = value
	case value == "":
	case target.AttributeName == governance.AttributeSubtype:
		return o.setSubtype(value)
	default:
		o.is.Account[target.AttributeName] = value
	}
	return nil
}

func (o *outcome) setSubtype(name string) error {
	subtype, known := o.subtypes[strings.ToLower(name)]
	if !known {
		return fmt.Errorf("the source has no subtype with the technical name %q", name)
	}
	o.is.Account[governance.AttributeSubtype] = subtype.TechnicalName
	return nil
}

func (o *outcome) setIdentity(name, value string) error {
	if value == "" {
		return nil
	}
	if name == governance.AttributeSubtype {
		for _, known := range []string{governance.SubtypeApplication, governance.SubtypeAgent} {
			if strings.EqualFold(known, value) {
				o.is.Identity[name] = known
				return nil
			}
		}
		return fmt.Errorf("a machine identity's subtype is %q or %q, not %q", governance.SubtypeApplication, governance.SubtypeAgent, value)
	}
	o.is.Identity[name] = value
	return nil
}

func limitOf(target governance.MappingTarget) int {
	switch {
	case target.CorrelatesIdentity():
		return governance.MaxNativeIdentity
	case target.AttributeName == governance.AttributeDescription:
		return governance.MaxDescription
	case target.AttributeName == governance.AttributeEnvironment, target.AttributeName == governance.AttributeName, target.AttributeName == governance.AttributeSubtype:
		return governance.MaxName
	}
	return governance.MaxMappedValue
}

// keep leaves a target what it had. A subtype that is not known is none: it could not be shown.
func (o *outcome) keep(target governance.MappingTarget) {
	name := target.AttributeName
	switch {
	case target.CorrelatesIdentity():
		o.is.NativeIdentity = o.old.NativeIdentity
	case target.Type == governance.TargetIdentity:
		carry(o.is.Identity, o.old.Identity, name)
	case name == governance.AttributeDescription:
		o.description = o.account.Description
	case name == governance.AttributeEnvironment:
		o.environment = o.account.Environment
	case name != governance.AttributeSubtype:
		carry(o.is.Account, o.old.Account, name)
	}
}

func carry(to, from map[string]string, name string) {
	if value, had := from[name]; had {
		to[name] = value
	}
}

// write gives the account what the mappings made, but for what a person has entered.
func (o *outcome) write(a *governance.Account) {
	if !a.ManuallyEdited {
		a.Description, a.Environment = o.description, o.environment
	}
	a.Take(o.is)
}
