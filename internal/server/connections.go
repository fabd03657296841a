package server

import (
	"net"
	"net/http"
	"sync"
)

// limitedListener accepts as many connections as there are places; more wait in
// the kernel. The connections themselves are not wrapped, so that the kernel can
// copy blobs to them by itself; state gives their places back.
type limitedListener struct {
	net.Listener
	places chan struct{}
	closed chan struct{}
	close  func()
}

func newLimitedListener(l net.Listener, most int) *limitedListener {
	closed := make(chan struct{})
	return &limitedListener{Listener: l, places: make(chan struct{}, most), closed: closed, close: sync.OnceFunc(func() { close(closed) })}
}

// Accept waits for a place and a connection.
func (l *limitedListener) Accept() (net.Conn, error) {
	select {
	case l.places <- struct{}{}:
	case <-l.closed:
		return nil, net.ErrClosed
	}
	c, err := l.Listener.Accept()
	if err != nil {
		<-l.places
	}
	return c, err
}

// Close ends Accept, also one that waits for a place.
func (l *limitedListener) Close() error {
	l.close()
	return l.Listener.Close()
}

// state is told by the HTTP server what becomes of connections.
func (l *limitedListener) state(_ net.Conn, s http.ConnState) {
	if s == http.StateClosed || s == http.StateHijacked {
		<-l.places
	}
}
