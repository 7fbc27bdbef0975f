package store

import (
	"context"
	"fmt"

	"midgard/internal/filter"
	"midgard/internal/governance"
)

const machineIdentitySelect = `m.id, m.name, m.native_identity, m.business_application, m.description, m.subtype, m.environment, m.attributes,
 m.connector_attributes, m.source_id, s.name, m.uuid, m.dataset_id, m.primary_owner_id, o.name, m.owner_group_id, g.name,
 m.exists_on_source, m.manually_created, m.manually_edited, m.extras, m.created, m.modified`

const machineIdentityJoin = ` left join source s on s.id = m.source_id left join identity o on o.id = m.primary_owner_id
 left join workgroup g on g.id = m.owner_group_id`

// machineIdentityRow is a machine identity as its own row has it; extras says that there is more in other tables.
type machineIdentityRow struct {
	governance.MachineIdentity
	extras bool
}

func scanMachineIdentity(r row, m *machineIdentityRow) error {
	return r.Scan(&m.ID, &m.Name, &m.NativeIdentity, &m.BusinessApplication, &m.Description, &m.Subtype, &m.Environment, rawInto{&m.Attributes},
		rawInto{&m.ConnectorAttributes}, textInto{&m.Source.ID}, textInto{&m.Source.Name}, &m.UUID, &m.DatasetID, textInto{&m.Owners.Primary.ID},
		textInto{&m.Owners.Primary.Name}, textInto{&m.Owners.Group.ID}, textInto{&m.Owners.Group.Name}, &m.ExistsOnSource, &m.ManuallyCreated,
		&m.ManuallyEdited, &m.extras, timeInto{&m.Created}, timeInto{&m.Modified})
}

const (
	inUserEntitlement = "m.id in (select machine_identity_id from machine_identity_user_entitlement where %s)"
	inSecondaryOwner  = "m.id in (select w.machine_identity_id from machine_identity_owner w join identity i on i.id = w.identity_id where %s)"
	noSecondaryOwner  = "not exists (select 1 from machine_identity_owner w where w.machine_identity_id = m.id)"
)

var machineIdentities = &listing[machineIdentityRow]{
	from: "machine_identity m", id: "m.id", sel: machineIdentitySelect, join: machineIdentityJoin, scan: scanMachineIdentity,
	administered: sourcesOf("m.source_id"),
	columns: map[string]column{
		"id":                          {expr: "m.id"},
		"name":                        {expr: "m.name_key"},
		"displayName":                 {expr: "m.name_key"},
		"cisIdentityId":               {expr: "m.id"},
		"businessApplication":         {expr: "m.business_application_key"},
		"nativeIdentity":              {expr: "m.native_key"},
		"attributes":                  {in: "m.id in (select object_id from attribute_value where %s)"},
		"manuallyEdited":              {expr: "m.manually_edited"},
		"subtype":                     {expr: "m.subtype_key"},
		"owners.primaryIdentity.id":   {expr: "m.primary_owner_id"},
		"owners.primaryIdentity.name": {expr: "m.primary_owner_name_key"},
		"owners.secondaryIdentity.id": {expr: "w.identity_id", in: inSecondaryOwner, isNull: noSecondaryOwner},
		"owners.secondaryIdentity.name": {
			expr: "i.name_key", in: inSecondaryOwner, isNull: noSecondaryOwner,
		},
		"owners.secondaryGovernanceGroup.id": {expr: "m.owner_group_id"},
		"owners.secondaryGovernanceGroup.name": {
			expr: "name_key", in: "m.owner_group_id in (select id from workgroup where %s)", isNull: "m.owner_group_id is null",
		},
		"source.id":        {expr: "m.source_id"},
		"source.name":      {expr: "name_key", in: "m.source_id in (select id from source where %s)", sort: "m.source_name_key", isNull: "m.source_id is null"},
		"entitlement.id":   {expr: "entitlement_id", in: inUserEntitlement},
		"entitlement.name": {expr: "entitlement_name_key", in: inUserEntitlement},
		// business applications and risk are not known here: every row has none
		"businessApplicationRefs.id": {expr: "null"},
		"effectiveSanctionedStatus":  {expr: "null"},
		"risk.severity":              {expr: "null"},
		"created":                    {expr: "m.created"},
		"modified":                   {expr: "m.modified"},
	},
}

