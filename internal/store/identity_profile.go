package store

import (
	"context"
	"fmt"

	"midgard/internal/filter"
	"midgard/internal/governance"
)

const profileObject = "Identity profile"

var identityProfiles = &listing[governance.IdentityProfile]{
	from: "identity_profile p", id: "p.id",
	sel: `p.id, p.name, p.description, p.owner_id, o.name, p.priority, p.source_id, s.name, p.enabled, p.attributes,
 (select count(*) from identity c where c.source_id = p.source_id), p.created, p.modified`,
	join: " join source s on s.id = p.source_id left join identity o on o.id = p.owner_id",
	scan: func(r row, p *governance.IdentityProfile) error {
		return r.Scan(&p.ID, &p.Name, &p.Description, textInto{&p.Owner.ID}, textInto{&p.Owner.Name}, &p.Priority, &p.Source.ID, &p.Source.Name,
			&p.Enabled, jsonInto{&p.Attributes}, &p.IdentityCount, timeInto{&p.Created}, timeInto{&p.Modified})
	},
	columns: map[string]column{
		"id":         {expr: "p.id"},
		"name":       {expr: "p.name_key"},
		"priority":   {expr: "cast(p.priority as double precision)"}, // operands may have a fraction
		"created":    {expr: "p.created"},
		"modified":   {expr: "p.modified"},
		"owner.id":   {expr: "p.owner_id"},
		"owner.name": {sort: "(select x.name_key from identity x where x.id = p.owner_id)"},
	},
}

var identityProfileTable = newTable(table[governance.IdentityProfile]{
	name: "identity_profile", object: "IDENTITY_PROFILE",
	columns: []string{"id", "name", "name_key", "description", "owner_id", "priority", "source_id", "enabled", "attributes", "created", "modified"},
	values: func(p *governance.IdentityProfile) []any {
		return []any{p.ID, p.Name, Key(p.Name), p.Description, null(p.Owner.ID), p.Priority, p.Source.ID, p.Enabled, jsonText(p.Attributes),
			p.Created.UnixMilli(), p.Modified.UnixMilli()}
	},
	id:    func(p *governance.IdentityProfile) string { return p.ID },
	label: func(p *governance.IdentityProfile) string { return p.Name },
})

// IdentityProfiles lists identity profiles.
func (s *Store) IdentityProfiles(ctx context.Context, q filter.Query) (filter.Page[governance.IdentityProfile], error) {
	return list(ctx, s, identityProfiles, q)
}

// IdentityProfile reads one identity profile.
func (s *Store) IdentityProfile(ctx context.Context, id string) (governance.IdentityProfile, error) {
	return byID(ctx, s.reader(), identityProfiles, profileObject, id)
}

// IdentityProfileOf gives the profile by which a source's accounts become people. A source without a profile, or with one
// that is not enabled, is read by governance.DefaultProfile: then Attributes are those, and the ID is empty unless there
// is a profile.
func (s *Store) IdentityProfileOf(ctx context.Context, sourceID string) (governance.IdentityProfile, error) {
	profiles, err := matching(ctx, s.reader(), identityProfiles, "p.source_id = $1", sourceID)
	if err != nil {
		return governance.IdentityProfile{}, fmt.Errorf("read the identity profile of source %q: %w", sourceID, err)
	}
	p := governance.IdentityProfile{Source: governance.Reference{ID: sourceID}}
	if len(profiles) > 0 {
		p = profiles[0]
	}
	if !p.Enabled {
		p.Attributes = governance.DefaultProfile()
	}
	return p, nil
}

// priorityStep is the distance at which a profile without a priority follows the last one.
const priorityStep = 10

