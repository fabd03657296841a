package baseline

import (
	_ "embed"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"sync"

	"github.com/pratique/pratique/internal/report"
	"github.com/pratique/pratique/internal/rulefile"
)

//go:embed baseline.yaml
var builtin []byte

// Rules is a set of rules, ready for use. It is safe for concurrent use.
type Rules struct {
	rules []*rule
}

var defaults = sync.OnceValues(func() (*Rules, error) { return newRules(rulefile.Source{Name: "baseline.yaml", Content: builtin}) })

// Default returns the built-in rules.
func Default() *Rules {
	rules, err := defaults()
	if err != nil {
		return new(Rules) // not with this program: a test reads the file
	}
	return rules
}

// Owns reports whether a user's file of this name holds rules for settings:
// "baseline.yaml", "baseline-team.yaml".
func Owns(name string) bool {
	ok, _ := path.Match("baseline*.yaml", name)
	return ok
}

// Load returns the built-in rules changed and extended by those in the user's
// files, in the order of their names; without any it returns Default. The error
// names file, line and what is wrong.
func Load(user fs.FS) (*Rules, error) {
	files, err := rulefile.Load(user, Owns)
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return Default(), nil
	}
	return newRules(append([]rulefile.Source{{Name: "baseline.yaml", Content: builtin}}, files...)...)
}

// IDs lists the rules in their order.
func (r *Rules) IDs() []string {
	ids := make([]string, 0, len(r.rules))
	for _, one := range r.rules {
		ids = append(ids, one.ID)
	}
	return ids
}

// Check applies all rules, in their order.
func (r *Rules) Check(facts *report.ImageFacts, known Known) []Outcome {
	return r.Complete(facts, known, r.CheckBuild(facts, known))
}

// CheckBuild applies the rules about how the image was built and is configured.
func (r *Rules) CheckBuild(facts *report.ImageFacts, known Known) []Outcome {
	s := newSystem(facts, known)
	var outcomes []Outcome
	for _, one := range r.rules {
		if one.build {
			outcomes = append(outcomes, one.apply(s))
		}
	}
	return outcomes
}

// Complete applies the other rules and returns what all came to, in their order;
// built is what CheckBuild returned.
func (r *Rules) Complete(facts *report.ImageFacts, known Known, built []Outcome) []Outcome {
	s := newSystem(facts, known)
	outcomes := make([]Outcome, 0, len(r.rules))
	for _, one := range r.rules {
		if one.build {
			outcomes, built = append(outcomes, built[0]), built[1:]
		} else {
			outcomes = append(outcomes, one.apply(s))
		}
	}
	return outcomes
}

// rule is one rule, checked.
type rule struct {
	written
	severity report.Severity
	// unused stands instead of severity while no account has a password.
	unused       report.Severity
	findingTitle string
	judge        procedure
	build        bool
	// patterns are the expressions among the parameters, by parameter.
	patterns func() map[string][]*regexp.Regexp
}

// procedure decides about one rule.
type procedure func(s *system, r *rule) verdict

// verdict is what a procedure came to. The zero value is "not applicable".
type verdict struct {
	result  report.CheckResult
	looked  string
	current string
	places  []report.Location
	// evidence are excerpts, names what is at fault: accounts, files.
	evidence []string
	names    []string
	// idle says that what is wrong has no effect as long as no account has a
	// password.
	idle bool
	// install is what stands for "{install}" in the edit, noCommand if it is not
	// known.
	install string
}

// noCommand says that no command is known.
const noCommand = "?"

// Bounds of what is told of one rule.
const (
	maxPlaces   = 50
	maxEvidence = 20
	maxNamed    = 5
	maxCurrent  = 300
)

func (r *rule) apply(s *system) Outcome {
	v := r.judge(s, r)
	if v.result == "" {
		v.result = report.NotApplicable
	}
	o := Outcome{
		Check: report.Check{
			ID: r.ID, Group: r.Group, Title: r.Title, Standard: r.Standard, Severity: r.severity,
			Result: v.result, Looked: report.Printable(v.looked, maxCurrent), Current: report.Printable(v.current, maxCurrent),
			Suggested: r.fill(r.Suggested, "", ""),
		},
		Finding: r.Finding, FindingTitle: r.findingTitle,
		Means: r.fill(r.Means, "", ""), Advice: r.fill(r.Advice, "", ""), References: slices.Clone(r.References),
	}
	if v.result == report.Failed {
		if v.idle {
			o.Severity = min(r.severity, r.unused)
		}
		o.Places = v.places[:min(len(v.places), maxPlaces)]
		for _, e := range v.evidence[:min(len(v.evidence), maxEvidence)] {
			o.Evidence = append(o.Evidence, report.Printable(e, 200))
		}
		o.Command = r.commands(v)
	}
	if o.Edit = o.Command; o.Edit == "" {
		o.Edit = o.Advice
	}
	return o
}
