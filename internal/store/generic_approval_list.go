package store

import (
	"context"
	"fmt"
	"strings"

	"midgard/internal/filter"
	"midgard/internal/governance"
)

// partColumn is a field that has a value for each part of one role.
func partColumn(role, expr string) column {
	of := "select approval_id from " + approvalPart + " where role = '" + role + "' and "
	return column{expr: expr, in: "a.id in (" + of + "%s)", isNull: "a.id not in (" + of + expr + " is not null)"}
}

var approvals = &listing[governance.GenericApproval]{
	from: approvalTable.name + " a", id: "a.id", sel: "a.body",
	scan: func(r row, a *governance.GenericApproval) error { return r.Scan(jsonInto{a}) },
	columns: map[string]column{
		"approvalId":                 {expr: "a.id"},
		"type":                       {expr: "a.type_key"},
		"name":                       {expr: "a.name_key"},
		"description":                {expr: "a.description_key"},
		"status":                     {expr: "a.status_key"},
		"priority":                   {expr: "a.priority_key"},
		"medium":                     {expr: "a.medium_key"},
		"search":                     {expr: "a.search_key"},
		"requesterId":                {expr: "a.requester_id"},
		"requesteeId":                {expr: "a.requestee_id"},
		"approverId":                 partColumn(partApprover, "object_id"),
		"referenceId":                partColumn(partReference, "object_id"),
		"referenceType":              partColumn(partReference, "type_key"),
		"referenceName":              partColumn(partReference, "name_key"),
		"requestedTargetId":          partColumn(partTarget, "object_id"),
		"requestedTargetType":        partColumn(partTarget, "type_key"),
		"requestedTargetName":        partColumn(partTarget, "name_key"),
		"requestedTargetRequestType": partColumn(partTarget, "request_type_key"),
		"batchId":                    {expr: "null"}, // every approval is asked for by itself
		"createdDate":                {expr: "a.created"},
		"modifiedDate":               {expr: "a.modified"},
		"dueDate":                    {expr: "a.due"},
		"decisionDate":               {expr: "a.decided"},
		"completedDate":              {expr: "a.completed"},
	},
}

// askedOf is the condition that it is or was the turn of a party, or of a group that the person belongs to; knownTo, that it
// was at least before somebody else was asked instead. Their two %s stand for the same id.
const (
	askedOf = inParts + "role = '" + partApprover + "' and " + speaker + ")"
	knownTo = inParts + "role in ('" + partApprover + "', '" + partFormer + "') and " + speaker + ")"
	inParts = "a.id in (select approval_id from " + approvalPart + " where "
	speaker = "(object_id = %s or object_id in (select workgroup_id from workgroup_member where identity_id = %s))"
)

// approvalBase is the condition of a query, with its arguments.
func approvalBase(q governance.ApprovalQuery) (string, []any) {
	var terms []string
	var args []any
	add := func(id, term string) {
		if id == "" {
			return
		}
		terms = append(terms, term)
		for range strings.Count(term, "%s") {
			args = append(args, filter.NormalizeID(id))
		}
	}
	add(q.Viewer, "(a.requester_id = %s or a.requestee_id = %s or "+knownTo+")")
	add(q.Approver, askedOf)
	add(q.Requester, "a.requester_id = %s")
	add(q.Requestee, "a.requestee_id = %s")
	return strings.Join(terms, " and "), args
}

// GenericApprovals lists approvals in the order in which they were opened. With only.Viewer set the caller finds no others.
func (s *Store) GenericApprovals(ctx context.Context, q filter.Query, only governance.ApprovalQuery) (filter.Page[governance.GenericApproval], error) {
	q.AdministeredBy = ""
	within := *approvals
	var args []any
	within.base, args = approvalBase(only)
	page, err := list(ctx, s, &within, q, args...)
	if err != nil {
		return page, err
	}
	return page, addContacts(ctx, s.reader(), page.Items)
}

// GenericApproval reads one approval. viewer is as in governance.ApprovalQuery: an approval that the person may not know of is
// not found.
func (s *Store) GenericApproval(ctx context.Context, id, viewer string) (governance.GenericApproval, error) {
	a, err := byID(ctx, s.reader(), approvals, approvalObject, id)
	if err != nil {
		return a, err
	}
	if viewer != "" {
		if err := viewable(ctx, s.reader(), id, viewer); err != nil {
			return a, err
		}
	}
	all := []governance.GenericApproval{a}
	err = addContacts(ctx, s.reader(), all)
	return all[0], err
}

func viewable(ctx context.Context, q querier, id, viewer string) error {
	base, args := approvalBase(governance.ApprovalQuery{Viewer: viewer})
	c := compiler{}
	base = c.bind(base, args)
	found, err := answers(ctx, q, "select exists (select 1 from "+approvals.from+" where "+base+" and a.id = "+c.arg(id)+")", c.args...)
	if err == nil && !found {
		err = governance.Missing(approvalObject, id)
	}
	return err
}

var (
	contactsOfPeople = newKeyQuery("select '', id, name, email from identity where id in (%s)")
	contactsOfGroups = newKeyQuery(`select w.workgroup_id, i.id, i.name, i.email from workgroup_member w join identity i on i.id = w.identity_id
 where i.state = 'ACTIVE' and w.workgroup_id in (%s) order by i.id`)
)

type contactRow struct {
	group string
	governance.Contact
}

func scanContact(r row, c *contactRow) error {
	return r.Scan(textInto{&c.group}, &c.ID, &c.Name, &c.Email)
}

// addContacts reads how everybody can be reached whom the approvals name.
func addContacts(ctx context.Context, q querier, all []governance.GenericApproval) error {
	var people, groups []string
	note := func(p governance.Party) {
		if p.Type == governance.PartyGroup {
			groups = append(groups, p.ID)
		} else {
			people = append(people, p.ID)
		}
	}
	for i := range all {
		all[i].EachParty(note)
	}
	contacts := map[string]governance.Contact{}
	rows, err := manyByKeys(ctx, q, contactsOfPeople, unique(people), scanContact)
	if err != nil {
		return fmt.Errorf("read who approvals name: %w", err)
	}
	for _, c := range rows {
		contacts[c.ID] = c.Contact
	}
	if rows, err = manyByKeys(ctx, q, contactsOfGroups, unique(groups), scanContact); err != nil {
		return fmt.Errorf("read the members of approving groups: %w", err)
	}
	for _, c := range rows {
		group := contacts[c.group]
		group.Members = append(group.Members, c.Contact)
		contacts[c.group] = group
	}
	for i := range all {
		all[i].Contacts = contacts
	}
	return nil
}
