//go:build unix

package proof_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"

	"midgard/internal/app/apptest"
	"midgard/internal/contract"
)

// obj is a JSON object of a request.
type obj = map[string]any

// ref is a reference as clients send it.
func ref(kind, id string) obj { return obj{"type": kind, "id": id} }

// world is a server with generated data of every family: few values, so that filters meet many rows or none, and among
// them what is hard to write, to fold or to order. Nothing changes once it is made.
type world struct {
	*prover
	dice *rand.Rand
	// objects gives, for the parts of an object, an object that has some, by the path that lists the objects.
	objects map[string]string
	people  []string // ids
	groups  []string
	sources map[string]string // ids by name
}

func newWorld(t *testing.T, p *prover) *world {
	t.Helper()
	// the seed is fixed, so that a failure comes back
	w := &world{prover: p, dice: rand.New(rand.NewPCG(8400, 1)), objects: map[string]string{}, sources: map[string]string{}}
	for _, family := range []func(*testing.T){
		w.makePeople, w.makeGroups, w.makeSources, w.makeProfiles, w.makeAccounts, w.makeSubtypes, w.editAccounts, w.makeMachineIdentities,
		w.makeTransforms, w.makeForms, w.makePolicies, w.makeWorkItems, w.makeMappings, w.configureApprovals, w.makeRequests,
		w.decideApprovals, w.makeHoldings, w.makeTasks, w.makeCredentials,
	} {
		family(t)
	}
	w.settle(t)
	return w
}

// settle waits for the end of all work.
func (w *world) settle(t *testing.T) {
	t.Helper()
	for _, task := range w.Admin.List(t, "/task-status/v1", "filters", "completionStatus isnull") {
		w.Wait(t, task.Text("id"))
	}
}

// one draws from a list.
func (w *world) one(list ...string) string { return list[w.dice.IntN(len(list))] }

// words are texts that differ in little: in case, in what only Unicode folds, in what a pattern of SQL would take for more
// than a character, in what a filter has to escape.
var words = []string{"Job", "job", "JOB 2", "ĳob", "İob", `a "b" \c`, "%_%", "Straße", "ÄRGER"}

// title draws a name that nothing else of its family has.
func (w *world) title(n int) string { return fmt.Sprintf("%s %d", w.one(words...), n) }

func (w *world) make(t *testing.T, path string, status int, body obj) string {
	t.Helper()
	return w.Admin.Post(t, path, apptest.JSON(body)).Want(t, status).ID(t)
}

func (w *world) edit(t *testing.T, path, field string, value any) {
	t.Helper()
	w.Admin.Patch(t, path, apptest.JSON([]any{obj{"op": "add", "path": "/" + field, "value": value}})).Want(t, http.StatusOK)
}

// file is a table with commas: a header and n generated rows.
func file(columns string, n int, row func(i int) []string) string {
	var b strings.Builder
	b.WriteString(strings.ReplaceAll(columns, " ", ",") + "\n")
	for i := range n {
		cells := row(i)
		for j, cell := range cells {
			cells[j] = `"` + strings.ReplaceAll(cell, `"`, `""`) + `"`
		}
		b.WriteString(strings.Join(cells, ",") + "\n")
	}
	return b.String()
}

const peopleColumns = "uid displayName firstName lastName email manager lifecycleState"

// makePeople loads people, and loads them again without the last one, who is inactive for long then.
func (w *world) makePeople(t *testing.T) {
	source := w.source(t, "People", obj{"authoritative": true})
	w.SetSchema(t, source, "uid", strings.Fields(peopleColumns)...)
	const n = 20
	people := file(peopleColumns, n, func(i int) []string {
		return []string{
			fmt.Sprintf("uid-%02d", i), w.one(words...), w.one("", "Ada", "ada", "Ärne", `O"Neill`), w.one("", "Bø", "bö", "Smith_", "%"),
			w.one("", fmt.Sprintf("p%d@Example.test", i)), w.one("", "uid-00", "uid-01"), w.one("", "active", "inactive", "active"),
		}
	})
	w.Load(t, source, people).Want(t, "SUCCESS")
	all := strings.Split(strings.TrimSpace(people), "\n")
	w.Load(t, source, strings.Join(all[:n], "\n")+"\n").Want(t, "SUCCESS")
	for _, row := range w.Admin.List(t, "/public-identities/v1", "filters", `alias sw "uid-"`) {
		if row.Text("identityState") == "ACTIVE" {
			w.people = append(w.people, row.Text("id"))
		}
	}
	if len(w.people) < 5 {
		t.Fatalf("only %d people are active", len(w.people))
	}
}

func (w *world) somebody() string { return w.people[w.dice.IntN(len(w.people))] }

