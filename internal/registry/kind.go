package registry

import (
	"archive/tar"
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"github.com/pratique/pratique/internal/catalog"
)

// Media types by which kindOf tells what a manifest describes.
const (
	mediaOCIConfig    = "application/vnd.oci.image.config.v1+json"
	mediaDockerConfig = "application/vnd.docker.container.image.v1+json"
	mediaHelmConfig   = "application/vnd.cncf.helm.config.v1+json"
)

// signatureTypes begin the media types of signatures and attestations: of
// cosign (layers of a signature, bundles), of in-toto and DSSE (attestations of
// cosign and BuildKit), and of notation.
var signatureTypes = []string{
	"application/vnd.dev.cosign.",
	"application/vnd.dev.sigstore.bundle",
	"application/vnd.in-toto",
	"application/vnd.dsse.envelope",
	"application/vnd.cncf.notary.",
}

// maxImageConfig bounds how much of a config is looked into, in bytes. Container
// runtimes take no larger ones.
const maxImageConfig = 4 << 20

// kind says what a manifest describes that refers to blobs of the repository.
// The gate lets everything pass but images, so what a container runtime would
// run must be an image here. Media types alone do not tell: Docker runs what has
// the config of an image, however that is called, and podman unpacks layers
// called attestations.
func (reg *Registry) kind(ctx context.Context, m *manifest) (catalog.ArtifactKind, error) {
	kind := kindOf(m)
	if kind == catalog.KindImage || kind == catalog.KindIndex {
		return kind, nil
	}
	runs, err := reg.hasImageConfig(ctx, m)
	if err != nil || !runs {
		return kind, err
	}
	for i := range m.Layers {
		document, err := reg.isDocument(ctx, m.Layers[i].Digest)
		if err != nil || !document {
			return catalog.KindImage, err
		}
	}
	return kind, nil
}

// hasImageConfig reports whether a runtime might take the config for that of an
// image: by its type, or because it lists the layers of a root file system.
func (reg *Registry) hasImageConfig(ctx context.Context, m *manifest) (bool, error) {
	if m.isImageByType() {
		return true, nil
	}
	content, err := reg.Blobs.Get(ctx, m.Config.Digest)
	if catalog.Is(err, catalog.NotFound) {
		return false, nil // its type is that of a foreign layer
	}
	if err != nil {
		return false, err
	}
	defer content.Close()
	var config struct {
		RootFS struct {
			DiffIDs json.RawMessage `json:"diff_ids"` // not decoded: it may be long
		} `json:"rootfs"`
	}
	err = json.NewDecoder(io.LimitReader(content, maxImageConfig)).Decode(&config)
	cut := errors.Is(err, io.ErrUnexpectedEOF) && content.Size() > maxImageConfig
	return cut || bytes.HasPrefix(config.RootFS.DiffIDs, []byte("[")), nil
}

// isDocument reports whether a layer is what signatures and attestations consist
// of, a JSON object, and nothing that could be unpacked: no compressed content
// begins with a brace, but an archive may.
func (reg *Registry) isDocument(ctx context.Context, digest string) (bool, error) {
	content, err := reg.Blobs.Get(ctx, digest)
	if err != nil {
		return false, err
	}
	defer content.Close()
	r := bufio.NewReader(content)
	if first, err := r.Peek(1); err != nil || first[0] != '{' {
		return false, ignoreEOF(err)
	}
	_, err = tar.NewReader(r).Next()
	return err != nil, nil
}

func ignoreEOF(err error) error {
	if err == io.EOF {
		return nil
	}
	return err
}

// kindOf is kind by the media types alone. Neither a tag, which anybody can give
// (cosign's is "sha256-….sig"), nor an artifactType, which runtimes ignore,
// makes an image something else. Signatures and attestations have the config of
// an image, too, but no layer of one.
func kindOf(m *manifest) catalog.ArtifactKind {
	switch {
	case m.isIndex():
		return catalog.KindIndex
	case m.Config == nil:
		return catalog.KindOther
	case len(m.Layers) > 0 && allSignatures(m.Layers):
		return catalog.KindSignature
	case m.isImageByType():
		return catalog.KindImage
	case m.Config.MediaType == mediaHelmConfig:
		return catalog.KindChart
	case isSignature(m.ArtifactType) || isSignature(m.Config.MediaType):
		return catalog.KindSignature
	}
	return catalog.KindOther
}

// isImageByType reports whether the config's media type is one by which some
// runtime knows an image. In Docker manifests that is any.
func (m *manifest) isImageByType() bool {
	if m.MediaType == mediaDockerManifest {
		return true
	}
	mediaType, _, _ := strings.Cut(m.Config.MediaType, ";")
	switch strings.ToLower(strings.TrimSpace(mediaType)) {
	case mediaOCIConfig, mediaDockerConfig, "", "application/octet-stream", "application/json", "text/html":
		return true
	}
	return false
}

func allSignatures(layers []descriptor) bool {
	for i := range layers {
		if !isSignature(layers[i].MediaType) {
			return false
		}
	}
	return true
}

func isSignature(mediaType string) bool {
	for _, prefix := range signatureTypes {
		if strings.HasPrefix(mediaType, prefix) {
			return true
		}
	}
	return false
}
