package provision

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"midgard/internal/connector"
	"midgard/internal/governance"
)

// maxTaken is how many names that the source turned out to have are replaced by others.
const maxTaken = 50

// sentCreate among what is done says that the source has been asked to make the account, so that it may be there by our own
// work. Before that, who has the name is somebody else.
const sentCreate = "create-sent"

// create makes the account.
func (w *work) create(ctx context.Context) (bool, error) {
	if err := w.connect(ctx); err != nil {
		return false, err
	}
	if w.target == nil {
		return w.replan(ctx) // the source has got another connector since
	}
	resume := w.p.Has(sentCreate)
	if !resume {
		w.p.Done = append(w.p.Done, sentCreate)
		if err := w.save(ctx); err != nil {
			return false, err
		}
	}
	made, err := w.target.Create(ctx, connector.CreateRequest{
		Name: w.p.Name, Identity: w.p.NativeIdentity, Attributes: values(w.p.Attributes), Resume: resume,
	})
	if errors.Is(err, connector.ErrExists) {
		return w.collided(ctx, err)
	}
	if err != nil {
		return false, ofSource(err)
	}
	w.p.NativeIdentity = made.Identity
	return w.advance(ctx, governance.StepPassword)
}

// collided tries the next name, where names are generated.
func (w *work) collided(ctx context.Context, err error) (bool, error) {
	if w.p.Name == "" || len(w.p.Taken) >= maxTaken {
		return false, ofSource(err)
	}
	w.p.Taken = append(w.p.Taken, w.p.Name)
	return w.replan(ctx)
}

// replan goes back to the beginning. Nothing was made yet.
func (w *work) replan(ctx context.Context) (bool, error) {
	w.p.Turn(governance.StepPlan)
	w.p.Name, w.p.NativeIdentity, w.p.Attributes, w.p.Done = "", "", nil, nil
	return false, w.save(ctx)
}

// values are attributes with the types that connectors know: JSON has fewer.
func values(attributes map[string]any) map[string]any {
	native := make(map[string]any, len(attributes))
	for name, value := range attributes {
		switch v := value.(type) {
		case []any:
			list := make([]string, len(v))
			for i := range v {
				list[i] = fmt.Sprint(v[i])
			}
			native[name] = list
		case float64:
			if whole := int64(v); float64(whole) == v {
				native[name] = whole
				continue
			}
			native[name] = v
		default:
			native[name] = v
		}
	}
	return native
}

// reconnect opens a source that provisions, for the steps behind the creation.
func (w *work) reconnect(ctx context.Context) error {
	if err := w.connect(ctx); err != nil {
		return err
	}
	if w.target == nil {
		return governance.Fail(governance.Invalid, "", "The connector of source %q cannot change accounts any more.", w.source.Name)
	}
	return nil
}

// entitle gives the account what was asked for.
func (w *work) entitle(ctx context.Context) (bool, error) {
	wanted, err := w.wanted(ctx)
	if err != nil {
		return false, err
	}
	if len(wanted) == 0 {
		return w.advance(ctx, governance.StepVerify)
	}
	if err := w.reconnect(ctx); err != nil {
		return false, err
	}
	for _, e := range wanted {
		if err := w.target.AddEntitlement(ctx, w.p.NativeIdentity, e.Attribute, e.Value); err != nil {
			return false, ofSource(fmt.Errorf("give the entitlement %q: %w", e.Name, err))
		}
	}
	return w.advance(ctx, governance.StepVerify)
}

// wanted reads the entitlements of the request, all of which must still be there.
func (w *work) wanted(ctx context.Context) ([]governance.Entitlement, error) {
	ids := make([]string, len(w.request.Entitlements))
	for i, e := range w.request.Entitlements {
		ids[i] = e.ID
	}
	found, err := w.Store.EntitlementsByID(ctx, ids)
	if err != nil {
		return nil, err
	}
	for _, e := range w.request.Entitlements {
		if !slices.ContainsFunc(found, func(f governance.Entitlement) bool { return f.ID == e.ID }) {
			return nil, governance.Fail(governance.UnknownRef, "entitlementIds", "The entitlement %q is not there any more.", e.Name)
		}
	}
	return found, nil
}

