package access

import (
	"context"
	"net/http"
	"strings"
)

type schemeKey struct{}

// WithScheme says by which scheme a client reaches the server, where that is
// not the connection's: behind a proxy that is known.
func WithScheme(ctx context.Context, scheme string) context.Context {
	return context.WithValue(ctx, schemeKey{}, scheme)
}

// Scheme is how a request's client reaches the server: "http" or "https".
func Scheme(r *http.Request) string {
	if scheme, ok := r.Context().Value(schemeKey{}).(string); ok {
		return scheme
	}
	if r.TLS != nil {
		return "https"
	}
	return "http"
}

// service names the instance towards token clients: the host they reach it by.
// Signs no host name has are left out.
func service(r *http.Request) string {
	return strings.Map(func(c rune) rune {
		switch {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', strings.ContainsRune("-._:[]", c):
			return c
		case 'A' <= c && c <= 'Z':
			return c + 'a' - 'A'
		}
		return -1
	}, r.Host)
}
