package image

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/pratique/pratique/internal/catalog"
)

// openRegistry opens an image in a registry.
func openRegistry(ctx context.Context, ref, repository string, opts Options) (*Image, io.Closer, error) {
	var naming []name.Option
	if opts.Insecure {
		naming = append(naming, name.Insecure)
	}
	parsed, err := name.ParseReference(repository, naming...)
	if err != nil {
		return nil, nil, catalog.Errorf(catalog.Invalid, "image_name_invalid", "%q names no image: %w", clip(ref), err).
			Advise("use HOST/REPOSITORY:TAG, oci:DIR, docker-archive:FILE, or the path of a directory or file that exists")
	}
	puller, err := remote.NewPuller(remoteOptions(opts)...)
	if err != nil {
		return nil, nil, catalog.ScanErrorf(catalog.CauseRegistryAccess, "%s: %w", clip(ref), err)
	}
	reg := registry{puller: puller, repo: parsed.Context()}
	top, err := puller.Get(ctx, parsed)
	if err != nil {
		return nil, nil, remoteError(ctx, "image "+clip(ref), err, catalog.CauseDetailNotFound)
	}
	if len(top.Manifest) > maxManifest || !isJSON(top.Manifest) {
		return nil, nil, catalog.ScanErrorf(catalog.CauseRegistryAccess, "%s: what answered does not speak the registry protocol", clip(ref))
	}
	start := descriptor{MediaType: string(top.MediaType), Digest: top.Digest.String(), Size: top.Size}
	reg.top, reg.topRaw = start.Digest, top.Manifest
	r := resolver{name: ref, platform: opts.platform(), manifests: reg.manifest, blobs: reg.blob}
	img, err := r.image(ctx, start, 0)
	if err != nil {
		return nil, nil, err
	}
	return img, nothing{}, nil
}

func remoteOptions(opts Options) []remote.Option {
	var o []remote.Option
	if opts.Username != "" {
		o = append(o, remote.WithAuth(&authn.Basic{Username: opts.Username, Password: opts.Password}))
	} else {
		o = append(o, remote.WithAuthFromKeychain(authn.DefaultKeychain))
	}
	transport := opts.Transport
	if transport == nil {
		transport = newTransport(silence)
	}
	o = append(o, remote.WithTransport(transport), remote.WithRetryPredicate(worthRetrying))
	if opts.UserAgent != "" {
		o = append(o, remote.WithUserAgent(opts.UserAgent))
	}
	return o
}

// registry opens the content of one repository.
type registry struct {
	puller *remote.Puller
	repo   name.Repository
	// top and topRaw are the manifest that was asked for by name.
	top    string
	topRaw []byte
}

func (r *registry) manifest(ctx context.Context, d catalog.Descriptor) (io.ReadCloser, error) {
	if d.Digest == r.top {
		return io.NopCloser(bytes.NewReader(r.topRaw)), nil
	}
	got, err := r.puller.Get(ctx, r.repo.Digest(d.Digest))
	if err != nil {
		return nil, remoteError(ctx, "manifest "+d.Digest, err, catalog.CauseDetailNotFound)
	}
	return io.NopCloser(bytes.NewReader(got.Manifest)), nil
}

func (r *registry) blob(ctx context.Context, d catalog.Descriptor) (io.ReadCloser, error) {
	layer, err := r.puller.Layer(ctx, r.repo.Digest(d.Digest))
	if err != nil {
		return nil, remoteError(ctx, "blob "+d.Digest, err, catalog.CauseDownload)
	}
	rc, err := layer.Compressed()
	if err != nil {
		return nil, remoteError(ctx, "blob "+d.Digest, err, catalog.CauseDownload)
	}
	return rc, nil
}

// remoteError gives what a registry answered its cause; missing is the cause
// for content that is not there.
func remoteError(ctx context.Context, what string, err error, missing catalog.Cause) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var answer *transport.Error
	switch {
	case errors.Is(err, remote.ErrSchema1):
		return catalog.ScanErrorf(catalog.CauseSchema1, "%s has a Docker schema 1 manifest", what)
	case !errors.As(err, &answer):
		return catalog.ScanErrorf(catalog.CauseRegistryAccess, "%s: the registry cannot be reached: %w", what, err)
	}
	switch answer.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden:
		return catalog.ScanErrorf(catalog.CauseAuthentication, "%s: the registry refused access: %w", what, err)
	case http.StatusPreconditionFailed: // how a gate such as ours, or Harbor's, refuses
		return catalog.Errorf(catalog.Blocked, "download_blocked", "the registry does not give out %s: %s", what, answerText(answer)).
			Advise("scan it where it is (pratique admin scan, pratique report), or from where it was built")
	case http.StatusNotFound:
		return catalog.ScanErrorf(missing, "%s is not in the registry: %w", what, err)
	}
	return catalog.ScanErrorf(catalog.CauseRegistryAccess, "%s: the registry answered with an error: %w", what, err)
}

// answerText is what a registry says in its answer, shortened.
func answerText(answer *transport.Error) string {
	var texts []string
	for _, d := range answer.Errors {
		texts = append(texts, d.Message)
	}
	if text := strings.Join(texts, "; "); text != "" {
		return strings.ToValidUTF8(text[:min(len(text), 1000)], "")
	}
	return http.StatusText(answer.StatusCode)
}

// nothing needs no closing.
type nothing struct{}

func (nothing) Close() error { return nil }
