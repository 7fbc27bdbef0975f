package aggregate

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"midgard/internal/governance"
	"midgard/internal/job"
)

// classifyPage is how many accounts one transaction classifies.
const classifyPage = 200

// Classify is the work of a classification job: every account of a source, page by page. It starts again from the
// beginning when it is interrupted; deciding twice gives the same.
func (s *Service) Classify(ctx context.Context, j governance.Job) error {
	var a struct {
		TaskID   string                        `json:"taskId"`
		SourceID string                        `json:"sourceId"`
		Mode     governance.ClassificationMode `json:"mode"`
	}
	if err := json.Unmarshal(j.Args, &a); err != nil {
		return job.Permanent(fmt.Errorf("read the job's arguments: %w", err))
	}
	task, err := s.store.Task(ctx, a.TaskID, "")
	if err != nil {
		return err
	}
	task.Launched = s.now().UTC()
	config, err := s.classification(ctx, a.SourceID)
	if err != nil {
		return err
	}
	actor := governance.Server("classification", j.TrackingID)
	read, changed, err := s.classifyAll(ctx, actor, j.Lease(), a.SourceID, config, a.Mode)
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	if err != nil && !errors.Is(err, governance.ErrCancelled) {
		return err
	}
	status := governance.RunCompleted
	task.CompletionStatus, task.PercentComplete = governance.TaskSuccess, 100
	if err != nil {
		status, task.CompletionStatus = governance.RunCancelled, governance.TaskTerminated
	}
	task.Progress = fmt.Sprintf("%d accounts looked at, %d changed", read, changed)
	task.Counts = []governance.TaskCount{{Name: countRead, Value: read}, {Name: countUpdated, Value: changed}}
	return s.store.EndClassification(context.WithoutCancel(ctx), j.Lease(), a.SourceID, status, task)
}

func (s *Service) classifyAll(ctx context.Context, actor governance.Actor, lease governance.Lease, sourceID string, config *governance.ClassificationConfig, mode governance.ClassificationMode) (read, changed int64, err error) {
	decide := func(a *governance.Account) bool { return Decide(config, mode, a) }
	after := ""
	for {
		next, r, c, err := s.store.ClassifyPage(ctx, actor, lease, sourceID, after, classifyPage, decide)
		read, changed = read+r, changed+c
		if err != nil || next == "" {
			return read, changed, err
		}
		if err := ctx.Err(); err != nil {
			return read, changed, err
		}
		after = next
	}
}

// Decide classifies one stored account and reports whether that changed it.
func Decide(config *governance.ClassificationConfig, mode governance.ClassificationMode, a *governance.Account) bool {
	machine, method, decided := config.Classify(mode, a, storedValues(a))
	if !decided || (machine == a.Machine && method == a.Method) {
		return false
	}
	a.Machine, a.Method = machine, method
	return true
}

// storedValues gives the attributes of a stored account as texts. The account is decoded at the first question.
func storedValues(a *governance.Account) func(string) []string {
	var attributes map[string]any
	return func(name string) []string {
		if attributes == nil {
			attributes = map[string]any{}
			numbers := json.NewDecoder(bytes.NewReader(a.ConnectorAttributes))
			numbers.UseNumber()         // 1000000, not 1e+06
			numbers.Decode(&attributes) //nolint:errcheck // Midgard wrote it
		}
		v, ok := attributes[name]
		if !ok {
			switch name {
			case "nativeIdentity":
				return []string{a.NativeIdentity}
			case "name", "displayName":
				return []string{a.Name}
			}
			return nil
		}
		list, ok := v.([]any)
		if !ok {
			list = []any{v}
		}
		texts := make([]string, len(list))
		for i, item := range list {
			texts[i] = fmt.Sprint(item)
		}
		return texts
	}
}

// ClassifySource queues the classification of a source in a mode.
func (s *Service) ClassifySource(ctx context.Context, actor governance.Actor, source governance.Source, mode governance.ClassificationMode) (governance.ClassificationRun, error) {
	return s.store.StartClassification(ctx, actor, governance.Reference{ID: source.ID, Name: source.Name}, mode)
}

// ClassifyAccount decides one account in a mode, by its source's configuration.
func (s *Service) ClassifyAccount(ctx context.Context, actor governance.Actor, id, administeredBy string, mode governance.ClassificationMode) (governance.Account, error) {
	a, err := s.store.Account(ctx, id, administeredBy)
	if err != nil {
		return a, err
	}
	config, err := s.classification(ctx, a.Source.ID)
	if err != nil {
		return a, err
	}
	return s.store.UpdateAccount(ctx, actor, id, administeredBy, func(a *governance.Account) error {
		if Decide(config, mode, a) && a.Machine {
			a.Identity, a.IdentityState = governance.Reference{}, ""
		}
		return nil
	})
}
