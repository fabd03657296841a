// Package pratique holds no code, only tests of rules that concern the whole
// module.
package pratique

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/pratique/pratique"

// floors puts every room on a floor. A room imports only rooms on floors below
// its own; what it may import on its own floor stands in sameFloor.
var floors = map[string]int{
	"cmd/pratique":                    7,
	"internal/server":                 6,
	"internal/registry":               5,
	"internal/api":                    5,
	"internal/api/client":             5,
	"internal/console":                5,
	"internal/scan":                   4,
	"internal/access":                 4,
	"internal/judge":                  3,
	"internal/gate":                   3,
	"internal/store":                  3,
	"internal/blob":                   3,
	"internal/engine":                 2,
	"internal/advisory":               2,
	"internal/image":                  1,
	"internal/collect":                1,
	"internal/vex":                    1,
	"internal/collect/packages":       1,
	"internal/collect/packages/rpmdb": 1,
	"internal/collect/secrets":        1,
	"internal/report":                 0,
	"internal/rulefile":               0,
	"internal/lru":                    0,
	"internal/priority":               0,
	"internal/secret":                 0,
	"internal/rules":                  0,
	"internal/signature":              0,
	"internal/password":               0,
	"internal/baseline":               0,
	"internal/compliance":             0,
	"internal/collect/malware":        1,
	"internal/collect/settings":       1,
	"internal/collect/passwords":      1,
	"internal/collect/licences":       1,
	"internal/report/render":          0,
	"internal/catalog":                0,
}

// sameFloor lists the imports allowed within a floor, and why.
var sameFloor = map[string][]string{
	// a collector implements the contract; the RPM databases are a reader of their own
	"internal/collect/packages":  {"internal/collect", "internal/collect/packages/rpmdb"},
	"internal/collect/secrets":   {"internal/collect"},
	"internal/collect/malware":   {"internal/collect"},
	"internal/collect/settings":  {"internal/collect"},
	"internal/collect/passwords": {"internal/collect"},
	"internal/collect/licences":  {"internal/collect"},
	// rules puts the kinds together, each of which judges by the report's terms
	"internal/rules":         {"internal/secret", "internal/signature", "internal/password", "internal/baseline", "internal/compliance"},
	"internal/signature":     {"internal/report", "internal/rulefile"},
	"internal/password":      {"internal/report", "internal/rulefile"},
	"internal/baseline":      {"internal/report", "internal/rulefile"},
	"internal/compliance":    {"internal/report", "internal/rulefile"},
	"internal/secret":        {"internal/report", "internal/rulefile"},
	"internal/rulefile":      {"internal/report"}, // severities of rules
	"internal/report/render": {"internal/report"}, // formats of the model
	"internal/catalog":       {"internal/report"}, // severities
	"internal/api/client":    {"internal/api"},    // speaks the types of the interface
}

// forbidden modules must not be linked into the program: cgo drivers, and what
// parses file systems we never mount.
var forbidden = []string{
	"github.com/mattn/go-sqlite3",
	"github.com/docker/docker",
}

type listed struct {
	ImportPath string
	Name       string
	Imports    []string
	Deps       []string
	CgoFiles   []string
}

// goList runs go list over this module.
func goList(t *testing.T, args ...string) []listed {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-json=ImportPath,Name,Imports,Deps,CgoFiles"}, args...)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	var pkgs []listed
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return pkgs
		} else if err != nil {
			t.Fatal(err)
		}
		pkgs = append(pkgs, p)
	}
}

// room returns a package's path within the module, without the test packages
// that belong to a room.
func room(importPath string) (string, bool) {
	path, ok := strings.CutPrefix(importPath, module+"/")
	return path, ok
}

// testing packages may import what the room they serve may import.
func isTestRoom(path string) bool {
	base := path[strings.LastIndex(path, "/")+1:]
	return strings.HasSuffix(base, "test") || strings.Contains(path, "/internal/")
}

