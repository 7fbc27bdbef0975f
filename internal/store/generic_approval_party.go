package store

import (
	"context"
	"fmt"
	"slices"

	"midgard/internal/filter"
	"midgard/internal/governance"
)

// approvalSteps finds who decides by a setting of a subtype or a source, in its order: none when the setting demands no
// approval. A step for which nobody is found has no approver; openApproval gives it to the fallback. accountOwner is empty
// for an account that does not exist yet.
func (t *tx) approvalSteps(ctx context.Context, setting governance.Approval, requester, source, accountOwner governance.Reference) ([]governance.ApprovalStep, error) {
	if !setting.Required {
		return nil, nil
	}
	approvers, err := governance.ParseApprovers("approvers", setting.Approvers, true)
	if err != nil {
		return nil, err
	}
	about := governance.GenericApproval{Requester: requester, Source: source, AccountOwner: accountOwner}
	steps := make([]governance.ApprovalStep, len(approvers))
	for i, approver := range approvers {
		steps[i].Kind = approver.Kind
		if steps[i].Approver, err = t.party(ctx, &about, partyOf[approver.Kind], filter.NormalizeID(approver.Group)); err != nil {
			return nil, err
		}
	}
	return steps, nil
}

// partyOf is what the configuration of approvals calls the approvers of a subtype.
var partyOf = map[governance.ApproverKind]string{
	governance.ApproverManager:      governance.ManagerOfRequester,
	governance.ApproverSourceOwner:  "SOURCE_OWNER",
	governance.ApproverAccountOwner: "ACCOUNT_OWNER",
	governance.ApproverWorkgroup:    governance.PartyGroup,
}

// planSteps adds what the configuration has about the approvers.
func (t *tx) planSteps(ctx context.Context, a *governance.GenericApproval) error {
	a.Steps = slices.Clone(a.Steps)
	manager := a.Config.ManagerAssignment
	for i := range a.Steps {
		if a.Steps[i].Kind != governance.ApproverManager || manager == "" || manager == governance.ManagerOfRequester {
			continue
		}
		var err error
		if a.Steps[i].Approver, err = t.party(ctx, a, manager, ""); err != nil {
			return err
		}
	}
	chain := slices.Clone(a.Config.SerialChain)
	slices.SortStableFunc(chain, func(x, y governance.ChainLink) int { return x.Tier - y.Tier })
	for _, link := range chain {
		party, err := t.party(ctx, a, link.Type, link.ID)
		if err != nil {
			return err
		}
		a.Steps = append(a.Steps, governance.ApprovalStep{Kind: governance.ApproverKind(link.Type), Approver: party})
	}
	return nil
}

// managerOf is the contract's type for the manager of a person: in an escalation without a person, of whoever was asked.
const managerOf = "MANAGER_OF"

const (
	referIdentity = "select id, name from identity where id = $1"
	referManager  = "select m.id, m.name from identity i join identity m on m.id = i.manager_id where i.id = $1"
)

// parties has, by the contract's type of an approver, the query that finds the person or group, and what of the approval is
// its argument; nil stands for the id that the configuration gives. What is not here is nobody: Midgard has no roles, access
// profiles and applications.
var parties = map[string]struct {
	group bool
	text  string
	of    func(*governance.GenericApproval) string
}{
	governance.PartyIdentity: {text: referIdentity},
	governance.PartyGroup:    {group: true, text: "select id, name from workgroup where id = $1"},
	managerOf:                {text: referManager},

	governance.ManagerOfRequester:       {text: referManager, of: requesterOf},
	"SOURCE_OWNER":                      {text: referSourceOwner, of: sourceOf},
	"SOURCE_PRIMARY_OWNER":              {text: referSourceOwner, of: sourceOf},
	"ACCOUNT_OWNER":                     {text: referIdentity, of: accountOwnerOf},
	"ACCOUNT_PRIMARY_OWNER":             {text: referIdentity, of: accountOwnerOf},
	"MACHINE_ACCOUNT_OWNER":             {text: referIdentity, of: accountOwnerOf},
	"MACHINE_ACCOUNT_PRIMARY_OWNER":     {text: referIdentity, of: accountOwnerOf},
	"REQUESTED_TARGET_OWNER":            {text: referIdentity, of: accountOwnerOf},
	"REQUESTED_TARGET_PRIMARY_OWNER":    {text: referIdentity, of: accountOwnerOf},
	"MANAGER_OF_OWNER":                  {text: referManager, of: accountOwnerOf},
	"MANAGER_OF_ACCOUNT_OWNER":          {text: referManager, of: accountOwnerOf},
	"MANAGER_OF_MACHINE_ACCOUNT_OWNER":  {text: referManager, of: accountOwnerOf},
	"MANAGER_OF_REQUESTED_TARGET_OWNER": {text: referManager, of: accountOwnerOf},
	"MACHINE_IDENTITY_OWNER":            {text: referMachineOwner, of: machineIdentityOf},
	"MACHINE_IDENTITY_PRIMARY_OWNER":    {text: referMachineOwner, of: machineIdentityOf},
	"MANAGER_OF_MACHINE_IDENTITY_OWNER": {text: referMachineManager, of: machineIdentityOf},
}

