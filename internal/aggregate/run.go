package aggregate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"midgard/internal/connector"
	"midgard/internal/governance"
	"midgard/internal/source"
)

// run is one aggregation at work.
type run struct {
	*Service
	Request
	lease  governance.Lease
	task   governance.Task
	actor  governance.Actor
	source governance.Source
	rules  *rules
	mapper governance.Mapper // nil without mappings
	report *reporter
	token  []byte // the delta token that the list ended with
}

// do reads the source. The error says why the run ended early; what was applied until then stays applied.
func (r *run) do(ctx context.Context) error {
	if err := r.report.send(ctx); err != nil { // a slow source may show nothing for long
		return err
	}
	if err := r.prepare(ctx); err != nil {
		return err
	}
	connected, err := r.sources.Open(ctx, r.source)
	if err != nil {
		return &sourceError{err}
	}
	defer connected.Close() //nolint:errcheck // everything was read by then, or the run has failed anyway
	if r.ObjectType == connector.TypeGroup {
		return r.groups(ctx, connected)
	}
	return r.accounts(ctx, connected)
}

func (r *run) prepare(ctx context.Context) error {
	if err := r.prepareRules(ctx); err != nil {
		return err
	}
	return r.prepareMappings(ctx)
}

// prepareRules reads what the source's objects mean, but for the mappings.
func (r *run) prepareRules(ctx context.Context) error {
	var err error
	if r.source, err = r.store.Source(ctx, r.SourceID, ""); err != nil {
		return err
	}
	schemas, err := r.store.Schemas(ctx, r.SourceID)
	if err != nil {
		return err
	}
	schema, err := schemaOf(schemas, r.ObjectType)
	if err != nil {
		return err
	}
	config, err := r.classification(ctx, r.SourceID)
	if err != nil {
		return err
	}
	profile, err := r.profile(ctx)
	if err != nil {
		return err
	}
	r.rules, err = newRules(r.source, schema, config, profile)
	return err
}

// prepareMappings compiles the source's mappings. They are part of the rules of the run: when they change, or a transform
// that they use, or the subtypes, every account is looked at again.
func (r *run) prepareMappings(ctx context.Context) error {
	if r.ObjectType != connector.TypeAccount {
		return nil
	}
	set, err := r.store.Mappings(ctx, r.SourceID)
	if err != nil || len(set.Mappings) == 0 {
		return err
	}
	m, used, err := r.mapperOf(ctx, r.source, r.rules, set)
	if err != nil {
		return err
	}
	r.mapper = m
	return r.rules.refine(used)
}

func schemaOf(schemas []governance.Schema, objectType string) (governance.Schema, error) {
	schema, ok := source.SchemaOf(schemas, objectType)
	if !ok {
		return schema, governance.Fail(governance.Invalid, "schemas", "The source has no schema for objects of type %q.", objectType)
	}
	return schema, nil
}

// classification gives nil when a source's accounts are not classified.
func (s *Service) classification(ctx context.Context, sourceID string) (*governance.ClassificationConfig, error) {
	c, err := s.store.ClassificationConfig(ctx, sourceID)
	if governance.KindOf(err) == governance.NotFound {
		return nil, nil //nolint:nilnil // no configuration is a normal state of a source
	}
	return &c, err
}

func (r *run) profile(ctx context.Context) ([]governance.ProfileSource, error) {
	if !r.source.Authoritative {
		return nil, nil
	}
	p, err := r.store.IdentityProfileOf(ctx, r.SourceID)
	if governance.KindOf(err) == governance.NotFound {
		return governance.DefaultProfile(), nil
	}
	return p.Attributes, err
}

