package baseline

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/pratique/pratique/internal/report"
)

// procedures are all, by the name rules call them by.
var procedures = allProcedures()

func allProcedures() map[string]method {
	all := make(map[string]method)
	accountProcedures(all)
	policyProcedures(all)
	imageProcedures(all)
	return all
}

// imageProcedures are about the image's own configuration.
func imageProcedures(all map[string]method) {
	none := map[string]paramKind{}
	all["root-user"] = method{rootUser, none, true}
	all["healthcheck"] = method{healthcheck, none, true}
	all["configured-secret"] = method{configuredSecret, map[string]paramKind{"names": words}, true}
	all["unpinned-base"] = method{unpinnedBase, none, true}
	all["local-add"] = method{localAdd, none, true}
	all["patterns"] = method{patterns, map[string]paramKind{"instructions": regexps, "except": regexps, "files": globs, "lines": regexps}, true}
	all["package"] = method{packages, map[string]paramKind{"packages": words, "instructions": regexps}, true}
	all["ssh-server"] = method{sshServer, map[string]paramKind{"packages": words}, false}
	all["present"] = method{present, map[string]paramKind{"files": globs}, false}
	all["special-files"] = method{specialFiles, map[string]paramKind{"kinds": words, "below": words, "except": globs}, false}
}

// configured is a place in the image's configuration.
func configured(layer int, format string, args ...any) report.Location {
	return report.Location{Layer: layer, Config: fmt.Sprintf(format, args...)}
}

func rootUser(s *system, _ *rule) verdict {
	const looked = "user of the image's configuration"
	if strings.HasPrefix(s.facts.Image.Platform, "windows/") {
		return missing(looked, "images for Windows have no root user")
	}
	user := s.facts.Image.Config.User
	if user != "" && s.uidOf(user) != 0 {
		return verdict{result: report.Passed, looked: looked, current: user}
	}
	said := "it runs as " + user
	if user == "" {
		said = "no user is set, so it runs as root"
	}
	var t tally
	t.add(configured(report.NoLayer, "user"), "", said)
	return t.verdict(looked, "")
}

// uidOf returns the UID of a user as configurations name one, "name" or "uid",
// with or without ":group"; -1 if it is not known.
func (s *system) uidOf(user string) int {
	name, _, _ := strings.Cut(user, ":")
	if n := id(name); n >= 0 {
		return n
	}
	for _, a := range s.passwd() {
		if a.name == name {
			return a.uid
		}
	}
	if name == "root" || name == "" {
		return 0
	}
	return -1
}

func healthcheck(s *system, _ *rule) verdict {
	const looked = "health check of the image's configuration"
	if check := s.facts.Image.Config.Healthcheck; len(check) > 0 {
		return verdict{result: report.Passed, looked: looked, current: strings.Join(check, " ")}
	}
	var t tally
	t.add(configured(report.NoLayer, "health check"), "", "there is none")
	return t.verdict(looked, "")
}

// configuredSecret looks for variables that are named like a secret and have a
// value, beside what the rules for secrets found.
func configuredSecret(s *system, r *rule) verdict {
	const looked = "environment, build arguments and labels"
	var t tally
	told := make(map[string]bool)
	for _, found := range s.facts.Image.Secrets {
		if !told[found.Config] {
			told[found.Config] = true
			t.add(configured(found.Layer, "%s", found.Config), "", found.Config)
		}
	}
	secretName := func(assignment string) (string, bool) {
		name, text, ok := strings.Cut(assignment, "=")
		return name, ok && namesSecret(name, r.With["names"]) && isLiteral(text)
	}
	for _, e := range s.facts.Image.Config.Env {
		name, ok := secretName(e)
		if where := "environment variable " + name; ok && !told[where] {
			told[where] = true
			t.add(configured(report.NoLayer, "%s", where), name, where)
		}
	}
	for n, step := range s.facts.Image.Config.Steps {
		argument, ok := strings.CutPrefix(step.Instruction, "ARG ")
		where := fmt.Sprintf("build instruction %d", n+1)
		if name, is := secretName(strings.TrimSpace(argument)); ok && is && !told[where] {
			told[where] = true
			t.add(configured(step.Layer, "%s", where), name, "build argument "+name)
		}
	}
	return t.verdict(looked, "none is named like a secret")
}

// namesSecret reports whether the last words of a variable's name are one of
// names.
func namesSecret(name string, names []string) bool {
	name = "_" + strings.ReplaceAll(strings.ToLower(name), "-", "_")
	return slices.ContainsFunc(names, func(n string) bool { return strings.HasSuffix(name, n) })
}

