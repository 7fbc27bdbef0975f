package api

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"midgard/internal/filter"
	"midgard/internal/governance"
	"midgard/internal/jsondoc"
)

type schemaStore interface {
	Schemas(ctx context.Context, sourceID string) ([]governance.Schema, error)
	Schema(ctx context.Context, sourceID, id string) (governance.Schema, error)
	CreateSchema(ctx context.Context, actor governance.Actor, sourceID string, schema governance.Schema) (governance.Schema, error)
	UpdateSchema(ctx context.Context, actor governance.Actor, sourceID, id string, change func(*governance.Schema) error) (governance.Schema, error)
	DeleteSchema(ctx context.Context, actor governance.Actor, sourceID, id string) error
}

func (s *server) sourceSchemaHandlers() map[string]handler {
	return map[string]handler{
		"getSourceSchemas":   s.listSchemas,
		"createSourceSchema": s.createSchema,
		"getSourceSchema":    s.getSchema,
		"putSourceSchema":    s.putSchema,
		"updateSourceSchema": s.updateSchema,
		"deleteSourceSchema": s.deleteSchema,
	}
}

// accountSchemaName is the name of the schema of users; all others describe groups of some kind.
const accountSchemaName = "account"

// listSchemas narrows the schemas by include-types (group: all but accounts, user: accounts) and include-names, a list
// with commas.
func (s *server) listSchemas(w http.ResponseWriter, r *http.Request) error {
	src, err := s.sourceIn(r, "sourceId")
	if err != nil {
		return err
	}
	params, err := parameters(r)
	if err != nil {
		return err
	}
	kind := params.Get("include-types")
	all, err := s.Store.Schemas(r.Context(), src.ID)
	if err != nil {
		return err
	}
	names := listOf(params.Get("include-names"))
	all = slices.DeleteFunc(all, func(x governance.Schema) bool {
		return kind != "" && (kind == "user") != (x.Name == accountSchemaName) || len(names) > 0 && !slices.Contains(names, x.Name)
	})
	return writePage(w, r, filter.Page[governance.Schema]{Items: all, Total: -1}, appendSchema)
}

// listOf reads a list with commas.
func listOf(text string) []string {
	var list []string
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			list = append(list, part)
		}
	}
	return list
}

// schemaForm is what clients may write of a schema, and what a JSON Patch sees of it.
type schemaForm struct {
	NativeObjectType   string          `json:"nativeObjectType"`
	IdentityAttribute  string          `json:"identityAttribute"`
	DisplayAttribute   string          `json:"displayAttribute"`
	HierarchyAttribute *string         `json:"hierarchyAttribute"`
	IncludePermissions bool            `json:"includePermissions"`
	Features           []string        `json:"features"`
	Configuration      json.RawMessage `json:"configuration"`
	Attributes         []attributeForm `json:"attributes"`
}

var schemaPatchable = patchable{
	"nativeObjectType", "identityAttribute", "displayAttribute", "hierarchyAttribute", "includePermissions", "features", "configuration", "attributes",
}

type attributeForm struct {
	Name          string   `json:"name"`
	NativeName    *string  `json:"nativeName"`
	Type          string   `json:"type"`
	Schema        *refBody `json:"schema"`
	Description   string   `json:"description"`
	IsMulti       bool     `json:"isMulti"`
	IsEntitlement bool     `json:"isEntitlement"`
	IsGroup       bool     `json:"isGroup"`
}

// schemaBody is a schema as create and put read it.
type schemaBody struct {
	schemaForm
	ID   *string `json:"id"`
	Name *string `json:"name"`
}

// write puts the form into a schema of a source whose schemas are known: an attribute may refer to one of them.
func (f *schemaForm) write(x *governance.Schema, known []governance.Schema) error {
	if err := checkMaps(map[string]json.RawMessage{"configuration": f.Configuration}); err != nil {
		return err
	}
	x.NativeObjectType, x.IdentityAttribute, x.DisplayAttribute = f.NativeObjectType, f.IdentityAttribute, f.DisplayAttribute
	x.HierarchyAttribute, x.IncludePermissions = textOf(f.HierarchyAttribute), f.IncludePermissions
	x.Features, x.Configuration = f.Features, mapOf(f.Configuration)
	x.Attributes = make([]governance.SchemaAttribute, len(f.Attributes))
	for i := range f.Attributes {
		if err := f.Attributes[i].write(&x.Attributes[i], known); err != nil {
			return err
		}
	}
	return x.Validate()
}

