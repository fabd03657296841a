package catalog

import (
	"time"

	"github.com/pratique/pratique/internal/report"
)

// EventKind is what kind of thing happened.
type EventKind string

const (
	// A scan waits, began, has read a layer or part of one, succeeded, failed.
	EventScanWaiting  EventKind = "scan.waiting"
	EventScanRunning  EventKind = "scan.running"
	EventScanProgress EventKind = "scan.progress"
	EventScanDone     EventKind = "scan.done"
	EventScanFailed   EventKind = "scan.failed"
	// EventVerdict: a verdict changed.
	EventVerdict EventKind = "verdict.changed"
	// EventBlocked: a pull was refused. EventReported: it would have been, if its
	// namespace did not only report. EventExempted: it was not, for the account
	// is exempt.
	EventBlocked  EventKind = "pull.blocked"
	EventReported EventKind = "pull.reported"
	EventExempted EventKind = "pull.exempted"
	// EventVulnerability: a vulnerability became known in an image that was
	// judged before.
	EventVulnerability EventKind = "vulnerability.new"
	// EventStatements: documents that are believed, or signatures of them, were
	// attached to an image or taken away.
	EventStatements EventKind = "statements.changed"
	// EventBatch: a batch of scans is done, or was stopped.
	EventBatch EventKind = "batch.done"
)

// EventKinds lists all kinds.
func EventKinds() []EventKind {
	return []EventKind{EventScanWaiting, EventScanRunning, EventScanProgress, EventScanDone, EventScanFailed,
		EventVerdict, EventBlocked, EventReported, EventExempted, EventVulnerability, EventStatements, EventBatch}
}

// Event is something that happened.
type Event struct {
	// ID grows, but not without gaps.
	ID         int64
	InstanceID string
	At         time.Time
	Kind       EventKind
	// Namespace, Repository and Digest name the artifact it is about, if it is
	// about one; ScanID the scan.
	Namespace  string
	Repository string
	Digest     string
	ScanID     int64
	// Cause says in a few words why it happened: "push", "scan 5", "policy".
	Cause string
	Data  EventData
}

// EventData is what an event of a kind says beside. Fields of other kinds are
// empty.
type EventData struct {
	// Percent is a scan's progress, Layer the digest of the layer just read or
	// being read; Progress tells more of it.
	Percent  int      `json:"percent,omitempty"`
	Layer    string   `json:"layer,omitempty"`
	Progress Progress `json:"progress,omitzero"`
	// Detail and Advice say why a scan failed or a pull was refused, and what to
	// do.
	Detail string `json:"detail,omitempty"`
	Advice string `json:"advice,omitempty"`
	// Before, After and Reason are those of a verdict.
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
	Reason string `json:"reason,omitempty"`
	// Vulnerabilities are ids, Count how many there are or how often it happened.
	Vulnerabilities []string `json:"vulnerabilities,omitempty"`
	Count           int      `json:"count,omitempty"`
	// Account is who was refused, or not.
	Account string `json:"account,omitempty"`
}

// EventFilter selects events. Zero fields select all.
type EventFilter struct {
	Kinds                         []EventKind
	Namespace, Repository, Digest string
	ScanID                        int64
	// Since leaves out what happened before.
	Since time.Time
	// See, if not nil, leaves out what is about namespaces that may not be seen,
	// and if it hides any, what is about none.
	See *Visibility
}

// What makes a verdict change.
const (
	ByScan      = "scan"
	ByPolicy    = "policy"
	ByException = "exception"
	// ByStatements: documents attached to the image have.
	ByStatements = "statements"
	ByExpiry     = "expiry"
	ByAdvisories = "advisories"
	ByRules      = "rules"
	// ByUpdate: a new version of the program judges otherwise.
	CauseUpdate = "update"
)

// VerdictChange is a change of a verdict.
type VerdictChange struct {
	ID     int64
	At     time.Time
	Before Decision
	After  Decision
	Reason string
	// Cause is one of the constants above.
	Cause     string
	Remaining int
	Severity  report.Severity
	ScanID    int64
}