// isLiteral reports whether a value can be a secret: no path, no reference, no
// switch.
func isLiteral(v string) bool {
	v = strings.Trim(v, `"'`)
	switch strings.ToLower(v) {
	case "", "0", "1", "true", "false", "yes", "no", "none", "null":
		return false
	}
	return !strings.ContainsAny(v[:1], "/$<")
}

const annotationBase = "org.opencontainers.image.base."

func unpinnedBase(s *system, _ *rule) verdict {
	const looked = "base image by annotations and history"
	var t tally
	known := false
	check := func(name, digest string, place report.Location) {
		known = true
		name = report.Printable(name, 200)
		tag := "no tag, so it is latest"
		if last := name[strings.LastIndexByte(name, '/')+1:]; strings.Contains(last, ":") {
			tag = "tag " + last[strings.IndexByte(last, ':')+1:]
		}
		if name != "scratch" && digest == "" && !strings.Contains(name, "@sha") {
			t.add(place, name, name+" has "+tag+" and no digest")
		}
	}
	if name := s.facts.Image.Annotations[annotationBase+"name"]; name != "" {
		check(name, s.facts.Image.Annotations[annotationBase+"digest"], configured(report.NoLayer, "annotation %sname", annotationBase))
	} else {
		for _, name := range s.facts.Image.Config.From {
			check(name, "", configured(report.NoLayer, "history"))
		}
	}
	if !known {
		return missing(looked, "neither tells which it is")
	}
	return t.verdict(looked, "it is named by its digest")
}

// archives are what ADD is for.
var archives = regexp.MustCompile(`(?i)\.(?:tar|tgz|tbz2?|txz|tar\.(?:gz|bz2|xz|zst))$`)

// localAdd looks for ADD of files of the build's own. Whole file systems and
// archives are what it is for, and a classic builder tells nothing but a hash.
func localAdd(s *system, _ *rule) verdict {
	const looked = "ADD in the build instructions"
	steps := s.facts.Image.Config.Steps
	if len(steps) == 0 {
		return missing(looked, "the image has no history")
	}
	var t tally
	for n, step := range steps {
		words := addWords(step.Instruction)
		if len(words) < 2 || path.Clean(words[len(words)-1]) == "/" {
			continue
		}
		for _, source := range words[:len(words)-1] {
			if !strings.Contains(source, ":") && source != "in" && !archives.MatchString(source) {
				t.add(configured(step.Layer, "build instruction %d", n+1), source, step.Instruction)
				break
			}
		}
	}
	return t.verdict(looked, "there is none of local files")
}

// addWords returns sources and destination of an ADD; nil for another
// instruction, and for the way a classic builder writes one.
func addWords(instruction string) []string {
	words := strings.Fields(instruction)
	if len(words) == 0 || words[0] != "ADD" || slices.Contains(words, "in") {
		return nil
	}
	return slices.DeleteFunc(words[1:], func(w string) bool { return strings.HasPrefix(w, "--") })
}

// patterns looks for expressions in build instructions, the environment and
// lines of files.
func patterns(s *system, r *rule) verdict {
	var t tally
	all := r.patterns()
	steps, env := s.facts.Image.Config.Steps, s.facts.Image.Config.Env
	find(&t, s, all["instructions"], all["except"])
	files := s.matching(r.With["files"])
	for _, f := range files {
		for n, line := range lines(f.Content) {
			if text := strings.TrimSpace(line); text != "" && text[0] != '#' && matchAny(all["lines"], text) {
				t.add(at(f, n), "/"+f.Path, f.Path+": "+report.Printable(text, 120))
			}
		}
	}
	looked := "build instructions and environment"
	if len(r.With["files"]) > 0 {
		looked += ", " + strings.Join(r.With["files"], ", ")
	}
	if len(steps) == 0 && len(env) == 0 && len(files) == 0 {
		return missing(looked, "the image has none of them")
	}
	return t.verdict(looked, "nothing of the kind is in them").whole(files...)
}

// maxHistory bounds how many bytes of build instructions are looked at. Real
// histories have some ten thousand.
const maxHistory = 1 << 20

