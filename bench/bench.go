package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"midgard/client"
)

// bench measures Midgard on one engine.
type bench struct {
	options
	engine engine
	dir    string
	table  resultTable
}

func (b *bench) run(ctx context.Context) error {
	if err := b.transforms(); err != nil {
		return err
	}
	small, err := b.files(ctx)
	if err != nil {
		return err
	}
	return b.large(ctx, small)
}

// large fills the large database once and measures everything that needs one. small is the peak of a small aggregation.
func (b *bench) large(ctx context.Context, small int64) error {
	say("%s: aggregating %d accounts", b.engine.name(), b.accounts)
	s, err := b.prepared(ctx, "large")
	if err != nil {
		return err
	}
	err = b.onLarge(ctx, s, small)
	return errors.Join(err, b.discard(ctx, s))
}

func (b *bench) onLarge(ctx context.Context, s *server, small int64) error {
	a, err := s.aggregate(ctx, s.accounts, accounts(b.accounts), b.accounts, "large")
	if err != nil {
		return err
	}
	b.table.note(fmt.Sprintf("filling the large database, %d accounts, per account", b.accounts), a.figure, figure{})
	if err := s.restart(ctx, b); err != nil {
		return err
	}
	if err := b.requests(ctx, s); err != nil {
		return err
	}
	if s.place.Database != "" {
		return nil
	}
	b.table.memory(fmt.Sprintf("peak memory, %d accounts (against %d)", b.accounts, b.file), a.peak, small, 300_000_000)
	return b.starts(ctx, s)
}

// restart serves the same database with a fresh process, so that no figure depends on what the last one left behind.
func (s *server) restart(ctx context.Context, b *bench) error {
	if err := s.stop(); err != nil {
		return err
	}
	fresh, err := b.serve(ctx, s.place)
	if err != nil {
		return err
	}
	s.child, s.Client = fresh.child, fresh.Client
	return nil
}

