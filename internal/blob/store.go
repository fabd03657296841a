package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"

	"github.com/pratique/pratique/internal/catalog"
)

// Store keeps blobs as local files:
//
//	blobs/ALGORITHM/XX/HEX   a blob; XX are the first two digits of HEX
//	uploads/ID               what has arrived of an upload
//
// All methods may be called at the same time from many goroutines.
type Store struct {
	blobs      string
	uploadsDir string

	// sink is what uploads are written through; tests make it fail.
	sink func(*os.File) io.Writer

	mu sync.Mutex
	// open holds the uploads of this process by id. An upload begun by an
	// earlier process is absent until it is continued.
	open map[string]*upload
	// made are the directories under blobs that are known to be on disk.
	made map[string]bool
}

// Reader reads one blob. Read, ReadAt and Seek work on the whole blob whatever
// happens to it in the store meanwhile.
type Reader interface {
	io.ReadSeekCloser
	io.ReaderAt
	// Size is the length of the blob in bytes.
	Size() int64
}

// Open opens the store in a directory and creates what is missing of it.
func Open(dir string) (*Store, error) {
	s := &Store{
		blobs:      filepath.Join(dir, "blobs"),
		uploadsDir: filepath.Join(dir, "uploads"),
		sink:       func(f *os.File) io.Writer { return f },
		open:       map[string]*upload{},
		made:       map[string]bool{},
	}
	for _, d := range []string{filepath.Join(s.blobs, string(SHA256)), filepath.Join(s.blobs, string(SHA512)), s.uploadsDir} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return nil, fmt.Errorf("open blob store: %w", err)
		}
	}
	for _, d := range []string{s.blobs, dir} {
		if err := syncDir(d); err != nil {
			return nil, fmt.Errorf("open blob store: %w", err)
		}
	}
	return s, nil
}

// Close closes the files of uploads. They can be continued after the next Open.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for id, u := range s.open {
		if !u.busy {
			errs = append(errs, u.close())
		}
		delete(s.open, id)
	}
	return errors.Join(errs...)
}

func (s *Store) path(alg Algorithm, hexed string) string {
	return filepath.Join(s.blobs, string(alg), hexed[:2], hexed)
}

// Get opens a blob for reading; the caller closes it. NotFound, "blob_unknown",
// if there is none; Invalid, "digest_invalid", if digest is not one.
func (s *Store) Get(_ context.Context, digest string) (Reader, error) {
	alg, hexed, err := ParseDigest(digest)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(s.path(alg, hexed))
	if err != nil {
		return nil, missing(digest, err)
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("open blob %s: %w", digest, err)
	}
	return &file{File: f, size: info.Size()}, nil
}

// Stat returns the size of a blob in bytes; errors are those of Get.
func (s *Store) Stat(_ context.Context, digest string) (size int64, err error) {
	alg, hexed, err := ParseDigest(digest)
	if err != nil {
		return 0, err
	}
	info, err := os.Stat(s.path(alg, hexed))
	if err != nil {
		return 0, missing(digest, err)
	}
	return info.Size(), nil
}

// Put stores what r yields under digest and returns its size. If the blob is
// there already, r is not read. If the content has another digest nothing is
// stored: Invalid, "digest_mismatch". Unavailable, "no_space", if the disk is
// full.
func (s *Store) Put(ctx context.Context, digest string, r io.Reader) (size int64, err error) {
	alg, _, err := ParseDigest(digest)
	if err != nil {
		return 0, err
	}
	if size, err := s.Stat(ctx, digest); err == nil {
		return size, nil
	}
	id, err := s.StartUpload(ctx, "", alg)
	if err != nil {
		return 0, err
	}
	if _, err = s.AppendUpload(ctx, id, AtEnd, r); err == nil {
		size, err = s.CommitUpload(ctx, id, digest)
	}
	if err != nil {
		return 0, errors.Join(err, ignoreUnknown(s.AbortUpload(ctx, id)))
	}
	return size, nil
}

// Delete removes a blob. It is no error if there is none. Readers that are
// open go on reading.
func (s *Store) Delete(_ context.Context, digest string) error {
	alg, hexed, err := ParseDigest(digest)
	if err != nil {
		return err
	}
	if err := os.Remove(s.path(alg, hexed)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("delete blob %s: %w", digest, err)
	}
	return nil
}

// file is a Reader. It embeds the file so that the kernel can copy it to a
// connection by itself.
type file struct {
	*os.File
	size int64
}

func (f *file) Size() int64 { return f.size }

func missing(digest string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return catalog.Errorf(catalog.NotFound, "blob_unknown", "there is no blob %s", digest)
	}
	return fmt.Errorf("open blob %s: %w", digest, err)
}

// storing turns an error of writing into one that tells the client what to do
// where its cause is a full disk.
func storing(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return &catalog.Error{
			Kind:    catalog.Unavailable,
			Code:    "no_space",
			Message: "there is no space left on the registry's disk",
			Advice:  "ask the administrator to make room, then push again",
			Err:     err,
		}
	}
	return fmt.Errorf("store blob: %w", err)
}

// syncDir makes the entries of a directory durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
