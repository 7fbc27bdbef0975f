package store

import (
	"context"
	"fmt"

	"midgard/internal/filter"
	"midgard/internal/governance"
)

var sourceApprovalTable = newTable(table[governance.SourceApproval]{
	name: "source_approval", object: "SOURCE_APPROVAL_CONFIG", keys: 2,
	columns: []string{"source_id", "type", "approval_required", "approvers", "comments"},
	values: func(a *governance.SourceApproval) []any {
		return []any{a.Source.ID, a.Type, a.Setting.Required, a.Setting.Approvers, a.Setting.Comments}
	},
	id:    func(a *governance.SourceApproval) string { return a.Source.ID },
	label: func(a *governance.SourceApproval) string { return a.Source.Name },
})

// DeletionApproval reads who decides on the deletion of a source's machine accounts. A source that nobody has configured
// has the default.
func (s *Store) DeletionApproval(ctx context.Context, sourceID string) (governance.Approval, error) {
	kept, err := deletionApproval(ctx, s.reader(), sourceID)
	if err != nil || kept == nil {
		return governance.DefaultDeletion(), err
	}
	return *kept, nil
}

// deletionApproval gives nil where nobody has configured anything.
func deletionApproval(ctx context.Context, q querier, sourceID string) (*governance.Approval, error) {
	found, err := many(ctx, q, "select approval_required, approvers, comments from source_approval where source_id = $1 and type = $2",
		func(r row, a *governance.Approval) error { return r.Scan(&a.Required, &a.Approvers, &a.Comments) },
		sourceID, governance.ApprovalMachineAccountDelete)
	if err != nil {
		return nil, fmt.Errorf("read the approval settings of source %q: %w", sourceID, err)
	}
	if len(found) == 0 {
		return nil, nil
	}
	return &found[0], nil
}

// UpdateDeletionApproval lets edit change who decides on the deletion of a source's machine accounts, and keeps the result.
// edit may refuse with an error, and may run more than once. UnknownRef tells of a governance group that does not exist.
func (s *Store) UpdateDeletionApproval(ctx context.Context, actor governance.Actor, source governance.Reference, edit func(*governance.Approval) error) (governance.Approval, error) {
	is := governance.SourceApproval{Source: source, Type: governance.ApprovalMachineAccountDelete}
	err := s.write(ctx, actor, func(ctx context.Context, t *tx) error {
		if err := t.holdRow(ctx, sourceTable.name, source.ID); err != nil {
			return err
		}
		kept, err := deletionApproval(ctx, t, source.ID)
		if err != nil {
			return err
		}
		old := is
		if old.Setting = governance.DefaultDeletion(); kept != nil {
			old.Setting = *kept
		}
		is.Setting = old.Setting
		if err := edit(&is.Setting); err != nil {
			return err
		}
		if err := t.referApprovers(ctx, source.ID, "", []approverList{{"approvalConfig.approvers", is.Setting.Approvers}}); err != nil {
			return err
		}
		switch {
		case is.Setting == old.Setting:
			return nil
		case kept == nil:
			return create(ctx, t, sourceApprovalTable, &is)
		}
		return replace(ctx, t, sourceApprovalTable, &old, &is)
	})
	return is.Setting, err
}

// approverList is a list of approvers, which has been checked, with the field that errors name.
type approverList struct{ field, approvers string }

// referApprovers checks that the governance groups exist which the settings of a subtype, or of a source, name, and keeps
// which they are: a group that decides cannot be deleted.
func (t *tx) referApprovers(ctx context.Context, sourceID, subtypeID string, lists []approverList) error {
	var groups []string
	for _, list := range lists {
		approvers, err := governance.ParseApprovers(list.field, list.approvers, true)
		if err != nil {
			return err
		}
		for _, a := range approvers {
			if a.Kind != governance.ApproverWorkgroup {
				continue
			}
			group := governance.Reference{ID: filter.NormalizeID(a.Group)}
			if err := t.refer(ctx, workgroupTable.name, list.field, governance.Reference{}, &group); err != nil {
				return err
			}
			groups = append(groups, group.ID)
		}
	}
	text := "delete from approver_workgroup where source_id = $1 and coalesce(subtype_id, '') = $2"
	if err := exec(ctx, t, text, sourceID, subtypeID); err != nil {
		return fmt.Errorf("keep the approvers of source %q: %w", sourceID, err)
	}
	var rows [][]any
	for _, id := range unique(groups) {
		rows = append(rows, []any{id, sourceID, null(subtypeID)})
	}
	return t.insertRows(ctx, "approver_workgroup", "workgroup_id, source_id, subtype_id", rows)
}
