package scan

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/pratique/pratique/internal/advisory"
	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/gate"
	"github.com/pratique/pratique/internal/judge"
	"github.com/pratique/pratique/internal/report"
)

const (
	// againEvery is how often changes are looked for that make judging again
	// necessary.
	againEvery = time.Second
	// againBatch is how many artifacts are judged before what became of them is
	// stored: a process that dies loses no more.
	againBatch = 200
	// leaseEvery is how often the process that judges again says that it does.
	leaseEvery = 10 * time.Second
	// inUse is for how long an image counts as used after it was pulled.
	inUse = 30 * 24 * time.Hour
	// maxRemembered bounds the packages kept between batches, with what was found
	// in them.
	maxRemembered = 50_000
	// againPause is how long it waits after something went wrong.
	againPause = 30 * time.Second
)

// again judges artifacts again, in one goroutine.
type again struct {
	*Service
	id     string // names this process to the others
	leased time.Time

	// What is kept between batches, for as long as db is in force: its answers,
	// sets of packages by id, and what was found in them.
	db     *advisory.DB
	known  judge.Knowledge
	sets   map[int64]*heldSet
	found  map[catalog.HeldSet]*setFindings
	weight int // packages in sets
}

// setFindings is what is wrong with the packages of one layer alone.
type setFindings struct {
	// vulnerable are the vulnerabilities, the most urgent first, and exposure is
	// what the gate needs to know of each. Of packages that are malicious there is
	// nothing in them.
	vulnerable []report.Vulnerability
	exposure   []catalog.Exposure
	malicious  bool
}

