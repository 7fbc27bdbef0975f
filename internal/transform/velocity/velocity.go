// Package velocity renders the part of Apache Velocity's template language that static transforms use: references with
// properties, indexes and methods of texts, #set, #if with #elseif and #else, and comments. Loops, macros and inclusion are
// refused when a template is compiled.
//
// A template cannot run away: its size, its nesting, the texts it makes and the work it does are bounded. It reaches nothing
// but the values that the caller gives it. The package knows nothing of transforms and uses the standard library only.
package velocity

import (
	"fmt"
	"slices"
)

const (
	// MaxTemplate is the greatest length of a template in bytes.
	MaxTemplate = 64 << 10
	// maxDepth bounds the nesting of #if, parentheses, arguments and texts with references together.
	maxDepth = 32
	// maxWork bounds the bytes that one rendering reads and writes in methods and operators.
	maxWork = 16 << 20
)

// Template is a compiled template. It may be used by several goroutines at once.
type Template struct {
	nodes     []node
	variables []string
}

// Compile reads a template. The error says at which character it is wrong, and how.
func Compile(text string) (*Template, error) {
	if len(text) > MaxTemplate {
		return nil, fmt.Errorf("the template has %d bytes; at most %d are allowed", len(text), MaxTemplate)
	}
	p := &parser{text: text, names: new([]string)}
	nodes, word, err := p.nodes()
	if err == nil && word != "" {
		err = p.fail("#%s has no #if", word)
	}
	if err != nil {
		return nil, err
	}
	return &Template{nodes: nodes, variables: *p.names}, nil
}

// Variables gives the names of the variables whose values the template may ask for, each once, in the order in which they
// first occur. Those that the template sets itself are among them when it reads them too.
func (t *Template) Variables() []string { return slices.Clone(t.variables) }

// Render writes the template. Value gives the value of a variable: a string, bool, int, int64, float64, []string, []any,
// map[string]any of such values, or nil, which is the same as having none. A reference without a value stands in the output
// as it is written, one that begins with $! as nothing.
//
// The error names the method that failed, such as substring beyond the end of its text, or the bound that was exceeded: the
// output, like each text on the way, has at most limit bytes.
func (t *Template) Render(value func(name string) (any, bool), limit int) (string, error) {
	r := &run{value: value, limit: limit}
	if err := r.all(t.nodes); err != nil {
		return "", err
	}
	return string(r.out), nil
}
