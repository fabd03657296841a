package report

import "strings"

// Printable makes text from an image fit for a sentence of a report or a note:
// one line of valid UTF-8, of at most about n bytes, without control characters
// and without those that turn the direction of writing, which would make a text
// read otherwise than it is. What does not belong is a blank.
func Printable(s string, n int) string {
	if len(s) > 4*n {
		s = s[:4*n] // what follows is never shown
	}
	s = strings.Map(func(r rune) rune {
		if steers(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}

// steers reports whether a character moves what is written instead of being seen:
// controls, separators of lines, embeddings and isolates of direction.
func steers(r rune) bool {
	switch {
	case r < ' ', r >= 0x7f && r < 0xa0, r == '\u2028', r == '\u2029':
		return true
	}
	return r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069'
}
