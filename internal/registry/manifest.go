package registry

import (
	"encoding/json"
	"fmt"
	"mime"
	"path"
	"strings"

	"github.com/pratique/pratique/internal/blob"
	"github.com/pratique/pratique/internal/catalog"
)

// Media types of manifests that are accepted.
const (
	mediaOCIManifest    = "application/vnd.oci.image.manifest.v1+json"
	mediaOCIIndex       = "application/vnd.oci.image.index.v1+json"
	mediaDockerManifest = "application/vnd.docker.distribution.manifest.v2+json"
	mediaDockerList     = "application/vnd.docker.distribution.manifest.list.v2+json"
	// mediaDockerSchema1 begins the media types of Docker's first format, signed
	// or not, which is refused.
	mediaDockerSchema1 = "application/vnd.docker.distribution.manifest.v1+"
)

// descriptor is a reference to content as manifests write it.
type descriptor struct {
	MediaType    string            `json:"mediaType"`
	Digest       string            `json:"digest"`
	Size         int64             `json:"size"`
	ArtifactType string            `json:"artifactType"`
	Annotations  map[string]string `json:"annotations"`
	Platform     *platform         `json:"platform"`
	Data         *[]byte           `json:"data"`
}

type platform struct {
	Architecture string `json:"architecture"`
	OS           string `json:"os"`
	Variant      string `json:"variant"`
}

// manifest is an image manifest or an index of manifests.
type manifest struct {
	SchemaVersion int               `json:"schemaVersion"`
	MediaType     string            `json:"mediaType"`
	ArtifactType  string            `json:"artifactType"`
	Config        *descriptor       `json:"config"`
	Layers        []descriptor      `json:"layers"`
	Manifests     []descriptor      `json:"manifests"`
	Subject       *descriptor       `json:"subject"`
	Annotations   map[string]string `json:"annotations"`
	FSLayers      json.RawMessage   `json:"fsLayers"`
}

// isIndex reports whether the manifest lists other manifests.
func (m *manifest) isIndex() bool {
	return m.MediaType == mediaOCIIndex || m.MediaType == mediaDockerList
}

// parseManifest checks and reads what a client pushes as contentType, which may
// be empty if the manifest itself says what it is. maxDescriptors bounds the
// things it refers to. All errors are Invalid: "manifest_invalid",
// "schema_v1_not_support" or "media_type_unsupported".
func parseManifest(raw []byte, contentType string, maxDescriptors int) (*manifest, error) {
	if err := checkJSON(raw); err != nil {
		return nil, invalidManifest("the manifest %w", err)
	}
	var m manifest
	if err := json.Unmarshal(raw, &m); err != nil {
		return nil, invalidManifest("the manifest is not of the form it should have: %w", err)
	}
	if err := m.settleMediaType(contentType); err != nil {
		return nil, err
	}
	if err := m.checkShape(); err != nil {
		return nil, err
	}
	if n := len(m.Layers) + len(m.Manifests); n > maxDescriptors {
		return nil, invalidManifest("the manifest refers to %d things, more than the %d allowed", n, maxDescriptors)
	}
	return &m, m.checkDescriptors()
}

// settleMediaType sets MediaType to what the manifest is, from what it says
// itself and what it was sent as; where both speak they have to agree, lest one
// client takes it for something else than another.
func (m *manifest) settleMediaType(contentType string) error {
	sent := ""
	if contentType != "" {
		var err error
		if sent, _, err = mime.ParseMediaType(contentType); err != nil {
			return unsupportedMediaType(contentType)
		}
	}
	if m.SchemaVersion == 1 || len(m.FSLayers) > 0 ||
		strings.HasPrefix(sent, mediaDockerSchema1) || strings.HasPrefix(m.MediaType, mediaDockerSchema1) {
		return catalog.Errorf(catalog.Invalid, string(catalog.CauseSchema1), "Docker schema 1 manifests are not supported").
			Advise("%s", catalog.CauseSchema1.Advice())
	}
	switch {
	case sent == "" && m.MediaType == "":
		return invalidManifest("neither the request nor the manifest says what media type it has")
	case m.MediaType == "":
		m.MediaType = sent
	case sent != "" && sent != m.MediaType:
		return invalidManifest("the manifest was sent as %q, but says it is %q", clip(sent), clip(m.MediaType))
	}
	switch m.MediaType {
	case mediaOCIManifest, mediaOCIIndex, mediaDockerManifest, mediaDockerList:
		return nil
	}
	return unsupportedMediaType(m.MediaType)
}

