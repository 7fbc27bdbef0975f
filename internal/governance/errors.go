// Package governance is the domain: the things Midgard knows (sources, accounts, people, machine identities, tasks), the
// rules they keep, and the errors that breaking a rule gives. It imports the standard library only; every adapter speaks
// its types.
package governance

import (
	"errors"
	"fmt"
)

// Kind classifies a failure by what the caller can do about it.
type Kind int

// The kinds. Anything that is not an *Error is Internal.
const (
	Internal        Kind = iota // our fault: logged, never described to the caller
	Invalid                     // the request cannot be accepted as it is
	Required                    // a required field is missing or empty
	Illegal                     // a field has a value that it may not have
	Limit                       // a documented limit is exceeded
	UnknownRef                  // the request refers to an object that does not exist
	NotFound                    // the object in the path does not exist, or the caller may not know of it
	Conflict                    // another object or a newer state is in the way
	InUse                       // other objects still refer to this one
	Forbidden                   // the caller may not do this
	Unauthenticated             // no or no valid token
	RateLimited                 // too many requests
	Unavailable                 // a source or the database is away: retry later
)

// Error is a failure that the caller may read: Text never holds details of our internals. Field names the offending
// field in the contract's spelling, and is empty when the failure is not about one field.
type Error struct {
	Kind  Kind
	Field string
	Text  string
	cause error
}

// Error gives the text followed by the cause, for logs.
func (e *Error) Error() string {
	if e.cause == nil {
		return e.Text
	}
	return e.Text + ": " + e.cause.Error()
}

// Unwrap returns the hidden cause.
func (e *Error) Unwrap() error { return e.cause }

// Fail makes an error about a field; an empty field means the request as a whole.
func Fail(kind Kind, field, format string, args ...any) error {
	return &Error{Kind: kind, Field: field, Text: fmt.Sprintf(format, args...)}
}

// Because is Fail with a cause that only logs show.
func Because(cause error, kind Kind, field, format string, args ...any) error {
	return &Error{Kind: kind, Field: field, Text: fmt.Sprintf(format, args...), cause: cause}
}

// Missing is the error for an object that the path names and nobody has.
func Missing(object, id string) error {
	return Fail(NotFound, "", "%s with id %q was not found.", object, id)
}

// KindOf finds the kind of an error; anything foreign is Internal.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Internal
}
