package baseline

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pratique/pratique/internal/report"
)

const (
	passwdFile = "etc/passwd"
	shadowFile = "etc/shadow"
	groupFile  = "etc/group"
)

// account is a line of etc/passwd.
type account struct {
	name, hash, home string
	// uid and gid are -1 where they are no numbers.
	uid, gid int
	line     int
}

// shadowEntry is a line of etc/shadow. Days count from 1970; they are -1 where
// there is none.
type shadowEntry struct {
	name, hash       string
	changed, maxDays int
	line             int
}

// group is a line of etc/group.
type group struct {
	name    string
	gid     int
	members []string
	line    int
}

// fields goes over the lines of a file whose fields are divided by colons. The
// fields are always n; names that begin with a sign are entries of NIS.
func fields(text string, n int) func(yield func(int, []string) bool) {
	return func(yield func(int, []string) bool) {
		for at, line := range lines(text) {
			if line == "" || strings.HasPrefix(line, "#") || line[0] == '+' || line[0] == '-' {
				continue
			}
			f := strings.SplitN(line, ":", n+1)
			if len(f) < 2 {
				continue // no program takes it for an entry
			}
			for len(f) < n {
				f = append(f, "")
			}
			if !yield(at, f) {
				return
			}
		}
	}
}

// id reads a UID, a GID or a number of days; -1 if it is none.
func id(s string) int {
	n, err := strconv.ParseUint(s, 10, 32)
	if err != nil {
		return -1
	}
	return int(n)
}

func parsePasswd(text string) []account {
	var all []account
	for line, f := range fields(text, 7) {
		all = append(all, account{name: f[0], hash: f[1], uid: id(f[2]), gid: id(f[3]), home: f[5], line: line})
	}
	return all
}

func parseShadow(text string) []shadowEntry {
	var all []shadowEntry
	for line, f := range fields(text, 9) {
		all = append(all, shadowEntry{name: f[0], hash: f[1], changed: id(f[2]), maxDays: id(f[4]), line: line})
	}
	return all
}

func parseGroup(text string) []group {
	var all []group
	for line, f := range fields(text, 4) {
		g := group{name: f[0], gid: id(f[2]), line: line}
		for m := range strings.SplitSeq(f[3], ",") {
			if m = strings.TrimSpace(m); m != "" {
				g.members = append(g.members, m)
			}
		}
		all = append(all, g)
	}
	return all
}

// usable reports whether somebody can log in by what a password field holds;
// an empty one asks for no password. Whatever begins with "!" or "*" is locked.
func usable(hash string) bool {
	return hash != "" && hash != "x" && hash[0] != '!' && hash[0] != '*'
}

// hasPasswords reports whether any account has a password.
func (s *system) hasPasswords() bool {
	return slices.ContainsFunc(s.shadow(), func(e shadowEntry) bool { return usable(e.hash) }) ||
		slices.ContainsFunc(s.passwd(), func(a account) bool { return usable(a.hash) })
}

// accountProcedures are about etc/passwd, etc/shadow and etc/group.
func accountProcedures(all map[string]method) {
	none := map[string]paramKind{}
	all["duplicate-accounts"] = method{duplicateAccounts, none, false}
	all["duplicate-groups"] = method{duplicateGroups, none, false}
	all["uid-zero"] = method{uidZero, none, false}
	all["shared-hash"] = method{sharedHash, none, false}
	all["weak-hash"] = method{weakHash, map[string]paramKind{"schemes": words}, false}
	all["empty-password"] = method{emptyPassword, none, false}
	all["privileged-members"] = method{privilegedMembers, map[string]paramKind{"groups": words, "system-accounts": words}, false}
	all["legacy-entry"] = method{legacyEntry, map[string]paramKind{"file": globs}, false}
	all["unknown-group"] = method{unknownGroup, none, false}
	all["password-age"] = method{passwordAge, map[string]paramKind{"days": number}, false}
	all["password-date"] = method{passwordDate, map[string]paramKind{"slack-days": number}, false}
	all["host-trust"] = method{hostTrust, none, false}
	all["root-trust"] = method{rootTrust, none, false}
	all["root-group"] = method{rootGroup, none, false}
	all["group-members"] = method{groupMembers, map[string]paramKind{"group": words}, false}
	all["password-in-file"] = method{passwordInFile, map[string]paramKind{"rules": globs}, false}
	all["file-mode"] = method{fileMode, map[string]paramKind{"files": globs, "forbidden": words}, false}
}

