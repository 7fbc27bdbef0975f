package main

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"midgard/client"
)

func (p *program) approvalCommand() *cobra.Command {
	cmd := group("approval", "List approvals, and decide on them",
		"Approvals are questions to people: whether an account may be made or deleted. A decision is the caller's own, so the client\n"+
			"id must be a person's personal access token.",
		p.approvalListCommand(), p.approveCommand(), p.rejectCommand())
	cmd.Example = "  midgard approval list\n  midgard approval approve 0190f2b4-7c1e-7000-8000-000000000001 --comment \"as discussed\""
	p.clientFlags(cmd.PersistentFlags())
	return cmd
}

func (p *program) approvalListCommand() *cobra.Command {
	verb := &get{program: p}
	everything := false
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List what waits for the caller",
		Long: "List shows the pending approvals that wait for the caller or a governance group of theirs. --everything shows what the caller\n" +
			"may see, whatever became of it; for an administrator these are all.",
		Example: "  midgard approval list\n  midgard approval list --everything --filters 'status eq \"REJECTED\"' -o json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			r, err := findResource("approvals")
			if err != nil {
				return err
			}
			if !everything {
				r.extra = url.Values{"mine": {"true"}}
				verb.filters = pendingOnly(verb.filters)
			}
			return verb.list(cmd.Context(), r)
		},
	}
	verb.listFlags(cmd)
	cmd.Flags().BoolVar(&everything, "everything", false, "not only what is pending and waits for the caller")
	return cmd
}

func pendingOnly(filters string) string {
	const pending = `status eq "PENDING"`
	if filters == "" {
		return pending
	}
	return pending + " and (" + filters + ")"
}

func (p *program) approveCommand() *cobra.Command {
	var comment string
	cmd := &cobra.Command{
		Use:     "approve ID",
		Short:   "Consent to what waits for the caller",
		Long:    "Approve consents to the step that waits, and tells whom the approval waits for then.",
		Example: "  midgard approval approve 0190f2b4-7c1e-7000-8000-000000000001",
		Args:    arguments("ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := p.client()
			if err != nil {
				return err
			}
			a, err := c.Approve(cmd.Context(), args[0], comment)
			if err != nil {
				return err
			}
			return p.printApproval(a)
		},
	}
	cmd.Flags().StringVar(&comment, "comment", "", "why")
	return cmd
}

func (p *program) rejectCommand() *cobra.Command {
	var comment string
	cmd := &cobra.Command{
		Use:     "reject ID",
		Short:   "Refuse what waits for the caller",
		Long:    "Reject ends the approval.",
		Example: "  midgard approval reject 0190f2b4-7c1e-7000-8000-000000000001 --comment \"the old account will do\"",
		Args:    arguments("ID"),
		RunE:    func(cmd *cobra.Command, args []string) error { return p.reject(cmd.Context(), args[0], comment) },
	}
	cmd.Flags().StringVar(&comment, "comment", "", "why")
	return cmd
}

func (p *program) reject(ctx context.Context, id, comment string) error {
	c, err := p.client()
	if err != nil {
		return err
	}
	if err := c.Reject(ctx, id, comment); err != nil {
		return err
	}
	_, err = fmt.Fprintf(p.stdout, "%s is REJECTED\n", printable(id))
	return err
}

// printApproval tells what has become of an approval.
func (p *program) printApproval(a client.Approval) error {
	text := fmt.Sprintf("%s is %s", a.ID, a.Status)
	if a.Status == "PENDING" {
		names := make([]string, 0, len(a.AssignedTo))
		for _, party := range a.AssignedTo {
			names = append(names, party.Name)
		}
		text += " and waits for " + strings.Join(names, ", ")
	}
	_, err := fmt.Fprintln(p.stdout, printable(text))
	return err
}
