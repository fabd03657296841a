package storetest

import (
	"fmt"
	"time"

	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/report"
)

// The settings of a gate are kept, change what is named, and make verdicts old
// only if they change.
func testGateSettings(f *fixture) {
	ctx := f.Context()
	f.namespace("team", catalog.NamespaceChange{})
	update := func(c catalog.GateChange) catalog.Namespace {
		f.Helper()
		_, err := f.s.UpdateNamespace(ctx, f.inst, "team", catalog.NamespaceChange{Gate: &c})
		f.ok(err)
		ns, err := f.s.Namespace(ctx, f.inst, "team")
		f.ok(err)
		return ns
	}
	if ns := update(catalog.GateChange{GraceDays: ptr(0), ReportOnly: ptr(false)}); ns.Revision != 1 {
		f.Errorf("nothing changed: %+v", ns)
	}
	high := report.High
	want := catalog.GateSettings{
		Answers:        map[catalog.PullState]catalog.Answer{catalog.WaitingForScan: {Action: catalog.AnswerHold, Hold: 2 * time.Minute}, catalog.ScanFailed: {Action: catalog.AnswerAllow}},
		ReportOnly:     true,
		GraceDays:      14,
		AlsoBlock:      map[report.Category]report.Severity{report.Malicious: report.High},
		ExemptAccounts: []string{"deployer"},
	}
	all := catalog.GateChange{Answers: want.Answers, ReportOnly: ptr(true), GraceDays: ptr(14),
		AlsoBlock: map[report.Category]*report.Severity{report.Malicious: &high}, ExemptAccounts: &[]string{"deployer"}}
	ns := update(all)
	equal(f, "settings", ns.Policy.Gate, want)
	if ns.Revision != 2 {
		f.Errorf("revision %d", ns.Revision)
	}
	if ns = update(all); ns.Revision != 2 {
		f.Errorf("the same again: revision %d", ns.Revision)
	}
	a := f.push(f.image(f.key("team", "app"), "1", "l1"))
	p, err := f.s.Pull(ctx, f.key("team", "app"), "1")
	f.ok(err)
	equal(f, "of a pull", p.Namespace.Policy.Gate, want)
	if p, err = f.s.ArtifactPull(ctx, a.ID); err != nil {
		f.Fatal(err)
	}
	equal(f, "of an artifact", p.Namespace.Policy.Gate, want)
	_, err = f.s.UpdateNamespace(ctx, f.inst, "team", catalog.NamespaceChange{Block: ptr(true), Gate: &catalog.GateChange{GraceDays: ptr(366)}})
	f.code(err, catalog.Invalid, "grace_out_of_range")
	ns = update(catalog.GateChange{
		Answers:    map[catalog.PullState]catalog.Answer{catalog.WaitingForScan: catalog.DefaultAnswer(catalog.WaitingForScan), catalog.ScanFailed: {Action: catalog.AnswerBlock}},
		ReportOnly: ptr(false), GraceDays: ptr(0), AlsoBlock: map[report.Category]*report.Severity{report.Malicious: nil}, ExemptAccounts: &[]string{}})
	equal(f, "what is said stays said", ns.Policy, catalog.Policy{Threshold: catalog.DefaultThreshold,
		Gate: catalog.GateSettings{Answers: map[catalog.PullState]catalog.Answer{
			catalog.WaitingForScan: catalog.DefaultAnswer(catalog.WaitingForScan), catalog.ScanFailed: {Action: catalog.AnswerBlock}}}})
	if ns.Revision != 3 {
		f.Errorf("revision %d", ns.Revision)
	}
}

