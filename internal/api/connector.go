package api

import (
	"context"
	"net/http"
	"time"

	"midgard/internal/aggregate"
	"midgard/internal/governance"
	"midgard/internal/source"
)

type connectorUseCases interface {
	TestSource(ctx context.Context, actor governance.Actor, id, administeredBy string) (source.Check, error)
	PeekSource(ctx context.Context, id, administeredBy, objectType string, limit int) (source.Sample, error)
}

func (s *server) connectorHandlers() map[string]handler {
	return map[string]handler{
		"importConnectorFile":     s.importConnectorFile,
		"testSourceConnection":    s.testSource,
		"testSourceConfiguration": s.testSource,
		"pingCluster":             s.pingCluster,
		"searchResourceObjects":   s.peekSource,
	}
}

// importConnectorFile keeps a file for the connector of a source. A source of files is read from the newest one when a
// run brings none of its own.
func (s *server) importConnectorFile(w http.ResponseWriter, r *http.Request) error {
	src, err := s.sourceIn(r, "sourceId")
	if err != nil {
		return err
	}
	var form aggregate.Request
	if err := s.readUpload(w, r, src.ID, &form); err != nil {
		return err
	}
	if form.UploadID == "" {
		return governance.Fail(governance.Required, "file", "Required field 'file' was missing or empty.")
	}
	if err := s.Store.KeepUpload(r.Context(), actor(r), src.ID, form.UploadID); err != nil {
		return err
	}
	if src, err = s.sourceIn(r, "sourceId"); err != nil {
		return err
	}
	return writeOne(w, r, &src, appendSource)
}

// testSource answers both tests of the contract: a connector has one, which proves that the source can be reached with
// the credentials. A source that fails it is a result and no error.
func (s *server) testSource(w http.ResponseWriter, r *http.Request) error {
	check, err := s.Use.TestSource(r.Context(), actor(r), pathID(r, "sourceId"), administeredBy(r))
	if err != nil {
		return err
	}
	status, details := "SUCCESS", object{}
	if check.Failure != "" {
		status, details["error"] = "FAILURE", check.Failure
	}
	return writeStatus(w, r, check.Source, status, check.Elapsed, details)
}

// pingCluster always succeeds: this server reaches sources by itself, without a cluster between them.
func (s *server) pingCluster(w http.ResponseWriter, r *http.Request) error {
	src, err := s.sourceIn(r, "sourceId")
	if err != nil {
		return err
	}
	return writeStatus(w, r, governance.Reference{ID: src.ID, Name: src.Name}, "SUCCESS", 0, object{})
}

func writeStatus(w http.ResponseWriter, r *http.Request, src governance.Reference, status string, took time.Duration, details object) error {
	return ok(w, r, object{"id": src.ID, "name": src.Name, "status": status, "elapsedMillis": took.Milliseconds(), "details": details})
}

// peekDefault is the contract's maxCount.
const peekDefault = 25

func (s *server) peekSource(w http.ResponseWriter, r *http.Request) error {
	if _, err := s.sourceIn(r, "sourceId"); err != nil {
		return err
	}
	body, err := decode[struct {
		ObjectType string `json:"objectType"`
		MaxCount   *int   `json:"maxCount"`
	}](w, r)
	if err != nil {
		return err
	}
	limit := peekDefault
	if body.MaxCount != nil {
		limit = *body.MaxCount
	}
	if body.ObjectType == "" {
		body.ObjectType = accountSchemaName
	}
	sample, err := s.Use.PeekSource(r.Context(), pathID(r, "sourceId"), administeredBy(r), body.ObjectType, limit)
	if err != nil {
		return err
	}
	rows := make([]object, len(sample.Objects))
	for i, o := range sample.Objects {
		rows[i] = resourceObject(sample.ObjectType, &o)
	}
	return ok(w, r, object{
		"id": sample.Source.ID, "name": sample.Source.Name, "objectCount": len(rows), "elapsedMillis": sample.Elapsed.Milliseconds(),
		"resourceObjects": rows,
	})
}

func resourceObject(objectType string, o *source.Object) object {
	attributes := o.Attributes
	if attributes == nil {
		attributes = object{}
	}
	return object{
		"instance": "", "identity": o.Identity, "uuid": o.UUID, "previousIdentity": "", "name": o.Name, "objectType": objectType,
		"incomplete": false, "incremental": false, "delete": false, "remove": false, "missing": []string{}, "attributes": attributes,
		"finalUpdate": false,
	}
}
