package source

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"midgard/internal/connector"
	"midgard/internal/governance"
	"midgard/internal/jsondoc"
)

// encryptedAttribute lists the names of the secret attributes for the contract's clients, with commas between them.
const encryptedAttribute = "encrypted"

// mask stands in place of a secret wherever clients may edit one.
const mask = "********"

// isMask recognises the masks that clients send back: they are of several lengths.
func isMask(text string) bool { return len(text) >= 4 && strings.Trim(text, "*") == "" }

// attributes are connectorAttributes, with numbers spelled as the client wrote them.
type attributes map[string]any

func readAttributes(raw json.RawMessage) (attributes, error) {
	a := attributes{}
	if len(raw) == 0 {
		return a, nil
	}
	if err := jsondoc.Decode(raw, (*map[string]any)(&a)); err != nil {
		return nil, governance.Because(err, governance.Illegal, "connectorAttributes", "Field 'connectorAttributes' must be an object.")
	}
	return a, nil
}

// text is equal for equal attributes.
func (a attributes) text() (json.RawMessage, error) {
	text, err := jsondoc.Canonical(a)
	if err != nil {
		return nil, governance.Because(err, governance.Illegal, "connectorAttributes", "Field 'connectorAttributes' cannot be kept: %s.", err)
	}
	return text, nil
}

// masked gives the attributes of a kept source with a mask for each secret that it has.
func masked(src *governance.Source) (json.RawMessage, error) {
	if len(src.Secrets) == 0 {
		return src.ConnectorAttributes, nil
	}
	a, err := readAttributes(src.ConnectorAttributes)
	if err != nil {
		return nil, err
	}
	for field := range src.Secrets {
		a[field] = mask
	}
	return a.text()
}

// configure takes the secrets out of the attributes of a source, seals the new ones, and lets the connector check the
// rest. A configuration that stays as it was is not checked: a source whose files moved away can still be renamed. A
// changed one makes the next run a full one.
func (s *Service) configure(factory connector.Factory, old, src *governance.Source) error {
	a, err := readAttributes(src.ConnectorAttributes)
	if err != nil {
		return err
	}
	if src.Secrets, err = s.takeSecrets(factory.Spec(), src.ID, a, old.Secrets); err != nil {
		return err
	}
	if src.ConnectorAttributes, err = a.text(); err != nil {
		return err
	}
	if old.ID != "" && string(src.ConnectorAttributes) == string(old.ConnectorAttributes) && maps.Equal(src.Secrets, old.Secrets) {
		return nil
	}
	src.DeltaToken = nil
	opened, err := s.open(factory, src, nil)
	if err != nil {
		return err
	}
	return opened.Close()
}

// takeSecrets moves the secrets from the attributes to the sealed ones, a copy of which it gives.
func (s *Service) takeSecrets(spec connector.Spec, id string, a attributes, sealed map[string]string) (map[string]string, error) {
	secrets := maps.Clone(sealed)
	if secrets == nil {
		secrets = map[string]string{}
	}
	delete(a, encryptedAttribute)
	names := secretNames(spec)
	for _, name := range names {
		given, present := a[name]
		delete(a, name)
		if !present {
			continue
		}
		if err := s.replaceSecret(id, name, given, secrets); err != nil {
			return nil, err
		}
	}
	if len(names) > 0 {
		a[encryptedAttribute] = strings.Join(names, ",")
	}
	return secrets, nil
}

func secretNames(spec connector.Spec) []string {
	var names []string
	for _, f := range spec.Fields {
		if f.Secret {
			names = append(names, f.Name)
		}
	}
	slices.Sort(names)
	return names
}

// replaceSecret does to the sealed secrets what was given for one of them asks for.
func (s *Service) replaceSecret(id, name string, given any, secrets map[string]string) error {
	if given == nil || given == "" {
		delete(secrets, name)
		return nil
	}
	clear, ok := given.(string)
	if !ok {
		return illegalAttribute(name, "must be a text")
	}
	if isMask(clear) {
		return nil
	}
	sealed, err := s.Sealer.Seal(clear, sealContext(id, name))
	if err != nil {
		return fmt.Errorf("seal attribute %q: %w", name, err)
	}
	secrets[name] = sealed
	return nil
}

// sealContext binds a secret to its place: copied to another source or field, it cannot be opened.
func sealContext(id, field string) string { return "source|" + id + "|" + field }

// open makes a configured connector; what is wrong with an attribute is told by the contract's name of it.
func (s *Service) open(factory connector.Factory, src *governance.Source, schemas []governance.Schema) (connector.Source, error) {
	config := connector.Config{FileRoot: s.FileRoot, Secrets: map[string]connector.Secret{}}
	for _, schema := range schemas {
		config.Schemas = append(config.Schemas, ConnectorSchema(schema))
	}
	if len(src.ConnectorAttributes) > 0 {
		if err := json.Unmarshal(src.ConnectorAttributes, &config.Attributes); err != nil {
			return nil, fmt.Errorf("read the attributes of source %q: %w", src.ID, err)
		}
	}
	for field, sealed := range src.Secrets {
		clear, err := s.Sealer.Open(sealed, sealContext(src.ID, field))
		if err != nil {
			return nil, governance.Because(err, governance.Illegal, attributeField(field),
				"The secret of field %q can no longer be read; enter it again.", attributeField(field))
		}
		config.Secrets[field] = connector.NewSecret(clear)
	}
	opened, err := factory.Open(config)
	var wrong *connector.ConfigError
	if errors.As(err, &wrong) {
		return nil, illegalAttribute(wrong.Field, wrong.Reason)
	}
	if err != nil {
		return nil, governance.Because(err, governance.Illegal, "connectorAttributes", "Illegal value for field \"connectorAttributes\": %s.", err)
	}
	return opened, nil
}

func attributeField(name string) string { return "connectorAttributes." + name }

func illegalAttribute(name, reason string) error {
	return governance.Fail(governance.Illegal, attributeField(name), "Illegal value for field \"%s\": %s.", attributeField(name), reason)
}

// Open makes the connector of a source with its secrets and schemas, ready to be asked. The caller closes it.
func (s *Service) Open(ctx context.Context, src governance.Source) (connector.Source, error) {
	factory, err := s.factory(src.Connector)
	if err != nil {
		return nil, err
	}
	schemas, err := s.Store.Schemas(ctx, src.ID)
	if err != nil {
		return nil, fmt.Errorf("open source %q: %w", src.ID, err)
	}
	return s.open(factory, &src, schemas)
}
