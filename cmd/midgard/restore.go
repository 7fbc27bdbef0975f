package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func (p *program) restoreCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "restore FILE",
		Short: "Put a backup in place of the embedded database",
		Long: "Restore checks what midgard backup wrote and puts it in place. The server must not run. A database that is there\n" +
			"already is kept beside it with the ending .before-restore. The key file of the backup's server must be in place too.\n\n" + configHelp,
		Example: "  midgard restore midgard-2026-06-30.backup --data /var/lib/midgard",
		Args:    arguments("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := p.loadSettings(cmd)
			if err != nil {
				return &usageError{err}
			}
			if err := p.engine.restore(cmd.Context(), cfg, args[0]); err != nil {
				return err
			}
			_, err = fmt.Fprintf(p.stdout, "%s now holds the backup. Start it with: midgard serve --data %s\n", cfg.Data, cfg.Data)
			return err
		},
	}
	settingFlags(cmd.Flags())
	return cmd
}
