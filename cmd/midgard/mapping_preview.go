package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"midgard/client"
)

type mappingPreview struct {
	*program
	source, output string
	limit, offset  int
}

func (p *program) mappingPreviewCommand() *cobra.Command {
	verb := &mappingPreview{program: p}
	cmd := &cobra.Command{
		Use:   "preview FILE",
		Short: "Show what mappings would change, without changing it",
		Long: "Preview lets the server try the mappings, the classificationConfig, or both, of a YAML or JSON file (- is the standard\n" +
			"input) on a source, and shows what would be different afterwards: for the whole source in figures, and account by account.\n" +
			"A minus stands before what would go, a plus before what would come, an exclamation mark before what fails.",
		Example: "  midgard mapping preview directory.yaml\n  midgard mapping preview directory.yaml --source \"Test Directory\" --limit 250 -o json",
		Args:    arguments("FILE"),
		RunE:    verb.run,
	}
	sourceFlag(cmd, &verb.source)
	cmd.Flags().IntVar(&verb.limit, "limit", 50, "how many accounts to show, at most 250")
	cmd.Flags().IntVar(&verb.offset, "offset", 0, "how many accounts to leave out first")
	outputFlag(cmd, &verb.output, "table", "json")
	return cmd
}

func (v *mappingPreview) run(cmd *cobra.Command, args []string) error {
	if err := oneOf("output", v.output, "table", "json"); err != nil {
		return err
	}
	wanted, err := v.readMappings(args[0], v.source)
	if err != nil {
		return err
	}
	c, err := v.client()
	if err != nil {
		return err
	}
	found, err := c.FindSource(cmd.Context(), wanted.Source)
	if err != nil {
		return err
	}
	preview, err := c.PreviewMappings(cmd.Context(), found.ID, wanted.MappingRules, v.limit, v.offset)
	if err != nil {
		return err
	}
	if v.output == "json" {
		return printJSON(v.stdout, preview)
	}
	return v.print(preview)
}

// figures names the counts in the order in which they are told; those that are zero are left out, but for the first two.
var figures = []struct{ count, text string }{
	{"accountsRead", "accounts looked at"}, {"accountsChanged", "accounts would change"}, {"becomeMachine", "become machine accounts"},
	{"becomeHuman", "are no machine accounts any more"}, {"machineIdentitiesMade", "machine identities made"},
	{"machineIdentitiesRemoved", "machine identities removed"}, {"accountsJoined", "accounts join a shared machine identity"},
	{"accountsSplit", "accounts leave a shared machine identity"}, {"ownersGained", "accounts gain an owner"}, {"ownersLost", "accounts lose their owner"},
	{"ownersChanged", "accounts change their owner"}, {"attributesChanged", "attributes changed"}, {"problems", "problems"},
}

func (v *mappingPreview) print(preview client.MappingPreview) error {
	var b strings.Builder
	for _, row := range preview.Rows {
		printPreviewRow(&b, row)
	}
	if shown := int64(v.offset + len(preview.Rows)); shown < preview.Total {
		fmt.Fprintf(&b, "… and %d more accounts\n\n", preview.Total-shown)
	}
	for i, f := range figures {
		if n := preview.Counts[f.count]; n != 0 || i < 2 {
			fmt.Fprintf(&b, "%7d %s\n", n, f.text)
		}
	}
	_, err := io.WriteString(v.stdout, b.String())
	return err
}

func printPreviewRow(b *strings.Builder, row client.MappingPreviewRow) {
	fmt.Fprintf(b, "%s (%s)\n", printable(row.Name), printable(row.NativeIdentity))
	for _, c := range row.Changes {
		printChange(b, "-", c.Attribute, c.Before)
		printChange(b, "+", c.Attribute, c.After)
	}
	for _, text := range row.Problems {
		fmt.Fprintf(b, "  ! %s\n", printable(text))
	}
	b.WriteByte('\n')
}

func printChange(b *strings.Builder, sign, attribute string, value *string) {
	if value != nil {
		fmt.Fprintf(b, "  %s %s: %s\n", sign, printable(attribute), printable(*value))
	}
}
