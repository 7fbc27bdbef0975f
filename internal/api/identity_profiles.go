package api

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"midgard/internal/filter"
	"midgard/internal/governance"
	"midgard/internal/jsondoc"
)

type identityProfileStore interface {
	Source(ctx context.Context, id, administeredBy string) (governance.Source, error)
	IdentityProfiles(ctx context.Context, q filter.Query) (filter.Page[governance.IdentityProfile], error)
	IdentityProfile(ctx context.Context, id string) (governance.IdentityProfile, error)
	CreateIdentityProfile(ctx context.Context, actor governance.Actor, p governance.IdentityProfile) (governance.IdentityProfile, error)
	UpdateIdentityProfile(ctx context.Context, actor governance.Actor, id string, edit func(*governance.IdentityProfile) error) (governance.IdentityProfile, error)
	DeleteIdentityProfile(ctx context.Context, actor governance.Actor, id string) (governance.Task, error)
}

func (s *server) identityProfileHandlers() map[string]handler {
	return map[string]handler{
		"listIdentityProfiles":  listed(s.Store.IdentityProfiles, appendIdentityProfile),
		"createIdentityProfile": s.createIdentityProfile,
		"getIdentityProfile":    shown("identityProfileId", s.Store.IdentityProfile, appendIdentityProfile),
		"updateIdentityProfile": s.updateIdentityProfile,
		"deleteIdentityProfile": s.deleteIdentityProfile,
	}
}

// identityProfileForm is what clients may write of an identity profile, and what a JSON Patch sees of it.
type identityProfileForm struct {
	Name        string         `json:"name"`
	Description string         `json:"description"`
	Owner       *refBody       `json:"owner"`
	Priority    int64          `json:"priority"`
	Source      *refBody       `json:"authoritativeSource"`
	Config      *profileConfig `json:"identityAttributeConfig"`
}

type profileConfig struct {
	Enabled    bool                 `json:"enabled"`
	Transforms []attributeTransform `json:"attributeTransforms"`
}

type attributeTransform struct {
	IdentityAttribute string `json:"identityAttributeName"`
	Definition        struct {
		Type       string `json:"type"`
		Attributes struct {
			AttributeName string `json:"attributeName"`
			SourceName    string `json:"sourceName"`
			SourceID      string `json:"sourceId,omitempty"`
		} `json:"attributes"`
	} `json:"transformDefinition"`
}

// accountAttribute is the one transform that a profile can have: it takes the value of an account's attribute as it is.
const accountAttribute = "accountAttribute"

var identityProfilePatchable = patchable{"name", "description", "owner", "priority", "authoritativeSource", "identityAttributeConfig"}

func identityProfileFormOf(p *governance.IdentityProfile) identityProfileForm {
	f := identityProfileForm{
		Name: p.Name, Description: p.Description, Owner: refForm(typeIdentity, p.Owner), Priority: p.Priority,
		Source: refForm(typeSource, p.Source), Config: &profileConfig{Enabled: p.Enabled, Transforms: make([]attributeTransform, len(p.Attributes))},
	}
	for i, a := range p.Attributes {
		t := &f.Config.Transforms[i]
		t.IdentityAttribute, t.Definition.Type = a.IdentityAttribute, accountAttribute
		t.Definition.Attributes.AttributeName, t.Definition.Attributes.SourceName, t.Definition.Attributes.SourceID = a.AccountAttribute, p.Source.Name, p.Source.ID
	}
	return f
}

// write takes the form over. A profile without a configuration gets the default one.
func (f *identityProfileForm) write(p *governance.IdentityProfile) (err error) {
	p.Name, p.Description, p.Priority = f.Name, f.Description, f.Priority
	if p.Owner, err = referenceOf(f.Owner, "owner", typeIdentity); err != nil {
		return err
	}
	if p.Source, err = referenceOf(f.Source, "authoritativeSource", typeSource); err != nil {
		return err
	}
	p.Enabled, p.Attributes = true, governance.DefaultProfile()
	if f.Config != nil {
		if p.Attributes, err = f.Config.sources(p.Source); err != nil {
			return err
		}
		p.Enabled = f.Config.Enabled
	}
	return p.Validate()
}

