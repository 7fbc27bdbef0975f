package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"midgard/internal/filter"
	"midgard/internal/governance"
)

const workgroupObject = "Governance group"

var workgroups = &listing[governance.Workgroup]{
	from: "workgroup g", id: "g.id",
	sel: `g.id, g.name, g.description, g.owner_id, o.name, o.email, (select count(*) from workgroup_member w where w.workgroup_id = g.id),
 (select count(*) from source s where s.management_workgroup_id = g.id and not s.deleting), g.created, g.modified`,
	join: " left join identity o on o.id = g.owner_id",
	scan: func(r row, g *governance.Workgroup) error {
		return r.Scan(&g.ID, &g.Name, &g.Description, textInto{&g.Owner.ID}, textInto{&g.Owner.Name}, textInto{&g.OwnerEmail},
			&g.MemberCount, &g.ConnectionCount, timeInto{&g.Created}, timeInto{&g.Modified})
	},
	columns: map[string]column{
		"id":                     {expr: "g.id"},
		"name":                   {expr: "g.name_key"},
		"description":            {expr: "g.description_key"},
		"created":                {expr: "g.created"},
		"modified":               {expr: "g.modified"},
		"memberships.identityId": {expr: "identity_id", in: "g.id in (select workgroup_id from workgroup_member where %s)"},
	},
}

var workgroupTable = newTable(table[governance.Workgroup]{
	name: "workgroup", object: "GOVERNANCE_GROUP",
	columns: []string{"id", "name", "name_key", "description", "description_key", "owner_id", "created", "modified"},
	values: func(g *governance.Workgroup) []any {
		return []any{g.ID, g.Name, Key(g.Name), g.Description, Key(g.Description), null(g.Owner.ID), g.Created.UnixMilli(), g.Modified.UnixMilli()}
	},
	id:    func(g *governance.Workgroup) string { return g.ID },
	label: func(g *governance.Workgroup) string { return g.Name },
})

// Workgroups lists governance groups.
func (s *Store) Workgroups(ctx context.Context, q filter.Query) (filter.Page[governance.Workgroup], error) {
	return list(ctx, s, workgroups, q)
}

// Workgroup reads one governance group.
func (s *Store) Workgroup(ctx context.Context, id string) (governance.Workgroup, error) {
	return byID(ctx, s.reader(), workgroups, workgroupObject, id)
}

// CreateWorkgroup adds a governance group without members and gives it as it is kept. It fails with Conflict when the name
// is taken, and with UnknownRef when there is no such owner.
func (s *Store) CreateWorkgroup(ctx context.Context, actor governance.Actor, g governance.Workgroup) (governance.Workgroup, error) {
	var kept governance.Workgroup
	err := s.write(ctx, actor, func(ctx context.Context, t *tx) error {
		if err := t.refer(ctx, "identity", "owner", governance.Reference{}, &g.Owner); err != nil {
			return err
		}
		g.ID, g.Created, g.Modified = NewID(), t.now, t.now
		if err := create(ctx, t, workgroupTable, &g); err != nil {
			return err
		}
		var err error
		kept, err = byID(ctx, t, workgroups, workgroupObject, g.ID)
		return err
	})
	return kept, s.workgroupNameTaken(err, g.Name)
}

// UpdateWorkgroup lets edit change a governance group and keeps the result. edit may refuse with an error, and may run more
// than once. The failures of CreateWorkgroup are possible.
func (s *Store) UpdateWorkgroup(ctx context.Context, actor governance.Actor, id string, edit func(*governance.Workgroup) error) (governance.Workgroup, error) {
	var kept governance.Workgroup
	var name string
	err := s.write(ctx, actor, func(ctx context.Context, t *tx) error {
		var err error
		kept, err = amend(ctx, t, workgroupTable, workgroups, workgroupObject, id, func(old, g *governance.Workgroup) error {
			if err := edit(g); err != nil {
				return err
			}
			name, g.Modified = g.Name, t.now
			return t.refer(ctx, "identity", "owner", old.Owner, &g.Owner)
		})
		return err
	})
	return kept, s.workgroupNameTaken(err, name)
}

func (s *Store) workgroupNameTaken(err error, name string) error {
	return s.taken(err, "workgroup_name", "name", "A governance group with the name %q already exists.", name)
}

// DeleteWorkgroup removes a governance group with its memberships. It fails with InUse while the group manages a source,
// owns a machine identity, is among the approvers of one kind of request or holds an entitlement by rule.
func (s *Store) DeleteWorkgroup(ctx context.Context, actor governance.Actor, id string) error {
	return s.write(ctx, actor, func(ctx context.Context, t *tx) error { return t.deleteWorkgroup(ctx, id) })
}

