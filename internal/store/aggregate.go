package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"midgard/internal/governance"
)

// ApplyAccounts creates and updates accounts of one source in one transaction that belongs to a job: the accounts, their
// entitlements, the people that an authoritative source makes of them, and the machine identity that every machine
// account belongs to. What a person has entered (ManuallyEdited, a manual classification) stays. mapper decides machine
// accounts further; it is nil for a source without mappings. It fails with ErrOvertaken when a new account is there already:
// a request that makes accounts may come between the look at what is known and this call.
func (s *Store) ApplyAccounts(ctx context.Context, actor governance.Actor, lease governance.Lease, source governance.Reference, writes []governance.AccountWrite, mapper governance.Mapper) (governance.Applied, error) {
	var done governance.Applied
	err := s.writeBulk(ctx, actor, func(ctx context.Context, t *tx) error {
		if err := t.holdMapping(ctx, lease, source.ID); err != nil { // those requests hold the source too
			return err
		}
		b := batch{tx: t, source: source, writes: writes, mapper: mapper}
		if err := b.apply(ctx); err != nil {
			return err
		}
		done = b.done
		return nil
	})
	if _, taken := s.dialect.unique(err); taken {
		err = errors.Join(governance.ErrOvertaken, err)
	}
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
	mapper governance.Mapper
	done   governance.Applied

	accounts []governance.Account // what the writes make of the accounts
	lookups  []string             // attributes by which owners are looked for

	owners       map[string]governance.Reference        // by owner key
	olds         map[string]governance.Account          // by id
	identities   map[string]governance.MachineIdentity  // by id
	entitlements map[governance.EntitlementValue]string // to id
	links        map[string]map[string]bool             // account id to entitlement ids

	people  []string // the person of each write, "" for none
	persons map[string]personRow
	shared  map[string]governance.Reference // machine identities that accounts share by mapping, by folded native identity
	shape   governance.Account              // what every account of the source has in common
	known   []string                        // folded native identities of people's accounts: others may be waiting for them
	retired []string                        // people whose account now is somebody else's

	accountRows, identityRows, linkRows, attributeRows, changeRows [][]any
}

