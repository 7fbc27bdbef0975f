package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"midgard/internal/governance"
)

// FillForm holds an input, a JSON object, against a form and gives what of it counts. It may refuse with an error.
type FillForm = func(form *governance.FormDefinition, input json.RawMessage) (json.RawMessage, error)

// RequestAccount keeps a request for a new machine account and opens its approval, or starts its provisioning where nobody
// has to approve. Of the draft it needs the requester, what is asked for and the ids of references. A request that is sent
// again gives the id of the first one. It fails with Forbidden when the requester does not hold the subtype's entitlement,
// with Conflict when the key is another request's, and otherwise with an error that names the field.
func (s *Store) RequestAccount(ctx context.Context, actor governance.Actor, draft governance.AccountRequest, replay governance.Replay, fill FillForm) (id string, err error) {
	err = s.write(ctx, actor, func(ctx context.Context, t *tx) error {
		r := draft
		r.ID, r.Type = NewID(), governance.RequestCreation
		if id, err = t.replayed(ctx, r.Requester.ID, replay, r.ID); err != nil || id != "" {
			return err
		}
		id = r.ID
		subtype, err := t.resolveCreation(ctx, &r, fill)
		if err != nil {
			return err
		}
		return t.openRequest(ctx, &r, subtype.Creation.Approval)
	})
	return id, err
}

// resolveCreation checks what a request for an account refers to and completes it.
func (t *tx) resolveCreation(ctx context.Context, r *governance.AccountRequest, fill FillForm) (governance.Subtype, error) {
	subtype, err := t.requestedSubtype(ctx, r)
	if err != nil {
		return subtype, err
	}
	if err := t.activePerson(ctx, "ownerIdentityId", &r.Owner); err != nil {
		return subtype, err
	}
	if err := t.fillForm(ctx, r, &subtype, fill); err != nil {
		return subtype, err
	}
	if err := t.refer(ctx, "machine_identity", "machineIdentityId", governance.Reference{}, &r.MachineIdentity); err != nil {
		return subtype, err
	}
	return subtype, t.requestedEntitlements(ctx, r)
}

func (t *tx) requestedSubtype(ctx context.Context, r *governance.AccountRequest) (governance.Subtype, error) {
	x, err := one(ctx, t, subtypeObject, r.Subtype.ID, subtypeByID, scanSubtype, r.Subtype.ID)
	if governance.KindOf(err) == governance.NotFound {
		return x, governance.Fail(governance.UnknownRef, "subtypeId", "Referenced object %q of field 'subtypeId' was not found.", r.Subtype.ID)
	}
	if err != nil {
		return x, err
	}
	if err := x.CheckCreationEnabled(); err != nil {
		return x, err
	}
	r.Source, r.Subtype.Name = x.Source, x.DisplayName
	entitled, err := t.holds(ctx, r.Requester.ID, x.Creation.EntitlementID)
	if err == nil && !entitled {
		err = governance.Fail(governance.Forbidden, "subtypeId", "You do not hold the entitlement to ask for machine accounts of the subtype %q of field 'subtypeId'.", x.DisplayName)
	}
	return x, err
}

// activePerson completes a reference to a person who must be there and active.
func (t *tx) activePerson(ctx context.Context, field string, ref *governance.Reference) error {
	if err := t.refer(ctx, identityTable.name, field, governance.Reference{}, ref); err != nil {
		return err
	}
	person, err := byID(ctx, t, identities, "Identity", ref.ID)
	if err == nil && !person.Active() {
		err = governance.Fail(governance.Illegal, field, "The identity %q of field '%s' is not active.", ref.ID, field)
	}
	return err
}

// fillForm holds the input against the form that counts. Without any form everything counts.
func (t *tx) fillForm(ctx context.Context, r *governance.AccountRequest, subtype *governance.Subtype, fill FillForm) error {
	id, err := subtype.Creation.CheckForm(r.FormID)
	if err != nil || id == "" {
		return err
	}
	form, err := byID(ctx, t, forms, formObject, id)
	if governance.KindOf(err) == governance.NotFound {
		return governance.Fail(governance.UnknownRef, "formId", "Referenced object %q of field 'formId' was not found.", id)
	}
	if err != nil {
		return err
	}
	r.FormID = id
	r.UserInput, err = fill(&form, r.UserInput)
	return err
}

// requestedEntitlements completes the references to entitlements, which must be of the account's source and something that
// accounts there can have.
func (t *tx) requestedEntitlements(ctx context.Context, r *governance.AccountRequest) error {
	asked := r.Entitlements
	if len(asked) == 0 {
		return nil
	}
	ids := make([]string, len(asked))
	for i := range asked {
		ids[i] = asked[i].ID
	}
	text, args := in(2, anyOf(ids))
	found, err := matching(ctx, t, entitlements, "e.source_id = $1 and e.id "+text, append([]any{r.Source.ID}, args...)...)
	if err != nil {
		return fmt.Errorf("read the entitlements of a request: %w", err)
	}
	r.Entitlements = make([]governance.Reference, len(ids))
	for i, id := range ids {
		at := slices.IndexFunc(found, func(e governance.Entitlement) bool { return e.ID == id })
		if at < 0 {
			return governance.Fail(governance.UnknownRef, "entitlementIds", "Referenced object %q of field 'entitlementIds' was not found on the source %q.", id, r.Source.Name)
		}
		if e := &found[at]; governance.NamesCreation(e.Attribute) {
			return governance.Fail(governance.Illegal, "entitlementIds", "The entitlement %q of field 'entitlementIds' is for people: accounts cannot have it.", e.Name)
		}
		r.Entitlements[i] = governance.Reference{ID: id, Name: found[at].Name}
	}
	return nil
}

