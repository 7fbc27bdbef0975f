package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"midgard/client"
)

type sourceCreate struct {
	*program
	file, name, description, connector, owner, output string
	attributes, secrets                               []string
	authoritative                                     bool
}

func (p *program) sourceCreateCommand() *cobra.Command {
	verb := &sourceCreate{program: p}
	cmd := &cobra.Command{
		Use:   "create",
		Short: "Create a source",
		Long: "Create makes a source from flags, from a YAML or JSON file in the API's shape, or from both: flags win. Values of\n" +
			"--attribute are JSON where they can be read as JSON (true, 389, [\"a\"]) and text otherwise. The owner is the caller\n" +
			"unless one is named.",
		Example: "  midgard source create --name \"HR file\" --connector delimited-file --authoritative\n" +
			"  midgard source create --name Directory --connector openldap --owner ada \\\n" +
			"    --attribute host=ldap.example.test --attribute port=636 --attribute useSSL=true --secret-file password=ldap.password\n" +
			"  midgard source create -f source.yaml",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return verb.run(cmd) },
	}
	flags := cmd.Flags()
	flags.StringVarP(&verb.file, "file", "f", "", "YAML or JSON file with the source (- is the standard input)")
	flags.StringVar(&verb.name, "name", "", "name of the source")
	flags.StringVar(&verb.description, "description", "", "what the source is")
	flags.StringVar(&verb.connector, "connector", "", "kind of source: delimited-file, openldap or local")
	flags.StringVar(&verb.owner, "owner", "", "uid, e-mail address, name or id of the owner (default: yourself)")
	flags.BoolVar(&verb.authoritative, "authoritative", false, "the source makes people")
	flags.StringArrayVar(&verb.attributes, "attribute", nil, "connector attribute as name=value; may be repeated")
	flags.StringArrayVar(&verb.secrets, "secret-file", nil, "connector attribute as name=file whose content is the value; may be repeated")
	outputFlag(cmd, &verb.output, "table", "json")
	return cmd
}

func (v *sourceCreate) run(cmd *cobra.Command) error {
	if err := oneOf("output", v.output, "table", "json"); err != nil {
		return err
	}
	body, err := v.body(cmd)
	if err != nil {
		return err
	}
	c, err := v.client()
	if err != nil {
		return err
	}
	if err := v.setOwner(cmd.Context(), c, body); err != nil {
		return err
	}
	created, err := c.CreateSource(cmd.Context(), body)
	if err != nil {
		return err
	}
	if v.output == "json" {
		return printJSON(v.stdout, created)
	}
	_, err = fmt.Fprintf(v.stdout, "Source %s has id %s. Test it with: midgard source test %s\n", printable(created.Name), created.ID, created.ID)
	return err
}

// body is the file with the flags laid over it.
func (v *sourceCreate) body(cmd *cobra.Command) (map[string]any, error) {
	body := map[string]any{}
	if v.file != "" {
		var err error
		if body, err = v.readObject(v.file); err != nil {
			return nil, err
		}
	}
	for flag, value := range map[string]any{
		"name": v.name, "description": v.description, "connector": v.connector, "authoritative": v.authoritative,
	} {
		if cmd.Flags().Changed(flag) {
			body[flag] = value
		}
	}
	for _, needed := range []string{"name", "connector"} {
		if body[needed] == nil || body[needed] == "" {
			return nil, usagef("a source needs --%s, or %s in the file", needed, needed)
		}
	}
	return body, v.setAttributes(body)
}

func (v *sourceCreate) setAttributes(body map[string]any) error {
	if len(v.attributes)+len(v.secrets) == 0 {
		return nil
	}
	attributes, isObject := body["connectorAttributes"].(map[string]any)
	if body["connectorAttributes"] != nil && !isObject {
		return usagef("connectorAttributes in %s must be an object", v.file)
	}
	if attributes == nil {
		attributes = map[string]any{}
		body["connectorAttributes"] = attributes
	}
	for _, pair := range v.attributes {
		name, text, err := cutPair("attribute", pair)
		if err != nil {
			return err
		}
		attributes[name] = jsonOrText(text)
	}
	for _, pair := range v.secrets {
		name, file, err := cutPair("secret-file", pair)
		if err != nil {
			return err
		}
		raw, err := v.readInput(file)
		if err != nil {
			return err
		}
		// Editors end a file with a line end that nobody means.
		attributes[name] = strings.TrimRight(string(raw), "\r\n")
	}
	return nil
}

func cutPair(flag, pair string) (name, value string, err error) {
	name, value, ok := strings.Cut(pair, "=")
	if !ok || name == "" {
		return "", "", usagef("--%s must be name=value, not %q", flag, pair)
	}
	return name, value, nil
}

func jsonOrText(text string) any {
	if json.Valid([]byte(text)) {
		return json.RawMessage(text)
	}
	return text
}

// setOwner resolves --owner, or an owner that the file gives as a plain text.
func (v *sourceCreate) setOwner(ctx context.Context, c *client.Client, body map[string]any) error {
	who := v.owner
	if text, isText := body["owner"].(string); isText && who == "" {
		who = text
	}
	if who == "" && body["owner"] != nil {
		return nil
	}
	owner, err := findOwner(ctx, c, who)
	if err != nil {
		return err
	}
	body["owner"] = owner
	return nil
}

// findOwner is the caller when nobody is named.
func findOwner(ctx context.Context, c *client.Client, who string) (*client.Ref, error) {
	if who != "" {
		identity, err := c.FindIdentity(ctx, who)
		return &client.Ref{Type: "IDENTITY", ID: identity.ID, Name: identity.Name}, err
	}
	id, err := c.Identity(ctx)
	if err == nil && id == "" {
		err = usagef("this client acts for nobody: name an owner with --owner")
	}
	return &client.Ref{Type: "IDENTITY", ID: id}, err
}
