package api

import (
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"

	"midgard/internal/aggregate"
	"midgard/internal/connector"
	"midgard/internal/governance"
)

type aggregationUseCases interface {
	Start(ctx context.Context, actor governance.Actor, source governance.Source, r aggregate.Request, scheduled bool) (governance.Task, error)
}

type uploadStore interface {
	CreateUpload(ctx context.Context, sourceID, name string, r io.Reader, limit int64) (id string, size int64, err error)
	DeleteUpload(ctx context.Context, id string) error
}

func (s *server) aggregationHandlers() map[string]handler {
	return map[string]handler{
		"importAccounts":              s.importAccounts,
		"importEntitlements":          s.importEntitlements,
		"getAccountAggregationStatus": s.aggregationStatus,
	}
}

func (s *server) importAccounts(w http.ResponseWriter, r *http.Request) error {
	t, err := s.startAggregation(w, r, "id", connector.TypeAccount)
	if err != nil {
		return err
	}
	return ok(w, r, object{"success": true, "task": loadTaskBody(&t)})
}

func (s *server) importEntitlements(w http.ResponseWriter, r *http.Request) error {
	t, err := s.startAggregation(w, r, "sourceId", connector.TypeGroup)
	if err != nil {
		return err
	}
	return ok(w, r, object{
		"id": t.ID, "type": t.Type, "uniqueName": t.Name, "description": t.Description, "launcher": t.Launcher, "created": timeBody(t.Created),
		"returns": []object{},
	})
}

// startAggregation keeps the uploaded file, if there is one, and queues the run. A file whose run was refused goes again.
func (s *server) startAggregation(w http.ResponseWriter, r *http.Request, param, objectType string) (governance.Task, error) {
	source, err := s.Store.Source(r.Context(), pathID(r, param), administeredBy(r))
	if err != nil {
		return governance.Task{}, err
	}
	request := aggregate.Request{ObjectType: objectType, Delta: deltaEnabled(&source)}
	if err := s.readUpload(w, r, source.ID, &request); err != nil {
		return governance.Task{}, err
	}
	t, err := s.Use.Start(r.Context(), actor(r), source, request, false)
	if err != nil && request.UploadID != "" {
		err = errors.Join(err, s.Store.DeleteUpload(r.Context(), request.UploadID))
	}
	return t, err
}

// deltaEnabled reads the connector attribute by which the contract's clients ask for deltas.
func deltaEnabled(source *governance.Source) bool {
	var attributes struct {
		DeltaAggregationEnabled any `json:"deltaAggregationEnabled"`
	}
	decodeInto(source.ConnectorAttributes, &attributes)
	return attributes.DeltaAggregationEnabled == true || attributes.DeltaAggregationEnabled == "true"
}

// readUpload reads the multipart form; the file goes to the store as it arrives, and goes again when the form turns out to
// be faulty. A request without a form has no file: clients send such with whatever content type.
func (s *server) readUpload(w http.ResponseWriter, r *http.Request, sourceID string, into *aggregate.Request) error {
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || !strings.HasPrefix(kind, "multipart/") || r.ContentLength == 0 {
		return nil //nolint:nilerr // no form: nothing to read
	}
	body := http.MaxBytesReader(w, r.Body, s.MaxUpload+maxBody)
	err = s.readForm(r.Context(), multipart.NewReader(body, params["boundary"]), sourceID, into)
	if err != nil && into.UploadID != "" {
		err = errors.Join(err, s.Store.DeleteUpload(context.WithoutCancel(r.Context()), into.UploadID))
	}
	return err
}

func (s *server) readForm(ctx context.Context, form *multipart.Reader, sourceID string, into *aggregate.Request) error {
	for {
		part, err := form.NextPart()
		if err == io.EOF { //nolint:errorlint // a wrapped one tells that the form broke off
			return nil
		}
		if err != nil {
			return brokenForm(err)
		}
		if err := s.readPart(ctx, part, sourceID, into); err != nil {
			return err
		}
	}
}

// brokenForm is the error for a form that cannot be read to its end; that it is too large is an error of its own.
func brokenForm(err error) error {
	var size *http.MaxBytesError
	if errors.As(err, &size) {
		return err
	}
	return governance.Because(err, governance.Invalid, "", "The multipart form broke off or is malformed.")
}

// formFile is a file within a form.
type formFile struct{ io.Reader }

// Read tells what is wrong with the form from what is wrong with the place where the file goes.
func (f formFile) Read(p []byte) (int, error) {
	n, err := f.Reader.Read(p)
	if err != nil && err != io.EOF { //nolint:errorlint // by the contract of io.Reader
		err = brokenForm(err)
	}
	return n, err
}

func (s *server) readPart(ctx context.Context, part *multipart.Part, sourceID string, into *aggregate.Request) error {
	switch part.FormName() {
	case "file":
		if into.UploadID != "" {
			return governance.Fail(governance.Illegal, "file", "The form has more than one part named 'file'.")
		}
		id, size, err := s.Store.CreateUpload(ctx, sourceID, storable(part.FileName()), formFile{part}, s.MaxUpload)
		if err != nil {
			return err
		}
		if into.UploadID = id; size == 0 {
			return governance.Fail(governance.Invalid, "file", "The uploaded file is empty.")
		}
	case "disableOptimization":
		text, err := io.ReadAll(io.LimitReader(part, 16))
		if err != nil {
			return brokenForm(err)
		}
		into.Full = strings.EqualFold(strings.TrimSpace(string(text)), "true")
	}
	return nil
}

// loadTaskBody is the task as load-accounts shows it: other field names than the task status has.
func loadTaskBody(t *governance.Task) object {
	attributes := object{}
	decodeInto(t.Attributes, &attributes)
	return object{
		"id": t.ID, "type": t.Type, "name": t.Name, "description": t.Description, "launcher": t.Launcher, "created": timeBody(t.Created),
		"launched": timeBody(t.Launched), "completed": timeBody(t.Completed), "completionStatus": nil, "parentName": nil,
		"messages": []object{}, "progress": nullable(t.Progress), "attributes": attributes, "returns": []object{},
	}
}

// aggregationStates gives the contract's status of an account aggregation for a task's.
var aggregationStates = map[string]string{
	governance.TaskSuccess: "COMPLETED", governance.TaskWarning: "COMPLETED", governance.TaskError: "TERMINATED",
	governance.TaskTempError: "TERMINATED", governance.TaskTerminated: "CANCELLED",
}

func (s *server) aggregationStatus(w http.ResponseWriter, r *http.Request) error {
	t, err := s.Store.Task(r.Context(), pathID(r, "id"), administeredBy(r))
	if err != nil {
		return err
	}
	status := "STARTED"
	if t.Done() {
		status = aggregationStates[t.CompletionStatus]
	}
	counts := map[string]int64{}
	for _, c := range t.Counts {
		counts[c.Name] = c.Value
	}
	return ok(w, r, object{
		"start": timeBody(t.Launched), "status": status, "totalAccounts": counts["read"],
		"processedAccounts":              counts["created"] + counts["updated"] + counts["unchanged"],
		"totalAccountsMarkedForDeletion": counts["missing"], "deletedAccounts": counts["removed"],
		"totalIdentities": counts["people"], "processedIdentities": counts["people"],
	})
}
