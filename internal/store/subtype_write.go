package store

import (
	"context"
	"fmt"

	"midgard/internal/governance"
)

// CreateSubtype adds a subtype to a source. It fails with UnknownRef when there is no such source or the caller may not
// know of it, with Limit when the source has enough, and with Conflict when the technical name is taken there.
func (s *Store) CreateSubtype(ctx context.Context, actor governance.Actor, x governance.Subtype, administeredBy string) (governance.Subtype, error) {
	var kept governance.Subtype
	err := s.write(ctx, actor, func(ctx context.Context, t *tx) error {
		if err := t.holdSubtypes(ctx, &x, administeredBy); err != nil {
			return err
		}
		x.ID, x.Created, x.Modified = NewID(), t.now, t.now
		if err := create(ctx, t, subtypeTable, &x); err != nil {
			return err
		}
		if err := t.addStubPolicy(ctx, &x); err != nil {
			return err
		}
		if err := t.showSubtype(ctx, &x); err != nil {
			return err
		}
		var err error
		if kept, err = byID(ctx, t, subtypes, subtypeObject, x.ID); err != nil {
			return err
		}
		return t.remap(ctx, kept.Source)
	})
	return kept, s.taken(err, "source_subtype_", "technicalName", "The source already has a subtype with the technical name %q.", x.TechnicalName)
}

// holdSubtypes keeps others from changing the subtypes of the source until the transaction ends, and sees to it that there
// is room for one more.
func (t *tx) holdSubtypes(ctx context.Context, x *governance.Subtype, administeredBy string) error {
	if err := t.holdRow(ctx, sourceTable.name, x.Source.ID); err != nil {
		return err
	}
	text := "select " + sourceSelect + " from source s" + sourceJoin + " where s.id = $1 and not s.deleting"
	_, err := oneOf(ctx, t, "Source", text, sourcesOf("s.id"), administeredBy, scanSource, x.Source.ID)
	if governance.KindOf(err) == governance.NotFound {
		return governance.Fail(governance.UnknownRef, "sourceId", "Referenced object %q of field 'sourceId' was not found.", x.Source.ID)
	}
	if err != nil {
		return err
	}
	var n int
	if err := t.QueryRowContext(ctx, "select count(*) from source_subtype where source_id = $1", x.Source.ID).Scan(&n); err != nil {
		return fmt.Errorf("count the subtypes of source %q: %w", x.Source.ID, err)
	}
	if n >= governance.MaxSubtypes {
		return governance.Fail(governance.Limit, "sourceId", "The source of field 'sourceId' has %d subtypes; at most %d are allowed.", n, governance.MaxSubtypes)
	}
	return nil
}

// UpdateSubtype lets edit change a subtype and keeps the result: the entitlement to ask for accounts comes, goes and is
// renamed with it. edit may refuse with an error, and may run more than once. UnknownRef tells of a form or a governance
// group that does not exist.
func (s *Store) UpdateSubtype(ctx context.Context, actor governance.Actor, id, administeredBy string, edit func(*governance.Subtype) error) (governance.Subtype, error) {
	var kept governance.Subtype
	err := s.write(ctx, actor, func(ctx context.Context, t *tx) error {
		if _, err := t.holdSubtype(ctx, id, administeredBy); err != nil {
			return err
		}
		var before, after governance.Subtype
		var err error
		kept, err = amend(ctx, t, subtypeTable, subtypes, subtypeObject, id, func(old, x *governance.Subtype) error {
			if err := edit(x); err != nil {
				return err
			}
			x.Modified = t.now
			if err := t.settleSubtype(ctx, old, x); err != nil {
				return err
			}
			before, after = *old, *x
			return nil
		})
		if err != nil || before.DisplayName == after.DisplayName {
			return err
		}
		return t.showSubtype(ctx, &after)
	})
	return kept, err
}

// holdSubtype reads a subtype that is about to be changed. Its source is held before it, as by everybody who writes
// subtypes: the name of the source is part of what is kept.
func (t *tx) holdSubtype(ctx context.Context, id, administeredBy string) (governance.Subtype, error) {
	x, err := oneOf(ctx, t, subtypeObject, subtypeByID, sourcesOf("st.source_id"), administeredBy, scanSubtype, id)
	if err != nil {
		return x, err
	}
	if err := t.holdRow(ctx, sourceTable.name, x.Source.ID); err != nil {
		return x, err
	}
	if err := t.holdRow(ctx, subtypeTable.name, id); err != nil {
		return x, err
	}
	return oneOf(ctx, t, subtypeObject, subtypeByID, sourcesOf("st.source_id"), administeredBy, scanSubtype, id)
}

// settleSubtype checks what an edit refers to and brings the entitlement in line.
func (t *tx) settleSubtype(ctx context.Context, old, x *governance.Subtype) error {
	form := governance.Reference{ID: x.Creation.FormID}
	if err := t.refer(ctx, "form_definition", "machineAccountCreate.formId", governance.Reference{ID: old.Creation.FormID}, &form); err != nil {
		return err
	}
	lists := []approverList{{"machineAccountCreate.approvalConfig.approvers", x.Creation.Approval.Approvers}}
	if x.Deletion != nil {
		lists = append(lists, approverList{"machineAccountDelete.approvalConfig.approvers", x.Deletion.Approvers})
	}
	if err := t.referApprovers(ctx, x.Source.ID, x.ID, lists); err != nil {
		return err
	}
	return t.settleCreation(ctx, old, x)
}

