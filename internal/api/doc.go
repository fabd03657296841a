// Package api serves the REST interface below /api/v1: namespaces and their
// policies, repositories, artifacts, scans, reports and verdicts. Its OpenAPI
// document is made from the Go types here; docs/openapi.yaml is a copy that a
// test keeps fresh.
//
// It guarantees that every operation is refused to anybody whom package access
// does not give the right that the table in access.go names, that lists show
// only what may be read and what may not is not there, that every answer other
// than a success is a problem document (RFC 9457) with a code, what happened
// and what to do next, and that the text of an unexpected error goes to the log
// and never to a client.
//
// No rules live here: names and allowlists are checked by package catalog,
// downloads are judged by package gate, scans are accepted by package scan.
package api
