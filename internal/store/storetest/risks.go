package storetest

import (
	"fmt"
	"time"

	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/report"
)

func cve(id string, s report.Severity) catalog.Exposure {
	return catalog.Exposure{ID: id, Category: report.System, Severity: s, Package: "lib"}
}

func found(category report.Category, rule string, s report.Severity) catalog.Exposure {
	return catalog.Exposure{Category: category, Rule: rule, Title: "About " + rule, Severity: s, FindingID: rule}
}

// exposed is an image whose scan found something.
func (f *fixture) exposed(key catalog.RepositoryKey, tag string, d catalog.Decision, exposure ...catalog.Exposure) catalog.Artifact {
	f.Helper()
	a := f.push(f.image(key, tag, key.Repository+tag))
	f.expose(a, d, exposure...)
	return a
}

func (f *fixture) expose(a catalog.Artifact, d catalog.Decision, exposure ...catalog.Exposure) {
	f.Helper()
	f.ok(f.s.FinishScan(f.Context(), f.rescan(a.ID), catalog.Result{Document: []byte("report"), Exposure: exposure, Verdict: catalog.Verdict{Decision: d}}))
}

func testRisks(f *fixture) {
	ctx := f.Context()
	f.namespace("team", catalog.NamespaceChange{})
	f.namespace("other", catalog.NamespaceChange{})
	token, jwt, root := found(report.Sensitive, "token", report.High), found(report.Sensitive, "jwt", report.Low), found(report.Baseline, "root_user", report.High)
	web := f.exposed(f.key("team", "web"), "1", catalog.Block, cve("CVE-1", report.Critical), cve("CVE-2", report.Low), token, token, root)
	f.exposed(f.key("team", "app"), "1", catalog.Allow, cve("CVE-2", report.Low), jwt, token)
	f.exposed(f.key("other", "app"), "1", catalog.Allow, cve("CVE-3", report.Unknown), root)
	f.exposed(f.key("other", "clean"), "1", catalog.Allow)
	f.push(f.image(f.key("team", "web"), "2", "is not scanned"))

	uses := func(filter catalog.RuleFilter) []string {
		f.Helper()
		list, total, err := f.s.RuleUses(ctx, f.inst, filter, 0, 10)
		f.ok(err)
		equal(f, "number of rules", total, len(list))
		out := []string{}
		for _, u := range list {
			out = append(out, fmt.Sprintf("%s %s %s %d %d", u.Rule, u.Title, u.Severity, u.Images, u.Amount))
		}
		return out
	}
	equal(f, "rules", uses(catalog.RuleFilter{}),
		[]string{"token About token high 2 3", "root_user About root_user high 2 2", "jwt About jwt low 1 1"})
	equal(f, "of a category", uses(catalog.RuleFilter{Category: report.Sensitive, Severity: report.Medium}), []string{"token About token high 2 3"})
	equal(f, "of a namespace", uses(catalog.RuleFilter{ImageFilter: catalog.ImageFilter{Namespaces: []string{"other"}}}), []string{"root_user About root_user high 1 1"})
	equal(f, "of none", uses(catalog.RuleFilter{ImageFilter: catalog.ImageFilter{Namespaces: []string{}}}), []string{})
	equal(f, "searched", uses(catalog.RuleFilter{Query: "ROOT_"}), []string{"root_user About root_user high 2 2"})
	equal(f, "searched for a sign that stands for itself", uses(catalog.RuleFilter{Query: "root%user"}), []string{})

	last, total, err := f.s.RuleUses(ctx, f.inst, catalog.RuleFilter{}, 2, 10)
	f.ok(err)
	if len(last) != 1 || last[0].Rule != "jwt" || total != 3 {
		f.Errorf("after two rules: %v of %d", last, total)
	}

	images := func(after int64, limit int) []string {
		f.Helper()
		list, err := f.s.FoundImages(ctx, f.inst, string(report.Sensitive), "token", catalog.ImageFilter{}, after, limit)
		f.ok(err)
		out := []string{}
		for _, u := range list {
			out = append(out, fmt.Sprintf("%s/%s %v %d", u.Key.Namespace, u.Key.Repository, u.Tags, u.Amount))
		}
		return out
	}
	equal(f, "images", images(0, 10), []string{"team/web [1] 2", "team/app [1] 1"})
	equal(f, "the first", images(0, 1), []string{"team/web [1] 2"})
	equal(f, "those after it", images(web.ID, 10), []string{"team/app [1] 1"})

	exposed, err := f.s.MostExposed(ctx, f.inst, catalog.ImageFilter{}, 2)
	f.ok(err)
	var names []string
	for _, e := range exposed {
		names = append(names, fmt.Sprintf("%s/%s %v %s %v", e.Namespace, e.Repository, e.Tags, e.Decision, e.Count))
	}
	equal(f, "most exposed", names, []string{"team/web [1] block {1 0 0 1 0}", "team/app [1] allow {0 0 0 1 0}"})

	// A scan with other results takes the place of what was found before.
	f.expose(web, catalog.Allow, jwt)
	equal(f, "rules after another scan", uses(catalog.RuleFilter{}),
		[]string{"token About token high 1 1", "root_user About root_user high 1 1", "jwt About jwt low 2 2"})
	f.ok(f.s.DeleteManifest(ctx, f.key("team", "web"), web.Digest))
	equal(f, "rules without that image", uses(catalog.RuleFilter{ImageFilter: catalog.ImageFilter{Namespaces: []string{"team"}}}),
		[]string{"token About token high 1 1", "jwt About jwt low 1 1"})

	// What was found of a base stays until another document says what it is now.
	late := f.push(f.image(f.key("other", "late"), "1", "late"))
	scan := f.rescan(late.ID)
	f.ok(f.s.FinishScan(ctx, scan, catalog.Result{Document: []byte("report"), Exposure: []catalog.Exposure{jwt}, Verdict: catalog.Verdict{Decision: catalog.Allow},
		Base: []catalog.RuleUse{{Rule: "newer-base", Title: "Newer", Severity: report.Low, Amount: 1}}}))
	bases := catalog.RuleFilter{Category: report.BaseImage}
	equal(f, "of bases", uses(bases), []string{"newer-base Newer low 1 1"})
	pull, err := f.s.ArtifactPull(ctx, late.ID)
	f.ok(err)
	again := catalog.Judged{Item: catalog.JudgingItem{Pull: pull, ScanID: scan.ID}, Result: catalog.Result{Exposure: []catalog.Exposure{token}, Verdict: catalog.Verdict{Decision: catalog.Allow}}}
	f.ok(f.s.Renew(ctx, again))
	equal(f, "of bases, judged again", uses(bases), []string{"newer-base Newer low 1 1"})
	again.Result.Document = []byte("another report")
	f.ok(f.s.Renew(ctx, again))
	equal(f, "of bases, by another document", uses(bases), []string{})
}

