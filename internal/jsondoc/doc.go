// Package jsondoc stands at the edge where JSON enters and leaves the server.
//
// On the way in it is stricter than encoding/json, whose leniency would let two parties read one document in two ways:
// repeated keys, bytes that are no UTF-8, lone surrogates, bottomless nesting and names that differ only in case are
// refused or ignored here, and every refusal names the place by line, column and JSON Pointer (RFC 6901).
//
// On the way out it offers append functions for encoders that are written by hand, because reflection costs more than
// all the rest of answering a large page, and a canonical form in which attribute maps are hashed and stored.
package jsondoc
