package catalog

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// Profile is a set of defaults for the settings of an instance.
type Profile string

const (
	// ProfileDefault protects as the specification does, and scans whatever can
	// be scanned.
	ProfileDefault Profile = "default"
	// ProfileSWR has everything as the specification has it: what it refuses is
	// refused, scans wait first in first out, and pulls are not held.
	ProfileSWR Profile = "swr"
)

// Refusal is a kind of artifact that an instance may refuse to scan although it
// could (§2.2).
type Refusal string

const (
	// RefuseUntagged: images that no tag names, nor an index whose images are
	// scanned.
	RefuseUntagged Refusal = "untagged"
	// RefuseIndexes: images for several platforms. Their members are then
	// artifacts like any other.
	RefuseIndexes Refusal = "multi-architecture"
	// RefuseCharts: Helm charts.
	RefuseCharts Refusal = "chart"
	// RefuseWindows: images for Windows.
	RefuseWindows Refusal = "windows"
)

// Refusals lists all refusals.
func Refusals() []Refusal {
	return []Refusal{RefuseUntagged, RefuseIndexes, RefuseCharts, RefuseWindows}
}

// Scope says which artifacts of an instance are scanned, and in which order.
// The zero value is the default.
type Scope struct {
	Profile Profile
	// Refuse is in the order of Refusals.
	Refuse []Refusal
}

// Refuses reports whether a kind of artifact is refused.
func (s Scope) Refuses(r Refusal) bool { return slices.Contains(s.Refuse, r) }

// FirstInFirstOut reports whether scans wait in the order in which they were
// asked for, whatever asked for them (§2.5).
func (s Scope) FirstInFirstOut() bool { return s.Profile == ProfileSWR }

// Answer is what becomes of pulls in a state where their namespace does not say.
// The specification holds no pulls (§4.3).
func (s Scope) Answer(state PullState) Answer {
	a := DefaultAnswer(state)
	if s.Profile == ProfileSWR && a.Action == AnswerHold {
		return Answer{Action: AnswerBlock}
	}
	return a
}

// Ineligible says why an artifact is not scanned, the last of the gates of §2.1;
// nil if it may be. What only the contents of an image tell is not looked at.
//
// Kind Invalid, code "multi_architecture", "chart", "windows", "untagged" or, for
// what is neither image, index nor chart, "not_scannable".
func (s Scope) Ineligible(a Artifact) *Error {
	switch a.Kind {
	case KindImage:
		return s.ineligibleImage(a)
	case KindIndex:
		if s.Refuses(RefuseIndexes) {
			return Errorf(Invalid, "multi_architecture", "%s is an image for several platforms, and this instance scans images for one", a.Name()).
				Advise("tag its members and scan those, or have an administrator change the instance's settings: pratique admin settings")
		}
	case KindChart:
		if s.Refuses(RefuseCharts) {
			return Errorf(Invalid, "chart", "%s is a Helm chart, and this instance scans images only", a.Name()).
				Advise("scan the images the chart names")
		}
	default:
		return Errorf(Invalid, "not_scannable", "%s is not a container image", a.Name()).
			Advise("scan images; signatures and other artifacts hold nothing to look for")
	}
	return nil
}

func (s Scope) ineligibleImage(a Artifact) *Error {
	if s.Refuses(RefuseWindows) && strings.HasPrefix(a.Platform, "windows") {
		return Errorf(Invalid, "windows", "%s is an image for %s, and this instance scans Linux images only", a.Name(), clip(a.Platform)).
			Advise("have an administrator change the instance's settings if it is to be scanned: pratique admin settings")
	}
	named := a.Tagged || a.Member && !s.Refuses(RefuseIndexes)
	if s.Refuses(RefuseUntagged) && !named {
		return Errorf(Invalid, "untagged", "%s has no tag, and this instance scans tagged images only", a.Name()).
			Advise("tag it and scan again")
	}
	return nil
}

// InstanceSettings bound the scans of an instance (§2.2, §2.5).
type InstanceSettings struct {
	Scope
	// Concurrent is the number of artifacts that are scanned at the same time.
	Concurrent int
	// Timeout ends a scan that takes longer.
	Timeout time.Duration
	// ImageSize and LayerSize are the largest that is scanned, as stored, in
	// bytes; Layers is the highest number of layers.
	ImageSize int64
	Layers    int
	LayerSize int64
}

// DefaultInstanceSettings returns those of the specification, with 1 GB as 2³⁰
// bytes, but that what can be scanned is.
func DefaultInstanceSettings() InstanceSettings {
	return InstanceSettings{
		Scope:      Scope{Profile: ProfileDefault},
		Concurrent: 10,
		Timeout:    3 * time.Hour,
		ImageSize:  50 << 30,
		Layers:     127,
		LayerSize:  10 << 30,
	}
}

// The bounds of what can be set.
const (
	MaxConcurrent = 100
	MinTimeout    = time.Minute
	MaxTimeout    = 24 * time.Hour
	MaxLayers     = 1000
	MinSize       = 1 << 20
	MaxImageSize  = 500 << 30
	MaxLayerSize  = 100 << 30
)

