package provision

import (
	"context"
	"errors"
	"strings"

	"midgard/internal/connector"
	"midgard/internal/governance"
)

// remove deletes the account on its source. What is there under its name by now and has another immutable id is somebody
// else's.
func (w *work) remove(ctx context.Context) (bool, error) {
	native, uuid, err := w.doomed(ctx)
	if err != nil {
		return false, err
	}
	w.p.NativeIdentity = native
	if err := w.connect(ctx); err != nil {
		return false, err
	}
	if w.target == nil {
		return w.advance(ctx, governance.StepManual)
	}
	object, err := w.target.Read(ctx, connector.TypeAccount, native)
	if errors.Is(err, connector.ErrNoSuchObject) {
		return w.advance(ctx, governance.StepVerify)
	}
	if err != nil {
		return false, ofSource(err)
	}
	if anotherOne(uuid, &object) {
		return false, governance.Fail(governance.Conflict, "", "The account %q of source %q is another one by now; it was left alone.", native, w.source.Name)
	}
	if err := w.target.Delete(ctx, native); err != nil {
		return false, ofSource(err)
	}
	return w.advance(ctx, governance.StepVerify)
}

// anotherOne says that the object has another immutable id.
func anotherOne(uuid string, object *connector.Object) bool {
	return uuid != "" && object.UUID != "" && !strings.EqualFold(uuid, object.UUID)
}

// doomed finds the account to delete, as it is called now, or was when the deletion was asked for. Its immutable id is the
// one that was approved: an entry made anew under the same name is another account.
func (w *work) doomed(ctx context.Context) (native, uuid string, err error) {
	a, err := w.Store.Account(ctx, w.request.Account.ID, "")
	if err == nil && w.request.Snapshot != nil && w.request.Snapshot.UUID != "" {
		a.UUID = w.request.Snapshot.UUID
	}
	if err == nil {
		return a.NativeIdentity, a.UUID, nil
	}
	if governance.KindOf(err) != governance.NotFound || w.request.Snapshot == nil {
		return "", "", err
	}
	return w.request.Snapshot.NativeIdentity, w.request.Snapshot.UUID, nil
}

// verifyGone looks whether the account is gone.
func (w *work) verifyGone(ctx context.Context) (bool, error) {
	if err := w.reconnect(ctx); err != nil {
		return false, err
	}
	_, uuid, err := w.doomed(ctx)
	if err != nil {
		return false, err
	}
	object, err := w.target.Read(ctx, connector.TypeAccount, w.p.NativeIdentity)
	if errors.Is(err, connector.ErrNoSuchObject) || err == nil && anotherOne(uuid, &object) {
		return w.advance(ctx, governance.StepForget)
	}
	if err != nil {
		return false, ofSource(err)
	}
	return false, notYet("the source still shows the account %q that it has deleted", w.p.NativeIdentity)
}

// forget removes the account from the inventory and ends the request.
func (w *work) forget(ctx context.Context) (bool, error) {
	if err := w.Store.FinishDeletion(ctx, w.actor, w.lease, &w.request); err != nil {
		return false, err
	}
	w.Log.Info("account deleted", "request", w.request.ID, "source", w.request.Source.Name, "native_identity", w.p.NativeIdentity, "tracking_id", w.actor.TrackingID)
	return true, nil
}
