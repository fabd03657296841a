package imagetest

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/image"
)

// Image is a finished image. Its fields may be changed before it is written;
// Corrupt and Remove change its blobs.
type Image struct {
	// Manifest, its Digest and MediaType, as they are pushed to a registry.
	Manifest  []byte
	Digest    string
	MediaType string
	// Config is the configuration blob, also among Blobs.
	Config       []byte
	ConfigDigest string
	Platform     string
	Layers       []Layer
	// Blobs holds configuration and layers by digest, not the manifest.
	Blobs map[string][]byte
}

// Layer is one layer of an Image.
type Layer struct {
	Digest    string
	DiffID    string
	MediaType string
	// Blob is the layer as stored, Tar its uncompressed bytes.
	Blob []byte
	Tar  []byte
}

// RawLayer is a layer of bytes made elsewhere, for FromLayers.
type RawLayer struct {
	// Tar is the uncompressed layer; any bytes will do.
	Tar []byte
	// Compression is "gzip", "zstd" or "plain" (also if empty).
	Compression string
	// Instruction is the build instruction.
	Instruction string
}

type setting struct {
	platform, created string
	docker            bool
	env               []string
	labels            map[string]string
	annotations       map[string]string
	// more holds the rest of the part of the configuration for running the image.
	more map[string]any
}

type history struct {
	Created    string `json:"created,omitempty"`
	CreatedBy  string `json:"created_by,omitempty"`
	EmptyLayer bool   `json:"empty_layer,omitempty"`
}

// Build makes an image of text, see the package comment. contents hold what
// entries with content=KEY ask for.
func Build(t testing.TB, text string, contents ...map[string][]byte) *Image {
	t.Helper()
	img, err := build(text, contents...)
	if err != nil {
		t.Fatalf("imagetest: %v", err)
	}
	return img
}

func build(text string, contents ...map[string][]byte) (*Image, error) {
	content := make(map[string][]byte)
	for _, c := range contents {
		maps.Copy(content, c)
	}
	first, sections, err := split(text)
	if err != nil {
		return nil, err
	}
	set, err := settings(first)
	if err != nil {
		return nil, err
	}
	var raws []RawLayer
	var past []history
	for n := 0; n < len(sections); n++ {
		s := sections[n]
		instruction := strings.TrimSpace(string(s.text))
		switch s.name {
		case "empty":
			past = append(past, history{Created: set.created, CreatedBy: instruction, EmptyLayer: true})
		case "layer":
			past = append(past, history{Created: set.created, CreatedBy: instruction})
			last := n + 1
			for last < len(sections) && sections[last].name != "layer" && sections[last].name != "empty" {
				last++
			}
			archive, err := tarOf(sections[n+1:last], content)
			if err != nil {
				return nil, err
			}
			raws = append(raws, RawLayer{Tar: archive, Compression: compression(s.words), Instruction: instruction})
			n = last - 1
		default:
			return nil, fmt.Errorf("entry %q comes before the first layer", s.name)
		}
	}
	return assemble(set, raws, past)
}

func compression(words []string) string {
	if len(words) == 0 {
		return "gzip"
	}
	return words[0]
}

func settings(first string) (setting, error) {
	set := setting{platform: "linux/amd64", created: "2026-01-01T00:00:00Z", labels: map[string]string{},
		annotations: map[string]string{}, more: map[string]any{}}
	for line := range strings.Lines(first) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		key, value, _ := strings.Cut(line, ":")
		value = strings.TrimSpace(value)
		switch key {
		case "platform":
			set.platform = value
		case "created":
			set.created = value
		case "format":
			set.docker = value == "docker"
		case "env":
			set.env = append(set.env, value)
		case "label":
			name, text, _ := strings.Cut(value, "=")
			set.labels[name] = text
		case "annotation":
			name, text, _ := strings.Cut(value, "=")
			set.annotations[name] = text
		case "user":
			set.more["User"] = value
		case "workdir":
			set.more["WorkingDir"] = value
		case "entrypoint":
			set.more["Entrypoint"] = strings.Fields(value)
		case "cmd":
			set.more["Cmd"] = strings.Fields(value)
		case "healthcheck":
			set.more["Healthcheck"] = map[string]any{"Test": []string{"CMD-SHELL", value}}
		case "port":
			set.add("ExposedPorts", value)
		case "volume":
			set.add("Volumes", value)
		default:
			return set, fmt.Errorf("unknown setting %q", line)
		}
	}
	return set, nil
}

