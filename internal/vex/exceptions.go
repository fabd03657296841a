package vex

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/report"
)

// statementName begins the @id of statements that Export makes. Its query, as RFC
// 8141 has it, holds what OpenVEX has no field for: expires (RFC 3339), author,
// category, path and finding.
const statementName = "urn:pratique:exception:"

// ExportOptions say what stands in a document beside the statements.
type ExportOptions struct {
	Author string
	// Registry is the host, perhaps with port, under which other programs know the
	// repositories; empty leaves it out.
	Registry string
	Now      time.Time
}

// Export writes exceptions as a document, one statement each; Import makes the same
// exceptions of it. What whitelists is not_affected (or fixed, if the reason says
// so), what ignores is under_investigation. Exceptions about something else than a
// vulnerability have no place in OpenVEX; left counts them.
//
// The bytes are the same for the same exceptions and options. A document without
// statements is none: then raw is nil.
func Export(list []catalog.Exception, o ExportOptions) (raw []byte, left int, err error) {
	doc := Document{Context: contextNow, Author: o.Author, Timestamp: o.Now.UTC().Truncate(time.Second), Version: 1, Tooling: "pratique"}
	for i := range list {
		if e := &list[i]; e.Criteria.Vulnerability != "" {
			doc.Statements = append(doc.Statements, statement(e, o.Registry))
		} else {
			left++
		}
	}
	if len(doc.Statements) == 0 {
		return nil, left, nil
	}
	content, err := json.Marshal(doc.Statements)
	if err != nil {
		return nil, left, err
	}
	sum := sha256.Sum256(content)
	doc.ID = "urn:pratique:openvex:" + hex.EncodeToString(sum[:16])
	raw, err = json.MarshalIndent(doc, "", "  ")
	return append(raw, '\n'), left, err
}

func statement(e *catalog.Exception, registry string) Statement {
	s := Statement{
		ID:            statementName + strconv.FormatInt(e.ID, 10) + "?=" + extras(e).Encode(),
		Vulnerability: Vulnerability{Name: e.Criteria.Vulnerability},
		Timestamp:     e.CreatedAt.UTC(),
	}
	if e.UpdatedAt.After(e.CreatedAt) {
		s.LastUpdated = e.UpdatedAt.UTC()
	}
	s.explain(e.Action == catalog.Whitelist, e.Reason)
	targets := e.Targets
	if len(targets) == 0 {
		targets = []catalog.Target{{}}
	}
	for _, t := range targets {
		s.Products = append(s.Products, Product{product(t, registry), subcomponents(e.Criteria.Package)})
	}
	return s
}

// extras are what OpenVEX has no field for.
func extras(e *catalog.Exception) url.Values {
	v := url.Values{"author": {e.Author}}
	if !e.ExpiresAt.IsZero() {
		v.Set("expires", e.ExpiresAt.UTC().Format(time.RFC3339Nano))
	}
	if e.Criteria.Category != "" {
		v.Set("category", string(e.Criteria.Category))
	}
	if e.Criteria.Path != "" {
		v.Set("path", e.Criteria.Path)
	}
	if e.Criteria.FindingID != "" {
		v.Set("finding", e.Criteria.FindingID)
	}
	return v
}

// readExtras sets what extras wrote into the @id of a statement. Other @ids, which
// are anybody's, say nothing.
func (s *Statement) readExtras(e *catalog.Exception) error {
	id, ok := strings.CutPrefix(s.ID, statementName)
	if !ok {
		return nil
	}
	_, query, _ := strings.Cut(id, "?=")
	v, err := url.ParseQuery(query)
	if err != nil {
		return fmt.Errorf("the @id %q cannot be read", clip(s.ID))
	}
	for name, values := range v {
		if len(values) != 1 {
			return fmt.Errorf("the @id says %q more than once", clip(name))
		}
		switch text := values[0]; name {
		case "author":
			e.Author = text
		case "category":
			e.Criteria.Category = report.Category(text)
		case "path":
			e.Criteria.Path = text
		case "finding":
			e.Criteria.FindingID = text
		case "expires":
			if e.ExpiresAt, err = time.Parse(time.RFC3339Nano, text); err != nil {
				return errors.New("the @id has an expiry that is no RFC 3339 time")
			}
			e.ExpiresAt = e.ExpiresAt.UTC()
		default:
			return fmt.Errorf("the @id says something unknown: %q", clip(name))
		}
	}
	return nil
}

// decision is what a statement comes to, without what it holds for; nil for
// affected, which is no reason to leave a finding out.
func (s *Statement) decision(author string) (*catalog.Exception, error) {
	e := &catalog.Exception{Author: author, Reason: s.reason(), Criteria: catalog.Criteria{Vulnerability: s.Vulnerability.Name}}
	switch s.Status {
	case Affected:
		return nil, nil
	case UnderInvestigation:
		e.Action = catalog.Ignore
	default:
		e.Action = catalog.Whitelist
	}
	return e, s.readExtras(e)
}

