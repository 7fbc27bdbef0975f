package transform

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// AccountQuery asks for an attribute of one of the identity's accounts. At least one of SourceID, SourceName and
// ApplicationName is set.
type AccountQuery struct {
	SourceID        string // applicationId
	SourceName      string // sourceName: the source's name as people see it
	ApplicationName string // applicationName: the source's name that never changes
	Attribute       string
	SortAttribute   string // SortCreated, or a name among the account's attributes
	Descending      bool
	FirstLink       bool           // take the first account's value though it may be null
	Filter          *AccountFilter // accountFilter, or nil
	PropertyFilter  *AccountFilter // accountPropertyFilter, or nil
}

// SortCreated is the sort attribute that stands for the time at which the account was first seen.
const SortCreated = "created"

// Account is one of the accounts among which a query chooses.
type Account struct {
	NativeIdentity, DisplayName string
	HasEntitlements             bool
	Created                     time.Time
	// Attribute gives the values of an attribute, none when it is null. The first one is the value of the query.
	Attribute func(name string) []string
}

// Pick is the value of the query among the identity's accounts on its source: of those that pass both filters the first
// one's in the order that is asked for, by default the oldest one's, or the first that is not null. Accounts without the
// sort attribute come last. The slice stays as it is.
func (q *AccountQuery) Pick(accounts []Account) Value {
	passing := make([]Account, 0, len(accounts))
	for _, account := range accounts {
		if q.Filter.Matches(account.searchable) && q.PropertyFilter.Matches(account.property) {
			passing = append(passing, account)
		}
	}
	slices.SortStableFunc(passing, q.order)
	for _, account := range passing {
		if values := account.Attribute(q.Attribute); len(values) > 0 {
			return Text(values[0])
		}
		if q.FirstLink {
			break
		}
	}
	return Null()
}

func (q *AccountQuery) order(a, b Account) int {
	order := 0
	if q.SortAttribute == SortCreated || q.SortAttribute == "" {
		order = a.Created.Compare(b.Created)
	} else {
		left, right := a.Attribute(q.SortAttribute), b.Attribute(q.SortAttribute)
		if len(left) == 0 || len(right) == 0 {
			return cmp.Compare(len(right), len(left))
		}
		order = compareTexts(left[0], right[0])
	}
	if q.Descending {
		return -order
	}
	return order
}

// searchable gives what accountFilter may ask for.
func (a Account) searchable(name string) []string {
	switch name {
	case "nativeIdentity":
		return []string{a.NativeIdentity}
	case "displayName":
		return []string{a.DisplayName}
	case "entitlements":
		if a.HasEntitlements {
			return []string{"true"}
		}
		return []string{"false"}
	}
	return nil
}

// searchableNames are the names that accountFilter may use.
var searchableNames = []string{"nativeIdentity", "displayName", "entitlements"}

// property gives an attribute of the account, or else what every account has.
func (a Account) property(name string) []string {
	if values := a.Attribute(name); len(values) > 0 {
		return values
	}
	return a.searchable(name)
}

type accountAttribute struct{ query AccountQuery }

func buildAccountAttribute(a *attributes) operation {
	query := AccountQuery{
		SourceID: a.textOr("applicationId", ""), SourceName: a.textOr("sourceName", ""), ApplicationName: a.textOr("applicationName", ""),
		Attribute: a.text("attributeName"), SortAttribute: a.textOr("accountSortAttribute", SortCreated),
		Descending: a.boolean("accountSortDescending", false), FirstLink: a.boolean("accountReturnFirstLink", false),
		Filter: a.accountFilter("accountFilter", searchableNames), PropertyFilter: a.accountFilter("accountPropertyFilter", nil),
	}
	if query.SourceID == "" && query.SourceName == "" && query.ApplicationName == "" {
		a.wrong(missing(a.field("sourceName")))
	}
	a.c.needs.addAccount(query)
	return &accountAttribute{query}
}

// accountFilter reads a filter; names limits what it may ask for, nil does not.
func (a *attributes) accountFilter(name string, names []string) *AccountFilter {
	if !a.has(name) {
		return nil
	}
	text := a.text(name)
	if a.err != nil {
		return nil
	}
	f, err := newAccountFilter(text)
	if err != nil {
		a.illegal(name, "%v", err)
		return nil
	}
	for _, used := range f.names {
		if names != nil && !slices.Contains(names, used) {
			a.illegal(name, "%s cannot be searched for, only %s; accountPropertyFilter takes any attribute", shown(Text(used)), strings.Join(names, ", "))
		}
	}
	return f
}

func (t *accountAttribute) apply(r *run, _ Value) (Value, error) {
	if r.AccountAttribute == nil {
		return Null(), notOffered("an attribute of an account")
	}
	value, err := r.AccountAttribute(t.query)
	if err != nil {
		return Null(), fmt.Errorf("look up attribute %q of an account: %w", t.query.Attribute, err)
	}
	return value, nil
}

type identityAttribute struct{ name string }

func buildIdentityAttribute(a *attributes) operation {
	name := a.text("name")
	a.c.needs.addIdentityAttribute(name)
	return identityAttribute{name}
}

func (t identityAttribute) apply(r *run, _ Value) (Value, error) { return r.identityAttribute(t.name) }

func (r *run) identityAttribute(name string) (Value, error) {
	if r.IdentityAttribute == nil {
		return Null(), notOffered("an attribute of an identity")
	}
	value, err := r.IdentityAttribute(name)
	if err != nil {
		return Null(), fmt.Errorf("look up attribute %q of the identity: %w", name, err)
	}
	return value, nil
}

func (n *needs) addIdentityAttribute(name string) {
	if !slices.Contains(n.identityAttributes, name) {
		n.identityAttributes = append(n.identityAttributes, name)
	}
}

// addAccount keeps queries that differ. Those with filters are not compared: each is its own.
func (n *needs) addAccount(query AccountQuery) {
	if !slices.Contains(n.accounts, query) {
		n.accounts = append(n.accounts, query)
	}
}
