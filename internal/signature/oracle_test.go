package signature

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestAgainstClamAV makes signatures and files at random, beside the chosen ones of
// TestAgainstClamscan, and compares what is found with what ClamAV finds.
func TestAgainstClamAV(t *testing.T) {
	clamscan, err := exec.LookPath("clamscan")
	if err != nil {
		t.Skip("there is no clamscan; scripts/install test installs it")
	}
	compareWithClamAV(t, clamscan, oracleFiles(rand.New(rand.NewPCG(11, 12))), oracleSignatures(rand.New(rand.NewPCG(13, 14))), 100)
	compareWithClamAV(t, clamscan, oracleTexts(rand.New(rand.NewPCG(15, 16))), oracleTextSignatures(), 10)
}

// compareWithClamAV holds that each signature matches the same files here and
// there, and that least of these are matches.
func compareWithClamAV(t *testing.T, clamscan string, files map[string]string, signatures []string, least int) {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	matches := 0
	for batch := range slices.Chunk(signatures, maxHits-1) {
		lines := strings.Join(batch, "")
		db := filepath.Join(t.TempDir(), "own.ndb")
		if err := os.WriteFile(db, []byte(lines), 0o600); err != nil {
			t.Fatal(err)
		}
		r := user(t, "own.ndb", lines)
		if skips, n := r.Skipped(); n > 0 {
			t.Fatalf("%+v", skips)
		}
		want := clamAVFinds(t, clamscan, db, dir)
		for name, content := range files {
			got := rulesOf(find(t, r, name, content))
			for _, line := range batch {
				signature, _, _ := strings.Cut(line, ":")
				theirs, ours := want[name][signature], slices.Contains(got, signature)
				if theirs != ours {
					t.Errorf("%s in %s: ClamAV %t, found %t\n%q", strings.TrimSpace(line), name, theirs, ours, content)
				}
				if theirs {
					matches++
				}
			}
		}
	}
	if matches < least {
		t.Errorf("only %d matches of %d signatures", matches, len(signatures))
	}
}

// clamAVFinds returns the names of all signatures that match each file.
func clamAVFinds(t *testing.T, clamscan, db, dir string) map[string]map[string]bool {
	t.Helper()
	cmd := exec.Command(clamscan, "--allmatch", "--no-summary", "--infected", "--database", db, "--recursive", dir)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1) {
		t.Fatalf("clamscan: %v\n%s%s", err, out, stderr.String())
	}
	found := make(map[string]map[string]bool)
	for line := range strings.Lines(string(out)) {
		path, verdict, _ := strings.Cut(strings.TrimSpace(line), ": ")
		name, ok := strings.CutSuffix(verdict, ".UNOFFICIAL FOUND")
		if !ok {
			continue
		}
		base := filepath.Base(path)
		if found[base] == nil {
			found[base] = make(map[string]bool)
		}
		found[base][name] = true
	}
	return found
}

// letters are few, so that near misses are many.
func letters(r *rand.Rand, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = "abcxyz"[r.IntN(6)]
	}
	return string(b)
}

const oracleMark = "marker-of-test"

// oracleFiles are texts, programs and others with marks in them. What is a text to
// ClamAV it looks at in a second form, too: that is the same for these texts, and
// the others are clearly none. Programs must be whole.
func oracleFiles(r *rand.Rand) map[string]string {
	files := make(map[string]string)
	for n := range 12 {
		body := letters(r, 40+r.IntN(60)) + oracleMark + letters(r, r.IntN(30)) + "second-mark" + letters(r, r.IntN(40))
		files[fmt.Sprintf("t%d", n)] = body
		files[fmt.Sprintf("e%d", n)] = program{section: 64, extra: strings.Repeat("\x90", 200+n) + body + "\x00\x01\x02"}.build()
		files[fmt.Sprintf("b%d", n)] = strings.Repeat("\x00\xd1\x02\xf3", 20) + body + strings.Repeat("\xff\xfe\x00", 20)
	}
	return files
}

// oracleSignatures are lines with signatures of all forms that are supported.
func oracleSignatures(r *rand.Rand) []string {
	mark, second := fmt.Sprintf("%x", oracleMark), fmt.Sprintf("%x", "second-mark")
	var lines []string
	add := func(target int, where, pattern string) {
		lines = append(lines, fmt.Sprintf("T.%d:%d:%s:%s\n", len(lines)+1, target, where, pattern))
	}
	for _, target := range []int{0, 6} {
		add(target, "*", mark)
		add(target, "*", mark+"*"+second)
		add(target, "*", second+"*"+mark)
		for range 8 {
			a := r.IntN(30)
			add(target, "*", fmt.Sprintf("%s{%d}%s", mark, a, second))
			add(target, "*", fmt.Sprintf("%s{%d-%d}%s", mark, a, a+r.IntN(20), second))
			add(target, "*", fmt.Sprintf("%s{-%d}%s", mark, a+1, second))
			add(target, "*", fmt.Sprintf("%s{%d-}%s", mark, a+1, second))
			at := r.IntN(150)
			add(target, fmt.Sprint(at), mark)
			add(target, fmt.Sprintf("%d,%d", at, 1+r.IntN(60)), mark)
			add(target, fmt.Sprintf("EOF-%d", 20+r.IntN(100)), second)
			add(target, fmt.Sprintf("EOF-%d,%d", 60+r.IntN(40), 1+r.IntN(60)), second)
			add(target, "*", mark+"??"+fmt.Sprintf("%x", letters(r, 1)))
			add(target, "*", mark+fmt.Sprintf("(%x|%x)", letters(r, 1), letters(r, 1)))
			add(target, "*", mark+fmt.Sprintf("!(%x|%x)", "abc"[r.IntN(3)], "xyz"[r.IntN(3)])+fmt.Sprintf("(%x|%x|%x)", "a", "b", "x"))
			add(target, "*", mark+fmt.Sprintf("(%x|%x)", letters(r, 2), letters(r, 2)))
			add(target, "*", mark+[]string{"?1", "7?", "6?", "?8"}[r.IntN(4)])
		}
	}
	for n := range 12 {
		add(6, fmt.Sprintf("EP+%d", 240+10*n), mark)
		add(6, fmt.Sprintf("EP+%d,%d", 220+10*n, 20+n), mark)
	}
	return lines
}

// oracleTexts are texts in which the form matters that ClamAV compares texts in.
func oracleTexts(r *rand.Rand) map[string]string {
	files := make(map[string]string)
	for n := range 12 {
		files[fmt.Sprint("x", n)] = strings.Repeat("Some words before it.\n", 3) + "MARKER" + []string{" ", "  ", "\t", "\n", "\r\n \n", ""}[n%6] +
			[]string{"of", "Of"}[n%2] + letters(r, n) + " ThE end.\n" + strings.Repeat("And words after.\n", 3)
	}
	return files
}

func oracleTextSignatures() []string {
	var lines []string
	for _, text := range []string{"marker of", "MARKER of", "markerof", "marker  of", "the end", "ThE end", "marker*the end", "before it. some", "marker\nof"} {
		var hexed strings.Builder
		for n, part := range strings.Split(text, "*") {
			if n > 0 {
				hexed.WriteByte('*')
			}
			fmt.Fprintf(&hexed, "%x", part)
		}
		lines = append(lines, fmt.Sprintf("T.%d:7:*:%s\n", len(lines)+1, hexed.String()))
	}
	return lines
}
