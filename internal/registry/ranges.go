package registry

import (
	"strconv"
	"strings"

	"github.com/pratique/pratique/internal/catalog"
)

// contentRange is the place of a chunk in an upload: its first and last byte.
type contentRange struct{ first, last int64 }

// length is the number of bytes in the chunk.
func (c contentRange) length() int64 { return c.last - c.first + 1 }

// parseContentRange reads the Content-Range header of a chunk: "0-99", or
// "bytes 0-99/*" as HTTP has it. Errors are Invalid, "content_range_invalid".
func parseContentRange(header string) (contentRange, error) {
	invalid := catalog.Errorf(catalog.Invalid, "content_range_invalid", "%q is not the range of a chunk", clip(header)).
		Advise("send Content-Range: FIRST-LAST, both counted in bytes from 0")
	s := strings.TrimSpace(header)
	if rest, ok := strings.CutPrefix(s, "bytes "); ok {
		s, _, _ = strings.Cut(rest, "/")
	}
	a, b, _ := strings.Cut(s, "-")
	first, ok1 := parseDecimal(a)
	last, ok2 := parseDecimal(b)
	if !ok1 || !ok2 || last < first {
		return contentRange{}, invalid
	}
	return contentRange{first, last}, nil
}

// parseDecimal reads digits and nothing else, up to 18 of them.
func parseDecimal(s string) (int64, bool) {
	if s == "" || len(s) > 18 || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}

// clip shortens what a client sent before it is repeated to it.
func clip(s string) string {
	if len(s) > 80 {
		return s[:80] + "…"
	}
	return s
}
