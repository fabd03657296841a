package image_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/image"
	"github.com/pratique/pratique/internal/image/imagetest"
	"github.com/pratique/pratique/internal/rules"
)

const twoLayers = `
-- layer --
/bin/sh -c #(nop) ADD rootfs in /
-- etc/os-release --
ID=debian
-- empty --
CMD ["sh"]
-- layer zstd --
RUN /bin/sh -c echo hello > /hello # buildkit
-- hello --
hello
`

// content opens an image and returns the paths of all layers, which shows that
// every one of them could be read and was what it should be.
func content(t *testing.T, ref string, opts image.Options) (*image.Image, []string, error) {
	t.Helper()
	img, closer, err := image.Open(t.Context(), ref, opts)
	if err != nil {
		if closer != nil {
			t.Error("a closer beside an error")
		}
		return nil, nil, err
	}
	defer closer.Close()
	var paths []string
	for n, l := range img.Layers {
		_, err := l.Walk(t.Context(), image.DefaultLimits(), func(e image.Entry, _ io.Reader) error {
			paths = append(paths, fmt.Sprintf("%d:%s", n, e.Path))
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
	return img, paths, nil
}

func gzipFile(t *testing.T, name string) string {
	t.Helper()
	raw, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var buf bytes.Buffer
	w := gzip.NewWriter(&buf)
	w.Write(raw)
	w.Close()
	if err := os.WriteFile(name+".gz", buf.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return name + ".gz"
}

func TestOpen(t *testing.T) {
	built := imagetest.Build(t, twoLayers)
	other := imagetest.Build(t, "-- layer --\n-- other --\n")
	dir := built.Dir(t)
	two := imagetest.Layout(t, []*imagetest.Image{other, built}, "a", "b")
	docker := built.DockerArchive(t, "registry.example/team/app:1", "app:2")
	hybrid := built.HybridArchive(t, "app:1")
	oci := built.OCIArchive(t)
	temp := t.TempDir()

	tests := []struct {
		name     string
		ref      string
		noDigest bool
	}{
		{"layout", "oci:" + dir, false},
		{"layout by tag", "oci:" + dir + ":latest", false},
		{"layout by digest", "oci:" + dir + "@" + built.Digest, false},
		{"layout alone", dir, false},
		{"layout alone by tag", dir + ":latest", false},
		{"second of a layout", "oci:" + two + ":b", false},
		{"OCI archive", "oci-archive:" + oci, false},
		{"OCI archive alone", oci, false},
		{"OCI archive, compressed", gzipFile(t, oci), false},
		{"docker archive", "docker-archive:" + docker, true},
		{"docker archive by tag", "docker-archive:" + docker + ":2", true},
		{"docker archive by name", "docker-archive:" + docker + ":registry.example/team/app:1", true},
		{"docker archive alone", docker, true},
		{"docker archive, compressed", "docker-archive:" + gzipFile(t, docker), true},
		{"hybrid archive as docker's", "docker-archive:" + hybrid, true},
		{"hybrid archive as OCI's", "oci-archive:" + hybrid, false},
		{"hybrid archive alone", hybrid, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			img, paths, err := content(t, test.ref, image.Options{TempDir: temp})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{"0:etc/os-release", "1:hello"}, paths); diff != "" {
				t.Errorf("content (-want +got):\n%s", diff)
			}
			got := img.Report(t.Context(), rules.Default())
			if got.Name != test.ref || got.Platform != "linux/amd64" || got.Created != "2026-01-01T00:00:00Z" || got.ConfigDigest != built.ConfigDigest {
				t.Errorf("image is %+v", got)
			}
			if test.noDigest != (got.Digest == "") || !test.noDigest && got.Digest != built.Digest {
				t.Errorf("digest is %q", got.Digest)
			}
			for n, want := range []string{"ADD rootfs in /", "RUN echo hello > /hello"} {
				if l := got.Layers[n]; l.Instruction != want || l.Index != n || l.DiffID != built.Layers[n].DiffID || l.Size == 0 {
					t.Errorf("layer %d is %+v", n, l)
				}
			}
		})
	}
	if left, _ := os.ReadDir(temp); len(left) > 0 {
		t.Errorf("temporary files are left: %v", left)
	}
}

func TestOpenPlatforms(t *testing.T) {
	var images []*imagetest.Image
	for _, p := range []string{"linux/amd64", "linux/arm64", "linux/arm/v6", "linux/arm/v7", "windows/amd64", "linux/" + runtime.GOARCH} {
		images = append(images, imagetest.Build(t, "platform: "+p+"\n-- layer --\n-- "+strings.ReplaceAll(p, "/", "-")+" --\n"))
	}
	dir := imagetest.IndexDir(t, images...)
	flat := imagetest.Layout(t, images)
	tests := []struct {
		platform, want, err string
	}{
		{"", "0:linux-" + runtime.GOARCH, ""},
		{"linux/arm64", "0:linux-arm64", ""},
		{"linux/arm/v7", "0:linux-arm-v7", ""},
		{"linux/arm", "0:linux-arm-v6", ""},
		{"windows/amd64", "0:windows-amd64", ""},
		{"linux/s390x", "", "choose one of the platforms linux/amd64, linux/arm/v6, linux/arm/v7, linux/arm64"},
	}
	for _, test := range tests {
		for _, ref := range []string{dir, flat} {
			_, paths, err := content(t, ref, image.Options{Platform: test.platform})
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Errorf("%s: error is %v, want %q", test.platform, err, test.err)
				}
				continue
			}
			if err != nil {
				t.Errorf("%s: %v", test.platform, err)
			} else if diff := cmp.Diff([]string{test.want}, paths); diff != "" {
				t.Errorf("%s: content (-want +got):\n%s", test.platform, diff)
			}
		}
	}
}