// settleCreation makes, renames or removes the entitlement that lets a person ask for accounts of a subtype.
func (t *tx) settleCreation(ctx context.Context, old, x *governance.Subtype) error {
	if !old.Creation.Enabled && x.Creation.Enabled {
		e := x.CreationEntitlement()
		e.ID, e.Created, e.Modified = NewID(), t.now, t.now
		x.Creation.EntitlementID = e.ID
		return create(ctx, t, entitlementTable, &e)
	}
	if old.Creation.Enabled && !x.Creation.Enabled {
		x.Creation.EntitlementID = ""
		return t.endCreation(ctx, old)
	}
	return t.renameCreation(ctx, x)
}

// renameCreation gives the entitlement of a subtype the name that its subtype and source have now.
func (t *tx) renameCreation(ctx context.Context, x *governance.Subtype) error {
	if !x.Creation.Enabled {
		return nil
	}
	old, err := t.creationEntitlement(ctx, x)
	if err != nil {
		return err
	}
	e, is := old, x.CreationEntitlement()
	e.Name, e.Description, e.Modified = is.Name, is.Description, t.now
	if e.Edited {
		e.Description = old.Description
	}
	return t.replaceEntitlement(ctx, &old, &e)
}

func (t *tx) creationEntitlement(ctx context.Context, x *governance.Subtype) (governance.Entitlement, error) {
	if err := t.holdRow(ctx, entitlementTable.name, x.Creation.EntitlementID); err != nil {
		return governance.Entitlement{}, err
	}
	return byID(ctx, t, entitlements, "Entitlement", x.Creation.EntitlementID)
}

// endCreation takes the entitlement away from everybody who has it.
func (t *tx) endCreation(ctx context.Context, x *governance.Subtype) error {
	e, err := t.creationEntitlement(ctx, x)
	if err != nil {
		return err
	}
	return t.removeEntitlement(ctx, &e)
}

// renameCreations is renameCreation for all subtypes of a source that has a new name.
func (t *tx) renameCreations(ctx context.Context, sourceID string) error {
	all, err := subtypesOf(ctx, t, sourceID)
	if err != nil {
		return err
	}
	for i := range all {
		if err := t.renameCreation(ctx, &all[i]); err != nil {
			return err
		}
	}
	return nil
}

// showSubtype makes the accounts of a subtype known by its display name. Accounts can be older than their subtype: what a
// source says may come before what it means.
func (t *tx) showSubtype(ctx context.Context, x *governance.Subtype) error {
	text := "update account set subtype_name_key = $1 where source_id = $2 and subtype_key = $3"
	if err := exec(ctx, t, text, Key(x.DisplayName), x.Source.ID, Key(x.TechnicalName)); err != nil {
		return fmt.Errorf("name the accounts of subtype %q: %w", x.TechnicalName, err)
	}
	return nil
}

// subtypeChunk is how many accounts one transaction takes a subtype from.
const subtypeChunk = 100

// DeleteSubtype removes a subtype with its settings and its entitlement, and takes it from its accounts. Those are many
// transactions when there are many accounts; the subtype goes with the last, so a deletion that breaks off can be asked
// for again.
func (s *Store) DeleteSubtype(ctx context.Context, actor governance.Actor, id, administeredBy string) error {
	for n := subtypeChunk; n == subtypeChunk; {
		err := s.writeBulk(ctx, actor, func(ctx context.Context, t *tx) error {
			x, err := t.holdSubtype(ctx, id, administeredBy)
			if err != nil {
				return err
			}
			if err := x.CheckEditable(); err != nil {
				return err
			}
			if n, err = t.leaveSubtype(ctx, &x); err != nil || n == subtypeChunk {
				return err
			}
			if err := t.removeSubtype(ctx, &x); err != nil {
				return err
			}
			return t.remap(ctx, x.Source)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// leaveSubtype takes a subtype from the next of its accounts and counts them.
func (t *tx) leaveSubtype(ctx context.Context, x *governance.Subtype) (int, error) {
	ids, err := many(ctx, t, "select id from account where source_id = $1 and subtype_key = $2 order by id limit $3", scanText,
		x.Source.ID, Key(x.TechnicalName), subtypeChunk)
	if err != nil {
		return 0, fmt.Errorf("read the accounts of subtype %q: %w", x.TechnicalName, err)
	}
	olds, err := heldByID(ctx, t, accountTable, accounts, ids)
	if err != nil {
		return 0, err
	}
	for i := range olds {
		a := olds[i]
		a.Subtype, a.SubtypeDisplayName, a.Modified = "", "", t.now
		if err := replace(ctx, t, accountTable, &olds[i], &a); err != nil {
			return 0, err
		}
	}
	return len(ids), nil
}

// removeSubtype deletes a subtype with its entitlement. Its accounts are left alone.
func (t *tx) removeSubtype(ctx context.Context, x *governance.Subtype) error {
	if x.Creation.Enabled {
		if err := t.endCreation(ctx, x); err != nil {
			return err
		}
	}
	if err := t.removeSubtypePolicies(ctx, x.ID); err != nil {
		return err
	}
	return remove(ctx, t, subtypeTable, x)
}

// removeSourceSubtypes is a sourceStep.
func removeSourceSubtypes(ctx context.Context, t *tx, sourceID string, limit int) (int, error) {
	batch, err := matching(ctx, t, subtypes, "st.id in (select id from source_subtype where source_id = $1 order by id limit $2)", sourceID, limit)
	if err != nil {
		return 0, fmt.Errorf("read subtypes: %w", err)
	}
	for i := range batch {
		if err := t.removeSubtype(ctx, &batch[i]); err != nil {
			return 0, err
		}
	}
	return len(batch), nil
}
