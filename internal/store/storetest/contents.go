package storetest

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/report"
	"github.com/pratique/pratique/internal/store"
)

// deb is a package of a Debian, with vulnerabilities written "CVE-1 high 2.0",
// without a version if there is no fix.
func deb(name, version string, vulnerabilities ...string) catalog.HeldPackage {
	p := catalog.HeldPackage{
		PackageIdentity: catalog.PackageIdentity{Name: name, Version: version, Type: "deb", Ecosystem: "Debian:12",
			Source: "src-" + name, SourceVersion: version, Judged: true},
		Keys: []catalog.AdvisoryKey{{Ecosystem: "Debian:12", Name: "src-" + name}},
	}
	for _, text := range vulnerabilities {
		words := append(strings.Fields(text), "")
		v := catalog.PackageVulnerability{ID: words[0], FixedVersion: words[2]}
		if err := v.Severity.UnmarshalText([]byte(words[1])); err != nil {
			panic(err)
		}
		p.Vulnerabilities = append(p.Vulnerabilities, v)
	}
	return p
}

// packageSet is a set with a document that tells its packages.
func packageSet(layer int, packages ...catalog.HeldPackage) catalog.PackageSet {
	var names []string
	for _, p := range packages {
		names = append(names, p.Name+" "+p.Version)
	}
	return catalog.PackageSet{Layer: layer, Document: fmt.Append(nil, names), Packages: packages}
}

// scanned is an image whose scan found sets.
func (f *fixture) scanned(key catalog.RepositoryKey, layer string, sets ...catalog.PackageSet) catalog.Scan {
	f.Helper()
	scan := f.running(key, layer)
	f.publish(scan, sets...)
	return scan
}

func (f *fixture) publish(scan catalog.Scan, sets ...catalog.PackageSet) {
	f.Helper()
	f.ok(f.s.FinishScan(f.Context(), scan, catalog.Result{Document: []byte("report"), Packages: sets,
		Verdict: catalog.Verdict{Decision: catalog.Allow}}))
}

// vulnerable lists "repository package layer severity fixed since", since in
// hours after start.
func (f *fixture) vulnerable(start time.Time, id string) []string {
	f.Helper()
	uses, err := f.s.VulnerableImages(f.Context(), f.inst, id, catalog.ImageFilter{}, 0, 100)
	f.ok(err)
	list := []string{}
	for _, u := range uses {
		list = append(list, fmt.Sprintf("%s %s %d %s %s %v", u.Key.Repository, u.Package.Name, u.Layer,
			u.Vulnerability.Severity, u.Vulnerability.FixedVersion, u.Since.Sub(start).Hours()))
	}
	return list
}

func testContents(f *fixture) {
	ctx, start := f.Context(), f.now
	f.namespace("team", catalog.NamespaceChange{})
	base := packageSet(0, deb("zlib", "1.0", "CVE-1 high 1.1", "CVE-2 low"), deb("bash", "5.2"))
	own := packageSet(2, deb("curl", "7", "CVE-1 critical 8"))
	app := f.scanned(f.key("team", "app"), "a", base, own)
	f.advance(time.Hour)
	f.scanned(f.key("team", "web"), "b", base)
	equal(f, "images with CVE-1", f.vulnerable(start, "CVE-1"),
		[]string{"app curl 2 critical 8 0", "app zlib 0 high 1.1 0", "web zlib 0 high 1.1 1"})
	uses, err := f.s.VulnerabilityUses(ctx, f.inst, catalog.VulnerabilityFilter{})
	f.ok(err)
	equal(f, "vulnerabilities", uses, []catalog.VulnerabilityUse{
		{ID: "CVE-1", Severity: report.Critical, Images: 2, Packages: 2, Fixable: 2, Since: start},
		{ID: "CVE-2", Severity: report.Low, Images: 2, Packages: 1, Since: start},
	})
	for _, c := range []struct {
		name, version string
		filter        catalog.ImageFilter
		want          int
	}{
		{"bash", "", catalog.ImageFilter{}, 2},
		{"bash", "5.2", catalog.ImageFilter{Namespaces: []string{"team"}, Repository: "web"}, 1},
		{"bash", "5.1", catalog.ImageFilter{}, 0},
		{"bash", "", catalog.ImageFilter{Namespaces: []string{}}, 0},
		{"nothing", "", catalog.ImageFilter{}, 0},
	} {
		got, err := f.s.PackageImages(ctx, f.inst, c.name, c.version, "deb", c.filter, 0, 10)
		if err != nil || len(got) != c.want {
			f.Errorf("images with %s %s in %v: %v %v, want %d", c.name, c.version, c.filter, got, err, c.want)
		}
	}

	// The next scan of one image finds that CVE-2 is gone, and that zlib has
	// CVE-3, which is so in all images with that zlib.
	f.advance(time.Hour)
	base.Packages[0] = deb("zlib", "1.0", "CVE-1 medium 1.2", "CVE-3 high")
	f.publish(f.rescan(app.ArtifactID), base)
	equal(f, "images with CVE-1", f.vulnerable(start, "CVE-1"), []string{"app zlib 0 medium 1.2 0", "web zlib 0 medium 1.2 1"})
	equal(f, "images with CVE-2", f.vulnerable(start, "CVE-2"), []string{})
	equal(f, "images with CVE-3", f.vulnerable(start, "CVE-3"), []string{"app zlib 0 high  2", "web zlib 0 high  2"})

	f.ok(f.s.DeleteRepository(ctx, f.key("team", "app")))
	equal(f, "images after one is gone", f.vulnerable(start, "CVE-1"), []string{"web zlib 0 medium 1.2 1"})
	f.ok(f.s.DeleteRepository(ctx, f.key("team", "web")))
	_, err = f.s.Prune(ctx, f.now.Add(time.Hour))
	f.ok(err)
	for table, n := range Rows(f, f.dsn) {
		if strings.Contains(table, "package") && n > 0 {
			f.Errorf("%d rows of table %s stay when no image holds a package", n, table)
		}
	}
}