func TestOpenErrors(t *testing.T) {
	built := imagetest.Build(t, twoLayers)
	dir := built.Dir(t)
	two := imagetest.Layout(t, []*imagetest.Image{imagetest.Build(t, "-- layer --\n-- x --\n"), built}, "a", "b")
	broken := func(change func(*imagetest.Image)) string {
		i := imagetest.Build(t, twoLayers)
		change(i)
		return i.Dir(t)
	}
	write := func(name, text string) string {
		name = filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return name
	}
	truncated := func(name string) string {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return write("t.tar", string(raw[:len(raw)/2]))
	}
	tests := []struct {
		name, ref string
		code      string
		want      string
	}{
		{"no such file", "./nothing.tar", "image_not_found", "does not exist"},
		{"no such layout", "oci:/nowhere", "image_not_found", "/nowhere does not exist"},
		{"an empty directory", t.TempDir(), "not_an_image", "no index.json"},
		{"no such tag", dir + ":2", "image_not_found", "it holds latest"},
		{"no such digest", dir + "@sha256:" + strings.Repeat("0", 64), "image_not_found", "it holds latest"},
		{"two tags", two, "image_ambiguous", "a, b"},
		{"a text file", write("file.txt", "hello"), "not_an_image", "no intact tar"},
		{"a tar of something", write("x.tar", string(imagetest.Tar(t, "-- a --\n"))), "not_an_image", "no archive of an image"},
		{"half an archive", truncated(built.DockerArchive(t, "a:1")), "not_an_image", "no intact tar"},
		{"an OCI archive as docker's", "docker-archive:" + built.OCIArchive(t), "not_an_image", "oci-archive:"},
		{"no such tag in a docker archive", "docker-archive:" + built.DockerArchive(t, "a:1") + ":2", "image_not_found", "it holds a:1"},
		{"manifest missing", broken(func(i *imagetest.Image) { i.Digest = "sha256:" + strings.Repeat("1", 64) }), "download_failed", "does not match its digest"},
		{"configuration missing", broken(func(i *imagetest.Image) { i.Remove(i.ConfigDigest) }), "download_failed", "is missing"},
		{"configuration changed", broken(func(i *imagetest.Image) {
			i.Corrupt(i.ConfigDigest, func(b []byte) []byte { return append(b, ' ') })
		}), "download_failed", "does not match its digest"},
		{"not a name", "UPPER/case", "image_name_invalid", "names no image"},
		{"nothing", "", "image_name_invalid", "names no image"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, _, err := content(t, test.ref, image.Options{})
			if err == nil {
				t.Fatal("no error")
			}
			if got := codeOf(err); got != test.code || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error is %v [%s], want %q [%s]", err, got, test.want, test.code)
			}
		})
	}
}

