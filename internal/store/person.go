package store

import (
	"context"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"

	"midgard/internal/governance"
)

// maxKeys is the number of keys that one query takes.
const maxKeys = 512

// keySizes are the numbers of placeholders that key queries have: few texts, so that they stay prepared.
var keySizes = []int{1, 8, 64, maxKeys}

// keyQuery is a query for some keys, as one text for each of keySizes.
type keyQuery map[int]string

// newKeyQuery puts the placeholders, which begin with $1, into every "%s" of the text.
func newKeyQuery(text string) keyQuery {
	q := keyQuery{}
	for _, n := range keySizes {
		q[n] = strings.ReplaceAll(text, "%s", placeholders(1, n))
	}
	return q
}

// manyByKeys runs the query for any number of keys, which should be different ones, a part of them at a time.
func manyByKeys[T any](ctx context.Context, on querier, q keyQuery, keys []string, scan func(row, *T) error) ([]T, error) {
	var all []T
	for part := range slices.Chunk(keys, maxKeys) {
		args := make([]any, keySizes[slices.IndexFunc(keySizes, func(n int) bool { return n >= len(part) })])
		for i := range args {
			args[i] = part[min(i, len(part)-1)] // the last key fills up
		}
		rows, err := many(ctx, on, q[len(args)], scan, args...)
		if err != nil {
			return nil, err
		}
		all = append(all, rows...)
	}
	return all, nil
}

// upsertPerson is upsertPeople for one.
func (t *tx) upsertPerson(ctx context.Context, source governance.Reference, p governance.ObservedPerson) (identityID string, err error) {
	ids, err := t.upsertPeople(ctx, source, []governance.ObservedPerson{p})
	if err != nil {
		return "", err
	}
	return ids[0], nil
}

// upsertPeople makes people of what an authoritative source says, or brings those with the same uid up to date, and gives
// their ids in the same order. Who has no uid is nobody and gets an empty id. It leaves alone, and only gives the id of,
// protected people and people who belong to another source that still lists them, unless this source's identity profile
// comes before that one's. Then it finds managers, and gives whoever waited for one of these people what they waited for.
// The number of queries does not depend on the number of people, as long as nobody changes.
func (t *tx) upsertPeople(ctx context.Context, source governance.Reference, observed []governance.ObservedPerson) ([]string, error) {
	c := census{tx: t, source: source, olds: map[string]governance.Identity{}, people: map[string]*governance.Identity{}, priorities: map[string]int64{}}
	if err := c.read(ctx, observed); err != nil {
		return nil, err
	}
	ids := make([]string, len(observed))
	for i := range observed {
		id, err := c.observe(ctx, &observed[i])
		if err != nil {
			return nil, err
		}
		ids[i] = id
	}
	for _, step := range []func(context.Context) error{c.write, c.findManagers, c.record, c.announce} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	return ids, nil
}

// census is the state of one upsertPeople. Both maps are by folded uid.
type census struct {
	*tx
	source     governance.Reference
	olds       map[string]governance.Identity
	people     map[string]*governance.Identity
	order      []string // the keys of people as they came
	priorities map[string]int64
}

var peopleByUID = newKeyQuery("select id from identity where uid_key in (%s)")

func (c *census) read(ctx context.Context, observed []governance.ObservedPerson) error {
	keys := make([]string, len(observed))
	for i := range observed {
		keys[i] = Key(observed[i].UID)
	}
	ids, err := manyByKeys(ctx, c, peopleByUID, unique(keys), scanText)
	if err != nil {
		return fmt.Errorf("look up people: %w", err)
	}
	olds, err := heldByID(ctx, c.tx, identityTable, identities, ids)
	if err != nil {
		return fmt.Errorf("read people: %w", err)
	}
	for _, old := range olds {
		c.olds[Key(old.UID)] = old
	}
	return nil
}