func duplicateAccounts(s *system, _ *rule) verdict {
	var all []entry
	for _, a := range s.passwd() {
		all = append(all, entry{a.name, a.uid, a.line})
	}
	return duplicateEntries(s, passwdFile, "UID", all)
}

func duplicateGroups(s *system, _ *rule) verdict {
	var all []entry
	for _, g := range s.group() {
		all = append(all, entry{g.name, g.gid, g.line})
	}
	return duplicateEntries(s, groupFile, "GID", all)
}

// entry is what accounts and groups have in common.
type entry struct {
	name     string
	id, line int
}

// duplicateEntries looks for names and ids that are there twice; idName is what
// the ids are called.
func duplicateEntries(s *system, path, idName string, all []entry) verdict {
	f := s.file(path)
	if f == nil {
		return missing(path, "there is no such file")
	}
	var t tally
	names, ids := make(map[string]int), make(map[int]string)
	for _, e := range all {
		if first, twice := names[e.name]; twice {
			t.add(at(f, e.line), e.name, fmt.Sprintf("name %s is in lines %d and %d", e.name, first, e.line))
			continue
		}
		names[e.name] = e.line
		if first, twice := ids[e.id]; twice && e.id >= 0 {
			t.add(at(f, e.line), e.name, fmt.Sprintf("%s %d is that of %s and %s", idName, e.id, first, e.name))
		} else {
			ids[e.id] = e.name
		}
	}
	return t.verdict(path+", names and "+idName+"s", "all are different").whole(f)
}

func uidZero(s *system, _ *rule) verdict {
	f := s.file(passwdFile)
	if f == nil {
		return missing(passwdFile, "there is no such file")
	}
	var t tally
	for _, a := range s.passwd() {
		if a.uid == 0 && a.name != "root" {
			t.add(at(f, a.line), a.name, a.name+" has UID 0")
		}
	}
	return t.verdict(passwdFile+", UIDs", "only root has UID 0").whole(f)
}

// secretField is the password field of an account.
type secretField struct {
	name, hash string
	file       *report.ConfigFile
	line       int
}

// secretFields returns those of etc/shadow, and those of etc/passwd that do not
// refer to it.
func (s *system) secretFields() (all []secretField, files []*report.ConfigFile) {
	if f := s.file(shadowFile); f != nil {
		files = append(files, f)
		for _, e := range s.shadow() {
			all = append(all, secretField{e.name, e.hash, f, e.line})
		}
	}
	if f := s.file(passwdFile); f != nil {
		files = append(files, f)
		for _, a := range s.passwd() {
			if a.hash != "x" {
				all = append(all, secretField{a.name, a.hash, f, a.line})
			}
		}
	}
	return all, files
}

const lookedPasswords = "the password fields of etc/shadow and etc/passwd"

func sharedHash(s *system, _ *rule) verdict {
	all, files := s.secretFields()
	if files == nil {
		return missing(lookedPasswords, "there are no such files")
	}
	var t tally
	owners := make(map[string]string)
	for _, p := range all {
		if !usable(p.hash) {
			continue
		}
		key := p.file.Path + ":" + p.hash
		if first, twice := owners[key]; twice && first != p.name {
			t.add(at(p.file, p.line), p.name, first+" and "+p.name+" have the same hash")
		} else {
			owners[key] = p.name
		}
	}
	return t.verdict(lookedPasswords, "no two accounts have the same").whole(files...)
}

