package store

import (
	"context"
	"fmt"
	"strings"

	"midgard/internal/filter"
)

// planned is a list whose plan can be looked at.
type planned interface {
	plan(ctx context.Context, s *Store, q filter.Query) (string, error)
	fields() map[string]column
}

func (l *listing[T]) fields() map[string]column { return l.columns }

// plan gives SQLite's query plan of the page's own query, without the joins that only read further columns.
func (l *listing[T]) plan(ctx context.Context, s *Store, q filter.Query) (string, error) {
	c := compiler{dialect: s.dialect, columns: l.columns}
	where := c.where(l.base, l.administered, q)
	if c.err != nil {
		return "", c.err
	}
	text, err := c.page(l.from, l.id, l.id, "", where, q)
	if err != nil {
		return "", err
	}
	steps, err := many(ctx, s.reader(), "explain query plan "+text, func(r row, step *string) error {
		var skip any
		return r.Scan(&skip, &skip, &skip, step)
	}, c.args...)
	return strings.Join(steps, "\n"), err
}

// lists are the lists of operations whose tables can grow to millions of rows, by the operation's id.
var lists = map[string]planned{
	"listAccounts":                        accounts,
	"listMachineAccounts":                 machineAccounts,
	"listMachineIdentities":               machineIdentities,
	"listMachineIdentityUserEntitlements": userEntitlements,
	"listEntitlements":                    entitlements,
	"getTaskStatusList":                   tasks,
	"listIdentities":                      identities,
	"listSources":                         sources,
	"listWorkgroups":                      workgroups,
}

// HasField reports whether a column stands behind a field of an operation's list; known is false for other operations.
func HasField(operation, field string) (known, found bool) {
	l, known := lists[operation]
	if !known {
		return false, false
	}
	_, found = l.fields()[field]
	return true, found
}

// Plan gives SQLite's query plan for a page of an operation's list.
func (s *Store) Plan(ctx context.Context, operation string, q filter.Query) (string, error) {
	l, ok := lists[operation]
	if !ok {
		return "", fmt.Errorf("no list %q", operation)
	}
	return l.plan(ctx, s, q)
}
