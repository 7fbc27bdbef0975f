package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"gopkg.in/yaml.v3"
)

// file reads the YAML layer. Its mappings are flattened to dotted keys, so that a value takes the same way through the
// table as one from the environment.
func (l *loader) file(path string) {
	raw, err := os.ReadFile(path)
	if err != nil {
		l.problems.add("file", "", "cannot be read: "+err.Error())
		return
	}
	name := filepath.Base(path)
	root, err := parseYAML(raw)
	if err != nil {
		l.problems.add("file", name, err.Error())
		return
	}
	if root == nil {
		return
	}
	f := fileLayer{loader: l, name: name, seen: map[string]int{}}
	f.mapping("", root)
}

// parseYAML returns the only document's root, nil for an empty file.
func parseYAML(raw []byte) (*yaml.Node, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(raw))
	var doc yaml.Node
	switch err := decoder.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("is not YAML: %w", err)
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, errors.New("must hold one document")
	}
	root := resolve(doc.Content[0])
	if root.Kind == yaml.ScalarNode && root.Tag == "!!null" {
		return nil, nil
	}
	if root.Kind != yaml.MappingNode {
		return nil, fmt.Errorf("must hold keys and values (line %d)", root.Line)
	}
	return root, nil
}

func resolve(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

type fileLayer struct {
	*loader
	name string
	seen map[string]int // line of each key, to report duplicates
}

func (f *fileLayer) mapping(prefix string, n *yaml.Node) {
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], resolve(n.Content[i+1])
		f.entry(prefix+key.Value, key.Line, value)
	}
}

func (f *fileLayer) entry(key string, line int, value *yaml.Node) {
	origin := fmt.Sprintf("file %s line %d", f.name, line)
	if before, twice := f.seen[key]; twice {
		f.problems.add(key, origin, fmt.Sprintf("is already set in line %d", before))
		return
	}
	f.seen[key] = line
	if isSection(key) {
		f.section(key, origin, value)
		return
	}
	setting, known := settingOf(key)
	switch {
	case !known:
		f.problems.add(key, origin, "is not a setting"+suggestion(key))
	case value.Kind != yaml.ScalarNode:
		f.problems.add(key, origin, "must be a single value")
	case value.Tag == "!!null":
		// "key:" without a value leaves the default in place.
	default:
		f.set(setting, value.Value, origin)
	}
}

func (f *fileLayer) section(key, origin string, value *yaml.Node) {
	if value.Kind != yaml.MappingNode {
		f.problems.add(key, origin, "must hold keys and values of its own")
		return
	}
	f.mapping(key+".", value)
}

func isSection(key string) bool {
	for _, s := range table {
		if strings.HasPrefix(s.Key, key+".") {
			return true
		}
	}
	return false
}

// suggestion helps with another spelling of a known key: tls_cert, TLS-Cert, tlscert.
func suggestion(key string) string {
	for _, s := range table {
		if plain(s.Key) == plain(key) {
			return "; write " + s.Key
		}
	}
	return ""
}

func plain(key string) string {
	return strings.NewReplacer("_", "", "-", "", ".", "").Replace(strings.ToLower(key))
}
