package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"os"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/semaphore"
)

// spool holds files while collectors look at them: in memory within one
// budget, or in temporary files within another. Whoever waits for room holds
// none for itself, apart from what collectors are busy with, so waiting always
// ends.
type spool struct {
	memory   *semaphore.Weighted
	budget   int64 // of memory
	inMemory int64 // the largest file in memory
	disk     *semaphore.Weighted
	onDisk   int64 // the largest file on disk
	dir      string
	buffers  [64 * 4]sync.Pool
}

func newSpool(memory, disk int64, dir string) *spool {
	return &spool{
		memory:   semaphore.NewWeighted(memory),
		budget:   memory,
		inMemory: memory / 4 * 3,
		disk:     semaphore.NewWeighted(disk),
		onDisk:   disk / 2,
		dir:      dir,
	}
}

var (
	errTooLarge = errors.New("the file is too large to be looked at")
	// errSpool marks errors of the temporary file, not of the content.
	errSpool = errors.New("temporary file")
)

// hold reads size bytes of r and keeps them until the content's release. An
// error that wraps errTooLarge or errSpool is about this file alone.
func (s *spool) hold(ctx context.Context, r io.Reader, size int64) (*content, error) {
	switch {
	case size <= s.inMemory:
		return s.holdInMemory(ctx, r, size)
	case size <= s.onDisk:
		return s.holdOnDisk(ctx, r, size)
	}
	return nil, errTooLarge
}

func (s *spool) holdInMemory(ctx context.Context, r io.Reader, size int64) (*content, error) {
	class, room := sizeClass(size)
	room = min(room, s.budget)
	if err := s.memory.Acquire(ctx, room); err != nil {
		return nil, err
	}
	var buffer []byte
	if p, ok := s.buffers[class].Get().(*[]byte); ok {
		buffer = *p
	} else {
		buffer = make([]byte, room)
	}
	c := &content{size: size, data: buffer[:size:size]}
	c.free = func(reuse bool) {
		if reuse {
			s.buffers[class].Put(&buffer)
		}
		s.memory.Release(room)
	}
	if _, err := io.ReadFull(r, c.data); err != nil {
		c.release(true)
		return nil, err
	}
	return c, nil
}

func (s *spool) holdOnDisk(ctx context.Context, r io.Reader, size int64) (*content, error) {
	if err := s.disk.Acquire(ctx, size); err != nil {
		return nil, err
	}
	f, err := os.CreateTemp(s.dir, "pratique-file-*")
	if err != nil {
		s.disk.Release(size)
		return nil, fmt.Errorf("%w: %w", errSpool, err)
	}
	c := &content{size: size, file: f}
	c.free = func(bool) {
		f.Close()
		s.disk.Release(size)
	}
	if err := os.Remove(f.Name()); err != nil {
		c.release(true)
		return nil, fmt.Errorf("%w: %w", errSpool, err)
	}
	if _, err := io.CopyN(spoolWriter{f}, r, size); err != nil {
		c.release(true)
		return nil, err
	}
	return c, nil
}

// spoolWriter marks errors of writing, so that a full disk is not taken for a
// broken layer.
type spoolWriter struct{ w io.Writer }

func (s spoolWriter) Write(p []byte) (int, error) {
	n, err := s.w.Write(p)
	if err != nil {
		err = fmt.Errorf("%w: %w", errSpool, err)
	}
	return n, err
}

// sizeClass rounds a size up, by at most a quarter, to one that buffers are
// kept for. The smallest is 4 KiB.
func sizeClass(size int64) (class int, room int64) {
	size = max(size, 4<<10)
	octave := bits.Len64(uint64(size-1)) - 1 // 2^octave < size ≤ 2^(octave+1)
	step := int64(1) << max(octave-2, 0)
	quarter := (size - 1 - 1<<octave) / step
	return octave*4 + int(quarter), 1<<octave + (quarter+1)*step
}

// content is one file, given to collectors.
type content struct {
	size int64
	data []byte
	file *os.File
	free func(reuse bool)
	// revoked is set when a collector was given up on and may still be running.
	revoked atomic.Bool
}

var errRevoked = errors.New("the time for this file is over")

func (c *content) Size() int64 { return c.size }

func (c *content) Bytes() []byte { return c.data }

func (c *content) ReadAt(p []byte, off int64) (int, error) {
	switch {
	case c.revoked.Load():
		return 0, errRevoked
	case off < 0:
		return 0, errors.New("read at a negative offset")
	case c.file != nil:
		return c.file.ReadAt(p, off)
	case off >= c.size:
		return 0, io.EOF
	}
	n := copy(p, c.data[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// release gives the room back. Memory that somebody may still be reading is
// left to the garbage collector.
func (c *content) release(reuse bool) { c.free(reuse && !c.revoked.Load()) }
