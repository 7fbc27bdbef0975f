package filter_test

import (
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"

	"midgard/internal/filter"
)

func TestNormalizeID(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, id, prefix string }{
		{"", "", ""},
		{"2C918085", "2c918085", "2c918085"},
		{"2C9180858", "2c9180858", "2c918085-8"},
		{"2c91808580821", "2c91808580821", "2c918085-8082-1"},
		{"2c9180858082150f01", "2c9180858082150f01", "2c918085-8082-150f-01"},
		{"2c9180858082150f0180893d", "2c9180858082150f0180893d", "2c918085-8082-150f-0180-893d"},
		{"2C9180858082150F0180893DBAF44201", "2c918085-8082-150f-0180-893dbaf44201", "2c918085-8082-150f-0180-893dbaf44201"},
		{"EF38F943-47E9-4562-B5BB-8424A56397D8", "ef38f943-47e9-4562-b5bb-8424a56397d8", "ef38f943-47e9-4562-b5bb-8424a56397d8"},
		{"2c9180858082150f0180893dbaf4420g", "2c9180858082150f0180893dbaf4420g", "2c9180858082150f0180893dbaf4420g"},
		{"2c9180858082150f0180893dbaf442010", "2c9180858082150f0180893dbaf442010", "2c9180858082150f0180893dbaf442010"},
		{"EF38F943-4", "ef38f943-4", "ef38f943-4"},
		{"idn:Access", "idn:access", "idn:access"},
	}
	for _, tt := range tests {
		if got := filter.NormalizeID(tt.in); got != tt.id {
			t.Errorf("NormalizeID(%q) = %q, want %q", tt.in, got, tt.id)
		}
		if got := filter.NormalizeIDPrefix(tt.in); got != tt.prefix {
			t.Errorf("NormalizeIDPrefix(%q) = %q, want %q", tt.in, got, tt.prefix)
		}
	}
}

// Every beginning of an id, however it is written, finds the id.
func TestNormalizedPrefixesFindTheID(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		written := rapid.StringMatching(`[0-9a-fA-F]{32}`).Draw(t, "id")
		id := filter.NormalizeID(written)
		for _, form := range []string{written, id, strings.ToUpper(id)} {
			for n := range len(form) + 1 {
				if prefix := filter.NormalizeIDPrefix(form[:n]); !strings.HasPrefix(id, prefix) {
					t.Fatalf("%q is not at the beginning of %q", prefix, id)
				}
			}
		}
	})
}

func TestNormalFormsAreStable(t *testing.T) {
	t.Parallel()
	forms := map[string]func(string) string{
		"Fold": filter.Fold, "NormalizeID": filter.NormalizeID, "NormalizeIDPrefix": filter.NormalizeIDPrefix,
	}
	text := rapid.OneOf(rapid.String(), rapid.StringMatching(`[0-9A-F-]{0,36}`))
	rapid.Check(t, func(t *rapid.T) {
		s := text.Draw(t, "text")
		for name, form := range forms {
			if once := form(s); form(once) != once {
				t.Fatalf("%s(%q) = %q, but of that %q", name, s, once, form(once))
			}
		}
	})
}

func TestFoldIsIdempotentForEveryCharacter(t *testing.T) {
	t.Parallel()
	for r := rune(0); r <= unicode.MaxRune; r++ {
		once := filter.Fold(string(r))
		if twice := filter.Fold(once); twice != once {
			t.Errorf("%U folds to %q and then to %q", r, once, twice)
		}
	}
}
