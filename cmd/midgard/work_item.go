package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"midgard/client"
)

func (p *program) workItemCommand() *cobra.Command {
	cmd := group("work-item", "List, complete and refuse what is to be done by hand",
		"Accounts on a source that Midgard cannot change are made and deleted by hand, by the owner of the source or an administrator.",
		p.workItemListCommand(), p.workItemCompleteCommand(), p.workItemRefuseCommand())
	cmd.Example = "  midgard work-item list\n  midgard work-item complete 0190f2b4-7c1e-7000-8000-000000000001 --native-identity svc-backup"
	p.clientFlags(cmd.PersistentFlags())
	return cmd
}

func (p *program) workItemListCommand() *cobra.Command {
	verb := &get{program: p}
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List work items",
		Long:    "List shows the work items of the sources that you own or administer; it is the same as get work-items.",
		Example: "  midgard work-item list --filters 'status eq \"OPEN\"' --sorters created",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			r, err := findResource("work-items")
			if err != nil {
				return err
			}
			return verb.list(cmd.Context(), r)
		},
	}
	verb.listFlags(cmd)
	return cmd
}

func (p *program) workItemCompleteCommand() *cobra.Command {
	var native, comment string
	cmd := &cobra.Command{
		Use:     "complete ITEM",
		Short:   "Say that a work item was done",
		Long:    "Complete lets the request go on: a new account is taken into the inventory under its native identity, a deleted one leaves it.",
		Example: "  midgard work-item complete 0190f2b4-7c1e-7000-8000-000000000001 --native-identity svc-backup",
		Args:    arguments("ITEM"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.endWorkItems(args, func(c *client.Client, id string) (client.WorkItem, error) {
				return c.CompleteWorkItem(cmd.Context(), id, native, comment)
			})
		},
	}
	cmd.Flags().StringVar(&native, "native-identity", "", "native identity of the account that was made")
	cmd.Flags().StringVar(&comment, "comment", "", "what there is to say about it")
	return cmd
}

func (p *program) workItemRefuseCommand() *cobra.Command {
	var comment string
	cmd := &cobra.Command{
		Use:     "refuse ITEM...",
		Short:   "Say that work items will not be done",
		Long:    "Refuse ends the requests of the work items; the requesters read the comment.",
		Example: "  midgard work-item refuse 0190f2b4-7c1e-7000-8000-000000000001 --comment \"No service accounts here\"",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.endWorkItems(args, func(c *client.Client, id string) (client.WorkItem, error) {
				return c.RefuseWorkItem(cmd.Context(), id, comment)
			})
		},
	}
	cmd.Flags().StringVar(&comment, "comment", "", "why; it must be given")
	return cmd
}

func (p *program) endWorkItems(ids []string, end func(*client.Client, string) (client.WorkItem, error)) error {
	return p.forEach("work item", ids, func(c *client.Client, id string) error {
		item, err := end(c, id)
		if err != nil {
			return err
		}
		fmt.Fprintf(p.stdout, "Work item %s: %s\n", item.ID, item.Status)
		return nil
	})
}

func (p *program) requestPasswordCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "password REQUEST",
		Short: "Fetch the password of an account that you own",
		Long: "Password prints the generated password of the account that a request has made, to the owner of the account and only once:\n" +
			"afterwards nobody can fetch it again.",
		Example: "  midgard request password 0190f2b4-7c1e-7000-8000-000000000001",
		Args:    arguments("REQUEST"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := p.client()
			if err != nil {
				return err
			}
			password, err := c.TakeAccountPassword(cmd.Context(), args[0])
			if err != nil {
				return fmt.Errorf("password of request %s: %w", args[0], err)
			}
			fmt.Fprintln(p.stdout, password.Password)
			return nil
		},
	}
}
