package baseline

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/pratique/pratique/internal/report"
	"github.com/pratique/pratique/internal/rulefile"
)

// setting is a rule about one key of a file.
type setting struct {
	// Files are patterns of paths; unused with the format "sshd".
	Files    list   `yaml:"files"`
	Format   string `yaml:"format"`
	Key      string `yaml:"key"`
	Operator string `yaml:"operator"`
	Values   list   `yaml:"values"`
	// Default is the value that counts where the key is not set.
	Default string `yaml:"default"`
}

// Formats of files. Of several settings of a key the last counts, but for sshd.
const (
	formatWords  = "words"  // key value
	formatEquals = "equals" // key = value
	formatSSHD   = "sshd"   // sshd_config with its included files; the first counts
)

// operators tell whether a value is as it should be, and how to say what should
// be there. Lists are of words divided by commas.
var operators = map[string]struct {
	least, most int // number of values
	holds       func(value string, want []string) bool
	say         string // with the values in place of %s
}{
	"is":       {1, maxList, isOneOf, "%s"},
	"is-not":   {1, maxList, func(v string, want []string) bool { return !isOneOf(v, want) }, "not %s"},
	"at-least": {1, 1, func(v string, want []string) bool { return compare(v, want[0], func(a, b int) bool { return a >= b }) }, "at least %s"},
	"at-most":  {1, 1, func(v string, want []string) bool { return compare(v, want[0], func(a, b int) bool { return a <= b }) }, "at most %s"},
	"between":  {2, 2, isBetween, "between %s"},
	"none-of":  {1, maxList, hasNoneOf, "without %s"},
	"only-of":  {1, maxList, hasOnly, "only of %s"},
	"set":      {0, 0, func(v string, _ []string) bool { return v != "" }, "set"},
	"not-set":  {0, 0, func(string, []string) bool { return false }, "not set"},
}

func isOneOf(v string, want []string) bool {
	return slices.ContainsFunc(want, func(w string) bool { return strings.EqualFold(v, w) })
}

// compare compares numbers or durations as sshd writes them; what is neither
// does not hold.
func compare(v, want string, holds func(a, b int) bool) bool {
	a, ok := quantity(v)
	b, okWant := quantity(want)
	return ok && okWant && holds(a, b)
}

func isBetween(v string, want []string) bool {
	return compare(v, want[0], func(a, b int) bool { return a >= b }) && compare(v, want[1], func(a, b int) bool { return a <= b })
}

// quantity reads a number, or a duration such as "1h30m" in seconds.
func quantity(s string) (int, bool) {
	if n, ok := integer(s); ok {
		return n, true
	}
	units := map[byte]int{'s': 1, 'm': 60, 'h': 3600, 'd': 86400, 'w': 604800}
	total, n, digits := 0, 0, 0
	for i := range len(s) {
		c := s[i] | 0x20
		switch unit := units[c]; {
		case s[i] >= '0' && s[i] <= '9' && digits < 6:
			n, digits = n*10+int(s[i]-'0'), digits+1
		case unit > 0 && digits > 0:
			total, n, digits = total+n*unit, 0, 0
		default:
			return 0, false
		}
	}
	return total + n, s != "" && len(s) < 30
}

// elements are those of a list as sshd takes them: a sign before it says what
// becomes of the built-in ones. Of a list that only takes away there is nothing.
func elements(v string) []string {
	if strings.HasPrefix(v, "-") {
		return nil
	}
	var all []string
	for e := range strings.SplitSeq(strings.TrimLeft(v, "+^"), ",") {
		if e = strings.TrimSpace(e); e != "" {
			all = append(all, e)
		}
	}
	return all
}

// hasNoneOf takes elements of a list for patterns, as sshd does.
func hasNoneOf(v string, want []string) bool {
	return !slices.ContainsFunc(elements(v), func(e string) bool {
		return slices.ContainsFunc(want, func(w string) bool { return overlap(e, w) })
	})
}

func overlap(e, w string) bool {
	ok, err := path.Match(strings.ToLower(e), strings.ToLower(w))
	return ok && err == nil || strings.EqualFold(e, w)
}

func hasOnly(v string, want []string) bool {
	return !slices.ContainsFunc(elements(v), func(e string) bool { return !isOneOf(e, want) })
}

