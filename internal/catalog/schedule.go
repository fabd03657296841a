package catalog

import (
	"slices"
	"time"
)

// Schedule begins a batch every few days.
type Schedule struct {
	ID         int64
	InstanceID string
	// Name is unique within the instance, and formed like that of a namespace.
	Name    string
	Enabled bool
	// Every is the number of days between two runs, Minute the time of day, in
	// minutes after midnight UTC.
	Every  int
	Minute int
	BatchRequest
	CreatedAt time.Time
	UpdatedAt time.Time
	// NextRun is when it runs next, LastRun when it ran last; LastBatch is what
	// that began, and Problem why it began nothing.
	NextRun   time.Time
	LastRun   time.Time
	LastBatch int64
	Problem   string
}

// cycles are the numbers of days that can be between two runs, ages the days
// within which images must have been pushed (§2.3; every day is our addition).
var (
	cycles = []int{1, 3, 7, 14}
	ages   = []int{0, 1, 3, 7}
)

// Check refuses a schedule that could never run or scan anything.
func (s Schedule) Check() error {
	switch {
	case CheckNamespaceName(s.Name) != nil:
		return Errorf(Invalid, "schedule_name_invalid", "%q is no name for a schedule", clip(s.Name)).
			Advise("use lower-case letters, digits, \".\", \"_\" and \"-\", such as nightly")
	case !slices.Contains(cycles, s.Every):
		return Errorf(Invalid, "schedule_cycle_invalid", "a schedule that runs every %d days would never run", s.Every).
			Advise("use 1, 3, 7 or 14 days")
	case s.Minute < 0 || s.Minute >= 24*60:
		return Errorf(Invalid, "schedule_time_invalid", "a schedule that runs %d minutes after midnight would never run", s.Minute).
			Advise("use 00:00 to 23:59, in UTC")
	case !slices.Contains(ages, s.Selection.PushedDays):
		return Errorf(Invalid, "schedule_age_invalid", "a schedule cannot scan images of the last %d days", s.Selection.PushedDays).
			Advise("use 1, 3 or 7 days, or 0 for images of any age")
	case len(s.Selection.Images) > 0:
		return Errorf(Invalid, "schedule_selection_invalid", "a schedule cannot name single images").
			Advise("name their repositories")
	}
	return s.BatchRequest.Check()
}

// First is the first time of day at which the schedule runs after a moment.
func (s Schedule) First(after time.Time) time.Time {
	after = after.UTC()
	at := time.Date(after.Year(), after.Month(), after.Day(), 0, s.Minute, 0, 0, time.UTC)
	if !at.After(after) {
		at = at.AddDate(0, 0, 1)
	}
	return at
}

// After is the next run after one at now that was due at NextRun: the first of
// its days that is still to come. What was missed is not made up for.
func (s Schedule) After(now time.Time) time.Time {
	cycle := time.Duration(s.Every) * 24 * time.Hour
	if next := s.NextRun; !next.IsZero() && !next.After(now) {
		return next.Add((now.Sub(next)/cycle + 1) * cycle)
	}
	return s.First(now).AddDate(0, 0, s.Every-1)
}

// Lost reports whether the next run is much farther away than it can be, which
// happens when the clock went back by more than a cycle. It is then due a cycle
// from now on: not at once, for it may just have run.
func (s Schedule) Lost(now time.Time) bool {
	return s.NextRun.Sub(now) > 2*time.Duration(s.Every)*24*time.Hour
}
