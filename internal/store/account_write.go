package store

import (
	"context"
	"encoding/json"
	"fmt"

	"midgard/internal/governance"
)

var accountTable = newTable(table[governance.Account]{
	name: "account", object: "ACCOUNT",
	columns: []string{"id", "source_id", "source_name_key", "source_authoritative", "source_connection_key", "native_identity", "native_key", "uuid", "uuid_key", "name", "name_key", "identity_id", "identity_name_key", "identity_state_key",
		"uncorrelated", "disabled", "locked", "privileged", "has_entitlements", "connector_attributes", "machine", "method", "machine_identity_id",
		"machine_identity_name_key", "owner_id", "owner_name_key", "owner_key", "subtype", "subtype_key", "subtype_name_key", "description",
		"description_key", "environment", "environment_key", "access_type", "access_type_key", "attributes", "attributes_key",
		"manually_correlated", "manually_edited", "missing_since", "created", "modified"},
	values: accountValues,
	id:     func(a *governance.Account) string { return a.ID },
	label:  func(a *governance.Account) string { return a.Name },
})

func accountValues(a *governance.Account) []any {
	return []any{a.ID, a.Source.ID, Key(a.Source.Name), a.Authoritative, Key(a.ConnectionType), a.NativeIdentity, Key(a.NativeIdentity), a.UUID, nullKey(a.UUID), a.Name, Key(a.Name),
		null(a.Identity.ID), nullKey(a.Identity.Name), nullKey(a.IdentityState), !a.Machine && !a.Identity.Set(), a.Disabled, a.Locked, a.Privileged, a.HasEntitlements, object(a.ConnectorAttributes),
		a.Machine, null(string(a.Method)), null(a.MachineIdentity.ID), nullKey(a.MachineIdentity.Name), null(a.Owner.ID), nullKey(a.Owner.Name),
		nullKey(a.OwnerKey), null(a.Subtype), nullKey(a.Subtype), nullKey(displayName(a)), null(a.Description), nullKey(a.Description),
		null(a.Environment), nullKey(a.Environment), null(a.AccessType), nullKey(a.AccessType), nullObject(a.Attributes), nullKey(string(a.Attributes)),
		a.ManuallyCorrelated, a.ManuallyEdited, millis(a.MissingSince), a.Created.UnixMilli(), a.Modified.UnixMilli()}
}

func displayName(a *governance.Account) string {
	if a.SubtypeDisplayName != "" {
		return a.SubtypeDisplayName
	}
	return a.Subtype
}

// UpdateAccount changes one account in a transaction of its own. edit may refuse with an error.
func (s *Store) UpdateAccount(ctx context.Context, actor governance.Actor, id, administeredBy string, edit func(*governance.Account) error) (governance.Account, error) {
	var a governance.Account
	err := s.write(ctx, actor, func(ctx context.Context, t *tx) (err error) {
		a, err = t.updateAccount(ctx, id, administeredBy, edit)
		return err
	})
	return a, err
}

func (t *tx) updateAccount(ctx context.Context, id, administeredBy string, edit func(*governance.Account) error) (governance.Account, error) {
	if err := t.holdRow(ctx, "account", id); err != nil {
		return governance.Account{}, err
	}
	old, err := oneOf(ctx, t, "Account", accountByID, sourcesOf("a.source_id"), administeredBy, scanAccount, id)
	if err != nil {
		return old, err
	}
	a := old
	if err := edit(&a); err != nil {
		return a, err
	}
	if err := t.resolveReferences(ctx, &old, &a); err != nil {
		return a, err
	}
	if err := t.settleMachine(ctx, &old, &a); err != nil {
		return a, err
	}
	a.Modified = t.now
	if err := t.lookAgain(ctx, "id", id); err != nil {
		return a, err
	}
	if err := t.keepMapped(ctx, &old, &a); err != nil {
		return a, err
	}
	err = t.replaceAccount(ctx, &old, &a)
	return a, t.store.taken(err, "account_", "nativeIdentity", "The source already has an account with the native identity %q.", a.NativeIdentity)
}

// lookAgain makes the next run look at accounts although their source shows what it showed before: what is kept of them is no
// longer what the last run made of that.
func (t *tx) lookAgain(ctx context.Context, column, id string) error {
	if err := exec(ctx, t, "update account set hash = null where "+column+" = $1", id); err != nil {
		return fmt.Errorf("forget what was read of accounts: %w", err)
	}
	return nil
}

// replaceAccount writes the account and what is derived from it.
func (t *tx) replaceAccount(ctx context.Context, old, a *governance.Account) error {
	if err := replace(ctx, t, accountTable, old, a); err != nil {
		return err
	}
	return t.indexAttributes(ctx, a.ID, old.Attributes, a.Attributes)
}

// resolveReferences turns ids that the edit has set into full references, and refuses ids that nobody has.
func (t *tx) resolveReferences(ctx context.Context, old, a *governance.Account) error {
	if err := t.refer(ctx, "identity", "ownerIdentity", old.Owner, &a.Owner); err != nil {
		return err
	}
	if err := t.refer(ctx, "machine_identity", "machineIdentity", old.MachineIdentity, &a.MachineIdentity); err != nil {
		return err
	}
	return t.resolveSubtype(ctx, old, a)
}

// reference reads the name of an object that a request refers to; it must exist.
func (t *tx) reference(ctx context.Context, table, field, id string) (governance.Reference, error) {
	names, err := many(ctx, t, "select name from "+table+" where id = $1", scanText, id)
	if err != nil {
		return governance.Reference{}, err
	}
	if len(names) == 0 {
		return governance.Reference{}, governance.Fail(governance.UnknownRef, field, "Referenced object %q of field '%s' was not found.", id, field)
	}
	return governance.Reference{ID: id, Name: names[0]}, nil
}

