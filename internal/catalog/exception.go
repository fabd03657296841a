package catalog

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/pratique/pratique/internal/report"
)

// Exception is somebody's decision about findings in certain images (§6.3 to
// §6.5). It is the one concept behind handling findings and behind exempting
// them from the gate; a namespace's Allowlist, which the specification wants
// beside it, is the other way to exempt.
type Exception struct {
	ID         int64
	InstanceID string
	Scope      ExceptionScope
	// Targets are what Scope says there is one of: sorted, without duplicates,
	// at most MaxTargets; none where the scope is the instance.
	Targets  []Target
	Action   ExceptionAction
	Criteria Criteria
	// Author is the account that made the decision.
	Author string
	// Reason says why, in up to MaxReason characters.
	Reason    string
	CreatedAt time.Time
	UpdatedAt time.Time
	// ExpiresAt is from when it no longer counts; the zero time means never.
	ExpiresAt time.Time
	// EndedAt is when somebody removed it; zero while nobody has. What was
	// removed is kept for the history.
	EndedAt time.Time
	// Document is where it comes from, if from a document and not from somebody
	// who has an account here. It is then not stored as an exception, and has no ID.
	Document *Document
}

// ExceptionAction is what an exception does with a finding.
type ExceptionAction string

const (
	// Ignore leaves a finding in reports, marked as handled. The gate decides as
	// if nothing had been said.
	Ignore ExceptionAction = "ignore"
	// Whitelist takes a finding out of reports and out of what the gate counts.
	Whitelist ExceptionAction = "whitelist"
)

// ExceptionScope is the kind of thing an exception holds for.
type ExceptionScope string

const (
	ScopeInstance   ExceptionScope = "instance"
	ScopeNamespace  ExceptionScope = "namespace"
	ScopeRepository ExceptionScope = "repository"
	ScopeArtifact   ExceptionScope = "artifact"
)

// ExceptionScopes lists all scopes, widest first.
func ExceptionScopes() []ExceptionScope {
	return []ExceptionScope{ScopeInstance, ScopeNamespace, ScopeRepository, ScopeArtifact}
}

// ExceptionState says whether an exception counts.
type ExceptionState string

const (
	ExceptionActive  ExceptionState = "active"
	ExceptionExpired ExceptionState = "expired"
	ExceptionRemoved ExceptionState = "removed"
)

// State says whether the exception counts at the moment now. It expires at
// ExpiresAt, not after it.
func (e *Exception) State(now time.Time) ExceptionState {
	switch {
	case !e.EndedAt.IsZero():
		return ExceptionRemoved
	case !e.ExpiresAt.IsZero() && !now.Before(e.ExpiresAt):
		return ExceptionExpired
	}
	return ExceptionActive
}

// Target is a namespace, a repository in it or an artifact in that. It is known
// by name, so that an image that is deleted and pushed again stays handled.
type Target struct {
	Namespace  string
	Repository string
	Digest     string
}

// scope is what kind of thing the target is.
func (t Target) scope() ExceptionScope {
	switch {
	case t.Digest != "":
		return ScopeArtifact
	case t.Repository != "":
		return ScopeRepository
	}
	return ScopeNamespace
}

// String returns "namespace", "namespace/repository" or
// "namespace/repository@digest".
func (t Target) String() string {
	switch t.scope() {
	case ScopeArtifact:
		return t.Namespace + "/" + t.Repository + "@" + t.Digest
	case ScopeRepository:
		return t.Namespace + "/" + t.Repository
	}
	return t.Namespace
}

func (t Target) compare(o Target) int {
	return cmp.Or(strings.Compare(t.Namespace, o.Namespace), strings.Compare(t.Repository, o.Repository), strings.Compare(t.Digest, o.Digest))
}

// Criteria say which findings an exception is about: those for which all that
// is set holds.
type Criteria struct {
	// Category is one of report.Categories.
	Category report.Category
	// Vulnerability is the id of a vulnerability or one of its aliases,
	// upper-cased.
	Vulnerability string
	// Package is the exact name of a package.
	Package string
	// FindingID is that of one finding. What else is set then tells readers
	// which it is.
	FindingID string
	// Rule is the id of the rule that found it.
	Rule string
	// Path is a pattern that every place of the finding must fit: "*" and "?"
	// stand for characters within a name, "**" for any number of directories.
	Path string
}

// String names what the criteria are about, for messages:
// "CVE-2024-3094 in package xz-utils", "rule jwt in path srv/**", "finding 3f… of
// rule jwt".
func (c Criteria) String() string {
	var parts []string
	add := func(before, value string) {
		if value == "" {
			return
		}
		if len(parts) > 0 && before != "" {
			parts = append(parts, "in")
		}
		parts = append(parts, strings.TrimSpace(before+" "+value))
	}
	add("", c.Vulnerability)
	add("rule", c.Rule)
	add("package", c.Package)
	add("path", c.Path)
	add("category", string(c.Category))
	named := strings.Join(parts, " ")
	switch {
	case c.FindingID == "":
		return named
	case named == "":
		return "finding " + c.FindingID
	}
	return "finding " + c.FindingID + " of " + named
}