// find adds the build instructions and variables in which an expression is
// found, after what except matches was taken out.
func find(t *tally, s *system, expressions, except []*regexp.Regexp) {
	excerpt := func(text string) (string, bool) {
		for _, e := range except {
			text = e.ReplaceAllString(text, "")
		}
		for _, e := range expressions {
			if at := e.FindStringIndex(text); at != nil {
				return around(text, at[0], at[1]), true
			}
		}
		return "", false
	}
	set := make(map[string]bool) // what variables are told of by the instruction that sets them
	left := maxHistory
	for n, step := range s.facts.Image.Config.Steps {
		if left -= len(step.Instruction); left < 0 {
			t.cut = true
			break
		}
		if said, ok := excerpt(step.Instruction); ok {
			t.add(configured(step.Layer, "build instruction %d", n+1), "", said)
			if strings.HasPrefix(step.Instruction, "ENV ") {
				set[strings.Join(strings.Fields(step.Instruction)[1:], " ")] = true
			}
		}
	}
	for _, e := range s.facts.Image.Config.Env {
		name, text, _ := strings.Cut(e, "=")
		if said, ok := excerpt("ENV " + e); ok && !set[e] && !set[name+" "+text] {
			t.add(configured(report.NoLayer, "environment variable %s", report.Printable(name, 80)), "", said)
		}
	}
}

func matchAny(expressions []*regexp.Regexp, text string) bool {
	return slices.ContainsFunc(expressions, func(e *regexp.Regexp) bool { return e.MatchString(text) })
}

// around is a match with a few words beside it.
func around(text string, from, to int) string {
	const beside = 30
	before, after := max(from-beside, 0), min(max(to, from)+beside, len(text))
	excerpt := strings.ToValidUTF8(text[before:min(after, before+160)], "")
	if before > 0 {
		excerpt = "…" + excerpt
	}
	return excerpt
}

// packages looks for installed packages and for instructions.
func packages(s *system, r *rule) verdict {
	looked := "packages " + strings.Join(r.With["packages"], ", ") + "; build instructions"
	var t tally
	if p, ok := s.installed(r.With["packages"]); ok {
		t.add(report.Location{Path: p.Path, Layer: p.Layer}, p.Name, p.Name+" "+p.Version+" is installed")
	}
	find(&t, s, r.patterns()["instructions"], nil)
	return t.verdict(looked, "it is neither installed nor used")
}

// sshServer looks for a server that takes logins.
func sshServer(s *system, r *rule) verdict {
	const looked = "packages, ports and commands of the image"
	var t tally
	c := s.facts.Image.Config
	if p, ok := s.installed(r.With["packages"]); ok {
		t.add(report.Location{Path: p.Path, Layer: p.Layer}, p.Name, p.Name+" "+p.Version+" is installed")
	} else if conf := s.sshd(); conf != nil {
		t.add(at(conf.files[0], 0), "", "there is "+conf.files[0].Path)
	}
	if slices.Contains(c.Ports, "22/tcp") || slices.Contains(c.Ports, "22") {
		t.add(configured(report.NoLayer, "port 22/tcp"), "", "port 22 is exposed")
	}
	for _, w := range slices.Concat(c.Entrypoint, c.Cmd) {
		if path.Base(strings.Fields(w + " .")[0]) == "sshd" {
			t.add(configured(report.NoLayer, "command"), "", "it starts "+w)
			break
		}
	}
	return t.verdict(looked, "there is no SSH server")
}

// present looks for files that should not be there.
func present(s *system, r *rule) verdict {
	var t tally
	for _, f := range s.matching(r.With["files"]) {
		t.add(at(f, 0), "/"+f.Path, f.Path)
	}
	return t.verdict(strings.Join(r.With["files"], ", "), "there is none")
}

// specialFiles looks at files with special rights.
func specialFiles(s *system, r *rule) verdict {
	t := tally{cut: s.facts.Files.SpecialCount > len(s.facts.Files.Special)}
	for _, f := range s.facts.Files.Special {
		if !slices.ContainsFunc(f.Kinds, func(k string) bool { return slices.Contains(r.With["kinds"], k) }) {
			continue
		}
		within := len(r.With["below"]) == 0 || slices.ContainsFunc(r.With["below"], func(dir string) bool { return strings.HasPrefix(f.Path, dir+"/") })
		usual := slices.ContainsFunc(r.With["except"], func(p string) bool {
			name := f.Path
			if !strings.Contains(p, "/") {
				name = path.Base(f.Path)
			}
			ok, err := path.Match(p, name)
			return ok && err == nil
		})
		if within && !usual {
			t.add(report.Location{Path: f.Path, Layer: f.Layer}, "/"+f.Path, fmt.Sprintf("%s %s, owner %d, group %d", f.Mode, f.Path, f.UID, f.GID))
		}
	}
	return t.verdict("files that are "+strings.Join(r.With["kinds"], " or "), "there are none but usual ones")
}
