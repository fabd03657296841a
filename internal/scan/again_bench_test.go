package scan

import (
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pratique/pratique/internal/advisory"
	"github.com/pratique/pratique/internal/advisory/advisorytest"
	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/engine"
	"github.com/pratique/pratique/internal/gate"
	"github.com/pratique/pratique/internal/judge"
	"github.com/pratique/pratique/internal/report"
	"github.com/pratique/pratique/internal/store"
	"github.com/pratique/pratique/internal/store/storetest"
)

// A registry as judging again has to cope with: many images on few bases, each
// with some packages of its own, and an update of advisories that concerns all.
const (
	benchArtifacts = 10_000
	benchBases     = 40
	benchPackages  = 300 // of a base, of twice as many names
	benchOwn       = 8   // of an image, beside its base
	benchKnown     = 2_000
	benchUpdate    = 500
)

// BenchmarkJudgeAgain judges a registry after an update that touches 500
// advisories, and back.
func BenchmarkJudgeAgain(b *testing.B) {
	for _, db := range []struct {
		name string
		open func(testing.TB, ...storetest.Option) *store.Store
	}{{"sqlite", storetest.SQLite}, {"postgres", storetest.PostgreSQL}} {
		b.Run(db.name, func(b *testing.B) {
			x := newAgainBench(b, db.open(b))
			x.fill()
			if err := x.again.run(b.Context()); err != nil {
				b.Fatal(err)
			}
			for i := 1; b.Loop(); i++ {
				b.StopTimer()
				x.know(i)
				b.StartTimer()
				if err := x.again.run(b.Context()); err != nil {
					b.Fatal(err)
				}
				b.StopTimer()
				state, err := x.store.Judging(b.Context())
				if err != nil || state.Done < benchArtifacts*9/10 || state.Changed < benchArtifacts/2 || state.Waiting+state.Failed != 0 {
					b.Fatalf("%+v %v", state, err)
				}
				b.ReportMetric(float64(state.Done), "images")
				b.ReportMetric(float64(state.Changed), "changed")
				b.StartTimer()
			}
		})
	}
}

type againBench struct {
	testing.TB
	store    *store.Store
	dir      string
	instance catalog.Instance
	again    *again
}

func newAgainBench(t testing.TB, st *store.Store) *againBench {
	t.Helper()
	x := &againBench{TB: t, store: st, dir: filepath.Join(t.TempDir(), "advisories")}
	log := slog.New(slog.DiscardHandler)
	knowledge := NewKnowledge(x.dir, log)
	t.Cleanup(func() { knowledge.Close() })
	x.again = &again{id: "bench", Service: New(Config{Store: st, Engine: engine.New(engine.Options{}), Knowledge: knowledge, Settings: DefaultSettings(), Logger: log})}
	var err error
	x.instance, _, err = st.EnsureDefaults(t.Context())
	x.must(err)
	_, err = st.CreateNamespace(t.Context(), x.instance.ID, "team", false)
	x.must(err)
	yes, high := true, report.High
	_, err = st.UpdateNamespace(t.Context(), x.instance.ID, "team", catalog.NamespaceChange{AutoScan: &yes, Block: &yes, Threshold: &high})
	x.must(err)
	x.know(0)
	return x
}

func (x *againBench) must(err error) {
	x.Helper()
	if err != nil {
		x.Fatal(err)
	}
}

