package client

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// pageSize is the largest page of the contract.
const pageSize = 250

// ListOptions are the standard parameters of a list. The zero value asks for the first page in the default order.
type ListOptions struct {
	Filters string // `source.id eq "…" and enabled eq false`
	Sorters string // "-created,name"
	Limit   int    // rows to return; 0 leaves it to the server (List) or means all (All)
	Offset  int    // rows to skip
	Count   bool   // ask for the number of rows that match
	// PageSize is the page of All, at most and by default 250. A few lists allow less.
	PageSize int
	// Extra are further query parameters of one operation.
	Extra url.Values
}

func (o ListOptions) query() string {
	q := url.Values{}
	for name, values := range o.Extra {
		q[name] = values
	}
	set := func(name, value string, wanted bool) {
		if wanted {
			q.Set(name, value)
		}
	}
	set("filters", o.Filters, o.Filters != "")
	set("sorters", o.Sorters, o.Sorters != "")
	set("limit", strconv.Itoa(o.Limit), o.Limit > 0)
	set("offset", strconv.Itoa(o.Offset), o.Offset > 0)
	set("count", "true", o.Count)
	return q.Encode()
}

// Page is one answer of a list operation.
type Page struct {
	Items []json.RawMessage
	Total int // rows that match; -1 when it was not asked for or not told
}

// List reads one page.
func (c *Client) List(ctx context.Context, path string, options ListOptions) (Page, error) {
	page := Page{Total: -1}
	header, err := c.send(ctx, call{method: http.MethodGet, path: withQuery(path, options.query())}, &page.Items)
	if err != nil {
		return page, err
	}
	if n, err := strconv.Atoi(header.Get("X-Total-Count")); err == nil {
		page.Total = n
	}
	return page, nil
}

func withQuery(path, query string) string {
	switch {
	case query == "":
		return path
	case strings.Contains(path, "?"):
		return path + "&" + query
	}
	return path + "?" + query
}

// Count is the number of rows that match, without reading them all.
func (c *Client) Count(ctx context.Context, path, filters string) (int, error) {
	page, err := c.List(ctx, path, ListOptions{Filters: filters, Limit: 1, Count: true})
	if err == nil && page.Total < 0 {
		err = fmt.Errorf("GET %s: the server did not say how many rows there are", path)
	}
	return page.Total, err
}

// All reads page after page and yields the rows, up to options.Limit when that is set. An error is yielded once, as the
// last pair. Rows that are added or removed meanwhile may be missed or come twice unless the order is stable; sort by id
// where that matters.
func (c *Client) All(ctx context.Context, path string, options ListOptions) iter.Seq2[json.RawMessage, error] {
	return func(yield func(json.RawMessage, error) bool) {
		size := options.PageSize
		if size <= 0 || size > pageSize {
			size = pageSize
		}
		for left := options.Limit; ; {
			wanted := size
			if options.Limit > 0 {
				wanted = min(size, left)
			}
			got, ok := c.yieldPage(ctx, path, options, wanted, yield)
			left -= got
			options.Offset += got
			// A short page is the last one: the contract answers an empty page beyond the end, never an error. A page that
			// is longer than it was asked to be comes from a list without pages.
			if !ok || got != wanted || (options.Limit > 0 && left == 0) {
				return
			}
		}
	}
}

// yieldPage reports how many rows came and whether the loop goes on.
func (c *Client) yieldPage(ctx context.Context, path string, options ListOptions, size int, yield func(json.RawMessage, error) bool) (int, bool) {
	options.Limit = size
	page, err := c.List(ctx, path, options)
	if err != nil {
		yield(nil, err)
		return 0, false
	}
	for _, item := range page.Items {
		if !yield(item, nil) {
			return 0, false
		}
	}
	return len(page.Items), true
}

// each decodes every row of a list.
func each[T any](rows iter.Seq2[json.RawMessage, error]) ([]T, error) {
	var out []T
	for raw, err := range rows {
		if err != nil {
			return nil, err
		}
		var row T
		if err := json.Unmarshal(raw, &row); err != nil {
			return nil, err
		}
		out = append(out, row)
	}
	return out, nil
}

// Quote makes a value of the filter language out of any text.
func Quote(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}
