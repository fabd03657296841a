package image

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/pratique/pratique/internal/catalog"
)

// A registry that accepts connections and says nothing is given up.
func TestSilentRegistry(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	_, _, err = Open(ctx, l.Addr().String()+"/team/app:1", Options{Transport: newTransport(100 * time.Millisecond)})
	if catalog.CauseOf(err) != catalog.CauseRegistryAccess || !strings.Contains(err.Error(), "timeout") {
		t.Errorf("a silent registry: %v", err)
	}
}

// So is one that falls silent half-way, but not one that is only slow.
func TestRegistryFallsSilent(t *testing.T) {
	proceed := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for range 10 {
			_, _ = w.Write(make([]byte, 1000))
			_ = http.NewResponseController(w).Flush()
			time.Sleep(50 * time.Millisecond)
		}
		if r.URL.Path == "/silent" {
			<-proceed
		}
	}))
	defer s.Close()
	defer close(proceed)
	c := &http.Client{Transport: newTransport(250 * time.Millisecond)}
	for path, ok := range map[string]bool{"/slow": true, "/silent": false} {
		res, err := c.Get(s.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		n, err := io.Copy(io.Discard, res.Body)
		res.Body.Close()
		if n != 10_000 || (err == nil) != ok {
			t.Errorf("%s: %d bytes, %v", path, n, err)
		}
	}
}