// Imported is what a statement comes to.
type Imported struct {
	// Statement counts from 1.
	Statement int
	// Exceptions are one for each package and kind of product; what they name need
	// not exist.
	Exceptions []catalog.Exception
	// Problem says why there is no exception, or none for a part of it; empty if
	// all became exceptions.
	Problem string
}

// Import makes exceptions of a document, statement by statement, none of which is
// left out of the result. A statement that a later one replaces comes to nothing,
// and so does one that says "affected".
func Import(doc *Document) []Imported {
	replaced := superseded(doc.Statements)
	all := make([]Imported, len(doc.Statements))
	for i := range doc.Statements {
		s := &doc.Statements[i]
		all[i].Statement = i + 1
		if by := replaced[i]; by > 0 {
			all[i].Problem = fmt.Sprintf("statement %d is later and about the same", by)
			continue
		}
		exceptions, err := s.exceptions(doc.Author)
		if all[i].Exceptions = exceptions; err != nil {
			all[i].Problem = err.Error()
		}
	}
	return all
}

// superseded returns for each statement the number of a later one about the same
// vulnerability, products and subcomponents, or 0.
func superseded(list []Statement) []int {
	latest := make(map[string]int)
	by := make([]int, len(list))
	for i := range list {
		key := list[i].about()
		other, ok := latest[key]
		if ok && list[i].known().Before(list[other].known()) {
			by[i] = other + 1
			continue
		}
		if ok {
			by[other] = i + 1
		}
		latest[key] = i
	}
	return by
}

// about is the same for statements about the same. Those of Export that differ in
// path, category or finding are about different findings.
func (s *Statement) about() string {
	parts := []string{strings.ToUpper(strings.TrimSpace(s.Vulnerability.Name))}
	for i := range s.Products {
		p := &s.Products[i]
		names := []string{strings.Join(p.purls(), " "), p.ID}
		for j := range p.Subcomponents {
			names = append(names, p.Subcomponents[j].ID+" "+p.Subcomponents[j].Identifiers["purl"])
		}
		parts = append(parts, strings.Join(names, "\x00"))
	}
	slices.Sort(parts[1:])
	var e catalog.Exception
	if s.readExtras(&e) == nil {
		parts = append(parts, string(e.Criteria.Category), e.Criteria.Path, e.Criteria.FindingID)
	}
	return strings.Join(parts, "\x01")
}

// exceptions makes exceptions of a statement: for each package and scope one.
func (s *Statement) exceptions(author string) ([]catalog.Exception, error) {
	decision, err := s.decision(author)
	switch {
	case err != nil:
		return nil, err
	case decision == nil:
		return nil, errors.New("what is affected is no exception")
	case len(s.Products) == 0:
		return nil, errors.New("it names no product")
	}
	type group struct {
		scope    catalog.ExceptionScope
		packages string
	}
	var order []group
	targets := make(map[group][]catalog.Target)
	var problems []error
	for i := range s.Products {
		p := &s.Products[i]
		scope, t, err := target(&p.Component)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		names, err := p.packages(scope)
		if err != nil {
			problems = append(problems, err)
		}
		for _, name := range names {
			g := group{scope, name}
			if _, ok := targets[g]; !ok {
				order = append(order, g)
			}
			targets[g] = append(targets[g], t)
		}
	}
	var list []catalog.Exception
	for _, g := range order {
		e := *decision
		e.Scope, e.Criteria.Package = g.scope, g.packages
		if g.scope != catalog.ScopeInstance {
			e.Targets = targets[g]
		}
		list = append(list, e)
	}
	return list, first(problems)
}

// first tells the first of several problems and how many there are.
func first(problems []error) error {
	switch len(problems) {
	case 0:
		return nil
	case 1:
		return problems[0]
	}
	return fmt.Errorf("%w (and %d more)", problems[0], len(problems)-1)
}

// packages are the names of the subcomponents; one that is empty if there are
// none, which stands for all packages. An exception cannot be limited to a version;
// so one is taken only where the image is fixed, and with it the version.
func (p *Product) packages(scope catalog.ExceptionScope) ([]string, error) {
	if len(p.Subcomponents) == 0 {
		return []string{""}, nil
	}
	var names []string
	var problems []error
	for i := range p.Subcomponents {
		name, versioned, err := packageName(&p.Subcomponents[i])
		switch {
		case err != nil:
			problems = append(problems, err)
		case versioned && scope != catalog.ScopeArtifact:
			problems = append(problems, fmt.Errorf("subcomponent %s is limited to a version, which exceptions cannot be unless they are for one image", clip(name)))
		case !slices.Contains(names, name):
			names = append(names, name)
		}
	}
	return names, first(problems)
}
