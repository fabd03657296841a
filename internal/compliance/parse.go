package compliance

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/pratique/pratique/internal/report"
	"github.com/pratique/pratique/internal/rulefile"
)

// Bounds of rule files. They are a user's own, but come from other people.
const (
	maxRules = 2000
	maxList  = 500
	maxText  = 1000
)

// fileKind is what a file of rules is about.
type fileKind int

const (
	softwareFile fileKind = iota + 1
	licenceFile
)

// file is a file of rules, one of ours or a user's.
type file struct {
	rulefile.Source
	builtin bool
}

// The forms of the files; software.yaml and licences.yaml explain the fields.
type (
	softwareForm struct {
		Categories map[string]rulefile.Node `yaml:"categories"`
		Rules      []rulefile.Node          `yaml:"rules"`
	}
	categoryForm struct {
		Title    string `yaml:"title"`
		Severity string `yaml:"severity"`
		Reason   string `yaml:"reason"`
		Remedy   string `yaml:"remedy"`
	}
	softwareRuleForm struct {
		ID          string   `yaml:"id"`
		Category    string   `yaml:"category"`
		Title       string   `yaml:"title"`
		Severity    string   `yaml:"severity"`
		Packages    []string `yaml:"packages"`
		Versions    string   `yaml:"versions"`
		Executables []string `yaml:"executables"`
		Together    bool     `yaml:"together"`
		Reason      string   `yaml:"reason"`
		Remedy      string   `yaml:"remedy"`
		References  []string `yaml:"references"`
		Disabled    bool     `yaml:"disabled"`
	}
	licenceForm struct {
		Unlisted   rulefile.Node   `yaml:"unlisted"`
		Missing    rulefile.Node   `yaml:"missing"`
		Rules      []rulefile.Node `yaml:"rules"`
		Exemptions []rulefile.Node `yaml:"exemptions"`
	}
	licenceRuleForm struct {
		ID         string   `yaml:"id"`
		Title      string   `yaml:"title"`
		Action     string   `yaml:"action"`
		Severity   string   `yaml:"severity"`
		Licences   []string `yaml:"licences"`
		Types      []string `yaml:"types"`
		Reason     string   `yaml:"reason"`
		Remedy     string   `yaml:"remedy"`
		References []string `yaml:"references"`
		Disabled   bool     `yaml:"disabled"`
	}
	exemptionForm struct {
		Packages []string `yaml:"packages"`
		Licences []string `yaml:"licences"`
		Reason   string   `yaml:"reason"`
	}
)

// identifier is wider than that of other rules: it takes names of programs.
var identifier = regexp.MustCompile(`^[a-z0-9][a-z0-9+.-]{0,63}$`)

// reserved are rules that no file describes.
var reserved = []string{unlistedRule, missingRule, "end-of-life-runtime"}

// parser reads files of rules.
type parser struct {
	categories map[string]Rule
	software   []*softwareRule
	own        []*licenceRule // of users, in order
	builtin    []*licenceRule
	exemptions []exemption
	unlisted   action
	missing    action
	// seen says for an id where a user's rule of it stands.
	seen map[string]string
	// kinds says for the id of a built-in rule what it is about.
	kinds map[string]fileKind
}

func newParser() *parser {
	return &parser{categories: make(map[string]Rule), seen: make(map[string]string), kinds: make(map[string]fileKind)}
}

func (p *parser) policy() *Policy {
	return &Policy{
		software: newSoftware(p.software),
		licences: newLicences(slices.Concat(p.own, p.builtin), p.exemptions, p.unlisted, p.missing),
	}
}

// read adds the rules of one file.
func (p *parser) read(f file) error {
	if kind, _ := kindOf(f.Name); kind == softwareFile {
		return p.readSoftware(f)
	}
	return p.readLicences(f)
}

func (p *parser) readSoftware(f file) error {
	var form softwareForm
	if err := f.Decode(&form); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(form.Categories)) {
		n := form.Categories[name]
		if err := p.addCategory(name, n); err != nil {
			return f.At(n.Line(), fmt.Errorf("category %s: %w", rulefile.Clip(name), err))
		}
	}
	return eachRule(f, form.Rules, func(n rulefile.Node) error {
		var w softwareRuleForm
		if err := n.Decode(&w); err != nil {
			return err
		}
		if err := p.claim(f, w.ID, softwareFile, n.Line()); err != nil {
			return err
		}
		if err := p.addSoftware(w); err != nil {
			return fmt.Errorf("rule %s: %w", w.ID, err)
		}
		return nil
	})
}

