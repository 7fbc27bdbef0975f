package aggregate

import (
	"context"
	"fmt"

	"midgard/internal/connector"
	"midgard/internal/governance"
)

// batchSize is how many accounts one transaction holds: enough to spread the cost of a commit, few enough that others'
// writes wait for some tens of milliseconds at most.
const batchSize = 500

// accountWriter is the sink of an account run. The connector's goroutine turns objects into accounts and hashes them; a
// second one compares and writes them batch by batch. One batch waits between them: that is all a run holds in memory,
// besides a bit an account.
type accountWriter struct {
	run     *run
	ctx     context.Context
	cancel  context.CancelCauseFunc
	filling []observation
	batches chan []observation
	ended   chan struct{}
	buffer  []byte

	seen    bitmap
	deleted []string
	failure error
}

// observation is one emitted object: an account, or the news that one is gone or unchanged.
type observation struct {
	account   governance.ObservedAccount
	deleted   bool
	unchanged bool
}

func newAccountWriter(ctx context.Context, r *run) *accountWriter {
	w := &accountWriter{run: r, batches: make(chan []observation, 1), ended: make(chan struct{})}
	w.ctx, w.cancel = context.WithCancelCause(ctx)
	go w.loop()
	return w
}

// Emit implements connector.Sink.
func (w *accountWriter) Emit(ctx context.Context, o connector.Object) error {
	item := observation{deleted: o.Deleted, unchanged: o.Unchanged}
	if o.Deleted || o.Unchanged {
		item.account = governance.ObservedAccount{NativeIdentity: o.Identity, UUID: o.UUID}
	} else {
		var err error
		if item.account, w.buffer, err = w.run.rules.observe(&o, w.buffer); err != nil {
			return w.Fail(ctx, o.Identity, err)
		}
	}
	w.filling = append(w.filling, item)
	if len(w.filling) < batchSize {
		return nil
	}
	return w.hand(ctx)
}

// Fail implements connector.Sink.
func (w *accountWriter) Fail(_ context.Context, where string, reason error) error {
	w.run.report.warn("unreadable", fmt.Sprintf("%s: %v", where, reason))
	return nil
}

func (w *accountWriter) hand(ctx context.Context) error {
	batch := w.filling
	w.filling = make([]observation, 0, batchSize)
	select {
	case w.batches <- batch:
		return nil
	case <-w.ctx.Done():
		return &storeError{context.Cause(w.ctx)}
	case <-ctx.Done():
		return ctx.Err()
	}
}

// wait hands over what is left and waits for the last batch. It gives the writing side's failure.
func (w *accountWriter) wait() error {
	if len(w.filling) > 0 && w.ctx.Err() == nil {
		w.hand(w.ctx) //nolint:errcheck // the reason is in failure
	}
	close(w.batches)
	<-w.ended
	w.cancel(nil)
	return w.failure
}

func (w *accountWriter) loop() {
	defer close(w.ended)
	for batch := range w.batches {
		if w.failure != nil {
			continue
		}
		if err := w.apply(w.ctx, batch); err != nil {
			w.failure = err
			w.cancel(err)
		}
	}
}

// apply compares a batch with what is known and writes what differs.
func (w *accountWriter) apply(ctx context.Context, batch []observation) error {
	digests, err := w.lookUp(ctx, batch)
	if err != nil {
		return err
	}
	var writes []governance.AccountWrite
	inBatch := map[string]bool{}
	for i := range batch {
		item, d := &batch[i], digests[i]
		switch {
		case item.deleted:
			w.gone(d)
		case item.unchanged:
			w.kept(d)
		case inBatch[item.account.NativeIdentity] || (d.ID != "" && w.seen.has(d.Ordinal)):
			w.run.report.warn("duplicate", fmt.Sprintf("The native identity %q was listed twice; the first one counts.", item.account.NativeIdentity))
		case d.ID != "" && d.Hash == item.account.Hash && !d.Missing && !w.run.Full:
			w.kept(d)
		default:
			writes = append(writes, governance.AccountWrite{Digest: d, Observed: item.account})
			if d.ID != "" {
				w.seen.set(d.Ordinal)
			}
		}
		inBatch[item.account.NativeIdentity] = !item.deleted
	}
	w.run.report.add(countRead, int64(len(batch)))
	return w.write(ctx, writes)
}

func (w *accountWriter) gone(d governance.Digest) {
	if d.ID != "" {
		w.deleted = append(w.deleted, d.ID)
	}
}

func (w *accountWriter) kept(d governance.Digest) {
	if d.ID != "" {
		w.seen.set(d.Ordinal)
		w.run.report.add(countUnchanged, 1)
	}
}

func (w *accountWriter) write(ctx context.Context, writes []governance.AccountWrite) error {
	if len(writes) == 0 {
		return w.run.report.send(ctx)
	}
	source := governance.Reference{ID: w.run.source.ID, Name: w.run.source.Name}
	done, err := w.run.store.ApplyAccounts(ctx, w.run.actor, w.run.lease, source, writes)
	if err != nil {
		return err
	}
	for _, n := range done.Ordinals {
		w.seen.set(n)
	}
	w.run.report.applied(done)
	return w.run.report.send(ctx)
}

// lookUp finds what is known of the batch: by native identity, and where that is new, by the source's own id, so that an
// account that was renamed stays the same account.
func (w *accountWriter) lookUp(ctx context.Context, batch []observation) ([]governance.Digest, error) {
	names := make([]string, len(batch))
	for i := range batch {
		names[i] = batch[i].account.NativeIdentity
	}
	digests, err := w.run.store.Digests(ctx, w.run.SourceID, names)
	if err != nil {
		return nil, err
	}
	var uuids []string
	var at []int
	for i := range batch {
		if digests[i].ID == "" && batch[i].account.UUID != "" {
			uuids, at = append(uuids, batch[i].account.UUID), append(at, i)
		}
	}
	if len(uuids) == 0 {
		return digests, nil
	}
	byUUID, err := w.run.store.DigestsByUUID(ctx, w.run.SourceID, uuids)
	for k, i := range at {
		if err == nil {
			digests[i] = byUUID[k]
		}
	}
	return digests, err
}
