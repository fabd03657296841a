package secret

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"

	"github.com/pratique/pratique/internal/report"
)

// Bounds of rule files. They are a user's own, but come from other people.
const (
	maxFile    = 1 << 20
	maxRules   = 2000
	maxList    = 100
	maxText    = 1000
	maxPattern = 4000
	maxReach   = 16 << 10
	minKeyword = 3
	maxKeyword = 64
	// defaultReach is how far from its keyword a secret may end.
	defaultReach = 256
)

// source is a file of rules.
type source struct {
	name    string
	content []byte
}

// kind is what rules have in common.
type kind struct {
	Means   string `yaml:"means"`
	Revoke  string `yaml:"revoke"`
	Instead string `yaml:"instead"`
}

// written is a rule as it stands in a file; rules.yaml explains the fields.
type written struct {
	ID         string   `yaml:"id"`
	Title      string   `yaml:"title"`
	Kind       string   `yaml:"kind"`
	Severity   string   `yaml:"severity"`
	Keywords   []string `yaml:"keywords"`
	Files      []string `yaml:"files"`
	Pattern    string   `yaml:"pattern"`
	Names      []string `yaml:"names"`
	Value      string   `yaml:"value"`
	Group      int      `yaml:"group"`
	Entropy    float64  `yaml:"entropy"`
	Check      string   `yaml:"check"`
	Allow      []string `yaml:"allow"`
	Generic    bool     `yaml:"generic"`
	Multiline  bool     `yaml:"multiline"`
	Reach      int      `yaml:"reach"`
	Revoke     string   `yaml:"revoke"`
	References []string `yaml:"references"`
	Disabled   bool     `yaml:"disabled"`
}

