// Package store is the only place of the program that speaks SQL. It keeps what
// package catalog describes (tenants, namespaces, artifacts, tags, scans), the
// facts and reports of scans, and the queue of scan work, in SQLite or in
// PostgreSQL behind one set of statements.
//
// # Guarantees
//
// Every method that changes something is one transaction: it happens entirely
// or not at all, and its time is one moment of the injected clock. What a
// method has acknowledged survives kill -9 and, because every commit is synced
// (SQLite: WAL with synchronous=FULL; PostgreSQL: its default), the loss of
// power as well, as far as the disk keeps its own promises.
//
// Jobs are part of the same transactions. A pushed manifest and its pending
// scan, a promoted scan and its plan job, the last facts of a scan and its
// judge job cannot exist without each other.
//
// At most one scan of an artifact is pending or running. A scan publishes at
// most once: FinishScan is refused unless the scan runs in the attempt the
// caller was given. An artifact's report stays in force until the next one is
// complete.
//
// Reading what a pull needs is one query over indexes, on a pool of connections
// of its own, so that scans and pushes never make a pull wait for a connection.
//
// An artifact that is to be judged again stays on a list until what came of it is
// stored; a report that was made by advisories which are not in force any more puts
// it there, however late that is. What layers hold is kept once for all artifacts
// that have them, and storing it again writes nothing.
//
// # Errors
//
// Errors a caller can act on are *catalog.Error with the kinds and codes the
// methods name. A full disk, a locked or unreachable database is Unavailable
// with code "database_error". All other errors are internal: their text is for
// the log only.
//
// # Limits
//
// A SQLite database has one working process: Work takes over whatever jobs it
// finds running. Any number of processes may share a PostgreSQL database.
//
// The package does not check who may do what, does not judge, and does not
// touch the bytes of blobs.
package store
