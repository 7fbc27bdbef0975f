package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"midgard/internal/filter"
	"midgard/internal/governance"
)

const transformObject = "Transform"

var transforms = &listing[governance.Transform]{
	from: "transform x", id: "x.id",
	sel: "x.id, x.name, x.type, x.attributes, x.requires_periodic_refresh, x.internal, x.created, x.modified",
	scan: func(r row, x *governance.Transform) error {
		return r.Scan(&x.ID, &x.Name, &x.Type, rawInto{&x.Attributes}, boolInto{&x.RequiresPeriodicRefresh}, boolInto{&x.Internal},
			timeInto{&x.Created}, timeInto{&x.Modified})
	},
	columns: map[string]column{"name": {expr: "x.name_key"}, "internal": {expr: "x.internal"}},
}

var transformTable = newTable(table[governance.Transform]{
	name: "transform", object: "TRANSFORM",
	columns: []string{"id", "name", "name_key", "type", "attributes", "requires_periodic_refresh", "internal", "created", "modified"},
	values: func(x *governance.Transform) []any {
		return []any{x.ID, x.Name, Key(x.Name), x.Type, nullObject(x.Attributes), x.RequiresPeriodicRefresh, x.Internal,
			x.Created.UnixMilli(), x.Modified.UnixMilli()}
	},
	id:    func(x *governance.Transform) string { return x.ID },
	label: func(x *governance.Transform) string { return x.Name },
})

// TransformCheck says whether a definition can be run, and the names of the transforms that it refers to itself. find gives
// the definition of a transform by its exact name. A check may run more than once.
type TransformCheck = func(definition json.RawMessage, find func(name string) (json.RawMessage, bool)) (names []string, err error)

// Transforms lists transforms.
func (s *Store) Transforms(ctx context.Context, q filter.Query) (filter.Page[governance.Transform], error) {
	return list(ctx, s, transforms, q)
}

// Transform reads one transform.
func (s *Store) Transform(ctx context.Context, id string) (governance.Transform, error) {
	return byID(ctx, s.reader(), transforms, transformObject, id)
}

// TransformDefinitions gives the definitions of all transforms by their names.
func (s *Store) TransformDefinitions(ctx context.Context) (map[string]json.RawMessage, error) {
	all, err := matching(ctx, s.reader(), transforms, "1 = 1")
	if err != nil {
		return nil, fmt.Errorf("read the transforms: %w", err)
	}
	definitions := make(map[string]json.RawMessage, len(all))
	for i := range all {
		definitions[all[i].Name] = all[i].Definition()
	}
	return definitions, nil
}

// CreateTransform adds a transform that passes check and gives it as it is kept. It fails with Conflict when the name is
// taken, with UnknownRef when the transform refers to one that does not exist, and with what check says.
func (s *Store) CreateTransform(ctx context.Context, actor governance.Actor, x governance.Transform, check TransformCheck) (governance.Transform, error) {
	err := s.write(ctx, actor, func(ctx context.Context, t *tx) error {
		if err := t.holdTransforms(ctx); err != nil {
			return err
		}
		x.ID, x.Created, x.Modified = NewID(), t.now, t.now
		if err := create(ctx, t, transformTable, &x); err != nil {
			return err
		}
		return t.settleTransform(ctx, &x, check)
	})
	return x, s.taken(err, "transform_name", "name", "A transform with the name %q already exists.", x.Name)
}

