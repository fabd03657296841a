package signature

import (
	"bytes"
	"errors"
	"fmt"
	"hash"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/pratique/pratique/internal/rulefile"
)

// Bounds of rules.
const (
	maxRules     = 2000
	maxList      = 100
	maxAll       = 32
	maxTextBytes = 1000
	maxReach     = 16 << 10
	minKeyword   = 5
	maxKeyword   = 64
	// defaultReach is how far from its keyword a match may end.
	defaultReach = 400
)

// family is what the rules of one kind have in common.
type family struct {
	Means  string `yaml:"means"`
	Remove string `yaml:"remove"`
}

// document is a file of rules; malware.yaml explains the fields.
type document struct {
	Aggressive *bool                    `yaml:"aggressive"`
	Kinds      map[string]rulefile.Node `yaml:"kinds"`
	Rules      []rulefile.Node          `yaml:"rules"`
}

// written is a rule as it stands in a file.
type written struct {
	ID         string   `yaml:"id"`
	Title      string   `yaml:"title"`
	Kind       string   `yaml:"kind"`
	Severity   string   `yaml:"severity"`
	Family     string   `yaml:"family"`
	Types      []string `yaml:"types"`
	Paths      []string `yaml:"paths"`
	Keywords   []string `yaml:"keywords"`
	All        []string `yaml:"all"`
	Pattern    string   `yaml:"pattern"`
	Not        []string `yaml:"not"`
	Multiline  bool     `yaml:"multiline"`
	Reach      int      `yaml:"reach"`
	Check      string   `yaml:"check"`
	Aggressive bool     `yaml:"aggressive"`
	Remove     string   `yaml:"remove"`
	References []string `yaml:"references"`
	Disabled   bool     `yaml:"disabled"`
}

// parser reads files of rules and signatures.
type parser struct {
	aggressive bool
	kinds      map[string]family
	all        []*rule // nil where disabled
	index      map[string]int
	// from says which file a rule of a user is from.
	from map[string]string

	hashes, allowed hashList
	patterns        []*pattern
	skips           []Skip
	skipped         int
	// ours is set for the built-in rules, whose expressions are compiled by a
	// test and not by every start of the program.
	ours bool
	// hash is of all signatures that decide about facts; nil without any.
	hash hash.Hash
}

func newParser() *parser {
	return &parser{kinds: make(map[string]family), index: make(map[string]int), from: make(map[string]string)}
}

// read adds what a user's file holds.
func (p *parser) read(s rulefile.Source) error {
	switch path.Ext(s.Name) {
	case ".yaml":
		return p.readYAML(s, false)
	case ".ndb":
		return p.lines(s, p.readPattern)
	case ".sha256":
		return p.lines(s, p.readPlain)
	case ".fp", ".sfp":
		return p.lines(s, p.readAllowed)
	}
	return p.lines(s, p.readHash)
}

// readYAML adds the rules of one file.
func (p *parser) readYAML(s rulefile.Source, ours bool) error {
	var doc document
	if err := s.Decode(&doc); err != nil {
		return err
	}
	p.ours = ours
	if doc.Aggressive != nil {
		p.aggressive = *doc.Aggressive
	}
	for _, name := range slices.Sorted(maps.Keys(doc.Kinds)) {
		if err := p.readKind(name, doc.Kinds[name]); err != nil {
			return s.At(doc.Kinds[name].Line(), err)
		}
	}
	if len(doc.Rules) > maxRules {
		return s.At(1, fmt.Errorf("%d rules are more than %d", len(doc.Rules), maxRules))
	}
	for _, n := range doc.Rules {
		var w written
		err := n.Decode(&w)
		if err == nil {
			err = p.addRule(s.Name, w)
		}
		if err != nil {
			return s.At(n.Line(), err)
		}
	}
	if ours {
		clear(p.from) // a user's rule may take the place of one of ours
	}
	return nil
}

func (p *parser) readKind(name string, n rulefile.Node) error {
	if err := rulefile.CheckID("kind", name); err != nil {
		return err
	}
	var f family
	if err := n.Decode(&f); err != nil {
		return fmt.Errorf("kind %s: %w", name, err)
	}
	for _, text := range []string{f.Means, f.Remove} {
		if err := rulefile.CheckText(text, maxTextBytes); err != nil {
			return fmt.Errorf("kind %s: %w", name, err)
		}
	}
	p.kinds[name] = f
	return nil
}

// addRule checks a rule and puts it in its place.
func (p *parser) addRule(file string, w written) error {
	if err := rulefile.CheckID("id", w.ID); err != nil {
		return err
	}
	if other, twice := p.from[w.ID]; twice {
		return fmt.Errorf("rule %s is there twice, the first time in %s", w.ID, other)
	}
	p.from[w.ID] = file
	at, known := p.index[w.ID]
	var made *rule
	switch {
	case w.Disabled && !known:
		return fmt.Errorf("rule %s: there is no such rule to disable", w.ID)
	case !w.Disabled:
		var err error
		if made, err = p.makeRule(w); err != nil {
			return fmt.Errorf("rule %s: %w", w.ID, err)
		}
	}
	if known {
		p.all[at] = made
		return nil
	}
	p.index[w.ID] = len(p.all)
	p.all = append(p.all, made)
	return nil
}

