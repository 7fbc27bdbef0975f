package api

import (
	"context"
	"errors"
	"net/http"

	"midgard/internal/filter"
	"midgard/internal/governance"
	"midgard/internal/jsondoc"
)

type identityStore interface {
	Identities(ctx context.Context, q filter.Query) (filter.Page[governance.Identity], error)
	Identity(ctx context.Context, id string) (governance.Identity, error)
	DeleteIdentity(ctx context.Context, actor governance.Actor, id string) error
}

func (s *server) identityHandlers() map[string]handler {
	return map[string]handler{
		// defaultFilter makes no difference: there are no people here but correlated ones
		"listIdentities":      listed(s.Store.Identities, appendIdentity),
		"getIdentity":         shown("id", s.Store.Identity, appendIdentity),
		"deleteIdentity":      s.deleteIdentity,
		"getPublicIdentities": s.listPublicIdentities,
	}
}

// deleteIdentity has an answer of its own for a person who still owns sources: the contract lists them.
func (s *server) deleteIdentity(w http.ResponseWriter, r *http.Request) error {
	err := s.Store.DeleteIdentity(r.Context(), actor(r), pathID(r, "id"))
	var held *governance.HeldError
	if errors.As(err, &held) {
		respond(w, r, http.StatusBadRequest, appendAssociations(nil, held))
		return nil
	}
	if err != nil {
		return err
	}
	return done(w, r)
}

// appendAssociations writes the contract's IdentityAssociations. Holders of one kind follow one another.
func appendAssociations(b []byte, held *governance.HeldError) []byte {
	b = jsondoc.AppendStringField(append(b, '{'), "message", held.Text)
	b = append(jsondoc.AppendKey(b, "associationDetails"), '[')
	for i, h := range held.Holders {
		if i == 0 || h.Association != held.Holders[i-1].Association {
			if i > 0 {
				b = append(b, "]},"...)
			}
			b = jsondoc.AppendStringField(append(b, '{'), "associationType", h.Association)
			b = append(jsondoc.AppendKey(b, "entities"), '[')
		}
		b = append(jsondoc.AppendComma(b), `{"identityEntity":{`...)
		b = jsondoc.AppendStringField(b, "id", h.ID)
		b = jsondoc.AppendStringField(b, "name", h.Name)
		b = append(jsondoc.AppendStringField(b, "type", h.Type), "}}"...)
	}
	return append(b, "]}]}"...)
}

// statusWords are the contract's words for a person's state: identityStatus, which filters call cloudStatus, and the
// status that everybody may see.
var statusWords = map[string]struct{ identity, public string }{
	governance.StateActive:            {"ACTIVE", "Active"},
	governance.StateInactiveShortTerm: {"DISABLED", "Disabled"},
	governance.StateInactiveLongTerm:  {"DEACTIVATED", "Deactivated"},
}

func appendIdentity(b []byte, i *governance.Identity) []byte {
	b = jsondoc.AppendStringField(append(b, '{'), "id", i.ID)
	b = jsondoc.AppendStringField(b, "name", i.Name)
	b = jsondoc.AppendTimeField(b, "created", i.Created)
	b = jsondoc.AppendTimeField(b, "modified", i.Modified)
	b = jsondoc.AppendStringField(b, "alias", i.UID)
	b = jsondoc.AppendNullableString(b, "emailAddress", i.Email)
	b = jsondoc.AppendStringField(b, "processingState", "OK")
	b = jsondoc.AppendStringField(b, "identityStatus", statusWords[i.State].identity)
	b = appendNullableRef(b, "managerRef", typeIdentity, i.Manager)
	b = jsondoc.AppendBool(b, "isManager", i.Manages)
	b = jsondoc.AppendTimeField(b, "lastRefresh", i.Modified)
	b = appendIdentityAttributes(b, i)
	return append(appendLifecycle(b, i.LifecycleState), '}')
}

// appendIdentityAttributes writes the attributes that every person has, as far as they have a value, and then the others
// as they are kept, which are never of the same names.
func appendIdentityAttributes(b []byte, i *governance.Identity) []byte {
	b = append(jsondoc.AppendKey(b, "attributes"), '{')
	for _, pair := range [][2]string{{"uid", i.UID}, {"displayName", i.Name}, {"firstname", i.FirstName}, {"lastname", i.LastName}, {"email", i.Email}} {
		if pair[1] != "" {
			b = jsondoc.AppendStringField(b, pair[0], pair[1])
		}
	}
	if n := len(i.Attributes); n > len("{}") {
		b = append(jsondoc.AppendComma(b), i.Attributes[1:n-1]...)
	}
	return append(b, '}')
}

func appendLifecycle(b []byte, state string) []byte {
	b = jsondoc.AppendKey(b, "lifecycleState")
	if state == "" {
		return append(b, "null"...)
	}
	b = jsondoc.AppendStringField(append(b, '{'), "stateName", state)
	return append(jsondoc.AppendBool(b, "manuallyUpdated", false), '}')
}

// listPublicIdentities lists what every person may see of people. add-core-filters leaves out those whom the contract
// calls incomplete, and the administrator that Midgard itself made.
func (s *server) listPublicIdentities(w http.ResponseWriter, r *http.Request) error {
	core, err := flag(r.URL.Query(), "add-core-filters")
	if err != nil {
		return err
	}
	read := s.Store.Identities
	if core {
		read = func(ctx context.Context, q filter.Query) (filter.Page[governance.Identity], error) {
			q.Where = coreFilters(q.Where)
			return s.Store.Identities(ctx, q)
		}
	}
	return listed(read, appendPublicIdentity)(w, r)
}

func coreFilters(where filter.Expr) filter.Expr {
	terms := []filter.Expr{
		&filter.Compare{Field: "lastname", Op: filter.Pr},
		&filter.Compare{Field: "email", Op: filter.Pr},
		&filter.Compare{Field: "protected", Type: filter.Bool, Op: filter.Eq, Values: []filter.Value{{Bool: false}}},
	}
	if where != nil {
		terms = append(terms, where)
	}
	return &filter.And{Terms: terms}
}

// appendPublicIdentity writes the contract's PublicIdentity. Of the attributes only those are public by which the list can
// be filtered anyway.
func appendPublicIdentity(b []byte, i *governance.Identity) []byte {
	b = jsondoc.AppendStringField(append(b, '{'), "id", i.ID)
	b = jsondoc.AppendStringField(b, "name", i.Name)
	b = jsondoc.AppendStringField(b, "alias", i.UID)
	b = jsondoc.AppendNullableString(b, "email", i.Email)
	b = jsondoc.AppendStringField(b, "status", statusWords[i.State].public)
	b = jsondoc.AppendStringField(b, "identityState", i.State)
	b = appendNullableRef(b, "manager", typeIdentity, i.Manager)
	b = append(jsondoc.AppendKey(b, "attributes"), '[')
	for _, a := range [][3]string{{"firstname", "First Name", i.FirstName}, {"lastname", "Last Name", i.LastName}} {
		b = jsondoc.AppendStringField(append(jsondoc.AppendComma(b), '{'), "key", a[0])
		b = jsondoc.AppendStringField(b, "name", a[1])
		b = append(jsondoc.AppendNullableString(b, "value", a[2]), '}')
	}
	return append(b, "]}"...)
}
