package packages_test

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"

	"github.com/pratique/pratique/internal/collect/packages"
	"github.com/pratique/pratique/internal/report"
)

// The tests in this file compare with what other programs find in the same
// root file system. They need real images as OCI layouts: PRATIQUE_IMAGES names
// the directory that holds them.

// content is a file in memory.
type content struct{ *bytes.Reader }

func newContent(b []byte) content { return content{bytes.NewReader(b)} }

func (c content) Bytes() []byte {
	b := make([]byte, c.Size())
	_, _ = c.ReadAt(b, 0)
	return b
}

// spooled is a file that is not in memory.
type spooled struct{ *bytes.Reader }

func (spooled) Bytes() []byte { return nil }

// root is an image's merged file system, as far as the comparison needs it.
type root struct {
	// dir holds the real files that other programs look at.
	dir      string
	sets     map[string]report.PackageSet
	owned    map[string][]report.OwnedSet
	releases map[string]report.ReleaseFile
	notes    []string
	paths    []report.File
}

func (r *root) remove(p string) {
	gone := func(q string) bool { return q == p || strings.HasPrefix(q, p+"/") }
	for q := range r.sets {
		if gone(q) {
			delete(r.sets, q)
		}
	}
	for q := range r.owned {
		if gone(q) {
			delete(r.owned, q)
		}
	}
	for q := range r.releases {
		if gone(q) {
			delete(r.releases, q)
		}
	}
	_ = os.RemoveAll(filepath.Join(r.dir, p))
}

func (r *root) os() report.OS {
	var files []report.ReleaseFile
	for _, f := range r.releases {
		files = append(files, f)
	}
	return packages.OperatingSystem(files)
}

// all returns all packages, with owners.
func (r *root) all() []report.Package {
	var pkgs []report.Package
	for _, s := range r.sets {
		pkgs = append(pkgs, s.Packages...)
	}
	var owned []report.OwnedSet
	for _, s := range r.owned {
		owned = append(owned, s...)
	}
	slices.SortFunc(owned, func(a, b report.OwnedSet) int { return strings.Compare(a.Package, b.Package) })
	packages.MarkOwned(pkgs, owned)
	return pkgs
}