// makeRule turns what is written into a rule, or says what is wrong with it.
func (p *parser) makeRule(w written) (*rule, error) {
	severity, err := rulefile.ParseSeverity(w.Severity)
	if err != nil {
		return nil, err
	}
	k, ok := p.kinds[w.Kind]
	if !ok {
		return nil, fmt.Errorf("kind %q is not known", rulefile.Clip(w.Kind))
	}
	r := &rule{
		Description: Description{
			ID: w.ID, Title: w.Title, Severity: severity, Family: w.Family,
			Means: k.Means, Remove: k.Remove, References: w.References,
		},
		kind: w.Kind, paths: w.Paths, keywords: w.Keywords, all: w.All, pattern: w.Pattern, not: w.Not,
		lines: w.Multiline, reach: w.Reach, check: w.Check, aggressive: w.Aggressive,
	}
	if w.Remove != "" {
		r.Remove = w.Remove
	}
	if r.reach == 0 {
		r.reach = defaultReach
	}
	if r.types, err = parseTypes(w.Types); err != nil {
		return nil, err
	}
	if err := rulefile.CheckTails("paths", r.paths); err != nil {
		return nil, err
	}
	for _, check := range []func(*rule) error{checkTexts, checkParts, checkWords} {
		if err := check(r); err != nil {
			return nil, err
		}
	}
	if p.ours {
		return r, nil
	}
	_, err = r.compile()
	return r, err
}

func parseTypes(names []string) (Kind, error) {
	var k Kind
	for _, name := range names {
		one, ok := kindNames[name]
		if !ok {
			known := slices.Sorted(maps.Keys(kindNames))
			return 0, fmt.Errorf("type %q is not known: use %s", rulefile.Clip(name), strings.Join(known, ", "))
		}
		k |= one
	}
	return k, nil
}

func checkTexts(r *rule) error {
	if strings.TrimSpace(r.Title) == "" {
		return errors.New("title is missing")
	}
	if len(r.References) > maxList {
		return fmt.Errorf("more than %d references", maxList)
	}
	for _, s := range append([]string{r.Title, r.Family, r.Remove}, r.References...) {
		if err := rulefile.CheckText(s, maxTextBytes); err != nil {
			return err
		}
	}
	return nil
}

// checkParts checks that a rule says what to look for, and only in one way.
func checkParts(r *rule) error {
	if r.check != "" {
		if _, ok := checks[r.check]; !ok {
			names := slices.Sorted(maps.Keys(checks))
			return fmt.Errorf("check %q is not known: use one of %s", rulefile.Clip(r.check), strings.Join(names, ", "))
		}
		if len(r.keywords) > 0 || len(r.all) > 0 || r.pattern != "" || len(r.not) > 0 {
			return errors.New("check stands instead of keywords, all, pattern and not")
		}
		return nil
	}
	switch {
	case r.types == 0:
		return errors.New("types are missing")
	case len(r.keywords) == 0 && len(r.paths) == 0:
		return errors.New("keywords, paths or check are missing: a rule without them would be tried everywhere")
	case len(r.keywords) == 0 && len(r.all) > 0:
		return errors.New("all needs keywords")
	case r.pattern == "" && len(r.not) > 0:
		return errors.New("not needs a pattern")
	case r.reach < 1 || r.reach > maxReach:
		return fmt.Errorf("reach %d: it is 1 to %d bytes", r.reach, maxReach)
	}
	return nil
}

func checkWords(r *rule) error {
	if len(r.keywords) > maxList || len(r.all) > maxAll {
		return fmt.Errorf("more than %d keywords, or %d in all", maxList, maxAll)
	}
	for _, k := range slices.Concat(r.keywords, r.all) {
		if len(k) < minKeyword || len(k) > maxKeyword {
			return fmt.Errorf("keyword %q: a keyword has %d to %d bytes", rulefile.Clip(k), minKeyword, maxKeyword)
		}
	}
	return nil
}

// lines calls add for each line of a file of signatures that is neither empty
// nor a comment.
func (p *parser) lines(s rulefile.Source, add func(at lineOf, line string) error) error {
	number := 0
	for raw := range bytes.Lines(s.Content) {
		number++
		line := string(bytes.TrimRight(raw, "\r\n"))
		if strings.TrimSpace(line) == "" || line[0] == '#' {
			continue
		}
		if err := add(lineOf{s.Name, number}, line); err != nil {
			return s.At(number, err)
		}
	}
	return nil
}

// lineOf is the place of a line in a file of signatures.
type lineOf struct {
	file string
	line int
}

// skip counts a signature that is passed over.
func (p *parser) skip(at lineOf, reason string) {
	if p.skipped++; len(p.skips) < maxSkips {
		p.skips = append(p.skips, Skip{at.file, at.line, reason})
	}
}