// DeleteWorkgroups removes governance groups in one transaction and tells, in the order of the ids, what became of each:
// removed, NotFound, or InUse. An error of its own means that none was removed.
func (s *Store) DeleteWorkgroups(ctx context.Context, actor governance.Actor, ids []string) ([]governance.Outcome, error) {
	var outcomes []governance.Outcome
	err := s.write(ctx, actor, func(ctx context.Context, t *tx) (err error) {
		outcomes, err = eachOf(ids, func(id string) error { return t.deleteWorkgroup(ctx, id) })
		return err
	})
	return outcomes, err
}

// eachOf does something to every id. What the caller of the request may read becomes the id's outcome; any other error
// ends it all.
func eachOf(ids []string, do func(id string) error) ([]governance.Outcome, error) {
	outcomes := make([]governance.Outcome, len(ids))
	for i, id := range ids {
		err := do(id)
		if err != nil && governance.KindOf(err) == governance.Internal {
			return nil, err
		}
		outcomes[i] = governance.Outcome{ID: id, Err: err}
	}
	return outcomes, nil
}

func (t *tx) deleteWorkgroup(ctx context.Context, id string) error {
	if err := t.holdRow(ctx, workgroupTable.name, id); err != nil {
		return err
	}
	g, err := byID(ctx, t, workgroups, workgroupObject, id)
	if err != nil {
		return err
	}
	if err := t.workgroupUnused(ctx, id); err != nil {
		return err
	}
	return remove(ctx, t, workgroupTable, &g)
}

// namedHolders is how many holders an error names.
const namedHolders = 5

const workgroupHolders = `select 'source', name from source where management_workgroup_id = $1 and not deleting
 union all select 'machine identity', name from machine_identity where owner_group_id = $1
 union all select 'approval settings of source', s.name from approver_workgroup a join source s on s.id = a.source_id
 where a.workgroup_id = $1 and a.subtype_id is null and not s.deleting
 union all select 'approval settings of subtype', st.display_name from approver_workgroup a join source_subtype st on st.id = a.subtype_id
 where a.workgroup_id = $1
 union all select 'rule for entitlement', e.name from entitlement_rule r join entitlement e on e.id = r.entitlement_id
 where r.workgroup_id = $1 limit $2`

func (t *tx) workgroupUnused(ctx context.Context, id string) error {
	holders, err := many(ctx, t, workgroupHolders, func(r row, text *string) error {
		var kind, name string
		err := r.Scan(&kind, &name)
		*text = fmt.Sprintf("%s %q", kind, name)
		return err
	}, id, namedHolders+1)
	if err != nil {
		return fmt.Errorf("read what uses governance group %q: %w", id, err)
	}
	if len(holders) == 0 {
		return nil
	}
	if len(holders) > namedHolders {
		holders[namedHolders] = "others"
	}
	return governance.Fail(governance.InUse, "", "Unable to delete Governance Group %s because it is in use by: %s.", id, strings.Join(holders, ", "))
}

// workgroupMembers lists people of the group whose id is list's argument.
var workgroupMembers = &listing[governance.Identity]{
	from: identities.from, id: identities.id, sel: identitySelect, join: identityJoin, scan: scanIdentity,
	base:    "i.id in (select identity_id from workgroup_member where workgroup_id = %s)",
	columns: map[string]column{"name": {expr: "i.name_key"}, "created": {expr: "i.created"}, "modified": {expr: "i.modified"}},
}

// WorkgroupMembers lists the people of a governance group.
func (s *Store) WorkgroupMembers(ctx context.Context, id string, q filter.Query) (filter.Page[governance.Identity], error) {
	if _, err := s.Workgroup(ctx, id); err != nil {
		return filter.Page[governance.Identity]{}, err
	}
	return list(ctx, s, workgroupMembers, q, id)
}

// workgroupConnections lists what the group whose id is list's argument is connected with: the sources that it manages.
var workgroupConnections = &listing[governance.Connection]{
	from: "source s", id: "s.id", sel: "s.id, s.name, s.description",
	scan: func(r row, c *governance.Connection) error {
		c.ObjectType, c.Kind = "SOURCE", "ManagementWorkgroup"
		return r.Scan(&c.Object.ID, &c.Object.Name, &c.Description)
	},
	base:    "s.management_workgroup_id = %s and not s.deleting",
	columns: map[string]column{"name": {expr: "s.name_key"}, "created": {expr: "s.created"}, "modified": {expr: "s.modified"}},
}

