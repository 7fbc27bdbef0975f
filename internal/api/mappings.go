package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"

	"midgard/internal/filter"
	"midgard/internal/governance"
	"midgard/internal/jsondoc"
)

type mappingStore interface {
	Mappings(ctx context.Context, sourceID string) (governance.MappingSet, error)
}

type mappingUseCases interface {
	SetMappings(ctx context.Context, actor governance.Actor, source governance.Source, administeredBy string, edit func(*governance.MappingSet) error, path func(i int, part string) string) (governance.MappingSet, error)
	PreviewMappings(ctx context.Context, source governance.Source, p governance.PreviewRequest) (governance.Preview, error)
}

func (s *server) mappingHandlers() map[string]handler {
	return map[string]handler{
		"listMachineAccountMappings":    s.listMappings,
		"createMachineAccountMappings":  s.addMappings,
		"deleteMachineAccountMappings":  s.deleteMappings,
		"setMachineAccountMappings":     s.setMappings,
		"replaceMachineAccountMappings": s.setMappings,
		"previewMachineAccountMappings": s.previewMappings,
	}
}

func (s *server) listMappings(w http.ResponseWriter, r *http.Request) error {
	id, err := s.sourceInPath(r)
	if err != nil {
		return err
	}
	q, err := listQuery(r)
	if err != nil {
		return err
	}
	set, err := s.Store.Mappings(r.Context(), id)
	if err != nil {
		return err
	}
	return writePage(w, r, pageOf(set.Mappings, q), appendMapping)
}

func appendMapping(b []byte, m *governance.AttributeMapping) []byte {
	b = jsondoc.AppendKey(append(b, '{'), "target")
	b = jsondoc.AppendStringField(append(b, '{'), "type", string(m.Target.Type))
	b = jsondoc.AppendStringField(b, "attributeName", m.Target.AttributeName)
	if m.Target.SourceID != "" {
		b = jsondoc.AppendStringField(b, "sourceId", m.Target.SourceID)
	}
	return append(jsondoc.AppendRaw(append(b, '}'), "transformDefinition", m.TransformDefinition), '}')
}

// addMappings keeps what is there but for mappings with the same targets.
func (s *server) addMappings(w http.ResponseWriter, r *http.Request) error {
	return s.changeMappings(w, r, (*governance.MappingSet).Merge)
}

func (s *server) setMappings(w http.ResponseWriter, r *http.Request) error {
	return s.changeMappings(w, r, func(set *governance.MappingSet, mappings []governance.AttributeMapping) { set.Mappings = mappings })
}

func (s *server) changeMappings(w http.ResponseWriter, r *http.Request, change func(*governance.MappingSet, []governance.AttributeMapping)) error {
	source, err := s.sourceIn(r, "sourceId")
	if err != nil {
		return err
	}
	mappings, path, err := readMappings(w, r)
	if err != nil {
		return err
	}
	sent := governance.MappingSet{Mappings: mappings}
	if err := sent.Validate(path); err != nil {
		return err
	}
	set, err := s.Use.SetMappings(r.Context(), actor(r), source, administeredBy(r), func(set *governance.MappingSet) error {
		change(set, mappings)
		return set.Validate(path)
	}, path)
	if err != nil {
		return err
	}
	return writePage(w, r, filter.Page[governance.AttributeMapping]{Items: set.Mappings, Total: -1}, appendMapping)
}

func (s *server) deleteMappings(w http.ResponseWriter, r *http.Request) error {
	source, err := s.sourceIn(r, "sourceId")
	if err != nil {
		return err
	}
	none := func(set *governance.MappingSet) error { set.Mappings = nil; return nil }
	if _, err := s.Use.SetMappings(r.Context(), actor(r), source, administeredBy(r), none, mappingPart); err != nil {
		return err
	}
	return done(w, r)
}

// mappingPart names a part of a mapping of an array; mappingAlone that of a mapping that is the whole body.
func mappingPart(i int, part string) string  { return fmt.Sprintf("[%d].%s", i, part) }
func mappingAlone(_ int, part string) string { return part }

