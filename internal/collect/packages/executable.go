package packages

import (
	"bytes"
	"compress/zlib"
	"context"
	"debug/buildinfo"
	"debug/elf"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"runtime/debug"
	"strings"

	"github.com/pratique/pratique/internal/collect"
	"github.com/pratique/pratique/internal/report"
)

const (
	// maxAuditData bounds the dependency list of a Rust executable, inflated.
	maxAuditData = 16 << 20
	// minExecutable is less than any program of Go or Rust has.
	minExecutable = 4 << 10

	goSection   = ".go.buildinfo"
	rustSection = ".dep-v0"
)

// wantExecutable wants files that can be run: by the execute bit, by the
// extension Windows has for it, or because a file without extension lies where
// programs do. Scripts, texts and shared libraries are left out by name: the
// bit is set on many of them.
func wantExecutable(e entry) bool {
	if e.size < minExecutable {
		return false
	}
	ext := lowerExt(e.base)
	if e.mode.Perm()&0o111 == 0 {
		return ext == ".exe" || !strings.Contains(e.base, ".") && inProgramDir(e.path)
	}
	switch ext {
	case ".sh", ".py", ".pl", ".pm", ".rb", ".js", ".mjs", ".cjs", ".ts", ".lua", ".php", ".tcl", ".bash", ".awk",
		".txt", ".md", ".html", ".htm", ".css", ".xml", ".json", ".yml", ".yaml", ".conf", ".c", ".h", ".go", ".rs",
		".png", ".svg", ".jpg", ".gif", ".gz", ".zip", ".pyc", ".a", ".o", ".la", ".so", ".dll", ".ko", ".mo", ".pem":
		return false
	}
	return !strings.Contains(e.base, ".so.")
}

func inProgramDir(path string) bool {
	dir, _ := parent(path)
	_, name := parent(dir)
	return name == "bin" || name == "sbin"
}

// readExecutable looks into an executable for what Go's linker and
// cargo-auditable leave in it. Most executables have neither, which costs
// reading the names of their sections.
func readExecutable(ctx context.Context, _ entry, c collect.Content) (found, error) {
	if err := ctx.Err(); err != nil {
		return found{}, err
	}
	var magic [4]byte
	if n, _ := c.ReadAt(magic[:], 0); n < len(magic) {
		return found{}, nil
	}
	switch {
	case string(magic[:]) == elf.ELFMAG:
		return readELF(c)
	case string(magic[:2]) == "MZ", isMachO(magic):
		return readGo(c)
	}
	return found{}, nil
}

func isMachO(m [4]byte) bool {
	switch string(m[:]) {
	case "\xcf\xfa\xed\xfe", "\xce\xfa\xed\xfe", "\xfe\xed\xfa\xcf", "\xfe\xed\xfa\xce":
		return true
	}
	return false
}

func readELF(c collect.Content) (found, error) {
	f, err := elf.NewFile(c)
	if err != nil {
		return found{}, nil //nolint:nilerr // broken or cut executables hold no packages
	}
	switch {
	case f.Section(rustSection) != nil:
		return readRust(f.Section(rustSection))
	case f.Section(goSection) != nil, len(f.Sections) == 0:
		return readGo(c)
	}
	return found{}, nil
}

// readGo reads the modules a Go program was linked from, and the standard
// library as the module "stdlib", which is how advisories call it.
func readGo(c collect.Content) (found, error) {
	info, err := buildinfo.Read(c)
	if err != nil {
		return found{}, nil //nolint:nilerr // not a Go program, or one without build information
	}
	var got found
	add := func(name, version string) {
		if len(got.packages) < maxPackages {
			got.packages = append(got.packages, report.Package{Name: name, Version: version, Type: "golang"})
		}
	}
	add("stdlib", goRelease(info.GoVersion))
	if info.Main.Path != "" {
		add(info.Main.Path, moduleVersion(info.Main.Version))
	}
	for _, m := range info.Deps {
		m = replaced(m)
		add(m.Path, moduleVersion(m.Version))
	}
	return got, nil
}

// replaced follows a replacement by another module. One by a directory has no
// version; the module it stands in for says more than a path on a build machine.
func replaced(m *debug.Module) *debug.Module {
	if m.Replace != nil && moduleVersion(m.Replace.Version) != "" {
		return m.Replace
	}
	return m
}

// moduleVersion is a module's version as OSV writes it, without the "v", or ""
// for a module built from a working directory.
func moduleVersion(v string) string {
	if v == "(devel)" {
		return ""
	}
	return strings.TrimPrefix(v, "v")
}

var goVersion = regexp.MustCompile(`^go(\d+)\.(\d+)(?:\.(\d+))?(?:(rc|beta)(\d+))?`)

// goRelease turns a Go version into the semantic version OSV uses: "go1.20"
// into "1.20.0", "go1.21rc2 X:nocoverageredesign" into "1.21.0-rc.2". For a
// toolchain between releases it is the pre-release all others of that release
// follow, and "" if the version does not tell which that is.
func goRelease(v string) string {
	devel := false
	if rest, ok := strings.CutPrefix(v, "devel "); ok {
		v, devel = rest, true
	}
	m := goVersion.FindStringSubmatch(v)
	if m == nil {
		return ""
	}
	patch := m[3]
	if patch == "" {
		patch = "0"
	}
	out := m[1] + "." + m[2] + "." + patch
	switch {
	case devel:
		out += "-0"
	case m[4] != "":
		out += "-" + m[4] + "." + m[5]
	}
	return out
}

// readRust reads the list of crates that cargo-auditable links into a program:
// JSON, compressed with zlib. Crates used only while building are left out.
func readRust(s *elf.Section) (found, error) {
	z, err := zlib.NewReader(s.Open())
	if err != nil {
		return found{}, fmt.Errorf("section %s: %w", rustSection, err)
	}
	data, err := io.ReadAll(io.LimitReader(z, maxAuditData))
	if err != nil {
		return found{}, fmt.Errorf("section %s: %w", rustSection, err)
	}
	var doc struct {
		Packages []struct{ Name, Version, Kind string }
	}
	if err := json.Unmarshal(bytes.TrimRight(data, "\x00"), &doc); err != nil {
		return found{}, fmt.Errorf("section %s: %w", rustSection, err)
	}
	var got found
	for _, p := range doc.Packages {
		if p.Kind == "build" {
			continue
		}
		if len(got.packages) >= maxPackages {
			return got, errTooMany
		}
		got.packages = append(got.packages, report.Package{Name: p.Name, Version: p.Version, Type: "cargo"})
	}
	return got, nil
}
