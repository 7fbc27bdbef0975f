package auth

import (
	"context"
	"log/slog"
	"time"

	"midgard/internal/governance"
)

// shortSecret is the length below which a secret that an operator chose is worth a warning.
const shortSecret = 16

// Bootstrap gives an empty organisation its administrator, who may do everything, and a personal access token for them
// with the client id and secret; what is empty is made. It reports what the token is, and false when there are people
// already: then nothing happens, and the id and secret are empty.
func (s *Service) Bootstrap(ctx context.Context, clientID, secret string) (id, clientSecret string, created bool, err error) {
	now := s.Now().UTC().Truncate(time.Millisecond)
	admin := governance.Identity{
		ID: newID(), UID: "admin", Name: "Administrator", State: governance.StateActive, LifecycleState: "active",
		Protected: true, Created: now, Modified: now,
	}
	token := governance.AccessToken{
		ID: clientID, Name: "First administrator", Owner: governance.Reference{ID: admin.ID, Name: admin.Name},
		Scope: []string{governance.ScopeAll}, NeverExpires: true, Created: now,
	}
	if token.ID == "" {
		token.ID = newID()
	}
	chosen := secret != ""
	token.SecretHash = hashSecret(secret)
	if !chosen {
		secret, token.SecretHash = newSecret()
	}
	created, err = s.Store.Bootstrap(ctx, governance.Server("empty organisation", ""), admin, []string{governance.LevelOrgAdmin}, token)
	if err != nil || !created {
		return "", "", false, err
	}
	s.Recheck()
	if chosen && len(secret) < shortSecret {
		s.Log.WarnContext(ctx, "the secret of the first administrator is short and may be guessed", slog.Int("at_least", shortSecret))
	}
	return token.ID, secret, true, nil
}
