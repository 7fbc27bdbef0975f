package contract

// schema turns a schema expression into its OpenAPI form.
func (d *document) schema(expression string) object {
	schema, err := ParseSchema(expression)
	if err != nil {
		panic(err)
	}
	return d.use(schema)
}

// schemas are the shared schemas that have been used so far. Writing one down
// can use others, hence the loop until nothing is new.
func (d *document) schemas() object {
	written := object{}
	for len(written) < len(d.components) {
		for _, name := range sortedKeys(d.components) {
			if _, done := written[name]; done {
				continue
			}
			schema, err := ParseSchema(name)
			if err != nil {
				panic(err)
			}
			written[name] = d.shape(schema.Resolve())
		}
	}
	return written
}

// use is a schema where it is used: a reference to a shared one, or its shape.
func (d *document) use(s *Schema) object {
	if s.Ref == nil {
		return d.shape(s)
	}
	d.components[s.Name] = true
	ref := reference("schemas", s.Name)
	if !s.Nullable && !s.ReadOnly && s.Default == "" {
		return ref
	}
	// A reference cannot have neighbours, and null is admitted only beside a type.
	wrapped := object{"allOf": []object{ref}}
	annotate(wrapped, s)
	return wrapped
}

func (d *document) shape(s *Schema) object {
	shape := object{}
	annotate(shape, s)
	if s.Format != "" {
		shape["format"] = s.Format
	}
	if len(s.Enum) > 0 {
		shape["enum"] = enumValues(s)
	}
	bound(shape, s)
	switch s.Kind {
	case Array:
		shape["items"] = d.use(s.Items)
	case Object:
		d.object(shape, s)
	}
	return shape
}

// annotate writes what a reference and a shape have in common.
func annotate(shape object, s *Schema) {
	if s.Kind != Any {
		shape["type"] = string(s.Kind)
	}
	// Validators disagree on whether a schema without a type admits null.
	if s.Nullable || s.Kind == Any {
		shape["nullable"] = true
	}
	if s.ReadOnly {
		shape["readOnly"] = true
	}
	if s.Default != "" {
		shape["default"] = literal(s.Kind, s.Default)
	}
}

// enumValues lists null among the values where null is allowed; validators ask
// for that.
func enumValues(s *Schema) []any {
	values := make([]any, 0, len(s.Enum)+1)
	for _, value := range s.Enum {
		values = append(values, value)
	}
	if s.Nullable {
		values = append(values, nil)
	}
	return values
}

func bound(shape object, s *Schema) {
	lower, upper := "minimum", "maximum"
	switch s.Kind {
	case String:
		lower, upper = "minLength", "maxLength"
	case Array:
		lower, upper = "minItems", "maxItems"
	}
	if s.Min != nil {
		shape[lower] = *s.Min
	}
	if s.Max != nil {
		shape[upper] = *s.Max
	}
}

func (d *document) object(shape object, s *Schema) {
	properties := object{}
	var required []string
	for _, field := range s.Fields {
		properties[field.Name] = d.use(field.Schema)
		if field.Required {
			required = append(required, field.Name)
		}
	}
	if len(properties) > 0 {
		shape["properties"] = properties
	}
	if len(required) > 0 {
		shape["required"] = required
	}
	if s.Extra != nil {
		shape["additionalProperties"] = d.use(s.Extra)
	}
}
