package secret

import (
	"cmp"
	"crypto/sha256"
	_ "embed"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"

	ahocorasick "github.com/BobuSumisu/aho-corasick"

	"github.com/pratique/pratique/internal/report"
	"github.com/pratique/pratique/internal/rulefile"
)

//go:embed rules.yaml
var builtin []byte

// Description is what a reader is told about a rule.
type Description struct {
	ID       string
	Title    string
	Severity report.Severity
	// Means says what somebody can do with the secret, Revoke how to make it
	// worthless, Instead how to do without it in an image; each in sentences.
	Means, Revoke, Instead string
	References             []string
}

// Rules is a set of rules, ready for use. It is safe for concurrent use.
type Rules struct {
	rules []*rule
	byID  map[string]*rule
	hash  [sha256.Size]byte

	// byName and byExtension tell rules for certain files by the last element
	// of the path, odd those whose patterns are neither a name nor "*.ext".
	byName, byExtension map[string][]int
	odd                 []int

	automaton func() *automaton

	// excluded are the user's paths, clean and without slashes at the ends.
	excluded []string
}

// rule is one rule of a set.
type rule struct {
	Description
	kind     string
	order    int
	keywords []string
	files    []string
	allow    []string
	pattern  string
	group    int
	entropy  float64
	check    string
	generic  bool
	lines    bool
	reach    int

	// compiled makes the expressions at first use: a scan whose layers are all
	// known needs none.
	compiled func() (*rulefile.Expressions, error)
}

// automaton finds the words of all rules at once.
type automaton struct {
	trie *ahocorasick.Trie
	// rules has for each word the rules that have it.
	rules [][]int
}

var defaults = sync.OnceValues(func() (*Rules, error) { return newRules(rulefile.Source{Name: "rules.yaml", Content: builtin}) })

// Default returns the built-in rules.
func Default() *Rules {
	rules, err := defaults()
	if err != nil {
		// Not with this program: a test reads the file.
		return &Rules{automaton: func() *automaton { return &automaton{} }}
	}
	return rules
}

// Owns reports whether a user's file of this name holds rules for secrets
// ("secrets.yaml", "secrets-team.yaml") or excluded paths ("excluded-paths.txt").
func Owns(name string) bool {
	return ownsRules(name) || name == pathsFile
}

func ownsRules(name string) bool {
	ok, _ := path.Match("secrets*.yaml", name)
	return ok
}

// Load returns the built-in rules with those in the user's files added, in the
// order of their names, and the user's excluded paths, at most 20, one a line; a
// path stands for itself and all below it. Without any file it is Default. A rule with the id of
// a built-in one takes its place. The error names file, line and what is wrong.
func Load(user fs.FS) (*Rules, error) {
	files, err := rulefile.Load(user, ownsRules)
	if err != nil {
		return nil, err
	}
	excluded, err := loadPaths(user)
	if err != nil {
		return nil, err
	}
	if len(files) == 0 && len(excluded) == 0 {
		return Default(), nil
	}
	r, err := newRules(rulefile.Source{Name: "rules.yaml", Content: builtin}, files...)
	if err != nil {
		return nil, err
	}
	r.excluded = excluded
	return r, nil
}

// newRules reads the built-in rules and a user's files.
func newRules(ours rulefile.Source, own ...rulefile.Source) (*Rules, error) {
	p := parser{kinds: make(map[string]kind), index: make(map[string]int), from: make(map[string]string)}
	if err := p.read(ours); err != nil {
		return nil, err
	}
	clear(p.from) // a user's rule may take the place of one of ours
	for _, s := range own {
		if err := p.read(s); err != nil {
			return nil, err
		}
	}
	return newSet(p.rules())
}

