package api

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"midgard/internal/filter"
	"midgard/internal/governance"
	"midgard/internal/jsondoc"
	"midgard/internal/jsonpatch"
)

// maxBody bounds JSON bodies. Uploaded files have a limit of their own.
const maxBody = 4 << 20

// minGzip is the size below which compressing costs more than it saves.
const minGzip = 1400

var contentType = []string{"application/json;charset=UTF-8"}

// respond writes a JSON answer; an empty body is sent without a content type.
func respond(w http.ResponseWriter, r *http.Request, status int, body []byte) {
	h := w.Header()
	if len(body) == 0 {
		w.WriteHeader(status)
		return
	}
	h["Content-Type"] = contentType
	if len(body) >= minGzip && acceptsGzip(r) {
		h["Content-Encoding"] = []string{"gzip"}
		h["Vary"] = []string{"Accept-Encoding"}
		w.WriteHeader(status)
		compress(w, body)
		return
	}
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	w.WriteHeader(status)
	w.Write(body) //nolint:errcheck // the client is gone; nobody is left to tell
}

var compressors = sync.Pool{New: func() any {
	z, _ := gzip.NewWriterLevel(io.Discard, gzip.BestSpeed)
	return z
}}

func compress(w io.Writer, body []byte) {
	z := compressors.Get().(*gzip.Writer)
	defer compressors.Put(z)
	z.Reset(w)
	z.Write(body) //nolint:errcheck // as in respond
	z.Close()     //nolint:errcheck // as in respond
}

// acceptsGzip reads Accept-Encoding: gzip is named, and not with the weight zero.
func acceptsGzip(r *http.Request) bool {
	for _, field := range r.Header["Accept-Encoding"] {
		for part := range strings.SplitSeq(field, ",") {
			name, weight, _ := strings.Cut(strings.TrimSpace(part), ";")
			if strings.TrimSpace(name) == "gzip" {
				weight = strings.ReplaceAll(weight, " ", "")
				return weight != "q=0" && !strings.HasPrefix(weight, "q=0.000")
			}
		}
	}
	return false
}

// writeJSON encodes a body with encoding/json; handlers of hot lists append theirs by hand.
func writeJSON(w http.ResponseWriter, r *http.Request, status int, body any) error {
	b, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("encode the answer: %w", err)
	}
	respond(w, r, status, b)
	return nil
}

// ok writes a body with the operation's own status of success.
func ok(w http.ResponseWriter, r *http.Request, body any) error {
	return writeJSON(w, r, callOf(r).op.Success, body)
}

// done writes an empty answer with the operation's own status of success.
func done(w http.ResponseWriter, r *http.Request) error {
	respond(w, r, callOf(r).op.Success, nil)
	return nil
}

var buffers = sync.Pool{New: func() any { b := make([]byte, 0, 64<<10); return &b }}

// writePage writes a page as a bare array, each item appended by encode, and the total only when it was asked for.
func writePage[T any](w http.ResponseWriter, r *http.Request, p filter.Page[T], encode func([]byte, *T) []byte) error {
	if p.Total >= 0 {
		w.Header()["X-Total-Count"] = []string{strconv.Itoa(p.Total)}
	}
	buffer := buffers.Get().(*[]byte)
	b := append((*buffer)[:0], '[')
	for i := range p.Items {
		if i > 0 {
			b = append(b, ',')
		}
		b = encode(b, &p.Items[i])
	}
	b = append(b, ']')
	respond(w, r, callOf(r).op.Success, b)
	*buffer = b
	buffers.Put(buffer)
	return nil
}

// writeOne writes one object with the operation's own status of success.
func writeOne[T any](w http.ResponseWriter, r *http.Request, x *T, encode func([]byte, *T) []byte) error {
	buffer := buffers.Get().(*[]byte)
	b := encode((*buffer)[:0], x)
	respond(w, r, callOf(r).op.Success, b)
	*buffer = b
	buffers.Put(buffer)
	return nil
}

// pageOf cuts a page out of a list that is complete in memory and small by nature.
func pageOf[T any](all []T, q filter.Query) filter.Page[T] {
	p := filter.Page[T]{Items: all[min(q.Offset, len(all)):], Total: -1}
	p.Items = p.Items[:min(q.Limit, len(p.Items))]
	if q.Count {
		p.Total = len(all)
	}
	return p
}

