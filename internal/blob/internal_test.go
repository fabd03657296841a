package blob

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pratique/pratique/internal/catalog"
)

// TestFullDisk fills the disk in the middle of an upload: the client is told,
// what arrived before is intact, and the upload goes on when there is room.
func TestFullDisk(t *testing.T) {
	s, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	content := bytes.Repeat([]byte("layer "), 200_000)
	id, err := s.StartUpload(t.Context(), "", SHA256)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.AppendUpload(t.Context(), id, 0, bytes.NewReader(content[:1000])); err != nil {
		t.Fatal(err)
	}
	for _, cause := range []error{syscall.ENOSPC, syscall.EDQUOT} {
		s.sink = func(f *os.File) io.Writer { return &fullDisk{w: f, room: 300_000, err: cause} }
		_, err = s.AppendUpload(t.Context(), id, 1000, bytes.NewReader(content[1000:]))
		var e *catalog.Error
		if !errors.As(err, &e) || e.Kind != catalog.Unavailable || e.Code != "no_space" || !errors.Is(err, cause) {
			t.Fatalf("AppendUpload on a full disk: %v", err)
		}
		if !strings.Contains(e.Error(), "no space left") || strings.Contains(e.Error(), s.uploadsDir) {
			t.Errorf("the client reads %q", e.Error())
		}
		if n, err := s.UploadSize(t.Context(), id); n != 1000 || err != nil {
			t.Errorf("after a full disk the upload has %d bytes, %v", n, err)
		}
	}
	_, err = s.Put(t.Context(), SHA256.Of(content), bytes.NewReader(content))
	if !catalog.Is(err, catalog.Unavailable) {
		t.Errorf("Put on a full disk: %v", err)
	}
	if n, _ := s.Uploads(t.Context()); n != 1 {
		t.Errorf("%d uploads, want the one begun above", n)
	}

	s.sink = func(f *os.File) io.Writer { return f }
	if _, err := s.AppendUpload(t.Context(), id, 1000, bytes.NewReader(content[1000:])); err != nil {
		t.Fatal(err)
	}
	if _, err := s.CommitUpload(t.Context(), id, SHA256.Of(content)); err != nil {
		t.Fatal(err)
	}
}

// fullDisk takes a number of bytes and then fails, having written a part.
type fullDisk struct {
	w    io.Writer
	room int
	err  error
}

func (d *fullDisk) Write(p []byte) (int, error) {
	n, err := d.w.Write(p[:min(d.room, len(p))])
	d.room -= n
	if n < len(p) && err == nil {
		err = &os.PathError{Op: "write", Path: "/secret/path", Err: d.err}
	}
	return n, err
}

// TestLayout holds the names of files, which must not change: data directories
// outlive programs.
func TestLayout(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, alg := range []Algorithm{SHA256, SHA512} {
		if _, err := s.Put(t.Context(), alg.Of([]byte("x")), strings.NewReader("x")); err != nil {
			t.Fatal(err)
		}
	}
	id, err := s.StartUpload(t.Context(), "", SHA256)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	err = filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			rel, _ := filepath.Rel(dir, path)
			got = append(got, rel)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"blobs/sha256/2d/2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881",
		"blobs/sha512/a4/" + strings.TrimPrefix(SHA512.Of([]byte("x")), "sha512:"),
		"uploads/" + id,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestDamagedBlobHeals: a blob that lost its end is replaced by the next push.
func TestDamagedBlobHeals(t *testing.T) {
	s, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	content := []byte("some content")
	digest := SHA256.Of(content)
	if _, err := s.Put(t.Context(), digest, bytes.NewReader(content)); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(s.path(SHA256, digest[len("sha256:"):]), 3); err != nil {
		t.Fatal(err)
	}
	id, _ := s.StartUpload(t.Context(), "", SHA256)
	if _, err := s.AppendUpload(t.Context(), id, 0, bytes.NewReader(content)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.CommitUpload(t.Context(), id, digest); err != nil {
		t.Fatal(err)
	}
	if n, err := s.Stat(t.Context(), digest); n != int64(len(content)) {
		t.Errorf("Stat: %d, %v", n, err)
	}
}

func FuzzParseDigest(f *testing.F) {
	f.Add("sha256:2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881")
	f.Add("sha512:../..")
	f.Fuzz(func(t *testing.T, digest string) {
		alg, hexed, err := ParseDigest(digest)
		if err != nil {
			if !catalog.Is(err, catalog.Invalid) {
				t.Errorf("%q: %v", digest, err)
			}
			return
		}
		if string(alg)+":"+hexed != digest {
			t.Errorf("%q has become %s:%s", digest, alg, hexed)
		}
		if !filepath.IsLocal(hexed) || filepath.Base(hexed) != hexed {
			t.Errorf("%q is no name of a file", hexed)
		}
	})
}
