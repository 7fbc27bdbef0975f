package store

import (
	"context"
	"fmt"

	"midgard/internal/filter"
	"midgard/internal/governance"
)

// The body column holds the whole schema; the columns beside it are what is searched.
var sourceSchemas = &listing[governance.Schema]{
	from: "source_schema c", id: "c.id", sel: "c.source_id, c.body, c.created, c.modified", scan: scanSchema,
}

func scanSchema(r row, s *governance.Schema) error {
	return r.Scan(&s.SourceID, jsonInto{s}, timeInto{&s.Created}, timeInto{&s.Modified})
}

var sourceSchemaTable = newTable(table[governance.Schema]{
	name: "source_schema", object: "SOURCE_SCHEMA",
	columns: []string{"id", "source_id", "name", "body", "created", "modified"},
	values: func(s *governance.Schema) []any {
		return []any{s.ID, s.SourceID, s.Name, jsonText(s), s.Created.UnixMilli(), s.Modified.UnixMilli()}
	},
	id:    func(s *governance.Schema) string { return s.ID },
	label: func(s *governance.Schema) string { return s.Name },
})

// fillSchemas reads the names of the sources' schemas, with one query for all of them.
func fillSchemas(ctx context.Context, q querier, into []governance.Source) error {
	if len(into) == 0 {
		return nil
	}
	at := make(map[string]*governance.Source, len(into))
	ids := make([]any, len(into))
	for i := range into {
		ids[i], at[into[i].ID] = into[i].ID, &into[i]
	}
	refs, err := many(ctx, q, "select source_id, id, name from source_schema where source_id in ("+placeholders(1, len(ids))+") order by id", scanSchemaName, ids...)
	if err != nil {
		return fmt.Errorf("read the schemas of sources: %w", err)
	}
	for _, ref := range refs {
		src := at[ref.sourceID]
		src.Schemas = append(src.Schemas, ref.Reference)
	}
	return nil
}

type schemaName struct {
	sourceID string
	governance.Reference
}

func scanSchemaName(r row, n *schemaName) error { return r.Scan(&n.sourceID, &n.ID, &n.Name) }

// Schemas gives the schemas of a source, oldest first.
func (s *Store) Schemas(ctx context.Context, sourceID string) ([]governance.Schema, error) {
	all, err := matching(ctx, s.reader(), sourceSchemas, "c.source_id = $1", sourceID)
	if err != nil {
		return nil, fmt.Errorf("read the schemas of source %q: %w", sourceID, err)
	}
	return all, nil
}

// Schema gives one schema of a source.
func (s *Store) Schema(ctx context.Context, sourceID, id string) (governance.Schema, error) {
	return schemaOf(ctx, s.reader(), sourceID, id)
}

func schemaOf(ctx context.Context, q querier, sourceID, id string) (governance.Schema, error) {
	schema, err := byID(ctx, q, sourceSchemas, "Schema", id)
	if err == nil && schema.SourceID != sourceID {
		return governance.Schema{}, governance.Missing("Schema", id)
	}
	return schema, err
}

// CreateSchema adds a schema to a source and gives it as it is kept. It fails with Conflict when the source has one of
// that name.
func (s *Store) CreateSchema(ctx context.Context, actor governance.Actor, sourceID string, schema governance.Schema) (governance.Schema, error) {
	err := s.write(ctx, actor, func(ctx context.Context, t *tx) error {
		schema.ID, schema.SourceID = NewID(), sourceID
		if err := t.createSchema(ctx, &schema); err != nil {
			return err
		}
		return t.forgetDelta(ctx, sourceID)
	})
	return schema, s.taken(err, "source_schema", "name", "Schema with name %q already exists on this source.", schema.Name)
}

func (t *tx) createSchema(ctx context.Context, schema *governance.Schema) error {
	schema.Created, schema.Modified = t.now, t.now
	return create(ctx, t, sourceSchemaTable, schema)
}

// UpdateSchema lets change edit a schema and keeps the result. change may run more than once, and refuse with an error.
func (s *Store) UpdateSchema(ctx context.Context, actor governance.Actor, sourceID, id string, change func(*governance.Schema) error) (governance.Schema, error) {
	var schema governance.Schema
	err := s.write(ctx, actor, func(ctx context.Context, t *tx) (err error) {
		schema, err = amend(ctx, t, sourceSchemaTable, sourceSchemas, "Schema", id, func(old, x *governance.Schema) error {
			if old.SourceID != sourceID {
				return governance.Missing("Schema", id)
			}
			x.Modified = t.now
			return change(x)
		})
		if err != nil {
			return err
		}
		return t.forgetDelta(ctx, sourceID)
	})
	return schema, err
}

// DeleteSchema removes a schema from a source.
func (s *Store) DeleteSchema(ctx context.Context, actor governance.Actor, sourceID, id string) error {
	return s.write(ctx, actor, func(ctx context.Context, t *tx) error {
		old, err := schemaOf(ctx, t, sourceID, filter.NormalizeID(id))
		if err != nil {
			return err
		}
		if err := remove(ctx, t, sourceSchemaTable, &old); err != nil {
			return err
		}
		return t.forgetDelta(ctx, sourceID)
	})
}

// forgetDelta makes the next run a full one: what a delta would leave out was read by other rules.
func (t *tx) forgetDelta(ctx context.Context, sourceID string) error {
	if err := exec(ctx, t, "update source set delta_token = null where id = $1 and delta_token is not null", sourceID); err != nil {
		return fmt.Errorf("forget the delta token of source %q: %w", sourceID, err)
	}
	return nil
}
