package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"midgard/client"
)

type tokenCreate struct {
	*program
	owner, name, expires, output string
	scope                        []string
}

func (p *program) tokenCreateCommand() *cobra.Command {
	verb := &tokenCreate{program: p}
	cmd := &cobra.Command{
		Use:   "create",
		Short: "Make a client id and secret for yourself or for somebody else",
		Long: "Create makes a personal access token: a client id and a secret that act as one person. An administrator may make\n" +
			"one for anybody. The secret is printed once and cannot be read again.",
		Example: "  midgard token create --name \"my laptop\"\n" +
			"  midgard token create --for ada --name \"nightly export\" --scope idn:mis-account:read --expires 30d\n" +
			"  midgard token create --for ada@example.test --expires never -o json",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return verb.run(cmd.Context()) },
	}
	flags := cmd.Flags()
	flags.StringVar(&verb.owner, "for", "", "uid, e-mail address, name or id of the person (default: yourself)")
	flags.StringVar(&verb.name, "name", "midgard CLI", "name under which the token is listed")
	flags.StringSliceVar(&verb.scope, "scope", nil, "scopes of the token (default: every right of the person)")
	flags.StringVar(&verb.expires, "expires", "90d", "lifetime such as 12h or 30d, a day such as 2026-12-31, or never")
	outputFlag(cmd, &verb.output, "table", "json")
	return cmd
}

func (v *tokenCreate) run(ctx context.Context) error {
	if err := oneOf("output", v.output, "table", "json"); err != nil {
		return err
	}
	token := client.NewAccessToken{Name: v.name, Scope: v.scope}
	var err error
	if token.Expires, token.NeverExpires, err = expiry(v.expires, time.Now()); err != nil {
		return err
	}
	c, err := v.client()
	if err != nil {
		return err
	}
	if v.owner != "" {
		owner, err := c.FindIdentity(ctx, v.owner)
		if err != nil {
			return err
		}
		token.OwnerID = owner.ID
	}
	created, err := c.CreateAccessToken(ctx, token)
	if err != nil {
		return err
	}
	return v.print(created)
}

func (v *tokenCreate) print(token client.AccessToken) error {
	if v.output == "json" {
		return printJSON(v.stdout, token)
	}
	expires := "never"
	if token.Expires != nil {
		expires = token.Expires.Format(time.RFC3339)
	}
	w := tabwriter.NewWriter(v.stdout, 0, 0, 3, ' ', 0)
	for _, line := range [][2]string{
		{"client id", token.ID}, {"client secret", token.Secret}, {"acts as", token.Owner.Name}, {"scope", strings.Join(token.Scope, " ")},
		{"expires", expires},
	} {
		fmt.Fprintf(w, "%s\t%s\n", line[0], printable(line[1]))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintln(v.stderr, "The secret is not shown again.")
	return err
}

// expiry reads --expires. A day ends at midnight UTC.
func expiry(text string, now time.Time) (at *time.Time, never bool, err error) {
	if text == "never" {
		return nil, true, nil
	}
	if days, isDays := strings.CutSuffix(text, "d"); isDays {
		if n, err := strconv.Atoi(days); err == nil && n > 0 {
			t := now.UTC().AddDate(0, 0, n).Truncate(time.Second)
			return &t, false, nil
		}
	}
	if d, err := time.ParseDuration(text); err == nil && d > 0 {
		t := now.UTC().Add(d).Truncate(time.Second)
		return &t, false, nil
	}
	if day, err := time.Parse(time.DateOnly, text); err == nil && day.AddDate(0, 0, 1).After(now) {
		t := day.AddDate(0, 0, 1)
		return &t, false, nil
	}
	return nil, false, usagef("--expires must be a lifetime such as 12h or 30d, a day to come such as 2026-12-31, or never; not %q", text)
}
