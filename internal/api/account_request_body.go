package api

import (
	"midgard/internal/governance"
	"midgard/internal/jsondoc"
)

// appendCreationRequest writes the contract's AccountRequestDetails.
func appendCreationRequest(b []byte, x *governance.AccountRequest) []byte {
	b = appendRequestHead(b, x)
	b = jsondoc.AppendNullableTime(b, "completedAt", x.Completed)
	return append(appendRequestTail(b, x), '}')
}

// appendDeletionRequest writes the contract's AccountActionRequest with what became of its approval, which is empty where
// nobody had to approve.
func appendDeletionRequest(b []byte, x *governance.AccountRequest, approval governance.GenericApproval) []byte {
	b = appendRequestHead(b, x)
	if !x.Completed.IsZero() {
		b = jsondoc.AppendTimeField(b, "completedAt", x.Completed)
	}
	b = jsondoc.AppendStringField(b, "requesterComments", x.Comments)
	b = appendDeletedAccount(jsondoc.AppendKey(b, "accountDetails"), x)
	snapshot := x.Snapshot
	if snapshot == nil {
		snapshot = &governance.AccountSnapshot{}
	}
	b = appendNullableRef(b, "correlatedIdentity", typeMachineIdentity, snapshot.MachineIdentity)
	b = appendNullableRef(b, "managerReference", typeIdentity, snapshot.Manager)
	b = appendApprovalDetails(b, &approval)
	return append(appendRequestTail(b, x), '}')
}

// appendRequestHead writes what begins both of the contract's shapes; the object stays open.
func appendRequestHead(b []byte, x *governance.AccountRequest) []byte {
	b = jsondoc.AppendStringField(append(b, '{'), "accountRequestId", x.ID)
	b = jsondoc.AppendStringField(b, "requestType", string(x.Type))
	b = jsondoc.AppendTimeField(b, "createdAt", x.Created)
	b = jsondoc.AppendStringField(b, "overallStatus", string(x.Status))
	return appendRef(b, "requester", typeIdentity, x.Requester)
}

// appendRequestTail writes what ends both. The id of the approval is left out where nobody has to approve, since it must
// not be null.
func appendRequestTail(b []byte, x *governance.AccountRequest) []byte {
	if x.ApprovalID != "" {
		b = jsondoc.AppendStringField(b, "approvalRequestId", x.ApprovalID)
	}
	b = appendPhases(b, "accountRequestPhases", x)
	return jsondoc.AppendNullableString(b, "errorDetails", x.Error)
}

func appendPhases(b []byte, key string, x *governance.AccountRequest) []byte {
	b = appendPhase(append(jsondoc.AppendKey(b, key), '['), "APPROVAL_PHASE", x.ApprovalPhase)
	return append(appendPhase(append(b, ','), "PROVISIONING_PHASE", x.ProvisioningPhase), ']')
}

// appendPhase leaves out the times that a phase does not have: they must not be null.
func appendPhase(b []byte, name string, p governance.Phase) []byte {
	b = jsondoc.AppendStringField(append(b, '{'), "name", name)
	b = jsondoc.AppendStringField(b, "state", string(p.State))
	if !p.Started.IsZero() {
		b = jsondoc.AppendTimeField(b, "started", p.Started)
	}
	if !p.Finished.IsZero() {
		b = jsondoc.AppendTimeField(b, "finished", p.Finished)
	}
	return append(b, '}')
}

// appendDeletedAccount writes the account as it was when its deletion was asked for.
func appendDeletedAccount(b []byte, x *governance.AccountRequest) []byte {
	a := x.Snapshot
	if a == nil {
		a = &governance.AccountSnapshot{}
	}
	b = jsondoc.AppendStringField(append(b, '{'), "id", x.Account.ID)
	b = jsondoc.AppendStringField(b, "accountId", x.Account.ID)
	b = jsondoc.AppendStringField(b, "name", x.Account.Name)
	b = jsondoc.AppendStringField(b, "displayName", x.Account.Name)
	b = jsondoc.AppendStringField(b, "nativeIdentity", a.NativeIdentity)
	b = jsondoc.AppendStringField(b, "uuid", a.UUID)
	b = jsondoc.AppendStringField(b, "description", a.Description)
	b = jsondoc.AppendBool(b, "disabled", a.Disabled)
	b = jsondoc.AppendBool(b, "locked", a.Locked)
	b = jsondoc.AppendBool(b, "authoritative", a.Authoritative)
	b = jsondoc.AppendBool(b, "uncorrelated", !a.MachineIdentity.Set())
	b = jsondoc.AppendBool(b, "systemAccount", false)
	b = appendRef(b, "application", typeSource, x.Source)
	if x.Owner.Set() {
		b = appendRef(b, "identity", typeIdentity, x.Owner)
	}
	return append(b, '}')
}

