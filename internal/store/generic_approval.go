package store

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"midgard/internal/governance"
)

const approvalObject = "Approval"

// approvalEnds has, by the type of an approval, what is done when one ends. It runs in the transaction that ends the
// approval, also when that is the one that opens it, and after the approval is written.
var approvalEnds = map[string]func(context.Context, *tx, *governance.GenericApproval) error{}

var approvalTable = newTable(table[governance.GenericApproval]{
	name: "generic_approval", object: "APPROVAL",
	columns: []string{"id", "type_key", "name_key", "description_key", "status_key", "priority_key", "medium_key", "search_key", "requester_id",
		"requestee_id", "approver_id", "approver_type", "next_due", "due", "decided", "completed", "created", "modified", "body"},
	values: func(a *governance.GenericApproval) []any {
		var waiting governance.Party
		if a.Pending() {
			waiting = a.Current().Approver
		}
		return []any{a.ID, Key(a.Type), Key(a.Name), nullKey(a.Description), Key(string(a.Status)), Key(governance.ApprovalPriority),
			Key(governance.ApprovalMedium), approvalSearch(a), null(a.Requester.ID), null(a.Requestee.ID), null(waiting.ID), null(waiting.Type),
			millis(a.NextDue()), millis(a.Due), millis(a.Decided()), millis(a.Completed), a.Created.UnixMilli(), a.Modified.UnixMilli(), jsonText(a)}
	},
	id:    func(a *governance.GenericApproval) string { return a.ID },
	label: func(a *governance.GenericApproval) string { return a.Name },
})

// approvalSearch is the text that the field search looks into.
func approvalSearch(a *governance.GenericApproval) string {
	words := []string{a.Name, a.Description, a.Requester.Name, a.Requestee.Name}
	for _, target := range a.Targets {
		words = append(words, target.Name)
	}
	return Key(strings.Join(slices.DeleteFunc(words, func(w string) bool { return w == "" }), " "))
}

// openApproval asks people for their consent. Its steps are those of approvalSteps; where somebody cannot decide, another
// one is found. The approval ends at once when there are no steps, when the configuration says that nobody is asked, or when
// it lets the requester's own consent suffice. The caller reads ID and Status afterwards.
func (t *tx) openApproval(ctx context.Context, a *governance.GenericApproval) error {
	if a.ID == "" {
		a.ID = NewID()
	}
	a.Status, a.Created, a.Modified = governance.ApprovalPending, t.now, t.now
	if err := t.configure(ctx, a); err != nil {
		return err
	}
	if err := t.begin(ctx, a); err != nil {
		return err
	}
	if err := create(ctx, t, approvalTable, a); err != nil {
		return err
	}
	if err := t.insertRows(ctx, approvalPart, approvalPartColumns, approvalParts(a)); err != nil {
		return fmt.Errorf("write the parts of approval %q: %w", a.ID, err)
	}
	if err := t.writeMails(ctx, a, nil); err != nil {
		return err
	}
	return t.approvalEnded(ctx, a)
}

// configure gives a new approval the configuration that applies to it.
func (t *tx) configure(ctx context.Context, a *governance.GenericApproval) error {
	var err error
	if a.Config, err = approvalConfigFor(ctx, t, a); err != nil {
		return err
	}
	if a.CommentPolicy == "" {
		a.CommentPolicy = a.Config.RequiresComment
	}
	return nil
}

// begin finds out who is asked first. Every approval here is about machines, so that all may be circumvented.
func (t *tx) begin(ctx context.Context, a *governance.GenericApproval) error {
	if a.Config.Circumvent || len(a.Steps) == 0 {
		a.Steps = nil
		a.End(governance.ApprovalPassed, t.now)
		return nil
	}
	if err := t.planSteps(ctx, a); err != nil {
		return err
	}
	a.SetDue(t.now)
	return t.proceed(ctx, a)
}

// proceed asks whose turn it is, or ends the approval when all have agreed.
func (t *tx) proceed(ctx context.Context, a *governance.GenericApproval) error {
	for ; a.SerialStep < len(a.Steps); a.SerialStep++ {
		agreed, err := t.ask(ctx, a)
		if err != nil || !agreed {
			return err
		}
	}
	a.SerialStep = len(a.Steps) - 1
	a.End(governance.ApprovalApproved, t.now)
	return nil
}

