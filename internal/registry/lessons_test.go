package registry_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/registry"
	"github.com/pratique/pratique/internal/report"
	"github.com/pratique/pratique/internal/store/storetest"
)

// These tests hold what users of other registries suffer from, one test a
// lesson. Those that need a scanner are in package server.

// lesson runs a test on both databases. again gets a value each time a pull is
// held and looks again.
func lesson(t *testing.T, test func(e *env, again <-chan struct{})) {
	run := func(t *testing.T, dsn string) {
		again := make(chan struct{}, 1000)
		e := newEnvOn(t, dsn, func(c *registry.Config) { c.Store = watchedStore{c.Store, again} })
		test(e, again)
	}
	t.Run("sqlite", func(t *testing.T) { run(t, "sqlite:"+filepath.Join(t.TempDir(), "pratique.db")) })
	t.Run("postgres", func(t *testing.T) { run(t, storetest.PostgreSQLDSN(t)) })
}

// watchedStore tells of pulls by digest, and of those of blobs.
type watchedStore struct {
	registry.Store
	again chan<- struct{}
}

func (s watchedStore) Pull(ctx context.Context, key catalog.RepositoryKey, reference string) (catalog.Pull, error) {
	if strings.Contains(reference, ":") {
		s.tell()
	}
	return s.Store.Pull(ctx, key, reference)
}

func (s watchedStore) BlobPulls(ctx context.Context, key catalog.RepositoryKey, digest string) ([]catalog.Pull, error) {
	s.tell()
	return s.Store.BlobPulls(ctx, key, digest)
}

func (s watchedStore) tell() {
	select {
	case s.again <- struct{}{}:
	default:
	}
}

// gate changes the settings of the gate of namespace team.
func (e *env) gate(change catalog.GateChange) {
	e.Helper()
	_, err := e.store.UpdateNamespace(e.Context(), e.instance.ID, "team", catalog.NamespaceChange{Gate: &change})
	e.must(err)
}

// answer sets what becomes of pulls in one state.
func (e *env) answer(state catalog.PullState, answer string) {
	e.Helper()
	a, err := catalog.ParseAnswer(answer)
	e.must(err)
	e.gate(catalog.GateChange{Answers: map[catalog.PullState]catalog.Answer{state: a}})
}

// events are those of some kinds, the earliest first, as text. What is not yet
// written is written first; no pull is recorded after.
func (e *env) events(kinds ...catalog.EventKind) []string {
	e.Helper()
	e.must(e.registry.Close())
	list, err := e.store.Events(e.Context(), e.instance.ID, catalog.EventFilter{Kinds: kinds}, 0, 1000)
	e.must(err)
	var text []string
	for _, x := range slices.Backward(list) {
		text = append(text, fmt.Sprintf("%s %s by %s: %s ×%d", x.Kind, x.Repository, x.Data.Account, x.Cause, x.Data.Count))
	}
	return text
}

const manifest1 = "/v2/team/app/manifests/1"

// GET and HEAD of a manifest, by tag and by digest, answer alike; a pusher's own
// HEAD does not fail.
func TestLesson01WaysOfAskingAnswerAlike(t *testing.T) {
	lesson(t, func(e *env, _ <-chan struct{}) {
		img := e.pushImage("team/app", "one", "1")
		e.policy(true, nil)
		manifests := []string{"manifests/1", "manifests/" + img.digest}
		blobs := []string{"blobs/" + img.config.Digest, "blobs/" + img.layer.Digest}
		alike := func(status int) {
			e.Helper()
			for _, path := range slices.Concat(manifests, blobs) {
				for _, method := range []string{"GET", "HEAD"} {
					e.do(method, "/v2/team/app/"+path, nil).want(e, status)
					e.do(method, "/v2/team/app/"+path, nil, "Test-Actor: puller").want(e, status)
				}
				e.do("GET", "/v2/team/app/"+path, nil, "Test-Actor: pusher").want(e, status)
				e.do("HEAD", "/v2/team/app/"+path, nil, "Test-Actor: pusher").want(e, 200)
			}
		}
		alike(412)
		e.scan("1", catalog.Success, critical)
		alike(412)
		e.scan("1", catalog.Success)
		alike(200)
		// Pushing the same again, and listing, is no pull.
		e.scan("1", catalog.Success, critical)
		e.pushImage("team/app", "one", "2")
		e.do("GET", "/v2/team/app/tags/list", nil, "Test-Actor: puller").want(e, 200)
		e.do("GET", "/v2/team/app/referrers/"+img.digest, nil, "Test-Actor: puller").want(e, 200)
	})
}

