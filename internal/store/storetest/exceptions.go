package storetest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/report"
)

// exception whitelists CVE-2024-1 in the whole instance; change adapts it.
func (f *fixture) exception(change ...func(*catalog.Exception)) catalog.Exception {
	e := catalog.Exception{
		InstanceID: f.inst, Scope: catalog.ScopeInstance, Action: catalog.Whitelist,
		Criteria: catalog.Criteria{Vulnerability: "CVE-2024-1"}, Author: "ada", Reason: "not reachable",
	}
	for _, c := range change {
		c(&e)
	}
	return e
}

func in(scope catalog.ExceptionScope, targets ...catalog.Target) func(*catalog.Exception) {
	return func(e *catalog.Exception) { e.Scope, e.Targets = scope, targets }
}

func about(c catalog.Criteria) func(*catalog.Exception) {
	return func(e *catalog.Exception) { e.Criteria = c }
}

func until(at time.Time) func(*catalog.Exception) {
	return func(e *catalog.Exception) { e.ExpiresAt = at }
}

func ignored(e *catalog.Exception) { e.Action = catalog.Ignore }

func (f *fixture) except(change ...func(*catalog.Exception)) catalog.Exception {
	f.Helper()
	e, err := f.s.CreateException(f.Context(), f.exception(change...))
	f.ok(err)
	return e
}

func (f *fixture) revision(namespace string) int64 {
	f.Helper()
	ns, err := f.s.Namespace(f.Context(), f.inst, namespace)
	f.ok(err)
	return ns.Revision
}

func ids(list []catalog.Exception) []int64 {
	out := []int64{}
	for _, e := range list {
		out = append(out, e.ID)
	}
	return out
}

// twoTeams makes images team/app@a, team/app@b, team/web@a and other/app@a.
func (f *fixture) twoTeams() (a, b string) {
	f.Helper()
	f.namespace("team", catalog.NamespaceChange{})
	f.namespace("other", catalog.NamespaceChange{})
	a = f.push(f.image(f.key("team", "app"), "1", "a")).Digest
	b = f.push(f.image(f.key("team", "app"), "2", "b")).Digest
	f.push(f.image(f.key("team", "web"), "1", "a"))
	f.push(f.image(f.key("other", "app"), "1", "a"))
	return a, b
}

func testExceptionLife(f *fixture) {
	ctx := f.Context()
	a, b := f.twoTeams()
	made, err := f.s.CreateException(ctx, f.exception(
		in(catalog.ScopeArtifact, catalog.Target{Namespace: "team", Repository: "app", Digest: b}, catalog.Target{Namespace: "other", Repository: "app", Digest: a}),
		about(catalog.Criteria{Vulnerability: "ghsa-1", Package: "a'b\"%_", Category: report.Application, Path: "/srv/**"}), until(f.now.Add(time.Hour))))
	f.ok(err)
	want := f.exception(
		in(catalog.ScopeArtifact, catalog.Target{Namespace: "other", Repository: "app", Digest: a}, catalog.Target{Namespace: "team", Repository: "app", Digest: b}),
		about(catalog.Criteria{Vulnerability: "GHSA-1", Package: "a'b\"%_", Category: report.Application, Path: "srv/**"}), until(f.now.Add(time.Hour)))
	want.ID, want.CreatedAt, want.UpdatedAt = made.ID, f.now, f.now
	equal(f, "created", made, want)
	created := f.now

	f.advance(time.Minute)
	changed, err := f.s.ChangeException(ctx, f.inst, made.ID, catalog.ExceptionChange{Author: "bob", Reason: ptr(" still so\n"), ExpiresAt: ptr(time.Time{})})
	f.ok(err)
	want.Reason, want.ExpiresAt, want.UpdatedAt = "still so", time.Time{}, f.now
	equal(f, "changed", changed, want)
	kept, err := f.s.ChangeException(ctx, f.inst, made.ID, catalog.ExceptionChange{Author: "bob"})
	f.ok(err)
	equal(f, "nothing changed", kept, want)
	_, err = f.s.ChangeException(ctx, f.inst, made.ID, catalog.ExceptionChange{Author: "bob", Reason: ptr(" ")})
	f.code(err, catalog.Invalid, "exception_reason_missing")
	_, err = f.s.ChangeException(ctx, f.inst, made.ID, catalog.ExceptionChange{Author: "bob", ExpiresAt: ptr(f.now)})
	f.code(err, catalog.Invalid, "exception_expired")

	f.advance(time.Minute)
	f.ok(f.s.RemoveException(ctx, f.inst, made.ID, "eve", "fixed\x00 now"))
	want.EndedAt, want.UpdatedAt = f.now, f.now
	got, err := f.s.Exception(ctx, f.inst, made.ID)
	f.ok(err)
	equal(f, "removed", got, want)
	f.code(f.s.RemoveException(ctx, f.inst, made.ID, "eve", ""), catalog.Conflict, "exception_removed")
	_, err = f.s.ChangeException(ctx, f.inst, made.ID, catalog.ExceptionChange{})
	f.code(err, catalog.Conflict, "exception_removed")

	events, err := f.s.ExceptionEvents(ctx, f.inst, catalog.ExceptionFilter{ID: made.ID}, catalog.Page{Limit: 10})
	f.ok(err)
	for i := range events {
		events[i].ID = 0
	}
	equal(f, "history", events, []catalog.ExceptionEvent{
		{Exception: want, At: f.now, Author: "eve", What: "removed", Reason: "fixed\uFFFD now"},
		{Exception: want, At: created.Add(time.Minute), Author: "bob", What: "changed", Reason: "still so"},
		{Exception: want, At: created.Add(time.Minute), Author: "bob", What: "changed", Reason: "still so"},
		{Exception: want, At: created, Author: "ada", What: "created", Reason: "not reachable", ExpiresAt: created.Add(time.Hour)},
	})

	f.code(f.s.RemoveException(ctx, f.inst, 12345, "eve", ""), catalog.NotFound, "exception_not_found")
	_, err = f.s.Exception(ctx, f.inst, 12345)
	f.code(err, catalog.NotFound, "exception_not_found")
	_, err = f.s.Exception(ctx, "nowhere", made.ID)
	f.code(err, catalog.NotFound, "exception_not_found")
	_, err = f.s.ChangeException(ctx, f.inst, 12345, catalog.ExceptionChange{})
	f.code(err, catalog.NotFound, "exception_not_found")
}