// makeGroups makes governance groups; the first has everybody for a member, others have some.
func (w *world) makeGroups(t *testing.T) {
	const path = "/workgroups/v1"
	for i := range 12 {
		owner := ref("IDENTITY", w.somebody())
		id := w.make(t, path, http.StatusOK, obj{"name": w.title(i), "description": w.one("", "x", "X", "Quo\"ted"), "owner": owner})
		w.groups = append(w.groups, id)
		var members []any
		for j, person := range w.people {
			if i == 0 || (i+j)%5 == 0 {
				members = append(members, ref("IDENTITY", person))
			}
		}
		w.Admin.Post(t, path+"/"+id+"/members/bulk-add", apptest.JSON(members)).Want(t, http.StatusMultiStatus)
	}
	w.objects["/workgroups"] = w.groups[0]
}

// source makes a source that reads uploaded files, unless more says something else.
func (w *world) source(t *testing.T, name string, more obj) string {
	t.Helper()
	body := obj{
		"name": name, "owner": ref("IDENTITY", w.Admin.ID), "connector": "delimited-file",
		"connectorAttributes": obj{"multiValueDelimiter": ";"}, "deleteThreshold": 50,
	}
	maps.Copy(body, more)
	w.sources[name] = w.make(t, "/sources/v1", http.StatusCreated, body)
	return w.sources[name]
}

// makeSources makes sources of every kind, most of them with a group that administers them, so that the first group has
// connections.
func (w *world) makeSources(t *testing.T) {
	for i := range 11 {
		more := obj{
			"description": w.one("", "x", "X y", "100%_"), "category": w.one("", "CredentialProvider", "other", "Other"),
			"owner": ref("IDENTITY", w.somebody()), "authoritative": i%4 == 0,
			"features": [][]string{{}, {"ENABLE"}, {"ENABLE", "UNLOCK"}, {"PROVISIONING"}}[i%4],
		}
		if i%3 != 0 {
			more["managementWorkgroup"] = ref("GOVERNANCE_GROUP", w.groups[i%2])
		}
		if i%5 != 0 {
			more["accountCorrelationConfig"] = obj{"type": "ACCOUNT_CORRELATION_CONFIG", "id": fmt.Sprintf("config-%d", i), "name": w.one(words...)}
			more["managerCorrelationRule"] = obj{"type": "RULE", "id": fmt.Sprintf("rule-%d", i), "name": w.one(words...)}
		}
		switch i % 7 {
		case 1:
			more["connector"], more["connectorAttributes"] = "local", obj{}
		case 2:
			more["connector"], more["connectorAttributes"] = "openldap", obj{"host": "127.0.0.1", "authorizationType": "none", "searchDN": "dc=x"}
		}
		w.source(t, w.title(i), more)
	}
}

// makeProfiles makes an identity profile for each authoritative source that has none.
func (w *world) makeProfiles(t *testing.T) {
	for i, row := range w.Admin.List(t, "/sources/v1", "filters", "authoritative eq true") {
		body := obj{
			"name": w.title(i), "priority": (i % 3) * 10, "authoritativeSource": ref("SOURCE", row.Text("id")),
			"description": w.one("", "x"), "owner": ref("IDENTITY", w.somebody()),
		}
		if i%3 == 1 {
			delete(body, "owner")
		}
		w.make(t, "/identity-profiles/v1", http.StatusCreated, body)
	}
}

// makeTransforms makes transforms beside those that are there from the beginning.
func (w *world) makeTransforms(t *testing.T) {
	for i := range 9 {
		w.make(t, "/transforms/v1", http.StatusCreated, obj{"name": w.title(i), "type": w.one("upper", "lower", "trim"), "attributes": obj{}})
	}
}

func (w *world) makeForms(t *testing.T) {
	for i := range 9 {
		body := obj{"name": w.title(i), "description": w.one("", "x", "X", `a "b" \c`), "owner": ref("IDENTITY", w.somebody())}
		w.make(t, "/form-definitions/v1", http.StatusCreated, body)
	}
}

// makeCredentials makes clients and tokens, of which some are used.
func (w *world) makeCredentials(t *testing.T) {
	for range 3 {
		w.application(t)
	}
	w.Application(t)
	for _, person := range w.people[:4] {
		w.person(t, person)
	}
}

// fill gives the path of an operation with the ids of objects that exist.
func (w *world) fill(t *testing.T, op *contract.Operation) string {
	t.Helper()
	segments := strings.Split(op.Path, "/")
	collection := ""
	for i, segment := range segments {
		switch {
		case segment == "" || slices.Contains(strings.Split(op.Version, "/"), segment):
		case !strings.HasPrefix(segment, "{"):
			collection += "/" + segment
		case w.objects[collection] == "":
			t.Errorf("%s: the world has no object of %s whose parts it could list", op.Pattern(), collection)
		default:
			segments[i] = w.objects[collection]
		}
	}
	return strings.Join(segments, "/")
}
