package api

import (
	"context"
	"net/http"
	"slices"

	"midgard/internal/filter"
	"midgard/internal/governance"
	"midgard/internal/jsondoc"
)

type subtypeStore interface {
	Subtypes(ctx context.Context, q filter.Query) (filter.Page[governance.Subtype], error)
	SourceSubtypes(ctx context.Context, sourceID string, q filter.Query) (filter.Page[governance.Subtype], error)
	Subtype(ctx context.Context, id, administeredBy string) (governance.Subtype, error)
	SubtypesByID(ctx context.Context, ids []string, administeredBy string) ([]governance.Subtype, error)
	SubtypeNamed(ctx context.Context, sourceID, technicalName string) (governance.Subtype, error)
	CreateSubtype(ctx context.Context, actor governance.Actor, x governance.Subtype, administeredBy string) (governance.Subtype, error)
	UpdateSubtype(ctx context.Context, actor governance.Actor, id, administeredBy string, edit func(*governance.Subtype) error) (governance.Subtype, error)
	DeleteSubtype(ctx context.Context, actor governance.Actor, id, administeredBy string) error
	DeletionApproval(ctx context.Context, sourceID string) (governance.Approval, error)
	UpdateDeletionApproval(ctx context.Context, actor governance.Actor, source governance.Reference, edit func(*governance.Approval) error) (governance.Approval, error)
}

func (s *server) subtypeHandlers() map[string]handler {
	return map[string]handler{
		"listSourceSubtypes":          listed(s.Store.Subtypes, appendSubtypeWithSource),
		"createSourceSubtype":         s.createSubtype,
		"loadBulkSourceSubtypes":      s.bulkRetrieveSubtypes,
		"getSourceSubtypeById":        shownWithin("subtypeId", s.Store.Subtype, appendSubtypeWithSource),
		"patchMachineAccountSubtype":  s.patchSubtype,
		"deleteMachineAccountSubtype": s.deleteSubtype,

		"getMachineAccountSubtypeApprovalConfig":          shownWithin("subtypeId", s.Store.Subtype, appendSubtypeConfig),
		"updateMachineAccountSubtypeApprovalConfig":       s.patchSubtypeConfig,
		"getMachineAccountDeletionApprovalConfigBySource": s.getDeletionApproval,
		"updateMachineAccountDeletionApprovalConfig":      s.patchDeletionApproval,

		"listMachineAccountSubtypes":                 listedUnder("sourceId", s.Store.SourceSubtypes, appendSubtype),
		"createMachineAccountSubtype":                s.createSubtypeUnderSource,
		"getMachineAccountSubtypeByTechnicalName":    s.getSubtypeNamed,
		"patchMachineAccountSubtypeByTechnicalName":  s.patchSubtypeNamed,
		"deleteMachineAccountSubtypeByTechnicalName": s.deleteSubtypeNamed,
		"getMachineAccountSubtypeById":               shownWithin("subtypeId", s.Store.Subtype, appendSubtype),
	}
}

// typeMachine is the only type of subtypes that the contract shows.
const typeMachine = "MACHINE"

// subtypeBody is a subtype as it is created below a source.
type subtypeBody struct {
	TechnicalName string  `json:"technicalName"`
	DisplayName   string  `json:"displayName"`
	Description   *string `json:"description"`
	Type          string  `json:"type"`
}

// subtypeSourceBody also says for which source.
type subtypeSourceBody struct {
	subtypeBody
	SourceID string `json:"sourceId"`
}

// draft makes a subtype of a body. The contract wants a description; it may be empty.
func (f *subtypeBody) draft(sourceID string) (governance.Subtype, error) {
	x := governance.Subtype{Source: governance.Reference{ID: sourceID}, TechnicalName: f.TechnicalName, DisplayName: f.DisplayName}
	if err := x.Validate(); err != nil {
		return x, err
	}
	if f.Description == nil {
		return x, governance.Fail(governance.Required, "description", "Required field 'description' was missing or empty.")
	}
	if f.Type != "" && f.Type != typeMachine {
		return x, governance.Fail(governance.Illegal, "type", "Illegal value %q for field \"type\": use MACHINE.", f.Type)
	}
	x.Description = *f.Description
	return x, x.Validate()
}

func (s *server) createSubtype(w http.ResponseWriter, r *http.Request) error {
	body, err := decode[subtypeSourceBody](w, r)
	if err != nil {
		return err
	}
	if body.SourceID == "" {
		return governance.Fail(governance.Required, "sourceId", "Required field 'sourceId' was missing or empty.")
	}
	return s.addSubtype(w, r, filter.NormalizeID(body.SourceID), &body.subtypeBody, appendSubtypeWithSource)
}

func (s *server) createSubtypeUnderSource(w http.ResponseWriter, r *http.Request) error {
	source, err := s.sourceIn(r, "sourceId")
	if err != nil {
		return err
	}
	body, err := decode[subtypeBody](w, r)
	if err != nil {
		return err
	}
	return s.addSubtype(w, r, source.ID, &body, appendSubtype)
}

