package delimited_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"midgard/internal/connector"
	"midgard/internal/connector/connectortest"
	"midgard/internal/connector/delimited"
)

// schema has an attribute of each type.
var schema = connector.Schema{
	ObjectType: connector.TypeAccount, IdentityAttribute: "id", DisplayAttribute: "name",
	Attributes: []connector.SchemaAttribute{
		{Name: "id", Type: "STRING"}, {Name: "name", Type: "STRING"}, {Name: "age", Type: "INT"},
		{Name: "size", Type: "LONG"}, {Name: "admin", Type: "BOOLEAN"}, {Name: "since", Type: "DATE"},
		{Name: "groups", Type: "STRING", Multi: true, Entitlement: true, Group: true},
		{Name: "ports", Type: "INT", Multi: true}, {Name: "notInTheFile", Type: "STRING"},
	},
}

type outcome struct {
	recorder *connectortest.Recorder
	result   connector.ListResult
	err      error
}

// upload lists an uploaded file.
func upload(t *testing.T, attributes map[string]any, file io.Reader) outcome {
	t.Helper()
	source, err := delimited.New().Open(connector.Config{Attributes: attributes})
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	recorder := &connectortest.Recorder{}
	request := connector.ListRequest{Type: connector.TypeAccount, Schema: schema, Input: file}
	result, err := source.List(context.Background(), request, recorder)
	return outcome{recorder, result, err}
}

type attributes = map[string]any

func account(identity, name string, values attributes) connector.Object {
	values["id"] = identity
	if name != "" {
		values["name"] = name
	}
	return connector.Object{Type: connector.TypeAccount, Identity: identity, Name: name, Attributes: values}
}

