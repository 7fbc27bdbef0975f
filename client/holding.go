package client

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// EntitlementHoldingsPath is where the server lists who holds which of Midgard's own entitlements.
const EntitlementHoldingsPath = "/midgard/v1/entitlement-holdings"

// Holding says that a person holds an entitlement of Midgard's own, by a grant or by the rule of a governance group.
type Holding struct {
	ID          string    `json:"id"`
	Entitlement Ref       `json:"entitlement"`
	Identity    Ref       `json:"identity"`
	Group       *Ref      `json:"group"`     // nil for a grant
	Effective   bool      `json:"effective"` // false while the person is not active
	GrantedBy   string    `json:"grantedBy"`
	Created     time.Time `json:"created"`
}

// Entitlement is an entitlement as lists show it.
type Entitlement struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Attribute string `json:"attribute"`
	Value     string `json:"value"`
	Source    Ref    `json:"source"`
}

// FindEntitlement reads an entitlement by id or by its exact name. The error wraps ErrNotFound when there is none.
func (c *Client) FindEntitlement(ctx context.Context, idOrName string) (Entitlement, error) {
	filters := "name eq " + Quote(idOrName)
	if idForm.MatchString(idOrName) {
		filters = "id eq " + Quote(idOrName)
	}
	return findOne[Entitlement](ctx, c, "/v2025/entitlements", ListOptions{Filters: filters}, fmt.Sprintf("entitlement %q", idOrName))
}

// FindGroup reads a governance group by id or by its exact name. The error wraps ErrNotFound when there is none.
func (c *Client) FindGroup(ctx context.Context, idOrName string) (Ref, error) {
	filters := "name eq " + Quote(idOrName)
	if idForm.MatchString(idOrName) {
		filters = "id eq " + Quote(idOrName)
	}
	return findOne[Ref](ctx, c, "/v2025/workgroups", ListOptions{Filters: filters, PageSize: 50}, fmt.Sprintf("governance group %q", idOrName))
}

func holderPath(entitlementID, kind, id string) string {
	return "/midgard/v1/entitlements/" + url.PathEscape(entitlementID) + "/" + kind + "/" + url.PathEscape(id)
}

// GrantEntitlement gives a person an entitlement; one that the person was granted already stays as it is.
func (c *Client) GrantEntitlement(ctx context.Context, entitlementID, identityID string) (Holding, error) {
	var h Holding
	err := c.Do(ctx, http.MethodPut, holderPath(entitlementID, "holders", identityID), nil, &h)
	return h, err
}

// RevokeEntitlement takes a grant back. What the person holds by the rule of a group stays.
func (c *Client) RevokeEntitlement(ctx context.Context, entitlementID, identityID string) error {
	return c.Do(ctx, http.MethodDelete, holderPath(entitlementID, "holders", identityID), nil, nil)
}

// GrantEntitlementToGroup makes the rule that every member of a governance group holds an entitlement.
func (c *Client) GrantEntitlementToGroup(ctx context.Context, entitlementID, groupID string) error {
	return c.Do(ctx, http.MethodPut, holderPath(entitlementID, "holder-groups", groupID), nil, nil)
}

// RevokeEntitlementFromGroup takes such a rule back.
func (c *Client) RevokeEntitlementFromGroup(ctx context.Context, entitlementID, groupID string) error {
	return c.Do(ctx, http.MethodDelete, holderPath(entitlementID, "holder-groups", groupID), nil, nil)
}
