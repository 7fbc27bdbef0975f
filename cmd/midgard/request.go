package main

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"midgard/client"
)

func (p *program) requestCommand() *cobra.Command {
	cmd := group("request", "Ask for machine accounts, and follow and cancel requests",
		"A request for a machine account waits for its approvers; then the account is made on the source. Requests for the deletion of\n"+
			"accounts are shown and cancelled alike.",
		p.requestCreateCommand(), p.requestShowCommand(), p.requestListCommand(), p.requestCancelCommand(), p.requestDeleteCommand(), p.requestPasswordCommand())
	cmd.Example = "  midgard request create --subtype bot --owner ada --input purpose=backup\n  midgard request list --filters 'status eq \"PENDING\"'\n" +
		"  midgard request cancel 0190f2b4-7c1e-7000-8000-000000000001"
	p.clientFlags(cmd.PersistentFlags())
	return cmd
}

// requestDraft is what the flags of request create say.
type requestDraft struct {
	client.NewAccountRequest
	source, subtype, owner, inputFile, key string
	inputs                                 []string
}

func (p *program) requestCreateCommand() *cobra.Command {
	var d requestDraft
	cmd := &cobra.Command{
		Use:   "create",
		Short: "Ask for a machine account",
		Long: "Create asks for an account of a subtype that you may ask for, and prints the id of the request. What the form of the subtype\n" +
			"wants to know is given by its keys: --input key=value for texts, --input-file for a YAML or JSON object (- is the standard\n" +
			"input). With the same --key a request is made once, however often it is sent.",
		Example: "  midgard request create --source Directory --subtype bot --owner ada --environment test --input purpose=backup\n" +
			"  midgard request create --subtype bot --owner ada@example.org --input-file answers.yaml --key ticket-4711",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return p.createRequest(cmd, &d) },
	}
	flags := cmd.Flags()
	flags.StringVar(&d.subtype, "subtype", "", "technical name or id of the subtype")
	flags.StringVar(&d.source, "source", "", "name or id of its source, where several have such a subtype")
	flags.StringVar(&d.owner, "owner", "", "uid, e-mail address or id of who is to own the account")
	flags.StringVar(&d.MachineIdentityID, "machine-identity", "", "id of the machine identity that it is for; without it a new one is made")
	flags.StringVar(&d.FormID, "form", "", "id of the form that was filled in, when the subtype has none")
	flags.StringVar(&d.Environment, "environment", "", "environment of the account")
	flags.StringVar(&d.Description, "description", "", "description of the account")
	flags.StringArrayVar(&d.inputs, "input", nil, "an answer to the form, as key=value; may be repeated")
	flags.StringVar(&d.inputFile, "input-file", "", "a file with answers to the form")
	flags.StringSliceVar(&d.EntitlementIDs, "entitlement", nil, "id of an entitlement that the account is to have; may be repeated")
	flags.StringVar(&d.key, "key", "", "a text of your choice by which the server knows the request again")
	return cmd
}

func (p *program) createRequest(cmd *cobra.Command, d *requestDraft) error {
	if d.subtype == "" || d.owner == "" {
		return usagef("name the subtype with --subtype and the owner with --owner")
	}
	if err := p.readAnswers(d); err != nil {
		return err
	}
	c, err := p.client()
	if err != nil {
		return err
	}
	allowed, err := c.Creatable(cmd.Context())
	if err != nil {
		return err
	}
	subtype, err := chosen(allowed, d.source, d.subtype)
	if err != nil {
		return err
	}
	owner, err := c.FindPerson(cmd.Context(), d.owner)
	if err != nil {
		return err
	}
	d.SubtypeID, d.OwnerID = subtype.SubtypeID, owner.ID
	id, err := c.RequestAccount(cmd.Context(), d.NewAccountRequest, d.key)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(p.stdout, id)
	return err
}

// readAnswers fills the form in. What a flag says goes before what the file says.
func (p *program) readAnswers(d *requestDraft) error {
	answers := map[string]any{}
	if d.inputFile != "" {
		raw, err := p.readDocument(d.inputFile)
		if err != nil {
			return err
		}
		if err := json.Unmarshal(raw, &answers); err != nil {
			return fmt.Errorf("%s holds no answers: %w", d.inputFile, err)
		}
	}
	for _, input := range d.inputs {
		key, value, found := strings.Cut(input, "=")
		if !found || key == "" {
			return usagef("--input %q is not of the form key=value", input)
		}
		answers[key] = value
	}
	d.UserInput = answers
	return nil
}

