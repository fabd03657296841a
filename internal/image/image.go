package image

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"path"
	"strings"

	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/report"
	"github.com/pratique/pratique/internal/rules"
)

// Image is one container image for one platform.
type Image struct {
	// Name is how the user named it.
	Name string
	// Digest is that of the manifest; empty for an archive that has none.
	Digest       string
	MediaType    string
	ConfigDigest string
	// Platform is "os/architecture" or "os/architecture/variant".
	Platform string
	// Created is when it was built, RFC 3339; empty where unknown.
	Created string
	// Layers are in order, the lowest first. The same layer may occur twice.
	Layers []Layer
	// Settings are what the configuration says beside the layers. They may hold
	// secrets; only Report lets them out of here.
	Settings Settings
}

// Settings is the part of an image's configuration and manifest in which secrets
// are left.
type Settings struct {
	// Env holds the environment as NAME=VALUE.
	Env    []string
	Labels map[string]string
	// User, WorkingDir, Entrypoint and Cmd are what a container starts with.
	User            string
	WorkingDir      string
	Entrypoint, Cmd []string
	// Healthcheck is the test as the configuration has it: ["CMD-SHELL", "…"].
	Healthcheck []string
	// Ports and Volumes are sorted.
	Ports, Volumes []string
	// Annotations are the manifest's.
	Annotations map[string]string
	// History holds the build's steps as the builder recorded them.
	History []Step
}

// Step is one step of a build.
type Step struct {
	CreatedBy string
	Comment   string
	// Layer is the index of the layer that the step made, report.NoLayer if it
	// made none or the history does not tell.
	Layer int
}

// Layer is one layer of an image.
type Layer struct {
	// Digest is that of the bytes as stored. It is empty for a layer in a
	// docker-archive, whose bytes are named by the diff ID alone.
	Digest string
	// DiffID is the digest of the uncompressed bytes.
	DiffID    string
	MediaType string
	// Size is the number of bytes as stored.
	Size int64
	// Elsewhere says that the image may lack the layer: its owner allows no
	// copies, as Microsoft did of the layers of Windows itself. Only images for
	// Windows have such layers.
	Elsewhere bool
	// Instruction is the build instruction that made the layer, written as in
	// a Dockerfile; empty where the image's history does not tell. It may hold
	// secrets.
	Instruction string
	// Open returns the bytes as stored. The caller closes them. Calls may be
	// concurrent.
	Open func(ctx context.Context) (io.ReadCloser, error)
}

// Size returns the sum of the layers as stored, in bytes; it saturates.
func (i *Image) Size() int64 {
	var sum int64
	for _, l := range i.Layers {
		if l.Size > math.MaxInt64-sum {
			return math.MaxInt64
		}
		sum += l.Size
	}
	return sum
}

// For reports whether the image is for a platform, "os/architecture" or
// "os/architecture/variant". A variant that only one of them names does not
// count: configurations often leave out the one an index tells.
func (i *Image) For(platform string) bool {
	return strings.HasPrefix(i.Platform+"/", platform+"/") || strings.HasPrefix(platform+"/", i.Platform+"/")
}

// Report describes the image in a report: nothing in it is secret by the rules,
// and what is secret in the configuration is told, masked.
func (i *Image) Report(ctx context.Context, set *rules.Set) report.Image {
	r := report.Image{
		Name:         i.Name,
		Digest:       i.Digest,
		MediaType:    i.MediaType,
		ConfigDigest: i.ConfigDigest,
		Platform:     i.Platform,
		Created:      i.Created,
		Size:         i.Size(),
		Layers:       make([]report.Layer, len(i.Layers)),
	}
	for n, l := range i.Layers {
		r.Layers[n] = report.Layer{
			Index:       n,
			Digest:      l.Digest,
			DiffID:      l.DiffID,
			Size:        l.Size,
			Instruction: shorten(mask(ctx, set.Secrets, l.Instruction)),
		}
	}
	r.Secrets = i.Settings.secrets(ctx, set.Secrets)
	r.Passwords = i.Settings.passwords(ctx, set)
	r.Config = i.Settings.config(ctx, set.Secrets)
	r.Annotations = maskMap(ctx, set.Secrets, i.Settings.Annotations)
	return r
}

// Blobs opens content by descriptor. An error about content that does not
// exist wraps fs.ErrNotExist.
type Blobs func(ctx context.Context, d catalog.Descriptor) (io.ReadCloser, error)

