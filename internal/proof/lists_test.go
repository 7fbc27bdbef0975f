//go:build unix

package proof_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"midgard/internal/app/apptest"
	"midgard/internal/contract"
)

// list is what the proof has to know of an operation that lists, beside its line in the contract. Where a field of filters
// or sorters is the member of the row of the same path, nothing has to be said of it.
type list struct {
	// id is the path of the member that tells rows apart, "" for "id".
	id string
	// fields and sorters say what a row has in a field; one of fields is good for the sorter of the same name as well.
	fields, sorters map[string]reading
	// empty are fields of filters that no row can have a value in.
	empty []string
	// join adds to the rows what the list filters or sorts by and does not show, read from other lists.
	join func(t *testing.T, w *world, rows []apptest.Row)
}

// reading says what a row has in a field: nil, a text, a number, a truth value, a list of these or a map of attributes.
type reading func(row apptest.Row) any

// member reads a member at another path.
func member(path string) reading { return func(row apptest.Row) any { return row.Field(path) } }

func constant(value any) reading { return func(apptest.Row) any { return value } }

// each reads a member of every part of a list, of the parts of one type where that is given.
func each(list, kind, name string) reading {
	return func(row apptest.Row) any {
		var values []any
		parts, _ := row.Field(list).([]any)
		for _, part := range parts {
			if p := apptest.Row(part.(obj)); kind == "" || p.Text("type") == kind {
				values = append(values, p.Field(name))
			}
		}
		return values
	}
}

// negated reads a truth value that says the opposite.
func negated(path string) reading {
	return func(row apptest.Row) any { return row.Field(path) != true }
}

// asText reads a map as the text by which it is ordered, which an empty one has not.
func asText(path string) reading {
	return func(row apptest.Row) any {
		value, _ := row.Field(path).(obj)
		if len(value) == 0 {
			return nil
		}
		text, _ := json.Marshal(value) // what came as JSON can be written as such
		return string(text)
	}
}

// joined makes every row's counterparts in other lists members of it: those whose id is at a path of the row.
func joined(name, path, at string) func(t *testing.T, w *world, rows []apptest.Row) {
	return func(t *testing.T, w *world, rows []apptest.Row) {
		t.Helper()
		others := map[string]apptest.Row{}
		for _, other := range w.Admin.List(t, path) {
			others[other.Text("id")] = other
		}
		for _, row := range rows {
			if other, found := others[row.Text(at)]; found {
				row[name] = obj(other)
			}
		}
	}
}

func joins(all ...func(t *testing.T, w *world, rows []apptest.Row)) func(t *testing.T, w *world, rows []apptest.Row) {
	return func(t *testing.T, w *world, rows []apptest.Row) {
		t.Helper()
		for _, join := range all {
			join(t, w, rows)
		}
	}
}

// lists has every operation that lists, by its id.
var lists = map[string]*list{
	"listMachineIdentities":               machineIdentities,
	"listMachineIdentityUserEntitlements": userEntitlements,
	"listMachineAccounts":                 machineAccounts,
	"listAccounts":                        accounts,
	"getAccountEntitlements":              {},
	"getMachineAccountEntitlements":       {},
	"getMachineAccountCreateAccessInfo":   {id: "sourceId"},
	"listEntitlementHoldings":             {},
	"listEntitlementGroups":               {},
	"listSources":                         {},
	"listEntitlements":                    entitlements,
	"listIdentities":                      identities,
	"getPublicIdentities":                 publicIdentities,
	"listIdentityProfiles":                {},
	"listWorkgroups":                      workgroups,
	"listWorkgroupMembers":                {sorters: ofIdentity, join: joined("identity", "/identities/v1", "id")},
	"listConnections":                     {id: "object.id", sorters: ofSource, join: joined("source", "/sources/v1", "object.id")},
	"listOauthClients":                    {},
	"listPersonalAccessTokens":            {},
	"listTransforms":                      {},
	"searchFormDefinitionsByTenant":       {},
	"listSourceSubtypes":                  {},
	"listMachineAccountSubtypes":          {},
	"listAccountRequests":                 {},
	"getAccountDeletionRequests":          {id: "accountRequestId"},
	"listMachineAccountMappings":          {id: "target.attributeName"},
	"listProvisioningPolicies":            {id: "usageType"},
	"listProvisioningPoliciesV2":          {},
	"listWorkItems":                       {},
	"getApprovals":                        approvals,
	"getTaskStatusList":                   {fields: map[string]reading{"sourceId": member("target.id")}},
}

