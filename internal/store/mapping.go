package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"midgard/internal/governance"
)

const mappingSelect = "source_id, mappings, revision, created, modified"

func scanMapping(r row, s *governance.MappingSet) error {
	return r.Scan(&s.SourceID, jsonInto{&s.Mappings}, &s.Revision, timeInto{&s.Created}, timeInto{&s.Modified})
}

var mappingTable = newTable(table[governance.MappingSet]{
	name: "machine_account_mapping", object: "MACHINE_ACCOUNT_MAPPINGS",
	columns: []string{"source_id", "mappings", "revision", "created", "modified"},
	values: func(s *governance.MappingSet) []any {
		return []any{s.SourceID, jsonText(s.Mappings), s.Revision, s.Created.UnixMilli(), millis(s.Modified)}
	},
	id:    func(s *governance.MappingSet) string { return s.SourceID },
	label: func(s *governance.MappingSet) string { return s.SourceID },
})

// Mappings reads the mappings of a source in their order; a source that nobody gave any has an empty set with revision 0.
func (s *Store) Mappings(ctx context.Context, sourceID string) (governance.MappingSet, error) {
	return mappings(ctx, s.reader(), sourceID)
}

func mappings(ctx context.Context, q querier, sourceID string) (governance.MappingSet, error) {
	found, err := many(ctx, q, "select "+mappingSelect+" from machine_account_mapping where source_id = $1", scanMapping, sourceID)
	if err != nil {
		return governance.MappingSet{}, fmt.Errorf("read the mappings of source %q: %w", sourceID, err)
	}
	if len(found) == 0 {
		return governance.MappingSet{SourceID: sourceID}, nil
	}
	return found[0], nil
}

// UpdateMappings changes the mappings of a source and queues the work that brings its machine accounts in line, with a
// task. edit may refuse. Transforms and sources that the mappings refer to must exist.
func (s *Store) UpdateMappings(ctx context.Context, actor governance.Actor, source governance.Reference, edit func(*governance.MappingSet) error, uses func([]governance.AttributeMapping) []string) (governance.MappingSet, error) {
	var set governance.MappingSet
	err := s.write(ctx, actor, func(ctx context.Context, t *tx) error {
		if err := t.holdRow(ctx, "source", source.ID); err != nil {
			return err
		}
		old, err := mappings(ctx, t, source.ID)
		if err != nil {
			return err
		}
		set = old
		set.Mappings = append([]governance.AttributeMapping(nil), old.Mappings...)
		if err := edit(&set); err != nil {
			return err
		}
		if err := t.referMappings(ctx, &set, uses(set.Mappings)); err != nil {
			return err
		}
		if err := t.saveMappings(ctx, &old, &set); err != nil {
			return err
		}
		return t.remap(ctx, source)
	})
	return set, err
}

// referMappings checks what the set refers to and keeps, for whoever needs to know it, who refers to what.
func (t *tx) referMappings(ctx context.Context, set *governance.MappingSet, transforms []string) error {
	for _, m := range set.Mappings {
		if m.Target.SourceID == "" {
			continue
		}
		if _, err := t.reference(ctx, "source", "target.sourceId", m.Target.SourceID); err != nil {
			return err
		}
	}
	if err := t.referTransforms(ctx, mappingTable.object, set.SourceID, "transformDefinition.id", transforms); err != nil {
		return err
	}
	if err := exec(ctx, t, "delete from owner_lookup where mapped_source_id = $1", set.SourceID); err != nil {
		return err
	}
	var rows [][]any
	for _, l := range set.Lookups() {
		rows = append(rows, []any{l.SourceID, l.Attribute, set.SourceID})
	}
	return t.insertRows(ctx, "owner_lookup", "source_id, attribute, mapped_source_id", rows)
}

func (t *tx) saveMappings(ctx context.Context, old, set *governance.MappingSet) error {
	if set.Mappings == nil {
		set.Mappings = []governance.AttributeMapping{}
	}
	set.Modified = t.now
	if old.Revision > 0 {
		return replace(ctx, t, mappingTable, old, set)
	}
	set.Revision, set.Created, set.Modified = 1, t.now, time.Time{}
	return create(ctx, t, mappingTable, set)
}

// remap makes the source's machine accounts be looked at again because something changed that its mappings depend on. A
// source without mappings is left alone. Work that is under way notices the new revision and begins again.
func (t *tx) remap(ctx context.Context, source governance.Reference) error {
	n, err := affected(ctx, t, "update machine_account_mapping set revision = revision + 1 where source_id = $1", source.ID)
	if err != nil || n == 0 {
		return err
	}
	if err := t.forgetDelta(ctx, source.ID); err != nil {
		return err
	}
	task := governance.Task{
		ID: NewID(), Type: governance.TaskTypeQueued, Name: governance.TaskMapping, Description: "Map the machine accounts of " + source.Name,
		TargetType: "APPLICATION", Target: source, SourceID: source.ID, Progress: "Waiting",
	}
	id, added, err := t.enqueue(ctx, governance.JobMap, source.ID, sourceJob{SourceID: source.ID, TaskID: task.ID}, time.Time{})
	if err != nil || !added {
		return err
	}
	task.JobID = id
	return t.insertTask(ctx, &task)
}

// remapUsers is remap for every source whose mappings use a transform, which is told by its name.
func (t *tx) remapUsers(ctx context.Context, transform string) error {
	users, err := many(ctx, t, `select s.id, s.name from transform_reference r join source s on s.id = r.object_id
		where r.object_type = $1 and r.name_key = $2 order by s.id`, scanReference, mappingTable.object, transform)
	if err != nil {
		return fmt.Errorf("read who uses transform %q: %w", transform, err)
	}
	for _, source := range users {
		err = errors.Join(err, t.remap(ctx, source))
	}
	return err
}
