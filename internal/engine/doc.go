// Package engine gains the facts of layers and images.
//
// Layer reads one layer in one pass and returns what the collectors found in
// it. Image does so for all layers of an image, several at once and the
// largest first, and merges the result: what the file system of the finished
// image contains, and which layer brought it. Both look into a cache first, if
// there is one. Merge is the second half alone, for a caller that keeps the
// facts of layers itself.
//
// # What it guarantees
//
// Facts depend on the bytes and on the version of the collectors alone: the
// same layer always has the same facts, byte for byte once encoded. The
// exception is a collector that ran out of time or a file that could not be
// spooled; such facts carry a note, Repeatable tells them from others, and
// they are not cached.
//
// Memory is bounded over all layers in flight: collectors are given whole
// files, held within Options.Budget; larger ones lie in a temporary file that
// has no name; what exceeds even that is skipped with a note. Layers are never
// unpacked.
//
// A collector can fail, panic or hang without failing the scan: that becomes a
// note with the file, the collector and the reason. What fails the scan is a
// layer that cannot be relied upon, see image.Layer.Walk.
//
// # What it does not do
//
// It knows nothing of advisories, policy, databases or the network, and never
// judges what it finds.
package engine
