package api

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"strconv"

	"midgard/internal/governance"
	"midgard/internal/jsondoc"
	"midgard/internal/transform"
)

// Bounds of one trial; ours.
const (
	maxTrialInputs = 250     // as many as a page has
	maxTrialOutput = 4 << 20 // bytes of all outputs together
)

// trialForm is a transform to try and what it may read. The values are texts, numbers, truth values or null, or objects of
// these: account attributes by source, identity attributes of others by their uid.
type trialForm struct {
	Transform          json.RawMessage   `json:"transform"`
	Input              optional[*string] `json:"input"`
	Inputs             []*string         `json:"inputs"`
	AccountAttributes  map[string]any    `json:"accountAttributes"`
	IdentityAttributes map[string]any    `json:"identityAttributes"`
	Variables          map[string]any    `json:"variables"`
}

// testTransform shows what a transform makes of texts. It writes nothing: what the transform reads comes from the request,
// and only the transforms that it refers to are those that are kept.
func (s *server) testTransform(w http.ResponseWriter, r *http.Request) error {
	form, err := decode[trialForm](w, r)
	if err != nil {
		return err
	}
	inputs, err := form.inputs()
	if err != nil {
		return err
	}
	row, err := form.row()
	if err != nil {
		return err
	}
	definitions, err := s.Store.TransformDefinitions(r.Context())
	if err != nil {
		return err
	}
	compiled, err := transform.Compile(form.Transform, func(name string) (json.RawMessage, bool) {
		definition, found := definitions[name]
		return definition, found
	})
	if err != nil {
		return err
	}
	results, err := tryAll(r.Context(), compiled, row, inputs)
	if err != nil {
		return err
	}
	return writeOne(w, r, &results, appendTrialResults)
}

// inputs are what the transform runs on: once without an input when the form has none.
func (f *trialForm) inputs() ([]transform.Value, error) {
	if len(f.Transform) == 0 || string(f.Transform) == "null" {
		return nil, governance.Fail(governance.Required, "transform", "Required field 'transform' was missing or empty.")
	}
	if f.Input.Present && f.Inputs != nil {
		return nil, governance.Fail(governance.Illegal, "inputs", "Fields 'input' and 'inputs' exclude each other.")
	}
	if f.Inputs == nil {
		return []transform.Value{valueOf(f.Input.Value)}, nil
	}
	if n := len(f.Inputs); n > maxTrialInputs {
		return nil, governance.Fail(governance.Limit, "inputs", "Field 'inputs' holds %d entries; at most %d are allowed.", n, maxTrialInputs)
	}
	values := make([]transform.Value, len(f.Inputs))
	for i, text := range f.Inputs {
		values[i] = valueOf(text)
	}
	return values, nil
}

func valueOf(text *string) transform.Value {
	if text == nil {
		return transform.Null()
	}
	return transform.Text(*text)
}

// row is what the transform reads beside its input. No user name is taken.
func (f *trialForm) row() (*transform.Context, error) {
	accounts, err := trialValuesOf(f.AccountAttributes, "accountAttributes")
	if err != nil {
		return nil, err
	}
	people, err := trialValuesOf(f.IdentityAttributes, "identityAttributes")
	if err != nil {
		return nil, err
	}
	variables, err := variablesOf(f.Variables, "variables")
	if err != nil {
		return nil, err
	}
	return &transform.Context{
		AccountAttribute: func(q transform.AccountQuery) (transform.Value, error) {
			return accounts.of(cmp.Or(q.SourceName, q.ApplicationName, q.SourceID), q.Attribute), nil
		},
		IdentityAttribute: func(name string) (transform.Value, error) { return people.own[name], nil },
		ReferenceIdentity: func(uid, name string) (transform.Value, error) { return people.others[uid][name], nil },
		Exists:            func(string) (bool, error) { return false, nil },
		Variables:         variables,
	}, nil
}

// trialValues are attributes by name, and those of named owners.
type trialValues struct {
	own    map[string]transform.Value
	others map[string]map[string]transform.Value
}

