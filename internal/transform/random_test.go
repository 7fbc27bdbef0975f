package transform_test

import (
	"regexp"
	"testing"

	"midgard/internal/governance"
)

func TestRandom(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, definition, form string }{
		{"alphanumeric", `{"type":"randomAlphaNumeric"}`, `^[A-Za-z0-9]{32}$`},
		{"alphanumeric of a length", `{"type":"randomAlphaNumeric","attributes":{"length":"450"}}`, `^[A-Za-z0-9]{450}$`},
		{"numeric", `{"type":"randomNumeric"}`, `^[0-9]{10}$`},
		{"numeric of a length", `{"type":"randomNumeric","attributes":{"length":200}}`, `^[0-9]{200}$`},
		{"UUID", `{"type":"uuid"}`, `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`},
		{"letters", randomString("false", "false", "300"), `^[A-Za-z]{300}$`},
		{"letters and digits", randomString("true", "false", "300"), `^[A-Za-z0-9]*[0-9][A-Za-z0-9]*$`},
		{"all", randomString("true", "true", "450"), `^[A-Za-z0-9!@#$%&*()+<>?]*[!@#$%&*()+<>?][A-Za-z0-9!@#$%&*()+<>?]*$`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			first, err := evaluate(test.definition, "ignored")
			if err != nil {
				t.Fatal(err)
			}
			second, err := evaluate(test.definition, nil)
			if err != nil || first == second {
				t.Errorf("twice the same: %v, %v", first, err)
			}
			if !regexp.MustCompile(test.form).MatchString(first.Text) {
				t.Errorf("got %s", first.Text)
			}
		})
	}
}

func randomString(numbers, specials, length string) string {
	return `{"type":"rule","attributes":{"name":"Cloud Services Deployment Utility","operation":"generateRandomString","includeNumbers":"` + numbers + `","includeSpecialChars":"` + specials + `","length":"` + length + `"}}`
}

func TestRandomRefuses(t *testing.T) {
	t.Parallel()
	check(t, []row{
		{"too long", `{"type":"randomAlphaNumeric","attributes":{"length":451}}`, nil, nil, &refusal{governance.Limit, "attributes.length", "at most 450"}},
		{"no length left", `{"type":"randomNumeric","attributes":{"length":0}}`, nil, nil, illegal("attributes.length", "less than 1")},
		{"no number", `{"type":"randomNumeric","attributes":{"length":"x"}}`, nil, nil, illegal("attributes.length", "a whole number")},
		{"random string too long", randomString("true", "true", "451"), nil, nil, &refusal{governance.Limit, "attributes.length", ""}},
		{"random string without length", `{"type":"rule","attributes":{"name":"Cloud Services Deployment Utility","operation":"generateRandomString","includeNumbers":true,"includeSpecialChars":true}}`, nil, nil, &refusal{governance.Required, "attributes.length", ""}},
		{"random string without choice", `{"type":"rule","attributes":{"name":"Cloud Services Deployment Utility","operation":"generateRandomString","length":5}}`, nil, nil, &refusal{governance.Required, "attributes.includeNumbers", ""}},
	})
}

// TestRandomIsEven draws many digits and expects each about equally often.
func TestRandomIsEven(t *testing.T) {
	t.Parallel()
	var seen [10]int
	for range 50 {
		drawn, err := evaluate(`{"type":"randomNumeric","attributes":{"length":400}}`, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, digit := range drawn.Text {
			seen[digit-'0']++
		}
	}
	for digit, count := range seen { // 2000 each; 300 is seven standard deviations
		if count < 1700 || count > 2300 {
			t.Errorf("%d of 20000 digits are %d", count, digit)
		}
	}
}

func TestRule(t *testing.T) {
	t.Parallel()
	const utility = `{"type":"rule","attributes":{"name":"Cloud Services Deployment Utility",`
	check(t, []row{
		{"end", utility + `"operation":"getEndOfString","numChars":"4"}}`, "abcd1234", "1234", nil},
		{"end with its own input", utility + `"operation":"getEndOfString","numChars":3,"input":{"type":"trim"}}}`, " aüöß ", "üöß", nil},
		{"the whole text", utility + `"operation":"getEndOfString","numChars":3}}`, "abc", "abc", nil},
		{"end longer than the text", utility + `"operation":"getEndOfString","numChars":"16","input":"This is a test."}}`, nil, nil, nil},
		{"end of null", utility + `"operation":"getEndOfString","numChars":"0"}}`, nil, nil, nil},
		{"end without a count", utility + `"operation":"getEndOfString"}}`, "a", nil, &refusal{governance.Required, "attributes.numChars", ""}},
		{"manager", utility + `"operation":"getReferenceIdentityAttribute","uid":"manager","attributeName":"email"}}`, nil, "manager's email", nil},
		{"uid of a transform", utility + `"operation":"getReferenceIdentityAttribute","uid":{"type":"lower"},"attributeName":"phone"}}`, "ADMIN", "admin's phone", nil},
		{"no such identity", utility + `"operation":"getReferenceIdentityAttribute","uid":"nobody","attributeName":"email"}}`, nil, nil, nil},
		{"uid null", utility + `"operation":"getReferenceIdentityAttribute","uid":{"type":"lower"},"attributeName":"email"}}`, nil, nil, illegal("", "uid is null")},
		{"no uid", utility + `"operation":"getReferenceIdentityAttribute","attributeName":"email"}}`, nil, nil, &refusal{governance.Required, "attributes.uid", ""}},
		{"no attribute", utility + `"operation":"getReferenceIdentityAttribute","uid":"manager"}}`, nil, nil, &refusal{governance.Required, "attributes.attributeName", ""}},
		{"other rule", `{"type":"rule","attributes":{"name":"Generic Calculation Rule"}}`, nil, nil, illegal("attributes.name", `no rule "Generic Calculation Rule"`)},
		{"no rule", `{"type":"rule","attributes":{}}`, nil, nil, &refusal{governance.Required, "attributes.name", ""}},
		{"other operation", utility + `"operation":"calculate"}}`, nil, nil, illegal("attributes.operation", `no operation "calculate"`)},
		{"no operation", `{"type":"rule","attributes":{"name":"Cloud Services Deployment Utility"}}`, nil, nil, &refusal{governance.Required, "attributes.operation", ""}},
	})
}
