package api

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/gate"
	"github.com/pratique/pratique/internal/report"
)

// GateSettings are what a namespace says about pulls beside threshold and allowlist.
type GateSettings struct {
	NotScanned     string            `json:"notScanned" example:"block" doc:"What becomes of pulls of images for which no scan was asked: block, allow or hold:TIME"`
	Waiting        string            `json:"waiting" example:"hold:30s" doc:"The same for images that wait for their first scan"`
	Running        string            `json:"running" example:"hold:30s" doc:"The same while the first scan runs"`
	Failed         string            `json:"failed" example:"block" doc:"The same for images of which no scan has succeeded"`
	NotScannable   string            `json:"notScannable" example:"allow" doc:"The same for charts and other artifacts that are no images: block or allow"`
	ScanRefused    string            `json:"scanRefused" example:"block" doc:"The same for images that the instance's settings refuse to scan: block or allow"`
	ReportOnly     bool              `json:"reportOnly" doc:"Whether what would be refused is only recorded"`
	GraceDays      int               `json:"graceDays" doc:"For how many days after its publication a vulnerability does not count in an image that was pulled before"`
	AlsoBlock      map[string]string `json:"alsoBlock" doc:"Further categories that block, with the severity from which on; what is absent does not block"`
	ExemptAccounts []string          `json:"exemptAccounts" nullable:"false" doc:"Accounts that may pull what is refused to others, on record"`
	Statements     string            `json:"statements" enum:"off,signed,any" doc:"Which OpenVEX documents attached to images are believed, in reports and at the gate: none, those signed by one of the keys, or all; with any, whoever may push may exempt"`
	StatementKeys  []string          `json:"statementKeys" nullable:"false" doc:"Public keys, as PEM"`
}

// GateSettingsChange modifies the settings of a gate. What is absent keeps its value.
type GateSettingsChange struct {
	_              struct{}           `additionalProperties:"false"`
	NotScanned     *string            `json:"notScanned,omitempty" example:"block" doc:"What becomes of pulls of images for which no scan was asked: block, allow or hold:TIME, with a time from 1s to 300s"`
	Waiting        *string            `json:"waiting,omitempty" example:"hold:30s" doc:"The same for images that wait for their first scan"`
	Running        *string            `json:"running,omitempty" example:"hold:30s" doc:"The same while the first scan runs"`
	Failed         *string            `json:"failed,omitempty" example:"block" doc:"The same for images of which no scan has succeeded"`
	NotScannable   *string            `json:"notScannable,omitempty" example:"allow" doc:"The same for charts and other artifacts that are no images: block or allow"`
	ScanRefused    *string            `json:"scanRefused,omitempty" example:"block" doc:"The same for images that the instance's settings refuse to scan: block or allow"`
	ReportOnly     *bool              `json:"reportOnly,omitempty" doc:"Whether what would be refused is only recorded"`
	GraceDays      *int               `json:"graceDays,omitempty" minimum:"0" maximum:"365" doc:"For how many days after its publication a vulnerability does not count in an image that was pulled before"`
	AlsoBlock      *map[string]string `json:"alsoBlock,omitempty" doc:"Categories and the severity from which on they block, or off; those absent keep theirs. Categories are malicious-file, sensitive-information, weak-password, unsafe-setting, software-compliance"`
	ExemptAccounts *[]string          `json:"exemptAccounts,omitempty" nullable:"false" doc:"Accounts that may pull what is refused to others; replaces the whole list"`
	Statements     *string            `json:"statements,omitempty" enum:"off,signed,any" doc:"Which OpenVEX documents attached to images are believed, in reports and at the gate: none, those signed by one of the keys, or all; with any, whoever may push may exempt"`
	StatementKeys  *[]string          `json:"statementKeys,omitempty" nullable:"false" maxItems:"8" doc:"Public keys as PEM: ECDSA on P-256 or P-384, Ed25519, RSA of 2048 bits or more; replaces all"`
}

