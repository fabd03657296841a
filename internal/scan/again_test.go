package scan_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pratique/pratique/internal/advisory"
	"github.com/pratique/pratique/internal/advisory/advisorytest"
	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/image/imagetest"
	"github.com/pratique/pratique/internal/judge"
	"github.com/pratique/pratique/internal/report"
	"github.com/pratique/pratique/internal/scan"
)

// record is an advisory about a package of Debian 12, of high severity or worse.
func record(n int, name, fixed string) string {
	vector := "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
	return fmt.Sprintf(`{"id":"DEBIAN-CVE-2026-%04d","modified":"2026-03-%02dT00:00:00Z","published":"2026-03-01T00:00:00Z","upstream":["CVE-2026-%04d"],
 "details":"A hole in %s.","severity":[{"type":"CVSS_V3","score":%q}],
 "affected":[{"package":{"ecosystem":"Debian:12","name":%q},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":%q}]}]}]}
`, n, 1+n%28, n, name, vector, name, fixed)
}

// withdrawn is the record of an advisory that was taken back.
func withdrawn(record string) string {
	return strings.Replace(record, `"modified"`, `"withdrawn":"2026-04-01T00:00:00Z","modified"`, 1)
}

// knows puts other advisories in force.
func (e *env) knows(records ...string) {
	e.Helper()
	_, err := advisory.Import(e.Context(), e.advisories, advisorytest.Bucket(e, strings.Join(records, "")), advisory.ImportOptions{})
	e.must(err)
}

// judgeAgain judges what there is to be judged again, and tells how it went.
func (e *env) judgeAgain() catalog.JudgingState {
	e.Helper()
	e.must(e.service.JudgeAgain(e.Context()))
	state, err := e.store.Judging(e.Context())
	e.must(err)
	if state.Waiting != 0 || state.EndedAt.IsZero() != state.StartedAt.IsZero() {
		e.Errorf("judging again has not ended: %+v", state)
	}
	return state
}

// history lists the changes of a verdict, the latest first.
func (e *env) history(a catalog.Artifact) string {
	e.Helper()
	changes, err := e.store.VerdictChanges(e.Context(), a.ID, 0, 100)
	e.must(err)
	var list []string
	for _, c := range changes {
		list = append(list, fmt.Sprintf("%s>%s %s", c.Before, c.After, c.Cause))
	}
	return strings.Join(list, ", ")
}

func (e *env) verdict(a catalog.Artifact) catalog.Decision {
	e.Helper()
	pull, err := e.store.ArtifactPull(e.Context(), a.ID)
	e.must(err)
	return pull.Verdict.Decision
}

func (e *env) exposure(a catalog.Artifact) []catalog.Exposure {
	e.Helper()
	list, err := e.store.Exposure(e.Context(), a.ID)
	e.must(err)
	return list
}

// sameAsScanned checks that what was judged again is what a new scan finds, to
// the byte. The scanner must not be running.
func (e *env) sameAsScanned(a catalog.Artifact) {
	e.Helper()
	exposure := e.exposure(a)
	doc, _, err := e.service.Report(e.Context(), a.ID)
	e.must(err)
	if diff := cmp.Diff(exposure, e.exposure(a)); diff != "" {
		e.Errorf("judging packages found something else than judging all (-packages +all):\n%s", diff)
	}
	stop := e.start()
	e.rescanned(a)
	stop()
	e.service = e.fresh() // a service runs once
	scanned, _, err := e.store.Report(e.Context(), a.ID)
	e.must(err)
	if !bytes.Equal(doc, scanned) {
		e.Errorf("the report judged again differs from a scanned one (-again +scanned):\n%s", cmp.Diff(decode(e, doc), decode(e, scanned)))
	}
	if diff := cmp.Diff(exposure, e.exposure(a)); diff != "" {
		e.Errorf("judging again found something else than a scan (-again +scan):\n%s", diff)
	}
}