// accounts lists, and then removes what a complete list did not show.
func (r *run) accounts(ctx context.Context, source connector.Source) error {
	delta := r.Delta && !r.Full && len(r.source.DeltaToken) > 0
	w, result, err := r.read(ctx, source, delta)
	if errors.Is(err, connector.ErrDeltaExpired) {
		r.report.message("INFO", "delta-expired", "The source can no longer tell what changed since the last run; everything is read.")
		delta = false
		w, result, err = r.read(ctx, source, delta) // what the delta told before is worth nothing
	}
	if err != nil {
		return err
	}
	complete := result.Complete && !w.unread
	if complete || delta { // deltas on top of half a list would never tell what it left out
		r.token = result.Token
	}
	switch {
	case complete:
		return r.removeMissing(ctx, w)
	case !delta:
		r.report.message("WARN", "incomplete", "Not everything could be read, so it was not looked for accounts that are gone.")
	}
	return r.removeDeleted(ctx, w)
}

// read lists accounts and waits until they are written.
func (r *run) read(ctx context.Context, source connector.Source, delta bool) (*accountWriter, connector.ListResult, error) {
	w := newAccountWriter(ctx, r)
	defer w.wait() //nolint:errcheck // for a connector that panics; otherwise it has been called
	result, err := r.list(w.ctx, source, delta, w)
	if e := w.wait(); e != nil {
		err = e
	}
	return w, result, err
}

// list asks for what changed or for everything. A file is always read as a whole.
func (r *run) list(ctx context.Context, source connector.Source, delta bool, sink connector.Sink) (connector.ListResult, error) {
	request := connector.ListRequest{Type: r.ObjectType, Schema: r.rules.schema}
	file, err := r.file(ctx)
	if err != nil {
		return connector.ListResult{}, err
	}
	if err := r.measure(ctx, file); err != nil {
		return connector.ListResult{}, err
	}
	if file != "" {
		input := r.store.OpenUpload(ctx, file)
		defer input.Close() //nolint:errcheck // it was only read
		request.Input = r.report.watch(input)
	}
	if delta && request.Input == nil {
		request.Mode, request.Token = connector.Delta, r.source.DeltaToken
	}
	result, err := source.List(ctx, request, sink)
	var ours *storeError
	switch {
	case err == nil:
		return result, nil
	case errors.As(err, &ours):
		return result, ours.err
	}
	return result, &sourceError{err}
}

// file is the upload to read: the run's own, else for accounts the one that was given to the source to keep.
func (r *run) file(ctx context.Context) (string, error) {
	if r.UploadID != "" || r.ObjectType != connector.TypeAccount {
		return r.UploadID, nil
	}
	return r.sources.ConnectorFile(ctx, r.source)
}

// measure tells the report what the whole of the list is: the bytes of a file, or else as many objects as there were last
// time.
func (r *run) measure(ctx context.Context, file string) (err error) {
	if file != "" {
		r.report.bytes, err = r.store.UploadSize(ctx, file)
		return err
	}
	if r.ObjectType == connector.TypeAccount {
		r.report.expected, err = r.store.KnownAccounts(ctx, r.SourceID)
	}
	return err
}

// storeError passes a failure of our own through a connector's List.
type storeError struct{ err error }

func (e *storeError) Error() string { return e.err.Error() }
func (e *storeError) Unwrap() error { return e.err }

// removeDeleted removes what a delta reported as gone, within the source's threshold. Beyond it nothing is removed and the
// delta token is not kept: the next run asks for the same again.
func (r *run) removeDeleted(ctx context.Context, w *accountWriter) error {
	const chunk = 200
	gone := w.removed()
	r.report.add(countMissing, int64(len(gone)))
	total, err := r.store.KnownAccounts(ctx, r.SourceID)
	if err != nil {
		return err
	}
	if err := r.withinThreshold(int64(len(gone)), total); err != nil {
		return err
	}
	for part := range slices.Chunk(gone, chunk) {
		if err := r.store.RemoveAccounts(ctx, r.actor, r.lease, part); err != nil {
			return err
		}
		r.report.add(countRemoved, int64(len(part)))
	}
	return nil
}

