package catalog

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/pratique/pratique/internal/report"
)

// Policy is a namespace's rule for downloads (§4.1).
type Policy struct {
	// Block refuses downloads of images with a vulnerability at or above
	// Threshold that nothing exempts.
	Block     bool
	Threshold report.Severity
	Allowlist Allowlist
	// Gate is what the specification leaves open. It counts only with Block, but
	// for its Statements, which change reports as well.
	Gate GateSettings
}

// GateSettings are a namespace's further settings of the gate. The zero value is
// the default of all of them.
type GateSettings struct {
	// Answers say what becomes of pulls about which no report decides. What is
	// absent is Scope.Answer.
	Answers map[PullState]Answer `json:"answers,omitempty"`
	// ReportOnly lets everything pass, and tells what would have been refused.
	ReportOnly bool `json:"reportOnly,omitempty"`
	// GraceDays is for how many days after its publication a vulnerability does
	// not count in an artifact that was pulled before it was published.
	GraceDays int `json:"graceDays,omitempty"`
	// AlsoBlock names categories beside the vulnerabilities of which a finding at
	// or above a severity blocks.
	AlsoBlock map[report.Category]report.Severity `json:"alsoBlock,omitempty"`
	// ExemptAccounts may pull what is refused to others, on record.
	ExemptAccounts []string `json:"exemptAccounts,omitempty"`
	// Statements say which documents attached to images are believed.
	Statements StatementSettings `json:"statements,omitzero"`
}

// PullState is a state of an artifact in which no report decides.
type PullState string

const (
	// NotScanned: nobody has asked for a scan yet.
	NotScanned PullState = "not-scanned"
	// WaitingForScan and BeingScanned are the first scan's; a repeated one leaves
	// the report in force.
	WaitingForScan PullState = "waiting"
	BeingScanned   PullState = "running"
	// ScanFailed: no scan has succeeded yet.
	ScanFailed PullState = "failed"
	// NotScannable: a chart or another artifact that is no image.
	NotScannable PullState = "not-scannable"
	// ScanRefused: an image that the instance does not scan, by its settings.
	ScanRefused PullState = "scan-refused"
)

// PullStates lists all states.
func PullStates() []PullState {
	return []PullState{NotScanned, WaitingForScan, BeingScanned, ScanFailed, NotScannable, ScanRefused}
}

// AnswerAction is what becomes of a pull.
type AnswerAction string

const (
	AnswerBlock AnswerAction = "block"
	AnswerAllow AnswerAction = "allow"
	// AnswerHold lets the pull wait for the end of a scan, and refuses it if
	// that does not come in time.
	AnswerHold AnswerAction = "hold"
)

// Answer is what becomes of pulls in one state.
type Answer struct {
	Action AnswerAction
	// Hold is how long a pull waits at most, in whole seconds; 0 unless Action is
	// AnswerHold.
	Hold time.Duration
}

// Bounds of how long a pull may be held, and how long it is by default.
const (
	MinHold     = time.Second
	MaxHold     = 300 * time.Second
	DefaultHold = 30 * time.Second
)

// DefaultAnswer is what becomes of pulls where the namespace does not say: as the
// specification has it (§4.3), but that a pull waits for the first scan.
func DefaultAnswer(s PullState) Answer {
	switch s {
	case WaitingForScan, BeingScanned:
		return Answer{AnswerHold, DefaultHold}
	case NotScannable:
		return Answer{Action: AnswerAllow}
	}
	return Answer{Action: AnswerBlock}
}

// Exempts reports whether an account may pull what is refused to others. Nobody
// in particular may not.
func (s GateSettings) Exempts(account string) bool {
	return account != "" && slices.Contains(s.ExemptAccounts, account)
}

// String returns "block", "allow" or "hold:30s".
func (a Answer) String() string {
	if a.Action != AnswerHold {
		return string(a.Action)
	}
	return fmt.Sprintf("hold:%ds", int(a.Hold/time.Second))
}

// MarshalText writes what ParseAnswer reads.
func (a Answer) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (a *Answer) UnmarshalText(text []byte) (err error) {
	*a, err = ParseAnswer(string(text))
	return err
}

// ParseAnswer reads "block", "allow", "hold" (for DefaultHold) or "hold:TIME", the
// time in whole seconds from MinHold to MaxHold, such as 45s or 2m.
func ParseAnswer(text string) (Answer, error) {
	word, hold, timed := strings.Cut(strings.ToLower(strings.TrimSpace(text)), ":")
	wrong := func(format string, args ...any) (Answer, error) {
		return Answer{}, Errorf(Invalid, "answer_invalid", format, args...).
			Advise("use block, allow or hold:TIME, with a time from %s to %s, such as hold:30s", MinHold, MaxHold)
	}
	switch a := (Answer{Action: AnswerAction(word)}); a.Action {
	case AnswerBlock, AnswerAllow:
		if timed {
			return wrong("%q: only what is held is held for a time", clip(text))
		}
		return a, nil
	case AnswerHold:
		if !timed {
			return Answer{AnswerHold, DefaultHold}, nil
		}
		d, err := time.ParseDuration(hold)
		if err != nil || d%time.Second != 0 || d < MinHold || d > MaxHold {
			return wrong("%q is no time for which a pull can be held", clip(hold))
		}
		return Answer{AnswerHold, d}, nil
	}
	return wrong("%q is nothing the gate can do with a pull", clip(text))
}

// Bounds of the settings of a gate.
const (
	// MaxGraceDays is the longest grace.
	MaxGraceDays = 365
	// MaxExemptAccounts is how many accounts a namespace may exempt.
	MaxExemptAccounts = 100
)