func TestImportsPointDown(t *testing.T) {
	for _, p := range goList(t, "./...") {
		from, ok := room(p.ImportPath)
		if !ok || isTestRoom(from) {
			continue
		}
		floor, known := floors[from]
		if !known {
			t.Errorf("%s is on no floor: add it to the table in this test and to docs/architecture.md", from)
			continue
		}
		for _, imp := range p.Imports {
			to, ok := room(imp)
			if !ok {
				continue
			}
			if isTestRoom(to) && !strings.HasPrefix(to, from+"/") {
				t.Errorf("%s imports %s, which is only for tests", from, to)
				continue
			}
			if floors[to] >= floor && !slices.Contains(sameFloor[from], to) && !strings.HasPrefix(to, from+"/internal/") {
				t.Errorf("%s (floor %d) must not import %s (floor %d)", from, floor, to, floors[to])
			}
		}
	}
}

func TestNoCgoAndNothingForbidden(t *testing.T) {
	for _, p := range goList(t, "./cmd/pratique") {
		for _, dep := range p.Deps {
			for _, f := range forbidden {
				if dep == f || strings.HasPrefix(dep, f+"/") {
					t.Errorf("%s is linked into the program", dep)
				}
			}
		}
	}
	for _, p := range goList(t, "./...") {
		if len(p.CgoFiles) > 0 {
			t.Errorf("%s uses cgo", p.ImportPath)
		}
	}
}

// TestLinkedModules keeps the list of modules in the program under review.
func TestLinkedModules(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}", "./cmd/pratique").Output()
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Fields(string(out))
	slices.Sort(got)
	got = slices.DeleteFunc(slices.Compact(got), func(m string) bool { return m == module })
	text := strings.Join(got, "\n") + "\n"
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile("docs/deps.txt", []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("docs/deps.txt")
	if err != nil {
		t.Fatal(err)
	}
	if text != string(want) {
		t.Errorf("the modules linked into the program changed; review them and run make gen\n got %d modules, docs/deps.txt has %d",
			len(got), strings.Count(string(want), "\n"))
	}
}

func TestEveryPackageIsDocumentedOnce(t *testing.T) {
	walkPackages(t, func(dir string, files []*ast.File) {
		n := 0
		for _, f := range files {
			if f.Doc != nil {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%s has %d package comments, want exactly one", dir, n)
		}
	})
}

// TestNoInitAndNoPanic holds two habits: nothing happens at import, and input
// never ends the program.
func TestNoInitAndNoPanic(t *testing.T) {
	walkPackages(t, func(dir string, files []*ast.File) {
		if isTestRoom(filepath.ToSlash(dir)) {
			return
		}
		for _, f := range files {
			ast.Inspect(f, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.FuncDecl:
					if n.Recv == nil && n.Name.Name == "init" {
						t.Errorf("%s has an init function", dir)
					}
				case *ast.CallExpr:
					if id, ok := n.Fun.(*ast.Ident); ok && id.Name == "panic" && !repanics(n) {
						t.Errorf("%s panics", dir)
					}
				}
				return true
			})
		}
	})
}

// repanics tells a call that passes on a recovered value from one of our own.
func repanics(call *ast.CallExpr) bool {
	if sel, ok := call.Args[0].(*ast.SelectorExpr); ok {
		return sel.Sel.Name == "ErrAbortHandler" // how a handler gives up a connection
	}
	id, ok := call.Args[0].(*ast.Ident)
	return ok && id.Name == "p"
}

// walkPackages parses the non-test files of every package of the module.
func walkPackages(t *testing.T, visit func(dir string, files []*ast.File)) {
	t.Helper()
	byDir := map[string][]*ast.File{}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if path != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "tools" || d.Name() == "data") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		byDir[filepath.Dir(path)] = append(byDir[filepath.Dir(path)], f)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for dir, files := range byDir {
		visit(dir, files)
	}
}
