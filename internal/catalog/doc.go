// Package catalog holds what the service knows about: tenants, instances,
// namespaces, repositories, artifacts, tags and scans; the names they may
// have; the kinds of error the whole program speaks; and the causes for which
// a scan can fail.
//
// The types are plain data without behaviour beyond validation. Nothing here
// does I/O.
package catalog
