package registry_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/image/imagetest"
)

// An image is known by its layers as soon as it is pushed; what cannot be one
// is pushed all the same.
func TestStackIsKept(t *testing.T) {
	e := newEnv(t)
	push := func(repository string, config []byte, layers []imagetest.Layer) {
		t.Helper()
		e.pushBlob(repository, config)
		described := describe(typeConfig, config)
		m := manifest{MediaType: typeManifest, Config: &described}
		for _, l := range layers {
			e.pushBlob(repository, l.Blob)
			m.Layers = append(m.Layers, describe(typeLayer, l.Blob))
		}
		e.pushManifest(repository, "1", typeManifest, m.encode(t))
	}
	img := imagetest.Build(t, "platform: linux/arm64\n-- layer --\n-- a --\n-- layer --\n-- b --\n")
	stack := img.Image(t).Stack()
	push("team/base", img.Config, img.Layers)
	var config map[string]any
	if err := json.Unmarshal(img.Config, &config); err != nil {
		t.Fatal(err)
	}
	config["os"] = "freebsd"
	foreign, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	for repository, config := range map[string][]byte{"team/freebsd": foreign, "team/bad": []byte("{"), "team/other": []byte(`{"rootfs":{"diff_ids":["x"]}}`)} {
		push(repository, config, img.Layers)
	}
	push("team/fewer", img.Config, img.Layers[:1]) // the configuration says two

	base, ok, err := e.store.BaseByLayers(t.Context(), e.instance.ID, []string{stack.ChainID, img.Layers[0].DiffID})
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	if diff := cmp.Diff(stack, base.Stack); diff != "" || base.Key.Repository != "base" || base.Tag != "1" {
		t.Errorf("%+v\n%s", base, diff)
	}
	for _, repository := range []string{"freebsd", "bad", "other", "fewer"} {
		p, err := e.store.Pull(t.Context(), catalog.RepositoryKey{InstanceID: e.instance.ID, Namespace: "team", Repository: repository}, "1")
		if err != nil {
			t.Fatal(err)
		}
		if _, ok, err := e.store.BaseByDigest(t.Context(), e.instance.ID, p.Artifact.Digest); ok || err != nil {
			t.Errorf("%s is taken for an image that others could be built on: %v", repository, err)
		}
	}
}
