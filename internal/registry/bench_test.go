package registry_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/pratique/pratique/internal/catalog"
)

// BenchmarkManifest is what the registry itself needs for a manifest, without
// the network.
func BenchmarkManifest(b *testing.B) {
	for _, block := range []bool{false, true} {
		b.Run(fmt.Sprintf("blocking=%v", block), func(b *testing.B) {
			e := newEnv(b)
			e.pushImage("team/app", "one", "1")
			e.policy(block, nil)
			e.scan("1", catalog.Success, medium)
			benchmarkGet(b, e, "/v2/team/app/manifests/1")
		})
	}
}

// BenchmarkSmallBlob is the same for a configuration.
func BenchmarkSmallBlob(b *testing.B) {
	for _, block := range []bool{false, true} {
		b.Run(fmt.Sprintf("blocking=%v", block), func(b *testing.B) {
			e := newEnv(b)
			img := e.pushImage("team/app", "one", "1")
			e.policy(block, nil)
			e.scan("1", catalog.Success, medium)
			benchmarkGet(b, e, "/v2/team/app/blobs/"+img.config.Digest)
		})
	}
}

func benchmarkGet(b *testing.B, e *env, path string) {
	for b.Loop() {
		r := httptest.NewRequestWithContext(b.Context(), "GET", path, nil)
		r.Header.Set("Test-Actor", "admin")
		w := httptest.NewRecorder()
		e.server.Config.Handler.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			b.Fatal(w.Code, w.Body)
		}
	}
}

// BenchmarkBlob moves layers over the loopback interface.
func BenchmarkBlob(b *testing.B) {
	const size = 64 << 20
	content := make([]byte, size)
	b.Run("get", func(b *testing.B) {
		e := newEnv(b)
		digest := e.pushBlob("team/app", content)
		b.SetBytes(size)
		for b.Loop() {
			req, _ := http.NewRequestWithContext(b.Context(), "GET", e.server.URL+"/v2/team/app/blobs/"+digest, nil)
			req.Header.Set("Test-Actor", "admin")
			res, err := e.server.Client().Do(req)
			e.must(err)
			n, err := io.Copy(io.Discard, res.Body)
			res.Body.Close()
			if n != size || err != nil {
				b.Fatal(n, err)
			}
		}
	})
	b.Run("put", func(b *testing.B) {
		e := newEnv(b)
		b.SetBytes(size)
		for i := 0; b.Loop(); i++ {
			b.StopTimer()
			copy(content, fmt.Sprint(i))
			digest := sha256Of(content)
			b.StartTimer()
			e.do("POST", "/v2/team/app/blobs/uploads/?digest="+digest, bytes.NewReader(content)).want(b, 201)
			b.StopTimer()
			e.must(e.blobs.Delete(b.Context(), digest))
			b.StartTimer()
		}
	})
}
