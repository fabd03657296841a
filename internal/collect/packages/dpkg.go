package packages

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/klauspost/compress/zstd"

	"github.com/pratique/pratique/internal/collect"
	"github.com/pratique/pratique/internal/report"
)

const (
	dpkgStatus  = "var/lib/dpkg/status"
	dpkgParts   = "var/lib/dpkg/status.d/"
	dpkgInfo    = "var/lib/dpkg/info/"
	chiselWall  = "var/lib/chisel/manifest.wall"
	md5sumsName = ".md5sums"
)

func wantDpkgStatus(e entry) bool { return e.path == dpkgStatus }

// wantDpkgPart: distroless images keep one file per package, without a status.
func wantDpkgPart(e entry) bool {
	return strings.HasPrefix(e.path, dpkgParts) && !strings.HasSuffix(e.base, md5sumsName)
}

func wantDpkgFileList(e entry) bool {
	switch {
	case strings.HasPrefix(e.path, dpkgInfo):
		return strings.HasSuffix(e.base, ".list")
	case strings.HasPrefix(e.path, dpkgParts):
		return strings.HasSuffix(e.base, md5sumsName)
	}
	return false
}

func readDpkgStatus(ctx context.Context, _ entry, c collect.Content) (found, error) {
	return readDpkg(ctx, c, false)
}

func readDpkgPart(ctx context.Context, _ entry, c collect.Content) (found, error) {
	return readDpkg(ctx, c, true)
}

func readDpkg(ctx context.Context, c collect.Content, part bool) (found, error) {
	data, err := whole(c, maxText)
	if err != nil {
		return found{}, err
	}
	var got found
	var last []byte
	for par := range paragraphs(data) {
		if len(got.packages) >= maxPackages {
			return got, errTooMany
		}
		if len(got.packages)%256 == 0 && ctx.Err() != nil {
			return got, ctx.Err()
		}
		if p, ok := dpkgPackage(par, part); ok {
			got.packages = append(got.packages, p)
		}
		last = par
	}
	if !part && len(last) > 0 && (!bytes.HasSuffix(data, []byte{'\n'}) || dpkgCutOff(last)) {
		return got, errCutOff
	}
	return got, nil
}

// dpkgCutOff reports whether the paragraph of a package lacks what dpkg always
// writes.
func dpkgCutOff(par []byte) bool {
	var status, version string
	for key, value := range fields(par) {
		switch key {
		case "Status":
			status = value
		case "Version":
			version = value
		}
	}
	return len(strings.Fields(status)) != 3 || dpkgPresent(status) && version == ""
}

// dpkgPackage reads one paragraph of a status file. It returns false for a
// package whose files are not in the file system.
func dpkgPackage(par []byte, part bool) (report.Package, bool) {
	p := report.Package{Type: "deb"}
	present := part
	var source string
	for key, value := range fields(par) {
		switch key {
		case "Package":
			p.Name = value
		case "Status":
			present = dpkgPresent(value)
		case "Version":
			p.Version = value
		case "Architecture":
			p.Arch = value
		case "Source":
			source = value
		case "Maintainer":
			p.Supplier = value
		}
	}
	if !present || p.Name == "" || p.Version == "" {
		return p, false
	}
	// The version is named only where it differs: "Source: glibc (2.36-9)".
	p.Source, p.SourceVersion = p.Name, p.Version
	if name, rest, ok := strings.Cut(source, "("); ok {
		p.Source, p.SourceVersion = strings.TrimSpace(name), strings.TrimSpace(strings.TrimSuffix(rest, ")"))
	} else if source != "" {
		p.Source = source
	}
	return p, true
}

// dpkgPresent reports whether a package's files are there. The third word of
// the status tells; the first says only what the administrator wants. Between
// "not-installed" and "installed" dpkg knows states in which all or some files
// are unpacked; vulnerable code does not wait for its configuration.
func dpkgPresent(status string) bool {
	words := strings.Fields(status)
	if len(words) != 3 {
		return false
	}
	switch words[2] {
	case "installed", "unpacked", "half-installed", "half-configured", "triggers-awaited", "triggers-pending":
		return true
	}
	return false // "not-installed", "config-files"
}

// readDpkgFileList reads the files of one package: a path in each line, or a
// checksum, two spaces and a path. The package is named by the list's name.
func readDpkgFileList(ctx context.Context, e entry, c collect.Content) (found, error) {
	data, err := whole(c, maxText)
	if err != nil {
		return found{}, err
	}
	sums := strings.HasSuffix(e.base, md5sumsName)
	name := strings.TrimSuffix(strings.TrimSuffix(e.base, md5sumsName), ".list")
	name, _, _ = strings.Cut(name, ":") // libc6:amd64.list
	set := report.OwnedSet{Package: name}
	previous := ""
	for line := range lines(data) {
		if sums {
			_, path, ok := bytes.Cut(line, []byte("  "))
			if !ok {
				continue
			}
			line = path
		}
		// A directory comes before what is in it; it is no evidence.
		if n := len(set.Files); n > 0 && previous == set.Files[n-1] && isBelow(line, previous) {
			set.Files = set.Files[:n-1]
		}
		previous = ownedPath(string(line))
		if ownable(previous) && len(set.Files) < maxOwned {
			set.Files = append(set.Files, previous)
		}
	}
	return found{owned: []report.OwnedSet{set}}, ctx.Err()
}

// isBelow reports whether the line of a file list lies in the directory dir.
func isBelow(line []byte, dir string) bool {
	line = bytes.TrimPrefix(line, []byte("/"))
	return len(line) > len(dir) && line[len(dir)] == '/' && string(line[:len(dir)]) == dir
}

func wantChisel(e entry) bool { return e.path == chiselWall }

// readChisel reads the manifest of Ubuntu's Chisel, which cuts packages into
// slices and leaves no dpkg database: a zstd-compressed file with a JSON object
// in each line. It does not name source packages.
func readChisel(ctx context.Context, _ entry, c collect.Content) (found, error) {
	z, err := zstd.NewReader(section(c), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxText))
	if err != nil {
		return found{}, err
	}
	defer z.Close()
	data, err := io.ReadAll(io.LimitReader(z, maxText))
	if err != nil {
		return found{}, fmt.Errorf("inflate the manifest: %w", err)
	}
	var got found
	owned, count := map[string][]string{}, 0
	for line := range lines(data) {
		if err := ctx.Err(); err != nil {
			return got, err
		}
		var row struct {
			Kind, Name, Version, Arch, Path string
			Slices                          []string
		}
		if json.Unmarshal(line, &row) != nil {
			continue
		}
		switch row.Kind {
		case "package":
			got.packages = append(got.packages, report.Package{
				Name: row.Name, Version: row.Version, Arch: row.Arch, Type: "deb",
				Source: row.Name, SourceVersion: row.Version,
			})
		case "path":
			path := ownedPath(row.Path)
			if len(row.Slices) > 0 && ownable(path) && count < maxOwned {
				count++
				name, _, _ := strings.Cut(row.Slices[0], "_")
				owned[name] = append(owned[name], path)
			}
		}
	}
	for name, files := range owned {
		got.owned = append(got.owned, report.OwnedSet{Package: name, Files: files})
	}
	return got, nil
}