// New makes an image of a manifest and its configuration. It opens nothing;
// open is called when a layer is read.
//
// The error is a *catalog.ScanError with cause schema_v1_not_support for a
// Docker schema 1 manifest, and a *catalog.Error of kind Invalid for anything
// else that is not a container image for Linux or Windows: code "index_not_scannable",
// "chart_not_scannable", "not_an_image", "platform_not_scannable" or, where
// manifest or configuration are malformed, "manifest_invalid".
func New(name string, rawManifest []byte, mediaType string, rawConfig []byte, open Blobs) (*Image, error) {
	m, err := parseManifest(rawManifest, mediaType)
	if err != nil {
		return nil, err
	}
	if err := m.checkImage(); err != nil {
		return nil, err
	}
	if got, err := digestLike(m.Config.Digest, rawConfig); err != nil {
		return nil, invalidf("the manifest's config: %w", err)
	} else if got != m.Config.Digest {
		return nil, catalog.ScanErrorf(catalog.CauseDownload,
			"the configuration of the image does not match its digest %s: its content has %s", m.Config.Digest, got)
	}
	img := &Image{
		Name:         name,
		Digest:       sha256Of(rawManifest),
		MediaType:    m.MediaType,
		ConfigDigest: m.Config.Digest,
	}
	cfg, err := parseConfig(rawConfig)
	if err != nil {
		return nil, err
	}
	layers := make([]Layer, len(m.Layers))
	for n, d := range m.Layers {
		layers[n] = Layer{
			Digest:    d.Digest,
			MediaType: d.MediaType,
			Size:      d.Size,
			Open: func(ctx context.Context) (io.ReadCloser, error) {
				return open(ctx, d.catalog())
			},
		}
	}
	if err := img.describe(cfg, layers); err != nil {
		return img, err
	}
	img.Settings.Annotations = m.Annotations
	return img, nil
}

// describe completes the image by its configuration: diff IDs, instructions,
// platform.
func (i *Image) describe(cfg *config, layers []Layer) error {
	os := strings.ToLower(cfg.OS)
	if os != "" && os != "linux" && os != "windows" {
		return catalog.Errorf(catalog.Invalid, "platform_not_scannable", "%s is an image for %s", i.label(), clip(cfg.platform())).
			Advise("only images for Linux and Windows can be scanned")
	}
	if len(layers) != len(cfg.RootFS.DiffIDs) {
		return invalidf("the manifest lists %d layers and the configuration %d diff IDs", len(layers), len(cfg.RootFS.DiffIDs))
	}
	instructions := cfg.instructions(len(layers))
	for n := range layers {
		diffID := cfg.RootFS.DiffIDs[n]
		if err := checkDigest(diffID); err != nil {
			return invalidf("diff ID of layer %d: %w", n+1, err)
		}
		layers[n].DiffID = diffID
		layers[n].Instruction = instructions[n]
		layers[n].Elsewhere = os == "windows" && foreign(layers[n].MediaType)
	}
	i.Layers = layers
	i.Settings = cfg.settings(len(layers))
	i.Platform = cfg.platform()
	i.Created = clip(cfg.Created)
	return nil
}

// foreign reports whether a layer of this media type may be kept elsewhere only.
func foreign(mediaType string) bool {
	return strings.HasPrefix(mediaType, "application/vnd.oci.image.layer.nondistributable.") ||
		mediaType == "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
}

// label names the image in messages, even when the user gave it no name.
func (i *Image) label() string {
	if i.Name != "" {
		return clip(i.Name)
	}
	return "this"
}

// config is the part of an image's configuration that scans need.
type config struct {
	Created      string `json:"created"`
	Architecture string `json:"architecture"`
	OS           string `json:"os"`
	Variant      string `json:"variant"`
	RootFS       struct {
		DiffIDs []string `json:"diff_ids"`
	} `json:"rootfs"`
	Config struct {
		Env    []string          `json:"Env"`
		Labels map[string]string `json:"Labels"`
		// What follows only informs. It is read as far as it has the form it should
		// have, and never makes an image unfit to be scanned.
		User         json.RawMessage `json:"User"`
		WorkingDir   json.RawMessage `json:"WorkingDir"`
		Entrypoint   json.RawMessage `json:"Entrypoint"`
		Cmd          json.RawMessage `json:"Cmd"`
		Healthcheck  json.RawMessage `json:"Healthcheck"`
		ExposedPorts json.RawMessage `json:"ExposedPorts"`
		Volumes      json.RawMessage `json:"Volumes"`
	} `json:"config"`
	History history `json:"history"`
}

