package storetest

import (
	"time"

	"github.com/pratique/pratique/internal/catalog"
)

// Scans that succeed are counted, repeated ones too, others not; the count
// outlives what was scanned.
func testUsage(f *fixture) {
	ctx := f.Context()
	usage := func(what, month string, want ...catalog.Usage) {
		f.Helper()
		got, err := f.s.Usage(ctx, f.inst, month)
		f.ok(err)
		equal(f, what, got, append([]catalog.Usage{}, want...))
	}
	finish := func(s catalog.Scan) {
		f.Helper()
		f.ok(f.s.FinishScan(ctx, s, catalog.Result{Document: []byte("report"), Verdict: catalog.Verdict{Decision: catalog.Allow}}))
	}
	f.namespace("team", catalog.NamespaceChange{})
	f.namespace("other", catalog.NamespaceChange{})
	usage("before any scan", "2026-09")
	first := f.running(f.key("team", "app"), "l1")
	finish(first)
	f.ok(f.s.FailScan(ctx, f.rescan(first.ArtifactID).ID, catalog.CauseStopped, ""))
	f.code(f.s.FinishScan(ctx, first, catalog.Result{Document: []byte("report")}), catalog.Conflict, "scan_lost")
	finish(f.rescan(first.ArtifactID))
	finish(f.running(f.key("other", "app"), "l2"))
	usage("in the month", "2026-09", catalog.Usage{Instance: "default", Namespace: "other", Scans: 1}, catalog.Usage{Instance: "default", Namespace: "team", Scans: 2})
	usage("in another month", "2026-10")

	f.advance(30 * 24 * time.Hour)
	finish(f.rescan(first.ArtifactID))
	f.ok(f.s.DeleteRepository(ctx, f.key("team", "app")))
	f.ok(f.s.DeleteNamespace(ctx, f.inst, "team"))
	usage("in the next month", "2026-10", catalog.Usage{Instance: "default", Namespace: "team", Scans: 1})
	usage("in the month before", "2026-09", catalog.Usage{Instance: "default", Namespace: "other", Scans: 1}, catalog.Usage{Instance: "default", Namespace: "team", Scans: 2})

	other, err := f.s.EnsureInstance(ctx, "acme", catalog.Instance{Name: "north", Host: "north.example"})
	f.ok(err)
	if list, err := f.s.Usage(ctx, other.ID, "2026-09"); err != nil || len(list) != 0 {
		f.Errorf("of another tenant: %v, %v", list, err)
	}
}
