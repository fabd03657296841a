// Package registry serves the OCI distribution API (version 1.1) and what
// Docker's clients expect beside it, under /v2/.
//
// It guarantees that nothing is acknowledged before it is durable, that a
// manifest is accepted only together with everything it refers to, that its
// bytes come back unchanged, and that no content leaves a namespace that blocks
// unless the gate lets it: manifests by tag and by digest, members of an index,
// blobs, mounts into other repositories, GET and HEAD alike. Where the gate
// stands is in gatekeeper.go and nowhere else; what it decides by is in
// package gate. A pull of an image that is being scanned may have to wait: it then
// holds a place and its connection, and nothing of the database (hold.go).
//
// All input is hostile: names and digests are checked by one parser, bodies are
// bounded and read against an idle timeout, manifests are checked for depth,
// ambiguity and size before anything is done with them.
//
// It does not issue tokens (package access does), scan, or remove content that
// nothing refers to any more.
package registry
