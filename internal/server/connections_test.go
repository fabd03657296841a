package server

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// TestConnections: those beyond the limit wait until others end, and a listener
// that is full can be closed.
func TestConnections(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := newLimitedListener(inner, 2)
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "served") }))
	srv.Listener.Close()
	srv.Listener = l
	srv.Config.ConnState = l.state
	srv.Start()
	defer srv.Close()
	dial := func() net.Conn {
		t.Helper()
		c, err := net.Dial("tcp", inner.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		return c
	}
	answered := func(c net.Conn, within time.Duration) error {
		_ = c.SetReadDeadline(time.Now().Add(within))
		_, err := c.Read(make([]byte, 1))
		return err
	}
	first, second := dial(), dial()
	defer second.Close()
	for _, c := range []net.Conn{first, second} {
		if err := answered(c, time.Minute); err != nil {
			t.Fatal(err)
		}
	}
	third := dial()
	defer third.Close()
	var late net.Error
	if err := answered(third, 50*time.Millisecond); !errors.As(err, &late) || !late.Timeout() {
		t.Errorf("a third connection is served: %v", err)
	}
	first.Close()
	if err := answered(third, time.Minute); err != nil {
		t.Errorf("the third connection is not served when there is room: %v", err)
	}
}
