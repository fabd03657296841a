package scan_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/image/imagetest"
	"github.com/pratique/pratique/internal/report"
)

// A namespace's rules count for its images from the next scan on, and for no
// other namespace's.
func TestRulesOfANamespace(t *testing.T) {
	each(t, func(e *env) {
		defer e.start()()
		img := imagetest.Build(e, "-- layer --\nA\n-- srv/a --\nBADGE-123455\n-- srv/b --\npostgres://a:"+"kW7"+"zQ2mT9xLr@db/a\n")
		found := func(a catalog.Artifact) string {
			e.Helper()
			if s := e.next(); s.State != catalog.Success {
				e.Fatalf("scan: %+v", s)
			}
			rep, _ := e.report(a)
			var rules []string
			for _, f := range rep.Findings {
				if f.Category == report.Sensitive {
					rules = append(rules, f.Rule)
				}
			}
			return strings.Join(rules, " ")
		}
		a := e.push(img, "app", "1")
		if got := found(a); got != "postgres-url" {
			e.Errorf("by the built-in rules: %q", got)
		}

		request := func() {
			_, err := e.service.Request(e.Context(), a.ID, catalog.TriggerManual)
			e.must(err)
		}
		set := func(name, content string) error {
			return e.service.SetRule(e.Context(), e.instance.ID, "team", catalog.RuleFile{Name: name, Content: []byte(content)})
		}
		rule := "kinds:\n  badge: {means: M., revoke: R., instead: I.}\nrules:\n" +
			"  - {id: our-badge, title: Badge, kind: badge, severity: critical, keywords: [BADGE-], pattern: 'BADGE-([0-9]{6})'}\n"
		e.must(set("secrets.yaml", rule))
		request()
		if got := found(a); got != "our-badge postgres-url" {
			e.Errorf("by its own rules: %q", got)
		}

		// What is wrong is refused, and what was in force stays in force.
		var refused *catalog.Error
		for name, want := range map[string]string{"secrets.yaml": "secrets.yaml:1: ", "secret.yml": "nothing is known"} {
			if err := set(name, "rules: 5\n"); !errors.As(err, &refused) || refused.Code != "rules_invalid" || !strings.Contains(refused.Message, want) {
				e.Errorf("%s: %v", name, err)
			}
		}
		reads := e.blobs.reads(img.Layers[0].Digest)
		e.must(set("excluded-paths.txt", "/srv/b\n"))
		request()
		if got := found(a); got != "our-badge" {
			e.Errorf("with an excluded path: %q", got)
		}
		if got := e.blobs.reads(img.Layers[0].Digest); got != reads {
			e.Errorf("the layer was read %d times for a path that is excluded", got-reads)
		}

		e.must(set("secrets.yaml", ""))
		e.must(set("excluded-paths.txt", ""))
		request()
		if got := found(a); got != "postgres-url" {
			e.Errorf("by the built-in rules again: %q", got)
		}
	})
}
