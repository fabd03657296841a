package scan

import (
	"io"
	"strings"
	"testing"

	"github.com/pratique/pratique/internal/catalog"
)

// The meter tells of what was read since it was asked last, and of nothing that
// is done.
func TestMeter(t *testing.T) {
	m := newMeter()
	a, doneA := m.begin(catalog.LayerJob{Digest: "a"})
	b, doneB := m.begin(catalog.LayerJob{Digest: "b"})
	news := func(want int64) {
		t.Helper()
		var sum int64
		for _, r := range m.news() {
			sum += r.Bytes
		}
		if sum != want {
			t.Errorf("news of %d bytes, want %d", sum, want)
		}
	}
	news(0)
	r := a.count(io.NopCloser(strings.NewReader("0123456789")))
	io.CopyN(io.Discard, r, 4)
	news(4)
	news(0) // nothing new
	io.Copy(io.Discard, r)
	io.Copy(io.Discard, b.count(io.NopCloser(strings.NewReader("012"))))
	news(13)
	doneA()
	io.Copy(io.Discard, b.count(io.NopCloser(strings.NewReader("again"))))
	news(8)
	doneB()
	news(0)
}