// The history says whether a verdict changed by the policy, by an exception or
// by the time.
func testVerdictCauses(f *fixture) {
	ctx := f.Context()
	f.namespace("team", catalog.NamespaceChange{})
	scan := f.running(f.key("team", "app"), "l1")
	f.ok(f.s.FinishScan(ctx, scan, catalog.Result{Document: []byte("report"), Verdict: catalog.Verdict{Decision: catalog.Block, Revision: 1}}))
	revision := func() int64 {
		f.Helper()
		ns, err := f.s.Namespace(ctx, f.inst, "team")
		f.ok(err)
		return ns.Revision
	}
	decide := func(d catalog.Decision, want string) {
		f.Helper()
		f.ok(f.s.SetVerdict(ctx, scan.ArtifactID, catalog.Verdict{Decision: d, Revision: revision(), ScanID: scan.ID}))
		list, err := f.s.VerdictChanges(ctx, scan.ArtifactID, 0, 1)
		f.ok(err)
		if len(list) != 1 || list[0].Cause != want || list[0].After != d {
			f.Errorf("history %+v, want a change by %s", list, want)
		}
	}
	except := func(id string) {
		f.Helper()
		_, err := f.s.CreateException(ctx, catalog.Exception{InstanceID: f.inst, Scope: catalog.ScopeNamespace, Targets: []catalog.Target{{Namespace: "team"}},
			Action: catalog.Whitelist, Criteria: catalog.Criteria{Vulnerability: id}, Author: "ada", Reason: "r"})
		f.ok(err)
	}
	policy := func(days int) {
		f.Helper()
		_, err := f.s.UpdateNamespace(ctx, f.inst, "team", catalog.NamespaceChange{Gate: &catalog.GateChange{GraceDays: &days}})
		f.ok(err)
	}
	except("CVE-2024-1")
	decide(catalog.Allow, "exception")
	decide(catalog.Block, "expiry")
	policy(1)
	decide(catalog.Allow, "policy")
	policy(2)
	except("CVE-2024-2")
	decide(catalog.Block, "policy") // the policy is what more depends on
	except("CVE-2024-3")
	except("CVE-2024-4")
	decide(catalog.Allow, "exception")
}

func testPulledArtifacts(f *fixture) {
	ctx := f.Context()
	f.namespace("team", catalog.NamespaceChange{})
	f.namespace("other", catalog.NamespaceChange{})
	push := func(namespace, tag string) catalog.Artifact {
		f.Helper()
		return f.push(f.image(f.key(namespace, "app"), tag, "layer of "+tag))
	}
	rare, often, refused, never, foreign := push("team", "rare"), push("team", "often"), push("team", "refused"), push("team", "never"), push("other", "foreign")
	record := func(a catalog.Artifact, pulls, refusals int64) {
		f.Helper()
		f.ok(f.s.RecordPulls(ctx, []catalog.PullRecord{{ArtifactID: a.ID, At: f.clock(), Pulls: pulls, Refused: refusals}}))
	}
	record(never, 100, 0) // long ago
	first := f.clock()
	f.advance(30 * 24 * time.Hour)
	record(rare, 1, 0)
	record(often, 5, 1)
	record(foreign, 50, 0)
	f.advance(24 * time.Hour)
	record(often, 2, 0)
	record(refused, 0, 7)
	list := func(since time.Time, limit int) (rows []string, more bool) {
		f.Helper()
		found, more, err := f.s.PulledArtifacts(ctx, f.inst, "team", since, limit)
		f.ok(err)
		for _, a := range found {
			if a.Pull.Namespace.Name != "team" || a.Pull.Artifact.Digest == "" || len(a.Pull.Artifact.Tags) != 1 {
				f.Errorf("found %+v", a.Pull)
				continue
			}
			rows = append(rows, fmt.Sprintf("%s: %d, %d refused", a.Pull.Artifact.Tags[0], a.Pulls, a.Refused))
		}
		return rows, more
	}
	rows, more := list(f.clock().AddDate(0, 0, -29), 10)
	equal(f, "of 30 days", rows, []string{"often: 7, 1 refused", "refused: 0, 7 refused", "rare: 1, 0 refused"})
	if more {
		f.Error("there are more")
	}
	rows, more = list(f.clock(), 1)
	equal(f, "of today, most often", rows, []string{"refused: 0, 7 refused"})
	if !more {
		f.Error("there are no more")
	}
	rows, _ = list(first, 1)
	equal(f, "of all days, most often", rows, []string{"never: 100, 0 refused"})
	_, _, err := f.s.PulledArtifacts(ctx, f.inst, "none", first, 1)
	f.code(err, catalog.NotFound, "namespace_not_found")
}

// A change by who read a namespace before somebody else changed it is refused, also
// within the same millisecond.
func testChangedMeanwhile(f *fixture) {
	ctx := f.Context()
	read := f.namespace("team", catalog.NamespaceChange{})
	yes, no := true, false
	second, err := f.s.UpdateNamespace(ctx, f.inst, "team", catalog.NamespaceChange{ReadAt: read.UpdatedAt, AutoScan: &yes})
	f.ok(err)
	_, err = f.s.UpdateNamespace(ctx, f.inst, "team", catalog.NamespaceChange{ReadAt: read.UpdatedAt, AutoScan: &no})
	f.code(err, catalog.Conflict, "namespace_changed")
	third, err := f.s.UpdateNamespace(ctx, f.inst, "team", catalog.NamespaceChange{ReadAt: second.UpdatedAt, Public: &yes})
	f.ok(err)
	if !third.AutoScan || !third.Public {
		f.Errorf("the namespace is %+v", third)
	}
}
