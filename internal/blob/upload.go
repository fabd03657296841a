package blob

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/pratique/pratique/internal/catalog"
)

// AtEnd as the offset of AppendUpload means wherever the upload ends now.
const AtEnd int64 = -1

// copyBuffer is the size of the buffer an upload streams through.
const copyBuffer = 256 << 10

// upload is the state of an upload in this process. Who has set busy, under
// Store.mu, owns all other fields until it clears it.
//
// The hash of what has arrived is kept only in memory: a state on disk could
// outlive bytes that a power failure took. After a restart the file is read
// once to hash it again.
type upload struct {
	busy bool
	file *os.File
	alg  Algorithm
	hash hash.Hash
	size int64
}

func (u *upload) close() error {
	if u.file == nil {
		return nil
	}
	err := u.file.Close()
	u.file = nil
	return err
}

// StartUpload begins an upload and returns its id, which nobody can guess.
// owner says whose it is; see OwnedBy. alg is the algorithm the final digest is
// expected to have: content is hashed by it while it streams, and read once
// more if the digest has another one.
func (s *Store) StartUpload(_ context.Context, owner string, alg Algorithm) (id string, err error) {
	id = strings.ToLower(rand.Text())
	id += ownerMark(id, owner)
	f, err := os.OpenFile(s.uploadPath(id), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", storing(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open[id] = &upload{file: f, alg: alg, hash: alg.New()}
	return id, nil
}

// OwnedBy reports whether the upload was started for owner. It does not tell
// whether there is such an upload: an id made up to pass is unknown to all
// methods.
func OwnedBy(id, owner string) bool {
	secret, mark := id[:min(idSecret, len(id))], id[min(idSecret, len(id)):]
	return mark == ownerMark(secret, owner)
}

// idSecret is the length of rand.Text, the part of an id nobody can guess.
const idSecret = 26

func ownerMark(secret, owner string) string {
	sum := sha256.Sum256([]byte(secret + " " + owner))
	return strings.ToLower(base32.StdEncoding.EncodeToString(sum[:10]))
}

// UploadSize returns how many bytes have arrived. It may be called while the
// upload is appended to. NotFound, "upload_unknown", if there is no such
// upload: it never was, is complete, was aborted or has expired.
func (s *Store) UploadSize(_ context.Context, id string) (int64, error) {
	if !validID(id) {
		return 0, unknownUpload(id)
	}
	info, err := os.Stat(s.uploadPath(id))
	if err != nil {
		return 0, openUploadError(id, err)
	}
	return info.Size(), nil
}

// AppendUpload adds what r yields at offset, which must be where the upload
// ends (or AtEnd), and returns the new size. RangeError if it is not. Busy,
// "upload_busy", if something else appends to or commits the upload.
//
// If r fails, what it yielded before stays, and the upload can be continued
// from there; the size returned is right then, too. If storing fails nothing
// is added, and a full disk is Unavailable, "no_space".
func (s *Store) AppendUpload(ctx context.Context, id string, offset int64, r io.Reader) (size int64, err error) {
	u, err := s.acquire(ctx, id)
	if err != nil {
		return 0, err
	}
	defer s.release(u)
	if offset != AtEnd && offset != u.size {
		return u.size, &RangeError{Offset: offset, Size: u.size}
	}
	src, dst := &source{ctx: ctx, r: r}, &target{w: io.MultiWriter(s.sink(u.file), u.hash)}
	n, err := io.CopyBuffer(dst, src, make([]byte, copyBuffer))
	if dst.err != nil {
		// The file may hold bytes that the hash has not seen, or the reverse.
		return u.size, errors.Join(storing(dst.err), u.rewind())
	}
	u.size += n
	if err != nil {
		return u.size, fmt.Errorf("upload broke off after %d bytes: %w", u.size, err)
	}
	return u.size, nil
}

// RangeError says that content was to be appended somewhere else than where
// the upload ends.
type RangeError struct {
	// Offset is where it was to be put, Size is where the upload ends.
	Offset, Size int64
}

func (e *RangeError) Error() string {
	return fmt.Sprintf("content for offset %d does not continue the upload, which has %d bytes", e.Offset, e.Size)
}

// CommitUpload completes an upload: if everything that arrived has the digest,
// it becomes a blob, durably, and the upload is gone. If it has another one,
// Invalid, "digest_mismatch", and the upload is gone, too. It returns the size
// of the blob. If the blob is there already that is a success.
func (s *Store) CommitUpload(ctx context.Context, id, digest string) (size int64, err error) {
	alg, hexed, err := ParseDigest(digest)
	if err != nil {
		return 0, err
	}
	u, err := s.acquire(ctx, id)
	if err != nil {
		return 0, err
	}
	defer s.release(u)
	if u.alg != alg {
		if err := u.rehash(ctx, alg); err != nil {
			return 0, err
		}
	}
	if got := alg.digest(u.hash); got != digest {
		return 0, errors.Join(catalog.Errorf(catalog.Invalid, "digest_mismatch", "the content has the digest %s, not %s as announced", got, digest).
			Advise("check the file or the connection and push again"), s.discard(id, u))
	}
	size = u.size
	if have, err := s.Stat(ctx, digest); err == nil && have == size {
		return size, s.discard(id, u)
	}
	if err := s.place(id, u, s.path(alg, hexed)); err != nil {
		return 0, storing(err)
	}
	return size, nil
}

// place makes the upload's file durable and gives it its final name.
func (s *Store) place(id string, u *upload, name string) error {
	if err := u.file.Sync(); err != nil {
		return err
	}
	dir := filepath.Dir(name)
	if err := s.makeDir(dir); err != nil {
		return err
	}
	if err := os.Rename(s.uploadPath(id), name); err != nil {
		return err
	}
	s.forget(id)
	return errors.Join(u.close(), syncDir(dir))
}

// makeDir makes sure that a directory of blobs is there and durable.
func (s *Store) makeDir(dir string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.made[dir] {
		return nil
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if err := syncDir(filepath.Dir(dir)); err != nil {
		return err
	}
	s.made[dir] = true
	return nil
}

// AbortUpload throws an upload away. NotFound, "upload_unknown", if there is no
// such upload; Busy, "upload_busy", if something appends to it.
func (s *Store) AbortUpload(ctx context.Context, id string) error {
	if !validID(id) {
		return unknownUpload(id)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.open[id]
	if u != nil && u.busy {
		return busyUpload()
	}
	delete(s.open, id)
	if u != nil {
		u.close()
	}
	// Under the lock, so that nobody continues what is being removed.
	if err := os.Remove(s.uploadPath(id)); err != nil {
		return openUploadError(id, err)
	}
	return nil
}

// Uploads returns the number of uploads begun and neither committed, aborted
// nor expired.
func (s *Store) Uploads(context.Context) (int, error) {
	entries, err := os.ReadDir(s.uploadsDir)
	if err != nil {
		return 0, fmt.Errorf("list uploads: %w", err)
	}
	return len(entries), nil
}

// ExpireUploads throws away uploads to which nothing was added for at least
// age. The server calls it from time to time.
func (s *Store) ExpireUploads(ctx context.Context, age time.Duration) error {
	entries, err := os.ReadDir(s.uploadsDir)
	if err != nil {
		return fmt.Errorf("expire uploads: %w", err)
	}
	var errs []error
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || time.Since(info.ModTime()) < age {
			continue // gone meanwhile, or young
		}
		if err := s.AbortUpload(ctx, e.Name()); err != nil && !catalog.Is(err, catalog.Busy) {
			errs = append(errs, ignoreUnknown(err))
		}
	}
	return errors.Join(errs...)
}

// acquire takes possession of an upload. One that an earlier process began is
// opened and hashed first.
func (s *Store) acquire(ctx context.Context, id string) (*upload, error) {
	if !validID(id) {
		return nil, unknownUpload(id)
	}
	s.mu.Lock()
	u := s.open[id]
	switch {
	case u == nil:
		u = &upload{alg: SHA256}
		s.open[id] = u
	case u.busy:
		s.mu.Unlock()
		return nil, busyUpload()
	}
	u.busy = true
	s.mu.Unlock()
	if u.file != nil {
		return u, nil
	}
	f, err := os.OpenFile(s.uploadPath(id), os.O_RDWR, 0)
	if err == nil {
		u.file = f
		err = u.rehash(ctx, u.alg)
	}
	if err != nil {
		u.close()
		s.forget(id)
		return nil, openUploadError(id, err)
	}
	return u, nil
}

func (s *Store) release(u *upload) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u.busy = false
}

func (s *Store) forget(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, id)
}

