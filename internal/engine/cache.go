package engine

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// Cache keeps documents between runs. A key is a lower-case hexadecimal
// string; what it stands for never changes.
type Cache interface {
	// Get returns a document; false for any reason means that there is none.
	Get(ctx context.Context, key string) ([]byte, bool)
	// Put keeps a document, or does not: an error harms nobody.
	Put(ctx context.Context, key string, document []byte) error
}

const (
	// DefaultCacheSize is a good bound for a FileCache: facts of thousands of
	// images.
	DefaultCacheSize = 1 << 30

	cacheSuffix = ".facts"
	tempPrefix  = "tmp-"
	// staleTemp is the age at which another process's unfinished file is
	// certain to have been left behind.
	staleTemp = time.Hour
)

// cacheMagic begins every file; the sum of what follows comes next.
var cacheMagic = []byte("pratique facts 1\n")

// FileCache is a Cache of files in a directory. Several processes may use it
// at once. A file appears complete or not at all; one that is damaged counts
// as absent and is removed. When the files exceed the size the cache was made
// with, those not used for the longest time go.
type FileCache struct {
	dir  string
	size int64

	mu    sync.Mutex
	total int64 // an estimate, as other processes write too; -1 if unknown
}

// NewFileCache returns a cache in a directory, which is created with the first
// document.
func NewFileCache(dir string, size int64) *FileCache {
	return &FileCache{dir: dir, size: size, total: -1}
}

func (c *FileCache) path(key string) string { return filepath.Join(c.dir, key+cacheSuffix) }

// Get returns a document that is intact.
func (c *FileCache) Get(_ context.Context, key string) ([]byte, bool) {
	name := c.path(key)
	f, err := os.Open(name)
	if err != nil {
		return nil, false
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, maxDocument))
	if err != nil {
		return nil, false
	}
	document, ok := unseal(raw)
	if !ok {
		os.Remove(name)
		return nil, false
	}
	// The time of last use decides what goes first. Failing to set it is no
	// reason not to use what was read.
	now := time.Now()
	_ = os.Chtimes(name, now, now)
	return document, true
}

// Put keeps a document.
func (c *FileCache) Put(_ context.Context, key string, document []byte) error {
	if err := os.MkdirAll(c.dir, 0o700); err != nil {
		return fmt.Errorf("cache: %w", err)
	}
	f, err := os.CreateTemp(c.dir, tempPrefix)
	if err != nil {
		return fmt.Errorf("cache: %w", err)
	}
	_, err = f.Write(seal(document))
	if err == nil {
		err = f.Sync()
	}
	err = cmp.Or(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), c.path(key))
	}
	if err != nil {
		os.Remove(f.Name())
		return fmt.Errorf("cache: %w", err)
	}
	return c.grown(int64(len(document)))
}

// seal puts the sum of a document in front of it.
func seal(document []byte) []byte {
	sum := sha256.Sum256(document)
	return slices.Concat(cacheMagic, sum[:], document)
}

func unseal(raw []byte) ([]byte, bool) {
	raw, ok := bytes.CutPrefix(raw, cacheMagic)
	if !ok || len(raw) < sha256.Size {
		return nil, false
	}
	sum := sha256.Sum256(raw[sha256.Size:])
	return raw[sha256.Size:], bytes.Equal(sum[:], raw[:sha256.Size])
}

// grown counts what was added and prunes when it is too much.
func (c *FileCache) grown(n int64) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.total >= 0 {
		if c.total += n; c.total <= c.size {
			return nil
		}
	}
	return c.prune()
}

// prune looks at what there is and, if that is too much, removes the files
// that were not used for the longest time until a tenth of the room is free.
func (c *FileCache) prune() error {
	entries, err := os.ReadDir(c.dir)
	if err != nil {
		return fmt.Errorf("cache: %w", err)
	}
	type file struct {
		name string
		size int64
		used time.Time
	}
	var files []file
	c.total = 0
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			continue // another process removed it
		}
		name := filepath.Join(c.dir, e.Name())
		switch {
		case strings.HasSuffix(name, cacheSuffix):
			files = append(files, file{name, info.Size(), info.ModTime()})
			c.total += info.Size()
		case strings.HasPrefix(e.Name(), tempPrefix) && time.Since(info.ModTime()) > staleTemp:
			os.Remove(name)
		}
	}
	if c.total <= c.size {
		return nil
	}
	slices.SortFunc(files, func(a, b file) int { return cmp.Or(a.used.Compare(b.used), cmp.Compare(a.name, b.name)) })
	for _, f := range files {
		if c.total <= c.size-c.size/10 {
			break
		}
		if err := os.Remove(f.name); err == nil || os.IsNotExist(err) {
			c.total -= f.size
		}
	}
	return nil
}
