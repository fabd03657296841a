package secret

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/pratique/pratique/internal/rulefile"
)

// Bounds of rule files. They are a user's own, but come from other people.
const (
	maxRules   = 2000
	maxList    = 100
	maxText    = 1000
	maxReach   = 16 << 10
	minKeyword = 3
	maxKeyword = 64
	// defaultReach is how far from its keyword a secret may end.
	defaultReach = 256
)

// document is a file of rules.
type document struct {
	Kinds map[string]rulefile.Node `yaml:"kinds"`
	Rules []rulefile.Node          `yaml:"rules"`
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
func (p *parser) read(s rulefile.Source) error {
	var doc document
	if err := s.Decode(&doc); err != nil {
		return err
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
		if err := p.readRule(s.Name, n); err != nil {
			return s.At(n.Line(), err)
		}
	}
	return nil
}

func (p *parser) readKind(name string, n rulefile.Node) error {
	if err := rulefile.CheckID("kind", name); err != nil {
		return err
	}
	var k kind
	if err := n.Decode(&k); err != nil {
		return fmt.Errorf("kind %s: %w", name, err)
	}
	for _, text := range []string{k.Means, k.Revoke, k.Instead} {
		if err := rulefile.CheckText(text, maxText); err != nil {
			return fmt.Errorf("kind %s: %w", name, err)
		}
	}
	p.kinds[name] = k
	return nil
}

func (p *parser) readRule(file string, n rulefile.Node) error {
	var w written
	if err := n.Decode(&w); err != nil {
		return err
	}
	if err := rulefile.CheckID("id", w.ID); err != nil {
		return err
	}
	if other, twice := p.from[w.ID]; twice {
		return fmt.Errorf("rule %s is there twice, the first time in %s", w.ID, other)
	}
	p.from[w.ID] = file
	if err := p.add(w); err != nil {
		return fmt.Errorf("rule %s: %w", w.ID, err)
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
	for _, check := range []func(*rule) error{checkTexts, checkKeywords, checkExpressions, checkNumbers} {
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
		if err := rulefile.CheckText(text, maxText); err != nil {
			return err
		}
	}
	return nil
}

func checkKeywords(r *rule) error {
	if len(r.keywords) > maxList {
		return fmt.Errorf("more than %d keywords", maxList)
	}
	for _, k := range r.keywords {
		if len(k) < minKeyword || len(k) > maxKeyword {
			return fmt.Errorf("keyword %q: a keyword has %d to %d bytes", rulefile.Clip(k), minKeyword, maxKeyword)
		}
	}
	switch {
	case len(r.keywords) == 0 && len(r.files) == 0:
		return errors.New("keywords (or names, or files) are missing: a rule without them would be tried everywhere")
	case len(r.keywords) > 0 && r.pattern == "":
		return errors.New("pattern is missing")
	}
	return rulefile.CheckTails("files", r.files)
}

func checkExpressions(r *rule) error {
	e, err := r.compile()
	if err != nil {
		return err
	}
	if e.Pattern == nil {
		return nil
	}
	groups := e.Pattern.NumSubexp()
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
		return fmt.Errorf("check %q is not known: use one of %s", rulefile.Clip(r.check), strings.Join(checkNames(), ", "))
	}
	return nil
}
