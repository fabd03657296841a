package api

import (
	"slices"
	"time"

	"github.com/pratique/pratique/internal/catalog"
)

// Paging selects part of a listing.
type Paging struct {
	After string `query:"after" doc:"The \"next\" of the page before"`
	Limit int    `query:"limit" default:"100" minimum:"1" maximum:"500" doc:"Entries per page"`
}

// page asks the store for one entry more, which tells whether there is another
// page.
func (p Paging) page() catalog.Page { return catalog.Page{After: p.After, Limit: p.Limit + 1} }

// List is one page of a listing.
type List[T any] struct {
	Items []T    `json:"items" nullable:"false"`
	Next  string `json:"next,omitempty" doc:"Pass it as \"after\" for the next page; absent on the last"`
}

// listOf makes a page of what the store returned for p.page().
func listOf[S, T any](found []S, p Paging, convert func(S) T, name func(S) string) List[T] {
	list := List[T]{Items: make([]T, 0, min(len(found), p.Limit))}
	if len(found) > p.Limit {
		found = found[:p.Limit]
		list.Next = name(found[p.Limit-1])
	}
	for _, f := range found {
		list.Items = append(list.Items, convert(f))
	}
	return list
}

// Offset selects part of a report.
type Offset struct {
	Offset int `query:"offset" default:"0" minimum:"0" doc:"Entries to leave out"`
	Limit  int `query:"limit" default:"100" minimum:"1" maximum:"1000" doc:"Entries to return"`
}

// Part is part of a report.
type Part[T any] struct {
	Total int `json:"total" doc:"Entries that fit the filters"`
	Items []T `json:"items" nullable:"false"`
}

// partOf selects what keep keeps, and of that, in an order, what o asks for. Where
// the order leaves open what comes first, it stays as it is in all, which is not
// changed.
func partOf[T any](all []T, o Offset, keep func(*T) bool, order func(a, b *T) int) Part[T] {
	var kept []*T
	for i := range all {
		if keep(&all[i]) {
			kept = append(kept, &all[i])
		}
	}
	slices.SortStableFunc(kept, order)
	from := min(o.Offset, len(kept))
	part := Part[T]{Total: len(kept), Items: []T{}}
	for _, item := range kept[from:min(from+o.Limit, len(kept))] {
		part.Items = append(part.Items, *item)
	}
	return part
}

// Namespace groups repositories under one policy for scans and downloads.
type Namespace struct {
	ID           int64        `json:"id"`
	Name         string       `json:"name"`
	Public       bool         `json:"public" doc:"Whether images can be pulled without logging in"`
	AutoScan     bool         `json:"autoScan" doc:"Whether every image that arrives is scanned"`
	PreventVul   bool         `json:"preventVul" doc:"Whether downloads of vulnerable images are blocked"`
	Severity     string       `json:"severity" enum:"none,negligible,low,medium,high,critical" doc:"Vulnerabilities of this severity or higher block downloads"`
	Allowlist    Allowlist    `json:"allowlist"`
	Gate         GateSettings `json:"gate" doc:"Further settings of the gate, which count while downloads are blocked"`
	Repositories int          `json:"repositories" doc:"Number of repositories"`
	CreatedAt    time.Time    `json:"createdAt"`
	UpdatedAt    time.Time    `json:"updatedAt"`
}

// Allowlist exempts vulnerabilities from blocking downloads.
type Allowlist struct {
	Items     []AllowlistItem `json:"items" nullable:"false"`
	ExpiresAt int64           `json:"expiresAt,omitempty" doc:"From when the list no longer counts, in Unix seconds; absent if it never expires"`
	Expired   bool            `json:"expired" doc:"Whether it no longer counts"`
	CreatedAt time.Time       `json:"createdAt,omitzero"`
	UpdatedAt time.Time       `json:"updatedAt,omitzero"`
}

// AllowlistItem is one exempted vulnerability.
type AllowlistItem struct {
	_     struct{} `additionalProperties:"false"`
	CVEID string   `json:"cveId" example:"CVE-2019-10164" doc:"Id of the vulnerability, as reports show it"`
}

// NamespaceCreate asks for a namespace. Policy is set afterwards, by modifying
// it (specification §4.1).
type NamespaceCreate struct {
	_          struct{}         `additionalProperties:"false"`
	Name       string           `json:"name" example:"team"`
	Public     bool             `json:"public,omitempty" doc:"Whether images can be pulled without logging in"`
	AutoScan   bool             `json:"autoScan,omitempty" doc:"Must be false: set it by modifying the namespace"`
	PreventVul bool             `json:"preventVul,omitempty" doc:"Must be false: set it by modifying the namespace"`
	Severity   *string          `json:"severity,omitempty" doc:"Must be absent: set it by modifying the namespace"`
	Allowlist  *AllowlistChange `json:"allowlist,omitempty" doc:"Must be absent: set it by modifying the namespace"`
}

