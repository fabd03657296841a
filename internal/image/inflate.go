package image

import (
	"bufio"
	"bytes"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// maxWindow is the largest window a zstd layer may ask for: what the highest
// level of the zstd command uses.
const maxWindow = 128 << 20

var (
	magicGzip  = []byte{0x1f, 0x8b}
	magicZstd  = []byte{0x28, 0xb5, 0x2f, 0xfd}
	magicSkip  = []byte{0x2a, 0x4d, 0x18} // bytes 1 to 3 of a skippable zstd frame
	magicXZ    = []byte{0xfd, '7', 'z', 'X', 'Z', 0}
	magicBzip2 = []byte{'B', 'Z', 'h'}
)

// newInflater returns a reader of what r holds uncompressed and a function to
// release it. Content is recognised by its first bytes, because media types
// lie often enough: gzip (of any number of members), zstd (of any number of
// frames), or anything else as it is.
func newInflater(r *bufio.Reader) (io.Reader, func(), error) {
	// An error means that there is less than that, which is for the reader of
	// the content to find out.
	head, _ := r.Peek(len(magicXZ))
	switch {
	case bytes.HasPrefix(head, magicGzip):
		z, err := gzip.NewReader(r)
		if err != nil {
			return nil, nil, fmt.Errorf("gzip: %w", err)
		}
		return z, func() {}, nil
	case bytes.HasPrefix(head, magicZstd), len(head) > 3 && head[0]&0xf0 == 0x50 && bytes.Equal(head[1:4], magicSkip):
		z, err := zstd.NewReader(r,
			zstd.WithDecoderConcurrency(1),
			zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, nil, fmt.Errorf("zstd: %w", err)
		}
		return z, z.Close, nil
	case bytes.HasPrefix(head, magicXZ):
		return nil, nil, fmt.Errorf("xz compression is not supported")
	case bytes.HasPrefix(head, magicBzip2):
		return nil, nil, fmt.Errorf("bzip2 compression is not supported")
	}
	return r, func() {}, nil
}
