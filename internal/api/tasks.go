package api

import (
	"context"
	"net/http"
	"time"

	"midgard/internal/filter"
	"midgard/internal/governance"
)

type taskStore interface {
	Tasks(ctx context.Context, q filter.Query) (filter.Page[governance.Task], error)
	Task(ctx context.Context, id, administeredBy string) (governance.Task, error)
	CloseTask(ctx context.Context, actor governance.Actor, id, status string, completed time.Time) (governance.Task, error)
}

func (s *server) taskHandlers() map[string]handler {
	return map[string]handler{
		"getTaskStatusList": listed(s.Store.Tasks, asJSON(taskBody)),
		"getTaskStatus":     shownWithin("id", s.Store.Task, asJSON(taskBody)),
		"updateTaskStatus":  s.updateTask,
	}
}

// taskForm is what a JSON Patch sees of a task: the contract lets clients end a task, and nothing else.
type taskForm struct {
	CompletionStatus string     `json:"completionStatus"`
	Completed        *time.Time `json:"completed"`
}

func (s *server) updateTask(w http.ResponseWriter, r *http.Request) error {
	apply := patch[taskForm](w, r, patchable{"completionStatus", "completed"})
	id := pathID(r, "id")
	t, err := s.Store.Task(r.Context(), id, administeredBy(r))
	if err != nil {
		return err
	}
	form, _, err := apply(taskForm{CompletionStatus: t.CompletionStatus})
	if err != nil {
		return err
	}
	switch form.CompletionStatus {
	case governance.TaskSuccess, governance.TaskWarning, governance.TaskError, governance.TaskTerminated, governance.TaskTempError:
	default:
		return governance.Fail(governance.Illegal, "completionStatus", "Illegal value %q for field \"completionStatus\": use SUCCESS, WARNING, ERROR, TERMINATED or TEMPERROR.", form.CompletionStatus)
	}
	var completed time.Time
	if form.Completed != nil {
		completed = *form.Completed
	}
	if t, err = s.Store.CloseTask(r.Context(), actor(r), id, form.CompletionStatus, completed); err != nil {
		return err
	}
	return ok(w, r, taskBody(&t))
}

// timeBody is a time in an answer, null when it is not set.
type timeBody time.Time

// MarshalJSON writes RFC 3339 in UTC with milliseconds.
func (t timeBody) MarshalJSON() ([]byte, error) {
	if time.Time(t).IsZero() {
		return []byte("null"), nil
	}
	return []byte(time.Time(t).UTC().Format(`"2006-01-02T15:04:05.000Z"`)), nil
}

// nullable is a text in an answer, null when it is empty.
type nullable string

// MarshalJSON writes the text or null.
func (s nullable) MarshalJSON() ([]byte, error) {
	if s == "" {
		return []byte("null"), nil
	}
	return quote(string(s)), nil
}

type object = map[string]any

// taskBody is the contract's TaskStatus. The figures of a run stand under attributes, where clients look for details.
func taskBody(t *governance.Task) any {
	body := object{
		"id": t.ID, "type": t.Type, "uniqueName": t.Name, "description": t.Description, "parentName": nil, "launcher": t.Launcher,
		"target": nil, "created": timeBody(t.Created), "modified": timeBody(t.Modified), "launched": timeBody(t.Launched),
		"completed": timeBody(t.Completed), "completionStatus": nullable(t.CompletionStatus), "messages": taskMessages(t),
		"returns": taskReturns(t), "attributes": taskAttributes(t), "progress": nullable(t.Progress), "percentComplete": t.PercentComplete,
		"taskDefinitionSummary": object{
			"id": t.ID, "uniqueName": t.Name, "description": t.Description, "parentName": "midgard", "executor": "midgard", "arguments": object{},
		},
	}
	if t.Target.Set() {
		body["target"] = object{"id": t.Target.ID, "type": nullable(t.TargetType), "name": t.Target.Name}
	}
	return body
}

func taskMessages(t *governance.Task) []object {
	list := []object{}
	for _, m := range t.Messages {
		list = append(list, object{
			"type": m.Type, "key": m.Key, "parameters": nil, "localizedText": object{"locale": "en-US", "message": m.Text},
		})
	}
	return list
}

// taskReturns names the figures, as the contract's task definitions do.
func taskReturns(t *governance.Task) []object {
	list := []object{}
	for _, c := range t.Counts {
		list = append(list, object{"name": c.Name, "attributeName": c.Name})
	}
	return list
}

func taskAttributes(t *governance.Task) object {
	attributes := object{}
	decodeInto(t.Attributes, &attributes)
	for _, c := range t.Counts {
		attributes[c.Name] = c.Value
	}
	return attributes
}
