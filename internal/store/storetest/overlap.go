package storetest

import (
	"time"

	"github.com/pratique/pratique/internal/catalog"
)

// testImportException: a decision is brought in once, by whomever; what contradicts
// one that is there is refused.
func testImportException(f *fixture) {
	ctx := f.Context()
	a, b := f.twoTeams()
	app := catalog.Target{Namespace: "team", Repository: "app"}
	images := in(catalog.ScopeArtifact, catalog.Target{Namespace: "team", Repository: "app", Digest: b}, catalog.Target{Namespace: "team", Repository: "app", Digest: a})
	first, created, err := f.s.ImportException(ctx, f.exception(images, until(f.now.Add(time.Hour))), "root")
	f.ok(err)
	if !created || first.Author != "ada" {
		f.Errorf("created %v: %+v", created, first)
	}
	events, err := f.s.ExceptionEvents(ctx, f.inst, catalog.ExceptionFilter{ID: first.ID}, catalog.Page{Limit: 10})
	f.ok(err)
	if len(events) != 1 || events[0].Author != "root" || events[0].Exception.Author != "ada" {
		f.Errorf("history: %+v", events)
	}
	revision := f.revision("team")
	again := f.exception(images, until(f.now.Add(time.Hour)))
	again.Author = "somebody else"
	same, created, err := f.s.ImportException(ctx, again, "bob")
	f.ok(err)
	if created || same.ID != first.ID || f.revision("team") != revision {
		f.Errorf("created %v: %+v", created, same)
	}
	for name, change := range map[string]func(*catalog.Exception){
		"another expiry": until(f.now.Add(2 * time.Hour)),
		"no expiry":      until(time.Time{}),
		"another action": ignored,
		"another reason": func(e *catalog.Exception) { e.Reason = "because" },
		"fewer targets":  func(e *catalog.Exception) { e.Targets = e.Targets[:1] },
	} {
		e := f.exception(images, until(f.now.Add(time.Hour)), change)
		if _, _, err := f.s.ImportException(ctx, e, "root"); !catalog.Is(err, catalog.Conflict) {
			f.Errorf("%s: %v, want a conflict", name, err)
		}
	}
	if _, _, err := f.s.ImportException(ctx, f.exception(in(catalog.ScopeRepository, app), until(f.now)), "root"); !catalog.Is(err, catalog.Invalid) {
		f.Errorf("expired already: %v", err)
	}
	if _, _, err := f.s.ImportException(ctx, f.exception(in(catalog.ScopeNamespace, catalog.Target{Namespace: "nobody"})), "root"); !catalog.Is(err, catalog.NotFound) {
		f.Errorf("of nobody: %v", err)
	}
}

// testOverlappingExceptions: exceptions about the same in scopes that lie within
// each other stand beside each other; what they come to is the widest permission
// and the last expiry. In the same scope there is one.
func testOverlappingExceptions(f *fixture) {
	ctx := f.Context()
	a, _ := f.twoTeams()
	subject := catalog.Subject{IDs: []string{"CVE-2024-1"}}
	check := func(when string, at time.Time, whitelisted bool, until time.Time, ignoredBy int64) {
		f.Helper()
		list, err := f.s.ArtifactExceptions(ctx, f.key("team", "app"), a)
		f.ok(err)
		h := catalog.InForce(list, at).Handle(subject)
		by := int64(0)
		if h.Ignored != nil {
			by = h.Ignored.ID
		}
		if h.Whitelisted != whitelisted || !h.Until.Equal(until) || by != ignoredBy {
			f.Errorf("%s: whitelisted %v until %s, ignored by %d; want %v, %s, %d", when, h.Whitelisted, h.Until, by, whitelisted, until, ignoredBy)
		}
	}
	hours := func(n int) time.Time { return f.now.Add(time.Duration(n) * time.Hour) }
	wide := f.except(ignored)
	check("instance", f.now, false, time.Time{}, wide.ID)
	f.except(in(catalog.ScopeNamespace, catalog.Target{Namespace: "team"}), until(hours(1)))
	f.except(in(catalog.ScopeRepository, catalog.Target{Namespace: "team", Repository: "app"}), until(hours(3)))
	image := in(catalog.ScopeArtifact, catalog.Target{Namespace: "team", Repository: "app", Digest: a})
	narrow := f.except(image, until(hours(2)), ignored)
	check("all", f.now, true, hours(3), narrow.ID)
	check("after the namespace's", hours(1), true, hours(3), narrow.ID)
	check("after the image's", hours(2), true, hours(3), wide.ID)
	check("after the repository's", hours(3), false, time.Time{}, wide.ID)

	// The same scope twice: refused, until the first has expired; which then cannot
	// be brought back while the second counts.
	if _, err := f.s.CreateException(ctx, f.exception(image, until(hours(9)))); !catalog.Is(err, catalog.Conflict) {
		f.Errorf("the same image twice: %v", err)
	}
	f.now = hours(2)
	second := f.except(image, until(f.now.Add(time.Hour)))
	later := f.now.Add(2 * time.Hour)
	if _, err := f.s.ChangeException(ctx, f.inst, narrow.ID, catalog.ExceptionChange{Author: "ada", ExpiresAt: &later}); !catalog.Is(err, catalog.Conflict) {
		f.Errorf("an expired one beside its successor: %v", err)
	}
	f.ok(f.s.RemoveException(ctx, f.inst, second.ID, "ada", ""))
	_, err := f.s.ChangeException(ctx, f.inst, narrow.ID, catalog.ExceptionChange{Author: "ada", ExpiresAt: &later})
	f.ok(err)
}
