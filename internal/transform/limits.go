package transform

import "midgard/internal/governance"

// The bounds of the engine. Whoever may write a transform must not be able to stop the server with it.
const (
	// MaxDefinition is the greatest size of one definition in bytes: the contract's 400 KB.
	MaxDefinition = governance.MaxTransform
	// MaxResolved is the greatest size in bytes of a definition with everything that it refers to.
	MaxResolved = 10 * MaxDefinition
	// MaxNesting is how deep transforms may stand inside of each other within one definition.
	MaxNesting = 24
	// MaxReferences is how long a chain of transforms that refer to each other may be.
	MaxReferences = 32
	// MaxNodes is how many transforms and values a definition may have, with what it refers to; each stored transform
	// counts once, however often it is named.
	MaxNodes = 10_000
	// MaxText is the greatest length in bytes of any value on the way and at the end.
	MaxText = 1 << 20
	// MaxRandom is the greatest length of random values: the contract's.
	MaxRandom = 450
	// MaxPattern is the greatest length of a regular expression in bytes.
	MaxPattern = 4096
	// MaxProgram is how many instructions one regular expression may compile to, and MaxPrograms how many all together.
	MaxProgram  = 2_000
	MaxPrograms = 50_000
	// MaxGroups is how many groups a regular expression may have.
	MaxGroups = 50
	// MaxMatches is how often a regular expression may match in one value.
	MaxMatches = 20_000
	// MaxWork is how much one evaluation may do. A transform costs 1 and another 1 for each 64 bytes that it is given; a
	// regular expression costs half of its instructions for each 64 bytes. Stored transforms that name each other twice at each
	// level are few nodes and many evaluations: this is what ends them.
	MaxWork = 1 << 20
	// TemplateWork is what rendering a template costs, since a small one may do much: a few hundred fit into one evaluation.
	TemplateWork = MaxWork / 512
	// MaxUsernameChecks is how many values usernameGenerator tries at most: the contract's.
	MaxUsernameChecks = 50
)
