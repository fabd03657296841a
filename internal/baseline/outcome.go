package baseline

import (
	"regexp"
	"strings"
	"time"

	"github.com/pratique/pratique/internal/report"
)

// Known is what there is to know beside the facts.
type Known struct {
	// Day is a moment that has passed; zero if none is known.
	Day time.Time
	// Secrets says that files were searched for secrets.
	Secrets bool
}

// Outcome is what a rule came to, with all there is to tell about it.
type Outcome struct {
	report.Check
	// Finding is what the finding of a failed check is named by, and
	// FindingTitle its title. Rules of the same trouble share them.
	Finding, FindingTitle string
	// Means says why it matters, Advice what to do, in sentences. Command is the
	// change as lines of a Dockerfile; empty where it takes more than that.
	Means, Advice, Command string
	References             []string
	// Places are where it is, if it failed: path or part of the configuration,
	// layer and line.
	Places []report.Location
	// Evidence holds excerpts without anything secret.
	Evidence []string
}

// blank is a place in a text of a rule for a parameter, "{days}".
var blank = regexp.MustCompile(`\{[a-z-]+\}`)

// fill puts parameters into a text of a rule; name and install are what "{name}"
// and "{install}" stand for.
func (r *rule) fill(text, name, install string) string {
	return blank.ReplaceAllStringFunc(text, func(b string) string {
		switch key := b[1 : len(b)-1]; key {
		case "name":
			return name
		case "install":
			return install
		case "key":
			return r.Setting.Key
		case "values":
			return r.Setting.wanted()
		case "value":
			return r.Setting.best()
		default:
			if values, ok := r.With[key]; ok {
				return strings.Join(values, ", ")
			}
			return b
		}
	})
}

// plainName is a name that needs no quoting in a shell.
var plainName = regexp.MustCompile(`^[A-Za-z0-9_/][A-Za-z0-9_./@-]{0,200}$`)

// maxCommands bounds the lines of one edit.
const maxCommands = 3

// commands are the edit, once for each name where it is about names. Names come
// from the image and are hostile.
func (r *rule) commands(v verdict) string {
	if v.install == noCommand && strings.Contains(r.Edit, "{install}") {
		return ""
	}
	if !strings.Contains(r.Edit, "{name}") {
		return r.fill(r.Edit, "", v.install)
	}
	var lines []string
	for _, n := range v.names {
		if plainName.MatchString(n) && len(lines) < maxCommands {
			lines = append(lines, r.fill(r.Edit, n, v.install))
		}
	}
	return strings.Join(lines, "\n")
}