// testUses counts what images hold, each image and package once, and of what
// whoever asks may see.
func testUses(f *fixture) {
	ctx, start := f.Context(), f.now
	f.namespace("team", catalog.NamespaceChange{})
	f.namespace("other", catalog.NamespaceChange{})
	base := packageSet(0, deb("zlib", "1.0", "CVE-1 high 1.1"), deb("bash", "5.2"))
	f.scanned(f.key("team", "app"), "a", base, packageSet(1, deb("zlib", "1.1", "CVE-1 low"), deb("libz_dev", "1.0")))
	f.scanned(f.key("team", "web"), "b", base)
	f.advance(time.Hour)
	f.scanned(f.key("other", "secret"), "c", packageSet(0, deb("zlib", "0.9", "CVE-1 critical 1.1", "CVE-9 low")))

	team := catalog.ImageFilter{See: &catalog.Visibility{Names: []string{"team"}}}
	uses := func(filter catalog.VulnerabilityFilter) []catalog.VulnerabilityUse {
		f.Helper()
		list, err := f.s.VulnerabilityUses(ctx, f.inst, filter)
		f.ok(err)
		return list
	}
	equal(f, "all", uses(catalog.VulnerabilityFilter{}), []catalog.VulnerabilityUse{
		{ID: "CVE-1", Severity: report.Critical, Images: 3, Packages: 3, Fixable: 2, Since: start},
		{ID: "CVE-9", Severity: report.Low, Images: 1, Packages: 1, Since: start.Add(time.Hour)},
	})
	equal(f, "of the team", uses(catalog.VulnerabilityFilter{ImageFilter: team}),
		[]catalog.VulnerabilityUse{{ID: "CVE-1", Severity: report.High, Images: 2, Packages: 2, Fixable: 1, Since: start}})
	equal(f, "severe", uses(catalog.VulnerabilityFilter{ImageFilter: team, Severity: report.High}),
		[]catalog.VulnerabilityUse{{ID: "CVE-1", Severity: report.High, Images: 2, Packages: 1, Fixable: 1, Since: start}})
	equal(f, "of nobody", uses(catalog.VulnerabilityFilter{ImageFilter: catalog.ImageFilter{See: &catalog.Visibility{}}}), nil)
	equal(f, "by a package", uses(catalog.VulnerabilityFilter{Query: "BASH"}), nil)

	names := func(filter catalog.PackageFilter, offset, limit int) []string {
		f.Helper()
		list, total, err := f.s.PackageNames(ctx, f.inst, filter, offset, limit)
		f.ok(err)
		out := []string{fmt.Sprint(total)}
		for _, u := range list {
			out = append(out, fmt.Sprintf("%s %s %d %d %d %s", u.Name, u.Type, u.Versions, u.Images, u.Vulnerabilities, u.Severity))
		}
		return out
	}
	equal(f, "packages", names(catalog.PackageFilter{}, 0, 10),
		[]string{"3", "bash deb 1 2 0 unknown", "libz_dev deb 1 1 0 unknown", "zlib deb 3 3 2 critical"})
	equal(f, "packages by part of a name", names(catalog.PackageFilter{Query: "LIB"}, 0, 10), []string{"2", "libz_dev deb 1 1 0 unknown", "zlib deb 3 3 2 critical"})
	equal(f, "those whose name begins so", names(catalog.PackageFilter{Query: "z"}, 0, 1), []string{"2", "zlib deb 3 3 2 critical"})
	equal(f, "those after it", names(catalog.PackageFilter{Query: "z"}, 1, 1), []string{"2", "libz_dev deb 1 1 0 unknown"})
	equal(f, "after the last", names(catalog.PackageFilter{Query: "z"}, 2, 1), []string{"2"})
	equal(f, "packages of the team", names(catalog.PackageFilter{ImageFilter: team, Query: "zlib"}, 0, 10), []string{"1", "zlib deb 2 2 1 high"})
	equal(f, "packages of nobody", names(catalog.PackageFilter{ImageFilter: catalog.ImageFilter{See: &catalog.Visibility{}}}, 0, 10), []string{"0"})
	equal(f, "packages of a type", names(catalog.PackageFilter{Type: "rpm"}, 0, 10), []string{"0"})
	equal(f, "a sign that stands for itself", names(catalog.PackageFilter{Query: "z_d"}, 0, 10), []string{"1", "libz_dev deb 1 1 0 unknown"})
	equal(f, "one that stands for nothing", names(catalog.PackageFilter{Query: "l%b"}, 0, 10), []string{"0"})

	keys, err := f.s.VulnerabilityKeys(ctx, []string{"CVE-1", "CVE-2"})
	f.ok(err)
	equal(f, "keys", keys, []catalog.VulnerabilityKey{{ID: "CVE-1", AdvisoryKey: catalog.AdvisoryKey{Ecosystem: "Debian:12", Name: "src-zlib"}}})
}

