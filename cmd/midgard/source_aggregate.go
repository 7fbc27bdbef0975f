package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"

	"github.com/spf13/cobra"

	"midgard/client"
)

type sourceAggregate struct {
	*program
	file                       string
	entitlements, full, noWait bool
}

func (p *program) sourceAggregateCommand() *cobra.Command {
	verb := &sourceAggregate{program: p}
	cmd := &cobra.Command{
		Use:   "aggregate SOURCE",
		Short: "Read the accounts of a source",
		Long: "Aggregate lets the server read all accounts (or, with --entitlements, all entitlements) of a source, shows how far it\n" +
			"is and ends with the task: with an error when the task failed. A source that reads files gets one with --file.",
		Example: "  midgard source aggregate Directory\n" +
			"  midgard source aggregate \"HR file\" --file people.csv\n" +
			"  midgard source aggregate Directory --entitlements --no-wait",
		ValidArgsFunction: p.completeSource,
		Args:              arguments("SOURCE"),
		RunE:              func(cmd *cobra.Command, args []string) error { return verb.run(cmd.Context(), args[0]) },
	}
	flags := cmd.Flags()
	flags.StringVar(&verb.file, "file", "", "file to upload (- is the standard input)")
	flags.BoolVar(&verb.entitlements, "entitlements", false, "read entitlements instead of accounts")
	flags.BoolVar(&verb.full, "full", false, "also rewrite accounts that have not changed")
	flags.BoolVar(&verb.noWait, "no-wait", false, "print the task's id and end while the server works")
	return cmd
}

func (v *sourceAggregate) run(ctx context.Context, name string) error {
	if v.full && v.entitlements {
		return usagef("--full concerns accounts, not entitlements")
	}
	c, err := v.client()
	if err != nil {
		return err
	}
	source, err := c.FindSource(ctx, name)
	if err != nil {
		return err
	}
	task, err := v.start(ctx, c, source)
	if err != nil {
		return err
	}
	if v.noWait {
		_, err := fmt.Fprintln(v.stdout, task.ID)
		return err
	}
	return v.follow(ctx, c, source.Name, task)
}

func (v *sourceAggregate) start(ctx context.Context, c *client.Client, source client.Source) (client.Task, error) {
	var content io.Reader
	if v.file != "" {
		in, err := v.openInput(v.file)
		if err != nil {
			return client.Task{}, err
		}
		defer func() { _ = in.Close() }()
		content = in
	}
	if v.entitlements {
		return c.LoadEntitlements(ctx, source.ID, filepath.Base(v.file), content)
	}
	return c.LoadAccounts(ctx, source.ID, filepath.Base(v.file), content, v.full)
}
