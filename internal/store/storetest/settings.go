package storetest

import (
	"strings"
	"time"

	"github.com/pratique/pratique/internal/catalog"
)

// settings changes those of the instance.
func (f *fixture) settings(c catalog.InstanceChange) catalog.StoredSettings {
	f.Helper()
	before, err := f.s.InstanceSettings(f.Context(), f.inst)
	f.ok(err)
	after, err := f.s.SetInstanceSettings(f.Context(), f.inst, c, before.Revision, "ann")
	f.ok(err)
	return after
}

func (f *fixture) refuse(what ...catalog.Refusal) {
	f.Helper()
	f.settings(catalog.InstanceChange{Refuse: &what})
}

func testInstanceSettings(f *fixture) {
	ctx := f.Context()
	got, err := f.s.InstanceSettings(ctx, f.inst)
	f.ok(err)
	equal(f, "never set", got, catalog.StoredSettings{})
	set := catalog.InstanceChange{Profile: ptr(catalog.ProfileSWR), Concurrent: ptr(3), TimeoutSeconds: ptr(int64(600)),
		ImageSize: ptr(int64(1 << 30)), Layers: ptr(5), LayerSize: ptr(int64(1 << 20)), Refuse: &[]catalog.Refusal{}}
	want := catalog.StoredSettings{InstanceChange: set, Revision: 1, ChangedBy: "ann", ChangedAt: f.now}
	equal(f, "all set", f.settings(set), want)
	got, err = f.s.InstanceSettings(ctx, f.inst)
	f.ok(err)
	equal(f, "all read", got, want)
	_, err = f.s.SetInstanceSettings(ctx, f.inst, catalog.InstanceChange{}, 0, "bob")
	f.code(err, catalog.Conflict, "settings_changed")
	if !strings.Contains(err.Error(), "ann") {
		f.Errorf("nobody says who did: %v", err)
	}
	equal(f, "empty again", f.settings(catalog.InstanceChange{}), catalog.StoredSettings{Revision: 2, ChangedBy: "ann", ChangedAt: f.now})
	_, err = f.s.SetInstanceSettings(ctx, f.inst, catalog.InstanceChange{Concurrent: ptr(101)}, 2, "ann")
	f.code(err, catalog.Invalid, "settings_invalid")
	_, err = f.s.InstanceSettings(ctx, "nowhere")
	f.code(err, catalog.NotFound, "instance_not_found")
	_, err = f.s.SetInstanceSettings(ctx, "nowhere", catalog.InstanceChange{}, 0, "ann")
	f.code(err, catalog.NotFound, "instance_not_found")

	// Another instance has its own.
	other, err := f.s.EnsureInstance(ctx, "", catalog.Instance{Name: "other", Host: "other.example"})
	f.ok(err)
	f.refuse(catalog.RefuseCharts)
	got, err = f.s.InstanceSettings(ctx, other.ID)
	f.ok(err)
	equal(f, "of another instance", got, catalog.StoredSettings{})
	f.namespace("team", catalog.NamespaceChange{})
	a := f.push(f.image(f.key("team", "app"), "1", "l1"))
	pull, err := f.s.ArtifactPull(ctx, a.ID)
	f.ok(err)
	equal(f, "as a pull sees them", pull.Namespace.Scope, catalog.Scope{Profile: catalog.ProfileDefault, Refuse: []catalog.Refusal{catalog.RefuseCharts}})
}

// What is scanned by itself is what catalog.Scope calls eligible.
func testEligible(f *fixture) {
	f.namespace("auto", catalog.NamespaceChange{AutoScan: ptr(true)})
	key := f.key("auto", "app")
	n := 0
	image := func(tag, platform string) catalog.ManifestPush {
		n++
		push := f.image(key, tag, strings.Repeat("l", n))
		push.Stack = catalog.Stack{ChainID: digest("chain"), Layers: 1, Platform: platform}
		return push
	}
	index := func(tag string, members ...catalog.ManifestPush) catalog.ManifestPush {
		n++
		push := catalog.ManifestPush{Key: key, Digest: digest(strings.Repeat("i", n)), Content: []byte("index"), Kind: catalog.KindIndex, Tag: tag}
		for _, m := range members {
			push.Manifests = append(push.Manifests, catalog.Descriptor{Digest: m.Digest})
		}
		return push
	}
	for _, c := range []struct {
		name             string
		refuse           []catalog.Refusal
		tagged, untagged int
		member, windows  int
	}{
		{"nothing", nil, 1, 1, 1, 1},
		{"untagged", []catalog.Refusal{catalog.RefuseUntagged}, 1, 0, 1, 1},
		{"indexes", []catalog.Refusal{catalog.RefuseIndexes}, 1, 1, 1, 1},
		{"untagged and indexes", []catalog.Refusal{catalog.RefuseUntagged, catalog.RefuseIndexes}, 1, 0, 0, 1},
		{"windows", []catalog.Refusal{catalog.RefuseWindows}, 1, 1, 1, 0},
		{"all", catalog.Refusals(), 1, 0, 0, 0},
	} {
		f.refuse(c.refuse...)
		count := func(push catalog.ManifestPush, want int, what string) {
			f.Helper()
			pull, err := f.s.Pull(f.Context(), key, push.Digest)
			f.ok(err)
			if got := len(f.scans(pull.Artifact.ID)); got != want {
				f.Errorf("with %s refused: %d scans of %s, want %d", c.name, got, what, want)
			}
			if eligible := pull.Namespace.Scope.Ineligible(pull.Artifact) == nil; eligible != (want > 0) {
				f.Errorf("with %s refused: %s eligible: %v", c.name, what, eligible)
			}
		}
		tagged, untagged, member, windows := image("1", "linux/amd64"), image("", "linux/amd64"), image("", "linux/amd64"), image("w", "windows/amd64")
		for _, push := range []catalog.ManifestPush{tagged, untagged, member, index("multi", member), windows} {
			f.push(push)
		}
		count(tagged, c.tagged, "a tagged image")
		count(untagged, c.untagged, "an untagged image")
		count(member, c.member, "a member of an index")
		count(windows, c.windows, "an image for Windows")
	}
}

func testFirstInFirstOut(f *fixture) {
	ctx := f.Context()
	f.namespace("team", catalog.NamespaceChange{})
	var want []int64
	for i, trigger := range []catalog.Trigger{catalog.TriggerSchedule, catalog.TriggerPush, catalog.TriggerManual} {
		a := f.push(f.image(f.key("team", "app"), "", strings.Repeat("l", i+1)))
		scan, err := f.s.RequestScan(ctx, a.ID, trigger)
		f.ok(err)
		want = append(want, scan.ID)
	}
	f.settings(catalog.InstanceChange{Profile: ptr(catalog.ProfileSWR)})
	var got []int64
	for range want {
		promoted, err := f.s.Promote(ctx, f.inst, len(got)+1, time.Hour)
		f.ok(err)
		got = append(got, promoted[0].ID)
	}
	equal(f, "order", got, want)
}