// Each state without a report is a choice of the namespace, with a safe default.
// "Cannot be scanned" is one of them; a scan that took too long is one that
// failed.
func TestLesson03EachStateIsAChoice(t *testing.T) {
	lesson(t, func(e *env, _ <-chan struct{}) {
		team, err := e.store.Namespace(e.Context(), e.instance.ID, "team")
		e.must(err)
		for state, want := range map[catalog.PullState]string{
			catalog.NotScanned: "block", catalog.WaitingForScan: "hold:30s", catalog.BeingScanned: "hold:30s", catalog.ScanFailed: "block", catalog.NotScannable: "allow",
		} {
			if got := team.Answer(state).String(); got != want {
				e.Errorf("by default pulls of what is %s: %s, want %s", state, got, want)
			}
		}
		e.policy(true, nil)
		for _, s := range []struct {
			state catalog.PullState
			bring func(reference string)
			says  string
		}{
			{catalog.NotScanned, func(string) {}, "has not been scanned"},
			{catalog.WaitingForScan, func(ref string) { e.scan(ref, catalog.Pending) }, "waiting to be scanned"},
			{catalog.BeingScanned, func(ref string) { e.scan(ref, catalog.Running) }, "scan is running"},
			{catalog.ScanFailed, func(ref string) { e.scan(ref, catalog.Failed) }, "scan failed"},
		} {
			img := e.pushImage("team/app", string(s.state), string(s.state))
			s.bring(string(s.state))
			paths := []string{"/v2/team/app/manifests/" + string(s.state), "/v2/team/app/blobs/" + img.layer.Digest}
			for _, path := range paths {
				if got := e.do("GET", path, nil).want(e, 412, "PROJECTPOLICYVIOLATION"); !strings.Contains(got.message(), s.says) {
					e.Errorf("%s: %s, want %q", path, got.body, s.says)
				}
			}
			e.answer(s.state, "allow")
			for _, path := range paths {
				e.do("GET", path, nil).want(e, 200)
			}
			e.answer(s.state, "block")
			e.do("GET", paths[0], nil).want(e, 412)
		}
		content := e.pushBlob("team/app", []byte("a chart"))
		config := e.pushBlob("team/app", []byte("{}"))
		e.pushManifest("team/app", "chart", typeManifest, manifest{MediaType: typeManifest,
			Config: &descriptor{MediaType: "application/vnd.cncf.helm.config.v1+json", Digest: config, Size: 2},
			Layers: []descriptor{{MediaType: "application/vnd.cncf.helm.chart.content.v1.tar+gzip", Digest: content, Size: 7}}}.encode(e))
		e.do("GET", "/v2/team/app/manifests/chart", nil).want(e, 200)
		e.answer(catalog.NotScannable, "block")
		e.do("GET", "/v2/team/app/manifests/chart", nil).want(e, 412, "PROJECTPOLICYVIOLATION")
		e.do("GET", "/v2/team/app/blobs/"+content, nil).want(e, 412, "PROJECTPOLICYVIOLATION")
	})
}

// Whether an allowlist or an exception has expired is asked at the moment of the
// decision, also where a verdict is stored.
func TestLesson04ExpiryCountsAtTheDecision(t *testing.T) {
	lesson(t, func(e *env, _ <-chan struct{}) {
		img := e.pushImage("team/app", "one", "1")
		e.policy(true, &catalog.Allowlist{Items: []string{critical.ID}, ExpiresAt: e.clock.now().Add(time.Hour)})
		e.scan("1", catalog.Success, critical)
		e.clock.add(time.Hour - time.Millisecond)
		e.checkWays(img, true, "")
		e.clock.add(time.Millisecond)
		e.checkWays(img, false, critical.ID)
		e.except(catalog.Whitelist, time.Hour, catalog.Target{Namespace: "team"})
		e.clock.add(time.Hour - time.Millisecond)
		e.checkWays(img, true, "")
		e.clock.add(time.Millisecond)
		e.checkWays(img, false, critical.ID)
	})
}