func (p *parser) readLicences(f file) error {
	var form licenceForm
	if err := f.Decode(&form); err != nil {
		return err
	}
	for _, setting := range []struct {
		name   string
		value  rulefile.Node
		target *action
	}{{"unlisted", form.Unlisted, &p.unlisted}, {"missing", form.Missing, &p.missing}} {
		if err := readAction(setting.value, setting.target); err != nil {
			return f.At(setting.value.Line(), fmt.Errorf("%s: %w", setting.name, err))
		}
	}
	err := eachRule(f, form.Rules, func(n rulefile.Node) error {
		var w licenceRuleForm
		if err := n.Decode(&w); err != nil {
			return err
		}
		if err := p.claim(f, w.ID, licenceFile, n.Line()); err != nil {
			return err
		}
		if err := p.addLicence(w, f.builtin); err != nil {
			return fmt.Errorf("rule %s: %w", w.ID, err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return eachRule(f, form.Exemptions, func(n rulefile.Node) error {
		var w exemptionForm
		if err := n.Decode(&w); err != nil {
			return err
		}
		return p.addExemption(w)
	})
}

// eachRule adds the entries of a list of rules.
func eachRule(f file, rules []rulefile.Node, add func(n rulefile.Node) error) error {
	if len(rules) > maxRules {
		return f.At(1, fmt.Errorf("%d rules are more than %d", len(rules), maxRules))
	}
	for _, n := range rules {
		if err := add(n); err != nil {
			return f.At(n.Line(), err)
		}
	}
	return nil
}

// readAction sets what to do where a file says so.
func readAction(n rulefile.Node, target *action) error {
	var word string
	if err := n.Decode(&word); err != nil || word == "" {
		return err
	}
	a, err := parseAction(word, "ignore", "warn", "deny")
	if err == nil {
		*target = a
	}
	return err
}

// claim checks that an id is one and that nothing else has it.
func (p *parser) claim(f file, id string, kind fileKind, line int) error {
	switch {
	case !identifier.MatchString(id):
		return fmt.Errorf("id %q: an id has up to 64 lower-case letters, digits, hyphens, dots and plus signs", rulefile.Clip(id))
	case slices.Contains(reserved, id):
		return fmt.Errorf("id %s is taken by Pratique itself", id)
	case p.seen[id] != "":
		return fmt.Errorf("rule %s is there twice, the first time in %s", id, p.seen[id])
	case p.kinds[id] != 0 && p.kinds[id] != kind:
		return fmt.Errorf("id %s is that of a built-in rule about something else", id)
	case p.kinds[id] != 0 && f.builtin:
		return fmt.Errorf("rule %s is there twice", id)
	}
	if f.builtin {
		p.kinds[id] = kind
		return nil
	}
	p.seen[id] = fmt.Sprintf("%s:%d", f.Name, line)
	return nil
}

func (p *parser) addCategory(name string, n rulefile.Node) error {
	var w categoryForm
	if err := n.Decode(&w); err != nil {
		return err
	}
	if !identifier.MatchString(name) {
		return errors.New("a name has up to 64 lower-case letters, digits and hyphens")
	}
	severity, err := parseSeverity(w.Severity)
	if err != nil {
		return err
	}
	if severity == report.Unknown {
		return errors.New("severity is missing: use low, medium, high or critical")
	}
	for _, text := range []struct{ name, value string }{{"title", w.Title}, {"reason", w.Reason}, {"remedy", w.Remedy}} {
		if strings.TrimSpace(text.value) == "" {
			return fmt.Errorf("%s is missing", text.name)
		}
	}
	if err := checkTexts(w.Title, w.Reason, w.Remedy); err != nil {
		return err
	}
	old, known := p.categories[name]
	made := Rule{Category: name, Title: w.Title, Severity: severity, Reason: w.Reason, Remedy: w.Remedy}
	p.categories[name] = made
	if known {
		for _, r := range p.software {
			r.inherit(old, made)
		}
	}
	return nil
}

// inherit passes a changed category on to a rule that had its words from it.
func (r *softwareRule) inherit(old, made Rule) {
	if r.Category != old.Category {
		return
	}
	if r.Title == old.Title {
		r.Title = made.Title
	}
	if r.Severity == old.Severity {
		r.Severity = made.Severity
	}
	if r.Reason == old.Reason {
		r.Reason = made.Reason
	}
	if r.Remedy == old.Remedy {
		r.Remedy = made.Remedy
	}
}

func (p *parser) addSoftware(w softwareRuleForm) error {
	at := slices.IndexFunc(p.software, func(r *softwareRule) bool { return r.ID == w.ID })
	if w.Disabled {
		if at < 0 {
			return errors.New("there is no such rule to disable")
		}
		p.software = slices.Delete(p.software, at, at+1)
		return nil
	}
	made, err := p.makeSoftware(w)
	switch {
	case err != nil:
		return err
	case at >= 0:
		p.software[at] = made
	default:
		p.software = append(p.software, made)
	}
	return nil
}

func (p *parser) makeSoftware(w softwareRuleForm) (*softwareRule, error) {
	c, ok := p.categories[w.Category]
	if !ok {
		return nil, fmt.Errorf("category %q is not known: use one of %s", rulefile.Clip(w.Category), strings.Join(slices.Sorted(maps.Keys(p.categories)), ", "))
	}
	severity, err := parseSeverity(w.Severity)
	if err != nil {
		return nil, err
	}
	r := &softwareRule{Rule: Rule{
		ID: w.ID, Category: w.Category, References: w.References, Together: w.Together,
		Title:    cmp.Or(w.Title, c.Title),
		Severity: cmp.Or(severity, c.Severity),
		Reason:   cmp.Or(w.Reason, c.Reason),
		Remedy:   cmp.Or(w.Remedy, c.Remedy),
	}}
	if err := checkTexts(append(w.References, w.Title, w.Reason, w.Remedy)...); err != nil {
		return nil, err
	}
	if len(w.Packages) == 0 && len(w.Executables) == 0 {
		return nil, errors.New("packages or executables are missing")
	}
	if r.packages, err = parsePackages(w.Packages); err != nil {
		return nil, err
	}
	if r.versions, err = parseConstraints(w.Versions); err != nil {
		return nil, err
	}
	if len(r.versions) > 0 && len(w.Executables) > 0 {
		return nil, errors.New("versions and executables do not go together: the version of a program alone is not known")
	}
	if len(w.Executables) > maxList {
		return nil, fmt.Errorf("more than %d executables", maxList)
	}
	for _, e := range w.Executables {
		if e == "" || len(e) > maxText || path.Clean(e) != e || e[0] == '/' || e[0] == '.' {
			return nil, fmt.Errorf("executables: %q is neither a name nor the end of a path", rulefile.Clip(e))
		}
	}
	r.executables = w.Executables
	return r, nil
}

func (p *parser) addLicence(w licenceRuleForm, builtin bool) error {
	drop := func(list []*licenceRule) ([]*licenceRule, bool) {
		n := len(list)
		list = slices.DeleteFunc(list, func(r *licenceRule) bool { return r.ID == w.ID })
		return list, len(list) < n
	}
	var known bool
	p.builtin, known = drop(p.builtin)
	if w.Disabled {
		if !known {
			return errors.New("there is no such rule to disable")
		}
		return nil
	}
	made, err := makeLicence(w)
	switch {
	case err != nil:
		return err
	case builtin:
		p.builtin = append(p.builtin, made)
	default:
		p.own = append(p.own, made)
	}
	return nil
}

func makeLicence(w licenceRuleForm) (*licenceRule, error) {
	act, err := parseAction(w.Action, "allow", "warn", "deny")
	if err != nil {
		return nil, fmt.Errorf("action: %w", err)
	}
	severity, err := parseSeverity(w.Severity)
	if err != nil {
		return nil, err
	}
	if err := checkTexts(append(w.References, w.Title, w.Reason, w.Remedy)...); err != nil {
		return nil, err
	}
	r := &licenceRule{action: act, Rule: Rule{
		ID: w.ID, References: w.References,
		Title:    cmp.Or(w.Title, "Licence that is not wanted"),
		Severity: cmp.Or(severity, act.severity()),
		Reason:   cmp.Or(w.Reason, "The licence policy names it."),
		Remedy:   cmp.Or(w.Remedy, "Use another component, or have those who answer for licences allow this one in the licence policy."),
	}}
	if len(w.Licences) == 0 {
		return nil, errors.New("licences are missing")
	}
	if r.licences, err = parseLicences(w.Licences); err != nil {
		return nil, err
	}
	if r.types, err = parseTypes(w.Types); err != nil {
		return nil, err
	}
	return r, nil
}

func (p *parser) addExemption(w exemptionForm) error {
	if len(w.Packages) == 0 {
		return errors.New("packages are missing")
	}
	if strings.TrimSpace(w.Reason) == "" {
		return errors.New("reason is missing: say why, for those who read this later")
	}
	if err := checkTexts(w.Reason); err != nil {
		return err
	}
	packages, err := parsePackages(w.Packages)
	if err != nil {
		return err
	}
	licences, err := parseLicences(w.Licences)
	if err != nil {
		return err
	}
	p.exemptions = append(p.exemptions, exemption{packages, licences})
	return nil
}

func parseSeverity(word string) (report.Severity, error) {
	switch word {
	case "", "low", "medium", "high", "critical":
		return report.ParseSeverity(word)
	}
	return report.Unknown, fmt.Errorf("severity %q: use low, medium, high or critical", rulefile.Clip(word))
}

func checkTexts(texts ...string) error {
	if len(texts) > maxList {
		return fmt.Errorf("more than %d references", maxList)
	}
	for _, s := range texts {
		if err := rulefile.CheckText(s, maxText); err != nil {
			return err
		}
	}
	return nil
}
