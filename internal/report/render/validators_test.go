package render

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pratique/pratique/internal/engine"
	"github.com/pratique/pratique/internal/image"
	"github.com/pratique/pratique/internal/image/imagetest"
	"github.com/pratique/pratique/internal/judge"
	"github.com/pratique/pratique/internal/report"
	"github.com/pratique/pratique/internal/rules"
)

// TestValidators gives documents to the validators that others have for their
// formats, see tools/documents.
func TestValidators(t *testing.T) {
	validate := validators(t)
	all := reports()
	all["large"] = large(100) // the validator of SARIF takes its time
	all["10,000 packages"] = many(10_000)
	all["every text in every place"] = torn()
	all["hostile image"] = scanned(t, imagetest.Build(t, hostileImage()).Image(t))
	for name, r := range all {
		for _, format := range validated {
			r := r
			if format == CycloneDX && len(r.Packages) > maxUnique {
				short := *r // the validator compares each component with every other
				short.Packages = r.Packages[:maxUnique]
				r = &short
			}
			t.Run(name+"/"+string(format), func(t *testing.T) {
				if out, err := validate(t, format, render(t, format, r, testOptions)); err != nil {
					t.Errorf("%v\n%s", err, out)
				}
			})
		}
	}
}

// maxUnique is how many components the validator of CycloneDX can compare with
// one another in reasonable time.
const maxUnique = 1500