// A scan that is repeated never takes the old report away: the gate neither
// opens nor shuts until the new one is there.
func TestLesson05OldReportCounts(t *testing.T) {
	lesson(t, func(e *env, _ <-chan struct{}) {
		good, bad := e.pushImage("team/app", "good", "good"), e.pushImage("team/app", "bad", "bad")
		e.policy(true, nil)
		e.scan("good", catalog.Success, medium)
		e.scan("bad", catalog.Success, critical)
		check := func(after string) {
			e.Helper()
			e.do("GET", "/v2/team/app/manifests/good", nil).want(e, 200)
			e.do("GET", "/v2/team/app/blobs/"+good.layer.Digest, nil).want(e, 200)
			if got := e.do("GET", "/v2/team/app/manifests/bad", nil).want(e, 412); !strings.Contains(got.message(), critical.ID) {
				e.Errorf("after %s: %s", after, got.body)
			}
			e.do("GET", "/v2/team/app/blobs/"+bad.layer.Digest, nil).want(e, 412)
		}
		for _, tag := range []string{"good", "bad"} {
			e.scan(tag, catalog.Failed)
		}
		check("failures")
		for _, tag := range []string{"good", "bad"} {
			e.scan(tag, catalog.Running)
		}
		check("the beginning of another scan")
		e.end("good", critical)
		e.end("bad")
		e.do("GET", "/v2/team/app/manifests/good", nil).want(e, 412)
		e.do("GET", "/v2/team/app/manifests/bad", nil).want(e, 200)
	})
}

// A newer scan that waits never hides one that is complete.
func TestLesson06WaitingScanHidesNothing(t *testing.T) {
	lesson(t, func(e *env, _ <-chan struct{}) {
		e.pushImage("team/app", "good", "good")
		e.pushImage("team/app", "bad", "bad")
		e.policy(true, nil)
		e.scan("good", catalog.Success, medium)
		e.scan("bad", catalog.Success, critical)
		e.scan("good", catalog.Pending)
		e.scan("bad", catalog.Pending)
		e.do("GET", "/v2/team/app/manifests/good", nil).want(e, 200)
		if got := e.do("GET", "/v2/team/app/manifests/bad", nil).want(e, 412); !strings.Contains(got.message(), critical.ID) {
			e.Errorf("refused with %s", got.body)
		}
		// Neither after the verdict must be made anew.
		e.policy(true, &catalog.Allowlist{Items: []string{"CVE-2026-9999"}})
		e.do("GET", "/v2/team/app/manifests/good", nil).want(e, 200)
		e.do("GET", "/v2/team/app/manifests/bad", nil).want(e, 412)
	})
}

// The gate stands on every path by which content leaves: tag, digest, child of an
// index, blob, mount, and copying by the programs people use.
func TestLesson07EveryPath(t *testing.T) {
	lesson(t, func(e *env, _ <-chan struct{}) {
		img := e.pushImage("team/app", "one", "1")
		index := manifest{MediaType: typeIndex, Manifests: []descriptor{img.descriptor("linux/amd64")}}.encode(e)
		e.pushManifest("team/app", "index", typeIndex, index)
		e.policy(true, nil)
		e.checkWays(img, false, "has not been scanned")
		e.scan("1", catalog.Success, critical)
		e.checkWays(img, false, critical.ID)
		// The child by its digest is among the ways; and in place of the index:
		e.do("GET", "/v2/team/app/manifests/index", nil).want(e, 200)
		e.do("GET", "/v2/team/app/manifests/index", nil, "Accept: "+typeManifest).want(e, 412, "PROJECTPOLICYVIOLATION")
		e.copies(img, false)
		e.except(catalog.Whitelist, 0, catalog.Target{Namespace: "team"})
		e.checkWays(img, true, "")
		e.copies(img, true)
	})
}