// judgeAgainUntil judges artifacts again whenever advisories, rules, policies or
// exceptions have changed or something has expired, until ctx is done. Of several
// processes on one database one does.
func (s *Service) judgeAgainUntil(ctx context.Context) {
	a := &again{Service: s, id: rand.Text()}
	defer a.release(ctx)
	for {
		wait := againEvery
		if err := a.run(ctx); err != nil && ctx.Err() == nil {
			s.cfg.Logger.Error("judging again was interrupted and goes on later", "error", err)
			wait = againPause
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

// run does all there is to do.
func (a *again) run(ctx context.Context) error {
	if mine, err := a.lease(ctx); err != nil || !mine {
		return err
	}
	if !a.cfg.Knowledge.Ready() {
		return nil // as long as nothing can be scanned
	}
	if err := a.newAdvisories(ctx); err != nil {
		return err
	}
	waiting, err := a.cfg.Store.JudgeOutdated(ctx)
	if err != nil || !waiting {
		return err
	}
	defer a.forget()
	for {
		done, err := a.batch(ctx)
		if err != nil {
			return err
		}
		if done == 0 {
			return a.tell(ctx)
		}
		if mine, err := a.lease(ctx); err != nil || !mine {
			return err
		}
	}
}

// release lets another process go on at once. If it fails, that one waits until
// the lease ends.
func (a *again) release(ctx context.Context) {
	if a.leased.IsZero() {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopGrace)
	defer cancel()
	if err := a.cfg.Store.ReleaseJudging(ctx, a.id); err != nil {
		a.cfg.Logger.Debug("the lease of judging again is not released", "error", err)
	}
}

func (a *again) lease(ctx context.Context) (mine bool, err error) {
	if now := a.cfg.Now(); now.Sub(a.leased) >= leaseEvery || now.Before(a.leased) {
		if mine, err = a.cfg.Store.LeaseJudging(ctx, a.id); err != nil || !mine {
			return false, err
		}
		a.leased = now
	}
	return true, nil
}

func (a *again) tell(ctx context.Context) error {
	state, err := a.cfg.Store.Judging(ctx)
	if err == nil {
		a.cfg.Logger.Info("judged again", "images", state.Done, "changed", state.Changed, "verdicts", state.Verdicts,
			"failed", state.Failed, "advisories", state.Advisories, "took", state.EndedAt.Sub(state.StartedAt))
	}
	return err
}

// newAdvisories puts what advisories that came into force concern on the list.
func (a *again) newAdvisories(ctx context.Context) error {
	state, err := a.cfg.Store.Judging(ctx)
	if err != nil {
		return err
	}
	var keys []catalog.AdvisoryKey
	var knowledge report.Knowledge
	var all bool
	err = a.cfg.Knowledge.Since(state.Advisories, func(before, now *advisory.DB) error {
		if knowledge = now.Knowledge(); knowledge.Revision == state.Advisories {
			return nil
		}
		if all = before == nil; all {
			return nil
		}
		changed, err := advisory.Changed(before, now)
		for _, k := range changed {
			keys = append(keys, catalog.AdvisoryKey(k))
		}
		return err
	})
	if err != nil {
		return err
	}
	if knowledge.Revision == state.Advisories {
		return a.cfg.Knowledge.Forget()
	}
	waiting, err := a.cfg.Store.JudgePackages(ctx, knowledge.Revision, knowledge.Newest, keys, all)
	if err != nil {
		return err
	}
	a.cfg.Logger.Info("judging again by new advisories", "advisories", knowledge.Revision, "packages", len(keys), "all", all, "images", waiting)
	return a.cfg.Knowledge.Forget()
}

// batch judges some artifacts and stores what became of them. It returns how
// many there were.
func (a *again) batch(ctx context.Context) (int, error) {
	items, err := a.cfg.Store.NextJudgings(ctx, againBatch)
	if err != nil || len(items) == 0 {
		return 0, err
	}
	list := make([]catalog.Judged, len(items))
	var packages, rest []*catalog.Judged
	for i, item := range items {
		list[i].Item = item
		if item.Level == catalog.JudgePackages && item.Advisories != "" {
			packages = append(packages, &list[i])
		} else {
			rest = append(rest, &list[i])
		}
	}
	if err := a.judgePackages(ctx, packages); err != nil {
		return 0, err
	}
	for _, j := range rest {
		if err := a.judgeOther(ctx, j); err != nil {
			return 0, err
		}
	}
	for i := range list {
		a.conclude(&list[i])
	}
	return len(items), a.cfg.Store.Judged(ctx, list)
}

// judgeOther judges an artifact for which packages alone are too much or not
// enough.
func (a *again) judgeOther(ctx context.Context, j *catalog.Judged) error {
	if j.Item.Level == catalog.JudgeVerdict {
		j.Result.Exposure = j.Item.Exposure
		return nil
	}
	result, err := a.reexamine(ctx, j.Item.Pull, j.Item.ScanID, j.Item.Cause == catalog.ByRules && j.Item.Advisories != "")
	switch {
	case err == nil:
		j.Result = result
	case errors.Is(err, errNeedsScan):
		return a.judgePackages(ctx, []*catalog.Judged{j})
	case ctx.Err() != nil, catalog.Is(err, catalog.Unavailable):
		return err
	default:
		a.fail(j, err)
	}
	return nil
}

func (a *again) fail(j *catalog.Judged, err error) {
	j.Failed = true
	a.cfg.Logger.Warn("an image cannot be judged again, its report stays as it is", "image", j.Item.Pull.Artifact.Name(), "error", err,
		"do", "scan it again")
}

// conclude decides about what was found, and what of it is to be told.
func (s *Service) conclude(j *catalog.Judged) {
	if j.Failed {
		return
	}
	now := s.cfg.Now()
	pull := j.Item.Pull
	j.Result.Verdict = gate.Decide(pull, j.Result.Exposure, j.Item.Exceptions, now)
	if pulled := pull.Artifact.PulledAt; !pulled.IsZero() && now.Sub(pulled) < inUse {
		j.New = newVulnerabilities(j.Item.Exposure, j.Result.Exposure, catalog.InForce(j.Item.Exceptions, now))
	}
}

// newVulnerabilities returns those that were not found before, each once and in
// their order, without those that somebody has whitelisted.
func newVulnerabilities(before, after []catalog.Exposure, exceptions catalog.Exceptions) []catalog.Exposure {
	known := make(map[string]bool, len(before))
	for _, e := range before {
		known[e.ID] = true
	}
	var out []catalog.Exposure
	for _, e := range after {
		if e.IsVulnerability() && !known[e.ID] && (exceptions.Empty() || !exceptions.Handle(e.Subject()).Whitelisted) {
			known[e.ID] = true
			out = append(out, e)
		}
	}
	return out
}

// judgePackages judges the packages of artifacts.
func (a *again) judgePackages(ctx context.Context, list []*catalog.Judged) error {
	if len(list) == 0 {
		return nil
	}
	if err := a.load(ctx, list); err != nil {
		return err
	}
	return a.know(func(db *advisory.DB) error {
		if a.db != db {
			a.db, a.known, a.found = db, judge.Memo(db), make(map[catalog.HeldSet]*setFindings)
		}
		for _, j := range list {
			err := a.packages(j)
			if errors.Is(err, errGone) {
				a.fail(j, err)
			} else if err != nil {
				return err // the database is damaged, which is no image's fault
			}
		}
		return nil
	})
}

// errGone says that what is kept of an image's packages is not there.
var errGone = errors.New("the packages of a layer are not there any more")

// load reads the sets of packages that are not at hand.
func (a *again) load(ctx context.Context, list []*catalog.Judged) error {
	if a.sets == nil || a.weight > maxRemembered {
		a.forget()
		a.sets = make(map[int64]*heldSet)
	}
	var missing []int64
	for _, j := range list {
		for _, held := range j.Item.Sets {
			if a.sets[held.ID] == nil {
				a.sets[held.ID] = &heldSet{}
				missing = append(missing, held.ID)
			}
		}
	}
	docs, err := a.cfg.Store.SetDocuments(ctx, missing)
	if err != nil {
		a.forget()
		return err
	}
	for _, id := range missing {
		delete(a.sets, id)
		if doc, ok := docs[id]; ok {
			set := new(heldSet)
			if err := json.Unmarshal(doc, set); err != nil {
				a.cfg.Logger.Error("the packages of a layer cannot be read", "set", id, "error", err)
				continue
			}
			set.names = make(map[packageName]bool, len(set.Packages))
			for _, p := range set.Packages {
				set.names[packageName{p.Type, p.Name, p.Version}] = true
			}
			a.sets[id] = set
			a.weight += len(set.Packages)
		}
	}
	return nil
}

// forget releases what is kept between batches.
func (a *again) forget() { a.db, a.known, a.sets, a.found, a.weight = nil, nil, nil, nil, 0 }

// packages judges the packages of one artifact. What else was found in it stays
// as it is.
func (a *again) packages(j *catalog.Judged) error {
	found := make([]*setFindings, len(j.Item.Sets))
	for i, held := range j.Item.Sets {
		var err error
		if found[i], err = a.ofSet(j, held); err != nil {
			return err
		}
	}
	exposure, ok := a.merge(j.Item.Sets, found)
	if !ok {
		var err error
		if exposure, err = a.together(j.Item.Sets); err != nil {
			return err
		}
	}
	j.Result.Exposure = append(exposure, otherExposure(j.Item.Exposure)...)
	return nil
}

// ofSet judges a set of packages alone. The first time its vulnerabilities are
// handed over with j, to be stored for questions across images.
func (a *again) ofSet(j *catalog.Judged, held catalog.HeldSet) (*setFindings, error) {
	if found := a.found[held]; found != nil {
		return found, nil
	}
	set := a.sets[held.ID]
	if set == nil {
		return nil, fmt.Errorf("layer %d: %w", held.Layer, errGone)
	}
	facts := report.ImageFacts{OS: set.OS}
	for _, p := range set.Packages {
		facts.Packages = append(facts.Packages, p.in(held.Layer))
	}
	described, err := describe(set.OS, facts.Packages, a.known)
	if err != nil {
		return nil, err
	}
	j.Result.Packages = append(j.Result.Packages, catalog.PackageSet{ID: held.ID, Layer: held.Layer, Packages: described})
	vulnerabilities, malicious, err := judge.Packages(&facts, a.known)
	if err != nil {
		return nil, err
	}
	found := &setFindings{vulnerable: vulnerabilities, exposure: exposureOf(vulnerabilities, nil), malicious: len(malicious) > 0}
	a.found[held] = found
	return found, nil
}

// merge puts together what was found in the layers of an image, each judged
// alone. That is what judging them together comes to, unless two layers have the
// same version of a package or a package is malicious: then ok is false.
func (a *again) merge(sets []catalog.HeldSet, found []*setFindings) (merged []catalog.Exposure, ok bool) {
	if len(found) > 1 && a.overlap(sets) {
		return nil, false
	}
	total := 0
	for _, f := range found {
		if f.malicious {
			return nil, false
		}
		total += len(f.vulnerable)
	}
	merged = make([]catalog.Exposure, 0, total)
	next := make([]int, len(found)) // how many of each are merged
	for len(merged) < total {
		first := -1
		for i, f := range found {
			if next[i] < len(f.vulnerable) && (first < 0 || judge.Urgency(&f.vulnerable[next[i]], &found[first].vulnerable[next[first]]) < 0) {
				first = i
			}
		}
		merged = append(merged, found[first].exposure[next[first]])
		next[first]++
	}
	return merged, true
}

// overlap reports whether a version of a package is in several of the sets.
func (a *again) overlap(sets []catalog.HeldSet) bool {
	largest := slices.MaxFunc(sets, func(x, y catalog.HeldSet) int { return cmp.Compare(len(a.sets[x.ID].names), len(a.sets[y.ID].names)) })
	seen := make(map[packageName]bool)
	for _, held := range sets {
		if held == largest {
			continue
		}
		for name := range a.sets[held.ID].names {
			if seen[name] || a.sets[largest.ID].names[name] {
				return true
			}
			seen[name] = true
		}
	}
	return false
}

// together judges all packages of an image.
func (a *again) together(sets []catalog.HeldSet) ([]catalog.Exposure, error) {
	var facts report.ImageFacts
	for _, held := range sets {
		set := a.sets[held.ID]
		facts.OS = set.OS
		for _, p := range set.Packages {
			facts.Packages = append(facts.Packages, p.in(held.Layer))
		}
	}
	slices.SortStableFunc(facts.Packages, report.ComparePackages)
	vulnerabilities, malicious, err := judge.Packages(&facts, a.known)
	return exposureOf(vulnerabilities, malicious), err
}

// otherExposure returns what advisories have no say in. It comes after malicious
// packages, which are as bad as anything can be.
func otherExposure(list []catalog.Exposure) []catalog.Exposure {
	var out []catalog.Exposure
	for _, e := range list {
		if !e.IsVulnerability() && !(e.Category == report.Malicious && e.Package != "") {
			out = append(out, e)
		}
	}
	return out
}

// errNeedsScan says that facts were gained by other rules than those in force.
var errNeedsScan = errors.New("the rules need other facts; scan the image again")

// reexamine judges an artifact by all that is in force now, from the facts that
// its scan left. If strict, facts of other rules are errNeedsScan; else they are
// judged by the rules in force as far as that goes.
func (s *Service) reexamine(ctx context.Context, pull catalog.Pull, scanID int64, strict bool) (catalog.Result, error) {
	scan, err := s.cfg.Store.Scan(ctx, scanID)
	if err != nil {
		return catalog.Result{}, err
	}
	collectors, err := s.cfg.Store.Collectors(ctx, scanID)
	if err != nil {
		return catalog.Result{}, err
	}
	key := pull.Artifact.Key
	l, err := s.lens(ctx, key.InstanceID, key.Namespace)
	if err != nil {
		return catalog.Result{}, err
	}
	if strict && collectors != "" && collectors != l.engine.Version() {
		return catalog.Result{}, errNeedsScan
	}
	result, _, err := s.examine(ctx, pull, scan, l, collectors)
	return result, err
}
