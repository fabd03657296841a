package rpmdb

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Limits no real database comes near.
const (
	// maxHeaderSize bounds the header of one package. rpm allows 256 MiB; the
	// largest real ones, with tens of thousands of files, have some megabytes.
	maxHeaderSize = 64 << 20
	// maxReuse bounds the sum of all headers by a multiple of the file's size.
	maxReuse = 2
)

// ErrFormat says that a file is none of the three database formats.
var ErrFormat = errors.New("not an RPM database (Berkeley DB, NDB or SQLite)")

// Read calls yield with each package of the database held by r, which is size
// bytes long, in the order of the file. It stops at the first error of yield
// and returns it. Packages yielded before damage was met are good; damage to a
// single header does not hide those behind it, and is told in the error.
func Read(ctx context.Context, r io.ReaderAt, size int64, yield func(*Package) error) error {
	f := &file{r: r, size: size, budget: maxReuse * size}
	walk, err := f.format()
	if err != nil {
		return err
	}
	var damaged int
	var first error
	err = walk(func(blob []byte) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		p, err := parseHeader(blob)
		if err != nil {
			damaged++
			if first == nil {
				first = err
			}
			return nil
		}
		return yield(p)
	})
	if err != nil {
		return err
	}
	if first != nil {
		return fmt.Errorf("%d package headers are damaged: %w", damaged, first)
	}
	return nil
}

// file is the database file with what may still be read of it.
type file struct {
	r    io.ReaderAt
	size int64
	// budget is the number of header bytes that may still be collected.
	budget int64
}

type walker func(yield func(blob []byte) error) error

func (f *file) format() (walker, error) {
	if f.size == 0 {
		return nil, errors.New("the RPM database is empty")
	}
	head := make([]byte, min(f.size, 100))
	if err := f.read(head, 0); err != nil {
		return nil, err
	}
	switch {
	case bytes.HasPrefix(head, []byte(sqliteMagic)) && len(head) == 100:
		return func(y func([]byte) error) error { return f.walkSQLite(head, y) }, nil
	case bytes.HasPrefix(head, []byte(ndbMagic)) && len(head) >= 32:
		return func(y func([]byte) error) error { return f.walkNDB(head, y) }, nil
	case len(head) >= 72:
		for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
			if order.Uint32(head[12:]) == bdbHashMagic {
				return func(y func([]byte) error) error { return f.walkBDB(head, order, y) }, nil
			}
		}
	}
	return nil, ErrFormat
}

// read fills b from offset off or says that the file ends before.
func (f *file) read(b []byte, off int64) error {
	if off < 0 || off > f.size || int64(len(b)) > f.size-off {
		return fmt.Errorf("%d bytes at offset %d are beyond the end of the file (%d bytes)", len(b), off, f.size)
	}
	n, err := f.r.ReadAt(b, off)
	if n == len(b) {
		return nil
	}
	return fmt.Errorf("read %d bytes at offset %d: %w", len(b), off, err)
}

// allocate returns a buffer for a header of n bytes, if the file can hold one
// that long and the sum of all headers is still plausible.
func (f *file) allocate(n int64) ([]byte, error) {
	if n < 0 || n > maxHeaderSize || n > f.size {
		return nil, fmt.Errorf("a package header claims %d bytes in a file of %d", n, f.size)
	}
	if f.budget -= n; f.budget < 0 {
		return nil, fmt.Errorf("the package headers overlap: together they are larger than %d times the file", maxReuse)
	}
	return make([]byte, n), nil
}
