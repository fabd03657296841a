package api

import (
	"cmp"
	"time"

	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/gate"
	"github.com/pratique/pratique/internal/report"
)

// threshold is how the name of a threshold is written: "none" where a severity
// is "unknown".
func threshold(s report.Severity) string {
	if s == report.Unknown {
		return "none"
	}
	return s.String()
}

func (h *handlers) namespace(n catalog.Namespace) Namespace {
	list := n.Policy.Allowlist
	out := Namespace{
		ID: n.ID, Name: n.Name, Public: n.Public, AutoScan: n.AutoScan,
		PreventVul: n.Policy.Block, Severity: threshold(n.Policy.Threshold),
		Allowlist: Allowlist{
			Items:     make([]AllowlistItem, len(list.Items)),
			Expired:   list.Expired(h.cfg.Now()),
			CreatedAt: list.CreatedAt,
			UpdatedAt: list.UpdatedAt,
		},
		Gate:         gateSettings(n),
		Repositories: n.Repositories, CreatedAt: n.CreatedAt, UpdatedAt: n.UpdatedAt,
	}
	for i, id := range list.Items {
		out.Allowlist.Items[i] = AllowlistItem{CVEID: id}
	}
	if !list.ExpiresAt.IsZero() {
		out.Allowlist.ExpiresAt = list.ExpiresAt.Unix()
	}
	return out
}

func repository(r catalog.Repository) Repository {
	return Repository{
		Name: r.Name, Namespace: r.Namespace, Artifacts: r.Artifacts, Tags: r.Tags,
		CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt,
	}
}

// artifact describes what was read of an artifact, judged now.
func (h *handlers) artifact(p catalog.Pull, f found) Artifact {
	a := p.Artifact
	out := Artifact{
		Namespace: a.Key.Namespace, Repository: a.Key.Repository,
		Digest: a.Digest, Kind: a.Kind, MediaType: a.MediaType, ArtifactType: a.ArtifactType,
		Size: a.Size, Subject: a.Subject, Tags: append([]string{}, a.Tags...),
		PushedAt: a.PushedAt, FirstPulledAt: a.FirstPulledAt, PulledAt: a.PulledAt,
		Platform: a.Platform,
		Verdict:  h.verdict(p, f),
	}
	if refusal := p.Namespace.Scope.Ineligible(a); refusal != nil {
		out.NotScanned = &NotScanned{Code: refusal.Code, Reason: refusal.Message, Advice: refusal.Advice}
	}
	out.ScanOverview = h.overview(p, f)
	for _, m := range f.members {
		out.Members = append(out.Members, Member{
			Image: m.pull.Artifact.Name(), Digest: m.pull.Artifact.Digest, Platform: m.pull.Artifact.Platform,
			ScanOverview: h.overview(m.pull, m.found), Verdict: h.verdict(m.pull, m.found),
		})
		if o := out.Members[len(out.Members)-1].ScanOverview; out.ScanOverview != nil && o != nil {
			out.ScanOverview.Findings = worse(out.ScanOverview.Findings, o.Findings)
		}
	}
	out.OtherImages = f.others
	return out
}

// overview is that of the latest scan, with what the report in force found; nil
// for what was never scanned.
func (h *handlers) overview(p catalog.Pull, f found) *ScanOverview {
	scan := latest(p, f.members)
	if scan == nil {
		return nil
	}
	out := &ScanOverview{Scan: h.scan(*scan)}
	if p.Reported {
		out.Findings = h.findings(f)
	}
	return out
}

// worse returns the worse of what two reports found: by the worst severity, and
// then by how many there are.
func worse(a, b *Findings) *Findings {
	switch {
	case a == nil:
		return b
	case b == nil || a == b:
		return a
	}
	x, _ := report.ParseSeverity(a.Severity) // none found is unknown
	y, _ := report.ParseSeverity(b.Severity)
	if y > x || y == x && b.Total > a.Total {
		return b
	}
	return a
}

// findings counts the vulnerabilities a report found, by the exceptions in force now.
func (h *handlers) findings(f found) *Findings {
	out := &Findings{BySeverity: map[string]int{}}
	for _, s := range report.Severities() {
		out.BySeverity[s.String()] = 0
	}
	worst := report.Unknown
	force := catalog.InForce(f.exceptions, h.cfg.Now())
	for _, e := range f.exposure {
		if !e.IsVulnerability() {
			continue
		}
		handling := force.Handle(e.Subject())
		if handling.Whitelisted {
			out.Whitelisted++
			continue
		}
		if handling.Ignored != nil {
			out.Ignored++
		}
		out.Total++
		out.BySeverity[e.Severity.String()]++
		worst = max(worst, e.Severity)
		if e.FixedVersion != "" {
			out.Fixable++
		}
	}
	if out.Total > 0 {
		out.Severity = worst.String()
	}
	return out
}

func (h *handlers) scan(s catalog.Scan) Scan {
	out := Scan{
		ID: s.ID, State: s.State, Percent: s.Percent, Trigger: s.Trigger,
		CreatedAt: s.CreatedAt, StartedAt: s.StartedAt, EndedAt: s.EndedAt,
		Cause: s.Cause, Detail: s.Detail, Advice: s.Cause.Advice(),
	}
	if s.Progress != (catalog.Progress{}) {
		out.Progress = &s.Progress
	}
	if len(s.Categories) > 0 {
		out.Categories = catalog.Choice(s.Categories)
	}
	if !s.StartedAt.IsZero() {
		end := s.EndedAt
		if end.IsZero() {
			end = h.cfg.Now()
		}
		out.DurationSeconds = max(0, int64(end.Sub(s.StartedAt)/time.Second))
	}
	return out
}

func (h *handlers) verdict(p catalog.Pull, f found) Verdict {
	v := gate.Decide(p, f.exposure, f.exceptions, h.cfg.Now())
	out := Verdict{
		Decision: v.Decision, Reason: v.Reason, Message: v.Message,
		Remaining: v.Remaining, ChangesAt: v.ChangesAt,
		WouldRefuse: v.WouldRefuse(), HoldSeconds: int(v.Hold / time.Second),
	}
	if v.Remaining > 0 {
		out.Severity = v.Severity.String()
	}
	for _, m := range f.members {
		one := h.verdict(m.pull, m.found)
		out.Members = catalog.WorstDecision(cmp.Or(out.Members, catalog.Allow), cmp.Or(one.Members, one.Decision))
	}
	return out
}
