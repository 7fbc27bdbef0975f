package api

import (
	"context"
	"errors"
	"net/http"

	"midgard/internal/filter"
	"midgard/internal/governance"
	"midgard/internal/jsondoc"
)

// listed makes the handler of a list that shows what read finds, with no more to it.
func listed[T any](read func(context.Context, filter.Query) (filter.Page[T], error), encode func([]byte, *T) []byte) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		q, err := listQuery(r)
		if err != nil {
			return err
		}
		page, err := read(r.Context(), q)
		if err != nil {
			return err
		}
		return writePage(w, r, page, encode)
	}
}

// listedUnder is listed for the parts of an object, whose id is in the path. That there is no such object is told before
// what is wrong with the query.
func listedUnder[T any](param string, read func(context.Context, string, filter.Query) (filter.Page[T], error), encode func([]byte, *T) []byte) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		q, wrong := listQuery(r)
		if wrong != nil {
			q = filter.Query{AdministeredBy: administeredBy(r)}
		}
		page, err := read(r.Context(), pathID(r, param), q)
		if err = errors.Join(err, wrong); err != nil {
			return err
		}
		return writePage(w, r, page, encode)
	}
}

// shown makes the handler that shows the object whose id is in the path.
func shown[T any](param string, read func(context.Context, string) (T, error), encode func([]byte, *T) []byte) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		x, err := read(r.Context(), pathID(r, param))
		if err != nil {
			return err
		}
		return writeOne(w, r, &x, encode)
	}
}

// shownWithin is shown for objects of a source, which a source sub-administrator finds on sources of theirs only.
func shownWithin[T any](param string, read func(ctx context.Context, id, administeredBy string) (T, error), encode func([]byte, *T) []byte) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		within := func(ctx context.Context, id string) (T, error) { return read(ctx, id, administeredBy(r)) }
		return shown(param, within, encode)(w, r)
	}
}

// referenceOf reads a reference of a form; nil points nowhere.
func referenceOf(ref *refBody, field, kind string) (governance.Reference, error) {
	if ref == nil {
		return governance.Reference{}, nil
	}
	if ref.ID == "" {
		return governance.Reference{}, governance.Fail(governance.Required, field, "Required field '%s.id' was missing or empty.", field)
	}
	return governance.Reference{ID: filter.NormalizeID(ref.ID), Name: ref.Name}, wantType(ref, field, kind)
}

// refForm is a reference as a form shows it; nil when it points nowhere.
func refForm(kind string, ref governance.Reference) *refBody {
	if !ref.Set() {
		return nil
	}
	return &refBody{kind, ref.ID, ref.Name}
}

// maxBulk is how many objects one request may name where the contract is silent.
const maxBulk = 500

// bulkIDs checks the ids of a bulk request, of which there may be so many, and brings them to the form in which they are
// kept.
func bulkIDs(field string, ids []string, limit int) ([]string, error) {
	if len(ids) == 0 {
		return nil, governance.Fail(governance.Required, field, "Required field '%s' was missing or empty.", field)
	}
	if len(ids) > limit {
		return nil, governance.Fail(governance.Limit, field, "Field '%s' holds %d entries; at most %d are allowed.", field, len(ids), limit)
	}
	normal := make([]string, len(ids))
	for i, id := range ids {
		if id == "" {
			return nil, governance.Fail(governance.Required, field, "Entry %d of field '%s' has no id.", i, field)
		}
		normal[i] = filter.NormalizeID(id)
	}
	return normal, nil
}

// rowStatus is the status of a row of a bulk answer for what can go wrong with one object.
var rowStatus = map[governance.Kind]int64{
	governance.NotFound:   http.StatusNotFound,
	governance.Conflict:   http.StatusConflict,
	governance.InUse:      http.StatusConflict,
	governance.Invalid:    http.StatusBadRequest,
	governance.Required:   http.StatusBadRequest,
	governance.Illegal:    http.StatusBadRequest,
	governance.Limit:      http.StatusBadRequest,
	governance.UnknownRef: http.StatusBadRequest,
}

// writeOutcomes answers a bulk request with a row for each object; status and text are those of success.
func writeOutcomes(w http.ResponseWriter, r *http.Request, outcomes []governance.Outcome, status int64, text string) error {
	return writePage(w, r, filter.Page[governance.Outcome]{Items: outcomes, Total: -1}, func(b []byte, o *governance.Outcome) []byte {
		code, description := status, text
		if o.Err != nil {
			kind, reason := explain(o.Err)
			code, description = rowStatus[kind], reason
		}
		b = jsondoc.AppendStringField(append(b, '{'), "id", o.ID)
		b = jsondoc.AppendInt(b, "status", code)
		return append(jsondoc.AppendStringField(b, "description", description), '}')
	})
}
