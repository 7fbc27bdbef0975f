package aggregate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"midgard/internal/governance"
	"midgard/internal/job"
	"midgard/internal/transform"
)

// mapPage is how many accounts one transaction maps.
const mapPage = 200

// findTransform gives the definition of a transform by its name.
type findTransform = func(name string) (json.RawMessage, bool)

// SetMappings changes the mappings of a source and queues the work that follows. path names a part of the mapping with an
// index in errors. A source sub-administrator's mappings stay within the sources that administeredBy administers.
func (s *Service) SetMappings(ctx context.Context, actor governance.Actor, source governance.Source, administeredBy string, edit func(*governance.MappingSet) error, path func(i int, part string) string) (governance.MappingSet, error) {
	find, err := s.findTransforms(ctx)
	if err != nil {
		return governance.MappingSet{}, err
	}
	checked := func(set *governance.MappingSet) error {
		if err := edit(set); err != nil {
			return err
		}
		return s.check(ctx, source, administeredBy, set.Mappings, find, path)
	}
	return s.store.UpdateMappings(ctx, actor, governance.Reference{ID: source.ID, Name: source.Name}, checked, usedTransforms)
}

// check sees to it that mappings can be compiled and that they stay within what the caller may know.
func (s *Service) check(ctx context.Context, from governance.Source, administeredBy string, set []governance.AttributeMapping, find findTransform, path func(i int, part string) string) error {
	for i, m := range set {
		owners, values, err := compileMappings(set[i:i+1], find, func(_ int, part string) string { return path(i, part) })
		if err != nil {
			return err
		}
		if administeredBy == "" {
			continue
		}
		if _, err := s.store.Source(ctx, m.Target.SourceID, administeredBy); err != nil && m.Target.SourceID != "" {
			return notAdministered(path(i, "target.sourceId"), m.Target.SourceID)
		}
		for _, c := range append(owners, values...) {
			if err := s.within(ctx, from, administeredBy, c.transform, path(i, "transformDefinition")); err != nil {
				return err
			}
		}
	}
	return nil
}

// within refuses a transform that reads accounts of sources that the caller does not administer. By its name only the source
// itself can be read.
func (s *Service) within(ctx context.Context, from governance.Source, administeredBy string, t *transform.Transform, field string) error {
	for _, q := range t.Accounts() {
		named := q.SourceName + q.ApplicationName // at most one of them is set
		if q.SourceID == from.ID || named != "" && strings.EqualFold(named, from.Name) {
			continue
		}
		if named != "" {
			return notAdministered(field, named)
		}
		if _, err := s.store.Source(ctx, q.SourceID, administeredBy); err != nil {
			return notAdministered(field, q.SourceID)
		}
	}
	return nil
}

func notAdministered(field, source string) error {
	return governance.Fail(governance.UnknownRef, field, "Referenced source %q of field '%s' was not found among those that you administer.", source, field)
}

