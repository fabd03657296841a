package gate

import (
	"slices"
	"time"

	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/report"
)

// Reasons a verdict can have; they are stable and appear in the API.
const (
	ReasonBlockingOff    = "blocking-off"
	ReasonNotScannable   = "not-scannable"
	ReasonScanRefused    = "scan-refused"
	ReasonIndex          = "index"
	ReasonNotScanned     = "not-scanned"
	ReasonPending        = "pending"
	ReasonRunning        = "running"
	ReasonFailed         = "failed"
	ReasonClean          = "clean"
	ReasonAllowlisted    = "allowlisted"
	ReasonExcepted       = "excepted"
	ReasonGrace          = "grace"
	ReasonBelowThreshold = "below-threshold"
	ReasonVulnerable     = "vulnerable"
	ReasonMalware        = "malware"
	ReasonSecrets        = "secrets"
	ReasonPasswords      = "weak-passwords"
	ReasonSettings       = "unsafe-settings"
	ReasonCompliance     = "software-compliance"
)

// Decide judges one artifact under its namespace's policy at the moment now
// (specification §4.3). exposure lists what the artifact's report found; it
// counts only if p.Reported. exceptions are those that hold for the artifact.
// Neither is changed.
//
// The order is: blocking off, indexes (whose members are judged on their own),
// what no report decides about and the namespace has an answer for, and then
// what exemptions leave of the exposure, compared with the threshold and with
// the levels of further categories. A scan that waits, runs or failed matters
// only as long as there is no report. Signatures and attestations pass, as they
// are how clients decide.
//
// Exempted is what is on the allowlist, what an exception in force whitelists
// (one that ignores changes nothing), and a vulnerability that was published
// after the artifact's first pull, as long as the namespace's grace lasts.
//
// Severities compare in the order of package report. A negligible finding
// blocks under the thresholds none and negligible; one that nobody rated
// (unknown) blocks under none only; a severity that is no severity ranks above
// critical and always blocks. A threshold that is no severity counts as none.
// Without findings there is nothing to compare, and no threshold blocks.
//
// Where the namespace only reports, the decision is Allow, with the reason and
// the message of the refusal it stands for.
//
// Remaining and Severity are set where a report was judged. ChangesAt is when
// the first of what is exempted is exempted by nothing any more: the verdict is
// then another one, if only in its count.
func Decide(p catalog.Pull, exposure []catalog.Exposure, exceptions []catalog.Exception, now time.Time) catalog.Verdict {
	v := catalog.Verdict{Decision: catalog.Allow, Revision: p.Namespace.Revision}
	if !p.Namespace.Policy.Block {
		v.Reason = ReasonBlockingOff
		return v
	}
	// A kind that is not named here is judged like an image, so that one added
	// later does not open the gate.
	switch p.Artifact.Kind {
	case catalog.KindSignature:
		v.Reason = ReasonNotScannable
	case catalog.KindChart, catalog.KindOther:
		answer(&v, p, catalog.NotScannable)
	case catalog.KindIndex:
		v.Reason = ReasonIndex
	default:
		if p.Reported {
			judge(&v, p, exposure, exemptionsOf(p, exceptions, now))
		} else {
			answer(&v, p, stateOf(p))
		}
	}
	return reported(v, p.Namespace)
}

// Loose decides about a blob of a repository that no manifest refers to: it was
// not scanned, nor will it be.
func Loose(ns catalog.Namespace, key catalog.RepositoryKey, digest string) catalog.Verdict {
	v := catalog.Verdict{Decision: catalog.Allow, Revision: ns.Revision, Reason: ReasonNotScanned}
	if ns.Answer(catalog.NotScanned).Action != catalog.AnswerAllow {
		v.Decision = catalog.Undecided
		v.Message = looseMessage(key, digest)
	}
	return reported(v, ns)
}

// reported makes of a refusal a report of it, where the namespace refuses
// nothing.
func reported(v catalog.Verdict, ns catalog.Namespace) catalog.Verdict {
	if ns.Policy.Gate.ReportOnly && v.Decision != catalog.Allow {
		v.Decision, v.Hold, v.Message = catalog.Allow, 0, wouldBe+v.Message
	}
	return v
}