var (
	kindFields = []string{"means", "revoke", "instead"}
	ruleFields = []string{"id", "title", "kind", "severity", "keywords", "files", "pattern", "names", "value", "group", "entropy",
		"check", "allow", "generic", "multiline", "reach", "revoke", "references", "disabled"}
	identifier = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{1,63}$`)
)

// parser reads files of rules.
type parser struct {
	kinds map[string]kind
	all   []*rule // nil where disabled
	index map[string]int
	// from says which file a rule of a user is from.
	from map[string]string
}

func (p *parser) rules() []*rule {
	return slices.DeleteFunc(p.all, func(r *rule) bool { return r == nil })
}

// read adds the rules of one file.
func (p *parser) read(s source, own bool) error {
	fail := func(line int, err error) error { return fmt.Errorf("%s:%d: %w", s.name, max(line, 1), err) }
	dec := yaml.NewDecoder(bytes.NewReader(s.content))
	var doc yaml.Node
	if err := dec.Decode(&doc); errors.Is(err, io.EOF) {
		return fail(1, errors.New("the file is empty"))
	} else if err != nil {
		return fmt.Errorf("%s: %w", s.name, err) // names the line
	}
	if err := dec.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return fail(1, errors.New("there is more than one document"))
	}
	if at := findAlias(&doc, 0); at != nil {
		return fail(at.Line, errors.New("aliases are not supported"))
	}
	top := doc.Content[0]
	if err := checkFields(top, []string{"kinds", "rules"}); err != nil {
		return fail(err.line, err)
	}
	for key, value := range pairs(top) {
		var err *lineError
		if key.Value == "kinds" {
			err = p.readKinds(value)
		} else {
			err = p.readRules(s.name, value, own)
		}
		if err != nil {
			return fail(err.line, err)
		}
	}
	return nil
}

// lineError says in which line of a file something is wrong.
type lineError struct {
	line int
	err  error
}

func (e *lineError) Error() string { return e.err.Error() }
func (e *lineError) Unwrap() error { return e.err }

func at(n *yaml.Node, format string, args ...any) *lineError {
	return &lineError{n.Line, fmt.Errorf(format, args...)}
}

// findAlias returns the first alias, or a node nested too deep to be followed.
func findAlias(n *yaml.Node, depth int) *yaml.Node {
	if n.Kind == yaml.AliasNode || depth > 20 {
		return n
	}
	for _, c := range n.Content {
		if a := findAlias(c, depth+1); a != nil {
			return a
		}
	}
	return nil
}

// pairs goes over a mapping.
func pairs(n *yaml.Node) func(yield func(key, value *yaml.Node) bool) {
	return func(yield func(key, value *yaml.Node) bool) {
		for i := 0; i+1 < len(n.Content); i += 2 {
			if !yield(n.Content[i], n.Content[i+1]) {
				return
			}
		}
	}
}

// checkFields checks that a node is a mapping with these keys only, each once.
func checkFields(n *yaml.Node, known []string) *lineError {
	if n.Kind != yaml.MappingNode {
		return at(n, "expected fields (%s)", strings.Join(known, ", "))
	}
	seen := make(map[string]bool)
	for key := range pairs(n) {
		if !slices.Contains(known, key.Value) {
			return at(key, "%q is not a field: use %s", clip(key.Value), strings.Join(known, ", "))
		}
		if seen[key.Value] {
			return at(key, "%q is there twice", key.Value)
		}
		seen[key.Value] = true
	}
	return nil
}

func (p *parser) readKinds(n *yaml.Node) *lineError {
	if n.Kind != yaml.MappingNode {
		return at(n, "kinds: expected a mapping of names to texts")
	}
	for key, value := range pairs(n) {
		if !identifier.MatchString(key.Value) {
			return at(key, "kind %q: a name has lower-case letters, digits and hyphens", clip(key.Value))
		}
		if err := checkFields(value, kindFields); err != nil {
			return err
		}
		var k kind
		if err := value.Decode(&k); err != nil {
			return at(value, "kind %s: %w", key.Value, err)
		}
		for _, text := range []string{k.Means, k.Revoke, k.Instead} {
			if err := checkText(text); err != nil {
				return at(value, "kind %s: %w", key.Value, err)
			}
		}
		p.kinds[key.Value] = k
	}
	return nil
}

func (p *parser) readRules(file string, n *yaml.Node, own bool) *lineError {
	if n.Kind != yaml.SequenceNode {
		return at(n, "rules: expected a list")
	}
	if len(n.Content) > maxRules {
		return at(n, "rules: %d are more than %d", len(n.Content), maxRules)
	}
	for _, item := range n.Content {
		if err := checkFields(item, ruleFields); err != nil {
			return err
		}
		var w written
		if err := item.Decode(&w); err != nil {
			return at(item, "%w", err)
		}
		if !identifier.MatchString(w.ID) {
			return at(item, "id %q: an id has 2 to 64 lower-case letters, digits and hyphens", clip(w.ID))
		}
		if other, twice := p.from[w.ID]; twice {
			return at(item, "rule %s is there twice, the first time in %s", w.ID, other)
		}
		p.from[w.ID] = file
		if err := p.add(w); err != nil {
			return at(item, "%w %s: %w", errRule, w.ID, err)
		}
	}
	if own {
		clear(p.from) // a user's rule may take the place of one of ours
	}
	return nil
}

// add checks a rule and puts it in its place.
func (p *parser) add(w written) error {
	var made *rule
	if w.Disabled {
		if _, known := p.index[w.ID]; !known {
			return errors.New("there is no such rule to disable")
		}
	} else {
		var err error
		if made, err = p.make(w); err != nil {
			return err
		}
	}
	if n, known := p.index[w.ID]; known {
		p.all[n] = made
		return nil
	}
	p.index[w.ID] = len(p.all)
	p.all = append(p.all, made)
	return nil
}

// make turns what is written into a rule, or says what is wrong with it.
func (p *parser) make(w written) (*rule, error) {
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
			ID: w.ID, Title: w.Title, Severity: severity,
			Means: k.Means, Revoke: k.Revoke, Instead: k.Instead, References: w.References,
		},
		kind: w.Kind, keywords: w.Keywords, files: w.Files, allow: w.Allow, pattern: w.Pattern, group: w.Group,
		entropy: w.Entropy, check: w.Check, generic: w.Generic, lines: w.Multiline, reach: w.Reach,
	}
	if w.Revoke != "" {
		r.Revoke = w.Revoke
	}
	if r.reach == 0 {
		r.reach = defaultReach
	}
	if len(w.Names) > 0 || w.Value != "" {
		if len(w.Names) == 0 || w.Value == "" || w.Pattern != "" || len(w.Keywords) > 0 || w.Group != 0 {
			return nil, errors.New("names and value belong together and stand instead of keywords, pattern and group")
		}
		r.keywords, r.pattern, r.group = w.Names, assignment(w.Names, w.Value), 1
	}
	for _, check := range []func(*rule) error{checkTexts, checkKeywords, checkFiles, checkExpressions, checkNumbers} {
		if err := check(r); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// assignment is the pattern for a value that something with a certain name is
// set to, in whatever language: name, more of the name, a sign, the value.
func assignment(names []string, value string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = strings.ReplaceAll(regexp.QuoteMeta(n), "_", "[_.-]?")
	}
	return `(?i)(?:` + strings.Join(quoted, "|") + `)[\w.-]{0,40}["'\x60]?\s{0,3}(?:=>|:=|=|:)\s{0,3}["'\x60]?(` + value + `)(?:[^\w.-]|$)`
}

func checkTexts(r *rule) error {
	if strings.TrimSpace(r.Title) == "" {
		return errors.New("title is missing")
	}
	if len(r.References) > maxList {
		return fmt.Errorf("more than %d references", maxList)
	}
	for _, text := range append([]string{r.Title, r.Revoke}, r.References...) {
		if err := checkText(text); err != nil {
			return err
		}
	}
	return nil
}

func checkText(s string) error {
	if len(s) > maxText {
		return fmt.Errorf("a text has %d bytes, more than %d", len(s), maxText)
	}
	if strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return fmt.Errorf("the text %q holds what cannot be printed", clip(s))
	}
	return nil
}

