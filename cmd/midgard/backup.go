package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func (p *program) backupCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "backup FILE",
		Short: "Copy the embedded database while the server runs",
		Long: "Backup writes a consistent copy of the SQLite database into a new file. The server may go on working meanwhile.\n" +
			"Secrets are in it encrypted only: keep a copy of the key file (secretKeyFile) too, but somewhere else. A PostgreSQL\n" +
			"database is backed up with PostgreSQL's own tools.\n\n" + configHelp,
		Example: "  midgard backup midgard-$(date +%F).backup --data /var/lib/midgard",
		Args:    arguments("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := p.loadSettings(cmd)
			if err != nil {
				return &usageError{err}
			}
			if err := p.engine.backup(cmd.Context(), cfg, args[0]); err != nil {
				return err
			}
			_, err = fmt.Fprintf(p.stdout, "The backup is in %s. Its secrets need the key file %s, which is not in it.\n", args[0], cfg.SecretKeyFile)
			return err
		},
	}
	settingFlags(cmd.Flags())
	return cmd
}