// sources reads the transforms. What is wrong with one is told with its place.
func (c *profileConfig) sources(from governance.Reference) ([]governance.ProfileSource, error) {
	list := make([]governance.ProfileSource, 0, len(c.Transforms))
	for i := range c.Transforms {
		t := &c.Transforms[i]
		place := fmt.Sprintf("identityAttributeConfig.attributeTransforms[%d]", i)
		if err := t.check(place, from); err != nil {
			return nil, err
		}
		if slices.ContainsFunc(list, func(s governance.ProfileSource) bool { return s.IdentityAttribute == t.IdentityAttribute }) {
			return nil, governance.Fail(governance.Illegal, place, "Field '%s' fills the identity attribute %q a second time.", place, t.IdentityAttribute)
		}
		list = append(list, governance.ProfileSource{IdentityAttribute: t.IdentityAttribute, AccountAttribute: t.Definition.Attributes.AttributeName})
	}
	return list, nil
}

func (t *attributeTransform) check(place string, from governance.Reference) error {
	d := &t.Definition
	for _, f := range [][2]string{
		{"identityAttributeName", t.IdentityAttribute}, {"transformDefinition.type", d.Type},
	} {
		if f[1] == "" {
			return governance.Fail(governance.Required, place, "Required field '%s.%s' was missing or empty.", place, f[0])
		}
	}
	place += ".transformDefinition"
	if d.Type != accountAttribute {
		return governance.Fail(governance.Illegal, place+".type", "Illegal value %q for field \"%s.type\": only %s is supported in identity profiles.", d.Type, place, accountAttribute)
	}
	if d.Attributes.AttributeName == "" {
		return governance.Fail(governance.Required, place, "Required field '%s.attributes.attributeName' was missing or empty.", place)
	}
	const other = "Illegal value %q for field \"%s.attributes.%s\": only the profile's authoritative source can fill attributes."
	if id := d.Attributes.SourceID; id != "" && filter.NormalizeID(id) != from.ID {
		return governance.Fail(governance.Illegal, place, other, id, place, "sourceId")
	}
	if name := d.Attributes.SourceName; name != "" && !strings.EqualFold(name, from.Name) {
		return governance.Fail(governance.Illegal, place, other, name, place, "sourceName")
	}
	return nil
}

func (s *server) createIdentityProfile(w http.ResponseWriter, r *http.Request) error {
	form, err := decode[identityProfileForm](w, r)
	if err != nil {
		return err
	}
	if err := s.nameSource(r.Context(), form.Source); err != nil {
		return err
	}
	var p governance.IdentityProfile
	if err := form.write(&p); err != nil {
		return err
	}
	if p, err = s.Store.CreateIdentityProfile(r.Context(), actor(r), p); err != nil {
		return err
	}
	return writeOne(w, r, &p, appendIdentityProfile)
}

// nameSource gives a reference the name of its source, by which transforms refer to it too.
func (s *server) nameSource(ctx context.Context, ref *refBody) error {
	if ref == nil || ref.ID == "" {
		return nil
	}
	source, err := s.Store.Source(ctx, filter.NormalizeID(ref.ID), "")
	if governance.KindOf(err) == governance.NotFound {
		return governance.Fail(governance.UnknownRef, "authoritativeSource", "Referenced object %q of field 'authoritativeSource' was not found.", ref.ID)
	}
	ref.Name = source.Name
	return err
}

func (s *server) updateIdentityProfile(w http.ResponseWriter, r *http.Request) error {
	apply := patch[identityProfileForm](w, r, identityProfilePatchable)
	p, err := s.Store.UpdateIdentityProfile(r.Context(), actor(r), pathID(r, "identityProfileId"), func(p *governance.IdentityProfile) error {
		form, touched, err := apply(identityProfileFormOf(p))
		if err != nil {
			return err
		}
		return form.rewrite(p, touched)
	})
	if err != nil {
		return err
	}
	return writeOne(w, r, &p, appendIdentityProfile)
}