func testExceptionRefused(f *fixture) {
	ctx := f.Context()
	a, b := f.twoTeams()
	refused := func(kind catalog.Kind, code string, change ...func(*catalog.Exception)) error {
		f.Helper()
		_, err := f.s.CreateException(ctx, f.exception(change...))
		f.code(err, kind, code)
		return err
	}
	team := catalog.Target{Namespace: "team"}
	app := catalog.Target{Namespace: "team", Repository: "app"}
	image := catalog.Target{Namespace: "team", Repository: "app", Digest: a}
	refused(catalog.Invalid, "exception_without_criteria", about(catalog.Criteria{}))
	refused(catalog.Invalid, "exception_expired", until(f.now))
	refused(catalog.NotFound, "instance_not_found", func(e *catalog.Exception) { e.InstanceID = "nowhere" })
	refused(catalog.NotFound, "namespace_not_found", in(catalog.ScopeNamespace, team, catalog.Target{Namespace: "none"}))
	refused(catalog.NotFound, "namespace_not_found", in(catalog.ScopeRepository, catalog.Target{Namespace: "none", Repository: "app"}))
	refused(catalog.NotFound, "repository_not_found", in(catalog.ScopeRepository, app, catalog.Target{Namespace: "team", Repository: "none"}))
	refused(catalog.NotFound, "manifest_unknown", in(catalog.ScopeArtifact, catalog.Target{Namespace: "team", Repository: "web", Digest: b}))

	// The same criteria for the same target, whatever is to be done.
	expires := f.now.Add(time.Hour)
	first := f.except(in(catalog.ScopeRepository, app), until(expires))
	err := refused(catalog.Conflict, "exception_exists", in(catalog.ScopeRepository, catalog.Target{Namespace: "team", Repository: "web"}, app), ignored)
	if want := fmt.Sprintf("exception %d by ada (whitelist) is about CVE-2024-1 in team/app already", first.ID); !strings.Contains(err.Error(), want) {
		f.Errorf("%q does not say %q", err, want)
	}
	// Wider, narrower, another criterion: no duplicates.
	wide := f.except()
	f.except(in(catalog.ScopeNamespace, team))
	f.except(in(catalog.ScopeArtifact, image))
	f.except(in(catalog.ScopeRepository, app), about(catalog.Criteria{Vulnerability: "CVE-2024-1", Package: "zlib"}))
	err = refused(catalog.Conflict, "exception_exists")
	if want := fmt.Sprintf("exception %d by ada (whitelist) is about CVE-2024-1 in the instance already", wide.ID); !strings.Contains(err.Error(), want) {
		f.Errorf("%q does not say %q", err, want)
	}
	// What has expired or was removed is in nobody's way, until it is to count
	// again.
	f.ok(f.s.RemoveException(ctx, f.inst, wide.ID, "ada", ""))
	f.except(ignored)
	f.advance(time.Hour)
	second := f.except(in(catalog.ScopeRepository, app))
	_, err = f.s.ChangeException(ctx, f.inst, first.ID, catalog.ExceptionChange{ExpiresAt: ptr(f.now.Add(1e9))})
	f.code(err, catalog.Conflict, "exception_exists")
	f.ok(f.s.RemoveException(ctx, f.inst, second.ID, "ada", ""))
	_, err = f.s.ChangeException(ctx, f.inst, first.ID, catalog.ExceptionChange{ExpiresAt: ptr(f.now.Add(1e9))})
	f.ok(err)
}