var (
	ofIdentity = map[string]reading{"created": member("identity.created"), "modified": member("identity.modified")}
	ofSource   = map[string]reading{"name": member("object.name"), "created": member("source.created"), "modified": member("source.modified")}
)

// machineIdentities reads what only some versions show from one that does.
var machineIdentities = &list{
	join: joins(joined("v2", "/machine-identities/v2", "id"), joined("v2025", "/v2025/machine-identities", "id")),
	fields: map[string]reading{
		"displayName": member("name"), "cisIdentityId": member("id"), "businessApplication": member("v2025.businessApplication"),
		"nativeIdentity": member("v2.nativeIdentity"), "subtype": member("v2.subtype"),
		"owners.primaryIdentity.id":            member("v2.owners.primary.id"),
		"owners.primaryIdentity.name":          member("v2.owners.primary.name"),
		"owners.secondaryIdentity.id":          each("v2.owners.secondary", "IDENTITY", "id"),
		"owners.secondaryIdentity.name":        each("v2.owners.secondary", "IDENTITY", "name"),
		"owners.secondaryGovernanceGroup.id":   each("v2.owners.secondary", "GOVERNANCE_GROUP", "id"),
		"owners.secondaryGovernanceGroup.name": each("v2.owners.secondary", "GOVERNANCE_GROUP", "name"),
		"source.id":                            member("v2.source.id"),
		"source.name":                          member("v2.source.name"),
		"entitlement.id":                       each("v2.userEntitlements", "", "entitlementId"),
		"entitlement.name":                     each("v2.userEntitlements", "", "displayName"),
	},
	empty: []string{"businessApplicationRefs.id", "effectiveSanctionedStatus", "risk.severity"},
}

var userEntitlements = &list{
	join:   joined("machineIdentity", "/machine-identities/v1", "machineIdentityId"),
	fields: map[string]reading{"machineIdentityName": member("machineIdentity.name")},
}

var machineAccounts = &list{
	join: func(t *testing.T, w *world, rows []apptest.Row) {
		t.Helper()
		names := map[string]any{}
		key := func(source, subtype string) string { return source + " " + lower(subtype) }
		for _, s := range w.Admin.List(t, "/source-subtypes/v1") {
			names[key(s.Text("sourceId"), s.Text("technicalName"))] = s["displayName"]
		}
		for _, row := range rows {
			row["subtypeName"] = names[key(row.Text("source.id"), row.Text("subtype"))]
		}
	},
	fields: map[string]reading{
		"subtype.technicalName": member("subtype"), "subtype.displayName": member("subtypeName"), "ownerIdentity": member("ownerIdentity.id"),
	},
	sorters: map[string]reading{"attributes": asText("attributes")},
}

var accounts = &list{
	join: joins(joined("people", "/public-identities/v1", "identityId"), joined("of", "/sources/v1", "sourceId"), holdings),
	fields: map[string]reading{
		"identity.correlated": negated("uncorrelated"), "identity.identityState": member("people.identityState"),
		"source.id": member("sourceId"), "source.name": member("sourceName"), "source.displayableName": member("sourceName"),
		"source.authoritative": member("authoritative"), "source.connectionType": member("of.connectionType"),
		"recommendation.method": constant(nil),
	},
	// by whether there are any
	sorters: map[string]reading{"entitlements": member("hasEntitlements")},
	empty:   []string{"recommendation.method"},
}

// holdings adds the entitlements of every account.
func holdings(t *testing.T, w *world, rows []apptest.Row) {
	t.Helper()
	for _, row := range rows {
		if row.Field("hasEntitlements") != true {
			continue
		}
		var ids []any
		for _, e := range w.Admin.List(t, "/accounts/v1/"+row.Text("id")+"/entitlements") {
			ids = append(ids, e["id"])
		}
		row["entitlements"] = ids
	}
}

// approvals are about requests; each of them is asked for by itself.
var approvals = &list{
	fields: map[string]reading{
		"approvalId": member("id"), "name": member("name.0.value"), "description": member("description.0.value"), "batchId": constant(nil),
		"requesterId": member("requester.identityID"), "requesteeId": member("requestee.identityID"), "approverId": deciders,
		"referenceId": each("referenceData", "", "id"), "referenceType": each("referenceData", "", "type"), "referenceName": each("referenceData", "", "name"),
		"requestedTargetId": each("requestedTarget", "", "id"), "requestedTargetType": each("requestedTarget", "", "targetType"),
		"requestedTargetName": each("requestedTarget", "", "name"), "requestedTargetRequestType": each("requestedTarget", "", "requestType"),
		"search": searchable, "decisionDate": lastDecision,
	},
	empty: []string{"batchId", "referenceName"}, // requests have no names
}

