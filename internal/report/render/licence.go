package render

import (
	"strings"

	"github.com/github/go-spdx/v2/spdxexp"
)

// maxExpression bounds the licence expressions that are looked at, in bytes.
const maxExpression = 512

// licences tells SPDX licence expressions from other texts. It remembers what
// it was asked: an image has thousands of packages and dozens of licences.
type licences struct {
	valid map[string]bool
}

func newLicences() *licences { return &licences{valid: make(map[string]bool)} }

// expression reports whether text is an SPDX expression made of licences on the
// SPDX list only.
func (l *licences) expression(text string) bool {
	valid, known := l.valid[text]
	if !known {
		valid = parseable(text)
		l.valid[text] = valid
	}
	return valid
}

func parseable(text string) (valid bool) {
	// A reference has no meaning outside the document it comes from.
	if text == "" || len(text) > maxExpression || !asciiOrSpace(text) || strings.Contains(text, "Ref-") {
		return false
	}
	// The text is hostile and the parser not ours.
	defer func() {
		if recover() != nil {
			valid = false
		}
	}()
	ok, _ := spdxexp.ValidateLicenses([]string{text})
	return ok
}

func asciiOrSpace(s string) bool { return ascii(strings.ReplaceAll(s, " ", "")) }

// join makes one expression of several: all of them apply.
func join(expressions []string) string {
	if len(expressions) == 1 {
		return expressions[0]
	}
	parts := make([]string, len(expressions))
	for i, e := range expressions {
		if strings.Contains(e, " ") {
			e = "(" + e + ")"
		}
		parts[i] = e
	}
	return strings.Join(parts, " AND ")
}

// distinct trims the texts and drops empty ones and repetitions.
func distinct(texts []string) []string {
	seen := make(map[string]bool)
	var list []string
	for _, t := range texts {
		if t = strings.TrimSpace(t); t != "" && !seen[t] {
			seen[t] = true
			list = append(list, t)
		}
	}
	return list
}
