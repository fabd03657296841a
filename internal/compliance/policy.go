package compliance

import (
	_ "embed"
	"fmt"
	"io"
	"io/fs"
	"path"
	"sync"

	"github.com/pratique/pratique/internal/report"
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

var defaults = sync.OnceValues(func() (*Policy, error) { return newPolicy(builtin()) })

func builtin() []source {
	return []source{{"software.yaml", softwareFile, builtinSoftware}, {"licences.yaml", licenceFile, builtinLicences}}
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
	entries, err := fs.ReadDir(user, ".") // sorted by name
	if err != nil {
		return nil, fmt.Errorf("rules: %w", err)
	}
	sources := builtin()
	for _, e := range entries {
		kind, ok := kindOf(e.Name())
		if !ok {
			continue
		}
		content, err := readBounded(user, e.Name())
		if err != nil {
			return nil, fmt.Errorf("rules: %w", err)
		}
		sources = append(sources, source{e.Name(), kind, content})
	}
	if len(sources) == len(builtin()) {
		return Default(), nil
	}
	return newPolicy(sources)
}

func readBounded(user fs.FS, name string) ([]byte, error) {
	f, err := user.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if len(content) > maxFile {
		return nil, fmt.Errorf("%s has more than %d bytes", name, maxFile)
	}
	return content, nil
}

// newPolicy puts the files together; the built-in ones come first.
func newPolicy(sources []source) (*Policy, error) {
	p := newParser()
	for i, s := range sources {
		if err := p.read(s, i < len(builtin())); err != nil {
			return nil, err
		}
	}
	return p.policy(), nil
}
