package signature

import (
	"crypto/sha256"
	_ "embed"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"io/fs"
	"path"
	"slices"
	"sync"

	"github.com/pratique/pratique/internal/report"
	"github.com/pratique/pratique/internal/rulefile"
)

//go:embed malware.yaml
var builtin []byte

// Names of the engines, as in report.Malware.
const (
	// EngineRules is our own rules, EngineSignatures hash lists and patterns.
	EngineRules      = "rules"
	EngineSignatures = "signatures"
	// EngineClamd is a clamd that was asked.
	EngineClamd = "clamd"
)

// Description is what a reader is told about a rule.
type Description struct {
	ID       string
	Title    string
	Severity report.Severity
	// Family is what the malicious program is commonly called, if it has a name.
	Family string
	// Means says what the program does to whoever runs the image, Remove what to
	// do beyond deleting the file; each in sentences.
	Means, Remove string
	References    []string
}

// Skip is a signature that was passed over, because it needs what this package
// does not do.
type Skip struct {
	File   string
	Line   int
	Reason string
}

// maxSkips bounds the signatures of which it is told why they are passed over.
const maxSkips = 100

// Rules is a set of rules and signatures, ready for use. It is safe for
// concurrent use.
type Rules struct {
	rules      []*rule
	byID       map[string]*rule
	aggressive bool
	// checks are the rules without words, in order.
	unworded []*rule
	// inText and inBinary are the words of rules for either.
	inText, inBinary func() *vocabulary
	// kinds are those that some rule with words or a pattern is for.
	kinds Kind

	hashes   *hashList
	allowed  *hashList
	patterns *patternSet

	skips   []Skip
	skipped int
	hash    [sha256.Size]byte
}

// rule is one rule of a set.
type rule struct {
	Description
	kind       string
	types      Kind
	paths      []string
	keywords   []string
	all        []string
	pattern    string
	not        []string
	lines      bool
	reach      int
	check      string
	aggressive bool

	// compiled makes the expressions at first use: a scan whose layers are all
	// known needs none.
	compiled func() (*rulefile.Expressions, error)
}

var defaults = sync.OnceValues(func() (*Rules, error) { return newRules(rulefile.Source{Name: "malware.yaml", Content: builtin}, nil) })

// Default returns the built-in rules.
func Default() *Rules {
	rules, err := defaults()
	if err != nil {
		// Not with this program: a test reads the file.
		rules, _ = newSet(new(parser))
	}
	return rules
}

// filePatterns are the names of files that are read.
var filePatterns = []string{"malware*.yaml", "*.hdb", "*.hsb", "*.ndb", "*.fp", "*.sfp", "*.sha256"}

// Owns reports whether a user's file of this name holds rules or signatures for
// malicious files.
func Owns(name string) bool {
	return slices.ContainsFunc(filePatterns, func(p string) bool { ok, _ := path.Match(p, name); return ok })
}

// Load returns the built-in rules with what the user's files hold added, in the
// order of their names; without any it returns Default. A rule with the id of a
// built-in one takes its place. The error names file, line and what is wrong; a
// signature of a kind that is not supported is no error, see Skipped.
func Load(user fs.FS) (*Rules, error) {
	entries, err := fs.ReadDir(user, ".")
	if err != nil {
		return nil, fmt.Errorf("rules: %w", err)
	}
	var own []rulefile.Source
	left := int64(maxTotal)
	for _, e := range entries {
		if e.IsDir() || !Owns(e.Name()) {
			continue
		}
		most := left
		if path.Ext(e.Name()) == ".yaml" {
			most = min(left, rulefile.MaxFile)
		}
		s, err := rulefile.Read(user, e.Name(), most)
		if err != nil {
			return nil, err
		}
		left -= int64(len(s.Content))
		own = append(own, s)
	}
	if len(own) == 0 {
		return Default(), nil
	}
	return newRules(rulefile.Source{Name: "malware.yaml", Content: builtin}, own)
}

// maxTotal bounds a user's files together, in bytes. They are the user's own, but
// come from other people.
const maxTotal = 256 << 20

