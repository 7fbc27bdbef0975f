package store

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"midgard/internal/governance"
)

// table maps one type to its table: the columns are named once, insert, update and delete are made from the same list.
// Its three functions create, replace and remove are the one way in which objects change, and each writes the change
// record in the same transaction.
type table[T any] struct {
	name    string
	object  string   // the object type in change records
	columns []string // the key comes first
	keys    int      // how many columns are the key; 0 stands for one
	values  func(*T) []any
	id      func(*T) string
	label   func(*T) string
	insert  string
	update  string
	delete  string
}

func newTable[T any](t table[T]) *table[T] {
	t.keys = max(t.keys, 1)
	key := equalities(t.columns[:t.keys], 1)
	t.insert = fmt.Sprintf("insert into %s (%s) values (%s)", t.name, strings.Join(t.columns, ", "), placeholders(1, len(t.columns)))
	sets := equalities(t.columns[t.keys:], t.keys+1)
	t.update = fmt.Sprintf("update %s set %s where %s", t.name, strings.Join(sets, ", "), strings.Join(key, " and "))
	t.delete = fmt.Sprintf("delete from %s where %s", t.name, strings.Join(key, " and "))
	return &t
}

// equalities gives "column = $from" and so on.
func equalities(columns []string, from int) []string {
	list := make([]string, len(columns))
	for i, c := range columns {
		list[i] = fmt.Sprintf("%s = $%d", c, from+i)
	}
	return list
}

func create[T any](ctx context.Context, t *tx, tab *table[T], x *T) error {
	if err := exec(ctx, t, tab.insert, tab.values(x)...); err != nil {
		return fmt.Errorf("create %s %q: %w", tab.name, tab.label(x), err)
	}
	after, err := json.Marshal(x)
	if err != nil {
		return fmt.Errorf("record %s: %w", tab.name, err)
	}
	return t.record(ctx, governance.ActionCreate, tab.object, tab.id(x), tab.label(x), nil, after)
}

// replace writes x over old. An object that did not change is not written, and leaves no record.
func replace[T any](ctx context.Context, t *tx, tab *table[T], old, x *T) error {
	before, after, err := difference(old, x)
	if err != nil {
		return fmt.Errorf("record %s: %w", tab.name, err)
	}
	if before == nil {
		return nil
	}
	if err := exec(ctx, t, tab.update, tab.values(x)...); err != nil {
		return fmt.Errorf("update %s %q: %w", tab.name, tab.id(x), err)
	}
	return t.record(ctx, governance.ActionUpdate, tab.object, tab.id(x), tab.label(x), before, after)
}

func remove[T any](ctx context.Context, t *tx, tab *table[T], old *T) error {
	if err := exec(ctx, t, tab.delete, tab.values(old)[:tab.keys]...); err != nil {
		return fmt.Errorf("delete %s %q: %w", tab.name, tab.id(old), err)
	}
	before, err := json.Marshal(old)
	if err != nil {
		return fmt.Errorf("record %s: %w", tab.name, err)
	}
	return t.record(ctx, governance.ActionDelete, tab.object, tab.id(old), tab.label(old), before, nil)
}

const changeColumnList = `id, time, actor_id, actor_name, client_id, tracking_id, reason, action, object_type, object_id, object_name, before, after`

var insertChange = "insert into change (" + changeColumnList + ") values (" + placeholders(1, 13) + ")"

// record writes one change record. A change whose record cannot be written fails with it.
func (t *tx) record(ctx context.Context, action, objectType, id, name string, before, after json.RawMessage) error {
	err := exec(ctx, t, insertChange, t.changeRow(action, objectType, id, name, nullObject(before), nullObject(after))...)
	if err != nil {
		return fmt.Errorf("record the change of %s %q: %w", objectType, id, err)
	}
	return nil
}

// changeRow gives a change record in the order of changeColumnList, for those who write many at once. before and after
// are JSON text or nil.
func (t *tx) changeRow(action, objectType, id, name string, before, after any) []any {
	a := t.actor
	return []any{NewID(), t.now.UnixMilli(), null(a.IdentityID), a.Name, null(a.ClientID), null(a.TrackingID), null(a.Reason),
		action, objectType, id, name, before, after}
}

// difference gives the fields that differ, as two JSON objects; both are nil when nothing does. The time of the change
// itself does not count.
func difference(old, x any) (before, after json.RawMessage, err error) {
	was, err := fields(old)
	if err != nil {
		return nil, nil, err
	}
	is, err := fields(x)
	if err != nil {
		return nil, nil, err
	}
	delete(was, "modified")
	delete(is, "modified")
	for name, value := range was {
		if bytes.Equal(value, is[name]) {
			delete(was, name)
			delete(is, name)
		}
	}
	if len(was) == 0 && len(is) == 0 {
		return nil, nil, nil
	}
	return json.RawMessage(jsonText(was)), json.RawMessage(jsonText(is)), nil
}

func fields(x any) (map[string]json.RawMessage, error) {
	text, err := json.Marshal(x)
	if err != nil {
		return nil, err
	}
	var m map[string]json.RawMessage
	return m, json.Unmarshal(text, &m)
}

func scanChange(r row, c *governance.Change) error {
	return r.Scan(&c.ID, timeInto{&c.Time}, textInto{&c.Actor.IdentityID}, textInto{&c.Actor.Name}, textInto{&c.Actor.ClientID},
		textInto{&c.Actor.TrackingID}, textInto{&c.Actor.Reason}, &c.Action, &c.ObjectType, &c.ObjectID, &c.ObjectName, rawInto{&c.Before}, rawInto{&c.After})
}

// Changes gives up to limit change records with an id greater than after, oldest first; objectID narrows them to one
// object unless it is empty.
func (s *Store) Changes(ctx context.Context, objectID, after string, limit int) ([]governance.Change, error) {
	if objectID != "" {
		return many(ctx, s.reader(), "select "+changeColumnList+" from change where object_id = $1 and id > $2 order by id limit $3", scanChange, objectID, after, limit)
	}
	return many(ctx, s.reader(), "select "+changeColumnList+" from change where id > $1 order by id limit $2", scanChange, after, limit)
}
