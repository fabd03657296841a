package catalog

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestJoinScans(t *testing.T) {
	at := func(minute int) time.Time { return time.Date(2026, 9, 1, 12, minute, 0, 0, time.UTC) }
	success := &Scan{ID: 1, State: Success, Percent: 100, CreatedAt: at(0), StartedAt: at(1), EndedAt: at(5)}
	failed := &Scan{ID: 2, State: Failed, Percent: 40, Cause: CauseDownload, Detail: "gone", CreatedAt: at(1), StartedAt: at(2), EndedAt: at(3)}
	running := &Scan{ID: 3, State: Running, Percent: 50, CreatedAt: at(2), StartedAt: at(4)}
	pending := &Scan{ID: 4, State: Pending, CreatedAt: at(3)}
	for name, tc := range map[string]struct {
		scans []*Scan
		want  *Scan
	}{
		"no members":           {nil, nil},
		"never scanned":        {[]*Scan{nil, nil}, nil},
		"one never scanned":    {[]*Scan{success, nil}, nil},
		"one never, one runs":  {[]*Scan{running, nil}, &Scan{State: Running, Percent: 25, CreatedAt: at(2), StartedAt: at(4)}},
		"all well":             {[]*Scan{success, success}, &Scan{State: Success, Percent: 100, CreatedAt: at(0), StartedAt: at(1), EndedAt: at(5)}},
		"one failed":           {[]*Scan{success, failed}, &Scan{State: Failed, Percent: 100, Cause: CauseDownload, Detail: "gone", CreatedAt: at(0), StartedAt: at(1), EndedAt: at(5)}},
		"one failed, one runs": {[]*Scan{failed, running}, &Scan{State: Running, Percent: 75, CreatedAt: at(1), StartedAt: at(2)}},
		"one waits":            {[]*Scan{pending, pending}, &Scan{State: Pending, CreatedAt: at(3)}},
		"one waits, one ended": {[]*Scan{pending, success}, &Scan{State: Running, Percent: 50, CreatedAt: at(0), StartedAt: at(1)}},
	} {
		var members []Pull
		for _, s := range tc.scans {
			members = append(members, Pull{Scan: s})
		}
		if diff := cmp.Diff(tc.want, JoinScans(members)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestWorstDecision(t *testing.T) {
	for _, tc := range []struct {
		of   []Decision
		want Decision
	}{
		{nil, Allow}, {[]Decision{Allow}, Allow}, {[]Decision{Allow, Undecided}, Undecided},
		{[]Decision{Undecided, Block, Allow}, Block}, {[]Decision{Block, Undecided}, Block}, {[]Decision{"else", Allow}, "else"},
	} {
		if got := WorstDecision(tc.of...); got != tc.want {
			t.Errorf("%v: %s, want %s", tc.of, got, tc.want)
		}
	}
}

func TestLocalImage(t *testing.T) {
	named, standard := Instance{ID: "named", Host: "registry.example"}, Instance{ID: "default"}
	for _, tc := range []struct {
		inst            Instance
		text, key, want string
	}{
		{named, "registry.example/team/app:1", "team/app", "1"},
		{named, "registry.example:5000/team/app", "team/app", "latest"},
		{named, "Registry.Example/team/back/end:1", "team/back/end", "1"},
		{named, "oci://registry.example/team/app:1@sha256:00", "team/app", "sha256:00"},
		{named, "other.example/team/app:1", "", ""},
		{named, "team/app:1", "", ""},
		{named, "registry.example/app:1", "", ""},
		{named, "registry.example/team/app:", "", ""},
		{named, "registry.example/Team/app:1", "", ""},
		{named, "", "", ""},
		{standard, "localhost:8480/team/app:1", "team/app", "1"},
		{standard, "192.0.2.1/team/app:1", "team/app", "1"},
		{standard, "ghcr.io/team/app:1", "", ""},
		{standard, "library/nginx:1", "", ""},
	} {
		key, reference, ok := LocalImage(tc.inst, tc.text)
		if ok != (tc.key != "") || ok && (key.String() != tc.key || reference != tc.want || key.InstanceID != tc.inst.ID) {
			t.Errorf("%q: %v %q %v, want %q %q", tc.text, key, reference, ok, tc.key, tc.want)
		}
	}
}

func FuzzLocalImage(f *testing.F) {
	f.Add("registry.example/team/app:1")
	f.Add("a.b/c/d@sha256:0")
	f.Fuzz(func(t *testing.T, text string) {
		key, reference, ok := LocalImage(Instance{ID: "i"}, text)
		if ok && (CheckNamespaceName(key.Namespace) != nil || CheckRepositoryName(key.Repository) != nil || reference == "" && text[len(text)-1] != '@') {
			t.Errorf("%q: %v %q", text, key, reference)
		}
	})
}
