package transform

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"midgard/internal/governance"
	"midgard/internal/jsondoc"
)

// builders makes the operation of each type from its attributes. What is wrong with them is kept by the attributes.
// It is filled by init, since a builder may compile transforms in turn.
var builders map[string]func(a *attributes) operation

func init() {
	builders = map[string]func(a *attributes) operation{
		"accountAttribute":          buildAccountAttribute,
		"base64Decode":              buildBase64Decode,
		"base64Encode":              buildBase64Encode,
		"concat":                    buildConcat,
		"conditional":               buildConditional,
		"dateCompare":               buildDateCompare,
		"dateFormat":                buildDateFormat,
		"dateMath":                  buildDateMath,
		"decomposeDiacriticalMarks": buildDecomposeDiacriticalMarks,
		"displayName":               buildDisplayName,
		"e164phone":                 buildE164phone,
		"firstValid":                buildFirstValid,
		"identityAttribute":         buildIdentityAttribute,
		"indexOf":                   buildIndexOf,
		"iso3166":                   buildIso3166,
		"join":                      buildJoin,
		"lastIndexOf":               buildLastIndexOf,
		"leftPad":                   buildLeftPad,
		"lookup":                    buildLookup,
		"lower":                     buildLower,
		"normalizeNames":            buildNormalizeNames,
		"randomAlphaNumeric":        buildRandomAlphaNumeric,
		"randomNumeric":             buildRandomNumeric,
		"reference":                 buildReference,
		"replace":                   buildReplace,
		"replaceAll":                buildReplaceAll,
		"rfc5646":                   buildRfc5646,
		"rightPad":                  buildRightPad,
		"rule":                      buildRule,
		"split":                     buildSplit,
		"static":                    buildStatic,
		"substring":                 buildSubstring,
		"trim":                      buildTrim,
		"upper":                     buildUpper,
		"usernameGenerator":         buildUsernameGenerator,
		"uuid":                      buildUUID,
	}
}

// Types lists the types of transforms that the engine knows, sorted.
func Types() []string { return slices.Sorted(maps.Keys(builders)) }

// compiler turns one definition, and what it refers to, into nodes.
type compiler struct {
	find     func(name string) (json.RawMessage, bool) // nil when references are not followed
	done     map[string]*node                          // the transforms that were referred to so far, by name
	chain    []string                                  // the names of the transforms that are being compiled
	nesting  int                                       // of the definition that is being compiled
	nodes    int
	bytes    int
	programs int
	needs    needs
}

// whole compiles a definition from its root.
func (c *compiler) whole(definition json.RawMessage) (*node, error) {
	if len(definition) > MaxDefinition {
		return nil, governance.Fail(governance.Limit, "", "The transform has %d bytes; at most %d are allowed.", len(definition), MaxDefinition)
	}
	if c.bytes += len(definition); c.bytes > MaxResolved {
		return nil, governance.Fail(governance.Limit, "", "The transform and those that it refers to have more than %d bytes.", MaxResolved)
	}
	if err := jsondoc.Check(definition, jsondoc.Limits{}); err != nil {
		return nil, governance.Fail(governance.Illegal, "", "The transform is not acceptable JSON: %v.", err)
	}
	document, err := object(definition, "")
	if err != nil {
		return nil, err
	}
	if len(c.chain) == 0 {
		name, err := ownName(document)
		if err != nil {
			return nil, err
		}
		c.chain = append(c.chain, name)
	}
	return c.node(document, "")
}

// node compiles one transform; path is where it stands in its definition.
func (c *compiler) node(document map[string]json.RawMessage, path string) (*node, error) {
	if err := c.count(path); err != nil {
		return nil, err
	}
	if c.nesting++; c.nesting > MaxNesting {
		return nil, governance.Fail(governance.Limit, path, "Transforms are nested deeper than %d levels at %s.", MaxNesting, path)
	}
	defer func() { c.nesting-- }()
	kind, build, err := typeOf(document, path)
	if err != nil {
		return nil, err
	}
	a, err := c.attributes(document, path, kind)
	if err != nil {
		return nil, err
	}
	n := &node{at: place{transform: c.inside(), path: path, kind: kind}}
	if a.has("input") {
		input := a.operand("input")
		n.input = &input
	}
	n.op = build(a)
	return n, a.err
}

// count adds one to the nodes.
func (c *compiler) count(path string) error {
	if c.nodes++; c.nodes > MaxNodes {
		return governance.Fail(governance.Limit, path, "The transform and those that it refers to have more than %d parts.", MaxNodes)
	}
	return nil
}

// inside is the name of the stored transform that is being compiled, or empty for the definition itself.
func (c *compiler) inside() string {
	if len(c.chain) < 2 {
		return ""
	}
	return c.chain[len(c.chain)-1]
}

// typeOf reads the member "type" and finds its builder.
func typeOf(document map[string]json.RawMessage, path string) (string, func(*attributes) operation, error) {
	path = below(path, "type")
	raw := document["type"]
	if isNull(raw) {
		return "", nil, missing(path)
	}
	kind, ok := stringOf(raw)
	if !ok {
		return "", nil, wrongType(path, "a string")
	}
	build := builders[kind]
	if build == nil {
		return "", nil, governance.Fail(governance.Illegal, path, "Illegal value %s for field '%s': there is no such type of transform%s.", shown(Text(kind)), path, similar(kind))
	}
	return kind, build, nil
}

// similar helps with a type that is spelled in another case.
func similar(kind string) string {
	for known := range builders {
		if strings.EqualFold(known, kind) {
			return fmt.Sprintf("; it is written %q", known)
		}
	}
	return ""
}

// referred compiles a stored transform, once for each name. It is nil when references are not followed.
func (c *compiler) referred(name, path string) (*node, error) {
	if c.find == nil {
		return nil, nil
	}
	if slices.ContainsFunc(c.chain, func(other string) bool { return strings.EqualFold(other, name) }) {
		return nil, governance.Fail(governance.Illegal, path, "Transform %q refers to itself: %s.", name, c.shownChain(name))
	}
	if known := c.done[name]; known != nil {
		return known, nil
	}
	if len(c.chain) > MaxReferences {
		return nil, governance.Fail(governance.Limit, path, "More than %d transforms refer to each other in a row: %s.", MaxReferences, c.shownChain(name))
	}
	definition, found := c.find(name)
	if !found {
		return nil, governance.Fail(governance.UnknownRef, path, "Field '%s' refers to transform %q, which does not exist.", path, name)
	}
	n, err := c.stored(name, definition)
	if err != nil {
		return nil, c.through(err, name, path)
	}
	c.done[name] = n
	return n, nil
}

// stored compiles what find gave.
func (c *compiler) stored(name string, definition json.RawMessage) (*node, error) {
	nesting := c.nesting
	c.nesting = 0
	c.chain = append(c.chain, name)
	n, err := c.whole(definition)
	c.chain = c.chain[:len(c.chain)-1]
	c.nesting = nesting
	return n, err
}

// through moves an error from inside a stored transform to the place that refers to it.
func (c *compiler) through(err error, name, path string) error {
	var e *governance.Error
	if !errors.As(err, &e) {
		return err
	}
	return governance.Fail(e.Kind, path, "In transform %q: %s", name, e.Text)
}

// shownChain is the way from the definition to a name.
func (c *compiler) shownChain(name string) string {
	names := append(slices.Clone(c.chain), name)
	if names[0] == "" {
		names = names[1:]
	}
	return strings.Join(names, " → ")
}
