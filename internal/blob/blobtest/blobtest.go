// Package blobtest holds the tests that every store of blobs has to pass.
// Package blob says what the methods promise; this package checks it.
package blobtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pratique/pratique/internal/blob"
	"github.com/pratique/pratique/internal/catalog"
)

// Store is what the tests need of an implementation.
type Store interface {
	Get(ctx context.Context, digest string) (blob.Reader, error)
	Stat(ctx context.Context, digest string) (size int64, err error)
	Put(ctx context.Context, digest string, r io.Reader) (int64, error)
	Delete(ctx context.Context, digest string) error

	StartUpload(ctx context.Context, owner string, alg blob.Algorithm) (id string, err error)
	UploadSize(ctx context.Context, id string) (int64, error)
	AppendUpload(ctx context.Context, id string, offset int64, r io.Reader) (size int64, err error)
	CommitUpload(ctx context.Context, id, digest string) (size int64, err error)
	AbortUpload(ctx context.Context, id string) error
	Uploads(ctx context.Context) (int, error)
	ExpireUploads(ctx context.Context, age time.Duration) error

	Close() error
}

// Run runs all tests. open returns a store on the same storage each time it is
// called; what an earlier one did is there. newStorage makes an empty storage.
func Run(t *testing.T, newStorage func(t *testing.T) (open func() Store)) {
	cases := []struct {
		name string
		run  func(t *testing.T, s Store, reopen func() Store)
	}{
		{"put and get", putAndGet},
		{"put refuses another content", putMismatch},
		{"put of what is there reads nothing", putAgain},
		{"put that breaks off leaves nothing", putBreaksOff},
		{"digests", digests},
		{"delete", deletes},
		{"readers outlive deletion", readerOutlives},
		{"upload in pieces", uploadPieces},
		{"upload with another algorithm than announced", uploadOtherAlgorithm},
		{"upload out of order", uploadDisorder},
		{"upload breaks off and continues", uploadResumes},
		{"upload continues after a restart", uploadAfterRestart},
		{"upload with another digest is gone", uploadMismatch},
		{"upload of what is there", uploadExisting},
		{"upload of nothing", uploadEmpty},
		{"upload ids", uploadIDs},
		{"upload of two writers", uploadBusy},
		{"upload ends with its context", uploadCancelled},
		{"abort", abort},
		{"expiry", expiry},
		{"many at once", concurrent},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			open := newStorage(t)
			s := open()
			closed := false
			t.Cleanup(func() {
				if !closed {
					s.Close()
				}
			})
			c.run(t, s, func() Store {
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
				s = open()
				return s
			})
			checkNoUploads(t, s)
		})
	}
}

// checkNoUploads: every test ends with nothing lying around.
func checkNoUploads(t *testing.T, s Store) {
	t.Helper()
	if n := must(s.Uploads(t.Context()))(t); n != 0 {
		t.Errorf("%d uploads are left", n)
	}
}

func putAndGet(t *testing.T, s Store, reopen func() Store) {
	for _, alg := range []blob.Algorithm{blob.SHA256, blob.SHA512} {
		for _, size := range []int{0, 1, 1000, 1 << 20} {
			want := random(size)
			digest := alg.Of(want)
			if n := must(s.Put(t.Context(), digest, bytes.NewReader(want)))(t); n != int64(size) {
				t.Errorf("Put returned size %d of %d", n, size)
			}
			s = reopen()
			checkBlob(t, s, digest, want)
		}
	}
}

func putMismatch(t *testing.T, s Store, _ func() Store) {
	want := random(100)
	digest := blob.SHA256.Of(want)
	_, err := s.Put(t.Context(), digest, bytes.NewReader(want[:99]))
	checkError(t, err, catalog.Invalid, "digest_mismatch")
	checkUnknown(t, s, digest)
}

func putAgain(t *testing.T, s Store, _ func() Store) {
	want := random(100)
	digest := put(t, s, want)
	n, err := s.Put(t.Context(), digest, iotest.ErrReader(errors.New("was read")))
	if n != 100 || err != nil {
		t.Errorf("Put again: %d, %v", n, err)
	}
	checkBlob(t, s, digest, want)
}