// UpdateTransform lets edit change a transform and keeps the result, provided that it and all transforms that lead to it
// still pass check. edit may refuse with an error, and may run more than once. An internal transform is Illegal to change.
func (s *Store) UpdateTransform(ctx context.Context, actor governance.Actor, id string, edit func(*governance.Transform) error, check TransformCheck) (governance.Transform, error) {
	var kept governance.Transform
	err := s.write(ctx, actor, func(ctx context.Context, t *tx) error {
		if err := t.holdTransforms(ctx); err != nil {
			return err
		}
		var err error
		kept, err = amend(ctx, t, transformTable, transforms, transformObject, id, func(old, x *governance.Transform) error {
			if err := old.CheckEditable(); err != nil {
				return err
			}
			x.Modified = t.now
			return edit(x)
		})
		if err != nil {
			return err
		}
		if err := t.settleTransform(ctx, &kept, check); err != nil || !kept.Modified.Equal(t.now) {
			return err // or nothing has changed
		}
		return t.settleUsers(ctx, &kept, check)
	})
	return kept, err
}

// DeleteTransform removes a transform. It fails with InUse, naming the users, while another object refers to it. An
// internal transform is Illegal to delete.
func (s *Store) DeleteTransform(ctx context.Context, actor governance.Actor, id string) error {
	return s.write(ctx, actor, func(ctx context.Context, t *tx) error {
		if err := t.holdRow(ctx, transformTable.name, id); err != nil {
			return err
		}
		x, err := byID(ctx, t, transforms, transformObject, id)
		if err != nil {
			return err
		}
		if err := x.CheckEditable(); err != nil {
			return err
		}
		if err := t.transformUnused(ctx, &x); err != nil {
			return err
		}
		if err := t.referTransforms(ctx, transformTable.object, x.ID, "", nil); err != nil {
			return err
		}
		return remove(ctx, t, transformTable, &x)
	})
}

// transformGuard is an internal transform, which is always there. Whoever writes a transform holds its row: of two writes
// that make a cycle only together, the later one sees the earlier one.
const transformGuard = "00000000-0000-4000-8000-000000000001"

func (t *tx) holdTransforms(ctx context.Context) error {
	return t.holdRow(ctx, transformTable.name, transformGuard)
}

// settleTransform checks a transform that has just been written and keeps what it refers to.
func (t *tx) settleTransform(ctx context.Context, x *governance.Transform, check TransformCheck) error {
	names, err := t.checkTransform(ctx, x, check)
	if err != nil {
		return err
	}
	return t.referTransforms(ctx, transformTable.object, x.ID, "attributes", names)
}

// checkTransform runs check with what the transaction sees.
func (t *tx) checkTransform(ctx context.Context, x *governance.Transform, check TransformCheck) ([]string, error) {
	return t.checkDefinition(ctx, x.Definition(), check)
}

func (t *tx) checkDefinition(ctx context.Context, definition json.RawMessage, check TransformCheck) ([]string, error) {
	var failed error // of the database, which check cannot tell from an unknown name
	names, err := check(definition, func(name string) (json.RawMessage, bool) {
		found, err := matching(ctx, t, transforms, "x.name_key = $1", Key(name))
		if err != nil {
			failed = fmt.Errorf("read transform %q: %w", name, err)
		}
		if len(found) == 0 || found[0].Name != name {
			return nil, false
		}
		return found[0].Definition(), true
	})
	if failed != nil {
		return nil, failed
	}
	return names, err
}

// transformUsers are the transforms that lead to the one whose key is the argument, over any number of steps.
const transformUsers = `x.id in (
 with recursive users (id) as (
  select object_id from transform_reference where name_key = $1 and object_type = 'TRANSFORM'
  union
  select r.object_id from users u join transform y on y.id = u.id join transform_reference r on r.name_key = y.name_key and r.object_type = 'TRANSFORM'
 ) select id from users)`

// settleUsers checks the transforms that lead to one that has changed, and makes mappings that use any of them run anew.
func (t *tx) settleUsers(ctx context.Context, x *governance.Transform, check TransformCheck) error {
	users, err := matching(ctx, t, transforms, transformUsers, Key(x.Name))
	if err != nil {
		return fmt.Errorf("read what uses transform %q: %w", x.Name, err)
	}
	for i := range users {
		if _, err := t.checkTransform(ctx, &users[i], check); err != nil {
			return brokenUser(&users[i], err)
		}
	}
	for _, changed := range append(users, *x) {
		if err := t.remapUsers(ctx, Key(changed.Name)); err != nil {
			return err
		}
	}
	return nil
}

