// Package blob keeps content under its digest: the layers and configurations
// of images, and what arrives of them while they are uploaded.
//
// It guarantees that what can be read under a digest was complete and had that
// digest when it was accepted, that a blob or an upload acknowledged to the
// caller survives the end of the process (a blob also the loss of power), and
// that a blob appears at once or not at all. Digests are checked before they
// become names, so no digest leads outside the store.
//
// It does not know who may read what, which repository a blob belongs to, or
// when one may be deleted. Only one process may write to a directory at a
// time; the caller sees to that. Package blobtest holds the tests that every
// implementation has to pass.
package blob
