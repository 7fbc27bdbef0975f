package aggregate

import (
	"midgard/internal/connector"
	"midgard/internal/governance"
)

// Observe applies the rules of a source to one object.
func Observe(s governance.Source, schema governance.Schema, c *governance.ClassificationConfig, profile []governance.ProfileSource, o connector.Object) (governance.ObservedAccount, error) {
	r, err := newRules(s, schema, c, profile)
	if err != nil {
		return governance.ObservedAccount{}, err
	}
	a, _, err := r.observe(&o, nil)
	return a, err
}

// Bitmap is the set of seen ordinals.
type Bitmap struct{ bitmap }

// Set adds an ordinal.
func (b *Bitmap) Set(n int64) { b.set(n) }

// Has reports whether an ordinal was added.
func (b *Bitmap) Has(n int64) bool { return b.has(n) }
