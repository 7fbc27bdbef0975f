package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"midgard/internal/filter"
	"midgard/internal/governance"
)

// sourceRow is a source as its change records show it: of a secret they tell only that it changed, by a hash of the
// cipher text, which is another one whenever the secret is sealed.
type sourceRow struct {
	governance.Source
	Sealed map[string]string `json:"secrets,omitempty"`
}

func recorded(s governance.Source) sourceRow {
	r := sourceRow{Source: s}
	for field, sealed := range s.Secrets {
		sum := sha256.Sum256([]byte(sealed))
		if r.Sealed == nil {
			r.Sealed = map[string]string{}
		}
		r.Sealed[field] = hex.EncodeToString(sum[:8])
	}
	return r
}

const sourceSelect = `s.id, s.name, s.description, s.owner_id, o.name, s.type, s.connector, s.connector_class, s.connection_type,
 s.connector_attributes, s.secrets, s.features, s.authoritative, s.delete_threshold, s.management_workgroup_id, w.name, s.healthy,
 s.status, s.status_message, s.since, s.category, s.refs, s.delta_token, s.deleting, s.created, s.modified`

const sourceJoin = " left join identity o on o.id = s.owner_id left join workgroup w on w.id = s.management_workgroup_id"

func scanSource(r row, s *sourceRow) error {
	err := r.Scan(&s.ID, &s.Name, &s.Description, textInto{&s.Owner.ID}, textInto{&s.Owner.Name}, &s.Type, &s.Connector, &s.ConnectorClass,
		&s.ConnectionType, rawInto{&s.ConnectorAttributes}, jsonInto{&s.Secrets}, jsonInto{&s.Features}, &s.Authoritative, &s.DeleteThreshold,
		textInto{&s.ManagementWorkgroup.ID}, textInto{&s.ManagementWorkgroup.Name}, &s.Healthy, &s.Status, &s.StatusMessage,
		timeInto{&s.Since}, textInto{&s.Category}, jsonInto{&s.Refs}, &s.DeltaToken, &s.Deleting, timeInto{&s.Created}, timeInto{&s.Modified})
	if err != nil {
		return err
	}
	for i, f := range s.Features {
		s.Features[i] = strings.ToUpper(f) // the contract's values are in capitals; they are kept folded for the filter
	}
	*s = recorded(s.Source)
	return nil
}

// ownerName serves the sorter alone: no filter names the field.
const ownerName = "(select n.name_key from identity n where n.id = s.owner_id)"

// sources hides what is being deleted.
var sources = &listing[sourceRow]{
	from: "source s", id: "s.id", base: "not s.deleting", sel: sourceSelect, join: sourceJoin, scan: scanSource,
	administered: sourcesOf("s.id"),
	columns: map[string]column{
		"id":                            {expr: "s.id"},
		"name":                          {expr: "s.name_key"},
		"description":                   {expr: "s.description_key"},
		"owner.id":                      {expr: "s.owner_id"},
		"owner.name":                    {expr: ownerName},
		"managementWorkgroup.id":        {expr: "s.management_workgroup_id"},
		"type":                          {expr: "s.type_key"},
		"connectorName":                 {expr: "s.connector_key"},
		"connectionType":                {expr: "s.connection_type_key"},
		"features":                      {expr: "s.features"},
		"authoritative":                 {expr: "s.authoritative"},
		"healthy":                       {expr: "s.healthy"},
		"status":                        {expr: "s.status_key"},
		"category":                      {expr: "s.category_key"},
		"accountCorrelationConfig.id":   {expr: "s.correlation_config_id"},
		"accountCorrelationConfig.name": {expr: "s.correlation_config_name_key"},
		"managerCorrelationRule.type":   {expr: "s.manager_rule_type_key"},
		"managerCorrelationRule.id":     {expr: "s.manager_rule_id"},
		"managerCorrelationRule.name":   {expr: "s.manager_rule_name_key"},
		"created":                       {expr: "s.created"},
		"modified":                      {expr: "s.modified"},
	},
}

var sourceTable = newTable(table[sourceRow]{
	name: "source", object: "SOURCE",
	columns: []string{"id", "name", "name_key", "description", "description_key", "owner_id", "type", "type_key", "connector", "connector_key",
		"connector_class", "connection_type", "connection_type_key", "connector_attributes", "secrets", "features", "authoritative",
		"delete_threshold", "management_workgroup_id", "healthy", "status", "status_key", "status_message", "since", "category",
		"category_key", "refs", "correlation_config_id", "correlation_config_name_key", "manager_rule_type_key", "manager_rule_id",
		"manager_rule_name_key", "delta_token", "deleting", "created", "modified"},
	values: sourceValues,
	id:     func(s *sourceRow) string { return s.ID },
	label:  func(s *sourceRow) string { return s.Name },
})