// asJSON is an encoder for writePage and writeOne over a body struct.
func asJSON[T any](body func(*T) any) func([]byte, *T) []byte {
	return func(b []byte, x *T) []byte {
		text, err := json.Marshal(body(x))
		if err != nil {
			panic(fmt.Sprintf("encode %T: %v", x, err)) // structs of ours always can be
		}
		return append(b, text...)
	}
}

// pathID reads an id from the path: upper case and undashed forms are accepted.
func pathID(r *http.Request, name string) string {
	return filter.NormalizeID(storable(r.PathValue(name)))
}

// storable is a text of a request with U+FFFD in place of what no database text can hold: U+0000, on PostgreSQL, and bytes
// that are not UTF-8. An id of that kind is nobody's.
func storable(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\ufffd"), "\x00", "\ufffd")
}

// readBody reads the whole body within the limit.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var size *http.MaxBytesError
	if err != nil && !errors.As(err, &size) {
		return nil, governance.Because(err, governance.Invalid, "", "The body broke off.")
	}
	return data, err
}

// decode reads a JSON body into T: strict JSON, exact names. Unknown fields are ignored, since newer clients send them,
// unless the call is strict: then they are refused by name. A body that may be left out, and is, gives the zero value.
func decode[T any](w http.ResponseWriter, r *http.Request) (T, error) {
	var into T
	data, err := readBody(w, r)
	if err != nil || len(data) == 0 && callOf(r).op.RequestOptional {
		return into, err
	}
	if err := jsondoc.Decode(data, &into); err != nil {
		return into, err
	}
	return into, refuseUnknown(r, data, &into)
}

func refuseUnknown(r *http.Request, data []byte, into any) error {
	if !callOf(r).strict {
		return nil
	}
	return refuseFields(r, jsondoc.Unknown(data, into))
}

// refuseFields names fields that the operation does not know, when the call is strict.
func refuseFields(r *http.Request, unknown []string) error {
	if !callOf(r).strict || len(unknown) == 0 {
		return nil
	}
	return governance.Fail(governance.Invalid, unknown[0], "The body has fields that are unknown or read-only here: %s.", strings.Join(unknown, ", "))
}

// patchable says which fields of an object a JSON Patch may touch.
type patchable []string

// patch gives a function that applies the request's JSON Patch to the patchable form of an object and tells the fields that
// it touches. The form is a struct with the contract's field names; the result is decoded into a fresh one, so that a
// removed field has its zero value. What is wrong with the patch is told when it is applied, since that the object does
// not exist has to be told first.
func patch[T any](w http.ResponseWriter, r *http.Request, fields patchable) func(form T) (T, []string, error) {
	ops, touched, err := readPatch(w, r, fields)
	return func(form T) (T, []string, error) {
		if err != nil {
			return form, nil, err
		}
		into, err := applyPatch(ops, form)
		return into, touched, err
	}
}

// readPatch reads the request's JSON Patch and gives the fields that it touches.
func readPatch(w http.ResponseWriter, r *http.Request, fields patchable) (jsonpatch.Patch, []string, error) {
	data, err := readBody(w, r)
	if err != nil || len(data) == 0 && callOf(r).op.RequestOptional {
		return nil, nil, err
	}
	ops, err := jsonpatch.Parse(data)
	if err != nil {
		return nil, nil, err
	}
	touched, err := fields.check(ops)
	return ops, touched, err
}

func applyPatch[T any](ops jsonpatch.Patch, form T) (T, error) {
	var into T
	before, err := json.Marshal(form)
	if err != nil {
		return into, fmt.Errorf("encode the patched object: %w", err)
	}
	after, err := ops.ApplyJSON(before)
	if err != nil {
		return into, err
	}
	return into, jsondoc.Decode(after, &into)
}

// check gives the fields that the patch touches; a test touches nothing and may look at any of them.
func (fields patchable) check(ops jsonpatch.Patch) ([]string, error) {
	var touched []string
	for _, op := range ops {
		for _, root := range op.Roots() {
			if !slices.Contains(fields, root) {
				return nil, governance.Fail(governance.Illegal, root, "Field '%s' is not patchable.", root)
			}
			if op.Op != "test" && !slices.Contains(touched, root) {
				touched = append(touched, root)
			}
		}
	}
	return touched, nil
}

// quote is a text as JSON.
func quote(s string) []byte { return jsondoc.AppendString(nil, s) }

// decodeInto reads JSON that the store keeps; what was never written leaves the target as it is.
func decodeInto(raw json.RawMessage, into any) {
	if len(raw) > 0 {
		json.Unmarshal(raw, into) //nolint:errcheck // Midgard wrote it
	}
}
