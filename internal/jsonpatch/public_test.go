package jsonpatch_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"midgard/internal/jsondoc"
	"midgard/internal/jsonpatch"
)

// publicCases is where a checkout that lies beside the contract finds the public test cases of JSON Patch. They are not
// needed: the tables of this package state the same rules.
const publicCases = "../../../shared/contract/json-patch-tests"

// publicCase is one of them. A patch without an expectation only has to succeed.
type publicCase struct {
	Comment  string
	Doc      json.RawMessage
	Patch    json.RawMessage
	Expected json.RawMessage
	Error    string
}

func TestPublicCases(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"tests.json", "spec_tests.json"} {
		data, err := os.ReadFile(filepath.Join(publicCases, name))
		if errors.Is(err, fs.ErrNotExist) {
			t.Logf("%s is not here, nothing to compare with", name)
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		var cases []publicCase
		if err := json.Unmarshal(data, &cases); err != nil {
			t.Fatal(err)
		}
		for i, c := range cases { // those marked as disabled hold here too
			if problem := c.run(t); problem != "" {
				t.Errorf("%s, case %d (%s): %s", name, i, c.Comment, problem)
			}
		}
	}
}

func (c publicCase) run(t *testing.T) (problem string) {
	t.Helper()
	patch, err := jsonpatch.Parse(c.Patch)
	var got []byte
	if err == nil {
		got, err = patch.ApplyJSON(c.Doc)
	}
	switch {
	case c.Error != "" && err == nil:
		return "got " + string(got) + ", want an error: " + c.Error
	case c.Error != "":
		return ""
	case err != nil:
		return err.Error()
	case len(c.Expected) == 0:
		return ""
	}
	var want any
	if err := jsondoc.Decode(c.Expected, &want); err != nil {
		t.Fatal(err)
	}
	if expected := canonical(t, want); string(got) != expected {
		return "got " + string(got) + ", want " + expected
	}
	return ""
}

func number(text string) json.Number { return json.Number(text) }