// discard removes an upload the caller possesses.
func (s *Store) discard(id string, u *upload) error {
	err := errors.Join(u.close(), os.Remove(s.uploadPath(id)))
	s.forget(id)
	return err
}

// rehash hashes the file from its start by alg and leaves it positioned at its
// end.
func (u *upload) rehash(ctx context.Context, alg Algorithm) error {
	if _, err := u.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	h := alg.New()
	n, err := io.CopyBuffer(&target{w: h}, &source{ctx: ctx, r: u.file}, make([]byte, copyBuffer))
	if err != nil {
		// The position is lost; the next owner opens and hashes anew.
		return errors.Join(err, u.close())
	}
	u.alg, u.hash, u.size = alg, h, n
	return nil
}

// rewind takes the upload back to the size it is known to have. The hash may
// have seen more, so the next owner makes it anew.
func (u *upload) rewind() error {
	return errors.Join(u.file.Truncate(u.size), u.close())
}

func (s *Store) uploadPath(id string) string { return filepath.Join(s.uploadsDir, id) }

// validID reports whether id could have been returned by StartUpload, and so is
// safe as the name of a file.
func validID(id string) bool {
	return len(id) >= 16 && len(id) <= 64 && strings.Trim(id, "abcdefghijklmnopqrstuvwxyz234567") == ""
}

func unknownUpload(id string) error {
	return catalog.Errorf(catalog.NotFound, "upload_unknown", "there is no upload %q", clip(id)).
		Advise("start a new one")
}

func busyUpload() error {
	return catalog.Errorf(catalog.Busy, "upload_busy", "another request is writing to this upload").
		Advise("wait for it to end and ask for the upload's size")
}

func openUploadError(id string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return unknownUpload(id)
	}
	return fmt.Errorf("open upload: %w", err)
}

func ignoreUnknown(err error) error {
	if catalog.Is(err, catalog.NotFound) {
		return nil
	}
	return err
}

// source reads until its context ends.
type source struct {
	ctx context.Context
	r   io.Reader
}

func (s *source) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	return s.r.Read(p)
}

// target remembers the error of writing, to tell it from one of reading.
type target struct {
	w   io.Writer
	err error
}

func (t *target) Write(p []byte) (int, error) {
	n, err := t.w.Write(p)
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	t.err = err
	return n, err
}
