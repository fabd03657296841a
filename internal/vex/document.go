package vex

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// MediaType is that of a document in a registry.
const MediaType = "application/vnd.openvex+json"

// context is what documents refer to as their vocabulary, and what begins the
// predicate type of attestations.
const (
	context    = "https://openvex.dev/ns"
	contextNow = context + "/v0.2.0"
)

// Bounds of documents.
const (
	// MaxDocument is the size in bytes above which a document is refused.
	MaxDocument = 16 << 20
	// MaxStatements is how many statements a document may have.
	MaxStatements = 10000
	// maxProducts and maxSubcomponents are how many products a statement, and
	// subcomponents a product may have.
	maxProducts      = 1000
	maxSubcomponents = 1000
	maxText          = 8 << 10
)

// Status is what a statement says of products and vulnerability.
type Status string

const (
	NotAffected        Status = "not_affected"
	Affected           Status = "affected"
	Fixed              Status = "fixed"
	UnderInvestigation Status = "under_investigation"
)

// justifications say why a product is not affected.
var justifications = []string{
	"component_not_present", "vulnerable_code_not_present", "vulnerable_code_not_in_execute_path",
	"vulnerable_code_cannot_be_controlled_by_adversary", "inline_mitigations_already_exist",
}

// Document is an OpenVEX document.
type Document struct {
	Context     string    `json:"@context"`
	ID          string    `json:"@id"`
	Author      string    `json:"author"`
	Role        string    `json:"role,omitempty"`
	Timestamp   time.Time `json:"timestamp"`
	LastUpdated time.Time `json:"last_updated,omitzero"`
	Version     int       `json:"version"`
	Tooling     string    `json:"tooling,omitempty"`
	// Statements are in their order.
	Statements []Statement `json:"statements"`
}

// Statement says how some products stand to one vulnerability.
type Statement struct {
	ID            string        `json:"@id,omitempty"`
	Version       int           `json:"version,omitempty"`
	Vulnerability Vulnerability `json:"vulnerability"`
	// Timestamp is when it was known; the document's if it has none.
	Timestamp       time.Time `json:"timestamp,omitzero"`
	LastUpdated     time.Time `json:"last_updated,omitzero"`
	Products        []Product `json:"products,omitempty"`
	Status          Status    `json:"status"`
	Supplier        string    `json:"supplier,omitempty"`
	StatusNotes     string    `json:"status_notes,omitempty"`
	Justification   string    `json:"justification,omitempty"`
	ImpactStatement string    `json:"impact_statement,omitempty"`
	ActionStatement string    `json:"action_statement,omitempty"`
	ActionTimestamp string    `json:"action_statement_timestamp,omitempty"`
}

// Vulnerability names one, and perhaps its aliases.
type Vulnerability struct {
	ID          string   `json:"@id,omitempty"`
	Name        string   `json:"name"`
	Description string   `json:"description,omitempty"`
	Aliases     []string `json:"aliases,omitempty"`
}

// Component names a piece of software.
type Component struct {
	ID          string            `json:"@id,omitempty"`
	Identifiers map[string]string `json:"identifiers,omitempty"`
	Hashes      map[string]string `json:"hashes,omitempty"`
	Supplier    string            `json:"supplier,omitempty"`
}

// Product is what a statement is about, and in which of its parts.
type Product struct {
	Component
	Subcomponents []Component `json:"subcomponents,omitempty"`
}

// Parse reads and checks a document. An error in a statement says in which,
// counting from 1.
func Parse(raw []byte) (*Document, error) {
	if len(raw) > MaxDocument {
		return nil, fmt.Errorf("the document has more than %d bytes", MaxDocument)
	}
	if err := checkJSON(raw); err != nil {
		return nil, fmt.Errorf("the document cannot be read: %w", err)
	}
	return parse(raw)
}

