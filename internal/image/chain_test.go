package image_test

import (
	"crypto/sha256"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/image"
	"github.com/pratique/pratique/internal/image/imagetest"
)

func TestChainIDs(t *testing.T) {
	sum := func(s string) string { return fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(s))) }
	two := sum("sha256:a sha256:b")
	for _, tc := range []struct{ diffIDs, want []string }{
		{nil, []string{}},
		{[]string{"sha256:a"}, []string{"sha256:a"}},
		{[]string{"sha256:a", "sha256:b", "sha256:b"}, []string{"sha256:a", two, sum(two + " sha256:b")}},
	} {
		if diff := cmp.Diff(tc.want, image.ChainIDs(tc.diffIDs)); diff != "" {
			t.Errorf("%v (-want +got):\n%s", tc.diffIDs, diff)
		}
	}
	if a, b := image.ChainIDs([]string{"x", "y"}), image.ChainIDs([]string{"y", "x"}); a[1] == b[1] {
		t.Error("the order of layers does not count")
	}
}

func TestStack(t *testing.T) {
	base := imagetest.Build(t, "platform: linux/arm64/v8\n-- layer --\n-- a --\n").Image(t).Stack()
	app := imagetest.Build(t, "platform: linux/arm64/v8\n-- layer --\n-- a --\n-- layer --\n-- b --\n").Image(t)
	if base.Layers != 1 || base.Platform != "linux/arm64/v8" || base.ChainID != app.Layers[0].DiffID {
		t.Errorf("base: %+v", base)
	}
	if got := app.Stack(); got.Layers != 2 || got.ChainID != image.ChainIDs([]string{app.Layers[0].DiffID, app.Layers[1].DiffID})[1] {
		t.Errorf("app: %+v", got)
	}
	if got := imagetest.FromLayers(t).Image(t).Stack(); got != (catalog.Stack{}) {
		t.Errorf("no layers: %+v", got)
	}
}
