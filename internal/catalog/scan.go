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
	// TriggerSynchronized: the image came from another registry.
	TriggerSynchronized Trigger = "synchronized"
	TriggerSchedule     Trigger = "schedule"
)

// The priorities of waiting scans, most urgent first.
const (
	PriorityManual = iota
	PriorityPush
	PrioritySynchronized
	// PriorityBatch is that of all scans of batches, whoever began them.
	PriorityBatch
)

// Priority is that of a scan by itself.
func (t Trigger) Priority() int {
	switch t {
	case TriggerManual:
		return PriorityManual
	case TriggerPush:
		return PriorityPush
	case TriggerSynchronized:
		return PrioritySynchronized
	}
	return PriorityBatch
}

// Scan is one run of the scanner on one artifact.
type Scan struct {
	ID         int64
	InstanceID string
	ArtifactID int64
	State      ScanState
	Trigger    Trigger
	// Percent is the progress, 0 to 100; Progress is what it rests on, of a
	// running scan whose layers are known.
	Percent  int
	Progress Progress
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
	// Priority says which of the waiting scans is promoted first.
	Priority int
	// Categories are what it looks for, as ParseChoice returns them; nil is
	// everything. Vulnerabilities are always looked for: the gate needs them.
	Categories []report.Category
	// Risky says that it found a vulnerability, an unsafe setting or a malicious
	// file.
	Risky bool
}

// Progress is how far the reading of an image is.
type Progress struct {
	// Layer is the place in the image, from one, of the layer that was read
	// last, or is being read; 0 if none was read yet. Layers is how many the
	// image has.
	Layer  int    `json:"layer,omitempty" doc:"The layer that is being read, or was read last, from one"`
	Layers int    `json:"layers,omitempty" doc:"How many layers the image has"`
	Digest string `json:"digest,omitempty" doc:"That of the layer"`
	// LayerRead of LayerSize bytes of that layer were read, and Read of Size of
	// all layers, as stored. Layers that are known already count as read.
	LayerRead int64 `json:"layerBytesRead,omitempty" doc:"Bytes of that layer that were read"`
	LayerSize int64 `json:"layerBytes,omitempty" doc:"Its size, as stored"`
	Read      int64 `json:"bytesRead,omitempty" doc:"Bytes of all layers that were read, or were known already"`
	Size      int64 `json:"bytes,omitempty" doc:"Size of all layers, as stored"`
}

// LayerRead tells how many bytes of a layer were read so far.
type LayerRead struct {
	LayerJob
	Bytes int64
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

// Exposure is what the gate needs to know about what was found in an artifact:
// one entry per vulnerability and package, worst first, and after those one per
// finding of the categories that can block beside (BlockableCategories).
type Exposure struct {
	// ID is that of the vulnerability; empty for other findings.
	ID           string          `json:"id,omitempty"`
	Aliases      []string        `json:"aliases,omitempty"`
	Severity     report.Severity `json:"severity"`
	Package      string          `json:"package,omitempty"`
	Version      string          `json:"version,omitempty"`
	FixedVersion string          `json:"fixedVersion,omitempty"`
	// Layer is the index of the layer that brought the package.
	Layer int `json:"layer"`
	// What exceptions look at beside the above. Exposures of before there were
	// exceptions lack it; what is exempted by it is so after the next scan only.
	Category  report.Category `json:"category,omitempty"`
	FindingID string          `json:"findingId,omitempty"`
	Paths     []string        `json:"paths,omitempty"`
	// Published is when a vulnerability was; zero where nobody says, and in
	// exposures of before there was a grace.
	Published time.Time `json:"published,omitzero"`
	// Rule and Title are those of a finding that is no vulnerability.
	Rule  string `json:"rule,omitempty"`
	Title string `json:"title,omitempty"`
}

// IsVulnerability reports whether the entry is a vulnerability of a package, and
// no other finding. What has no category, or one that nobody knows, is one, so
// that it does not pass unjudged.
func (e Exposure) IsVulnerability() bool {
	switch e.Category {
	case report.Malicious, report.Sensitive, report.Password, report.Baseline, report.Compliance:
		return false
	}
	return true
}

// Subject is what exceptions look at.
func (e Exposure) Subject() Subject {
	s := Subject{Category: e.Category, FindingID: e.FindingID, Package: e.Package, Rule: e.Rule, Paths: e.Paths}
	if e.IsVulnerability() {
		s.IDs = append([]string{e.ID}, e.Aliases...)
	}
	return s
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
	// "running", "failed", "vulnerable", "malware", "secrets", "weak-passwords",
	// "unsafe-settings", "software-compliance", "below-threshold", "clean",
	// "allowlisted", "excepted", "grace", "not-scannable", "scan-refused", "index".
	Reason string `json:"reason"`
	// Message is the sentence a refused client shows to its user. With the
	// decision Allow it is empty, unless the namespace only reports: then it says
	// why the pull would be refused, and Reason is that of the refusal.
	Message string `json:"message,omitempty"`
	// Revision is the namespace's revision the verdict holds for.
	Revision int64 `json:"revision"`
	// ChangesAt is the earliest time the verdict can change by itself (the
	// allowlist or an exception expires, or a grace ends); zero means never.
	ChangesAt time.Time `json:"changesAt,omitzero"`
	// Hold is for how long a pull that is not decided waits for a scan to end
	// before it is refused. It is never stored.
	Hold time.Duration `json:"-"`
	// Remaining counts vulnerabilities that neither the allowlist nor an exception
	// nor a grace exempts, Severity is the worst of them.
	Remaining int             `json:"remaining"`
	Severity  report.Severity `json:"severity"`
	// ScanID is the scan whose findings were judged. The store sets it in what
	// Pull returns; whoever stores a verdict made from that passes it on, so
	// that a verdict on an old report never replaces one on a newer report.
	ScanID int64 `json:"-"`
}

// WouldRefuse reports whether the artifact passes only because its namespace
// reports and refuses nothing.
func (v Verdict) WouldRefuse() bool { return v.Decision == Allow && v.Message != "" }

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

// PulledArtifact is an artifact with how often it was asked for lately.
type PulledArtifact struct {
	Pull Pull
	// Pulls counts those it left by, Refused those that were refused.
	Pulls, Refused int64
}
