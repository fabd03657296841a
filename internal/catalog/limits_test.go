package catalog

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestInstanceChangeCheck(t *testing.T) {
	for name, tc := range map[string]struct {
		change InstanceChange
		says   string
	}{
		"nothing":                {InstanceChange{}, ""},
		"the least":              {InstanceChange{Concurrent: ptr(1), TimeoutSeconds: ptr(int64(60)), ImageSize: ptr(int64(MinSize)), Layers: ptr(1), LayerSize: ptr(int64(MinSize)), Refuse: &[]Refusal{}}, ""},
		"the most":               {InstanceChange{Concurrent: ptr(100), TimeoutSeconds: ptr(int64(86400)), ImageSize: ptr(int64(MaxImageSize)), Layers: ptr(1000), LayerSize: ptr(int64(MaxLayerSize)), Refuse: ptr(Refusals())}, ""},
		"none at a time":         {InstanceChange{Concurrent: ptr(0)}, "concurrentScans cannot be 0: use 1 to 100"},
		"too many at a time":     {InstanceChange{Concurrent: ptr(101)}, "use 1 to 100"},
		"no time":                {InstanceChange{TimeoutSeconds: ptr(int64(59))}, "scanTimeoutSeconds cannot be 59 seconds: use 60 to 86400"},
		"negative":               {InstanceChange{ImageSize: ptr(int64(-1))}, "imageBytes cannot be -1 bytes"},
		"no layers":              {InstanceChange{Layers: ptr(0)}, "layers cannot be 0"},
		"large layers":           {InstanceChange{LayerSize: ptr(int64(MaxLayerSize + 1))}, "layerBytes"},
		"an unknown profile":     {InstanceChange{Profile: ptr(Profile("harbor"))}, `no profile "harbor": use default or swr`},
		"an unknown refusal":     {InstanceChange{Refuse: &[]Refusal{"linux"}}, `"linux"`},
		"a long unknown refusal": {InstanceChange{Refuse: &[]Refusal{Refusal(strings.Repeat("x", 1<<20))}}, "xxx"},
	} {
		err := tc.change.Check()
		if tc.says == "" && err != nil || tc.says != "" && (!Is(err, Invalid) || !strings.Contains(err.Error(), tc.says) || len(err.Error()) > 1000) {
			t.Errorf("%s: %v, want %q", name, err, tc.says)
		}
	}
}

func TestInstanceChangeOver(t *testing.T) {
	server := InstanceSettings{Concurrent: 2, Timeout: time.Hour, ImageSize: 5 << 30, Layers: 20, LayerSize: 1 << 30}
	spec := DefaultInstanceSettings()
	spec.Scope = Scope{Profile: ProfileSWR, Refuse: Refusals()}
	some := spec
	some.Layers, some.Refuse = 10, []Refusal{RefuseCharts}
	plain := server
	plain.Scope = Scope{Profile: ProfileDefault}
	for name, tc := range map[string]struct {
		change InstanceChange
		want   InstanceSettings
	}{
		"nothing":                {InstanceChange{}, plain},
		"as the specification":   {InstanceChange{Profile: ptr(ProfileSWR)}, spec},
		"some of it otherwise":   {InstanceChange{Profile: ptr(ProfileSWR), Layers: ptr(10), Refuse: &[]Refusal{RefuseCharts}}, some},
		"the default by name":    {InstanceChange{Profile: ptr(ProfileDefault)}, plain},
		"of a newer version":     {InstanceChange{Refuse: &[]Refusal{"newer"}}, plain},
		"all of the limits, set": {InstanceChange{Concurrent: ptr(2), TimeoutSeconds: ptr(int64(3600)), ImageSize: ptr(int64(5 << 30)), Layers: ptr(20), LayerSize: ptr(int64(1 << 30))}, plain},
	} {
		if diff := cmp.Diff(tc.want, tc.change.Over(server)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestScopeAnswer(t *testing.T) {
	for _, state := range PullStates() {
		a, b := Scope{}.Answer(state), Scope{Profile: ProfileSWR}.Answer(state)
		if a != DefaultAnswer(state) || b.Action == AnswerHold || a.Action != AnswerHold && a != b {
			t.Errorf("%s: %s, and %s in the profile swr", state, a, b)
		}
	}
}