// decisions gives a member of everybody's decision.
func decisions(row apptest.Row, name string) []any {
	approved, _ := each("approvedBy", "", name)(row).([]any)
	rejected, _ := each("rejectedBy", "", name)(row).([]any)
	return append(approved, rejected...)
}

// deciders are those whose turn it is or was, and those who have decided.
func deciders(row apptest.Row) any {
	ids := decisions(row, "identityID")
	for _, as := range decisions(row, "actionedAs.0.id") {
		ids = append(ids, as)
	}
	if now := row.Field("assignedTo.0.identityID"); now != nil {
		ids = append(ids, now)
	}
	return ids
}

func lastDecision(row apptest.Row) any {
	var last any
	for _, at := range decisions(row, "decisionDate") {
		if last == nil || at.(string) > last.(string) {
			last = at
		}
	}
	return last
}

// searchable is the text that is searched: what the approval is called and who and what it is about.
func searchable(row apptest.Row) any {
	texts := []string{row.Text("name.0.value"), row.Text("description.0.value"), row.Text("requester.name"), row.Text("requestee.name")}
	for _, name := range each("requestedTarget", "", "name")(row).([]any) {
		texts = append(texts, name.(string))
	}
	return strings.Join(slices.DeleteFunc(texts, func(text string) bool { return text == "" }), " ")
}

var entitlements = &list{
	fields: map[string]reading{"type": member("sourceSchemaObjectType"), "privilegeLevel.direct": member("privilegeLevel.direct")},
	empty:  []string{"tags"},
}

var identities = &list{
	join: func(t *testing.T, w *world, rows []apptest.Row) {
		t.Helper()
		for _, row := range rows { // that of the administrator, whom nobody can delete
			row["protected"] = row.Text("id") == w.Admin.ID
		}
	},
	fields: map[string]reading{
		"firstname": member("attributes.firstname"), "lastname": member("attributes.lastname"), "email": member("emailAddress"),
		"cloudStatus": member("identityStatus"), "correlated": constant(true),
	},
}

var publicIdentities = &list{fields: map[string]reading{"firstname": publicAttribute("firstname"), "lastname": publicAttribute("lastname")}}

func publicAttribute(key string) reading {
	return func(row apptest.Row) any {
		for _, a := range row["attributes"].([]any) {
			if a := a.(obj); a["key"] == key {
				return a["value"]
			}
		}
		return nil
	}
}

var workgroups = &list{
	join: func(t *testing.T, w *world, rows []apptest.Row) {
		t.Helper()
		for _, row := range rows {
			row["members"] = []any{}
			for _, m := range w.Admin.List(t, "/workgroups/v1/"+row.Text("id")+"/members") {
				row["members"] = append(row["members"].([]any), obj(m))
			}
		}
	},
	fields: map[string]reading{"memberships.identityId": each("members", "", "id")},
}

// isList says of an operation that it lists: it has pages, filters or sorters.
func isList(op *contract.Operation) bool {
	return op.List || len(op.Filters) > 0 || len(op.Sorters) > 0
}

// TestEveryListIsRegistered wants every list of the contract in this file, and every field that it says something of in the
// contract.
func TestEveryListIsRegistered(t *testing.T) {
	t.Parallel()
	found, known := map[string]bool{}, map[string][]string{}
	for _, op := range contract.Operations() {
		if !isList(&op) {
			continue
		}
		found[op.ID] = true
		known[op.ID] = append(known[op.ID], op.Sorters...)
		for _, f := range op.Filters {
			known[op.ID] = append(known[op.ID], f.Name)
		}
		if lists[op.ID] == nil {
			t.Errorf("%s lists, and nothing here says how to prove it", op.Pattern())
		}
	}
	for id, l := range lists {
		if !found[id] {
			t.Errorf("the contract has no list %s", id)
		}
		for _, fields := range []map[string]reading{l.fields, l.sorters} {
			for name := range fields {
				if !slices.Contains(known[id], name) {
					t.Errorf("%s: the contract has no field %s", id, name)
				}
			}
		}
	}
}

// strangers are fields that a path of a list does not have: all of the contract for its first path, and for the others
// those that other versions have, which is where they could be confused.
func strangers(op *contract.Operation, version int) []string {
	names := []string{"colour", "identityId", "Name"}
	for _, other := range contract.Operations() {
		if version > 0 && other.ID != op.ID {
			continue
		}
		names = append(names, other.Sorters...)
		for _, f := range other.Filters {
			names = append(names, f.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
