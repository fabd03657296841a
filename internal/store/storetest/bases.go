package storetest

import (
	"strings"
	"time"

	"github.com/pratique/pratique/internal/catalog"
)

// built is the push of an image whose stack of layers is known.
func (f *fixture) built(key catalog.RepositoryKey, tag string, layers ...string) catalog.ManifestPush {
	f.Helper()
	push := f.image(key, tag, layers...)
	push.Stack = catalog.Stack{ChainID: chain(layers...), Layers: len(layers), Platform: "linux/amd64"}
	return push
}

func chain(layers ...string) string { return digest("chain " + strings.Join(layers, " ")) }

// another makes another image of a push, of the same layers.
func another(push catalog.ManifestPush, name string) catalog.ManifestPush {
	push.Content = append([]byte(name), push.Content...)
	push.Digest = digest(string(push.Content))
	return push
}

func testBases(f *fixture) {
	ctx := f.Context()
	f.namespace("team", catalog.NamespaceChange{})
	f.namespace("copies", catalog.NamespaceChange{})
	found := func(digests ...string) string {
		f.Helper()
		b, ok, err := f.s.BaseByLayers(ctx, f.inst, digests)
		f.ok(err)
		if !ok {
			return ""
		}
		return b.Key.String() + ":" + b.Tag
	}
	prefixes := []string{chain("os"), chain("os", "java"), chain("os", "java", "app")}
	equal(f, "in an empty registry", found(prefixes...), "")
	equal(f, "of no layers", found(), "")

	untagged := another(f.built(f.key("team", "base"), "", "os"), "first")
	f.push(untagged)
	equal(f, "without a tag", found(prefixes...), "team/base:")
	debian := f.push(f.built(f.key("team", "base"), "12", "os"))
	equal(f, "with a tag", found(prefixes...), "team/base:12")
	f.push(f.built(f.key("copies", "base"), "12.5-copy", "os"))
	equal(f, "pushed first", found(prefixes...), "team/base:12")
	java := f.push(f.built(f.key("team", "java"), "17", "os", "java"))
	equal(f, "with more layers", found(prefixes...), "team/java:17")
	equal(f, "of fewer layers", found(prefixes[:1]...), "team/base:12")
	equal(f, "of other layers", found(chain("java", "os")), "")

	want := catalog.BaseImage{ArtifactID: java.ID, RepositoryID: java.RepositoryID, Key: java.Key, Digest: java.Digest, Tag: "17", Tags: []string{"17"},
		Stack: catalog.Stack{ChainID: chain("os", "java"), Layers: 2, Platform: "linux/amd64"}}
	got, ok, err := f.s.BaseByLayers(ctx, f.inst, prefixes)
	f.ok(err)
	equal(f, "base", got, want)
	equal(f, "found", ok, true)
	got, ok, err = f.s.BaseByDigest(ctx, f.inst, java.Digest)
	f.ok(err)
	equal(f, "base by digest", got, want)
	equal(f, "found by digest", ok, true)
	if _, ok, err = f.s.BaseByDigest(ctx, f.inst, digest("none")); ok || err != nil {
		f.Errorf("an unknown digest: %v, %v", ok, err)
	}
	other, err := f.s.CreateInstance(ctx, catalog.Instance{Region: "north", Name: "second", Host: "registry.example"})
	f.ok(err)
	if _, ok, err = f.s.BaseByLayers(ctx, other.ID, prefixes); ok || err != nil {
		f.Errorf("in another instance: %v, %v", ok, err)
	}
	if _, ok, err = f.s.BaseByDigest(ctx, other.ID, java.Digest); ok || err != nil {
		f.Errorf("by digest in another instance: %v, %v", ok, err)
	}

	_, err = f.s.CreateNamespace(ctx, other.ID, "team", false)
	f.ok(err)
	f.push(f.built(catalog.RepositoryKey{InstanceID: other.ID, Namespace: "team", Repository: "base"}, "12", "os"))
	if got, ok, err = f.s.BaseByLayers(ctx, other.ID, prefixes); !ok || err != nil || got.Registry != "registry.example" {
		f.Errorf("in the instance that has it: %+v, %v, %v", got, ok, err)
	}

	// An image is known by its layers even after its tag has moved on.
	f.push(f.built(f.key("team", "java"), "17", "os", "java 2"))
	equal(f, "after the tag has moved", found(prefixes...), "team/java:17")
	f.ok(f.s.DeleteManifest(ctx, f.key("team", "java"), java.Digest))
	equal(f, "after the image was deleted", found(prefixes...), "team/base:12")

	// Images that were pushed before their layers were recorded.
	old := f.push(f.image(f.key("team", "old"), "1.0", "os", "java"))
	f.push(f.image(f.key("team", "old"), "latest", "os", "java"))
	equal(f, "not recorded", found(prefixes...), "team/base:12")
	for range 2 {
		f.ok(f.s.SetStack(ctx, old.ID, catalog.Stack{ChainID: chain("os", "java"), Layers: 2, Platform: "linux/amd64"}))
		equal(f, "recorded", found(prefixes...), "team/old:1.0")
	}
	f.ok(f.s.SetStack(ctx, debian.ID, catalog.Stack{ChainID: chain("else"), Layers: 1}))
	equal(f, "recorded again", found(prefixes[0]), "team/base:12")
	f.code(f.s.SetStack(ctx, 12345, catalog.Stack{Layers: 1}), catalog.NotFound, "artifact_not_found")
}

