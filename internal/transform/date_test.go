package transform_test

import (
	"testing"

	"midgard/internal/governance"
)

func TestDateFormat(t *testing.T) {
	t.Parallel()
	check(t, []row{
		{"patterns", `{"type":"dateFormat","attributes":{"inputFormat":"M/d/yyyy","outputFormat":"yyyy-MM-dd"}}`, "4/1/1975", "1975-04-01", nil},
		{"from milliseconds", `{"type":"dateFormat","attributes":{"inputFormat":"EPOCH_TIME_JAVA","outputFormat":"ISO8601"}}`, "144642632190", "1974-08-02T02:30:32.190Z", nil},
		{"to milliseconds", `{"type":"dateFormat","attributes":{"outputFormat":"EPOCH_TIME_JAVA"}}`, "1970-01-01T00:00:01.000Z", "1000", nil},
		{"ISO8601 unless told", `{"type":"dateFormat","attributes":{"inputFormat":"PEOPLE_SOFT"}}`, "01/31/2024", "2024-01-31T00:00:00.000Z", nil},
		{"no attributes", `{"type":"dateFormat"}`, "2024-01-31T01:00:00.000+0100", "2024-01-31T00:00:00.000Z", nil},
		{"to Windows", `{"type":"dateFormat","attributes":{"outputFormat":"EPOCH_TIME_WIN32"}}`, "1970-01-01T00:00:00.000Z", "116444736000000000", nil},
		{"directory", `{"type":"dateFormat","attributes":{"inputFormat":"LDAP","outputFormat":"yyyy"}}`, "20240131120000.0Z", "2024", nil},
		{"explicit text", `{"type":"dateFormat","attributes":{"input":"12/31/1995","inputFormat":"M/d/yyyy"}}`, nil, "1995-12-31T00:00:00.000Z", nil},
		{"null", `{"type":"dateFormat"}`, nil, nil, nil},
		{"now is no date", `{"type":"dateFormat"}`, "now", nil, illegal("", `"now"`)},
		{"another form", `{"type":"dateFormat","attributes":{"inputFormat":"yyyy-MM-dd"}}`, "31.1.2024", nil, illegal("", "31.1.2024")},
		{"bad pattern", `{"type":"dateFormat","attributes":{"inputFormat":"yyyy-bb"}}`, "x", nil, illegal("attributes.inputFormat", "b")},
		{"pattern is a number", `{"type":"dateFormat","attributes":{"outputFormat":5}}`, "x", nil, illegal("attributes.outputFormat", "a string")},
	})
}

func TestDateMath(t *testing.T) {
	t.Parallel()
	check(t, []row{
		{"now", `{"type":"dateMath","attributes":{"expression":"now"}}`, nil, "2026-04-15T10:20", nil},
		{"now goes before the input", `{"type":"dateMath","attributes":{"expression":"now-5d/d","roundUp":false}}`, "2020-01-01", "2026-04-10T00:00", nil},
		{"week", `{"type":"dateMath","attributes":{"expression":"now+1w"}}`, nil, "2026-04-22T10:20", nil},
		{"input", `{"type":"dateMath","attributes":{"expression":"+3M"}}`, "2020-10-28T12:00:00.000Z", "2021-01-28T12:00", nil},
		{"rounded up", `{"type":"dateMath","attributes":{"expression":"+3M/h","roundUp":true}}`, "2020-10-28T12:30:00.000Z", "2021-01-28T13:00", nil},
		{"null", `{"type":"dateMath","attributes":{"expression":"+3M"}}`, nil, nil, nil},
		{"no date", `{"type":"dateMath","attributes":{"expression":"+3M"}}`, "soon", nil, illegal("", "soon")},
		{"rounded to weeks", `{"type":"dateMath","attributes":{"expression":"now/w"}}`, nil, nil, illegal("attributes.expression", "week")},
		{"unknown unit", `{"type":"dateMath","attributes":{"expression":"now+1x"}}`, nil, nil, illegal("attributes.expression", "now+1x")},
		{"no expression", `{"type":"dateMath","attributes":{"roundUp":true}}`, nil, nil, &refusal{governance.Required, "attributes.expression", ""}},
		{"roundUp is a number", `{"type":"dateMath","attributes":{"expression":"now","roundUp":1}}`, nil, nil, illegal("attributes.roundUp", "true or false")},
	})
}

func TestDateCompare(t *testing.T) {
	t.Parallel()
	compare := func(first, operator, second string) string {
		return `{"type":"dateCompare","attributes":{"firstDate":` + first + `,"operator":"` + operator + `","secondDate":` + second + `,"positiveCondition":"yes","negativeCondition":"no"}}`
	}
	const early, late = `"2026-01-01T00:00:00.000Z"`, `"2026-12-01"`
	check(t, []row{
		{"LT", compare(early, "LT", late), nil, "yes", nil},
		{"LT of equals", compare(early, "LT", early), nil, "no", nil},
		{"LTE of equals", compare(early, "LTE", early), nil, "yes", nil},
		{"GT", compare(late, "GT", early), nil, "yes", nil},
		{"gt, as examples write it", compare(early, "gt", late), nil, "no", nil},
		{"gte of equals", compare(late, "gte", late), nil, "yes", nil},
		{"now", compare(early, "lt", `"now"`), nil, "yes", nil},
		{"now as the first", compare(`"now"`, "GTE", late), nil, "no", nil},
		{"of transforms", compare(`{"type":"accountAttribute","attributes":{"sourceName":"HR","attributeName":"hired"}}`, "lt", `{"type":"dateMath","attributes":{"expression":"now-1y"}}`), nil, "yes", nil},
		{"null", compare(absent, "lt", late), nil, nil, illegal("", "firstDate is null")},
		{"no date", compare(late, "lt", `{"type":"trim"}`), "soon", nil, illegal("", "soon")},
		{"fixed text that is no date", compare(`"soon"`, "lt", late), nil, nil, illegal("attributes.firstDate", "soon")},
		{"unknown operator", compare(early, "eq", late), nil, nil, illegal("attributes.operator", "none of LT, LTE, GT and GTE")},
		{"no second date", compare(early, "lt", "null"), nil, nil, &refusal{governance.Required, "attributes.secondDate", ""}},
		{"no outcome", `{"type":"dateCompare","attributes":{"firstDate":"now","secondDate":"now","operator":"lt","positiveCondition":"a"}}`, nil, nil, &refusal{governance.Required, "attributes.negativeCondition", ""}},
		{"transform as outcome", `{"type":"dateCompare","attributes":{"firstDate":"now","secondDate":"now","operator":"lte","positiveCondition":{"type":"upper"},"negativeCondition":"b"}}`, "in", "IN", nil},
	})
}
