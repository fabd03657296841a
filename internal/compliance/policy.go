package compliance

import (
	_ "embed"
	"io/fs"
	"path"
	"sync"

	"github.com/pratique/pratique/internal/report"
	"github.com/pratique/pratique/internal/rulefile"
)

var (
	//go:embed software.yaml
	builtinSoftware []byte
	//go:embed licences.yaml
	builtinLicences []byte
)

// Rule is what a reader is told about a rule.
type Rule struct {
	// ID is unique among the rules of a policy.
	ID       string
	Title    string
	Severity report.Severity
	// Category is what kind of software a rule is about: "capture", "compiler";
	// empty for a rule about licences.
	Category string
	// Reason says what is wrong, Remedy what to do about it; both in sentences.
	Reason, Remedy string
	References     []string
	// Together says that all packages a rule is about make one finding.
	Together bool
}

// Policy is what is wanted, ready for use. It is safe for concurrent use.
type Policy struct {
	software *software
	licences *licences
}

var defaults = sync.OnceValues(func() (*Policy, error) { return newPolicy() })

func builtin() []rulefile.Source {
	return []rulefile.Source{{Name: "software.yaml", Content: builtinSoftware}, {Name: "licences.yaml", Content: builtinLicences}}
}

// Default returns the built-in policy.
func Default() *Policy {
	p, err := defaults()
	if err != nil {
		// Not with this program: a test reads the files.
		return &Policy{software: &software{}, licences: &licences{}}
	}
	return p
}

// Owns reports whether a user's file of this name is read here: "software.yaml",
// "licences-team.yaml".
func Owns(name string) bool {
	_, ok := kindOf(name)
	return ok
}

// kindOf tells what a user's file holds by its name.
func kindOf(name string) (fileKind, bool) {
	for pattern, kind := range map[string]fileKind{"software*.yaml": softwareFile, "licences*.yaml": licenceFile} {
		if ok, _ := path.Match(pattern, name); ok {
			return kind, true
		}
	}
	return 0, false
}

// Load returns the built-in policy with the rules in the user's files added, in
// the order of their names; without any it returns Default. The error names
// file, line and what is wrong.
func Load(user fs.FS) (*Policy, error) {
	files, err := rulefile.Load(user, Owns)
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return Default(), nil
	}
	return newPolicy(files...)
}

// newPolicy puts the built-in files and a user's together.
func newPolicy(own ...rulefile.Source) (*Policy, error) {
	p := newParser()
	for _, s := range builtin() {
		if err := p.read(file{s, true}); err != nil {
			return nil, err
		}
	}
	for _, s := range own {
		if err := p.read(file{s, false}); err != nil {
			return nil, err
		}
	}
	return p.policy(), nil
}