// newRules reads the built-in rules and a user's files.
func newRules(ours rulefile.Source, own []rulefile.Source) (*Rules, error) {
	p := newParser()
	if err := p.readYAML(ours, true); err != nil {
		return nil, err
	}
	for _, s := range own {
		if err := p.read(s); err != nil {
			return nil, err
		}
	}
	return newSet(p)
}

// newSet makes what was read ready for use.
func newSet(p *parser) (*Rules, error) {
	r := &Rules{
		byID: make(map[string]*rule), aggressive: p.aggressive,
		hashes: &p.hashes, allowed: &p.allowed, patterns: newPatternSet(p.patterns),
		skips: p.skips, skipped: p.skipped,
	}
	h := sha256.New()
	fmt.Fprintln(h, r.aggressive)
	for _, one := range p.all {
		if one == nil {
			continue // disabled
		}
		one.compiled = sync.OnceValues(one.compile)
		r.byID[one.ID] = one
		r.rules = append(r.rules, one)
		one.write(h)
		if !r.inForce(one) {
			continue
		}
		if len(one.keywords) == 0 {
			r.unworded = append(r.unworded, one)
		}
		if len(one.keywords) > 0 || one.pattern != "" {
			r.kinds |= one.types
		}
	}
	if len(r.rules) > maxRules {
		return nil, fmt.Errorf("rules: %d are more than %d", len(r.rules), maxRules)
	}
	if p.hash != nil {
		h.Write(p.hash.Sum(nil))
	}
	h.Sum(r.hash[:0])
	r.inText = sync.OnceValue(func() *vocabulary { return r.vocabulary(text | Picture) })
	r.inBinary = sync.OnceValue(func() *vocabulary { return r.vocabulary(Executable | Class) })
	return r, nil
}

// inForce reports whether a rule is applied.
func (r *Rules) inForce(one *rule) bool { return r.aggressive || !one.aggressive }

// write writes what decides about what is found; wording does not.
func (r *rule) write(h hash.Hash) {
	fmt.Fprintf(h, "%q %d %q %q %q %q %q %t %d %q %t\n",
		r.ID, r.types, r.paths, r.keywords, r.all, r.pattern, r.not, r.lines, r.reach, r.check, r.aggressive)
}

func (r *rule) compile() (*rulefile.Expressions, error) {
	return rulefile.Compile(r.pattern, r.not)
}

// Version identifies what is found in a file: sets that find the same have the
// same version, and others almost certainly another one. It is 48 bits. What is
// known by SHA-256 alone (*.sha256, and SHA-256 in *.fp and *.sfp) is no part of
// it: that is applied to facts, see KnownHash and Harmless.
func (r *Rules) Version() int {
	return int(binary.BigEndian.Uint64(r.hash[:8]) >> 16)
}

// Revision is Version for people.
func (r *Rules) Revision() string { return hex.EncodeToString(r.hash[:6]) }

// Aggressive reports whether the rules are applied that find more, and are wrong
// more often.
func (r *Rules) Aggressive() bool { return r.aggressive }

// Skipped returns the signatures that were passed over, at most the first
// hundred, and how many there are.
func (r *Rules) Skipped() ([]Skip, int) { return slices.Clone(r.skips), r.skipped }

// Describe returns what there is to tell about a rule.
func (r *Rules) Describe(id string) (Description, bool) {
	one, ok := r.byID[id]
	if !ok {
		return Description{}, false
	}
	return one.Description, true
}

// IDs lists the rules, sorted.
func (r *Rules) IDs() []string {
	ids := make([]string, 0, len(r.rules))
	for _, one := range r.rules {
		ids = append(ids, one.ID)
	}
	slices.Sort(ids)
	return ids
}

// at reports whether a rule is for files at this path. A pattern's elements are
// compared with as many last ones of the path.
func (r *rule) at(p string) bool {
	return len(r.paths) == 0 || slices.ContainsFunc(r.paths, func(pattern string) bool { return rulefile.MatchTail(pattern, p) })
}
