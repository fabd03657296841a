package catalog

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pratique/pratique/internal/report"
)

func TestParseAnswer(t *testing.T) {
	for text, want := range map[string]string{
		"block": "block", "ALLOW": "allow", " hold ": "hold:30s", "hold:1s": "hold:1s", "hold:2m": "hold:120s", "hold:300s": "hold:300s", "Hold:45S": "hold:45s",
		"": "", "deny": "", "hold:": "", "hold:0s": "", "hold:301s": "", "hold:-5s": "", "hold:1500ms": "", "hold:30": "", "hold:1000000h": "", "block:30s": "", "allow:": "", "hold:30s:1s": "",
	} {
		got, err := ParseAnswer(text)
		switch {
		case want == "" && !Is(err, Invalid):
			t.Errorf("%q is %v, %v", text, got, err)
		case want != "" && (err != nil || got.String() != want):
			t.Errorf("%q is %v, %v; want %s", text, got, err, want)
		}
	}
}

func FuzzParseAnswer(f *testing.F) {
	f.Add("hold:30s")
	f.Add("block")
	f.Fuzz(func(t *testing.T, text string) {
		a, err := ParseAnswer(text)
		if err != nil {
			return
		}
		if again, err := ParseAnswer(a.String()); err != nil || again != a {
			t.Errorf("%q is %v, which is read as %v, %v", text, a, again, err)
		}
		if a.Action == AnswerHold && (a.Hold < MinHold || a.Hold > MaxHold) {
			t.Errorf("%q holds for %s", text, a.Hold)
		}
	})
}

func ptr[T any](v T) *T { return &v }

func TestGateSettingsWith(t *testing.T) {
	many := make([]string, MaxExemptAccounts+1)
	for i := range many {
		many[i] = fmt.Sprint("account", i)
	}
	answer := func(s PullState, a Answer) GateChange { return GateChange{Answers: map[PullState]Answer{s: a}} }
	level := func(c report.Category, s *report.Severity) GateChange {
		return GateChange{AlsoBlock: map[report.Category]*report.Severity{c: s}}
	}
	for _, tc := range []struct {
		name   string
		change GateChange
		code   string
	}{
		{"nothing", GateChange{}, ""},
		{"hold", answer(WaitingForScan, Answer{AnswerHold, MaxHold}), ""},
		{"held too long", answer(WaitingForScan, Answer{AnswerHold, MaxHold + time.Second}), "answer_invalid"},
		{"held for no time", answer(WaitingForScan, Answer{Action: AnswerHold}), "answer_invalid"},
		{"another action", answer(ScanFailed, Answer{Action: "ask"}), "answer_invalid"},
		{"no action", answer(ScanFailed, Answer{}), "answer_invalid"},
		{"another state", answer("paused", Answer{Action: AnswerAllow}), "pull_state_unknown"},
		{"a hold without end", answer(NotScannable, Answer{AnswerHold, DefaultHold}), "answer_invalid"},
		{"most grace", GateChange{GraceDays: ptr(MaxGraceDays)}, ""},
		{"too much grace", GateChange{GraceDays: ptr(MaxGraceDays + 1)}, "grace_out_of_range"},
		{"less than none", GateChange{GraceDays: ptr(-1)}, "grace_out_of_range"},
		{"malware", level(report.Malicious, ptr(report.Unknown)), ""},
		{"a category off", level(report.Password, nil), ""},
		{"a category that informs", level(report.Files, ptr(report.Low)), "category_cannot_block"},
		{"vulnerabilities have the threshold", level(report.System, ptr(report.Low)), "category_cannot_block"},
		{"another category, off", level("x", nil), "category_cannot_block"},
		{"another severity", level(report.Malicious, ptr(report.Severity(9))), "severity_unknown"},
		{"accounts", GateChange{ExemptAccounts: &[]string{"a", " b "}}, ""},
		{"an account twice", GateChange{ExemptAccounts: &[]string{"a", " a"}}, "exempt_accounts_invalid"},
		{"nobody", GateChange{ExemptAccounts: &[]string{""}}, "exempt_accounts_invalid"},
		{"no name", GateChange{ExemptAccounts: &[]string{"a\nb"}}, "exempt_accounts_invalid"},
		{"too many", GateChange{ExemptAccounts: &many}, "exempt_accounts_invalid"},
	} {
		_, err := GateSettings{}.With(tc.change)
		var known *Error
		code := ""
		if errors.As(err, &known) {
			code = known.Code
		}
		if code != tc.code || (err != nil && KindOf(err) != Invalid) {
			t.Errorf("%s: %v, want %q", tc.name, err, tc.code)
		}
	}
}

// A change leaves alone what it does not name, and what it was made from.
func TestGateSettingsKeep(t *testing.T) {
	before := GateSettings{
		Answers:   map[PullState]Answer{ScanFailed: {Action: AnswerAllow}},
		AlsoBlock: map[report.Category]report.Severity{report.Malicious: report.Low},
		GraceDays: 3, ExemptAccounts: []string{"a"},
	}
	kept, err := json.Marshal(before)
	if err != nil {
		t.Fatal(err)
	}
	high := report.High
	got, err := before.With(GateChange{
		Answers:   map[PullState]Answer{NotScanned: {Action: AnswerAllow}, BeingScanned: DefaultAnswer(BeingScanned)},
		AlsoBlock: map[report.Category]*report.Severity{report.Password: &high},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := GateSettings{
		Answers:   map[PullState]Answer{ScanFailed: {Action: AnswerAllow}, NotScanned: {Action: AnswerAllow}, BeingScanned: DefaultAnswer(BeingScanned)},
		AlsoBlock: map[report.Category]report.Severity{report.Malicious: report.Low, report.Password: report.High},
		GraceDays: 3, ExemptAccounts: []string{"a"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if after, _ := json.Marshal(before); string(after) != string(kept) {
		t.Errorf("the settings from before changed: %s", after)
	}
	text, err := json.Marshal(got)
	var read GateSettings
	if err == nil {
		err = json.Unmarshal(text, &read)
	}
	if diff := cmp.Diff(got, read); diff != "" || err != nil {
		t.Errorf("%v, stored and read (-want +got):\n%s", err, diff)
	}
}

func TestExempts(t *testing.T) {
	s := GateSettings{ExemptAccounts: []string{"deployer", ""}}
	if !s.Exempts("deployer") || s.Exempts("Deployer") || s.Exempts("") {
		t.Error("the wrong accounts are exempt")
	}
}
