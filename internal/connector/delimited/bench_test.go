package delimited_test

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"testing"

	"midgard/internal/connector"
	"midgard/internal/connector/delimited"
)

// table is an endless-feeling file: it is made while it is read, so that only the connector's memory counts.
type table struct {
	rows, rowsEach int
	next           int
	rest           []byte
}

func (f *table) Read(to []byte) (int, error) {
	for len(f.rest) < len(to) && f.next < f.rows {
		account := f.next / f.rowsEach
		f.rest = fmt.Appendf(f.rest, "svc-%07d,\"Service, %d\",Given,Family,svc-%d@example.org,runs batch job %d,group-%d\n",
			account, account, account, account, f.next%500)
		f.next++
	}
	if len(f.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(to, f.rest)
	f.rest = f.rest[:copy(f.rest, f.rest[n:])]
	return n, nil
}

func newTable(rows, rowsEach int) *table {
	return &table{rows: rows, rowsEach: rowsEach, rest: []byte("id,name,givenName,familyName,email,description,groups\n")}
}

// counter is a sink that only counts.
type counter struct {
	objects, failures int
	each              func(int)
}

func (c *counter) Emit(context.Context, connector.Object) error {
	c.objects++
	if c.each != nil {
		c.each(c.objects)
	}
	return nil
}

func (c *counter) Fail(context.Context, string, error) error { c.failures++; return nil }

func listTable(tb testing.TB, config attributes, file io.Reader, sink *counter) {
	tb.Helper()
	source, err := delimited.New().Open(connector.Config{Attributes: config})
	if err != nil {
		tb.Fatal(err)
	}
	request := connector.ListRequest{Type: connector.TypeAccount, Schema: delimited.New().Spec().Account, Input: file}
	result, err := source.List(context.Background(), request, sink)
	if err != nil || !result.Complete {
		tb.Fatalf("error %v, complete %v", err, result.Complete)
	}
}

func BenchmarkList(b *testing.B) {
	const rows = 100_000
	for name, rowsEach := range map[string]int{"plain": 1, "merged": 3} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				sink := &counter{}
				listTable(b, attributes{"mergeRows": rowsEach > 1}, newTable(rows, rowsEach), sink)
				if want := (rows + rowsEach - 1) / rowsEach; sink.objects != want {
					b.Fatalf("%d objects, want %d", sink.objects, want)
				}
			}
			b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

// TestList_memoryStaysFlat compares what is alive early in a file with what is alive late in it.
func TestList_memoryStaysFlat(t *testing.T) {
	const rows = 60_000
	alive := map[int]uint64{}
	sink := &counter{each: func(n int) {
		if n != rows/20 && n != rows-1 {
			return
		}
		runtime.GC()
		var memory runtime.MemStats
		runtime.ReadMemStats(&memory)
		alive[n] = memory.HeapAlloc
	}}
	listTable(t, nil, newTable(rows, 1), sink)
	if early, late := alive[rows/20], alive[rows-1]; late > early+1<<20 {
		t.Errorf("%d bytes alive after %d rows, %d after %d", early, rows/20, late, rows-1)
	}
}
