package governance

import (
	"slices"
	"strings"
)

// Levels beyond those of client.go which the rules below name. LevelApprovalOwner is a pseudo-level: any person may ask,
// and sees what waits for them.
const (
	LevelRoleAdmin     = "ROLE_ADMIN"
	LevelRoleSubadmin  = "ROLE_SUBADMIN"
	LevelApprovalOwner = "APPROVAL_OWNER"
)

// ScopeDefault is the scope that every token holds.
const ScopeDefault = "sp:scopes:default"

// User is a person with what the person may do here.
type User struct {
	ID        string // of the identity
	UID       string
	Name      string
	FirstName string
	LastName  string
	Email     string
	Levels    []string // as granted: never USER, which everybody has
}

// grantable are the levels that the contract lists for a user, in its order.
var grantable = []string{
	"CERT_ADMIN", "CLOUD_GOV_ADMIN", "CLOUD_GOV_USER", LevelHelpdesk, "INTERNAL", LevelOrgAdmin, "POLICY_ADMIN", "REPORT_ADMIN",
	LevelRoleAdmin, LevelRoleSubadmin, "SAAS_MANAGEMENT_ADMIN", "SAAS_MANAGEMENT_READER", LevelSourceAdmin, LevelSourceSubadmin,
	"das:ui-administrator", "das:ui-compliance_manager", "das:ui-auditor", "das:ui-data-scope", "sp:aic-dashboard-read",
	"sp:aic-dashboard-write", "sp:ui-config-hub-admin", "sp:ui-config-hub-backup-admin", "sp:ui-config-hub-read",
}

// forbiddenPairs are levels that nobody may have together.
var forbiddenPairs = [][2]string{
	{LevelRoleAdmin, LevelSourceSubadmin},
	{LevelRoleSubadmin, LevelSourceAdmin},
	{LevelRoleSubadmin, LevelRoleAdmin},
	{LevelSourceSubadmin, LevelSourceAdmin},
}

// CheckLevels says whether a person may have these levels, and gives them sorted and each once. The error names the field
// capabilities.
func CheckLevels(levels []string) ([]string, error) {
	for _, level := range levels {
		if !slices.Contains(grantable, level) {
			return nil, Fail(Illegal, "capabilities", "%q is not a user level that can be granted; there are %s.", level, strings.Join(grantable, ", "))
		}
	}
	for _, pair := range forbiddenPairs {
		if slices.Contains(levels, pair[0]) && slices.Contains(levels, pair[1]) {
			return nil, Fail(Illegal, "capabilities", "A person cannot be %s and %s at once.", pair[0], pair[1])
		}
	}
	sorted := slices.Clone(levels)
	slices.Sort(sorted)
	return slices.Compact(sorted), nil
}

// CheckGrant says whether a caller may give a person these levels in place of the former ones: nobody may add to their
// own.
func CheckGrant(callerID string, user User, levels []string) error {
	if callerID == "" || callerID != user.ID {
		return nil
	}
	for _, level := range levels {
		if !slices.Contains(user.Levels, level) {
			return Fail(Forbidden, "", "Nobody can grant user levels to themselves: %s has to be granted by another administrator.", level)
		}
	}
	return nil
}
