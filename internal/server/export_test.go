package server

import "net/http"

// Observe wraps a handler as those of the server are.
func (s *Server) Observe(next http.Handler) http.Handler { return s.observe(next) }