// What holds for an artifact is what names it, its repository, its namespace or
// nothing in particular.
func testArtifactExceptions(f *fixture) {
	ctx := f.Context()
	a, b := f.twoTeams()
	apply := func(namespace, repository, digest string, want ...int64) {
		f.Helper()
		list, err := f.s.ArtifactExceptions(ctx, f.key(namespace, repository), digest)
		f.ok(err)
		equal(f, namespace+"/"+repository, ids(list), append([]int64{}, want...))
	}
	apply("team", "app", a)
	everywhere := f.except()
	team := f.except(in(catalog.ScopeNamespace, catalog.Target{Namespace: "team"}), ignored)
	app := f.except(in(catalog.ScopeRepository, catalog.Target{Namespace: "team", Repository: "app"}, catalog.Target{Namespace: "other", Repository: "app"}), until(f.now.Add(time.Hour)))
	image := f.except(in(catalog.ScopeArtifact, catalog.Target{Namespace: "team", Repository: "app", Digest: a}, catalog.Target{Namespace: "team", Repository: "web", Digest: a}))
	apply("team", "app", a, everywhere.ID, team.ID, app.ID, image.ID)
	apply("team", "app", b, everywhere.ID, team.ID, app.ID)
	apply("team", "web", a, everywhere.ID, team.ID, image.ID)
	apply("other", "app", a, everywhere.ID, app.ID)
	apply("other", "web", a, everywhere.ID)

	// By name: what is deleted and pushed again is what it was.
	f.ok(f.s.DeleteRepository(ctx, f.key("team", "app")))
	f.push(f.image(f.key("team", "app"), "1", "a"))
	apply("team", "app", a, everywhere.ID, team.ID, app.ID, image.ID)
	// Expired ones are there too, removed ones are not.
	f.advance(2 * time.Hour)
	f.ok(f.s.RemoveException(ctx, f.inst, team.ID, "ada", ""))
	apply("team", "app", a, everywhere.ID, app.ID, image.ID)
	list, err := f.s.ArtifactExceptions(ctx, f.key("team", "app"), a)
	f.ok(err)
	image.Targets = nil
	equal(f, "read for an artifact", list[2], image)

	other, err := f.s.CreateInstance(ctx, catalog.Instance{Region: "north", Name: "second", Host: "registry.example"})
	f.ok(err)
	elsewhere, err := f.s.ArtifactExceptions(ctx, catalog.RepositoryKey{InstanceID: other.ID, Namespace: "team", Repository: "app"}, a)
	f.ok(err)
	if len(elsewhere) != 0 {
		f.Errorf("another instance has %v", ids(elsewhere))
	}
}

// Whatever can change a verdict makes stored ones old, and nothing else does.
func testExceptionRevisions(f *fixture) {
	ctx := f.Context()
	f.twoTeams()
	team, other := f.revision("team"), f.revision("other")
	grows := func(what string, inTeam, inOther int64) {
		f.Helper()
		t, o := f.revision("team"), f.revision("other")
		if t != team+inTeam || o != other+inOther {
			f.Errorf("%s: revision of team grew by %d, of other by %d; want %d, %d", what, t-team, o-other, inTeam, inOther)
		}
		team, other = t, o
	}
	app := catalog.Target{Namespace: "team", Repository: "app"}
	web := catalog.Target{Namespace: "team", Repository: "web"}
	f.except(ignored)
	grows("ignore", 0, 0)
	e := f.except(in(catalog.ScopeRepository, app, web))
	grows("whitelist in a namespace", 1, 0)
	_, err := f.s.ChangeException(ctx, f.inst, e.ID, catalog.ExceptionChange{ExpiresAt: ptr(f.now.Add(time.Hour))})
	f.ok(err)
	grows("another expiry", 1, 0)
	f.ok(f.s.RemoveException(ctx, f.inst, e.ID, "ada", ""))
	grows("removal", 1, 0)
	f.except(in(catalog.ScopeRepository, app, catalog.Target{Namespace: "other", Repository: "app"}))
	grows("whitelist in two namespaces", 1, 1)
	f.except(about(catalog.Criteria{Vulnerability: "CVE-2024-2"}))
	grows("whitelist everywhere", 1, 1)
	_, err = f.s.CreateException(ctx, f.exception(in(catalog.ScopeRepository, app)))
	f.code(err, catalog.Conflict, "exception_exists")
	grows("a refused one", 0, 0)
}