func (b *batch) apply(ctx context.Context) error {
	for _, step := range []func(context.Context) error{b.readSource, b.readOlds, b.vacate, b.readOwners, b.readEntitlements, b.readLinks, b.readPeople, b.observeAll, b.mapAll, b.merge, b.write, b.settlePeople, b.settleValues} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// readSource begins every new account with what it has from its source.
func (b *batch) readSource(ctx context.Context) error {
	b.shape = governance.Account{AccessType: governance.AccessDirect, Created: b.now, Modified: b.now}
	err := b.QueryRowContext(ctx, "select name, authoritative, connection_type from source where id = $1", b.source.ID).
		Scan(&b.source.Name, &b.shape.Authoritative, &b.shape.ConnectionType)
	b.shape.Source = b.source
	if err != nil {
		return fmt.Errorf("read source %q: %w", b.source.ID, err)
	}
	b.lookups, err = lookedUp(ctx, b, b.source.ID)
	return err
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

// vacate takes their native identities from accounts that still have one that another account of the batch is called by
// now, as when two entries of a directory swap their names. Who loses it that way was renamed as well, and will be found
// by the source's own id, or is gone. Nothing is to be done unless somebody was renamed: a new account has a name that
// nobody has, or one that a renamed account gives up.
func (b *batch) vacate(ctx context.Context) error {
	renamed := false
	keys, ids := make([]any, len(b.writes)), make([]any, len(b.writes))
	for i, w := range b.writes {
		old, known := b.olds[w.Digest.ID]
		keys[i], ids[i] = Key(w.Observed.NativeIdentity), w.Digest.ID
		renamed = renamed || known && Key(old.NativeIdentity) != keys[i]
	}
	if !renamed {
		return nil
	}
	for i := range keys {
		err := exec(ctx, b, "update account set native_key = id where source_id = $1 and native_key = $2 and id <> $3", b.source.ID, keys[i], ids[i])
		if err != nil {
			return fmt.Errorf("vacate a native identity: %w", err)
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
	owners, err := ownersByKeys(ctx, b, unique(keys))
	b.owners = owners
	return err
}

// observeAll makes each account what the source shows, within what people have decided.
func (b *batch) observeAll(context.Context) error {
	b.accounts = make([]governance.Account, len(b.writes))
	for i := range b.writes {
		w, a := &b.writes[i], &b.accounts[i]
		old, known := b.olds[w.Digest.ID]
		if *a = old; !known {
			*a = b.shape
			a.ID = NewID()
		}
		b.observe(a, &w.Observed)
		if known && a.Machine {
			a.Identity, a.IdentityState = governance.Reference{}, ""
		}
		b.correlate(a, b.people[i])
	}
	return nil
}

// mapAll lets the mappings decide the machine accounts.
func (b *batch) mapAll(ctx context.Context) error {
	if b.mapper == nil {
		return nil
	}
	var machines []*governance.Account
	for i := range b.accounts {
		if b.accounts[i].Machine {
			machines = append(machines, &b.accounts[i])
		}
	}
	var err error
	b.done.Problems, err = b.mapAccounts(ctx, b.mapper, machines)
	return err
}

// merge writes the known accounts, then gathers the new ones: those may belong to machine identities that a known one has
// just got.
func (b *batch) merge(ctx context.Context) error {
	var next int64
	if err := b.QueryRowContext(ctx, "select coalesce(max(ordinal), 0) from account where source_id = $1", b.source.ID).Scan(&next); err != nil {
		return fmt.Errorf("number accounts: %w", err)
	}
	b.done.Ordinals = make([]int64, len(b.writes))
	var fresh []int
	for i := range b.writes {
		old, known := b.olds[b.writes[i].Digest.ID]
		if !known {
			next++
			b.done.Ordinals[i] = next
			fresh = append(fresh, i)
			continue
		}
		b.done.Ordinals[i] = b.writes[i].Digest.Ordinal
		if err := b.update(ctx, &old, &b.accounts[i], &b.writes[i].Observed); err != nil {
			return err
		}
	}
	return b.createAll(ctx, fresh)
}

// createAll gathers the rows of new accounts, which are told by their index.
func (b *batch) createAll(ctx context.Context, fresh []int) error {
	var natives []string
	for _, i := range fresh {
		natives = append(natives, b.accounts[i].SharedIdentity())
	}
	var err error
	if b.shared, err = sharedIdentities(ctx, b, b.source.ID, natives); err != nil {
		return err
	}
	for _, i := range fresh {
		b.create(b.done.Ordinals[i], &b.accounts[i], &b.writes[i].Observed)
	}
	return nil
}

func (b *batch) create(ordinal int64, a *governance.Account, o *governance.ObservedAccount) {
	if a.Machine {
		a.MachineIdentity = b.identityOf(a)
		b.done.Machines++
	}
	b.done.Created++
	b.accountRows = append(b.accountRows, append(accountValues(a), ordinal, o.Hash[:], mappedText(a.Mapped)))
	b.changeRows = append(b.changeRows, b.changeRow(governance.ActionCreate, accountTable.object, a.ID, a.Name, nil, jsonText(a)))
	b.attributeRows = append(b.attributeRows, attributeRows(a.ID, a.Attributes)...)
	for _, e := range o.Entitlements {
		b.link(a.ID, b.entitlements[e])
	}
}

// identityOf gives the machine identity that a new account belongs to: one that is there for accounts of its kind, or one
// that is made for it.
func (b *batch) identityOf(a *governance.Account) governance.Reference {
	native := a.SharedIdentity()
	if m, there := b.shared[Key(native)]; native != "" && there {
		return m
	}
	m := governance.DerivedMachineIdentity(a)
	m.ID, m.Created, m.Modified = NewID(), b.now, b.now
	b.addIdentity(&m)
	ref := governance.Reference{ID: m.ID, Name: m.Name}
	if native != "" {
		b.shared[Key(native)] = ref
	}
	return ref
}

func (b *batch) addIdentity(m *governance.MachineIdentity) {
	b.done.Identities++
	b.identityRows = append(b.identityRows, machineIdentityValues(m))
	b.attributeRows = append(b.attributeRows, attributeRows(m.ID, m.Attributes)...)
	b.changeRows = append(b.changeRows, b.changeRow(governance.ActionCreate, machineIdentityTable.object, m.ID, m.Name, nil, jsonText(m)))
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
	if a.ManuallyEdited || b.mapper != nil && a.Machine { // the mappings write these of a machine account
		return
	}
	a.Description, a.Environment = o.Description, o.Environment
	owner, known := b.owners[o.OwnerKey]
	if key := Key(o.OwnerKey); known || key != a.OwnerKey { // else who took over from somebody who is gone stays
		a.Owner, a.OwnerKey = owner, key
	}
}

func (b *batch) update(ctx context.Context, old, a *governance.Account, o *governance.ObservedAccount) error {
	if a.Machine {
		b.done.Machines++
	}
	if err := b.updateMachine(ctx, old, a); err != nil {
		return err
	}
	a.MissingSince, a.Modified = time.Time{}, b.now
	before, after, err := difference(old, a)
	if err != nil {
		return err
	}
	if before == nil {
		a.Modified = old.Modified
	}
	if before != nil {
		b.done.Updated++
		b.changeRows = append(b.changeRows, b.changeRow(governance.ActionUpdate, accountTable.object, a.ID, a.Name, string(before), string(after)))
	}
	if err := exec(ctx, b, accountTable.update, accountValues(a)...); err != nil {
		return fmt.Errorf("update account %q: %w", a.ID, err)
	}
	if err := b.keepMapped(ctx, old, a); err != nil {
		return err
	}
	if err := b.indexAttributes(ctx, a.ID, old.Attributes, a.Attributes); err != nil {
		return err
	}
	if err := exec(ctx, b, "update account set hash = $1 where id = $2", o.Hash[:], a.ID); err != nil {
		return fmt.Errorf("update account %q: %w", a.ID, err)
	}
	return b.relink(ctx, a.ID, o.Entitlements)
}

// updateMachine keeps the account's machine identity. The number of those that are made is counted by who asks for one.
func (b *batch) updateMachine(ctx context.Context, old, a *governance.Account) error {
	if m, readable := b.identities[old.MachineIdentity.ID]; readable && a.Machine && old.SharedIdentity() == "" && a.SharedIdentity() == "" {
		return b.followOwn(ctx, &m, old, a)
	}
	if a.Machine && !a.MachineIdentity.Set() {
		b.done.Identities++
	}
	if err := b.settleMachine(ctx, old, a); err != nil {
		return err
	}
	if err := b.speak(ctx, old, a); err != nil {
		return err
	}
	return b.markReturned(ctx, old, a)
}

// followOwn brings the machine identity that aggregation made for this account alone along, unless somebody has shaped it.
func (b *batch) followOwn(ctx context.Context, m *governance.MachineIdentity, old, a *governance.Account) error {
	if m.ManuallyCreated || m.ManuallyEdited || m.Source.ID != a.Source.ID || m.NativeIdentity != old.NativeIdentity {
		return b.markReturned(ctx, old, a)
	}
	is := *m
	is.Follow(old, a)
	is.Modified, is.ExistsOnSource = b.now, governance.ExistsTrue
	a.MachineIdentity.Name = is.Name
	return b.replaceMachineIdentity(ctx, m, &is)
}

func (b *batch) markReturned(ctx context.Context, old, a *governance.Account) error {
	if old.MissingSince.IsZero() {
		return nil
	}
	return b.markBack(ctx, a.MachineIdentity.ID)
}

var (
	accountInsertColumns         = strings.Join(accountTable.columns, ", ") + ", ordinal, hash, mapped"
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
	if err := b.insertRows(ctx, "attribute_value", attributeColumns, b.attributeRows); err != nil {
		return err
	}
	return b.insertRows(ctx, "change", changeColumnList, b.changeRows)
}
