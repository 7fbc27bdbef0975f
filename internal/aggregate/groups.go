package aggregate

import (
	"context"
	"fmt"

	"midgard/internal/connector"
	"midgard/internal/governance"
	"midgard/internal/jsondoc"
)

// groupWriter is the sink of an entitlement run.
type groupWriter struct {
	run       *run
	attribute string // the account attribute whose values are these groups
	batch     []governance.Entitlement
}

// groups reads the source's groups as entitlements. A group that is no longer listed stays: accounts may still show it.
func (r *run) groups(ctx context.Context, source connector.Source) error {
	attribute, err := r.groupAttribute(ctx)
	if err != nil {
		return err
	}
	w := &groupWriter{run: r, attribute: attribute}
	if _, err := r.list(ctx, source, false, w); err != nil {
		return err
	}
	return w.flush(ctx)
}

// groupAttribute finds the account attribute that holds groups.
func (r *run) groupAttribute(ctx context.Context) (string, error) {
	schemas, err := r.store.Schemas(ctx, r.SourceID)
	if err != nil {
		return "", err
	}
	accounts, err := schemaOf(schemas, connector.TypeAccount)
	if err != nil {
		return "", err
	}
	for _, a := range accounts.Attributes {
		if a.IsGroup && !governance.NamesCreation(a.Name) {
			return a.Name, nil
		}
	}
	return "", governance.Fail(governance.Invalid, "schemas", "No attribute of the account schema is marked as group, so the source's groups cannot be told from other entitlements.")
}

// Emit implements connector.Sink.
func (w *groupWriter) Emit(ctx context.Context, o connector.Object) error {
	if o.Deleted || o.Unchanged {
		return nil
	}
	attributes, err := jsondoc.Canonical(o.Attributes)
	if err != nil {
		return w.Fail(ctx, o.Identity, err)
	}
	name := o.Name
	if name == "" {
		name = o.Identity
	}
	w.batch = append(w.batch, governance.Entitlement{
		Source: governance.Reference{ID: w.run.source.ID, Name: w.run.source.Name}, Attribute: w.attribute, Value: o.Identity, Name: governance.Cut(name, governance.MaxName),
		Type: connector.TypeGroup, Description: governance.Cut(first(&o, attrDescription), governance.MaxDescription), Privileged: truthy(first(&o, attrPrivileged)), Attributes: attributes,
	})
	if len(w.batch) < batchSize {
		return nil
	}
	return w.flush(ctx)
}

// Fail implements connector.Sink.
func (w *groupWriter) Fail(_ context.Context, where string, reason error) error {
	w.run.report.warn("unreadable", fmt.Sprintf("%s: %v", where, reason))
	return nil
}

func (w *groupWriter) flush(ctx context.Context) error {
	read := int64(len(w.batch))
	created, updated, err := w.run.store.ApplyEntitlements(ctx, w.run.actor, w.run.lease, w.batch)
	if err != nil {
		return &storeError{err}
	}
	w.batch = nil
	w.run.report.add(countRead, read)
	w.run.report.add(countCreated, created)
	w.run.report.add(countUpdated, updated)
	w.run.report.add(countUnchanged, read-created-updated)
	if err := w.run.report.send(ctx); err != nil {
		return &storeError{err}
	}
	return nil
}
