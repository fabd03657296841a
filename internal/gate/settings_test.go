package gate

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/report"
)

const day = 24 * time.Hour

// settings changes the settings of the gate.
func settings(change func(*catalog.GateSettings)) func(*catalog.Pull) {
	return func(p *catalog.Pull) { change(&p.Namespace.Policy.Gate) }
}

func answered(s catalog.PullState, a catalog.Answer) func(*catalog.Pull) {
	return settings(func(g *catalog.GateSettings) { g.Answers = map[catalog.PullState]catalog.Answer{s: a} })
}

func reportOnly(p *catalog.Pull) { p.Namespace.Policy.Gate.ReportOnly = true }

func also(c report.Category, level report.Severity) func(*catalog.Pull) {
	return settings(func(g *catalog.GateSettings) { g.AlsoBlock = map[report.Category]report.Severity{c: level} })
}

// grace gives grace for some days to an image that was pulled first at a time.
func grace(days int, pulled time.Time) func(*catalog.Pull) {
	return func(p *catalog.Pull) {
		p.Namespace.Policy.Gate.GraceDays = days
		p.Artifact.FirstPulledAt = pulled
	}
}

// found is a finding of another category.
func found(c report.Category, s report.Severity, title string) catalog.Exposure {
	return catalog.Exposure{Category: c, Severity: s, FindingID: title, Rule: "rule", Title: title, Paths: []string{"srv/file"}, Layer: 2}
}

// untagged makes of an image one that its instance refuses to scan.
func untagged(p *catalog.Pull) {
	scan(nil)(p)
	p.Artifact.Tags, p.Artifact.Tagged = nil, false
	p.Namespace.Scope.Refuse = []catalog.Refusal{catalog.RefuseUntagged}
}

// What is refused only counts where nothing better is known.
func TestScanRefused(t *testing.T) {
	windows := func(p *catalog.Pull) {
		p.Artifact.Platform = "windows/amd64"
		p.Namespace.Scope.Refuse = catalog.Refusals()
	}
	never := scan(nil)
	for _, tc := range []struct {
		name   string
		pull   catalog.Pull
		reason string
	}{
		{"untagged", pull(untagged), ReasonScanRefused},
		{"a member of an index", pull(untagged, func(p *catalog.Pull) { p.Artifact.Member = true }), ReasonNotScanned},
		{"a member of an index that is refused", pull(untagged, func(p *catalog.Pull) {
			p.Artifact.Member, p.Namespace.Scope.Refuse = true, catalog.Refusals()
		}), ReasonScanRefused},
		{"windows", pull(never, windows), ReasonScanRefused},
		{"windows, failed", pull(scan(&catalog.Scan{State: catalog.Failed}), windows), ReasonScanRefused},
		{"windows, being scanned since before", pull(scan(&catalog.Scan{State: catalog.Running}), windows), ReasonRunning},
		{"tagged", pull(never, func(p *catalog.Pull) { p.Artifact.Tagged, p.Namespace.Scope.Refuse = true, catalog.Refusals() }), ReasonNotScanned},
	} {
		v := Decide(tc.pull, nil, nil, now)
		if v.Reason != tc.reason || v.Decision != catalog.Undecided {
			t.Errorf("%s: %+v", tc.name, v)
		}
		checkMessage(t, v.Message)
	}
	reported := pull(untagged, func(p *catalog.Pull) { p.Reported = true })
	if v := Decide(reported, nil, nil, now); v.Reason != ReasonClean {
		t.Errorf("scanned before that was refused: %+v", v)
	}
}

// The profile of the specification holds no pull.
func TestProfileHoldsNothing(t *testing.T) {
	for _, state := range []catalog.ScanState{catalog.Pending, catalog.Running} {
		p := pull(scan(&catalog.Scan{State: state}), func(p *catalog.Pull) { p.Namespace.Scope.Profile = catalog.ProfileSWR })
		if v := Decide(p, nil, nil, now); v.Decision != catalog.Undecided || v.Hold != 0 {
			t.Errorf("%s: %+v", state, v)
		}
	}
}

