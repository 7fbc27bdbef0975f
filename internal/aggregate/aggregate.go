// Package aggregate reads sources into the inventory. A run is a durable job: it streams what the connector lists, in
// batches, compares each object with what is known by a hash, and writes only what differs; after a complete list it
// marks and removes what the source no longer shows. Every write carries the job's lease, so a run that was overtaken
// writes nothing, and a run that died starts again from the beginning, where unchanged accounts cost a comparison each.
package aggregate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"midgard/internal/connector"
	"midgard/internal/governance"
	"midgard/internal/job"
)

// Store is what a run reads and writes.
type Store interface {
	Source(ctx context.Context, id, administeredBy string) (governance.Source, error)
	Schemas(ctx context.Context, sourceID string) ([]governance.Schema, error)
	ClassificationConfig(ctx context.Context, sourceID string) (governance.ClassificationConfig, error)
	IdentityProfileOf(ctx context.Context, sourceID string) (governance.IdentityProfile, error)

	StartTask(ctx context.Context, actor governance.Actor, task governance.Task, kind, key string, args func(taskID string) any) (governance.Task, error)
	Task(ctx context.Context, id, administeredBy string) (governance.Task, error)
	ReportTask(ctx context.Context, lease governance.Lease, t governance.Task) error
	FinishTask(ctx context.Context, lease governance.Lease, t governance.Task) error

	OpenUpload(ctx context.Context, id string) io.ReadCloser
	UploadSize(ctx context.Context, id string) (int64, error)
	KnownAccounts(ctx context.Context, sourceID string) (int64, error)
	KnownMachines(ctx context.Context, sourceID string) (int64, error)
	RefreshStatistics(ctx context.Context) error
	DeleteUpload(ctx context.Context, id string) error

	Digests(ctx context.Context, sourceID string, nativeIdentities []string) ([]governance.Digest, error)
	DigestsByUUID(ctx context.Context, sourceID string, uuids []string) ([]governance.Digest, error)
	ApplyAccounts(ctx context.Context, actor governance.Actor, lease governance.Lease, source governance.Reference, writes []governance.AccountWrite, mapper governance.Mapper) (governance.Applied, error)
	ApplyEntitlements(ctx context.Context, actor governance.Actor, lease governance.Lease, observed []governance.Entitlement) (created, updated int64, err error)
	MarkMissing(ctx context.Context, actor governance.Actor, lease governance.Lease, sourceID string, seen func(ordinal int64) bool) (missing, total int64, err error)
	RemoveMissing(ctx context.Context, actor governance.Actor, lease governance.Lease, sourceID string) (int, error)
	RemoveAccounts(ctx context.Context, actor governance.Actor, lease governance.Lease, ids []string) error
	KeepDeltaToken(ctx context.Context, lease governance.Lease, sourceID string, token []byte) error
	SetSourceHealth(ctx context.Context, actor governance.Actor, id string, healthy bool, status, message string) error
	StartAction(ctx context.Context, actor governance.Actor, task governance.Task, key string, args func(taskID string) any) (governance.Task, error)
	ReloadAccount(ctx context.Context, actor governance.Actor, lease governance.Lease, a *governance.Account, observed governance.ObservedAccount, mapper governance.Mapper) error
	DropAccount(ctx context.Context, actor governance.Actor, lease governance.Lease, a *governance.Account) error
	MarkGone(ctx context.Context, actor governance.Actor, lease governance.Lease, id string) error

	Account(ctx context.Context, id, administeredBy string) (governance.Account, error)
	ClassifyAccount(ctx context.Context, actor governance.Actor, sourceID, id string, decide func(*governance.Account) bool, mapper governance.Mapper) (governance.Account, error)
	StartClassification(ctx context.Context, actor governance.Actor, source governance.Reference, mode governance.ClassificationMode) (governance.ClassificationRun, error)
	ClassifyPage(ctx context.Context, actor governance.Actor, lease governance.Lease, sourceID, after string, limit int, decide func(*governance.Account) bool, mapper governance.Mapper) (governance.MappedPage, error)
	EndClassification(ctx context.Context, lease governance.Lease, sourceID, status string, task governance.Task) error

	Mappings(ctx context.Context, sourceID string) (governance.MappingSet, error)
	UpdateMappings(ctx context.Context, actor governance.Actor, source governance.Reference, edit func(*governance.MappingSet) error, uses func([]governance.AttributeMapping) []string) (governance.MappingSet, error)
	TransformDefinitions(ctx context.Context) (map[string]json.RawMessage, error)
	SubtypesOf(ctx context.Context, sourceID string) ([]governance.Subtype, error)
	MapPage(ctx context.Context, actor governance.Actor, lease governance.Lease, source governance.Reference, revision int64, after string, limit int, mapper governance.Mapper) (governance.MappedPage, error)
	EndMapping(ctx context.Context, lease governance.Lease, sourceID string, revision int64, task governance.Task) (stale bool, err error)
	AccountsAfter(ctx context.Context, sourceID string, machines bool, after string, limit int) (page []governance.Account, next string, err error)
	TryMapping(ctx context.Context, mapper governance.Mapper, list []*governance.Account) ([][]string, error)
	SharedIdentities(ctx context.Context, sourceID string, natives []string) ([]governance.Shared, error)
	Membership(ctx context.Context, ids []string) (map[string]governance.Membership, error)
	IndexValuesPage(ctx context.Context, lease governance.Lease, sourceID, after string, limit int) (next string, err error)
}

