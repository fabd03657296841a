package gate

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/report"
)

var (
	now    = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	expiry = now.Add(time.Hour)
)

// pull is a reported image in a namespace that blocks from high on; change
// adapts it.
func pull(change ...func(*catalog.Pull)) catalog.Pull {
	p := catalog.Pull{
		Namespace: catalog.Namespace{
			Name:     "team",
			Revision: 7,
			Policy:   catalog.Policy{Block: true, Threshold: report.High},
		},
		Artifact: catalog.Artifact{
			Key:    catalog.RepositoryKey{Namespace: "team", Repository: "java"},
			Digest: "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
			Kind:   catalog.KindImage,
			Tags:   []string{"1"},
		},
		Scan:     &catalog.Scan{State: catalog.Success},
		Reported: true,
	}
	for _, c := range change {
		c(&p)
	}
	return p
}

func threshold(s report.Severity) func(*catalog.Pull) {
	return func(p *catalog.Pull) { p.Namespace.Policy.Threshold = s }
}

func kind(k catalog.ArtifactKind) func(*catalog.Pull) {
	return func(p *catalog.Pull) { p.Artifact.Kind = k }
}

func unblocked(p *catalog.Pull) { p.Namespace.Policy.Block = false }

// scan sets the latest scan and, unless it succeeded, that there is no report.
func scan(s *catalog.Scan) func(*catalog.Pull) {
	return func(p *catalog.Pull) { p.Scan, p.Reported = s, false }
}

func later(s catalog.ScanState) func(*catalog.Pull) {
	return func(p *catalog.Pull) { p.Scan = &catalog.Scan{State: s} }
}

func allow(expires time.Time, ids ...string) func(*catalog.Pull) {
	return func(p *catalog.Pull) {
		p.Namespace.Policy.Allowlist = catalog.Allowlist{Items: ids, ExpiresAt: expires}
	}
}

func vuln(id string, s report.Severity, aliases ...string) catalog.Exposure {
	return catalog.Exposure{ID: id, Severity: s, Aliases: aliases, Package: "zlib1g", Version: "1.2.11", FixedVersion: "1.2.13"}
}

