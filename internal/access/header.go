package access

import (
	"encoding/base64"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/pratique/pratique/internal/catalog"
)

// Bounds on what a client may send as credentials, in bytes.
const (
	maxUserName = 255
	maxToken    = 16 << 10
)

// credentials are what a request carries: name and password, or a token, or
// neither.
type credentials struct {
	basic          bool
	name, password string
	token          string
}

// parseAuthorization reads the Authorization header of a request. None at all
// is no error.
func parseAuthorization(header http.Header) (credentials, error) {
	values := header.Values("Authorization")
	switch len(values) {
	case 0:
		return credentials{}, nil
	case 1:
	default:
		return credentials{}, malformed("there are %d Authorization headers", len(values))
	}
	scheme, rest, _ := strings.Cut(values[0], " ")
	rest = strings.TrimSpace(rest)
	switch strings.ToLower(scheme) {
	case "basic":
		return parseBasic(rest)
	case "bearer":
		if rest == "" || len(rest) > maxToken || !isToken68(rest) {
			return credentials{}, malformed("the bearer token is empty, too long or has signs no token has")
		}
		return credentials{token: rest}, nil
	}
	return credentials{}, malformed("the Authorization header has an unknown scheme")
}

// parseBasic reads RFC 7617 credentials; names and passwords are UTF-8.
func parseBasic(encoded string) (credentials, error) {
	if len(encoded) > base64.StdEncoding.EncodedLen(maxUserName+1+maxPassword) {
		return credentials{}, malformed("the Basic credentials are too long")
	}
	decoded, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return credentials{}, malformed("the Basic credentials are not base64")
	}
	name, password, ok := strings.Cut(string(decoded), ":")
	if !ok {
		return credentials{}, malformed("the Basic credentials have no colon")
	}
	return newCredentials(name, password)
}

// newCredentials checks what a client sent as name and password.
func newCredentials(name, password string) (credentials, error) {
	switch {
	case name == "" || len(name) > maxUserName || !plain(name):
		return credentials{}, malformed("the user name is empty, too long or has control characters")
	case len(password) > maxPassword || !plain(password):
		return credentials{}, malformed("the password is too long or has control characters")
	}
	return credentials{basic: true, name: name, password: password}, nil
}

// plain reports whether s is UTF-8 without control characters, as RFC 7617
// demands of both parts.
func plain(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}

// isToken68 reports whether s follows RFC 9110's token68.
func isToken68(s string) bool {
	s = strings.TrimRight(s, "=")
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("-._~+/", c) >= 0:
		default:
			return false
		}
	}
	return s != ""
}

func malformed(format string, args ...any) error {
	return catalog.Errorf(catalog.Unauthorized, "credentials_malformed", format, args...).
		Advise("send Basic credentials or a bearer token from /v2/token")
}