// Each state of an image without a report has an answer of its own.
func TestAnswers(t *testing.T) {
	states := []struct {
		state  catalog.PullState
		set    func(*catalog.Pull)
		reason string
	}{
		{catalog.NotScanned, scan(nil), "not-scanned"},
		{catalog.WaitingForScan, scan(&catalog.Scan{State: catalog.Pending}), "pending"},
		{catalog.BeingScanned, scan(&catalog.Scan{State: catalog.Running}), "running"},
		{catalog.ScanFailed, scan(&catalog.Scan{State: catalog.Failed}), "failed"},
		{catalog.NotScannable, kind(catalog.KindChart), "not-scannable"},
		{catalog.ScanRefused, untagged, "scan-refused"},
	}
	for _, s := range states {
		for _, other := range states {
			for _, a := range []catalog.Answer{{Action: catalog.AnswerAllow}, {Action: catalog.AnswerBlock}, {Action: catalog.AnswerHold, Hold: time.Minute}, {Action: "newer"}} {
				v := Decide(pull(s.set, answered(other.state, a)), nil, nil, now)
				want := catalog.DefaultAnswer(s.state)
				if s.state == other.state {
					want = a
				}
				passes := want.Action == catalog.AnswerAllow
				if v.Reason != s.reason || (v.Decision == catalog.Allow) != passes || (v.Message == "") != passes || v.Hold != want.Hold {
					t.Errorf("%s, with %s for %s: %+v", s.state, a, other.state, v)
				}
				checkMessage(t, v.Message)
			}
		}
	}
	// Whoever verifies needs signatures; what has a report needs no answer.
	never := settings(func(g *catalog.GateSettings) {
		g.Answers = map[catalog.PullState]catalog.Answer{}
		for _, s := range catalog.PullStates() {
			g.Answers[s] = catalog.Answer{Action: catalog.AnswerBlock}
		}
	})
	for _, p := range []catalog.Pull{pull(never, kind(catalog.KindSignature)), pull(never), pull(never, kind(catalog.KindIndex)), pull(never, later(catalog.Running))} {
		if v := Decide(p, nil, nil, now); v.Decision != catalog.Allow {
			t.Errorf("%s: %+v", p.Artifact.Kind, v)
		}
	}
}

func TestReportOnly(t *testing.T) {
	bad := []catalog.Exposure{vuln("CVE-1", report.Critical)}
	for _, tc := range []struct {
		name     string
		pull     func(...func(*catalog.Pull)) catalog.Pull
		change   []func(*catalog.Pull)
		exposure []catalog.Exposure
	}{
		{"vulnerable", pull, nil, bad},
		{"clean", pull, nil, nil},
		{"not scanned", pull, []func(*catalog.Pull){scan(nil)}, nil},
		{"waiting", pull, []func(*catalog.Pull){scan(&catalog.Scan{State: catalog.Pending})}, nil},
		{"chart", pull, []func(*catalog.Pull){kind(catalog.KindChart)}, nil},
		{"off", pull, []func(*catalog.Pull){unblocked}, bad},
	} {
		earnest := Decide(tc.pull(tc.change...), tc.exposure, nil, now)
		v := Decide(tc.pull(append(tc.change, reportOnly)...), tc.exposure, nil, now)
		refused := earnest.Decision != catalog.Allow
		want := earnest
		want.Decision, want.Hold = catalog.Allow, 0
		if refused {
			want.Message = "would be refused: " + earnest.Message
		}
		if diff := cmp.Diff(want, v); diff != "" || v.WouldRefuse() != refused {
			t.Errorf("%s: would refuse %t (-want +got):\n%s", tc.name, v.WouldRefuse(), diff)
		}
		checkMessage(t, v.Message)
	}
}