// copies checks whether crane and skopeo can copy an image within the registry.
func (e *env) copies(img image, open bool) {
	e.Helper()
	t := e.TB.(*testing.T)
	if testing.Short() {
		return // builds programs
	}
	host, dir := strings.TrimPrefix(e.server.URL, "http://"), t.TempDir()
	for program, args := range map[string][]string{
		"crane":  {"copy", "--insecure", host + "/team/app@" + img.digest, host + "/other/copied:crane"},
		"skopeo": {"copy", "-q", "--retry-times=0", "--insecure-policy", "--src-tls-verify=false", "--dest-tls-verify=false", "docker://" + host + "/team/app:1", "docker://" + host + "/other/copied:skopeo"},
	} {
		t.Run(fmt.Sprintf("%s, open %t", program, open), func(t *testing.T) {
			run := program
			login := []string{"login", "--tls-verify=false", "-u", "admin", "-p", e.password, host}
			if program == "crane" {
				run, login = buildTool(t, "github.com/google/go-containerregistry/cmd/crane"), []string{"auth", "login", host, "-u", "admin", "-p", e.password}
			} else if _, err := exec.LookPath(run); err != nil {
				if os.Getenv("PRATIQUE_REQUIRE_ALL") == "1" {
					t.Fatal(err)
				}
				t.Skip(err)
			}
			for _, args := range [][]string{login, args} {
				cmd := exec.CommandContext(t.Context(), run, args...)
				cmd.Env = append(os.Environ(), "DOCKER_CONFIG="+dir, "REGISTRY_AUTH_FILE="+filepath.Join(dir, "config.json"), "HOME="+dir)
				output, err := cmd.CombinedOutput()
				if wanted := open || args[0] != "copy"; (err == nil) != wanted || !wanted && !strings.Contains(string(output), critical.ID) {
					t.Errorf("%s: %v, %s", args[0], err, output)
				}
			}
		})
	}
}

// An index is judged by platform: pulling arm64 is not blocked by amd64, and an
// index is not clean because nobody looked at its children.
func TestLesson09IndexByPlatform(t *testing.T) {
	lesson(t, func(e *env, _ <-chan struct{}) {
		e.policy(true, nil)
		good, bad, unseen := e.pushImage("team/app", "good", ""), e.pushImage("team/app", "bad", ""), e.pushImage("team/app", "unseen", "")
		index := manifest{MediaType: typeIndex, Manifests: []descriptor{
			good.descriptor("linux/arm64"), bad.descriptor("linux/amd64"), unseen.descriptor("linux/s390x")}}.encode(e)
		digest := e.pushManifest("team/app", "1", typeIndex, index)
		e.scan(good.digest, catalog.Success, medium)
		e.scan(bad.digest, catalog.Success, critical)
		for _, method := range []string{"GET", "HEAD"} {
			e.do(method, manifest1, nil).want(e, 200)
			e.do(method, "/v2/team/app/manifests/"+digest, nil).want(e, 200)
			for img, status := range map[*image]int{&good: 200, &bad: 412, &unseen: 412} {
				e.do(method, "/v2/team/app/manifests/"+img.digest, nil).want(e, status)
				e.do(method, "/v2/team/app/blobs/"+img.config.Digest, nil).want(e, status)
				e.do(method, "/v2/team/app/blobs/"+img.layer.Digest, nil).want(e, status)
			}
		}
		// An old client gets the member for linux/amd64 in place of the index, but
		// not past the gate.
		e.do("GET", manifest1, nil, "Accept: "+typeManifest).want(e, 412, "PROJECTPOLICYVIOLATION")
	})
}

// Pulls do not wait for the scanner: those that are held for a scan have no
// connection of the database, and others are served meanwhile.
func TestLesson10PullsDoNotWaitForScans(t *testing.T) {
	lesson(t, func(e *env, again <-chan struct{}) {
		const held = 60 // more than any pool has connections
		e.pushImage("team/app", "slow", "1")
		e.pushImage("team/app", "good", "good")
		e.policy(true, nil)
		e.scan("good", catalog.Success)
		e.scan("1", catalog.Running)
		e.answer(catalog.BeingScanned, "hold:300s")
		answers := make(chan int, held)
		for range held {
			go func() {
				res, err := e.try("GET", manifest1, nil)
				if err != nil {
					e.Error(err)
					answers <- 0
					return
				}
				answers <- res.StatusCode
			}()
		}
		for range held {
			<-again
		}
		for range 100 {
			e.do("GET", "/v2/team/app/manifests/good", nil).want(e, 200)
		}
		e.pushImage("team/app", "another", "another")
		e.scan("another", catalog.Failed)
		select {
		case status := <-answers:
			e.Errorf("the end of another scan ended a hold with %d", status)
		default:
		}
		e.end("1")
		for range held {
			if status := <-answers; status != 200 {
				e.Errorf("a held pull got %d", status)
			}
		}
	})
}

