package store

import (
	"context"
	"fmt"
	"strings"

	"midgard/internal/governance"
)

// Digests gives, for each native identity, what is known of the account; an unknown one has an empty ID.
func (s *Store) Digests(ctx context.Context, sourceID string, nativeIdentities []string) ([]governance.Digest, error) {
	keys := make([]string, len(nativeIdentities))
	for i, n := range nativeIdentities {
		keys[i] = Key(n)
	}
	return s.digests(ctx, sourceID, "native_key", keys)
}

// DigestsByUUID is Digests for the source's own immutable ids. An empty uuid is never known.
func (s *Store) DigestsByUUID(ctx context.Context, sourceID string, uuids []string) ([]governance.Digest, error) {
	keys := make([]string, len(uuids))
	for i, u := range uuids {
		keys[i] = Key(u)
	}
	return s.digests(ctx, sourceID, "uuid_key", keys)
}

// digestChunk is the number of keys of one query: few texts, so that they stay prepared.
const digestChunk = 50

func (s *Store) digests(ctx context.Context, sourceID, column string, keys []string) ([]governance.Digest, error) {
	known := make(map[string]governance.Digest, len(keys))
	text := "select " + column + ", id, ordinal, hash, missing_since is not null from account where source_id = $1 and " + column + " in (" + placeholders(2, digestChunk) + ")"
	args := make([]any, digestChunk+1)
	args[0] = sourceID
	for begin := 0; begin < len(keys); begin += digestChunk {
		for i := range digestChunk {
			args[i+1] = keys[min(begin+i, len(keys)-1)] // the last chunk repeats its last key
		}
		if err := s.readDigests(ctx, text, args, known); err != nil {
			return nil, fmt.Errorf("look up accounts: %w", err)
		}
	}
	digests := make([]governance.Digest, len(keys))
	for i, k := range keys {
		if k != "" {
			digests[i] = known[k]
		}
	}
	return digests, nil
}

func (s *Store) readDigests(ctx context.Context, text string, args []any, into map[string]governance.Digest) error {
	rows, err := s.reader().QueryContext(ctx, text, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var key string
		var hash []byte
		var d governance.Digest
		if err := rows.Scan(&key, &d.ID, &d.Ordinal, &hash, &d.Missing); err != nil {
			return err
		}
		copy(d.Hash[:], hash)
		into[key] = d
	}
	return rows.Err()
}

// ApplyAccounts creates and updates accounts of one source in one transaction that belongs to a job: the accounts, their
// entitlements, the people that an authoritative source makes of them, and the machine identity that every machine
// account belongs to. What a person has entered (ManuallyEdited, a manual classification) stays.
func (s *Store) ApplyAccounts(ctx context.Context, actor governance.Actor, lease governance.Lease, source governance.Reference, writes []governance.AccountWrite) (governance.Applied, error) {
	var done governance.Applied
	err := s.writeBulk(ctx, actor, func(ctx context.Context, t *tx) error {
		if err := t.hold(ctx, lease); err != nil {
			return err
		}
		b := batch{tx: t, source: source, writes: writes}
		if err := b.apply(ctx); err != nil {
			return err
		}
		done = b.done
		return nil
	})
	if err != nil {
		return governance.Applied{}, fmt.Errorf("apply accounts: %w", err)
	}
	return done, nil
}

// batch is the state of one ApplyAccounts. Reads come first, with one query for each kind of thing; then each account is
// merged in memory; then everything is written with few statements.
type batch struct {
	*tx
	source governance.Reference
	writes []governance.AccountWrite
	done   governance.Applied

	owners       map[string]governance.Reference        // by owner key
	olds         map[string]governance.Account          // by id
	identities   map[string]governance.MachineIdentity  // by id
	entitlements map[governance.EntitlementValue]string // to id
	links        map[string]map[string]bool             // account id to entitlement ids

	people  []string // the person of each write, "" for none
	persons map[string]personRow
	shape   governance.Account // what every account of the source has in common
	known   []string // folded native identities of people's accounts: others may be waiting for them
	retired []string // people whose account now is somebody else's

	accountRows, identityRows, linkRows, changeRows [][]any
}