// Bounds of exceptions.
const (
	// MaxExceptions is how many an instance may have that were not removed.
	MaxExceptions = 10000
	// MaxTargets is how many targets one exception may have.
	MaxTargets = 100
	// MaxReason is the length of a reason in characters (§6.3).
	MaxReason  = 512
	maxAuthor  = 128
	maxPackage = 256
	maxRule    = 128
	maxPath    = 512
)

// latest is the last moment that can be written as RFC 3339.
var latest = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)

var findingName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// NewException checks and normalizes an exception that somebody wants to make
// at the moment now: texts are trimmed, vulnerability ids upper-cased, targets
// sorted. Whether its targets exist and whether it repeats another one is for
// the store to say.
//
// Errors: Invalid "exception_…".
func NewException(e Exception, now time.Time) (Exception, error) {
	e, err := CheckDecision(e)
	if err != nil {
		return e, err
	}
	if e.Targets, err = checkTargets(e.Scope, e.Targets); err != nil {
		return e, err
	}
	return e, CheckExpiry(e.ExpiresAt, now)
}

// CheckDecision does the part of NewException that is about what an exception
// does and why, not about where and how long.
func CheckDecision(e Exception) (Exception, error) {
	if e.Action != Ignore && e.Action != Whitelist {
		return e, Errorf(Invalid, "exception_action_unknown", "%q is nothing to do with a finding", clip(string(e.Action))).
			Advise("use %s, which leaves it visible, or %s, which takes it away", Ignore, Whitelist)
	}
	var err error
	if e.Criteria, err = checkCriteria(e.Criteria, e.Scope); err != nil {
		return e, err
	}
	if e.Author = strings.TrimSpace(e.Author); !isLine(e.Author, maxAuthor) || e.Author == "" {
		return e, Errorf(Invalid, "exception_author_invalid", "the author of an exception is missing or not a name").
			Advise("use up to %d characters on one line", maxAuthor)
	}
	e.Reason, err = CheckReason(e.Reason)
	return e, err
}

// CheckReason trims and checks the reason of an exception.
//
// Errors: Invalid "exception_reason_missing", "exception_reason_invalid".
func CheckReason(reason string) (string, error) {
	reason = strings.TrimSpace(reason)
	if reason == "" {
		return "", Errorf(Invalid, "exception_reason_missing", "the exception has no reason").
			Advise("say why, so that whoever reads it later can tell whether it still holds")
	}
	lines := strings.NewReplacer("\r\n", "", "\n", "", "\t", "").Replace(reason)
	if utf8.RuneCountInString(reason) > MaxReason || !isLine(lines, len(lines)) {
		return "", Errorf(Invalid, "exception_reason_invalid", "the reason is longer than %d characters or holds control characters", MaxReason)
	}
	return reason, nil
}

// CheckExpiry checks when an exception is to stop counting.
//
// Errors: Invalid "exception_expired", "exception_expiry_invalid".
func CheckExpiry(at, now time.Time) error {
	switch {
	case at.IsZero():
		return nil
	case !at.Before(latest):
		return Errorf(Invalid, "exception_expiry_invalid", "the year of the expiry is out of range").
			Advise("leave the expiry out, if the exception is to hold for ever")
	case !now.Before(at):
		return Errorf(Invalid, "exception_expired", "the exception would have expired already, on %s", at.UTC().Format(time.RFC3339)).
			Advise("choose a later time")
	}
	return nil
}

// isLine reports whether text is printable, on one line and at most max
// characters long.
func isLine(text string, max int) bool {
	return utf8.ValidString(text) && utf8.RuneCountInString(text) <= max && !strings.ContainsFunc(text, unicode.IsControl)
}

func checkTargets(scope ExceptionScope, targets []Target) ([]Target, error) {
	if !slices.Contains(ExceptionScopes(), scope) {
		return nil, Errorf(Invalid, "exception_scope_unknown", "%q is nothing an exception can hold for", clip(string(scope))).
			Advise("use instance, namespace, repository or artifact")
	}
	wrong := func(format string, args ...any) error {
		return Errorf(Invalid, "exception_targets_invalid", format, args...).
			Advise("name one to %d targets of the scope, or none where the scope is %s", MaxTargets, ScopeInstance)
	}
	switch {
	case scope == ScopeInstance && len(targets) > 0:
		return nil, wrong("an exception for the whole instance names %d targets", len(targets))
	case scope == ScopeInstance:
		return nil, nil
	case len(targets) == 0 || len(targets) > MaxTargets:
		return nil, wrong("the exception names %d targets", len(targets))
	}
	for _, t := range targets {
		if t.scope() != scope {
			return nil, wrong("%s is no %s", clip(t.String()), scope)
		}
		if err := t.check(); err != nil {
			return nil, err
		}
	}
	targets = slices.Clone(targets)
	slices.SortFunc(targets, Target.compare)
	return slices.Compact(targets), nil
}

