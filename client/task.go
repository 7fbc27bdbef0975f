package client

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// Task is asynchronous work on the server: an aggregation, a deletion.
type Task struct {
	ID               string         `json:"id"`
	Type             string         `json:"type"`
	Name             string         `json:"uniqueName"`
	Description      string         `json:"description"`
	Launcher         string         `json:"launcher"`
	Created          time.Time      `json:"created"`
	Launched         *time.Time     `json:"launched"`
	Completed        *time.Time     `json:"completed"`
	CompletionStatus string         `json:"completionStatus"` // empty while it runs
	Progress         string         `json:"progress"`
	PercentComplete  int            `json:"percentComplete"`
	Messages         []TaskMessage  `json:"messages"`
	Attributes       map[string]any `json:"attributes"` // the counts of a run among others
}

// Done reports whether the task has ended, one way or the other.
func (t Task) Done() bool { return t.CompletionStatus != "" }

// Err is nil for a task that runs or ended well, also with warnings, and the first error message otherwise.
func (t Task) Err() error {
	if !t.Done() || t.CompletionStatus == "SUCCESS" || t.CompletionStatus == "WARNING" {
		return nil
	}
	reason := "no reason was given"
	for _, m := range t.Messages {
		if m.Type == "ERROR" {
			reason = m.Text
			break
		}
	}
	return fmt.Errorf("task %s ended with %s: %s", t.ID, t.CompletionStatus, reason)
}

// TaskMessage is something that a task has to tell.
type TaskMessage struct {
	Type string // INFO, WARN or ERROR
	Key  string
	Text string
}

// UnmarshalJSON accepts the text as it is (the answer to an upload) and wrapped with its locale (task status).
func (m *TaskMessage) UnmarshalJSON(raw []byte) error {
	var wire struct {
		Type string          `json:"type"`
		Key  string          `json:"key"`
		Text json.RawMessage `json:"localizedText"`
	}
	if err := json.Unmarshal(raw, &wire); err != nil {
		return err
	}
	m.Type, m.Key = wire.Type, wire.Key
	var wrapped struct {
		Message string `json:"message"`
	}
	if json.Unmarshal(wire.Text, &m.Text) == nil {
		return nil
	}
	if json.Unmarshal(wire.Text, &wrapped) == nil && wrapped.Message != "" {
		m.Text = wrapped.Message
		return nil
	}
	m.Text = wire.Key
	return nil
}

// Task reads the state of a task.
func (c *Client) Task(ctx context.Context, id string) (Task, error) {
	var task Task
	err := c.Do(ctx, http.MethodGet, "/v2025/task-status/"+url.PathEscape(id), nil, &task)
	return task, err
}

// RunningTasks lists the unfinished tasks of a source, the oldest first.
func (c *Client) RunningTasks(ctx context.Context, sourceID string) ([]Task, error) {
	filters := "sourceId eq " + Quote(sourceID) + " and completionStatus isnull"
	return each[Task](c.All(ctx, "/v2025/task-status", ListOptions{Filters: filters, Sorters: "created"}))
}

// WaitTask asks for the state of the task until it has ended and returns the last state; see Task.Err for how it ended.
// progress, when not nil, is called with every state, also the last.
func (c *Client) WaitTask(ctx context.Context, id string, progress func(Task)) (Task, error) {
	const first, last = 100 * time.Millisecond, 2 * time.Second
	for wait := first; ; wait = min(wait*5/4, last) {
		task, err := c.Task(ctx, id)
		if err != nil {
			return task, err
		}
		if progress != nil {
			progress(task)
		}
		if task.Done() {
			return task, nil
		}
		if err := c.sleep(ctx, wait); err != nil {
			return task, err
		}
	}
}
