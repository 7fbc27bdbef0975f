package filter_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"midgard/internal/filter"
)

// sampleFields has every type with every operator that it can serve.
var sampleFields = filter.MustParseFields(`
	id:id                   eq ne co sw gt ge lt le in pr isnull;
	name                    eq ne co sw gt ge lt le in pr isnull;
	status:string:exact     eq ne co sw in;
	enabled:bool            eq ne in pr isnull;
	created:time            eq ne co sw gt ge lt le in pr isnull;
	priority:number         eq ne gt ge lt le in pr isnull;
	features:collection     eq ne co sw in ca pr isnull;
	tags:collection:exact   eq ca;
	attributes:attribute    eq ne`)

func TestCompileReadsValues(t *testing.T) {
	t.Parallel()
	utc := func(year int, month time.Month, day, hour, min, sec, milli int) time.Time {
		return time.Date(year, month, day, hour, min, sec, milli*1e6, time.UTC)
	}
	tests := []struct {
		text string
		want filter.Value
	}{
		{`name eq "Ada Ä"`, filter.Value{Text: "Ada Ä"}},
		{`name eq 5`, filter.Value{Text: "5"}},
		{`name eq true`, filter.Value{Text: "true"}},
		{`id eq "2C9180858082150F0180893DBAF44201"`, filter.Value{Text: "2c918085-8082-150f-0180-893dbaf44201"}},
		{`id eq "EF38F943-47E9-4562-B5BB-8424A56397D8"`, filter.Value{Text: "ef38f943-47e9-4562-b5bb-8424a56397d8"}},
		{`id eq "idn:Access-Request"`, filter.Value{Text: "idn:access-request"}},
		{`id sw "2C9180858082"`, filter.Value{Text: "2c918085-8082"}},
		{`id co "2C9180858082"`, filter.Value{Text: "2c9180858082"}},
		{`enabled eq true`, filter.Value{Text: "true", Bool: true}},
		{`enabled eq "true"`, filter.Value{Text: "true", Bool: true}},
		{`enabled eq "false"`, filter.Value{Text: "false"}},
		{`created gt 2018-12-18T23:05:55Z`, filter.Value{Text: "2018-12-18T23:05:55Z", Time: utc(2018, 12, 18, 23, 5, 55, 0)}},
		{`created gt "2018-12-18T23:05:55Z"`, filter.Value{Text: "2018-12-18T23:05:55Z", Time: utc(2018, 12, 18, 23, 5, 55, 0)}},
		{`created le 2023-02-05T10:59:27.2149Z`, filter.Value{Text: "2023-02-05T10:59:27.2149Z", Time: utc(2023, 2, 5, 10, 59, 27, 214)}},
		{`created eq 2018-12-18T23:05:55+02:00`, filter.Value{Text: "2018-12-18T23:05:55+02:00", Time: utc(2018, 12, 18, 21, 5, 55, 0)}},
		{`created ge 2006-01-02T15:04Z`, filter.Value{Text: "2006-01-02T15:04Z", Time: utc(2006, 1, 2, 15, 4, 0, 0)}},
		{`created ge 2006-01-02T15:04-01:00`, filter.Value{Text: "2006-01-02T15:04-01:00", Time: utc(2006, 1, 2, 16, 4, 0, 0)}},
		{`created lt 2018-12-18`, filter.Value{Text: "2018-12-18", Time: utc(2018, 12, 18, 0, 0, 0, 0)}},
		{`created gt 2018`, filter.Value{Text: "2018", Time: utc(2018, 1, 1, 0, 0, 0, 0)}},
		{`created sw 2018-1`, filter.Value{Text: "2018-1"}},
		{`created co "T23:"`, filter.Value{Text: "T23:"}},
		{`priority eq 5`, filter.Value{Text: "5", Number: 5}},
		{`priority eq "-1.5e3"`, filter.Value{Text: "-1.5e3", Number: -1500}},
		{`features co SYNC`, filter.Value{Text: "SYNC"}},
		{`attributes eq "env=a=b"`, filter.Value{Name: "env", Text: "a=b"}},
		{`attributes eq env=`, filter.Value{Name: "env"}},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			t.Parallel()
			tree, err := filter.Compile(tt.text, sampleFields)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, tree.(*filter.Compare).Values[0], samePlace); diff != "" {
				t.Errorf("value (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCompileCompletesTheTree(t *testing.T) {
	t.Parallel()
	got, err := filter.Compile(`not tags ca (a) and (pr enabled or priority in (1,"2"))`, sampleFields)
	if err != nil {
		t.Fatal(err)
	}
	want := and(
		not(&filter.Compare{Field: "tags", Type: filter.Collection, Op: "ca", CaseSensitive: true, Pos: 5, OpPos: 10, Values: []filter.Value{{Text: "a", Pos: 14}}}),
		or(
			&filter.Compare{Field: "enabled", Type: filter.Bool, Op: "pr", Pos: 25, OpPos: 22},
			&filter.Compare{Field: "priority", Type: filter.Number, Op: "in", Pos: 36, OpPos: 45, Values: []filter.Value{
				{Text: "1", Number: 1, Pos: 49}, {Text: "2", Number: 2, Pos: 51},
			}},
		),
	)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("tree (-want +got):\n%s", diff)
	}
}

func TestCompileOfBlankText(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "  \n"} {
		if tree, err := filter.Compile(text, sampleFields); tree != nil || err != nil {
			t.Errorf("Compile(%q) = %v, %v; want nil, nil", text, tree, err)
		}
	}
}

