package main

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"midgard/client"
)

func (p *program) transformCommand() *cobra.Command {
	cmd := group("transform", "List, test, apply and delete transforms",
		"A transform is a named rule that makes one text of others. Transforms and the mappings of sources refer to it by its name.",
		p.transformListCommand(), p.transformShowCommand(), p.transformTestCommand(), p.transformApplyCommand(), p.transformDeleteCommand())
	cmd.Example = "  midgard transform test login.yaml --input \"  Ada \"\n  midgard transform apply login.yaml\n" +
		"  midgard transform show \"Login name\" > login.json"
	p.clientFlags(cmd.PersistentFlags())
	return cmd
}

func (p *program) transformListCommand() *cobra.Command {
	verb := &get{program: p}
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List transforms",
		Long:    "List shows the stored transforms; it is the same as get transforms.",
		Example: "  midgard transform list\n  midgard transform list --filters 'internal eq false' -o json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			r, err := findResource("transforms")
			if err != nil {
				return err
			}
			return verb.list(cmd.Context(), r)
		},
	}
	verb.listFlags(cmd)
	return cmd
}

func (p *program) transformShowCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "show TRANSFORM",
		Short:   "Print a transform as apply and test read it",
		Long:    "Show prints name, type and attributes as JSON. TRANSFORM is a name or an id.",
		Example: "  midgard transform show ToUpper",
		Args:    arguments("TRANSFORM"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := p.client()
			if err != nil {
				return err
			}
			found, err := c.FindTransform(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return printJSON(p.stdout, client.Transform{Name: found.Name, Type: found.Type, Attributes: found.Attributes})
		},
	}
}

func (p *program) transformApplyCommand() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "apply FILE",
		Short: "Create a transform, or change the one of that name",
		Long: "Apply reads a YAML or JSON file with name, type and attributes (- is the standard input) and sees to it that the server\n" +
			"has this transform. Nothing is written when it has it already. The type of a transform that exists cannot change.",
		Example: "  midgard transform apply login.yaml\n  midgard transform show ToUpper | midgard transform apply -",
		Args:    arguments("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := oneOf("output", output, "table", "json"); err != nil {
				return err
			}
			return p.applyTransform(cmd, args[0], output)
		},
	}
	outputFlag(cmd, &output, "table", "json")
	return cmd
}

func (p *program) applyTransform(cmd *cobra.Command, file, output string) error {
	raw, err := p.readDocument(file)
	if err != nil {
		return err
	}
	var wanted client.Transform
	if err := json.Unmarshal(raw, &wanted); err != nil {
		return fmt.Errorf("%s holds no transform: %w", file, err)
	}
	if wanted.Name == "" || wanted.Type == "" {
		return usagef("a transform needs name and type in %s", file)
	}
	c, err := p.client()
	if err != nil {
		return err
	}
	kept, done, err := c.SetTransform(cmd.Context(), wanted)
	if err != nil {
		return err
	}
	if output == "json" {
		return printJSON(p.stdout, kept)
	}
	_, err = fmt.Fprintf(p.stdout, "Transform %s (id %s): %s\n", printable(kept.Name), kept.ID, done)
	return err
}

func (p *program) transformDeleteCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "delete TRANSFORM",
		Short:   "Delete a transform that nothing refers to",
		Long:    "Delete removes a transform. TRANSFORM is a name or an id. What still refers to it is named in the refusal.",
		Example: "  midgard transform delete \"Login name\"",
		Args:    arguments("TRANSFORM"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := p.client()
			if err != nil {
				return err
			}
			found, err := c.FindTransform(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if err := c.DeleteTransform(cmd.Context(), found.ID); err != nil {
				return err
			}
			_, err = fmt.Fprintf(p.stdout, "Transform %s (id %s): deleted\n", printable(found.Name), found.ID)
			return err
		},
	}
}
