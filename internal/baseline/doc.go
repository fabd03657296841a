// Package baseline checks how a system and an image are configured: accounts,
// SSH, the policy for passwords, and how the image was built.
//
// The rules are data, in baseline.yaml, which documents their form; Load adds a
// user's own and changes ours. Most rules name a procedure of this package and
// its parameters. A rule about one key of a file needs no procedure: it names
// file, key, operator and values.
//
// # What it guarantees
//
// Each rule comes to passed, failed or not applicable, with what was looked at,
// what was found and what should be there. "Passed" is said only of what was
// read whole. Results depend on facts, rules and Known alone. Any facts are
// safe, the work for them is bounded, and texts in results are bounded and
// printable.
//
// # What it does not do
//
// It runs nothing: what a program decides when it starts, or finds mounted, is
// not seen. Where a file is missing a program's own defaults are taken, those of
// OpenSSH 9.
package baseline
