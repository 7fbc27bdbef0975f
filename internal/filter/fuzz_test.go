package filter_test

import (
	"errors"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"midgard/internal/filter"
)

// The texts that the documents of the platform and its clients use.
var examples = []string{
	`identityId eq "2c9180858082150f0180893dbaf44201"`,
	`status eq "PENDING" and type eq "ACCESS_REQUEST_APPROVAL"`,
	`name sw "my form"`,
	`id eq "6c9079b270a266a60170a2779fcb0006" or correlated eq false`,
	`hasEntitlements eq true`,
	`status in ("RECEIVED","COMPLETED")`,
	`lastUsed le 2023-02-05T10:59:27.214Z`,
	`type eq "CLOUD_ACCOUNT_AGGREGATION" and completionStatus isnull`,
	`id eq "idn:access-request-post-approval"`,
	`created gt 2018-12-18T23:05:55Z`,
	`startDate gt 2018`,
	`not prop1 eq val1 or prop2 eq val2 and prop3 eq val3`,
	`not (prop1 eq val1 or prop2 eq val2) and prop3 eq val3`,
	`pr owners.primaryIdentity.name`,
	`subtype eq "AI Agent"`,
	`features ca ("PROVISIONING", "ENABLE")`,
}

// fuzzFields lets the examples pass, so that the fuzzer starts beyond the check.
var fuzzFields = append(filter.MustParseFields(`
	identityId:id eq; type eq; correlated:bool eq ne; hasEntitlements:bool eq; lastUsed:time le isnull;
	completionStatus isnull pr; startDate:time gt co; prop1 eq; prop2 eq; prop3 eq;
	owners.primaryIdentity.name pr isnull; subtype eq ne`), sampleFields...)

func FuzzCompile(f *testing.F) {
	for _, text := range examples {
		f.Add(text)
	}
	for _, text := range []string{
		``, `name EQ x`, `name eq "\"\\"`, `name eq "\n"`, `priority in (1,-2.5e3)`, `created sw "not"`,
		`attributes eq "a=b=c"`, `tags ca (x) or not (not pr id)`, `id sw 2C9180858`, "name eq \"\xff", `((`, `name in ()`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		tree, err := filter.Compile(text, fuzzFields)
		if err != nil {
			checkError(t, err, filter.ParamFilters, text)
			return
		}
		if tree != nil {
			checkPrinted(t, tree)
		}
	})
}

func checkError(t *testing.T, err error, param, text string) {
	t.Helper()
	var fault *filter.Error
	if !errors.As(err, &fault) {
		t.Fatalf("error is a %T", err)
	}
	if fault.Param != param || fault.Reason == "" || fault.Error() == "" {
		t.Errorf("incomplete error %+v", *fault)
	}
	if fault.Pos < 0 || fault.Pos > utf8.RuneCountInString(text) || (fault.Pos == 0) != (fault.Token == "") {
		t.Errorf("no such position in %q: %+v", text, *fault)
	}
}

// checkPrinted holds that a tree survives being printed and compiled again and
// means the same afterwards.
func checkPrinted(t *testing.T, tree filter.Expr) {
	t.Helper()
	printed := tree.String()
	if len(printed) > filter.MaxTextBytes {
		return
	}
	again, err := filter.Compile(printed, fuzzFields)
	if err != nil {
		t.Fatalf("%s: %v", printed, err)
	}
	if diff := cmp.Diff(tree, again, samePlace); diff != "" {
		t.Errorf("%s (-first +second):\n%s", printed, diff)
	}
	if again.String() != printed {
		t.Errorf("printed as\n%s and then as\n%s", printed, again)
	}
	if null := (row{}).get; filter.Match(tree, null) != filter.Match(again, null) {
		t.Errorf("%s means something else than the tree it prints", printed)
	}
}

func FuzzSorters(f *testing.F) {
	for _, text := range []string{"", "-name", "type,-modified", " name , type", ",", "name,", "--name", "name,-name", "\xff", "\u00a0é"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		keys, err := filter.CompileSorters(text, sortable)
		if err != nil {
			checkError(t, err, filter.ParamSorters, text)
			return
		}
		if len(keys) > len(sortable) {
			t.Errorf("%d keys for %d fields", len(keys), len(sortable))
		}
	})
}

func BenchmarkCompile(b *testing.B) {
	texts := map[string]string{
		"one":  `subtype eq "AI Agent"`,
		"four": `name sw "svc" and (status in ("RECEIVED","COMPLETED") or not enabled eq true) and created gt 2018-12-18T23:05:55Z`,
	}
	for name, text := range texts {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := filter.Compile(text, fuzzFields); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