func gateSettings(n catalog.Namespace) GateSettings {
	s := n.Policy.Gate
	out := GateSettings{
		NotScanned:     n.Answer(catalog.NotScanned).String(),
		Waiting:        n.Answer(catalog.WaitingForScan).String(),
		Running:        n.Answer(catalog.BeingScanned).String(),
		Failed:         n.Answer(catalog.ScanFailed).String(),
		NotScannable:   n.Answer(catalog.NotScannable).String(),
		ScanRefused:    n.Answer(catalog.ScanRefused).String(),
		ReportOnly:     s.ReportOnly,
		GraceDays:      s.GraceDays,
		AlsoBlock:      make(map[string]string, len(s.AlsoBlock)),
		ExemptAccounts: append([]string{}, s.ExemptAccounts...),
		Statements:     s.Statements.Trust.String(),
		StatementKeys:  append([]string{}, s.Statements.Keys...),
	}
	for category, level := range s.AlsoBlock {
		out.AlsoBlock[string(category)] = threshold(level)
	}
	return out
}

// change turns the request into what the catalog understands, which checks it.
func (c GateSettingsChange) change() (*catalog.GateChange, error) {
	change := &catalog.GateChange{ReportOnly: c.ReportOnly, GraceDays: c.GraceDays, ExemptAccounts: c.ExemptAccounts,
		Answers: map[catalog.PullState]catalog.Answer{}}
	for state, text := range map[catalog.PullState]*string{
		catalog.NotScanned: c.NotScanned, catalog.WaitingForScan: c.Waiting, catalog.BeingScanned: c.Running,
		catalog.ScanFailed: c.Failed, catalog.NotScannable: c.NotScannable, catalog.ScanRefused: c.ScanRefused,
	} {
		if text == nil {
			continue
		}
		a, err := catalog.ParseAnswer(*text)
		if err != nil {
			return nil, err
		}
		change.Answers[state] = a
	}
	if c.Statements != nil || c.StatementKeys != nil {
		change.Statements = &catalog.StatementChange{Trust: (*catalog.StatementTrust)(c.Statements), Keys: c.StatementKeys}
	}
	if c.AlsoBlock == nil {
		return change, nil
	}
	change.AlsoBlock = make(map[report.Category]*report.Severity, len(*c.AlsoBlock))
	for category, level := range *c.AlsoBlock {
		change.AlsoBlock[report.Category(category)] = nil
		if strings.EqualFold(level, "off") {
			continue
		}
		severity, err := report.ParseSeverity(level)
		if err != nil || level == "" {
			return nil, catalog.Errorf(catalog.Invalid, "severity_unknown", "%q is not a severity from which on something blocks", level).
				Advise("use off, none, negligible, low, medium, high or critical")
		}
		change.AlsoBlock[report.Category(category)] = &severity
	}
	return change, nil
}

// What a preview looks at, and shows.
const (
	previewDays      = 30
	previewArtifacts = 3000
	previewShown     = 100
	// previews is how many are made at the same time.
	previews = 2
)

// PolicyPreview tells what a policy would have refused.
type PolicyPreview struct {
	Since     string           `json:"since" example:"2026-08-02" doc:"The first day that is looked at (UTC)"`
	Complete  bool             `json:"complete" doc:"False if more artifacts were asked for than are looked at; those asked for most often are"`
	Artifacts int              `json:"artifacts" doc:"Artifacts that were asked for and are looked at"`
	Pulls     int64            `json:"pulls" doc:"How often they were asked for, whether they were given out or not"`
	Refused   int64            `json:"refused" doc:"How often they were in fact refused"`
	Blocked   PreviewCount     `json:"blocked" doc:"What the policy would refuse"`
	ByReason  map[string]int   `json:"byReason" doc:"Artifacts that the policy would refuse, by reason"`
	Items     []PreviewBlocked `json:"items" nullable:"false" doc:"The first hundred of what it would refuse, the most often asked for first"`
}

// PreviewCount counts artifacts and how often they were asked for.
type PreviewCount struct {
	Artifacts int   `json:"artifacts"`
	Pulls     int64 `json:"pulls"`
}

