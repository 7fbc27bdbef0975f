package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"slices"

	"midgard/internal/connector"
)

// The files that every host has.
const (
	passwdFile = "etc/passwd"
	groupFile  = "etc/group"
	shadowFile = "etc/shadow"
)

// hides tells which list lacks an object when a line of a file cannot be read.
var hides = map[string]string{passwdFile: connector.TypeAccount, groupFile: connector.TypeGroup}

// privilegedGroups are the groups whose members can become root: by sudo's or su's usual configuration, through a
// daemon that runs containers as root, or by writing to the disks below the file systems.
var privilegedGroups = map[string]bool{
	"root": true, "wheel": true, "sudo": true, "admin": true, "docker": true, "lxd": true, "disk": true,
}

// host is everything that was read of one host.
type host struct {
	tree     fs.FS
	today    int64 // days since 1970-01-01
	problems []problem
	hidden   map[string]bool // object types of which an object could not be read

	accounts  []account
	groups    []*group
	byName    map[string]*group
	byID      map[uint32]*group   // the first of those with the same id, as the system looks them up
	memberOf  map[string][]string // names of groups by name of account, sorted
	passwords map[string]password
	limits    limits
	shells    map[string]bool
	sudo      *sudoers
}

// readBase reads what every host has.
func readBase(ctx context.Context, h *host) error {
	if err := readAll(ctx, h.readPasswd, h.readGroup); err != nil {
		return err
	}
	h.countMembers()
	return nil
}

// readGroups reads what groups are made of.
func readGroups(ctx context.Context, h *host) error {
	if err := readBase(ctx, h); err != nil {
		return err
	}
	return readAll(ctx, h.readSudoers)
}

// readAccounts reads what accounts are made of.
func readAccounts(ctx context.Context, h *host) error {
	if err := readBase(ctx, h); err != nil {
		return err
	}
	return readAll(ctx, h.readShadow, h.readLimits, h.readShells, h.readSudoers)
}

func readAll(ctx context.Context, reads ...func() error) error {
	for _, read := range reads {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := read(); err != nil {
			return err
		}
	}
	return nil
}

// optional forgives that a file is absent or not for us; what it would tell stays unknown.
func optional(err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return nil
	}
	return err
}

// required makes an absent file the sign of a system without such accounts.
func required(name string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w: there is no /%s", connector.ErrUnavailable, name)
	case err != nil:
		return fmt.Errorf("read /%s: %w", name, err)
	}
	return nil
}

// accountObjects makes the accounts' objects in the order of passwd.
func (h *host) accountObjects(schema connector.Schema) iter.Seq[connector.Object] {
	return func(yield func(connector.Object) bool) {
		for _, account := range h.accounts {
			if !yield(h.accountObject(account, schema)) {
				return
			}
		}
	}
}

func (h *host) accountObject(a account, schema connector.Schema) connector.Object {
	login := allowsLogin(a.shell, h.shells)
	password := h.password(a)
	groups := slices.Clone(h.memberOf[a.name])
	values := map[string]any{
		"name":             a.name,
		"uid":              int64(a.uid),
		"gid":              int64(a.gid),
		"gecos":            text(a.gecos),
		"home":             text(a.home),
		"shell":            text(a.shell),
		"shellAllowsLogin": login,
		"accountType":      h.limits.accountType(a.uid, login),
		"passwordState":    password.state,
		"groups":           texts(groups),
	}
	if primary := h.byID[a.gid]; primary != nil {
		values["primaryGroup"] = primary.name
	}
	password.describe(values)
	h.describeRights(a, groups, values)
	return connector.Object{
		Type:       connector.TypeAccount,
		Identity:   a.name,
		Attributes: asked(schema, values),
		Locked:     password.locked,
		Disabled:   password.closed(h.today) || password.locked && !login,
	}
}

// describeRights adds sudo and privileged, as far as they are known.
func (h *host) describeRights(a account, groups []string, values map[string]any) {
	rights := h.sudo.rightsOf(subject{name: a.name, uid: a.uid, isUser: true, groups: h.subjectGroups(groups)})
	values[attrSudo] = texts(rights.list)
	h.describePrivilege(a.uid == 0 || rights.everything || h.inPrivilegedGroup(a, groups), values)
}

// describePrivilege leaves open what only a readable sudoers could deny.
func (h *host) describePrivilege(privileged bool, values map[string]any) {
	if privileged || h.sudo.whole {
		values[attrPrivileged] = privileged
	}
}

func (h *host) subjectGroups(names []string) map[string]uint32 {
	groups := make(map[string]uint32, len(names))
	for _, name := range names {
		groups[name] = h.byName[name].gid
	}
	return groups
}

func (h *host) inPrivilegedGroup(a account, groups []string) bool {
	return slices.ContainsFunc(groups, func(name string) bool {
		return privilegedGroups[name] && (name != "root" || h.byName[name].members[a.name])
	})
}

// groupObjects makes the groups' objects in the order of the group file.
func (h *host) groupObjects(schema connector.Schema) iter.Seq[connector.Object] {
	return func(yield func(connector.Object) bool) {
		for _, group := range h.groups {
			if !yield(h.groupObject(group, schema)) {
				return
			}
		}
	}
}

func (h *host) groupObject(g *group, schema connector.Schema) connector.Object {
	values := map[string]any{"name": g.name, "gid": int64(g.gid), "memberCount": int64(len(g.all))}
	rights := h.sudo.rightsOf(subject{groups: h.subjectGroups([]string{g.name})})
	h.describePrivilege(privilegedGroups[g.name] || rights.everything, values)
	return connector.Object{Type: connector.TypeGroup, Identity: g.name, Attributes: asked(schema, values)}
}

// asked keeps the attributes of the schema and drops those without a value.
func asked(schema connector.Schema, values map[string]any) map[string]any {
	kept := make(map[string]any, len(values))
	for _, attribute := range schema.Attributes {
		if value := values[attribute.Name]; value != nil {
			kept[attribute.Name] = value
		}
	}
	return kept
}

// text and texts turn what is empty into what is absent.
func text(value string) any {
	if value == "" {
		return nil
	}
	return clean(value)
}

func texts(values []string) any {
	if len(values) == 0 {
		return nil
	}
	return values
}
