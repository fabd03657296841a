package blob_test

import (
	"bytes"
	"fmt"
	"io"
	"testing"

	"github.com/pratique/pratique/internal/blob"
	"github.com/pratique/pratique/internal/blob/blobtest"
)

func TestFiles(t *testing.T) {
	blobtest.Run(t, func(t *testing.T) func() blobtest.Store {
		dir := t.TempDir()
		return func() blobtest.Store { return open(t, dir) }
	})
}

func open(t testing.TB, dir string) *blob.Store {
	t.Helper()
	s, err := blob.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// BenchmarkPut stores new blobs, with all that makes them durable.
func BenchmarkPut(b *testing.B) {
	for _, size := range []int{4 << 10, 64 << 20} {
		for _, alg := range []blob.Algorithm{blob.SHA256, blob.SHA512} {
			b.Run(fmt.Sprintf("%s/%dKiB", alg, size>>10), func(b *testing.B) {
				s := open(b, b.TempDir())
				content := make([]byte, size)
				b.SetBytes(int64(size))
				for i := 0; b.Loop(); i++ {
					copy(content, fmt.Sprint(i))
					b.StopTimer()
					digest := alg.Of(content)
					b.StartTimer()
					if _, err := s.Put(b.Context(), digest, bytes.NewReader(content)); err != nil {
						b.Fatal(err)
					}
					b.StopTimer()
					s.Delete(b.Context(), digest)
					b.StartTimer()
				}
			})
		}
	}
}

// BenchmarkUploadOtherAlgorithm is an upload whose final digest is not by the
// algorithm it was hashed with on the way.
func BenchmarkUploadOtherAlgorithm(b *testing.B) {
	s := open(b, b.TempDir())
	content := make([]byte, 64<<20)
	digest := blob.SHA512.Of(content)
	b.SetBytes(int64(len(content)))
	for b.Loop() {
		id, err := s.StartUpload(b.Context(), "", blob.SHA256)
		if err == nil {
			_, err = s.AppendUpload(b.Context(), id, blob.AtEnd, bytes.NewReader(content))
		}
		if err == nil {
			_, err = s.CommitUpload(b.Context(), id, digest)
		}
		if err != nil {
			b.Fatal(err)
		}
		s.Delete(b.Context(), digest)
	}
}

func BenchmarkGet(b *testing.B) {
	s := open(b, b.TempDir())
	content := make([]byte, 64<<20)
	digest := blob.SHA256.Of(content)
	if _, err := s.Put(b.Context(), digest, bytes.NewReader(content)); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(content)))
	for b.Loop() {
		r, err := s.Get(b.Context(), digest)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, struct{ io.Reader }{r}); err != nil {
			b.Fatal(err)
		}
		r.Close()
	}
}
