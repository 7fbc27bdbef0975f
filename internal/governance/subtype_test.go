package governance_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"midgard/internal/governance"
)

func TestParseApprovers(t *testing.T) {
	t.Parallel()
	manager, source := governance.Approver{Kind: governance.ApproverManager}, governance.Approver{Kind: governance.ApproverSourceOwner}
	group := func(id string) governance.Approver {
		return governance.Approver{Kind: governance.ApproverWorkgroup, Group: id}
	}
	many := make([]string, governance.MaxApprovers+1)
	for i := range many {
		many[i] = fmt.Sprint("workgroup:", i)
	}
	for text, test := range map[string]struct {
		want []governance.Approver
		kind governance.Kind // of the error, Internal for none
	}{
		"":                              {},
		" \t":                           {},
		"manager":                       {want: []governance.Approver{manager}},
		" sourceOwner ,manager":         {want: []governance.Approver{source, manager}},
		"workgroup:b,workgroup: a":      {want: []governance.Approver{group("b"), group("a")}},
		"accountOwner":                  {want: []governance.Approver{{Kind: governance.ApproverAccountOwner}}},
		strings.Join(many[1:], ","):     {want: nil},
		strings.Join(many, ","):         {kind: governance.Limit},
		"manager,manager":               {kind: governance.Illegal},
		"workgroup:a-b,workgroup:AB":    {kind: governance.Illegal},
		"manager,":                      {kind: governance.Illegal},
		",":                             {kind: governance.Illegal},
		"MANAGER":                       {kind: governance.Illegal},
		"workgroup":                     {kind: governance.Illegal},
		"workgroup: ":                   {kind: governance.Illegal},
		"manager:1":                     {kind: governance.Illegal},
		"sourceOwner manager":           {kind: governance.Illegal},
		"manager;sourceOwner\u00a0,x\n": {kind: governance.Illegal},
	} {
		got, err := governance.ParseApprovers("f.approvers", text, true)
		if governance.KindOf(err) != test.kind || (err == nil) != (test.kind == governance.Internal) {
			t.Errorf("%q: error %v", text, err)
			continue
		}
		var failure *governance.Error
		if errors.As(err, &failure) && (failure.Field != "f.approvers" || !strings.Contains(failure.Text, "f.approvers")) {
			t.Errorf("%q: the error is about %q: %s", text, failure.Field, failure.Text)
		}
		if diff := cmp.Diff(test.want, got); diff != "" && test.want != nil {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
	if _, err := governance.ParseApprovers("f", "accountOwner", false); governance.KindOf(err) != governance.Illegal {
		t.Errorf("the owner of an account that does not exist: %v", err)
	}
}

func TestSettingsOfSubtypes(t *testing.T) {
	t.Parallel()
	for field, spoil := range map[string]func(*governance.Subtype){
		"":                                       func(*governance.Subtype) {},
		"technicalName":                          func(x *governance.Subtype) { x.TechnicalName = "\t" },
		"displayName":                            func(x *governance.Subtype) { x.DisplayName = "" },
		"description":                            func(x *governance.Subtype) { x.Description = strings.Repeat("é", governance.MaxDescription+1) },
		"machineAccountCreate.passwordSetting":   func(x *governance.Subtype) { x.Creation.Enabled = true },
		"machineAccountCreate.passwordAttribute": enabledWith(governance.PasswordExisting),
		"machineAccountCreate.approvalConfig.approvers": func(x *governance.Subtype) { x.Creation.Approval.Required = true },
		"machineAccountCreate.approvalConfig.comments":  func(x *governance.Subtype) { x.Creation.Approval.Comments = "all" },
		"machineAccountDelete.approvalConfig.approvers": func(x *governance.Subtype) { x.Deletion = &governance.Approval{Approvers: "nobody"} },
		"machineAccountDelete.approvalConfig.comments":  func(x *governance.Subtype) { x.Deletion = &governance.Approval{Comments: "NEVER"} },
	} {
		x := governance.Subtype{TechnicalName: "t", DisplayName: "d"}
		spoil(&x)
		err := x.Validate()
		var failure *governance.Error
		if (err == nil) != (field == "") || errors.As(err, &failure) && (failure.Field != field || !strings.Contains(failure.Text, field)) {
			t.Errorf("%q: error %v", field, err)
		}
	}
}

func enabledWith(setting governance.PasswordSetting) func(*governance.Subtype) {
	return func(x *governance.Subtype) { x.Creation.Enabled, x.Creation.PasswordSetting = true, setting }
}

func TestDeletionSettingsOfSubtypes(t *testing.T) {
	t.Parallel()
	x := governance.Subtype{SourceDeletion: governance.DefaultDeletion()}
	if got := x.EffectiveDeletion(); got != governance.DefaultDeletion() {
		t.Errorf("without settings of its own a subtype has %+v", got)
	}
	x.Deletion = &governance.Approval{}
	if got := x.EffectiveDeletion(); got != (governance.Approval{}) {
		t.Errorf("with settings of its own a subtype has %+v", got)
	}
}

func TestCreationEntitlement(t *testing.T) {
	t.Parallel()
	x := governance.Subtype{ID: "1", Source: governance.Reference{ID: "2", Name: "LDAP"}, DisplayName: "Bot"}
	e := x.CreationEntitlement()
	if e.Name != "Machine Account Creation - LDAP/Bot" || e.Attribute != "assignedMacSubtype" || e.Value != "1" || e.Type != "machineAccountCreate" || !e.Requestable {
		t.Errorf("got %+v", e)
	}
	x.Source.Name, x.DisplayName = strings.Repeat("ä", governance.MaxName), strings.Repeat("ö", governance.MaxName)
	if long := x.CreationEntitlement(); long.Validate() != nil {
		t.Errorf("long names give an entitlement that nobody can edit: %v", long.Validate())
	}
	renamed, hidden, other := e, e, governance.Entitlement{Attribute: "groups", Name: "g"}
	renamed.Name, hidden.Requestable = "x", false
	if renamed.CheckUnchanged(&e) == nil || hidden.CheckUnchanged(&e) == nil || e.CheckUnchanged(&e) != nil || renamed.CheckUnchanged(&other) != nil {
		t.Error("what belongs to a subtype can be changed, or other entitlements cannot")
	}
}
