package registry

import (
	"fmt"
	"testing"
)

func TestParseContentRange(t *testing.T) {
	cases := []struct {
		header string
		want   string // "" if it is refused
	}{
		{"0-0", "0-0 1"},
		{"0-99", "0-99 100"},
		{" 100-199 ", "100-199 100"},
		{"bytes 5-9/*", "5-9 5"},
		{"bytes 5-9/10", "5-9 5"},
		{"999999999999999998-999999999999999999", "999999999999999998-999999999999999999 2"},
		{"", ""}, {"-", ""}, {"0", ""}, {"0-", ""}, {"-5", ""}, {"9-5", ""}, {"+1-2", ""}, {"0x1-2", ""}, {"1-2-3", ""}, {"a-b", ""},
		{"0-9223372036854775808", ""}, {"0 - 1", ""}, {"bytes=0-1", ""}, {"１-２", ""},
	}
	for _, c := range cases {
		got := ""
		if r, err := parseContentRange(c.header); err == nil {
			got = fmt.Sprintf("%d-%d %d", r.first, r.last, r.length())
		} else if codeOf(err) != "content_range_invalid" {
			t.Errorf("%q: %v", c.header, err)
		}
		if got != c.want {
			t.Errorf("%q was read as %q, want %q", c.header, got, c.want)
		}
	}
}

func FuzzParseContentRange(f *testing.F) {
	f.Add("0-99")
	f.Add("bytes 1-2/3")
	f.Fuzz(func(t *testing.T, header string) {
		r, err := parseContentRange(header)
		if err == nil && (r.first < 0 || r.last < r.first || r.length() < 1) {
			t.Errorf("%q was read as %+v", header, r)
		}
	})
}
