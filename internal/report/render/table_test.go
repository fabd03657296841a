package render

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/pratique/pratique/internal/report"
)

// Nothing that comes from an image may reach the terminal as anything but
// printable text, and lines stay short.
func TestTableIsSafe(t *testing.T) {
	for _, opts := range []Options{{}, {Width: 80}, {Width: 1}, {Width: 300}, {Width: -5}, {Details: true}, {Details: true, Width: 80}} {
		out := string(render(t, Table, hostile(), opts))
		checkPrintable(t, out)
		// Without a width a line is as long as its cells are allowed to be.
		if limit := max(opts.Width, 120); opts.Width > 0 {
			for line := range strings.Lines(out) {
				if w := displayWidth.StringWidth(strings.TrimRight(line, "\n")); w > limit {
					t.Errorf("width %d: a line of %d columns: %.200s", opts.Width, w, line)
				}
			}
		}
		if len(out) > 40_000 {
			t.Errorf("width %d: %d bytes for eight findings", opts.Width, len(out))
		}
	}
	colored := string(render(t, Table, hostile(), Options{Color: true, Width: 100}))
	for _, own := range []string{"\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[33m", "\x1b[36m", "\x1b[1;31m"} {
		colored = strings.ReplaceAll(colored, own, "")
	}
	checkPrintable(t, colored)
	if plain := string(render(t, Table, hostile(), Options{Width: 100})); plain != colored {
		t.Error("colours change more than the colour")
	}
}

func checkPrintable(t *testing.T, out string) {
	t.Helper()
	if !utf8.ValidString(out) {
		t.Error("the table is not UTF-8")
	}
	for _, r := range out {
		if r != '\n' && !unicode.IsPrint(r) {
			t.Fatalf("the table holds %U", r)
		}
	}
}

// Columns line up by display width, also with wide and combining characters.
func TestTableAlignment(t *testing.T) {
	var vs []report.Vulnerability
	for _, name := range []string{"a", "日本語パッケージ", "e\u0301le\u0300ve", "👩‍💻", strings.Repeat("x", 30), "\x1b[31m"} {
		vs = append(vs, report.Vulnerability{ID: "CVE-1", Category: report.System, Package: name, Version: "1", FixedVersion: "2", Locations: []report.Location{{}}, Title: "T"})
	}
	r := &report.Report{Vulnerabilities: vs, Summary: report.Summarize(vs)}
	for _, width := range []int{0, 90, 60} {
		want := -1
		for line := range strings.Lines(string(render(t, Table, r, Options{Width: width}))) {
			if !strings.HasPrefix(line, "CVE-1") && !strings.HasPrefix(line, "ID ") {
				continue
			}
			// The layer is right-aligned: each line is as wide up to its digit.
			end := strings.LastIndex(line, "0")
			if strings.HasPrefix(line, "ID ") {
				end = strings.LastIndex(line, "LAYER") + len("LAYE")
			}
			got := displayWidth.StringWidth(line[:end])
			if want < 0 {
				want = got
			}
			if got != want {
				t.Errorf("width %d: layer in column %d, want %d: %s", width, got, want, line)
			}
		}
		if want < 0 {
			t.Errorf("width %d: no table", width)
		}
	}
}

