package client_test

import (
	"net/http"
	"net/url"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"midgard/client"
)

// rows mounts a list of n numbers under /numbers that pages as the contract says, and records the queries.
func rows(f *fake, n int) *[]string {
	queries := &[]string{}
	f.HandleFunc("GET /numbers", func(w http.ResponseWriter, r *http.Request) {
		*queries = append(*queries, r.URL.RawQuery)
		q := r.URL.Query()
		limit, offset := 250, 0
		if q.Has("limit") {
			limit, _ = strconv.Atoi(q.Get("limit"))
		}
		if q.Has("offset") {
			offset, _ = strconv.Atoi(q.Get("offset"))
		}
		if q.Get("count") == "true" {
			w.Header().Set("X-Total-Count", strconv.Itoa(n))
		}
		page := []int{}
		for i := offset; i < n && i < offset+limit; i++ {
			page = append(page, i)
		}
		answerJSON(w, 200, page)
	})
	return queries
}

func TestAllPages(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		rows    int
		options client.ListOptions
		want    []string
		got     int
	}{
		"short last page":      {600, client.ListOptions{}, []string{"limit=250", "limit=250&offset=250", "limit=250&offset=500"}, 600},
		"exact multiple":       {500, client.ListOptions{}, []string{"limit=250", "limit=250&offset=250", "limit=250&offset=500"}, 500},
		"nothing":              {0, client.ListOptions{}, []string{"limit=250"}, 0},
		"limit within a page":  {600, client.ListOptions{Limit: 10}, []string{"limit=10"}, 10},
		"limit over pages":     {600, client.ListOptions{Limit: 300}, []string{"limit=250", "limit=50&offset=250"}, 300},
		"limit beyond the end": {30, client.ListOptions{Limit: 40, Offset: 10}, []string{"limit=40&offset=10"}, 20},
		"smaller pages":        {90, client.ListOptions{PageSize: 50}, []string{"limit=50", "limit=50&offset=50"}, 90},
		"filters and sorters": {1, client.ListOptions{Filters: `a eq "b"`, Sorters: "-a,b", Extra: url.Values{"mine": {"true"}}},
			[]string{"filters=a+eq+%22b%22&limit=250&mine=true&sorters=-a%2Cb"}, 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			queries := rows(f, tt.rows)
			next := tt.options.Offset
			for raw, err := range f.client(t).All(t.Context(), "/numbers", tt.options) {
				if err != nil || string(raw) != strconv.Itoa(next) {
					t.Fatalf("row %s, %v, want %d", raw, err, next)
				}
				next++
			}
			if next-tt.options.Offset != tt.got {
				t.Errorf("%d rows, want %d", next-tt.options.Offset, tt.got)
			}
			if d := cmp.Diff(tt.want, *queries); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestAllReadsAListWithoutPagesOnce(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.HandleFunc("GET /whole", func(w http.ResponseWriter, _ *http.Request) { answerJSON(w, 200, make([]int, 300)) })
	got := 0
	for _, err := range f.client(t).All(t.Context(), "/whole", client.ListOptions{}) {
		if got++; err != nil || got > 300 {
			t.Fatalf("row %d, %v", got, err)
		}
	}
	if got != 300 {
		t.Errorf("%d rows, want 300", got)
	}
}

func TestAllStopsWhenTheCallerDoes(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	queries := rows(f, 600)
	for range f.client(t).All(t.Context(), "/numbers", client.ListOptions{}) {
		break
	}
	if len(*queries) != 1 {
		t.Errorf("%d requests, want 1", len(*queries))
	}
}

func TestAllYieldsItsErrorLast(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.HandleFunc("GET /half", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Has("offset") {
			answer(w, 500, `{}`)
			return
		}
		answerJSON(w, 200, make([]int, 250))
	})
	good, bad := 0, 0
	for _, err := range f.client(t).All(t.Context(), "/half", client.ListOptions{}) {
		if err != nil {
			bad++
			continue
		}
		good++
	}
	if good != 250 || bad != 1 {
		t.Errorf("%d rows and %d errors, want 250 and 1", good, bad)
	}
}

func TestCount(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	queries := rows(f, 4711)
	f.HandleFunc("GET /mute", func(w http.ResponseWriter, _ *http.Request) { answer(w, 200, `[]`) })
	c := f.client(t)
	if n, err := c.Count(t.Context(), "/numbers", `a eq 1`); n != 4711 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if d := cmp.Diff([]string{"count=true&filters=a+eq+1&limit=1"}, *queries); d != "" {
		t.Error(d)
	}
	if _, err := c.Count(t.Context(), "/mute", ""); err == nil {
		t.Error("a missing count is no error")
	}
	if page, err := c.List(t.Context(), "/numbers", client.ListOptions{}); page.Total != -1 || len(page.Items) != 250 || err != nil {
		t.Errorf("total %d, %d rows, %v", page.Total, len(page.Items), err)
	}
}

func TestQuote(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{`a`: `"a"`, `a"b\c`: `"a\"b\\c"`, ``: `""`} {
		if got := client.Quote(text); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}