// BlockableCategories lists the categories that can block beside those of
// vulnerabilities, the worst first. The others only inform.
func BlockableCategories() []report.Category {
	return []report.Category{report.Malicious, report.Sensitive, report.Password, report.Baseline, report.Compliance}
}

// GateChange is a modification of a gate's settings. What is nil or absent keeps
// its value.
type GateChange struct {
	Answers    map[PullState]Answer
	ReportOnly *bool
	GraceDays  *int
	// AlsoBlock sets the level of categories; nil makes one block nothing.
	AlsoBlock map[report.Category]*report.Severity
	// ExemptAccounts replaces the list.
	ExemptAccounts *[]string
	Statements     *StatementChange
}

// With returns the settings after a change, which it checks.
//
// Errors: Invalid "answer_invalid", "pull_state_unknown", "grace_out_of_range",
// "category_cannot_block", "severity_unknown", "exempt_accounts_invalid",
// "statement_trust_unknown", "statement_keys_missing", "too_many_statement_keys",
// "public_key_invalid".
func (s GateSettings) With(c GateChange) (GateSettings, error) {
	if c.ReportOnly != nil {
		s.ReportOnly = *c.ReportOnly
	}
	if c.GraceDays != nil {
		if s.GraceDays = *c.GraceDays; s.GraceDays < 0 || s.GraceDays > MaxGraceDays {
			return s, Errorf(Invalid, "grace_out_of_range", "a grace of %d days is not possible", s.GraceDays).
				Advise("use 0, for none, to %d days", MaxGraceDays)
		}
	}
	if c.ExemptAccounts != nil {
		var err error
		if s.ExemptAccounts, err = checkAccounts(*c.ExemptAccounts); err != nil {
			return s, err
		}
	}
	var err error
	if s.Statements, err = s.Statements.with(c.Statements); err != nil {
		return s, err
	}
	if err := s.setAnswers(c.Answers); err != nil {
		return s, err
	}
	return s, s.setAlsoBlock(c.AlsoBlock)
}

func (s *GateSettings) setAnswers(change map[PullState]Answer) error {
	if len(change) == 0 {
		return nil
	}
	answers := maps.Clone(s.Answers)
	if answers == nil {
		answers = make(map[PullState]Answer)
	}
	for state, a := range change {
		if !slices.Contains(PullStates(), state) {
			return Errorf(Invalid, "pull_state_unknown", "there is no state %q of an artifact", clip(string(state)))
		}
		if _, err := ParseAnswer(a.String()); err != nil {
			return err
		}
		if (state == NotScannable || state == ScanRefused) && a.Action == AnswerHold {
			return Errorf(Invalid, "answer_invalid", "pulls of what cannot be scanned cannot wait for the end of a scan").
				Advise("use block or allow")
		}
		answers[state] = a // also if it is the default, which the profile may change
	}
	s.Answers = orNil(answers)
	return nil
}

func (s *GateSettings) setAlsoBlock(change map[report.Category]*report.Severity) error {
	if len(change) == 0 {
		return nil
	}
	levels := maps.Clone(s.AlsoBlock)
	if levels == nil {
		levels = make(map[report.Category]report.Severity)
	}
	for category, level := range change {
		switch {
		case !slices.Contains(BlockableCategories(), category):
			return Errorf(Invalid, "category_cannot_block", "findings of category %q cannot block", clip(string(category))).
				Advise("use one of %s", joined(BlockableCategories()))
		case level == nil:
			delete(levels, category)
		case *level < report.Unknown || *level > report.Critical:
			return Errorf(Invalid, "severity_unknown", "%d is no severity", int(*level))
		default:
			levels[category] = *level
		}
	}
	s.AlsoBlock = orNil(levels)
	return nil
}

// orNil makes settings that are the default equal to those that never were
// anything else.
func orNil[K comparable, V any](m map[K]V) map[K]V {
	if len(m) == 0 {
		return nil
	}
	return m
}

func joined(categories []report.Category) string {
	names := make([]string, len(categories))
	for i, c := range categories {
		names[i] = string(c)
	}
	return strings.Join(names, ", ")
}

func checkAccounts(names []string) ([]string, error) {
	wrong := func(format string, args ...any) ([]string, error) {
		return nil, Errorf(Invalid, "exempt_accounts_invalid", format, args...).
			Advise("name up to %d accounts, each once", MaxExemptAccounts)
	}
	if len(names) > MaxExemptAccounts {
		return wrong("%d accounts are to be exempt", len(names))
	}
	var list []string
	for i, name := range names {
		name = strings.TrimSpace(name)
		switch {
		case name == "":
			return wrong("exempt account %d has no name", i+1)
		case !isLine(name, maxAuthor):
			return wrong("%q is not the name of an account", clip(name))
		case slices.Contains(list, name):
			return wrong("account %s is named twice", name)
		}
		list = append(list, name)
	}
	return list, nil
}

// With returns the policy after the part of a change that is about it. The
// allowlist is checked and normalized; its times are not set.
func (p Policy) With(c NamespaceChange) (Policy, error) {
	if c.Block != nil {
		p.Block = *c.Block
	}
	if c.Threshold != nil {
		p.Threshold = *c.Threshold
	}
	var err error
	if c.Allowlist != nil {
		if p.Allowlist, err = NewAllowlist(c.Allowlist.Items, c.Allowlist.ExpiresAt); err != nil {
			return p, err
		}
	}
	if c.Gate != nil {
		p.Gate, err = p.Gate.With(*c.Gate)
	}
	return p, err
}
