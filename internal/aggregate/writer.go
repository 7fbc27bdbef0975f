package aggregate

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"

	"midgard/internal/connector"
	"midgard/internal/governance"
	"midgard/internal/job"
)

// batchSize is how many accounts one transaction holds: enough to spread the cost of a commit, few enough that others'
// writes wait for some tens of milliseconds at most.
const batchSize = 500

// The database's statistics are refreshed when a run has created so many accounts, and each time it has created that many
// times more.
const (
	firstRefresh  = 1000
	refreshGrowth = 10
)

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

	closed  bool
	unread  bool // an object could not be kept, so that the list is not complete
	seen    bitmap
	deleted []governance.Digest
	failure error

	created, refreshAt int64
}

// observation is one emitted object: an account, or the news that one is gone or unchanged.
type observation struct {
	account   governance.ObservedAccount
	deleted   bool
	unchanged bool
}

func newAccountWriter(ctx context.Context, r *run) *accountWriter {
	w := &accountWriter{run: r, refreshAt: firstRefresh, batches: make(chan []observation, 1), ended: make(chan struct{})}
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
			w.unread = true
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

// wait hands over what is left and waits for the last batch. It gives the writing side's failure. It may be called again.
func (w *accountWriter) wait() error {
	if w.closed {
		return w.failure
	}
	w.closed = true
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
		if err := w.try(batch); err != nil {
			w.failure = err
			w.cancel(err)
		}
	}
}

// try is apply for a goroutine of its own, in which a panic would end the server.
func (w *accountWriter) try(batch []observation) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = job.Permanent(fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
		}
	}()
	return w.apply(w.ctx, batch)
}

// apply compares a batch with what is known and writes what differs.
func (w *accountWriter) apply(ctx context.Context, batch []observation) error {
	digests, err := w.lookUp(ctx, batch)
	if err != nil {
		return err
	}
	var writes []governance.AccountWrite
	inBatch := map[string]bool{} // by folded native identity
	for i := range batch {
		item, d := &batch[i], digests[i]
		switch {
		case item.deleted:
			w.gone(d)
		case item.unchanged:
			w.kept(d)
		case inBatch[d.Key] || (d.ID != "" && w.seen.has(d.Ordinal)):
			w.run.report.warn("duplicate", fmt.Sprintf("The native identity %q was listed twice; the first one counts.", item.account.NativeIdentity))
		case d.ID != "" && d.Hash == item.account.Hash && !d.Missing && !w.run.Full:
			w.kept(d)
		default:
			writes = append(writes, governance.AccountWrite{Digest: d, Observed: item.account})
			if d.ID != "" {
				w.seen.set(d.Ordinal)
			}
		}
		inBatch[d.Key] = inBatch[d.Key] || !item.deleted
	}
	w.run.report.add(countRead, int64(len(batch)))
	return w.write(ctx, writes)
}

func (w *accountWriter) gone(d governance.Digest) {
	if d.ID != "" {
		w.deleted = append(w.deleted, d)
	}
}

// removed gives the accounts that were reported as gone, but for those that were also listed: an entry that was made anew
// under its old name is the same account.
func (w *accountWriter) removed() []string {
	var ids []string
	for _, d := range w.deleted {
		if !w.seen.has(d.Ordinal) {
			ids = append(ids, d.ID)
		}
	}
	return ids
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
	done, err := w.put(ctx, writes)
	if errors.Is(err, governance.ErrOvertaken) {
		done, err = w.putAgain(ctx, writes)
	}
	if err != nil {
		return err
	}
	for _, n := range done.Ordinals {
		w.seen.set(n)
	}
	w.run.report.applied(done)
	w.run.report.add(countUnchanged, int64(len(writes))-done.Created-done.Updated) // looked at, and found as they were
	if w.created += done.Created; w.created >= w.refreshAt {
		w.refreshAt *= refreshGrowth
		if err := w.run.store.RefreshStatistics(ctx); err != nil {
			return err
		}
	}
	return w.run.report.send(ctx)
}

func (w *accountWriter) put(ctx context.Context, writes []governance.AccountWrite) (governance.Applied, error) {
	source := governance.Reference{ID: w.run.source.ID, Name: w.run.source.Name}
	return w.run.store.ApplyAccounts(ctx, w.run.actor, w.run.lease, source, writes, w.run.mapper)
}

// putAgain looks once more for the accounts that nobody knew: what a request has made meanwhile is there by now.
func (w *accountWriter) putAgain(ctx context.Context, writes []governance.AccountWrite) (governance.Applied, error) {
	batch := make([]observation, len(writes))
	for i := range writes {
		batch[i].account = writes[i].Observed
	}
	digests, err := w.lookUp(ctx, batch)
	if err != nil {
		return governance.Applied{}, err
	}
	for i := range writes {
		if writes[i].Digest.ID == "" {
			writes[i].Digest = digests[i]
		}
	}
	return w.put(ctx, writes)
}

// lookUp finds the accounts that a batch is about. An entry with an id of the source's own is the account that has this
// id, whatever either is called now, so that an account that was renamed stays the same. Else it is the account with its
// native identity, also when that had another id: the entry was made anew.
func (w *accountWriter) lookUp(ctx context.Context, batch []observation) ([]governance.Digest, error) {
	names := make([]string, len(batch))
	for i := range batch {
		names[i] = batch[i].account.NativeIdentity
	}
	digests, err := w.run.store.Digests(ctx, w.run.SourceID, names)
	if err != nil {
		return nil, err
	}
	var open []int // not settled by the name
	for i := range batch {
		if uuid := batch[i].account.UUID; uuid != "" && !strings.EqualFold(uuid, digests[i].UUID) {
			open = append(open, i)
		}
	}
	if len(open) == 0 {
		return digests, nil
	}
	return digests, w.lookUpIDs(ctx, batch, digests, open)
}

// lookUpIDs settles the items of a batch whose name is new or belongs to an account with another id.
func (w *accountWriter) lookUpIDs(ctx context.Context, batch []observation, digests []governance.Digest, open []int) error {
	uuids := make([]string, len(open))
	for k, i := range open {
		uuids[k] = batch[i].account.UUID
	}
	found, err := w.run.store.DigestsByUUID(ctx, w.run.SourceID, uuids)
	if err != nil {
		return err
	}
	renamed := map[string]bool{} // accounts that are in the batch under another name
	for k, i := range open {
		if found[k].ID != "" {
			renamed[found[k].ID] = renamed[found[k].ID] || !batch[i].deleted
			found[k].Key = digests[i].Key
		}
	}
	for k, i := range open {
		switch {
		case found[k].ID != "":
			digests[i] = found[k]
		case renamed[digests[i].ID]: // its name went to a new account
			digests[i] = governance.Digest{Key: digests[i].Key}
		}
	}
	return nil
}
