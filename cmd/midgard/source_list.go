package main

import "github.com/spf13/cobra"

func (p *program) sourceListCommand() *cobra.Command {
	verb := &get{program: p}
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List sources",
		Long:    "List shows the connected systems; it is the same as get sources.",
		Example: "  midgard source list\n  midgard source list --filters 'healthy eq false' -o json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			r, err := findResource("sources")
			if err != nil {
				return err
			}
			return verb.list(cmd.Context(), r)
		},
	}
	verb.listFlags(cmd)
	return cmd
}
