package local

import (
	"context"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"midgard/internal/connector"
)

// NewAt is New with the clock stopped.
func NewAt(now time.Time) connector.Factory {
	return factory{now: func() time.Time { return now }}
}

// Read reads a tree of files that need not be on a disk.
func Read(tree fs.FS, objectType string) (objects []connector.Object, messages []string, hidden bool, err error) {
	h := &host{tree: tree, today: 20200, hidden: map[string]bool{}}
	read, list, schema := readAccounts, h.accountObjects, accountSchema()
	if objectType == connector.TypeGroup {
		read, list, schema = readGroups, h.groupObjects, groupSchema()
	}
	if err := read(context.Background(), h); err != nil {
		return nil, nil, false, err
	}
	for _, problem := range h.problems {
		messages = append(messages, fmt.Sprintf("%s %v", problem.where, problem.reason))
	}
	return slices.Collect(list(schema)), messages, h.hidden[objectType], nil
}
