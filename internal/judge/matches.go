package judge

import (
	"errors"

	"github.com/pratique/pratique/internal/advisory"
	"github.com/pratique/pratique/internal/report"
)

// Matches returns the vulnerabilities of one package as Vulnerabilities finds
// them: none where advisories do not speak of it. An error means that the
// knowledge cannot be read.
func Matches(os report.OS, p report.Package, k Knowledge) ([]advisory.Match, error) {
	if !newGaps().see(os, p, k) {
		return nil, nil
	}
	matches, err := k.Match(os, p)
	if errors.Is(err, advisory.ErrVersion) {
		return nil, nil
	}
	return matches, err
}

// Spoken reports whether advisories speak of a package at all: not of what
// belongs to another package, nor of what the distribution did not build.
func Spoken(os report.OS, p report.Package) bool {
	return p.OwnedBy == "" && !(p.Distribution() && advisory.Foreign(os, p))
}

// Memo returns knowledge that looks up each package and each CVE once, for
// judging many images that hold the same packages. It is for one goroutine, and
// for as long as k does not change. It grows with what it is asked.
func Memo(k Knowledge) Knowledge {
	return &memo{
		underlying: k,
		matches:    make(map[memoKey]memoMatch),
		kev:        make(map[string]*report.KEV),
		epss:       make(map[string]*report.EPSS),
	}
}

// underlying is Knowledge by a name that is none of its methods.
type underlying = Knowledge

type memo struct {
	underlying
	matches map[memoKey]memoMatch
	kev     map[string]*report.KEV
	epss    map[string]*report.EPSS
}

// memoKey is what a match depends on.
type memoKey struct {
	matchKey
	id, version, codename, name string // of the operating system
}

type memoMatch struct {
	matches []advisory.Match
	err     error
}

func (m *memo) Match(os report.OS, p report.Package) ([]advisory.Match, error) {
	key := memoKey{matchKey: matchKeyOf(p)}
	if p.Distribution() {
		key.id, key.version, key.codename, key.name = os.ID, os.Version, os.Codename, os.Name
	}
	found, ok := m.matches[key]
	if !ok {
		found.matches, found.err = m.underlying.Match(os, p)
		m.matches[key] = found
	}
	return found.matches, found.err
}

func (m *memo) KEV(cve string) (*report.KEV, error) {
	return remember(m.kev, cve, m.underlying.KEV)
}

func (m *memo) EPSS(cve string) (*report.EPSS, error) {
	return remember(m.epss, cve, m.underlying.EPSS)
}

func remember[T any](known map[string]*T, cve string, look func(string) (*T, error)) (*T, error) {
	if v, ok := known[cve]; ok {
		return v, nil
	}
	v, err := look(cve)
	if err == nil {
		known[cve] = v
	}
	return v, err
}
