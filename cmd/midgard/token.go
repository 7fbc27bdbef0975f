package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func (p *program) tokenCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "token",
		Short: "Print a bearer token, or make credentials",
		Long:  "Token fetches an access token and prints it, ready for an Authorization header. It expires after some minutes.",
		Example: "  midgard token\n" +
			"  curl -H \"Authorization: Bearer $(midgard token)\" http://127.0.0.1:8400/v2025/sources",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := p.client()
			if err != nil {
				return err
			}
			token, err := c.Token(cmd.Context())
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(p.stdout, token)
			return err
		},
	}
	p.clientFlags(cmd.PersistentFlags())
	cmd.AddCommand(p.tokenCreateCommand())
	return cmd
}
