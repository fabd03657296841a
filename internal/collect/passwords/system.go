package passwords

import (
	"bytes"
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/pratique/pratique/internal/password"
)

// lines yields the lines of a text with their numbers, without their ends. Those
// longer than maxLine are left out, and so are empty ones.
func lines(text []byte) iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		n := 0
		for line := range bytes.Lines(text) {
			n++
			line = bytes.TrimRight(line, "\r\n")
			if len(line) == 0 || len(line) > maxLine {
				continue
			}
			if !yield(n, string(line)) {
				return
			}
		}
	}
}

// readShadow reads NAME:PASSWORD:DAY:…, where DAY is that of the last change.
// Without a password nothing is asked for.
func readShadow(text []byte, found *finds) {
	for n, line := range lines(text) {
		fields := strings.Split(line, ":")
		if len(fields) < 2 || !account(fields[0]) {
			continue
		}
		at := find{service: "system", line: n}
		if len(fields) > 2 {
			at.changed = day(fields[2])
		}
		addField(found, at, fields[0], fields[1])
	}
}

// readPasswd reads NAME:PASSWORD:UID:…, where the password usually is "x": it is
// in the shadow file.
func readPasswd(text []byte, found *finds) {
	for n, line := range lines(text) {
		fields := strings.Split(line, ":")
		if len(fields) < 7 || !account(fields[0]) {
			continue
		}
		addField(found, find{service: "system", line: n}, fields[0], fields[1])
	}
}

// account reports whether a line is one of an account of this system. Lines of
// NIS begin with a sign.
func account(name string) bool {
	return name != "" && !strings.HasPrefix(name, "+") && !strings.HasPrefix(name, "-") && !strings.HasPrefix(name, "#")
}

// addField adds the account of a line of passwd or shadow. What begins with "!"
// or "*" is locked; "x" stands for the other file.
func addField(found *finds, at find, user, field string) {
	if field == "" {
		found.add(at, user, password.Empty(), nil)
		return
	}
	stored, err := password.Crypt(field)
	found.add(at, user, stored, err)
}

// day writes the number of days since 1970 as a date. Zero means that the
// password must be changed at once, which is no date.
func day(field string) string {
	n, err := strconv.Atoi(field)
	if err != nil || n < 1 || n > 100*366 {
		return ""
	}
	return time.Unix(0, 0).UTC().AddDate(0, 0, n).Format(time.DateOnly)
}
