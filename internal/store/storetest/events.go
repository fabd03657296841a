package storetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pratique/pratique/internal/catalog"
)

func describe(e catalog.Event) string {
	text := fmt.Sprintf("%s %s/%s %s", e.Kind, e.Namespace, e.Repository, e.Cause)
	if e.Data.Percent > 0 {
		text += fmt.Sprintf(" %d%%", e.Data.Percent)
	}
	if e.Data.After != "" {
		text += " " + e.Data.Before + ">" + e.Data.After
	}
	return text
}

func (f *fixture) events(filter catalog.EventFilter) []string {
	f.Helper()
	list, err := f.s.Events(f.Context(), f.inst, filter, 0, 100)
	f.ok(err)
	var text []string
	for n := len(list) - 1; n >= 0; n-- {
		text = append(text, describe(list[n]))
	}
	return text
}

// Every step of a scan and every change of a verdict is on record.
func testEvents(f *fixture) {
	ctx := f.Context()
	f.namespace("team", catalog.NamespaceChange{})
	first := f.running(f.key("team", "app"), "l1", "l2")
	f.ok(f.s.Plan(ctx, first.ID, layerJobs("l1", "l2")))
	f.ok(f.s.PutFacts(ctx, layerJob("l1"), []byte("facts 1")))
	f.ok(f.s.PutFacts(ctx, layerJob("l2"), []byte("facts 2")))
	f.ok(f.s.FinishScan(ctx, first, catalog.Result{Document: []byte("report"), Verdict: catalog.Verdict{Decision: catalog.Block, Reason: "vulnerable", Revision: 1}}))
	second := f.rescan(first.ArtifactID)
	f.ok(f.s.FailScan(ctx, second.ID, catalog.CauseDownload, "gone"))
	third := f.rescan(first.ArtifactID)
	f.ok(f.s.FinishScan(ctx, third, catalog.Result{Document: []byte("report"), Verdict: catalog.Verdict{Decision: catalog.Block, Revision: 1}}))
	_, err := f.s.UpdateNamespace(ctx, f.inst, "team", catalog.NamespaceChange{Block: ptr(true)}) // its second revision
	f.ok(err)
	f.ok(f.s.SetVerdict(ctx, first.ArtifactID, catalog.Verdict{Decision: catalog.Allow, Reason: "allowlisted", Revision: 2, ScanID: third.ID}))
	f.advance(time.Hour)
	f.ok(f.s.SetVerdict(ctx, first.ArtifactID, catalog.Verdict{Decision: catalog.Block, Reason: "vulnerable", Revision: 2, ScanID: third.ID}))
	f.ok(f.s.SetVerdict(ctx, first.ArtifactID, catalog.Verdict{Decision: catalog.Allow, Revision: 1, ScanID: third.ID})) // too late
	want := []string{
		"scan.waiting team/app manual",
		"scan.running team/app manual",
		"scan.progress team/app manual 45%",
		"scan.progress team/app manual 90%",
		"verdict.changed team/app scan unknown>block",
		"scan.done team/app manual 100%",
		"scan.waiting team/app manual",
		"scan.running team/app manual",
		"scan.failed team/app download_failed",
		"scan.waiting team/app manual",
		"scan.running team/app manual",
		"scan.done team/app manual 100%",
		"verdict.changed team/app policy block>allow",
		"verdict.changed team/app expiry allow>block",
	}
	equal(f, "events", f.events(catalog.EventFilter{}), want)
	f.ok(f.s.EmitPulls(ctx, []catalog.Event{{Kind: catalog.EventBlocked, InstanceID: f.inst, Namespace: "other", Repository: "x", Cause: "vulnerable", Data: catalog.EventData{Count: 3}}}))
	equal(f, "refused pulls", f.events(catalog.EventFilter{Namespace: "other", Kinds: []catalog.EventKind{catalog.EventBlocked, catalog.EventScanDone}}),
		[]string{"pull.blocked other/x vulnerable"})
	equal(f, "of one scan", f.events(catalog.EventFilter{ScanID: second.ID, Repository: "app"}), want[6:9])
	equal(f, "since", f.events(catalog.EventFilter{Since: f.clock(), Namespace: "team"}), want[13:])

	history, err := f.s.VerdictChanges(ctx, first.ArtifactID, 0, 2)
	f.ok(err)
	if len(history) != 2 || history[0].Cause != "expiry" || history[0].After != catalog.Block || history[1].Cause != "policy" {
		f.Errorf("history: %+v", history)
	}
	if history, err = f.s.VerdictChanges(ctx, first.ArtifactID, history[1].ID, 10); err != nil || len(history) != 1 || history[0].Before != catalog.Undecided {
		f.Errorf("the rest of the history: %+v %v", history, err)
	}
	if n, err := f.s.PruneEvents(ctx, f.clock()); err != nil || n != 13 {
		f.Errorf("%d events removed, %v", n, err)
	}
}

// Who follows events gets those that happened before and those that happen.
func testFollowEvents(f *fixture) {
	ctx, cancel := context.WithTimeout(f.Context(), time.Minute)
	defer cancel()
	f.namespace("team", catalog.NamespaceChange{})
	scan := f.running(f.key("team", "app"), "l1")
	enough := errors.New("enough")
	follow := func(filter catalog.EventFilter, after int64, until string) chan string {
		told := make(chan string, 100)
		go func() {
			defer close(told)
			err := f.s.FollowEvents(ctx, f.inst, filter, after, func(e catalog.Event) error {
				told <- describe(e)
				if strings.HasPrefix(describe(e), until) {
					return enough
				}
				return nil
			})
			if !errors.Is(err, enough) {
				f.Errorf("following ended with %v", err)
			}
		}()
		return told
	}
	all := follow(catalog.EventFilter{Namespace: "team"}, 0, "scan.done")
	equal(f, "first", <-all, "scan.waiting team/app manual")
	equal(f, "second", <-all, "scan.running team/app manual")
	f.ok(f.s.FinishScan(ctx, scan, catalog.Result{Document: []byte("report"), Verdict: catalog.Verdict{Decision: catalog.Allow}}))
	equal(f, "third", <-all, "verdict.changed team/app scan unknown>allow")
	equal(f, "fourth", <-all, "scan.done team/app manual 100%")
	if more, ok := <-all; ok {
		f.Errorf("one more: %s", more)
	}
	for event := range follow(catalog.EventFilter{Kinds: []catalog.EventKind{catalog.EventScanDone}}, 0, "scan.done") {
		equal(f, "filtered", event, "scan.done team/app manual 100%")
	}
}