func putBreaksOff(t *testing.T, s Store, _ func() Store) {
	want := random(1 << 20)
	digest, broken := blob.SHA256.Of(want), errors.New("gone")
	_, err := s.Put(t.Context(), digest, io.MultiReader(bytes.NewReader(want[:1000]), iotest.ErrReader(broken)))
	if !errors.Is(err, broken) {
		t.Errorf("Put: %v", err)
	}
	checkUnknown(t, s, digest)
}

func digests(t *testing.T, s Store, _ func() Store) {
	good := put(t, s, []byte("x"))
	hexed := strings.TrimPrefix(good, "sha256:")
	for _, d := range []string{
		"", "x", "sha256", "sha256:", "sha256:" + hexed[1:], good + "0", "sha256:" + strings.ToUpper(hexed), "SHA256:" + hexed,
		"sha512:" + hexed, "sha256:" + hexed + hexed, "md5:d41d8cd98f00b204e9800998ecf8427e", "sha256:../../../../etc/passwd",
		"../" + good, good + "/..", "sha256:" + strings.Repeat(".", 64), "sha256:" + strings.Repeat("/", 64), strings.Repeat("a", 1<<20), hexed,
		"sha256:" + hexed[:63] + "\x00", "sha256+b64:" + hexed,
	} {
		_, err := s.Get(t.Context(), d)
		checkError(t, err, catalog.Invalid, "digest_invalid")
		_, err = s.Stat(t.Context(), d)
		checkError(t, err, catalog.Invalid, "digest_invalid")
		_, err = s.Put(t.Context(), d, strings.NewReader("x"))
		checkError(t, err, catalog.Invalid, "digest_invalid")
		checkError(t, s.Delete(t.Context(), d), catalog.Invalid, "digest_invalid")
		if err != nil && len(err.Error()) > 1000 {
			t.Errorf("the error repeats all of what it was sent")
		}
	}
}

func deletes(t *testing.T, s Store, reopen func() Store) {
	digest, other := put(t, s, []byte("one")), put(t, s, []byte("two"))
	for range 2 {
		if err := s.Delete(t.Context(), digest); err != nil {
			t.Fatal(err)
		}
		checkUnknown(t, s, digest)
		s = reopen()
	}
	checkUnknown(t, s, digest)
	checkBlob(t, s, other, []byte("two"))
	put(t, s, []byte("one"))
	checkBlob(t, s, digest, []byte("one"))
}

func readerOutlives(t *testing.T, s Store, _ func() Store) {
	want := random(1 << 20)
	digest := put(t, s, want)
	r := must(s.Get(t.Context(), digest))(t)
	defer r.Close()
	if err := s.Delete(t.Context(), digest); err != nil {
		t.Fatal(err)
	}
	if got := must(io.ReadAll(r))(t); !bytes.Equal(got, want) {
		t.Error("the reader yields something else after the deletion")
	}
}

func uploadPieces(t *testing.T, s Store, _ func() Store) {
	for _, alg := range []blob.Algorithm{blob.SHA256, blob.SHA512} {
		want := random(700_000)
		id := start(t, s, alg)
		var at int64
		for _, piece := range [][]byte{want[:1], want[1:1], want[1:300_000], want[300_000:]} {
			at = must(s.AppendUpload(t.Context(), id, at, iotest.HalfReader(bytes.NewReader(piece))))(t)
			if n := must(s.UploadSize(t.Context(), id))(t); n != at {
				t.Errorf("UploadSize %d, AppendUpload said %d", n, at)
			}
		}
		checkUnknown(t, s, alg.Of(want))
		if n := must(s.CommitUpload(t.Context(), id, alg.Of(want)))(t); n != int64(len(want)) {
			t.Errorf("CommitUpload returned size %d", n)
		}
		checkBlob(t, s, alg.Of(want), want)
		checkNoUpload(t, s, id)
	}
}

func uploadOtherAlgorithm(t *testing.T, s Store, _ func() Store) {
	for announced, final := range map[blob.Algorithm]blob.Algorithm{blob.SHA256: blob.SHA512, blob.SHA512: blob.SHA256} {
		want := random(300_000)
		id := start(t, s, announced)
		appendTo(t, s, id, want)
		must(s.CommitUpload(t.Context(), id, final.Of(want)))(t)
		checkBlob(t, s, final.Of(want), want)
		checkUnknown(t, s, announced.Of(want))
	}
}

