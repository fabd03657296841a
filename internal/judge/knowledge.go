package judge

import (
	"github.com/pratique/pratique/internal/advisory"
	"github.com/pratique/pratique/internal/report"
)

// Knowledge is what findings are judged by; *advisory.DB is one. The answers
// must not change while a report is made.
type Knowledge interface {
	// Match returns the vulnerabilities of one package. An error wraps
	// advisory.ErrVersion if the package's version cannot be compared.
	Match(os report.OS, p report.Package) ([]advisory.Match, error)
	// Covers and CoversPackage report whether there are advisories for a
	// release, and for the ecosystem of a language package.
	Covers(os report.OS) bool
	CoversPackage(p report.Package) bool
	// KEV and EPSS return nil for a CVE they do not know.
	KEV(cve string) (*report.KEV, error)
	EPSS(cve string) (*report.EPSS, error)
	// EndOfLife returns the life cycle of a release by endoflife.date's names.
	EndOfLife(product, release string) (advisory.LifeCycle, bool, error)
	// LifeCycles returns all releases of a product that are known.
	LifeCycles(product string) ([]advisory.LifeCycle, error)
	// Knowledge names the state of all of this.
	Knowledge() report.Knowledge
}