func TestGrace(t *testing.T) {
	published := func(id string, at time.Time) catalog.Exposure {
		e := vuln(id, report.High)
		e.Published = at
		return e
	}
	pulled := now.Add(-30 * day)
	after := pulled.Add(28 * day) // two days ago
	type want struct {
		decision  catalog.Decision
		reason    string
		remaining int
		changes   time.Time
	}
	var never time.Time
	for _, tc := range []struct {
		name     string
		pull     catalog.Pull
		exposure []catalog.Exposure
		want     want
	}{
		{"published after the first pull", pull(grace(7, pulled)), []catalog.Exposure{published("CVE-1", after)}, want{catalog.Allow, "grace", 0, after.Add(7 * day)}},
		{"published before", pull(grace(7, pulled)), []catalog.Exposure{published("CVE-1", pulled.Add(-1))}, want{catalog.Block, "vulnerable", 1, never}},
		{"published at that moment", pull(grace(7, pulled)), []catalog.Exposure{published("CVE-1", pulled)}, want{catalog.Block, "vulnerable", 1, never}},
		{"over", pull(grace(2, pulled)), []catalog.Exposure{published("CVE-1", after)}, want{catalog.Block, "vulnerable", 1, never}},
		{"the last instant", pull(grace(2, pulled)), []catalog.Exposure{published("CVE-1", after.Add(1))}, want{catalog.Allow, "grace", 0, now.Add(1)}},
		{"no grace", pull(grace(0, pulled)), []catalog.Exposure{published("CVE-1", after)}, want{catalog.Block, "vulnerable", 1, never}},
		{"never pulled", pull(grace(365, time.Time{})), []catalog.Exposure{published("CVE-1", after)}, want{catalog.Block, "vulnerable", 1, never}},
		{"no date", pull(grace(365, pulled)), []catalog.Exposure{vuln("CVE-1", report.High)}, want{catalog.Block, "vulnerable", 1, never}},
		{"one of two", pull(grace(7, pulled)), []catalog.Exposure{published("CVE-1", after), vuln("CVE-2", report.Critical)}, want{catalog.Block, "vulnerable", 1, after.Add(7 * day)}},
		{"two ends", pull(grace(7, pulled)), []catalog.Exposure{published("CVE-1", after.Add(day)), published("CVE-2", after)}, want{catalog.Allow, "grace", 0, after.Add(7 * day)}},
		{"allowlisted for longer", pull(grace(7, pulled), allow(now.Add(100*day), "CVE-1")), []catalog.Exposure{published("CVE-1", after)}, want{catalog.Allow, "allowlisted", 0, now.Add(100 * day)}},
		{"allowlisted for less", pull(grace(7, pulled), allow(expiry, "CVE-1")), []catalog.Exposure{published("CVE-1", after)}, want{catalog.Allow, "grace", 0, after.Add(7 * day)}},
		{"one listed, one in its grace", pull(grace(7, pulled), allow(never, "CVE-2")), []catalog.Exposure{published("CVE-1", after), vuln("CVE-2", report.High)}, want{catalog.Allow, "grace", 0, after.Add(7 * day)}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			v := Decide(tc.pull, tc.exposure, nil, now)
			if diff := cmp.Diff(tc.want.changes, v.ChangesAt); v.Decision != tc.want.decision || v.Reason != tc.want.reason || v.Remaining != tc.want.remaining || diff != "" {
				t.Errorf("%+v, want %+v", v, tc.want)
			}
			if !v.ChangesAt.IsZero() {
				checkChange(t, tc.pull, tc.exposure, nil, v)
			}
		})
	}
}

func TestFurtherCategories(t *testing.T) {
	const low, medium, high, critical = report.Low, report.Medium, report.High, report.Critical
	all := settings(func(g *catalog.GateSettings) {
		g.AlsoBlock = map[report.Category]report.Severity{}
		for _, c := range catalog.BlockableCategories() {
			g.AlsoBlock[c] = medium
		}
	})
	key, trojan := found(report.Sensitive, high, "Private key"), found(report.Malicious, critical, "Miner")
	for _, tc := range []struct {
		name       string
		pull       catalog.Pull
		exposure   []catalog.Exposure
		exceptions []catalog.Exception
		decision   catalog.Decision
		reason     string
		remaining  int
	}{
		{"off by default", pull(), []catalog.Exposure{trojan, key}, nil, catalog.Allow, "clean", 0},
		{"another category is on", pull(also(report.Password, low)), []catalog.Exposure{trojan, key}, nil, catalog.Allow, "clean", 0},
		{"malware", pull(also(report.Malicious, low)), []catalog.Exposure{trojan}, nil, catalog.Block, "malware", 0},
		{"secrets", pull(also(report.Sensitive, high)), []catalog.Exposure{key}, nil, catalog.Block, "secrets", 0},
		{"passwords", pull(also(report.Password, high)), []catalog.Exposure{found(report.Password, high, "x")}, nil, catalog.Block, "weak-passwords", 0},
		{"settings", pull(also(report.Baseline, high)), []catalog.Exposure{found(report.Baseline, high, "x")}, nil, catalog.Block, "unsafe-settings", 0},
		{"software", pull(also(report.Compliance, high)), []catalog.Exposure{found(report.Compliance, high, "x")}, nil, catalog.Block, "software-compliance", 0},
		{"below the level", pull(also(report.Sensitive, critical)), []catalog.Exposure{key}, nil, catalog.Allow, "clean", 0},
		{"any", pull(also(report.Sensitive, report.Unknown)), []catalog.Exposure{found(report.Sensitive, report.Unknown, "x")}, nil, catalog.Block, "secrets", 0},
		{"severity out of range", pull(also(report.Sensitive, critical)), []catalog.Exposure{found(report.Sensitive, 42, "x")}, nil, catalog.Block, "secrets", 0},
		{"malware comes first", pull(all), []catalog.Exposure{vuln("CVE-1", critical), key, trojan}, nil, catalog.Block, "malware", 1},
		{"vulnerabilities come next", pull(all), []catalog.Exposure{vuln("CVE-1", critical), key}, nil, catalog.Block, "vulnerable", 1},
		{"vulnerabilities below", pull(all), []catalog.Exposure{vuln("CVE-1", low), key}, nil, catalog.Block, "secrets", 1},
		{"whitelisted", pull(all), []catalog.Exposure{key}, []catalog.Exception{except("", expiry, about(catalog.Criteria{Rule: "rule"}))}, catalog.Allow, "excepted", 0},
		{"ignored", pull(all), []catalog.Exposure{key}, []catalog.Exception{except("", expiry, about(catalog.Criteria{Rule: "rule"}), ignored)}, catalog.Block, "secrets", 0},
		{"whitelisted elsewhere", pull(all), []catalog.Exposure{key}, []catalog.Exception{except("", expiry, about(catalog.Criteria{Path: "opt/**"}))}, catalog.Block, "secrets", 0},
		{"a list of vulnerabilities", pull(all, allow(expiry, "PRIVATE-KEY")), []catalog.Exposure{key}, nil, catalog.Block, "secrets", 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			v := Decide(tc.pull, tc.exposure, tc.exceptions, now)
			if v.Decision != tc.decision || v.Reason != tc.reason || v.Remaining != tc.remaining {
				t.Errorf("%+v, want %s for %s, %d remaining", v, tc.decision, tc.reason, tc.remaining)
			}
			checkMessage(t, v.Message)
			if tc.reason == "excepted" && (!v.ChangesAt.Equal(expiry) || Decide(tc.pull, tc.exposure, tc.exceptions, expiry).Decision != catalog.Block) {
				t.Errorf("changes at %s: %+v", v.ChangesAt, v)
			}
		})
	}
}

