// Package contract holds the wire contract of every operation that Midgard
// serves, in the project's own compact form: one table of operations and one
// set of schemas. Routing, authorization, the parsing of list parameters, the
// tests and /openapi.json all read this table, so that none of them can drift
// from the others.
//
// A line of the table (see entry) stands for one operation in all the versions
// that share its facts; [Operations] expands it to one [Operation] for every
// path that is mounted. To add an operation, add a line to the table of its
// family and its shapes to the files in schemas.
//
// # Versions and paths
//
// The contract knows two ways to name a version. A release of the whole API
// stands in front: /v2024/sources/{id}, and likewise v2025, v2026, v3 and beta.
// A version of one API stands behind its first segment: /sources/v1/{id}. The
// machine operations exist where the contract lists them. The supporting
// operations are described by the contract in their v1 form only and are
// mounted with the same shapes in all releases, where existing clients call
// them.
//
// # The opt-in header
//
// Decision: the header X-SailPoint-Experimental is demanded on exactly the
// operations whose own reference page, among those the project was started
// from, says that it must be sent: the operations on machine identities, those
// below /source-subtypes and those on requests for machine accounts, all in
// their v1 form. The contract marks many more operations, but for several of
// them (classification, declassification, mappings) clients in the field do not
// send the header, and a server that insisted would lock them out. Where it is
// not demanded the header is harmless.
//
// # User levels
//
// Decision: a few operations list no user level. Each carries, beside a comment
// in its table, the levels of its nearest relative; "Any" admits every
// authenticated caller, "USER" every person.
package contract
