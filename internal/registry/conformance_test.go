package registry_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pratique/pratique/internal/access"
)

// conformancePackage is the official conformance program, at the version that
// the module in tools asks for.
const conformancePackage = "github.com/opencontainers/distribution-spec/conformance"

// TestConformance runs the official conformance program of the OCI distribution
// specification with everything switched on that a registry may offer, but
// manifests whose parts were not pushed: accepting those is a choice, and we
// refuse them. Not one test may fail or be skipped.
//
// If PRATIQUE_REPORTS names a directory, the program's reports go there. If the
// program cannot be built the test is skipped, unless PRATIQUE_REQUIRE_ALL is 1.
func TestConformance(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	program := buildTool(t, conformancePackage)
	e := newEnv(t)
	// The whole server as administrator: with tokens, which are for one
	// repository each, the program could not mount from another.
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e.registry.ServeHTTP(w, r.WithContext(access.WithActor(r.Context(), actors["admin"])))
	}))
	defer server.Close()

	reports := reportsDir(t, "conformance")
	cmd := exec.CommandContext(t.Context(), program)
	cmd.Dir = reports
	inherited := slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "OCI_") })
	cmd.Env = append(inherited,
		"OCI_VERSION=dev",
		"OCI_REGISTRY="+strings.TrimPrefix(server.URL, "http://"),
		"OCI_TLS=disabled",
		"OCI_REPO1=team/conformance/one",
		"OCI_REPO2=other/conformance/two",
		"OCI_RESULTS_DIR="+reports,
		"OCI_API_PING=true",
	)
	output, runErr := cmd.CombinedOutput()

	var result struct {
		Tests    int `xml:"tests,attr"`
		Errors   int `xml:"errors,attr"`
		Failures int `xml:"failures,attr"`
		Skipped  int `xml:"skipped,attr"`
		Disabled int `xml:"disabled,attr"`
	}
	doc, err := os.ReadFile(filepath.Join(reports, "junit.xml"))
	if err == nil {
		err = xml.Unmarshal(doc, &result)
	}
	if err != nil {
		t.Fatalf("the program left no report: %v\n%s", errors.Join(err, runErr), output)
	}
	t.Logf("conformance: %d tests, %d failures, %d errors, %d skipped, %d disabled",
		result.Tests, result.Failures, result.Errors, result.Skipped, result.Disabled)
	if result.Failures+result.Errors+result.Skipped > 0 || result.Tests < 800 || runErr != nil {
		t.Errorf("not conformant (%v)\n%s", runErr, failures(output))
	}
}

// failures are the lines of the program's output that matter.
func failures(output []byte) string {
	var b strings.Builder
	lines := strings.Split(string(output), "\n")
	for i, line := range lines {
		if strings.HasSuffix(line, ": FAIL") || strings.HasSuffix(line, ": Error") || strings.HasSuffix(line, ": Skip") {
			fmt.Fprintln(&b, line)
			if i+1 < len(lines) && strings.Contains(lines[i+1], " - ") {
				fmt.Fprintln(&b, lines[i+1])
			}
		}
	}
	return b.String()
}

// buildTool builds a program of the module in tools and returns its path.
func buildTool(t *testing.T, pkg string) string {
	t.Helper()
	tools, err := filepath.Abs("../../tools")
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(t.TempDir(), filepath.Base(pkg))
	cmd := exec.CommandContext(t.Context(), "go", "build", "-C", tools, "-o", program, pkg)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Run(); err != nil {
		if os.Getenv("PRATIQUE_REQUIRE_ALL") == "1" {
			t.Fatalf("build %s: %v\n%s", pkg, err, stderr.Bytes())
		}
		t.Skipf("build %s: %v\n%s", pkg, err, stderr.Bytes())
	}
	return program
}

// reportsDir is where reports of a program go.
func reportsDir(t *testing.T, name string) string {
	t.Helper()
	dir := os.Getenv("PRATIQUE_REPORTS")
	if dir == "" {
		return t.TempDir()
	}
	dir, err := filepath.Abs(filepath.Join(dir, name))
	if err == nil {
		err = os.MkdirAll(dir, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}