func TestList_objects(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		config attributes
		file   string
		want   []connector.Object
	}{
		"types": {
			file: "id,name,age,size,admin,since,groups,ports\n7,Anna,42,9007199254740993,Yes,2026-01-31,g1,80\n",
			want: []connector.Object{account("7", "Anna", attributes{"age": int64(42), "size": int64(9007199254740993), "admin": true,
				"since": "2026-01-31", "groups": []string{"g1"}, "ports": []string{"80"}})},
		},
		"empty and blank cells are absent, columns outside the schema are not read": {
			file: "other,id,name,age\nx, 7 ,,\"  \"\n",
			want: []connector.Object{account("7", "", attributes{})},
		},
		"blank rows are no rows": {
			file: "id,name\n\n,\n  ,  \n7,Anna\n,\n",
			want: []connector.Object{account("7", "Anna", attributes{})},
		},
		"quotes, line breaks and CR LF": {
			file: "id,name\r\n\"7\", \"Anna \"\"the\r\nfirst\"\"\"\r\n",
			want: []connector.Object{account("7", "Anna \"the\nfirst\"", attributes{})},
		},
		"values in one cell": {
			config: attributes{"multiValueDelimiter": ";"},
			file:   "id,groups,ports\n7,b; a;;b ,443;80\n8,;,\n",
			want: []connector.Object{
				account("7", "", attributes{"groups": []string{"a", "b"}, "ports": []string{"443", "80"}}), account("8", "", attributes{})},
		},
		"no header": {
			config: attributes{"hasHeader": false, "columnNames": []any{"name", "id"}},
			file:   "Anna,7\nBen,8\n",
			want:   []connector.Object{account("7", "Anna", attributes{}), account("8", "Ben", attributes{})},
		},
		"tab with empty columns": {
			config: attributes{"delimiter": "tab"},
			file:   "age\tid\tname\n\t7\tAnna\n",
			want:   []connector.Object{account("7", "Anna", attributes{})},
		},
		"semicolon and texts in place of other kinds": {
			config: attributes{"delimiter": ";", "hasHeader": "true", "mergeRows": "false", "healthy": true},
			file:   "id;name\n7;Anna, the first\n",
			want:   []connector.Object{account("7", "Anna, the first", attributes{})},
		},
		"merged rows are neighbours": {
			config: attributes{"mergeRows": true},
			file:   "id,name,groups\n7,Anna,b\n7,Other,a\n7,,b\n8,Ben,\n7,Anna,c\n",
			want: []connector.Object{account("7", "Anna", attributes{"groups": []string{"a", "b"}}),
				account("8", "Ben", attributes{}), account("7", "Anna", attributes{"groups": []string{"c"}})},
		},
		"merged columns": {
			config: attributes{"mergeRows": true, "mergeColumns": "since", "indexColumns": []any{"id", "name"}},
			file:   "id,name,since,groups\n7,Anna,2026,a\n7,Anna,2025,b\n7,Ann,2024,c\n",
			want: []connector.Object{account("7", "Anna", attributes{"since": []string{"2025", "2026"}, "groups": []string{"a"}}),
				account("7", "Ann", attributes{"since": []string{"2024"}, "groups": []string{"c"}})},
		},
		"header only": {file: "id,name\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := upload(t, tt.config, strings.NewReader(tt.file))
			if got.err != nil || !got.result.Complete || len(got.recorder.Failures) > 0 {
				t.Fatalf("error %v, complete %v, failures %v", got.err, got.result.Complete, got.recorder.Messages())
			}
			if diff := cmp.Diff(tt.want, got.recorder.Objects); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestList_badRows(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		config   attributes
		file     string
		messages []string
		kept     []string
	}{
		"ragged": {
			file:     "id,name,age\n7,Anna,1\n8,Ben\n9,Cleo,2,x\n10,Dan,3\n",
			messages: []string{"row 3: has 2 columns, the header has 3", "row 4: has 4 columns, the header has 3"},
			kept:     []string{"7", "10"},
		},
		"ragged without header": {
			config:   attributes{"hasHeader": false, "columnNames": []any{"id", "name"}},
			file:     "7\n8,Ben\n",
			messages: []string{"row 1: has 1 columns, columnNames has 2"},
			kept:     []string{"8"},
		},
		"counted by lines, as editors do": {
			file:     "id,name\n\n7,\"An\nna\"\n8\n9,Cleo\n",
			messages: []string{"row 5: has 1 columns, the header has 2"},
			kept:     []string{"7", "9"},
		},
		"quotes": {
			file: "id,name\n7,An\"na\n8,\"Ben\" x\n9,\"Cl\neo\"x\n10,Dan\n",
			messages: []string{
				"row 2: has a quotation mark within a value that is not quoted (line 2, column 5)",
				"row 3: has text after a closing quotation mark (line 3, column 7)",
				"rows 4 to 5: has text after a closing quotation mark (line 5, column 3)",
			},
			kept: []string{"10"},
		},
		"no identity": {
			file:     "id,name\n,Anna\n8,Ben\n",
			messages: []string{"row 2: has no value in the identity column"},
			kept:     []string{"8"},
		},
		"no identity, merged": {
			config:   attributes{"mergeRows": true},
			file:     "id,name\n,Anna\n,Anton\n8,Ben\n",
			messages: []string{"row 2: has no value in the identity column", "row 3: has no value in the identity column"},
			kept:     []string{"8"},
		},
		"wrong types": {
			config: attributes{"multiValueDelimiter": "|"},
			file:   "id,age,admin,ports\n7,old,,\n8,,maybe,\n9,,,80|http\n10,1,n,\n11,9223372036854775808,,\n",
			messages: []string{`row 2: column "age": "old" is not a whole number`, `row 3: column "admin": "maybe" is neither true nor false`,
				`row 4: column "ports": "http" is not a whole number`, `row 6: column "age": "9223372036854775808" is not a whole number`},
			kept: []string{"10"},
		},
		"broken characters": {
			file:     "id,name\n7,Anna" + strings.Repeat(" and so on", 20) + "\n8,M\xfcller\n9,Cleo\n",
			messages: []string{`row 3: column "name" is not valid UTF-8`},
			kept:     []string{"7", "9"},
		},
		"a merged object is kept whole or not at all": {
			config:   attributes{"mergeRows": true},
			file:     "id,ports\n7,80\n7,http\n7,443\n8,80\n8\n8,443\n9,80\n",
			messages: []string{`row 3: column "ports": "http" is not a whole number`, "row 6: has 1 columns, the header has 2"},
			kept:     []string{"9"},
		},
		"rows merged across identities": {
			config:   attributes{"mergeRows": true, "indexColumns": []any{"name"}},
			file:     "id,name\n7,Anna\n8,Anna\n9,Cleo\n",
			messages: []string{`row 3: belongs to "7" by indexColumns, but its identity is "8"`},
			kept:     []string{"9"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := upload(t, tt.config, strings.NewReader(tt.file))
			if got.err != nil || got.result.Complete {
				t.Fatalf("error %v, complete %v, want neither", got.err, got.result.Complete)
			}
			if diff := cmp.Diff(tt.messages, got.recorder.Messages()); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tt.kept, got.recorder.Identities()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestList_badFiles(t *testing.T) {
	t.Parallel()
	long := "id,name\n7,Anna\n8,\"" + strings.Repeat("x,y\n", 1<<19)
	for name, tt := range map[string]struct {
		config attributes
		file   string
		want   string
	}{
		"empty":                          {file: "", want: "the file is empty"},
		"white space":                    {file: "\ufeff \r\n\r\n", want: "the file is empty"},
		"binary":                         {file: "PK\x03\x04\x14\x00\x00\x00id,name\n", want: "not a text file in encoding UTF-8"},
		"binary without NUL":             {file: "id\n" + strings.Repeat("\x80\xff\x01", 99), want: "not a text file in encoding UTF-8"},
		"another encoding":               {file: "id,name\n7,M\xfcller\n", want: "not a text file in encoding UTF-8"},
		"binary as Latin 1":              {config: attributes{"fileEncoding": "ISO-8859-1"}, file: "id\n\x00\x01", want: "not a text file in encoding ISO-8859-1"},
		"UTF-16 without its mark":        {config: attributes{"fileEncoding": "UTF-16"}, file: "i\x00d\x00", want: "no UTF-16 byte order mark"},
		"cut in quotes":                  {file: "id,name\n7,Anna\n8,\"Be", want: "row 3: a quotation mark is never closed"},
		"cut behind a quoted line break": {file: "id,name\n7,Anna\n8,\"Be\n", want: "row 3: a quotation mark is never closed"},
		"one endless row":                {file: long, want: "after row 2: the row is longer than 1048576 bytes"},
		"a header twice":                 {file: "id,name,id\n", want: `has the name "id" twice, in columns 1 and 3`},
		"a header without name":          {file: "id,,name\n", want: "has no name for column 2"},
		"line ends of old":               {file: "id,name\r7,Anna\r", want: "control character in column 2"},
		"a broken header":                {file: "id,na\"me\n", want: "read the header: row 1 has a quotation mark"},
		"no identity column":             {file: "uid,name\n7,Anna\n", want: `identityAttribute "id" is not a column of the file, which has "uid", "name"`},
		"another delimiter":              {file: "id;name\n7;Anna\n", want: `which has "id;name"`},
		"no such merged column":          {config: attributes{"mergeRows": true, "mergeColumns": "x"}, file: "id\n", want: `mergeColumns "x" is not a column`},
		"no such index column":           {config: attributes{"indexColumns": "x"}, file: "id\n", want: `indexColumns "x" is not a column`},
		"no such state column":           {config: attributes{"disabledColumn": "x"}, file: "id\n", want: `disabledColumn "x" is not a column`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := upload(t, tt.config, strings.NewReader(tt.file))
			if got.err == nil || got.result.Complete {
				t.Fatalf("error %v, complete %v, want an error and not complete", got.err, got.result.Complete)
			}
			if !strings.Contains(got.err.Error(), tt.want) {
				t.Errorf("error %q does not say %q", got.err, tt.want)
			}
		})
	}
}

// TestList_namesFewColumns keeps the message short for a file that was not meant to be a table.
func TestList_namesFewColumns(t *testing.T) {
	t.Parallel()
	header := strings.Repeat("ä", 100)
	for i := range 30 {
		header += fmt.Sprintf(",c%d", i)
	}
	got := upload(t, nil, strings.NewReader(header+"\n"))
	var wrong *connector.ConfigError
	if !errors.As(got.err, &wrong) || wrong.Field != "identityAttribute" {
		t.Fatalf("error %v", got.err)
	}
	want := `"id" is not a column of the file, which has "` + strings.Repeat("ä", 30) + `…", "c0", `
	if !strings.HasPrefix(wrong.Reason, want) || !strings.HasSuffix(wrong.Reason, `"c18", and 11 more`) {
		t.Errorf("reason %s", wrong.Reason)
	}
}

// TestList_uploadBreaks cuts the connection at every place of a file; the error must come through each time.
func TestList_uploadBreaks(t *testing.T) {
	t.Parallel()
	errGone := errors.New("connection reset")
	file := "id,name\n7,Anna\n8,\"Ben\nof\"\n9,Cl\"eo\n"
	for length := range len(file) + 1 {
		broken := io.MultiReader(strings.NewReader(file[:length]), iotest.ErrReader(errGone))
		got := upload(t, nil, broken)
		if !errors.Is(got.err, errGone) || got.result.Complete {
			t.Errorf("cut after %d bytes: error %v, complete %v", length, got.err, got.result.Complete)
		}
	}
}

// TestList_uploadBreaksLate does the same behind the part of the file that is looked at first.
func TestList_uploadBreaksLate(t *testing.T) {
	t.Parallel()
	errGone := errors.New("connection reset")
	file := "id,name\n" + strings.Repeat("7,Anna\n", 20_000)
	for _, tail := range []string{"", "8", "8,\"Be", "8,B\"e"} {
		got := upload(t, nil, io.MultiReader(strings.NewReader(file+tail), iotest.ErrReader(errGone)))
		if !errors.Is(got.err, errGone) || got.result.Complete {
			t.Errorf("cut behind %q: error %v, complete %v", tail, got.err, got.result.Complete)
		}
		if len(got.recorder.Objects) < 20_000 {
			t.Errorf("cut behind %q: only %d objects before it", tail, len(got.recorder.Objects))
		}
	}
}