// codeOf returns the code of an error or the cause of a scan's.
func codeOf(err error) string {
	var e *catalog.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return string(catalog.CauseOf(err))
}

func TestNew(t *testing.T) {
	built := imagetest.Build(t, twoLayers)
	change := func(of []byte, key string, value any) []byte {
		var m map[string]any
		if err := json.Unmarshal(of, &m); err != nil {
			t.Fatal(err)
		}
		m[key] = value
		raw, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	descriptor := func(mediaType string) map[string]any {
		return map[string]any{"mediaType": mediaType, "digest": built.ConfigDigest, "size": len(built.Config)}
	}
	withConfig := func(config []byte) ([]byte, []byte) {
		d := imagetest.FromLayers(t, imagetest.RawLayer{Tar: config})
		return change(built.Manifest, "config", map[string]any{
			"mediaType": "application/vnd.oci.image.config.v1+json", "digest": d.Layers[0].DiffID, "size": len(config),
		}), config
	}
	const docker = "application/vnd.docker.distribution.manifest.v2+json"
	odd := map[string]any{"mediaType": "text/html", "digest": built.ConfigDigest, "size": len(built.Config)}
	tests := []struct {
		name      string
		manifest  []byte
		mediaType string
		config    []byte
		code      string
		want      string
	}{
		{"good", built.Manifest, built.MediaType, nil, "", ""},
		{"no media type anywhere", change(built.Manifest, "mediaType", ""), "", nil, "", ""},
		{"no JSON", []byte("{"), "", nil, "manifest_invalid", "not the JSON"},
		{"an array", []byte("[]"), "", nil, "manifest_invalid", "not the JSON"},
		{"schema 1", []byte(`{"schemaVersion":1,"name":"x","tag":"y","fsLayers":[{"blobSum":"sha256:a"}]}`), "", nil, "schema_v1_not_support", "schema 1"},
		{"schema 1 by type", built.Manifest, "application/vnd.docker.distribution.manifest.v1+prettyjws", nil, "schema_v1_not_support", "schema 1"},
		{"an index", []byte(`{"schemaVersion":2,"manifests":[]}`), "", nil, "index_not_scannable", "an index"},
		{"a manifest list", []byte(`{"schemaVersion":2}`), "application/vnd.docker.distribution.manifest.list.v2+json", nil, "index_not_scannable", "an index"},
		{"a chart", change(built.Manifest, "config", descriptor("application/vnd.cncf.helm.config.v1+json")), "", nil, "chart_not_scannable", "a Helm chart"},
		{"an artifact by config", change(built.Manifest, "config", descriptor("application/vnd.oci.empty.v1+json")), "", nil, "not_an_image", "an artifact of type application/vnd.oci.empty"},
		{"an image with an artifact type", change(built.Manifest, "artifactType", "application/x.thing"), "", nil, "", ""},
		{"a Docker image with an odd config", change(change(built.Manifest, "config", odd), "mediaType", docker), docker, nil, "", ""},
		{"an attestation", change(built.Manifest, "layers", []any{descriptor("application/vnd.in-toto+json")}), "", nil, "not_an_image", "an attestation"},
		{"a signature", change(built.Manifest, "layers", []any{descriptor("application/vnd.dev.cosign.simplesigning.v1+json")}), "", nil, "not_an_image", "a signature"},
		{"some other type", built.Manifest, "text/html", nil, "not_an_image", "text/html"},
		{"encrypted", change(built.Manifest, "layers", []any{descriptor("application/vnd.oci.image.layer.v1.tar+gzip+encrypted")}), "", nil, "not_an_image", "encrypted"},
		{"a digest that is none", change(built.Manifest, "layers", []any{map[string]any{"digest": "sha256:../../etc"}}), "", nil, "manifest_invalid", "no sha256"},
		{"a negative size", change(built.Manifest, "layers", []any{map[string]any{"digest": built.ConfigDigest, "size": -1}}), "", nil, "manifest_invalid", "size -1"},
		{"fewer layers than diff IDs", change(built.Manifest, "layers", []any{descriptor("")}), "", nil, "manifest_invalid", "1 layers and the configuration 2 diff IDs"},
		{"another configuration", built.Manifest, "", []byte("{}"), "download_failed", "does not match its digest"},
	}
	addConfig := func(name, key string, value any, code, want string) {
		manifest, config := withConfig(change(built.Config, key, value))
		tests = append(tests, struct {
			name      string
			manifest  []byte
			mediaType string
			config    []byte
			code      string
			want      string
		}{name, manifest, "", config, code, want})
	}
	addConfig("FreeBSD", "os", "freebsd", "platform_not_scannable", "freebsd/amd64")
	addConfig("no operating system", "os", "", "", "")
	addConfig("bad diff ID", "rootfs", map[string]any{"diff_ids": []string{"x", "y"}}, "manifest_invalid", "diff ID of layer 1")
	addConfig("configuration is no object", "rootfs", 3, "manifest_invalid", "not the JSON")
	addConfig("history is null", "history", nil, "", "")
	addConfig("history is no array", "history", "x", "manifest_invalid", "not the JSON")
	addConfig("history without end", "history", make([]struct{}, 100_000), "", "")

	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if test.config == nil {
				test.config = built.Config
			}
			img, err := image.New("name", test.manifest, test.mediaType, test.config, built.Open)
			if test.code == "" {
				if err != nil {
					t.Fatal(err)
				}
				if len(img.Layers) != 2 || img.Platform != "linux/amd64" {
					t.Errorf("image is %+v", img)
				}
				return
			}
			if err == nil {
				t.Fatal("no error")
			}
			if got := codeOf(err); got != test.code || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error is %v [%s], want %q [%s]", err, got, test.want, test.code)
			}
		})
	}
}

