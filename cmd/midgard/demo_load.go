package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"midgard/client"
)

// demoLoader fills a server through its public API, like any other client.
type demoLoader struct {
	*program
	client *client.Client
	owner  string // identity id of the administrator
}

// sources makes what is missing, reads every source and counts what came of it.
func (l *demoLoader) sources(ctx context.Context) ([]finding, error) {
	var loaded []client.Source
	for _, s := range samples() {
		source, err := l.load(ctx, s)
		if err == nil {
			loaded = append(loaded, source)
			continue
		}
		if !s.optional || ctx.Err() != nil {
			return nil, fmt.Errorf("%s: %w", s.source.Name, err)
		}
		fmt.Fprintf(l.stdout, "%s is left out: %v\n", s.source.Name, err)
	}
	var found []finding
	for _, source := range loaded {
		f, err := l.find(ctx, source)
		if err != nil {
			return nil, err
		}
		found = append(found, f)
	}
	return found, nil
}

func (l *demoLoader) load(ctx context.Context, s sample) (client.Source, error) {
	source, err := l.client.FindSource(ctx, s.source.Name)
	if errors.Is(err, client.ErrNotFound) {
		source, err = l.create(ctx, s)
	}
	if err != nil {
		return source, err
	}
	if s.optional {
		if _, err := testSource(ctx, l.client, source.ID); err != nil {
			return source, err
		}
	}
	// What is there already is compared, not trusted: a run that was interrupted here is completed by the next.
	if err := l.configure(ctx, s, source); err != nil {
		return source, err
	}
	return source, l.aggregate(ctx, s, source)
}

func (l *demoLoader) create(ctx context.Context, s sample) (client.Source, error) {
	s.source.Owner = &client.Ref{Type: "IDENTITY", ID: l.owner}
	return l.client.CreateSource(ctx, s.source)
}

func (l *demoLoader) configure(ctx context.Context, s sample, source client.Source) error {
	if s.schema != nil {
		if err := l.client.SetAccountSchema(ctx, source.ID, *s.schema); err != nil {
			return err
		}
	}
	if s.classification != nil {
		if err := l.client.SetClassification(ctx, source.ID, *s.classification); err != nil {
			return err
		}
	}
	if s.source.Authoritative {
		return l.client.SetIdentityProfile(ctx, source, profileAttributes)
	}
	return nil
}

// aggregate first lets a run end that an earlier demo left behind: the server has taken it up again, and it reads a source
// only once at a time.
func (l *demoLoader) aggregate(ctx context.Context, s sample, source client.Source) error {
	running, err := l.client.RunningTasks(ctx, source.ID)
	if err != nil {
		return err
	}
	for _, task := range running {
		if _, err := l.client.WaitTask(ctx, task.ID, nil); err != nil {
			return err
		}
	}
	var content io.Reader
	if s.file != nil {
		content = bytes.NewReader(s.file)
	}
	task, err := l.client.LoadAccounts(ctx, source.ID, s.fileName, content, false)
	if err != nil {
		return err
	}
	return l.follow(ctx, l.client, source.Name, task)
}