// usedTransforms names the transforms that mappings refer to, each once.
func usedTransforms(mappings []governance.AttributeMapping) []string {
	var names []string
	for _, m := range mappings {
		for _, name := range transform.References(m.TransformDefinition) {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

func (s *Service) findTransforms(ctx context.Context) (findTransform, error) {
	all, err := s.store.TransformDefinitions(ctx)
	return func(name string) (json.RawMessage, bool) {
		definition, ok := all[name]
		return definition, ok
	}, err
}

// mappingRules are what a source's mapper is made of, in a form that can be fingerprinted.
type mappingRules struct {
	Mappings   []governance.AttributeMapping
	Transforms map[string]json.RawMessage // all of those that the mappings lead to
	Subtypes   []governance.Subtype
}

// mapperOf gives the mapper of a source, nil when it has no mappings, with the rules that it is made of.
func (s *Service) mapperOf(ctx context.Context, from governance.Source, r *rules, set governance.MappingSet) (*mapper, *mappingRules, error) {
	find, err := s.findTransforms(ctx)
	if err != nil {
		return nil, nil, err
	}
	used := &mappingRules{Mappings: set.Mappings, Transforms: map[string]json.RawMessage{}}
	noted := func(name string) (json.RawMessage, bool) {
		definition, ok := find(name)
		used.Transforms[name] = definition
		return definition, ok
	}
	m := &mapper{rules: r, source: governance.Reference{ID: from.ID, Name: from.Name}, now: s.now, subtypes: map[string]governance.Subtype{}}
	if m.owners, m.values, err = compileMappings(set.Mappings, noted, mappingPath); err != nil {
		return nil, nil, fmt.Errorf("compile the mappings of source %q: %w", from.Name, err)
	}
	if used.Subtypes, err = s.store.SubtypesOf(ctx, from.ID); err != nil {
		return nil, nil, err
	}
	for _, subtype := range used.Subtypes {
		m.subtypes[strings.ToLower(subtype.TechnicalName)] = subtype
	}
	return m, used, nil
}

// mappingPath names a part of a mapping in a list.
func mappingPath(i int, part string) string { return fmt.Sprintf("[%d].%s", i, part) }

// currentMapper is mapperOf for what is kept now, or nil. It has to be a nil interface then, which a *mapper would not be.
func (s *Service) currentMapper(ctx context.Context, sourceID string) (governance.Mapper, error) {
	set, err := s.store.Mappings(ctx, sourceID)
	if err != nil || len(set.Mappings) == 0 {
		return nil, err
	}
	m, err := s.storedMapper(ctx, sourceID, set)
	if err != nil {
		return nil, err
	}
	return m, nil
}

// storedMapper makes a mapper for accounts as they are kept: from the source's rules without a run.
func (s *Service) storedMapper(ctx context.Context, sourceID string, set governance.MappingSet) (*mapper, error) {
	from, err := s.store.Source(ctx, sourceID, "")
	if err != nil {
		return nil, err
	}
	r, err := newRules(from, governance.Schema{}, nil, nil)
	if err != nil {
		return nil, err
	}
	m, _, err := s.mapperOf(ctx, from, r, set)
	return m, err
}

// Map is the work of a mapping job: it brings the machine accounts of a source in line with its mappings, page by page. It
// begins again when the mappings change meanwhile.
func (s *Service) Map(ctx context.Context, j governance.Job) error {
	var a struct {
		SourceID string `json:"sourceId"`
		TaskID   string `json:"taskId"`
	}
	if err := json.Unmarshal(j.Args, &a); err != nil {
		return job.Permanent(fmt.Errorf("read the job's arguments: %w", err))
	}
	task, err := s.store.Task(ctx, a.TaskID, "")
	if err != nil {
		return err
	}
	task.Launched = s.now().UTC()
	m := &mapping{Service: s, lease: j.Lease(), actor: governance.Server("mapping", j.TrackingID), task: task, sourceID: a.SourceID}
	err = m.run(ctx)
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	if errors.Is(err, governance.ErrCancelled) {
		return s.store.FinishTask(context.WithoutCancel(ctx), m.lease, m.ended(governance.TaskTerminated))
	}
	return err
}

// mapping is one mapping job at work.
type mapping struct {
	*Service
	lease    governance.Lease
	actor    governance.Actor
	task     governance.Task
	sourceID string
	set      governance.MappingSet

	expected, read, changed, failed int64
}

func (m *mapping) run(ctx context.Context) error {
	for {
		stale, err := m.pass(ctx)
		if err != nil {
			return err
		}
		if !stale {
			status := governance.TaskSuccess
			if m.failed > 0 {
				status = governance.TaskWarning
			}
			if stale, err = m.store.EndMapping(ctx, m.lease, m.sourceID, m.set.Revision, m.ended(status)); err != nil || !stale {
				return err
			}
		}
		m.task.Messages, m.read, m.changed, m.failed = nil, 0, 0, 0
	}
}

// pass maps every machine account once; stale says that the mappings have changed on the way.
func (m *mapping) pass(ctx context.Context) (stale bool, err error) {
	if m.set, err = m.store.Mappings(ctx, m.sourceID); err != nil {
		return false, err
	}
	for _, lookup := range m.set.Lookups() {
		if err := m.index(ctx, lookup.SourceID); err != nil {
			return false, err
		}
	}
	mapper, err := m.storedMapper(ctx, m.sourceID, m.set)
	if err != nil {
		return false, err
	}
	if m.expected, err = m.store.KnownMachines(ctx, m.sourceID); err != nil {
		return false, err
	}
	for after := ""; ; {
		page, err := m.store.MapPage(ctx, m.actor, m.lease, mapper.source, m.set.Revision, after, mapPage, mapper)
		if err != nil || page.Stale {
			return page.Stale, err
		}
		if err := m.report(ctx, page); err != nil || page.Next == "" {
			return false, err
		}
		after = page.Next
	}
}

// index makes the accounts of a source findable by the attributes by which owners are looked for.
func (m *mapping) index(ctx context.Context, sourceID string) error {
	for after := ""; ; {
		next, err := m.store.IndexValuesPage(ctx, m.lease, sourceID, after, mapPage)
		if err != nil || next == "" {
			return err
		}
		after = next
	}
}

func (m *mapping) report(ctx context.Context, page governance.MappedPage) error {
	m.read, m.changed, m.failed = m.read+page.Read, m.changed+page.Changed, m.failed+int64(len(page.Problems))
	for _, text := range page.Problems {
		if len(m.task.Messages) < governance.MaxTaskMessages {
			m.task.Messages = append(m.task.Messages, mappingFailed(text))
		}
	}
	if m.expected > 0 {
		m.task.PercentComplete = int(min(m.read*100/m.expected, 99))
	}
	m.count()
	return m.store.ReportTask(ctx, m.lease, m.task)
}

func mappingFailed(text string) governance.TaskMessage {
	return governance.TaskMessage{Type: "WARN", Key: "mapping-failed", Text: text}
}

func (m *mapping) count() {
	m.task.Progress = fmt.Sprintf("%d machine accounts mapped, %d changed, %d problems", m.read, m.changed, m.failed)
	m.task.Counts = []governance.TaskCount{{Name: countRead, Value: m.read}, {Name: countUpdated, Value: m.changed}, {Name: countProblems, Value: m.failed}}
}

func (m *mapping) ended(status string) governance.Task {
	m.count()
	t := m.task
	t.CompletionStatus = status
	if status != governance.TaskTerminated {
		t.PercentComplete = 100
	}
	return t
}
