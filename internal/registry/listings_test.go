package registry

import (
	"net/url"
	"testing"
)

// TestText: PostgreSQL refuses what is not UTF-8, and NUL.
func TestText(t *testing.T) {
	for in, want := range map[string]string{"": "", "1.0": "1.0", "ä": "ä", "a%00b": "a\uFFFDb", "%ff": "\uFFFD", "\"%01": "\"\x01"} {
		raw, err := url.PathUnescape(in)
		if err != nil {
			t.Fatal(err)
		}
		page, err := parsePage(url.Values{"last": {raw}})
		if err != nil || page.After != want {
			t.Errorf("%q: %q, %v, want %q", in, page.After, err, want)
		}
	}
}