// stateOf is the state of an image without a report. One that a scan waits for
// or looks into is told of as such, though later ones would be refused.
func stateOf(p catalog.Pull) catalog.PullState {
	scan := p.Scan
	switch {
	case (scan == nil || scan.State.Ended()) && refused(p):
		return catalog.ScanRefused
	case scan == nil, scan.State == catalog.Success:
		// A success without a report has nothing to show for itself.
		return catalog.NotScanned
	case scan.State == catalog.Running:
		return catalog.BeingScanned
	case scan.State == catalog.Failed:
		return catalog.ScanFailed
	}
	// Pending, and whatever state a newer version may have stored.
	return catalog.WaitingForScan
}

// refused reports whether the instance does not scan an image.
func refused(p catalog.Pull) bool {
	return p.Artifact.Kind == catalog.KindImage && p.Namespace.Scope.Ineligible(p.Artifact) != nil
}

// answer sets v to what the namespace says about a state.
func answer(v *catalog.Verdict, p catalog.Pull, state catalog.PullState) {
	a := p.Namespace.Answer(state)
	reason, message := unreported(p, state, a)
	v.Reason = reason
	switch a.Action {
	case catalog.AnswerAllow:
		return
	case catalog.AnswerHold:
		v.Hold = a.Hold
	}
	v.Decision, v.Message = catalog.Undecided, message
}

// judge sets v from what the report found.
func judge(v *catalog.Verdict, p catalog.Pull, exposure []catalog.Exposure, exempt exemptions) {
	policy := p.Namespace.Policy
	threshold := thresholdOf(policy)
	vulnerable := group{reason: ReasonVulnerable, level: threshold}
	others := make(map[report.Category][]catalog.Exposure)
	exempted, counted := "", 0
	for _, e := range exposure {
		level, blocks := threshold, true
		if !e.IsVulnerability() {
			level, blocks = policy.Gate.AlsoBlock[e.Category]
			if blocks = blocks && rank(e.Severity) >= level; !blocks {
				continue
			}
		}
		counted++
		if x := exempt.of(e); x.by != "" {
			exempted = stronger(exempted, x.by)
			v.ChangesAt = sooner(v.ChangesAt, x.until)
			continue
		}
		if !e.IsVulnerability() {
			others[e.Category] = append(others[e.Category], e)
			continue
		}
		v.Remaining++
		v.Severity = max(v.Severity, rank(e.Severity))
		if rank(e.Severity) >= level {
			vulnerable.found = append(vulnerable.found, e)
		}
	}
	blocking := groups(vulnerable, others, policy.Gate)
	switch {
	case len(blocking) > 0:
		v.Decision, v.Reason = catalog.Block, blocking[0].reason
		v.Message = blockedMessage(p, blocking)
	case counted == 0:
		v.Reason = ReasonClean
	case v.Remaining == 0:
		v.Reason = exempted
	default:
		v.Reason = ReasonBelowThreshold
	}
	// What is stored and shown must be a severity there is a word for.
	v.Severity = min(v.Severity, report.Critical)
}

// group is what blocks for one reason: findings at or above a level.
type group struct {
	reason string
	level  report.Severity
	found  []catalog.Exposure
}

// groups returns those with findings, the gravest reason first.
func groups(vulnerable group, others map[report.Category][]catalog.Exposure, gate catalog.GateSettings) []group {
	all := []group{vulnerable}
	for _, c := range catalog.BlockableCategories() {
		g := group{reason: reasons[c], level: gate.AlsoBlock[c], found: others[c]}
		if c == report.Malicious {
			all = slices.Insert(all, 0, g)
		} else {
			all = append(all, g)
		}
	}
	return slices.DeleteFunc(all, func(g group) bool { return len(g.found) == 0 })
}

var reasons = map[report.Category]string{
	report.Malicious: ReasonMalware, report.Sensitive: ReasonSecrets, report.Password: ReasonPasswords,
	report.Baseline: ReasonSettings, report.Compliance: ReasonCompliance,
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
