package config

import (
	"bytes"
	"fmt"
	"net/url"
	"strings"

	"gopkg.in/yaml.v3"
)

const masked = "****"

// Masked is the effective configuration as YAML in the order of the table, each line with the origin of its value.
// Secrets are replaced by ****, the password in a database URL too.
func (c Config) Masked() string {
	root := &yaml.Node{Kind: yaml.MappingNode}
	sections := map[string]*yaml.Node{"": root}
	for _, s := range table {
		section, name := "", s.Key
		if before, after, nested := strings.Cut(s.Key, "."); nested {
			section, name = before, after
		}
		parent := sections[section]
		if parent == nil {
			parent = &yaml.Node{Kind: yaml.MappingNode}
			sections[section] = parent
			root.Content = append(root.Content, keyNode(section), parent)
		}
		parent.Content = append(parent.Content, keyNode(name), c.valueNode(s))
	}
	return render(root)
}

// valueNode leaves numbers and switches unquoted: an empty tag lets the encoder quote only where YAML needs it.
func (c Config) valueNode(s Setting) *yaml.Node {
	node := &yaml.Node{Kind: yaml.ScalarNode, Value: s.shown(&c), LineComment: "# " + c.Origin(s.Key)}
	if node.Value == "" || node.Value == masked {
		node.Tag = "!!str"
	}
	return node
}

func keyNode(name string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: name}
}

// render cannot fail: the tree is made of scalars and mappings only, and a bytes.Buffer takes every write.
func render(root *yaml.Node) string {
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	_ = encoder.Encode(root)
	_ = encoder.Close()
	return out.String()
}

// maskURL hides the password and every query value whose name speaks of one.
func maskURL(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return masked
	}
	if _, has := u.User.Password(); has {
		u.User = url.UserPassword(u.User.Username(), masked)
	}
	query := u.Query()
	for name := range query {
		if strings.Contains(strings.ToLower(name), "password") {
			query.Set(name, masked)
		}
	}
	u.RawQuery = query.Encode()
	return strings.ReplaceAll(u.String(), url.QueryEscape(masked), masked)
}

// Markdown is the table of all settings for the documents.
func Markdown() string {
	var b strings.Builder
	b.WriteString("| file | environment | flag | default | meaning |\n|---|---|---|---|---|\n")
	for _, s := range table {
		fmt.Fprintf(&b, "| `%s` | `%s` | %s | %s | %s |\n", s.Key, s.Env(), flagCell(s), defaultCell(s), s.Help)
	}
	return b.String()
}

func flagCell(s Setting) string {
	if s.Flag() == "" {
		return "–"
	}
	return "`--" + s.Flag() + "`"
}

func defaultCell(s Setting) string {
	switch {
	case s.DefaultNote != "":
		return s.DefaultNote
	case s.Default != "":
		return "`" + s.Default + "`"
	}
	return "–"
}