func testTrend(f *fixture) {
	ctx, start := f.Context(), f.clock()
	f.namespace("team", catalog.NamespaceChange{})
	f.namespace("other", catalog.NamespaceChange{})
	a := f.exposed(f.key("team", "web"), "1", catalog.Block, cve("CVE-1", report.Critical), cve("CVE-2", report.Critical))
	f.exposed(f.key("team", "app"), "1", catalog.Allow, cve("CVE-2", report.Medium))
	f.exposed(f.key("other", "app"), "1", catalog.Allow, cve("CVE-3", report.Negligible))
	f.push(f.image(f.key("team", "web"), "2", "is not scanned"))
	first := catalog.Standing{Images: 4, Reported: 3, Blocked: 1, Worst: catalog.SeverityCount{Critical: 1, Medium: 1, Rest: 1}}
	st, err := f.s.Standing(ctx, f.inst, catalog.ImageFilter{})
	f.ok(err)
	equal(f, "standing", st, first)
	if n := st.Worst.Total(); n != 3 {
		f.Errorf("%d images have vulnerabilities", n)
	}
	st, err = f.s.Standing(ctx, f.inst, catalog.ImageFilter{Namespaces: []string{"other"}})
	f.ok(err)
	equal(f, "standing of a namespace", st, catalog.Standing{Images: 1, Reported: 1, Worst: catalog.SeverityCount{Rest: 1}})

	f.ok(f.s.RecordTrend(ctx))
	f.advance(24 * time.Hour)
	f.ok(f.s.RecordTrend(ctx))
	f.expose(a, catalog.Allow)
	f.ok(f.s.RecordTrend(ctx)) // later the same day
	days := func(filter catalog.ImageFilter, since time.Time) []catalog.Standing {
		f.Helper()
		list, err := f.s.Trend(ctx, f.inst, filter, since)
		f.ok(err)
		out := []catalog.Standing{}
		for i, d := range list {
			if i > 0 && !d.Day.After(list[i-1].Day) {
				f.Errorf("%v comes after %v", d.Day, list[i-1].Day)
			}
			out = append(out, d.Standing)
		}
		return out
	}
	second := catalog.Standing{Images: 4, Reported: 3, Worst: catalog.SeverityCount{Medium: 1, Rest: 1}}
	equal(f, "trend", days(catalog.ImageFilter{}, start), []catalog.Standing{first, second})
	equal(f, "of today", days(catalog.ImageFilter{}, f.clock()), []catalog.Standing{second})
	f.ok(f.s.PruneTrend(ctx, f.clock()))
	equal(f, "after old days went", days(catalog.ImageFilter{Namespaces: []string{"other"}}, start),
		[]catalog.Standing{{Images: 1, Reported: 1, Worst: catalog.SeverityCount{Rest: 1}}})

	f.ok(f.s.RecordPulls(ctx, []catalog.PullRecord{{ArtifactID: a.ID, At: f.clock(), Pulls: 3, Refused: 2}}))
	pulls, err := f.s.PullDays(ctx, f.inst, catalog.ImageFilter{Namespaces: []string{"team"}}, start)
	f.ok(err)
	if len(pulls) != 1 || pulls[0].Pulls != 3 || pulls[0].Refused != 2 {
		f.Errorf("pulls: %+v", pulls)
	}
}

func testActiveScans(f *fixture) {
	f.namespace("team", catalog.NamespaceChange{})
	f.namespace("other", catalog.NamespaceChange{})
	list := f.images(f.key("team", "app"), 2)
	other := f.images(f.key("other", "app"), 1)
	for _, a := range append(list, other...) {
		_, err := f.s.RequestScan(f.Context(), a.ID, catalog.TriggerPush)
		f.ok(err)
	}
	f.promote(1)
	active := func(filter catalog.ImageFilter, limit int) (out []string) {
		f.Helper()
		scans, running, waiting, err := f.s.ActiveScans(f.Context(), f.inst, filter, limit)
		f.ok(err)
		for _, s := range scans {
			out = append(out, fmt.Sprintf("%s/%s %v %s", s.Key.Namespace, s.Key.Repository, s.Tags, s.Scan.State))
		}
		return append(out, fmt.Sprint(running, waiting))
	}
	equal(f, "all", active(catalog.ImageFilter{}, 2), []string{"team/app [t0] Running", "team/app [t1] Pending", "1 2"})
	equal(f, "of a namespace", active(catalog.ImageFilter{Namespaces: []string{"other"}}, 9), []string{"other/app [t0] Pending", "0 1"})
}
