package client

import (
	"context"
	"net/http"
	"net/url"
)

const profilesPath = "/v2025/identity-profiles"

type profile struct {
	ID         string            `json:"id,omitempty"`
	Name       string            `json:"name"`
	Source     Ref               `json:"authoritativeSource"`
	Attributes profileAttributes `json:"identityAttributeConfig"`
}

type profileAttributes struct {
	Enabled    bool               `json:"enabled"`
	Transforms []profileTransform `json:"attributeTransforms"`
}

type profileTransform struct {
	IdentityAttribute string            `json:"identityAttributeName"`
	Definition        profileDefinition `json:"transformDefinition"`
}

type profileDefinition struct {
	Type       string `json:"type"`
	Attributes struct {
		AttributeName string `json:"attributeName"`
		SourceName    string `json:"sourceName"`
		SourceID      string `json:"sourceId"`
	} `json:"attributes"`
}

func newProfile(source Source, attributes [][2]string) profile {
	p := profile{Name: source.Name, Source: Ref{Type: "SOURCE", ID: source.ID, Name: source.Name}, Attributes: profileAttributes{Enabled: true}}
	for _, pair := range attributes {
		t := profileTransform{IdentityAttribute: pair[0], Definition: profileDefinition{Type: "accountAttribute"}}
		t.Definition.Attributes.AttributeName = pair[1]
		t.Definition.Attributes.SourceName, t.Definition.Attributes.SourceID = source.Name, source.ID
		p.Attributes.Transforms = append(p.Attributes.Transforms, t)
	}
	return p
}

// SetIdentityProfile makes the profile that turns accounts of an authoritative source into people, or replaces the
// attributes of the one that is there. Each pair is the name of an identity attribute and of the account attribute that
// fills it. A profile that is like this already is left alone.
func (c *Client) SetIdentityProfile(ctx context.Context, source Source, attributes [][2]string) error {
	wanted := newProfile(source, attributes)
	existing, err := each[profile](c.All(ctx, profilesPath, ListOptions{}))
	if err != nil {
		return err
	}
	for _, old := range existing {
		if old.Source.ID != source.ID {
			continue
		}
		if same(old.Attributes, wanted.Attributes) {
			return nil
		}
		patch := []map[string]any{{"op": "replace", "path": "/identityAttributeConfig", "value": wanted.Attributes}}
		return c.Do(ctx, http.MethodPatch, profilesPath+"/"+url.PathEscape(old.ID), patch, nil)
	}
	return c.Do(ctx, http.MethodPost, profilesPath, wanted, nil)
}
