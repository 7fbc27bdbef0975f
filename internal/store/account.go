package store

import (
	"context"
	"fmt"

	"midgard/internal/filter"
	"midgard/internal/governance"
)

const accountSelect = `a.id, a.source_id, s.name, a.native_identity, a.uuid, a.name, a.identity_id, i.name, a.disabled, a.locked, a.privileged,
 a.has_entitlements, a.connector_attributes, a.machine, a.method, a.machine_identity_id, m.name, a.owner_id, o.name, a.owner_key, a.subtype,
 st.display_name, a.description, a.environment, a.access_type, a.attributes, a.manually_correlated, a.manually_edited, a.mapped, a.missing_since,
 s.authoritative, s.connection_type, i.state, a.created, a.modified`

const accountJoin = ` left join source s on s.id = a.source_id left join identity i on i.id = a.identity_id
 left join machine_identity m on m.id = a.machine_identity_id left join identity o on o.id = a.owner_id
 left join source_subtype st on st.source_id = a.source_id and st.technical_name_key = a.subtype_key`

func scanAccount(r row, a *governance.Account) error {
	return r.Scan(&a.ID, &a.Source.ID, textInto{&a.Source.Name}, &a.NativeIdentity, &a.UUID, &a.Name, textInto{&a.Identity.ID}, textInto{&a.Identity.Name},
		&a.Disabled, &a.Locked, &a.Privileged, &a.HasEntitlements, rawInto{&a.ConnectorAttributes}, &a.Machine, textInto{(*string)(&a.Method)},
		textInto{&a.MachineIdentity.ID}, textInto{&a.MachineIdentity.Name}, textInto{&a.Owner.ID}, textInto{&a.Owner.Name}, textInto{&a.OwnerKey},
		textInto{&a.Subtype}, textInto{&a.SubtypeDisplayName}, textInto{&a.Description}, textInto{&a.Environment}, textInto{&a.AccessType},
		rawInto{&a.Attributes}, &a.ManuallyCorrelated, &a.ManuallyEdited, jsonInto{&a.Mapped}, timeInto{&a.MissingSince}, boolInto{&a.Authoritative},
		textInto{&a.ConnectionType}, textInto{&a.IdentityState}, timeInto{&a.Created}, timeInto{&a.Modified})
}

// inSource wraps comparisons with columns of an account's source.
const inSource = "a.source_id in (select id from source where %s)"

var accounts = &listing[governance.Account]{
	from: "account a", id: "a.id", sel: accountSelect, join: accountJoin, scan: scanAccount,
	administered: sourcesOf("a.source_id"),
	columns: map[string]column{
		"id":                     {expr: "a.id"},
		"name":                   {expr: "a.name_key"},
		"nativeIdentity":         {expr: "a.native_key"},
		"uuid":                   {expr: "a.uuid_key"},
		"identityId":             {expr: "a.identity_id"},
		"sourceId":               {expr: "a.source_id"},
		"source.id":              {expr: "a.source_id"},
		"source.name":            {expr: "name_key", in: inSource, sort: "a.source_name_key"},
		"source.displayableName": {expr: "name_key", in: inSource, sort: "a.source_name_key"},
		"source.authoritative":   {expr: "a.source_authoritative"},
		"source.connectionType":  {expr: "a.source_connection_key"},
		"hasEntitlements":        {expr: "a.has_entitlements"},
		"uncorrelated":           {expr: "a.uncorrelated"},
		"identity.correlated":    {expr: "a.uncorrelated", negated: true},
		"identity.name":          {expr: "a.identity_name_key"},
		"identity.identityState": {expr: "a.identity_state_key"},
		"entitlements":           {expr: "entitlement_id", in: "a.id in (select account_id from account_entitlement where %s)", sort: "a.has_entitlements"},
		"manuallyCorrelated":     {expr: "a.manually_correlated"},
		"origin":                 {expr: "'aggregated'", constant: true},
		"recommendation.method":  {expr: "null", isNull: "true"},
		"created":                {expr: "a.created"},
		"modified":               {expr: "a.modified"},
	},
}

// Machine accounts have no person, and the contract shows neither their privilege nor what the source says of the owner:
// columns that nobody sees would be a sixth of what reading an account costs.
const machineAccountSelect = `a.id, a.source_id, s.name, a.native_identity, a.uuid, a.name, a.disabled, a.locked, a.has_entitlements,
 a.connector_attributes, a.method, a.machine_identity_id, m.name, a.owner_id, o.name, a.subtype, a.description, a.environment, a.access_type,
 a.attributes, a.manually_correlated, a.manually_edited, a.created, a.modified`

