package store

import (
	"context"
	"fmt"
	"slices"

	"midgard/internal/governance"
)

// forgetOwner leaves what a person owns besides machines without an owner: entitlements, governance groups, form definitions
// and identity profiles. Sources are not among them: they must have an owner.
func (t *tx) forgetOwner(ctx context.Context, identityID string) error {
	err := detach(ctx, t, entitlementTable, entitlements, "e.owner_id = $1", identityID, func(e *governance.Entitlement) {
		e.Owner, e.Modified = governance.Reference{}, t.now
	})
	if err != nil {
		return err
	}
	err = detach(ctx, t, workgroupTable, workgroups, "g.owner_id = $1", identityID, func(g *governance.Workgroup) {
		g.Owner, g.Modified = governance.Reference{}, t.now
	})
	if err != nil {
		return err
	}
	err = detach(ctx, t, formTable, forms, "f.owner_id = $1", identityID, func(f *governance.FormDefinition) {
		f.Owner, f.Modified = governance.Reference{}, t.now
	})
	if err != nil {
		return err
	}
	return detach(ctx, t, identityProfileTable, identityProfiles, "p.owner_id = $1", identityID, func(p *governance.IdentityProfile) {
		p.Owner, p.Modified = governance.Reference{}, t.now
	})
}

// editMachineIdentity changes a machine identity, unless edit says that there is nothing to change.
func (t *tx) editMachineIdentity(ctx context.Context, id string, edit func(*governance.MachineIdentity) bool) error {
	old, err := t.machineIdentity(ctx, id)
	if err != nil {
		return err
	}
	m := old
	if !edit(&m) {
		return nil
	}
	m.Modified = t.now
	return t.replaceMachineIdentity(ctx, &old, &m)
}

// without copies the references except those to one id; nil when none is left.
func without(refs []governance.Reference, id string) []governance.Reference {
	var rest []governance.Reference
	for _, r := range refs {
		if r.ID != id {
			rest = append(rest, r)
		}
	}
	return rest
}

// follow brings what other rows repeat of a person along, where it differs from old: the name by which accounts and machine
// identities are filtered and sorted, and the state by which accounts are. It is no change of theirs, so it leaves no
// record.
func (t *tx) follow(ctx context.Context, old, person *governance.Identity) error {
	var texts []string
	if old.Name != person.Name {
		texts = append(texts, "update account set owner_name_key = $1 where owner_id = $2 and machine",
			"update account set owner_name_key = $1 where owner_id = $2 and not machine",
			"update account set identity_name_key = $1 where identity_id = $2",
			"update machine_identity set primary_owner_name_key = $1 where primary_owner_id = $2")
	}
	for _, text := range texts {
		if err := exec(ctx, t, text, Key(person.Name), person.ID); err != nil {
			return fmt.Errorf("rename person %q: %w", person.ID, err)
		}
	}
	if old.State == person.State {
		return nil
	}
	return exec(ctx, t, "update account set identity_state_key = $1 where identity_id = $2", nullKey(person.State), person.ID)
}

// settleWaiting looks again for whoever is waited for under one of the keys: managers of people and owners of accounts
// whom their source names, and who were unknown so far. Keys are folded.
func (t *tx) settleWaiting(ctx context.Context, keys []string) error {
	keys = slices.DeleteFunc(unique(keys), func(k string) bool { return k == "" })
	if len(keys) == 0 {
		return nil
	}
	if err := t.settleManagers(ctx, keys); err != nil {
		return err
	}
	return t.settleOwners(ctx, keys)
}

var waitingForManager = newKeyQuery("select id from identity where manager_id is null and manager_key is not null and manager_key in (%s)")

func (t *tx) settleManagers(ctx context.Context, keys []string) error {
	ids, err := manyByKeys(ctx, t, waitingForManager, keys, scanText)
	if err != nil || len(ids) == 0 {
		return err
	}
	people, err := heldByID(ctx, t, identityTable, identities, ids)
	if err != nil {
		return err
	}
	found, err := peopleByKeys(ctx, t, keys)
	if err != nil {
		return err
	}
	for i := range people {
		x := people[i]
		if x.Manager.Set() || found[x.ManagerKey].ID == x.ID {
			continue
		}
		x.Manager, x.Modified = found[x.ManagerKey], t.now
		if err := replace(ctx, t, identityTable, &people[i], &x); err != nil {
			return err
		}
	}
	return nil
}

var waitingForOwner = newKeyQuery("select id from account where owner_id is null and owner_key is not null and owner_key in (%s) and not manually_edited")

// settleOwners reads ids first and the accounts a part at a time: one key may stand for very many.
func (t *tx) settleOwners(ctx context.Context, keys []string) error {
	ids, err := manyByKeys(ctx, t, waitingForOwner, keys, scanText)
	if err != nil || len(ids) == 0 {
		return err
	}
	found, err := ownersByKeys(ctx, t, keys)
	if err != nil {
		return err
	}
	for part := range slices.Chunk(ids, maxKeys) {
		waiting, err := heldByID(ctx, t, accountTable, accounts, part)
		if err != nil {
			return err
		}
		for i := range waiting {
			if err := t.giveOwner(ctx, &waiting[i], found[waiting[i].OwnerKey]); err != nil {
				return err
			}
		}
	}
	return nil
}

// giveOwner makes a person the owner of an account, and of the machine identity that it belongs to when that has no
// primary owner and nobody has edited it.
func (t *tx) giveOwner(ctx context.Context, account *governance.Account, owner governance.Reference) error {
	if !owner.Set() || account.Owner.Set() || account.ManuallyEdited {
		return nil
	}
	a := *account
	a.Owner, a.Modified = owner, t.now
	if err := t.replaceAccount(ctx, account, &a); err != nil || !a.MachineIdentity.Set() {
		return err
	}
	return t.editMachineIdentity(ctx, a.MachineIdentity.ID, func(m *governance.MachineIdentity) bool {
		if m.Owners.Primary.Set() || m.ManuallyEdited {
			return false
		}
		m.Owners.Primary = owner
		m.Owners.Secondary = without(m.Owners.Secondary, owner.ID)
		return true
	})
}
