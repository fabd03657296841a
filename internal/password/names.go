package password

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Years that people add to a name: those in which images still in use were made.
const (
	firstYear = 2015
	lastYear  = 2027
)

// What else they add.
var (
	nearEndings = []string{"", "1", "123", "1234", "123456", "@123"}
	farEndings  = []string{"12", "12345", "01", "!", "1!", "123!", "#123", "_123", "-123", "@1234", "@123456", "pass", "password", "_pass", "pwd"}
)

// names returns what people make of an account's name when they need a password:
// the likeliest, and more.
func names(user string) (near, far []string) {
	if user == "" || len(user) > maxWord/2 || !utf8.ValidString(user) {
		return nil, nil
	}
	capital := capitalised(user)
	for _, end := range nearEndings {
		near = append(near, user+end)
	}
	near = append(near, user+user, reversed(user), capital+"123", capital+"@123")
	for _, end := range farEndings {
		far = append(far, user+end)
	}
	far = append(far, strings.ToLower(user), strings.ToUpper(user), capital, capital+"1", capital+"123!", capital+"@1234", "123"+user, "1"+user)
	for year := firstYear; year <= lastYear; year++ {
		far = append(far, user+strconv.Itoa(year), user+"@"+strconv.Itoa(year))
	}
	return unique(near, nil), unique(far, near)
}

// unique removes what is there twice, or is in others too.
func unique(words, others []string) []string {
	kept := words[:0]
	for _, word := range words {
		if !slices.Contains(kept, word) && !slices.Contains(others, word) {
			kept = append(kept, word)
		}
	}
	return kept
}

func capitalised(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(first)) + s[size:]
}

func reversed(s string) string {
	r := []rune(s)
	slices.Reverse(r)
	return string(r)
}
