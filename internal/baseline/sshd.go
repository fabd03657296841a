package baseline

import (
	"path"
	"slices"
	"strings"

	"github.com/pratique/pratique/internal/report"
)

// Bounds of reading sshd_config with what it includes.
const (
	maxDirectives = 20_000
	maxIncludes   = 16 // depth, as in OpenSSH
	maxReads      = 200
)

// sshConfig is what sshd would read.
type sshConfig struct {
	// files are those read, the main one first.
	files      []*report.ConfigFile
	directives []directive
	reads      int
}

// directive is one line of it.
type directive struct {
	key   string // lower case
	text  string
	place report.Location
	// match is the condition of the Match block it is in; empty outside.
	match string
}

// mainSSHConfig tells where it is; some distributions keep the defaults below
// /usr.
var mainSSHConfig = []string{"etc/ssh/sshd_config", "usr/etc/ssh/sshd_config"}

// readSSHConfig reads the configuration of sshd; nil if there is none.
func readSSHConfig(s *system) *sshConfig {
	f := s.first(mainSSHConfig...)
	if f == nil {
		return nil
	}
	c := new(sshConfig)
	c.read(s, f, "", 0)
	return c
}

// read adds a file. A Match block that an included file begins ends with it.
func (c *sshConfig) read(s *system, f *report.ConfigFile, match string, depth int) {
	if c.reads++; c.reads > maxReads {
		return
	}
	if !slices.Contains(c.files, f) {
		c.files = append(c.files, f)
	}
	for n, line := range lines(f.Content) {
		key, text := sshLine(line)
		if key == "" {
			continue
		}
		if len(c.directives) >= maxDirectives {
			return
		}
		switch key {
		case "match":
			if match = text; match == "" || strings.EqualFold(match, "all") {
				match = "all"
			}
		case "include":
			if depth < maxIncludes {
				c.include(s, text, match, depth+1)
			}
		}
		c.directives = append(c.directives, directive{key: key, text: text, place: at(f, n), match: match})
	}
}

// include adds the files that patterns name, in the order of their names. A
// relative pattern is below /etc/ssh.
func (c *sshConfig) include(s *system, patterns, match string, depth int) {
	for _, p := range sshWords(patterns) {
		if !path.IsAbs(p) {
			p = "/etc/ssh/" + p
		}
		p = strings.TrimPrefix(path.Clean(p), "/")
		if !strings.Contains(p, "/") {
			continue
		}
		for _, f := range s.matching([]string{p}) {
			if len(c.directives) >= maxDirectives {
				return
			}
			c.read(s, f, match, depth)
		}
	}
}

// sshLine splits a line into its keyword, in lower case, and the rest without
// quotes and comment. Keyword and value are divided by space, or by "=".
func sshLine(line string) (key, text string) {
	line = strings.TrimSpace(line)
	if line == "" || line[0] == '#' {
		return "", ""
	}
	n := strings.IndexAny(line, " \t=")
	if n < 0 {
		return strings.ToLower(line), ""
	}
	key, text = strings.ToLower(line[:n]), strings.TrimLeft(line[n:], " \t")
	if rest, ok := strings.CutPrefix(text, "="); ok {
		text = rest
	}
	words := sshWords(text)
	return key, strings.Join(words, " ")
}

// sshWords splits what follows a keyword: words may be quoted, and one that
// begins with "#" ends the line.
func sshWords(text string) []string {
	var words []string
	for {
		text = strings.TrimLeft(text, " \t")
		if text == "" || text[0] == '#' {
			return words
		}
		end, after := strings.IndexAny(text, " \t"), 0
		if text[0] == '"' {
			text = text[1:]
			end, after = strings.IndexByte(text, '"'), 1
		}
		if end < 0 {
			end, after = len(text), 0
		}
		words = append(words, text[:end])
		text = text[end+after:]
	}
}

// values returns the value of a keyword that counts for every connection, which
// is the first outside Match blocks, and all that Match blocks set instead.
func (c *sshConfig) values(keyword string) []value {
	keyword = strings.ToLower(keyword)
	var all []value
	found := false
	for _, d := range c.directives {
		switch {
		case d.key != keyword || d.text == "":
		case d.match != "":
			all = append(all, value{text: d.text, place: d.place, when: d.match})
		case !found:
			found = true
			all = append(all, value{text: d.text, place: d.place})
		}
	}
	return all
}
