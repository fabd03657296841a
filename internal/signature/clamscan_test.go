package signature

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestAgainstClamscan holds that patterns mean what they mean to ClamAV, but for
// one thing: to a text ClamAV applies those of type 0 a second time, after it has
// put it into lower case, and we only those of type 7. So the sample with a
// capital letter is a program.
func TestAgainstClamscan(t *testing.T) {
	clamscan, err := exec.LookPath("clamscan")
	if err != nil {
		t.Skip("clamscan is not installed: see scripts/install test")
	}
	var db strings.Builder
	for n, s := range []struct{ where, bytes string }{
		{"*", "begin of"}, {"*", "Begin of"}, {"12", "begin"}, {"11", "begin"}, {"10,2", "begin"}, {"10,1", "begin"}, {"0", "some"},
		{"EOF-3", "END"}, {"EOF-4", "END"}, {"EOF-9,8", "END"}, {"*", "begin*THE END"}, {"*", "THE END*begin"}, {"*", "begin{1-20}thing"},
		{"*", "begin{-8}some"}, {"*", "begin{-3}some"}, {"*", "begin{4}some"}, {"*", "begin{5}some"}, {"*", "begin{13-}MIDDLE"},
		{"*", "begin{30-}MIDDLE"}, {"*", "MIDDLE[1-6]a"}, {"*", "begin??of some"}, {"*", "begin2?of some"}, {"*", "begin?1of some"},
		{"*", "begin(20|2d)of some"}, {"*", "begin(2e|2d)of some"}, {"*", "begin!(2e|2d)of some"}, {"*", "begin!(2e|20)of some"},
		{"*", "begin*some{-20}the*END"}, {"*", "MIDDLE{2-3}MIDDLE"},
	} {
		fmt.Fprintf(&db, "T%d:0:%s:%s\n", n, s.where, hexed(s.bytes))
	}
	elf := program{section: 64, extra: "marker"}.build()
	for n, s := range []string{"6:*:6d61726b6572", "1:*:6d61726b6572", "6:0:7f454c46", "5:*:6d61726b6572"} {
		fmt.Fprintf(&db, "K%d:%s\n", n, s)
	}
	const text = "GIF .... .. begin of something MIDDLE and the THE END"
	dir := t.TempDir()
	samples := filepath.Join(dir, "samples")
	files := map[string]string{
		"text": text, "later": " " + text, "line": text + "\n", "twice": text + text, "parts": "begin of, some MIDDLE  MIDDLE THE END",
		"reversed": "THE END of the MIDDLE and the begin of some", "capital": program{extra: "Begin of something, MIDDLE.and the END"}.build(), "hyphen": "............begin-of something THE END",
		"start": "some begin of END", "dot": "begin.of some MIDDLE... MIDDLE", "elf": elf, "marker": "a marker in a text", "empty words": "beginof someEND",
	}
	if err := os.Mkdir(samples, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(samples, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "x.ndb"), []byte(db.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	theirs := scanned(t, clamscan, filepath.Join(dir, "x.ndb"), samples)
	rules := user(t, "x.ndb", db.String())
	if skipped, n := rules.Skipped(); n > 0 {
		t.Errorf("%d signatures are skipped: %v", n, skipped)
	}
	total := 0
	for name, text := range files {
		var ours []string
		for _, h := range find(t, rules, name, text) {
			if h.Engine == EngineSignatures {
				ours = append(ours, h.Rule)
			}
		}
		slices.Sort(ours)
		if diff := cmp.Diff(theirs[name], ours); diff != "" {
			t.Errorf("%s (-clamscan +ours):\n%s", name, diff)
		}
		total += len(ours)
	}
	if total < 50 {
		t.Errorf("only %d matches to compare", total)
	}
}

// scanned returns the sorted names of all signatures that clamscan finds in each
// file.
func scanned(t *testing.T, clamscan, db, dir string) map[string][]string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, clamscan, "--database", db, "--allmatch", "--recursive", "--no-summary", "--infected", dir).CombinedOutput()
	if ctx.Err() != nil {
		t.Skip("clamscan took more than 10 seconds")
	}
	if exit, ok := err.(*exec.ExitError); !ok || exit.ExitCode() != 1 { // 1 says that something was found
		t.Fatalf("%v\n%s", err, out)
	}
	found := make(map[string][]string)
	for line := range strings.Lines(string(out)) {
		path, name, ok := strings.Cut(strings.TrimSpace(line), ": ")
		name, isFound := strings.CutSuffix(name, ".UNOFFICIAL FOUND")
		if !ok || !isFound {
			continue
		}
		found[filepath.Base(path)] = append(found[filepath.Base(path)], name)
	}
	for name, list := range found {
		slices.Sort(list)
		found[name] = slices.Compact(list)
	}
	return found
}
