// Package gate decides whether an artifact may leave the registry: what a report
// found, the namespace's policy, exceptions and the present moment go in, a
// verdict comes out, together with the sentence a refused user reads.
//
// It guarantees three things. Nothing passes for want of knowledge, unless the
// namespace says so: what has not been scanned, waits, runs or failed is
// Undecided, which is not Allow, and waits as long as the verdict says. A
// report once gained counts until a newer one replaces it, whatever happens to
// later scans. And the same input always gives the same verdict, so verdicts
// may be stored and compared.
//
// It does no I/O, knows no clock and does not look for the members of an index
// or the manifests of a blob: its caller asks about each.
package gate