// CreateIdentityProfile adds a profile and gives it as it is kept. Without a priority it comes last. It fails with
// UnknownRef when there is no such owner or no such authoritative source, and with Conflict when the name is taken or the
// source has a profile.
func (s *Store) CreateIdentityProfile(ctx context.Context, actor governance.Actor, p governance.IdentityProfile) (governance.IdentityProfile, error) {
	var kept governance.IdentityProfile
	err := s.write(ctx, actor, func(ctx context.Context, t *tx) error {
		x := p
		if err := t.checkProfile(ctx, &governance.IdentityProfile{}, &x); err != nil {
			return err
		}
		if x.Priority == 0 {
			text := "select coalesce(max(priority), 0) + $1 from identity_profile"
			if err := t.QueryRowContext(ctx, text, priorityStep).Scan(&x.Priority); err != nil {
				return fmt.Errorf("find a priority: %w", err)
			}
		}
		x.ID, x.Created, x.Modified = NewID(), t.now, t.now
		if err := create(ctx, t, identityProfileTable, &x); err != nil {
			return err
		}
		var err error
		kept, err = byID(ctx, t, identityProfiles, profileObject, x.ID)
		return err
	})
	return kept, s.profileTaken(err, p.Name)
}

// UpdateIdentityProfile lets edit change a profile and keeps the result. edit may refuse with an error, and may run more
// than once. The failures of CreateIdentityProfile are possible.
func (s *Store) UpdateIdentityProfile(ctx context.Context, actor governance.Actor, id string, edit func(*governance.IdentityProfile) error) (governance.IdentityProfile, error) {
	var kept governance.IdentityProfile
	var name string
	err := s.write(ctx, actor, func(ctx context.Context, t *tx) error {
		var err error
		kept, err = amend(ctx, t, identityProfileTable, identityProfiles, profileObject, id, func(old, p *governance.IdentityProfile) error {
			if err := edit(p); err != nil {
				return err
			}
			name, p.Modified = p.Name, t.now
			return t.checkProfile(ctx, old, p)
		})
		return err
	})
	return kept, s.profileTaken(err, name)
}

// checkProfile completes what the profile refers to. Its source must be one that people come from.
func (t *tx) checkProfile(ctx context.Context, old, p *governance.IdentityProfile) error {
	if err := t.refer(ctx, "identity", "owner", old.Owner, &p.Owner); err != nil {
		return err
	}
	if err := t.refer(ctx, "source", "authoritativeSource", old.Source, &p.Source); err != nil {
		return err
	}
	var authoritative bool
	if err := t.QueryRowContext(ctx, "select authoritative from source where id = $1", p.Source.ID).Scan(&authoritative); err != nil {
		return fmt.Errorf("read source %q: %w", p.Source.ID, err)
	}
	if !authoritative {
		return governance.Fail(governance.UnknownRef, "authoritativeSource", "Source %q of field 'authoritativeSource' is not authoritative: people cannot come from it.", p.Source.Name)
	}
	return nil
}

func (s *Store) profileTaken(err error, name string) error {
	err = s.taken(err, "identity_profile_name", "name", "An identity profile with the name %q already exists.", name)
	return s.taken(err, "identity_profile_source", "authoritativeSource", "The source already has an identity profile.")
}

// DeleteIdentityProfile removes a profile and gives the task that did it, which has ended. The people stay; their source
// is read by governance.DefaultProfile from now on.
func (s *Store) DeleteIdentityProfile(ctx context.Context, actor governance.Actor, id string) (governance.Task, error) {
	var task governance.Task
	err := s.write(ctx, actor, func(ctx context.Context, t *tx) error {
		if err := t.holdRow(ctx, identityProfileTable.name, id); err != nil {
			return err
		}
		p, err := byID(ctx, t, identityProfiles, profileObject, id)
		if err != nil {
			return err
		}
		if err := remove(ctx, t, identityProfileTable, &p); err != nil {
			return err
		}
		task = governance.Task{
			Type: governance.TaskTypeQueued, Name: governance.TaskProfileDeletion, Description: "Delete the identity profile " + p.Name,
			TargetType: "APPLICATION", Target: p.Source, SourceID: p.Source.ID, Launched: t.now, Completed: t.now,
			CompletionStatus: governance.TaskSuccess, PercentComplete: 100,
		}
		return t.insertTask(ctx, &task)
	})
	return task, err
}