// testLesson17Growth: findings of others grew to terabytes, one row for each of
// each scan.
func testLesson17Growth(f *fixture) {
	f.namespace("team", catalog.NamespaceChange{})
	sets := []catalog.PackageSet{
		packageSet(0, deb("zlib", "1.0", "CVE-1 high 1.1"), deb("bash", "5.2")),
		packageSet(1, deb("curl", "7", "CVE-1 critical 8")),
	}
	scan := f.scanned(f.key("team", "app"), "a", sets...)
	before := Rows(f, f.dsn)
	f.advance(24 * time.Hour)
	f.publish(f.rescan(scan.ArtifactID), sets...)
	after := Rows(f, f.dsn)
	for _, told := range []string{"scan", "event"} { // that there was a scan is news
		delete(before, told)
		delete(after, told)
	}
	equal(f, "rows after a scan without news", after, before)

	f.scanned(f.key("team", "other"), "b", sets[0])
	for _, shared := range []string{"package", "package_set", "package_set_item", "package_vulnerability", "package_key"} {
		if n := Rows(f, f.dsn)[shared]; n != before[shared] {
			f.Errorf("table %s has %d rows for two images with the same layer, %d for one", shared, n, before[shared])
		}
	}
}

func testHostileContents(f *fixture) {
	f.namespace("team", catalog.NamespaceChange{})
	long := strings.Repeat("x", 5000)
	p := deb("a\x00b\xff"+long, long, "CVE-1 high "+long)
	p.Source, p.Module, p.Ecosystem, p.Type = long, "\x00", long, long
	p.Keys = append(p.Keys, p.Keys[0], catalog.AdvisoryKey{Ecosystem: "\xff", Name: long})
	p.Vulnerabilities = append(p.Vulnerabilities, catalog.PackageVulnerability{ID: "\x00" + long})
	scan := f.scanned(f.key("team", "app"), "a", packageSet(0, p, p, deb("zlib", "1")), packageSet(1))
	f.publish(f.rescan(scan.ArtifactID), packageSet(0, p, p, deb("zlib", "1")), packageSet(1))
	if got := f.vulnerable(f.now, "CVE-1"); len(got) != 1 {
		f.Errorf("images with CVE-1: %d", len(got))
	}
}

func testParallelContents(f *fixture) {
	f.namespace("team", catalog.NamespaceChange{})
	second := f.open()
	var packages []catalog.HeldPackage
	for i := range 50 {
		packages = append(packages, deb(fmt.Sprint("p", i), "1", "CVE-1 high", "CVE-2 low"))
	}
	var scans []catalog.Scan
	for i := range 8 {
		scans = append(scans, f.running(f.key("team", fmt.Sprint("app", i)), fmt.Sprint("l", i)))
	}
	var group sync.WaitGroup
	for i, scan := range scans {
		group.Go(func() {
			s := []*store.Store{f.s, second}[i%2]
			part := append(packages[i:40:40], packages[40:]...)
			if err := s.FinishScan(f.Context(), scan, catalog.Result{Packages: []catalog.PackageSet{packageSet(0, part...), packageSet(1, packages...)}}); err != nil {
				f.Error(err)
			}
		})
	}
	group.Wait()
	want := 0
	for i := range scans {
		want += 50 - i + 50
	}
	if got := len(f.vulnerable(f.now, "CVE-2")); got != want {
		f.Errorf("%d packages of images have CVE-2, want %d", got, want)
	}
}