// InstanceChange is what an instance sets over the defaults; nil where it does
// not. It is stored and sent as JSON.
type InstanceChange struct {
	Profile        *Profile `json:"profile,omitempty" enum:"default,swr" doc:"What is not set otherwise: default scans what can be scanned, swr has everything as the specification"`
	Concurrent     *int     `json:"concurrentScans,omitempty" minimum:"1" maximum:"100" doc:"Artifacts that are scanned at the same time"`
	TimeoutSeconds *int64   `json:"scanTimeoutSeconds,omitempty" minimum:"60" maximum:"86400" doc:"A scan that takes longer fails"`
	ImageSize      *int64   `json:"imageBytes,omitempty" minimum:"1048576" maximum:"536870912000" doc:"Largest image that is scanned, as stored"`
	Layers         *int     `json:"layers,omitempty" minimum:"1" maximum:"1000" doc:"Most layers an image that is scanned can have"`
	LayerSize      *int64   `json:"layerBytes,omitempty" minimum:"1048576" maximum:"107374182400" doc:"Largest layer that is scanned, as stored"`
	// Refuse replaces the profile's list; the empty list refuses nothing.
	Refuse *[]Refusal `json:"refuse,omitempty" enum:"untagged,multi-architecture,chart,windows" nullable:"false" doc:"What is not scanned although it could be"`
}

// Check refuses what is out of range. Errors: Invalid "settings_invalid".
func (c InstanceChange) Check() error {
	if c.Profile != nil && *c.Profile != ProfileDefault && *c.Profile != ProfileSWR {
		return settingsInvalid("there is no profile %q", clip(string(*c.Profile))).Advise("use default or swr")
	}
	for _, r := range []struct {
		name   string
		value  *int64
		lo, hi int64
		unit   string
	}{
		{"concurrentScans", wide(c.Concurrent), 1, MaxConcurrent, ""},
		{"scanTimeoutSeconds", c.TimeoutSeconds, int64(MinTimeout / time.Second), int64(MaxTimeout / time.Second), " seconds"},
		{"imageBytes", c.ImageSize, MinSize, MaxImageSize, " bytes"},
		{"layers", wide(c.Layers), 1, MaxLayers, ""},
		{"layerBytes", c.LayerSize, MinSize, MaxLayerSize, " bytes"},
	} {
		if r.value != nil && (*r.value < r.lo || *r.value > r.hi) {
			return settingsInvalid("%s cannot be %d%s", r.name, *r.value, r.unit).Advise("use %d to %d", r.lo, r.hi)
		}
	}
	if c.Refuse == nil {
		return nil
	}
	for _, r := range *c.Refuse {
		if !slices.Contains(Refusals(), r) {
			return settingsInvalid("there is nothing called %q that could be refused", clip(string(r))).
				Advise("use untagged, multi-architecture, chart or windows")
		}
	}
	return nil
}

func settingsInvalid(format string, args ...any) *Error {
	return Errorf(Invalid, "settings_invalid", format, args...)
}

func wide(n *int) *int64 {
	if n == nil {
		return nil
	}
	v := int64(*n)
	return &v
}

// Scope is that of the settings over any defaults: what is scanned is up to the
// instance alone.
func (c InstanceChange) Scope() Scope {
	s := Scope{Profile: ProfileDefault}
	if c.Profile != nil {
		s.Profile = *c.Profile
	}
	refuse := []Refusal(nil)
	if s.Profile == ProfileSWR {
		refuse = Refusals()
	}
	if c.Refuse != nil {
		refuse = *c.Refuse
	}
	for _, r := range Refusals() {
		if slices.Contains(refuse, r) {
			s.Refuse = append(s.Refuse, r)
		}
	}
	return s
}

// Over returns the settings in force. With ProfileSWR the defaults are those of
// the specification, whatever the server's are.
func (c InstanceChange) Over(defaults InstanceSettings) InstanceSettings {
	s := defaults
	if s.Scope = c.Scope(); s.Profile == ProfileSWR {
		scope := s.Scope
		s = DefaultInstanceSettings()
		s.Scope = scope
	}
	override(&s.Concurrent, c.Concurrent)
	override(&s.ImageSize, c.ImageSize)
	override(&s.Layers, c.Layers)
	override(&s.LayerSize, c.LayerSize)
	if c.TimeoutSeconds != nil {
		s.Timeout = time.Duration(*c.TimeoutSeconds) * time.Second
	}
	return s
}

func override[T any](field *T, value *T) {
	if value != nil {
		*field = *value
	}
}

// StoredSettings is what an instance sets, and who set it last.
type StoredSettings struct {
	InstanceChange
	// Revision grows with each change; 0 if there never was one.
	Revision  int64
	ChangedBy string
	ChangedAt time.Time
}

// ParseInstanceChange reads what was stored as JSON; no text sets nothing. What
// a newer version of the program may have added does not count.
func ParseInstanceChange(text string) (c InstanceChange, err error) {
	if text == "" {
		return c, nil
	}
	err = json.Unmarshal([]byte(text), &c)
	return c, err
}
