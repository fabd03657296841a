package engine_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pratique/pratique/internal/engine"
	"github.com/pratique/pratique/internal/image"
	"github.com/pratique/pratique/internal/image/imagetest"
	"github.com/pratique/pratique/internal/report"
	"github.com/pratique/pratique/internal/secret"
)

// Secrets of every layer count, with what became of the file.
func TestSecretsOfAllLayers(t *testing.T) {
	password := "kW7" + "zQ2mT9xLr"
	url := "postgres://app:" + password + "@db/app\n"
	built := imagetest.Build(t, "-- layer --\nA\n-- srv/deleted --\n"+url+"-- srv/below/dir --\n"+url+"-- srv/replaced --\n"+url+"-- srv/kept --\n"+url+
		"-- srv/first --\n"+url+"-- srv/linked --\n\n"+url+"-- srv/name hardlink=srv/linked --\n"+
		"-- layer --\nB\n-- srv/.wh.deleted --\n-- srv/.wh.linked --\n-- srv/.wh.below --\n-- srv/replaced --\nnothing\n-- srv/first --\n\n"+url)
	img := built.Image(t)
	e := engine.New(engine.Options{Cache: engine.NewFileCache(t.TempDir(), 1<<20), TempDir: t.TempDir()})
	const excerpt = "postgres://app:" + secret.Mask
	at := func(path string, layer, line int, hidden report.Hidden) report.Secret {
		return report.Secret{Rule: "postgres-url", Path: path, Layer: layer, Line: line, Hidden: hidden, Excerpt: excerpt}
	}
	want := []report.Secret{
		at("srv/below/dir", 0, 1, report.Deleted),
		at("srv/deleted", 0, 1, report.Deleted),
		at("srv/first", 0, 1, report.Replaced),
		at("srv/first", 1, 2, ""),
		at("srv/kept", 0, 1, ""),
		at("srv/linked", 0, 2, ""), // there is another name
		at("srv/replaced", 0, 1, report.Replaced),
	}
	for _, what := range []string{"read", "from the cache"} {
		facts, err := e.Image(t.Context(), img)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, facts.Secrets); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
}

// The configuration is not part of what the facts of an image are kept under.
func TestSecretsOfConfigurationAreNotCached(t *testing.T) {
	e := engine.New(engine.Options{Cache: engine.NewFileCache(t.TempDir(), 1<<20), TempDir: t.TempDir()})
	layer := "-- layer --\nA\n-- a --\n"
	for _, tt := range []struct {
		img  *image.Image
		want int
	}{
		{imagetest.Build(t, layer).Image(t), 0},
		{imagetest.Build(t, "env: DB_PASSWORD="+"kW7"+"zQ2mT9xLr\n"+layer).Image(t), 1},
		{imagetest.Build(t, layer).Image(t), 0},
	} {
		facts, err := e.Image(t.Context(), tt.img)
		if err != nil || len(facts.Image.Secrets) != tt.want {
			t.Errorf("%d secrets, want %d (%v)", len(facts.Image.Secrets), tt.want, err)
		}
	}
}