// Tar makes an uncompressed layer of entries, written as in Build without the
// line that begins the layer.
func Tar(t testing.TB, entries string, contents ...map[string][]byte) []byte {
	t.Helper()
	return Build(t, "-- layer plain --\n"+entries, contents...).Layers[0].Tar
}

func tarOf(entries []section, content map[string][]byte) ([]byte, error) {
	var buf bytes.Buffer
	tw := tar.NewWriter(&buf)
	for _, s := range entries {
		hdr, body, err := s.header(content)
		if err != nil {
			return nil, err
		}
		if err := tw.WriteHeader(hdr); err != nil {
			return nil, fmt.Errorf("entry %q: %w", s.name, err)
		}
		if _, err := tw.Write(body); err != nil {
			return nil, fmt.Errorf("entry %q: %w", s.name, err)
		}
	}
	err := tw.Close()
	return buf.Bytes(), err
}

// FromLayers makes an image of layers made elsewhere, for content that text
// cannot express: archives that are no archives, bombs, foreign formats.
func FromLayers(t testing.TB, layers ...RawLayer) *Image {
	t.Helper()
	set, _ := settings("")
	var past []history
	for _, l := range layers {
		past = append(past, history{Created: set.created, CreatedBy: l.Instruction})
	}
	img, err := assemble(set, layers, past)
	if err != nil {
		t.Fatalf("imagetest: %v", err)
	}
	return img
}

func assemble(set setting, raws []RawLayer, past []history) (*Image, error) {
	img := &Image{Platform: set.platform, Blobs: make(map[string][]byte)}
	diffIDs := []string{}
	for _, raw := range raws {
		blob, err := compress(raw.Tar, raw.Compression)
		if err != nil {
			return nil, err
		}
		l := Layer{
			Digest:    digest(blob),
			DiffID:    digest(raw.Tar),
			MediaType: layerType(raw.Compression, set.docker),
			Blob:      blob,
			Tar:       raw.Tar,
		}
		img.Layers = append(img.Layers, l)
		img.Blobs[l.Digest] = blob
		diffIDs = append(diffIDs, l.DiffID)
	}
	config := map[string]any{
		"created": set.created,
		"config":  set.config(),
		"rootfs":  map[string]any{"type": "layers", "diff_ids": diffIDs},
		"history": past,
	}
	setPlatform(config, set.platform)
	return img, img.finish(config, set)
}

// add puts a name into a set of the configuration.
func (s setting) add(key, name string) {
	names, ok := s.more[key].(map[string]any)
	if !ok {
		names = map[string]any{}
		s.more[key] = names
	}
	names[name] = map[string]any{}
}

// config is the part of the configuration that is for running the image.
func (s setting) config() map[string]any {
	config := maps.Clone(s.more)
	if len(s.env) > 0 {
		config["Env"] = s.env
	}
	if len(s.labels) > 0 {
		config["Labels"] = s.labels
	}
	return config
}

func setPlatform(m map[string]any, platform string) {
	for n, part := range strings.SplitN(platform, "/", 3) {
		m[[]string{"os", "architecture", "variant"}[n]] = part
	}
}

// finish makes configuration and manifest.
func (i *Image) finish(config map[string]any, set setting) error {
	var err error
	if i.Config, err = json.Marshal(config); err != nil {
		return err
	}
	i.ConfigDigest = digest(i.Config)
	i.Blobs[i.ConfigDigest] = i.Config
	i.MediaType = "application/vnd.oci.image.manifest.v1+json"
	configType := "application/vnd.oci.image.config.v1+json"
	if set.docker {
		i.MediaType = "application/vnd.docker.distribution.manifest.v2+json"
		configType = "application/vnd.docker.container.image.v1+json"
	}
	layers := []map[string]any{}
	for _, l := range i.Layers {
		layers = append(layers, descriptor(l.MediaType, l.Digest, len(l.Blob)))
	}
	manifest := map[string]any{
		"schemaVersion": 2,
		"mediaType":     i.MediaType,
		"config":        descriptor(configType, i.ConfigDigest, len(i.Config)),
		"layers":        layers,
	}
	if len(set.annotations) > 0 {
		manifest["annotations"] = set.annotations
	}
	i.Manifest, err = json.Marshal(manifest)
	i.Digest = digest(i.Manifest)
	return err
}