// ask sees to it that somebody can decide on the step. It gives true when nobody has to, since the requester is the
// approver and the configuration lets that be enough.
func (t *tx) ask(ctx context.Context, a *governance.GenericApproval) (agreed bool, err error) {
	own, err := t.ownStep(ctx, a)
	if err != nil {
		return false, err
	}
	if own {
		a.Decide(governance.ApprovalApproved, a.Requester, t.now)
		return true, nil
	}
	if _, err := t.settleApprover(ctx, a); err != nil {
		return false, err
	}
	a.Await(t.now)
	return false, nil
}

// changeApproval lets edit change an approval and does what follows from the change. The row is held, so that of two
// decisions at once one waits for the other, and then finds it made.
func (t *tx) changeApproval(ctx context.Context, id string, edit func(*governance.GenericApproval) error) (governance.GenericApproval, error) {
	if err := t.holdRow(ctx, approvalTable.name, id); err != nil {
		return governance.GenericApproval{}, err
	}
	old, err := byID(ctx, t, approvals, approvalObject, id)
	if err != nil {
		return old, err
	}
	a := old
	a.Attributes = maps.Clone(old.Attributes)
	if err := edit(&a); err != nil {
		return old, err
	}
	a.Modified = t.now
	if err := replace(ctx, t, approvalTable, &old, &a); err != nil {
		return old, err
	}
	if err := t.writeApprovalParts(ctx, &old, &a); err != nil {
		return old, err
	}
	if err := t.writeMails(ctx, &a, &old); err != nil {
		return old, err
	}
	if old.Pending() {
		err = t.approvalEnded(ctx, &a)
	}
	return a, err
}

// approvalEnded tells whoever waits for the approval, if it has ended.
func (t *tx) approvalEnded(ctx context.Context, a *governance.GenericApproval) error {
	end := approvalEnds[a.Type]
	if a.Pending() || end == nil {
		return nil
	}
	if err := end(ctx, t, a); err != nil {
		return fmt.Errorf("carry out the end of approval %q: %w", a.ID, err)
	}
	return nil
}

const (
	approvalPart        = "generic_approval_part"
	approvalPartColumns = "approval_id, role, object_id, type_key, name_key, request_type_key"
)

// The roles of an approval's parts.
const (
	partApprover  = "approver"
	partFormer    = "former"
	partTarget    = "target"
	partReference = "reference"
)

// approvalParts are the rows about everybody whose turn it is or was, those included whose step was given to somebody else,
// and about everything that the approval names.
func approvalParts(a *governance.GenericApproval) [][]any {
	var rows [][]any
	known := map[string]bool{"": true}
	add := func(role string, ids ...string) {
		for _, id := range ids {
			if !known[id] {
				rows = append(rows, []any{a.ID, role, id, nil, nil, nil})
			}
			known[id] = true
		}
	}
	for i := range min(a.SerialStep+1, len(a.Steps)) {
		add(partApprover, a.Steps[i].Approver.ID, a.Steps[i].DecidedBy.ID)
	}
	for _, r := range a.Reassignments {
		add(partFormer, r.From.ID)
	}
	for role, objects := range map[string][]governance.ApprovalObject{partTarget: a.Targets, partReference: a.References} {
		for _, o := range objects {
			rows = append(rows, []any{a.ID, role, o.ID, nullKey(o.Type), nullKey(o.Name), nullKey(o.RequestType)})
		}
	}
	return rows
}

func (t *tx) writeApprovalParts(ctx context.Context, old, a *governance.GenericApproval) error {
	if old.SerialStep == a.SerialStep && slices.Equal(old.Steps, a.Steps) {
		return nil
	}
	if err := exec(ctx, t, "delete from "+approvalPart+" where approval_id = $1", a.ID); err != nil {
		return fmt.Errorf("write the parts of approval %q: %w", a.ID, err)
	}
	if err := t.insertRows(ctx, approvalPart, approvalPartColumns, approvalParts(a)); err != nil {
		return fmt.Errorf("write the parts of approval %q: %w", a.ID, err)
	}
	return nil
}