func (s *server) addSubtype(w http.ResponseWriter, r *http.Request, sourceID string, body *subtypeBody, encode func([]byte, *governance.Subtype) []byte) error {
	draft, err := body.draft(sourceID)
	if err != nil {
		return err
	}
	x, err := s.Store.CreateSubtype(r.Context(), actor(r), draft, administeredBy(r))
	if err != nil {
		return err
	}
	return writeOne(w, r, &x, encode)
}

// maxSubtypeIDs is how many subtypes one request may ask for (contract).
const maxSubtypeIDs = 100

// bulkRetrieveSubtypes answers each subtype once, in the order in which the ids first come.
func (s *server) bulkRetrieveSubtypes(w http.ResponseWriter, r *http.Request) error {
	ids, err := decode[[]string](w, r)
	if err != nil {
		return err
	}
	if ids, err = bulkIDs("subtypeIds", ids, maxSubtypeIDs); err != nil {
		return err
	}
	var once []string
	for _, id := range ids {
		if !slices.Contains(once, id) {
			once = append(once, id)
		}
	}
	found, err := s.Store.SubtypesByID(r.Context(), once, administeredBy(r))
	if err != nil {
		return err
	}
	return writePage(w, r, filter.Page[governance.Subtype]{Items: found, Total: -1}, appendSubtypeWithSource)
}

// subtypeNamed reads the subtype that the path names by its source and its technical name.
func (s *server) subtypeNamed(r *http.Request) (governance.Subtype, error) {
	source, err := s.sourceIn(r, "sourceId")
	if err != nil {
		return governance.Subtype{}, err
	}
	return s.Store.SubtypeNamed(r.Context(), source.ID, storable(r.PathValue("technicalName")))
}

func (s *server) getSubtypeNamed(w http.ResponseWriter, r *http.Request) error {
	x, err := s.subtypeNamed(r)
	if err != nil {
		return err
	}
	return writeOne(w, r, &x, appendSubtype)
}

// subtypeForm is what a JSON Patch sees of a subtype.
type subtypeForm struct {
	DisplayName string `json:"displayName"`
	Description string `json:"description"`
}

var subtypePatchable = patchable{"displayName", "description"}

func (s *server) patchSubtype(w http.ResponseWriter, r *http.Request) error {
	return s.changeSubtype(w, r, pathID(r, "subtypeId"), appendSubtypeWithSource)
}

func (s *server) patchSubtypeNamed(w http.ResponseWriter, r *http.Request) error {
	x, err := s.subtypeNamed(r)
	if err != nil {
		return err
	}
	return s.changeSubtype(w, r, x.ID, appendSubtype)
}

func (s *server) changeSubtype(w http.ResponseWriter, r *http.Request, id string, encode func([]byte, *governance.Subtype) []byte) error {
	apply := patch[subtypeForm](w, r, subtypePatchable)
	x, err := s.Store.UpdateSubtype(r.Context(), actor(r), id, administeredBy(r), func(x *governance.Subtype) error {
		if err := x.CheckEditable(); err != nil {
			return err
		}
		form, _, err := apply(subtypeForm{x.DisplayName, x.Description})
		if err != nil {
			return err
		}
		x.DisplayName, x.Description = form.DisplayName, form.Description
		return x.Validate()
	})
	if err != nil {
		return err
	}
	return writeOne(w, r, &x, encode)
}

func (s *server) deleteSubtype(w http.ResponseWriter, r *http.Request) error {
	if err := s.Store.DeleteSubtype(r.Context(), actor(r), pathID(r, "subtypeId"), administeredBy(r)); err != nil {
		return err
	}
	return done(w, r)
}

func (s *server) deleteSubtypeNamed(w http.ResponseWriter, r *http.Request) error {
	x, err := s.subtypeNamed(r)
	if err != nil {
		return err
	}
	if err := s.Store.DeleteSubtype(r.Context(), actor(r), x.ID, administeredBy(r)); err != nil {
		return err
	}
	return done(w, r)
}

// appendSubtype writes the contract's SourceSubtype.
func appendSubtype(b []byte, x *governance.Subtype) []byte {
	return append(appendSubtypeCore(b, x), '}')
}

// appendSubtypeWithSource writes the contract's SourceSubtypeWithSource.
func appendSubtypeWithSource(b []byte, x *governance.Subtype) []byte {
	b = appendRef(appendSubtypeCore(b, x), "source", typeSource, x.Source)
	return append(jsondoc.AppendBool(b, "systemManaged", x.SystemManaged), '}')
}

// appendSubtypeCore writes what every version shows; the object stays open.
func appendSubtypeCore(b []byte, x *governance.Subtype) []byte {
	b = jsondoc.AppendStringField(append(b, '{'), "id", x.ID)
	b = jsondoc.AppendStringField(b, "sourceId", x.Source.ID)
	b = jsondoc.AppendStringField(b, "technicalName", x.TechnicalName)
	b = jsondoc.AppendStringField(b, "displayName", x.DisplayName)
	b = jsondoc.AppendStringField(b, "description", x.Description)
	b = jsondoc.AppendTimeField(b, "created", x.Created)
	b = jsondoc.AppendTimeField(b, "modified", x.Modified)
	return jsondoc.AppendStringField(b, "type", typeMachine)
}
