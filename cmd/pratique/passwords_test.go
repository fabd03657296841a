package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pratique/pratique/internal/image/imagetest"
	"github.com/pratique/pratique/internal/report"
	"github.com/pratique/pratique/internal/report/render"
)

// Weak passwords are found with the user's words too, and nothing that the
// program writes holds one or its hash.
func TestPasswordsNeverShow(t *testing.T) {
	const salt, hash = "$y$" + "j75$abcdefgh$", "BzQ/Q3ssanARhaS/VgiFkENPtOXGzvpch9ry26yhepD" // of "changeme"
	word := "Corp" + "Word-7781"
	dir := "oci:" + imagetest.Build(t, "env: REDIS_PASSWORD="+word+"\n-- layer --\nRUN chpasswd\n"+
		"-- etc/shadow --\nroot:"+salt+hash+":19783:0:99999:7:::\nweb:!"+salt+hash+":1::::::\n-- srv/.htpasswd --\nalice:{PLAIN}"+word+"\n").Dir(t)
	rules, cache := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(rules, "passwords.txt"), []byte(word+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, format := range render.Formats() {
		out, err := runScan(t, dir, "--scan", "password", "--rules", rules, "--cache", cache, "--format", string(format), "--details")
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{word, hash, hash[:12]} {
			if strings.Contains(out, secret) {
				t.Errorf("%s holds %q", format, secret)
			}
		}
	}
	out, err := runScan(t, dir, "--scan", "password", "--rules", rules, "--cache", cache, "--format", "json")
	if err != nil {
		t.Fatal(err)
	}
	var rep report.Report
	if err := json.Unmarshal([]byte(out), &rep); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range rep.Findings {
		got = append(got, f.Rule+" "+f.Severity.String()+" "+strings.Join(f.Evidence, ", "))
	}
	want := []string{
		"weak-system-password critical account root: ******** (yescrypt), a common password",
		"weak-redis-password high account without a name: ******** (plain), a word of the list given with the rules",
		"weak-http-password high account alice: ******** (plain), a word of the list given with the rules",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") || rep.Image.Passwords != nil {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	// The words are part of what facts are kept under.
	out, err = runScan(t, dir, "--scan", "password", "--cache", cache, "--fail-on", "critical")
	if err == nil || strings.Contains(out, "list given with the rules") || !strings.Contains(out, "1 other finding of severity critical") {
		t.Errorf("%v\n%s", err, out)
	}
	if err := os.WriteFile(filepath.Join(rules, "passwords.txt"), []byte(strings.Repeat("w\n", 301)), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := runScan(t, dir, "--scan", "password", "--rules", rules); err == nil || !strings.Contains(out, "passwords.txt:301: ") {
		t.Errorf("%v\n%s", err, out)
	}
}
