package registry

import (
	"context"
	"io"

	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/vex"
)

// signatureAnnotation holds cosign's signature of a layer.
const signatureAnnotation = "dev.cosignproject.cosign/signature"

// maxTried is how many layers of a manifest are looked into: cosign keeps all
// attestations of an image in one manifest, whatever they are about.
const maxTried = 32

// attachedKinds are the layers that can say something about the manifest they are
// attached to.
var attachedKinds = map[string]catalog.AttachmentKind{
	vex.MediaType:                                          catalog.AttachedDocument,
	"application/vnd.dsse.envelope.v1+json":                catalog.AttachedEnvelope,
	"application/vnd.in-toto+json":                         catalog.AttachedEnvelope,
	"application/vnd.dev.cosign.simplesigning.v1+json":     catalog.AttachedSignature,
	"application/vnd.dev.sigstore.bundle.v0.3+json":        catalog.AttachedBundle,
	"application/vnd.dev.sigstore.bundle+json;version=0.3": catalog.AttachedBundle,
}

// attachments reads what a manifest says about another one: OpenVEX documents,
// attestations of them and cosign's signatures. Other attestations are left alone,
// and so is what is too large or cannot be understood: it is kept as any artifact,
// and believed by nobody.
func (reg *Registry) attachments(ctx context.Context, m *manifest) ([]catalog.Attachment, error) {
	var list []catalog.Attachment
	tried := 0
	for i := range m.Layers {
		l := &m.Layers[i]
		kind := attachedKinds[l.MediaType]
		if kind == "" && m.ArtifactType == vex.MediaType {
			kind = catalog.AttachedDocument // oras does not always name the layer's type
		}
		if kind == "" || l.Size > catalog.MaxAttachment {
			continue
		}
		if tried++; tried > maxTried || len(list) == catalog.MaxAttachments {
			break
		}
		content, err := reg.readBlob(ctx, l.Digest, catalog.MaxAttachment)
		if catalog.Is(err, catalog.NotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		a := catalog.Attachment{Kind: kind, Content: content}
		if kind == catalog.AttachedSignature {
			a.Signature = l.Annotations[signatureAnnotation]
		}
		if vex.Matters(a) {
			list = append(list, a)
		}
	}
	return list, nil
}

// readBlob reads at most limit bytes of a blob.
func (reg *Registry) readBlob(ctx context.Context, digest string, limit int64) ([]byte, error) {
	content, err := reg.Blobs.Get(ctx, digest)
	if err != nil {
		return nil, err
	}
	defer content.Close()
	return io.ReadAll(io.LimitReader(content, limit))
}
