package catalog

import "time"

// JudgingLevel says how much of judging an artifact again takes. Each includes
// those before.
type JudgingLevel int

const (
	// JudgeVerdict: policy, exceptions or the time have changed, and what was
	// found has not.
	JudgeVerdict JudgingLevel = iota + 1
	// JudgePackages: advisories about packages have changed.
	JudgePackages
	// JudgeAll: everything is judged again, from the facts of the layers.
	JudgeAll
)

// JudgingState tells how far all artifacts are judged by what is in force.
type JudgingState struct {
	// Advisories is the revision of the advisories that everything was judged by,
	// or waits to be; empty before the first. Newest is the date of the latest.
	Advisories, Newest string
	// Waiting counts the artifacts that are to be judged again. Done counts
	// those that were since StartedAt, Changed those of them in which something
	// else was found, Verdicts those whose verdict changed, and Failed those that
	// could not be judged.
	Waiting, Done, Changed, Verdicts, Failed int
	// StartedAt is when it began last, EndedAt when nothing waited any more; zero
	// while something does.
	StartedAt, EndedAt time.Time
}

// JudgingItem is an artifact that waits to be judged again, with what it takes.
type JudgingItem struct {
	Level JudgingLevel
	// Cause is one of the causes of verdicts; it is not told apart which of
	// policy, exceptions and time it was.
	Cause string
	// Round tells this reason from a later one.
	Round int64
	// Pull has no content unless Level is JudgeAll.
	Pull Pull
	// Exposure is what was found so far.
	Exposure []Exposure
	// ScanID is the scan whose report is in force, Advisories the revision of the
	// advisories it was made by; empty where it is not known what the artifact
	// holds.
	ScanID     int64
	Advisories string
	// Sets are the packages by layer; not read for JudgeVerdict.
	Sets []HeldSet
	// Exceptions are those that hold for the artifact.
	Exceptions []Exception
}

// HeldSet is a set of packages in a layer of an image.
type HeldSet struct {
	ID int64
	// Layer is the index of the layer.
	Layer int
}

// Judged is what became of a JudgingItem.
type Judged struct {
	Item JudgingItem
	// Failed says that it could not be judged; nothing is changed then.
	Failed bool
	// Result is what is stored, as far as it is news. It has no document, and
	// packages only as far as their vulnerabilities are to be looked at, unless
	// everything was judged.
	Result Result
	// New are the vulnerabilities that became known, of an image in use.
	New []Exposure
}