func testExceptionLists(f *fixture) {
	ctx := f.Context()
	a, _ := f.twoTeams()
	everywhere := f.except(ignored)
	team := f.except(in(catalog.ScopeNamespace, catalog.Target{Namespace: "team"}), until(f.now.Add(time.Hour)))
	app := f.except(in(catalog.ScopeRepository, catalog.Target{Namespace: "team", Repository: "app"}), about(catalog.Criteria{Rule: "jwt", Category: report.Sensitive}), ignored)
	image := f.except(in(catalog.ScopeArtifact, catalog.Target{Namespace: "team", Repository: "app", Digest: a}), about(catalog.Criteria{FindingID: "f1"}))
	other := f.except(in(catalog.ScopeNamespace, catalog.Target{Namespace: "other"}), about(catalog.Criteria{Vulnerability: "CVE-2024-2"}))
	gone := f.except(about(catalog.Criteria{Package: "zlib"}))
	f.ok(f.s.RemoveException(ctx, f.inst, gone.ID, "ada", ""))
	f.advance(time.Hour) // team expires

	for _, tc := range []struct {
		name   string
		filter catalog.ExceptionFilter
		want   []catalog.Exception
	}{
		{"all", catalog.ExceptionFilter{}, []catalog.Exception{everywhere, team, app, image, other}},
		{"active", catalog.ExceptionFilter{State: catalog.ExceptionActive}, []catalog.Exception{everywhere, app, image, other}},
		{"expired", catalog.ExceptionFilter{State: catalog.ExceptionExpired}, []catalog.Exception{team}},
		{"removed", catalog.ExceptionFilter{State: catalog.ExceptionRemoved}, []catalog.Exception{gone}},
		{"by id", catalog.ExceptionFilter{ID: app.ID}, []catalog.Exception{app}},
		{"vulnerability", catalog.ExceptionFilter{Vulnerability: "cve-2024-1"}, []catalog.Exception{everywhere, team}},
		{"finding", catalog.ExceptionFilter{FindingID: "f1"}, []catalog.Exception{image}},
		{"rule", catalog.ExceptionFilter{Rule: "jwt"}, []catalog.Exception{app}},
		{"category", catalog.ExceptionFilter{Category: report.Sensitive}, []catalog.Exception{app}},
		{"action", catalog.ExceptionFilter{Action: catalog.Ignore}, []catalog.Exception{everywhere, app}},
		{"in a namespace", catalog.ExceptionFilter{Target: catalog.Target{Namespace: "team"}}, []catalog.Exception{everywhere, team, app, image}},
		{"in a repository", catalog.ExceptionFilter{Target: catalog.Target{Namespace: "team", Repository: "web"}}, []catalog.Exception{everywhere, team}},
		{"in an image", catalog.ExceptionFilter{Target: catalog.Target{Namespace: "team", Repository: "app", Digest: a}}, []catalog.Exception{everywhere, team, app, image}},
		{"two at once", catalog.ExceptionFilter{Action: catalog.Ignore, Target: catalog.Target{Namespace: "other"}}, []catalog.Exception{everywhere}},
		{"injection", catalog.ExceptionFilter{Rule: "' OR 1=1 --"}, nil},
	} {
		list, err := f.s.Exceptions(ctx, f.inst, tc.filter, catalog.Page{Limit: 100})
		f.ok(err)
		equal(f, tc.name, ids(list), ids(tc.want))
	}
	list, err := f.s.Exceptions(ctx, f.inst, catalog.ExceptionFilter{}, catalog.Page{Limit: 2})
	f.ok(err)
	equal(f, "first page", list, []catalog.Exception{everywhere, team})
	list, err = f.s.Exceptions(ctx, f.inst, catalog.ExceptionFilter{}, catalog.Page{Limit: 2, After: fmt.Sprint(team.ID)})
	f.ok(err)
	equal(f, "second page", list, []catalog.Exception{app, image})
	for _, bad := range []string{"x", "-1", "1e9", "99999999999999999999"} {
		_, err := f.s.Exceptions(ctx, f.inst, catalog.ExceptionFilter{}, catalog.Page{Limit: 2, After: bad})
		f.code(err, catalog.Invalid, "after_invalid")
	}

	// The history is of all, latest first.
	var seen []string
	page := catalog.Page{Limit: 3}
	for {
		events, err := f.s.ExceptionEvents(ctx, f.inst, catalog.ExceptionFilter{}, page)
		f.ok(err)
		if len(events) == 0 {
			break
		}
		for _, v := range events {
			seen = append(seen, fmt.Sprintf("%s %d", v.What, v.Exception.ID))
			page.After = fmt.Sprint(v.ID)
		}
	}
	var want []string
	for _, e := range []catalog.Exception{everywhere, team, app, image, other, gone} {
		want = append(want, fmt.Sprintf("created %d", e.ID))
	}
	want = append(want, fmt.Sprintf("removed %d", gone.ID))
	slices.Reverse(want)
	equal(f, "history", seen, want)
	events, err := f.s.ExceptionEvents(ctx, f.inst, catalog.ExceptionFilter{Vulnerability: "CVE-2024-2"}, catalog.Page{Limit: 10})
	f.ok(err)
	if len(events) != 1 || events[0].Exception.ID != other.ID {
		f.Errorf("history of CVE-2024-2: %+v", events)
	}
}

