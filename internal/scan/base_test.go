package scan_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/image/imagetest"
	"github.com/pratique/pratique/internal/report"
	"github.com/pratique/pratique/internal/rules"
	"github.com/pratique/pratique/internal/scan"
)

// on is the text of an image built on another one.
func on(base, own string) string {
	return base + "-- layer --\nCOPY app /srv/\n-- srv/" + own + " --\nx\n"
}

// release is a Debian image with a version of libhole; 2.0-1 is without the hole.
func release(version string) string { return strings.ReplaceAll(debian, "1.0-1", version) }

// scanned pushes an image and waits for its scan.
func (e *env) scanned(text, repository, tag string) (catalog.Artifact, report.Report) {
	e.Helper()
	a := e.push(imagetest.Build(e, text), repository, tag)
	if s := e.next(); s.State != catalog.Success {
		e.Fatalf("scan: %+v", s)
	}
	rep, _ := e.report(a)
	return a, rep
}

func (e *env) rescanned(a catalog.Artifact) report.Report {
	e.Helper()
	_, err := e.service.Request(e.Context(), a.ID, catalog.TriggerManual)
	e.must(err)
	if s := e.next(); s.State != catalog.Success {
		e.Fatalf("scan: %+v", s)
	}
	rep, _ := e.report(a)
	return rep
}

// rules lists the findings about the base.
func baseRules(rep report.Report) string {
	var rules []string
	for _, f := range rep.Findings {
		if f.Category == report.BaseImage {
			rules = append(rules, f.Rule+" "+f.Severity.String())
		}
	}
	return strings.Join(rules, ", ")
}

func TestBaseImage(t *testing.T) {
	each(t, func(e *env) {
		e.start()
		_, rep := e.scanned(on(debian, "early"), "early", "1")
		if rep.Base == nil || rep.Base.Source != report.BaseByDistribution || rep.Base.Layers != 1 || baseRules(rep) != "no-known-base low" {
			e.Errorf("before there is a base: %+v, %s", rep.Base, baseRules(rep))
		}
		base, rep := e.scanned(debian, "base", "1")
		if rep.Base.Source != report.BaseByDistribution || baseRules(rep) != "" {
			e.Errorf("base of the base: %+v, %s", rep.Base, baseRules(rep))
		}
		app, rep := e.scanned(on(debian, "app"), "app", "1")
		want := &report.Base{Name: "team/base:1", Version: "1", Digest: base.Digest, Source: report.BaseByLayers, Layers: 1, Findings: 1}
		if diff := cmp.Diff(want, rep.Base); diff != "" || baseRules(rep) != "" {
			e.Errorf("base (-want +got):\n%s%s", diff, baseRules(rep))
		}
		if v := rep.Vulnerabilities[0]; v.Origin != report.FromBase {
			e.Errorf("vulnerability: %+v", v)
		}

		// A newer base without the hole, under a tag of the same kind.
		next, _ := e.scanned(release("2.0-1"), "base", "2")
		e.scanned(release("2.0-2"), "base", "2-slim")
		rep = e.rescanned(app)
		want.Newer = &report.NewerBase{Name: "team/base:2", Digest: next.Digest, Removes: 1, Adds: 0}
		want.OwnFindings = 1 // the one about the base
		if diff := cmp.Diff(want, rep.Base); diff != "" || baseRules(rep) != "newer-base medium" {
			e.Errorf("with a newer base (-want +got):\n%s%s", diff, baseRules(rep))
		}

		// The same is said again, and of an image on the newest nothing.
		again := e.rescanned(app)
		if diff := cmp.Diff(rep, again); diff != "" {
			e.Errorf("second report (-first +second):\n%s", diff)
		}
		_, rep = e.scanned(on(release("2.0-1"), "app"), "app", "2")
		if rep.Base.Name != "team/base:2" || rep.Base.Newer != nil || baseRules(rep) != "" {
			e.Errorf("on the newest: %+v, %s", rep.Base, baseRules(rep))
		}
		e.quiet()
	})
}

// A tag that moves leaves the image it named behind, and those built on it.
func TestBaseTagHasMoved(t *testing.T) {
	each(t, func(e *env) {
		e.start()
		e.scanned(debian, "base", "bookworm")
		app, _ := e.scanned(on(debian, "app"), "app", "1")
		next, _ := e.scanned(release("1.0-2"), "base", "bookworm")
		rep := e.rescanned(app)
		// A newer version with the same hole mends nothing.
		if n := rep.Base.Newer; rep.Base.Name != "team/base:bookworm" || n == nil || n.Digest != next.Digest || n.Removes != 0 || n.Adds != 0 || baseRules(rep) != "newer-base low" {
			e.Errorf("base: %+v, %+v, %s", rep.Base, n, baseRules(rep))
		}
	})
}

