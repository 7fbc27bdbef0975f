package store

import (
	"context"
	"fmt"

	"midgard/internal/governance"
)

// accountCandidates finds the people who have an account on a source with one of these values of an attribute. Values and
// the attribute's name are folded.
func accountCandidates(ctx context.Context, q querier, l governance.Lookup, values []string) ([]candidate, error) {
	text := `select 5, v.value_key, i.id, i.name from account_value v join account a on a.id = v.account_id join identity i on i.id = a.identity_id
		where v.source_id = $1 and v.attribute = $2 and v.value_key `
	var all []candidate
	for len(values) > 0 {
		n := min(len(values), maxKeys)
		list, args := in(3, anyOf(values[:n]))
		found, err := many(ctx, q, text+list, scanCandidate, append([]any{l.SourceID, l.Attribute}, args...)...)
		if err != nil {
			return nil, err
		}
		all, values = append(all, found...), values[n:]
	}
	return all, nil
}

// lookedUp gives the attributes of a source's accounts by which owners are looked for.
func lookedUp(ctx context.Context, q querier, sourceID string) ([]string, error) {
	names, err := many(ctx, q, "select distinct attribute from owner_lookup where source_id = $1 order by 1", scanText, sourceID)
	if err != nil {
		return nil, fmt.Errorf("read by what owners are looked for on source %q: %w", sourceID, err)
	}
	return names, nil
}

// indexValues keeps the values of attributes by which owners are looked for, and gives the keys of those who may be waiting
// for the account's person.
func (t *tx) indexValues(ctx context.Context, list []*governance.Account, attributes []string) ([]string, error) {
	var ids []any
	var rows [][]any
	var keys []string
	for _, a := range list {
		ids = append(ids, a.ID)
		values := a.ConnectorValues()
		for _, name := range attributes {
			for _, value := range folded(values(name), false) {
				rows = append(rows, []any{a.ID, Key(name), value, a.Source.ID})
				if a.Identity.Set() {
					keys = append(keys, governance.AccountKey(a.Source.ID, Key(name), value))
				}
			}
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	text, args := in(1, ids)
	if err := exec(ctx, t, "delete from account_value where account_id "+text, args...); err != nil {
		return nil, fmt.Errorf("index account values: %w", err)
	}
	return keys, t.insertRows(ctx, "account_value", "account_id, attribute, value_key, source_id", rows)
}

// folded gives the keys of texts, each once; without the empty one unless it is asked for.
func folded(texts []string, empty bool) []string {
	var keys []string
	for _, text := range texts {
		if k := Key(text); k != "" || empty {
			keys = append(keys, k)
		}
	}
	return unique(keys)
}

// IndexValuesPage makes the next accounts of a source findable by the attributes by which owners are looked for, in one
// transaction that belongs to a job, in the order of their ids after the given one. next is empty after the last page.
func (s *Store) IndexValuesPage(ctx context.Context, lease governance.Lease, sourceID, after string, limit int) (next string, err error) {
	err = s.writeBulk(ctx, governance.Actor{}, func(ctx context.Context, t *tx) error {
		next = ""
		if err := t.hold(ctx, lease); err != nil {
			return err
		}
		names, err := lookedUp(ctx, t, sourceID)
		if err != nil || len(names) == 0 {
			return err
		}
		found, err := held(ctx, t, accountTable, accounts, "a.id in (select id from account where source_id = $1 and id > $2 order by id limit $3)", sourceID, after, limit)
		if err != nil {
			return err
		}
		if len(found) == limit {
			next = found[limit-1].ID
		}
		list := make([]*governance.Account, len(found))
		for i := range found {
			list[i] = &found[i]
		}
		_, err = t.indexValues(ctx, list, names)
		return err
	})
	return next, err
}

// settleValues keeps the values of the batch's accounts by which owners are looked for, and gives accounts that wait for
// one of their people their owner.
func (b *batch) settleValues(ctx context.Context) error {
	if len(b.lookups) == 0 {
		return nil
	}
	list := make([]*governance.Account, len(b.accounts))
	for i := range b.accounts {
		list[i] = &b.accounts[i]
	}
	keys, err := b.indexValues(ctx, list, b.lookups)
	if err != nil {
		return err
	}
	return b.settleWaiting(ctx, keys)
}
