package transform

import (
	"fmt"
	"strings"
)

// utilityRule is the only rule: rules are programs on the reference platform, and this one comes with it.
const utilityRule = "Cloud Services Deployment Utility"

// operations are what the utility rule can do.
var operations = map[string]func(a *attributes) operation{
	"generateRandomString":          buildGenerateRandomString,
	"getEndOfString":                buildGetEndOfString,
	"getReferenceIdentityAttribute": buildGetReferenceIdentityAttribute,
}

func buildRule(a *attributes) operation {
	name := a.text("name")
	if a.err == nil && name != utilityRule {
		a.illegal("name", "there is no rule %s; only %q can be used", shown(Text(name)), utilityRule)
	}
	wanted := a.text("operation")
	build := operations[wanted]
	if a.err == nil && build == nil {
		a.illegal("operation", "the rule has no operation %s; use generateRandomString, getEndOfString or getReferenceIdentityAttribute", shown(Text(wanted)))
	}
	if a.err != nil {
		return nil
	}
	return build(a)
}

func buildGenerateRandomString(a *attributes) operation {
	a.c.needs.fresh = true
	a.need("includeNumbers")
	a.need("includeSpecialChars")
	alphabet := letters
	if a.boolean("includeNumbers", false) {
		alphabet += digits
	}
	if a.boolean("includeSpecialChars", false) {
		alphabet += specials
	}
	return random{alphabet, a.whole("length", 1, MaxRandom)}
}

// endOfString is the last characters of its input, null when it has fewer.
type endOfString struct{ count number }

func buildGetEndOfString(a *attributes) operation {
	return &endOfString{a.number("numChars", 0, MaxText)}
}

func (t *endOfString) apply(r *run, in Value) (Value, error) {
	count, err := t.count.of(r, in)
	if err != nil || !in.Valid {
		return Null(), err
	}
	has := length(in.Text)
	if count > has {
		return Null(), nil
	}
	return Text(in.Text[position(in.Text, has-count):]), nil
}

// referenceIdentity is an attribute of another identity.
type referenceIdentity struct {
	uid       operand
	attribute string
}

func buildGetReferenceIdentityAttribute(a *attributes) operation {
	a.c.needs.references = true
	return &referenceIdentity{a.operand("uid"), a.text("attributeName")}
}

func (t *referenceIdentity) apply(r *run, in Value) (Value, error) {
	if r.ReferenceIdentity == nil {
		return Null(), notOffered("an attribute of another identity")
	}
	uid, err := r.value(t.uid, in)
	if err != nil {
		return Null(), err
	}
	if strings.TrimSpace(uid.Text) == "" {
		return Null(), fail("uid is %s", shown(uid))
	}
	value, err := r.ReferenceIdentity(uid.Text, t.attribute)
	if err != nil {
		return Null(), fmt.Errorf("look up attribute %q of identity %q: %w", t.attribute, uid.Text, err)
	}
	return value, nil
}
