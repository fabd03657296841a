package catalog

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pratique/pratique/internal/report"
)

func codeOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

func TestParseChoice(t *testing.T) {
	for _, c := range []struct {
		words []string
		want  []report.Category
	}{
		{nil, nil},
		{ChoiceWords(), nil},
		{[]string{"secret"}, []report.Category{report.Sensitive}},
		{[]string{" Secret ", "vuln", "secret"}, []report.Category{report.System, report.Application, report.Sensitive}},
	} {
		got, err := ParseChoice(c.words)
		if err != nil {
			t.Errorf("%v: %v", c.words, err)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%v: %s", c.words, diff)
		}
		again, err := ParseChoice(Choice(got))
		if err != nil || !slices.Equal(again, got) {
			t.Errorf("%v: back and forth gives %v, %v", c.words, again, err)
		}
	}
	for _, word := range []string{"", "all", "secrets", strings.Repeat("x", 1000)} {
		if _, err := ParseChoice([]string{word}); codeOf(err) != "category_unknown" || len(err.Error()) > 300 {
			t.Errorf("%.20q: %v", word, err)
		}
	}
}

func TestCovers(t *testing.T) {
	secret, both := []report.Category{report.Sensitive}, []report.Category{report.Sensitive, report.Malicious}
	for _, c := range []struct {
		categories, other []report.Category
		want              bool
	}{
		{nil, nil, true}, {nil, secret, true}, {secret, nil, false},
		{both, secret, true}, {secret, both, false}, {secret, secret, true},
	} {
		if got := Covers(c.categories, c.other); got != c.want {
			t.Errorf("Covers(%v, %v) = %v", c.categories, c.other, got)
		}
	}
}

func TestSelectionCheck(t *testing.T) {
	good := []Selection{
		{All: true},
		{All: true, PushedDays: 3650},
		{Namespaces: []string{"team"}, Repositories: []string{"team/*", "*", "team/back_end/a-b.c"}},
		{Images: []string{"team/a/b:1.0", "team/app@sha256:" + strings.Repeat("0", 64)}},
	}
	for _, s := range good {
		if err := s.Check(); err != nil {
			t.Errorf("%+v: %v", s, err)
		}
	}
	bad := map[string][]Selection{
		"selection_empty":              {{}, {PushedDays: 3}, {Namespaces: []string{}}},
		"selection_contradicts":        {{All: true, Images: []string{"team/app:1"}}},
		"selection_too_long":           {{Namespaces: slices.Repeat([]string{"a"}, MaxSelected+1)}},
		"selection_days_invalid":       {{All: true, PushedDays: -1}, {All: true, PushedDays: 3651}},
		"namespace_name_invalid":       {{Namespaces: []string{"team*"}}},
		"selection_repository_invalid": {{Repositories: []string{""}}, {Repositories: []string{"app"}}, {Repositories: []string{"team/%"}}, {Repositories: []string{"team/\x00"}}, {Repositories: []string{"*" + strings.Repeat("a", 300)}}},
		"selection_image_invalid": {{Images: []string{""}}, {Images: []string{"team/app"}}, {Images: []string{"app:1"}}, {Images: []string{"team/app:"}},
			{Images: []string{"team/app@sha256"}}, {Images: []string{"team/app@sha256:x\x00y"}}, {Images: []string{"team/*:1"}}},
	}
	for code, list := range bad {
		for _, s := range list {
			if err := s.Check(); codeOf(err) != code {
				t.Errorf("%.60v: %v, want %s", s, err, code)
			}
		}
	}
}

func FuzzSplitImage(f *testing.F) {
	for _, s := range []string{"team/app:1", "team/a/b@sha256:00", "x", ":@/"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, image string) {
		key, reference, err := SplitImage(image)
		if err != nil {
			return
		}
		separator := ":"
		if strings.Contains(reference, ":") {
			separator = "@"
		}
		if again := key.String() + separator + reference; again != image {
			t.Errorf("%q is taken for %q", image, again)
		}
	})
}

