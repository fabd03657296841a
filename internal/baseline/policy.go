package baseline

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pratique/pratique/internal/report"
)

// policyProcedures are about what a new password must be like.
func policyProcedures(all map[string]method) {
	all["password-length"] = method{passwordLength, map[string]paramKind{"length": number}, false}
	all["password-class"] = method{passwordClass, map[string]paramKind{"class": words}, false}
}

// passwordRule decides by the policy, where there is one.
func passwordRule(s *system, right func(p passwordPolicy) (bool, string)) verdict {
	looked := "the PAM stack for changing passwords"
	p := s.policy()
	if p.file == nil {
		return missing(looked, "there is none, so passwords cannot be changed by it")
	}
	looked = p.file.Path
	if p.unknown != "" {
		return missing(looked, p.unknown+" decides, whose settings are not understood")
	}
	ok, current := right(p)
	if ok {
		return verdict{result: report.Passed, looked: looked, current: current}.whole(p.files...)
	}
	install := ""
	if p.module == "" {
		if p.length == 0 {
			current = "no module checks new passwords"
		}
		if install = s.installQuality(); install == "" {
			install = noCommand
		}
	}
	var t tally
	t.add(p.place, "", current)
	v := t.verdict(looked, "")
	v.idle, v.install = !s.hasPasswords(), install
	return v
}

// installQuality returns the command that installs the module that checks
// passwords, to be followed by another one; empty for a distribution of which it
// is not known.
func (s *system) installQuality() string {
	families := append([]string{s.facts.OS.ID}, s.facts.OS.Like...)
	is := func(names ...string) bool {
		return slices.ContainsFunc(families, func(f string) bool { return slices.Contains(names, f) })
	}
	switch {
	case is("debian", "ubuntu"):
		return "apt-get update && apt-get install -y --no-install-recommends libpam-pwquality && "
	case s.facts.OS.ID == "centos" && strings.HasPrefix(s.facts.OS.Version, "7"):
		return "yum install -y libpwquality && "
	case is("rhel", "fedora", "centos", "openeuler", "euleros"):
		return "dnf install -y libpwquality && "
	}
	return ""
}

func passwordLength(s *system, r *rule) verdict {
	least := r.number("length")
	return passwordRule(s, func(p passwordPolicy) (bool, string) {
		if p.length == 0 {
			return false, "no length is asked for"
		}
		return p.length >= least, fmt.Sprintf("a password has at least %d characters", p.length)
	})
}

// classNames are for people.
var classNames = map[string]string{"upper": "an upper-case letter", "lower": "a lower-case letter", "digit": "a digit", "special": "a special character"}

func passwordClass(s *system, r *rule) verdict {
	class := strings.Join(r.With["class"], "")
	return passwordRule(s, func(p passwordPolicy) (bool, string) {
		if p.required[class] > 0 {
			return true, classNames[class] + " is asked for"
		}
		return false, classNames[class] + " is not asked for"
	})
}
