package ldap

import (
	"slices"
	"strings"

	"midgard/internal/connector"
)

// The ways to change an attribute that the configuration knows.
const (
	actionAdd     = "add"
	actionReplace = "replace"
	actionRemove  = "remove"
)

// writing is how accounts are made and changed.
type writing struct {
	parent          string // of new accounts
	classes         []string
	naming          string // attribute of the relative name of new accounts
	placeholder     string // member of a group that may not be empty
	revoke, restore stateChange
	confidential    bool // passwords may be sent over the connection
}

// stateChange is one change of one attribute that disables or enables an account.
type stateChange struct{ action, attribute, value string }

func (s *settings) readWriting(in *attributes) {
	w := &s.writing
	w.parent = in.text("createParentDN", "")
	in.checkDN("createParentDN", w.parent)
	if w.parent == "" && len(s.accounts) > 0 {
		w.parent = s.accounts[0].dn
	}
	if w.classes = in.list("createObjectClasses"); len(w.classes) == 0 {
		w.classes = []string{defaultCreateClass}
	}
	w.naming = in.text("createNamingAttribute", attrUID)
	in.checkAttribute("createNamingAttribute", w.naming)
	w.placeholder = in.text("groupPlaceholderMember", defaultPlaceholder)
	in.checkDN("groupPlaceholderMember", w.placeholder)
	w.confidential = s.tls != nil || in.flag("allowPlaintext", false) || isLoopback(s.host)
	s.readStateChanges(in)
}

func (s *settings) readStateChanges(in *attributes) {
	w := &s.writing
	w.revoke = stateChange{in.choice("revokeAction", actionReplace, actionAdd, actionRemove), s.revokeAttr, s.revokeVal}
	in.checkAttribute("revokeAttr", s.revokeAttr)
	undoing := []string{actionRemove, actionReplace, actionAdd}
	if w.revoke.action == actionRemove {
		undoing = []string{actionAdd, actionReplace, actionRemove}
	}
	w.restore = stateChange{
		in.choice("restoreAction", undoing...), in.text("restoreAttr", s.revokeAttr), in.text("restoreVal", s.revokeVal),
	}
	in.checkAttribute("restoreAttr", w.restore.attribute)
	same := strings.EqualFold(w.restore.attribute, w.revoke.attribute) && strings.EqualFold(w.restore.value, w.revoke.value)
	if same && (w.restore.action == actionRemove) == (w.revoke.action == actionRemove) {
		in.fail("restoreVal", "must not be what revokeAction %q leaves in %s", w.revoke.action, w.revoke.attribute)
	}
}

// checkAttribute refuses what is no attribute description (RFC 4512, section 2.5).
func (a *attributes) checkAttribute(field, name string) {
	if !isAttribute(name) {
		a.fail(field, "holds %q, which is no name of an attribute", name)
	}
}

// isAttribute keeps names that come from outside from being more than a name in a filter.
func isAttribute(name string) bool {
	odd := strings.ContainsFunc(name, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-.;", r))
	})
	return name != "" && !odd
}

// memberAttribute is the attribute in which a group of these object classes lists its members.
func (s *settings) memberAttribute(classes []string) string {
	if len(s.memberAttributes) == 1 {
		return s.memberAttributes[0]
	}
	has := func(name string) bool {
		return slices.ContainsFunc(classes, func(class string) bool { return strings.EqualFold(class, name) })
	}
	switch {
	case has("groupOfUniqueNames"):
		return "uniqueMember"
	case has("posixGroup") && !has("groupOfNames"):
		return attrMemberUID
	}
	return "member"
}

// schemaOf is the source's schema of an object type.
func (s *source) schemaOf(objectType string) connector.Schema {
	if objectType == connector.TypeGroup {
		return s.group
	}
	return s.account
}