// image collects an image's packages and unpacks what the oracles read.
func image(t *testing.T, name string) *root {
	t.Helper()
	base := os.Getenv("PRATIQUE_IMAGES")
	dir := filepath.Join(base, name)
	if _, err := os.Stat(filepath.Join(dir, "index.json")); err != nil {
		t.Skipf("the image %s is not there: set PRATIQUE_IMAGES to a directory of OCI layouts (%v)", name, err)
	}
	r := &root{
		dir: t.TempDir(), sets: map[string]report.PackageSet{}, owned: map[string][]report.OwnedSet{},
		releases: map[string]report.ReleaseFile{},
	}
	for _, layer := range layers(t, dir) {
		if err := r.add(layer); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

func layers(t *testing.T, dir string) []string {
	t.Helper()
	type descriptor struct{ Digest string }
	blob := func(d descriptor) string {
		return filepath.Join(dir, "blobs", strings.Replace(d.Digest, ":", "/", 1))
	}
	read := func(file string, v any) {
		data, err := os.ReadFile(file)
		if err == nil {
			err = json.Unmarshal(data, v)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	var index struct{ Manifests []descriptor }
	read(filepath.Join(dir, "index.json"), &index)
	var manifest struct{ Layers []descriptor }
	read(blob(index.Manifests[0]), &manifest)
	var files []string
	for _, l := range manifest.Layers {
		files = append(files, blob(l))
	}
	return files
}

func (r *root) add(layer string) error {
	f, err := os.Open(layer)
	if err != nil {
		return err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	c := packages.New()
	var facts report.LayerFacts
	for tr := tar.NewReader(z); ; {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		name := strings.TrimPrefix(path.Clean("/"+h.Name), "/")
		if whiteout, ok := strings.CutPrefix(path.Base(name), ".wh."); ok {
			r.remove(path.Join(path.Dir(name), whiteout))
			continue
		}
		if h.Typeflag == tar.TypeSymlink {
			r.remove(name)
			continue
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		r.remove(name)
		file := report.File{Path: name, Size: h.Size, Mode: h.FileInfo().Mode()}
		r.paths = append(r.paths, file)
		var data []byte
		if c.Want(file) || strings.HasPrefix(name, "var/lib/dpkg/") || strings.Contains(name, ".egg-info/") || strings.Contains(name, ".dist-info/") {
			if data, err = io.ReadAll(tr); err != nil {
				return err
			}
		}
		if c.Want(file) {
			if err := c.Collect(context.Background(), file, newContent(data), &facts); err != nil {
				r.notes = append(r.notes, fmt.Sprintf("%s: %v", name, err))
			}
		}
		if strings.HasPrefix(name, "var/lib/dpkg/") || path.Base(name) == "package.json" ||
			strings.Contains(name, ".egg-info") || strings.Contains(name, ".dist-info/") {
			to := filepath.Join(r.dir, name)
			if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
				return err
			}
			if err := os.WriteFile(to, data, 0o600); err != nil {
				return err
			}
		}
	}
	for _, s := range facts.Packages {
		r.sets[s.Path] = s
	}
	for _, s := range facts.Owned {
		r.owned[s.Path] = append(r.owned[s.Path], s)
	}
	for _, f := range facts.Releases {
		r.releases[f.Path] = f
	}
	return nil
}

// program returns the path of an oracle or skips the test.
func program(t *testing.T, name string) string {
	t.Helper()
	p, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("the program %s is not installed", name)
	}
	return p
}

func list(pkgs []report.Package, want func(report.Package) bool, format func(report.Package) string) []string {
	var all []string
	for _, p := range pkgs {
		if want(p) {
			all = append(all, format(p))
		}
	}
	slices.Sort(all)
	return all
}

// TestDpkgOracle: the distribution packages are those dpkg-query lists.
func TestDpkgOracle(t *testing.T) {
	for _, name := range []string{"debian12-java", "debian12-node", "debian12-python"} {
		t.Run(name, func(t *testing.T) {
			query := program(t, "dpkg-query")
			r := image(t, name)
			out, err := exec.Command(query, "--admindir="+filepath.Join(r.dir, "var/lib/dpkg"), "-W",
				"-f", "${db:Status-Status} ${Package} ${Version} ${Architecture} ${source:Package} ${source:Version} ${Maintainer}\n").Output()
			if err != nil {
				t.Fatal(err)
			}
			var want []string
			for line := range strings.Lines(string(out)) {
				if line, ok := strings.CutPrefix(strings.TrimSpace(line), "installed "); ok {
					want = append(want, line)
				}
			}
			slices.Sort(want)
			got := list(r.all(), func(p report.Package) bool { return p.Type == "deb" }, func(p report.Package) string {
				return strings.Join([]string{p.Name, p.Version, p.Arch, p.Source, p.SourceVersion, p.Supplier}, " ")
			})
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("packages (-dpkg-query +ours):\n%s", diff)
			}
			if got, want := r.os().ID+" "+r.os().Codename, "debian bookworm"; got != want {
				t.Errorf("operating system %q, want %q", got, want)
			}
			if len(r.notes) > 0 {
				t.Errorf("notes: %s", strings.Join(r.notes, "\n"))
			}
			t.Logf("%d packages, %+v", len(got), r.os())
		})
	}
}

// TestNpmOracle: the npm packages are those npm lists in the same directory.
func TestNpmOracle(t *testing.T) {
	npm := program(t, "npm")
	r := image(t, "debian12-node")
	var want []string
	for _, dir := range moduleRoots(t, r.dir) {
		cmd := exec.Command(npm, "ls", "--all", "--parseable", "--long", "--offline", "--loglevel=silent")
		cmd.Dir = filepath.Join(r.dir, dir)
		out, err := cmd.Output() // fails for packages nobody depends on
		if len(out) == 0 {
			t.Fatalf("npm ls in %s: %v", dir, err)
		}
		for line := range strings.Lines(string(out)) {
			place, rest, _ := strings.Cut(strings.TrimSpace(line), ":")
			id, _, _ := strings.Cut(rest, ":")
			place, err := filepath.Rel(r.dir, place)
			if err != nil || !strings.Contains(place, "node_modules/") {
				continue
			}
			want = append(want, place+" "+id)
		}
	}
	slices.Sort(want)
	got := list(r.all(), func(p report.Package) bool { return p.Type == "npm" }, func(p report.Package) string {
		return path.Dir(p.Path) + " " + p.Name + "@" + p.Version
	})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("packages (-npm +ours):\n%s", diff)
	}
	t.Logf("%d packages", len(got))
}

// moduleRoots returns the directories that hold a node_modules and do not lie
// in one themselves.
func moduleRoots(t *testing.T, dir string) []string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(dir, func(p string, d os.DirEntry, err error) error {
		if err == nil && d.IsDir() && d.Name() == "node_modules" {
			rel, err := filepath.Rel(dir, filepath.Dir(p))
			if err != nil {
				return err
			}
			all = append(all, rel)
			return filepath.SkipDir
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestPythonOracle: the Python packages are those Python itself finds in the
// same directories.
func TestPythonOracle(t *testing.T) {
	python := program(t, "python3")
	r := image(t, "debian12-python")
	const script = `
import importlib.metadata, os, sys
for dir, dirs, files in os.walk("."):
    for d in importlib.metadata.distributions(path=[dir]):
        print(dir[2:], d.metadata["Name"], d.version)
`
	cmd := exec.Command(python, "-c", script)
	cmd.Dir = r.dir
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Split(strings.TrimSpace(string(out)), "\n")
	slices.Sort(want)
	got := list(r.all(), func(p report.Package) bool { return p.Type == "pypi" }, func(p report.Package) string {
		dir := path.Dir(p.Path)
		if !strings.HasSuffix(p.Path, ".egg-info") {
			dir = path.Dir(dir)
		}
		return strings.Join([]string{dir, p.Name, p.Version}, " ")
	})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("packages (-python +ours):\n%s", diff)
	}
	for _, p := range r.all() {
		system := strings.HasPrefix(p.Path, "usr/lib/python3/")
		if p.Type == "pypi" && system != (p.OwnedBy != "") {
			t.Errorf("%s %s: owned by %q", p.Path, p.Name, p.OwnedBy)
		}
	}
	t.Logf("%d packages", len(got))
}

// TestJavaImage: the distribution's archives are owned by its packages, each
// package is listed once per path, and the application's nested archives give
// what was put into them.
func TestJavaImage(t *testing.T) {
	r := image(t, "debian12-java")
	seen := map[string]bool{}
	for _, p := range r.all() {
		if p.Type != "maven" {
			continue
		}
		key := p.Path + " " + p.Name + "@" + p.Version
		if seen[key] {
			t.Errorf("twice: %s", key)
		}
		seen[key] = true
		if strings.HasPrefix(p.Path, "usr/") && p.OwnedBy == "" {
			t.Errorf("not owned: %s", key)
		}
		if strings.HasPrefix(p.Path, "opt/") {
			if p.OwnedBy != "" {
				t.Errorf("owned by %s: %s", p.OwnedBy, key)
			}
			t.Logf("%s %s inferred=%t", key, p.PURL, p.Inferred)
		}
	}
	t.Logf("%d packages of Maven", len(seen))
}