// WorkgroupConnections lists the objects that a governance group is connected with.
func (s *Store) WorkgroupConnections(ctx context.Context, id string, q filter.Query) (filter.Page[governance.Connection], error) {
	if _, err := s.Workgroup(ctx, id); err != nil {
		return filter.Page[governance.Connection]{}, err
	}
	return list(ctx, s, workgroupConnections, q, id)
}

// AddWorkgroupMembers adds people to a governance group in one transaction and tells, in the order of the ids, what became
// of each: added, NotFound, or Conflict for a member. An unknown group is an error of its own.
func (s *Store) AddWorkgroupMembers(ctx context.Context, actor governance.Actor, id string, people []string) ([]governance.Outcome, error) {
	return s.editMembers(ctx, actor, id, people, true)
}

// RemoveWorkgroupMembers takes people out of a governance group in one transaction and tells, in the order of the ids, what
// became of each: removed, or NotFound for one who is no member. An unknown group is an error of its own.
func (s *Store) RemoveWorkgroupMembers(ctx context.Context, actor governance.Actor, id string, people []string) ([]governance.Outcome, error) {
	return s.editMembers(ctx, actor, id, people, false)
}

func (s *Store) editMembers(ctx context.Context, actor governance.Actor, id string, people []string, join bool) ([]governance.Outcome, error) {
	var outcomes []governance.Outcome
	err := s.write(ctx, actor, func(ctx context.Context, t *tx) error {
		if err := t.holdRow(ctx, workgroupTable.name, id); err != nil {
			return err
		}
		group, err := byID(ctx, t, workgroups, workgroupObject, id)
		if err != nil {
			return err
		}
		var moved []governance.Reference
		outcomes, err = eachOf(people, func(person string) error {
			name, err := t.moveMember(ctx, id, person, join)
			if err == nil {
				moved = append(moved, governance.Reference{ID: person, Name: name})
			}
			return err
		})
		if err != nil {
			return err
		}
		return t.recordMembers(ctx, &group, moved, join)
	})
	return outcomes, err
}

// moveMember adds one person to a group or takes one out, and gives the person's name.
func (t *tx) moveMember(ctx context.Context, group, person string, join bool) (string, error) {
	name, err := t.holdIdentity(ctx, person)
	if err != nil {
		return "", err
	}
	if !join {
		n, err := affected(ctx, t, "delete from workgroup_member where workgroup_id = $1 and identity_id = $2", group, person)
		if err == nil && n == 0 {
			err = governance.Fail(governance.NotFound, "", "Referenced Governance Group Member with Identity Id %q was not found.", person)
		}
		return name, err
	}
	n, err := affected(ctx, t, "insert into workgroup_member (workgroup_id, identity_id, created) values ($1, $2, $3) on conflict do nothing", group, person, t.now.UnixMilli())
	if err == nil && n == 0 {
		err = governance.Fail(governance.Conflict, "", "Unable to set Membership of Identity %q to Governance Group %q; the relationship already exists.", person, group)
	}
	return name, err
}

// recordMembers writes who came into a group or left it as a change of the group.
func (t *tx) recordMembers(ctx context.Context, group *governance.Workgroup, moved []governance.Reference, joined bool) error {
	if len(moved) == 0 {
		return nil
	}
	none, some := json.RawMessage(`{"members":[]}`), json.RawMessage(jsonText(map[string]any{"members": moved}))
	if joined {
		return t.record(ctx, governance.ActionUpdate, workgroupTable.object, group.ID, group.Name, none, some)
	}
	return t.record(ctx, governance.ActionUpdate, workgroupTable.object, group.ID, group.Name, some, none)
}

// leaveWorkgroups takes a person out of every governance group.
func (t *tx) leaveWorkgroups(ctx context.Context, identityID string) error {
	groups, err := matching(ctx, t, workgroups, "g.id in (select workgroup_id from workgroup_member where identity_id = $1)", identityID)
	if err != nil {
		return fmt.Errorf("read the governance groups of identity %q: %w", identityID, err)
	}
	for i := range groups {
		name, err := t.moveMember(ctx, groups[i].ID, identityID, false)
		if err != nil {
			return err
		}
		if err := t.recordMembers(ctx, &groups[i], []governance.Reference{{ID: identityID, Name: name}}, false); err != nil {
			return err
		}
	}
	return nil
}