// settleMachine keeps the rule that every machine account belongs to a machine identity and no other account does. An
// account that becomes a machine's joins the one that its mappings name, or gets its own; one that leaves takes a machine
// identity with it that only it had.
func (t *tx) settleMachine(ctx context.Context, old, a *governance.Account) error {
	if !a.Machine {
		a.MachineIdentity = governance.Reference{}
		a.Take(governance.Mapped{})
	} else if err := t.join(ctx, old, a); err != nil {
		return err
	}
	if old.MachineIdentity.Set() && old.MachineIdentity.ID != a.MachineIdentity.ID {
		return t.dropEmptyMachineIdentities(ctx, []string{old.MachineIdentity.ID}, []string{a.ID})
	}
	return nil
}

// indexAttributes brings the searchable values of a map up to date. Only its top-level texts, numbers and truth values
// can be searched.
func (t *tx) indexAttributes(ctx context.Context, id string, old, is json.RawMessage) error {
	if string(old) == string(is) {
		return nil
	}
	if err := exec(ctx, t, "delete from attribute_value where object_id = $1", id); err != nil {
		return fmt.Errorf("index attributes: %w", err)
	}
	return t.insertRows(ctx, "attribute_value", attributeColumns, attributeRows(id, is))
}

const attributeColumns = "object_id, name, value_key"

func attributeRows(id string, raw json.RawMessage) [][]any {
	var rows [][]any
	for name, values := range attributeValues(raw) {
		for _, v := range folded(values, true) {
			rows = append(rows, []any{id, attributeKey(name), v})
		}
	}
	return rows
}

// attributeValues gives the texts of a JSON object's scalar members and lists of scalars.
func attributeValues(raw json.RawMessage) map[string][]string {
	var object map[string]json.RawMessage
	if json.Unmarshal(raw, &object) != nil {
		return nil
	}
	values := make(map[string][]string, len(object))
	for name, member := range object {
		values[name] = scalars(member)
	}
	return values
}

func scalars(raw json.RawMessage) []string {
	if len(raw) == 0 {
		return nil
	}
	switch raw[0] {
	case '{', 'n':
		return nil
	case '[':
		var list []json.RawMessage
		if json.Unmarshal(raw, &list) != nil {
			return nil
		}
		var all []string
		for _, item := range list {
			if len(item) > 0 && item[0] != '[' {
				all = append(all, scalars(item)...)
			}
		}
		return all
	case '"':
		var s string
		if json.Unmarshal(raw, &s) != nil {
			return nil
		}
		return []string{s}
	}
	return []string{string(raw)}
}

// removeAccounts deletes accounts with what hangs on them: entitlement links, searchable attributes, and machine
// identities that aggregation made and that no account is left of.
func (t *tx) removeAccounts(ctx context.Context, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	in := " in (" + placeholders(1, len(ids)) + ")"
	olds, err := many(ctx, t, "select "+accountSelect+" from account a"+accountJoin+" where a.id"+in, scanAccount, anyOf(ids)...)
	if err != nil {
		return fmt.Errorf("read accounts: %w", err)
	}
	for _, text := range []string{"delete from account_entitlement where account_id", "delete from attribute_value where object_id", "delete from account where id"} {
		if err := exec(ctx, t, text+in, anyOf(ids)...); err != nil {
			return fmt.Errorf("remove accounts: %w", err)
		}
	}
	var machines, people []string
	records := make([][]any, 0, len(olds))
	for i := range olds {
		records = append(records, t.changeRow(governance.ActionDelete, accountTable.object, olds[i].ID, olds[i].Name, jsonText(&olds[i]), nil))
		if olds[i].MachineIdentity.Set() {
			machines = append(machines, olds[i].MachineIdentity.ID)
		}
		if olds[i].Identity.Set() {
			people = append(people, olds[i].Identity.ID)
		}
	}
	if err := t.insertRows(ctx, "change", changeColumnList, records); err != nil {
		return err
	}
	if err := t.retirePeople(ctx, people); err != nil {
		return err
	}
	return t.dropEmptyMachineIdentities(ctx, machines, nil)
}

// dropEmptyMachineIdentities removes, of the given machine identities, those that aggregation made and that no account
// belongs to any more; leaving are accounts that are about to leave. For the others another account may have to speak.
func (t *tx) dropEmptyMachineIdentities(ctx context.Context, ids, leaving []string) error {
	for _, id := range unique(ids) {
		if err := t.holdRow(ctx, machineIdentityTable.name, id); err != nil { // nobody joins what is about to go
			return err
		}
		member, err := t.oldest(ctx, id, anyMember, leaving)
		if err != nil {
			return err
		}
		if member != "" {
			err = t.succeed(ctx, id, leaving)
		} else {
			err = t.removeAggregated(ctx, id)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) removeAggregated(ctx context.Context, id string) error {
	m, err := t.machineIdentity(ctx, id)
	if governance.KindOf(err) == governance.NotFound {
		return nil
	}
	if err != nil || m.ManuallyCreated {
		return err
	}
	return t.removeMachineIdentity(ctx, &m)
}

func unique(list []string) []string {
	seen := make(map[string]bool, len(list))
	var result []string
	for _, s := range list {
		if !seen[s] {
			seen[s] = true
			result = append(result, s)
		}
	}
	return result
}
