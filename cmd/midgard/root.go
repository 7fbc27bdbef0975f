package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// program is what a verb knows of its surroundings.
type program struct {
	getenv         func(string) string
	stdin          io.Reader
	stdout, stderr io.Writer
	connection     connection
	engine         engine
}

// run executes one command line (without the program's name). Everything it prints goes to stdout and stderr; what it
// returns is for main to print.
func run(ctx context.Context, args []string, getenv func(string) string, stdin io.Reader, stdout, stderr io.Writer) error {
	p := &program{getenv: getenv, stdin: stdin, stdout: stdout, stderr: stderr, engine: theEngine}
	return p.run(ctx, args)
}

func (p *program) run(ctx context.Context, args []string) error {
	started := false
	root := p.root()
	// The hook runs after flags and arguments were accepted: an error before it is one of usage.
	root.PersistentPreRun = func(*cobra.Command, []string) { started = true }
	root.SetArgs(args)
	root.SetIn(p.stdin)
	root.SetOut(p.stdout)
	root.SetErr(p.stderr)
	err := root.ExecuteContext(ctx)
	if err != nil && !started {
		return &usageError{err}
	}
	return err
}

func (p *program) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "midgard",
		Short: "Machine identity governance: who owns which service account, bot and agent",
		Long: "Midgard reads the accounts of connected systems, decides which belong to machines, groups them into machine\n" +
			"identities with owners, and serves all of it over an API.\n\n" +
			"The verbs account, approval, entitlement, get, mapping, request, source, token, transform and work-item are clients of a\n" +
			"server. They find it through --url, --client-id and --client-secret, through MIDGARD_URL, MIDGARD_CLIENT_ID and\n" +
			"MIDGARD_CLIENT_SECRET, or, in the folder in which midgard demo was started, by themselves.",
		Example:       "  midgard demo\n  midgard serve --listen 127.0.0.1:8400\n  midgard get machine-identities",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.AddCommand(p.serveCommand(), p.demoCommand(), p.configCommand(), p.backupCommand(), p.restoreCommand(), p.versionCommand(),
		p.tokenCommand(), p.getCommand(), p.sourceCommand(), p.mappingCommand(), p.transformCommand(), p.accountCommand(),
		p.requestCommand(), p.entitlementCommand(), p.approvalCommand(), p.workItemCommand())
	return root
}

// group is a verb that only holds others.
func group(use, short, long string, verbs ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{Use: use, Short: short, Long: long}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return usagef("%s has no verb %q; see %s --help", cmd.CommandPath(), args[0], cmd.CommandPath())
		}
		return cmd.Help()
	}
	cmd.AddCommand(verbs...)
	return cmd
}

// arguments demands the named arguments in their order; those in brackets may be left out.
func arguments(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		for i, name := range names {
			if i >= len(args) && !strings.HasPrefix(name, "[") {
				return fmt.Errorf("%s is missing: %s", name, cmd.UseLine())
			}
		}
		if len(args) > len(names) {
			return fmt.Errorf("%q is one argument too many: %s", args[len(names)], cmd.UseLine())
		}
		return nil
	}
}

// usageError is a command line that cannot be carried out as it stands.
type usageError struct{ error }

func (e *usageError) Unwrap() error { return e.error }

func usagef(format string, args ...any) error { return &usageError{fmt.Errorf(format, args...)} }

// exitCode is 2 for wrong usage and 1 for every other failure.
func exitCode(err error) int {
	var usage *usageError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &usage):
		return 2
	}
	return 1
}
