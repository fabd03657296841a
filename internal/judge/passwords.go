package judge

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pratique/pratique/internal/report"
)

// Passwords turns the accounts whose password was guessed into findings, worst
// first: one for each account of a file or of the configuration, in however many
// layers. The slice is never nil.
func Passwords(facts *report.ImageFacts) []report.Finding {
	groups := make(map[passwordKey][]report.WeakPassword)
	for _, w := range slices.Concat(facts.Passwords, facts.Image.Passwords) {
		key := passwordKey{w.Path, w.Config, w.Service, w.User, w.How == howEmpty}
		groups[key] = append(groups[key], w)
	}
	findings := make([]report.Finding, 0, len(groups))
	for _, key := range slices.SortedFunc(maps.Keys(groups), passwordKey.compare) {
		findings = append(findings, passwordFinding(key, groups[key], facts.Image))
	}
	slices.SortStableFunc(findings, func(a, b report.Finding) int { return cmp.Compare(b.Severity, a.Severity) })
	return findings
}

// Kinds of guesses, as facts have them.
const (
	howEmpty = "empty"
	howName  = "account-name"
	howWord  = "word"
)

// passwordKey is what makes a finding one.
type passwordKey struct {
	path, config, service, user string
	empty                       bool
}

func (k passwordKey) compare(o passwordKey) int {
	return cmp.Or(strings.Compare(k.path, o.path), strings.Compare(k.config, o.config),
		strings.Compare(k.service, o.service), strings.Compare(k.user, o.user), cmp.Compare(bit(k.empty), bit(o.empty)))
}

// rule is "weak-system-password" or "no-system-password".
func (k passwordKey) rule() string {
	if k.empty {
		return "no-" + k.service + "-password"
	}
	return "weak-" + k.service + "-password"
}

// account names the account.
func (k passwordKey) account() string { return accountName(k.user) }

func accountName(user string) string {
	if user == "" {
		return "account without a name"
	}
	return "account " + report.Printable(user, 64)
}

func passwordFinding(key passwordKey, group []report.WeakPassword, img report.Image) report.Finding {
	s := passwordServiceOf(key.service)
	f := report.Finding{
		FindingID:  findingID(report.Password, key.rule(), fmt.Sprintf("%q %q %q", key.user, key.path, key.config)),
		Category:   report.Password,
		Rule:       key.rule(),
		Title:      "Weak password of " + s.account,
		Severity:   passwordSeverity(key, group, s),
		Details:    passwordDetails(key, group, s),
		References: []string{"https://cwe.mitre.org/data/definitions/521.html"},
	}
	if key.empty {
		f.Title = "No password needed for " + s.account
		f.References = []string{"https://cwe.mitre.org/data/definitions/258.html"}
	}
	for _, w := range group {
		at := locate(img, w.Path, w.Layer)
		at.Line, at.Hidden, at.Config = w.Line, w.Hidden, w.Config
		f.Locations = append(f.Locations, at)
		if e := passwordEvidence(w); len(f.Evidence) < maxEvidence && !slices.Contains(f.Evidence, e) {
			f.Evidence = append(f.Evidence, e)
		}
	}
	slices.SortStableFunc(f.Locations, func(a, b report.Location) int {
		return cmp.Or(cmp.Compare(a.Layer, b.Layer), cmp.Compare(a.Line, b.Line))
	})
	f.Locations = slices.Compact(f.Locations)
	f.Solution = passwordSolution(key, s, f.Locations)
	return f
}

// passwordSeverity is high (§3.12), critical where the account may do anything or
// nothing need be guessed, and medium where the password is only in layers below
// one that changes or deletes the file: it is not in force in this image.
func passwordSeverity(key passwordKey, group []report.WeakPassword, s passwordService) report.Severity {
	switch {
	case !slices.ContainsFunc(group, func(w report.WeakPassword) bool { return w.Hidden == "" }):
		return report.Medium
	case key.empty || key.user != "" && key.user == s.superuser:
		return report.Critical
	}
	return report.High
}

// passwordEvidence tells what was found: "account root: ******** (yescrypt), a
// common password".
func passwordEvidence(w report.WeakPassword) string {
	if w.How == howEmpty {
		return accountName(w.User) + ": no password"
	}
	return fmt.Sprintf("%s: %s (%s), %s", accountName(w.User), w.Masked, report.Printable(w.Scheme, 40), guessOf(w.How))
}

func guessOf(how string) string {
	switch how {
	case howName:
		return "the account's own name or a variant of it"
	case howWord:
		return "a word of the list given with the rules"
	}
	return "a common password"
}

