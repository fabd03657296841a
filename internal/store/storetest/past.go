package storetest

import (
	"fmt"
	"time"

	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/report"
)

// past tells what changed in an artifact since some time ago: "+" what came, "-"
// what went.
func (f *fixture) past(artifactID int64, ago time.Duration) (catalog.Past, []string) {
	f.Helper()
	p, err := f.s.Past(f.Context(), artifactID, f.clock().Add(-ago))
	f.ok(err)
	list := []string{}
	for _, v := range p.Came {
		list = append(list, fmt.Sprintf("+%s %s %s %s %s", v.ID, v.Package, v.Version, v.Severity, v.FixedVersion))
	}
	for _, v := range p.Went {
		list = append(list, fmt.Sprintf("-%s %s %s %s %s", v.ID, v.Package, v.Version, v.Severity, v.FixedVersion))
	}
	for _, v := range p.FindingsCame {
		list = append(list, "+"+v.ID)
	}
	for _, v := range p.FindingsWent {
		list = append(list, fmt.Sprintf("-%s %s %s %s", v.ID, v.Category, v.Severity, v.Path))
	}
	return p, list
}

// rejudged stores what judging an artifact by other advisories comes to.
func (f *fixture) rejudged(artifactID int64, level catalog.JudgingLevel, r catalog.Result) {
	f.Helper()
	pull, err := f.s.ArtifactPull(f.Context(), artifactID)
	f.ok(err)
	before, err := f.s.Exposure(f.Context(), artifactID)
	f.ok(err)
	f.ok(f.s.Renew(f.Context(), catalog.Judged{Item: catalog.JudgingItem{Level: level, Cause: catalog.ByAdvisories, Pull: pull, Exposure: before,
		ScanID: pull.Verdict.ScanID}, Result: r}))
}

func testPastVulnerabilities(f *fixture) {
	start := f.now
	f.namespace("team", catalog.NamespaceChange{})
	own := packageSet(1, deb("curl", "7"))
	result := func(d catalog.Decision, vulnerabilities ...string) catalog.Result {
		return catalog.Result{Document: []byte("report"), Verdict: catalog.Verdict{Decision: d},
			Packages: []catalog.PackageSet{packageSet(0, deb("zlib", "1.0", vulnerabilities...)), own}}
	}
	scan := f.running(f.key("team", "app"), "a")
	f.ok(f.s.FinishScan(f.Context(), scan, result(catalog.Allow, "CVE-1 high 1.1", "CVE-2 low")))
	id := scan.ArtifactID
	p, list := f.past(id, 24*time.Hour)
	if !p.At.Equal(start) || !p.First || p.Decision != catalog.Allow || len(list) != 0 {
		f.Errorf("before the first report: %+v", p)
	}

	f.advance(time.Hour)
	f.rejudged(id, catalog.JudgeAll, result(catalog.Block, "CVE-2 low", "CVE-3 critical 1.2"))
	f.advance(time.Hour)
	want := []string{"+CVE-3 zlib 1.0 critical 1.2", "-CVE-1 zlib 1.0 high 1.1"}
	p, list = f.past(id, 2*time.Hour)
	equal(f, "an hour before the change", list, want)
	if p.Decision != catalog.Allow || !p.First {
		f.Errorf("an hour before the change: %+v", p)
	}
	p, list = f.past(id, time.Hour)
	equal(f, "when it happened", list, []string{})
	if p.Decision != catalog.Block || p.First || !p.At.Equal(start.Add(time.Hour)) {
		f.Errorf("when it happened: %+v", p)
	}

	// What came and went meanwhile, and what went and came back, is no difference.
	f.rejudged(id, catalog.JudgeAll, result(catalog.Block, "CVE-1 high 1.1", "CVE-2 low", "CVE-4 high"))
	f.advance(time.Hour)
	f.rejudged(id, catalog.JudgeAll, result(catalog.Block, "CVE-1 high 1.1", "CVE-2 low", "CVE-3 critical 1.2"))
	_, list = f.past(id, 3*time.Hour)
	equal(f, "since the first report", list, []string{"+CVE-3 zlib 1.0 critical 1.2"})
	_, list = f.past(id, time.Hour+30*time.Minute)
	equal(f, "since CVE-1 went", list, []string{"+CVE-1 zlib 1.0 high 1.1"})

	// Judging again without news writes nothing.
	before := Rows(f, f.dsn)
	f.rejudged(id, catalog.JudgeAll, result(catalog.Block, "CVE-1 high 1.1", "CVE-2 low", "CVE-3 critical 1.2"))
	equal(f, "rows after judging again without news", Rows(f, f.dsn), before)

	// What is long past is forgotten.
	f.ok(f.s.PrunePast(f.Context(), start.Add(90*time.Minute)))
	p, list = f.past(id, 24*time.Hour)
	equal(f, "after the oldest went", list, []string{"+CVE-1 zlib 1.0 high 1.1"})
	if p.First || !p.At.Equal(start.Add(90*time.Minute)) {
		f.Errorf("after the oldest went: %+v", p)
	}

	// A scan that reads other packages cannot be compared with those before.
	own = packageSet(1, deb("curl", "7"), deb("bash", "5"))
	f.advance(time.Hour)
	f.ok(f.s.FinishScan(f.Context(), f.rescan(id), result(catalog.Block, "CVE-2 low")))
	p, list = f.past(id, 24*time.Hour)
	if p.First || !p.At.Equal(f.now) || len(list) != 0 {
		f.Errorf("after other packages were read: %+v", p)
	}
	_, err := f.s.Past(f.Context(), 12345, start)
	f.code(err, catalog.NotFound, "not_scanned")
}