func TestCompileErrors(t *testing.T) {
	t.Parallel()
	few := filter.MustParseFields("name eq sw; created:time gt")
	tests := []struct {
		name, text string
		fields     filter.Fields
		token      string
		pos        int
		reason     string
	}{
		{"syntax", `name EQ x`, few, "EQ", 6, "lower case"},
		{"unknown field", `name eq x and identityId eq y`, few, "identityId", 15, "unknown field; allowed: name, created"},
		{"field in another case", `Name eq x`, few, "Name", 1, "unknown field"},
		{"no fields", `name eq x`, nil, "name", 1, "this list has no filters"},
		{"operator not allowed", `name co "Andrew"`, few, "co", 6, `field "name" does not allow this operator; allowed: eq, sw`},
		{"prefix operator not allowed", `not (pr name)`, few, "pr", 6, "allowed: eq, sw"},
		{"first fault first", `a eq 1 or created gt x`, few, "a", 1, "unknown field"},
		{"fault in a nested term", `name eq x or (name eq y and not created gt soon)`, few, "soon", 44, `field "created" takes a time`},
		{"bool", `enabled eq yes`, sampleFields, "yes", 12, `field "enabled" takes true or false`},
		{"bool in upper case", `enabled eq "TRUE"`, sampleFields, "TRUE", 12, "takes true or false"},
		{"number for bool", `enabled eq 1`, sampleFields, "1", 12, "takes true or false"},
		{"empty bool", `enabled eq ""`, sampleFields, `""`, 12, "takes true or false"},
		{"number", `priority gt high`, sampleFields, "high", 13, `field "priority" takes a number`},
		{"infinite number", `priority gt Inf`, sampleFields, "Inf", 13, "takes a number"},
		{"too great a number", `priority gt 1e999`, sampleFields, "1e999", 13, "takes a number"},
		{"hexadecimal number", `priority gt 0x10`, sampleFields, "0x10", 13, "takes a number"},
		{"number with blanks", `priority gt " 5"`, sampleFields, " 5", 13, "takes a number"},
		{"empty number", `priority eq ""`, sampleFields, `""`, 13, "takes a number"},
		{"second value of a list", `priority in (1,x)`, sampleFields, "x", 16, "takes a number"},
		{"impossible time", `created eq 2020-09-07T42:14:00Z`, sampleFields, "2020-09-07T42:14:00Z", 12, "takes a time such as"},
		{"impossible date", `created eq 2018-02-30`, sampleFields, "2018-02-30", 12, "takes a time such as"},
		{"time without zone", `created eq 2018-12-18T23:05:55`, sampleFields, "2018-12-18T23:05:55", 12, "takes a time such as"},
		{"month for a time", `created eq 2018-12`, sampleFields, "2018-12", 12, "takes a time such as"},
		{"year zero", `created gt 0000`, sampleFields, "0000", 12, "years 0001 to 9999"},
		{"year 10000 by its zone", `created gt 9999-12-31T23:59:59-01:00`, sampleFields, "9999-12-31T23:59:59-01:00", 12, "years 0001 to 9999"},
		{"attribute without name", `attributes eq "=x"`, sampleFields, "=x", 15, "NAME=VALUE"},
		{"attribute without equals sign", `attributes eq "env"`, sampleFields, "env", 15, "NAME=VALUE"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tree, err := filter.Compile(tt.text, tt.fields)
			if tree != nil {
				t.Errorf("a tree beside the error: %v", tree)
			}
			wantError(t, err, filter.ParamFilters, tt.token, tt.pos, tt.reason)
		})
	}
}

