package gate

import (
	"slices"
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
	// now and grace are for vulnerabilities that were published after the first
	// pull.
	now, pulled time.Time
	grace       time.Duration
}

func exemptionsOf(p catalog.Pull, exceptions []catalog.Exception, now time.Time) exemptions {
	x := exemptions{
		exceptions: catalog.InForce(exceptions, now),
		now:        now,
		pulled:     p.Artifact.FirstPulledAt,
		grace:      time.Duration(p.Namespace.Policy.Gate.GraceDays) * 24 * time.Hour,
	}
	list := p.Namespace.Policy.Allowlist
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

// exemption says what exempts a vulnerability for longest.
type exemption struct {
	// by is the reason for letting pass what is exempted; empty if nothing
	// exempts it.
	by string
	// until is when that expires; zero for never.
	until time.Time
}

// of tells whether an entry is exempted: by the allowlist under its id or any
// of its aliases (§4.4), by an exception, or for the time of grace.
func (x exemptions) of(e catalog.Exposure) exemption {
	var found exemption
	longest := func(by string, until time.Time) {
		if found.by == "" || outlasts(until, found.until) {
			found = exemption{by, until}
		}
	}
	if x.lists(e) {
		longest(ReasonAllowlisted, x.until)
	}
	if !x.exceptions.Empty() {
		if h := x.exceptions.Handle(e.Subject()); h.Whitelisted {
			longest(ReasonExcepted, h.Until)
		}
	}
	if end := x.graceEnd(e); x.now.Before(end) {
		longest(ReasonGrace, end)
	}
	return found
}

// graceEnd is until when a vulnerability does not count because the artifact was
// in use before it was published; zero if it counts.
func (x exemptions) graceEnd(e catalog.Exposure) time.Time {
	if x.grace == 0 || x.pulled.IsZero() || !e.Published.After(x.pulled) {
		return time.Time{}
	}
	return e.Published.Add(x.grace)
}

// stronger returns the reason, of two for which something passes, that is the
// more worth telling.
func stronger(a, b string) string {
	order := []string{"", ReasonAllowlisted, ReasonExcepted, ReasonGrace}
	if slices.Index(order, b) > slices.Index(order, a) {
		return b
	}
	return a
}

func (x exemptions) lists(e catalog.Exposure) bool {
	if len(x.listed) == 0 || !e.IsVulnerability() {
		return false
	}
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
