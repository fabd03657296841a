// Package vex reads and writes OpenVEX 0.2.0: statements on whether a product is
// affected by a vulnerability (https://github.com/openvex/spec).
//
// It writes exceptions as a document and reads them from one (Export, Import), and
// it turns the documents that are attached to an image into exceptions that hold
// for that image alone (Attached): plain documents, attestations in DSSE envelopes
// and Sigstore bundles, believed as the namespace says, and checked with its public
// keys.
//
// All input is hostile. Documents are bounded in size, depth, values and
// statements; a name that stands twice in an object is an error, as parsers differ
// in which they take; fields the specification does not know are errors. A
// signature counts only over the bytes that are read afterwards, and only if what
// it signs names the image in question. What cannot be understood exempts nothing.
//
// It does no I/O and knows no clock. Transparency logs and certificates are not
// looked at: only keys that a namespace names are trusted.
package vex