// What negligible and unknown severities do is as documented.
func TestLesson11NegligibleAndUnknown(t *testing.T) {
	lesson(t, func(e *env, _ <-chan struct{}) {
		finding := func(s report.Severity) catalog.Exposure {
			return catalog.Exposure{ID: "CVE-2026-0003", Severity: s, Package: "p", Version: "1"}
		}
		for _, s := range []report.Severity{report.Unknown, report.Negligible, report.Low} {
			e.pushImage("team/app", s.String(), s.String())
		}
		e.policy(true, nil)
		for _, s := range []report.Severity{report.Unknown, report.Negligible, report.Low} {
			e.scan(s.String(), catalog.Success, finding(s))
		}
		for _, tc := range []struct {
			threshold                report.Severity
			unknown, negligible, low int
		}{
			{report.Unknown, 412, 412, 412}, // "none": any remaining vulnerability
			{report.Negligible, 200, 412, 412},
			{report.Low, 200, 200, 412},
			{report.Medium, 200, 200, 200},
		} {
			_, err := e.store.UpdateNamespace(e.Context(), e.instance.ID, "team", catalog.NamespaceChange{Threshold: &tc.threshold})
			e.must(err)
			for tag, status := range map[string]int{"unknown": tc.unknown, "negligible": tc.negligible, "low": tc.low} {
				e.do("GET", "/v2/team/app/manifests/"+tag, nil).want(e, status)
			}
		}
	})
}

// Every change of a verdict is on record with its cause.
func TestLesson12ChangesAreOnRecord(t *testing.T) {
	lesson(t, func(e *env, _ <-chan struct{}) {
		e.pushImage("team/app", "one", "1")
		e.policy(true, nil)
		e.scan("1", catalog.Success, critical)
		x := e.except(catalog.Whitelist, time.Hour, catalog.Target{Namespace: "team"})
		e.do("GET", manifest1, nil).want(e, 200)
		e.clock.add(time.Hour)
		e.do("GET", manifest1, nil).want(e, 412)
		never := time.Time{}
		_, err := e.store.ChangeException(e.Context(), e.instance.ID, x.ID, catalog.ExceptionChange{Author: "ada", ExpiresAt: &never})
		e.must(err)
		e.do("GET", manifest1, nil).want(e, 200)
		e.must(e.store.RemoveException(e.Context(), e.instance.ID, x.ID, "ada", ""))
		e.do("GET", manifest1, nil).want(e, 412)
		e.policy(true, &catalog.Allowlist{Items: []string{critical.ID}})
		e.do("GET", manifest1, nil).want(e, 200)
		e.scan("1", catalog.Success, critical, catalog.Exposure{ID: "CVE-2026-0009", Severity: report.High, Package: "p", Version: "1"})
		list, err := e.store.VerdictChanges(e.Context(), e.pull("1").Artifact.ID, 0, 100)
		e.must(err)
		var got []string
		for _, c := range slices.Backward(list) {
			got = append(got, fmt.Sprintf("%s > %s by %s: %s", c.Before, c.After, c.Cause, c.Reason))
		}
		if diff := cmp.Diff([]string{
			"unknown > block by scan: vulnerable",
			"block > allow by exception: excepted",
			"allow > block by expiry: vulnerable",
			"block > allow by exception: excepted",
			"allow > block by exception: vulnerable",
			"block > allow by policy: allowlisted",
			"allow > block by scan: vulnerable",
		}, got); diff != "" {
			e.Errorf("history (-want +got):\n%s", diff)
		}
	})
}

// The refusal names the vulnerabilities, package, layer, fixed version, the
// policy, who can exempt and where the report is.
func TestLesson13RefusalSaysWhatToDo(t *testing.T) {
	lesson(t, func(e *env, _ <-chan struct{}) {
		e.pushImage("team/app", "one", "1")
		e.policy(true, nil)
		layered := critical
		layered.Layer = 4
		e.scan("1", catalog.Success, layered, medium)
		got := e.do("GET", manifest1, nil).want(e, 412, "PROJECTPOLICYVIOLATION").message()
		for _, says := range []string{
			"team/app@sha256:", "(tag 1)", "1 vulnerability", "high or higher, the threshold of namespace team",
			"CVE-2026-0001 (critical) in openssl 3.0.1 → 3.0.2, layer 4", "`pratique report team/app:1`", "ask an administrator of the namespace",
		} {
			if !strings.Contains(got, says) {
				e.Errorf("the refusal does not say %q: %s", says, got)
			}
		}
		if strings.Contains(got, medium.ID) {
			e.Errorf("the refusal names what does not block: %s", got)
		}
	})
}

