package aggregate

import (
	"context"
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"midgard/internal/governance"
)

// The figures of a run, as the task shows them.
const (
	countRead       = "read"
	countCreated    = "created"
	countUpdated    = "updated"
	countUnchanged  = "unchanged"
	countMissing    = "missing"
	countRemoved    = "removed"
	countUnreadable = "unreadable"
	countMachines   = "machines"
	countIdentities = "machineIdentities"
	countPeople     = "people"
	countProblems   = "mappingProblems"
)

// reportInterval is how often a running task's progress is written: often enough to watch, seldom enough to cost nothing.
const reportInterval = 500 * time.Millisecond

// reporter collects what a run has to tell. The connector's and the writing goroutine both use it.
type reporter struct {
	run    *run
	mu     sync.Mutex
	task   governance.Task
	counts map[string]int64
	more   int64 // messages beyond the limit
	warned bool
	last   time.Time

	bytes, expected int64        // the whole of the list, in bytes or objects; zero when it is not known
	passed          atomic.Int64 // bytes of the file that were read
}

func newReporter(r *run) *reporter {
	t := r.task
	t.Launched, t.Messages, t.Progress = r.now().UTC(), nil, "Started"
	return &reporter{run: r, task: t, counts: map[string]int64{}}
}

func (p *reporter) add(name string, n int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.counts[name] += n
}

// readShare is the part of a run, in percent, that reading the list counts for; the rest is for removing.
const readShare = 90

// percent estimates how far the reading has come. It never says that it is done.
func (p *reporter) percent() int {
	switch {
	case p.bytes > 0:
		return int(p.passed.Load() * readShare / p.bytes)
	case p.expected > 0:
		return int(min(p.counts[countRead]*readShare/p.expected, readShare))
	}
	return 0
}

// watch counts what is read of a file.
func (p *reporter) watch(file io.Reader) io.Reader { return &watched{file, &p.passed} }

type watched struct {
	io.Reader
	passed *atomic.Int64
}

// Read passes on and counts. Files are read from our own store, so that a failure is ours and not the source's.
func (w *watched) Read(b []byte) (int, error) {
	n, err := w.Reader.Read(b)
	w.passed.Add(int64(n))
	if err != nil && err != io.EOF { //nolint:errorlint // by the contract of io.Reader
		err = &storeError{err}
	}
	return n, err
}

func (p *reporter) applied(a governance.Applied) {
	for _, text := range a.Problems {
		m := mappingFailed(text)
		p.message(m.Type, m.Key, m.Text)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for name, n := range map[string]int64{
		countCreated: a.Created, countUpdated: a.Updated, countMachines: a.Machines, countIdentities: a.Identities, countPeople: a.People,
		countProblems: int64(len(a.Problems)),
	} {
		p.counts[name] += n
	}
	p.warned = p.warned || len(a.Problems) > 0
}

// warn notes something that did not stop the run.
func (p *reporter) warn(key, text string) {
	p.message("WARN", key, text)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.warned = true
	p.counts[countUnreadable]++
}

func (p *reporter) message(kind, key, text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.task.Messages) >= governance.MaxTaskMessages {
		p.more++
		return
	}
	p.task.Messages = append(p.task.Messages, governance.TaskMessage{Type: kind, Key: key, Text: text})
}

// send writes the progress when it is time to.
func (p *reporter) send(ctx context.Context) error {
	now := p.run.now()
	p.mu.Lock()
	due := now.Sub(p.last) >= reportInterval
	p.mu.Unlock()
	if !due {
		return nil
	}
	p.last = now
	return p.run.store.ReportTask(ctx, p.run.lease, p.final())
}

// final gives the task with everything collected so far.
func (p *reporter) final() governance.Task {
	p.mu.Lock()
	defer p.mu.Unlock()
	t := p.task
	t.Messages = slices.Clone(p.task.Messages)
	if p.more > 0 {
		t.Messages = append(t.Messages, governance.TaskMessage{Type: "WARN", Key: "more-messages", Text: fmt.Sprintf("%d more messages are not kept.", p.more)})
	}
	t.Counts = nil
	for _, name := range []string{countRead, countCreated, countUpdated, countUnchanged, countMissing, countRemoved, countUnreadable, countMachines, countIdentities, countPeople, countProblems} {
		t.Counts = append(t.Counts, governance.TaskCount{Name: name, Value: p.counts[name]})
	}
	t.PercentComplete = p.percent()
	t.Progress = fmt.Sprintf("%d read, %d created, %d updated, %d unchanged", p.counts[countRead], p.counts[countCreated], p.counts[countUpdated], p.counts[countUnchanged])
	return t
}
