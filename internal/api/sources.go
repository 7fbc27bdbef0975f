package api

import (
	"context"
	"net/http"
	"net/url"

	"midgard/internal/filter"
	"midgard/internal/governance"
	"midgard/internal/jsondoc"
)

type sourceStore interface {
	Source(ctx context.Context, id, administeredBy string) (governance.Source, error)
	Sources(ctx context.Context, q filter.Query) (filter.Page[governance.Source], error)
	DeleteSource(ctx context.Context, actor governance.Actor, id, administeredBy string) (governance.Task, error)
	KeepUpload(ctx context.Context, actor governance.Actor, sourceID, id string) error
	schemaStore
}

type sourceUseCases interface {
	CreateSource(ctx context.Context, actor governance.Actor, draft governance.Source, csv bool) (governance.Source, error)
	UpdateSource(ctx context.Context, actor governance.Actor, id string, change func(*governance.Source) error) (governance.Source, error)
	connectorUseCases
	scheduleUseCases
}

func (s *server) sourceHandlers() map[string]handler {
	return map[string]handler{
		"listSources":     s.listSources,
		"createSource":    s.createSource,
		"getSource":       s.getSource,
		"putSource":       s.putSource,
		"updateSource":    s.updateSource,
		"deleteSource":    s.deleteSource,
		"getSourceHealth": s.getSourceHealth,
	}
}

// sourceIn reads the source that the path names, as far as the caller may see it.
func (s *server) sourceIn(r *http.Request, param string) (governance.Source, error) {
	return s.Store.Source(r.Context(), pathID(r, param), administeredBy(r))
}

// listSources accepts includeIDNSource, the switch for a built-in source that is not here.
func (s *server) listSources(w http.ResponseWriter, r *http.Request) error {
	q, err := listQuery(r)
	if err != nil {
		return err
	}
	if q.AdministeredBy, err = forSubadmin(r, r.URL.Query()); err != nil {
		return err
	}
	page, err := s.Store.Sources(r.Context(), q)
	if err != nil {
		return err
	}
	return writePage(w, r, page, appendSource)
}

// forSubadmin narrows a list to what one sub-administrator sees: the caller ("me") or, for those who see all, anybody.
func forSubadmin(r *http.Request, params url.Values) (string, error) {
	caller := callOf(r).principal.Identity.ID
	person := filter.NormalizeID(storable(params.Get("for-subadmin")))
	switch {
	case person == "":
		return administeredBy(r), nil
	case person == "me" && caller == "":
		return "", governance.Fail(governance.Illegal, "for-subadmin", "Illegal value \"me\" for field \"for-subadmin\": the caller is no person.")
	case person == "me":
		return caller, nil
	case administeredBy(r) != "" && person != caller:
		return "", governance.Fail(governance.Forbidden, "", "The server understood the request but refuses to authorize it. A sub-administrator sees only sources of their own.")
	}
	return person, nil
}

func (s *server) createSource(w http.ResponseWriter, r *http.Request) error {
	csv, err := flag(r.URL.Query(), "provisionAsCsv")
	if err != nil {
		return err
	}
	body, err := decode[sourceBody](w, r)
	if err != nil {
		return err
	}
	draft, err := body.draft()
	if err != nil {
		return err
	}
	created, err := s.Use.CreateSource(r.Context(), actor(r), draft, csv)
	if err != nil {
		return err
	}
	return writeOne(w, r, &created, appendSource)
}

func (s *server) getSource(w http.ResponseWriter, r *http.Request) error {
	src, err := s.sourceIn(r, "id")
	if err != nil {
		return err
	}
	return writeOne(w, r, &src, appendSource)
}

// putSource replaces everything that can be changed; what the body leaves out gets its default. Secrets that it leaves
// out stay.
func (s *server) putSource(w http.ResponseWriter, r *http.Request) error {
	src, err := s.sourceIn(r, "id")
	if err != nil {
		return err
	}
	body, err := decode[sourceBody](w, r)
	if err != nil {
		return err
	}
	return s.changeSource(w, r, src.ID, body.replace)
}

func (s *server) updateSource(w http.ResponseWriter, r *http.Request) error {
	src, err := s.sourceIn(r, "id")
	if err != nil {
		return err
	}
	ops, _, err := readPatch(w, r, sourcePatchable)
	if err != nil {
		return err
	}
	return s.changeSource(w, r, src.ID, func(src *governance.Source) error {
		form, err := applyPatch(ops, sourceFormOf(src))
		if err != nil {
			return err
		}
		if form.ConnectorAttributes, err = forgetRemoved(ops, src, form.ConnectorAttributes); err != nil {
			return err
		}
		return form.write(src)
	})
}