var machineIdentityTable = newTable(table[governance.MachineIdentity]{
	name: "machine_identity", object: "MACHINE_IDENTITY",
	columns: []string{"id", "name", "name_key", "native_identity", "native_key", "business_application", "business_application_key",
		"description", "subtype", "subtype_key", "environment", "attributes", "connector_attributes", "source_id", "source_name_key", "uuid",
		"dataset_id", "primary_owner_id", "primary_owner_name_key", "owner_group_id", "exists_on_source", "manually_created", "manually_edited",
		"extras", "created", "modified"},
	values: machineIdentityValues,
	id:     func(m *governance.MachineIdentity) string { return m.ID },
	label:  func(m *governance.MachineIdentity) string { return m.Name },
})

func machineIdentityValues(m *governance.MachineIdentity) []any {
	return []any{m.ID, m.Name, Key(m.Name), m.NativeIdentity, Key(m.NativeIdentity), m.BusinessApplication, Key(m.BusinessApplication),
		m.Description, m.Subtype, Key(m.Subtype), m.Environment, object(m.Attributes), object(m.ConnectorAttributes), null(m.Source.ID),
		nullKey(m.Source.Name), m.UUID, m.DatasetID, null(m.Owners.Primary.ID), nullKey(m.Owners.Primary.Name), null(m.Owners.Group.ID),
		m.ExistsOnSource, m.ManuallyCreated, m.ManuallyEdited, len(m.Owners.Secondary)+len(m.UserEntitlements) > 0,
		m.Created.UnixMilli(), m.Modified.UnixMilli()}
}

// MachineIdentities lists machine identities with their owners and user entitlements.
func (s *Store) MachineIdentities(ctx context.Context, q filter.Query) (filter.Page[governance.MachineIdentity], error) {
	rows, err := list(ctx, s, machineIdentities, q)
	page := filter.Page[governance.MachineIdentity]{Items: make([]governance.MachineIdentity, len(rows.Items)), Total: rows.Total}
	if err != nil {
		return page, err
	}
	for i := range rows.Items {
		page.Items[i] = rows.Items[i].MachineIdentity
	}
	return page, fillExtras(ctx, s.reader(), rows.Items, page.Items)
}