// mappingForm is a mapping in a request.
type mappingForm struct {
	Target struct {
		Type          governance.TargetType `json:"type"`
		AttributeName string                `json:"attributeName"`
		SourceID      string                `json:"sourceId"`
	} `json:"target"`
	TransformDefinition json.RawMessage `json:"transformDefinition"`
}

// readMappings takes one mapping or an array of them: the contract says the one, clients send the other.
func readMappings(w http.ResponseWriter, r *http.Request) ([]governance.AttributeMapping, func(int, string) string, error) {
	data, err := readBody(w, r)
	if err != nil {
		return nil, nil, err
	}
	if data = bytes.TrimSpace(data); len(data) > 0 && data[0] == '[' {
		var forms []mappingForm
		if err := jsondoc.Decode(data, &forms); err != nil {
			return nil, nil, err
		}
		mappings, err := mappingsOf(forms, mappingPart)
		return mappings, mappingPart, err
	}
	var form mappingForm
	if err := jsondoc.Decode(data, &form); err != nil {
		return nil, nil, err
	}
	if err := refuseUnknown(r, data, &form); err != nil {
		return nil, nil, err
	}
	mappings, err := mappingsOf([]mappingForm{form}, mappingAlone)
	return mappings, mappingAlone, err
}

func mappingsOf(forms []mappingForm, path func(int, string) string) ([]governance.AttributeMapping, error) {
	mappings := make([]governance.AttributeMapping, len(forms))
	for i, f := range forms {
		definition := mapOf(f.TransformDefinition)
		if len(definition) == 0 {
			field := path(i, "transformDefinition")
			return nil, governance.Fail(governance.Required, field, "Required field '%s' was missing or empty.", field)
		}
		target := governance.MappingTarget{Type: f.Target.Type, AttributeName: f.Target.AttributeName, SourceID: filter.NormalizeID(storable(f.Target.SourceID))}
		mappings[i] = governance.AttributeMapping{Target: target, TransformDefinition: definition}
	}
	return mappings, nil
}

// previewForm says what to try: a set of mappings instead of the source's, a classification instead of the present one.
type previewForm struct {
	Mappings             *[]mappingForm      `json:"mappings"`
	ClassificationConfig *classificationForm `json:"classificationConfig"`
}

// defaultPreview is how many rows a preview shows unless it is told.
const defaultPreview = 50

func (s *server) previewMappings(w http.ResponseWriter, r *http.Request) error {
	source, err := s.sourceIn(r, "sourceId")
	if err != nil {
		return err
	}
	form, err := decode[previewForm](w, r)
	if err != nil {
		return err
	}
	request, err := form.request(source.ID)
	if err != nil {
		return err
	}
	if request.Limit, request.Offset, err = previewPage(r.URL.Query()); err != nil {
		return err
	}
	request.AdministeredBy = administeredBy(r)
	preview, err := s.Use.PreviewMappings(r.Context(), source, request)
	if err != nil {
		return err
	}
	return ok(w, r, preview)
}

func previewPage(params url.Values) (limit, offset int, err error) {
	const most = 250
	if limit, err = bounded(params, "limit", defaultPreview, most); err != nil {
		return 0, 0, err
	}
	offset, err = bounded(params, "offset", 0, maxOffset)
	return limit, offset, err
}

func (f *previewForm) request(sourceID string) (governance.PreviewRequest, error) {
	var request governance.PreviewRequest
	if f.Mappings == nil && f.ClassificationConfig == nil {
		return request, governance.Fail(governance.Required, "mappings", "Required field 'mappings' was missing or empty: give mappings, a classificationConfig, or both.")
	}
	if f.Mappings != nil {
		path := func(i int, part string) string { return "mappings" + mappingPart(i, part) }
		mappings, err := mappingsOf(*f.Mappings, path)
		if err != nil {
			return request, err
		}
		request.Mappings = &governance.MappingSet{SourceID: sourceID, Mappings: mappings}
		if err := request.Mappings.Validate(path); err != nil {
			return request, err
		}
	}
	if c := f.ClassificationConfig; c != nil {
		request.Classification = &governance.ClassificationConfig{SourceID: sourceID, Enabled: c.Enabled, Method: c.ClassificationMethod, Criteria: c.Criteria}
		return request, request.Classification.Validate()
	}
	return request, nil
}
