package packages

import (
	"strings"

	"github.com/pratique/pratique/internal/report"
)

// MarkOwned sets OwnedBy of every language package whose evidence is a file
// that a distribution package owns. owned must hold the lists visible in the
// merged file system only. For an archive within an archive the outermost
// decides, as that is the file on disk. Where several distribution packages
// claim a file, the first in the order of owned wins.
//
// Paths are compared with /bin, /sbin and /lib* taken for the directories of
// the same name under /usr: whether they are links to them, and which spelling
// a package's list uses, differs from image to image.
func MarkOwned(pkgs []report.Package, owned []report.OwnedSet) {
	evidence := make(map[string][]int)
	for i, p := range pkgs {
		if p.Distribution() || p.Path == "" {
			continue
		}
		outer, _, _ := strings.Cut(p.Path, "!")
		key := mergedPath(ownedPath(outer))
		evidence[key] = append(evidence[key], i)
	}
	if len(evidence) == 0 {
		return
	}
	for _, set := range owned {
		for _, file := range set.Files {
			for _, i := range evidence[mergedPath(file)] {
				if pkgs[i].OwnedBy == "" {
					pkgs[i].OwnedBy = set.Package
				}
			}
		}
	}
}

// ownedPath makes a path of a package's file list relative to the root.
func ownedPath(path string) string {
	return strings.TrimPrefix(strings.TrimPrefix(path, "."), "/")
}

// mergedPath spells a path as in a file system with merged /usr.
func mergedPath(path string) string {
	first, rest, ok := strings.Cut(path, "/")
	if !ok {
		return path
	}
	switch first {
	case "bin", "lib", "lib32", "lib64", "libx32":
		return "usr/" + path
	case "sbin": // and /usr/sbin in turn is /usr/bin where that is merged too
		return "usr/bin/" + rest
	}
	if after, ok := strings.CutPrefix(path, "usr/sbin/"); ok {
		return "usr/bin/" + after
	}
	return path
}

// ownable reports whether a file that a distribution package owns could be the
// evidence of a language package. A list does not tell which files are
// executables: they are taken to be those in directories for programs and those
// without an extension in directories for libraries.
func ownable(path string) bool {
	_, base := parent(path)
	if base == "" || len(path) > maxPath {
		return false
	}
	e := entry{path: path, base: base}
	if wantJava(e) || wantPython(e) || wantEgg(e) || wantDotnet(e) || wantComposer(e) || wantR(e) || wantConda(e) {
		return true
	}
	if base == "package.json" || strings.HasSuffix(base, ".gemspec") {
		return true
	}
	path = mergedPath(path)
	switch {
	case strings.HasPrefix(path, "usr/bin/"), strings.HasPrefix(path, "usr/local/bin/"), strings.HasPrefix(path, "usr/games/"):
		return true
	case strings.HasPrefix(path, "usr/lib"), strings.HasPrefix(path, "opt/"), strings.HasPrefix(path, "usr/share/"):
		return !strings.Contains(base, ".") && !strings.HasPrefix(path, "usr/share/doc/") &&
			!strings.HasPrefix(path, "usr/share/zoneinfo/") && !strings.HasPrefix(path, "usr/share/man/")
	}
	return false
}