func descriptor(mediaType, digest string, size int) map[string]any {
	return map[string]any{"mediaType": mediaType, "digest": digest, "size": size}
}

func digest(b []byte) string {
	s := sha256.Sum256(b)
	return "sha256:" + hex.EncodeToString(s[:])
}

func layerType(compression string, docker bool) string {
	suffix := map[string]string{"gzip": "gzip", "zstd": "zstd"}[compression]
	switch {
	case docker && suffix == "":
		return "application/vnd.docker.image.rootfs.diff.tar"
	case docker:
		return "application/vnd.docker.image.rootfs.diff.tar." + suffix
	case suffix == "":
		return "application/vnd.oci.image.layer.v1.tar"
	}
	return "application/vnd.oci.image.layer.v1.tar+" + suffix
}

func compress(b []byte, how string) ([]byte, error) {
	var buf bytes.Buffer
	var w io.WriteCloser
	switch how {
	case "plain", "":
		return b, nil
	case "gzip":
		w = gzip.NewWriter(&buf)
	case "zstd":
		z, err := zstd.NewWriter(&buf, zstd.WithEncoderConcurrency(1))
		if err != nil {
			return nil, err
		}
		w = z
	default:
		return nil, fmt.Errorf("unknown compression %q", how)
	}
	if _, err := w.Write(b); err != nil {
		return nil, err
	}
	err := w.Close()
	return buf.Bytes(), err
}

// Corrupt replaces the bytes of a blob and keeps its name.
func (i *Image) Corrupt(digest string, change func([]byte) []byte) {
	i.Blobs[digest] = change(bytes.Clone(i.Blobs[digest]))
}

// Remove takes a blob away.
func (i *Image) Remove(digest string) { delete(i.Blobs, digest) }

// Open opens a blob; it is an image.Blobs.
func (i *Image) Open(_ context.Context, d catalog.Descriptor) (io.ReadCloser, error) {
	b, ok := i.Blobs[d.Digest]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: d.Digest, Err: fs.ErrNotExist}
	}
	return io.NopCloser(bytes.NewReader(b)), nil
}

// Image returns the image as the program sees it, read from memory.
func (i *Image) Image(t testing.TB) *image.Image {
	t.Helper()
	img, err := image.New("test", i.Manifest, i.MediaType, i.Config, i.Open)
	if err != nil {
		t.Fatalf("imagetest: %v", err)
	}
	return img
}

// Layout writes images into a new OCI image layout, one entry in its index for
// each, and returns the directory. An image is tagged with the word at its
// place in tags, if that is there and not empty.
func Layout(t testing.TB, images []*Image, tags ...string) string {
	t.Helper()
	dir := t.TempDir()
	var entries []map[string]any
	for n, img := range images {
		entry := img.descriptor()
		if n < len(tags) && tags[n] != "" {
			entry["annotations"] = map[string]string{"org.opencontainers.image.ref.name": tags[n]}
		}
		entries = append(entries, entry)
	}
	writeLayout(t, dir, entries, blobsOf(images))
	return dir
}

// Dir writes the image into a new OCI image layout and returns the directory.
func (i *Image) Dir(t testing.TB) string {
	t.Helper()
	return Layout(t, []*Image{i}, "latest")
}

// Index makes an index of images for several platforms.
func Index(t testing.TB, images ...*Image) (raw []byte, mediaType string) {
	t.Helper()
	var entries []map[string]any
	for _, img := range images {
		entries = append(entries, img.descriptor())
	}
	mediaType = "application/vnd.oci.image.index.v1+json"
	raw, err := json.Marshal(map[string]any{"schemaVersion": 2, "mediaType": mediaType, "manifests": entries})
	if err != nil {
		t.Fatalf("imagetest: %v", err)
	}
	return raw, mediaType
}

// IndexDir writes an index of images into a new OCI image layout, whose only
// entry it is, and returns the directory.
func IndexDir(t testing.TB, images ...*Image) string {
	t.Helper()
	raw, mediaType := Index(t, images...)
	blobs := blobsOf(images)
	blobs[digest(raw)] = raw
	dir := t.TempDir()
	writeLayout(t, dir, []map[string]any{descriptor(mediaType, digest(raw), len(raw))}, blobs)
	return dir
}

