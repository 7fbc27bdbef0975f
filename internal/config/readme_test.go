package config_test

import (
	"os"
	"strings"
	"testing"

	"midgard/internal/config"
)

// TestReadmeTable keeps the README's table of settings equal to the one that the settings themselves give.
func TestReadmeTable(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(readme), config.Markdown()) {
		t.Errorf("the table of settings in README.md is not this one; put it there:\n%s", config.Markdown())
	}
}
