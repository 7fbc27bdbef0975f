package aggregate

import (
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
	mapper, err := s.currentMapper(ctx, a.SourceID)
	if err != nil {
		return err
	}
	total, err := s.classifyAll(ctx, actor, j.Lease(), a.SourceID, config, a.Mode, mapper)
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
	if len(total.Problems) > 0 && err == nil {
		task.CompletionStatus = governance.TaskWarning
	}
	for _, text := range total.Problems[:min(len(total.Problems), governance.MaxTaskMessages)] {
		task.Messages = append(task.Messages, mappingFailed(text))
	}
	task.Progress = fmt.Sprintf("%d accounts looked at, %d changed", total.Read, total.Changed)
	task.Counts = []governance.TaskCount{{Name: countRead, Value: total.Read}, {Name: countUpdated, Value: total.Changed}}
	return s.store.EndClassification(context.WithoutCancel(ctx), j.Lease(), a.SourceID, status, task)
}

// classifyAll gives the sum of all pages, with as many of the problems as a task keeps.
func (s *Service) classifyAll(ctx context.Context, actor governance.Actor, lease governance.Lease, sourceID string, config *governance.ClassificationConfig, mode governance.ClassificationMode, mapper governance.Mapper) (governance.MappedPage, error) {
	decide := func(a *governance.Account) bool { return Decide(config, mode, a) }
	var total governance.MappedPage
	for after := ""; ; {
		page, err := s.store.ClassifyPage(ctx, actor, lease, sourceID, after, classifyPage, decide, mapper)
		total.Read, total.Changed = total.Read+page.Read, total.Changed+page.Changed
		if len(total.Problems) < governance.MaxTaskMessages {
			total.Problems = append(total.Problems, page.Problems...)
		}
		if err != nil || page.Next == "" {
			return total, err
		}
		if err := ctx.Err(); err != nil {
			return total, err
		}
		after = page.Next
	}
}

// Decide classifies one stored account and reports whether that changed it.
func Decide(config *governance.ClassificationConfig, mode governance.ClassificationMode, a *governance.Account) bool {
	machine, method, decided := config.Classify(mode, a, a.ConnectorValues())
	if !decided || (machine == a.Machine && method == a.Method) {
		return false
	}
	a.Machine, a.Method = machine, method
	return true
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
	mapper, err := s.currentMapper(ctx, a.Source.ID)
	if err != nil {
		return a, err
	}
	return s.store.ClassifyAccount(ctx, actor, a.Source.ID, a.ID, func(a *governance.Account) bool { return Decide(config, mode, a) }, mapper)
}
