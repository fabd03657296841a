package baseline

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"

	"github.com/pratique/pratique/internal/report"
	"github.com/pratique/pratique/internal/rulefile"
)

// Bounds of rule files. They are a user's own, but come from other people.
const (
	maxRules = 1000
	maxList  = 200
	maxText  = 2000
)

// document is a file of rules.
type document struct {
	Findings map[string]string `yaml:"findings"`
	Rules    []rulefile.Node   `yaml:"rules"`
}

// written is a rule as it stands in a file; baseline.yaml explains the fields.
type written struct {
	ID         string   `yaml:"id"`
	Group      string   `yaml:"group"`
	Title      string   `yaml:"title"`
	Standard   string   `yaml:"standard"`
	Severity   string   `yaml:"severity"`
	Unused     string   `yaml:"severity-without-passwords"`
	Finding    string   `yaml:"finding"`
	Means      string   `yaml:"means"`
	Advice     string   `yaml:"advice"`
	Suggested  string   `yaml:"suggested"`
	Edit       string   `yaml:"edit"`
	References []string `yaml:"references"`
	Check      string   `yaml:"check"`
	With       params   `yaml:"with"`
	Setting    setting  `yaml:"setting"`
	Disabled   bool     `yaml:"disabled"`
}

// params are the parameters of a procedure, each a list; a single value is a
// list of one.
type params map[string]list

// list is written as a list or as a single value.
type list []string

// UnmarshalYAML reads either form.
func (l *list) UnmarshalYAML(n *yaml.Node) error {
	items := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		items = n.Content
	}
	all := make(list, 0, len(items))
	for _, item := range items {
		if item.Kind != yaml.ScalarNode {
			return fmt.Errorf("line %d: expected a value or a list of values", item.Line)
		}
		all = append(all, item.Value)
	}
	*l = all
	return nil
}

var groups = []string{"accounts", "ssh", "password-policy", "image"}

// parser reads files of rules. A later file changes what earlier ones said.
type parser struct {
	titles map[string]string
	order  []string
	rules  map[string]written
}

// newRules reads files of which the first holds the built-in rules.
func newRules(sources ...rulefile.Source) (*Rules, error) {
	p := parser{titles: make(map[string]string), rules: make(map[string]written)}
	made := make(map[string]*rule)
	for _, s := range sources {
		if err := p.read(s, made); err != nil {
			return nil, err
		}
	}
	r := new(Rules)
	for _, id := range p.order {
		if !p.rules[id].Disabled {
			r.rules = append(r.rules, made[id])
		}
	}
	if len(r.rules) > maxRules {
		return nil, fmt.Errorf("rules: %d are more than %d", len(r.rules), maxRules)
	}
	return r, nil
}

// read adds the rules of one file and makes them.
func (p *parser) read(s rulefile.Source, made map[string]*rule) error {
	var doc document
	if err := s.Decode(&doc); err != nil {
		return err
	}
	maps.Copy(p.titles, doc.Findings)
	if len(doc.Rules) > maxRules {
		return s.At(1, fmt.Errorf("%d rules are more than %d", len(doc.Rules), maxRules))
	}
	seen := make(map[string]bool)
	for _, n := range doc.Rules {
		if err := p.add(n, seen, made); err != nil {
			return s.At(n.Line(), err)
		}
	}
	return nil
}

// add reads one rule. One with a known id changes the fields it has.
func (p *parser) add(n rulefile.Node, seen map[string]bool, made map[string]*rule) error {
	var named written
	if err := n.Decode(&named); err != nil {
		return err
	}
	id := named.ID
	if err := rulefile.CheckID("id", id); err != nil {
		return err
	}
	if seen[id] {
		return fmt.Errorf("rule %s is there twice", id)
	}
	seen[id] = true
	w, known := p.rules[id]
	w.With = maps.Clone(w.With)
	w.Disabled = false
	if err := n.Decode(&w); err != nil {
		return fmt.Errorf("rule %s: %w", id, err)
	}
	if w.Disabled && !known {
		return fmt.Errorf("rule %s: there is no such rule to disable", id)
	}
	r, err := p.make(w)
	if err != nil {
		return fmt.Errorf("rule %s: %w", id, err)
	}
	if !known {
		p.order = append(p.order, id)
	}
	p.rules[id], made[id] = w, r
	return nil
}

