package api

import (
	"context"
	"net/http"

	"midgard/internal/filter"
	"midgard/internal/governance"
	"midgard/internal/jsondoc"
)

type holdingStore interface {
	Holdings(ctx context.Context, q filter.Query) (filter.Page[governance.Holding], error)
	HoldingRules(ctx context.Context, q filter.Query) (filter.Page[governance.HoldingRule], error)
	GrantEntitlement(ctx context.Context, actor governance.Actor, entitlementID, identityID, administeredBy string) (governance.Holding, error)
	RevokeEntitlement(ctx context.Context, actor governance.Actor, entitlementID, identityID, administeredBy string) error
	GrantToGroup(ctx context.Context, actor governance.Actor, entitlementID, workgroupID, administeredBy string) (governance.HoldingRule, error)
	RevokeFromGroup(ctx context.Context, actor governance.Actor, entitlementID, workgroupID, administeredBy string) error
	CreateAccess(ctx context.Context, identityID string, q filter.Query) (filter.Page[governance.CreateAccess], error)
}

func (s *server) holdingHandlers() map[string]handler {
	return map[string]handler{
		"getMachineAccountCreateAccessInfo": s.listCreateAccess,
		"listEntitlementHoldings":           listed(s.Store.Holdings, appendHolding),
		"grantEntitlement":                  granting("identityId", s.Store.GrantEntitlement, appendHolding),
		"revokeEntitlement":                 revoking("identityId", s.Store.RevokeEntitlement),
		"listEntitlementGroups":             listed(s.Store.HoldingRules, appendHoldingRule),
		"grantEntitlementToGroup":           granting("workgroupId", s.Store.GrantToGroup, appendHoldingRule),
		"revokeEntitlementFromGroup":        revoking("workgroupId", s.Store.RevokeFromGroup),
	}
}

// listCreateAccess shows where the caller may ask for machine accounts. A client without a person may nowhere.
func (s *server) listCreateAccess(w http.ResponseWriter, r *http.Request) error {
	q, err := listQuery(r)
	if err != nil {
		return err
	}
	page, err := s.Store.CreateAccess(r.Context(), callOf(r).principal.Identity.ID, q)
	if err != nil {
		return err
	}
	return writePage(w, r, page, appendCreateAccess)
}

func appendCreateAccess(b []byte, x *governance.CreateAccess) []byte {
	b = jsondoc.AppendStringField(append(b, '{'), "sourceId", x.Source.ID)
	b = jsondoc.AppendStringField(b, "sourceName", x.Source.Name)
	b = append(jsondoc.AppendKey(b, "subtypes"), '[')
	for i := range x.Subtypes {
		subtype := &x.Subtypes[i]
		b = jsondoc.AppendStringField(append(jsondoc.AppendComma(b), '{'), "subtypeId", subtype.ID)
		b = jsondoc.AppendStringField(b, "entitlementId", subtype.Creation.EntitlementID)
		b = jsondoc.AppendStringField(b, "subtypeDisplayName", subtype.DisplayName)
		b = append(jsondoc.AppendStringField(b, "subtypeTechnicalName", subtype.TechnicalName), '}')
	}
	return append(b, "]}"...)
}

// granting makes the handler that gives the entitlement of the path to whoever else the path names.
func granting[T any](param string, grant func(ctx context.Context, actor governance.Actor, entitlementID, holderID, administeredBy string) (T, error), encode func([]byte, *T) []byte) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		x, err := grant(r.Context(), actor(r), pathID(r, "entitlementId"), pathID(r, param), administeredBy(r))
		if err != nil {
			return err
		}
		return writeOne(w, r, &x, encode)
	}
}

func revoking(param string, revoke func(ctx context.Context, actor governance.Actor, entitlementID, holderID, administeredBy string) error) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if err := revoke(r.Context(), actor(r), pathID(r, "entitlementId"), pathID(r, param), administeredBy(r)); err != nil {
			return err
		}
		return done(w, r)
	}
}

func appendHolding(b []byte, h *governance.Holding) []byte {
	b = jsondoc.AppendStringField(append(b, '{'), "id", h.Key())
	b = appendRef(b, "entitlement", typeEntitlement, h.Entitlement)
	b = appendRef(b, "identity", typeIdentity, h.Identity)
	b = appendNullableRef(b, "group", typeGroup, h.Group)
	b = jsondoc.AppendBool(b, "effective", h.Effective)
	b = jsondoc.AppendStringField(b, "grantedBy", h.GrantedBy)
	return append(jsondoc.AppendTimeField(b, "created", h.Created), '}')
}

func appendHoldingRule(b []byte, h *governance.HoldingRule) []byte {
	b = jsondoc.AppendStringField(append(b, '{'), "id", h.Key())
	b = appendRef(b, "entitlement", typeEntitlement, h.Entitlement)
	b = appendRef(b, "group", typeGroup, h.Group)
	b = jsondoc.AppendStringField(b, "grantedBy", h.GrantedBy)
	return append(jsondoc.AppendTimeField(b, "created", h.Created), '}')
}