func (c *census) observe(ctx context.Context, p *governance.ObservedPerson) (string, error) {
	key := Key(p.UID)
	if key == "" {
		return "", nil
	}
	x := c.people[key]
	if x == nil {
		fresh := governance.Identity{ID: NewID(), Created: c.now, Modified: c.now}
		if old, known := c.olds[key]; known {
			fresh = old
		}
		x = &fresh
		c.people[key] = x
		c.order = append(c.order, key)
	}
	ours, err := c.governs(ctx, x)
	if err == nil && ours {
		c.apply(x, p)
	}
	return x.ID, err
}

// governs says whether the source may write the person.
func (c *census) governs(ctx context.Context, x *governance.Identity) (bool, error) {
	switch {
	case x.Protected:
		return false, nil
	case !x.Source.Set(), x.Source.ID == c.source.ID, x.State == governance.StateInactiveLongTerm:
		return true, nil
	}
	mine, err := c.priority(ctx, c.source.ID)
	if err != nil {
		return false, err
	}
	theirs, err := c.priority(ctx, x.Source.ID)
	return mine < theirs, err
}

// priority is that of a source's identity profile; lower comes first, and a source without a profile last.
func (c *census) priority(ctx context.Context, sourceID string) (int64, error) {
	if p, known := c.priorities[sourceID]; known {
		return p, nil
	}
	p := int64(math.MaxInt64)
	err := c.QueryRowContext(ctx, "select coalesce(min(priority), $1) from identity_profile where source_id = $2", p, sourceID).Scan(&p)
	if err != nil {
		return 0, fmt.Errorf("read the priority of source %q: %w", sourceID, err)
	}
	c.priorities[sourceID] = p
	return p, nil
}

// apply copies what the source says.
func (c *census) apply(x *governance.Identity, p *governance.ObservedPerson) {
	x.UID, x.Name, x.FirstName, x.LastName, x.Email = p.UID, p.Name, p.FirstName, p.LastName, p.Email
	x.LifecycleState, x.State = p.LifecycleState, governance.StateOf(p.LifecycleState)
	x.Attributes, x.Source = []byte(object(p.Attributes)), c.source
	if key := Key(p.ManagerKey); key != x.ManagerKey {
		x.ManagerKey, x.Manager = key, governance.Reference{}
	}
}

// changed says whether a person is new or differs from what is kept.
func (c *census) changed(key string) bool {
	old, known := c.olds[key]
	return !known || !reflect.DeepEqual(&old, c.people[key])
}

// write writes new and changed people, still without managers that are not known yet: they may be among these.
func (c *census) write(ctx context.Context) error {
	var rows [][]any
	for _, key := range c.order {
		if !c.changed(key) {
			continue
		}
		x := c.people[key]
		if _, known := c.olds[key]; !known {
			rows = append(rows, identityValues(x))
			continue
		}
		x.Modified = c.now
		if err := exec(ctx, c, identityTable.update, identityValues(x)...); err != nil {
			return fmt.Errorf("update identity %q: %w", x.ID, err)
		}
	}
	return c.insertRows(ctx, identityTable.name, strings.Join(identityTable.columns, ", "), rows)
}

func (c *census) findManagers(ctx context.Context) error {
	var keys []string
	for _, x := range c.people {
		if x.ManagerKey != "" && !x.Manager.Set() {
			keys = append(keys, x.ManagerKey)
		}
	}
	if len(keys) == 0 {
		return nil
	}
	found, err := peopleByKeys(ctx, c, unique(keys))
	if err != nil {
		return err
	}
	for _, x := range c.people {
		manager := found[x.ManagerKey]
		if x.Manager.Set() || !manager.Set() || manager.ID == x.ID {
			continue
		}
		x.Manager, x.Modified = manager, c.now
		if err := exec(ctx, c, "update identity set manager_id = $1, modified = $2 where id = $3", manager.ID, c.now.UnixMilli(), x.ID); err != nil {
			return fmt.Errorf("set the manager of identity %q: %w", x.ID, err)
		}
	}
	return nil
}