// parse reads a document that checkJSON has passed.
func parse(raw []byte) (*Document, error) {
	var outer struct {
		Document
		Statements []json.RawMessage `json:"statements"`
	}
	if err := decode(raw, &outer, true); err != nil {
		return nil, fmt.Errorf("this is no OpenVEX document: %w", err)
	}
	doc := &outer.Document
	if err := doc.check(len(outer.Statements)); err != nil {
		return nil, err
	}
	doc.Statements = make([]Statement, len(outer.Statements))
	for i, text := range outer.Statements {
		s := &doc.Statements[i]
		err := decode(text, s, true)
		if err == nil {
			err = s.check()
		}
		if err != nil {
			return nil, fmt.Errorf("statement %d: %w", i+1, err)
		}
		if s.Timestamp.IsZero() {
			s.Timestamp = doc.Timestamp
		}
	}
	return doc, nil
}

func (d *Document) check(statements int) error {
	switch {
	case d.Context != context && d.Context != contextNow:
		return fmt.Errorf("its @context is %q, not %s: only OpenVEX 0.2.0 is understood", clip(d.Context), contextNow)
	case d.ID == "" || d.Author == "" || d.Timestamp.IsZero():
		return errors.New("@id, author or timestamp of the document is missing")
	case d.Version < 1:
		return errors.New("the document's version is missing or below 1")
	case statements == 0:
		return errors.New("the document has no statement")
	case statements > MaxStatements:
		return fmt.Errorf("the document has %d statements, more than %d", statements, MaxStatements)
	}
	return nil
}

func (s *Statement) check() error {
	switch s.Status {
	case NotAffected:
		if s.Justification == "" && s.ImpactStatement == "" {
			return errors.New("not_affected needs a justification or an impact_statement")
		}
	case Affected, Fixed, UnderInvestigation:
		if s.Justification != "" {
			return fmt.Errorf("only not_affected has a justification, not %s", s.Status)
		}
	default:
		return fmt.Errorf("there is no status %q", clip(string(s.Status)))
	}
	if s.Justification != "" && !slices.Contains(justifications, s.Justification) {
		return fmt.Errorf("there is no justification %q", clip(s.Justification))
	}
	if strings.TrimSpace(s.Vulnerability.Name) == "" {
		return errors.New("the vulnerability has no name")
	}
	for _, text := range []string{s.StatusNotes, s.ImpactStatement, s.ActionStatement, s.ID} {
		if len(text) > maxText {
			return fmt.Errorf("a text has more than %d bytes", maxText)
		}
	}
	if len(s.Products) > maxProducts {
		return fmt.Errorf("it has %d products, more than %d", len(s.Products), maxProducts)
	}
	for i := range s.Products {
		if n := len(s.Products[i].Subcomponents); n > maxSubcomponents {
			return fmt.Errorf("product %d has %d subcomponents, more than %d", i+1, n, maxSubcomponents)
		}
	}
	return nil
}

// known is when the statement was made or last changed.
func (s *Statement) known() time.Time {
	if s.LastUpdated.After(s.Timestamp) {
		return s.LastUpdated
	}
	return s.Timestamp
}

// reason puts in one text why the statement is true. status and notes undo it.
func (s *Statement) reason() string {
	var parts []string
	switch s.Status {
	case NotAffected:
		parts = []string{s.Justification, s.ImpactStatement}
	case Fixed:
		parts = []string{string(Fixed)}
	case UnderInvestigation:
		if s.StatusNotes == "" {
			return string(UnderInvestigation)
		}
	}
	parts = slices.DeleteFunc(append(parts, s.StatusNotes), func(p string) bool { return p == "" })
	return strings.Join(parts, ": ")
}

// explain sets status and texts so that reason returns the text.
func (s *Statement) explain(whitelisted bool, reason string) {
	if !whitelisted {
		s.Status, s.StatusNotes = UnderInvestigation, reason
		return
	}
	label, notes, _ := strings.Cut(reason, ": ")
	switch {
	case notes == "" && label != reason:
		s.Status, s.ImpactStatement = NotAffected, reason
	case label == string(Fixed):
		s.Status, s.StatusNotes = Fixed, notes
	case slices.Contains(justifications, label):
		s.Status, s.Justification, s.StatusNotes = NotAffected, label, notes
	default:
		s.Status, s.ImpactStatement = NotAffected, reason
	}
}
