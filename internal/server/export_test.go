package server

import (
	"net/http"

	"github.com/pratique/pratique/internal/store"
)

// Observe wraps a handler as those of the server are.
func (s *Server) Observe(next http.Handler) http.Handler { return s.observe(next) }

// Store is where the server keeps everything.
func (s *Server) Store() *store.Store { return s.store }

// CheckCertificate looks at the files of the certificate now.
func CheckCertificate(s *Server) { s.certificates.check() }

// Patterns lists the patterns of everything at the public address.
func (s *Server) Patterns() []string {
	var list []string
	for _, p := range s.parts() {
		list = append(list, p.pattern)
	}
	return list
}