// requests measures single requests and pages.
func (b *bench) requests(ctx context.Context, s *server) error {
	token, err := s.Token(ctx)
	if err != nil {
		return err
	}
	header := http.Header{"Authorization": {"Bearer " + token}, client.ExperimentalHeader: {"true"}, "Accept": {"application/json"}}
	r := &requests{bench: b, server: s, header: header}
	if r.total, err = s.Count(ctx, machineAccounts, ""); err != nil {
		return err
	}
	bySource := "source.id eq " + client.Quote(s.accounts.ID)
	steps := []func(context.Context) error{
		r.byID,
		func(ctx context.Context) error { return r.page(ctx, "source.id", bySource) },
		func(ctx context.Context) error {
			return r.page(ctx, "environment", "environment eq "+client.Quote(environments[0]))
		},
		func(ctx context.Context) error { return r.deep(ctx, machineAccounts, bySource, r.total) },
		func(ctx context.Context) error { return r.deep(ctx, "/v2025/accounts", "", b.accounts) },
		r.compressed,
	}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// requests is the state of that measurement.
type requests struct {
	*bench
	*server
	header http.Header
	total  int // machine accounts
}

func (r *requests) load(paths ...string) *load { return newLoad(r.child, r.header, r.round, paths...) }

func (r *requests) byID(ctx context.Context) error {
	ids, err := r.sample(ctx, 1000, r.total)
	if err != nil {
		return err
	}
	for i, id := range ids {
		ids[i] = machineAccounts + "/" + id
	}
	ours := r.load(ids...)
	body, err := ours.body(ctx)
	if err != nil {
		return err
	}
	baseline, err := start(ctx, "serve-static", staticSettings{Body: body})
	if err != nil {
		return err
	}
	f, base, err := r.compare(ctx, "get", ours, newLoad(baseline, nil, r.round, "/"))
	if err := errors.Join(err, baseline.stop()); err != nil {
		return err
	}
	r.table.ratio(fmt.Sprintf("get by id, %d bytes", len(body)), f, base, 5)
	return nil
}

func (r *requests) page(ctx context.Context, field, filters string) error {
	ours := r.load(page(machineAccounts, filters, "name", 0))
	body, err := ours.body(ctx)
	if err != nil {
		return err
	}
	settings, err := r.sameRows(ctx, body)
	if err != nil {
		return err
	}
	baseline, err := start(ctx, "serve-sql", settings)
	if err != nil {
		return err
	}
	f, base, err := r.compare(ctx, "page-"+field, ours, newLoad(baseline, nil, r.round, "/"))
	if err := errors.Join(err, baseline.stop()); err != nil {
		return err
	}
	r.table.ratio(fmt.Sprintf("page of %d by %s, sorted by name, %d kB", pageSize, field, len(body)/1000), f, base, 2)
	return nil
}

// sameRows is the bare read of the rows of a page: the columns that stand behind the answer, by the cheapest key, so that
// the baseline neither searches nor sorts.
func (r *requests) sameRows(ctx context.Context, body []byte) (sqlSettings, error) {
	s := sqlSettings{Database: r.place.Database, Body: body}
	s.Driver, s.DSN = r.engine.reading(r.place)
	var items []json.RawMessage
	if err := json.Unmarshal(body, &items); err != nil {
		return s, err
	}
	ids, err := idsOf(items)
	if err != nil {
		return s, err
	}
	if len(ids) != pageSize {
		return s, fmt.Errorf("the page has %d rows, not %d", len(ids), pageSize)
	}
	where, err := r.engine.rows(ctx, r.place, ids)
	s.Query = machineAccountRows + " where " + where
	return s, err
}

// machineAccountRows reads what a MachineAccount of the contract is made of.
const machineAccountRows = `select a.id, a.name, a.created, a.modified, a.description, a.native_identity, a.uuid, a.method, m.id, m.name, o.id, o.name,
 a.access_type, a.subtype, a.environment, a.attributes, a.connector_attributes, a.manually_correlated, a.manually_edited, a.locked, a.disabled,
 a.has_entitlements, s.id, s.name
 from account a left join source s on s.id = a.source_id left join machine_identity m on m.id = a.machine_identity_id
 left join identity o on o.id = a.owner_id`

// deep compares the page far behind with the first one.
func (r *requests) deep(ctx context.Context, path, filters string, total int) error {
	offset := min(deepOffset, total-2*pageSize)
	name := strings.TrimPrefix(path, "/v2025/")
	far, first, err := r.compare(ctx, "deep-"+name, r.load(page(path, filters, "name", offset)), r.load(page(path, filters, "name", 0)))
	if err != nil {
		return err
	}
	r.table.ratio(fmt.Sprintf("%s at offset %d, against the first page", name, offset), far, first, 4)
	return nil
}

// compressed tells what the same page takes when the client asks for gzip, as most do.
func (r *requests) compressed(ctx context.Context) error {
	path := page(machineAccounts, "environment eq "+client.Quote(environments[0]), "name", 0)
	zipped := r.load(path)
	zipped.header = r.header.Clone()
	zipped.header.Set("Accept-Encoding", "gzip")
	f, plain, err := r.compare(ctx, "gzip", zipped, r.load(path))
	if err != nil {
		return err
	}
	r.table.note("the same page with gzip, against without", f, plain)
	return nil
}

// body is the first answer.
func (l *load) body(ctx context.Context) ([]byte, error) {
	var b bytes.Buffer
	_, err := l.get(ctx, l.urls[0], &b)
	return b.Bytes(), err
}

// compare warms both sides up, measures them in turns and gives the medians.
func (r *requests) compare(ctx context.Context, label string, ours, baseline *load) (mine, other figure, err error) {
	defer ours.close()
	defer baseline.close()
	say("%s: %s", r.engine.name(), label)
	for _, l := range []*load{ours, baseline} {
		if _, err := l.drive(ctx, r.round); err != nil {
			return mine, other, err
		}
	}
	var f, base []figure
	for range rounds {
		m, err := r.once(ctx, label, ours)
		if err != nil {
			return mine, other, err
		}
		o, err := baseline.measure(ctx)
		if err != nil {
			return mine, other, err
		}
		f, base = append(f, m), append(base, o)
	}
	return median(f), median(base), nil
}

func (r *requests) once(ctx context.Context, label string, l *load) (figure, error) {
	end, err := r.profiled(label)
	if err != nil {
		return figure{}, err
	}
	f, err := l.measure(ctx)
	return f, errors.Join(err, end())
}
