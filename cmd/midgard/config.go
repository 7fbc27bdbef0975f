package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func (p *program) configCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Print the configuration that the server would use",
		Long: "Config prints every setting with its value and its origin. Secrets are masked. The output is YAML and, apart from\n" +
			"masked values, a valid configuration file.\n\n" + configHelp,
		Example: "  midgard config\n  midgard config --config midgard.yaml --log-format json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := p.loadSettings(cmd)
			if err != nil {
				return &usageError{err}
			}
			_, err = fmt.Fprint(p.stdout, cfg.Masked())
			return err
		},
	}
	settingFlags(cmd.Flags())
	return cmd
}
