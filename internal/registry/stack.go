package registry

import (
	"context"
	"io"

	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/image"
)

// stack returns the layers of an image that is pushed, so that it is known as
// the base of others before it is scanned, or though it never is. It is a
// claim of the configuration's, which only a scan checks. Where nothing can be
// learnt now, whatever the reason, the push goes on without.
func (reg *Registry) stack(ctx context.Context, m *manifest, push catalog.ManifestPush) catalog.Stack {
	if push.Kind != catalog.KindImage || m.Config == nil {
		return catalog.Stack{}
	}
	content, err := reg.Blobs.Get(ctx, m.Config.Digest)
	if err != nil {
		return catalog.Stack{}
	}
	defer content.Close()
	if content.Size() > maxImageConfig {
		return catalog.Stack{}
	}
	config, err := io.ReadAll(io.LimitReader(content, maxImageConfig))
	if err != nil {
		return catalog.Stack{}
	}
	img, err := image.New("", push.Content, push.MediaType, config, nil)
	if err != nil {
		return catalog.Stack{}
	}
	return img.Stack()
}
