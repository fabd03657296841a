package catalog

import (
	"time"

	"github.com/pratique/pratique/internal/report"
)

// ScanState is where a scan is in its life (§2.4).
type ScanState string

const (
	Pending ScanState = "Pending"
	Running ScanState = "Running"
	Success ScanState = "Success"
	Failed  ScanState = "Error"
)

// Ended reports whether the state is final.
func (s ScanState) Ended() bool { return s == Success || s == Failed }

// Trigger is what asked for a scan.
type Trigger string

const (
	TriggerManual Trigger = "manual"
	TriggerPush   Trigger = "push"
)

// Scan is one run of the scanner on one artifact.
type Scan struct {
	ID         int64
	InstanceID string
	ArtifactID int64
	State      ScanState
	Trigger    Trigger
	// Percent is the progress, 0 to 100.
	Percent int
	// Cause and Detail say why a scan failed.
	Cause  Cause
	Detail string
	// CreatedAt is when it was asked for, StartedAt when it was promoted,
	// EndedAt when it ended; zero where that has not happened.
	CreatedAt time.Time
	StartedAt time.Time
	EndedAt   time.Time
	// Deadline is when a running scan is stopped.
	Deadline time.Time
	// Attempt grows each time the scan is started again after an interruption.
	// Only the current attempt may publish.
	Attempt int
}

// LayerJob is the work of gaining the facts of one layer. Images that share a
// layer share the job.
type LayerJob struct {
	InstanceID string `json:"instance"`
	// Namespace is that of an image that waits for the layer.
	Namespace  string `json:"namespace"`
	DiffID     string `json:"diffId"`
	Collectors string `json:"collectors"`
	Digest     string `json:"digest"`
	MediaType  string `json:"mediaType"`
	Size       int64  `json:"size"`
	// LastAttempt says that the job will not be done again after this time.
	LastAttempt bool `json:"-"`
}

// Exposure is what the gate needs to know about an artifact's vulnerabilities:
// one entry per vulnerability and package, worst first.
type Exposure struct {
	ID           string          `json:"id"`
	Aliases      []string        `json:"aliases,omitempty"`
	Severity     report.Severity `json:"severity"`
	Package      string          `json:"package"`
	Version      string          `json:"version"`
	FixedVersion string          `json:"fixedVersion,omitempty"`
	// Layer is the index of the layer that brought the package.
	Layer int `json:"layer"`
}

// Decision is the gate's answer.
type Decision string

const (
	Allow Decision = "allow"
	Block Decision = "block"
	// Undecided means that nobody knows yet: not scanned, waiting, failed. It
	// does not let anything pass.
	Undecided Decision = "unknown"
)

// Verdict is the decision about an artifact under one revision of its
// namespace's policy.
type Verdict struct {
	Decision Decision `json:"decision"`
	// Reason is machine-readable: "blocking-off", "not-scanned", "pending",
	// "running", "failed", "vulnerable", "below-threshold", "clean",
	// "allowlisted", "not-scannable", "index".
	Reason string `json:"reason"`
	// Message is the sentence a refused client shows to its user; empty when
	// the decision is Allow.
	Message string `json:"message,omitempty"`
	// Revision is the namespace's revision the verdict holds for.
	Revision int64 `json:"revision"`
	// ChangesAt is the earliest time the verdict can change by itself (an
	// allowlist expires); zero means never.
	ChangesAt time.Time `json:"changesAt,omitzero"`
	// Remaining counts vulnerabilities that are not on the allowlist, Severity
	// is the worst of them.
	Remaining int             `json:"remaining"`
	Severity  report.Severity `json:"severity"`
	// ScanID is the scan whose findings were judged. The store sets it in what
	// Pull returns; whoever stores a verdict made from that passes it on, so
	// that a verdict on an old report never replaces one on a newer report.
	ScanID int64 `json:"-"`
}

// Valid reports whether a stored verdict still holds.
func (v Verdict) Valid(revision int64, now time.Time) bool {
	return v.Decision != "" && v.Revision == revision && (v.ChangesAt.IsZero() || now.Before(v.ChangesAt))
}

// Pull is everything the gate needs to decide about one artifact, read at once.
type Pull struct {
	Namespace Namespace
	Artifact  Artifact
	// Content is the manifest, where it was asked for.
	Content []byte
	// Scan is the latest scan, nil if there never was one.
	Scan *Scan
	// Reported says that a scan of the artifact has succeeded; Verdict then
	// holds the stored verdict and Exposure is loaded on demand.
	Reported bool
	Verdict  Verdict
}

// PullRecord counts what became of the pulls of one artifact since they were
// recorded last.
type PullRecord struct {
	ArtifactID int64
	// At is when it was pulled last; the zero time if all pulls were refused.
	At             time.Time
	Pulls, Refused int64
}