// NamespaceChange modifies a namespace. What is absent keeps its value.
type NamespaceChange struct {
	_          struct{}            `additionalProperties:"false"`
	ID         *int64              `json:"id,omitempty" doc:"May repeat the namespace's id; another one is refused"`
	Name       *string             `json:"name,omitempty" doc:"May repeat the namespace's name; another one is refused"`
	UpdatedAt  *time.Time          `json:"updatedAt,omitempty" doc:"What the namespace said when it was read: the change is refused if somebody has changed it since"`
	Public     *bool               `json:"public,omitempty" doc:"Whether images can be pulled without logging in"`
	AutoScan   *bool               `json:"autoScan,omitempty" doc:"Whether every image that arrives is scanned; images already there are not"`
	PreventVul *bool               `json:"preventVul,omitempty" doc:"Whether downloads of vulnerable images are blocked"`
	Severity   *string             `json:"severity,omitempty" enum:"none,low,medium,high,critical" doc:"Vulnerabilities of this severity or higher block downloads"`
	Allowlist  *AllowlistChange    `json:"allowlist,omitempty" doc:"Replaces the whole list"`
	Gate       *GateSettingsChange `json:"gate,omitempty" doc:"Further settings of the gate"`
}

// AllowlistChange replaces an allowlist.
type AllowlistChange struct {
	_         struct{}        `additionalProperties:"false"`
	Items     []AllowlistItem `json:"items" nullable:"false" doc:"At most 100, without duplicates; empty to empty the list"`
	ExpiresAt *int64          `json:"expiresAt,omitempty" minimum:"1" maximum:"253402300799" doc:"From when the list no longer counts, in Unix seconds; absent for never"`
}

// Repository is a named set of artifacts.
type Repository struct {
	Name      string    `json:"name" doc:"Name within the namespace"`
	Namespace string    `json:"namespace"`
	Artifacts int       `json:"artifacts" doc:"Number of artifacts"`
	Tags      int       `json:"tags" doc:"Number of tags"`
	CreatedAt time.Time `json:"createdAt"`
	UpdatedAt time.Time `json:"updatedAt"`
}

// Artifact is a manifest in a repository.
type Artifact struct {
	Namespace     string               `json:"namespace"`
	Repository    string               `json:"repository"`
	Digest        string               `json:"digest"`
	Kind          catalog.ArtifactKind `json:"kind" enum:"image,index,chart,signature,other"`
	MediaType     string               `json:"mediaType"`
	ArtifactType  string               `json:"artifactType,omitempty"`
	Size          int64                `json:"size" doc:"Manifest and all it refers to, in bytes"`
	Subject       string               `json:"subject,omitempty" doc:"Digest of the manifest this one is about"`
	Tags          []string             `json:"tags" nullable:"false"`
	PushedAt      time.Time            `json:"pushedAt"`
	FirstPulledAt time.Time            `json:"firstPulledAt,omitzero"`
	PulledAt      time.Time            `json:"pulledAt,omitzero"`
	Platform      string               `json:"platform,omitempty" example:"linux/amd64" doc:"That of an image, as its configuration says"`
	NotScanned    *NotScanned          `json:"notScanned,omitempty" doc:"Why it cannot be scanned; absent if it can be"`
	// ScanOverview is absent for an artifact that was never scanned.
	ScanOverview *ScanOverview `json:"scanOverview,omitempty" doc:"Absent if it was never scanned"`
	Verdict      Verdict       `json:"verdict" doc:"Whether it can be downloaded now"`
	Members      []Member      `json:"members,omitempty" doc:"The images of an index, or those that a chart names and the instance holds. The scan overview of an index is theirs together: while one of them waits or runs, so does the whole; then it is as the worst of them. The findings are those of the worst"`
	OtherImages  []string      `json:"otherImages,omitempty" doc:"Images that a chart names and the instance does not hold"`
}

// Member is an image of an index or a chart.
type Member struct {
	Image        string        `json:"image" example:"team/app:1"`
	Digest       string        `json:"digest"`
	Platform     string        `json:"platform,omitempty" example:"linux/arm64"`
	ScanOverview *ScanOverview `json:"scanOverview,omitempty" doc:"Absent if it was never scanned"`
	Verdict      Verdict       `json:"verdict" doc:"Whether it can be downloaded now"`
}

// NotScanned says why an artifact cannot be scanned: for what it is, or by the
// settings of the instance.
type NotScanned struct {
	Code   string `json:"code" enum:"untagged,multi_architecture,chart,windows,not_scannable"`
	Reason string `json:"reason"`
	Advice string `json:"advice"`
}

// ScanOverview is the latest scan with what the report in force found. The
// report stays in force while a later scan waits, runs or has failed.
type ScanOverview struct {
	Scan
	Findings *Findings `json:"findings,omitempty" doc:"What the report in force found; absent if no scan has succeeded"`
}

// Findings counts vulnerabilities.
type Findings struct {
	Severity   string         `json:"severity,omitempty" doc:"The worst; absent if there are none"`
	Total      int            `json:"total"`
	Fixable    int            `json:"fixable" doc:"How many have a fixed version"`
	BySeverity map[string]int `json:"bySeverity"`
	// Ignored are part of all counts above, Whitelisted of none.
	Ignored     int `json:"ignored,omitempty" doc:"How many of them somebody decided to ignore"`
	Whitelisted int `json:"whitelisted,omitempty" doc:"How many more somebody whitelisted"`
}