func (s *server) changeSource(w http.ResponseWriter, r *http.Request, id string, change func(*governance.Source) error) error {
	src, err := s.Use.UpdateSource(r.Context(), actor(r), id, change)
	if err != nil {
		return err
	}
	return writeOne(w, r, &src, appendSource)
}

func (s *server) deleteSource(w http.ResponseWriter, r *http.Request) error {
	task, err := s.Store.DeleteSource(r.Context(), actor(r), pathID(r, "id"), administeredBy(r))
	if err != nil {
		return err
	}
	return ok(w, r, refBody{typeTask, task.ID, task.Name})
}

// getSourceHealth tells how the source was found last; nothing is asked of it now.
func (s *server) getSourceHealth(w http.ResponseWriter, r *http.Request) error {
	src, err := s.sourceIn(r, "sourceId")
	if err != nil {
		return err
	}
	host := ""
	if address, err := url.Parse(s.PublicURL); err == nil {
		host = address.Hostname()
	}
	return ok(w, r, object{
		"id": src.ID, "type": src.Type, "name": src.Name, "org": s.Organization, "isAuthoritative": src.Authoritative, "isCluster": false,
		"hostname": host, "pod": "", "iqServiceVersion": nil, "status": src.Status,
	})
}

func appendSource(b []byte, s *governance.Source) []byte {
	b = jsondoc.AppendStringField(append(b, '{'), "id", s.ID)
	b = jsondoc.AppendStringField(b, "name", s.Name)
	b = jsondoc.AppendStringField(b, "description", s.Description)
	b = appendNullableRef(b, "owner", typeIdentity, s.Owner)
	b = jsondoc.AppendRaw(b, "cluster", s.Refs.Cluster)
	b = jsondoc.AppendRaw(b, "accountCorrelationConfig", s.Refs.AccountCorrelationConfig)
	b = jsondoc.AppendRaw(b, "accountCorrelationRule", s.Refs.AccountCorrelationRule)
	b = jsondoc.AppendRaw(b, "managerCorrelationMapping", s.Refs.ManagerCorrelationMapping)
	b = jsondoc.AppendRaw(b, "managerCorrelationRule", s.Refs.ManagerCorrelationRule)
	b = jsondoc.AppendRaw(b, "beforeProvisioningRule", s.Refs.BeforeProvisioningRule)
	b = appendSchemaRefs(b, s.Schemas)
	b = jsondoc.AppendRaw(b, "passwordPolicies", s.Refs.PasswordPolicies)
	b = appendConnector(appendStrings(b, "features", s.Features), s)
	b = jsondoc.AppendInt(b, "deleteThreshold", int64(s.DeleteThreshold))
	b = jsondoc.AppendBool(b, "authoritative", s.Authoritative)
	b = appendNullableRef(b, "managementWorkgroup", typeGroup, s.ManagementWorkgroup)
	b = jsondoc.AppendBool(b, "healthy", s.Healthy)
	b = jsondoc.AppendStringField(b, "status", s.Status)
	b = jsondoc.AppendTimeField(b, "since", s.Since)
	b = jsondoc.AppendTimeField(b, "created", s.Created)
	b = jsondoc.AppendTimeField(b, "modified", s.Modified)
	b = jsondoc.AppendBool(b, "credentialProviderEnabled", s.Refs.CredentialProviderEnabled)
	return append(jsondoc.AppendNullableString(b, "category", s.Category), '}')
}

func appendSchemaRefs(b []byte, schemas []governance.Reference) []byte {
	b = append(jsondoc.AppendKey(b, "schemas"), '[')
	for _, ref := range schemas {
		b = appendBareRef(jsondoc.AppendComma(b), typeSchema, ref)
	}
	return append(b, ']')
}

// appendConnector writes the connector under all the names that the contract has for it: there is one implementation of
// each, so they are the same.
func appendConnector(b []byte, s *governance.Source) []byte {
	b = jsondoc.AppendStringField(b, "type", s.Type)
	b = jsondoc.AppendStringField(b, "connector", s.Connector)
	b = jsondoc.AppendStringField(b, "connectorClass", s.ConnectorClass)
	b = appendObject(b, "connectorAttributes", s.ConnectorAttributes)
	b = jsondoc.AppendStringField(b, "connectorId", s.Connector)
	b = jsondoc.AppendStringField(b, "connectorName", s.Connector)
	b = jsondoc.AppendStringField(b, "connectionType", s.ConnectionType)
	return jsondoc.AppendStringField(b, "connectorImplementationId", s.Connector)
}