func decode(t testing.TB, doc []byte) (v any) {
	t.Helper()
	if err := json.Unmarshal(doc, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// several is an image with packages in several layers and of several kinds, of
// which other categories find something, too.
const several = `
user: app
-- layer --
ADD rootfs.tar /
-- etc/os-release --
PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
VERSION_ID="12"
VERSION_CODENAME=bookworm
ID=debian
-- var/lib/dpkg/status --
Package: libhole
Status: install ok installed
Architecture: amd64
Version: 1.0-1

Package: tool
Status: install ok installed
Architecture: amd64
Source: toolbox (3.0-1)
Version: 3.0-1
-- layer --
RUN apt-get install late
-- var/lib/dpkg/status --
Package: libhole
Status: install ok installed
Architecture: amd64
Version: 1.0-1

Package: tool
Status: install ok installed
Architecture: amd64
Source: toolbox (3.0-1)
Version: 3.0-1

Package: late
Status: install ok installed
Architecture: amd64
Version: 0.9
-- srv/key --
postgres://a:kW7zQ2mT9xLr@db/a
-- layer --
COPY package /srv
-- srv/app/node_modules/left/package.json --
{"name": "left", "version": "1.2.3"}
-- srv/other/node_modules/left/package.json --
{"name": "left", "version": "1.2.3"}
`

const (
	npmRecord = `{"id":"GHSA-aaaa-bbbb-cccc","modified":"2026-03-09T00:00:00Z","published":"2026-03-01T00:00:00Z","aliases":["CVE-2026-0500"],
 "summary":"A hole in left","severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
 "affected":[{"package":{"ecosystem":"npm","name":"left"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"2.0.0"}]}]}]}
`
	malRecord = `{"id":"MAL-2026-1","modified":"2026-03-10T00:00:00Z","published":"2026-03-01T00:00:00Z","summary":"Malicious code in left",
 "affected":[{"package":{"ecosystem":"npm","name":"left"},"versions":["1.2.3"]}]}
`
)

// TestLesson16ScanOnceJudgeForEver: scanning a whole registry again after an
// update of advisories took others days. What layers hold is kept, and no layer is
// opened again.
func TestLesson16ScanOnceJudgeForEver(t *testing.T) {
	each(t, func(e *env) {
		base := record(1, "nothing", "1")
		e.knows(base)
		stop := e.start()
		img := imagetest.Build(e, several)
		a := e.push(img, "app", "1")
		if s := e.next(); s.State != catalog.Success {
			e.Fatalf("scan: %+v", s)
		}
		other, _ := e.scanned("-- layer --\nCOPY\n-- srv/x --\nx\n", "other", "1")
		stop()
		e.service = e.fresh()
		e.judgeAgain() // the first advisories
		usage := e.usage()
		var before []moment

		for _, c := range []struct {
			name    string
			records []string
			judged  int
			verdict catalog.Decision
		}{
			{"of a binary package", []string{base, record(2, "libhole", "2.0-1")}, 1, catalog.Block},
			{"nobody has", []string{base, record(2, "libhole", "2.0-1"), record(3, "elsewhere", "1")}, 0, catalog.Block},
			{"taken back", []string{base, withdrawn(record(2, "libhole", "2.0-1"))}, 1, catalog.Allow},
			{"of a source package", []string{base, record(4, "toolbox", "4")}, 1, catalog.Block},
			{"fixed before", []string{base, record(4, "toolbox", "3.0-1")}, 1, catalog.Allow},
			{"of a later layer", []string{base, record(5, "late", "1.0")}, 1, catalog.Block},
			{"of another ecosystem", []string{base, npmRecord}, 1, catalog.Block},
			{"of a malicious package", []string{base, malRecord}, 1, catalog.Block},
			{"many", []string{base, malRecord, npmRecord, record(2, "libhole", "2.0-1"), record(4, "toolbox", "4"), record(5, "late", "1.0")}, 1, catalog.Block},
			{"none", []string{base}, 1, catalog.Allow},
		} {
			reads := e.layerReads(img)
			e.knows(c.records...)
			state := e.judgeAgain()
			if done := state.Done; c.judged > 0 && done != c.judged || state.Failed != 0 {
				e.Errorf("advisory %s: %d images were judged, %d failed, want %d", c.name, done, state.Failed, c.judged)
			}
			if got := e.verdict(a); got != c.verdict {
				e.Errorf("advisory %s: verdict %s, want %s", c.name, got, c.verdict)
			}
			if got := e.verdict(other); got != catalog.Allow {
				e.Errorf("advisory %s: verdict on the other image %s", c.name, got)
			}
			if got := e.layerReads(img); got != reads {
				e.Errorf("advisory %s: layers were read %d times", c.name, got-reads)
			}
			if diff := cmp.Diff(usage, e.usage()); diff != "" {
				e.Errorf("judging again was counted as a scan:\n%s", diff)
			}
			e.sameAsScanned(a)
			usage = e.usage()
			before = append(before, e.moment(a))
			for i, m := range before {
				e.remembered(fmt.Sprintf("advisory %s, %d before", c.name, len(before)-1-i), a, m)
			}
		}
	})
}

// moment is what the report of an image was at a time.
type moment struct {
	at     time.Time
	report report.Report
}

func (e *env) moment(a catalog.Artifact) (m moment) {
	e.Helper()
	doc, _, err := e.service.Report(e.Context(), a.ID)
	e.must(err)
	e.must(json.Unmarshal(doc, &m.report))
	m.at = time.Now()
	return m
}

// remembered checks that what the report of an image was can be told from what it
// is now.
func (e *env) remembered(what string, a catalog.Artifact, before moment) {
	e.Helper()
	now := e.moment(a)
	past, err := e.store.Past(e.Context(), a.ID, before.at)
	e.must(err)
	if !past.At.Equal(before.at.Truncate(time.Millisecond)) {
		e.Errorf("%s: known since %v, asked about %v", what, past.At, before.at)
	}
	if d := report.Diff(&before.report, judge.Past(&now.report, past)); len(d.Added)+len(d.Removed) > 0 {
		e.Errorf("%s: what was found was %+v, and is told without %+v and with %+v", what, before.report.Summary, d.Removed, d.Added)
	}
}

// usage is what scans are paid for by now.
func (e *env) usage() []catalog.Usage {
	e.Helper()
	list, err := e.store.Usage(e.Context(), e.instance.ID, catalog.MonthOf(time.Now()))
	e.must(err)
	return list
}

func (e *env) layerReads(img *imagetest.Image) (n int) {
	for _, l := range img.Layers {
		n += e.blobs.reads(l.Digest)
	}
	return n
}

// TestLesson12CausesOfVerdicts: a verdict that changes by itself is a mystery
// unless its cause is on record.
func TestLesson12CausesOfVerdicts(t *testing.T) {
	each(t, func(e *env) {
		quiet := record(9, "nothing", "1")
		e.knows(quiet)
		clock := time.Now()
		e.config.Now = func() time.Time { return clock }
		e.service = e.fresh()
		stop := e.start()
		a, _ := e.scanned(debian, "app", "1")
		stop()
		e.service = e.fresh()
		e.judgeAgain()
		e.must(e.store.RecordPulls(e.Context(), []catalog.PullRecord{{ArtifactID: a.ID, At: clock.Add(-29 * 24 * time.Hour), Pulls: 1}}))

		e.knows(quiet, record(1, "libhole", "2.0-1"))
		e.judgeAgain()
		expect := func(history string) {
			e.Helper()
			if got := e.history(a); !strings.HasPrefix(got, history) {
				e.Errorf("history: %s, want %s first", got, history)
			}
		}
		expect("allow>block advisories, unknown>allow scan")
		events, err := e.store.Events(e.Context(), e.instance.ID, catalog.EventFilter{Kinds: []catalog.EventKind{catalog.EventVulnerability}}, 0, 10)
		e.must(err)
		if len(events) != 1 || events[0].Repository != "app" || events[0].Cause != catalog.ByAdvisories || fmt.Sprint(events[0].Data.Vulnerabilities) != "[CVE-2026-0001]" || events[0].Data.Count != 1 {
			e.Errorf("events about vulnerabilities in images in use: %+v", events)
		}

		exception, err := e.store.CreateException(e.Context(), catalog.Exception{InstanceID: e.instance.ID, Scope: catalog.ScopeNamespace,
			Targets: []catalog.Target{{Namespace: "team"}}, Action: catalog.Whitelist, Criteria: catalog.Criteria{Vulnerability: "CVE-2026-0001"},
			Author: "ann", Reason: "not reachable"})
		e.must(err)
		e.judgeAgain()
		expect("block>allow exception")
		e.must(e.store.RemoveException(e.Context(), e.instance.ID, exception.ID, "ann", ""))
		e.judgeAgain()
		expect("allow>block exception")
		no, yes := false, true
		_, err = e.store.UpdateNamespace(e.Context(), e.instance.ID, "team", catalog.NamespaceChange{Block: &no})
		e.must(err)
		e.judgeAgain()
		expect("block>allow policy")
		list := catalog.Allowlist{Items: []string{"CVE-2026-0001"}, ExpiresAt: time.Now().Add(time.Hour).Truncate(time.Second)}
		_, err = e.store.UpdateNamespace(e.Context(), e.instance.ID, "team", catalog.NamespaceChange{Block: &yes, Allowlist: &list})
		e.must(err)
		e.judgeAgain()
		if got := e.verdict(a); got != catalog.Allow {
			e.Errorf("verdict on the allowlist: %s", got)
		}
		// A vulnerability that somebody has exempted is no news.
		e.knows(quiet)
		e.judgeAgain()
		e.knows(quiet, record(1, "libhole", "2.0-1"))
		e.judgeAgain()
		if state := e.judgeAgain(); state.Verdicts != 0 {
			e.Errorf("verdicts that changed without a change: %+v", state)
		}
	})
}

// A namespace's rules that only judge count at once; those that need other facts
// wait for a scan.
func TestRulesJudgeAgain(t *testing.T) {
	each(t, func(e *env) {
		stop := e.start()
		text := strings.Replace(debian, "-- var/lib", "-- srv/old --\nx\n-- var/lib", 1)
		a, _ := e.scanned(text, "app", "1")
		stop()
		e.service = e.fresh()
		e.judgeAgain()
		set := func(name, content string) {
			e.Helper()
			e.must(e.service.SetRule(e.Context(), e.instance.ID, "team", catalog.RuleFile{Name: name, Content: []byte(content)}))
		}
		compliance := func() (n int) {
			doc, _, err := e.service.Report(e.Context(), a.ID)
			e.must(err)
			return strings.Count(string(doc), `"category":"software-compliance"`)
		}
		before, was := compliance(), e.moment(a)
		set("software.yaml", "rules:\n  - id: no-hole\n    category: debug\n    title: No holes\n    packages: [libhole]\n    severity: high\n    reason: It has a hole.\n    remedy: Remove it.\n")
		state := e.judgeAgain()
		if state.Done != 1 || compliance() != before+1 {
			e.Errorf("after rules about software: %+v, %d findings, %d before", state, compliance(), before)
		}
		e.sameAsScanned(a)
		e.remembered("after rules about software", a, was)
		need := func(want int) {
			e.Helper()
			if n, err := e.service.NeedScan(e.Context(), e.instance.ID, "team"); err != nil || n != want {
				e.Errorf("%d images need a scan (%v), want %d", n, err, want)
			}
		}
		need(0)

		// By a rule about secrets layers have to be read again; what is known of
		// packages counts meanwhile.
		set("secrets.yaml", "rules:\n  - {id: jwt, disabled: true}\n")
		if state := e.judgeAgain(); state.Done != 1 || state.Failed != 0 {
			e.Errorf("after rules about secrets: %+v", state)
		}
		need(1)
		if got := e.verdict(a); got != catalog.Block {
			e.Errorf("verdict while a scan is needed: %s", got)
		}
		e.knows(record(7, "nothing", "1"))
		e.judgeAgain()
		if got := e.verdict(a); got != catalog.Allow {
			e.Errorf("verdict by other advisories while a scan is needed: %s", got)
		}
		stop = e.start()
		e.rescanned(a)
		stop()
		need(0)
		e.remembered("after a scan by rules about secrets", a, was)
	})
}

// What was to be judged again when a process died is judged by the next one.
func TestJudgingGoesOn(t *testing.T) {
	each(t, func(e *env) {
		e.knows(record(7, "nothing", "1"))
		stop := e.start()
		a, _ := e.scanned(debian, "app", "1")
		stop()
		e.service = e.fresh()
		e.judgeAgain()
		state, err := e.store.Judging(e.Context())
		e.must(err)
		e.knows(record(7, "nothing", "1"), record(1, "libhole", "2.0-1"))
		revision, err := e.knowledge.Revision()
		e.must(err)
		waiting, err := e.store.JudgePackages(e.Context(), revision, "", []catalog.AdvisoryKey{{Ecosystem: "Debian:12", Name: "libhole"}}, false)
		e.must(err)
		if state.Advisories == revision || waiting != 1 || e.verdict(a) != catalog.Allow {
			e.Fatalf("before: %+v, %d wait, %s", state, waiting, e.verdict(a))
		}
		e.service = e.fresh()
		if state := e.judgeAgain(); state.Done != 1 || e.verdict(a) != catalog.Block {
			e.Errorf("after: %+v, %s", state, e.verdict(a))
		}
	})
}

// fresh returns a service that knows nothing, as after a start of the program.
func (e *env) fresh() *scan.Service { return scan.New(e.config) }