func sourceValues(s *sourceRow) []any {
	config, rule := readRef(s.Refs.AccountCorrelationConfig), readRef(s.Refs.ManagerCorrelationRule)
	return []any{s.ID, s.Name, sourceNameKey(s), s.Description, Key(s.Description), null(s.Owner.ID), s.Type, Key(s.Type), s.Connector,
		Key(s.Connector), s.ConnectorClass, s.ConnectionType, Key(s.ConnectionType), object(s.ConnectorAttributes), secretsText(s.Secrets),
		foldedList(s.Features), s.Authoritative, s.DeleteThreshold, null(s.ManagementWorkgroup.ID), s.Healthy, s.Status, Key(s.Status),
		s.StatusMessage, millis(s.Since), null(s.Category), nullKey(s.Category), jsonText(s.Refs), null(config.ID), nullKey(config.Name),
		nullKey(rule.Type), null(rule.ID), nullKey(rule.Name), s.DeltaToken, s.Deleting, s.Created.UnixMilli(), s.Modified.UnixMilli()}
}

// sourceNameKey frees the name of a source as soon as it is being deleted.
func sourceNameKey(s *sourceRow) string {
	if s.Deleting {
		return s.ID
	}
	return Key(s.Name)
}

func secretsText(secrets map[string]string) string {
	if secrets == nil {
		return "{}"
	}
	return jsonText(secrets)
}

// foldedList is the text of a collection column, see compiler.collection.
func foldedList(list []string) string {
	folded := make([]string, len(list))
	for i, v := range list {
		folded[i] = filter.Fold(v)
	}
	return jsonText(folded)
}

type typedRef struct{ Type, ID, Name string }

// readRef gives what lists sort by; a reference that is kept for clients may be absent or of any shape.
func readRef(raw json.RawMessage) typedRef {
	var ref typedRef
	if json.Unmarshal(raw, &ref) != nil {
		return typedRef{}
	}
	return ref
}

// Source reads one source with the names of its schemas. One that is being deleted is not found any more.
func (s *Store) Source(ctx context.Context, id, administeredBy string) (governance.Source, error) {
	text := "select " + sourceSelect + " from source s" + sourceJoin + " where s.id = $1 and not s.deleting"
	r, err := oneOf(ctx, s.reader(), "Source", text, sourcesOf("s.id"), administeredBy, scanSource, id)
	if err != nil {
		return governance.Source{}, err
	}
	one := []governance.Source{r.Source}
	err = fillSchemas(ctx, s.reader(), one)
	return one[0], err
}

// Sources lists sources with the names of their schemas.
func (s *Store) Sources(ctx context.Context, q filter.Query) (filter.Page[governance.Source], error) {
	rows, err := list(ctx, s, sources, q)
	page := filter.Page[governance.Source]{Items: make([]governance.Source, len(rows.Items)), Total: rows.Total}
	if err != nil {
		return page, fmt.Errorf("list sources: %w", err)
	}
	for i := range rows.Items {
		page.Items[i] = rows.Items[i].Source
	}
	return page, fillSchemas(ctx, s.reader(), page.Items)
}

