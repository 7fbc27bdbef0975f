package api

import (
	"context"
	"net/http"

	"midgard/internal/governance"
)

type classificationStore interface {
	ClassificationConfig(ctx context.Context, sourceID string) (governance.ClassificationConfig, error)
	SetClassificationConfig(ctx context.Context, actor governance.Actor, c governance.ClassificationConfig) (governance.ClassificationConfig, error)
	DeleteClassificationConfig(ctx context.Context, actor governance.Actor, sourceID string) error
	ClassificationRun(ctx context.Context, sourceID string) (governance.ClassificationRun, error)
	CancelClassification(ctx context.Context, actor governance.Actor, sourceID string) error
}

type classificationUseCases interface {
	ClassifySource(ctx context.Context, actor governance.Actor, source governance.Source, mode governance.ClassificationMode) (governance.ClassificationRun, error)
	ClassifyAccount(ctx context.Context, actor governance.Actor, id, administeredBy string, mode governance.ClassificationMode) (governance.Account, error)
}

func (s *server) classificationHandlers() map[string]handler {
	return map[string]handler{
		"sendClassifyMachineAccount":                s.classifyAccount,
		"sendClassifyMachineAccountFromSource":      s.classifySource,
		"getClassifyMachineAccountFromSourceStatus": s.classificationStatus,
		"deleteClassifyMachineAccountFromSource":    s.cancelClassification,
		"sendDeclassifyMachineAccountFromSource":    s.declassifySource,
		"getMachineClassificationConfig":            s.getClassificationConfig,
		"setMachineClassificationConfig":            s.setClassificationConfig,
		"deleteMachineClassificationConfig":         s.deleteClassificationConfig,
	}
}

func (s *server) classifyAccount(w http.ResponseWriter, r *http.Request) error {
	a, err := s.Store.Account(r.Context(), pathID(r, "id"), administeredBy(r))
	if err != nil {
		return err
	}
	mode, err := governance.ParseClassificationMode(r.URL.Query().Get("classificationMode"))
	if err != nil {
		return err
	}
	if a, err = s.Use.ClassifyAccount(r.Context(), actor(r), a.ID, administeredBy(r), mode); err != nil {
		return err
	}
	return ok(w, r, object{"isMachine": a.Machine})
}

// classifySource takes the modes that the contract has for one account; without one it is the default mode.
func (s *server) classifySource(w http.ResponseWriter, r *http.Request) error {
	source, err := s.sourceIn(r, "sourceId")
	if err != nil {
		return err
	}
	mode, err := governance.ParseClassificationMode(r.URL.Query().Get("classificationMode"))
	if err != nil {
		return err
	}
	run, err := s.Use.ClassifySource(r.Context(), actor(r), source, mode)
	if err != nil {
		return err
	}
	return ok(w, r, object{"Accounts submitted for processing": run.Expected})
}

func (s *server) declassifySource(w http.ResponseWriter, r *http.Request) error {
	source, err := s.sourceIn(r, "sourceId")
	if err != nil {
		return err
	}
	if _, err := s.Use.ClassifySource(r.Context(), actor(r), source, governance.ModeDeclassify); err != nil {
		return err
	}
	return done(w, r)
}

// sourceInPath gives the id of the source in the path, once it is sure that the caller may know of it.
func (s *server) sourceInPath(r *http.Request) (string, error) {
	source, err := s.Store.Source(r.Context(), pathID(r, "sourceId"), administeredBy(r))
	return source.ID, err
}

func (s *server) classificationStatus(w http.ResponseWriter, r *http.Request) error {
	id, err := s.sourceInPath(r)
	if err != nil {
		return err
	}
	run, err := s.Store.ClassificationRun(r.Context(), id)
	if err != nil {
		return err
	}
	return ok(w, r, object{
		"status": run.Status, "started": timeBody(run.Started), "updated": timeBody(run.Updated),
		"counts": object{"EXPECTED": run.Expected, "RECEIVED": run.Received, "COMPLETED": run.Completed},
	})
}

func (s *server) cancelClassification(w http.ResponseWriter, r *http.Request) error {
	id, err := s.sourceInPath(r)
	if err != nil {
		return err
	}
	if err := s.Store.CancelClassification(r.Context(), actor(r), id); err != nil {
		return err
	}
	return done(w, r)
}

func (s *server) getClassificationConfig(w http.ResponseWriter, r *http.Request) error {
	id, err := s.sourceInPath(r)
	if err != nil {
		return err
	}
	c, err := s.Store.ClassificationConfig(r.Context(), id)
	if err != nil {
		return err
	}
	return ok(w, r, classificationBody(&c))
}

// classificationForm is the writable part of a classification config.
type classificationForm struct {
	Enabled              bool                            `json:"enabled"`
	ClassificationMethod governance.ClassificationMethod `json:"classificationMethod"`
	Criteria             *governance.Criteria            `json:"criteria"`
}

func (s *server) setClassificationConfig(w http.ResponseWriter, r *http.Request) error {
	id, err := s.sourceInPath(r)
	if err != nil {
		return err
	}
	form, err := decode[classificationForm](w, r)
	if err != nil {
		return err
	}
	c := governance.ClassificationConfig{SourceID: id, Enabled: form.Enabled, Method: form.ClassificationMethod, Criteria: form.Criteria}
	if err := c.Validate(); err != nil {
		return err
	}
	if c, err = s.Store.SetClassificationConfig(r.Context(), actor(r), c); err != nil {
		return err
	}
	return ok(w, r, classificationBody(&c))
}

func (s *server) deleteClassificationConfig(w http.ResponseWriter, r *http.Request) error {
	id, err := s.sourceInPath(r)
	if err != nil {
		return err
	}
	if err := s.Store.DeleteClassificationConfig(r.Context(), actor(r), id); err != nil {
		return err
	}
	return done(w, r)
}

func classificationBody(c *governance.ClassificationConfig) any {
	return object{
		"enabled": c.Enabled, "classificationMethod": c.Method, "criteria": criteriaBody(c.Criteria),
		"created": timeBody(c.Created), "modified": timeBody(c.Modified),
	}
}

// criteriaBody shows a node with everything it may have, null where it has nothing.
func criteriaBody(c *governance.Criteria) any {
	if c == nil {
		return nil
	}
	body := object{
		"operation": c.Operation, "caseSensitive": c.CaseSensitive, "dataType": nullable(c.DataType), "attribute": nullable(c.Attribute),
		"value": nullable(c.Value), "children": nil,
	}
	if len(c.Children) > 0 {
		children := make([]any, len(c.Children))
		for i := range c.Children {
			children[i] = criteriaBody(&c.Children[i])
		}
		body["children"] = children
	}
	return body
}
