package vex

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pratique/pratique/internal/catalog"
)

// maxAttachedStatements is how many statements a document attached to an image may
// have to be believed.
const maxAttachedStatements = 2000

// Attached returns what documents attached to an image come to: exceptions that
// hold for this image alone, each with the Document it is from. signatures are what
// is attached to the documents' own manifests.
//
// Trusted is what the settings say. A plain document is signed if one of the
// namespace's keys signed its manifest, an attestation if one signed its envelope
// and it is about the image. Statements about other products come to nothing. Of
// several statements about the same vulnerability and package, in whichever
// document, the latest counts, and one that says "affected" takes back those
// before it; of those made at the same moment, too.
//
// What cannot be read or is not trusted comes to nothing: nobody can break the
// judging of an image by attaching something to it.
func Attached(img Image, s catalog.StatementSettings, documents, signatures []catalog.Attachment) []catalog.Exception {
	if s.Trust == catalog.TrustNone {
		return nil
	}
	keys := ParseKeys(s.Keys)
	var claims []claim
	for _, a := range documents[:min(len(documents), catalog.MaxAttached)] {
		doc, key, err := readAttached(img, a, signatures, keys)
		if err != nil || key == "" && s.Trust != catalog.TrustAny {
			continue
		}
		claims = append(claims, doc.claims(img, catalog.Document{Digest: a.Artifact, Key: key})...)
	}
	return settle(claims)
}

// ForImage returns what the statements of a document that somebody vouches for
// come to for one image, and for how many of them another product is meant.
func ForImage(doc *Document, img Image) (list []catalog.Exception, others int) {
	for i := range doc.Statements {
		if !doc.Statements[i].isAbout(img) {
			others++
		}
	}
	return settle(doc.claims(img, catalog.Document{})), others
}

// readAttached reads a document or an attestation of one, and says which key vouches
// for it.
func readAttached(img Image, a catalog.Attachment, signatures []catalog.Attachment, keys Keys) (doc *Document, key string, err error) {
	defer func() {
		if err == nil && len(doc.Statements) > maxAttachedStatements {
			err = errors.New("the document has too many statements")
		}
	}()
	if len(a.Content) > catalog.MaxAttachment {
		return nil, "", errors.New("the document is too large")
	}
	if a.Kind == catalog.AttachedDocument {
		for _, sig := range signatures {
			if key == "" && sig.Subject == a.Artifact {
				key = signsManifest(sig, a.Artifact, keys)
			}
		}
		doc, err = Parse(a.Content)
		return doc, key, err
	}
	att, err := readAttestation(a, keys)
	if err != nil {
		return nil, "", err
	}
	if !att.isStatements() {
		return nil, "", fmt.Errorf("the attestation is about %q", clip(att.PredicateType))
	}
	if !att.isAbout(img.Digest) {
		return nil, "", errors.New("the attestation is about something else")
	}
	doc, err = parse(att.Predicate)
	return doc, att.signer, err
}

// isAbout reports whether the statement is about an image: it names no product,
// and so is about what it is attached to, or one that is the image.
func (s *Statement) isAbout(img Image) bool {
	return len(s.Products) == 0 || slices.ContainsFunc(s.Products, func(p Product) bool { return p.names(img) })
}

// claim is what a statement says about one package of an image, or about all.
type claim struct {
	vulnerability, pkg string
	at                 time.Time
	// exception is nil if the statement says "affected".
	exception *catalog.Exception
}

// claims are what a document says about an image.
func (d *Document) claims(img Image, from catalog.Document) []claim {
	var all []claim
	for i := range d.Statements {
		s := &d.Statements[i]
		decision, err := s.decision(d.Author)
		if err != nil || !s.isAbout(img) {
			continue
		}
		for _, name := range s.packagesIn(img) {
			c := claim{vulnerability: strings.ToUpper(strings.TrimSpace(s.Vulnerability.Name)), pkg: name, at: s.known()}
			if decision != nil {
				e, ok := attachedException(*decision, name, s, from)
				if !ok {
					continue
				}
				c.exception = e
			}
			all = append(all, c)
		}
	}
	return all
}

// packagesIn are the packages of the image that the statement is about; one with
// the empty name for all.
func (s *Statement) packagesIn(img Image) []string {
	if len(s.Products) == 0 {
		return []string{""}
	}
	var names []string
	for i := range s.Products {
		if p := &s.Products[i]; p.names(img) {
			// What has no name in this program's reports is not about any package.
			more, _ := p.packages(catalog.ScopeArtifact)
			names = append(names, more...)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// attachedException completes and checks a decision. Texts that are too long are
// cut: they are not ours to refuse.
func attachedException(e catalog.Exception, pkg string, s *Statement, from catalog.Document) (*catalog.Exception, bool) {
	from.Status = string(s.Status)
	e.Scope, e.Criteria.Package, e.Document = catalog.ScopeArtifact, pkg, &from
	e.Author, e.Reason = cut(e.Author, 128), cut(e.Reason, catalog.MaxReason)
	e.CreatedAt, e.UpdatedAt = s.Timestamp, s.known()
	checked, err := catalog.CheckDecision(e)
	return &checked, err == nil
}

// cut makes a text printable and at most that many characters long.
func cut(text string, most int) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "�"))
	if r := []rune(text); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return text
}

// settle lets later claims replace earlier ones, and "affected" take back those
// that are not later, about the same package or, if it names none, about all. It
// takes back also what is claimed for all packages, as that would cover its own.
func settle(claims []claim) []catalog.Exception {
	slices.SortStableFunc(claims, func(a, b claim) int {
		return cmp.Or(a.at.Compare(b.at), cmp.Compare(affectedLast(a), affectedLast(b)))
	})
	byVulnerability := make(map[string][]claim)
	var order []string
	for _, c := range claims {
		before, known := byVulnerability[c.vulnerability]
		if !known {
			order = append(order, c.vulnerability)
		}
		before = slices.DeleteFunc(before, func(b claim) bool {
			same := b.pkg == c.pkg && (b.exception == nil || c.exception == nil || b.exception.Criteria == c.exception.Criteria)
			return same || c.exception == nil && (c.pkg == "" || b.pkg == "")
		})
		byVulnerability[c.vulnerability] = append(before, c)
	}
	var list []catalog.Exception
	for _, name := range order {
		for _, c := range byVulnerability[name] {
			if c.exception != nil {
				list = append(list, *c.exception)
			}
		}
	}
	return list
}

func affectedLast(c claim) int {
	if c.exception == nil {
		return 1
	}
	return 0
}

// Matters reports whether an attachment is worth keeping: whether it is a document,
// an attestation of one, or a signature. It does not say that anybody believes it.
func Matters(a catalog.Attachment) bool {
	switch a.Kind {
	case catalog.AttachedSignature:
		return a.Signature != "" && checkJSON(a.Content) == nil
	case catalog.AttachedDocument:
		_, err := Parse(a.Content)
		return err == nil
	}
	s, err := readAttestation(a, nil)
	return err == nil && (s.isStatements() || s.PredicateType == cosignSign)
}

// isStatements reports whether the attestation's predicate is an OpenVEX document.
func (s *attestation) isStatements() bool {
	return s.PredicateType == context || s.PredicateType == contextNow
}
