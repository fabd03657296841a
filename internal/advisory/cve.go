package advisory

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// cveKey is a CVE id in 32 bits: seven for the year, counted from 1990, and 25
// for the number. Zero is no CVE. Tables are sorted by it.
type cveKey uint32

const (
	cveFirstYear  = 1990
	cveYears      = 1 << 7
	cveNumberBits = 25
)

var cvePattern = regexp.MustCompile(`^CVE-[0-9]{4}-[0-9]{4,19}$`)

// isCVE reports whether id has the form of a CVE id.
func isCVE(id string) bool { return cvePattern.MatchString(id) }

// parseCVE gives the key of a CVE id; ids outside the range of keys have none.
func parseCVE(id string) (cveKey, bool) {
	rest, ok := strings.CutPrefix(id, "CVE-")
	if !ok {
		return 0, false
	}
	yearText, numberText, ok := strings.Cut(rest, "-")
	if !ok || len(yearText) != 4 || len(numberText) < 4 || len(numberText) > 8 ||
		len(numberText) > 4 && numberText[0] == '0' {
		return 0, false
	}
	year, err := strconv.ParseUint(yearText, 10, 16)
	if err != nil || year < cveFirstYear || year >= cveFirstYear+cveYears {
		return 0, false
	}
	number, err := strconv.ParseUint(numberText, 10, 32)
	if err != nil || number >= 1<<cveNumberBits {
		return 0, false
	}
	key := cveKey(year-cveFirstYear)<<cveNumberBits | cveKey(number)
	return key, key != 0
}

// String returns the CVE id.
func (k cveKey) String() string {
	return fmt.Sprintf("CVE-%d-%04d", cveFirstYear+uint32(k)>>cveNumberBits, uint32(k)&(1<<cveNumberBits-1))
}