func (t Target) check() error {
	if err := CheckNamespaceName(t.Namespace); err != nil {
		return err
	}
	if t.Digest != "" && !strings.Contains(t.Digest, ":") {
		return Errorf(Invalid, "digest_invalid", "%q is not a digest", clip(t.Digest))
	}
	if t.Repository == "" && t.Digest == "" {
		return nil
	}
	return CheckRepositoryName(t.Repository)
}

func checkCriteria(c Criteria, scope ExceptionScope) (Criteria, error) {
	wrong := func(code, format string, args ...any) (Criteria, error) {
		return c, Errorf(Invalid, code, format, args...)
	}
	for _, s := range []*string{&c.Vulnerability, &c.Package, &c.FindingID, &c.Rule, &c.Path} {
		*s = strings.TrimSpace(*s)
	}
	c.Vulnerability = strings.ToUpper(c.Vulnerability)
	c.Path = strings.TrimPrefix(c.Path, "/")
	switch {
	case c.Category != "" && !slices.Contains(report.Categories(), c.Category):
		return wrong("exception_category_unknown", "%q is no category of findings", clip(string(c.Category)))
	case c.Vulnerability != "" && (len(c.Vulnerability) > 64 || !cveID.MatchString(c.Vulnerability)):
		return wrong("exception_vulnerability_malformed", "%q is not the id of a vulnerability", clip(c.Vulnerability))
	case c.FindingID != "" && !findingName.MatchString(c.FindingID):
		return wrong("exception_finding_malformed", "%q is not the id of a finding", clip(c.FindingID))
	case !isLine(c.Rule, maxRule):
		return wrong("exception_rule_malformed", "%q is not the id of a rule", clip(c.Rule))
	case !isLine(c.Package, maxPackage):
		return wrong("exception_package_malformed", "%q is not the name of a package", clip(c.Package))
	case !isLine(c.Path, maxPath) || !isPathPattern(c.Path):
		return wrong("exception_path_malformed", "%q is not a pattern for paths", clip(c.Path))
	}
	return c, c.checkSense(scope)
}

// checkSense refuses criteria that can fit nothing, and those that fit too much
// to be meant.
func (c Criteria) checkSense(scope ExceptionScope) error {
	vulnerable := c.Category == report.System || c.Category == report.Application
	never := Errorf(Invalid, "exception_fits_nothing", "no finding can fit %s", c)
	switch {
	case c.Vulnerability != "" && c.Category != "" && !vulnerable:
		return never.Advise("vulnerabilities are in the categories %s and %s", report.System, report.Application)
	case c.Rule != "" && (c.Vulnerability != "" || vulnerable):
		return never.Advise("vulnerabilities have no rule; name either")
	case c == Criteria{}:
		return Errorf(Invalid, "exception_without_criteria", "the exception does not say which findings it is about").
			Advise("name a vulnerability, a package, a rule, a path or the id of a finding")
	case c == Criteria{Category: c.Category} && scope != ScopeArtifact:
		return Errorf(Invalid, "exception_too_wide", "the exception is about all findings of category %s in more than single images", c.Category).
			Advise("name a vulnerability, a package, a rule or a path as well, or single images")
	}
	return nil
}

// ExceptionFilter selects exceptions. What is empty selects all.
type ExceptionFilter struct {
	// ID selects a single one.
	ID int64
	// Target selects those that hold for something in it: of a repository those
	// of its artifacts, its own, and those of its namespace and the instance.
	Target        Target
	Vulnerability string
	FindingID     string
	Rule          string
	Category      report.Category
	Action        ExceptionAction
	// State selects by state; empty stands for all that were not removed, in
	// histories for all.
	State ExceptionState
}

// ExceptionChange is a modification of an exception. Nil fields keep their
// value. Scope and criteria do not change: that would be another decision.
type ExceptionChange struct {
	Author    string
	Reason    *string
	ExpiresAt *time.Time
}

// What can happen to an exception.
const (
	ExceptionCreatedEvent = "created"
	ExceptionChangedEvent = "changed"
	ExceptionRemovedEvent = "removed"
)

// ExceptionEvent is an entry of the handling history (§6.3).
type ExceptionEvent struct {
	ID int64
	// Exception is what it is about, as it is today.
	Exception Exception
	At        time.Time
	Author    string
	// What is one of the constants above.
	What string
	// Reason and ExpiresAt are what was said then; the reason of a removal is
	// why it was removed.
	Reason    string
	ExpiresAt time.Time
}