func TestRowsBySource(t *testing.T) {
	v := func(id, name, source, version string) report.Vulnerability {
		return report.Vulnerability{ID: id, Package: name, Source: source, Version: version, Locations: []report.Location{{Layer: 1}}}
	}
	vs := []report.Vulnerability{
		v("CVE-1", "libssl3", "openssl", "3"),
		v("CVE-1", "openssl", "", "3"), // the source has the same name
		v("CVE-1", "libssl1", "openssl", "1"),
		v("CVE-2", "libssl3", "openssl", "3"),
		v("CVE-2", "libxml2", "", "3"),
		v("CVE-2", "libssl-dev", "openssl", "3"),
	}
	var got []string
	for _, r := range bySource(vs) {
		got = append(got, r.ID+" "+packageMark(r)+" "+r.Version)
	}
	want := []string{"CVE-1 openssl +1 3", "CVE-1 libssl1 1", "CVE-2 libssl3 +1 3", "CVE-2 libxml2 3"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestCut(t *testing.T) {
	for _, tt := range []struct {
		text    string
		width   int
		keepEnd bool
		want    string
	}{
		{"org.example:core", 16, true, "org.example:core"},
		{"org.example:core", 6, true, "…:core"},
		{"org.example:core", 6, false, "org.e…"},
		{"日本語", 5, true, "…本語"},
		{"日本語", 4, true, "… 語"},
		{"", 3, true, ""},
	} {
		c := column{width: tt.width, keepEnd: tt.keepEnd}
		if got := c.cut(tt.text); got != tt.want {
			t.Errorf("%q in %d columns: %q, want %q", tt.text, tt.width, got, tt.want)
		}
	}
}

func TestVisible(t *testing.T) {
	for in, want := range map[string]string{
		"":                   "",
		"plain täxt 日本":      "plain täxt 日本",
		"\x1b]0;x\x07":       `\x1b]0;x\x07`,
		"a\r\nb\tc":          `a\x0d\nb\tc`,
		"\xff\xc3":           `\xff\xc3`,
		"\u202eevil\u2066":   `\u202eevil\u2066`,
		"\u009b31m":          `\u009b31m`,
		"\U000e0041":         `\U000e0041`,
		"\ufffd":             "\ufffd",
		"\u00a0\u2028\ufeff": `\u00a0\u2028\ufeff`,
	} {
		if got := visible(in); got != want {
			t.Errorf("visible(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzVisible(f *testing.F) {
	f.Add("\x1b[2J\xff\u202e")
	f.Fuzz(func(t *testing.T, s string) {
		for _, out := range []string{visible(s), oneLine(s), text(s)} {
			if !utf8.ValidString(out) {
				t.Errorf("%q is not UTF-8", out)
			}
			for _, r := range out {
				if !unicode.IsPrint(r) {
					t.Errorf("%q holds %U", out, r)
				}
			}
		}
		if c := clip(s, 20); len(c) > 20 || utf8.ValidString(s) && !utf8.ValidString(c) {
			t.Errorf("clip(%q) = %q", s, c)
		}
	})
}

func TestNumbers(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1: "-1", -1000: "-1,000", -100: "-100"} {
		if got := count(n); got != want {
			t.Errorf("count(%d) = %s, want %s", n, got, want)
		}
	}
	for n, want := range map[int64]string{0: "0 B", 999: "999 B", 1000: "1.0 kB", 999_949: "999.9 kB", 999_999: "1.0 MB", 2_900_000_000: "2.9 GB", 1<<63 - 1: "9.2 EB", -5: "-5 B"} {
		if got := bytesText(n); got != want {
			t.Errorf("bytesText(%d) = %s, want %s", n, got, want)
		}
	}
}

func TestSteps(t *testing.T) {
	r := sample()
	r.Notes = []report.Note{{Code: "no-advisories"}}
	r.Vulnerabilities = nil
	if got := strings.Join(steps(r), "\n"); !strings.Contains(got, "pratique advisories update") {
		t.Errorf("without advisories: %s", got)
	}
	r = sample()
	for i := range r.Vulnerabilities {
		r.Vulnerabilities[i].FixedVersion = ""
	}
	if got := strings.Join(steps(r), "\n"); !strings.Contains(got, "No fixed versions") || strings.Contains(got, "Upgrade") {
		t.Errorf("without fixes: %s", got)
	}
}

func TestBaseSteps(t *testing.T) {
	for _, tt := range []struct {
		base *report.Base
		want string
	}{
		{nil, "Look for a newer base image: 1 of 1 finding came with the lowest layer."},
		{&report.Base{Name: "debian:10", EndOfLife: "2022-09-10"}, "Build on another release: support for debian:10 ended on 2022-09-10."},
		{&report.Base{Newer: &report.NewerBase{Name: "debian:12.6", Removes: 3, Adds: 1}}, "Build on debian:12.6: that removes 3 findings and adds 1."},
		{&report.Base{Newer: &report.NewerBase{Name: "debian:12.6", Removes: -1, Adds: -1}}, "There is a newer base image, debian:12.6: scan it to know what it would change."},
		{&report.Base{Newer: &report.NewerBase{Name: "debian:12.6", Adds: 4}}, "Look for a newer base image: 1 of 1 finding came with the lowest layer."},
	} {
		r := &report.Report{Base: tt.base, Image: report.Image{Layers: make([]report.Layer, 2)}, Vulnerabilities: []report.Vulnerability{{Locations: []report.Location{{}}}}}
		if got := strings.Join(baseSteps(r), " "); got != tt.want {
			t.Errorf("%+v: %s, want %s", tt.base, got, tt.want)
		}
	}
}

// What is ignored is not asked for, and nothing is asked for that is not there.
func TestStepsLeaveOutIgnored(t *testing.T) {
	r := complete()
	for i := range r.Vulnerabilities {
		r.Vulnerabilities[i].Handling = &report.Handling{Action: "ignore"}
	}
	for i := range r.Findings {
		r.Findings[i].Handling = &report.Handling{Action: "ignore"}
	}
	if got := append(findingSteps(r.Findings), vulnerabilitySteps(r.Vulnerabilities)...); len(got) > 0 {
		t.Errorf("all is ignored, and yet: %v", got)
	}
}

func TestDecisionSummary(t *testing.T) {
	for _, c := range []struct {
		ignored, whitelisted int
		want                 string
	}{
		{0, 0, ""}, {1, 0, "1 finding is ignored by decision"}, {0, 2, "2 findings are whitelisted and not shown"},
		{2, 1, "2 findings are ignored by decision; 1 finding is whitelisted and not shown"},
	} {
		r := sample()
		r.Vulnerabilities = make([]report.Vulnerability, c.ignored)
		for i := range r.Vulnerabilities {
			r.Vulnerabilities[i].Handling = &report.Handling{Author: "alice"}
		}
		r.Findings = nil
		r.Summary.Whitelisted, r.Summary.Findings.Whitelisted = c.whitelisted/2, c.whitelisted-c.whitelisted/2
		if got := decisionSummary(r); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
		for _, format := range []Format{Table, HTML} {
			var out strings.Builder
			if err := Write(&out, format, r, Options{}); err != nil || !strings.Contains(out.String(), c.want) {
				t.Errorf("%s does not tell %q (%v)", format, c.want, err)
			}
		}
	}
}
