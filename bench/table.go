package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"
)

// resultTable is what the program prints.
type resultTable struct{ rows [][]string }

var heading = []string{"what", "Midgard", "baseline", "ratio", "goal", "", "wall Midgard", "wall baseline"}

// ratio adds a figure that may be at most limit times its baseline.
func (t *resultTable) ratio(name string, ours, baseline figure, limit float64) {
	r := float64(ours.cpu) / float64(baseline.cpu)
	t.add(name, micros(ours.cpu), micros(baseline.cpu), fmt.Sprintf("%.1f", r), fmt.Sprintf("≤ %g", limit), verdict(r <= limit), micros(ours.wall), micros(baseline.wall))
}

// gain adds a figure that must be at least limit times smaller than its baseline.
func (t *resultTable) gain(name string, ours, baseline figure, limit float64) {
	r := float64(baseline.cpu) / float64(ours.cpu)
	t.add(name, micros(ours.cpu), micros(baseline.cpu), fmt.Sprintf("1/%.1f", r), fmt.Sprintf("≤ 1/%g", limit), verdict(r >= limit), micros(ours.wall), micros(baseline.wall))
}

// note adds a figure without a goal.
func (t *resultTable) note(name string, ours, baseline figure) {
	if baseline.cpu == 0 {
		t.add(name, micros(ours.cpu), "", "", "", "", micros(ours.wall), "")
		return
	}
	t.add(name, micros(ours.cpu), micros(baseline.cpu), fmt.Sprintf("%.1f", float64(ours.cpu)/float64(baseline.cpu)), "", "", micros(ours.wall), micros(baseline.wall))
}

// memory adds an amount of memory and, in the baseline's column, one to compare it with.
func (t *resultTable) memory(name string, bytes, other, limit int64) {
	compared, ratio := "", ""
	if other > 0 {
		compared, ratio = megabytes(other), fmt.Sprintf("%.1f", float64(bytes)/float64(other))
	}
	t.add(name, megabytes(bytes), compared, ratio, "< "+megabytes(limit), verdict(bytes < limit), "", "")
}

// delay adds a time that passes on the clock.
func (t *resultTable) delay(name string, f figure, limit time.Duration) {
	t.add(name, f.wall.Round(time.Millisecond).String(), "", "", "< "+limit.String(), verdict(f.wall < limit), "", "")
}

func (t *resultTable) add(cells ...string) { t.rows = append(t.rows, cells) }

func verdict(ok bool) string {
	if ok {
		return "ok"
	}
	return "over"
}

func micros(d time.Duration) string {
	us := float64(d) / float64(time.Microsecond)
	if us < 100 {
		return fmt.Sprintf("%.1f µs", us)
	}
	return fmt.Sprintf("%.0f µs", us)
}

func megabytes(bytes int64) string { return fmt.Sprintf("%d MB", bytes/1_000_000) }

func (t *resultTable) print(out io.Writer, engine string) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "%s, CPU time per operation\n\n", engine) //nolint:errcheck // Flush tells
	for _, row := range append([][]string{heading}, t.rows...) {
		for _, cell := range row {
			fmt.Fprint(w, cell, "\t") //nolint:errcheck // as above
		}
		fmt.Fprintln(w) //nolint:errcheck // as above
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprint(out, legend)
	return err
}

const legend = `
Midgard and baseline: user and system time of the processes. Wall: for requests, how long one waited while all connections
were busy. Baselines: of a get, net/http with the same bytes; of a page, database/sql reading the rows by their numbers and
then net/http with the same bytes; of a first aggregation, the rows that it made in multi-row inserts, as many transactions;
of a transform, decoding the JSON of the row that it reads.
Baselines run with Go's default garbage collector, Midgard with what it sets itself.
`

// median gives the figure in the middle by CPU time.
func median(all []figure) figure {
	slices.SortFunc(all, func(a, b figure) int { return cmp.Compare(a.cpu, b.cpu) })
	return all[len(all)/2]
}
