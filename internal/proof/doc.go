// Package proof holds a running server against the whole contract: every operation under every path with every kind of
// caller, and every list with every field, operator and sorter, on both engines. It consists of tests.
//
// Nothing in it is written for one operation where the table of package contract can say it for all. What the table cannot
// say — where the answer of a list shows what a filter field means, and which object a path is about — is registered by
// operation id, and a test fails for an operation that nobody has registered. What the server ought to answer is computed
// here, by code that shares nothing with the server but the table: no parser, no matcher, no rule of rights.
//
// The package asks tens of thousands of questions, so scripts/test runs it without the race detector.
package proof
