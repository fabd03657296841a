package image_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/image"
)

// chart makes a chart of files, in their order: name, content, name, content.
func chart(t testing.TB, files ...string) (manifest []byte, open image.Blobs) {
	t.Helper()
	var archive bytes.Buffer
	zip := gzip.NewWriter(&archive)
	w := tar.NewWriter(zip)
	for i := 0; i < len(files); i += 2 {
		if err := w.WriteHeader(&tar.Header{Name: files[i], Mode: 0o644, Size: int64(len(files[i+1])), Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, files[i+1])
	}
	if err := errors.Join(w.Close(), zip.Close()); err != nil {
		t.Fatal(err)
	}
	return chartOf(t, archive.Bytes())
}

func chartOf(t testing.TB, archive []byte) (manifest []byte, open image.Blobs) {
	t.Helper()
	manifest, err := json.Marshal(map[string]any{
		"schemaVersion": 2,
		"config":        map[string]any{"mediaType": "application/vnd.cncf.helm.config.v1+json", "digest": digestOf([]byte("{}")), "size": 2},
		"layers": []any{
			map[string]any{"mediaType": "application/vnd.cncf.helm.chart.provenance.v1.prov", "digest": digestOf([]byte("p")), "size": 1},
			map[string]any{"mediaType": "application/vnd.cncf.helm.chart.content.v1.tar+gzip", "digest": digestOf(archive), "size": len(archive)},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return manifest, func(context.Context, catalog.Descriptor) (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(archive)), nil
	}
}

func digestOf(b []byte) string { return fmt.Sprintf("sha256:%x", sha256.Sum256(b)) }

func TestChart(t *testing.T) {
	const pinned = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	manifest, open := chart(t,
		"shop/Chart.yaml", "name: shop\nappVersion: \"1.7\"\nannotations:\n  artifacthub.io/images: |\n    - name: extra\n      image: example.com/team/extra:3\n",
		"shop/values.yaml", `
image: {repository: example.com/team/shop}
sidecar: &same
  image:
    registry: example.com
    repository: team/proxy
    tag: 2.0
again: *same
jobs:
- image: busybox
- image: {repository: example.com/team/job, digest: "`+pinned+`"}
git: {repository: "https://example.com/not an image"}
null-image: {image: null}
`,
		"shop/charts/db/Chart.yaml", "name: db\nappVersion: 16",
		"shop/charts/db/values.yaml", "image: {repository: example.com/team/db}",
		"shop/templates/pod.yaml", "spec:\n  containers:\n  - image: \"example.com/team/init:1\"\n  - image: {{ .Values.image }}\n  - image: example.com/{{ x }}:1\n",
		"shop/templates/odd.yaml", "image: example.com/team/odd:1 # a remark\n",
		"shop/README.md", "image: example.com/team/readme:1\n",
	)
	img, images, err := image.NewChart(t.Context(), "team/shop:1", manifest, "", open)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"busybox:1.7", "example.com/team/db:16", "example.com/team/extra:3", "example.com/team/init:1",
		"example.com/team/job@" + pinned, "example.com/team/odd:1", "example.com/team/proxy:2.0", "example.com/team/shop:1.7"}
	if diff := cmp.Diff(want, images); diff != "" {
		t.Errorf("images (-want +got):\n%s", diff)
	}
	var paths []string
	if _, err := img.Layers[0].Walk(t.Context(), image.DefaultLimits(), func(e image.Entry, _ io.Reader) error {
		paths = append(paths, e.Path)
		return nil
	}); err != nil || len(paths) != 7 {
		t.Errorf("its files: %v, %v", paths, err)
	}
}

func TestChartRefused(t *testing.T) {
	good, _ := chart(t, "shop/Chart.yaml", "name: shop")
	_, broken := chartOf(t, []byte("\x1f\x8b\x08 this is not gzip"))
	missing := func(context.Context, catalog.Descriptor) (io.ReadCloser, error) { return nil, errors.New("gone") }
	for _, tc := range []struct {
		name     string
		manifest []byte
		open     image.Blobs
		cause    catalog.Cause
	}{
		{"nonsense", []byte("{"), missing, catalog.CauseDetailNotFound},
		{"no archive", []byte(`{"schemaVersion":2,"layers":[]}`), missing, catalog.CauseDetailNotFound},
		{"no digest", bytes.ReplaceAll(good, []byte("sha256:"), []byte("sha1:")), missing, catalog.CauseDetailNotFound},
		{"too large", []byte(strings.Replace(string(good), `chart.content.v1.tar+gzip","size":`, `chart.content.v1.tar+gzip","size":1`+strings.Repeat("0", 8), 1)), missing, catalog.CauseImageTooLarge},
		{"missing", good, missing, catalog.CauseDownload},
		{"no gzip", good, broken, catalog.CauseDownload},
	} {
		_, _, err := image.NewChart(t.Context(), "team/shop:1", tc.manifest, "", tc.open)
		if catalog.CauseOf(err) != tc.cause || err == nil {
			t.Errorf("%s: %v, want %s", tc.name, err, tc.cause)
		}
	}
}

func FuzzChart(f *testing.F) {
	f.Add("image: {repository: a.example/b, tag: 1}", "  - image: a.example/b:1\n", "appVersion: 1")
	f.Add("a: &a [*a]", "image: \"", "annotations: {artifacthub.io/images: '- image: x'}")
	f.Add("? {image: [}", "\x00", "- - - -")
	f.Fuzz(func(t *testing.T, values, template, chartYAML string) {
		manifest, open := chart(t, "c/Chart.yaml", chartYAML, "c/values.yaml", values, "c/templates/t.yaml", template)
		_, images, err := image.NewChart(t.Context(), "c", manifest, "", open)
		if err != nil || len(images) > 200 {
			t.Errorf("%d images, %v", len(images), err)
		}
	})
}
