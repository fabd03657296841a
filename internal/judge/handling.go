package judge

import (
	"slices"
	"time"

	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/report"
)

// Handled returns a report with its findings handled by the exceptions in force at
// the moment now (§6.3): what is whitelisted is left out and counted in
// Summary.Whitelisted, what is ignored stays and is marked. The report given stays
// as it is; what is returned shares with it what is the same in both, which is
// everything where no exception is in force.
//
// A report is kept as it was judged, and exceptions are applied whenever it is
// read, so that they count from the moment they are made to the moment they
// expire. The list of checks still says what each of them came to.
func Handled(r *report.Report, exceptions []catalog.Exception, now time.Time) *report.Report {
	force := catalog.InForce(exceptions, now)
	if force.Empty() {
		return r
	}
	out := *r
	gone := takenOut{packages: make(map[packageKey]int)}
	said := said{count: make(map[*catalog.Exception]int)}
	out.Vulnerabilities = make([]report.Vulnerability, 0, len(r.Vulnerabilities))
	for _, v := range r.Vulnerabilities {
		subject := vulnerabilitySubject(&v)
		said.add(force.FromDocuments(subject))
		h := force.Handle(subject)
		if h.Whitelisted {
			gone.count(v.Origin)
			gone.packages[packageKey{v.Type, v.Package, v.Version}]++
			gone.vulnerabilities++
			continue
		}
		v.Handling = handling(h.Ignored)
		out.Vulnerabilities = append(out.Vulnerabilities, v)
	}
	out.Findings = make([]report.Finding, 0, len(r.Findings))
	for _, f := range r.Findings {
		h := force.Handle(findingSubject(&f))
		if h.Whitelisted {
			gone.count(f.Origin)
			gone.findings++
			continue
		}
		f.Handling = handling(h.Ignored)
		out.Findings = append(out.Findings, f)
	}
	out.Statements = said.statements()
	gone.summarize(&out)
	return &out
}

// takenOut counts what was taken out of a report.
type takenOut struct {
	vulnerabilities, findings int
	// base and own are those of both kinds, by origin.
	base, own int
	// packages counts the vulnerabilities of each.
	packages map[packageKey]int
}

type packageKey struct{ kind, name, version string }

func (x *takenOut) count(origin report.Origin) {
	switch origin {
	case report.FromBase:
		x.base++
	case report.FromOwn:
		x.own++
	}
}

// summarize makes all counts of the report those of what is left in it. What it
// changes may be shared, so it changes copies.
func (x *takenOut) summarize(r *report.Report) {
	r.Summary = report.Summarize(r.Vulnerabilities)
	r.Summary.Findings = report.SummarizeFindings(r.Findings)
	r.Summary.Whitelisted, r.Summary.Findings.Whitelisted = x.vulnerabilities, x.findings
	if r.Base != nil {
		base := *r.Base
		base.Findings, base.OwnFindings = max(0, base.Findings-x.base), max(0, base.OwnFindings-x.own)
		r.Base = &base
	}
	if len(x.packages) == 0 {
		return
	}
	r.Packages = slices.Clone(r.Packages)
	for i := range r.Packages {
		p := &r.Packages[i]
		p.Vulnerabilities = max(0, p.Vulnerabilities-x.packages[packageKey{p.Type, p.Name, p.Version}])
	}
}

func vulnerabilitySubject(v *report.Vulnerability) catalog.Subject {
	return catalog.Subject{
		Category: v.Category, FindingID: v.FindingID, IDs: append([]string{v.ID}, v.Aliases...),
		Package: v.Package, Paths: paths(v.Locations),
	}
}

func findingSubject(f *report.Finding) catalog.Subject {
	return catalog.Subject{Category: f.Category, FindingID: f.FindingID, Rule: f.Rule, Package: f.Package, Paths: paths(f.Locations)}
}

func paths(at []report.Location) []string {
	list := make([]string, len(at))
	for i, l := range at {
		list[i] = l.Path
	}
	return list
}

// handling describes the decision to ignore a finding, if there is one.
func handling(e *catalog.Exception) *report.Handling {
	if e == nil {
		return nil
	}
	h := &report.Handling{ID: e.ID, Action: string(e.Action), Author: e.Author, Reason: e.Reason, Scope: string(e.Scope)}
	if !e.ExpiresAt.IsZero() {
		h.Expires = e.ExpiresAt.UTC().Format(time.RFC3339)
	}
	if e.Document != nil {
		h.Document = e.Document.Digest
	}
	return h
}

// said gathers the exceptions of documents that are about findings of a report.
type said struct {
	count map[*catalog.Exception]int // of findings
	order []*catalog.Exception
}

func (x *said) add(list []*catalog.Exception) {
	for _, e := range list {
		if x.count[e]++; x.count[e] == 1 {
			x.order = append(x.order, e)
		}
	}
}

func (x *said) statements() []report.VEXStatement {
	var list []report.VEXStatement
	for _, e := range x.order {
		s := report.VEXStatement{
			Vulnerability: e.Criteria.Vulnerability, Package: e.Criteria.Package,
			Status: e.Document.Status, Action: string(e.Action), Author: e.Author, Reason: e.Reason,
			Document: e.Document.Digest, Verified: e.Document.Key != "", Key: e.Document.Key, Findings: x.count[e],
		}
		if !e.ExpiresAt.IsZero() {
			s.Expires = e.ExpiresAt.UTC().Format(time.RFC3339)
		}
		list = append(list, s)
	}
	return list
}