func (b *batch) apply(ctx context.Context) error {
	for _, step := range []func(context.Context) error{b.readSource, b.readOlds, b.readOwners, b.readEntitlements, b.readLinks, b.readPeople, b.merge, b.write, b.settlePeople} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// readSource begins every new account with what it has from its source.
func (b *batch) readSource(ctx context.Context) error {
	b.shape = governance.Account{Source: b.source, AccessType: governance.AccessDirect, Created: b.now, Modified: b.now}
	err := b.QueryRowContext(ctx, "select authoritative, connection_type from source where id = $1", b.source.ID).Scan(&b.shape.Authoritative, &b.shape.ConnectionType)
	if err != nil {
		return fmt.Errorf("read source %q: %w", b.source.ID, err)
	}
	return nil
}

func (b *batch) readOlds(ctx context.Context) error {
	b.olds, b.identities = map[string]governance.Account{}, map[string]governance.MachineIdentity{}
	var ids, machineIDs []any
	for _, w := range b.writes {
		if w.Digest.ID != "" {
			ids = append(ids, w.Digest.ID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	if err := b.holdRows(ctx, "account", ids); err != nil {
		return err
	}
	text, args := in(1, ids)
	olds, err := many(ctx, b, "select "+accountSelect+" from account a"+accountJoin+" where a.id "+text, scanAccount, args...)
	if err != nil {
		return fmt.Errorf("read accounts: %w", err)
	}
	for _, a := range olds {
		b.olds[a.ID] = a
		if a.MachineIdentity.Set() {
			machineIDs = append(machineIDs, a.MachineIdentity.ID)
		}
	}
	if len(machineIDs) == 0 {
		return nil
	}
	if err := b.holdRows(ctx, "machine_identity", machineIDs); err != nil {
		return err
	}
	text, args = in(1, machineIDs)
	rows, err := many(ctx, b, "select "+machineIdentitySelect+" from machine_identity m"+machineIdentityJoin+" where m.id "+text, scanMachineIdentity, args...)
	if err != nil {
		return fmt.Errorf("read machine identities: %w", err)
	}
	for _, r := range rows {
		if !r.extras { // what has more than its row was shaped by a person
			b.identities[r.ID] = r.MachineIdentity
		}
	}
	return nil
}

func (b *batch) readOwners(ctx context.Context) error {
	var keys []string
	for _, w := range b.writes {
		if k := w.Observed.OwnerKey; k != "" {
			keys = append(keys, k)
		}
	}
	owners, err := b.peopleByKeys(ctx, unique(keys))
	b.owners = owners
	return err
}

// readEntitlements finds the entitlements that the accounts name and adds the ones that are new: an account may name a
// group before the groups are read.
func (b *batch) readEntitlements(ctx context.Context) error {
	wanted := map[governance.EntitlementValue]bool{}
	for _, w := range b.writes {
		for _, e := range w.Observed.Entitlements {
			wanted[e] = true
		}
	}
	b.entitlements = make(map[governance.EntitlementValue]string, len(wanted))
	if len(wanted) == 0 {
		return nil
	}
	byKey := map[[2]string]string{}
	if err := b.findEntitlements(ctx, wanted, byKey); err != nil {
		return err
	}
	var rows [][]any
	for e := range wanted {
		key := [2]string{Key(e.Attribute), Key(e.Value)}
		if byKey[key] == "" {
			x := governance.Entitlement{ID: NewID(), Source: b.source, Attribute: e.Attribute, Value: e.Value, Name: e.Value, Type: "group", Created: b.now, Modified: b.now}
			byKey[key] = x.ID
			rows = append(rows, entitlementValues(&x))
			b.changeRows = append(b.changeRows, b.changeRow(governance.ActionCreate, entitlementTable.object, x.ID, x.Name, nil, jsonText(&x)))
		}
		b.entitlements[e] = byKey[key]
	}
	return b.insertRows(ctx, entitlementTable.name, strings.Join(entitlementTable.columns, ", "), rows)
}

type entitlementKey struct{ id, attribute, value string }

func scanEntitlementKey(r row, k *entitlementKey) error { return r.Scan(&k.id, &k.attribute, &k.value) }

func (b *batch) findEntitlements(ctx context.Context, wanted map[governance.EntitlementValue]bool, into map[[2]string]string) error {
	keys := make([]any, 0, len(wanted))
	for e := range wanted {
		keys = append(keys, Key(e.Value))
	}
	text, args := in(2, keys)
	found, err := many(ctx, b, "select id, attribute_key, value_key from entitlement where source_id = $1 and value_key "+text, scanEntitlementKey,
		append([]any{b.source.ID}, args...)...)
	if err != nil {
		return fmt.Errorf("read entitlements: %w", err)
	}
	for _, k := range found {
		into[[2]string{k.attribute, k.value}] = k.id
	}
	return nil
}

// readLinks reads which entitlements the known accounts hold.
func (b *batch) readLinks(ctx context.Context) error {
	b.links = map[string]map[string]bool{}
	if len(b.olds) == 0 {
		return nil
	}
	ids := make([]any, 0, len(b.olds))
	for id := range b.olds {
		ids = append(ids, id)
		b.links[id] = map[string]bool{}
	}
	text, args := in(1, ids)
	pairs, err := many(ctx, b, "select account_id, entitlement_id from account_entitlement where account_id "+text,
		func(r row, p *[2]string) error { return r.Scan(&p[0], &p[1]) }, args...)
	if err != nil {
		return fmt.Errorf("read the accounts' entitlements: %w", err)
	}
	for _, p := range pairs {
		b.links[p[0]][p[1]] = true
	}
	return nil
}

// merge makes each account what the source shows, within what people have decided.
func (b *batch) merge(ctx context.Context) error {
	var next int64
	if err := b.QueryRowContext(ctx, "select coalesce(max(ordinal), 0) from account where source_id = $1", b.source.ID).Scan(&next); err != nil {
		return fmt.Errorf("number accounts: %w", err)
	}
	b.done.Ordinals = make([]int64, len(b.writes))
	for i := range b.writes {
		w := &b.writes[i]
		old, known := b.olds[w.Digest.ID]
		var err error
		if known {
			b.done.Ordinals[i] = w.Digest.Ordinal
			err = b.update(ctx, &old, w, b.people[i])
		} else {
			next++
			b.done.Ordinals[i] = next
			b.create(next, &w.Observed, b.people[i])
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (b *batch) create(ordinal int64, o *governance.ObservedAccount, person string) {
	a := b.shape
	a.ID = NewID()
	b.observe(&a, o)
	b.correlate(&a, person)
	if a.Machine {
		m := governance.PartialMachineIdentity(&a)
		m.ID, m.Created, m.Modified = NewID(), b.now, b.now
		a.MachineIdentity = governance.Reference{ID: m.ID, Name: m.Name}
		b.addIdentity(&m)
		b.done.Machines++
	}
	b.done.Created++
	b.accountRows = append(b.accountRows, append(accountValues(&a), ordinal, o.Hash[:]))
	b.changeRows = append(b.changeRows, b.changeRow(governance.ActionCreate, accountTable.object, a.ID, a.Name, nil, jsonText(&a)))
	for _, e := range o.Entitlements {
		b.link(a.ID, b.entitlements[e])
	}
}

func (b *batch) addIdentity(m *governance.MachineIdentity) {
	b.done.Identities++
	b.identityRows = append(b.identityRows, machineIdentityValues(m))
	b.changeRows = append(b.changeRows, b.changeRow(governance.ActionCreate, machineIdentityTable.object, m.ID, m.Name, nil, jsonText(m)))
}

// link adds an entitlement to an account once.
func (b *batch) link(account, entitlement string) {
	held := b.links[account]
	if held == nil {
		held = map[string]bool{}
		b.links[account] = held
	}
	if !held[entitlement] {
		held[entitlement] = true
		b.linkRows = append(b.linkRows, []any{account, entitlement})
	}
}

// observe copies what the source says. Owner, description, environment and classification are left alone where a person
// has decided.
func (b *batch) observe(a *governance.Account, o *governance.ObservedAccount) {
	a.NativeIdentity, a.UUID, a.Name = o.NativeIdentity, o.UUID, o.Name
	a.Disabled, a.Locked, a.Privileged = o.Disabled, o.Locked, o.Privileged
	a.ConnectorAttributes, a.HasEntitlements = o.Attributes, len(o.Entitlements) > 0
	if o.Machine != nil && a.Method != governance.ByHand {
		a.Machine, a.Method = *o.Machine, o.Method
	}
	if a.ManuallyEdited {
		return
	}
	a.Description, a.Environment, a.OwnerKey = o.Description, o.Environment, o.OwnerKey
	a.Owner = b.owners[o.OwnerKey]
}

// readPeople makes the people whom an authoritative source shows and finds the ones who are known.
func (b *batch) readPeople(ctx context.Context) error {
	b.people = make([]string, len(b.writes))
	var observed []governance.ObservedPerson
	var at []int
	for i := range b.writes {
		w := &b.writes[i]
		old := b.olds[w.Digest.ID]
		machine := old.Machine
		if w.Observed.Machine != nil && old.Method != governance.ByHand {
			machine = *w.Observed.Machine
		}
		if w.Observed.Person != nil && !machine && !old.ManuallyCorrelated {
			observed, at = append(observed, *w.Observed.Person), append(at, i)
		}
	}
	if len(observed) == 0 {
		return nil
	}
	ids, err := b.upsertPeople(ctx, b.source, observed)
	if err != nil {
		return err
	}
	for k, i := range at {
		b.people[i] = ids[k]
	}
	rows, err := manyByKeys(ctx, b, personRows, unique(ids), scanPersonRow)
	b.persons = make(map[string]personRow, len(rows))
	for _, r := range rows {
		b.persons[r.ID] = r
	}
	return err
}

// personRow is what an account repeats of its person.
type personRow struct {
	governance.Reference
	state string
}

var personRows = newKeyQuery("select id, name, state from identity where id in (%s)")

func scanPersonRow(r row, p *personRow) error { return r.Scan(&p.ID, &p.Name, &p.state) }

// correlate gives an account of a person its person.
func (b *batch) correlate(a *governance.Account, person string) {
	if person == "" || a.Identity.ID == person {
		return
	}
	if a.Identity.Set() {
		b.retired = append(b.retired, a.Identity.ID)
	} else {
		b.done.People++
	}
	a.Identity, a.IdentityState = b.persons[person].Reference, b.persons[person].state
	b.known = append(b.known, Key(a.NativeIdentity))
}

// settlePeople looks after those who wait for the people of this batch under the name of their account, and after those
// who may have lost their last account to somebody else.
func (b *batch) settlePeople(ctx context.Context) error {
	if err := b.settleWaiting(ctx, b.known); err != nil {
		return err
	}
	return b.retirePeople(ctx, b.retired)
}

func (b *batch) update(ctx context.Context, old *governance.Account, w *governance.AccountWrite, person string) error {
	a, o := *old, &w.Observed
	b.observe(&a, o)
	if a.Machine {
		a.Identity, a.IdentityState = governance.Reference{}, ""
		b.done.Machines++
	}
	b.correlate(&a, person)
	if err := b.updateMachine(ctx, old, &a); err != nil {
		return err
	}
	a.MissingSince, a.Modified = old.MissingSince, b.now
	before, after, err := difference(old, &a)
	if err != nil {
		return err
	}
	if before == nil {
		a.Modified = old.Modified
	}
	a.MissingSince = governance.Account{}.MissingSince
	if before != nil {
		b.done.Updated++
		b.changeRows = append(b.changeRows, b.changeRow(governance.ActionUpdate, accountTable.object, a.ID, a.Name, string(before), string(after)))
	}
	if err := exec(ctx, b, accountTable.update, accountValues(&a)...); err != nil {
		return fmt.Errorf("update account %q: %w", a.ID, err)
	}
	if err := exec(ctx, b, "update account set hash = $1 where id = $2", o.Hash[:], a.ID); err != nil {
		return fmt.Errorf("update account %q: %w", a.ID, err)
	}
	return b.relink(ctx, a.ID, o.Entitlements)
}

// updateMachine keeps the account's machine identity. One that aggregation made for this account alone, and that nobody
// has edited, follows the account.
func (b *batch) updateMachine(ctx context.Context, old, a *governance.Account) error {
	m, readable := b.identities[a.MachineIdentity.ID]
	if a.Machine && readable && !m.ManuallyCreated && !m.ManuallyEdited && m.Source.ID == a.Source.ID && m.NativeIdentity == old.NativeIdentity {
		follow := governance.PartialMachineIdentity(a)
		follow.ID, follow.Created, follow.Modified = m.ID, m.Created, b.now
		follow.ExistsOnSource = governance.ExistsTrue
		if err := b.replaceMachineIdentity(ctx, &m, &follow); err != nil {
			return err
		}
		a.MachineIdentity.Name = follow.Name
		return nil
	}
	if a.Machine && !a.MachineIdentity.Set() {
		b.done.Identities++
	}
	return b.settleMachine(ctx, old, a)
}

// relink makes the account hold exactly the given entitlements.
func (b *batch) relink(ctx context.Context, id string, values []governance.EntitlementValue) error {
	wanted := map[string]bool{}
	for _, e := range values {
		wanted[b.entitlements[e]] = true
		b.link(id, b.entitlements[e])
	}
	for held := range b.links[id] {
		if wanted[held] {
			continue
		}
		if err := exec(ctx, b, "delete from account_entitlement where account_id = $1 and entitlement_id = $2", id, held); err != nil {
			return fmt.Errorf("take entitlement from account %q: %w", id, err)
		}
	}
	return nil
}

var (
	accountInsertColumns         = strings.Join(accountTable.columns, ", ") + ", ordinal, hash"
	machineIdentityInsertColumns = strings.Join(machineIdentityTable.columns, ", ")
)

func (b *batch) write(ctx context.Context) error {
	if err := b.insertRows(ctx, "machine_identity", machineIdentityInsertColumns, b.identityRows); err != nil {
		return err
	}
	if err := b.insertRows(ctx, "account", accountInsertColumns, b.accountRows); err != nil {
		return err
	}
	if err := b.insertRows(ctx, "account_entitlement", "account_id, entitlement_id", b.linkRows); err != nil {
		return err
	}
	return b.insertRows(ctx, "change", changeColumnList, b.changeRows)
}