// history is the build instructions of an image, as far as they are bounded: of
// a longer history nothing is kept, because no honest image has one.
type history []historyEntry

type historyEntry struct {
	CreatedBy  string `json:"created_by"`
	Comment    string `json:"comment"`
	EmptyLayer bool   `json:"empty_layer"`
}

// maxHistory is far above what any builder writes; entries of empty layers count.
const maxHistory = 10_000

// UnmarshalJSON reads entry by entry, so that a hostile history costs no more
// than its bytes.
func (h *history) UnmarshalJSON(raw []byte) error {
	dec := json.NewDecoder(bytes.NewReader(raw))
	switch start, err := dec.Token(); {
	case err != nil:
		return err
	case start == nil: // null
		return nil
	case start != json.Delim('['):
		return errors.New("history is no array")
	}
	for dec.More() {
		if len(*h) == maxHistory {
			*h = nil
			return nil
		}
		var e historyEntry
		if err := dec.Decode(&e); err != nil {
			return err
		}
		*h = append(*h, e)
	}
	return nil
}

func parseConfig(raw []byte) (*config, error) {
	if len(raw) > MaxConfig {
		return nil, invalidf("the image's configuration has %d bytes, more than %d", len(raw), MaxConfig)
	}
	var cfg config
	if err := json.Unmarshal(raw, &cfg); err != nil {
		return nil, invalidf("the image's configuration is not the JSON it should be: %w", err)
	}
	if len(cfg.RootFS.DiffIDs) > maxManifestEntries {
		return nil, invalidf("the image's configuration lists %d diff IDs", len(cfg.RootFS.DiffIDs))
	}
	return &cfg, nil
}

func (c *config) platform() string {
	os := c.OS
	if os == "" {
		os = "linux"
	}
	return path.Join(os, c.Architecture, c.Variant)
}

// instructions returns the build instruction of each of n layers. Where the
// history does not account for exactly n layers it tells nothing certain about
// any of them, and all are empty.
func (c *config) instructions(n int) []string {
	var made []string
	for _, h := range c.History {
		if !h.EmptyLayer {
			made = append(made, instruction(h.CreatedBy))
		}
	}
	if len(made) != n {
		return make([]string, n)
	}
	return made
}

const (
	shell = "/bin/sh -c "
	noop  = "#(nop)"
	// maxInstruction bounds how much of a build instruction is kept.
	maxInstruction = 4096
)

// instruction turns what builders write into the history back into what stood
// in the Dockerfile. Classic builds record "/bin/sh -c #(nop) COPY …" and
// "/bin/sh -c command", BuildKit "RUN /bin/sh -c command # buildkit"; both put
// build arguments first as "|2 A=1 B=2 /bin/sh -c command".
func instruction(createdBy string) string {
	s := strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(createdBy), "# buildkit"))
	verb, run := "", s
	if rest, ok := strings.CutPrefix(s, "RUN "); ok {
		verb, run = "RUN ", rest
	}
	if strings.HasPrefix(run, "|") {
		if _, command, ok := strings.Cut(run, shell); ok {
			run = shell + command
		}
	}
	if command, ok := strings.CutPrefix(run, shell); ok {
		command = strings.TrimSpace(command)
		if inner, ok := strings.CutPrefix(command, noop); ok {
			s = strings.TrimSpace(inner)
		} else {
			s = "RUN " + command
		}
	} else {
		s = verb + run
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// shorten bounds a build instruction. It comes after masking, since half a
// secret does not look like one.
func shorten(s string) string {
	if len(s) > maxInstruction {
		s = strings.ToValidUTF8(s[:maxInstruction], "") + "…"
	}
	return s
}

// clip shortens a text from an image before it is shown.
func clip(s string) string {
	const most = 200
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}

// invalidf makes the error for a manifest or configuration that is malformed.
func invalidf(format string, args ...any) *catalog.Error {
	return catalog.Errorf(catalog.Invalid, "manifest_invalid", "%w", fmt.Errorf(format, args...)).
		Advise("build and push the image again")
}
