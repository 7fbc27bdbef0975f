package contracttest

import "github.com/getkin/kin-openapi/openapi3"

// closeObjects makes every object with named keys refuse other keys. The
// document itself leaves objects open, as the contract does, so that clients
// tolerate newer servers; a test wants to know when one version shows what
// belongs to another.
func closeObjects(document *openapi3.T) {
	c := closer{}
	for _, schema := range document.Components.Schemas {
		c.close(schema)
	}
	for _, item := range document.Paths.Map() {
		for _, operation := range item.Operations() {
			for _, response := range operation.Responses.Map() {
				for _, content := range response.Value.Content {
					c.close(content.Schema)
				}
			}
		}
	}
}

// closer remembers the schemas that it has seen; they refer to each other.
type closer map[*openapi3.Schema]bool

func (c closer) close(ref *openapi3.SchemaRef) {
	if ref == nil || ref.Value == nil || c[ref.Value] {
		return
	}
	schema := ref.Value
	c[schema] = true
	extra := &schema.AdditionalProperties
	if len(schema.Properties) > 0 && extra.Has == nil && extra.Schema == nil {
		closed := false
		extra.Has = &closed
	}
	for _, property := range schema.Properties {
		c.close(property)
	}
	for _, part := range schema.AllOf {
		c.close(part)
	}
	for _, part := range schema.AnyOf {
		c.close(part)
	}
	c.close(schema.Items)
	c.close(extra.Schema)
}
