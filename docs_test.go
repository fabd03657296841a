package pratique

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestDocumentLinks holds that every relative link in README, CHANGELOG and
// docs leads to something, headings included. Whether the command lines in them
// are right is tested in cmd/pratique.
func TestDocumentLinks(t *testing.T) {
	for _, page := range documents(t) {
		text := withoutCode(readPage(t, page))
		for _, m := range linkPattern.FindAllStringSubmatch(text, -1) {
			target := m[1]
			if strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
				continue
			}
			path, anchor, _ := strings.Cut(target, "#")
			to := page
			if path != "" {
				to = filepath.Join(filepath.Dir(page), filepath.FromSlash(path))
			}
			if _, err := os.Stat(to); err != nil {
				t.Errorf("%s links to %s: %v", page, target, err)
				continue
			}
			if anchor != "" && !hasHeading(readPage(t, to), anchor) {
				t.Errorf("%s links to %s, where there is no such heading", page, target)
			}
		}
	}
}

// TestDecisionsAreListed holds that the decision records are numbered without
// gaps and that the list of them is complete.
func TestDecisionsAreListed(t *testing.T) {
	files, err := filepath.Glob("docs/adr/[0-9]*.md")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d decision records: %v", len(files), err)
	}
	index := readPage(t, "docs/adr/README.md")
	for i, file := range files {
		name := filepath.Base(file)
		if !strings.HasPrefix(name, fmt.Sprintf("%04d-", i+1)) {
			t.Errorf("%s follows number %d", name, i)
		}
		if !strings.Contains(index, "("+name+")") {
			t.Errorf("docs/adr/README.md does not list %s", name)
		}
	}
}

// TestArchitecturePageIsTrue holds that the page's table of rooms is the one of
// the import rules.
func TestArchitecturePageIsTrue(t *testing.T) {
	told := map[string]int{}
	for _, m := range roomPattern.FindAllStringSubmatch(readPage(t, "docs/architecture.md"), -1) {
		for _, name := range codePattern.FindAllString(m[2], -1) {
			room := strings.Trim(name, "`")
			if room != "cmd/pratique" {
				room = "internal/" + room
			}
			told[room] = int(m[1][0] - '0')
		}
	}
	if !maps.Equal(told, floors) {
		t.Errorf("docs/architecture.md has the rooms\n%v\narch_test.go has\n%v", told, floors)
	}
}

var (
	roomPattern = regexp.MustCompile(`(?m)^\| (\d) \| ([^|]+) \|`)
	linkPattern = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	codePattern = regexp.MustCompile("`[^`\n]*`")
	notInAnchor = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

// documents are the pages of the project.
func documents(t *testing.T) []string {
	t.Helper()
	pages := []string{"README.md", "CHANGELOG.md"}
	err := filepath.WalkDir("docs", func(path string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".md") {
			pages = append(pages, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return pages
}

func readPage(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// withoutCode drops indented and fenced blocks and code within lines, where
// brackets are no links.
func withoutCode(text string) string {
	var kept []string
	fenced := false
	for _, line := range strings.Split(text, "\n") {
		if strings.HasPrefix(line, "```") {
			fenced = !fenced
			continue
		}
		if !fenced && !strings.HasPrefix(line, "    ") {
			kept = append(kept, line)
		}
	}
	return codePattern.ReplaceAllString(strings.Join(kept, "\n"), "")
}

// hasHeading reports whether a page has a heading that anchor leads to.
func hasHeading(page, anchor string) bool {
	for _, line := range strings.Split(page, "\n") {
		title, ok := strings.CutPrefix(line, "#")
		if !ok {
			continue
		}
		title = strings.ToLower(strings.TrimSpace(strings.TrimLeft(title, "#")))
		if strings.ReplaceAll(notInAnchor.ReplaceAllString(title, ""), " ", "-") == anchor {
			return true
		}
	}
	return false
}
