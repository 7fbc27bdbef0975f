package contract_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"midgard/internal/contract"
)

// referenceFile is the published contract as data. The project can be built and
// tested without it; when it is there, the table must agree with it.
const referenceFile = "../../../shared/contract/operations.openapi.json"

// raw is a JSON object of the reference.
type raw = map[string]any

type reference struct {
	Paths      map[string]map[string]referenceOperation
	Components struct{ Schemas raw }

	// diff collects what differs, as "subject aspect" with an explanation.
	diff map[string]string
	seen map[[2]string]bool
}

type referenceOperation struct {
	OperationID string
	Security    []map[string][]string
	Levels      []string `json:"x-sailpoint-userLevels"`
	Deprecated  bool
	Parameters  []raw
	RequestBody *struct {
		Required bool
		Content  map[string]struct{ Schema raw }
	}
	Responses map[string]struct {
		Content map[string]struct{ Schema raw }
	}
}

func readReference(t *testing.T) *reference {
	t.Helper()
	text, err := os.ReadFile(referenceFile)
	if errors.Is(err, fs.ErrNotExist) {
		t.Logf("%s is not here; nothing to compare", referenceFile)
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	r := &reference{diff: map[string]string{}, seen: map[[2]string]bool{}}
	if err := json.Unmarshal(text, r); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *reference) differs(subject, aspect string, ours, theirs any) {
	r.diff[subject+" "+aspect] = fmt.Sprintf("ours %v, the contract's %v", ours, theirs)
}

// compare notes a difference of two values that can be printed.
func (r *reference) compare(subject, aspect string, ours, theirs any) {
	if fmt.Sprint(ours) != fmt.Sprint(theirs) {
		r.differs(subject, aspect, ours, theirs)
	}
}

func TestTableAgreesWithTheContract(t *testing.T) {
	t.Parallel()
	r := readReference(t)
	if r == nil {
		return
	}
	for _, o := range contract.Operations() {
		if o.Version == "midgard/v1" {
			continue // ours
		}
		theirs, found := r.find(&o)
		if !found {
			r.differs(o.ID, "absent", o.Path, "nothing")
			continue
		}
		r.compareOperation(&o, theirs)
	}
	r.reverse()
	for key, detail := range r.diff {
		if allowed[key] == "" {
			t.Errorf("%s: %s", key, detail)
		}
	}
	for key := range allowed {
		if r.diff[key] == "" {
			t.Errorf("%s: allowed to differ, but does not", key)
		}
	}
}

var parameterName = regexp.MustCompile(`\{[^}]*\}`)

// find returns the operation of the same path, or of its v1 form where the
// contract describes that only.
func (r *reference) find(o *contract.Operation) (referenceOperation, bool) {
	for _, path := range []string{o.Path, inV1(o)} {
		for theirPath, item := range r.Paths {
			if parameterName.ReplaceAllString(theirPath, "{}") != parameterName.ReplaceAllString(path, "{}") {
				continue
			}
			if theirs, found := item[strings.ToLower(o.Method)]; found {
				names := fmt.Sprint(parameterName.FindAllString(theirPath, -1))
				r.compare(o.ID, "path parameters", parameterName.FindAllString(o.Path, -1), names)
				return theirs, true
			}
		}
	}
	return referenceOperation{}, false
}

func inV1(o *contract.Operation) string {
	path, isRelease := strings.CutPrefix(o.Path, "/"+o.Version)
	if !isRelease {
		return o.Path
	}
	first, rest, nested := strings.Cut(path[1:], "/")
	if !nested {
		return "/" + first + "/v1"
	}
	return "/" + first + "/v1/" + rest
}

// reverse checks that an operation of the table is mounted under all the paths
// that the contract has for it.
func (r *reference) reverse() {
	ids, mounted := map[string]bool{}, map[string]bool{}
	for _, o := range contract.Operations() {
		ids[o.ID] = true
		mounted[o.Method+" "+parameterName.ReplaceAllString(o.Path, "{}")] = true
	}
	version := regexp.MustCompile(`V\d+$`)
	for path, item := range r.Paths {
		for method, theirs := range item {
			pattern := strings.ToUpper(method) + " " + parameterName.ReplaceAllString(path, "{}")
			if ids[version.ReplaceAllString(theirs.OperationID, "")] && !mounted[pattern] {
				r.differs(pattern, "mounted", "no", "yes")
			}
		}
	}
}

func (r *reference) compareOperation(o *contract.Operation, theirs referenceOperation) {
	r.compareAccess(o, theirs)
	r.compareParameters(o, theirs)
	r.compareRequest(o, theirs)
	r.compareResponses(o, theirs)
	r.compare(o.ID, "deprecated", o.Deprecated, theirs.Deprecated)
}

func (r *reference) compareAccess(o *contract.Operation, theirs referenceOperation) {
	application := false
	for _, alternative := range theirs.Security {
		for scheme, scopes := range alternative {
			application = application || scheme == "applicationAuth"
			r.compare(o.ID, "scopes", sorted(o.Scopes), sorted(scopes))
		}
	}
	application = application || slices.Contains(theirs.Levels, "API")
	r.compare(o.ID, "application", o.Application, application)
	r.compare(o.ID, "levels", sorted(o.Levels), sorted(theirs.Levels))
}

func (r *reference) compareParameters(o *contract.Operation, theirs referenceOperation) {
	query, path := map[string]raw{}, map[string]raw{}
	for _, parameter := range theirs.Parameters {
		parameter = r.resolve(parameter)
		name, _ := parameter["name"].(string)
		switch parameter["in"] {
		case "query":
			query[name] = parameter
		case "path":
			path[name] = parameter
		}
	}
	r.compareList(o, query)
	for _, name := range []string{"limit", "offset", "count", "filters", "sorters"} {
		delete(query, name)
	}
	r.compare(o.ID, "query", describeOurs(o.Query), describeTheirs(query))
	enums := func(params []contract.Param) []contract.Param {
		return slices.DeleteFunc(slices.Clone(params), func(p contract.Param) bool { return len(p.Enum) == 0 })
	}
	for name, parameter := range path {
		if schema, _ := parameter["schema"].(raw); schema["enum"] == nil {
			delete(path, name)
		}
	}
	r.compare(o.ID, "path enums", describeOurs(enums(o.PathParams)), describeTheirs(path))
}

func (r *reference) compareList(o *contract.Operation, query map[string]raw) {
	limits := "none"
	if limit, found := query["limit"]; found {
		schema := limit["schema"].(raw)
		limits = fmt.Sprint(schema["maximum"], " ", schema["default"])
	}
	ours := "none"
	if o.List {
		ours = fmt.Sprint(o.MaxLimit, " ", o.DefaultLimit)
	}
	r.compare(o.ID, "limits", ours, limits)
	r.compare(o.ID, "offset", o.List, query["offset"] != nil)
	r.compare(o.ID, "count", o.Count, query["count"] != nil)

	filters := map[string][]string{}
	for _, field := range o.Filters {
		for _, op := range field.Ops {
			filters[field.Name] = append(filters[field.Name], string(op))
		}
	}
	theirs, _ := query["filters"]["x-filters"].(raw)
	for name := range theirs {
		r.compare(o.ID, "filter "+name, sorted(filters[name]), sorted(texts(theirs[name])))
		delete(filters, name)
	}
	for name := range filters {
		r.differs(o.ID, "filter "+name, filters[name], "none")
	}
	r.compare(o.ID, "sorters", sorted(o.Sorters), sorted(texts(query["sorters"]["x-sorters"])))
}

func (r *reference) compareRequest(o *contract.Operation, theirs referenceOperation) {
	if theirs.RequestBody == nil {
		r.compare(o.ID, "request", o.Request, "")
		return
	}
	var contentTypes []string
	for contentType, content := range theirs.RequestBody.Content {
		contentTypes = append(contentTypes, contentType)
		r.compareExpression(o.ID+" request", o.Request, content.Schema)
	}
	r.compare(o.ID, "content types", sorted(o.Consumes), sorted(contentTypes))
	r.compare(o.ID, "request optional", o.RequestOptional, !theirs.RequestBody.Required)
}

func (r *reference) compareResponses(o *contract.Operation, theirs referenceOperation) {
	if theirs.Responses["404"].Content != nil && !o.NotFound {
		r.differs(o.ID, "404", "no", "yes")
	}
	for code, response := range theirs.Responses {
		status, _ := strconv.Atoi(code)
		switch content, hasBody := response.Content["application/json"]; {
		case status < 300:
			r.compare(o.ID, "success", o.Success, status)
			if hasBody || o.Response != "" {
				r.compareExpression(o.ID+" response", o.Response, content.Schema)
			}
		case status == 400 && hasBody:
			expression := "Error"
			if particular := o.Errors[status]; particular != "" {
				expression = particular
			}
			r.compareExpression(o.ID+" 400", expression, content.Schema)
		}
	}
}

func (r *reference) compareExpression(subject, expression string, theirs raw) {
	if expression == "" || theirs == nil {
		r.compare(subject, "body", expression != "", theirs != nil)
		return
	}
	ours, err := contract.ParseSchema(expression)
	if err != nil {
		r.differs(subject, "schema", err, "one")
		return
	}
	r.compareSchema(subject, ours, theirs)
}

func sorted(words []string) []string { return slices.Sorted(slices.Values(words)) }

func texts(list any) []string {
	items, _ := list.([]any)
	var words []string
	for _, item := range items {
		if text, isText := item.(string); isText {
			words = append(words, text)
		}
	}
	return words
}

func describeOurs(params []contract.Param) []string {
	var lines []string
	for _, p := range params {
		lines = append(lines, fmt.Sprintf("%s %s %v required=%v default=%s", p.Name, p.Type, p.Enum, p.Required, p.Default))
	}
	return sorted(lines)
}

func describeTheirs(params map[string]raw) []string {
	var lines []string
	for name, p := range params {
		schema, _ := p["schema"].(raw)
		fallback := ""
		if value := schema["default"]; value != nil {
			fallback = fmt.Sprint(value)
		}
		lines = append(lines, fmt.Sprintf("%s %s %v required=%v default=%s",
			name, schema["type"], texts(schema["enum"]), p["required"] == true, fallback))
	}
	return sorted(lines)
}
