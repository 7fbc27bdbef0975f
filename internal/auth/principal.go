package auth

import (
	"slices"
	"strings"

	"midgard/internal/governance"
)

// Principal is an authenticated caller. Its slices are shared and must not be changed.
type Principal struct {
	ClientID string
	Name     string               // the person's or the application's
	Identity governance.Reference // the person; not set for an application
	UID      string
	Levels   []string // of a person, USER among them; none for an application
	Scopes   []string // never empty
}

// refused is the contract's text of a 403.
const refused = "The server understood the request but refuses to authorize it."

// Allow says whether the caller may do what demands one of the scopes and one of the user levels. It is nil, or a
// Forbidden error that names what is missing.
//
// No scope listed means that any token will do; sp:scopes:all holds every scope, and every token holds sp:scopes:default.
// The level "Any" and APPROVAL_OWNER admit every person. An application, which has no person and so no level, is admitted
// where application says so or the level API is listed. No level listed admits nobody: it would be a gap in the table.
func (p Principal) Allow(scopes, levels []string, application bool) error {
	if len(scopes) > 0 && !p.Holds(scopes...) {
		return governance.Fail(governance.Forbidden, "", "%s The access token needs one of the scopes %s.", refused, strings.Join(scopes, ", "))
	}
	if !p.Identity.Set() {
		if application || slices.Contains(levels, governance.LevelAPI) {
			return nil
		}
		return governance.Fail(governance.Forbidden, "", "%s It is for persons: use a personal access token instead of an OAuth client.", refused)
	}
	for _, level := range levels {
		if level == governance.LevelAny || level == governance.LevelApprovalOwner || p.Is(level) {
			return nil
		}
	}
	return governance.Fail(governance.Forbidden, "", "%s It needs one of the user levels %s.", refused, strings.Join(levels, ", "))
}

// Holds reports whether the token has one of the scopes.
func (p Principal) Holds(scopes ...string) bool {
	for _, held := range p.Scopes {
		if held == governance.ScopeAll || slices.Contains(scopes, held) {
			return true
		}
	}
	return slices.Contains(scopes, governance.ScopeDefault)
}

// Is reports whether the person has the user level.
func (p Principal) Is(level string) bool { return slices.Contains(p.Levels, level) }

// Subadmin reports whether the caller sees the rows of their own sources only: a source sub-administrator with no level
// that reaches further.
func (p Principal) Subadmin() bool {
	return p.Is(governance.LevelSourceSubadmin) && !p.Is(governance.LevelSourceAdmin) && !p.Is(governance.LevelOrgAdmin)
}

// Actor is the caller as change records name them.
func (p Principal) Actor(trackingID string) governance.Actor {
	return governance.Actor{IdentityID: p.Identity.ID, Name: p.Name, ClientID: p.ClientID, TrackingID: trackingID}
}

// principalOf is the caller with the scopes that both the token and the credential have: a right that was taken from the
// credential is gone, and one that was added needs a new token.
func principalOf(c governance.Caller, scopes []string) Principal {
	p := Principal{ClientID: c.ClientID, Name: c.Name, Identity: c.Identity, UID: c.UID, Scopes: narrow(scopes, c.Scope)}
	if c.Identity.Set() {
		p.Levels = levelsOf(c)
	}
	return p
}

func levelsOf(c governance.Caller) []string {
	if !c.Identity.Set() {
		return []string{governance.LevelAPI}
	}
	return append(slices.Clone(c.Levels), governance.LevelUser)
}

// narrow gives the scopes of want that have holds as well. An empty list stands for sp:scopes:all on either side. Where
// nothing is left, sp:scopes:default is: an empty result would mean everything.
func narrow(want, have []string) []string {
	if everything(have) {
		have = []string{governance.ScopeAll}
		if everything(want) {
			return have
		}
		return want
	}
	if everything(want) {
		return have
	}
	var both []string
	for _, scope := range want {
		if slices.Contains(have, scope) {
			both = append(both, scope)
		}
	}
	if len(both) == 0 {
		return []string{governance.ScopeDefault}
	}
	return both
}

func everything(scopes []string) bool {
	return len(scopes) == 0 || slices.Contains(scopes, governance.ScopeAll)
}
