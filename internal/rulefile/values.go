package rulefile

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"strings"
	"unicode"

	"github.com/pratique/pratique/internal/report"
)

// Bounds of what a rule holds.
const (
	// MaxTails is how many patterns of paths a rule may have, maxTail how many
	// bytes one.
	MaxTails = 100
	maxTail  = 1000
	// MaxExcept is how many exceptions a pattern may have.
	MaxExcept = 100
	// maxPattern bounds a regular expression, in bytes.
	maxPattern = 4000
)

var identifier = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{1,63}$`)

// CheckID checks the id of a rule, or of what else is called so in an error.
func CheckID(what, id string) error {
	if !identifier.MatchString(id) {
		return fmt.Errorf("%s %q: an id has 2 to 64 lower-case letters, digits and hyphens", what, Clip(id))
	}
	return nil
}

// ParseSeverity reads the severity that a rule must have.
func ParseSeverity(word string) (report.Severity, error) {
	severity, err := report.ParseSeverity(word)
	if err == nil && severity == report.Unknown {
		err = errors.New("severity is missing: use low, medium, high or critical")
	}
	return severity, err
}

// CheckText checks a text that people will read: one line of at most so many
// bytes, all of it printable.
func CheckText(text string, most int) error {
	if len(text) > most {
		return fmt.Errorf("a text has %d bytes, more than %d", len(text), most)
	}
	if strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return fmt.Errorf("the text %q holds what cannot be printed", Clip(text))
	}
	return nil
}

// Clip shortens a text of a file for an error.
func Clip(s string) string {
	if len(s) > 60 {
		return strings.ToValidUTF8(s[:60], "") + "…"
	}
	return s
}

// CheckTails checks patterns for MatchTail, the values of a field.
func CheckTails(field string, patterns []string) error {
	if len(patterns) > MaxTails {
		return fmt.Errorf("more than %d %s", MaxTails, field)
	}
	for _, p := range patterns {
		if _, err := path.Match(p, "x"); err != nil || p == "" || len(p) > maxTail || path.Clean(p) != p || p[0] == '/' {
			return fmt.Errorf("%s: %q is no pattern of the end of a path: use a name, *.ext or dir/name", field, Clip(p))
		}
	}
	return nil
}

// MatchTail reports whether a path ends as a pattern says: the pattern's
// elements, in the form of path.Match, are compared with as many last ones of
// the path.
func MatchTail(pattern, p string) bool {
	for tail, n := p, strings.Count(p, "/")-strings.Count(pattern, "/"); ; n-- {
		if n < 0 {
			return false
		}
		if n == 0 {
			ok, err := path.Match(pattern, tail)
			return ok && err == nil
		}
		_, tail, _ = strings.Cut(tail, "/")
	}
}

// Expressions are a rule's regular expressions.
type Expressions struct {
	// Pattern is what is looked for, nil if the rule has none.
	Pattern *regexp.Regexp
	// Except are of what was found what does not count.
	Except []*regexp.Regexp
}

// Compile makes the expressions of a rule; an empty pattern stands for none. It
// is an error for a pattern to match the empty text, as it would match
// everywhere.
func Compile(pattern string, except []string) (*Expressions, error) {
	if len(except) > MaxExcept {
		return nil, fmt.Errorf("more than %d exceptions from a pattern", MaxExcept)
	}
	e := new(Expressions)
	var err error
	if pattern != "" {
		if e.Pattern, err = compile(pattern); err != nil {
			return nil, err
		}
		if e.Pattern.MatchString("") {
			return nil, errors.New("the pattern matches the empty text")
		}
	}
	for _, text := range except {
		re, err := compile(text)
		if err != nil {
			return nil, err
		}
		e.Except = append(e.Except, re)
	}
	return e, nil
}

func compile(text string) (*regexp.Regexp, error) {
	if len(text) > maxPattern {
		return nil, fmt.Errorf("a pattern has %d bytes, more than %d", len(text), maxPattern)
	}
	return regexp.Compile(text)
}
