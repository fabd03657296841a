// Package collect defines what a collector is: a reader of one kind of fact,
// fed by the single pass over a layer. The collectors themselves are the
// packages below this one; engine lists them and drives the pass.
//
// A collector is asked about every entry of a layer by its metadata (Want),
// which must be cheap, and is handed the content of the files it asked for
// (Collect). It sees each layer on its own and must not keep anything between
// files: what it finds goes into the layer's facts, and all knowledge that
// needs the merged image is applied after the layers are merged.
//
// Content is hostile. A collector bounds what it reads and allocates. The
// engine guards each call: a panic, an error or a time-out becomes a note in
// the facts and the pass goes on.
package collect

import (
	"cmp"
	"context"
	"fmt"
	"io"

	"github.com/pratique/pratique/internal/report"
)

// Collector reads one kind of fact.
type Collector interface {
	// Name is stable and short: "packages". It appears in notes.
	Name() string
	// Version changes whenever the same bytes would give other facts. Facts
	// are cached under the versions of all collectors.
	Version() int
	// Want reports whether the collector wants the content of the file. It is
	// called for regular files only, concurrently for different layers, and
	// must decide by the file's metadata alone.
	Want(f report.File) bool
	// Collect reads one wanted file and adds to the facts. Calls for one layer
	// are sequential, calls for different layers concurrent. An error is noted
	// and does not fail the layer; facts added before it stay.
	Collect(ctx context.Context, f report.File, content Content, facts *report.LayerFacts) error
}

// Content is a whole file, in memory or spooled.
type Content interface {
	io.ReaderAt
	// Size is the number of bytes, which may differ from what the entry's
	// header led to expect only by an error of the pass, never here.
	Size() int64
	// Bytes returns the content if it is in memory and nil if it is spooled
	// to a file. The bytes must not be changed or kept.
	Bytes() []byte
}

// Read returns the first bytes of a file, at most so many. They must not be
// changed or kept.
func Read(c Content, most int64) ([]byte, error) {
	size := min(c.Size(), most)
	if b := c.Bytes(); b != nil {
		return b[:size], nil
	}
	b := make([]byte, size)
	if n, err := c.ReadAt(b, 0); int64(n) < size {
		return nil, fmt.Errorf("read the file: %w", cmp.Or(err, io.ErrUnexpectedEOF))
	}
	return b, nil
}
