// Package rpmdb reads the package headers out of an RPM database: Berkeley DB
// hash files (Packages, up to RPM 4.15), NDB (Packages.db, SUSE) and SQLite
// (rpmdb.sqlite, since RPM 4.16).
//
// It reads the file formats itself, in place and read-only, because the input
// is hostile: nothing is written to a temporary file, no database engine parses
// attacker-chosen bytes, and every length, offset and page number is checked
// against the size of the file before it is used. The work is bounded by the
// size of the file: no byte is read for more than a small constant number of
// headers, so cycles among pages end in an error.
//
// It does not verify signatures, does not write, and does not look at the
// write-ahead log SQLite may keep beside the database: rpm folds the log into
// the database when it closes it.
package rpmdb
