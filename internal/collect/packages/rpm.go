package packages

import (
	"context"
	"strconv"
	"strings"

	"github.com/pratique/pratique/internal/collect"
	"github.com/pratique/pratique/internal/collect/packages/rpmdb"
	"github.com/pratique/pratique/internal/report"
)

func wantRPM(e entry) bool {
	switch e.base {
	case "Packages", "Packages.db", "rpmdb.sqlite":
	default:
		return false
	}
	switch strings.TrimSuffix(e.path, e.base) {
	case "var/lib/rpm/", "usr/lib/sysimage/rpm/", "usr/share/rpm/":
		return true
	}
	return false
}

func readRPM(ctx context.Context, _ entry, c collect.Content) (found, error) {
	var got found
	owned := 0
	err := rpmdb.Read(ctx, c, c.Size(), func(h *rpmdb.Package) error {
		if len(got.packages) >= maxPackages {
			return errTooMany
		}
		if h.Name == "gpg-pubkey" { // a trusted key, kept as if it were a package
			return nil
		}
		got.packages = append(got.packages, rpmPackage(h))
		set := report.OwnedSet{Package: h.Name}
		for dir, base := range h.Files {
			if path := ownedPath(dir + base); ownable(path) && owned < maxOwned {
				owned++
				set.Files = append(set.Files, path)
			}
		}
		got.owned = append(got.owned, set)
		return nil
	})
	return got, err
}

func rpmPackage(h *rpmdb.Package) report.Package {
	p := report.Package{
		Type:     "rpm",
		Name:     h.Name,
		Version:  withEpoch(h.Epoch, h.Version+"-"+h.Release),
		Arch:     h.Arch,
		Module:   moduleStream(h.ModularityLabel),
		Licences: licences(h.Licence),
		Supplier: h.Vendor,
	}
	p.Source, p.SourceVersion = rpmSource(h.SourceRPM, h.Epoch)
	return p
}

// rpmSource takes the name of a source package apart. The file's name does not
// hold the epoch; the packages built from it have the same in all but rare cases.
func rpmSource(file string, epoch int) (name, version string) {
	file = strings.TrimSuffix(strings.TrimSuffix(file, ".rpm"), ".src")
	file = strings.TrimSuffix(file, ".nosrc")
	release := strings.LastIndexByte(file, '-')
	if release <= 0 {
		return "", ""
	}
	at := strings.LastIndexByte(file[:release], '-')
	if at <= 0 {
		return "", ""
	}
	return file[:at], withEpoch(epoch, file[at+1:])
}

func withEpoch(epoch int, version string) string {
	if epoch == 0 {
		return version
	}
	return strconv.Itoa(epoch) + ":" + version
}

// moduleStream reduces "nodejs:18:8070020230306170042:bd1311ed" to "nodejs:18".
func moduleStream(label string) string {
	parts := strings.SplitN(label, ":", 3)
	if len(parts) < 2 {
		return ""
	}
	return parts[0] + ":" + parts[1]
}

func wantRPMManifest(e entry) bool { return e.path == "var/lib/rpmmanifest/container-manifest-2" }

// readRPMManifest reads the text that distroless images of Azure Linux have in
// place of a database: ten columns separated by tabs.
func readRPMManifest(_ context.Context, _ entry, c collect.Content) (found, error) {
	data, err := whole(c, maxText)
	if err != nil {
		return found{}, err
	}
	var got found
	for line := range lines(data) {
		if len(got.packages) >= maxPackages {
			return got, errTooMany
		}
		col := strings.Split(string(line), "\t")
		if len(col) < 10 {
			continue
		}
		epoch, _ := strconv.Atoi(col[8])
		p := report.Package{
			Type: "rpm", Name: col[0], Version: withEpoch(epoch, col[1]), Supplier: col[4], Arch: col[7],
		}
		p.Source, p.SourceVersion = rpmSource(col[9], epoch)
		got.packages = append(got.packages, p)
	}
	return got, nil
}
