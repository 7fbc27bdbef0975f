package aggregate

import (
	"context"

	"midgard/internal/connector"
	"midgard/internal/governance"
)

// Observe says what a run would make of one object of a source, by the schema and the classification of now. Who adds an
// account to the inventory beside the runs uses it, so that the next run finds what it would have written itself.
func (s *Service) Observe(ctx context.Context, src governance.Source, o connector.Object) (governance.ObservedAccount, error) {
	r := &run{Service: s, Request: Request{SourceID: src.ID, ObjectType: connector.TypeAccount}}
	if err := r.prepareRules(ctx); err != nil {
		return governance.ObservedAccount{}, err
	}
	a, _, err := r.rules.observe(&o, nil)
	return a, err
}
