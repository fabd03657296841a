package catalog

import (
	"strings"
	"time"

	"github.com/pratique/pratique/internal/report"
)

// BatchKind is who began a batch.
type BatchKind string

const (
	// BatchManual was asked for by somebody, BatchCycle is a run of a schedule.
	BatchManual BatchKind = "manual"
	BatchCycle  BatchKind = "cycle"
)

// BatchState is where a batch is in its life.
type BatchState string

const (
	BatchRunning  BatchState = "running"
	BatchFinished BatchState = "finished"
	BatchStopped  BatchState = "stopped"
	// BatchTimedOut was not done within MaxBatchAge.
	BatchTimedOut BatchState = "timed-out"
)

const (
	// MaxRate is the highest rate a batch can be held to, in images an hour
	// (§2.5).
	MaxRate = 1000
	// MaxSelected bounds the names in a selection.
	MaxSelected = 1000
	// MaxBatchAge is how long a batch may take: as long as the longest cycle of a
	// schedule.
	MaxBatchAge = 14 * 24 * time.Hour
)

// Selection says which artifacts of an instance are meant: those of the
// namespaces, those of the repositories and the images themselves, together; or
// all there are.
type Selection struct {
	All        bool     `json:"all,omitempty"`
	Namespaces []string `json:"namespaces,omitempty"`
	// Repositories are NAMESPACE/REPOSITORY, where * stands for any characters.
	Repositories []string `json:"repositories,omitempty"`
	// Images are NAMESPACE/REPOSITORY:TAG or NAMESPACE/REPOSITORY@DIGEST.
	Images []string `json:"images,omitempty"`
	// PushedDays leaves out what was pushed earlier than so many days ago; 0
	// leaves out nothing.
	PushedDays int `json:"pushedDays,omitempty"`
}

// Check refuses a selection that selects nothing or is malformed. Whether what
// it names exists is not its concern.
func (s Selection) Check() error {
	named := len(s.Namespaces) + len(s.Repositories) + len(s.Images)
	switch {
	case !s.All && named == 0:
		return Errorf(Invalid, "selection_empty", "nothing is selected").Advise("name namespaces, repositories or images, or select all")
	case s.All && named > 0:
		return Errorf(Invalid, "selection_contradicts", "all is selected, and some beside").Advise("select all, or name what to select, not both")
	case named > MaxSelected:
		return Errorf(Invalid, "selection_too_long", "the selection has %d names", named).
			Advise("use at most %d; a repository can be written with *, such as team/*", MaxSelected)
	case s.PushedDays < 0 || s.PushedDays > 3650:
		return Errorf(Invalid, "selection_days_invalid", "%d is no number of days", s.PushedDays).
			Advise("use 1 to 3650, or 0 for images of any age")
	}
	for _, n := range s.Namespaces {
		if err := CheckNamespaceName(n); err != nil {
			return err
		}
	}
	for _, p := range s.Repositories {
		if len(p) > 300 || strings.Trim(p, "abcdefghijklmnopqrstuvwxyz0123456789._-/*") != "" || !strings.ContainsAny(p, "/*") {
			return Errorf(Invalid, "selection_repository_invalid", "%q names no repositories", clip(p)).
				Advise("use NAMESPACE/REPOSITORY, where * stands for any characters, such as team/*")
		}
	}
	for _, i := range s.Images {
		if _, _, err := SplitImage(i); err != nil {
			return err
		}
	}
	return nil
}

// SplitImage takes NAMESPACE/REPOSITORY:TAG or NAMESPACE/REPOSITORY@DIGEST
// apart. The key has no instance.
func SplitImage(image string) (key RepositoryKey, reference string, err error) {
	wrong := Errorf(Invalid, "selection_image_invalid", "%q is not the name of an image", clip(image)).
		Advise("use NAMESPACE/REPOSITORY:TAG or NAMESPACE/REPOSITORY@DIGEST")
	name, reference, byDigest := strings.Cut(image, "@")
	if !byDigest {
		colon := strings.LastIndexByte(image, ':')
		if colon < 0 {
			return key, "", wrong
		}
		name, reference = image[:colon], image[colon+1:]
	}
	key.Namespace, key.Repository, _ = strings.Cut(name, "/")
	if CheckNamespaceName(key.Namespace) != nil || CheckRepositoryName(key.Repository) != nil {
		return key, "", wrong
	}
	if byDigest {
		algorithm, sum, _ := strings.Cut(reference, ":")
		if algorithm == "" || sum == "" || len(reference) > 200 || strings.Trim(reference, "abcdefghijklmnopqrstuvwxyz0123456789:") != "" {
			return key, "", wrong
		}
	} else if CheckTag(reference) != nil {
		return key, "", wrong
	}
	return key, reference, nil
}

