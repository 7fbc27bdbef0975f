package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"
)

func (p *program) sourceCommand() *cobra.Command {
	cmd := group("source", "List, create, test and aggregate sources",
		"A source is a connected system. Its accounts are read by an aggregation, from the system itself or from an uploaded file.",
		p.sourceListCommand(), p.sourceCreateCommand(), p.sourceTestCommand(), p.sourceAggregateCommand())
	cmd.Example = "  midgard source create --name Directory --connector openldap --attribute host=ldap.example.test\n" +
		"  midgard source test Directory\n  midgard source aggregate Directory"
	p.clientFlags(cmd.PersistentFlags())
	return cmd
}

// completeSource proposes the names of sources. A shell waits for it, hence the short patience.
func (p *program) completeSource(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	c, err := p.client()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	parent := cmd.Context()
	if parent == nil {
		parent = context.Background()
	}
	ctx, cancel := context.WithTimeout(parent, 2*time.Second)
	defer cancel()
	names, err := c.SourceNames(ctx)
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}