// A namespace made anew begins without the exceptions of the one before.
func testExceptionsOfDeletedNamespace(f *fixture) {
	ctx := f.Context()
	f.namespace("team", catalog.NamespaceChange{})
	f.namespace("other", catalog.NamespaceChange{})
	everywhere := f.except()
	alone := f.except(in(catalog.ScopeNamespace, catalog.Target{Namespace: "team"}))
	both := f.except(in(catalog.ScopeNamespace, catalog.Target{Namespace: "team"}, catalog.Target{Namespace: "other"}), about(catalog.Criteria{Vulnerability: "CVE-2024-2"}))
	f.ok(f.s.DeleteNamespace(ctx, f.inst, "team"))
	f.namespace("team", catalog.NamespaceChange{})
	list, err := f.s.ArtifactExceptions(ctx, f.key("team", "app"), digest("x"))
	f.ok(err)
	equal(f, "in the new namespace", ids(list), []int64{everywhere.ID})
	list, err = f.s.ArtifactExceptions(ctx, f.key("other", "app"), digest("x"))
	f.ok(err)
	equal(f, "in the other namespace", ids(list), []int64{everywhere.ID, both.ID})
	got, err := f.s.Exception(ctx, f.inst, alone.ID)
	f.ok(err)
	if got.State(f.now) != catalog.ExceptionRemoved || len(got.Targets) != 1 {
		f.Errorf("the exception of the deleted namespace is %+v", got)
	}
	got, err = f.s.Exception(ctx, f.inst, both.ID)
	f.ok(err)
	equal(f, "what is left", got.Targets, []catalog.Target{{Namespace: "other"}})
	events, err := f.s.ExceptionEvents(ctx, f.inst, catalog.ExceptionFilter{ID: both.ID}, catalog.Page{Limit: 1})
	f.ok(err)
	if events[0].What != catalog.ExceptionChangedEvent || events[0].Reason != "namespace team was deleted" {
		f.Errorf("history: %+v", events[0])
	}
}

// Of several at the same time for the same, one is made.
func testParallelExceptions(f *fixture) {
	ctx := f.Context()
	f.namespace("team", catalog.NamespaceChange{})
	var wg sync.WaitGroup
	results := make([]error, 8)
	for i := range results {
		wg.Go(func() {
			_, results[i] = f.s.CreateException(ctx, f.exception(in(catalog.ScopeNamespace, catalog.Target{Namespace: "team"})))
		})
	}
	wg.Wait()
	made := 0
	for _, err := range results {
		var known *catalog.Error
		switch {
		case err == nil:
			made++
		case !errors.As(err, &known) || known.Code != "exception_exists":
			f.Error(err)
		}
	}
	if made != 1 {
		f.Errorf("%d exceptions were made", made)
	}
}
