package report

import (
	"strings"
	"testing"
)

func TestPrintable(t *testing.T) {
	for _, c := range []struct {
		in   string
		n    int
		want string
	}{
		{"", 10, ""}, {"plain é 漢", 20, "plain é 漢"}, {"abcdef", 6, "abcdef"}, {"abcdef", 5, "abcde…"},
		{"a\nb\x1b[2J\x7f\u0085c", 20, "a b [2J  c"}, {"a\u2028b\u2029c", 20, "a b c"},
		{"a\u202ab\u202ec\u2066d\u2069e", 20, "a b c d e"}, {"a\xffb", 10, "a?b"}, {"ééé", 3, "é…"},
		{strings.Repeat("a", 1000), 4, "aaaa…"},
	} {
		if got := Printable(c.in, c.n); got != c.want {
			t.Errorf("%q in %d bytes: %q, want %q", c.in, c.n, got, c.want)
		}
	}
}