func (s setting) check() error {
	if s.Key == "" || strings.ContainsAny(s.Key, " \t\n=") {
		return errors.New("check or setting is missing: a setting has a key without spaces")
	}
	op, ok := operators[s.Operator]
	switch {
	case !ok:
		return fmt.Errorf("operator %q: use is, is-not, at-least, at-most, between, none-of, only-of, set or not-set", rulefile.Clip(s.Operator))
	case len(s.Values) < op.least || len(s.Values) > op.most:
		return fmt.Errorf("operator %s: %d values are not what it takes", s.Operator, len(s.Values))
	}
	for _, v := range s.Values {
		if v == "" || len(v) > maxText {
			return fmt.Errorf("a value has 1 to %d bytes", maxText)
		}
		if _, ok := quantity(v); !ok && slices.Contains([]string{"at-least", "at-most", "between"}, s.Operator) {
			return fmt.Errorf("%q is no number", rulefile.Clip(v))
		}
	}
	switch s.Format {
	case formatSSHD:
		if len(s.Files) > 0 {
			return errors.New("files: those of sshd are known")
		}
	case formatWords, formatEquals:
		if len(s.Files) == 0 || len(s.Files) > maxList {
			return errors.New("files are missing")
		}
		for _, f := range s.Files {
			if err := checkGlob(f); err != nil {
				return err
			}
		}
	default:
		return fmt.Errorf("format %q: use words, equals or sshd", rulefile.Clip(s.Format))
	}
	return nil
}

// wanted says which values are right.
func (s setting) wanted() string {
	values := strings.Join(s.Values, ", ")
	switch s.Operator {
	case "is", "is-not":
		values = strings.Join(s.Values, " or ")
	case "between":
		values = strings.Join(s.Values, " and ")
	}
	if say := operators[s.Operator].say; strings.Contains(say, "%s") {
		return fmt.Sprintf(say, values)
	}
	return operators[s.Operator].say
}

// best is the value to write where it is not right.
func (s setting) best() string {
	switch {
	case len(s.Values) == 0:
		return ""
	case s.Operator == "between":
		return s.Values[len(s.Values)-1]
	}
	return s.Values[0]
}

// value is one place where a key is set.
type value struct {
	text  string
	place report.Location
	// when is the condition it holds under; empty for always.
	when string
}

// checkSetting decides about a rule about one key.
func checkSetting(s *system, r *rule) verdict {
	set, files := s.values(r.Setting)
	looked := r.Setting.Key + " in " + strings.Join(r.Setting.Files, ", ")
	if r.Setting.Format == formatSSHD {
		looked = r.Setting.Key + " in sshd_config"
	}
	if len(files) == 0 {
		return missing(looked, "there is no such file")
	}
	op := operators[r.Setting.Operator]
	var t tally
	always := slices.IndexFunc(set, func(v value) bool { return v.when == "" })
	if always < 0 {
		if text := r.Setting.Default; text != "" && !op.holds(text, r.Setting.Values) {
			t.add(at(files[0], 0), r.Setting.Key, fmt.Sprintf("%s is not set, so it is %s", r.Setting.Key, text))
		} else if text == "" && !slices.Contains([]string{"is-not", "none-of", "only-of", "not-set"}, r.Setting.Operator) {
			t.add(at(files[0], 0), r.Setting.Key, r.Setting.Key+" is not set")
		}
	}
	for _, v := range set {
		if !op.holds(v.text, r.Setting.Values) {
			said := r.Setting.Key + " is " + v.text
			if v.when != "" {
				said += " for " + v.when
			}
			t.add(v.place, r.Setting.Key, said)
		}
	}
	fine := r.Setting.Key + " is not set"
	switch {
	case always >= 0:
		fine = r.Setting.Key + " is " + set[always].text
	case r.Setting.Default != "":
		fine += ", so it is " + r.Setting.Default
	}
	return t.verdict(looked, fine).whole(files...)
}

// values returns where a key is set and counts, and the files looked at.
func (s *system) values(want setting) ([]value, []*report.ConfigFile) {
	if want.Format == formatSSHD {
		c := s.sshd()
		if c == nil {
			return nil, nil
		}
		return c.values(want.Key), c.files
	}
	files := s.matching(want.Files)
	var last []value
	for _, f := range files {
		for n, line := range lines(f.Content) {
			key, text := keyValue(line, want.Format)
			if strings.EqualFold(key, want.Key) {
				last = []value{{text: text, place: at(f, n)}}
			}
		}
	}
	return last, files
}

func keyValue(line, format string) (key, text string) {
	line = strings.TrimSpace(line)
	if line == "" || line[0] == '#' || line[0] == ';' {
		return "", ""
	}
	if format == formatEquals {
		key, text, _ = strings.Cut(line, "=")
		return strings.TrimSpace(key), strings.Trim(strings.TrimSpace(text), `"'`)
	}
	n := strings.IndexAny(line, " \t")
	if n < 0 {
		return line, ""
	}
	return line[:n], strings.Trim(strings.TrimSpace(line[n:]), `"'`)
}