// What of the registry cannot be read, or was not scanned, is not compared; the
// image's own scan goes on.
func TestBaseCannotBeCompared(t *testing.T) {
	each(t, func(e *env) {
		e.start()
		e.scanned(debian, "base", "1")
		app, _ := e.scanned(on(debian, "app"), "app", "1")
		unscanned := func(when string, newer catalog.Artifact) {
			e.Helper()
			rep := e.rescanned(app)
			want := &report.NewerBase{Name: "team/base:2", Digest: newer.Digest, Removes: -1, Adds: -1}
			if diff := cmp.Diff(want, rep.Base.Newer); diff != "" || baseRules(rep) != "newer-base low" {
				e.Errorf("%s (-want +got):\n%s%s", when, diff, baseRules(rep))
			}
		}
		img := imagetest.Build(e, release("2.0-1"))
		no := false
		_, err := e.store.UpdateNamespace(e.Context(), e.instance.ID, "team", catalog.NamespaceChange{AutoScan: &no})
		e.must(err)
		newer := e.push(img, "base", "2")
		e.must(e.store.SetStack(e.Context(), newer.ID, img.Image(e).Stack())) // as the registry does
		unscanned("not scanned", newer)

		if n := e.rescanned(newer); n.Base == nil {
			e.Error("the newer base was not scanned")
		}
		if n := e.rescanned(app).Base.Newer; n.Removes != 1 {
			e.Errorf("after its scan: %+v", n)
		}
		e.blobs.interfere(func(_ context.Context, digest string) error {
			if digest == img.ConfigDigest {
				return errors.New("the disk does not answer")
			}
			return nil
		})
		unscanned("unreadable", newer)
	})
}

// An image may be known by the digest that its labels name although its layers
// are others, or no more than the base's.
func TestBaseByDigest(t *testing.T) {
	each(t, func(e *env) {
		e.start()
		base, _ := e.scanned(debian, "base", "1")
		next, _ := e.scanned(release("2.0-1"), "base", "2")
		says := "label: org.opencontainers.image.base.digest=" + base.Digest + "\n"
		for _, tc := range []struct {
			name, text string
			layers     int
		}{
			{"squashed", release("1.0-1+squashed"), 0},
			{"configured", debian, 1},
		} {
			img := imagetest.Build(e, says+tc.text)
			facts := img.Image(e).Report(e.Context(), rules.Default())
			if facts.Config.Labels == nil && facts.Annotations == nil {
				e.Skip("labels are no part of facts yet")
			}
			_, rep := e.scanned(says+tc.text, tc.name, "1")
			want := &report.Base{Name: "team/base:1", Version: "1", Digest: base.Digest, Source: report.BaseByAnnotation, Layers: tc.layers, Findings: tc.layers,
				Newer: &report.NewerBase{Name: "team/base:2", Digest: next.Digest, Removes: 1}}
			if tc.layers > 0 {
				want.OwnFindings = 1
			}
			if diff := cmp.Diff(want, rep.Base); diff != "" {
				e.Errorf("%s (-want +got):\n%s", tc.name, diff)
			}
		}
	})
}

func TestTagFamilies(t *testing.T) {
	for family, tags := range map[string][]string{
		"#":               {"1", "12", "12.5", "2024-01-31", "8f3c9e1", "deadbeef", "1.2.3-4", "0"},
		"v#":              {"v1", "v1.2.3"},
		"#-slim":          {"12-slim", "12.5-slim", "12_5-SLIM"},
		"#-alpine":        {"20-alpine", "20.1-alpine"},
		"#-alpine#":       {"20-alpine3.19", "20.1-alpine3.20"},
		"main-#":          {"main-8f3c9e1", "main-9000000"},
		"bookworm":        {"bookworm"},
		"latest":          {"latest"},
		"#-slim-bookworm": {"12-slim-bookworm"},
		"":                {"", "---"},
	} {
		for _, tag := range tags {
			if got := scan.Family(tag); got != family {
				t.Errorf("%q is of the family %q, want %q", tag, got, family)
			}
		}
	}
}

func TestSuccessor(t *testing.T) {
	images := func(tags ...string) []catalog.BaseImage {
		var list []catalog.BaseImage
		for _, t := range tags {
			list = append(list, catalog.BaseImage{Tags: strings.Fields(t)})
		}
		return list
	}
	for _, tc := range []struct {
		tag   string
		newer []catalog.BaseImage
		want  string
	}{
		{"12", images("13-slim", "13 13.1 latest trixie", "12"), "13.1"},
		{"12-slim", images("13", "13.1-slim", "13-slim"), "13.1-slim"},
		{"12-slim", images("13", "14"), ""},
		{"bookworm", images("bookworm bookworm-2024"), "bookworm"},
		{"latest", images("edge latest"), "edge"},
		{"latest", images("latest"), "latest"},
		{"", images("b a"), "b"},
		{"", nil, ""},
	} {
		got := ""
		if b := scan.Successor(tc.tag, tc.newer); b != nil {
			got = b.Tag
		}
		if got != tc.want {
			t.Errorf("after %q comes %q, want %q", tc.tag, got, tc.want)
		}
	}
}