// Scan is one run of the scanner on one artifact.
type Scan struct {
	ID              int64             `json:"id" doc:"0 for the scans of the images of an index together"`
	State           catalog.ScanState `json:"state" enum:"Pending,Running,Success,Error"`
	Percent         int               `json:"percent" minimum:"0" maximum:"100"`
	Progress        *catalog.Progress `json:"progress,omitempty" doc:"How much was read, while it runs"`
	Trigger         catalog.Trigger   `json:"trigger" enum:"manual,push,synchronized,schedule"`
	CreatedAt       time.Time         `json:"createdAt" doc:"When it was asked for"`
	StartedAt       time.Time         `json:"startedAt,omitzero"`
	EndedAt         time.Time         `json:"endedAt,omitzero"`
	Categories      []string          `json:"categories,omitempty" doc:"What it looks for beside vulnerabilities; everything if absent"`
	DurationSeconds int64             `json:"durationSeconds" doc:"From start to end, or until now"`
	Cause           catalog.Cause     `json:"cause,omitempty" doc:"Why it failed"`
	Detail          string            `json:"detail,omitempty" doc:"What exactly failed"`
	Advice          string            `json:"advice,omitempty" doc:"What to do about it"`
}

// Verdict is the gate's decision about an artifact now.
type Verdict struct {
	Decision catalog.Decision `json:"decision" enum:"allow,block,unknown" doc:"\"unknown\" lets nothing pass either"`
	Reason   string           `json:"reason" doc:"Why, machine-readable" example:"vulnerable"`
	Message  string           `json:"message,omitempty" doc:"What a client that is refused is told, or would be if wouldRefuse"`
	// WouldRefuse and HoldSeconds are there only where they say something.
	WouldRefuse bool `json:"wouldRefuse,omitempty" doc:"True if it passes only because the namespace reports and refuses nothing; reason and message are those of the refusal"`
	HoldSeconds int  `json:"holdSeconds,omitempty" doc:"For how long a pull waits for the end of the scan before it is refused"`
	// Remaining and Severity are about what is not exempted.
	Remaining int    `json:"remaining" doc:"Vulnerabilities that neither the allowlist nor an exception nor a grace exempts"`
	Severity  string `json:"severity,omitempty" doc:"The worst of them; absent if there are none"`
	// Members is of an index or a chart, which pass whatever becomes of their images.
	Members   catalog.Decision `json:"members,omitempty" enum:"allow,block,unknown" doc:"Of an index or a chart: the decision about its images that lets the least pass"`
	ChangesAt time.Time        `json:"changesAt,omitzero" doc:"The earliest time the decision can change by itself"`
}

// Info describes the service.
type Info struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Limits  Limits `json:"limits"`
	// OpenIDSignIn is a path, as the provider is the server's affair.
	OpenIDSignIn string `json:"openIDSignIn,omitempty" doc:"Where a browser signs in with the OpenID provider; absent without one" example:"/auth/oidc/login"`
}

// Limits are what the service refuses to exceed, where an instance has no
// settings of its own.
type Limits struct {
	ConcurrentScans    int   `json:"concurrentScans" doc:"Scans of an instance that run at the same time"`
	ScanTimeoutSeconds int64 `json:"scanTimeoutSeconds" doc:"A scan that takes longer fails"`
	ImageBytes         int64 `json:"imageBytes" doc:"Largest image that is scanned, as stored"`
	Layers             int   `json:"layers" doc:"Most layers an image that is scanned can have"`
	LayerBytes         int64 `json:"layerBytes" doc:"Largest layer that is scanned, as stored"`
	AllowlistItems     int   `json:"allowlistItems" doc:"Entries an allowlist can have"`
}

// AdvisoryInfo describes the advisories for one ecosystem.
type AdvisoryInfo struct {
	Ecosystem string    `json:"ecosystem"`
	Records   int       `json:"records"`
	Newest    time.Time `json:"newest,omitzero" doc:"When the newest of them was modified"`
	Size      int64     `json:"size" doc:"Size of the compact database, in bytes"`
}

// AdvisoryFetch tells how advisories are fetched.
type AdvisoryFetch struct {
	Source    string    `json:"source" doc:"Where they come from"`
	Running   bool      `json:"running"`
	StartedAt time.Time `json:"startedAt,omitzero" doc:"When the latest download began since the server runs"`
	EndedAt   time.Time `json:"endedAt,omitzero"`
	Error     string    `json:"error,omitempty" doc:"Why it failed"`
	NextAt    time.Time `json:"nextAt,omitzero" doc:"When the next one begins by itself; absent if none does"`
}

// Statistics counts what the service holds.
type Statistics struct {
	Namespaces   int `json:"namespaces"`
	Repositories int `json:"repositories"`
	Artifacts    int `json:"artifacts"`
	ScansPending int `json:"scansPending"`
	ScansRunning int `json:"scansRunning"`
}
