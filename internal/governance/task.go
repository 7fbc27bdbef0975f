package governance

import (
	"encoding/json"
	"time"
)

// The completion statuses of a task; empty while it runs.
const (
	TaskSuccess    = "SUCCESS"
	TaskWarning    = "WARNING"
	TaskError      = "ERROR"
	TaskTerminated = "TERMINATED"
	TaskTempError  = "TEMPERROR"
)

// The names of tasks, the contract's uniqueName and type.
const (
	TaskAccountAggregation     = "Cloud Account Aggregation"
	TaskEntitlementAggregation = "Cloud Group Aggregation"
	TaskClassification         = "Machine Account Classification"
	TaskMapping                = "Machine Account Mapping"
	TaskSourceDeletion         = "Source Deletion"
	TaskProfileDeletion        = "Identity Profile Deletion"
	TaskAccountEnable          = "Cloud Account Enable"
	TaskAccountDisable         = "Cloud Account Disable"
	TaskAccountUnlock          = "Cloud Account Unlock"
	TaskAccountReload          = "Cloud Account Reload"
	TaskAccountRemoval         = "Cloud Account Removal"
	TaskTypeQuartz             = "QUARTZ"
	TaskTypeQueued             = "QUEUED_TASK"
)

// Task is what the outside sees of a piece of asynchronous work.
type Task struct {
	ID               string
	Type             string // TaskTypeQuartz for scheduled work, TaskTypeQueued for what somebody asked for
	Name             string // the contract's uniqueName
	Description      string
	Launcher         string
	TargetType       string // APPLICATION or IDENTITY
	Target           Reference
	SourceID         string
	JobID            string
	Created          time.Time
	Modified         time.Time
	Launched         time.Time
	Completed        time.Time // zero while it runs
	CompletionStatus string
	Messages         []TaskMessage
	Counts           []TaskCount
	Attributes       json.RawMessage
	Progress         string
	PercentComplete  int
}

// Done reports whether the task has ended.
func (t *Task) Done() bool { return t.CompletionStatus != "" }

// TaskMessage tells something that happened: a row that could not be read, why a run stopped.
type TaskMessage struct {
	Type string `json:"type"` // INFO, WARN or ERROR
	Key  string `json:"key"`
	Text string `json:"text"`
}

// TaskCount is a named figure of a run.
type TaskCount struct {
	Name  string `json:"name"`
	Value int64  `json:"value"`
}

// MaxTaskMessages bounds the messages that a task keeps; the rest are counted.
const MaxTaskMessages = 200
