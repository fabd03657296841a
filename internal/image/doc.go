// Package image is where images come from and how their layers are read.
//
// Open finds an image by the name a user gives it: in a registry, an OCI
// layout, an archive. New makes one from a manifest and a configuration that
// the caller already holds, as the server does with its own blob store. Either
// way the result is an Image: a list of layers that can be opened any number
// of times.
//
// Layer.Walk is the only way content leaves this package: one streaming pass
// that inflates and untars the layer, hands every entry to a visitor and, at
// the end, has verified both the digest of the bytes as stored and the diff ID
// of the bytes inflated. A layer is never unpacked and never held as a whole.
//
// Everything read is treated as hostile: sizes, counts, names, ratios and
// nesting are bounded by Limits, names that point outside the file system are
// refused with a note, links are reported and never followed.
//
// The package does not merge layers and does not look into files; package
// engine does the one, package collect and those below it the other.
package image