// appendApprovalDetails writes a member for each step whose turn it is or was.
func appendApprovalDetails(b []byte, a *governance.GenericApproval) []byte {
	b = append(jsondoc.AppendKey(b, "approvalDetails"), '[')
	for i := range min(a.SerialStep+1, len(a.Steps)) {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendApprovalStep(b, a, i)
	}
	return append(b, ']')
}

func appendApprovalStep(b []byte, a *governance.GenericApproval, i int) []byte {
	step := &a.Steps[i]
	b = jsondoc.AppendKey(append(b, '{'), "approver")
	b = jsondoc.AppendStringField(append(b, '{'), "identityID", step.Approver.ID)
	b = jsondoc.AppendStringField(b, "id", step.Approver.ID)
	b = jsondoc.AppendStringField(b, "name", step.Approver.Name)
	b = jsondoc.AppendStringField(b, "email", a.Contacts[step.Approver.ID].Email)
	b = append(jsondoc.AppendStringField(b, "type", step.Approver.Type), '}')
	if !step.Decided.IsZero() {
		b = jsondoc.AppendStringField(b, "approverComments", a.DecisionComment(i))
		b = jsondoc.AppendTimeField(b, "decisionDate", step.Decided)
	}
	b = jsondoc.AppendInt(b, "serialOrder", int64(i+1))
	return append(jsondoc.AppendStringField(b, "status", string(stepState(a, step))), '}')
}

// stepState is the state of a step in the words of account requests. One that waited when the approval ended has the state
// of that end.
func stepState(a *governance.GenericApproval, step *governance.ApprovalStep) governance.PhaseState {
	switch {
	case step.Decision == governance.ApprovalApproved:
		return governance.PhaseApproved
	case step.Decision == governance.ApprovalRejected, a.Status == governance.ApprovalExpired:
		return governance.PhaseRejected
	case a.Status == governance.ApprovalCancelled:
		return governance.PhaseCancelled
	case a.Pending():
		return governance.PhasePending
	}
	return governance.PhasePassed
}

// appendAccountRequest writes a request as Midgard's own operations show it.
func appendAccountRequest(b []byte, x *governance.AccountRequest) []byte {
	b = jsondoc.AppendStringField(append(b, '{'), "id", x.ID)
	b = jsondoc.AppendStringField(b, "requestType", string(x.Type))
	b = jsondoc.AppendStringField(b, "status", string(x.Status))
	b = appendRef(b, "requester", typeIdentity, x.Requester)
	b = appendRef(b, "source", typeSource, x.Source)
	b = appendRequestSubtype(b, x.Subtype)
	b = appendNullableRef(b, "owner", typeIdentity, x.Owner)
	b = appendNullableRef(b, "account", "ACCOUNT", x.Account)
	b = appendNullableRef(b, "machineIdentity", typeMachineIdentity, x.MachineIdentity)
	b = append(jsondoc.AppendKey(b, "entitlements"), '[')
	for i, e := range x.Entitlements {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendBareRef(b, typeEntitlement, e)
	}
	b = append(b, ']')
	b = jsondoc.AppendNullableString(b, "formId", x.FormID)
	b = jsondoc.AppendNullableString(b, "environment", x.Environment)
	b = jsondoc.AppendNullableString(b, "description", x.Description)
	b = appendObject(b, "userInput", x.UserInput)
	b = jsondoc.AppendNullableString(b, "comments", x.Comments)
	b = jsondoc.AppendNullableString(b, "approvalRequestId", x.ApprovalID)
	b = appendPhases(b, "phases", x)
	b = appendProgress(b, &x.Provisioning)
	b = jsondoc.AppendNullableString(b, "errorDetails", x.Error)
	b = jsondoc.AppendTimeField(b, "created", x.Created)
	b = jsondoc.AppendTimeField(b, "modified", x.Modified)
	return append(jsondoc.AppendNullableTime(b, "completed", x.Completed), '}')
}

// appendRequestSubtype writes a reference without a type: the contract has none for subtypes.
func appendRequestSubtype(b []byte, subtype governance.Reference) []byte {
	b = jsondoc.AppendKey(b, "subtype")
	if !subtype.Set() {
		return append(b, "null"...)
	}
	b = jsondoc.AppendStringField(append(b, '{'), "id", subtype.ID)
	return append(jsondoc.AppendStringField(b, "name", subtype.Name), '}')
}

func appendProgress(b []byte, p *governance.Provisioning) []byte {
	b = jsondoc.AppendStringField(append(jsondoc.AppendKey(b, "provisioning"), '{'), "step", p.Step)
	b = jsondoc.AppendInt(b, "attempts", int64(p.Attempts))
	b = jsondoc.AppendNullableTime(b, "nextTry", p.NextTry)
	b = jsondoc.AppendNullableString(b, "nativeIdentity", p.NativeIdentity)
	b = jsondoc.AppendNullableString(b, "workItemId", p.WorkItemID)
	return append(jsondoc.AppendNullableString(b, "message", p.Message), '}')
}
