package image

import (
	"bytes"
	"encoding/json"
	"path"
	"strings"

	"github.com/pratique/pratique/internal/catalog"
)

// MaxConfig bounds an image's configuration, in bytes. Real ones are a few
// kilobytes.
const MaxConfig = 8 << 20

const (
	maxManifest = 4 << 20
	// maxManifestEntries bounds layers and members before anything is allocated
	// per entry; the limit on layers that users meet is in Limits.
	maxManifestEntries = 10_000
)

// The media types of manifests.
const (
	mediaOCIManifest    = "application/vnd.oci.image.manifest.v1+json"
	mediaOCIIndex       = "application/vnd.oci.image.index.v1+json"
	mediaDockerManifest = "application/vnd.docker.distribution.manifest.v2+json"
	mediaDockerList     = "application/vnd.docker.distribution.manifest.list.v2+json"
	mediaDockerSchema1  = "application/vnd.docker.distribution.manifest.v1"
	mediaOCIConfig      = "application/vnd.oci.image.config.v1+json"
	mediaDockerConfig   = "application/vnd.docker.container.image.v1+json"
	mediaHelmConfig     = "application/vnd.cncf.helm.config.v1+json"
	mediaInToto         = "application/vnd.in-toto+json"
	mediaCosign         = "application/vnd.dev.cosign.simplesigning.v1+json"
)

// descriptor is a reference to content as manifests write it.
type descriptor struct {
	MediaType    string            `json:"mediaType"`
	Digest       string            `json:"digest"`
	Size         int64             `json:"size"`
	ArtifactType string            `json:"artifactType"`
	Annotations  map[string]string `json:"annotations"`
	Platform     *platform         `json:"platform"`
}

type platform struct {
	Architecture string `json:"architecture"`
	OS           string `json:"os"`
	Variant      string `json:"variant"`
}

func (p *platform) String() string {
	if p == nil {
		return ""
	}
	return path.Join(p.OS, p.Architecture, p.Variant)
}

func (d descriptor) catalog() catalog.Descriptor {
	return catalog.Descriptor{
		MediaType:    d.MediaType,
		Digest:       d.Digest,
		Size:         d.Size,
		ArtifactType: d.ArtifactType,
		Annotations:  d.Annotations,
		Platform:     d.Platform.String(),
	}
}

// manifest is an image manifest or an image index; which of them, kind tells.
type manifest struct {
	SchemaVersion int             `json:"schemaVersion"`
	MediaType     string          `json:"mediaType"`
	ArtifactType  string          `json:"artifactType"`
	Config        descriptor      `json:"config"`
	Layers        []descriptor    `json:"layers"`
	Manifests     []descriptor    `json:"manifests"`
	FSLayers      json.RawMessage `json:"fsLayers"`
	// Annotations only inform, so they may have any form.
	Annotations annotations `json:"annotations"`
}

// parseManifest reads a manifest or index. mediaType is what it was served or
// referred to as; where that is empty the content decides.
func parseManifest(raw []byte, mediaType string) (*manifest, error) {
	if len(raw) > maxManifest {
		return nil, invalidf("the manifest has %d bytes, more than %d", len(raw), maxManifest)
	}
	var m manifest
	if err := json.Unmarshal(raw, &m); err != nil {
		return nil, invalidf("the manifest is not the JSON it should be: %w", err)
	}
	if m.SchemaVersion == 1 || len(m.FSLayers) > 0 || strings.HasPrefix(mediaType, mediaDockerSchema1) {
		return nil, catalog.ScanErrorf(catalog.CauseSchema1, "the image has a Docker schema 1 manifest")
	}
	mediaType, _, _ = strings.Cut(mediaType, ";")
	switch {
	case mediaType != "" && mediaType != "application/octet-stream":
		m.MediaType = strings.TrimSpace(mediaType)
	case m.MediaType != "":
	case m.Manifests != nil:
		m.MediaType = mediaOCIIndex
	default:
		m.MediaType = mediaOCIManifest
	}
	if len(m.Layers) > maxManifestEntries || len(m.Manifests) > maxManifestEntries {
		return nil, invalidf("the manifest has %d layers and %d members", len(m.Layers), len(m.Manifests))
	}
	return &m, nil
}

func (m *manifest) isIndex() bool {
	return m.MediaType == mediaOCIIndex || m.MediaType == mediaDockerList
}

// kind says in words what the manifest is of, and in which code it is refused.
// Both are empty for a container image. As runtimes see it, a Docker manifest is
// always one, and an OCI manifest is one by its config, whatever artifactType
// says.
func (m *manifest) kind() (words, code string) {
	for _, l := range m.Layers {
		switch l.MediaType {
		case mediaInToto:
			return "an attestation", "not_an_image"
		case mediaCosign:
			return "a signature", "not_an_image"
		}
	}
	switch {
	case m.isIndex():
		return "an index of several images", "index_not_scannable"
	case m.Config.MediaType == mediaHelmConfig:
		return "a Helm chart", "chart_not_scannable"
	case m.MediaType != mediaOCIManifest && m.MediaType != mediaDockerManifest:
		return "content of type " + clip(m.MediaType), "not_an_image"
	case m.MediaType == mediaDockerManifest:
		return "", ""
	}
	switch m.Config.MediaType {
	case mediaOCIConfig, mediaDockerConfig, "", "application/octet-stream":
		return "", ""
	}
	return "an artifact of type " + clip(m.Config.MediaType), "not_an_image"
}

// checkImage checks that the manifest is a well-formed one of an image.
func (m *manifest) checkImage() error {
	if words, code := m.kind(); code != "" {
		err := catalog.Errorf(catalog.Invalid, code, "this is %s, not a container image for one platform", words)
		if m.isIndex() {
			return err.Advise("scan one of its members")
		}
		return err.Advise("only container images can be scanned")
	}
	if err := checkDigest(m.Config.Digest); err != nil {
		return invalidf("the manifest's config: %w", err)
	}
	for n, l := range m.Layers {
		if err := checkDigest(l.Digest); err != nil {
			return invalidf("layer %d of the manifest: %w", n+1, err)
		}
		if l.Size < 0 {
			return invalidf("layer %d of the manifest has size %d", n+1, l.Size)
		}
		if strings.HasSuffix(l.MediaType, "+encrypted") {
			return catalog.Errorf(catalog.Invalid, "not_an_image", "layer %d of the image is encrypted", n+1).
				Advise("only images whose layers can be read can be scanned")
		}
	}
	return nil
}

// isJSON reports whether raw could be a manifest rather than, say, a page of a
// web server in the way.
func isJSON(raw []byte) bool { return bytes.HasPrefix(bytes.TrimSpace(raw), []byte("{")) }
