package main

import (
	"context"
	"errors"
	"fmt"
)

// files aggregates a file into an empty database, again without a change, and inserts the same rows without Midgard. It
// gives the peak memory of the server.
func (b *bench) files(ctx context.Context) (peak int64, err error) {
	var first, upload, unchanged, bulk []figure
	rows := 0
	for i := range rounds {
		say("%s: aggregating %d accounts into an empty database, %d of %d", b.engine.name(), b.file, i+1, rounds)
		r, err := b.fileOnce(ctx)
		if err != nil {
			return 0, err
		}
		first, upload, unchanged = append(first, r.first.figure), append(upload, r.first.upload), append(unchanged, r.again.figure)
		bulk = append(bulk, figure{r.bulk.CPU, r.bulk.Wall}.per(b.file))
		peak, rows = max(peak, r.first.peak), r.bulk.Rows
	}
	b.table.ratio(fmt.Sprintf("first aggregation of %d accounts, per account", b.file), median(first), median(bulk), 4)
	b.table.gain("unchanged aggregation, against the first", median(unchanged), median(first), 10)
	b.table.note("upload of the file, per account", median(upload), figure{})
	say("%s: the baseline inserted %d rows", b.engine.name(), rows)
	return peak, nil
}

// fileRound is what one database gave.
type fileRound struct {
	first, again aggregation
	bulk         bulkResult
}

func (b *bench) fileOnce(ctx context.Context) (fileRound, error) {
	var r fileRound
	s, err := b.prepared(ctx, "file")
	if err != nil {
		return r, err
	}
	if r.first, err = s.aggregate(ctx, s.accounts, accounts(b.file), b.file, "first"); err == nil {
		r.again, err = s.aggregate(ctx, s.accounts, accounts(b.file), b.file, "unchanged")
	}
	if err = errors.Join(err, s.stop()); err == nil {
		r.bulk, err = b.insert(ctx, s.place, r.first.mark)
	}
	return r, errors.Join(err, b.engine.remove(ctx, s.place))
}

// insert runs the baseline on what a server has left.
func (b *bench) insert(ctx context.Context, filled midgardSettings, mark string) (bulkResult, error) {
	empty, err := migrated(ctx, b.engine, "bulk")
	if err != nil {
		return bulkResult{}, err
	}
	settings := bulkSettings{Database: empty.Database, Mark: mark, Accounts: b.file, Numbered: b.engine.placeholder(1) != "?"}
	settings.Driver, settings.From = b.engine.reading(filled)
	_, settings.To = b.engine.writing(empty)
	var result bulkResult
	c, err := start(ctx, "bulk-insert", settings)
	if err == nil {
		result, err = c.first.Bulk, c.stop()
	}
	return result, errors.Join(err, b.engine.remove(ctx, empty))
}