// fillExtras reads what the rows that have any keep in other tables, with one query for each table.
func fillExtras(ctx context.Context, q querier, rows []machineIdentityRow, into []governance.MachineIdentity) error {
	at := map[string]*governance.MachineIdentity{}
	var ids []any
	for i := range rows {
		if rows[i].extras {
			at[rows[i].ID] = &into[i]
			ids = append(ids, rows[i].ID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	in := " in (" + placeholders(1, len(ids)) + ")"
	owners, err := many(ctx, q, `select w.machine_identity_id, i.id, i.name from machine_identity_owner w join identity i on i.id = w.identity_id
		where w.machine_identity_id`+in+` order by w.machine_identity_id, w.position`, scanPair, ids...)
	if err != nil {
		return fmt.Errorf("read secondary owners: %w", err)
	}
	for _, o := range owners {
		m := at[o.machineIdentity]
		m.Owners.Secondary = append(m.Owners.Secondary, o.Reference)
	}
	entitlements, err := many(ctx, q, "select "+userEntitlementSelect+" from machine_identity_user_entitlement u"+userEntitlementJoin+
		" where u.machine_identity_id"+in+" order by u.id", scanUserEntitlement, ids...)
	if err != nil {
		return fmt.Errorf("read user entitlements: %w", err)
	}
	for _, u := range entitlements {
		m := at[u.MachineIdentity.ID]
		m.UserEntitlements = append(m.UserEntitlements, u.UserEntitlement)
	}
	return nil
}

type ownerPair struct {
	machineIdentity string
	governance.Reference
}

func scanPair(r row, p *ownerPair) error { return r.Scan(&p.machineIdentity, &p.ID, &p.Name) }

const machineIdentityByID = "select " + machineIdentitySelect + " from machine_identity m" + machineIdentityJoin + " where m.id = $1"

// MachineIdentity reads one machine identity with its owners and user entitlements.
func (s *Store) MachineIdentity(ctx context.Context, id, administeredBy string) (governance.MachineIdentity, error) {
	return wholeMachineIdentity(ctx, s.reader(), id, administeredBy)
}

// machineIdentity reads a machine identity that the transaction may write; its row is held.
func (t *tx) machineIdentity(ctx context.Context, id string) (governance.MachineIdentity, error) {
	if err := t.holdRow(ctx, machineIdentityTable.name, id); err != nil {
		return governance.MachineIdentity{}, err
	}
	return wholeMachineIdentity(ctx, t, id, "")
}

func wholeMachineIdentity(ctx context.Context, q querier, id, administeredBy string) (governance.MachineIdentity, error) {
	r, err := oneOf(ctx, q, "Machine identity", machineIdentityByID, sourcesOf("m.source_id"), administeredBy, scanMachineIdentity, id)
	if err != nil {
		return governance.MachineIdentity{}, err
	}
	whole := []governance.MachineIdentity{r.MachineIdentity}
	err = fillExtras(ctx, q, []machineIdentityRow{r}, whole)
	return whole[0], err
}

// CreateMachineIdentity keeps a machine identity that a person describes; its references are checked and completed.
func (s *Store) CreateMachineIdentity(ctx context.Context, actor governance.Actor, m governance.MachineIdentity) (governance.MachineIdentity, error) {
	err := s.write(ctx, actor, func(ctx context.Context, t *tx) error {
		if err := t.resolveMachineIdentity(ctx, &governance.MachineIdentity{}, &m); err != nil {
			return err
		}
		return t.createMachineIdentity(ctx, &m)
	})
	return m, err
}

// UpdateMachineIdentity changes one machine identity; edit may refuse with an error. References that the edit has changed
// are checked and completed.
func (s *Store) UpdateMachineIdentity(ctx context.Context, actor governance.Actor, id string, edit func(*governance.MachineIdentity) error) (governance.MachineIdentity, error) {
	var m governance.MachineIdentity
	err := s.write(ctx, actor, func(ctx context.Context, t *tx) error {
		old, err := t.machineIdentity(ctx, id)
		if err != nil {
			return err
		}
		m = old
		if err := edit(&m); err != nil {
			return err
		}
		if err := t.resolveMachineIdentity(ctx, &old, &m); err != nil {
			return err
		}
		m.Modified = t.now
		if old.ManuallyEdited && !m.ManuallyEdited { // it follows its account again
			if err := t.lookAgain(ctx, "machine_identity_id", id); err != nil {
				return err
			}
		}
		return t.replaceMachineIdentity(ctx, &old, &m)
	})
	return m, err
}

// DeleteMachineIdentity removes a machine identity. Accounts that belong to it stay machines': the next thing that
// happens to each gives it a machine identity of its own, and this does so at once.
func (s *Store) DeleteMachineIdentity(ctx context.Context, actor governance.Actor, id string) error {
	return s.write(ctx, actor, func(ctx context.Context, t *tx) error {
		m, err := t.machineIdentity(ctx, id)
		if err != nil {
			return err
		}
		if err := t.removeMachineIdentity(ctx, &m); err != nil {
			return err
		}
		return t.rehome(ctx, id)
	})
}

// rehome gives the accounts of a removed machine identity one of their own each.
func (t *tx) rehome(ctx context.Context, id string) error {
	olds, err := held(ctx, t, accountTable, accounts, "a.machine_identity_id = $1 and a.machine", id)
	if err != nil {
		return fmt.Errorf("read the accounts of machine identity %q: %w", id, err)
	}
	for i := range olds {
		a := olds[i]
		a.MachineIdentity = governance.Reference{}
		m := governance.PartialMachineIdentity(&a)
		if err := t.createMachineIdentity(ctx, &m); err != nil {
			return err
		}
		a.MachineIdentity, a.Modified = governance.Reference{ID: m.ID, Name: m.Name}, t.now
		if err := t.replaceAccount(ctx, &olds[i], &a); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) createMachineIdentity(ctx context.Context, m *governance.MachineIdentity) error {
	m.ID, m.Created, m.Modified = NewID(), t.now, t.now
	t.stampUserEntitlements(m)
	if err := create(ctx, t, machineIdentityTable, m); err != nil {
		return err
	}
	return t.writeExtras(ctx, &governance.MachineIdentity{}, m)
}

func (t *tx) replaceMachineIdentity(ctx context.Context, old, m *governance.MachineIdentity) error {
	t.stampUserEntitlements(m)
	if err := replace(ctx, t, machineIdentityTable, old, m); err != nil {
		return err
	}
	if old.Name != m.Name {
		if err := t.renameMachineIdentity(ctx, m); err != nil {
			return err
		}
	}
	return t.writeExtras(ctx, old, m)
}

// renameMachineIdentity brings the names along by which other rows are sorted.
func (t *tx) renameMachineIdentity(ctx context.Context, m *governance.MachineIdentity) error {
	if err := exec(ctx, t, "update account set machine_identity_name_key = $1 where machine_identity_id = $2 and machine", Key(m.Name), m.ID); err != nil {
		return fmt.Errorf("rename machine identity %q: %w", m.ID, err)
	}
	return exec(ctx, t, "update machine_identity_user_entitlement set machine_identity_name_key = $1 where machine_identity_id = $2", Key(m.Name), m.ID)
}

// removeMachineIdentity deletes the row; owners and user entitlements go with it.
func (t *tx) removeMachineIdentity(ctx context.Context, m *governance.MachineIdentity) error {
	if err := exec(ctx, t, "delete from attribute_value where object_id = $1", m.ID); err != nil {
		return err
	}
	return remove(ctx, t, machineIdentityTable, m)
}

// stampUserEntitlements gives new entries their id and time.
func (t *tx) stampUserEntitlements(m *governance.MachineIdentity) {
	for i := range m.UserEntitlements {
		if u := &m.UserEntitlements[i]; u.ID == "" {
			u.ID, u.Created = NewID(), t.now
		}
	}
}

// writeExtras brings owners, user entitlements and searchable attributes up to date where they changed.
func (t *tx) writeExtras(ctx context.Context, old, m *governance.MachineIdentity) error {
	if err := t.indexAttributes(ctx, m.ID, old.Attributes, m.Attributes); err != nil {
		return err
	}
	if jsonText(old.Owners.Secondary) != jsonText(m.Owners.Secondary) {
		if err := t.writeSecondaryOwners(ctx, m); err != nil {
			return err
		}
	}
	if jsonText(old.UserEntitlements) == jsonText(m.UserEntitlements) {
		return nil
	}
	return t.writeUserEntitlements(ctx, m)
}

func (t *tx) writeSecondaryOwners(ctx context.Context, m *governance.MachineIdentity) error {
	if err := exec(ctx, t, "delete from machine_identity_owner where machine_identity_id = $1", m.ID); err != nil {
		return fmt.Errorf("write secondary owners: %w", err)
	}
	rows := make([][]any, len(m.Owners.Secondary))
	for i, o := range m.Owners.Secondary {
		rows[i] = []any{m.ID, i, o.ID}
	}
	return t.insertRows(ctx, "machine_identity_owner", "machine_identity_id, position, identity_id", rows)
}

// resolveMachineIdentity checks and completes the references that differ from old.
func (t *tx) resolveMachineIdentity(ctx context.Context, old, m *governance.MachineIdentity) error {
	var err error
	resolve := func(table, field string, was governance.Reference, is *governance.Reference) {
		if err == nil {
			err = t.refer(ctx, table, field, was, is)
		}
	}
	resolve("source", "sourceId", old.Source, &m.Source)
	resolve("identity", "owners", old.Owners.Primary, &m.Owners.Primary)
	resolve("workgroup", "owners", old.Owners.Group, &m.Owners.Group)
	for i := range m.Owners.Secondary {
		resolve("identity", "owners", governance.Reference{}, &m.Owners.Secondary[i])
	}
	if err != nil {
		return err
	}
	for i := range m.UserEntitlements {
		if err := t.resolveUserEntitlement(ctx, &m.UserEntitlements[i]); err != nil {
			return err
		}
	}
	return nil
}