func TestBatchEstimates(t *testing.T) {
	began := time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)
	batch := func(state BatchState, rate, images, done int) Batch {
		return Batch{BatchRequest: BatchRequest{Rate: rate}, State: state, Selected: Selected{Images: images}, Success: done, BeganAt: began}
	}
	for _, c := range []struct {
		name   string
		b      Batch
		after  time.Duration
		left   time.Duration
		ok     bool
		status int
	}{
		{"nothing to go by", batch(BatchRunning, 0, 10, 0), time.Hour, 0, false, 0},
		{"by the rate", batch(BatchRunning, 60, 10, 0), 0, 10 * time.Minute, true, 0},
		{"by what was done", batch(BatchRunning, 0, 10, 2), 10 * time.Minute, 40 * time.Minute, true, 20},
		{"by what takes longer", batch(BatchRunning, 60, 10, 2), 10 * time.Minute, 40 * time.Minute, true, 20},
		{"by the rate, which takes longer", batch(BatchRunning, 60, 10, 2), 10 * time.Second, 8 * time.Minute, true, 20},
		{"the clock went back", batch(BatchRunning, 0, 10, 2), -time.Hour, 0, true, 20},
		{"a long time and many images", batch(BatchRunning, 0, 1_000_000, 1000), MaxBatchAge, 999 * MaxBatchAge, true, 0},
		{"nearly done", batch(BatchRunning, 0, 1000, 999), 999 * time.Minute, time.Minute, true, 99},
		{"all done, not yet told", batch(BatchRunning, 0, 10, 10), time.Hour, 0, true, 99},
		{"without images", batch(BatchRunning, 0, 0, 0), 0, 0, false, 99},
		{"finished", batch(BatchFinished, 0, 10, 10), time.Hour, 0, true, 100},
		{"stopped", batch(BatchStopped, 0, 10, 1), time.Hour, 0, true, -1},
		{"timed out", batch(BatchTimedOut, 0, 10, 1), time.Hour, 0, true, -2},
	} {
		left, ok := c.b.Remaining(began.Add(c.after))
		if left.Round(time.Second) != c.left || ok != c.ok || c.b.TaskStatus() != c.status {
			t.Errorf("%s: %s, %v, status %d; want %s, %v, %d", c.name, left, ok, c.b.TaskStatus(), c.left, c.ok, c.status)
		}
	}
}

func TestScheduleCheck(t *testing.T) {
	with := func(change func(*Schedule)) Schedule {
		s := Schedule{Name: "nightly", Every: 3, BatchRequest: BatchRequest{Selection: Selection{All: true}}}
		change(&s)
		return s
	}
	for _, every := range []int{1, 3, 7, 14} {
		for _, days := range []int{0, 1, 3, 7} {
			if err := with(func(s *Schedule) { s.Every, s.Minute, s.Selection.PushedDays = every, 1439, days }).Check(); err != nil {
				t.Error(err)
			}
		}
	}
	for code, changes := range map[string][]func(*Schedule){
		"schedule_name_invalid":      {func(s *Schedule) { s.Name = "" }, func(s *Schedule) { s.Name = "A b" }},
		"schedule_cycle_invalid":     {func(s *Schedule) { s.Every = 0 }, func(s *Schedule) { s.Every = -3 }, func(s *Schedule) { s.Every = 2 }},
		"schedule_time_invalid":      {func(s *Schedule) { s.Minute = -1 }, func(s *Schedule) { s.Minute = 1440 }},
		"schedule_age_invalid":       {func(s *Schedule) { s.Selection.PushedDays = 2 }, func(s *Schedule) { s.Selection.PushedDays = 14 }},
		"schedule_selection_invalid": {func(s *Schedule) { s.Selection = Selection{Images: []string{"team/app:1"}} }},
		"selection_empty":            {func(s *Schedule) { s.Selection.All = false }},
		"rate_invalid":               {func(s *Schedule) { s.Rate = -1 }, func(s *Schedule) { s.Rate = 1001 }},
	} {
		for _, change := range changes {
			if err := with(change).Check(); codeOf(err) != code {
				t.Errorf("%v, want %s", err, code)
			}
		}
	}
}

func TestScheduleTimes(t *testing.T) {
	at := func(text string) time.Time {
		when, err := time.Parse("2006-01-02 15:04", text)
		if err != nil {
			t.Fatal(err)
		}
		return when
	}
	s := Schedule{Every: 3, Minute: 150}
	for _, c := range []struct{ now, want string }{
		{"2026-09-01 00:00", "2026-09-01 02:30"},
		{"2026-09-01 02:29", "2026-09-01 02:30"},
		{"2026-09-01 02:30", "2026-09-02 02:30"},
		{"2026-12-31 23:59", "2027-01-01 02:30"},
	} {
		if got := s.First(at(c.now)); !got.Equal(at(c.want)) {
			t.Errorf("first after %s: %s", c.now, got)
		}
	}
	// In another zone it is the same moment.
	if got := s.First(at("2026-09-01 02:00").In(time.FixedZone("", -5*3600))); !got.Equal(at("2026-09-01 02:30")) {
		t.Errorf("first in another zone: %s", got)
	}
	for _, c := range []struct{ due, now, want string }{
		{"2026-09-01 02:30", "2026-09-01 02:30", "2026-09-04 02:30"},
		{"2026-09-01 02:30", "2026-09-04 02:29", "2026-09-04 02:30"},
		{"2026-09-01 02:30", "2026-09-04 02:30", "2026-09-07 02:30"},
		{"2026-09-01 02:30", "2027-09-01 00:00", "2027-09-02 02:30"},
		{"2036-09-01 02:30", "2026-09-01 00:00", "2026-09-03 02:30"}, // lost
	} {
		s.NextRun = at(c.due)
		if got := s.After(at(c.now)); !got.Equal(at(c.want)) {
			t.Errorf("due %s, run %s: next %s, want %s", c.due, c.now, got, c.want)
		}
	}
}
