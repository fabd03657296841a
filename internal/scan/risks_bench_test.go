package scan

import (
	"testing"

	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/store"
	"github.com/pratique/pratique/internal/store/storetest"
)

// BenchmarkRisks asks questions across the images of a large registry, as the
// pages about risks do.
func BenchmarkRisks(b *testing.B) {
	for _, db := range []struct {
		name string
		open func(testing.TB, ...storetest.Option) *store.Store
	}{{"sqlite", storetest.SQLite}, {"postgres", storetest.PostgreSQL}} {
		b.Run(db.name, func(b *testing.B) {
			x := newAgainBench(b, db.open(b))
			x.fill()
			ctx, inst := b.Context(), x.instance.ID
			for _, question := range []struct {
				name string
				ask  func() (int, error)
			}{
				{"vulnerabilities", func() (int, error) {
					list, err := x.store.VulnerabilityUses(ctx, inst, catalog.VulnerabilityFilter{})
					return len(list), err
				}},
				{"vulnerabilities-q", func() (int, error) {
					list, err := x.store.VulnerabilityUses(ctx, inst, catalog.VulnerabilityFilter{Query: "package-1"})
					return len(list), err
				}},
				{"packages", func() (int, error) {
					list, _, err := x.store.PackageNames(ctx, inst, catalog.PackageFilter{Query: "age-1"}, 0, 50)
					return len(list), err
				}},
			} {
				b.Run(question.name, func(b *testing.B) {
					for b.Loop() {
						n, err := question.ask()
						if err != nil || n == 0 {
							b.Fatal(n, err)
						}
					}
				})
			}
		})
	}
}
