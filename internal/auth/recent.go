package auth

import "sync"

// recent remembers the values that were used lately, in constant time and bounded memory: it has two maps, and when the
// young one is full, the old one is dropped and the young one takes its place. What is found in the old one moves up. So
// at least limit values are kept, and at most twice that.
type recent[K comparable, V any] struct {
	limit int
	mu    sync.RWMutex
	young map[K]V
	old   map[K]V
}

func newRecent[K comparable, V any](limit int) *recent[K, V] {
	return &recent[K, V]{limit: limit, young: map[K]V{}}
}

func (r *recent[K, V]) get(k K) (V, bool) {
	r.mu.RLock()
	v, found := r.young[k]
	if found {
		r.mu.RUnlock()
		return v, true
	}
	v, found = r.old[k]
	r.mu.RUnlock()
	if found {
		v = r.getOrPut(k, v)
	}
	return v, found
}

// getOrPut gives the value that is there, or puts v there. Callers that race for a key get the same value.
func (r *recent[K, V]) getOrPut(k K, v V) V {
	r.mu.Lock()
	defer r.mu.Unlock()
	if known, found := r.young[k]; found {
		return known
	}
	if known, found := r.old[k]; found {
		v = known
	}
	if len(r.young) >= r.limit {
		r.old, r.young = r.young, make(map[K]V, r.limit)
	}
	r.young[k] = v
	return v
}
