package gate

import (
	"strings"
	"time"

	"github.com/pratique/pratique/internal/catalog"
)

// exemptions are what lets vulnerabilities pass at one moment.
type exemptions struct {
	// listed are the ids on the namespace's allowlist, if that is in force;
	// until is when it expires.
	listed map[string]bool
	until  time.Time
	// exceptions are those in force.
	exceptions catalog.Exceptions
}

func exemptionsOf(list catalog.Allowlist, exceptions []catalog.Exception, now time.Time) exemptions {
	x := exemptions{exceptions: catalog.InForce(exceptions, now)}
	if len(list.Items) == 0 || list.Expired(now) {
		return x
	}
	x.until = list.ExpiresAt
	x.listed = make(map[string]bool, len(list.Items))
	for _, item := range list.Items {
		x.listed[normalize(item)] = true
	}
	return x
}

func (x exemptions) empty() bool { return len(x.listed) == 0 && x.exceptions.Empty() }

// exemption says what exempts a vulnerability for longest.
type exemption struct {
	// by is the reason for letting pass what is exempted; empty if nothing
	// exempts it.
	by string
	// until is when that expires; zero for never.
	until time.Time
}

// of tells whether an entry is exempted, by the allowlist under its id or any
// of its aliases (§4.4), or by an exception.
func (x exemptions) of(e catalog.Exposure) exemption {
	var found exemption
	if x.lists(e) {
		found = exemption{ReasonAllowlisted, x.until}
	}
	if x.exceptions.Empty() {
		return found
	}
	if h := x.exceptions.Handle(e.Subject()); h.Whitelisted && (found.by == "" || outlasts(h.Until, found.until)) {
		found = exemption{ReasonExcepted, h.Until}
	}
	return found
}

func (x exemptions) lists(e catalog.Exposure) bool {
	if x.listed[normalize(e.ID)] {
		return true
	}
	for _, alias := range e.Aliases {
		if x.listed[normalize(alias)] {
			return true
		}
	}
	return false
}

func normalize(id string) string { return strings.ToUpper(strings.TrimSpace(id)) }

// outlasts reports whether of two ends, of which zero is none, the first is
// the later.
func outlasts(a, b time.Time) bool { return !b.IsZero() && (a.IsZero() || a.After(b)) }

// sooner returns the earlier of two ends, of which zero is none.
func sooner(a, b time.Time) time.Time {
	if outlasts(a, b) {
		return b
	}
	return a
}
