package ldap_test

import (
	"context"
	"runtime"
	"testing"

	"midgard/internal/connector"
	"midgard/internal/testenv"
)

// counter is a sink that keeps nothing and watches the heap.
type counter struct {
	objects  int
	heap     uint64
	sampleAt int
}

func (c *counter) Emit(context.Context, connector.Object) error {
	c.objects++
	if c.objects%c.sampleAt == 0 {
		runtime.GC()
		var stats runtime.MemStats
		runtime.ReadMemStats(&stats)
		c.heap = max(c.heap, stats.HeapAlloc)
	}
	return nil
}

func (c *counter) Fail(context.Context, string, error) error { return nil }

// TestStreams reads 5,000 entries of several kilobytes each, 20 MB together, and allows a third of that to be alive at any
// time. It is not parallel: the heap belongs to all tests.
func TestStreams(t *testing.T) {
	const entries, most = 5000, 7 << 20
	server := testenv.Slapd(t, testenv.WithLDIF(many(entries, 4000)))
	for _, mode := range []string{"none", "syncrepl"} {
		sink := &counter{sampleAt: 500}
		source := open(t, config(server, map[string]any{"deltaMode": mode}))
		var before runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		result, err := source.List(t.Context(), accounts(), sink)
		if err != nil || sink.objects != entries || !result.Complete {
			t.Fatalf("%s: %d objects, complete %v, error %v", mode, sink.objects, result.Complete, err)
		}
		if grown := int64(sink.heap) - int64(before.HeapAlloc); grown > most {
			t.Errorf("%s: the heap grew by %d bytes", mode, grown)
		} else {
			t.Logf("%s: the heap grew by %d bytes", mode, grown)
		}
	}
}
