package passwords

import (
	"bytes"
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/pratique/pratique/internal/password"
)

// readRedis reads redis.conf, sentinel.conf and access lists: requirepass,
// masterauth, "sentinel auth-pass", and the passwords of "user" lines, ">" before
// one as it is, "#" before its sum.
func readRedis(text []byte, found *finds) {
	for n, line := range lines(text) {
		words := strings.Fields(line)
		if len(words) < 2 {
			continue
		}
		at := find{service: "redis", line: n}
		plain := func(user, word string) {
			if word = unquoted(word); word != "" {
				found.add(at, user, password.Plain(word), nil)
			}
		}
		switch strings.ToLower(words[0]) {
		case "requirepass":
			plain("default", words[1])
		case "masterauth", "primaryauth":
			plain("", words[1])
		case "sentinel":
			if len(words) > 3 && strings.EqualFold(words[1], "auth-pass") {
				plain("", words[3])
			}
		case "user":
			readRedisUser(at, words[1], words[2:], found)
		}
	}
}

// readRedisUser reads the rules of a user of an access list, in which the last of
// "on" and "off" counts and "nopass" takes passwords away.
func readRedisUser(at find, user string, rules []string, found *finds) {
	on := false
	var passwords []string
	for _, r := range rules {
		switch lower := strings.ToLower(r); {
		case lower == "on" || lower == "off":
			on = lower == "on"
		case lower == "nopass":
			passwords = []string{lower}
		case lower == "resetpass":
			passwords = nil
		case strings.HasPrefix(r, ">") || strings.HasPrefix(r, "#"):
			passwords = append(passwords, r)
		}
	}
	if !on {
		return
	}
	for _, p := range passwords {
		switch p[0] {
		case '>':
			found.add(at, user, password.Plain(p[1:]), nil)
		case '#':
			stored, err := password.Redis(p[1:])
			found.add(at, user, stored, err)
		default:
			found.add(at, user, password.Empty(), nil)
		}
	}
}

// unquoted removes quotation marks.
func unquoted(s string) string {
	if len(s) >= 2 && (s[0] == '"' || s[0] == '\'') && s[len(s)-1] == s[0] {
		return s[1 : len(s)-1]
	}
	return s
}

// readMyCnf reads the passwords of [client] and other groups of MySQL's options.
func readMyCnf(text []byte, found *finds) {
	user, word, at := "", "", 0
	flush := func() {
		if word != "" {
			found.add(find{service: "mysql", line: at}, user, password.Plain(word), nil)
		}
		user, word, at = "", "", 0
	}
	for n, line := range lines(text) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") {
			flush()
			continue
		}
		name, value, _ := strings.Cut(line, "=")
		value = unquoted(strings.TrimSpace(value))
		switch strings.TrimSpace(name) {
		case "user":
			user = value
		case "password", "pass":
			word, at = value, n
		}
	}
	flush()
}

// readPgpass reads HOST:PORT:DATABASE:USER:PASSWORD, with "\" before ":" and "\".
func readPgpass(text []byte, found *finds) {
	for n, line := range lines(text) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		fields := []string{""}
		for i := 0; i < len(line); i++ {
			switch {
			case line[i] == '\\' && i+1 < len(line):
				i++
				fields[len(fields)-1] += line[i : i+1]
			case line[i] == ':' && len(fields) < 5:
				fields = append(fields, "")
			default:
				fields[len(fields)-1] += line[i : i+1]
			}
		}
		if len(fields) == 5 && fields[4] != "" {
			found.add(find{service: "postgresql", line: n}, fields[3], password.Plain(fields[4]), nil)
		}
	}
}

// Parts of statements. A text ends with its line, so that a quotation mark that
// stands alone does not swallow the rest of a file.
const (
	quotedSQL = `(?:'(?:[^'\\\n]|\\.|'')*'|"(?:[^"\\\n]|\\.|"")*")`
	nameSQL   = "(?:" + quotedSQL + "|`[^`\n]*`|[\\w.$-]+)"
)