// know puts the advisories of a day in force; 500 differ between even days and
// odd ones.
func (x *againBench) know(day int) {
	x.Helper()
	var all strings.Builder
	for i := range benchKnown {
		// Versions begin with 1 to 8, so one of eight is not fixed.
		fixed := 2
		if i < benchUpdate && day%2 == 1 {
			fixed = []int{1, 3}[i%2]
		}
		ecosystem, name := "Debian:12", fmt.Sprintf("package-%d", i%(2*benchPackages))
		if i%20 == 0 {
			ecosystem, name = "npm", fmt.Sprintf("module-%d", i/20)
		}
		fmt.Fprintf(&all, `{"id":"CVE-2026-%04d","modified":"2026-03-01T00:00:00Z","published":"2026-03-01T00:00:00Z","details":"A hole.",`+
			`"severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:%s"}],`+
			`"affected":[{"package":{"ecosystem":%q,"name":%q},"ranges":[{"type":%q,"events":[{"introduced":"0"},{"fixed":"%d.0.0"}]}]}]}`+"\n",
			i, []string{"H", "N"}[i%2], ecosystem, name, map[string]string{"npm": "SEMVER", "Debian:12": "ECOSYSTEM"}[ecosystem], fixed)
	}
	_, err := advisory.Import(x.Context(), x.dir, advisorytest.Bucket(x.TB, all.String()), advisory.ImportOptions{})
	x.must(err)
}

// facts are those of an image: its base and a layer of its own.
func benchFacts(artifact int) *report.ImageFacts {
	base := artifact % benchBases
	facts := &report.ImageFacts{OS: report.OS{ID: "debian", Version: "12.5", Codename: "bookworm", Name: "Debian GNU/Linux 12 (bookworm)"}}
	random := rand.New(rand.NewPCG(uint64(base), 1))
	for _, n := range random.Perm(2 * benchPackages)[:benchPackages] {
		version := fmt.Sprintf("%d.%d-1", 1+random.IntN(8), base)
		facts.Packages = append(facts.Packages, report.Package{Name: fmt.Sprintf("package-%d", n), Version: version, Type: "deb",
			Source: fmt.Sprintf("package-%d", n), SourceVersion: version, Arch: "amd64", Path: "var/lib/dpkg/status"})
	}
	random = rand.New(rand.NewPCG(uint64(artifact), 2))
	for i := range benchOwn {
		name := fmt.Sprintf("module-%d", random.IntN(1000))
		facts.Packages = append(facts.Packages, report.Package{Name: name, Version: fmt.Sprintf("%d.%d.0", 1+random.IntN(8), random.IntN(20)), Type: "npm", Ecosystem: "npm",
			Path: fmt.Sprintf("srv/node_modules/%s-%d/package.json", name, i), Layer: 1})
	}
	return facts
}

// fill pushes and scans the images.
func (x *againBench) fill() {
	x.Helper()
	ctx := x.Context()
	for i := range benchArtifacts {
		content := fmt.Appendf(nil, "image %d", i)
		_, _, err := x.store.PutManifest(ctx, catalog.ManifestPush{
			Key:    catalog.RepositoryKey{InstanceID: x.instance.ID, Namespace: "team", Repository: fmt.Sprint("app-", i%100)},
			Digest: fmt.Sprintf("sha256:%x", sha256.Sum256(content)), Content: content, Tag: fmt.Sprint(i), Kind: catalog.KindImage,
		})
		x.must(err)
	}
	scans, err := x.store.Promote(ctx, x.instance.ID, benchArtifacts, time.Hour)
	x.must(err)
	x.must(x.again.know(func(db *advisory.DB) error {
		known := judge.Memo(db)
		for i, scan := range scans {
			x.must(x.finish(ctx, scan, benchFacts(i), known, db.Revision()))
		}
		return nil
	}))
}

func (x *againBench) finish(ctx context.Context, scan catalog.Scan, facts *report.ImageFacts, known judge.Knowledge, revision string) error {
	vulnerabilities, malicious, err := judge.Packages(facts, known)
	if err != nil {
		return err
	}
	r := catalog.Result{Document: []byte("{}"), Exposure: exposureOf(vulnerabilities, malicious), Advisories: revision}
	if r.Packages, err = packageSets(facts, known); err != nil {
		return err
	}
	pull, err := x.store.ArtifactPull(ctx, scan.ArtifactID)
	if err != nil {
		return err
	}
	pull.Reported = true
	r.Verdict = gate.Decide(pull, r.Exposure, nil, time.Now())
	return x.store.FinishScan(ctx, scan, r)
}