func uploadDisorder(t *testing.T, s Store, _ func() Store) {
	want := random(1000)
	id := start(t, s, blob.SHA256)
	must(s.AppendUpload(t.Context(), id, 0, bytes.NewReader(want[:400])))(t)
	for _, offset := range []int64{0, 399, 401, 1 << 40, -2} {
		n, err := s.AppendUpload(t.Context(), id, offset, iotest.ErrReader(errors.New("was read")))
		var disorder *blob.RangeError
		if !errors.As(err, &disorder) {
			t.Fatalf("offset %d: %v", offset, err)
		}
		if diff := cmp.Diff(blob.RangeError{Offset: offset, Size: 400}, *disorder); diff != "" || n != 400 {
			t.Errorf("offset %d, size %d: %s", offset, n, diff)
		}
	}
	must(s.AppendUpload(t.Context(), id, 400, bytes.NewReader(want[400:])))(t)
	must(s.CommitUpload(t.Context(), id, blob.SHA256.Of(want)))(t)
	checkBlob(t, s, blob.SHA256.Of(want), want)
}

func uploadResumes(t *testing.T, s Store, _ func() Store) {
	want, broken := random(1<<20), errors.New("connection lost")
	id := start(t, s, blob.SHA256)
	n, err := s.AppendUpload(t.Context(), id, blob.AtEnd, io.MultiReader(bytes.NewReader(want[:600_000]), iotest.ErrReader(broken)))
	if !errors.Is(err, broken) || n != 600_000 {
		t.Fatalf("AppendUpload: %d, %v", n, err)
	}
	if n := must(s.UploadSize(t.Context(), id))(t); n != 600_000 {
		t.Fatalf("UploadSize: %d", n)
	}
	must(s.AppendUpload(t.Context(), id, n, bytes.NewReader(want[n:])))(t)
	must(s.CommitUpload(t.Context(), id, blob.SHA256.Of(want)))(t)
	checkBlob(t, s, blob.SHA256.Of(want), want)
}

func uploadAfterRestart(t *testing.T, s Store, reopen func() Store) {
	for _, alg := range []blob.Algorithm{blob.SHA256, blob.SHA512} {
		want := random(1 << 20)
		id := start(t, s, alg)
		appendTo(t, s, id, want[:500_000])
		s = reopen()
		if n := must(s.UploadSize(t.Context(), id))(t); n != 500_000 {
			t.Fatalf("UploadSize: %d", n)
		}
		must(s.AppendUpload(t.Context(), id, 500_000, bytes.NewReader(want[500_000:])))(t)
		s = reopen()
		must(s.CommitUpload(t.Context(), id, alg.Of(want)))(t)
		s = reopen()
		checkBlob(t, s, alg.Of(want), want)
	}
}

func uploadMismatch(t *testing.T, s Store, _ func() Store) {
	want := random(1000)
	for _, alg := range []blob.Algorithm{blob.SHA256, blob.SHA512} {
		id := start(t, s, blob.SHA256)
		appendTo(t, s, id, want[:999])
		_, err := s.CommitUpload(t.Context(), id, alg.Of(want))
		checkError(t, err, catalog.Invalid, "digest_mismatch")
		checkUnknown(t, s, alg.Of(want))
		checkUnknown(t, s, alg.Of(want[:999]))
		checkNoUpload(t, s, id)
	}
}

// uploadExisting also checks that nobody can claim a blob without having it.
func uploadExisting(t *testing.T, s Store, _ func() Store) {
	want := random(1000)
	digest := put(t, s, want)
	id := start(t, s, blob.SHA256)
	appendTo(t, s, id, want)
	must(s.CommitUpload(t.Context(), id, digest))(t)
	checkBlob(t, s, digest, want)

	id = start(t, s, blob.SHA256)
	_, err := s.CommitUpload(t.Context(), id, digest)
	checkError(t, err, catalog.Invalid, "digest_mismatch")
	checkBlob(t, s, digest, want)
}

