package baseline

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"

	"go.yaml.in/yaml/v3"

	"github.com/pratique/pratique/internal/report"
)

// Bounds of rule files. They are a user's own, but come from other people.
const (
	maxFile  = 1 << 20
	maxRules = 1000
	maxList  = 200
	maxText  = 2000
	maxDepth = 20
)

// source is a file of rules.
type source struct {
	name    string
	content []byte
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

var (
	topFields  = []string{"findings", "rules"}
	ruleFields = []string{"id", "group", "title", "standard", "severity", "severity-without-passwords", "finding", "means", "advice",
		"suggested", "edit", "references", "check", "with", "setting", "disabled"}
	settingFields = []string{"files", "format", "key", "operator", "values", "default"}
	groups        = []string{"accounts", "ssh", "password-policy", "image"}
	identifier    = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{1,63}$`)
)

// parser reads files of rules. A later file changes what earlier ones said.
type parser struct {
	titles map[string]string
	order  []string
	rules  map[string]written
}

// newRules reads files of which the first holds the built-in rules.
func newRules(sources ...source) (*Rules, error) {
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
func (p *parser) read(s source, made map[string]*rule) error {
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
	if n := unusable(&doc, 0); n != nil {
		return fail(n.Line, errors.New("aliases and deep nesting are not supported"))
	}
	top := doc.Content[0]
	if line, err := checkFields(top, topFields); err != nil {
		return fail(line, err)
	}
	if n := field(top, "findings"); n != nil {
		if err := n.Decode(&p.titles); err != nil {
			return fail(n.Line, fmt.Errorf("findings: %w", err))
		}
	}
	all := field(top, "rules")
	if all == nil {
		return nil
	}
	if all.Kind != yaml.SequenceNode || len(all.Content) > maxRules {
		return fail(all.Line, fmt.Errorf("rules: expected a list of at most %d", maxRules))
	}
	seen := make(map[string]bool)
	for _, item := range all.Content {
		if line, err := p.add(item, seen, made); err != nil {
			return fail(line, err)
		}
	}
	return nil
}

// unusable returns the first alias, or a node nested too deep to be followed.
func unusable(n *yaml.Node, depth int) *yaml.Node {
	if n.Kind == yaml.AliasNode || depth > maxDepth {
		return n
	}
	for _, c := range n.Content {
		if u := unusable(c, depth+1); u != nil {
			return u
		}
	}
	return nil
}

// field returns the value of a key of a mapping, nil if it has none.
func field(n *yaml.Node, key string) *yaml.Node {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

// checkFields checks that a node is a mapping with these keys only, each once,
// and returns the line where it is not.
func checkFields(n *yaml.Node, known []string) (int, error) {
	if n.Kind != yaml.MappingNode {
		return n.Line, fmt.Errorf("expected fields (%s)", strings.Join(known, ", "))
	}
	seen := make(map[string]bool)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		switch {
		case !slices.Contains(known, key.Value):
			return key.Line, fmt.Errorf("%q is not a field: use %s", clip(key.Value), strings.Join(known, ", "))
		case seen[key.Value]:
			return key.Line, fmt.Errorf("%q is there twice", key.Value)
		}
		seen[key.Value] = true
	}
	return 0, nil
}

// add reads one rule. One with a known id changes the fields it has.
func (p *parser) add(item *yaml.Node, seen map[string]bool, made map[string]*rule) (int, error) {
	if line, err := checkFields(item, ruleFields); err != nil {
		return line, err
	}
	if n := field(item, "setting"); n != nil {
		if line, err := checkFields(n, settingFields); err != nil {
			return line, err
		}
	}
	id := ""
	if n := field(item, "id"); n != nil {
		id = n.Value
	}
	if !identifier.MatchString(id) {
		return item.Line, fmt.Errorf("id %q: an id has 2 to 64 lower-case letters, digits and hyphens", clip(id))
	}
	if seen[id] {
		return item.Line, fmt.Errorf("rule %s is there twice", id)
	}
	seen[id] = true
	w, known := p.rules[id]
	w.With = maps.Clone(w.With)
	w.Disabled = false
	if err := item.Decode(&w); err != nil {
		return item.Line, fmt.Errorf("rule %s: %w", id, err)
	}
	if w.Disabled && !known {
		return item.Line, fmt.Errorf("rule %s: there is no such rule to disable", id)
	}
	r, err := p.make(w)
	if err != nil {
		return item.Line, fmt.Errorf("rule %s: %w", id, err)
	}
	if !known {
		p.order = append(p.order, id)
	}
	p.rules[id], made[id] = w, r
	return 0, nil
}

// make turns what is written into a rule, or says what is wrong with it.
func (p *parser) make(w written) (*rule, error) {
	r := &rule{written: w}
	var err error
	if r.severity, err = report.ParseSeverity(w.Severity); err != nil {
		return nil, err
	}
	if r.unused, err = report.ParseSeverity(w.Unused); err != nil {
		return nil, err
	}
	switch {
	case r.severity == report.Unknown:
		return nil, errors.New("severity is missing: use low, medium, high or critical")
	case !slices.Contains(groups, w.Group):
		return nil, fmt.Errorf("group %q: use one of %s", clip(w.Group), strings.Join(groups, ", "))
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
		return nil, fmt.Errorf("finding %q has no title in findings", clip(w.Finding))
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
		return fmt.Errorf("check %q is not known: use one of %s", clip(r.Check), strings.Join(slices.Sorted(maps.Keys(procedures)), ", "))
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
		if len(t) > maxText {
			return fmt.Errorf("a text has %d bytes, more than %d", len(t), maxText)
		}
		if strings.ContainsFunc(t, func(r rune) bool { return !unicode.IsPrint(r) && r != '\n' }) {
			return fmt.Errorf("the text %q holds what cannot be printed", clip(t))
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
			return fmt.Errorf("with: %q is no parameter: use %s", clip(name), strings.Join(slices.Sorted(maps.Keys(m.params)), ", "))
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
			return fmt.Errorf("%q is no number", clip(v))
		}
	case globs:
		return checkGlob(v)
	case regexps:
		re, err := regexp.Compile(v)
		if err != nil {
			return err
		}
		if re.MatchString("") {
			return fmt.Errorf("the pattern %q matches the empty text", clip(v))
		}
	}
	return nil
}

func checkGlob(v string) error {
	if _, err := path.Match(v, "x"); err != nil || path.Clean(v) != v || path.IsAbs(v) {
		return fmt.Errorf("%q is no path below the root: write it as etc/ssh/*.conf", clip(v))
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

// clip shortens a text of a file for an error.
func clip(s string) string {
	if len(s) > 60 {
		return strings.ToValidUTF8(s[:60], "") + "…"
	}
	return s
}
