package store

import (
	"context"
	"fmt"
	"strings"

	"midgard/internal/filter"
	"midgard/internal/governance"
)

const formObject = "Form definition"

var forms = &listing[governance.FormDefinition]{
	from: "form_definition f", id: "f.id",
	sel:  "f.id, f.name, f.description, f.owner_id, o.name, f.used_by, f.inputs, f.elements, f.conditions, f.created, f.modified",
	join: " left join identity o on o.id = f.owner_id",
	scan: func(r row, f *governance.FormDefinition) error {
		return r.Scan(&f.ID, &f.Name, &f.Description, textInto{&f.Owner.ID}, textInto{&f.Owner.Name}, jsonInto{&f.UsedBy}, jsonInto{&f.Inputs},
			jsonInto{&f.Elements}, jsonInto{&f.Conditions}, timeInto{&f.Created}, timeInto{&f.Modified})
	},
	columns: map[string]column{
		"name":        {expr: "f.name_key"},
		"description": {expr: "f.description_key"},
		"created":     {expr: "f.created"},
		"modified":    {expr: "f.modified"},
	},
}

var formTable = newTable(table[governance.FormDefinition]{
	name: "form_definition", object: "FORM_DEFINITION",
	columns: []string{"id", "name", "name_key", "description", "description_key", "owner_id", "used_by", "inputs", "elements", "conditions", "created", "modified"},
	values: func(f *governance.FormDefinition) []any {
		return []any{f.ID, f.Name, Key(f.Name), f.Description, Key(f.Description), null(f.Owner.ID), jsonText(f.UsedBy), jsonText(f.Inputs),
			jsonText(f.Elements), jsonText(f.Conditions), f.Created.UnixMilli(), f.Modified.UnixMilli()}
	},
	id:    func(f *governance.FormDefinition) string { return f.ID },
	label: func(f *governance.FormDefinition) string { return f.Name },
})

// Forms lists form definitions.
func (s *Store) Forms(ctx context.Context, q filter.Query) (filter.Page[governance.FormDefinition], error) {
	return list(ctx, s, forms, q)
}

// Form reads one form definition.
func (s *Store) Form(ctx context.Context, id string) (governance.FormDefinition, error) {
	return byID(ctx, s.reader(), forms, formObject, id)
}

// CreateForm adds a form definition and gives it as it is kept. It fails with UnknownRef when there is no such owner.
// Several forms may have one name.
func (s *Store) CreateForm(ctx context.Context, actor governance.Actor, f governance.FormDefinition) (governance.FormDefinition, error) {
	err := s.write(ctx, actor, func(ctx context.Context, t *tx) error {
		if err := t.refer(ctx, "identity", "owner", governance.Reference{}, &f.Owner); err != nil {
			return err
		}
		f.ID, f.Created, f.Modified = NewID(), t.now, t.now
		return create(ctx, t, formTable, &f)
	})
	return f, err
}

// UpdateForm lets edit change a form definition and keeps the result. edit may refuse with an error, and may run more than
// once. The failures of CreateForm are possible.
func (s *Store) UpdateForm(ctx context.Context, actor governance.Actor, id string, edit func(*governance.FormDefinition) error) (governance.FormDefinition, error) {
	var kept governance.FormDefinition
	err := s.write(ctx, actor, func(ctx context.Context, t *tx) error {
		var err error
		kept, err = amend(ctx, t, formTable, forms, formObject, id, func(old, f *governance.FormDefinition) error {
			if err := edit(f); err != nil {
				return err
			}
			f.Modified = t.now
			return t.refer(ctx, "identity", "owner", old.Owner, &f.Owner)
		})
		return err
	})
	return kept, err
}

// DeleteForm removes a form definition. It fails with InUse while the settings of a subtype name it.
func (s *Store) DeleteForm(ctx context.Context, actor governance.Actor, id string) error {
	return s.write(ctx, actor, func(ctx context.Context, t *tx) error {
		if err := t.holdRow(ctx, formTable.name, id); err != nil {
			return err
		}
		f, err := byID(ctx, t, forms, formObject, id)
		if err != nil {
			return err
		}
		if err := t.formUnused(ctx, id); err != nil {
			return err
		}
		return remove(ctx, t, formTable, &f)
	})
}

const formHolders = `select x.display_name, s.name from source_subtype x join source s on s.id = x.source_id
 where x.form_id = $1 and not s.deleting order by x.display_name_key, x.id limit $2`

func (t *tx) formUnused(ctx context.Context, id string) error {
	holders, err := many(ctx, t, formHolders, func(r row, text *string) error {
		var subtype, source string
		err := r.Scan(&subtype, &source)
		*text = fmt.Sprintf("subtype %q of source %q", subtype, source)
		return err
	}, id, namedHolders+1)
	if err != nil {
		return fmt.Errorf("read what uses form definition %q: %w", id, err)
	}
	if len(holders) == 0 {
		return nil
	}
	if len(holders) > namedHolders {
		holders[namedHolders] = "others"
	}
	return governance.Fail(governance.InUse, "", "Unable to delete form definition %s because it is in use by: %s.", id, strings.Join(holders, ", "))
}