func checkKeywords(r *rule) error {
	if len(r.keywords) > maxList {
		return fmt.Errorf("more than %d keywords", maxList)
	}
	for _, k := range r.keywords {
		if len(k) < minKeyword || len(k) > maxKeyword {
			return fmt.Errorf("keyword %q: a keyword has %d to %d bytes", clip(k), minKeyword, maxKeyword)
		}
	}
	switch {
	case len(r.keywords) == 0 && len(r.files) == 0:
		return errors.New("keywords (or names, or files) are missing: a rule without them would be tried everywhere")
	case len(r.keywords) > 0 && r.pattern == "":
		return errors.New("pattern is missing")
	}
	return nil
}

func checkFiles(r *rule) error {
	if len(r.files) > maxList {
		return fmt.Errorf("more than %d files", maxList)
	}
	for _, f := range r.files {
		if _, err := path.Match(f, "x"); err != nil || f == "" || len(f) > maxText || path.Clean(f) != f || f[0] == '/' {
			return fmt.Errorf("files: %q is no pattern of the end of a path: use a name, *.ext or dir/name", clip(f))
		}
	}
	return nil
}

func checkExpressions(r *rule) error {
	if len(r.allow) > maxList {
		return fmt.Errorf("more than %d allow patterns", maxList)
	}
	for _, p := range append([]string{r.pattern}, r.allow...) {
		if len(p) > maxPattern {
			return fmt.Errorf("a pattern has %d bytes, more than %d", len(p), maxPattern)
		}
	}
	e, err := r.compile()
	if err != nil {
		return err
	}
	if e.pattern == nil {
		return nil
	}
	if e.pattern.MatchString("") {
		return errors.New("the pattern matches the empty text")
	}
	groups := e.pattern.NumSubexp()
	if r.group < 0 || r.group > groups {
		return fmt.Errorf("group %d: the pattern has %d", r.group, groups)
	}
	if r.group == 0 && groups > 0 {
		r.group = 1
	}
	return nil
}

func checkNumbers(r *rule) error {
	switch {
	case r.entropy < 0 || r.entropy > 8:
		return fmt.Errorf("entropy %g: it is 0 to 8 bits a character", r.entropy)
	case r.reach < 1 || r.reach > maxReach:
		return fmt.Errorf("reach %d: it is 1 to %d bytes", r.reach, maxReach)
	}
	if _, ok := checks[r.check]; !ok {
		return fmt.Errorf("check %q is not known: use one of %s", clip(r.check), strings.Join(checkNames(), ", "))
	}
	return nil
}

// clip shortens a text of a file for an error.
func clip(s string) string {
	if len(s) > 60 {
		return s[:60] + "…"
	}
	return s
}
