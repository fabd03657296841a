package gate

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/report"
)

// except whitelists a vulnerability; change adapts it.
func except(id string, expires time.Time, change ...func(*catalog.Exception)) catalog.Exception {
	e := catalog.Exception{Action: catalog.Whitelist, Scope: catalog.ScopeInstance, Criteria: catalog.Criteria{Vulnerability: id}, ExpiresAt: expires}
	for _, c := range change {
		c(&e)
	}
	return e
}

func ignored(e *catalog.Exception) { e.Action = catalog.Ignore }

func about(c catalog.Criteria) func(*catalog.Exception) {
	return func(e *catalog.Exception) { e.Criteria = c }
}

func TestDecideWithExceptions(t *testing.T) {
	const high, critical = report.High, report.Critical
	var never time.Time
	later := expiry.Add(time.Hour)
	two := []catalog.Exposure{vuln("CVE-1", critical, "GHSA-1"), vuln("CVE-2", high)}
	two[0].Category, two[0].FindingID, two[0].Paths = report.System, "f1", []string{"var/lib/dpkg/status"}
	type want struct {
		decision  catalog.Decision
		reason    string
		remaining int
		severity  report.Severity
		changes   time.Time
	}
	for _, tc := range []struct {
		name       string
		pull       catalog.Pull
		exceptions []catalog.Exception
		want       want
	}{
		{"none", pull(), nil, want{catalog.Block, "vulnerable", 2, critical, never}},
		{"all", pull(), []catalog.Exception{except("CVE-1", never), except("CVE-2", never)}, want{decision: catalog.Allow, reason: "excepted"}},
		{"part", pull(), []catalog.Exception{except("CVE-1", expiry)}, want{catalog.Block, "vulnerable", 1, high, expiry}},
		{"ignored", pull(), []catalog.Exception{except("CVE-1", expiry, ignored), except("CVE-2", expiry, ignored)}, want{catalog.Block, "vulnerable", 2, critical, never}},
		{"whitelisted and ignored", pull(), []catalog.Exception{except("CVE-1", never, ignored), except("CVE-1", never), except("CVE-2", never)}, want{decision: catalog.Allow, reason: "excepted"}},
		{"by alias", pull(threshold(critical)), []catalog.Exception{except("GHSA-1", never)}, want{catalog.Allow, "below-threshold", 1, high, never}},
		{"by package", pull(), []catalog.Exception{except("", never, about(catalog.Criteria{Package: "zlib1g"}))}, want{decision: catalog.Allow, reason: "excepted"}},
		{"by finding", pull(threshold(critical)), []catalog.Exception{except("", never, about(catalog.Criteria{FindingID: "f1"}))}, want{catalog.Allow, "below-threshold", 1, high, never}},
		{"by path and category", pull(threshold(critical)), []catalog.Exception{except("", never, about(catalog.Criteria{Path: "var/**", Category: report.System}))}, want{catalog.Allow, "below-threshold", 1, high, never}},
		{"another package", pull(), []catalog.Exception{except("", never, about(catalog.Criteria{Vulnerability: "CVE-1", Package: "zlib"}))}, want{catalog.Block, "vulnerable", 2, critical, never}},
		{"a rule of secrets", pull(), []catalog.Exception{except("", never, about(catalog.Criteria{Rule: "jwt"}))}, want{catalog.Block, "vulnerable", 2, critical, never}},
		{"hits nothing", pull(), []catalog.Exception{except("CVE-77", expiry)}, want{catalog.Block, "vulnerable", 2, critical, never}},
		{"expired this instant", pull(), []catalog.Exception{except("CVE-1", now), except("CVE-2", now)}, want{catalog.Block, "vulnerable", 2, critical, never}},
		{"removed", pull(), []catalog.Exception{except("CVE-1", never, func(e *catalog.Exception) { e.EndedAt = now })}, want{catalog.Block, "vulnerable", 2, critical, never}},
		{"the first to expire", pull(), []catalog.Exception{except("CVE-1", later), except("CVE-2", expiry)}, want{catalog.Allow, "excepted", 0, 0, expiry}},
		{"the last of one", pull(), []catalog.Exception{except("CVE-1", later), except("GHSA-1", expiry), except("CVE-2", never)}, want{catalog.Allow, "excepted", 0, 0, later}},
		{"beside the allowlist", pull(allow(expiry, "CVE-1")), []catalog.Exception{except("CVE-2", later)}, want{catalog.Allow, "excepted", 0, 0, expiry}},
		{"longer than the allowlist", pull(allow(expiry, "CVE-1", "CVE-2")), []catalog.Exception{except("CVE-1", later), except("CVE-2", never)}, want{catalog.Allow, "excepted", 0, 0, later}},
		{"shorter than the allowlist", pull(allow(never, "CVE-1", "CVE-2")), []catalog.Exception{except("CVE-1", expiry)}, want{catalog.Allow, "allowlisted", 0, 0, never}},
		{"blocking off", pull(unblocked), []catalog.Exception{except("CVE-1", expiry)}, want{decision: catalog.Allow, reason: "blocking-off"}},
		{"not scanned", pull(scan(nil)), []catalog.Exception{except("CVE-1", never), except("CVE-2", never)}, want{decision: catalog.Undecided, reason: "not-scanned"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := Decide(tc.pull, two, tc.exceptions, now)
			w := catalog.Verdict{
				Decision: tc.want.decision, Reason: tc.want.reason, Revision: 7,
				Remaining: tc.want.remaining, Severity: tc.want.severity, ChangesAt: tc.want.changes, Message: got.Message,
			}
			if diff := cmp.Diff(w, got); diff != "" {
				t.Errorf("verdict (-want +got):\n%s", diff)
			}
			if !tc.want.changes.IsZero() {
				checkChange(t, tc.pull, two, tc.exceptions, got)
			}
		})
	}
}

// checkChange holds that a verdict is the same until the moment it names, and
// another one from then on.
func checkChange(t *testing.T, p catalog.Pull, exposure []catalog.Exposure, exceptions []catalog.Exception, v catalog.Verdict) {
	t.Helper()
	if diff := cmp.Diff(v, Decide(p, exposure, exceptions, v.ChangesAt.Add(-1))); diff != "" {
		t.Errorf("the verdict changed before its time:\n%s", diff)
	}
	if after := Decide(p, exposure, exceptions, v.ChangesAt); after.Remaining <= v.Remaining {
		t.Errorf("nothing changes at %s: %+v", v.ChangesAt, after)
	}
}
