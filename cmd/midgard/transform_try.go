package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"midgard/client"
)

type transformTry struct {
	*program
	inputs                        []string
	inputFile, output             string
	accounts, identity, variables []string
}

func (p *program) transformTestCommand() *cobra.Command {
	verb := &transformTry{program: p}
	cmd := &cobra.Command{
		Use:   "test FILE",
		Short: "Show what a transform makes of some texts",
		Long: "Test lets the server run the transform of a YAML or JSON file (- is the standard input) and keeps nothing of it. The\n" +
			"transform may refer to those that the server has. It runs once for each input, or once without one. What it reads of\n" +
			"accounts, people and variables is given by flags; SOURCE/ATTRIBUTE stands for an attribute of one source's account.\n" +
			"The exit code is 1 when the transform fails for one of the inputs.",
		Example: "  midgard transform test login.yaml --input Ada --input \"Zoë Smith\"\n" +
			"  midgard transform test login.yaml --inputs names.txt -o json\n" +
			"  midgard transform test first.yaml --account HR/givenName=Ada --account mail=ada@example.test --identity uid=ada",
		Args: arguments("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error { return verb.run(cmd.Context(), args[0]) },
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&verb.inputs, "input", nil, "text to transform; may be repeated")
	flags.StringVar(&verb.inputFile, "inputs", "", "file with one text in each line (- is the standard input)")
	flags.StringArrayVar(&verb.accounts, "account", nil, "account attribute as [source/]name=value; may be repeated")
	flags.StringArrayVar(&verb.identity, "identity", nil, "identity attribute as name=value; may be repeated")
	flags.StringArrayVar(&verb.variables, "variable", nil, "variable of templates as name=value; may be repeated")
	outputFlag(cmd, &verb.output, "table", "json")
	return cmd
}

func (v *transformTry) run(ctx context.Context, file string) error {
	if err := oneOf("output", v.output, "table", "json"); err != nil {
		return err
	}
	test, err := v.test(file)
	if err != nil {
		return err
	}
	c, err := v.client()
	if err != nil {
		return err
	}
	results, err := tryAll(ctx, c, test)
	if err != nil {
		return err
	}
	if v.output == "json" {
		err = printJSON(v.stdout, results)
	} else {
		err = v.print(results)
	}
	if err != nil {
		return err
	}
	return failures(results)
}

// test is the request that file and flags make together.
func (v *transformTry) test(file string) (client.TransformTest, error) {
	var test client.TransformTest
	if file == "-" && v.inputFile == "-" {
		return test, usagef("FILE and --inputs cannot both be the standard input")
	}
	var err error
	if test.Transform, err = v.readDocument(file); err != nil {
		return test, err
	}
	if test.Inputs, err = v.allInputs(); err != nil {
		return test, err
	}
	if test.AccountAttributes, err = accountValues(v.accounts); err != nil {
		return test, err
	}
	if test.IdentityAttributes, err = values("identity", v.identity); err != nil {
		return test, err
	}
	test.Variables, err = values("variable", v.variables)
	return test, err
}

// allInputs are those of the flags, then the lines of the file.
func (v *transformTry) allInputs() ([]string, error) {
	if v.inputFile == "" {
		return v.inputs, nil
	}
	raw, err := v.readInput(v.inputFile)
	if err != nil {
		return nil, err
	}
	all := slices.Clone(v.inputs)
	for line := range strings.Lines(string(raw)) {
		all = append(all, strings.TrimRight(line, "\r\n"))
	}
	if len(all) == 0 {
		return nil, usagef("%s holds no inputs", v.inputFile)
	}
	return all, nil
}

func values(flag string, pairs []string) (map[string]any, error) {
	into := map[string]any{}
	for _, pair := range pairs {
		name, text, err := cutPair(flag, pair)
		if err != nil {
			return nil, err
		}
		into[name] = text
	}
	return into, nil
}

// accountValues is values for names that may begin with a source, whose attributes are then an object of their own.
func accountValues(pairs []string) (map[string]any, error) {
	into := map[string]any{}
	for _, pair := range pairs {
		name, text, err := cutPair("account", pair)
		if err != nil {
			return nil, err
		}
		slash := strings.LastIndexByte(name, '/')
		if slash < 0 {
			into[name] = text
			continue
		}
		of, isObject := into[name[:slash]].(map[string]any)
		if !isObject {
			of = map[string]any{}
			into[name[:slash]] = of
		}
		of[name[slash+1:]] = text
	}
	return into, nil
}

// tryAll sends as many inputs at once as the server takes.
func tryAll(ctx context.Context, c *client.Client, test client.TransformTest) ([]client.TransformResult, error) {
	if len(test.Inputs) == 0 {
		return c.TestTransform(ctx, test)
	}
	var all []client.TransformResult
	for part := range slices.Chunk(test.Inputs, client.MaxTransformInputs) {
		test.Inputs = part
		results, err := c.TestTransform(ctx, test)
		if err != nil {
			return nil, err
		}
		all = append(all, results...)
	}
	return all, nil
}

func (v *transformTry) print(results []client.TransformResult) error {
	w := tabwriter.NewWriter(v.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "INPUT\tOUTPUT")
	for _, r := range results {
		made := shownText(r.Output)
		if r.Error != nil {
			made = "error: " + printable(*r.Error)
		}
		fmt.Fprintf(w, "%s\t%s\n", shownText(r.Input), made)
	}
	return w.Flush()
}

// shownText quotes a text, so that blanks at its ends are seen and nothing looks like the absence of a value.
func shownText(text *string) string {
	if text == nil {
		return "null"
	}
	return shorten(strconv.Quote(*text))
}

// failures tells how many inputs the transform failed for.
func failures(results []client.TransformResult) error {
	failed := 0
	for _, r := range results {
		if r.Error != nil {
			failed++
		}
	}
	if failed == 0 {
		return nil
	}
	return fmt.Errorf("the transform failed for %d of %d inputs", failed, len(results))
}