func TestDecide(t *testing.T) {
	const (
		low, high, critical = report.Low, report.High, report.Critical
	)
	bad := []catalog.Exposure{vuln("CVE-1", critical), vuln("CVE-2", high), vuln("CVE-3", low)}
	type want struct {
		decision  catalog.Decision
		reason    string
		remaining int
		severity  report.Severity
		changes   time.Time
	}
	var never time.Time
	for _, tc := range []struct {
		name     string
		pull     catalog.Pull
		exposure []catalog.Exposure
		want     want
	}{
		// The table of specification §4.3, blocking off and on.
		{"off, vulnerable", pull(unblocked), bad, want{decision: catalog.Allow, reason: "blocking-off"}},
		{"off, never scanned", pull(unblocked, scan(nil)), nil, want{decision: catalog.Allow, reason: "blocking-off"}},
		{"off, failed", pull(unblocked, scan(&catalog.Scan{State: catalog.Failed})), nil, want{decision: catalog.Allow, reason: "blocking-off"}},
		{"never scanned", pull(scan(nil)), nil, want{decision: catalog.Undecided, reason: "not-scanned"}},
		{"waiting", pull(scan(&catalog.Scan{State: catalog.Pending})), nil, want{decision: catalog.Undecided, reason: "pending"}},
		{"running", pull(scan(&catalog.Scan{State: catalog.Running})), nil, want{decision: catalog.Undecided, reason: "running"}},
		{"failed", pull(scan(&catalog.Scan{State: catalog.Failed})), nil, want{decision: catalog.Undecided, reason: "failed"}},
		{"clean", pull(), nil, want{decision: catalog.Allow, reason: "clean"}},
		{"all allowlisted", pull(allow(never, "CVE-1", "CVE-2", "CVE-3")), bad, want{decision: catalog.Allow, reason: "allowlisted"}},
		{"below", pull(), []catalog.Exposure{vuln("CVE-3", report.Medium)}, want{catalog.Allow, "below-threshold", 1, report.Medium, never}},
		{"at threshold", pull(), []catalog.Exposure{vuln("CVE-2", high)}, want{catalog.Block, "vulnerable", 1, high, never}},
		{"above threshold", pull(), bad, want{catalog.Block, "vulnerable", 3, critical, never}},
		{"expired this second", pull(allow(now, "CVE-1", "CVE-2", "CVE-3")), bad, want{catalog.Block, "vulnerable", 3, critical, never}},
		{"expires next instant", pull(allow(now.Add(1), "CVE-1", "CVE-2", "CVE-3")), bad, want{catalog.Allow, "allowlisted", 0, 0, now.Add(1)}},
		{"chart", pull(kind(catalog.KindChart), scan(nil)), nil, want{decision: catalog.Allow, reason: "not-scannable"}},
		{"signature", pull(kind(catalog.KindSignature), scan(nil)), nil, want{decision: catalog.Allow, reason: "not-scannable"}},
		{"other", pull(kind(catalog.KindOther), scan(nil)), nil, want{decision: catalog.Allow, reason: "not-scannable"}},

		// Kinds.
		{"index", pull(kind(catalog.KindIndex), scan(nil)), nil, want{decision: catalog.Allow, reason: "index"}},
		{"kind nobody knows", pull(kind("wasm"), scan(nil)), nil, want{decision: catalog.Undecided, reason: "not-scanned"}},

		// A report counts whatever later scans do (lessons 2, 5, 6).
		{"clean, scan waits", pull(later(catalog.Pending)), nil, want{decision: catalog.Allow, reason: "clean"}},
		{"clean, scan runs", pull(later(catalog.Running)), nil, want{decision: catalog.Allow, reason: "clean"}},
		{"clean, scan failed", pull(later(catalog.Failed)), nil, want{decision: catalog.Allow, reason: "clean"}},
		{"vulnerable, scan failed", pull(later(catalog.Failed)), bad, want{catalog.Block, "vulnerable", 3, critical, never}},
		{"vulnerable, scan runs", pull(later(catalog.Running)), bad, want{catalog.Block, "vulnerable", 3, critical, never}},
		{"report, scan row gone", pull(func(p *catalog.Pull) { p.Scan = nil }), nil, want{decision: catalog.Allow, reason: "clean"}},
		{"success without report", pull(scan(&catalog.Scan{State: catalog.Success})), nil, want{decision: catalog.Undecided, reason: "not-scanned"}},
		{"exposure without report", pull(scan(nil)), bad, want{decision: catalog.Undecided, reason: "not-scanned"}},
		{"state nobody knows", pull(scan(&catalog.Scan{State: "Paused"})), nil, want{decision: catalog.Undecided, reason: "pending"}},

		// Allowlist.
		{"by alias, any case", pull(allow(never, "GHSA-AAAA-BBBB-CCCC")), []catalog.Exposure{vuln("CVE-9", critical, "ghsa-aaaa-bbbb-cccc")}, want{decision: catalog.Allow, reason: "allowlisted"}},
		{"lower-case finding", pull(allow(never, "CVE-9")), []catalog.Exposure{vuln(" cve-9", critical)}, want{decision: catalog.Allow, reason: "allowlisted"}},
		{"lower-case entry", pull(allow(never, "cve-9")), []catalog.Exposure{vuln("CVE-9", critical)}, want{decision: catalog.Allow, reason: "allowlisted"}},
		{"no prefix match", pull(allow(never, "CVE-2024-1")), []catalog.Exposure{vuln("CVE-2024-10", critical)}, want{catalog.Block, "vulnerable", 1, critical, never}},
		{"all packages of an id", pull(allow(never, "CVE-9")), []catalog.Exposure{vuln("CVE-9", critical), vuln("CVE-9", high)}, want{decision: catalog.Allow, reason: "allowlisted"}},
		{"worst allowlisted", pull(allow(expiry, "CVE-1", "CVE-2")), bad, want{catalog.Allow, "below-threshold", 1, low, expiry}},
		{"part allowlisted", pull(allow(expiry, "CVE-1")), bad, want{catalog.Block, "vulnerable", 2, high, expiry}},
		{"list hits nothing", pull(allow(expiry, "CVE-77")), bad, want{catalog.Block, "vulnerable", 3, critical, never}},
		{"empty list", pull(allow(expiry)), bad, want{catalog.Block, "vulnerable", 3, critical, never}},
		{"list, not scanned", pull(allow(expiry, "CVE-1"), scan(nil)), nil, want{decision: catalog.Undecided, reason: "not-scanned"}},

		// Thresholds and severities at the edge (lesson 11).
		{"none, unrated", pull(threshold(report.Unknown)), []catalog.Exposure{vuln("CVE-1", report.Unknown)}, want{catalog.Block, "vulnerable", 1, report.Unknown, never}},
		{"none, negligible", pull(threshold(report.Unknown)), []catalog.Exposure{vuln("CVE-1", report.Negligible)}, want{catalog.Block, "vulnerable", 1, report.Negligible, never}},
		{"none, clean", pull(threshold(report.Unknown)), nil, want{decision: catalog.Allow, reason: "clean"}},
		{"none, allowlisted", pull(threshold(report.Unknown), allow(never, "CVE-1")), []catalog.Exposure{vuln("CVE-1", report.Unknown)}, want{decision: catalog.Allow, reason: "allowlisted"}},
		{"negligible, unrated", pull(threshold(report.Negligible)), []catalog.Exposure{vuln("CVE-1", report.Unknown)}, want{catalog.Allow, "below-threshold", 1, report.Unknown, never}},
		{"low, negligible", pull(threshold(low)), []catalog.Exposure{vuln("CVE-1", report.Negligible)}, want{catalog.Allow, "below-threshold", 1, report.Negligible, never}},
		{"low, unrated", pull(threshold(low)), []catalog.Exposure{vuln("CVE-1", report.Unknown)}, want{catalog.Allow, "below-threshold", 1, report.Unknown, never}},
		{"critical, high", pull(threshold(critical)), []catalog.Exposure{vuln("CVE-1", high)}, want{catalog.Allow, "below-threshold", 1, high, never}},
		{"severity out of range", pull(threshold(critical)), []catalog.Exposure{vuln("CVE-1", 42)}, want{catalog.Block, "vulnerable", 1, critical, never}},
		{"severity below range", pull(threshold(critical)), []catalog.Exposure{vuln("CVE-1", -1)}, want{catalog.Block, "vulnerable", 1, critical, never}},
		{"threshold out of range", pull(threshold(42)), []catalog.Exposure{vuln("CVE-1", report.Unknown)}, want{catalog.Block, "vulnerable", 1, report.Unknown, never}},
		{"best first", pull(), []catalog.Exposure{vuln("CVE-1", low), vuln("CVE-2", critical)}, want{catalog.Block, "vulnerable", 2, critical, never}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			before := slices.Clone(tc.exposure)
			got := Decide(tc.pull, tc.exposure, nil, now)
			w := catalog.Verdict{
				Decision: tc.want.decision, Reason: tc.want.reason, Revision: 7,
				Remaining: tc.want.remaining, Severity: tc.want.severity, ChangesAt: tc.want.changes,
				Message: got.Message,
			}
			if tc.want.reason == "pending" || tc.want.reason == "running" {
				w.Hold = catalog.DefaultHold
			}
			if diff := cmp.Diff(w, got); diff != "" {
				t.Errorf("verdict (-want +got):\n%s", diff)
			}
			if (got.Message == "") != (got.Decision == catalog.Allow) {
				t.Errorf("decision %q with message %q", got.Decision, got.Message)
			}
			if diff := cmp.Diff(before, tc.exposure); diff != "" {
				t.Errorf("Decide changed its input:\n%s", diff)
			}
			checkMessage(t, got.Message)
		})
	}
}