func weakHash(s *system, r *rule) verdict {
	all, files := s.secretFields()
	if files == nil {
		return missing(lookedPasswords, "there are no such files")
	}
	var t tally
	for _, p := range all {
		if scheme, _, _ := strings.Cut(p.hash, "#"); usable(p.hash) && slices.Contains(r.With["schemes"], scheme) {
			t.add(at(p.file, p.line), p.name, "the password of "+p.name+" is stored as "+scheme)
		}
	}
	return t.verdict(lookedPasswords, "no weak scheme is in use").whole(files...)
}

func emptyPassword(s *system, _ *rule) verdict {
	all, files := s.secretFields()
	if files == nil {
		return missing(lookedPasswords, "there are no such files")
	}
	var t tally
	for _, p := range all {
		if p.hash == "" {
			t.add(at(p.file, p.line), p.name, p.name+" has no password")
		}
	}
	return t.verdict(lookedPasswords, "none is empty").whole(files...)
}

// members returns who is in a group: those it lists, and whose first group it
// is.
func (s *system) members(g group) []string {
	all := slices.Clone(g.members)
	for _, a := range s.passwd() {
		if a.gid == g.gid && a.gid >= 0 {
			all = append(all, a.name)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// groupNamed returns the first group of a name, which is the one that counts.
func (s *system) groupNamed(name string) (group, bool) {
	n := slices.IndexFunc(s.group(), func(g group) bool { return g.name == name })
	if n < 0 {
		return group{}, false
	}
	return s.group()[n], true
}

// privilegedMembers looks at who is in certain groups. For group 0 only those
// count that it lists: platforms that give a container any UID have all files
// belong to group 0, and give no rights by it.
func privilegedMembers(s *system, r *rule) verdict {
	f := s.file(groupFile)
	if f == nil {
		return missing(groupFile, "there is no such file")
	}
	var t tally
	for _, name := range r.With["groups"] {
		g, ok := s.groupNamed(name)
		if !ok {
			continue
		}
		members := g.members
		if g.gid != 0 {
			members = s.members(g)
		}
		for _, m := range members {
			if m != "root" && !slices.Contains(r.With["system-accounts"], m) {
				t.add(at(f, g.line), m, m+" is in group "+name)
			}
		}
	}
	return t.verdict(groupFile+", members of "+strings.Join(r.With["groups"], ", "), "no ordinary account is in one").whole(f, s.file(passwdFile))
}

func legacyEntry(s *system, r *rule) verdict {
	name := strings.Join(r.With["file"], "")
	f := s.file(name)
	if f == nil {
		return missing(name, "there is no such file")
	}
	var t tally
	for n, line := range lines(f.Content) {
		if strings.HasPrefix(line, "+") {
			entry, _, _ := strings.Cut(line, ":")
			t.add(at(f, n), name, fmt.Sprintf("line %d begins with %s", n, report.Printable(entry, 40)))
		}
	}
	v := t.verdict(name, "no line begins with +").whole(f)
	v.names = []string{name}
	return v
}

func unknownGroup(s *system, _ *rule) verdict {
	f, groups := s.file(passwdFile), s.file(groupFile)
	if f == nil || groups == nil {
		return missing("etc/passwd and etc/group", "there are no such files")
	}
	if groups.Truncated {
		return missing("etc/passwd and etc/group", "etc/group is too large to be read whole")
	}
	there := make(map[int]bool)
	for _, g := range s.group() {
		there[g.gid] = true
	}
	var t tally
	for _, a := range s.passwd() {
		if a.gid < 0 || !there[a.gid] {
			t.add(at(f, a.line), a.name, fmt.Sprintf("%s has GID %d, which is no group", a.name, a.gid))
		}
	}
	return t.verdict("etc/passwd and etc/group, GIDs", "each account's group exists").whole(f)
}

func passwordAge(s *system, r *rule) verdict {
	const looked = "PASS_MAX_DAYS in etc/login.defs, the fifth field of etc/shadow"
	most := r.number("days")
	defs, shadow := s.first("etc/login.defs", "usr/etc/login.defs"), s.file(shadowFile)
	if defs == nil && shadow == nil {
		return missing(looked, "there are no such files")
	}
	var t tally
	for _, e := range s.shadow() {
		switch {
		case !usable(e.hash) || e.maxDays >= 0 && e.maxDays <= most:
		case e.maxDays < 0:
			t.add(at(shadow, e.line), e.name, "the password of "+e.name+" never expires")
		default:
			t.add(at(shadow, e.line), e.name, fmt.Sprintf("the password of %s expires after %d days", e.name, e.maxDays))
		}
	}
	idle := t.count == 0
	if defs != nil {
		set, line := "", 0
		for n, w := range keyWords(defs.Content) {
			if len(w) > 1 && w[0] == "PASS_MAX_DAYS" {
				set, line = w[1], n
			}
		}
		if days, ok := integer(set); !ok || days < 0 || days > most {
			said := "PASS_MAX_DAYS is " + set
			if set == "" {
				said = "PASS_MAX_DAYS is not set"
			}
			t.add(at(defs, line), "", said+", which counts for new accounts")
		}
	}
	v := t.verdict(looked, fmt.Sprintf("passwords expire after at most %d days", most)).whole(defs, shadow)
	v.idle = idle
	return v
}

// keyWords goes over the lines of a file of keys and values divided by space,
// without comments.
func keyWords(text string) func(yield func(int, []string) bool) {
	return func(yield func(int, []string) bool) {
		for n, line := range lines(text) {
			line, _, _ = strings.Cut(line, "#")
			if w := strings.Fields(line); len(w) > 0 && !yield(n, w) {
				return
			}
		}
	}
}

const day = 24 * time.Hour

func passwordDate(s *system, r *rule) verdict {
	const looked = "the third field of etc/shadow"
	f := s.file(shadowFile)
	if f == nil {
		return missing(looked, "there is no such file")
	}
	today := s.today()
	if today == 0 {
		return missing(looked, "it is not known when the image was made")
	}
	// Who builds reproducibly sets the image's time back.
	latest := today + r.number("slack-days")
	var t tally
	for _, e := range s.shadow() {
		if e.changed > latest {
			when := time.Unix(0, 0).UTC().Add(time.Duration(min(e.changed, 100_000)) * day).Format(time.DateOnly)
			t.add(at(f, e.line), e.name, "the password of "+e.name+" was changed on "+when)
		}
	}
	return t.verdict(looked, "no change is in the future").whole(f)
}

// today is the latest day, from 1970, that is known to have come; 0 if none is.
func (s *system) today() int {
	latest := s.known.Day
	if made, err := time.Parse(time.RFC3339, s.facts.Image.Created); err == nil && made.After(latest) {
		latest = made
	}
	// Tools that leave out the time write the first day of some epoch.
	if latest.Year() < 2000 || latest.Year() > 9999 {
		return 0
	}
	return int(latest.Unix() / int64(day/time.Second))
}

// trusting tells the files in which one host trusts another.
var trusting = []string{"etc/hosts.equiv", "etc/ssh/shosts.equiv", ".rhosts", ".shosts"}

// entries returns the lines of a file that say something.
func entries(f *report.ConfigFile) (numbers []int) {
	for n, line := range lines(f.Content) {
		if text := strings.TrimSpace(line); text != "" && text[0] != '#' {
			numbers = append(numbers, n)
		}
	}
	return numbers
}

func hostTrust(s *system, _ *rule) verdict {
	var t tally
	files := s.matching(trusting)
	for _, f := range files {
		if says := entries(f); len(says) > 0 {
			t.add(at(f, says[0]), "/"+f.Path, f.Path+" trusts other machines")
		}
	}
	return t.verdict("hosts.equiv, shosts.equiv, .rhosts, .shosts", "no other machine is trusted").whole(files...)
}

func rootTrust(s *system, _ *rule) verdict {
	home := "root"
	for _, a := range s.passwd() {
		if a.name == "root" && path.IsAbs(a.home) {
			home = strings.TrimPrefix(path.Clean(a.home), "/")
			break
		}
	}
	var paths []string
	for _, name := range []string{".ssh/authorized_keys", ".ssh/authorized_keys2", ".rhosts", ".shosts"} {
		paths = append(paths, path.Join(home, name))
	}
	var t tally
	var files []*report.ConfigFile
	for _, p := range paths {
		f := s.file(p)
		if f == nil {
			continue
		}
		files = append(files, f)
		if says := entries(f); len(says) > 0 {
			t.add(at(f, says[0]), "/"+f.Path, fmt.Sprintf("%s lets in %s", f.Path, entryCount(len(says))))
		}
	}
	return t.verdict(strings.Join(paths, ", "), "nothing lets anybody in as root").whole(files...)
}

func entryCount(n int) string {
	if n == 1 {
		return "1 key or host"
	}
	return strconv.Itoa(n) + " keys or hosts"
}

func rootGroup(s *system, _ *rule) verdict {
	f := s.file(passwdFile)
	for _, a := range s.passwd() {
		if a.name != "root" {
			continue
		}
		if a.gid == 0 {
			return verdict{result: report.Passed, looked: passwdFile, current: "root's group has GID 0"}
		}
		var t tally
		t.add(at(f, a.line), "root", fmt.Sprintf("root's group has GID %d", a.gid))
		return t.verdict(passwdFile, "")
	}
	return missing(passwdFile, "there is no account root")
}

func groupMembers(s *system, r *rule) verdict {
	f := s.file(groupFile)
	if f == nil {
		return missing(groupFile, "there is no such file")
	}
	name := strings.Join(r.With["group"], "")
	g, ok := s.groupNamed(name)
	if !ok {
		return missing(groupFile, "there is no group "+name)
	}
	var t tally
	for _, m := range s.members(g) {
		t.add(at(f, g.line), m, m+" is in group "+name)
	}
	return t.verdict(groupFile+" and "+passwdFile+", group "+name, "it has no members").whole(f, s.file(passwdFile))
}

// passwordInFile goes by what the rules for secrets found.
func passwordInFile(s *system, r *rule) verdict {
	const looked = "what the rules for secrets found in files"
	var t tally
	for _, found := range s.facts.Secrets {
		if slices.ContainsFunc(r.With["rules"], func(p string) bool { ok, err := path.Match(p, found.Rule); return ok && err == nil }) {
			t.add(report.Location{Path: found.Path, Layer: found.Layer, Line: found.Line, Hidden: found.Hidden}, found.Path, found.Path+": "+found.Excerpt)
		}
	}
	if t.count == 0 && !s.known.Secrets {
		return missing(looked, "files were not searched for secrets")
	}
	return t.verdict(looked, "no password was found")
}

// fileMode looks at the permission bits and owners of files.
func fileMode(s *system, r *rule) verdict {
	forbidden, err := strconv.ParseUint(strings.Join(r.With["forbidden"], ""), 8, 9)
	looked := "modes and owners of " + strings.Join(r.With["files"], ", ")
	files := s.matching(r.With["files"])
	if len(files) == 0 || err != nil {
		return missing(looked, "there are no such files")
	}
	var t tally
	for _, f := range files {
		switch {
		case uint64(f.Mode.Perm())&forbidden != 0:
			t.add(at(f, 0), "/"+f.Path, fmt.Sprintf("%s has mode %04o", f.Path, f.Mode.Perm()))
		case f.UID != 0:
			t.add(at(f, 0), "/"+f.Path, fmt.Sprintf("%s belongs to UID %d", f.Path, f.UID))
		}
	}
	return t.verdict(looked, "they are as they should be")
}