// A vulnerability published overnight does not stop a running fleet: there is a
// grace for what is in use, a mode that only reports, and accounts that are
// exempt. The preview is tested in package server.
func TestLesson14OvernightStopsNothing(t *testing.T) {
	lesson(t, func(e *env, _ <-chan struct{}) {
		const day = 24 * time.Hour
		img := e.pushImage("team/app", "one", "1")
		fresh := e.pushImage("team/app", "fresh", "fresh")
		e.policy(true, nil)
		days := 7
		e.gate(catalog.GateChange{GraceDays: &days})
		e.scan("1", catalog.Success)
		e.do("GET", manifest1, nil).want(e, 200)
		e.must(e.registry.Close()) // writes who was pulled
		e.clock.add(day)
		overnight := critical
		overnight.Published = e.clock.now().Add(-time.Hour)
		old := critical
		old.ID, old.Published = "CVE-2025-0001", e.clock.now().Add(-100*day)

		e.scan("1", catalog.Success, overnight)
		e.scan("fresh", catalog.Success, overnight)
		e.checkWays(img, true, "")
		for _, path := range []string{"manifests/fresh", "manifests/" + fresh.digest, "blobs/" + fresh.layer.Digest} {
			e.do("GET", "/v2/team/app/"+path, nil).want(e, 412) // nobody used it before
		}
		e.clock.add(7*day - time.Hour - time.Millisecond)
		e.checkWays(img, true, "")
		e.clock.add(time.Millisecond)
		e.checkWays(img, false, critical.ID)
		e.scan("1", catalog.Success, old)
		e.checkWays(img, false, old.ID)

		yes := true
		e.gate(catalog.GateChange{ReportOnly: &yes})
		e.checkWays(img, true, "")
		e.pushImage("team/app", "unseen", "unseen")
		e.do("GET", "/v2/team/app/manifests/unseen", nil).want(e, 200)
		if v := e.pull("1").Verdict; !v.WouldRefuse() || v.Reason != "vulnerable" || !strings.Contains(v.Message, old.ID) {
			e.Errorf("the verdict does not say what would be refused: %+v", v)
		}
	})
}

// What only passes because the namespace reports, or the account is exempt, is on
// record, and so is what is refused.
func TestLesson14PassesAreOnRecord(t *testing.T) {
	lesson(t, func(e *env, _ <-chan struct{}) {
		img := e.pushImage("team/app", "one", "1")
		e.policy(true, nil)
		e.scan("1", catalog.Success, critical)
		e.do("GET", manifest1, nil).want(e, 412)
		yes, no := true, false
		e.gate(catalog.GateChange{ReportOnly: &yes})
		e.do("GET", manifest1, nil).want(e, 200)
		e.do("GET", "/v2/team/app/blobs/"+img.layer.Digest, nil).want(e, 200)
		e.gate(catalog.GateChange{ReportOnly: &no, ExemptAccounts: &[]string{"admin"}})
		e.checkWays(img, true, "")
		e.gate(catalog.GateChange{ExemptAccounts: &[]string{"another"}})
		e.do("GET", manifest1, nil).want(e, 412)
		if got := e.pull("1").Verdict; got.Decision != catalog.Block {
			e.Errorf("the exemption became the verdict: %+v", got)
		}
		got := e.events(catalog.EventBlocked, catalog.EventReported, catalog.EventExempted)
		slices.Sort(got)
		want := []string{
			"pull.blocked app by admin: vulnerable ×2",
			"pull.exempted app by admin: vulnerable ×2", // the configuration
			"pull.exempted app by admin: vulnerable ×5", // the manifest
			"pull.exempted app by admin: vulnerable ×5", // the layer, also mounted
			"pull.reported app by admin: vulnerable ×1",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			e.Errorf("on record (-want +got):\n%s", diff)
		}
	})
}