// The verdict must be another one exactly from the moment it promised, and the
// same until then.
func TestChangesAt(t *testing.T) {
	p := pull(allow(expiry, "CVE-1"))
	exposure := []catalog.Exposure{vuln("CVE-1", report.High)}
	v := Decide(p, exposure, nil, now)
	if !v.ChangesAt.Equal(expiry) {
		t.Fatalf("ChangesAt = %v, want %v", v.ChangesAt, expiry)
	}
	before := expiry.Add(-time.Nanosecond)
	if diff := cmp.Diff(v, Decide(p, exposure, nil, before)); diff != "" || !v.Valid(7, before) {
		t.Errorf("the verdict changed before its time:\n%s", diff)
	}
	if after := Decide(p, exposure, nil, expiry); after.Decision != catalog.Block || v.Valid(7, expiry) {
		t.Errorf("at expiry: %+v, stored one valid: %t", after, v.Valid(7, expiry))
	}
}

// Whatever the exposure: a higher threshold never blocks more, a longer
// allowlist never blocks more, and expiry never blocks less.
func TestMonotone(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		exposure := randomExposure(r)
		var list []string
		for _, e := range exposure {
			if r.IntN(3) == 0 {
				list = append(list, e.ID)
			}
		}
		checkMonotone(t, exposure, list)
		if t.Failed() {
			return
		}
	}
}

