package password

import (
	"context"
	"slices"
	"strings"

	"github.com/pratique/pratique/internal/report"
)

// Masked is what is shown of any password. Not even its length can be seen.
const Masked = "********"

// maxEnvironment bounds what is told of one environment.
const maxEnvironment = 100

// services tell whose password a variable holds, by the beginning of its name,
// and the account that it is where no other variable says so.
var services = []struct{ prefix, service, user string }{
	{"MYSQL_ROOT_", "mysql", "root"},
	{"MARIADB_ROOT_", "mysql", "root"},
	{"MYSQL_", "mysql", ""},
	{"MARIADB_", "mysql", ""},
	{"POSTGRES_", "postgresql", "postgres"},
	{"POSTGRESQL_", "postgresql", "postgres"},
	{"PG", "postgresql", ""},
	{"REDIS", "redis", ""},
	{"TOMCAT_", "tomcat", ""},
	{"FTP", "ftp", ""},
	{"VSFTPD_", "ftp", ""},
	{"HTPASSWD_", "http", ""},
	{"RABBITMQ_DEFAULT_", "rabbitmq", "guest"},
	{"RABBITMQ_", "rabbitmq", ""},
	{"MONGO", "mongodb", ""},
	{"ROOT_", "system", "root"},
	{"ADMIN_", "application", "admin"},
}

// endings are those of variables that hold a password; users replace them in the
// name of the variable with the account.
var (
	endings = []string{"PASSWORD", "PASSWD", "PASS", "PWD"}
	users   = []string{"USER", "USERNAME"}
)

// openings are variables that let everybody in without a password, with the
// values that do so.
var openings = []struct {
	name, service, user string
	values              []string
}{
	{"MYSQL_ALLOW_EMPTY_PASSWORD", "mysql", "root", nil},
	{"MARIADB_ALLOW_EMPTY_ROOT_PASSWORD", "mysql", "root", nil},
	{"POSTGRES_HOST_AUTH_METHOD", "postgresql", "", []string{"trust"}},
	{"ALLOW_EMPTY_PASSWORD", "application", "", []string{"yes", "true", "1"}},
}

// Environment returns the weak passwords in environment variables, each
// "NAME=VALUE", in their order. Config names the variable; Layer is NoLayer.
func (w *Words) Environment(ctx context.Context, env []string) []report.WeakPassword {
	values := make(map[string]string, len(env))
	for _, e := range env {
		name, value, _ := strings.Cut(e, "=")
		values[name] = value
	}
	var all []report.WeakPassword
	var accounts []Account
	for _, e := range env {
		name, value, _ := strings.Cut(e, "=")
		service, user, stored, ok := fromVariable(name, value, values)
		if !ok || value != values[name] || len(all) == maxEnvironment {
			continue
		}
		delete(values, name) // the last of a name counts, and once
		accounts = append(accounts, Account{user, stored})
		all = append(all, report.WeakPassword{Service: service, User: user, Scheme: stored.Scheme, Masked: Masked,
			Config: "environment variable " + name, Layer: report.NoLayer})
	}
	outcome, _ := w.Guess(ctx, accounts)
	for n, how := range outcome.How {
		all[n].How = string(how)
	}
	return slices.DeleteFunc(all, func(p report.WeakPassword) bool { return p.How == string(NotGuessed) })
}

// fromVariable returns the account whose password a variable holds.
func fromVariable(name, value string, values map[string]string) (service, user string, stored Stored, ok bool) {
	if value == "" || len(name) > 128 {
		return "", "", Stored{}, false
	}
	for _, o := range openings {
		if name == o.name && (o.values == nil || slices.Contains(o.values, strings.ToLower(value))) {
			return o.service, o.user, Empty(), true
		}
	}
	upper := strings.ToUpper(name)
	for _, end := range endings {
		before, ok := strings.CutSuffix(upper, end)
		if !ok || before == "" && end == "PWD" || before != "" && !strings.HasSuffix(before, "_") && before != "PG" {
			continue // PWD is where the shell is
		}
		service, user = "application", ""
		for _, s := range services {
			if strings.HasPrefix(upper, s.prefix) {
				service, user = s.service, s.user
				break
			}
		}
		for _, u := range users {
			if named := values[name[:len(before)]+u]; named != "" && len(named) <= 64 {
				user = named
				break
			}
		}
		return service, user, Plain(value), true
	}
	return "", "", Stored{}, false
}