// PreviewBlocked is an artifact that a policy would refuse.
type PreviewBlocked struct {
	Repository string   `json:"repository"`
	Digest     string   `json:"digest"`
	Tags       []string `json:"tags" nullable:"false"`
	Pulls      int64    `json:"pulls" doc:"How often it was asked for"`
	Reason     string   `json:"reason" example:"vulnerable" doc:"Why, for programs"`
	Severity   string   `json:"severity,omitempty" doc:"The worst vulnerability that nothing exempts"`
	Remaining  int      `json:"remaining,omitempty" doc:"Vulnerabilities that nothing exempts"`
	Message    string   `json:"message" doc:"What a refused client would see"`
}

func (h *handlers) registerPolicy(api huma.API) {
	route(h, api, huma.Operation{
		OperationID: "previewPolicy", Method: http.MethodPost, Path: "/namespaces/{namespace}/policy/preview", Tags: []string{"Namespaces"},
		DefaultStatus: http.StatusOK,
		Summary:       "Tell what a policy would have refused of the pulls of the last 30 days",
		Description:   "The policy is the namespace's, with the change applied and blocking on, whether it is or not. It is judged by what is known of the images now. Nothing is changed.",
	}, h.previewPolicy)
}

type policyPreviewOut struct {
	Body PolicyPreview
}

func (h *handlers) previewPolicy(ctx context.Context, in *updateNamespaceIn) (*policyPreviewOut, error) {
	if err := h.checkEcho(ctx, in); err != nil {
		return nil, err
	}
	change, err := in.Body.change()
	if err != nil {
		return nil, err
	}
	ns, err := h.cfg.Store.Namespace(ctx, instance(ctx), in.Namespace)
	if err != nil {
		return nil, err
	}
	policy, err := ns.Policy.With(change)
	if err != nil {
		return nil, err
	}
	policy.Block, policy.Gate.ReportOnly = true, false
	select {
	case h.previewing <- struct{}{}:
		defer func() { <-h.previewing }()
	default:
		return nil, catalog.Errorf(catalog.Busy, "preview_busy", "%d previews are being made already", previews).Advise("try again in a minute")
	}
	out, err := h.preview(ctx, ns, policy)
	if err != nil {
		return nil, err
	}
	return &policyPreviewOut{*out}, nil
}

// preview judges by a policy what was asked for in a namespace.
func (h *handlers) preview(ctx context.Context, ns catalog.Namespace, policy catalog.Policy) (*PolicyPreview, error) {
	now := h.cfg.Now()
	since := now.AddDate(0, 0, -previewDays+1)
	list, more, err := h.cfg.Store.PulledArtifacts(ctx, ns.InstanceID, ns.Name, since, previewArtifacts)
	if err != nil {
		return nil, err
	}
	out := &PolicyPreview{Since: since.UTC().Format(time.DateOnly), Complete: !more, Artifacts: len(list),
		ByReason: map[string]int{}, Items: []PreviewBlocked{}}
	for _, a := range list {
		f, err := h.found(ctx, a.Pull)
		if catalog.Is(err, catalog.NotFound) {
			continue // deleted meanwhile
		}
		if err != nil {
			return nil, err
		}
		a.Pull.Namespace.Policy = policy
		out.add(a, gate.Decide(a.Pull, f.exposure, f.exceptions, now))
	}
	return out, nil
}

func (p *PolicyPreview) add(a catalog.PulledArtifact, v catalog.Verdict) {
	pulls := a.Pulls + a.Refused
	p.Pulls += pulls
	p.Refused += a.Refused
	if v.Decision == catalog.Allow {
		return
	}
	p.Blocked.Artifacts++
	p.Blocked.Pulls += pulls
	p.ByReason[v.Reason]++
	if len(p.Items) == previewShown {
		return
	}
	item := PreviewBlocked{
		Repository: a.Pull.Artifact.Key.Repository, Digest: a.Pull.Artifact.Digest, Tags: append([]string{}, a.Pull.Artifact.Tags...),
		Pulls: pulls, Reason: v.Reason, Remaining: v.Remaining, Message: v.Message,
	}
	if v.Remaining > 0 {
		item.Severity = v.Severity.String()
	}
	p.Items = append(p.Items, item)
}