// openRequest keeps a new request and begins its first phase.
func (t *tx) openRequest(ctx context.Context, r *governance.AccountRequest, setting governance.Approval) error {
	r.Begin(t.now, setting.Required)
	if !setting.Required {
		if err := create(ctx, t, accountRequestTable, r); err != nil {
			return err
		}
		return t.startProvisioning(ctx, r)
	}
	r.ApprovalID = NewID()
	// the approval can end as soon as it is opened, so the request has to be there before
	if err := create(ctx, t, accountRequestTable, r); err != nil {
		return err
	}
	return t.askForApproval(ctx, r, setting)
}

// askForApproval opens the approval of a request.
func (t *tx) askForApproval(ctx context.Context, r *governance.AccountRequest, setting governance.Approval) error {
	steps, err := t.approvalSteps(ctx, setting, r.Requester, r.Source, r.Owner)
	if err != nil {
		return err
	}
	a := r.ApprovalDraft(setting, steps)
	return t.openApproval(ctx, &a)
}

// provisionJob are the arguments of a job that provisions a request.
type provisionJob struct {
	RequestID string `json:"requestId"`
}

func (t *tx) startProvisioning(ctx context.Context, r *governance.AccountRequest) error {
	_, _, err := t.enqueue(ctx, governance.JobProvision, r.ID, provisionJob{r.ID}, time.Time{})
	return err
}

// RequestDeletion keeps a request that a machine account be deleted, and opens its approval or starts its provisioning. A
// request that is sent again, or that the same person has made and that has not ended yet, gives the id of the first one. It
// fails with NotFound for an account that is neither the viewer's nor on a source of theirs, with Illegal for one that is
// no machine's, and with Conflict while somebody else's request waits.
func (s *Store) RequestDeletion(ctx context.Context, actor governance.Actor, draft governance.AccountRequest, replay governance.Replay, v governance.Viewer) (id string, err error) {
	err = s.write(ctx, actor, func(ctx context.Context, t *tx) error {
		r := draft
		r.ID, r.Type = NewID(), governance.RequestDeletion
		if id, err = t.replayed(ctx, r.Requester.ID, replay, r.ID); err != nil || id != "" {
			return err
		}
		a, err := t.deletable(ctx, r.Account.ID, v)
		if err != nil {
			return err
		}
		if id, err = t.waitingDeletion(ctx, &r); err != nil || id != "" {
			return err
		}
		id = r.ID
		setting, err := t.resolveDeletion(ctx, &r, &a)
		if err != nil {
			return err
		}
		return t.openRequest(ctx, &r, setting)
	})
	return id, err
}

// deletable finds the account that a viewer wants deleted. Its row is held: of two requests for it at once, one sees the
// other.
func (t *tx) deletable(ctx context.Context, id string, v governance.Viewer) (governance.Account, error) {
	if err := t.holdRow(ctx, accountTable.name, id); err != nil {
		return governance.Account{}, err
	}
	c := compiler{args: []any{id}}
	text := accountByID + " and not s.deleting"
	switch {
	case v.Everything:
	case v.Administers:
		text += " and (a.owner_id = " + c.arg(v.IdentityID) + " or " + fmt.Sprintf(sourcesOf("a.source_id"), c.arg(v.IdentityID)) + ")"
	default:
		text += " and a.owner_id = " + c.arg(v.IdentityID)
	}
	a, err := one(ctx, t, "Account", id, text, scanAccount, c.args...)
	if err == nil && !a.Machine {
		err = governance.Fail(governance.Illegal, "accountId", "The account %q of field 'accountId' is not a machine account: only those can be deleted by request.", a.Name)
	}
	return a, err
}

const waitingDeletion = "r.account_id = $1 and r.type = '" + string(governance.RequestDeletion) + "' and r.status = '" + string(governance.RequestPending) + "'"

// waitingDeletion gives the id of the request for the same deletion that the same person made and that has not ended.
func (t *tx) waitingDeletion(ctx context.Context, r *governance.AccountRequest) (id string, err error) {
	waiting, err := matching(ctx, t, accountRequests, waitingDeletion, r.Account.ID)
	if err != nil {
		return "", fmt.Errorf("read the requests for account %q: %w", r.Account.ID, err)
	}
	if len(waiting) == 0 {
		return "", nil
	}
	if waiting[0].Requester.ID != r.Requester.ID {
		return "", governance.Fail(governance.Conflict, "accountId", "The deletion of the account %q of field 'accountId' has already been requested.", r.Account.ID)
	}
	return waiting[0].ID, nil
}

// resolveDeletion completes the request with what is known of the account, and gives who has to approve: as the subtype says,
// else as the source does.
func (t *tx) resolveDeletion(ctx context.Context, r *governance.AccountRequest, a *governance.Account) (governance.Approval, error) {
	r.Account.Name, r.Source, r.Owner, r.Snapshot = a.Name, a.Source, a.Owner, a.Snapshot()
	if a.Owner.Set() {
		owner, err := byID(ctx, t, identities, "Identity", a.Owner.ID)
		if err != nil {
			return governance.Approval{}, err
		}
		r.Snapshot.Manager = owner.Manager
	}
	if a.Subtype != "" {
		subtype, err := subtypeOf(ctx, t, a.Source.ID, a.Subtype)
		if err == nil {
			r.Subtype = governance.Reference{ID: subtype.ID, Name: subtype.DisplayName}
			return subtype.EffectiveDeletion(), nil
		}
		if governance.KindOf(err) != governance.NotFound { // what an account has for a subtype need not be one
			return governance.Approval{}, err
		}
	}
	setting, err := deletionApproval(ctx, t, a.Source.ID)
	if err != nil || setting == nil {
		return governance.DefaultDeletion(), err
	}
	return *setting, nil
}