// chosen finds the one subtype that fits among those that the caller may ask for.
func chosen(allowed []client.Creatable, source, subtype string) (client.Creatable, error) {
	var fitting []client.Creatable
	for _, x := range allowed {
		ofSource := source == "" || strings.EqualFold(source, x.SourceName) || strings.EqualFold(source, x.SourceID)
		if ofSource && (strings.EqualFold(subtype, x.TechnicalName) || strings.EqualFold(subtype, x.SubtypeID)) {
			fitting = append(fitting, x)
		}
	}
	switch len(fitting) {
	case 0:
		return client.Creatable{}, fmt.Errorf("you may not ask for accounts of a subtype %q%s", subtype, of(source))
	case 1:
		return fitting[0], nil
	}
	return client.Creatable{}, fmt.Errorf("several sources have a subtype %q: name one with --source", subtype)
}

func of(source string) string {
	if source == "" {
		return ""
	}
	return fmt.Sprintf(" of source %q", source)
}

func (p *program) requestShowCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "show REQUEST",
		Short:   "Print a request as JSON",
		Long:    "Show prints everything that is known of a request. You see those that you made, that are about accounts of yours, or that you\nhave to approve; administrators see all.",
		Example: "  midgard request show 0190f2b4-7c1e-7000-8000-000000000001",
		Args:    arguments("REQUEST"),
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := findResource("account-requests")
			if err != nil {
				return err
			}
			verb := get{program: p, output: "json", limit: 1}
			return verb.one(cmd.Context(), r, args[0])
		},
	}
}

func (p *program) requestListCommand() *cobra.Command {
	verb := &get{program: p}
	everybody := false
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List requests",
		Long:    "List shows the requests that you made; --everybody shows those of others as well, to administrators.",
		Example: "  midgard request list\n  midgard request list --everybody --filters 'status eq \"FAILED\"' --sorters -created",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			r, err := findResource("account-requests")
			if err != nil {
				return err
			}
			if everybody {
				r.extra = url.Values{"all": {"true"}}
			}
			return verb.list(cmd.Context(), r)
		},
	}
	verb.listFlags(cmd)
	cmd.Flags().BoolVar(&everybody, "everybody", false, "requests of others as well")
	return cmd
}

func (p *program) requestCancelCommand() *cobra.Command {
	var comment string
	cmd := &cobra.Command{
		Use:     "cancel REQUEST...",
		Short:   "Cancel requests that nobody has approved yet",
		Long:    "Cancel ends requests that wait for their approval. Once the account is being made it is too late.",
		Example: "  midgard request cancel 0190f2b4-7c1e-7000-8000-000000000001 --comment \"No longer needed\"",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.forEach("request", args, func(c *client.Client, id string) error {
				r, err := c.CancelAccountRequest(cmd.Context(), id, comment)
				if err != nil {
					return err
				}
				fmt.Fprintf(p.stdout, "Request %s: %s\n", r.ID, r.Status)
				return nil
			})
		},
	}
	cmd.Flags().StringVar(&comment, "comment", "", "why, for the approvers to read")
	return cmd
}

func (p *program) requestDeleteCommand() *cobra.Command {
	var comment string
	cmd := &cobra.Command{
		Use:   "delete ACCOUNT...",
		Short: "Ask for the deletion of accounts",
		Long: "Delete asks that machine accounts be deleted on their sources, and prints the ids of the requests. ACCOUNT is the id of a\n" +
			"machine account. It is deleted once the deletion is approved, where that is needed.",
		Example: "  midgard request delete 0190f2b4-7c1e-7000-8000-000000000001 --comment \"The service is gone\"",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.forEach("account", args, func(c *client.Client, account string) error {
				id, err := c.RequestDeletion(cmd.Context(), account, comment)
				if err != nil {
					return err
				}
				fmt.Fprintln(p.stdout, id)
				return nil
			})
		},
	}
	cmd.Flags().StringVar(&comment, "comment", "", "why, for the approvers to read")
	return cmd
}