// of is the attribute of an owner, or the one without an owner when nothing is known of that owner.
func (v trialValues) of(owner, name string) transform.Value {
	if known, is := v.others[owner]; is {
		return known[name]
	}
	return v.own[name]
}

func trialValuesOf(members map[string]any, field string) (trialValues, error) {
	v := trialValues{own: map[string]transform.Value{}, others: map[string]map[string]transform.Value{}}
	for name, member := range members {
		inner, isObject := member.(map[string]any)
		if !isObject {
			value, err := scalarOf(member, field+"."+name)
			if err != nil {
				return v, err
			}
			v.own[name] = value
			continue
		}
		v.others[name] = map[string]transform.Value{}
		for key, member := range inner {
			value, err := scalarOf(member, field+"."+name+"."+key)
			if err != nil {
				return v, err
			}
			v.others[name][key] = value
		}
	}
	return v, nil
}

func scalarOf(member any, field string) (transform.Value, error) {
	switch member := member.(type) {
	case nil:
		return transform.Null(), nil
	case string:
		return transform.Text(member), nil
	case bool:
		return transform.Text(strconv.FormatBool(member)), nil
	case json.Number:
		return transform.Text(member.String()), nil
	}
	return transform.Null(), governance.Fail(governance.Illegal, field, "Field '%s' must be a text, a number, a truth value or null.", field)
}

// variablesOf brings variables into the types that templates know. Other numbers than whole ones are texts to them.
func variablesOf(members map[string]any, field string) (map[string]any, error) {
	variables := make(map[string]any, len(members))
	for name, member := range members {
		switch member := member.(type) {
		case string, bool:
			variables[name] = member
		case json.Number:
			variables[name] = numberOf(member)
		case map[string]any:
			inner, err := variablesOf(member, field+"."+name)
			if err != nil {
				return nil, err
			}
			variables[name] = inner
		default:
			return nil, governance.Fail(governance.Illegal, field+"."+name, "Field '%s.%s' must be a text, a whole number, a truth value or an object of these.", field, name)
		}
	}
	return variables, nil
}

func numberOf(n json.Number) any {
	if whole, err := n.Int64(); err == nil {
		return whole
	}
	return n.String()
}

// trialResult is what became of one input; failure is empty unless the transform failed for it.
type trialResult struct {
	input, output transform.Value
	failure       string
}

func tryAll(ctx context.Context, compiled *transform.Transform, row *transform.Context, inputs []transform.Value) ([]trialResult, error) {
	results := make([]trialResult, 0, len(inputs))
	size := 0
	for _, input := range inputs {
		if err := ctx.Err(); err != nil { // the client is gone
			return nil, err
		}
		result, err := try(compiled, row, input)
		if err != nil {
			return nil, err
		}
		if size += len(result.output.Text); size > maxTrialOutput {
			return nil, governance.Fail(governance.Limit, "inputs", "The outputs have more than %d bytes together; try fewer inputs at once.", maxTrialOutput)
		}
		results = append(results, result)
	}
	return results, nil
}

// try runs a transform on one input. An error is one that is not about the transform.
func try(compiled *transform.Transform, row *transform.Context, input transform.Value) (trialResult, error) {
	output, err := compiled.Eval(row, input)
	if err == nil {
		return trialResult{input: input, output: output}, nil
	}
	kind, text := explain(err)
	if kind == governance.Internal {
		return trialResult{}, err
	}
	return trialResult{input: input, failure: text}, nil
}

func appendTrialResults(b []byte, results *[]trialResult) []byte {
	b = append(b, `{"results":[`...)
	for _, r := range *results {
		b = appendValue(append(jsondoc.AppendComma(b), '{'), "input", r.input)
		b = appendValue(b, "output", r.output)
		b = append(jsondoc.AppendNullableString(b, "error", r.failure), '}')
	}
	return append(b, "]}"...)
}

func appendValue(b []byte, key string, v transform.Value) []byte {
	if !v.Valid {
		return append(jsondoc.AppendKey(b, key), "null"...)
	}
	return jsondoc.AppendStringField(b, key, v.Text)
}
