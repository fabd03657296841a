package advisory

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
)

// All files of the database have one frame: a magic number, a body, named
// sections, a directory of the sections, and a trailer of fixed size that says
// where the directory is. Sections carry a checksum; what lies in the body is
// checked by its own means (blocks by zstd's checksum, pages by theirs).

var (
	magic       = [8]byte{'P', 'R', 'A', 'T', 'A', 'D', 'V', formatVersion}
	castagnoli  = crc32.MakeTable(crc32.Castagnoli)
	littleOrder = binary.LittleEndian
)

// formatVersion is part of every file's magic number and of the manifest.
const formatVersion = 2

const (
	maxSections  = 16
	sectionBytes = 8 + 8 + 8 + 4
	trailerBytes = 8 + 4 + 4 + 8
	maxSection   = 512 << 20
)

type section struct {
	name   [8]byte
	offset uint64
	length uint64
	crc    uint32
}

func sectionName(name string) (n [8]byte) {
	copy(n[:], name)
	return n
}

// containerWriter writes a file of the database under a temporary name, and
// renames it to its content's name when it is complete.
type containerWriter struct {
	f        *os.File
	w        *bufio.Writer
	sum      hash.Hash
	offset   uint64
	sections []section
}

func newContainerWriter(dir string) (*containerWriter, error) {
	f, err := os.CreateTemp(dir, tempPrefix+"*")
	if err != nil {
		return nil, fmt.Errorf("create a file of the advisory database: %w", err)
	}
	c := &containerWriter{f: f, sum: sha256.New()}
	c.w = bufio.NewWriterSize(io.MultiWriter(f, c.sum), 256<<10)
	if err := c.write(magic[:]); err != nil {
		c.abort()
		return nil, err
	}
	return c, nil
}

func (c *containerWriter) write(b []byte) error {
	n, err := c.w.Write(b)
	c.offset += uint64(n)
	if err != nil {
		return fmt.Errorf("write %s: %w", c.f.Name(), err)
	}
	return nil
}

func (c *containerWriter) section(name string, b []byte) error {
	c.sections = append(c.sections, section{
		name: sectionName(name), offset: c.offset, length: uint64(len(b)), crc: crc32.Checksum(b, castagnoli),
	})
	return c.write(b)
}

// finish completes the file and gives it a name made of prefix and the hash of
// its content. It returns the name and the size.
func (c *containerWriter) finish(prefix string) (name string, size int64, err error) {
	defer c.abort() // does nothing after a rename
	var dir []byte
	for _, s := range c.sections {
		dir = append(dir, s.name[:]...)
		dir = littleOrder.AppendUint64(dir, s.offset)
		dir = littleOrder.AppendUint64(dir, s.length)
		dir = littleOrder.AppendUint32(dir, s.crc)
	}
	at := c.offset
	trailer := littleOrder.AppendUint64(nil, at)
	trailer = littleOrder.AppendUint32(trailer, uint32(len(c.sections)))
	trailer = littleOrder.AppendUint32(trailer, crc32.Checksum(dir, castagnoli))
	trailer = append(trailer, magic[:]...)
	if err := c.write(append(dir, trailer...)); err != nil {
		return "", 0, err
	}
	if err := c.w.Flush(); err != nil {
		return "", 0, fmt.Errorf("write %s: %w", c.f.Name(), err)
	}
	if err := c.f.Chmod(0o644); err != nil { // whoever runs the server may read it
		return "", 0, fmt.Errorf("make %s readable: %w", c.f.Name(), err)
	}
	if err := c.f.Sync(); err != nil {
		return "", 0, fmt.Errorf("write %s to disk: %w", c.f.Name(), err)
	}
	if err := c.f.Close(); err != nil {
		return "", 0, fmt.Errorf("close %s: %w", c.f.Name(), err)
	}
	name = contentName(prefix, c.sum.Sum(nil))
	if err := os.Rename(c.f.Name(), filepath.Join(filepath.Dir(c.f.Name()), name)); err != nil {
		return "", 0, fmt.Errorf("put a file of the advisory database in place: %w", err)
	}
	return name, int64(c.offset), nil
}

// contentName is the name of a file of a kind whose content has a SHA-256.
func contentName(prefix string, sum []byte) string {
	return prefix + "-" + hex.EncodeToString(sum[:10]) + fileSuffix
}

// abort removes an unfinished file.
func (c *containerWriter) abort() {
	c.f.Close()
	os.Remove(c.f.Name())
}

// container is an open file of the database; its methods may be called
// concurrently.
type container struct {
	r        io.ReaderAt
	name     string
	size     int64
	sections []section
	close    func() error
}

func openContainer(path string) (*container, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open a file of the advisory database: %w", err)
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("open a file of the advisory database: %w", err)
	}
	c, err := newContainer(f, info.Size(), path)
	if err != nil {
		f.Close()
		return nil, err
	}
	c.close = f.Close
	return c, nil
}

func newContainer(r io.ReaderAt, size int64, name string) (*container, error) {
	c := &container{r: r, name: name, size: size, close: func() error { return nil }}
	if size < int64(len(magic))+trailerBytes {
		return nil, c.damaged("it is only %d bytes long", size)
	}
	t, err := c.read(uint64(size-trailerBytes), trailerBytes)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(t[16:24], magic[:]) {
		return nil, c.damaged("it does not end as such a file does")
	}
	at, n := littleOrder.Uint64(t), littleOrder.Uint32(t[8:])
	if n > maxSections || at > uint64(size) || at+uint64(n)*sectionBytes+trailerBytes != uint64(size) {
		return nil, c.damaged("its directory is out of place")
	}
	dir, err := c.read(at, int(n)*sectionBytes)
	if err != nil {
		return nil, err
	}
	if crc32.Checksum(dir, castagnoli) != littleOrder.Uint32(t[12:]) {
		return nil, c.damaged("the checksum of its directory is wrong")
	}
	for ; len(dir) > 0; dir = dir[sectionBytes:] {
		s := section{offset: littleOrder.Uint64(dir[8:]), length: littleOrder.Uint64(dir[16:]), crc: littleOrder.Uint32(dir[24:])}
		copy(s.name[:], dir)
		if s.length > maxSection || s.offset > at || s.offset+s.length > at {
			return nil, c.damaged("section %q is out of place", bytes.TrimRight(s.name[:], "\x00"))
		}
		c.sections = append(c.sections, s)
	}
	return c, nil
}

// damaged makes the error for a file whose content is not what was written.
func (c *container) damaged(format string, args ...any) error {
	return fmt.Errorf("%s is %w (%s): import the advisories again", c.name, errCorrupt, fmt.Sprintf(format, args...))
}

func (c *container) read(offset uint64, n int) ([]byte, error) {
	b := make([]byte, n)
	if _, err := c.r.ReadAt(b, int64(offset)); err != nil {
		if err == io.EOF {
			return nil, c.damaged("it ends early")
		}
		return nil, fmt.Errorf("read %s: %w", c.name, err)
	}
	return b, nil
}

func (c *container) find(name string) (section, bool) {
	want := sectionName(name)
	for _, s := range c.sections {
		if s.name == want {
			return s, true
		}
	}
	return section{}, false
}

// section reads a whole section and checks it.
func (c *container) section(name string) ([]byte, error) {
	s, ok := c.find(name)
	if !ok {
		return nil, c.damaged("it has no section %q", name)
	}
	b, err := c.read(s.offset, int(s.length))
	if err != nil {
		return nil, err
	}
	if crc32.Checksum(b, castagnoli) != s.crc {
		return nil, c.damaged("the checksum of section %q is wrong", name)
	}
	return b, nil
}
