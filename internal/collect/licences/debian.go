package licences

import (
	"bytes"
	"regexp"
	"strings"

	"github.com/pratique/pratique/internal/compliance"
)

// maxName bounds what a copyright file may call a licence, in bytes.
const maxName = 200

// ofCopyright returns the licences that a copyright file of Debian names.
func ofCopyright(text []byte) []string {
	if stanzas, ok := machineReadable(text); ok {
		return ofStanzas(stanzas)
	}
	found := references(text)
	if len(text) > maxText {
		return found
	}
	for _, l := range recognise(text, coverageOfCopyright) {
		found = add(found, l)
	}
	return found
}

// stanza is what a paragraph of a machine-readable copyright file says.
type stanza struct {
	files bool
	// licence is the first line of the field of that name, its short name.
	licence string
}

// machineReadable reads the form of Debian's "Machine-readable debian/copyright
// file" 1.0 and of the drafts before it (DEP-5).
func machineReadable(text []byte) ([]stanza, bool) {
	var stanzas []stanza
	var now stanza
	began, format := false, false
	for line := range bytes.Lines(text) {
		line = bytes.TrimRight(line, " \t\r\n")
		if len(line) == 0 {
			if began {
				stanzas = append(stanzas, now)
			}
			now, began = stanza{}, false
			continue
		}
		name, value, ok := bytes.Cut(line, []byte(":"))
		if !ok || line[0] == ' ' || line[0] == '\t' {
			if len(stanzas) == 0 && !began {
				return nil, false // it must begin with a field
			}
			continue
		}
		began = true
		switch strings.ToLower(string(bytes.TrimSpace(name[:min(len(name), 40)]))) {
		case "format", "format-specification":
			format = format || len(stanzas) == 0
		case "files":
			now.files = true
		case "license", "licence":
			if now.licence == "" && len(value) <= maxName {
				now.licence = strings.ToValidUTF8(string(bytes.TrimSpace(value)), "?")
			}
		}
	}
	if began {
		stanzas = append(stanzas, now)
	}
	return stanzas, format
}

// ofStanzas returns the licences of the paragraphs about files and about the
// whole. The others only hold the texts of the same licences; they count where
// nothing else names any.
func ofStanzas(stanzas []stanza) []string {
	var named, others []string
	for i, s := range stanzas {
		if s.licence == "" {
			continue
		}
		if s.files || i == 0 {
			named = add(named, s.licence)
		} else {
			others = add(others, s.licence)
		}
	}
	if len(named) == 0 {
		named = others
	}
	var out []string
	for _, n := range named {
		out = append(out, synopsis(n)...)
	}
	return out
}

// add appends what is not yet there; beyond maxLicences it gives up.
func add(list []string, s string) []string {
	for _, have := range list {
		if have == s {
			return list
		}
	}
	if len(list) >= maxLicences {
		return list
	}
	return append(list, s)
}

var (
	space = regexp.MustCompile(`\s+`)
)

// synopsis turns Debian's "GPL-2+ or Artistic, and Expat" into SPDX expressions
// that all apply. "or" joins less closely than "and", and a comma before either
// less closely than both. Names that are in no list stay as they are.
func synopsis(text string) []string {
	text = space.ReplaceAllString(strings.TrimSpace(text), " ")
	if text == "" {
		return nil
	}
	var clauses []string
	alternative := false
	for _, clause := range strings.Split(text, ",") {
		clause = strings.TrimSpace(clause)
		if rest, ok := cutWord(clause, "or"); ok {
			clause, alternative = rest, true
		}
		clause, _ = cutWord(clause, "and")
		if clause != "" {
			clauses = append(clauses, clause)
		}
	}
	if alternative {
		return []string{alternatives(clauses)}
	}
	var out []string
	for _, clause := range clauses {
		if parts := split(clause, " or "); len(parts) > 1 {
			out = append(out, alternatives(parts))
			continue
		}
		for _, name := range split(clause, " and ") {
			out = append(out, spdx(name))
		}
	}
	return out
}

// cutWord takes a first word off.
func cutWord(s, word string) (string, bool) {
	if len(s) <= len(word) || !strings.EqualFold(s[:len(word)], word) || s[len(word)] != ' ' {
		return s, false
	}
	return s[len(word)+1:], true
}

// alternatives joins clauses, each of which may be several licences.
func alternatives(clauses []string) string {
	var parts []string
	for _, clause := range clauses {
		for _, c := range split(clause, " or ") {
			names := split(c, " and ")
			for i := range names {
				names[i] = spdx(names[i])
			}
			part := strings.Join(names, " AND ")
			if len(names) > 1 && len(clauses) > 1 {
				part = "(" + part + ")"
			}
			parts = add(parts, part)
		}
	}
	return strings.Join(parts, " OR ")
}

// split splits at a separator in any case.
func split(s, separator string) []string {
	lower := strings.ToLower(s)
	if len(lower) != len(s) {
		return []string{s} // a letter whose lower case is longer
	}
	var parts []string
	for {
		i := strings.Index(lower, separator)
		if i < 0 {
			return append(parts, s)
		}
		parts = append(parts, s[:i])
		s, lower = s[i+len(separator):], lower[i+len(separator):]
	}
}

func spdx(name string) string {
	name = strings.TrimSpace(name)
	if id, ok := compliance.Canonical(name); ok {
		return id
	}
	return name
}

var (
	reference = regexp.MustCompile(`/usr/share/common-licenses/([A-Z][A-Za-z]*(?:-[0-9]+(?:\.[0-9]+)?)?)`)
	anyLater  = regexp.MustCompile(`(?i)\bany\s+(?:\S+\s+)?later\s+version|\bor\s+(?:\S+\s+)?later\b|\(at\s+your\s+option\)\s+any`)
	number    = regexp.MustCompile(`(?i)\bversion\s+([1-3](?:\.[0-9])?)\b`)
)

// maxReferences bounds how many references are followed, and before is how much
// of the text before one tells which version is meant, in bytes.
const (
	maxReferences = 200
	before        = 1200
)

// references returns the licences whose texts, all of which Debian keeps in one
// place, an old copyright file refers to. Whether a later version will do stands
// in the words before.
func references(text []byte) []string {
	var out []string
	from := 0
	for _, at := range reference.FindAllSubmatchIndex(text, maxReferences) {
		name := string(text[at[2]:at[3]])
		words := text[max(from, at[0]-before):at[0]]
		from = at[1]
		family, ver, _ := strings.Cut(name, "-")
		switch family {
		case "GPL", "LGPL", "GFDL":
			if numbers := number.FindAllSubmatch(words, -1); ver == "" && len(numbers) > 0 {
				name += "-" + string(numbers[len(numbers)-1][1])
			}
			if anyLater.Match(words) && strings.Contains(name, "-") {
				name += "+"
			}
			if _, ok := compliance.Canonical(name); !ok {
				name = family // the number was of something else
			}
		case "BSD":
			name = "BSD-3-Clause" // the text kept there is that one
		}
		out = add(out, spdx(name))
	}
	return out
}