// checkShape checks that the manifest has the fields of its media type and not
// those of another, which some clients might go by.
func (m *manifest) checkShape() error {
	if m.SchemaVersion != 2 {
		return invalidManifest("the manifest has schemaVersion %d, not 2", m.SchemaVersion)
	}
	if m.isIndex() {
		if m.Config != nil || m.Layers != nil {
			return invalidManifest("the index has a config or layers, which only manifests of images have")
		}
		return nil
	}
	if m.Manifests != nil {
		return invalidManifest("the manifest has members, which only indexes have")
	}
	if m.Config == nil {
		return invalidManifest("the manifest has no config")
	}
	return nil
}

func (m *manifest) checkDescriptors() error {
	if m.Config != nil {
		if err := m.Config.check("config"); err != nil {
			return err
		}
	}
	if m.Subject != nil {
		if err := m.Subject.check("subject"); err != nil {
			return err
		}
	}
	for i := range m.Layers {
		if err := m.Layers[i].check(fmt.Sprintf("layer %d", i+1)); err != nil {
			return err
		}
	}
	for i := range m.Manifests {
		if err := m.Manifests[i].check(fmt.Sprintf("member %d", i+1)); err != nil {
			return err
		}
	}
	return nil
}

// check checks one descriptor; what names it in errors.
func (d *descriptor) check(what string) error {
	alg, _, err := blob.ParseDigest(d.Digest)
	switch {
	case err != nil:
		return invalidManifest("%s: %w", what, err)
	case d.Size < 0:
		return invalidManifest("%s has size %d", what, d.Size)
	case d.Data != nil && (int64(len(*d.Data)) != d.Size || alg.Of(*d.Data) != d.Digest):
		return invalidManifest("%s: the embedded data is not what size and digest say", what)
	}
	return nil
}

// push makes the record the store keeps. Its kind is that of the media types
// alone; Registry.kind looks closer. tag is empty for a push by digest.
func (m *manifest) push(key catalog.RepositoryKey, digest, tag string, raw []byte) catalog.ManifestPush {
	p := catalog.ManifestPush{
		Key:          key,
		Digest:       digest,
		MediaType:    m.MediaType,
		Content:      raw,
		Tag:          tag,
		ArtifactType: m.ArtifactType,
		Annotations:  m.Annotations,
		Kind:         kindOf(m),
	}
	if m.Config != nil {
		p.Blobs = append(p.Blobs, m.Config.catalog())
		if p.ArtifactType == "" {
			p.ArtifactType = m.Config.MediaType
		}
	}
	for i := range m.Layers {
		p.Blobs = append(p.Blobs, m.Layers[i].catalog())
	}
	for i := range m.Manifests {
		p.Manifests = append(p.Manifests, m.Manifests[i].catalog())
	}
	if m.Subject != nil {
		p.Subject = m.Subject.Digest
	}
	return p
}

func (d *descriptor) catalog() catalog.Descriptor {
	c := catalog.Descriptor{
		MediaType:    d.MediaType,
		Digest:       d.Digest,
		Size:         d.Size,
		ArtifactType: d.ArtifactType,
		Annotations:  d.Annotations,
	}
	if d.Platform != nil {
		c.Platform = path.Join(d.Platform.OS, d.Platform.Architecture, d.Platform.Variant)
	}
	return c
}

func invalidManifest(format string, args ...any) error {
	return catalog.Errorf(catalog.Invalid, "manifest_invalid", format, args...)
}

func unsupportedMediaType(mediaType string) error {
	return catalog.Errorf(catalog.Invalid, "media_type_unsupported", "manifests of type %q are not supported", clip(mediaType)).
		Advise("push an OCI manifest or index, or a Docker schema 2 manifest or list")
}
