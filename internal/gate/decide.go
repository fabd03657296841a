package gate

import (
	"time"

	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/report"
)

// Reasons a verdict can have; they are stable and appear in the API.
const (
	ReasonBlockingOff    = "blocking-off"
	ReasonNotScannable   = "not-scannable"
	ReasonIndex          = "index"
	ReasonNotScanned     = "not-scanned"
	ReasonPending        = "pending"
	ReasonRunning        = "running"
	ReasonFailed         = "failed"
	ReasonClean          = "clean"
	ReasonAllowlisted    = "allowlisted"
	ReasonExcepted       = "excepted"
	ReasonBelowThreshold = "below-threshold"
	ReasonVulnerable     = "vulnerable"
)

// Decide judges one artifact under its namespace's policy at the moment now
// (specification §4.3). exposure lists the vulnerabilities of the artifact's
// report, one entry per vulnerability and package; it counts only if
// p.Reported. exceptions are those that hold for the artifact. Neither is
// changed.
//
// The order is: blocking off, kinds nobody scans, indexes (whose members are
// judged on their own), no report, and then what the allowlist and exceptions
// leave of the exposure, compared with the threshold. A scan that waits, runs
// or failed matters only as long as there is no report.
//
// Of exceptions those in force that whitelist count; one that ignores changes
// nothing.
//
// Severities compare in the order of package report. A negligible finding
// blocks under the thresholds none and negligible; one that nobody rated
// (unknown) blocks under none only; a severity that is no severity ranks above
// critical and always blocks. A threshold that is no severity counts as none.
// Without findings there is nothing to compare, and no threshold blocks.
//
// Remaining and Severity are set where a report was judged. ChangesAt is when
// the first of the exempted vulnerabilities is exempted by nothing any more:
// the verdict is then another one, if only in its count.
func Decide(p catalog.Pull, exposure []catalog.Exposure, exceptions []catalog.Exception, now time.Time) catalog.Verdict {
	v := catalog.Verdict{Decision: catalog.Allow, Revision: p.Namespace.Revision}
	if !p.Namespace.Policy.Block {
		v.Reason = ReasonBlockingOff
		return v
	}
	// A kind that is not named here is judged like an image, so that one added
	// later does not open the gate.
	switch p.Artifact.Kind {
	case catalog.KindChart, catalog.KindSignature, catalog.KindOther:
		v.Reason = ReasonNotScannable
		return v
	case catalog.KindIndex:
		v.Reason = ReasonIndex
		return v
	}
	if !p.Reported {
		v.Decision = catalog.Undecided
		v.Reason, v.Message = unreported(p)
		return v
	}
	judge(&v, p, exposure, exemptionsOf(p.Namespace.Policy.Allowlist, exceptions, now))
	return v
}

// judge sets v from what the report found.
func judge(v *catalog.Verdict, p catalog.Pull, exposure []catalog.Exposure, exempt exemptions) {
	rest, exempted := exposure, ReasonAllowlisted
	if !exempt.empty() {
		rest = make([]catalog.Exposure, 0, len(exposure))
		for _, e := range exposure {
			x := exempt.of(e)
			if x.by == "" {
				rest = append(rest, e)
				continue
			}
			if x.by == ReasonExcepted {
				exempted = x.by
			}
			v.ChangesAt = sooner(v.ChangesAt, x.until)
		}
	}
	v.Remaining = len(rest)
	for _, e := range rest {
		v.Severity = max(v.Severity, rank(e.Severity))
	}
	threshold := thresholdOf(p.Namespace.Policy)
	switch {
	case len(exposure) == 0:
		v.Reason = ReasonClean
	case len(rest) == 0:
		v.Reason = exempted
	case v.Severity < threshold:
		v.Reason = ReasonBelowThreshold
	default:
		v.Decision, v.Reason = catalog.Block, ReasonVulnerable
		v.Message = blockedMessage(p, atLeast(rest, threshold), threshold)
	}
	// What is stored and shown must be a severity there is a word for.
	v.Severity = min(v.Severity, report.Critical)
}

// atLeast returns the entries at or above the threshold.
func atLeast(exposure []catalog.Exposure, threshold report.Severity) []catalog.Exposure {
	at := make([]catalog.Exposure, 0, len(exposure))
	for _, e := range exposure {
		if rank(e.Severity) >= threshold {
			at = append(at, e)
		}
	}
	return at
}

// rank is the severity, or one above critical for what is none (§4.2).
func rank(s report.Severity) report.Severity {
	if s < report.Unknown || s > report.Critical {
		return report.Critical + 1
	}
	return s
}

// thresholdOf is the policy's threshold. One that is no severity, as a newer
// version of the program may have stored, counts as none, which blocks most.
func thresholdOf(p catalog.Policy) report.Severity {
	if p.Threshold < report.Unknown || p.Threshold > report.Critical {
		return report.Unknown
	}
	return p.Threshold
}
