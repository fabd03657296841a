package secret

import (
	"math"
	"regexp"
	"strings"
)

// fillers are words that stand where a secret is to be put, and in examples.
var fillers = []string{
	"example", "changeme", "change_me", "change-me", "changeit", "placeholder", "your", "dummy", "redacted", "removed", "replace",
	"insert", "sample", "xxxx", "****", "....", "____", "todo", "fixme", "foobar", "notreal", "not_real", "not-a-", "not_a_",
	"secret_here", "-here", "_here", "goes-here", "fake", "mock", "testtest", "deadbeef", "lorem", "undefined",
	"12345678", "87654321", "abcdefgh", "abcd1234", "abc123", "qwerty", "0000000",
}

// references match values that only point to a secret.
var references = regexp.MustCompile(`^(?:` + strings.Join([]string{
	`\$(?:[{(].*|[A-Za-z_]\w*(?:[^$\w].*)?)`, // $VAR, ${VAR}, $(command)
	`.*[$#%]\{.*`,                            // …${VAR}…
	`.*\{\{.*`,                               // templates
	`<.*`,                                    // <token>
	`%[A-Za-z_()][\w)]*[%sd]?`,               // %VAR%, %s, %(var)s
	`\[[^\]]*\]?`,                            // [token]
	`@[\w.-]+@`,                              // @TOKEN@
	`(?i)(?:file|env|vault|ssm|op|arn|secret|projects)[:/].*`,
	`/[\w.-]+(?:/[\w.-]*)+`, // /run/secrets/token
	`(?i)(?:process\.env|os\.environ|os\.getenv|getenv|system\.getenv|env\.|config\.|settings\.|self\.|this\.|args\.|options\.|params\.|req\.).*`,
	`(?i)(?:true|false|null|none|nil|yes|no|on|off|empty|unset|disabled|enabled|optional|required|unused|default|undefined|string|str|bytes?|pass(?:word|wd|wort|phrase)?|pwd|psw|pw|secret|token|key|user(?:name)?|root|admin|value|test|prompt|ask|files?|compat|systemd|ldap|sss|plaintext|basic|bearer|digest)`,
	`.*\([^)]*\)?;?`, // a call
}, "|") + `)$`)

// placeholder reports whether a value stands for a secret rather than being
// one.
func placeholder(s string) bool {
	s = strings.Trim(s, " \t\r\n\"'`")
	if s == "" {
		return true
	}
	if len(s) <= 200 { // longer ones are keys and signed tokens
		folded := strings.ToLower(s)
		for _, f := range fillers {
			if strings.Contains(folded, f) {
				return true
			}
		}
		if references.MatchString(s) {
			return true
		}
	}
	return distinct(s) < 4 && len(s) > 3
}

func distinct(s string) int {
	var seen [256]bool
	n := 0
	for i := range len(s) {
		if !seen[s[i]] {
			seen[s[i]] = true
			n++
		}
	}
	return n
}

// entropy is the Shannon entropy of a text in bits a byte.
func entropy(s string) float64 {
	var counts [256]int
	for i := range len(s) {
		counts[s[i]]++
	}
	sum := 0.0
	for _, n := range counts {
		if n > 0 {
			p := float64(n) / float64(len(s))
			sum -= p * math.Log2(p)
		}
	}
	return sum
}