func TestParseFields(t *testing.T) {
	t.Parallel()
	got, err := filter.ParseFields(`id:id eq in sw; created:time eq gt lt ge le;
		enabled:bool eq;name eq in sw ; status:string:exact eq; n:number ge; tags:collection:exact ca; a:attribute eq;`)
	if err != nil {
		t.Fatal(err)
	}
	want := filter.Fields{
		{Name: "id", Type: filter.ID, Ops: []filter.Op{"eq", "in", "sw"}},
		{Name: "created", Type: filter.Time, Ops: []filter.Op{"eq", "gt", "lt", "ge", "le"}},
		{Name: "enabled", Type: filter.Bool, Ops: []filter.Op{"eq"}},
		{Name: "name", Ops: []filter.Op{"eq", "in", "sw"}},
		{Name: "status", Ops: []filter.Op{"eq"}, CaseSensitive: true},
		{Name: "n", Type: filter.Number, Ops: []filter.Op{"ge"}},
		{Name: "tags", Type: filter.Collection, Ops: []filter.Op{"ca"}, CaseSensitive: true},
		{Name: "a", Type: filter.Attribute, Ops: []filter.Op{"eq"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
	if f, ok := got.Field("n"); !ok || f.Type != filter.Number {
		t.Errorf("Field(n) = %v, %v", f, ok)
	}
	if _, ok := got.Field("N"); ok {
		t.Error("Field(N) found a field, but names are case-sensitive")
	}
}

func TestParseFieldsOfBlankSpec(t *testing.T) {
	t.Parallel()
	if fields, err := filter.ParseFields(" ; "); len(fields) != 0 || err != nil {
		t.Errorf("got %v, %v; want no fields and no error", fields, err)
	}
}

func TestParseFieldsErrors(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"name":                `filter fields: entry "name": no operator`,
		"name like":           `filter fields: entry "name like": "like" is not an operator for type string`,
		"name EQ":             `filter fields: entry "name EQ": "EQ" is not an operator for type string`,
		"on:bool gt":          `filter fields: entry "on:bool gt": "gt" is not an operator for type bool`,
		"name ca":             `filter fields: entry "name ca": "ca" is not an operator for type string`,
		"name eq eq":          `filter fields: entry "name eq eq": operator "eq" occurs twice`,
		"name eq; name sw":    `filter fields: field "name" occurs twice`,
		"name:text eq":        `filter fields: entry "name:text eq": unknown type "text"`,
		"id:id:exact eq":      `filter fields: entry "id:id:exact eq": "exact" does not fit type id`,
		"s:string:loose eq":   `filter fields: entry "s:string:loose eq": "loose" does not fit type string`,
		"s:string:exact:1 eq": `filter fields: entry "s:string:exact:1 eq": "exact:1" does not fit type string`,
		":id eq":              `filter fields: entry ":id eq": "" cannot be the name of a field`,
		"in eq":               `filter fields: entry "in eq": "in" cannot be the name of a field`,
		"Not eq":              `filter fields: entry "Not eq": "Not" cannot be the name of a field`,
		"1st eq":              `filter fields: entry "1st eq": "1st" cannot be the name of a field`,
		"a,b eq":              `filter fields: entry "a,b eq": "a,b" cannot be the name of a field`,
	}
	for spec, want := range tests {
		if _, err := filter.ParseFields(spec); err == nil || err.Error() != want {
			t.Errorf("ParseFields(%q): %v, want %s", spec, err, want)
		}
	}
}

func TestMustParseFieldsPanics(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	filter.MustParseFields("name")
}

func TestTypeString(t *testing.T) {
	t.Parallel()
	if got := filter.Collection.String(); got != "collection" {
		t.Errorf("got %q", got)
	}
	if got := filter.Type(99).String(); got != "Type(99)" {
		t.Errorf("got %q", got)
	}
}
