// Package scan runs the life of a scan: it checks whether an artifact may be
// scanned, promotes waiting scans while their instance has room, turns a scan
// into jobs (a plan, one job per layer without facts, a judgement), and
// publishes report and verdict or the cause of the failure.
//
// What it guarantees: a scan that was accepted ends, as Success with exactly
// one report or as Error with one cause of the specification and its advice,
// even if the process is killed at any moment; the report of an earlier scan
// stays in force until the new one is complete; at most the configured number
// of scans of an instance run at the same time.
//
// When advisories, rules, policies or exceptions change, or something expires, the
// artifacts concerned are judged again from what is kept of their layers. What
// comes of it is what a scan would find; it is none, though, and is not counted.
//
// Layers are read straight from the blob store, so no request of the scanner
// ever passes the gate.
package scan
