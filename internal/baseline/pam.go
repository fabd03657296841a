package baseline

import (
	"path"
	"slices"
	"strings"

	"github.com/pratique/pratique/internal/report"
)

// Bounds of reading a PAM stack.
const (
	maxPAMModules = 2000
	maxPAMReads   = 100
	maxPAMDepth   = 8
)

// pamModule is one line of a stack for changing passwords.
type pamModule struct {
	control, name string
	args          []string
	place         report.Location
}

// pamStack is the modules for changing passwords, those of included files in
// their place.
type pamStack struct {
	modules []pamModule
	files   []*report.ConfigFile
	reads   int
}

// read adds a file.
func (p *pamStack) read(s *system, f *report.ConfigFile, depth int) {
	if p.reads++; p.reads > maxPAMReads || depth > maxPAMDepth {
		return
	}
	p.files = append(p.files, f)
	for n, line := range joined(f.Content) {
		include, m := pamLine(line)
		if m.name != "" && len(p.modules) < maxPAMModules {
			m.place = at(f, n)
			p.modules = append(p.modules, m)
		}
		if include == "" {
			continue
		}
		for _, dir := range []string{path.Dir(f.Path), "etc/pam.d", "etc/authselect"} {
			if next := s.file(path.Join(dir, path.Base(include))); next != nil && next != f {
				p.read(s, next, depth+1)
				break
			}
		}
	}
}

// joined goes over lines of which one that ends in a backslash goes on in the
// next.
func joined(text string) func(yield func(int, string) bool) {
	return func(yield func(int, string) bool) {
		var before strings.Builder
		for n, line := range lines(text) {
			if cut, ok := strings.CutSuffix(line, `\`); ok {
				before.WriteString(cut + " ")
				continue
			}
			whole := before.String() + line
			before.Reset()
			if !yield(n, whole) {
				return
			}
		}
	}
}

// pamLine reads a line: a file to include, or a module for changing passwords,
// or neither. A control may be a list in brackets.
func pamLine(line string) (include string, m pamModule) {
	line, _, _ = strings.Cut(line, "#")
	words := strings.Fields(line)
	if len(words) == 2 && words[0] == "@include" {
		return words[1], m
	}
	if len(words) < 3 || strings.TrimPrefix(words[0], "-") != "password" {
		return "", m
	}
	words = words[1:]
	m.control = words[0]
	if strings.HasPrefix(m.control, "[") {
		end := slices.IndexFunc(words, func(w string) bool { return strings.HasSuffix(w, "]") })
		if end < 0 {
			return "", pamModule{}
		}
		m.control = strings.Join(words[:end+1], " ")
		words = words[end:]
	}
	if len(words) < 2 {
		return "", pamModule{}
	}
	if m.control == "include" || m.control == "substack" {
		return words[1], pamModule{}
	}
	m.name, m.args = strings.TrimSuffix(path.Base(words[1]), ".so"), words[2:]
	return "", m
}

// passwordPolicy is what a new password must be like.
type passwordPolicy struct {
	// file is where the stack begins; nil if there is none.
	file  *report.ConfigFile
	files []*report.ConfigFile
	// module is what checks passwords; empty if nothing does.
	module string
	// place is what sets it.
	place report.Location
	// length is the least length.
	length int
	// required says of upper-case, lower-case letters, digits and other
	// characters how many there must be.
	required map[string]int
	// unknown names a module that is not understood.
	unknown string
}

// The stacks for changing passwords: Debian's and SUSE's, Red Hat's (where
// system-auth leads to authselect), Alpine's.
var passwordStacks = []string{"etc/pam.d/common-password", "etc/pam.d/common-password-pc", "etc/pam.d/system-auth", "etc/authselect/system-auth",
	"etc/pam.d/system-auth-ac", "etc/pam.d/base-password", "usr/etc/pam.d/common-password"}

// credits are the keys of the module's settings by kind of character.
var credits = map[string]string{"upper": "ucredit", "lower": "lcredit", "digit": "dcredit", "special": "ocredit"}

// readPasswordPolicy reads what PAM checks when a password is changed.
func readPasswordPolicy(s *system) passwordPolicy {
	p := passwordPolicy{file: s.first(passwordStacks...), required: make(map[string]int)}
	if p.file == nil {
		return p
	}
	p.place = at(p.file, 0)
	var stack pamStack
	stack.read(s, p.file, 0)
	p.files = stack.files
	for _, m := range stack.modules {
		if m.control == "optional" {
			continue // what it says is not heard
		}
		switch m.name {
		case "pam_pwquality":
			p.pwquality(s, m)
		case "pam_cracklib":
			p.module, p.place, p.length = m.name, m.place, 9 // its default
			p.settle(options(m.args))
		case "pam_passwdqc":
			p.unknown = m.name
		case "pam_unix":
			p.unix(m)
		}
	}
	return p
}

// pwquality takes the settings of pam_pwquality: those of its directory of
// files, then of its file, then of the arguments, of which the later counts.
func (p *passwordPolicy) pwquality(s *system, m pamModule) {
	settings := make(map[string]string)
	files := append(s.matching([]string{"etc/security/pwquality.conf.d/*.conf"}), s.matching([]string{"etc/security/pwquality.conf"})...)
	for _, f := range files {
		p.files = append(p.files, f)
		for _, line := range lines(f.Content) {
			line, _, _ = strings.Cut(line, "#")
			if key, text := keyValue(line, formatEquals); key != "" {
				settings[strings.ToLower(key)] = text
			}
		}
	}
	for key, text := range options(m.args) {
		settings[key] = text
	}
	p.module, p.place, p.length = m.name, m.place, 8 // its default
	if settings["enforcing"] == "0" {
		p.module, p.length = "", 0 // it only warns
		return
	}
	p.settle(settings)
}

// settle takes settings in the form of both modules. A credit of −N asks for N
// characters; one above 0 asks for nothing.
func (p *passwordPolicy) settle(settings map[string]string) {
	if n, ok := integer(settings["minlen"]); ok {
		p.length = n
	}
	classes, _ := integer(settings["minclass"])
	for kind, key := range credits {
		if n, ok := integer(settings[key]); ok && n < 0 {
			p.required[kind] = -n
		} else if classes >= len(credits) {
			p.required[kind] = 1
		}
	}
}

// unix takes the length that pam_unix asks for, which is all that it can.
func (p *passwordPolicy) unix(m pamModule) {
	settings := options(m.args)
	for _, key := range []string{"minlen", "min"} {
		if n, ok := integer(settings[key]); ok && n > p.length {
			p.length = n
			if p.module == "" {
				p.place = m.place
			}
		}
	}
}

// options are the arguments NAME=VALUE of a module.
func options(args []string) map[string]string {
	all := make(map[string]string)
	for _, a := range args {
		if key, text, ok := strings.Cut(a, "="); ok {
			all[strings.ToLower(key)] = text
		}
	}
	return all
}
