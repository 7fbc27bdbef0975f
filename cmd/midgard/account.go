package main

import (
	"github.com/spf13/cobra"

	"midgard/client"
)

func (p *program) accountCommand() *cobra.Command {
	cmd := group("account", "Enable, disable, unlock and reload machine accounts on their sources",
		"Each verb takes the ids of machine accounts, does its work on their sources, and waits until it is done. Owners may do so\n"+
			"with their own accounts.",
		p.accountActionCommand(client.ActionEnable, "Let accounts sign in again"),
		p.accountActionCommand(client.ActionDisable, "Keep accounts from signing in"),
		p.accountActionCommand(client.ActionUnlock, "Lift the locks of accounts"),
		p.accountActionCommand(client.ActionReload, "Read accounts anew from their sources"))
	cmd.Example = "  midgard account disable 0190f2b4-7c1e-7000-8000-000000000001"
	p.clientFlags(cmd.PersistentFlags())
	return cmd
}

func (p *program) accountActionCommand(action, short string) *cobra.Command {
	return &cobra.Command{
		Use:     action + " ACCOUNT...",
		Short:   short,
		Long:    short + ". An account for which it fails is told, and the others go on.",
		Example: "  midgard account " + action + " 0190f2b4-7c1e-7000-8000-000000000001",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.forEach("account", args, func(c *client.Client, id string) error {
				task, err := c.ActOnAccount(cmd.Context(), id, action)
				if err != nil {
					return err
				}
				return p.follow(cmd.Context(), c, "Account "+id, task)
			})
		},
	}
}
