package api

import (
	"context"
	"net/http"

	"midgard/internal/governance"
	"midgard/internal/jsondoc"
)

type authUserStore interface {
	User(ctx context.Context, identityID string) (governance.User, error)
}

func (s *server) authUserHandlers() map[string]handler {
	return map[string]handler{
		"getAuthUser":   s.getAuthUser,
		"patchAuthUser": s.patchAuthUser,
	}
}

func (s *server) getAuthUser(w http.ResponseWriter, r *http.Request) error {
	user, err := s.Store.User(r.Context(), pathID(r, "id"))
	if err != nil {
		return err
	}
	return writeOne(w, r, &user, s.appendAuthUser)
}

// appendAuthUser writes a person with their user levels. Nobody signs in to Midgard with a password, so what the contract
// says about signing in is null, and its two times that cannot be null are left out.
func (s *server) appendAuthUser(b []byte, u *governance.User) []byte {
	b = jsondoc.AppendStringField(append(b, '{'), "tenant", s.Organization)
	b = jsondoc.AppendStringField(b, "id", u.ID)
	b = jsondoc.AppendStringField(b, "uid", u.UID)
	b = jsondoc.AppendStringField(b, "profile", u.ID)
	b = jsondoc.AppendRaw(b, "identificationNumber", nil)
	b = jsondoc.AppendNullableString(b, "email", u.Email)
	b = jsondoc.AppendRaw(b, "phone", nil)
	b = jsondoc.AppendRaw(b, "workPhone", nil)
	b = jsondoc.AppendRaw(b, "personalEmail", nil)
	b = jsondoc.AppendNullableString(b, "firstname", u.FirstName)
	b = jsondoc.AppendNullableString(b, "lastname", u.LastName)
	b = jsondoc.AppendStringField(b, "displayName", u.Name)
	b = jsondoc.AppendStringField(b, "alias", u.UID)
	b = jsondoc.AppendRaw(b, "lastPasswordChangeDate", nil)
	b = jsondoc.AppendRaw(b, "lastUnlockTimestamp", nil)
	return append(appendStrings(b, "capabilities", u.Levels), '}')
}

// authUserForm is what a JSON Patch sees of a person: user levels come from here, everything else from the source.
type authUserForm struct {
	Capabilities []string `json:"capabilities"`
}

func (s *server) patchAuthUser(w http.ResponseWriter, r *http.Request) error {
	apply := patch[authUserForm](w, r, patchable{"capabilities"})
	c := callOf(r)
	user, err := s.Auth.UpdateUser(r.Context(), c.principal, c.trackingID, pathID(r, "id"), func(u *governance.User) error {
		form, _, err := apply(authUserForm{u.Levels})
		if err != nil {
			return err
		}
		u.Levels = form.Capabilities
		return nil
	})
	if err != nil {
		return err
	}
	return writeOne(w, r, &user, s.appendAuthUser)
}