var (
	// CREATE USER 'a'@'%' IDENTIFIED BY 'b'; GRANT … TO a IDENTIFIED BY PASSWORD '*…'
	identifiedBy = regexp.MustCompile(`(?i)\b(?:USER|TO|EXISTS)\s+(` + nameSQL + `)(?:\s*@\s*` + nameSQL + `)?\s+IDENTIFIED\s+` +
		`(?:(?:WITH|VIA)\s+` + nameSQL + `\s+)?(BY|AS|USING)\s+(?:PASSWORD\s*\(?\s*)?(` + quotedSQL + `)`)
	// SET PASSWORD FOR 'a'@'%' = PASSWORD('b')
	setPassword = regexp.MustCompile(`(?i)\bSET\s+PASSWORD\s+FOR\s+(` + nameSQL + `)(?:\s*@\s*` + nameSQL + `)?\s*=\s*(PASSWORD\s*\(\s*)?(` + quotedSQL + `)`)
	// CREATE ROLE a WITH LOGIN PASSWORD 'b'
	rolePassword = regexp.MustCompile(`(?i)\b(?:CREATE|ALTER)\s+(?:USER|ROLE)\s+(?:IF\s+NOT\s+EXISTS\s+)?(` + nameSQL + `)([^;'"]{0,300}?)\bPASSWORD\s+(E?` + quotedSQL + `)`)
)

// readStatements reads the statements that make accounts in MySQL, MariaDB and
// PostgreSQL.
func readStatements(text []byte, found *finds) {
	if len(text) > maxScript {
		return
	}
	lower := bytes.ToLower(text)
	for _, s := range statements {
		if !slices.ContainsFunc(s.keywords, func(k string) bool { return bytes.Contains(lower, []byte(k)) }) {
			continue
		}
		lineOf := lineCounter(text)
		for _, m := range s.pattern.FindAllSubmatchIndex(text, maxAccounts) {
			user, form := unquotedSQL(part(text, m, 1)), unquotedSQL(strings.TrimLeft(part(text, m, 3), "eE"))
			stored, err := s.read(form)
			if errors.Is(err, password.ErrUnknown) {
				stored, err = password.Plain(form), nil
			}
			found.add(find{service: s.service, line: lineOf(m[0])}, user, stored, err)
		}
	}
}

// statements are the kinds that give an account a password. The first group of a
// pattern is the account, the third the password. Without any of the keywords a
// text has none, which is seldom worth finding out by the pattern: most texts are
// dumps of other data.
var statements = []struct {
	service  string
	keywords []string
	pattern  *regexp.Regexp
	read     func(form string) (password.Stored, error)
}{
	{"mysql", []string{"identified"}, identifiedBy, password.MySQL},
	{"mysql", []string{"set password"}, setPassword, password.MySQL},
	{"postgresql", []string{"create user", "create role", "alter user", "alter role"}, rolePassword, password.PostgreSQL},
}

func part(text []byte, match []int, n int) string {
	if match[2*n] < 0 {
		return ""
	}
	return string(text[match[2*n]:match[2*n+1]])
}

// lineCounter returns a function that tells the line of an offset, for offsets
// that do not decrease.
func lineCounter(text []byte) func(offset int) int {
	line, at := 1, 0
	return func(offset int) int {
		line += bytes.Count(text[at:offset], []byte{'\n'})
		at = offset
		return line
	}
}

// unquotedSQL returns what a quoted text or name stands for.
func unquotedSQL(s string) string {
	if len(s) < 2 || !strings.ContainsRune("'\"`", rune(s[0])) || s[len(s)-1] != s[0] {
		return s
	}
	quote := s[:1]
	s = strings.ReplaceAll(s[1:len(s)-1], quote+quote, quote)
	return escape.ReplaceAllString(s, "$1")
}

var escape = regexp.MustCompile(`\\(.)`)

// verifier is how a password stands in PostgreSQL's table of accounts.
var verifier = regexp.MustCompile(`SCRAM-SHA-256\$\d{1,10}:[A-Za-z0-9+/=]{4,200}\$[A-Za-z0-9+/=]{44}:[A-Za-z0-9+/=]{44}|md5[0-9a-f]{32}`)

// readAuthTable reads global/1260, the table pg_authid of a database that was
// made when the image was built. A row has the name in 64 bytes, filled up with
// zeros, then 12 bytes of flags and a limit, then the password after its length:
// one byte for a short one, four for a long one.
func readAuthTable(text []byte, found *finds) {
	const name, fixed = 64, 64 + 12
	for _, m := range verifier.FindAllIndex(text, maxAccounts) {
		form := text[m[0]:m[1]]
		start := m[0] - fixed - 1
		if form[0] == 'S' {
			start = m[0] - fixed - 4
		}
		if start < 0 {
			continue
		}
		user, rest, ok := bytes.Cut(text[start:start+name], []byte{0})
		if !ok || len(user) == 0 || len(bytes.Trim(rest, "\x00")) > 0 {
			continue // not the row of an account
		}
		stored, err := password.PostgreSQL(string(form))
		found.add(find{service: "postgresql"}, string(user), stored, err)
	}
}
