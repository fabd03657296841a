package passwords

import (
	"path"
	"slices"
	"strings"

	"github.com/pratique/pratique/internal/report"
)

// reader finds the accounts in the text of a file.
type reader func(text []byte, found *finds)

// maxScript bounds statements and scripts that are looked into, in bytes: among
// them are dumps of whole databases.
const maxScript = 1 << 20

// readerOf returns what reads a file; nil if it is none with accounts.
func readerOf(f report.File) reader {
	base := path.Base(f.Path)
	dir := path.Dir(f.Path)
	in := path.Base(dir)
	lower := strings.ToLower(base)
	switch {
	case in == "etc" && backupOf(base, "shadow"):
		return readShadow
	case in == "etc" && backupOf(base, "passwd"):
		return readPasswd
	case in == "global" && base == "1260":
		return readAuthTable
	case base == "tomcat-users.xml":
		return readTomcat
	case base == "users.acl", strings.HasSuffix(lower, ".conf") && (strings.Contains(lower, "redis") || lower == "sentinel.conf" || in == "redis"):
		return readRedis
	case base == ".pgpass" || base == "pgpass.conf" || base == "pgpass":
		return readPgpass
	case base == ".my.cnf" || strings.HasSuffix(lower, ".cnf") && mysqlDir(f.Path):
		return readMyCnf
	case f.Size <= maxScript && (strings.HasSuffix(lower, ".sql") || in == "docker-entrypoint-initdb.d" && strings.HasSuffix(lower, ".sh")):
		return readStatements
	case strings.Contains(f.Path, "vsftpd") && strings.HasSuffix(lower, ".txt"):
		return readFTPUsers
	case slices.Contains(ftpFiles, lower):
		return readFTPPasswords
	case webFile(lower, f.Path):
		return readWebPasswords
	}
	return nil
}

// backupOf reports whether a file is called so, or as a copy of it is: "shadow-",
// "shadow.bak", "shadow~".
func backupOf(base, name string) bool {
	rest, ok := strings.CutPrefix(base, name)
	return ok && (rest == "" || rest == "-" || rest == "~" || strings.HasPrefix(rest, "."))
}

func mysqlDir(p string) bool {
	return path.Base(p) == "my.cnf" || strings.Contains(p, "mysql") || strings.Contains(p, "mariadb") || strings.Contains(p, "my.cnf.d/")
}

// ftpFiles are the usual names for accounts of FTP servers alone.
var ftpFiles = []string{"ftpd.passwd", "proftpd.passwd", "pureftpd.passwd", "vsftpd.passwd", "vsftpd_passwd"}

// webServers are parts of the directories of those that read htpasswd's files.
var webServers = []string{"apache", "httpd", "nginx", "lighttpd", "squid", "haproxy", "caddy", "traefik"}

// webFile reports whether a file may be one of htpasswd's.
func webFile(base, p string) bool {
	if strings.HasPrefix(base, ".htpasswd") || strings.HasPrefix(base, "htpasswd") || strings.HasSuffix(base, ".htpasswd") {
		return true
	}
	switch base {
	case "passwd", "passwords", "users", "htusers", ".htusers", "passwdfile", "password", "auth", "userfile":
		return slices.ContainsFunc(webServers, func(s string) bool { return strings.Contains(p, s) })
	}
	return false
}