// make turns what is written into a rule, or says what is wrong with it.
func (p *parser) make(w written) (*rule, error) {
	r := &rule{written: w}
	var err error
	if r.severity, err = rulefile.ParseSeverity(w.Severity); err != nil {
		return nil, err
	}
	if r.unused, err = report.ParseSeverity(w.Unused); err != nil {
		return nil, err
	}
	switch {
	case !slices.Contains(groups, w.Group):
		return nil, fmt.Errorf("group %q: use one of %s", rulefile.Clip(w.Group), strings.Join(groups, ", "))
	case strings.TrimSpace(w.Title) == "" || strings.TrimSpace(w.Advice) == "":
		return nil, errors.New("title and advice are needed")
	}
	if w.Unused == "" {
		r.unused = r.severity
	}
	if err := checkTexts(w); err != nil {
		return nil, err
	}
	r.findingTitle = w.Title
	if w.Finding == "" {
		r.Finding = w.ID
	} else if r.findingTitle = p.titles[w.Finding]; r.findingTitle == "" {
		return nil, fmt.Errorf("finding %q has no title in findings", rulefile.Clip(w.Finding))
	}
	return r, r.choose()
}

// choose finds the procedure and checks what it is given.
func (r *rule) choose() error {
	if r.Check == "" {
		if err := r.Setting.check(); err != nil {
			return err
		}
		if len(r.With) > 0 {
			return errors.New("with belongs to check")
		}
		r.judge = checkSetting
		return nil
	}
	if r.Setting.Key != "" {
		return errors.New("either check or setting, not both")
	}
	m, ok := procedures[r.Check]
	if !ok {
		return fmt.Errorf("check %q is not known: use one of %s", rulefile.Clip(r.Check), strings.Join(slices.Sorted(maps.Keys(procedures)), ", "))
	}
	r.judge, r.build = m.run, m.build
	if err := m.check(r.With); err != nil {
		return err
	}
	r.patterns = sync.OnceValue(func() map[string][]*regexp.Regexp { return compile(m, r.With) })
	return nil
}

func checkTexts(w written) error {
	if len(w.References) > maxList {
		return fmt.Errorf("more than %d references", maxList)
	}
	texts := append([]string{w.Title, w.Standard, w.Means, w.Advice, w.Suggested, w.Edit}, w.References...)
	for _, t := range texts {
		if err := rulefile.CheckText(strings.ReplaceAll(t, "\n", " "), maxText); err != nil { // several lines are fine
			return err
		}
	}
	return nil
}

// paramKind says what a parameter may be.
type paramKind int

const (
	words paramKind = iota
	number
	globs
	regexps
)

// method is a procedure with the parameters it takes.
type method struct {
	run    procedure
	params map[string]paramKind
	// build says that it looks at how the image was built and is configured.
	build bool
}

func (m method) check(with params) error {
	for name, values := range with {
		kind, ok := m.params[name]
		if !ok {
			return fmt.Errorf("with: %q is no parameter: use %s", rulefile.Clip(name), strings.Join(slices.Sorted(maps.Keys(m.params)), ", "))
		}
		if len(values) > maxList {
			return fmt.Errorf("with: %s has more than %d values", name, maxList)
		}
		for _, v := range values {
			if err := kind.check(v); err != nil {
				return fmt.Errorf("with: %s: %w", name, err)
			}
		}
	}
	for name, kind := range m.params {
		if kind == number && len(with[name]) != 1 {
			return fmt.Errorf("with: %s must be one number", name)
		}
	}
	return nil
}

func (k paramKind) check(v string) error {
	if v == "" || len(v) > maxText {
		return fmt.Errorf("a value has 1 to %d bytes", maxText)
	}
	switch k {
	case number:
		if _, ok := integer(v); !ok {
			return fmt.Errorf("%q is no number", rulefile.Clip(v))
		}
	case globs:
		return checkGlob(v)
	case regexps:
		_, err := rulefile.Compile(v, nil)
		return err
	}
	return nil
}

func checkGlob(v string) error {
	if _, err := path.Match(v, "x"); err != nil || path.Clean(v) != v || path.IsAbs(v) {
		return fmt.Errorf("%q is no path below the root: write it as etc/ssh/*.conf", rulefile.Clip(v))
	}
	return nil
}

// compile makes the expressions among the parameters; they were checked.
func compile(m method, with params) map[string][]*regexp.Regexp {
	all := make(map[string][]*regexp.Regexp)
	for name, kind := range m.params {
		if kind != regexps {
			continue
		}
		for _, v := range with[name] {
			if re, err := regexp.Compile(v); err == nil {
				all[name] = append(all[name], re)
			}
		}
	}
	return all
}
