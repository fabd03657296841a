package scan_test

import (
	"strings"
	"testing"

	"github.com/pratique/pratique/internal/advisory"
	"github.com/pratique/pratique/internal/advisory/advisorytest"
	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/image/imagetest"
	"github.com/pratique/pratique/internal/report"
)

// A malicious package is no vulnerability and keeps everybody from pulling like
// the worst of them. Records of other versions and names do not.
func TestMaliciousPackageBlocks(t *testing.T) {
	const malicious = `
{"id":"MAL-2026-17","modified":"2026-02-01T00:00:00Z","published":"2026-01-01T00:00:00Z","aliases":["GHSA-aaaa-bbbb-cccc"],"summary":"Malicious code in left-pat (npm)",
 "affected":[{"package":{"ecosystem":"npm","name":"left-pat"},"versions":["1.0.1","1.0.2"]}]}
{"id":"MAL-2026-18","modified":"2026-02-01T00:00:00Z","published":"2026-01-01T00:00:00Z",
 "affected":[{"package":{"ecosystem":"npm","name":"right-pat"},"versions":["9.9.9"]}]}
`
	const text = `
-- layer --
COPY . /app
-- app/node_modules/left-pat/package.json --
{"name":"left-pat","version":"1.0.2"}
-- app/node_modules/right-pat/package.json --
{"name":"right-pat","version":"1.0.0"}
`
	each(t, func(e *env) {
		_, err := advisory.Import(e.Context(), e.advisories, advisorytest.Bucket(e, records+malicious), advisory.ImportOptions{})
		e.must(err)
		e.start()
		bad := e.push(imagetest.Build(e, text), "app", "1")
		if s := e.next(); s.State != catalog.Success {
			e.Fatalf("scan: %+v", s)
		}
		rep, _ := e.report(bad)
		if rep.Summary.Total != 0 || rep.Summary.Findings.ByCategory[report.Malicious] != 1 {
			e.Errorf("%+v", rep.Summary)
		}
		if msg := e.refusal(bad); !strings.Contains(msg, "MAL-2026-17") || !strings.Contains(msg, "left-pat") || strings.Contains(msg, "right-pat") {
			e.Errorf("refusal: %q", msg)
		}
		good := e.push(imagetest.Build(e, strings.ReplaceAll(text, "1.0.2", "1.0.0")), "app", "2")
		e.next()
		if msg := e.refusal(good); msg != "" {
			e.Errorf("refusal of a version that is not malicious: %q", msg)
		}
	})
}
