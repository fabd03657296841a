package image

import (
	"context"
	"regexp"
	"strings"

	"github.com/pratique/pratique/internal/secret"
)

// named are the ways in which a configuration gives a value to a name that says
// the value is secret: NAME=value in environment and instructions, ENV NAME
// value, --password value. Their last group is the value.
var named = []*regexp.Regexp{
	regexp.MustCompile(`(?i)\b\w*(?:password|passwd|_pass|_pwd|passphrase|secret|_token|api_?key|access_?key|private_?key)["']?=("[^"]*"|'[^']*'|\S+)`),
	regexp.MustCompile(`(?i)^ENV\s+\w*(?:password|passwd|_pass|_pwd|passphrase|secret|_token|api_?key|access_?key|private_?key)\s+(\S.*)`),
	regexp.MustCompile(`(?i)\s--?(?:password|passwd|requirepass|passphrase|token|secret|api-key)[= ]\s*("[^"]*"|'[^']*'|\S+)`),
}

// mask masks what the rules take for a secret, and also what they leave out
// because nobody could take it for a good one: "root", "changeme". As a password
// that is in use it must not show.
func mask(ctx context.Context, rules *secret.Rules, text string) string {
	text = rules.Mask(ctx, text)
	for _, n := range named {
		text = maskGroup(n, text)
	}
	return text
}

// maskGroup masks the first group of all matches, but for what is no value.
func maskGroup(n *regexp.Regexp, text string) string {
	var b strings.Builder
	at := 0
	for _, m := range n.FindAllStringSubmatchIndex(text, -1) {
		if from, to := m[2], m[3]; hides(text[from:to]) {
			b.WriteString(text[at:from] + secret.Mask)
			at = to
		}
	}
	return b.String() + text[at:]
}

// hides reports whether a value can be a secret: it is no switch, no path, and no
// reference to what is elsewhere.
func hides(value string) bool {
	value = strings.Trim(value, `"'`)
	switch strings.ToLower(value) {
	case "", "0", "1", "true", "false", "yes", "no", "none", "null":
		return false
	}
	return !strings.ContainsAny(value[:1], "/$<-")
}