func passwordDetails(key passwordKey, group []report.WeakPassword, s passwordService) string {
	last := group[len(group)-1]
	var d strings.Builder
	if key.empty {
		fmt.Fprintf(&d, "The %s (%s) can be used without a password.", key.account(), s.account)
	} else {
		fmt.Fprintf(&d, "The password of the %s (%s) was guessed: it is %s.", key.account(), s.account, guessOf(last.How))
	}
	if last.Changed != "" {
		fmt.Fprintf(&d, " It has been in use since %s.", last.Changed)
	}
	if key.service == "system" && key.empty {
		d.WriteString(" The check of unsafe settings tells of it too.")
	}
	d.WriteString(" Everybody who reaches the service in any container of this image can try it.")
	return d.String()
}

// passwordSolution tells what to do in the order to do it (§3.7): change it where
// it is in use, take it out of the image, hand it over when the container starts.
func passwordSolution(key passwordKey, s passwordService, at []report.Location) string {
	user := key.user
	if user == "" {
		user = "ACCOUNT"
	}
	user = accountWord(user)
	change := strings.ReplaceAll(s.change, "ACCOUNT", user)
	return change + passwordRemoval(at) + " " + s.instead +
		" A good password has more than eight characters of four kinds (capital and small letters, digits, signs), is no word, and is used nowhere else."
}

// passwordRemoval says where the password must go from. What holds it is a part of
// the system as often as not, so it is seldom a file to be left out.
func passwordRemoval(at []report.Location) string {
	first := at[0]
	if first.Config != "" {
		return fmt.Sprintf(" Take it out of the image's configuration (%s) and build again: everybody who can pull the image can read that.", report.Printable(first.Config, 120))
	}
	layer := fmt.Sprintf("layer %d", first.Layer)
	if first.Instruction != "" {
		layer += " (" + code(instruction(first)) + ")"
	}
	s := fmt.Sprintf(" It is %s that puts it into %s: change that and build again, as what a layer holds stays readable below later ones.", layer, report.Printable(first.Path, 160))
	if first.Layer == 0 {
		s += " If it comes with the base image, tell those who make that."
	}
	return s
}

// accountWord makes an account's name fit for a command that people copy.
func accountWord(s string) string {
	if s == "" || strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._@%-") != "" || s[0] == '-' {
		return "ACCOUNT"
	}
	return report.Printable(s, 64)
}

// passwordService is what there is to say about the accounts of one.
type passwordService struct {
	// account is one of them, with an article.
	account string
	// superuser may do anything.
	superuser string
	// change tells how to change or lock the password of ACCOUNT where it is in use.
	change string
	// instead tells how the image does without it.
	instead string
}

func passwordServiceOf(name string) passwordService {
	if s, ok := passwordServices[name]; ok {
		return s
	}
	return passwordServices["application"]
}

var passwordServices = map[string]passwordService{
	"system": {"a system account", "root",
		"Lock the password where the image is built (`RUN passwd -l ACCOUNT`): containers seldom need to log in. Where it is in use, change it with `passwd ACCOUNT`.",
		"If somebody must log in, set the password when the container starts, with `chpasswd -e` and a hash from a secret."},
	"http": {"an account of a web server", "",
		"Change the password with `htpasswd -B FILE ACCOUNT`.",
		"Mount the file of accounts when the container starts."},
	"ftp": {"an account of an FTP server", "",
		"Change the password of ACCOUNT in the server's file of accounts and make its database again.",
		"Mount the file of accounts when the container starts; anonymous or shared accounts belong on no server that is reachable."},
	"redis": {"an account of Redis", "",
		"Change the password with `ACL SETUSER ACCOUNT resetpass >NEW` or `CONFIG SET requirepass NEW`.",
		"Pass `--requirepass` or the access list from a secret when the container starts."},
	"tomcat": {"an account of Tomcat", "admin",
		"Change the password of ACCOUNT in tomcat-users.xml, or delete the account: the manager is not needed in a container.",
		"Mount tomcat-users.xml when the container starts, with digests in it."},
	"mysql": {"an account of MySQL or MariaDB", "root",
		"Change the password with `ALTER USER 'ACCOUNT'@'HOST' IDENTIFIED BY 'NEW'`.",
		"Pass it as a file when the container starts (`MYSQL_ROOT_PASSWORD_FILE`, `MYSQL_PASSWORD_FILE`)."},
	"postgresql": {"an account of PostgreSQL", "postgres",
		"Change the password with `\\password ACCOUNT` in psql, or `ALTER ROLE \"ACCOUNT\" PASSWORD 'NEW'`.",
		"Pass it as a file when the container starts (`POSTGRES_PASSWORD_FILE`)."},
	"rabbitmq": {"an account of RabbitMQ", "guest",
		"Change the password with `rabbitmqctl change_password ACCOUNT`.",
		"Create accounts when the container starts, with passwords from secrets."},
	"mongodb": {"an account of MongoDB", "root",
		"Change the password with `db.changeUserPassword(\"ACCOUNT\", passwordPrompt())`.",
		"Pass it as a file when the container starts (`MONGO_INITDB_ROOT_PASSWORD_FILE`)."},
	"application": {"an account of an application", "",
		"Change the password in the application.",
		"Hand it over when the container starts, from a secret."},
}