func testNewerImages(f *fixture) {
	ctx := f.Context()
	f.namespace("team", catalog.NamespaceChange{})
	key := f.key("team", "base")
	f.push(f.built(key, "11", "os 11"))
	push := f.built(key, "12.5", "os 12")
	f.push(push)
	for _, tag := range []string{"12", "latest", "stable"} { // "stable" is longer
		push.Tag = tag
		f.push(push)
	}
	base, ok, err := f.s.BaseByLayers(ctx, f.inst, []string{chain("os 12")})
	f.ok(err)
	if !ok || base.Tag != "stable" || strings.Join(base.Tags, " ") != "12 12.5 latest stable" {
		f.Fatalf("base: %+v", base)
	}
	newer := func() string {
		f.Helper()
		list, err := f.s.NewerImages(ctx, base)
		f.ok(err)
		var names []string
		for _, b := range list {
			names = append(names, b.Tag+"="+strings.Join(b.Tags, "+"))
		}
		return strings.Join(names, " ")
	}
	equal(f, "newest itself", newer(), "")
	f.push(f.built(f.key("team", "else"), "14", "os 14"))
	f.push(f.built(key, "", "untagged"))
	arm := f.built(key, "14-arm", "os 14 arm")
	arm.Stack.Platform = "linux/arm64"
	f.push(arm)
	unknown := f.image(key, "signature", "os ?")
	f.push(unknown)
	f.push(push) // again
	equal(f, "nothing that could take its place", newer(), "")
	f.push(f.built(key, "13", "os 13"))
	f.push(f.built(key, "latest", "os 13.1"))
	equal(f, "newer", newer(), "latest=latest 13=13")
	f.push(f.built(key, "13.1", "os 13.1"))
	equal(f, "with another tag", newer(), "13.1=13.1+latest 13=13")
	f.push(f.built(key, "13", "os 13.2"))
	equal(f, "after a tag has moved", newer(), "13=13 13.1=13.1+latest")

	// Members of an index go by the tags of the index.
	member, foreign := f.built(key, "", "os 15"), f.built(key, "", "os 15 arm")
	foreign.Stack.Platform = "linux/arm64"
	f.push(member)
	f.push(foreign)
	index := catalog.ManifestPush{Key: key, Digest: digest("index"), Content: []byte("index"), Kind: catalog.KindIndex,
		Manifests: []catalog.Descriptor{{Digest: member.Digest}, {Digest: foreign.Digest}}}
	for _, tag := range []string{"15", "15-full"} {
		index.Tag = tag
		f.push(index)
	}
	equal(f, "with an index", newer(), "15-full=15+15-full 13=13 13.1=13.1+latest")
	f.ok(f.s.DeleteTag(ctx, key, "15"))
	f.ok(f.s.DeleteTag(ctx, key, "15-full"))
	equal(f, "without the index's tags", newer(), "13=13 13.1=13.1+latest")
}

// What was pushed before is what has a report, for the same platform, tagged or
// not.
func testPrevious(f *fixture) {
	ctx := f.Context()
	f.namespace("team", catalog.NamespaceChange{})
	key := f.key("team", "app")
	scanned := func(p catalog.ManifestPush) catalog.Artifact {
		f.Helper()
		f.advance(time.Minute)
		a := f.push(p)
		f.finish(f.rescan(a.ID))
		return a
	}
	arm := f.built(key, "arm", "os arm")
	arm.Stack.Platform = "linux/arm64"
	first, second := scanned(f.built(key, "1", "os 1")), scanned(f.built(key, "latest", "os 2"))
	scanned(arm)
	scanned(f.built(f.key("team", "else"), "3", "os 3"))
	f.push(f.built(key, "4", "os 4"))               // has no report
	last := scanned(f.built(key, "latest", "os 5")) // takes the second's tag
	previous := func(of catalog.Artifact) int64 {
		f.Helper()
		p, err := f.s.Previous(ctx, of.ID)
		f.ok(err)
		if !p.Reported || p.Artifact.Key != key {
			f.Errorf("before %s: %+v", of.Digest, p)
		}
		return p.Artifact.ID
	}
	equal(f, "before the last", previous(last), second.ID)
	equal(f, "before the second", previous(second), first.ID)
	_, err := f.s.Previous(ctx, first.ID)
	f.code(err, catalog.NotFound, "nothing_before")
}