// Sources opens the connector of a source.
type Sources interface {
	Open(ctx context.Context, s governance.Source) (connector.Source, error)
	// ConnectorFile gives the upload that a source is read from when a run brings none, "" when there is none.
	ConnectorFile(ctx context.Context, s governance.Source) (string, error)
}

// Service starts runs and does their work.
type Service struct {
	store   Store
	sources Sources
	now     func() time.Time
	log     *slog.Logger
}

// New makes a service. now is the clock of progress reports.
func New(store Store, sources Sources, now func() time.Time, log *slog.Logger) *Service {
	return &Service{store: store, sources: sources, now: now, log: log}
}

// Request says what to read.
type Request struct {
	SourceID   string
	ObjectType string // connector.TypeAccount or TypeGroup
	UploadID   string // a file to read instead of the configured place; "" for none
	// Full ignores the hashes of the last run: every account is processed. The contract calls it disableOptimization.
	Full bool
	// Delta asks for what changed since the last run, where the source can tell.
	Delta bool
}

type args struct {
	TaskID string
	Request
}

// Start queues a run and gives its task. While a run of the same source is unfinished, of accounts or of entitlements, it
// is refused with a Conflict: one run per source at a time.
func (s *Service) Start(ctx context.Context, actor governance.Actor, source governance.Source, r Request, scheduled bool) (governance.Task, error) {
	t := governance.Task{
		Type: governance.TaskTypeQueued, Name: TaskName(r.ObjectType), Description: "Aggregate the accounts of " + source.Name,
		TargetType: "APPLICATION", Target: governance.Reference{ID: source.ID, Name: source.Name}, SourceID: source.ID,
		Attributes: attributes(source, r), Progress: "Waiting",
	}
	if r.ObjectType == connector.TypeGroup {
		t.Description = "Aggregate the entitlements of " + source.Name
	}
	if scheduled {
		t.Type = governance.TaskTypeQuartz
	}
	r.SourceID = source.ID
	return s.store.StartTask(ctx, actor, t, governance.JobAggregate, source.ID, func(id string) any { return args{id, r} })
}

// TaskName is the name of the tasks of runs of a type.
func TaskName(objectType string) string {
	if objectType == connector.TypeGroup {
		return governance.TaskEntitlementAggregation
	}
	return governance.TaskAccountAggregation
}

func attributes(source governance.Source, r Request) json.RawMessage {
	text, _ := json.Marshal(map[string]string{ // strings always encode
		"appId": source.ID, "optimizedAggregation": map[bool]string{true: "disabled", false: "enabled"}[r.Full],
		"deltaAggregation": map[bool]string{true: "true", false: "false"}[r.Delta],
	})
	return text
}

// Work runs a queued aggregation. What is the source's or the input's fault ends the task with an error and is not tried
// again by itself; what is the database's fault is.
func (s *Service) Work(ctx context.Context, j governance.Job) error {
	var a args
	if err := json.Unmarshal(j.Args, &a); err != nil {
		return job.Permanent(fmt.Errorf("read the job's arguments: %w", err))
	}
	task, err := s.store.Task(ctx, a.TaskID, "")
	if err != nil {
		return err
	}
	if task.Done() {
		return nil
	}
	r := &run{Service: s, Request: a.Request, lease: j.Lease(), task: task, actor: governance.Server("aggregation", j.TrackingID)}
	r.report = newReporter(r)
	err = r.do(ctx)
	if cause := context.Cause(ctx); err != nil && cause != nil {
		err = cause // what the source says of a list that we ended is only an echo
	}
	if ctx.Err() != nil && err != nil && !errors.Is(err, governance.ErrCancelled) {
		return err // the server stops, or another worker took over: the run starts again
	}
	if isOurs(err) && j.Attempt < j.MaxAttempts {
		return err
	}
	// the task's end must be written although its context may have been cancelled
	return r.finish(context.WithoutCancel(ctx), err)
}

// isOurs tells a failure of Midgard's own database from what the source, the input or a person did.
func isOurs(err error) bool {
	var source *sourceError
	return err != nil && !errors.As(err, &source) && !errors.Is(err, governance.ErrCancelled) && governance.KindOf(err) == governance.Internal
}

// sourceError is what a connector said.
type sourceError struct{ err error }

func (e *sourceError) Error() string { return e.err.Error() }
func (e *sourceError) Unwrap() error { return e.err }