const machineAccountJoin = ` left join source s on s.id = a.source_id left join machine_identity m on m.id = a.machine_identity_id
 left join identity o on o.id = a.owner_id`

func scanMachineAccount(r row, a *governance.Account) error {
	a.Machine = true
	return r.Scan(&a.ID, &a.Source.ID, textInto{&a.Source.Name}, &a.NativeIdentity, &a.UUID, &a.Name, &a.Disabled, &a.Locked, &a.HasEntitlements,
		rawInto{&a.ConnectorAttributes}, textInto{(*string)(&a.Method)}, textInto{&a.MachineIdentity.ID}, textInto{&a.MachineIdentity.Name},
		textInto{&a.Owner.ID}, textInto{&a.Owner.Name}, textInto{&a.Subtype}, textInto{&a.Description}, textInto{&a.Environment},
		textInto{&a.AccessType}, rawInto{&a.Attributes}, &a.ManuallyCorrelated, &a.ManuallyEdited, timeInto{&a.Created}, timeInto{&a.Modified})
}

var machineAccounts = &listing[governance.Account]{
	from: "account a", id: "a.id", base: "a.machine", sel: machineAccountSelect, join: machineAccountJoin, scan: scanMachineAccount,
	administered: sourcesOf("a.source_id"),
	columns: map[string]column{
		"id":                    {expr: "a.id"},
		"name":                  {expr: "a.name_key"},
		"nativeIdentity":        {expr: "a.native_key"},
		"uuid":                  {expr: "a.uuid_key"},
		"description":           {expr: "a.description_key"},
		"machineIdentity.id":    {expr: "a.machine_identity_id"},
		"machineIdentity.name":  {expr: "a.machine_identity_name_key"},
		"subtype.technicalName": {expr: "a.subtype_key"},
		"subtype.displayName":   {expr: "a.subtype_name_key"},
		"accessType":            {expr: "a.access_type_key"},
		"environment":           {expr: "a.environment_key"},
		"ownerIdentity":         {expr: "a.owner_id"},
		"ownerIdentity.id":      {expr: "a.owner_id"},
		"ownerIdentity.name":    {expr: "a.owner_name_key"},
		"manuallyCorrelated":    {expr: "a.manually_correlated"},
		"enabled":               {expr: "a.disabled", negated: true},
		"locked":                {expr: "a.locked"},
		"hasEntitlements":       {expr: "a.has_entitlements"},
		"attributes":            {in: "a.id in (select object_id from attribute_value where %s)", sort: "a.attributes_key"},
		"source.id":             {expr: "a.source_id"},
		"source.name":           {expr: "name_key", in: inSource, sort: "a.source_name_key"},
		"created":               {expr: "a.created"},
		"modified":              {expr: "a.modified"},
	},
}

// Accounts lists accounts of people and machines alike.
func (s *Store) Accounts(ctx context.Context, q filter.Query) (filter.Page[governance.Account], error) {
	return list(ctx, s, accounts, q)
}

// MachineAccounts lists the accounts that are machines', with what MachineAccount reads.
func (s *Store) MachineAccounts(ctx context.Context, q filter.Query) (filter.Page[governance.Account], error) {
	return list(ctx, s, machineAccounts, q)
}

const accountByID = "select " + accountSelect + " from account a" + accountJoin + " where a.id = $1"

// Account reads one account. A sub-administrator's account is only found on a source of theirs.
func (s *Store) Account(ctx context.Context, id, administeredBy string) (governance.Account, error) {
	return oneOf(ctx, s.reader(), "Account", accountByID, sourcesOf("a.source_id"), administeredBy, scanAccount, id)
}

const machineAccountByID = "select " + machineAccountSelect + " from account a" + machineAccountJoin + " where a.id = $1 and a.machine"

// MachineAccount reads one account that is a machine's; others are not found. It reads what the contract shows of such an
// account, not its privilege, its owner key, or whether it is missing.
func (s *Store) MachineAccount(ctx context.Context, id, administeredBy string) (governance.Account, error) {
	return oneOf(ctx, s.reader(), "Machine account", machineAccountByID, sourcesOf("a.source_id"), administeredBy, scanMachineAccount, id)
}

// oneOf is one, limited to what a source sub-administrator may see unless administeredBy is empty.
func oneOf[T any](ctx context.Context, q querier, object, text, administered, administeredBy string, scan func(row, *T) error, id string) (T, error) {
	if administeredBy == "" {
		return one(ctx, q, object, id, text, scan, id)
	}
	c := compiler{args: []any{id}}
	text += fmt.Sprintf(" and "+administered, c.arg(administeredBy))
	return one(ctx, q, object, id, text, scan, c.args...)
}
