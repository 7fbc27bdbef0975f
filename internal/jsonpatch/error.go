package jsonpatch

import (
	"errors"
	"fmt"
)

// Error says which operation of a patch is wrong or could not be applied, and why.
type Error struct {
	Index  int    // the operation, from 0; -1 when the patch as a whole is wrong
	Op     string // "" when it could not be read
	Path   string // the pointer at fault: the operation's path or its source
	Reason string // "the target does not exist"
	Test   bool   // a test operation did not hold
}

// Error gives operation and reason in one line.
func (e *Error) Error() string {
	switch {
	case e.Index < 0:
		return e.Reason
	case e.Op == "":
		return fmt.Sprintf("operation %d: %s", e.Index, e.Reason)
	default:
		return fmt.Sprintf("operation %d (%.40s %.200q): %s", e.Index, e.Op, e.Path, e.Reason)
	}
}

// The reasons, as they are read after the operation.
var (
	errNotObject    = errors.New("an operation must be an object")
	errIntoItself   = errors.New("a value cannot be moved into itself")
	errBadPointer   = errors.New("must be empty or start with /")
	errBadEscape    = errors.New("has a ~ that is not followed by 0 or 1")
	errNoTarget     = errors.New("the target does not exist")
	errNoParent     = errors.New("the parent of the target does not exist")
	errNoContainer  = errors.New("the parent of the target is neither an object nor an array")
	errBadIndex     = errors.New("an array index must be a number without leading zeros")
	errBeyondEnd    = errors.New("the array index is beyond the end")
	errAppendOnly   = errors.New("- stands for the end of an array and names no element")
	errWholeRemoved = errors.New("the whole document cannot be removed")
	errDifferent    = errors.New("the value is different")
	errUnknownOp    = errors.New("the operation is unknown")
	errTooMuch      = fmt.Errorf("copying lets the document grow by more than %d bytes", maxCopied)
	errTooDeep      = fmt.Errorf("the result is nested deeper than %d levels", maxDepth)
)

func missing(member string) error { return fmt.Errorf("%q is missing", member) }
