package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// figure is what one operation takes.
type figure struct {
	cpu, wall time.Duration
}

func (f figure) per(n int) figure {
	return figure{f.cpu / time.Duration(n), f.wall / time.Duration(n)}
}

// load is requests that a process answers again and again.
type load struct {
	*child
	urls   []string // taken in turn
	header http.Header
	client *http.Client
	round  time.Duration
}

// newLoad makes the load of some paths. Answers come uncompressed, as the baselines send them.
func newLoad(c *child, header http.Header, round time.Duration, paths ...string) *load {
	l := &load{child: c, header: header, round: round}
	for _, p := range paths {
		l.urls = append(l.urls, c.first.URL+p)
	}
	l.client = &http.Client{Transport: &http.Transport{
		MaxIdleConns: connections, MaxIdleConnsPerHost: connections, DisableCompression: true, ReadBufferSize: 64 << 10,
	}}
	return l
}

// measure runs one round; wall is how long a request waited for its answer with all connections busy.
func (l *load) measure(ctx context.Context) (figure, error) {
	before, err := l.usage()
	if err != nil {
		return figure{}, err
	}
	began := time.Now()
	n, err := l.drive(ctx, l.round)
	if err != nil {
		return figure{}, err
	}
	took := time.Since(began)
	after, err := l.usage()
	return figure{cpu: (after.CPU - before.CPU) / time.Duration(n), wall: took * connections / time.Duration(n)}, err
}

// drive sends requests over all connections for a while and gives the number of answers.
func (l *load) drive(ctx context.Context, length time.Duration) (int, error) {
	var group sync.WaitGroup
	var sent atomic.Int64
	failures := make([]error, connections)
	end := time.Now().Add(length)
	for i := range connections {
		group.Go(func() {
			for n := i; failures[i] == nil && time.Now().Before(end); n += connections {
				if _, failures[i] = l.get(ctx, l.urls[n%len(l.urls)], io.Discard); failures[i] == nil {
					sent.Add(1)
				}
			}
		})
	}
	group.Wait()
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if err := errors.Join(failures...); err != nil {
		return 0, err
	}
	return int(sent.Load()), nil
}

// get reads an answer, which must be a good one, to its end.
func (l *load) get(ctx context.Context, url string, into io.Writer) (int64, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, err
	}
	request.Header = l.header
	response, err := l.client.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		reason, _ := io.ReadAll(io.LimitReader(response.Body, 1000)) // as much of it as came
		return 0, fmt.Errorf("GET %s: %s: %s", url, response.Status, reason)
	}
	return io.Copy(into, response.Body)
}

func (l *load) close() { l.client.CloseIdleConnections() }