func TestMessagesOfFurtherCategories(t *testing.T) {
	p := pull(settings(func(g *catalog.GateSettings) {
		g.AlsoBlock = map[report.Category]report.Severity{report.Malicious: report.Low, report.Password: report.High, report.Compliance: report.Critical}
	}))
	nowhere := found(report.Compliance, report.Critical, "Licence that is denied")
	nowhere.Paths, nowhere.Package, nowhere.Version, nowhere.Layer = []string{""}, "left-pad", "1.0", report.NoLayer
	got := Decide(p, []catalog.Exposure{
		vuln("CVE-1", report.High), vuln("CVE-2", report.Low),
		found(report.Malicious, report.High, "Miner"), found(report.Malicious, report.Critical, "Web\x1b[2Jshell"),
		found(report.Password, report.High, "p"), nowhere,
	}, nil, now).Message
	want := "team/java@sha256:0123456789ab (tag 1) may not be pulled: 2 malicious files in it are of severity low or higher, the level from which such findings block in namespace team." +
		" It is blocked for 1 vulnerability, 1 weak password, 1 breach of the rules for software as well." +
		" Worst first: Web?[2Jshell (critical) in srv/file, layer 2; Miner (high) in srv/file, layer 2." +
		" Take out what was found, rebuild and push; how is in the full report: `pratique report team/java:1`. To have it as it is, ask an administrator of the namespace for an exception."
	if got != want {
		t.Errorf("message:\n got %s\nwant %s", got, want)
	}
	got = Decide(p, []catalog.Exposure{nowhere}, nil, now).Message
	if !strings.Contains(got, "Worst first: Licence that is denied (critical) in left-pad 1.0. Take") {
		t.Errorf("message: %s", got)
	}
	checkMessage(t, got)
}

// What would be refused fits into a message as well.
func TestReportedMessageBounded(t *testing.T) {
	p := pull(reportOnly, func(p *catalog.Pull) {
		p.Artifact.Key.Repository = strings.Repeat("r", 300)
		p.Artifact.Tags = []string{strings.Repeat("t", 128), strings.Repeat("u", 128), strings.Repeat("v", 128), "w"}
	})
	var exposure []catalog.Exposure
	for range 50 {
		exposure = append(exposure, catalog.Exposure{ID: strings.Repeat("界", 50), Severity: report.Critical, Package: strings.Repeat("界", 50)})
	}
	v := Decide(p, exposure, nil, now)
	if !v.WouldRefuse() {
		t.Errorf("%+v", v)
	}
	checkMessage(t, v.Message)
}

func TestLoose(t *testing.T) {
	key := catalog.RepositoryKey{Namespace: "team", Repository: "app"}
	for name, tc := range map[string]struct {
		pull     catalog.Pull
		decision catalog.Decision
		message  bool
	}{
		"by default":  {pull(), catalog.Undecided, true},
		"report only": {pull(reportOnly), catalog.Allow, true},
		"allowed":     {pull(answered(catalog.NotScanned, catalog.Answer{Action: catalog.AnswerAllow})), catalog.Allow, false},
		"held":        {pull(answered(catalog.NotScanned, catalog.Answer{Action: catalog.AnswerHold, Hold: time.Minute})), catalog.Undecided, true},
	} {
		v := Loose(tc.pull.Namespace, key, "sha256:00")
		if v.Decision != tc.decision || (v.Message != "") != tc.message || v.Hold != 0 || v.Reason != ReasonNotScanned {
			t.Errorf("%s: %+v", name, v)
		}
		checkMessage(t, v.Message)
	}
}