// rewrite is write for a profile that is kept already. A change of the source alone takes the attributes along, which are
// then those of the new source's accounts.
func (f *identityProfileForm) rewrite(p *governance.IdentityProfile, touched []string) error {
	moved, mapped := has(touched, "authoritativeSource"), has(touched, "identityAttributeConfig")
	if moved && mapped {
		return governance.Fail(governance.Illegal, "authoritativeSource", "Fields 'authoritativeSource' and 'identityAttributeConfig' cannot be changed at once.")
	}
	if moved && f.Config != nil {
		for i := range f.Config.Transforms {
			a := &f.Config.Transforms[i].Definition.Attributes
			a.SourceID, a.SourceName = "", ""
		}
	}
	return f.write(p)
}

// deleteIdentityProfile answers with the task that did it, as the contract wants; it has ended by then.
func (s *server) deleteIdentityProfile(w http.ResponseWriter, r *http.Request) error {
	task, err := s.Store.DeleteIdentityProfile(r.Context(), actor(r), pathID(r, "identityProfileId"))
	if err != nil {
		return err
	}
	return writeOne(w, r, &task, func(b []byte, t *governance.Task) []byte {
		b = jsondoc.AppendStringField(append(b, '{'), "id", t.ID)
		b = jsondoc.AppendStringField(b, "name", t.Name)
		b = jsondoc.AppendStringField(b, "description", t.Description)
		b = jsondoc.AppendStringField(b, "launcher", t.Launcher)
		b = jsondoc.AppendTimeField(b, "completed", t.Completed)
		b = jsondoc.AppendTimeField(b, "launched", t.Launched)
		return append(jsondoc.AppendStringField(b, "completionStatus", "Success"), '}') // the contract's spelling here
	})
}

func appendIdentityProfile(b []byte, p *governance.IdentityProfile) []byte {
	b = jsondoc.AppendStringField(append(b, '{'), "id", p.ID)
	b = jsondoc.AppendStringField(b, "name", p.Name)
	b = jsondoc.AppendTimeField(b, "created", p.Created)
	b = jsondoc.AppendTimeField(b, "modified", p.Modified)
	b = jsondoc.AppendNullableString(b, "description", p.Description)
	b = appendNullableRef(b, "owner", typeIdentity, p.Owner)
	b = jsondoc.AppendInt(b, "priority", p.Priority)
	b = appendRef(b, "authoritativeSource", typeSource, p.Source)
	b = jsondoc.AppendBool(b, "identityRefreshRequired", false)
	b = jsondoc.AppendInt(b, "identityCount", p.IdentityCount)
	b = appendProfileConfig(b, p)
	b = append(jsondoc.AppendKey(b, "identityExceptionReportReference"), "null"...)
	return append(jsondoc.AppendBool(b, "hasTimeBasedAttr", false), '}')
}

func appendProfileConfig(b []byte, p *governance.IdentityProfile) []byte {
	b = jsondoc.AppendBool(append(jsondoc.AppendKey(b, "identityAttributeConfig"), '{'), "enabled", p.Enabled)
	b = append(jsondoc.AppendKey(b, "attributeTransforms"), '[')
	for _, a := range p.Attributes {
		b = jsondoc.AppendStringField(append(jsondoc.AppendComma(b), '{'), "identityAttributeName", a.IdentityAttribute)
		b = jsondoc.AppendStringField(append(jsondoc.AppendKey(b, "transformDefinition"), '{'), "type", accountAttribute)
		b = jsondoc.AppendStringField(append(jsondoc.AppendKey(b, "attributes"), '{'), "attributeName", a.AccountAttribute)
		b = jsondoc.AppendStringField(b, "sourceName", p.Source.Name)
		b = append(jsondoc.AppendStringField(b, "sourceId", p.Source.ID), "}}}"...)
	}
	return append(b, "]}"...)
}
