package settings

import (
	"fmt"
	"regexp"
	"strings"
)

// hashScheme is how the modular crypt format begins: "$6$", "$2b$".
var hashScheme = regexp.MustCompile(`^\$[0-9a-zA-Z-]{1,12}\$`)

// desHash is the traditional form, bsdiHash its extension of 1989.
var (
	desHash  = regexp.MustCompile(`^[./0-9A-Za-z]{13}$`)
	bsdiHash = regexp.MustCompile(`^_[./0-9A-Za-z]{19}$`)
)

// withoutHashes replaces the second field of each line by what may be told of
// it. What says that there is no password to log in with stays: "", "x", "*",
// "!" and such before a hash.
func withoutHashes(text string) string {
	numbers := make(map[string]int)
	return eachLine(text, func(line string) string {
		name, rest, ok := strings.Cut(line, ":")
		if !ok {
			return line
		}
		hash, rest, more := strings.Cut(rest, ":")
		told := name + ":" + tellHash(hash, numbers)
		if more {
			told += ":" + rest
		}
		return told
	})
}

// tellHash writes a hash as its scheme and a number, which counts the different
// hashes of a file in their order.
func tellHash(field string, numbers map[string]int) string {
	hash := strings.TrimLeft(field, "!*")
	lock := field[:len(field)-len(hash)]
	if hash == "" || hash == "x" {
		return field
	}
	if numbers[hash] == 0 {
		numbers[hash] = len(numbers) + 1
	}
	return fmt.Sprintf("%s%s#%d", lock, scheme(hash), numbers[hash])
}

func scheme(hash string) string {
	switch {
	case hashScheme.MatchString(hash):
		return hashScheme.FindString(hash)
	case desHash.MatchString(hash):
		return "des"
	case bsdiHash.MatchString(hash):
		return "bsdi"
	}
	return "other"
}
