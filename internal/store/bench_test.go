package store_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/store"
	"github.com/pratique/pratique/internal/store/storetest"
)

// artifacts is how many the benchmarks' stores hold.
const artifacts = 10_000

func benchmarks(b *testing.B, run func(b *testing.B, x *bench)) {
	for _, db := range []struct {
		name string
		open func(testing.TB, ...storetest.Option) *store.Store
	}{{"sqlite", storetest.SQLite}, {"postgres", storetest.PostgreSQL}} {
		b.Run(db.name, func(b *testing.B) {
			x := newBench(b, db.open(b))
			x.ok(store.Fill(b.Context(), x.s, "team", artifacts))
			b.ReportAllocs()
			run(b, x)
		})
	}
}

// BenchmarkPull reads what a pull needs: policy with allowlist, manifest,
// latest scan, verdict.
func BenchmarkPull(b *testing.B) {
	benchmarks(b, func(b *testing.B, x *bench) {
		for _, by := range []string{"tag", "digest"} {
			b.Run(by, func(b *testing.B) {
				for i := 0; b.Loop(); i++ {
					ref := fmt.Sprint("tag", i%artifacts)
					if by == "digest" {
						ref = fmt.Sprint("sha256:", i%artifacts)
					}
					p, err := x.s.Pull(b.Context(), x.key(), ref)
					if err != nil || !p.Reported {
						b.Fatal(p, err)
					}
				}
			})
		}
	})
}

func BenchmarkPutManifest(b *testing.B) {
	benchmarks(b, func(b *testing.B, x *bench) {
		blobs := make([]catalog.Descriptor, 10)
		for i := range blobs {
			blobs[i] = catalog.Descriptor{Digest: fmt.Sprint("sha256:layer", i), Size: 1}
			x.ok(x.s.AddBlob(b.Context(), x.key(), blobs[i].Digest, 1))
		}
		for i := 0; b.Loop(); i++ {
			name := fmt.Sprint("new", i)
			_, _, err := x.s.PutManifest(b.Context(), catalog.ManifestPush{Key: x.key(), Digest: "sha256:" + name, Tag: name,
				Content: make([]byte, 2000), Kind: catalog.KindImage, Blobs: blobs})
			x.ok(err)
		}
	})
}

// BenchmarkPromote promotes one scan while others wait and one runs.
func BenchmarkPromote(b *testing.B) {
	benchmarks(b, func(b *testing.B, x *bench) {
		for i := range 20 {
			x.push(fmt.Sprint("waiting", i))
		}
		for b.Loop() {
			scans, err := x.s.Promote(b.Context(), x.inst, 1, time.Hour)
			if err != nil || len(scans) != 1 {
				b.Fatal(scans, err)
			}
			b.StopTimer()
			x.ok(x.s.FailScan(b.Context(), scans[0].ID, catalog.CauseUnknown, ""))
			_, err = x.s.RequestScan(b.Context(), scans[0].ArtifactID, catalog.TriggerManual)
			x.ok(err)
			b.StartTimer()
		}
	})
}

// BenchmarkPromoteAndClaim counts scans from waiting to their plan job in a
// worker's hands, ten at a time, with thousands waiting at all priorities. Each
// ends at once, which is part of what is measured.
func BenchmarkPromoteAndClaim(b *testing.B) {
	benchmarks(b, func(b *testing.B, x *bench) {
		x.ok(store.Exec(b.Context(), x.s, `INSERT INTO scan (instance_id, artifact_id, state, requested_by, percent, cause, detail,
				created_at, started_at, ended_at, deadline, attempt, priority)
			SELECT instance_id, artifact_id, 'Pending', 'push', 0, '', '', 1, 0, 0, 0, 0, id % 4 FROM scan WHERE state = 'Success'`))
		ended := make(chan int64, 100)
		stop, err := x.s.Work(b.Context(), store.Handlers{
			Plan: func(ctx context.Context, id int64) error {
				return x.s.FailScan(ctx, id, catalog.CauseUnknown, "")
			},
			Ended: func(s catalog.Scan) { ended <- s.ArtifactID },
		}, store.QueueOptions{})
		x.ok(err)
		defer func() { x.ok(stop(context.Background())) }()
		b.ResetTimer()
		for done := 0; done < b.N; {
			if done%artifacts > artifacts-100 {
				b.Fatal("too few scans wait for so many iterations")
			}
			_, err := x.s.Promote(b.Context(), x.inst, 10, time.Hour)
			x.ok(err)
			<-ended
			for done++; len(ended) > 0; done++ {
				<-ended
			}
		}
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "scans/s")
	})
}

// BenchmarkBatch begins and feeds a batch of all images there are.
func BenchmarkBatch(b *testing.B) {
	benchmarks(b, func(b *testing.B, x *bench) {
		for b.Loop() {
			batch, err := x.s.CreateBatch(b.Context(), x.inst, catalog.BatchRequest{Selection: catalog.Selection{All: true}})
			if err != nil || batch.Selected.Images != artifacts {
				b.Fatal(batch, err)
			}
			for range 5 {
				_, err = x.s.AdvanceBatch(b.Context(), batch.ID, 20)
				x.ok(err)
			}
			_, err = x.s.StopBatch(b.Context(), x.inst, batch.ID, true, "bench")
			x.ok(err)
		}
	})
}

// BenchmarkBase finds what an image of thirty layers was built on, and what
// came into its base's repository since.
func BenchmarkBase(b *testing.B) {
	benchmarks(b, func(b *testing.B, x *bench) {
		ids := make([]string, 30)
		for i := range ids {
			ids[i] = fmt.Sprint("sha256:no chain", i)
		}
		ids[12] = "sha256:chain0"
		var base catalog.BaseImage
		b.Run("layers", func(b *testing.B) {
			for b.Loop() {
				var ok bool
				var err error
				if base, ok, err = x.s.BaseByLayers(b.Context(), x.inst, ids); err != nil || !ok {
					b.Fatal(ok, err)
				}
			}
		})
		b.Run("newer", func(b *testing.B) {
			for b.Loop() {
				if list, err := x.s.NewerImages(b.Context(), base); err != nil || len(list) != 200 {
					b.Fatal(len(list), err)
				}
			}
		})
	})
}