// TestValidatorsOfRealImage does so with the documents about a real image.
func TestValidatorsOfRealImage(t *testing.T) {
	validate := validators(t)
	root := os.Getenv("PRATIQUE_IMAGES")
	if root == "" {
		missing(t, "PRATIQUE_IMAGES does not say where real images are")
	}
	for _, name := range []string{"debian12-node", "debian12-java", "debian12-python"} {
		t.Run(name, func(t *testing.T) {
			img, closer, err := image.Open(t.Context(), "oci:"+filepath.Join(root, name), image.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer closer.Close()
			r := scanned(t, img)
			if len(r.Packages) < 100 {
				t.Errorf("only %d packages", len(r.Packages))
			}
			r.Vulnerabilities = sample().Vulnerabilities
			r.Packages = r.Packages[:min(len(r.Packages), maxUnique)]
			for _, format := range validated {
				if out, err := validate(t, format, render(t, format, r, testOptions)); err != nil {
					t.Errorf("%s: %v\n%s", format, err, out)
				}
			}
		})
	}
}

// missing skips a test for want of something, or fails it where nothing may be
// missing.
func missing(t *testing.T, format string, args ...any) {
	t.Helper()
	if os.Getenv("PRATIQUE_REQUIRE_ALL") != "" {
		t.Fatalf(format, args...)
	}
	t.Skipf(format, args...)
}

// validators returns a function that runs the validator of a format.
func validators(t *testing.T) func(t *testing.T, format Format, document []byte) (output []byte, err error) {
	t.Helper()
	modules := filepath.Join(os.Getenv("PRATIQUE_TOOLS"), "documents", "node_modules")
	if _, err := os.Stat(modules); err != nil {
		missing(t, "the validators are not installed, see scripts/tools: %v", err)
	}
	node, err := exec.LookPath("node")
	if err != nil {
		missing(t, "the validators need Node.js: %v", err)
	}
	return func(t *testing.T, format Format, document []byte) ([]byte, error) {
		t.Helper()
		file := filepath.Join(t.TempDir(), "report"+format.Extension())
		if err := os.WriteFile(file, document, 0o600); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		defer cancel()
		cmd := exec.CommandContext(ctx, node, "../../../tools/documents/validate.cjs", string(format), file)
		cmd.Env = append(os.Environ(), "NODE_PATH="+modules)
		return cmd.CombinedOutput()
	}
}

// validated are the formats there are validators for.
var validated = []Format{CycloneDX, SPDX, SARIF}

// TestValidatorsRefuse shows that the validators look at what they are given.
func TestValidatorsRefuse(t *testing.T) {
	validate := validators(t)
	for format, change := range map[Format][2]string{
		CycloneDX: {`"type": "container"`, `"type": "bucket"`},
		SPDX:      {`"relatedSpdxElement": "SPDXRef-Image"`, `"relatedSpdxElement": "SPDXRef-Nothing"`},
		SARIF:     {`"ruleIndex": 0`, `"ruleIndex": 99`},
	} {
		t.Run(string(format), func(t *testing.T) {
			right := render(t, format, sample(), testOptions)
			wrong := bytes.ReplaceAll(right, []byte(change[0]), []byte(change[1]))
			if bytes.Equal(right, wrong) {
				t.Fatalf("no %s in the document", change[0])
			}
			out, err := validate(t, format, wrong)
			if exit := new(exec.ExitError); !errors.As(err, &exit) || exit.ExitCode() != 1 {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

// scanned lists the software of an image.
func scanned(t *testing.T, img *image.Image) *report.Report {
	t.Helper()
	facts, err := engine.New(engine.Options{Collectors: engine.Collectors(nil, rules.Default(), engine.Helpers{})}).Image(t.Context(), img)
	if err != nil {
		t.Fatal(err)
	}
	r, err := judge.Report(facts, nil, judge.Options{Categories: []report.Category{report.Sensitive}})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// many is a report of n packages and few findings.
func many(n int) *report.Report {
	r := sample()
	for i := range n {
		r.Packages = append(r.Packages, report.Package{
			Name: fmt.Sprintf("package-%d", i), Version: "1", Type: "deb", PURL: fmt.Sprintf("pkg:deb/debian/package-%d@1", i),
			Source: fmt.Sprintf("source-%d", i/3), SourceVersion: "1", Licences: []string{"MIT", fmt.Sprintf("Licence number %d", i%7)}, Path: "var/lib/dpkg/status",
		})
	}
	return r
}

// hostileTexts are what names, versions and the like may be in a hostile image.
var hostileTexts = []string{
	`<script>alert("1")</script>`, `"; DROP TABLE packages; --`, "tab\tand\x1b[2Jescape", "nul\x00byte", "invalid \xff\xfe UTF-8", "lone \xed\xa0\x80 surrogate",
	"\u202eright to left\u202c", "line\u2028separator", "%00%zz", "../../etc/passwd", "//host/share", "pkg:npm/evil@1?x=y#z", "SPDXRef-DOCUMENT", "LicenseRef-x",
	"NOASSERTION", "NONE", " ", "-", "'", "(MIT", "MIT OR", "日本語", strings.Repeat("long ", 500),
}

// torn is a report whose packages have each of the hostile texts in each of
// their fields.
func torn() *report.Report {
	r := sample()
	for _, s := range hostileTexts {
		for n := range 12 {
			field := func(i int, plain string) string {
				if n == i {
					return s
				}
				return plain
			}
			p := report.Package{
				Name: field(0, "name"), Version: field(1, "1"), Type: field(2, "npm"), PURL: field(3, "pkg:npm/name@1"), Source: field(4, "source"),
				SourceVersion: field(5, "1"), Arch: field(6, "amd64"), Module: field(7, ""), Licences: []string{field(8, "MIT")}, Supplier: field(9, ""),
				Path: field(10, "a/package.json"), OwnedBy: field(11, ""),
			}
			r.Packages = append(r.Packages, p)
		}
	}
	return r
}

// hostileImage has the hostile texts in package files of several kinds, in
// paths, and in its configuration.
func hostileImage() string {
	var b strings.Builder
	fmt.Fprintf(&b, "env: A=%q\nlabel: x=%q\n", hostileTexts[0], hostileTexts[2])
	b.WriteString("-- layer --\nCOPY <&\"'> /\n-- etc/os-release --\nID=\"<b>\"\nVERSION_ID=\"1;2\"\nPRETTY_NAME=\"\x1b]0;owned\x07\"\n-- var/lib/dpkg/status --\n")
	for n, s := range hostileTexts {
		s = strings.NewReplacer("\n", " ", "\r", " ").Replace(s)
		fmt.Fprintf(&b, "Package: p%d%s\nStatus: install ok installed\nVersion: 1%s\nArchitecture: %s\nMaintainer: %s\nSource: %s (%s)\n\n", n, s, s, s, s, s, s)
	}
	for n, s := range hostileTexts {
		if len(s) < 200 && !strings.Contains(s, "\x00") {
			fmt.Fprintf(&b, "-- %q --\n{\"name\": %q, \"version\": %q, \"license\": %q, \"author\": {\"name\": %q}}\n", fmt.Sprintf("srv/%s/node_modules/x%d/package.json", s, n), "n", "1", "MIT", "a")
		}
		fmt.Fprintf(&b, "-- usr/lib/python3/dist-packages/d%d.dist-info/METADATA --\nName: d%d%s\nVersion: 1%s\nLicense: %s\nAuthor: %s\n\n", n, n, s, s, s, s)
	}
	return b.String()
}
