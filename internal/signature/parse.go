package signature

import (
	"bytes"
	"errors"
	"fmt"
	"hash"
	"io"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"

	"github.com/pratique/pratique/internal/report"
)

// Bounds of rules.
const (
	maxRules     = 2000
	maxList      = 100
	maxAll       = 32
	maxTextBytes = 1000
	maxPattern   = 4000
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
	Aggressive *bool             `yaml:"aggressive"`
	Kinds      map[string]family `yaml:"kinds"`
	Rules      []written         `yaml:"rules"`
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
func (p *parser) read(s source) error {
	switch path.Ext(s.name) {
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
func (p *parser) readYAML(s source, ours bool) error {
	var doc document
	dec := yaml.NewDecoder(bytes.NewReader(s.content))
	dec.KnownFields(true)
	if err := dec.Decode(&doc); errors.Is(err, io.EOF) {
		return fmt.Errorf("%s:1: the file is empty", s.name)
	} else if err != nil {
		return plainError(s.name, err)
	}
	if err := dec.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%s:1: there is more than one document", s.name)
	}
	p.ours = ours
	fail := func(line int, err error) error { return fmt.Errorf("%s:%d: %w", s.name, line, err) }
	if doc.Aggressive != nil {
		p.aggressive = *doc.Aggressive
	}
	for name, f := range doc.Kinds {
		if err := checkKind(name, f); err != nil {
			return fail(placesOf(s.content).kind(name), err)
		}
		p.kinds[name] = f
	}
	if len(doc.Rules) > maxRules {
		return fail(1, fmt.Errorf("%d rules are more than %d", len(doc.Rules), maxRules))
	}
	for n, w := range doc.Rules {
		if err := p.addRule(s.name, w); err != nil {
			return fail(placesOf(s.content).rule(n), err)
		}
	}
	if ours {
		clear(p.from) // a user's rule may take the place of one of ours
	}
	return nil
}

// yamlLine finds the line in the decoder's messages, and what it says there.
var (
	yamlLine  = regexp.MustCompile(`^(?:yaml: )?line (\d+): (.*)$`)
	yamlField = regexp.MustCompile(`^field (\S+) not found in type \S+$`)
)

// plainError puts what the decoder says in the form of our own errors.
func plainError(name string, err error) error {
	message := err.Error()
	var types *yaml.TypeError
	if errors.As(err, &types) && len(types.Errors) > 0 {
		message = types.Errors[0]
	}
	line := "1"
	if m := yamlLine.FindStringSubmatch(message); m != nil {
		line, message = m[1], m[2]
	}
	if m := yamlField.FindStringSubmatch(message); m != nil {
		message = fmt.Sprintf("%q is not a field", clip(m[1]))
	}
	return fmt.Errorf("%s:%s: %s", name, line, strings.TrimPrefix(message, "yaml: "))
}

// places are the lines in which things stand in a file of rules.
type places struct {
	rules []int
	kinds map[string]int
}

func placesOf(content []byte) places {
	p := places{kinds: make(map[string]int)}
	var doc yaml.Node
	if err := yaml.Unmarshal(content, &doc); err != nil || len(doc.Content) == 0 {
		return p // it was read once already
	}
	top := doc.Content[0].Content
	for i := 0; i+1 < len(top); i += 2 {
		switch value := top[i+1]; top[i].Value {
		case "rules":
			for _, item := range value.Content {
				p.rules = append(p.rules, item.Line)
			}
		case "kinds":
			for k := 0; k < len(value.Content); k += 2 {
				p.kinds[value.Content[k].Value] = value.Content[k].Line
			}
		}
	}
	return p
}

func (p places) rule(n int) int {
	if n < len(p.rules) {
		return p.rules[n]
	}
	return 1
}

func (p places) kind(name string) int { return max(p.kinds[name], 1) }

var identifier = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{1,63}$`)

func checkKind(name string, f family) error {
	if !identifier.MatchString(name) {
		return fmt.Errorf("kind %q: a name has 2 to 64 lower-case letters, digits and hyphens", clip(name))
	}
	for _, s := range []string{f.Means, f.Remove} {
		if err := checkText(s); err != nil {
			return fmt.Errorf("kind %s: %w", name, err)
		}
	}
	return nil
}

// addRule checks a rule and puts it in its place.
func (p *parser) addRule(file string, w written) error {
	if !identifier.MatchString(w.ID) {
		return fmt.Errorf("id %q: an id has 2 to 64 lower-case letters, digits and hyphens", clip(w.ID))
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
	severity, err := report.ParseSeverity(w.Severity)
	if err != nil {
		return nil, err
	}
	if severity == report.Unknown {
		return nil, errors.New("severity is missing: use low, medium, high or critical")
	}
	k, ok := p.kinds[w.Kind]
	if !ok {
		return nil, fmt.Errorf("kind %q is not known", clip(w.Kind))
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
	for _, check := range []func(*rule) error{checkTexts, checkParts, checkWords, checkPaths} {
		if err := check(r); err != nil {
			return nil, err
		}
	}
	if p.ours {
		return r, nil
	}
	return r, checkExpressions(r)
}

func parseTypes(names []string) (Kind, error) {
	var k Kind
	for _, name := range names {
		one, ok := kindNames[name]
		if !ok {
			known := make([]string, 0, len(kindNames))
			for n := range kindNames {
				known = append(known, n)
			}
			slices.Sort(known)
			return 0, fmt.Errorf("type %q is not known: use %s", clip(name), strings.Join(known, ", "))
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
		if err := checkText(s); err != nil {
			return err
		}
	}
	return nil
}

func checkText(s string) error {
	if len(s) > maxTextBytes {
		return fmt.Errorf("a text has %d bytes, more than %d", len(s), maxTextBytes)
	}
	if strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return fmt.Errorf("the text %q holds what cannot be printed", clip(s))
	}
	return nil
}

// checkParts checks that a rule says what to look for, and only in one way.
func checkParts(r *rule) error {
	if r.check != "" {
		if _, ok := checks[r.check]; !ok {
			names := make([]string, 0, len(checks))
			for n := range checks {
				names = append(names, n)
			}
			slices.Sort(names)
			return fmt.Errorf("check %q is not known: use one of %s", clip(r.check), strings.Join(names, ", "))
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
			return fmt.Errorf("keyword %q: a keyword has %d to %d bytes", clip(k), minKeyword, maxKeyword)
		}
	}
	return nil
}

func checkPaths(r *rule) error {
	if len(r.paths) > maxList {
		return fmt.Errorf("more than %d paths", maxList)
	}
	for _, f := range r.paths {
		if _, err := path.Match(f, "x"); err != nil || f == "" || len(f) > maxTextBytes || path.Clean(f) != f || f[0] == '/' {
			return fmt.Errorf("paths: %q is no pattern of the end of a path: use a name, *.ext or dir/name", clip(f))
		}
	}
	return nil
}

func checkExpressions(r *rule) error {
	if len(r.not) > maxList {
		return fmt.Errorf("more than %d patterns in not", maxList)
	}
	for _, p := range append([]string{r.pattern}, r.not...) {
		if len(p) > maxPattern {
			return fmt.Errorf("a pattern has %d bytes, more than %d", len(p), maxPattern)
		}
	}
	e, err := r.compile()
	if err != nil {
		return err
	}
	if e.pattern != nil && e.pattern.MatchString("") {
		return errors.New("the pattern matches the empty text")
	}
	return nil
}

// clip shortens a text of a file for an error.
func clip(s string) string {
	if len(s) > 60 {
		return strings.ToValidUTF8(s[:60], "") + "…"
	}
	return s
}

// lines calls add for each line of a file of signatures that is neither empty
// nor a comment.
func (p *parser) lines(s source, add func(at lineOf, line string) error) error {
	number := 0
	for raw := range bytes.Lines(s.content) {
		number++
		line := string(bytes.TrimRight(raw, "\r\n"))
		if strings.TrimSpace(line) == "" || line[0] == '#' {
			continue
		}
		if err := add(lineOf{s.name, number}, line); err != nil {
			return fmt.Errorf("%s:%d: %w", s.name, number, err)
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