// CreateSource adds a source with its first schemas, whose ids and secrets the caller has made, and gives it as it is
// kept. It fails with Conflict when the name is taken and with UnknownRef when owner or management group do not exist.
func (s *Store) CreateSource(ctx context.Context, actor governance.Actor, src governance.Source, schemas []governance.Schema) (governance.Source, error) {
	err := s.write(ctx, actor, func(ctx context.Context, t *tx) error {
		if err := t.resolveSource(ctx, &governance.Source{}, &src); err != nil {
			return err
		}
		src.Created, src.Modified, src.Since = t.now, t.now, t.now
		row := recorded(src)
		if err := create(ctx, t, sourceTable, &row); err != nil {
			return err
		}
		for i := range schemas {
			schemas[i].SourceID = src.ID
			if err := t.createSchema(ctx, &schemas[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return src, s.sourceNameTaken(err, src.Name)
	}
	return s.Source(ctx, src.ID, "")
}

func (s *Store) sourceNameTaken(err error, name string) error {
	return s.taken(err, "source_name", "name", "Source with name %q already exists.", name)
}

// resolveSource checks and completes the references that differ from old.
func (t *tx) resolveSource(ctx context.Context, old, src *governance.Source) error {
	if err := t.refer(ctx, "identity", "owner", old.Owner, &src.Owner); err != nil {
		return err
	}
	return t.refer(ctx, "workgroup", "managementWorkgroup", old.ManagementWorkgroup, &src.ManagementWorkgroup)
}

// UpdateSource lets change edit a source and keeps the result. change may run more than once, and refuse with an error;
// maps and slices it replaces instead of writing into them.
// A new name is carried to the rows that are sorted by it in the background.
func (s *Store) UpdateSource(ctx context.Context, actor governance.Actor, id string, change func(*governance.Source) error) (governance.Source, error) {
	var name string
	err := s.write(ctx, actor, func(ctx context.Context, t *tx) error {
		updated, err := t.amendSource(ctx, id, func(old, src *governance.Source) error {
			if err := change(src); err != nil {
				return err
			}
			name, src.Modified = src.Name, t.now
			return t.resolveSource(ctx, old, src)
		})
		if err != nil || !updated.renamed {
			return err
		}
		if err := t.renameCreations(ctx, id); err != nil {
			return err
		}
		return t.enqueueRename(ctx, id)
	})
	if err != nil {
		return governance.Source{}, s.sourceNameTaken(err, name)
	}
	return s.Source(ctx, id, "")
}

type amendedSource struct {
	governance.Source
	renamed bool
}

// amendSource is amend for a source that is not being deleted.
func (t *tx) amendSource(ctx context.Context, id string, edit func(old, src *governance.Source) error) (amendedSource, error) {
	var a amendedSource
	row, err := amend(ctx, t, sourceTable, sources, "Source", id, func(old, x *sourceRow) error {
		if old.Deleting {
			return governance.Missing("Source", id)
		}
		if err := edit(&old.Source, &x.Source); err != nil {
			return err
		}
		a.renamed = x.Name != old.Name
		*x = recorded(x.Source)
		return nil
	})
	a.Source = row.Source
	return a, err
}

// SetSourceHealth keeps how a source was found. The time since when it is so moves only when that changes, and only then
// is there anything to write.
func (s *Store) SetSourceHealth(ctx context.Context, actor governance.Actor, id string, healthy bool, status, message string) error {
	return s.write(ctx, actor, func(ctx context.Context, t *tx) error {
		_, err := t.amendSource(ctx, id, func(old, src *governance.Source) error {
			src.Healthy, src.Status, src.StatusMessage = healthy, status, message
			if old.Healthy != healthy || old.Status != status {
				src.Since = t.now
			}
			return nil
		})
		return err
	})
}

// DeleteSource hides a source and queues its removal. It gives the task that tells how far that is. Other work on the
// source is asked to stop, and its tasks end. Asked again it gives the same task, or a new one when the first has failed.
func (s *Store) DeleteSource(ctx context.Context, actor governance.Actor, id, administeredBy string) (governance.Task, error) {
	var task governance.Task
	err := s.write(ctx, actor, func(ctx context.Context, t *tx) error {
		if err := t.holdRow(ctx, sourceTable.name, id); err != nil {
			return err
		}
		old, err := oneOf(ctx, t, "Source", "select "+sourceSelect+" from source s"+sourceJoin+" where s.id = $1", sourcesOf("s.id"), administeredBy, scanSource, id)
		if err != nil {
			return err
		}
		gone := old
		if gone.Deleting = true; !old.Deleting {
			gone.Modified = t.now
		}
		if err := replace(ctx, t, sourceTable, &old, &gone); err != nil {
			return err
		}
		task, err = t.startDeletion(ctx, &gone.Source)
		return err
	})
	return task, err
}

func (t *tx) startDeletion(ctx context.Context, src *governance.Source) (governance.Task, error) {
	task := governance.Task{
		ID: NewID(), Type: governance.TaskTypeQueued, Name: governance.TaskSourceDeletion, Description: "Delete the source " + src.Name,
		TargetType: "APPLICATION", Target: governance.Reference{ID: src.ID, Name: src.Name}, SourceID: src.ID, Progress: "Waiting",
	}
	job, added, err := t.enqueue(ctx, governance.JobDeleteSource, src.ID, sourceJob{SourceID: src.ID, TaskID: task.ID}, time.Time{})
	if err != nil {
		return task, err
	}
	if !added {
		return one(ctx, t, "Task", src.ID, "select "+taskSelect+" from task t where t.source_id = $1 and t.name = $2 order by t.id desc limit 1",
			scanTask, src.ID, task.Name)
	}
	if err := t.stopTasks(ctx, src.ID); err != nil {
		return task, err
	}
	task.JobID = job
	return task, t.insertTask(ctx, &task)
}

// stopTasks ends every unfinished task of a source and asks its jobs to stop.
func (t *tx) stopTasks(ctx context.Context, sourceID string) error {
	running, err := many(ctx, t, "select "+taskSelect+" from task t where t.source_id = $1 and t.completion_status is null", scanTask, sourceID)
	if err != nil {
		return fmt.Errorf("read the tasks of source %q: %w", sourceID, err)
	}
	for i := range running {
		running[i].CompletionStatus, running[i].Completed = governance.TaskTerminated, t.now
		if err := t.updateTask(ctx, &running[i]); err != nil {
			return err
		}
		if _, err := t.cancelJob(ctx, running[i].JobID); err != nil {
			return err
		}
	}
	return nil
}
