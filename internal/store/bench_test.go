package store_test

import (
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