func testPastFindings(f *fixture) {
	f.namespace("team", catalog.NamespaceChange{})
	token, user, virus := found(report.Sensitive, "token", report.High), found(report.Baseline, "root", report.Low), found(report.Malicious, "virus", report.Critical)
	token.Paths = []string{"srv/\x00.env", "srv/other"}
	a := f.exposed(f.key("team", "app"), "1", catalog.Allow, cve("CVE-1", report.Low), token)
	equal(f, "rows of the first report", Rows(f, f.dsn)["finding_change"], 0)
	f.advance(time.Hour)
	f.expose(a, catalog.Allow, cve("CVE-2", report.Low), user, user)
	_, list := f.past(a.ID, time.Hour)
	equal(f, "after a scan", list, []string{"+root", "-token sensitive-information high srv/\uFFFD.env"})
	rows := Rows(f, f.dsn)["finding_change"]
	f.expose(a, catalog.Allow, cve("CVE-3", report.Low), user, user)
	equal(f, "rows after the same scan", Rows(f, f.dsn)["finding_change"], rows)

	f.advance(time.Hour)
	f.rejudged(a.ID, catalog.JudgePackages, catalog.Result{Exposure: []catalog.Exposure{virus, user, user}})
	_, list = f.past(a.ID, time.Hour)
	equal(f, "after other advisories", list, []string{"+virus"})
	f.advance(time.Hour)
	f.expose(a, catalog.Allow, user, token)
	_, list = f.past(a.ID, 2*time.Hour)
	equal(f, "since the scan", list, []string{"+token", "+virus"})
	_, list = f.past(a.ID, time.Hour)
	equal(f, "since the advisories", list, []string{"+token", "-virus malicious-file critical "})

	// After too many changes at once nothing from before is known.
	var many []catalog.Exposure
	for i := range 1001 {
		many = append(many, found(report.Sensitive, fmt.Sprint("rule", i), report.Low))
	}
	rows = Rows(f, f.dsn)["finding_change"]
	f.advance(time.Hour)
	f.expose(a, catalog.Allow, append(many, user, token)...)
	if p, list := f.past(a.ID, 9*time.Hour); !p.At.Equal(f.now) || len(list) != 0 {
		f.Errorf("after too many changes: %+v", p)
	}
	equal(f, "rows after too many changes", Rows(f, f.dsn)["finding_change"], rows)
	f.advance(time.Hour)
	f.expose(a, catalog.Allow, append(many[:1000], user, token)...)
	if p, list := f.past(a.ID, time.Hour); p.At.Equal(f.now) || len(list) != 1 {
		f.Errorf("one that went: %v %v", p.At, list)
	}

	f.ok(f.s.PrunePast(f.Context(), f.now))
	equal(f, "rows that are not long past", Rows(f, f.dsn)["finding_change"], 1)
	f.ok(f.s.DeleteManifest(f.Context(), f.key("team", "app"), a.Digest))
	equal(f, "rows of a deleted image", Rows(f, f.dsn)["finding_change"], 0)
}

func testVulnerabilityHistory(f *fixture) {
	start := f.now
	f.namespace("team", catalog.NamespaceChange{})
	f.namespace("other", catalog.NamespaceChange{})
	zlib := func(vulnerabilities ...string) catalog.PackageSet {
		return packageSet(0, deb("zlib", "1", vulnerabilities...), deb("zlib-dev", "1", vulnerabilities...))
	}
	app := f.scanned(f.key("team", "app"), "a", zlib("CVE-1 high 2"))
	f.advance(time.Hour)
	f.scanned(f.key("other", "web"), "b", zlib("CVE-1 high 2"))
	history := func(filter catalog.ImageFilter, offset, limit int) []string {
		f.Helper()
		list, err := f.s.VulnerabilityHistory(f.Context(), f.inst, "CVE-1", filter, offset, limit)
		f.ok(err)
		out := []string{}
		for _, h := range list {
			until := "now"
			if !h.Until.IsZero() {
				until = fmt.Sprint(h.Until.Sub(start).Hours())
			}
			out = append(out, fmt.Sprintf("%s/%s %s %d %s %s %v-%s", h.Key.Namespace, h.Key.Repository, h.Package, h.Packages, h.Severity, h.FixedVersion, h.Since.Sub(start).Hours(), until))
		}
		return out
	}
	equal(f, "while it lasts", history(catalog.ImageFilter{}, 0, 9), []string{"other/web zlib 2 high 2 1-now", "team/app zlib 2 high 2 0-now"})
	f.advance(time.Hour)
	f.publish(f.rescan(app.ArtifactID), zlib())
	f.advance(time.Hour)
	f.scanned(f.key("team", "late"), "c", zlib())
	over := []string{"other/web zlib 2 high 2 1-2", "team/app zlib 2 high 2 0-2"}
	equal(f, "after it went", history(catalog.ImageFilter{}, 0, 9), over)
	equal(f, "the second", history(catalog.ImageFilter{}, 1, 1), over[1:])
	equal(f, "who may not see one", history(catalog.ImageFilter{Namespaces: []string{"team"}}, 0, 9), over[1:])
	equal(f, "who may see none", history(catalog.ImageFilter{See: &catalog.Visibility{}}, 0, 9), []string{})

	f.advance(time.Hour)
	f.publish(f.rescan(app.ArtifactID), zlib("CVE-1 low"))
	equal(f, "after it came back", history(catalog.ImageFilter{Namespaces: []string{"team"}}, 0, 9),
		[]string{"team/late zlib 2 low  4-now", "team/app zlib 2 low  4-now", "team/app zlib 2 high 2 0-2"})
	f.ok(f.s.DeleteRepository(f.Context(), f.key("team", "app")))
	equal(f, "without a deleted image", history(catalog.ImageFilter{Namespaces: []string{"team"}}, 0, 9), []string{"team/late zlib 2 low  4-now"})
}