func TestInstructions(t *testing.T) {
	tests := []struct{ createdBy, want string }{
		{"", ""},
		{"/bin/sh -c #(nop) ADD file:abc in / ", "ADD file:abc in /"},
		{"/bin/sh -c #(nop)  CMD [\"sh\"]", `CMD ["sh"]`},
		{"/bin/sh -c apt-get update", "RUN apt-get update"},
		{"RUN /bin/sh -c apt-get update # buildkit", "RUN apt-get update"},
		{"RUN |2 A=1 B=2 /bin/sh -c make # buildkit", "RUN make"},
		{"|1 A=1 /bin/sh -c make", "RUN make"},
		{"COPY . / # buildkit", "COPY . /"},
		{"RUN true", "RUN true"},
		{"bazel build ...", "bazel build ..."},
		{strings.Repeat("x", 5000), strings.Repeat("x", 4096) + "…"},
	}
	for _, test := range tests {
		built := imagetest.Build(t, "-- layer --\n"+test.createdBy+"\n-- a --\n")
		if got := built.Image(t).Report(t.Context(), rules.Default()).Layers[0].Instruction; got != test.want {
			t.Errorf("%q became %q, want %q", test.createdBy, got, test.want)
		}
	}
}

// registryOf serves images as a registry does, by tag and digest.
func registryOf(t *testing.T, wrap func(http.Handler) http.Handler, blobs map[string][]byte, manifests map[string][]byte, types map[string]string) string {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v2/{$}", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /v2/team/app/manifests/{ref}", func(w http.ResponseWriter, r *http.Request) {
		raw, ok := manifests[r.PathValue("ref")]
		if !ok {
			http.Error(w, `{"errors":[{"code":"MANIFEST_UNKNOWN"}]}`, http.StatusNotFound)
			return
		}
		w.Header().Set("Content-Type", types[r.PathValue("ref")])
		w.Write(raw)
	})
	mux.HandleFunc("GET /v2/team/app/blobs/{digest}", func(w http.ResponseWriter, r *http.Request) {
		b, ok := blobs[r.PathValue("digest")]
		if !ok {
			http.Error(w, `{"errors":[{"code":"BLOB_UNKNOWN"}]}`, http.StatusNotFound)
			return
		}
		w.Write(b)
	})
	var handler http.Handler = mux
	if wrap != nil {
		handler = wrap(mux)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://") + "/team/app"
}

