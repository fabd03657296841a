package scan

import (
	"context"
	"sync"

	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/engine"
	"github.com/pratique/pratique/internal/rules"
)

// maxLenses is how many namespaces' rules are kept ready for use.
const maxLenses = 64

// lens is what an image is looked at through: rules, and an engine that gains
// facts by them.
type lens struct {
	rules  *rules.Set
	engine *engine.Engine
}

// lenses keeps those in use, by the state of a namespace's rules.
type lenses struct {
	base rules.Files
	own  lens // of namespaces without rules

	mu    sync.Mutex
	ready map[rulesState]lens // guarded by mu
}

// rulesState names a state of a namespace's rules.
type rulesState struct{ namespace, revision int64 }

// newLenses returns the lenses of an engine whose rules are those in base.
func newLenses(base rules.Files, set *rules.Set, e *engine.Engine) *lenses {
	return &lenses{base: base, own: lens{set, e}, ready: make(map[rulesState]lens)}
}

// of returns the lens for a namespace. The error is a *catalog.ScanError if its
// rules cannot be used, which happens when they were written for another version
// of this program.
func (l *lenses) of(files catalog.RuleFiles) (lens, error) {
	if len(files.Files) == 0 {
		return l.own, nil
	}
	state := rulesState{files.NamespaceID, files.Revision}
	l.mu.Lock()
	defer l.mu.Unlock()
	if found, ok := l.ready[state]; ok {
		return found, nil
	}
	set, err := rules.Load(l.base.With(contents(files)))
	if err != nil {
		return lens{}, catalog.ScanErrorf(catalog.CauseUnknown, "the rules of the namespace cannot be used: %w", err)
	}
	if len(l.ready) >= maxLenses {
		clear(l.ready)
	}
	made := lens{set, l.own.engine.With(set)}
	l.ready[state] = made
	return made, nil
}

// by returns the lens whose facts have a version, if it is ready.
func (l *lenses) by(version string) (lens, bool) {
	if l.own.engine.Version() == version {
		return l.own, true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, one := range l.ready {
		if one.engine.Version() == version {
			return one, true
		}
	}
	return lens{}, false
}

func contents(files catalog.RuleFiles) rules.Files {
	all := make(rules.Files, len(files.Files))
	for _, f := range files.Files {
		all[f.Name] = f.Content
	}
	return all
}

// lens returns what images of a namespace are looked at through.
func (s *Service) lens(ctx context.Context, instanceID, namespace string) (lens, error) {
	files, err := s.cfg.Store.Rules(ctx, instanceID, namespace)
	if err != nil {
		return lens{}, err
	}
	return s.lenses.of(files)
}

// lensFor returns the lens of a namespace whose facts have the version that a
// scan was planned with. Rules that changed meanwhile count for the next scan;
// the error is a *catalog.ScanError if nobody knows those before any more.
func (s *Service) lensFor(ctx context.Context, instanceID, namespace, version string) (lens, error) {
	now, err := s.lens(ctx, instanceID, namespace)
	if err != nil || version == "" || now.engine.Version() == version {
		return now, err
	}
	if before, ok := s.lenses.by(version); ok {
		return before, nil
	}
	return lens{}, catalog.ScanErrorf(catalog.CauseUnknown, "the rules or the program changed while the image was scanned; scan it again")
}

// NeedScan counts the images of a namespace whose facts were gained by other
// rules than those in force, or by another version of the program. The rules
// count for them once they are scanned again. NotFound "namespace_not_found".
func (s *Service) NeedScan(ctx context.Context, instanceID, namespace string) (int, error) {
	l, err := s.lens(ctx, instanceID, namespace)
	if err != nil {
		return 0, err
	}
	return s.cfg.Store.OtherCollectors(ctx, instanceID, namespace, l.engine.Version())
}

// SetRule adds or replaces a file of rules of a namespace; without content it
// removes the file. Images are judged again by it as far as no other facts are
// needed for that; see NeedScan. Rules that cannot be used are refused
// and those in force stay in force.
//
// Errors: Invalid "rules_invalid", which names file, line and what is wrong;
// NotFound "namespace_not_found" and "rule_file_not_found"; Conflict
// "rules_changed" if somebody else changed the rules at the same time.
func (s *Service) SetRule(ctx context.Context, instanceID, namespace string, f catalog.RuleFile) error {
	before, err := s.cfg.Store.Rules(ctx, instanceID, namespace)
	if err != nil {
		return err
	}
	if !rules.Owned(f.Name) {
		return catalog.Errorf(catalog.Invalid, "rules_invalid", "nothing is known to be read from a file %q", f.Name).
			Advise("use a name such as %s", rules.Kinds())
	}
	after := contents(before)
	if len(f.Content) == 0 {
		delete(after, f.Name)
	} else {
		after[f.Name] = f.Content
	}
	if _, err := rules.Load(s.lenses.base.With(after)); err != nil {
		return catalog.Errorf(catalog.Invalid, "rules_invalid", "%w", err).
			Advise("correct the file; the rules that were in force still are")
	}
	return s.cfg.Store.PutRule(ctx, before, f)
}