func newSet(all []*rule) (*Rules, error) {
	if len(all) > maxRules {
		return nil, fmt.Errorf("rules: %d are more than %d", len(all), maxRules)
	}
	r := &Rules{rules: all, byID: make(map[string]*rule), byName: make(map[string][]int), byExtension: make(map[string][]int)}
	h := sha256.New()
	for n, one := range all {
		one.order = n
		one.compiled = sync.OnceValues(one.compile)
		r.byID[one.ID] = one
		one.hash(h)
		r.indexFiles(n, one.files)
	}
	h.Sum(r.hash[:0])
	r.automaton = sync.OnceValue(r.build)
	return r, nil
}

// indexFiles makes a rule's files quick to look up.
func (r *Rules) indexFiles(n int, files []string) {
	for _, f := range files {
		base := path.Base(f)
		ext, isExt := strings.CutPrefix(base, "*.")
		switch {
		case !strings.ContainsAny(base, `*?[\`):
			r.byName[base] = append(r.byName[base], n)
		case isExt && !strings.ContainsAny(ext, `*?[\.`):
			r.byExtension[ext] = append(r.byExtension[ext], n)
		default:
			r.odd = append(r.odd, n)
		}
	}
}

// hash writes what decides about what is found; wording does not.
func (r *rule) hash(w io.Writer) {
	fmt.Fprintf(w, "%q %q %q %q %q %d %g %q %t %t %d\n",
		r.ID, r.keywords, r.files, r.allow, r.pattern, r.group, r.entropy, r.check, r.generic, r.lines, r.reach)
}

func (r *rule) compile() (*rulefile.Expressions, error) {
	return rulefile.Compile(r.pattern, r.allow)
}

// build makes the automaton.
func (r *Rules) build() *automaton {
	a := new(automaton)
	index := make(map[string]int)
	builder := ahocorasick.NewTrieBuilder()
	for n, one := range r.rules {
		for _, word := range one.words() {
			at, known := index[word]
			if !known {
				at = len(a.rules)
				index[word] = at
				a.rules = append(a.rules, nil)
				builder.AddString(word)
			}
			a.rules[at] = append(a.rules[at], n)
		}
	}
	a.trie = builder.Build()
	return a
}

// words returns the keywords in all the forms the pattern takes them in. That
// of a mixed form ("passWord") is not among them: nobody writes it.
func (r *rule) words() []string {
	if !strings.HasPrefix(r.pattern, "(?i)") {
		return r.keywords
	}
	var words []string
	for _, k := range r.keywords {
		lower := strings.ToLower(k)
		words = append(words, k, lower, strings.ToUpper(k), strings.ToUpper(lower[:1])+lower[1:])
	}
	slices.Sort(words)
	return slices.Compact(words)
}

// Version identifies what is found: sets that find the same in the same text
// have the same version, and others almost certainly another one. It is 48 bits.
func (r *Rules) Version() int {
	return int(binary.BigEndian.Uint64(r.hash[:8]) >> 16)
}

// Revision is Version for people.
func (r *Rules) Revision() string { return hex.EncodeToString(r.hash[:6]) }

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

// forFile returns the rules for certain files whose files path is one of, in
// order. A pattern's elements are compared with as many last ones of the path.
func (r *Rules) forFile(p string) []int {
	if p == "" {
		return nil
	}
	base := path.Base(p)
	var found []int
	try := func(candidates []int) {
		for _, n := range candidates {
			if !slices.Contains(found, n) && slices.ContainsFunc(r.rules[n].files, func(f string) bool { return rulefile.MatchTail(f, p) }) {
				found = append(found, n)
			}
		}
	}
	try(r.byName[base])
	if dot := strings.LastIndexByte(base, '.'); dot >= 0 {
		try(r.byExtension[base[dot+1:]])
	}
	try(r.odd)
	slices.SortFunc(found, func(a, b int) int { return cmp.Compare(a, b) })
	return found
}

// ForFile reports whether a rule is about the file at a path as such, so that
// it must be looked at whatever its content.
func (r *Rules) ForFile(p string) bool {
	return slices.ContainsFunc(r.forFile(p), func(n int) bool { return r.rules[n].pattern == "" })
}
