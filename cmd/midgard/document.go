package main

import (
	"bytes"
	"encoding/json"
	"fmt"

	"gopkg.in/yaml.v3"
)

// readDocument reads a YAML or JSON object as JSON whose keys are in the order of the file, which counts in the tables of
// some transforms.
func (p *program) readDocument(name string) (json.RawMessage, error) {
	raw, err := p.readInput(name)
	if err != nil {
		return nil, err
	}
	if raw = bytes.TrimSpace(raw); json.Valid(raw) && raw[0] == '{' {
		return raw, nil
	}
	// Reading it whole first refuses what is no YAML, and documents that unfold without end.
	var object map[string]any
	if err := yaml.Unmarshal(raw, &object); err != nil {
		return nil, fmt.Errorf("%s must hold a YAML or JSON object: %w", name, err)
	}
	if object == nil {
		return nil, fmt.Errorf("%s must hold a YAML or JSON object", name)
	}
	var document yaml.Node
	if err := yaml.Unmarshal(raw, &document); err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	var out bytes.Buffer
	if err := writeNode(&out, document.Content[0]); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return out.Bytes(), nil
}

// writeNode writes a part of a YAML document as JSON.
func writeNode(out *bytes.Buffer, node *yaml.Node) error {
	switch node.Kind {
	case yaml.AliasNode:
		return writeNode(out, node.Alias)
	case yaml.MappingNode:
		return writeMapping(out, node)
	case yaml.SequenceNode:
		out.WriteByte('[')
		for i, item := range node.Content {
			if i > 0 {
				out.WriteByte(',')
			}
			if err := writeNode(out, item); err != nil {
				return err
			}
		}
		out.WriteByte(']')
		return nil
	}
	return writeScalar(out, node)
}

func writeMapping(out *bytes.Buffer, node *yaml.Node) error {
	out.WriteByte('{')
	for i := 0; i+1 < len(node.Content); i += 2 {
		key := node.Content[i]
		if key.Kind != yaml.ScalarNode || key.Tag == "!!merge" {
			return fmt.Errorf("line %d: a key must be a plain text", key.Line)
		}
		if i > 0 {
			out.WriteByte(',')
		}
		if err := writeValue(out, key.Value); err != nil {
			return err
		}
		out.WriteByte(':')
		if err := writeNode(out, node.Content[i+1]); err != nil {
			return err
		}
	}
	out.WriteByte('}')
	return nil
}

// writeScalar keeps the spelling of what is no truth value, null or text: 007 and 2026-01-31 are texts to a transform.
func writeScalar(out *bytes.Buffer, node *yaml.Node) error {
	var value any
	if err := node.Decode(&value); err != nil {
		return fmt.Errorf("line %d: %w", node.Line, err)
	}
	switch value.(type) {
	case nil, bool, string:
		return writeValue(out, value)
	}
	if json.Valid([]byte(node.Value)) {
		out.WriteString(node.Value)
		return nil
	}
	return writeValue(out, node.Value)
}

func writeValue(out *bytes.Buffer, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	out.Write(text)
	return nil
}
