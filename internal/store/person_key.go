package store

import (
	"context"
	"fmt"
	"strings"

	"midgard/internal/governance"
)

// candidate is a person who fits a key; rank says by what.
type candidate struct {
	rank int
	key  string
	governance.Reference
}

func scanCandidate(r row, c *candidate) error { return r.Scan(&c.rank, &c.key, &c.ID, &c.Name) }

// The ranks of candidates: what a text without a prefix is compared with, in this order.
const (
	byUID = 1 + iota
	byEmail
	byName
	byNativeIdentity // of an account, which for a directory is the DN
	byValue          // of an attribute of an account
)

var candidates = newKeyQuery(`select 1, uid_key, id, name from identity where uid_key in (%s)
 union all select 2, email_key, id, name from identity where email_key in (%s)
 union all select 3, name_key, id, name from identity where name_key in (%s)
 union all select 4, a.native_key, i.id, i.name from account a join identity i on i.id = a.identity_id where a.native_key in (%s)`)

// personKey is a key as it is looked up: the text to compare, folded, and by what a person must fit.
type personKey struct {
	text   string
	ranks  []int
	lookup governance.Lookup // with rank byValue: the account attribute that the text is a value of
}

var anyRank = []int{byUID, byEmail, byName, byNativeIdentity}

// The prefixes of governance.OwnerKey, which are kept folded.
var rankOf = map[string][]int{"identity.uid=": {byUID}, "identity.email=": {byEmail}, "identity.name=": {byName}}

// parsePersonKey reads the forms of governance.OwnerKey and governance.AccountKey; any other text stands for itself.
func parsePersonKey(key string) personKey {
	key = Key(key)
	for prefix, ranks := range rankOf {
		if text, ok := strings.CutPrefix(key, prefix); ok {
			return personKey{text: text, ranks: ranks}
		}
	}
	if rest, ok := strings.CutPrefix(key, "account."); ok {
		name, text, ok := strings.Cut(rest, "=")
		source, attribute, named := strings.Cut(name, ".")
		if ok && named {
			return personKey{text: text, ranks: []int{byValue}, lookup: governance.Lookup{SourceID: source, Attribute: attribute}}
		}
	}
	return personKey{text: key, ranks: anyRank}
}

// peopleByKeys finds the people whom sources mean by texts: by uid, else by e-mail, else by name, else by the native
// identity of an account of theirs; or by one of these alone, or by an attribute of an account, when the text says so (see
// governance.OwnerKey). Case does not matter. A text that fits several people equally well means nobody. The result has an
// entry for every text that means somebody. Up to 512 keys cost one query, and one for each account attribute.
func peopleByKeys(ctx context.Context, q querier, keys []string) (map[string]governance.Reference, error) {
	parsed := make(map[string]personKey, len(keys))
	var plain []string
	values := map[governance.Lookup][]string{}
	for _, k := range keys {
		p := parsePersonKey(k)
		parsed[k] = p
		switch {
		case p.text == "":
		case p.lookup.SourceID != "":
			values[p.lookup] = append(values[p.lookup], p.text)
		default:
			plain = append(plain, p.text)
		}
	}
	c := electorate{}
	if err := c.read(ctx, q, plain, values); err != nil {
		return nil, fmt.Errorf("look up people: %w", err)
	}
	found := make(map[string]governance.Reference, len(keys))
	for k, p := range parsed {
		if person, ok := c.elect(p); ok {
			found[k] = person
		}
	}
	return found, nil
}

// electorate holds candidates by what they fit.
type electorate map[suit]*nominee

type suit struct {
	rank   int
	lookup governance.Lookup
	text   string
}

type nominee struct {
	governance.Reference
	several bool
}

func (c electorate) read(ctx context.Context, q querier, plain []string, values map[governance.Lookup][]string) error {
	rows, err := manyByKeys(ctx, q, candidates, unique(plain), scanCandidate)
	if err != nil {
		return err
	}
	c.add(governance.Lookup{}, rows)
	for lookup, texts := range values {
		rows, err := accountCandidates(ctx, q, lookup, unique(texts))
		if err != nil {
			return err
		}
		c.add(lookup, rows)
	}
	return nil
}

func (c electorate) add(lookup governance.Lookup, rows []candidate) {
	for _, r := range rows {
		s := suit{r.rank, lookup, r.key}
		switch known := c[s]; {
		case known == nil:
			c[s] = &nominee{Reference: r.Reference}
		case known.ID != r.ID:
			known.several = true
		}
	}
}

// elect gives who fits best. The first rank that anybody fits decides.
func (c electorate) elect(p personKey) (governance.Reference, bool) {
	for _, rank := range p.ranks {
		if n := c[suit{rank, p.lookup, p.text}]; n != nil {
			return n.Reference, !n.several
		}
	}
	return governance.Reference{}, false
}

// newKeys are the folded keys under which a person can be found now and could not before.
func newKeys(old, x *governance.Identity) []string {
	var keys []string
	for prefix, pair := range map[string][2]string{"identity.uid=": {old.UID, x.UID}, "identity.email=": {old.Email, x.Email}, "identity.name=": {old.Name, x.Name}} {
		if is := Key(pair[1]); is != "" && is != Key(pair[0]) {
			keys = append(keys, is, prefix+is)
		}
	}
	return keys
}