// BatchRequest asks for a batch.
type BatchRequest struct {
	Selection Selection
	// Categories are what to look for, as ParseChoice returns them.
	Categories []report.Category
	// Rate is the number of images an hour, 0 for no limit.
	Rate int
	// By names who asks.
	By string
}

// Check refuses what can never be done.
func (r BatchRequest) Check() error {
	if err := checkRate(r.Rate); err != nil {
		return err
	}
	return r.Selection.Check()
}

func checkRate(rate int) error {
	if rate < 0 || rate > MaxRate {
		return Errorf(Invalid, "rate_invalid", "%d images an hour is no rate", rate).Advise("use 1 to %d, or 0 for no limit", MaxRate)
	}
	return nil
}

// Selected counts what a selection comes to.
type Selected struct {
	// Images is the number of images to scan, those in indexes included.
	Images int
	// NotImages are charts, signatures and whatever else is no image, Untagged
	// are images that the instance refuses to scan. Both are left out.
	NotImages, Untagged int
}

// Batch is a number of artifacts that are scanned one after the other.
type Batch struct {
	ID         int64
	InstanceID string
	Kind       BatchKind
	// ScheduleID and Schedule name the schedule whose run it is.
	ScheduleID int64
	Schedule   string
	BatchRequest
	State BatchState
	// Selected says what the selection came to when the batch began.
	Selected Selected
	// Success, Failed and Stopped count images that are done with; Risky those
	// of Success with a vulnerability, an unsafe setting or a malicious file.
	Success, Failed, Stopped, Risky int
	// Open is the number of images whose scan waits or runs.
	Open    int
	BeganAt time.Time
	EndedAt time.Time
	// NextAt is when the rate allows the next image.
	NextAt time.Time
}

// Done is the number of images that are done with.
func (b Batch) Done() int { return b.Success + b.Failed + b.Stopped }

// Percent is how much of the batch is done, 0 to 100.
func (b Batch) Percent() int {
	if b.Selected.Images == 0 {
		return 100
	}
	return 100 * b.Done() / b.Selected.Images
}

// TaskStatus is the state as the specification numbers it (§2.4): 100 for
// finished, 0 to 99 for the progress, -1 for stopped, -2 for timed out.
func (b Batch) TaskStatus() int {
	switch b.State {
	case BatchFinished:
		return 100
	case BatchStopped:
		return -1
	case BatchTimedOut:
		return -2
	}
	return min(b.Percent(), 99)
}

// Remaining estimates how long a running batch will still take: as long for each
// image as those before it took, but no less than the rate allows. ok is false
// while there is nothing to go by.
func (b Batch) Remaining(now time.Time) (left time.Duration, ok bool) {
	if b.State != BatchRunning {
		return 0, true
	}
	images := time.Duration(b.Selected.Images - b.Done())
	if b.Rate > 0 {
		left, ok = images*b.interval(), true
	}
	if done := time.Duration(b.Done()); done > 0 {
		// Divided first: the product of a long time and many images overflows.
		left, ok = max(left, max(0, now.Sub(b.BeganAt))/done*images), true
	}
	return left, ok
}

// interval is the time between two images by the rate.
func (b Batch) interval() time.Duration { return time.Hour / time.Duration(b.Rate) }

// Fed returns when the rate allows the next image after one began now. A clock
// that went back makes nobody wait longer than the rate demands.
func (b Batch) Fed(now time.Time) time.Time {
	if b.Rate == 0 {
		return time.Time{}
	}
	return now.Add(b.interval())
}

// Waits reports whether the rate forbids to begin another image now.
func (b Batch) Waits(now time.Time) bool {
	return b.Rate > 0 && now.Before(b.NextAt) && b.NextAt.Sub(now) <= b.interval()
}

// ItemState is how far a batch is with one of its images.
type ItemState string

const (
	ItemWaiting  ItemState = "waiting"
	ItemScanning ItemState = "scanning"
	ItemSuccess  ItemState = "success"
	ItemFailed   ItemState = "failed"
	ItemStopped  ItemState = "stopped"
)

// BatchItem is an image of a batch.
type BatchItem struct {
	// Position is its place in the batch, from 1.
	Position   int64
	ArtifactID int64
	// Repository is NAMESPACE/REPOSITORY, Tag one of its tags when the batch
	// began, if it had one.
	Repository string
	Digest     string
	Tag        string
	State      ItemState
	// ScanID is 0 before the image's turn.
	ScanID int64
	// Cause and Detail say why it failed.
	Cause  Cause
	Detail string
}