func TestOpenRegistry(t *testing.T) {
	t.Setenv("DOCKER_CONFIG", t.TempDir())
	built := imagetest.Build(t, twoLayers)
	arm := imagetest.Build(t, "platform: linux/arm64\n-- layer --\n-- arm --\n")
	index, indexType := imagetest.Index(t, arm, built)
	noLayer := imagetest.Build(t, twoLayers)
	noLayer.Remove(noLayer.Layers[1].Digest)
	manifests := map[string][]byte{"1": built.Manifest, built.Digest: built.Manifest, arm.Digest: arm.Manifest, "multi": index,
		"old": []byte(`{"schemaVersion":1,"fsLayers":[{"blobSum":"x"}]}`), "page": []byte("<html>")}
	types := map[string]string{"1": built.MediaType, built.Digest: built.MediaType, arm.Digest: arm.MediaType, "multi": indexType,
		"old": "application/vnd.docker.distribution.manifest.v1+prettyjws", "page": built.MediaType}
	blobs := map[string][]byte{}
	for _, i := range []*imagetest.Image{built, arm} {
		for d, b := range i.Blobs {
			blobs[d] = b
		}
	}
	repo := registryOf(t, nil, blobs, manifests, types)
	gated := registryOf(t, func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !strings.Contains(r.URL.Path, "/manifests/") {
				h.ServeHTTP(w, r)
				return
			}
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusPreconditionFailed)
			io.WriteString(w, `{"errors":[{"code":"PROJECTPOLICYVIOLATION","message":"two vulnerabilities"}]}`)
		})
	}, blobs, manifests, types)
	closed := registryOf(t, func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
			w.WriteHeader(http.StatusUnauthorized)
		})
	}, nil, nil, nil)
	secured := registryOf(t, func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if user, password, _ := r.BasicAuth(); user != "me" || password != "secret" {
				w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			h.ServeHTTP(w, r)
		})
	}, blobs, manifests, types)

	tests := []struct {
		name, ref string
		opts      image.Options
		want      []string
		code      string
	}{
		{"by tag", repo + ":1", image.Options{}, []string{"0:etc/os-release", "1:hello"}, ""},
		{"by digest", "docker://" + repo + "@" + built.Digest, image.Options{}, []string{"0:etc/os-release", "1:hello"}, ""},
		{"a member of an index", repo + ":multi", image.Options{Platform: "linux/arm64"}, []string{"0:arm"}, ""},
		{"with a login", secured + ":1", image.Options{Username: "me", Password: "secret"}, []string{"0:etc/os-release", "1:hello"}, ""},
		{"with a wrong login", secured + ":1", image.Options{Username: "me", Password: "guess"}, nil, "authentication_failed"},
		{"no such tag", repo + ":9", image.Options{}, nil, "get_detail_info_not_found"},
		{"no such platform", repo + ":multi", image.Options{Platform: "linux/s390x"}, nil, "platform_not_found"},
		{"another platform than that of the only image", repo + ":1", image.Options{Platform: "linux/s390x"}, nil, "platform_not_found"},
		{"schema 1", repo + ":old", image.Options{}, nil, "schema_v1_not_support"},
		{"a web page", repo + ":page", image.Options{}, nil, "access_swr_failed"},
		{"refused by a gate", gated + ":1", image.Options{}, nil, "download_blocked"},
		{"not logged in", closed + ":1", image.Options{}, nil, "authentication_failed"},
		{"nobody there", "127.0.0.1:1/team/app:1", image.Options{}, nil, "access_swr_failed"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, paths, err := content(t, test.ref, test.opts)
			if test.code != "" {
				if err == nil || codeOf(err) != test.code {
					t.Errorf("error is %v, want code %s", err, test.code)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, paths); diff != "" {
				t.Errorf("content (-want +got):\n%s", diff)
			}
		})
	}

	t.Run("blob missing", func(t *testing.T) {
		delete(blobs, built.Layers[1].Digest)
		img, closer, err := image.Open(t.Context(), repo+":1", image.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer closer.Close()
		_, err = img.Layers[1].Walk(t.Context(), image.DefaultLimits(), func(image.Entry, io.Reader) error { return nil })
		if catalog.CauseOf(err) != catalog.CauseDownload || !strings.Contains(err.Error(), "not in the registry") {
			t.Errorf("error is %v", err)
		}
	})
	t.Run("cancelled", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, _, err := image.Open(ctx, repo+":1", image.Options{}); !errors.Is(err, context.Canceled) {
			t.Errorf("error is %v", err)
		}
	})
}

