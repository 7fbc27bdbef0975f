package auth

import (
	"sync"
	"testing"
)

func TestRecentIsBoundedAndKeepsWhatIsUsed(t *testing.T) {
	t.Parallel()
	r := newRecent[int, int](100)
	r.getOrPut(-1, 7)
	for i := range 10_000 {
		r.getOrPut(i, i)
		if v, found := r.get(-1); !found || v != 7 {
			t.Fatalf("after %d others the value in use is gone", i)
		}
		if n := len(r.young) + len(r.old); n > 200 {
			t.Fatalf("%d values are kept", n)
		}
	}
	for i := 9_901; i < 10_000; i++ {
		if v, found := r.get(i); !found || v != i {
			t.Fatalf("%d is gone although it is one of the last hundred", i)
		}
	}
	if _, found := r.get(0); found {
		t.Error("the oldest value is still there")
	}
}

func TestRecentGivesRacersOneValue(t *testing.T) {
	t.Parallel()
	r := newRecent[string, *int](10)
	var all sync.WaitGroup
	got := make([]*int, 20)
	for i := range got {
		all.Go(func() { got[i] = r.getOrPut("k", &i) })
	}
	all.Wait()
	for _, v := range got {
		if v != got[0] {
			t.Fatal("two callers have different values")
		}
	}
}
