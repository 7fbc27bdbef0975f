package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"midgard/client"
)

func (p *program) entitlementCommand() *cobra.Command {
	cmd := group("entitlement", "Let people ask for machine accounts",
		"A subtype whose accounts can be asked for has an entitlement. Who holds it may ask. It is granted to a person, or by a rule to\n"+
			"everybody in a governance group.",
		p.entitlementGrantCommand(), p.entitlementRevokeCommand(), p.entitlementListCommand())
	cmd.Example = "  midgard entitlement grant \"Machine Account Creation - Directory/Bot\" ada@example.org\n" +
		"  midgard entitlement grant \"Machine Account Creation - Directory/Bot\" --group Operators\n" +
		"  midgard entitlement list --person ada"
	p.clientFlags(cmd.PersistentFlags())
	return cmd
}

func (p *program) entitlementGrantCommand() *cobra.Command {
	var group string
	cmd := &cobra.Command{
		Use:   "grant ENTITLEMENT [PERSON]",
		Short: "Grant an entitlement to a person, or to everybody in a group",
		Long: "Grant gives a person an entitlement, or with --group makes the rule that every member of a governance group holds it.\n" +
			"ENTITLEMENT is a name or an id; PERSON is a uid, an e-mail address, a name or an id. What is granted already stays.",
		Example: "  midgard entitlement grant \"Machine Account Creation - Directory/Bot\" ada\n" +
			"  midgard entitlement grant \"Machine Account Creation - Directory/Bot\" --group Operators",
		Args: arguments("ENTITLEMENT", "[PERSON]"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.changeHolder(cmd.Context(), args, group, holderChange{(*client.Client).GrantEntitlementToGroup, grantPerson, "held by"})
		},
	}
	cmd.Flags().StringVar(&group, "group", "", "name or id of a governance group, in place of a person")
	return cmd
}

func (p *program) entitlementRevokeCommand() *cobra.Command {
	var group string
	cmd := &cobra.Command{
		Use:   "revoke ENTITLEMENT [PERSON]",
		Short: "Take a granted entitlement back",
		Long: "Revoke takes an entitlement from a person, or with --group ends the rule for a governance group. A person who also holds it\n" +
			"by a rule goes on holding it.",
		Example: "  midgard entitlement revoke \"Machine Account Creation - Directory/Bot\" ada",
		Args:    arguments("ENTITLEMENT", "[PERSON]"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.changeHolder(cmd.Context(), args, group, holderChange{(*client.Client).RevokeEntitlementFromGroup, (*client.Client).RevokeEntitlement, "no longer granted to"})
		},
	}
	cmd.Flags().StringVar(&group, "group", "", "name or id of a governance group, in place of a person")
	return cmd
}

// holderChange is what grant and revoke differ in.
type holderChange struct {
	group, person func(c *client.Client, ctx context.Context, entitlementID, holderID string) error
	outcome       string
}

func grantPerson(c *client.Client, ctx context.Context, entitlementID, personID string) error {
	_, err := c.GrantEntitlement(ctx, entitlementID, personID)
	return err
}

func (p *program) changeHolder(ctx context.Context, args []string, group string, change holderChange) error {
	if (len(args) == 2) == (group != "") {
		return usagef("name either a person or a group with --group")
	}
	c, err := p.client()
	if err != nil {
		return err
	}
	entitlement, err := c.FindEntitlement(ctx, args[0])
	if err != nil {
		return err
	}
	var holder string
	if group != "" {
		found, e := c.FindGroup(ctx, group)
		if e != nil {
			return e
		}
		holder, err = "everybody in "+found.Name, change.group(c, ctx, entitlement.ID, found.ID)
	} else {
		found, e := c.FindIdentity(ctx, args[1])
		if e != nil {
			return e
		}
		holder, err = found.Name, change.person(c, ctx, entitlement.ID, found.ID)
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(p.stdout, "%s: %s %s\n", printable(entitlement.Name), change.outcome, printable(holder))
	return err
}

func (p *program) entitlementListCommand() *cobra.Command {
	var person, entitlement string
	verb := &get{program: p}
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List who holds which entitlement",
		Long: "List shows who was granted which entitlement, or holds it by the rule of a group, which is named then. Who is not active holds\n" +
			"nothing for the time being.",
		Example: "  midgard entitlement list --person ada\n  midgard entitlement list --entitlement \"Machine Account Creation - Directory/Bot\" -o json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			r, err := findResource("entitlement-holdings")
			if err != nil {
				return err
			}
			if err := p.narrowHoldings(cmd.Context(), verb, person, entitlement); err != nil {
				return err
			}
			return verb.list(cmd.Context(), r)
		},
	}
	verb.listFlags(cmd)
	cmd.Flags().StringVar(&person, "person", "", "only what a person holds, who is named as for grant")
	cmd.Flags().StringVar(&entitlement, "entitlement", "", "only who holds an entitlement, by its name or id")
	return cmd
}

// narrowHoldings adds what the flags name to the filters.
func (p *program) narrowHoldings(ctx context.Context, verb *get, person, entitlement string) error {
	var terms []string
	if verb.filters != "" {
		terms = append(terms, "("+verb.filters+")")
	}
	if person == "" && entitlement == "" {
		return nil
	}
	c, err := p.client()
	if err != nil {
		return err
	}
	if person != "" {
		found, err := c.FindIdentity(ctx, person)
		if err != nil {
			return err
		}
		terms = append(terms, "identity.id eq "+client.Quote(found.ID))
	}
	if entitlement != "" {
		found, err := c.FindEntitlement(ctx, entitlement)
		if err != nil {
			return err
		}
		terms = append(terms, "entitlement.id eq "+client.Quote(found.ID))
	}
	verb.filters = strings.Join(terms, " and ")
	return nil
}