func TestLimits(t *testing.T) {
	layers := func(sizes ...int64) *image.Image {
		img := new(image.Image)
		for _, s := range sizes {
			img.Layers = append(img.Layers, image.Layer{Size: s, DiffID: "sha256:x"})
		}
		return img
	}
	many := func(n int) *image.Image { return layers(make([]int64, n)...) }
	tests := []struct {
		name string
		img  *image.Image
		want catalog.Cause
	}{
		{"nothing", layers(), ""},
		{"127 layers", many(127), ""},
		{"128 layers", many(128), catalog.CauseLayerTooLarge},
		{"a layer of 10 GiB", layers(10 << 30), ""},
		{"a layer of more", layers(10<<30 + 1), catalog.CauseLayerTooLarge},
		{"50 GiB", layers(10<<30, 10<<30, 10<<30, 10<<30, 10<<30), ""},
		{"more than 50 GiB", layers(10<<30, 10<<30, 10<<30, 10<<30, 10<<30, 1), catalog.CauseImageTooLarge},
	}
	for _, test := range tests {
		err := image.DefaultLimits().Check(test.img)
		if (err != nil) != (test.want != "") || err != nil && catalog.CauseOf(err) != test.want {
			t.Errorf("%s: %v, want %q", test.name, err, test.want)
		}
	}
	if err := (image.Limits{}).Check(many(1000)); err != nil {
		t.Errorf("limits that are not set: %v", err)
	}
}

func FuzzNew(f *testing.F) {
	built := imagetest.Build(f, twoLayers)
	f.Add(built.Manifest, built.Config)
	f.Add([]byte(`{"schemaVersion":1}`), []byte(`{}`))
	f.Fuzz(func(t *testing.T, manifest, config []byte) {
		img, err := image.New("name", manifest, "", config, built.Open)
		if err == nil {
			_ = img.Report(t.Context(), rules.Default())
			_ = image.DefaultLimits().Check(img)
		}
	})
}

func FuzzArchive(f *testing.F) {
	built := imagetest.Build(f, twoLayers)
	for _, name := range []string{built.DockerArchive(f, "a:1"), built.OCIArchive(f)} {
		raw, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		name := filepath.Join(t.TempDir(), "image.tar")
		if err := os.WriteFile(name, raw, 0o600); err != nil {
			t.Fatal(err)
		}
		img, closer, err := image.Open(t.Context(), name, image.Options{})
		if err != nil {
			return
		}
		defer closer.Close()
		for _, l := range img.Layers {
			_, _ = l.Walk(t.Context(), image.DefaultLimits(), func(image.Entry, io.Reader) error { return nil })
		}
	})
}
