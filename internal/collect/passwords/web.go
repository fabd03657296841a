package passwords

import (
	"bytes"
	"encoding/xml"
	"io"
	"strings"

	"github.com/pratique/pratique/internal/password"
)

// readWebPasswords reads what htpasswd writes: NAME:HASH, where more may follow.
func readWebPasswords(text []byte, found *finds) { readHashes("http", text, found) }

// readFTPPasswords reads NAME:HASH:…, as pam_pwdfile and FTP servers with
// accounts of their own have it.
func readFTPPasswords(text []byte, found *finds) { readHashes("ftp", text, found) }

func readHashes(service string, text []byte, found *finds) {
	for n, line := range lines(text) {
		user, rest, ok := strings.Cut(line, ":")
		if !ok || !account(user) {
			continue
		}
		hash, _, _ := strings.Cut(rest, ":")
		stored, err := password.Crypt(hash)
		found.add(find{service: service, line: n}, user, stored, err)
	}
}

// readFTPUsers reads the text that vsftpd's database of accounts is made of: a
// line with the name, a line with the password. Where there are colons it is
// taken for NAME:HASH.
func readFTPUsers(text []byte, found *finds) {
	if bytes.IndexByte(text, ':') >= 0 {
		readFTPPasswords(text, found)
		return
	}
	user := ""
	for n, line := range lines(text) {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case user == "":
			user = line
		default:
			found.add(find{service: "ftp", line: n}, user, password.Plain(line), nil)
			user = ""
		}
	}
}

// readTomcat reads the elements <user username="…" password="…"/> of
// tomcat-users.xml that are not in a comment. A file that is no XML is read as
// far as it is.
func readTomcat(text []byte, found *finds) {
	dec := xml.NewDecoder(bytes.NewReader(text))
	dec.Strict = false
	dec.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	for {
		token, err := dec.RawToken()
		if err != nil {
			return
		}
		element, ok := token.(xml.StartElement)
		if !ok || element.Name.Local != "user" {
			continue
		}
		var user, word string
		given := false
		for _, a := range element.Attr {
			switch a.Name.Local {
			case "username", "name":
				user = a.Value
			case "password":
				word, given = a.Value, true
			}
		}
		if !given {
			continue
		}
		line, _ := dec.InputPos()
		stored, err := password.Tomcat(word)
		found.add(find{service: "tomcat", line: line}, user, stored, err)
	}
}