// descriptor refers to the image's manifest.
func (i *Image) descriptor() map[string]any {
	d := descriptor(i.MediaType, i.Digest, len(i.Manifest))
	platform := make(map[string]any)
	setPlatform(platform, i.Platform)
	d["platform"] = platform
	return d
}

// blobsOf returns all content of images, manifests included.
func blobsOf(images []*Image) map[string][]byte {
	blobs := make(map[string][]byte)
	for _, img := range images {
		maps.Copy(blobs, img.Blobs)
		blobs[img.Digest] = img.Manifest
	}
	return blobs
}

func writeLayout(t testing.TB, dir string, entries []map[string]any, blobs map[string][]byte) {
	t.Helper()
	for name, b := range layoutFiles(t, entries, blobs) {
		name = filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// layoutFiles returns the files of a layout by name.
func layoutFiles(t testing.TB, entries []map[string]any, blobs map[string][]byte) map[string][]byte {
	t.Helper()
	index, err := json.Marshal(map[string]any{"schemaVersion": 2, "manifests": entries})
	if err != nil {
		t.Fatalf("imagetest: %v", err)
	}
	files := map[string][]byte{"oci-layout": []byte(`{"imageLayoutVersion":"1.0.0"}`), "index.json": index}
	for digest, b := range blobs {
		files["blobs/"+strings.Replace(digest, ":", "/", 1)] = b
	}
	return files
}

// OCIArchive writes the image as a tar archive of an OCI layout and returns
// the file.
func (i *Image) OCIArchive(t testing.TB) string {
	t.Helper()
	return writeArchive(t, layoutFiles(t, []map[string]any{i.descriptor()}, blobsOf([]*Image{i})))
}

// DockerArchive writes the image as docker save did before version 25, under
// the given names, and returns the file.
func (i *Image) DockerArchive(t testing.TB, names ...string) string {
	t.Helper()
	return writeArchive(t, i.dockerFiles(t, names))
}

// HybridArchive writes the image as docker save does since version 25: an OCI
// layout with a manifest.json beside it.
func (i *Image) HybridArchive(t testing.TB, names ...string) string {
	t.Helper()
	files := layoutFiles(t, []map[string]any{i.descriptor()}, blobsOf([]*Image{i}))
	var layers []string
	for _, l := range i.Layers {
		layers = append(layers, "blobs/"+strings.Replace(l.Digest, ":", "/", 1))
	}
	files["manifest.json"] = dockerManifest(t, "blobs/"+strings.Replace(i.ConfigDigest, ":", "/", 1), names, layers)
	return writeArchive(t, files)
}

func (i *Image) dockerFiles(t testing.TB, names []string) map[string][]byte {
	t.Helper()
	config := strings.TrimPrefix(i.ConfigDigest, "sha256:") + ".json"
	files := map[string][]byte{config: i.Config}
	var layers []string
	for _, l := range i.Layers {
		name := strings.TrimPrefix(l.DiffID, "sha256:") + "/layer.tar"
		files[name] = l.Tar
		layers = append(layers, name)
	}
	files["manifest.json"] = dockerManifest(t, config, names, layers)
	return files
}

func dockerManifest(t testing.TB, config string, names, layers []string) []byte {
	t.Helper()
	raw, err := json.Marshal([]map[string]any{{"Config": config, "RepoTags": names, "Layers": layers}})
	if err != nil {
		t.Fatalf("imagetest: %v", err)
	}
	return raw
}

func writeArchive(t testing.TB, files map[string][]byte) string {
	t.Helper()
	var buf bytes.Buffer
	tw := tar.NewWriter(&buf)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		hdr := &tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(files[name])), ModTime: epoch}
		if err := tw.WriteHeader(hdr); err != nil {
			t.Fatalf("imagetest: %v", err)
		}
		if _, err := tw.Write(files[name]); err != nil {
			t.Fatalf("imagetest: %v", err)
		}
	}
	if err := tw.Close(); err != nil {
		t.Fatalf("imagetest: %v", err)
	}
	name := filepath.Join(t.TempDir(), "image.tar")
	if err := os.WriteFile(name, buf.Bytes(), 0o644); err != nil {
		t.Fatalf("imagetest: %v", err)
	}
	return name
}
