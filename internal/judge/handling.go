package judge

import (
	"slices"
	"time"

	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/report"
)

// Apply handles the findings of a report by the exceptions in force at the
// moment now (§6.3): what is whitelisted goes away and is counted in
// Summary.Whitelisted, what is ignored stays and is marked. It changes r.
//
// A report is kept as it was judged, and exceptions are applied whenever it is
// read, so that they count from the moment they are made to the moment they
// expire. The list of checks still says what each of them came to.
func Apply(r *report.Report, exceptions []catalog.Exception, now time.Time) {
	force := catalog.InForce(exceptions, now)
	if force.Empty() {
		return
	}
	r.Statements = statements(r, force)
	gone := takenOut{packages: make(map[packageKey]int)}
	r.Vulnerabilities = slices.DeleteFunc(r.Vulnerabilities, func(v report.Vulnerability) bool {
		whitelisted := force.Handle(vulnerabilitySubject(&v)).Whitelisted
		if whitelisted {
			gone.count(v.Origin)
			gone.packages[packageKey{v.Type, v.Package, v.Version}]++
			gone.vulnerabilities++
		}
		return whitelisted
	})
	r.Findings = slices.DeleteFunc(r.Findings, func(f report.Finding) bool {
		whitelisted := force.Handle(findingSubject(&f)).Whitelisted
		if whitelisted {
			gone.count(f.Origin)
			gone.findings++
		}
		return whitelisted
	})
	for i := range r.Vulnerabilities {
		v := &r.Vulnerabilities[i]
		v.Handling = handling(force.Handle(vulnerabilitySubject(v)).Ignored)
	}
	for i := range r.Findings {
		f := &r.Findings[i]
		f.Handling = handling(force.Handle(findingSubject(f)).Ignored)
	}
	gone.summarize(r)
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

// summarize makes all counts of the report those of what is left in it.
func (x *takenOut) summarize(r *report.Report) {
	r.Summary = report.Summarize(r.Vulnerabilities)
	r.Summary.Findings = report.SummarizeFindings(r.Findings)
	r.Summary.Whitelisted, r.Summary.Findings.Whitelisted = x.vulnerabilities, x.findings
	if r.Base != nil {
		base := *r.Base
		base.Findings, base.OwnFindings = max(0, base.Findings-x.base), max(0, base.OwnFindings-x.own)
		r.Base = &base
	}
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

// statements lists those of documents that are about findings of the report.
func statements(r *report.Report, force catalog.Exceptions) []report.VEXStatement {
	count := make(map[*catalog.Exception]int)
	var order []*catalog.Exception
	for i := range r.Vulnerabilities {
		for _, e := range force.FromDocuments(vulnerabilitySubject(&r.Vulnerabilities[i])) {
			if count[e]++; count[e] == 1 {
				order = append(order, e)
			}
		}
	}
	var list []report.VEXStatement
	for _, e := range order {
		s := report.VEXStatement{
			Vulnerability: e.Criteria.Vulnerability, Package: e.Criteria.Package,
			Status: e.Document.Status, Action: string(e.Action), Author: e.Author, Reason: e.Reason,
			Document: e.Document.Digest, Verified: e.Document.Key != "", Key: e.Document.Key, Findings: count[e],
		}
		if !e.ExpiresAt.IsZero() {
			s.Expires = e.ExpiresAt.UTC().Format(time.RFC3339)
		}
		list = append(list, s)
	}
	return list
}
