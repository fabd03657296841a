package scan_test

import (
	"bytes"
	"encoding/json"
	"sync"
	"testing"

	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/image/imagetest"
	"github.com/pratique/pratique/internal/report"
)

func (e *env) decoded(a catalog.Artifact) *report.Report {
	e.Helper()
	r, err := e.service.DecodedReport(e.Context(), a.ID)
	e.must(err)
	return r
}

// sameDecoded checks that the decoded report is what a document says.
func (e *env) sameDecoded(a catalog.Artifact, doc []byte) {
	e.Helper()
	got, err := json.Marshal(e.decoded(a))
	e.must(err)
	if !bytes.Equal(got, doc) {
		e.Errorf("the decoded report is another one:\n%s\n%s", got, doc)
	}
}

// A report is decoded once, however many ask, and whatever puts another one in its
// place counts from the next request on.
func TestDecodedReport(t *testing.T) {
	each(t, func(e *env) {
		e.knows(record(1, "libhole", "2.0-1"))
		stop := e.start()
		app, _ := e.scanned(several, "app", "1")
		twin := e.push(imagetest.Build(e, debian), "twin", "1")
		if _, err := e.service.DecodedReport(e.Context(), twin.ID+100); !catalog.Is(err, catalog.NotFound) {
			e.Errorf("the report of an image that is not there: %v", err)
		}
		e.next()

		var group sync.WaitGroup
		reports := make([]*report.Report, 8)
		for i := range reports {
			group.Go(func() { reports[i] = e.decoded(app) })
		}
		group.Wait()
		first := reports[0]
		for _, r := range reports {
			if r != first {
				e.Error("one report is decoded more than once")
			}
		}
		if e.decoded(twin) == first {
			e.Error("two images share a report")
		}

		e.knows(record(1, "libhole", "2.0-1"), record(2, "libhole", "3.0-1"))
		if n := len(e.decoded(app).Vulnerabilities); n != len(first.Vulnerabilities)+1 {
			e.Errorf("%d vulnerabilities by new advisories, %d before", n, len(first.Vulnerabilities))
		}
		newer := e.decoded(app)
		if newer != e.decoded(app) {
			e.Error("a report that was made anew is decoded each time")
		}

		stop()
		e.service = e.fresh() // a service runs once
		set := func(name, content string) {
			e.Helper()
			e.must(e.service.SetRule(e.Context(), e.instance.ID, "team", catalog.RuleFile{Name: name, Content: []byte(content)}))
		}
		findings := func() int { return len(e.decoded(app).Findings) }
		before := findings()
		set("software.yaml", "rules:\n  - id: no-hole\n    category: debug\n    title: No holes\n    packages: [libhole]\n    severity: high\n    reason: It has a hole.\n    remedy: Remove it.\n")
		e.judgeAgain()
		if n := findings(); n != before+1 {
			e.Errorf("%d findings by another rule, %d before", n, before)
		}
		// By a rule about secrets, layers are read again.
		set("secrets.yaml", "rules:\n  - {id: postgres-url, disabled: true}\n")
		e.judgeAgain()
		stop = e.start()
		defer stop()
		if e.rescanned(app); findings() > before {
			e.Errorf("%d findings after a scan by fewer rules, %d before", findings(), before+1)
		}
	})
}