const (
	referSourceOwner    = "select o.id, o.name from source s join identity o on o.id = s.owner_id where s.id = $1"
	referMachineOwner   = "select o.id, o.name from machine_identity m join identity o on o.id = m.primary_owner_id where m.id = $1"
	referMachineManager = `select b.id, b.name from machine_identity m join identity o on o.id = m.primary_owner_id
 join identity b on b.id = o.manager_id where m.id = $1`
)

func requesterOf(a *governance.GenericApproval) string       { return a.Requester.ID }
func sourceOf(a *governance.GenericApproval) string          { return a.Source.ID }
func accountOwnerOf(a *governance.GenericApproval) string    { return a.AccountOwner.ID }
func machineIdentityOf(a *governance.GenericApproval) string { return a.MachineIdentity.ID }

// party finds who a type of approver stands for in an approval; nobody is no error.
func (t *tx) party(ctx context.Context, a *governance.GenericApproval, kind, id string) (governance.Party, error) {
	p := parties[kind]
	if p.of != nil {
		id = p.of(a)
	}
	if p.text == "" || id == "" {
		return governance.Party{}, nil
	}
	found, err := many(ctx, t, p.text, scanReference, filter.NormalizeID(id))
	if err != nil {
		return governance.Party{}, fmt.Errorf("find the approver %s of approval %q: %w", kind, a.ID, err)
	}
	if len(found) == 0 {
		return governance.Party{}, nil
	}
	if p.group {
		return governance.Party{Type: governance.PartyGroup, Reference: found[0]}, nil
	}
	return governance.Person(found[0]), nil
}

const (
	personActive = "select exists (select 1 from identity i where i.id = $1 and i.id <> $2 and i.state = 'ACTIVE')"
	memberActive = `select exists (select 1 from workgroup_member w join identity i on i.id = w.identity_id
 where w.workgroup_id = $1 and i.id <> $2 and i.state = 'ACTIVE')`
	isMember = "select exists (select 1 from workgroup_member where workgroup_id = $1 and identity_id = $2)"
)

// answers runs a query for one truth value.
func answers(ctx context.Context, q querier, text string, args ...any) (bool, error) {
	var yes bool
	err := q.QueryRowContext(ctx, text, args...).Scan(boolInto{&yes})
	return yes, err
}

// canDecide says whether there is an active person other than the requester who can decide for the party.
func (t *tx) canDecide(ctx context.Context, p governance.Party, requester string) (bool, error) {
	switch p.Type {
	case governance.PartyIdentity:
		return answers(ctx, t, personActive, p.ID, requester)
	case governance.PartyGroup:
		return answers(ctx, t, memberActive, p.ID, requester)
	}
	return false, nil
}

// speaksFor says whether a person is the party or a member of it.
func (t *tx) speaksFor(ctx context.Context, person string, p governance.Party) (bool, error) {
	if p.Type != governance.PartyGroup {
		return p.ID != "" && p.ID == person, nil
	}
	return answers(ctx, t, isMember, p.ID, person)
}

// ownStep says whether the step counts as approved because the requester is the approver.
func (t *tx) ownStep(ctx context.Context, a *governance.GenericApproval) (bool, error) {
	approver := a.Current().Approver
	switch a.Config.AutoApprove {
	case governance.AutoApproveDirect:
		return approver.Type == governance.PartyIdentity && approver.ID == a.Requester.ID, nil
	case governance.AutoApproveIndirect:
		return t.speaksFor(ctx, a.Requester.ID, approver)
	}
	return false, nil
}

// settleApprover gives the step that waits to somebody else when nobody can decide on it: the person has left, the group is
// empty, nobody was found, or it is the requester. It tells whether it did.
func (t *tx) settleApprover(ctx context.Context, a *governance.GenericApproval) (bool, error) {
	approver := a.Current().Approver
	able, err := t.canDecide(ctx, approver, a.Requester.ID)
	if err != nil || able {
		return false, err
	}
	to, err := t.fallback(ctx, a)
	if err != nil || to.ID == "" || to.ID == approver.ID {
		return false, err
	}
	a.Reassign(governance.Reassignment{To: to, Type: governance.ReassignedByMidgard, Time: t.now})
	return true, nil
}

// anAdministrator finds an active administrator of the organisation, the requester only where there is no other.
const anAdministrator = `select i.id, i.name from auth_user u join identity i on i.id = u.identity_id
 where i.state = 'ACTIVE' and u.levels like '%"` + governance.LevelOrgAdmin + `"%' order by case when i.id = $1 then 1 else 0 end, i.id limit 1`

// fallback finds who decides where nobody else can: who is configured for that, else the owner of the source, else an
// administrator.
func (t *tx) fallback(ctx context.Context, a *governance.GenericApproval) (governance.Party, error) {
	for _, f := range []governance.FallbackApprover{a.Config.Fallback, {Type: "SOURCE_OWNER"}} {
		p, err := t.party(ctx, a, f.Type, f.ID)
		if err != nil {
			return p, err
		}
		if able, err := t.canDecide(ctx, p, a.Requester.ID); err != nil || able {
			return p, err
		}
	}
	found, err := many(ctx, t, anAdministrator, scanReference, a.Requester.ID)
	if err != nil || len(found) == 0 {
		return governance.Party{}, err
	}
	return governance.Person(found[0]), nil
}