// verify reads the account back. A source that does not show what it has confirmed may be slow to.
func (w *work) verify(ctx context.Context) (bool, error) {
	wanted, err := w.wanted(ctx)
	if err != nil {
		return false, err
	}
	object, err := w.read(ctx)
	if err != nil {
		return false, err
	}
	for _, e := range wanted {
		if !holds(&object, e) {
			return false, notYet("the source does not show the entitlement %q of the account %q", e.Name, object.Identity)
		}
	}
	return w.advance(ctx, governance.StepAdopt)
}

func (w *work) read(ctx context.Context) (connector.Object, error) {
	if err := w.reconnect(ctx); err != nil {
		return connector.Object{}, err
	}
	object, err := w.target.Read(ctx, connector.TypeAccount, w.p.NativeIdentity)
	if errors.Is(err, connector.ErrNoSuchObject) {
		return object, notYet("the source does not show the account %q that it has made", w.p.NativeIdentity)
	}
	return object, ofSource(err)
}

func notYet(format string, args ...any) error {
	return ofSource(&connector.Retryable{Err: fmt.Errorf(format, args...)})
}

func holds(object *connector.Object, e governance.Entitlement) bool {
	for name, value := range object.Attributes {
		if !strings.EqualFold(name, e.Attribute) {
			continue
		}
		list, several := value.([]string)
		if !several {
			list = []string{fmt.Sprint(value)}
		}
		return slices.ContainsFunc(list, func(v string) bool { return strings.EqualFold(v, e.Value) })
	}
	return false
}

// adopt puts the account into the inventory and ends the request.
func (w *work) adopt(ctx context.Context) (bool, error) {
	adoption, err := w.adoption(ctx)
	if err != nil {
		return false, err
	}
	a, err := w.Store.AdoptAccount(ctx, w.actor, w.lease, w.request.ID, adoption)
	if err != nil {
		return false, err
	}
	w.Log.Info("account created", "request", w.request.ID, "source", w.request.Source.Name, "account", a.ID, "native_identity", a.NativeIdentity, "tracking_id", w.actor.TrackingID)
	return true, nil
}

// adoption is the account as the source shows it, or as far as a person has named it.
func (w *work) adoption(ctx context.Context) (governance.Adoption, error) {
	if w.p.Has(governance.StepManual) {
		name := w.p.Name
		if name == "" {
			name = w.p.NativeIdentity
		}
		return governance.Adoption{Stub: true, Observed: governance.ObservedAccount{NativeIdentity: w.p.NativeIdentity, Name: name}}, nil
	}
	object, err := w.read(ctx)
	if err != nil {
		return governance.Adoption{}, err
	}
	adoption := governance.Adoption{PasswordExpires: w.Now().Add(w.PasswordLifetime)}
	adoption.Observed, err = w.Observer.Observe(ctx, w.source, object)
	return adoption, err
}

// undo removes the account of a request that cannot be finished.
func (w *work) undo(ctx context.Context) (bool, error) {
	if err := w.reconnect(ctx); err != nil {
		return false, err
	}
	if err := w.target.Delete(ctx, w.p.NativeIdentity); err != nil {
		return false, ofSource(err)
	}
	return w.end(ctx, w.p.Cause)
}

// handOver leaves the work to a person, unless one has it already.
func (w *work) handOver(ctx context.Context) (bool, error) {
	if w.p.WorkItemID != "" {
		return true, nil
	}
	item := governance.WorkItem{
		RequestID: w.request.ID, Source: w.request.Source, Type: governance.WorkCreate, Subject: w.p.Name,
		Details: w.p.Attributes, NativeIdentity: w.p.NativeIdentity,
	}
	if w.request.Type == governance.RequestDeletion {
		item.Type, item.Subject = governance.WorkDelete, w.request.Account.Name
	}
	if item.Subject == "" {
		item.Subject = w.request.Subtype.Name
	}
	return true, w.Store.HandOver(ctx, w.lease, item, w.p)
}
