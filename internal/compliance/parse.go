package compliance

import (
	"bytes"
	"cmp"
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
	maxFile  = 1 << 20
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

// source is a file of rules.
type source struct {
	name    string
	kind    fileKind
	content []byte
}

// The forms of the files; software.yaml and licences.yaml explain the fields.
type (
	softwareForm struct {
		Categories map[string]categoryForm `yaml:"categories"`
		Rules      []softwareRuleForm      `yaml:"rules"`
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
		Unlisted   string            `yaml:"unlisted"`
		Missing    string            `yaml:"missing"`
		Rules      []licenceRuleForm `yaml:"rules"`
		Exemptions []exemptionForm   `yaml:"exemptions"`
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

var (
	identifier = regexp.MustCompile(`^[a-z0-9][a-z0-9+.-]{0,63}$`)
	unknownKey = regexp.MustCompile(`^line (\d+): field (\S+) not found in type .*$`)
	typeError  = regexp.MustCompile(`^line (\d+): (.*)$`)
)

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
func (p *parser) read(s source, builtin bool) error {
	f := file{name: s.name, builtin: builtin}
	var err error
	if s.kind == softwareFile {
		var form softwareForm
		if f.tree, err = decode(s.name, s.content, &form); err != nil {
			return err
		}
		return p.readSoftware(f, form)
	}
	var form licenceForm
	if f.tree, err = decode(s.name, s.content, &form); err != nil {
		return err
	}
	return p.readLicences(f, form)
}

// file is a file being read, to tell the places of errors.
type file struct {
	name    string
	tree    *yaml.Node
	builtin bool
}

// fail says what is wrong with entry n of a list at the top of the file.
func (f file) fail(list string, n int, err error) error {
	return fmt.Errorf("%s:%d: %w", f.name, max(1, lineOf(f.tree, list, n)), err)
}

// lineOf returns the line of an entry of a field of the document.
func lineOf(doc *yaml.Node, field string, n int) int {
	if len(doc.Content) == 0 {
		return 1
	}
	top := doc.Content[0]
	for i := 0; i+1 < len(top.Content); i += 2 {
		if top.Content[i].Value != field {
			continue
		}
		if entries := top.Content[i+1].Content; n < len(entries) {
			return entries[n].Line
		}
		return top.Content[i].Line
	}
	return 1
}

// decode reads one strict document into form and returns its tree.
func decode(name string, content []byte, form any) (*yaml.Node, error) {
	var tree yaml.Node
	dec := yaml.NewDecoder(bytes.NewReader(content))
	if err := dec.Decode(&tree); errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s:1: the file is empty", name)
	} else if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err) // names the line
	}
	if err := dec.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s:1: there is more than one document", name)
	}
	dec = yaml.NewDecoder(bytes.NewReader(content))
	dec.KnownFields(true)
	err := dec.Decode(form)
	var wrong *yaml.TypeError
	switch {
	case errors.As(err, &wrong) && len(wrong.Errors) > 0:
		return nil, fmt.Errorf("%s:%s", name, plain(wrong.Errors[0]))
	case err != nil:
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return &tree, nil
}

// plain puts an error of the library, "line 3: field x not found in type y", in
// our form, without names of this program.
func plain(text string) string {
	if m := unknownKey.FindStringSubmatch(text); m != nil {
		return fmt.Sprintf("%s: %q is not a field", m[1], clip(m[2]))
	}
	if m := typeError.FindStringSubmatch(text); m != nil {
		what, _, _ := strings.Cut(m[2], " into ")
		return m[1] + ": " + clip(what) + " is not what belongs here"
	}
	return "1: " + text
}

func (p *parser) readSoftware(f file, form softwareForm) error {
	for _, name := range sortedKeys(form.Categories) {
		if err := p.addCategory(name, form.Categories[name]); err != nil {
			return f.fail("categories", 0, fmt.Errorf("category %s: %w", clip(name), err))
		}
	}
	if len(form.Rules) > maxRules {
		return f.fail("rules", 0, fmt.Errorf("%d rules are more than %d", len(form.Rules), maxRules))
	}
	for n, w := range form.Rules {
		if err := p.claim(f, w.ID, softwareFile, n); err != nil {
			return f.fail("rules", n, err)
		}
		if err := p.addSoftware(w); err != nil {
			return f.fail("rules", n, fmt.Errorf("rule %s: %w", w.ID, err))
		}
	}
	return nil
}

func (p *parser) readLicences(f file, form licenceForm) error {
	for _, setting := range []struct {
		name, value string
		target      *action
	}{{"unlisted", form.Unlisted, &p.unlisted}, {"missing", form.Missing, &p.missing}} {
		if setting.value == "" {
			continue
		}
		a, err := parseAction(setting.value, "ignore", "warn", "deny")
		if err != nil {
			return f.fail(setting.name, 0, fmt.Errorf("%s: %w", setting.name, err))
		}
		*setting.target = a
	}
	if len(form.Rules) > maxRules || len(form.Exemptions) > maxRules {
		return f.fail("rules", 0, fmt.Errorf("more than %d rules or exemptions", maxRules))
	}
	for n, w := range form.Rules {
		if err := p.claim(f, w.ID, licenceFile, n); err != nil {
			return f.fail("rules", n, err)
		}
		if err := p.addLicence(w, f.builtin); err != nil {
			return f.fail("rules", n, fmt.Errorf("rule %s: %w", w.ID, err))
		}
	}
	for n, w := range form.Exemptions {
		if err := p.addExemption(w); err != nil {
			return f.fail("exemptions", n, err)
		}
	}
	return nil
}

// claim checks that an id is one and that nothing else has it.
func (p *parser) claim(f file, id string, kind fileKind, n int) error {
	switch {
	case !identifier.MatchString(id):
		return fmt.Errorf("id %q: an id has up to 64 lower-case letters, digits, hyphens, dots and plus signs", clip(id))
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
	p.seen[id] = fmt.Sprintf("%s:%d", f.name, lineOf(f.tree, "rules", n))
	return nil
}

func (p *parser) addCategory(name string, w categoryForm) error {
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
		return nil, fmt.Errorf("category %q is not known: use one of %s", clip(w.Category), strings.Join(sortedKeys(p.categories), ", "))
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
			return nil, fmt.Errorf("executables: %q is neither a name nor the end of a path", clip(e))
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
	return report.Unknown, fmt.Errorf("severity %q: use low, medium, high or critical", clip(word))
}

func checkTexts(texts ...string) error {
	if len(texts) > maxList {
		return fmt.Errorf("more than %d references", maxList)
	}
	for _, s := range texts {
		if len(s) > maxText {
			return fmt.Errorf("a text has %d bytes, more than %d", len(s), maxText)
		}
		if strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
			return fmt.Errorf("the text %q holds what cannot be printed", clip(s))
		}
	}
	return nil
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// clip shortens a text of a file for an error.
func clip(s string) string {
	if len(s) > 60 {
		return s[:60] + "…"
	}
	return s
}