func textOf(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func (f *attributeForm) write(a *governance.SchemaAttribute, known []governance.Schema) error {
	*a = governance.SchemaAttribute{
		Name: f.Name, NativeName: textOf(f.NativeName), Type: f.Type, Description: f.Description,
		IsMulti: f.IsMulti, IsEntitlement: f.IsEntitlement, IsGroup: f.IsGroup,
	}
	if a.Type == "" {
		a.Type = "STRING"
	}
	ref, err := referenceOf(f.Schema, "attributes.schema", typeSchema)
	if err != nil || !ref.Set() {
		return err
	}
	i := slices.IndexFunc(known, func(x governance.Schema) bool { return x.ID == ref.ID })
	if i < 0 {
		return governance.Fail(governance.UnknownRef, "attributes.schema", "Referenced schema with id %q of attribute %q was not found on the source.", ref.ID, f.Name)
	}
	a.Schema, err = json.Marshal(keptRef{typeSchema, ref.ID, known[i].Name})
	return err
}

func schemaFormOf(x *governance.Schema) schemaForm {
	f := schemaForm{
		NativeObjectType: x.NativeObjectType, IdentityAttribute: x.IdentityAttribute, DisplayAttribute: x.DisplayAttribute,
		HierarchyAttribute: &x.HierarchyAttribute, IncludePermissions: x.IncludePermissions, Features: append([]string{}, x.Features...),
		Configuration: objectOf(x.Configuration), Attributes: make([]attributeForm, len(x.Attributes)),
	}
	for i, a := range x.Attributes {
		f.Attributes[i] = attributeForm{
			Name: a.Name, NativeName: &a.NativeName, Type: a.Type, Description: a.Description,
			IsMulti: a.IsMulti, IsEntitlement: a.IsEntitlement, IsGroup: a.IsGroup,
		}
		decodeInto(a.Schema, &f.Attributes[i].Schema)
	}
	return f
}

func (s *server) createSchema(w http.ResponseWriter, r *http.Request) error {
	src, known, err := s.schemasIn(r)
	if err != nil {
		return err
	}
	body, err := decode[schemaBody](w, r)
	if err != nil {
		return err
	}
	x := governance.Schema{Name: textOf(body.Name)}
	if err := body.write(&x, known); err != nil {
		return err
	}
	if x, err = s.Store.CreateSchema(r.Context(), actor(r), src.ID, x); err != nil {
		return err
	}
	return writeOne(w, r, &x, appendSchema)
}

// schemasIn reads the source that the path names, with its schemas.
func (s *server) schemasIn(r *http.Request) (governance.Source, []governance.Schema, error) {
	src, err := s.sourceIn(r, "sourceId")
	if err != nil {
		return src, nil, err
	}
	known, err := s.Store.Schemas(r.Context(), src.ID)
	return src, known, err
}

func (s *server) getSchema(w http.ResponseWriter, r *http.Request) error {
	src, err := s.sourceIn(r, "sourceId")
	if err != nil {
		return err
	}
	x, err := s.Store.Schema(r.Context(), src.ID, pathID(r, "schemaId"))
	if err != nil {
		return err
	}
	return writeOne(w, r, &x, appendSchema)
}

func (s *server) putSchema(w http.ResponseWriter, r *http.Request) error {
	body, wrong := decode[schemaBody](w, r)
	return s.changeSchema(w, r, func(x *governance.Schema, known []governance.Schema) error {
		if wrong != nil { // told only now: whether there is such a schema comes first
			return wrong
		}
		if body.ID != nil {
			x.ID = filter.NormalizeID(*body.ID)
		}
		if body.Name != nil {
			x.Name = *body.Name
		}
		return body.write(x, known)
	})
}

func (s *server) updateSchema(w http.ResponseWriter, r *http.Request) error {
	apply := patch[schemaForm](w, r, schemaPatchable)
	return s.changeSchema(w, r, func(x *governance.Schema, known []governance.Schema) error {
		form, _, err := apply(schemaFormOf(x))
		if err != nil {
			return err
		}
		return form.write(x, known)
	})
}

func (s *server) changeSchema(w http.ResponseWriter, r *http.Request, change func(x *governance.Schema, known []governance.Schema) error) error {
	src, known, err := s.schemasIn(r)
	if err != nil {
		return err
	}
	x, err := s.Store.UpdateSchema(r.Context(), actor(r), src.ID, pathID(r, "schemaId"), func(x *governance.Schema) error {
		old := *x
		if err := change(x, known); err != nil {
			return err
		}
		return x.CheckUnchanged(&old)
	})
	if err != nil {
		return err
	}
	return writeOne(w, r, &x, appendSchema)
}

func (s *server) deleteSchema(w http.ResponseWriter, r *http.Request) error {
	src, err := s.sourceIn(r, "sourceId")
	if err != nil {
		return err
	}
	if err := s.Store.DeleteSchema(r.Context(), actor(r), src.ID, pathID(r, "schemaId")); err != nil {
		return err
	}
	return done(w, r)
}

func appendSchema(b []byte, x *governance.Schema) []byte {
	b = jsondoc.AppendStringField(append(b, '{'), "id", x.ID)
	b = jsondoc.AppendStringField(b, "name", x.Name)
	b = jsondoc.AppendStringField(b, "nativeObjectType", x.NativeObjectType)
	b = jsondoc.AppendStringField(b, "identityAttribute", x.IdentityAttribute)
	b = jsondoc.AppendStringField(b, "displayAttribute", x.DisplayAttribute)
	b = jsondoc.AppendNullableString(b, "hierarchyAttribute", x.HierarchyAttribute)
	b = jsondoc.AppendBool(b, "includePermissions", x.IncludePermissions)
	b = appendStrings(b, "features", x.Features)
	b = appendObject(b, "configuration", x.Configuration)
	b = append(jsondoc.AppendKey(b, "attributes"), '[')
	for i := range x.Attributes {
		b = appendSchemaAttribute(jsondoc.AppendComma(b), &x.Attributes[i])
	}
	b = jsondoc.AppendTimeField(append(b, ']'), "created", x.Created)
	return append(jsondoc.AppendTimeField(b, "modified", x.Modified), '}')
}

func appendSchemaAttribute(b []byte, a *governance.SchemaAttribute) []byte {
	b = jsondoc.AppendStringField(append(b, '{'), "name", a.Name)
	b = jsondoc.AppendNullableString(b, "nativeName", a.NativeName)
	b = jsondoc.AppendStringField(b, "type", a.Type)
	b = jsondoc.AppendRaw(b, "schema", a.Schema)
	b = jsondoc.AppendStringField(b, "description", a.Description)
	b = jsondoc.AppendBool(b, "isMulti", a.IsMulti)
	b = jsondoc.AppendBool(b, "isEntitlement", a.IsEntitlement)
	return append(jsondoc.AppendBool(b, "isGroup", a.IsGroup), '}')
}
