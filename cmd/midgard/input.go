package main

import (
	"bytes"
	"fmt"
	"io"
	"os"

	"gopkg.in/yaml.v3"
)

// readInput reads a file, or the standard input when the name is "-".
func (p *program) readInput(name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(p.stdin)
	}
	return os.ReadFile(name)
}

// openInput is readInput for what may be large.
func (p *program) openInput(name string) (io.ReadCloser, error) {
	if name == "-" {
		return io.NopCloser(p.stdin), nil
	}
	return os.Open(name)
}

// readObject reads a YAML or JSON object; JSON is YAML.
func (p *program) readObject(name string) (map[string]any, error) {
	raw, err := p.readInput(name)
	if err != nil {
		return nil, err
	}
	object := map[string]any{}
	if err := yaml.NewDecoder(bytes.NewReader(raw)).Decode(&object); err != nil {
		return nil, fmt.Errorf("%s must hold a YAML or JSON object: %w", name, err)
	}
	return object, nil
}
