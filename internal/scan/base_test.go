package scan_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/image/imagetest"
	"github.com/pratique/pratique/internal/report"
	"github.com/pratique/pratique/internal/scan"
)

// on is the text of an image built on another one.
func on(base, own string) string { return base + "\n-- layer --\nCOPY app /srv/\n-- srv/" + own + " --\nx\n" }

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
		e.blobs.interfere(func(_ context, digest string) error { return nil })
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
		img := imagetest.Build(e, release("2.0-1"))
		e.blobs.interfere(func(_ context, digest string) error {
			if digest == img.ConfigDigest {
				return errors.New("the disk is on fire")
			}
			return nil
		})
		newer := e.push(img, "base", "2")
		_ = newer
	})
}

// An image may be known by the digest that its labels name although its layers
// are others.
func TestBaseByDigest(t *testing.T) {
	each(t, func(e *env) {
		e.start()
		base, _ := e.scanned(debian, "base", "1")
		says := fmt.Sprintf("label: org.opencontainers.image.base.name=registry.example/base:1\nlabel: org.opencontainers.image.base.digest=%s\n", base.Digest)
		_, rep := e.scanned(says+on(release("1.0-7"), "squashed"), "app", "1")
		_ = rep
	})
}

var _ = scan.DefaultSettings