func uploadEmpty(t *testing.T, s Store, _ func() Store) {
	for _, alg := range []blob.Algorithm{blob.SHA256, blob.SHA512} {
		id := start(t, s, alg)
		if n := must(s.UploadSize(t.Context(), id))(t); n != 0 {
			t.Errorf("UploadSize: %d", n)
		}
		must(s.CommitUpload(t.Context(), id, alg.Of(nil)))(t)
		checkBlob(t, s, alg.Of(nil), nil)
	}
}

func uploadIDs(t *testing.T, s Store, _ func() Store) {
	for _, id := range []string{"", ".", "..", "../blobs", "/etc/passwd", "unknown", strings.Repeat("a", 26), strings.Repeat("a", 5000), "a\x00b"} {
		checkNoUpload(t, s, id)
	}
	seen := map[string]bool{}
	for range 100 {
		id := start(t, s, blob.SHA256)
		if seen[id] {
			t.Fatalf("the id %s was given twice", id)
		}
		seen[id] = true
		if !blob.OwnedBy(id, "owner") || blob.OwnedBy(id, "Owner") || blob.OwnedBy(id, "") {
			t.Errorf("the owner of %s is somebody else", id)
		}
	}
	for id := range seen {
		if err := s.AbortUpload(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
}

func uploadBusy(t *testing.T, s Store, _ func() Store) {
	want := random(1000)
	id := start(t, s, blob.SHA256)
	r, w := io.Pipe()
	done := make(chan error)
	go func() {
		_, err := s.AppendUpload(t.Context(), id, blob.AtEnd, r)
		done <- err
	}()
	w.Write(want[:500]) // returns when the other side has read it
	_, err := s.AppendUpload(t.Context(), id, blob.AtEnd, strings.NewReader("x"))
	checkError(t, err, catalog.Busy, "upload_busy")
	_, err = s.CommitUpload(t.Context(), id, blob.SHA256.Of(want))
	checkError(t, err, catalog.Busy, "upload_busy")
	checkError(t, s.AbortUpload(t.Context(), id), catalog.Busy, "upload_busy")
	if err := s.ExpireUploads(t.Context(), 0); err != nil {
		t.Errorf("ExpireUploads: %v", err)
	}
	w.Write(want[500:])
	w.Close()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	must(s.CommitUpload(t.Context(), id, blob.SHA256.Of(want)))(t)
	checkBlob(t, s, blob.SHA256.Of(want), want)
}

func uploadCancelled(t *testing.T, s Store, _ func() Store) {
	ctx, cancel := context.WithCancel(t.Context())
	id := start(t, s, blob.SHA256)
	endless := readerFunc(func(p []byte) (int, error) {
		cancel()
		return len(p), nil
	})
	if _, err := s.AppendUpload(ctx, id, blob.AtEnd, endless); !errors.Is(err, context.Canceled) {
		t.Errorf("AppendUpload: %v", err)
	}
	if err := s.AbortUpload(t.Context(), id); err != nil {
		t.Error(err)
	}
}

func abort(t *testing.T, s Store, reopen func() Store) {
	for _, restart := range []bool{false, true} {
		id := start(t, s, blob.SHA256)
		appendTo(t, s, id, []byte("x"))
		if restart {
			s = reopen()
		}
		if err := s.AbortUpload(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		checkNoUpload(t, s, id)
		checkUnknown(t, s, blob.SHA256.Of([]byte("x")))
	}
}

func expiry(t *testing.T, s Store, reopen func() Store) {
	old := start(t, s, blob.SHA256)
	s = reopen()
	id := start(t, s, blob.SHA256)
	if err := s.ExpireUploads(t.Context(), time.Hour); err != nil {
		t.Fatal(err)
	}
	if n := must(s.Uploads(t.Context()))(t); n != 2 {
		t.Fatalf("%d uploads, none of them is an hour old", n)
	}
	if err := s.ExpireUploads(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	checkNoUpload(t, s, id)
	checkNoUpload(t, s, old)
}

func concurrent(t *testing.T, s Store, _ func() Store) {
	contents := make([][]byte, 4)
	for i := range contents {
		contents[i] = random(200_000 + i)
	}
	var group sync.WaitGroup
	for i := range 32 {
		group.Go(func() {
			want := contents[i%len(contents)]
			digest := blob.SHA256.Of(want)
			if _, err := s.Put(t.Context(), digest, bytes.NewReader(want)); err != nil {
				t.Error(err)
				return
			}
			r, err := s.Get(t.Context(), digest)
			if err != nil {
				t.Error(err)
				return
			}
			defer r.Close()
			if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, want) {
				t.Errorf("read %d bytes, %v", len(got), err)
			}
		})
	}
	group.Wait()
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func random(n int) []byte {
	b := make([]byte, n)
	source := rand.NewChaCha8([32]byte{byte(n), byte(n >> 8), byte(rand.Uint32())})
	source.Read(b)
	return b
}

func put(t *testing.T, s Store, content []byte) (digest string) {
	t.Helper()
	digest = blob.SHA256.Of(content)
	must(s.Put(t.Context(), digest, bytes.NewReader(content)))(t)
	return digest
}

func start(t *testing.T, s Store, alg blob.Algorithm) (id string) {
	t.Helper()
	return must(s.StartUpload(t.Context(), "owner", alg))(t)
}

func appendTo(t *testing.T, s Store, id string, content []byte) {
	t.Helper()
	must(s.AppendUpload(t.Context(), id, blob.AtEnd, bytes.NewReader(content)))(t)
}

// checkBlob reads a blob in every way there is.
func checkBlob(t *testing.T, s Store, digest string, want []byte) {
	t.Helper()
	if n := must(s.Stat(t.Context(), digest))(t); n != int64(len(want)) {
		t.Errorf("Stat says %d bytes of %d", n, len(want))
	}
	r := must(s.Get(t.Context(), digest))(t)
	defer r.Close()
	if r.Size() != int64(len(want)) {
		t.Errorf("Size says %d bytes of %d", r.Size(), len(want))
	}
	if err := iotest.TestReader(r, want); err != nil && len(want) < 10_000 {
		t.Errorf("reading %s: %v", digest, err)
	}
	if _, err := r.Seek(int64(len(want)/2), io.SeekStart); err != nil {
		t.Fatal(err)
	}
	if got := must(io.ReadAll(r))(t); !bytes.Equal(got, want[len(want)/2:]) {
		t.Errorf("%s: its second half is another", digest)
	}
	got := make([]byte, len(want))
	if n, err := r.ReadAt(got, 0); n != len(want) || (err != nil && err != io.EOF) || !bytes.Equal(got, want) {
		t.Errorf("ReadAt: %d bytes of %d, %v", n, len(want), err)
	}
}

func checkUnknown(t *testing.T, s Store, digest string) {
	t.Helper()
	_, err := s.Get(t.Context(), digest)
	checkError(t, err, catalog.NotFound, "blob_unknown")
	_, err = s.Stat(t.Context(), digest)
	checkError(t, err, catalog.NotFound, "blob_unknown")
}

func checkNoUpload(t *testing.T, s Store, id string) {
	t.Helper()
	_, err := s.UploadSize(t.Context(), id)
	checkError(t, err, catalog.NotFound, "upload_unknown")
	_, err = s.AppendUpload(t.Context(), id, blob.AtEnd, strings.NewReader("x"))
	checkError(t, err, catalog.NotFound, "upload_unknown")
	_, err = s.CommitUpload(t.Context(), id, blob.SHA256.Of(nil))
	checkError(t, err, catalog.NotFound, "upload_unknown")
	checkError(t, s.AbortUpload(t.Context(), id), catalog.NotFound, "upload_unknown")
}

func checkError(t *testing.T, err error, kind catalog.Kind, code string) {
	t.Helper()
	var e *catalog.Error
	if !errors.As(err, &e) {
		t.Errorf("error %v, want %s", err, code)
		return
	}
	if diff := cmp.Diff(fmt.Sprint(kind, code), fmt.Sprint(e.Kind, e.Code)); diff != "" {
		t.Errorf("%v: %s", err, diff)
	}
}

// must returns a function that fails the test on err and returns v otherwise.
func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}
