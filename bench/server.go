package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/google/uuid"

	"midgard/client"
)

// server is a Midgard under test with a client of its public API.
type server struct {
	*child
	*client.Client
	place    midgardSettings
	accounts client.Source
	profiles string // folder for CPU profiles; "" for none
}

// serve starts Midgard on a database.
func (b *bench) serve(ctx context.Context, place midgardSettings) (*server, error) {
	c, err := start(ctx, "serve-midgard", place)
	if err != nil {
		return nil, err
	}
	s := &server{child: c, place: place, profiles: b.profiles}
	if s.Client, err = client.New(c.first.URL, clientID, clientSecret, client.WithUserAgent("midgard-bench")); err != nil {
		return nil, errors.Join(err, c.stop())
	}
	return s, nil
}

// prepared starts Midgard on an empty database and aggregates the people, which also warms it up.
func (b *bench) prepared(ctx context.Context, label string) (*server, error) {
	place, err := b.engine.create(ctx, label)
	if err != nil {
		return nil, err
	}
	s, err := b.serve(ctx, place)
	if err == nil {
		if err = s.prepare(ctx); err == nil {
			return s, nil
		}
		err = errors.Join(err, s.stop())
	}
	return nil, errors.Join(err, b.engine.remove(ctx, place))
}

// discard stops a server and removes its database.
func (b *bench) discard(ctx context.Context, s *server) error {
	return errors.Join(s.stop(), b.engine.remove(ctx, s.place))
}

func (s *server) prepare(ctx context.Context) error {
	source, schema := peopleSource()
	staff, err := s.create(ctx, source, schema)
	if err != nil {
		return err
	}
	if err := s.SetIdentityProfile(ctx, staff, profile); err != nil {
		return err
	}
	if _, err := s.aggregate(ctx, staff, people(), peopleCount, "people"); err != nil {
		return err
	}
	source, schema = accountSource()
	if s.accounts, err = s.create(ctx, source, schema); err != nil {
		return err
	}
	return s.SetClassification(ctx, s.accounts.ID, machines)
}

func (s *server) create(ctx context.Context, source client.Source, schema client.Schema) (client.Source, error) {
	owner, err := s.Identity(ctx)
	if err != nil {
		return source, err
	}
	source.Owner = &client.Ref{Type: "IDENTITY", ID: owner}
	if source, err = s.CreateSource(ctx, source); err != nil {
		return source, err
	}
	return source, s.SetAccountSchema(ctx, source.ID, schema)
}

// aggregation is what one run took.
type aggregation struct {
	figure        // per account, from the start of the task to its end
	upload figure // per account, before that
	peak   int64  // bytes of the server since it began
	mark   string // ids that the run made are greater
}

// aggregate uploads a file of n rows and waits for its run. Every row must have been read without a complaint.
func (s *server) aggregate(ctx context.Context, source client.Source, file io.Reader, n int, label string) (aggregation, error) {
	a := aggregation{mark: uuid.Must(uuid.NewV7()).String()}
	before, err := s.usage()
	if err != nil {
		return a, err
	}
	began := time.Now()
	task, err := s.LoadAccounts(ctx, source.ID, "accounts.csv", file, false)
	if err != nil {
		return a, err
	}
	middle, err := s.usage()
	if err != nil {
		return a, err
	}
	uploaded := time.Now()
	task, err = s.watch(ctx, task.ID, label)
	if err != nil {
		return a, err
	}
	after, err := s.usage()
	if err != nil {
		return a, err
	}
	if read, _ := task.Attributes["read"].(float64); int(read) != n || task.CompletionStatus != "SUCCESS" {
		return a, fmt.Errorf("the aggregation ended with %s after %v of %d accounts: %+v", task.CompletionStatus, read, n, task.Messages[:min(3, len(task.Messages))])
	}
	if task.Launched == nil || task.Completed == nil {
		return a, errors.New("the task does not tell when it ran")
	}
	a.upload = figure{cpu: middle.CPU - before.CPU, wall: uploaded.Sub(began)}.per(n)
	a.figure = figure{cpu: after.CPU - middle.CPU, wall: task.Completed.Sub(*task.Launched)}.per(n)
	a.peak = after.Peak
	return a, nil
}

// watch waits for the task's end, profiled if that was asked for.
func (s *server) watch(ctx context.Context, id, label string) (task client.Task, err error) {
	end, err := s.profiled(label)
	if err != nil {
		return task, err
	}
	task, err = s.WaitTask(ctx, id, nil)
	return task, errors.Join(err, task.Err(), end())
}

// profiled begins a CPU profile when profiles are wanted; the function ends it.
func (s *server) profiled(label string) (end func() error, err error) {
	if s.profiles == "" {
		return func() error { return nil }, nil
	}
	folder, err := filepath.Abs(s.profiles)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, err
	}
	return s.profile(filepath.Join(folder, label+".pprof"))
}

const machineAccounts = "/v2025/machine-accounts"

// page is the path of a page of 250.
func page(path, filters, sorters string, offset int) string {
	q := url.Values{"limit": {fmt.Sprint(pageSize)}, "offset": {fmt.Sprint(offset)}, "sorters": {sorters}}
	if filters != "" {
		q.Set("filters", filters)
	}
	return path + "?" + q.Encode()
}

// sample gives ids of n machine accounts, taken from all over the list.
func (s *server) sample(ctx context.Context, n, total int) ([]string, error) {
	var ids []string
	const each = 10
	for i := range n / each {
		got, err := s.List(ctx, machineAccounts, client.ListOptions{Sorters: "id", Limit: each, Offset: i * (total - each) / (n / each)})
		if err != nil {
			return nil, err
		}
		more, err := idsOf(got.Items)
		if err != nil {
			return nil, err
		}
		ids = append(ids, more...)
	}
	return ids, nil
}

func idsOf(items []json.RawMessage) ([]string, error) {
	ids := make([]string, len(items))
	for i, item := range items {
		var object struct{ ID string }
		if err := json.Unmarshal(item, &object); err != nil {
			return nil, err
		}
		ids[i] = object.ID
	}
	return ids, nil
}
