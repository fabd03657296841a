package registry

import (
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

// kindOf says what a manifest describes. The gate lets everything pass but
// images, so what a container runtime would run must be an image here: what
// decides is the type of the config, as it does there. Neither a tag, which
// anybody can give (cosign's is "sha256-….sig"), nor an artifactType, which
// runtimes ignore, makes an image something else. Signatures and attestations
// have the config of an image, too, but no layer of one.
func kindOf(m *manifest) catalog.ArtifactKind {
	switch {
	case m.isIndex():
		return catalog.KindIndex
	case m.Config == nil:
		return catalog.KindOther
	case len(m.Layers) > 0 && allSignatures(m.Layers):
		return catalog.KindSignature
	}
	switch m.Config.MediaType {
	case mediaOCIConfig, mediaDockerConfig, "", "application/octet-stream", "application/json":
		return catalog.KindImage
	case mediaHelmConfig:
		return catalog.KindChart
	}
	if isSignature(m.ArtifactType) || isSignature(m.Config.MediaType) {
		return catalog.KindSignature
	}
	return catalog.KindOther
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
