package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"midgard/internal/filter"
	"midgard/internal/governance"
)

const subtypeObject = "Subtype"

const subtypeSelect = `st.id, st.source_id, s.name, st.technical_name, st.display_name, st.description, st.system_managed, st.create_enabled,
 st.create_approval_required, st.create_approvers, st.create_comments, st.form_id, st.entitlement_id, st.password_setting,
 st.password_attribute, st.delete_approval_required, st.delete_approvers, st.delete_comments, sa.approval_required, sa.approvers,
 sa.comments, st.created, st.modified`

const subtypeJoin = ` left join source s on s.id = st.source_id
 left join source_approval sa on sa.source_id = st.source_id and sa.type = '` + governance.ApprovalMachineAccountDelete + "'"

func scanSubtype(r row, x *governance.Subtype) error {
	var own, ofSource nullApproval
	c := &x.Creation
	err := r.Scan(&x.ID, &x.Source.ID, textInto{&x.Source.Name}, &x.TechnicalName, &x.DisplayName, &x.Description, &x.SystemManaged, &c.Enabled,
		&c.Approval.Required, &c.Approval.Approvers, &c.Approval.Comments, textInto{&c.FormID}, textInto{&c.EntitlementID},
		(*string)(&c.PasswordSetting), &c.PasswordAttribute, &own.required, &own.approvers, &own.comments, &ofSource.required,
		&ofSource.approvers, &ofSource.comments, timeInto{&x.Created}, timeInto{&x.Modified})
	x.Deletion, x.SourceDeletion = own.setting(), governance.DefaultDeletion()
	if set := ofSource.setting(); set != nil {
		x.SourceDeletion = *set
	}
	return err
}

// nullApproval reads columns that are all null where nothing was set.
type nullApproval struct {
	required            sql.NullBool
	approvers, comments sql.NullString
}

func (n *nullApproval) setting() *governance.Approval {
	if !n.required.Valid {
		return nil
	}
	return &governance.Approval{Required: n.required.Bool, Approvers: n.approvers.String, Comments: n.comments.String}
}

// subtypes hides those of sources that are being deleted.
var subtypes = &listing[governance.Subtype]{
	from: "source_subtype st", id: "st.id", sel: subtypeSelect, join: subtypeJoin, scan: scanSubtype,
	base:         "st.source_id in (select id from source where not deleting)",
	administered: sourcesOf("st.source_id"),
	columns: map[string]column{
		"id":            {expr: "st.id"},
		"technicalName": {expr: "st.technical_name_key"},
		"displayName":   {expr: "st.display_name_key"},
		"source.id":     {expr: "st.source_id"},
	},
}

// subtypesUnder is subtypes narrowed to the source whose id is list's argument.
var subtypesUnder = &listing[governance.Subtype]{
	from: subtypes.from, id: subtypes.id, sel: subtypes.sel, join: subtypes.join, scan: subtypes.scan,
	base: "st.source_id = %s", columns: subtypes.columns, administered: subtypes.administered,
}

var subtypeTable = newTable(table[governance.Subtype]{
	name: "source_subtype", object: "MACHINE_ACCOUNT_SUBTYPE",
	columns: []string{"id", "source_id", "technical_name", "technical_name_key", "display_name", "display_name_key", "description", "system_managed",
		"create_enabled", "create_approval_required", "create_approvers", "create_comments", "form_id", "entitlement_id", "password_setting",
		"password_attribute", "delete_approval_required", "delete_approvers", "delete_comments", "created", "modified"},
	values: subtypeValues,
	id:     func(x *governance.Subtype) string { return x.ID },
	label:  func(x *governance.Subtype) string { return x.DisplayName },
})

func subtypeValues(x *governance.Subtype) []any {
	c := &x.Creation
	deletion := []any{nil, nil, nil}
	if d := x.Deletion; d != nil {
		deletion = []any{d.Required, d.Approvers, d.Comments}
	}
	return slices.Concat([]any{x.ID, x.Source.ID, x.TechnicalName, Key(x.TechnicalName), x.DisplayName, Key(x.DisplayName), x.Description, x.SystemManaged,
		c.Enabled, c.Approval.Required, c.Approval.Approvers, c.Approval.Comments, null(c.FormID), null(c.EntitlementID), string(c.PasswordSetting),
		c.PasswordAttribute}, deletion, []any{x.Created.UnixMilli(), x.Modified.UnixMilli()})
}

// Subtypes lists the subtypes of all sources.
func (s *Store) Subtypes(ctx context.Context, q filter.Query) (filter.Page[governance.Subtype], error) {
	return list(ctx, s, subtypes, q)
}

// SourceSubtypes lists the subtypes of one source; NotFound when the caller may not know of it.
func (s *Store) SourceSubtypes(ctx context.Context, sourceID string, q filter.Query) (filter.Page[governance.Subtype], error) {
	if _, err := s.Source(ctx, sourceID, q.AdministeredBy); err != nil {
		return filter.Page[governance.Subtype]{}, err
	}
	return list(ctx, s, subtypesUnder, q, sourceID)
}