// The first pull right after a push is held until the scan is done, for a bounded
// time, then refused with a clear answer that says when to ask again.
func TestLesson15FirstPullIsHeld(t *testing.T) {
	lesson(t, func(e *env, again <-chan struct{}) {
		e.policy(true, nil)
		e.answer(catalog.WaitingForScan, "hold:300s")
		e.answer(catalog.BeingScanned, "hold:300s")
		for _, tc := range []struct {
			tag    string
			end    func(tag string)
			status int
			says   string
		}{
			{"clean", func(tag string) { e.end(tag) }, 200, ""},
			{"vulnerable", func(tag string) { e.end(tag, critical) }, 412, critical.ID},
			{"failed", func(tag string) {
				e.must(e.store.FailScan(e.Context(), e.pull(tag).Scan.ID, catalog.CauseDownload, "layer 1 is gone"))
			}, 412, "download_failed"},
			{"deleted", func(tag string) {
				e.must(e.store.DeleteManifest(e.Context(), e.key(), e.pull(tag).Artifact.Digest))
				e.pushImage("team/app", "signal", "signal")
				e.scan("signal", catalog.Failed)
			}, 404, ""},
		} {
			img := e.pushImage("team/app", tc.tag, tc.tag)
			e.scan(tc.tag, catalog.Pending)
			drain(again)
			answers := make(chan response, 3)
			for _, ask := range []string{"GET manifests/" + tc.tag, "HEAD manifests/" + tc.tag, "GET blobs/" + img.layer.Digest} {
				go func() {
					method, path, _ := strings.Cut(ask, " ")
					res, err := e.try(method, "/v2/team/app/"+path, nil)
					if err != nil {
						e.Error(err)
					}
					answers <- res
				}()
			}
			// The two manifests look again once each, the blob once before.
			for range 4 {
				<-again
			}
			select {
			case res := <-answers:
				e.Fatalf("%s: not held: %d %s", tc.tag, res.StatusCode, res.body)
			default:
			}
			e.promote()
			tc.end(tc.tag)
			for range 3 {
				res := <-answers
				if strings.Contains(res.Request.URL.Path, "/blobs/") && tc.status == 404 {
					res.want(e, 412) // it is there, but no image's any more
					continue
				}
				res.want(e, tc.status)
				if res.Request.Method == "GET" && !strings.Contains(string(res.body), tc.says) {
					e.Errorf("%s: %s, want %q", tc.tag, res.body, tc.says)
				}
				res.header(e, "Retry-After", "")
			}
		}
	})
}

// When the time is up the answer can be retried. What nobody will scan is not
// waited for, nor does a client that goes away leave anything waiting.
func TestLesson15HoldIsBounded(t *testing.T) {
	lesson(t, func(e *env, again <-chan struct{}) {
		e.pushImage("team/app", "one", "1")
		e.policy(true, nil)
		e.scan("1", catalog.Pending)
		e.answer(catalog.WaitingForScan, "hold:1s")
		begin := time.Now()
		res := e.do("GET", manifest1, nil).want(e, 412, "PROJECTPOLICYVIOLATION").header(e, "Retry-After", "15")
		if d := time.Since(begin); d < time.Second || !strings.Contains(res.message(), "Pull again in a few minutes") || !strings.Contains(res.message(), "waits up to 1s") {
			e.Errorf("after %s: %s", d, res.body)
		}
		e.answer(catalog.WaitingForScan, "hold:300s")
		drain(again)
		ctx, cancel := context.WithCancel(e.Context())
		gone := make(chan error, 1)
		go func() {
			req, err := http.NewRequestWithContext(ctx, "GET", e.server.URL+manifest1, nil)
			if err == nil {
				req.Header.Set("Test-Actor", "admin")
				_, err = e.server.Client().Do(req)
			}
			gone <- err
		}()
		<-again
		cancel()
		if err := <-gone; !errors.Is(err, context.Canceled) {
			e.Errorf("the client got %v", err)
		}
		// Who is exempt need not wait, and neither does a server that stops.
		e.gate(catalog.GateChange{ExemptAccounts: &[]string{"admin"}})
		e.do("GET", manifest1, nil).want(e, 200)
		e.gate(catalog.GateChange{ExemptAccounts: &[]string{}})
		e.registry.Release()
		e.do("GET", manifest1, nil).want(e, 412).header(e, "Retry-After", "15")
	})
}

func drain(c <-chan struct{}) {
	for {
		select {
		case <-c:
		default:
			return
		}
	}
}