// brokenUser is the refusal of a change that another transform does not bear.
func brokenUser(user *governance.Transform, err error) error {
	var reason *governance.Error
	if !errors.As(err, &reason) {
		return err
	}
	return governance.Because(err, governance.InUse, "attributes", "Transform %q, which refers to this one, would not work any more: %s", user.Name, reason.Text)
}

// referTransforms keeps the names of the transforms that an object refers to, in place of those that it referred to before,
// so that none of them can be deleted meanwhile; no names end its references. Each name must be that of a transform, in
// the same spelling: otherwise it fails with UnknownRef about the field. The object is named in errors by its type and, if
// the id is that of a transform or a source, by that one's name.
func (t *tx) referTransforms(ctx context.Context, objectType, objectID, field string, names []string) error {
	if err := exec(ctx, t, "delete from transform_reference where object_type = $1 and object_id = $2", objectType, objectID); err != nil {
		return fmt.Errorf("forget the transforms of %s %q: %w", objectType, objectID, err)
	}
	names = slices.Compact(slices.Sorted(slices.Values(names)))
	for part := range slices.Chunk(names, maxKeys) {
		if err := t.holdNamed(ctx, field, part); err != nil {
			return err
		}
	}
	for _, name := range names {
		err := exec(ctx, t, "insert into transform_reference (name_key, object_type, object_id) values ($1, $2, $3)", Key(name), objectType, objectID)
		if err != nil {
			return fmt.Errorf("keep the transforms of %s %q: %w", objectType, objectID, err)
		}
	}
	return nil
}

// holdNamed holds the transforms with these names, all of which must exist.
func (t *tx) holdNamed(ctx context.Context, field string, names []string) error {
	keys := make([]any, len(names))
	for i, name := range names {
		keys[i] = Key(name)
	}
	text, args := in(1, keys)
	found, err := held(ctx, t, transformTable, transforms, "x.name_key "+text, args...)
	if err != nil {
		return fmt.Errorf("read referenced transforms: %w", err)
	}
	for _, name := range names {
		if slices.ContainsFunc(found, func(x governance.Transform) bool { return x.Name == name }) {
			continue
		}
		return unknownTransform(field, name, found)
	}
	return nil
}

// unknownTransform says that no transform has a name; one that differs from it in case only is told.
func unknownTransform(field, name string, found []governance.Transform) error {
	for i := range found {
		if Key(found[i].Name) == Key(name) {
			return governance.Fail(governance.UnknownRef, field, "Referenced transform %q of field '%s' was not found; the one that there is has the name %q.", name, field, found[i].Name)
		}
	}
	return governance.Fail(governance.UnknownRef, field, "Referenced transform %q of field '%s' was not found.", name, field)
}

const transformHolders = `select r.object_type, coalesce(x.name, s.name, r.object_id) from transform_reference r
 left join transform x on x.id = r.object_id left join source s on s.id = r.object_id where r.name_key = $1 order by 1, 2 limit $2`

func (t *tx) transformUnused(ctx context.Context, x *governance.Transform) error {
	holders, err := many(ctx, t, transformHolders, func(r row, text *string) error {
		var kind, name string
		err := r.Scan(&kind, &name)
		*text = fmt.Sprintf("%s %q", strings.ReplaceAll(strings.ToLower(kind), "_", " "), name)
		return err
	}, Key(x.Name), namedHolders+1)
	if err != nil {
		return fmt.Errorf("read what uses transform %q: %w", x.Name, err)
	}
	if len(holders) == 0 {
		return nil
	}
	if len(holders) > namedHolders {
		holders[namedHolders] = "others"
	}
	return governance.Fail(governance.InUse, "", "Transform %q cannot be deleted because it is in use by: %s.", x.Name, strings.Join(holders, ", "))
}