func (c *census) record(ctx context.Context) error {
	var rows [][]any
	for _, key := range c.order {
		if !c.changed(key) {
			continue
		}
		x := c.people[key]
		old, known := c.olds[key]
		if !known {
			rows = append(rows, c.changeRow(governance.ActionCreate, identityTable.object, x.ID, x.Name, nil, jsonText(x)))
			continue
		}
		before, after, err := difference(&old, x)
		if err != nil {
			return fmt.Errorf("compare identity %q: %w", x.ID, err)
		}
		rows = append(rows, c.changeRow(governance.ActionUpdate, identityTable.object, x.ID, x.Name, nullObject(before), nullObject(after)))
	}
	return c.insertRows(ctx, "change", changeColumnList, rows)
}

// announce tells everybody who waits for a person under a key that is new, and has those looked after who own machines and
// have become inactive.
func (c *census) announce(ctx context.Context) error {
	var keys, left []string
	for _, key := range c.order {
		x, old := c.people[key], c.olds[key]
		if old.ID != "" {
			if err := c.follow(ctx, &old, x); err != nil {
				return err
			}
		}
		if old.Active() && !x.Active() {
			left = append(left, x.ID)
		}
		if !old.Active() && x.Active() { // who came back may own again what nobody else was found for
			old = governance.Identity{}
		}
		keys = append(keys, newKeys(&old, x)...)
	}
	if err := c.settleWaiting(ctx, keys); err != nil {
		return err
	}
	return c.startSuccession(ctx, left)
}

// stillListed gives, for people, the authoritative sources that have an account of theirs.
var stillListed = newKeyQuery(`select distinct a.identity_id, s.id, s.name from account a join source s on s.id = a.source_id
 where s.authoritative and a.identity_id in (%s) order by 1, 2`)

type listed struct {
	person string
	source governance.Reference
}

func scanListed(r row, l *listed) error { return r.Scan(&l.person, &l.source.ID, &l.source.Name) }

// retirePeople settles people who may have lost an account. One whom no authoritative source lists any more becomes
// inactive, but stays: what they own and did still refers to them. One whose own source has lost them, while another has
// an account of theirs, belongs to that source from its next aggregation on.
func (t *tx) retirePeople(ctx context.Context, ids []string) error {
	ids = unique(ids)
	people, err := heldByID(ctx, t, identityTable, identities, ids)
	if err != nil {
		return fmt.Errorf("read people: %w", err)
	}
	rows, err := manyByKeys(ctx, t, stillListed, ids, scanListed)
	if err != nil {
		return fmt.Errorf("read the accounts of people: %w", err)
	}
	sources := map[string][]governance.Reference{}
	for _, l := range rows {
		sources[l.person] = append(sources[l.person], l.source)
	}
	var left []string
	for i := range people {
		if people[i].Protected {
			continue
		}
		if err := t.retire(ctx, &people[i], sources[people[i].ID]); err != nil {
			return err
		}
		if people[i].Active() && len(sources[people[i].ID]) == 0 {
			left = append(left, people[i].ID)
		}
	}
	return t.startSuccession(ctx, left)
}

func (t *tx) retire(ctx context.Context, person *governance.Identity, sources []governance.Reference) error {
	x := *person
	x.Modified = t.now
	switch {
	case slices.ContainsFunc(sources, func(s governance.Reference) bool { return s.ID == person.Source.ID }):
		return nil
	case len(sources) == 0:
		x.State, x.LifecycleState = governance.StateInactiveLongTerm, governance.LifecycleGone
	default:
		x.Source = sources[0]
		if err := exec(ctx, t, "update account set hash = null where identity_id = $1 and source_id = $2", x.ID, x.Source.ID); err != nil {
			return fmt.Errorf("hand identity %q over: %w", x.ID, err)
		}
	}
	if err := replace(ctx, t, identityTable, person, &x); err != nil {
		return err
	}
	return t.follow(ctx, person, &x)
}
