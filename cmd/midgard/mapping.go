package main

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"midgard/client"
)

func (p *program) mappingCommand() *cobra.Command {
	cmd := group("mapping", "Preview, apply and show the mappings of machine accounts",
		"Mappings compute attributes, machine identities and owners of a source's machine accounts with transforms. The verbs read\n"+
			"and write a file with the source and its mappings, and for previews also a classificationConfig to try.",
		p.mappingPreviewCommand(), p.mappingApplyCommand(), p.mappingShowCommand())
	cmd.Example = "  midgard mapping show Directory > directory.json\n  midgard mapping preview directory.json\n  midgard mapping apply directory.json"
	p.clientFlags(cmd.PersistentFlags())
	return cmd
}

// mappingFile is what the verbs read and show write.
type mappingFile struct {
	Source string `json:"source"`
	client.MappingRules
}

func (p *program) readMappings(file, source string) (mappingFile, error) {
	var wanted mappingFile
	raw, err := p.readDocument(file)
	if err != nil {
		return wanted, err
	}
	if err := json.Unmarshal(raw, &wanted); err != nil {
		return wanted, fmt.Errorf("%s holds no mappings: %w", file, err)
	}
	if source != "" {
		wanted.Source = source
	}
	if wanted.Source == "" {
		return wanted, usagef("name the source in %s or with --source", file)
	}
	return wanted, nil
}

func (p *program) mappingApplyCommand() *cobra.Command {
	var source string
	cmd := &cobra.Command{
		Use:   "apply FILE",
		Short: "Replace the mappings of a source",
		Long: "Apply gives a source the mappings of a YAML or JSON file (- is the standard input) in place of those that it has, and waits\n" +
			"until its machine accounts are in line with them.",
		Example: "  midgard mapping apply directory.yaml",
		Args:    arguments("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			wanted, err := p.readMappings(args[0], source)
			if err != nil {
				return err
			}
			if len(wanted.Mappings) == 0 {
				return usagef("%s has no mappings; an empty list takes all of them away", args[0])
			}
			c, err := p.client()
			if err != nil {
				return err
			}
			found, err := c.FindSource(cmd.Context(), wanted.Source)
			if err != nil {
				return err
			}
			task, err := c.SetMappings(cmd.Context(), found.ID, wanted.Mappings)
			if err != nil || task.ID == "" {
				return err
			}
			return p.follow(cmd.Context(), c, found.Name, task)
		},
	}
	sourceFlag(cmd, &source)
	return cmd
}

func sourceFlag(cmd *cobra.Command, source *string) {
	cmd.Flags().StringVar(source, "source", "", "name or id of the source, instead of the file's")
}

func (p *program) mappingShowCommand() *cobra.Command {
	return &cobra.Command{
		Use:               "show SOURCE",
		Short:             "Print the mappings of a source as apply and preview read them",
		Long:              "Show prints the source's name and its mappings as JSON. SOURCE is a name or an id.",
		Example:           "  midgard mapping show Directory",
		ValidArgsFunction: p.completeSource,
		Args:              arguments("SOURCE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := p.client()
			if err != nil {
				return err
			}
			found, err := c.FindSource(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			shown := mappingFile{Source: found.Name}
			if shown.Mappings, err = c.Mappings(cmd.Context(), found.ID); err != nil {
				return err
			}
			return printJSON(p.stdout, shown)
		},
	}
}
