package main

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"midgard/client"
)

// get lists or shows objects; source list uses it too.
type get struct {
	*program
	filters, sorters, output string
	columns                  []string
	limit, offset            int
	all, count               bool
}

func (p *program) getCommand() *cobra.Command {
	verb := &get{program: p}
	cmd := &cobra.Command{
		Use:   "get RESOURCE [ID]",
		Short: "List objects, or show one",
		Long: "Get lists the objects of a resource or shows the one with the given id. Resources:\n  " + strings.Join(resourceNames(), "\n  ") + "\n\n" +
			"Filters follow the API's language: comparisons with eq, ne, gt, ge, lt, le, co, sw, in, isnull and pr, joined by and, or\n" +
			"and not. Each resource lists its fields in /openapi.json. A table shows some columns; -o json shows everything.",
		Example: "  midgard get machine-identities\n" +
			"  midgard get machine-accounts --filters 'enabled eq false and source.name sw \"Sample\"' --sorters -modified\n" +
			"  midgard get machine-accounts --all -o csv --columns name,source.name,ownerIdentity.name > accounts.csv\n" +
			"  midgard get machine-identities --filters 'owners.primaryIdentity.name isnull' --count\n" +
			"  midgard get sources 0190f2b4-7c1e-7000-8000-000000000001",
		ValidArgsFunction: completeResource,
		Args:              arguments("RESOURCE", "[ID]"),
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := findResource(args[0])
			if err != nil {
				return err
			}
			if len(args) == 2 {
				return verb.one(cmd.Context(), r, args[1])
			}
			return verb.list(cmd.Context(), r)
		},
	}
	p.clientFlags(cmd.Flags())
	verb.listFlags(cmd)
	return cmd
}

func completeResource(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return resourceNames(), cobra.ShellCompDirectiveNoFileComp
}

func (v *get) listFlags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&v.filters, "filters", "", "which objects, in the API's filter language")
	flags.StringVar(&v.sorters, "sorters", "", "order: fields separated by commas, - in front for descending")
	flags.IntVar(&v.limit, "limit", 50, "how many objects at most")
	flags.IntVar(&v.offset, "offset", 0, "how many objects to skip")
	flags.BoolVar(&v.all, "all", false, "all objects, whatever --limit says")
	flags.BoolVar(&v.count, "count", false, "print only how many objects there are")
	flags.StringSliceVar(&v.columns, "columns", nil, "columns of a table or CSV; dots lead into objects (owner.name)")
	outputFlag(cmd, &v.output, "table", "json", "csv")
}

func (v *get) check() error {
	if v.limit < 1 || v.offset < 0 {
		return usagef("--limit must be at least 1 and --offset at least 0")
	}
	return oneOf("output", v.output, "table", "json", "csv")
}

func (v *get) list(ctx context.Context, r resource) error {
	if err := v.check(); err != nil {
		return err
	}
	c, err := v.client()
	if err != nil {
		return err
	}
	if v.all {
		v.limit = 0
	}
	if r.whole {
		return v.listWhole(ctx, c, r)
	}
	options := client.ListOptions{Filters: v.filters, Sorters: v.sorters, Limit: v.limit, Offset: v.offset, PageSize: r.page, Extra: r.extra}
	if v.count {
		return v.printCount(ctx, c, r, options)
	}
	return v.print(r, c.All(ctx, r.path, options))
}

// listWhole cuts out the rows that were asked for, since the API does not.
func (v *get) listWhole(ctx context.Context, c *client.Client, r resource) error {
	page, err := c.List(ctx, r.path, client.ListOptions{Filters: v.filters, Sorters: v.sorters})
	if err != nil {
		return err
	}
	if v.count {
		_, err := fmt.Fprintln(v.stdout, len(page.Items))
		return err
	}
	rows := page.Items[min(v.offset, len(page.Items)):]
	if v.limit > 0 {
		rows = rows[:min(v.limit, len(rows))]
	}
	return v.print(r, func(yield func(json.RawMessage, error) bool) {
		for _, row := range rows {
			if !yield(row, nil) {
				return
			}
		}
	})
}

func (v *get) printCount(ctx context.Context, c *client.Client, r resource, options client.ListOptions) error {
	options.Limit, options.Offset, options.Count = 1, 0, true
	page, err := c.List(ctx, r.path, options)
	if err != nil {
		return err
	}
	if page.Total < 0 {
		return fmt.Errorf("the server does not count %s", r.name)
	}
	_, err = fmt.Fprintln(v.stdout, page.Total)
	return err
}

func (v *get) one(ctx context.Context, r resource, id string) error {
	if err := v.check(); err != nil {
		return err
	}
	if r.listed {
		return usagef("%s can only be listed; use --filters", r.name)
	}
	c, err := v.client()
	if err != nil {
		return err
	}
	var object json.RawMessage
	if err := c.Do(ctx, http.MethodGet, r.path+"/"+url.PathEscape(id), nil, &object); err != nil {
		return err
	}
	if v.output == "json" {
		return printJSON(v.stdout, object)
	}
	return v.print(r, func(yield func(json.RawMessage, error) bool) { yield(object, nil) })
}

func (v *get) print(r resource, rows iter.Seq2[json.RawMessage, error]) error {
	switch v.output {
	case "json":
		return printArray(v.stdout, rows)
	case "csv":
		return printCSV(v.stdout, v.columns, rows)
	}
	columns := v.columns
	if len(columns) == 0 {
		columns = r.columns
	}
	return printTable(v.stdout, columns, rows)
}