// removeMissing marks what the complete list did not show. It removes the marked accounts unless they are more than the
// source's threshold allows: a source that suddenly shows little has more likely failed than lost its accounts.
func (r *run) removeMissing(ctx context.Context, w *accountWriter) error {
	missing, total, err := r.store.MarkMissing(ctx, r.actor, r.lease, r.SourceID, w.seen.has)
	if err != nil || missing == 0 {
		return err
	}
	r.report.add(countMissing, missing)
	if err := r.withinThreshold(missing, total); err != nil {
		return err
	}
	for {
		n, err := r.store.RemoveMissing(ctx, r.actor, r.lease, r.SourceID)
		if err != nil || n == 0 {
			return err
		}
		r.report.add(countRemoved, int64(n))
	}
}

// withinThreshold refuses to remove more than the source's share of its accounts.
func (r *run) withinThreshold(gone, total int64) error {
	if gone*100 <= int64(r.source.DeleteThreshold)*total {
		return nil
	}
	return governance.Fail(governance.Limit, "deleteThreshold",
		"Nothing was removed: %d of %d accounts are missing, more than the source's deleteThreshold of %d %%. If they are really gone, raise deleteThreshold and aggregate again.",
		gone, total, r.source.DeleteThreshold)
}

// finish ends the task and tells the source how its run went.
func (r *run) finish(ctx context.Context, err error) error {
	if e := r.settle(ctx, err); e != nil {
		return e
	}
	t := r.conclude(err)
	if e := r.store.FinishTask(ctx, r.lease, t); e != nil {
		return e
	}
	r.log.Info("aggregation ended", "source", r.source.Name, "type", r.ObjectType, "status", t.CompletionStatus, "task", t.ID, "tracking_id", r.actor.TrackingID, "error", err)
	if r.UploadID == "" {
		return nil
	}
	return r.store.DeleteUpload(ctx, r.UploadID)
}

// settle keeps the delta token of a good run and the health of the source after a run that ended well or by the source's
// fault.
func (r *run) settle(ctx context.Context, err error) error {
	var source *sourceError
	switch {
	case errors.As(err, &source):
		return r.store.SetSourceHealth(ctx, r.actor, r.SourceID, false, r.errorState(), explain(err))
	case err != nil:
		return nil
	}
	if r.token != nil {
		if err := r.store.KeepDeltaToken(ctx, r.lease, r.SourceID, r.token); err != nil {
			return err
		}
	}
	return r.store.SetSourceHealth(ctx, r.actor, r.SourceID, true, governance.SourceHealthy, "")
}

// conclude gives the task its last state.
func (r *run) conclude(err error) governance.Task {
	if err != nil && !errors.Is(err, governance.ErrCancelled) {
		r.report.message("ERROR", "aggregation-stopped", explain(err))
	}
	t := r.report.final()
	switch {
	case errors.Is(err, governance.ErrCancelled):
		t.CompletionStatus = governance.TaskTerminated
	case err != nil:
		t.CompletionStatus = statusOf(err)
	case r.report.warned:
		t.CompletionStatus, t.PercentComplete = governance.TaskWarning, 100
	default:
		t.CompletionStatus, t.PercentComplete = governance.TaskSuccess, 100
	}
	return t
}

func (r *run) errorState() string {
	if r.UploadID != "" {
		return governance.SourceFileError
	}
	return governance.SourceError
}

// statusOf tells failures that are likely to pass from those that are not.
func statusOf(err error) string {
	var passing *connector.Retryable
	if errors.As(err, &passing) {
		return governance.TaskTempError
	}
	return governance.TaskError
}

// explain is what the task says: the source's words, never our own internals.
func explain(err error) string {
	var source *sourceError
	if errors.As(err, &source) {
		return strings.TrimSpace(fmt.Sprintf("The source could not be read to its end: %v", source.err))
	}
	if governance.KindOf(err) != governance.Internal {
		var e *governance.Error
		errors.As(err, &e)
		return e.Text
	}
	return "An internal fault stopped the run; the log has it under the run's tracking id."
}