func randomExposure(r *rand.Rand) []catalog.Exposure {
	exposure := make([]catalog.Exposure, r.IntN(6))
	for i := range exposure {
		exposure[i] = vuln(fmt.Sprintf("CVE-%d", r.IntN(8)), report.Severity(r.IntN(8)-1), fmt.Sprintf("GHSA-%d", r.IntN(8)))
	}
	return exposure
}

func checkMonotone(t *testing.T, exposure []catalog.Exposure, list []string) {
	t.Helper()
	blocked := func(s report.Severity, items []string, at time.Time) bool {
		v := Decide(pull(threshold(s), allow(expiry, items...)), exposure, nil, at)
		if v.Decision == catalog.Undecided {
			t.Errorf("undecided about a report: %+v", v)
		}
		checkMessage(t, v.Message)
		return v.Decision == catalog.Block
	}
	for s := report.Unknown; s <= report.Critical; s++ {
		if s > report.Unknown && blocked(s, list, now) && !blocked(s-1, list, now) {
			t.Errorf("threshold %s blocks what %s lets pass: %+v", s, s-1, exposure)
		}
		for i := range list {
			if blocked(s, list[:i+1], now) && !blocked(s, list[:i], now) {
				t.Errorf("allowlisting %s blocks at %s: %+v", list[i], s, exposure)
			}
		}
		if blocked(s, list, now) && !blocked(s, list, expiry) {
			t.Errorf("expiry unblocks at %s: %+v", s, exposure)
		}
		if blocked(s, list, expiry) != blocked(s, nil, now) {
			t.Errorf("an expired list counts at %s: %+v", s, exposure)
		}
	}
}

func FuzzDecide(f *testing.F) {
	f.Add("team", "java", "1", "sha256:00", "CVE-1", "zlib\x1b[2J", "1.0", "", 5, 3, true)
	f.Add(strings.Repeat("n", 300), strings.Repeat("r", 300), strings.Repeat("t", 128), "", "\xff", "\u202eevil", "", "2", -1, 0, false)
	f.Fuzz(func(t *testing.T, ns, repo, tag, digest, id, pkg, version, fixed string, severity, limit int, reported bool) {
		p := pull(threshold(report.Severity(limit)))
		p.Namespace.Name, p.Reported = ns, reported
		p.Artifact.Key = catalog.RepositoryKey{Namespace: ns, Repository: repo}
		p.Artifact.Digest, p.Artifact.Tags = digest, []string{tag, tag, tag, tag}
		p.Scan = &catalog.Scan{State: catalog.Failed, Cause: catalog.Cause(id), Detail: pkg + version}
		e := catalog.Exposure{ID: id, Package: pkg, Version: version, FixedVersion: fixed, Severity: report.Severity(severity)}
		exposure := []catalog.Exposure{e, vuln("CVE-1", report.Low), vuln("CVE-2", report.High)}
		v := Decide(p, exposure, nil, now)
		checkMessage(t, v.Message)
		if reported {
			checkMonotone(t, exposure, []string{id, "CVE-2"})
		} else if v.Decision != catalog.Undecided {
			t.Errorf("passes without a report: %+v", v)
		}
	})
}

func BenchmarkDecide(b *testing.B) {
	exposure := make([]catalog.Exposure, 5000)
	for i := range exposure {
		exposure[i] = vuln(fmt.Sprintf("CVE-2024-%d", i), report.Severity(i%6), fmt.Sprintf("GHSA-%d", i))
	}
	var list []string
	for i := range catalog.MaxAllowlist {
		list = append(list, exposure[i*7].ID)
	}
	p := pull(allow(expiry, list...))
	for b.Loop() {
		Decide(p, exposure, nil, now)
	}
}
