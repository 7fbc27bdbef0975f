package api

import (
	"context"
	"net/http"

	"midgard/internal/filter"
	"midgard/internal/governance"
	"midgard/internal/jsondoc"
)

type accountStore interface {
	Accounts(ctx context.Context, q filter.Query) (filter.Page[governance.Account], error)
	Account(ctx context.Context, id, administeredBy string) (governance.Account, error)
	AccountEntitlements(ctx context.Context, accountID string, q filter.Query) (filter.Page[governance.Entitlement], error)
}

func (s *server) accountHandlers() map[string]handler {
	return map[string]handler{
		"listAccounts":           listed(s.Store.Accounts, appendAccount),
		"getAccount":             shownWithin("id", s.Store.Account, appendAccount),
		"getAccountEntitlements": s.listAccountEntitlements,
	}
}

func (s *server) listAccountEntitlements(w http.ResponseWriter, r *http.Request) error {
	a, err := s.Store.Account(r.Context(), pathID(r, "id"), administeredBy(r))
	if err != nil {
		return err
	}
	q, err := listQuery(r)
	if err != nil {
		return err
	}
	q.AdministeredBy = "" // whoever sees an account sees all that it holds
	page, err := s.Store.AccountEntitlements(r.Context(), a.ID, q)
	if err != nil {
		return err
	}
	return writePage(w, r, page, appendAccountEntitlement)
}

// appendAccount writes the contract's Account.
func appendAccount(b []byte, a *governance.Account) []byte {
	b = jsondoc.AppendStringField(append(b, '{'), "id", a.ID)
	b = jsondoc.AppendStringField(b, "name", a.Name)
	b = jsondoc.AppendTimeField(b, "created", a.Created)
	b = jsondoc.AppendTimeField(b, "modified", a.Modified)
	b = jsondoc.AppendStringField(b, "sourceId", a.Source.ID)
	b = jsondoc.AppendStringField(b, "sourceName", a.Source.Name)
	if a.Identity.Set() {
		b = jsondoc.AppendStringField(b, "identityId", a.Identity.ID)
		b = appendRef(b, "identity", typeIdentity, a.Identity)
	}
	b = jsondoc.AppendBool(b, "isMachine", a.Machine)
	b = appendObject(b, "attributes", a.ConnectorAttributes)
	b = jsondoc.AppendBool(b, "authoritative", a.Authoritative)
	b = jsondoc.AppendNullableString(b, "description", a.Description)
	b = jsondoc.AppendBool(b, "disabled", a.Disabled)
	b = jsondoc.AppendBool(b, "locked", a.Locked)
	b = jsondoc.AppendStringField(b, "nativeIdentity", a.NativeIdentity)
	b = jsondoc.AppendBool(b, "systemAccount", false)
	b = jsondoc.AppendBool(b, "uncorrelated", !a.Machine && !a.Identity.Set())
	b = jsondoc.AppendNullableString(b, "uuid", a.UUID)
	b = jsondoc.AppendBool(b, "manuallyCorrelated", a.ManuallyCorrelated)
	b = jsondoc.AppendBool(b, "hasEntitlements", a.HasEntitlements)
	b = jsondoc.AppendStringField(b, "origin", "AGGREGATED")
	return append(appendNullableRef(b, "ownerIdentity", typeIdentity, a.Owner), '}')
}
