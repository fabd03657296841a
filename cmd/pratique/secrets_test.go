package main

import (
	"bytes"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"github.com/pratique/pratique/internal/image/imagetest"
	"github.com/pratique/pratique/internal/report"
	"github.com/pratique/pratique/internal/report/render"
)

// leaky is an image with secrets wherever there can be any. None of them stands
// whole in this file.
var (
	leakyEnv     = "kW7" + "zQ2mT9xLr"
	leakyLabel   = "Pq8" + "vN4sB7wYd"
	leakyBuild   = "Hx3" + "tC6jM9fGz"
	leakyArg     = "Rb5" + "yK1nV8pQc"
	leakyFile    = "Zs9" + "dW2gL7hXm"
	leakyHidden  = "Jt4" + "fR6kP1vBn"
	leakySecrets = []string{leakyEnv, leakyLabel, leakyBuild, leakyArg, leakyFile, leakyHidden}
)

func leaky() string {
	return `env: PATH=/bin
env: DB_PASSWORD=` + leakyEnv + `
label: repository=https://ci:` + leakyLabel + `@git.example.org/a
-- layer --
RUN curl -u admin:` + leakyBuild + ` https://files.example.org/a
-- srv/app.conf --
name = a
url = postgres://app:` + leakyFile + `@db/app
-- root/.netrc --
machine a login b password ` + leakyHidden + `
-- layer --
RUN |1 API_TOKEN=` + leakyArg + ` /bin/sh -c rm /root/.netrc # buildkit
-- root/.wh..netrc --
`
}

// runScan runs the command as a user does.
func runScan(t *testing.T, args ...string) (string, error) {
	t.Helper()
	root := newRootCommand()
	var out bytes.Buffer
	root.SetOut(&out)
	root.SetErr(io.Discard)
	root.SetArgs(append([]string{"scan"}, args...))
	err := root.ExecuteContext(t.Context())
	if err != nil {
		out.WriteString(err.Error())
	}
	return out.String(), err
}

// Secrets are found wherever they are, and nothing that the program writes
// holds one: no format, no fact in the cache.
func TestSecretsNeverShow(t *testing.T) {
	dir := imagetest.Build(t, leaky()).Dir(t)
	cache := t.TempDir()
	want := []string{
		"build instruction 1: curl -u admin:********",
		"build instruction 2: API_TOKEN=********",
		"environment variable DB_PASSWORD: DB_PASSWORD=********",
		"label repository: https://ci:********",
		"root/.netrc:1 deleted: password ********",
		"srv/app.conf:2: postgres://app:********",
	}
	for _, format := range render.Formats() {
		for _, details := range []string{"--details=false", "--details"} {
			out, err := runScan(t, "oci:"+dir, "--scan", "secret", "--cache", cache, "--format", string(format), details)
			if err != nil {
				t.Fatal(err)
			}
			checkNoSecret(t, string(format)+" "+details, out)
			if format == render.Table && details == "--details" {
				for _, w := range want {
					if _, excerpt, _ := strings.Cut(w, ": "); !strings.Contains(strings.Join(strings.Fields(out), " "), excerpt) {
						t.Errorf("no %q in\n%s", excerpt, out)
					}
				}
			}
		}
	}
	files := 0
	err := fs.WalkDir(os.DirFS(cache), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		checkNoSecret(t, path, string(inflated(t, filepath.Join(cache, path))))
		return nil
	})
	if err != nil || files < 3 {
		t.Errorf("%d files in the cache (%v)", files, err)
	}
}

// inflated returns the document in a file of the cache.
func inflated(t *testing.T, path string) []byte {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(raw, []byte{0x28, 0xb5, 0x2f, 0xfd}) // where zstd begins
	if at < 0 {
		t.Fatalf("%s: no document", path)
	}
	z, err := zstd.NewReader(bytes.NewReader(raw[at:]))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	document, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return document
}

func checkNoSecret(t *testing.T, where, text string) {
	t.Helper()
	for i, s := range leakySecrets {
		if strings.Contains(text, s) || strings.Contains(text, s[:8]) {
			t.Errorf("%s holds secret %d", where, i)
		}
	}
}

func TestScanCategories(t *testing.T) {
	dir := "oci:" + imagetest.Build(t, leaky()).Dir(t)
	// Without vulnerabilities no advisories are needed.
	if out, err := runScan(t, dir, "--scan", "secret", "--cache", "", "--advisories", t.TempDir()); err != nil || !strings.Contains(out, "Sensitive information (6)") || !strings.Contains(out, "not looked for") {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err := runScan(t, dir, "--scan", "vuln", "--cache", "", "--advisories", t.TempDir()); err == nil {
		t.Errorf("no advisories are no error:\n%s", out)
	}
	if out, err := runScan(t, dir, "--scan", "secret,luck"); err == nil || !strings.Contains(out, `"luck"`) || !strings.Contains(out, "vuln, malware, baseline, password, secret") {
		t.Errorf("%v", err)
	}
	if out, err := runScan(t, dir, "--scan", "secret", "--cache", "", "--fail-on", "high"); err == nil || !strings.Contains(out, "other findings of severity high") {
		t.Errorf("%v", err)
	}
	categories, err := parseCategories([]string{"Secret "})
	if diff := cmp.Diff([]report.Category{report.Software, report.Files, report.Sensitive, report.BaseImage}, categories); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
}

// A user's rules count at once, whatever is in the cache, and bad ones keep the
// scan from beginning.
func TestScanRules(t *testing.T) {
	dir, cache, rules := "oci:"+imagetest.Build(t, leaky()).Dir(t), t.TempDir(), t.TempDir()
	scan := func() (string, error) {
		return runScan(t, dir, "--scan", "secret", "--cache", cache, "--rules", rules, "--format", "csv")
	}
	file := filepath.Join(rules, "secrets-ours.yaml")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("rules:\n  - {id: netrc, disabled: true}\n")
	if out, err := scan(); err != nil || strings.Contains(out, ",netrc,") || !strings.Contains(out, ",postgres-url,") {
		t.Errorf("%v\n%s", err, out)
	}
	write("rules:\n  - {id: our-name, title: Our name, kind: token, severity: low, keywords: [name], pattern: 'name = (\\w)$'}\n")
	if out, err := scan(); err != nil || !strings.Contains(out, ",our-name,") || !strings.Contains(out, ",netrc,") {
		t.Errorf("%v\n%s", err, out)
	}
	write("rules:\n\n  - {id: our-name, severity: low, colour: red}\n")
	if out, err := scan(); err == nil || !strings.Contains(out, "secrets-ours.yaml:3: ") || !strings.Contains(out, "colour") {
		t.Errorf("%v\n%s", err, out)
	}
}