// SubtypesOf gives all subtypes of a source by their ids.
func (s *Store) SubtypesOf(ctx context.Context, sourceID string) ([]governance.Subtype, error) {
	return subtypesOf(ctx, s.reader(), sourceID)
}

func subtypesOf(ctx context.Context, q querier, sourceID string) ([]governance.Subtype, error) {
	all, err := matching(ctx, q, subtypes, "st.source_id = $1", sourceID)
	if err != nil {
		return nil, fmt.Errorf("read the subtypes of source %q: %w", sourceID, err)
	}
	return all, nil
}

const subtypeByID = "select " + subtypeSelect + " from source_subtype st" + subtypeJoin + " where st.id = $1 and not s.deleting"

// Subtype reads one subtype. A sub-administrator's is only found on a source of theirs.
func (s *Store) Subtype(ctx context.Context, id, administeredBy string) (governance.Subtype, error) {
	return oneOf(ctx, s.reader(), subtypeObject, subtypeByID, sourcesOf("st.source_id"), administeredBy, scanSubtype, id)
}

// SubtypesByID reads subtypes in the order of the ids, of which there is at least one. It fails with NotFound, naming all of them, when there are ids that
// it does not find or that the caller may not know of.
func (s *Store) SubtypesByID(ctx context.Context, ids []string, administeredBy string) ([]governance.Subtype, error) {
	text, args := in(1, anyOf(ids))
	condition := "not s.deleting and st.id " + text
	if administeredBy != "" {
		args = append(args, administeredBy)
		condition += fmt.Sprintf(" and "+subtypes.administered, fmt.Sprintf("$%d", len(args)))
	}
	found, err := matching(ctx, s.reader(), subtypes, condition, args...)
	if err != nil {
		return nil, fmt.Errorf("read subtypes: %w", err)
	}
	ordered := make([]governance.Subtype, 0, len(ids))
	var missing []string
	for _, id := range ids {
		i := slices.IndexFunc(found, func(x governance.Subtype) bool { return x.ID == id })
		if i < 0 {
			missing = append(missing, id)
			continue
		}
		ordered = append(ordered, found[i])
	}
	if len(missing) > 0 {
		return nil, governance.Fail(governance.NotFound, "", "There are no subtypes with the ids %s.", strings.Join(missing, ", "))
	}
	return ordered, nil
}

// SubtypeNamed reads the subtype of a source that has a technical name, in whatever case.
func (s *Store) SubtypeNamed(ctx context.Context, sourceID, technicalName string) (governance.Subtype, error) {
	return subtypeOf(ctx, s.reader(), sourceID, technicalName)
}

func subtypeOf(ctx context.Context, q querier, sourceID, technicalName string) (governance.Subtype, error) {
	found, err := matching(ctx, q, subtypes, "st.source_id = $1 and st.technical_name_key = $2", sourceID, Key(technicalName))
	if err != nil {
		return governance.Subtype{}, fmt.Errorf("read subtype %q: %w", technicalName, err)
	}
	if len(found) == 0 {
		return governance.Subtype{}, governance.Fail(governance.NotFound, "", "The source has no subtype with the technical name %q.", technicalName)
	}
	return found[0], nil
}

// subtypeNamed finds the subtype that a request gives an account of the source. It must exist, and is held so that it still
// does when the transaction ends.
func (t *tx) subtypeNamed(ctx context.Context, sourceID, technicalName string) (governance.Subtype, error) {
	x, err := subtypeOf(ctx, t, sourceID, technicalName)
	if err == nil && t.store.dialect.holdRows != "" {
		if err := t.holdRow(ctx, subtypeTable.name, x.ID); err != nil {
			return x, err
		}
		x, err = subtypeOf(ctx, t, sourceID, technicalName)
	}
	if governance.KindOf(err) == governance.NotFound {
		err = governance.Fail(governance.UnknownRef, "subtype", "Field 'subtype' is %q, but the account's source has no subtype with that technical name.", technicalName)
	}
	return x, err
}

// resolveSubtype checks a subtype that an edit has given an account. One that the account had before stays, even where the
// source has no subtype of that name: earlier versions took any text.
func (t *tx) resolveSubtype(ctx context.Context, old, a *governance.Account) error {
	if a.Subtype == old.Subtype {
		return nil
	}
	a.SubtypeDisplayName = ""
	if a.Subtype == "" {
		return nil
	}
	x, err := t.subtypeNamed(ctx, a.Source.ID, a.Subtype)
	a.Subtype, a.SubtypeDisplayName = x.TechnicalName, x.DisplayName
	return err
}

// nameSubtypes gives accounts of one source, whose subtypes may be others than before, the display names of these.
func (t *tx) nameSubtypes(ctx context.Context, of []*governance.Account) error {
	first := slices.IndexFunc(of, func(a *governance.Account) bool { return a.Subtype != "" })
	if first < 0 {
		return nil
	}
	all, err := subtypesOf(ctx, t, of[first].Source.ID)
	if err != nil {
		return err
	}
	names := make(map[string]string, len(all))
	for i := range all {
		names[Key(all[i].TechnicalName)] = all[i].DisplayName
	}
	for _, a := range of {
		a.SubtypeDisplayName = names[Key(a.Subtype)]
	}
	return nil
}
