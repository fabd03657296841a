package image

import (
	"bufio"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"sync"

	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/priority"
)

const (
	// chunkSize and chunkCount are the unit and the depth of the queue between
	// the goroutine that inflates a layer and the one that reads the result.
	chunkSize  = 256 << 10
	chunkCount = 4
	readBuffer = 128 << 10
)

var (
	chunkPool  = sync.Pool{New: func() any { return new([chunkSize]byte) }}
	bufferPool = sync.Pool{New: func() any { return bufio.NewReaderSize(nil, readBuffer) }}
)

// stored reads the bytes of a layer as they are stored, counting and hashing.
// It reads at most one byte more than expected, which is enough to know.
type stored struct {
	ctx  context.Context
	r    io.Reader
	hash hash.Hash // nil if nobody can say what the digest should be
	size int64     // what is expected
	n    int64     // what was read
	err  error     // why reading failed, other than by ending
}

func (s *stored) Read(p []byte) (int, error) {
	if s.err == nil {
		s.err = s.ctx.Err()
	}
	if s.err != nil {
		return 0, s.err
	}
	if most := s.size + 1 - s.n; int64(len(p)) > most {
		if p = p[:most]; most == 0 {
			return 0, io.EOF
		}
	}
	n, err := s.r.Read(p)
	s.n += int64(n)
	if s.hash != nil {
		s.hash.Write(p[:n])
	}
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}

// stream is the inflated content of a layer. One goroutine inflates ahead of
// the reader by a few chunks; the reader hashes what it receives. A chunk
// belongs to whoever took it from a channel last.
type stream struct {
	ctx  context.Context
	full chan []byte
	free chan []byte

	// Set by the inflating goroutine before it closes full.
	src *stored
	// err is why inflating stopped early: ctx's error, a limit as a
	// *catalog.ScanError, or that the content is corrupt.
	err error

	// Owned by the reader.
	chunk []byte // to be given back
	rest  []byte // the unread part of chunk
	pos   int64
	hash  hash.Hash
}

// newStream starts inflating src. The caller must call stop.
func newStream(ctx context.Context, src *stored, diffID string, limits Limits) *stream {
	s := &stream{
		ctx:  ctx,
		src:  src,
		full: make(chan []byte, chunkCount),
		free: make(chan []byte, chunkCount),
		hash: sha256.New(),
	}
	if diffID != "" {
		s.hash = newHash(diffID)
	}
	for range chunkCount {
		s.free <- chunkPool.Get().(*[chunkSize]byte)[:]
	}
	go func() {
		defer close(s.full)
		priority.Enter(ctx)
		s.err = s.inflate(limits)
	}()
	return s
}

// stop waits for the inflating goroutine, whose context must be done or whose
// content must be read to the end, and gives the chunks back.
func (s *stream) stop() {
	for chunk := range s.full {
		putChunk(chunk)
	}
	if s.chunk != nil {
		putChunk(s.chunk)
	}
	for {
		select {
		case chunk := <-s.free:
			putChunk(chunk)
		default:
			return
		}
	}
}

func putChunk(chunk []byte) { chunkPool.Put((*[chunkSize]byte)(chunk[:chunkSize])) }

// inflate fills chunks until the content ends, then reads what is stored to
// its end so that the digest is that of all bytes.
func (s *stream) inflate(limits Limits) (err error) {
	buffered := bufferPool.Get().(*bufio.Reader)
	buffered.Reset(s.src)
	defer func() {
		// Decompressors are other people's code on hostile bytes.
		if p := recover(); p != nil {
			err = fmt.Errorf("decompressor failed: %v", p)
		}
		var limit *catalog.ScanError
		if !errors.As(err, &limit) {
			buffered.WriteTo(io.Discard)
		}
		buffered.Reset(nil)
		bufferPool.Put(buffered)
	}()
	inflater, release, err := newInflater(buffered)
	if err != nil {
		return err
	}
	defer release()
	for total := int64(0); ; {
		var chunk []byte
		select {
		case chunk = <-s.free:
		case <-s.ctx.Done():
			return s.ctx.Err()
		}
		n, err := fill(inflater, chunk[:chunkSize])
		total += int64(n)
		// The queue has room for every chunk there is.
		s.full <- chunk[:n]
		if limit := limits.checkInflated(s.src.n, total); limit != nil {
			return limit
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// fill reads until p is full and, unlike io.ReadFull, returns the reader's
// own error, so that an end can be told from a truncation.
func fill(r io.Reader, p []byte) (int, error) {
	for n := 0; ; {
		m, err := r.Read(p[n:])
		n += m
		if err != nil || n == len(p) {
			return n, err
		}
	}
}

// next makes the next chunk the current one.
func (s *stream) next() error {
	if s.chunk != nil {
		s.free <- s.chunk
		s.chunk, s.rest = nil, nil
	}
	select {
	case chunk, ok := <-s.full:
		if !ok {
			if s.err != nil {
				return s.err
			}
			return io.EOF
		}
		s.hash.Write(chunk)
		s.chunk, s.rest = chunk, chunk
		return nil
	case <-s.ctx.Done():
		return s.ctx.Err()
	}
}

// Read reads inflated content.
func (s *stream) Read(p []byte) (int, error) {
	for len(s.rest) == 0 {
		if err := s.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, s.rest)
	s.rest = s.rest[n:]
	s.pos += int64(n)
	return n, nil
}

var errSeek = errors.New("a layer can only be skipped forward")

// Seek skips content, for archive/tar, which would copy it otherwise. Like
// reading, it stops at the end; the returned position tells.
func (s *stream) Seek(offset int64, whence int) (int64, error) {
	if whence != io.SeekCurrent || offset < 0 {
		return 0, errSeek
	}
	for offset > 0 {
		if len(s.rest) == 0 {
			if err := s.next(); err == io.EOF {
				return s.pos, nil
			} else if err != nil {
				return s.pos, err
			}
		}
		n := min(offset, int64(len(s.rest)))
		s.rest = s.rest[n:]
		s.pos += n
		offset -= n
	}
	return s.pos, nil
}

// drain reads to the end, past the end marker of the archive and whatever
// follows it, because the diff ID covers that too.
func (s *stream) drain() error {
	for {
		s.pos += int64(len(s.rest))
		if err := s.next(); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}
