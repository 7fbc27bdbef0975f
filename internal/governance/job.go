package governance

import (
	"encoding/json"
	"errors"
	"time"
)

// JobState is where a job is in its life: available → running → completed, failed or cancelled; a failed attempt goes
// back to available until the attempts are used up.
type JobState string

// The states of a job.
const (
	JobAvailable JobState = "available"
	JobRunning   JobState = "running"
	JobCompleted JobState = "completed"
	JobFailed    JobState = "failed"
	JobCancelled JobState = "cancelled"
)

// The kinds of jobs.
const (
	JobAggregate    = "aggregate"
	JobClassify     = "classify"
	JobMap          = "map"
	JobDeleteSource = "delete-source"
	JobRename       = "rename"
	JobMail         = "mail" // sends what waits; there is one at a time
	JobProvision    = "provision"
	JobAccounts     = "account-action"
	JobSuccession   = "succession"
)

// Job is a piece of durable work. At most one unfinished job exists for a kind and key.
type Job struct {
	ID          string
	Kind        string
	Key         string
	Args        json.RawMessage
	State       JobState
	RunAt       time.Time
	Attempt     int // 1 at the first run
	MaxAttempts int
	LeaseUntil  time.Time
	Token       string
	Cancel      bool // somebody asked the running job to stop
	LastError   string
	TrackingID  string
	Created     time.Time
	Modified    time.Time
}

// Lease proves that a worker still owns a job. Writes that belong to the job carry it, and fail once another worker has
// taken over.
type Lease struct {
	JobID string
	Token string
}

// Lease gives the proof for a claimed job.
func (j Job) Lease() Lease { return Lease{j.ID, j.Token} }

// ErrLeaseLost is returned by a write whose job now belongs to another worker, or has ended.
var ErrLeaseLost = errors.New("the job is no longer held by this worker")

// ErrOvertaken is the error of a write that makes an account which somebody else has made since the caller looked for it.
// Whoever looks again can go on.
var ErrOvertaken = errors.New("an account was put into the inventory meanwhile")

// ErrCancelled ends a job that somebody asked to stop.
var ErrCancelled = errors.New("the job was cancelled")
