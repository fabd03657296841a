package image

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path"
	"runtime"
	"slices"
	"strings"

	"github.com/pratique/pratique/internal/catalog"
)

// Options says how Open reaches an image. The zero value is ready to use.
type Options struct {
	// Platform chooses from an index: "linux/arm64", "linux/arm/v7". Empty
	// means Linux on the architecture of this machine.
	Platform string
	// Username and Password log in to the registry. Without a user name the
	// logins of docker and podman on this machine are used.
	Username string
	Password string
	// Insecure allows plain HTTP where a registry does not answer to HTTPS;
	// certificates are verified all the same. Registries on loopback addresses
	// may always speak plain HTTP.
	Insecure bool
	// Transport carries the requests to a registry; nil means one that gives up
	// a registry which is silent for half a minute.
	Transport http.RoundTripper
	// UserAgent names the program to registries.
	UserAgent string
	// TempDir is where a compressed archive is inflated to a temporary file,
	// because its layers must be read in any order; empty means the system's.
	TempDir string
}

func (o Options) platform() string {
	if o.Platform != "" {
		return strings.ToLower(o.Platform)
	}
	return "linux/" + runtime.GOARCH
}

// Open finds the image that ref names:
//
//	oci:DIR[:TAG|@DIGEST]           an OCI image layout
//	oci-archive:FILE[:TAG|@DIGEST]  the same in a tar archive
//	docker-archive:FILE[:TAG]       what docker save and podman save write
//	DIR or FILE alone               recognised as one of the above
//	[docker://]REPOSITORY[:TAG|@DIGEST]  an image in a registry
//
// From an index it takes the member for opts.Platform. The caller closes the
// closer when no layer will be opened any more; it is not nil if err is nil.
//
// Errors are a *catalog.Error (kind NotFound or Invalid) about the name or
// about content that is no image, see New, or a *catalog.ScanError:
// authentication_failed, access_swr_failed, get_detail_info_not_found and
// download_failed for what a registry answers and for content that is missing
// or not what its digest says.
func Open(ctx context.Context, ref string, opts Options) (*Image, io.Closer, error) {
	img, closer, err := open(ctx, ref, opts)
	if err != nil || opts.Platform == "" || img.For(opts.platform()) {
		return img, closer, err
	}
	closer.Close()
	return nil, nil, catalog.Errorf(catalog.NotFound, "platform_not_found", "%s is an image for %s, not for %s", clip(ref), clip(img.Platform), clip(opts.Platform)).
		Advise("leave the platform out, or name another image")
}

// open is Open for whatever platform a single image has.
func open(ctx context.Context, ref string, opts Options) (*Image, io.Closer, error) {
	scheme, rest, _ := strings.Cut(ref, ":")
	switch scheme {
	case "oci":
		file, selector := splitPath(rest)
		return openLayout(ctx, ref, file, selector, opts)
	case "oci-archive", "docker-archive":
		file, selector := splitPath(rest)
		return openArchive(ctx, ref, file, selector, scheme, opts)
	case "docker":
		if repo, ok := strings.CutPrefix(rest, "//"); ok {
			return openRegistry(ctx, ref, repo, opts)
		}
	}
	file, selector := splitPath(ref)
	switch info, err := os.Stat(file); {
	case err == nil && info.IsDir():
		return openLayout(ctx, ref, file, selector, opts)
	case err == nil:
		return openArchive(ctx, ref, file, selector, "", opts)
	case looksLikePath(ref):
		return nil, nil, fileError(file, err)
	}
	return openRegistry(ctx, ref, ref, opts)
}

// splitPath splits "PATH:TAG", "PATH:REPOSITORY:TAG" and "PATH@DIGEST". The
// longest part that exists is the path, so that a path may hold a colon.
func splitPath(s string) (file, selector string) {
	for end := len(s); end > 0; end = strings.LastIndexAny(s[:end], ":@") {
		if _, err := os.Stat(s[:end]); err == nil {
			return s[:end], strings.TrimLeft(s[end:], ":@")
		}
	}
	return s, ""
}

// looksLikePath reports whether a name that does not exist was more likely
// meant as a file than as a repository.
func looksLikePath(s string) bool {
	for _, prefix := range []string{"/", "./", "../", "~"} {
		if strings.HasPrefix(s, prefix) {
			return true
		}
	}
	for _, suffix := range []string{".tar", ".tar.gz", ".tgz"} {
		if strings.HasSuffix(s, suffix) {
			return true
		}
	}
	return false
}

func fileError(file string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return catalog.Errorf(catalog.NotFound, "image_not_found", "%s does not exist: %w", file, err).
			Advise("check the path, or name an image in a registry as HOST/REPOSITORY:TAG")
	}
	return catalog.Errorf(catalog.Invalid, "image_unreadable", "%s cannot be read: %w", file, err)
}

// maxIndexDepth bounds how deep indexes may refer to indexes.
const maxIndexDepth = 4

// resolver finds the manifest of one image, starting from any manifest.
type resolver struct {
	name     string
	platform string
	// manifests and blobs open content; a registry serves them from two places.
	manifests Blobs
	blobs     Blobs
}

// image makes the image that d refers to, or the fitting member of the index
// that it refers to.
func (r *resolver) image(ctx context.Context, d descriptor, depth int) (*Image, error) {
	raw, err := read(ctx, r.manifests, d, maxManifest)
	if err != nil {
		return nil, err
	}
	m, err := parseManifest(raw, d.MediaType)
	if err != nil {
		return nil, err
	}
	if m.isIndex() {
		if depth == maxIndexDepth {
			return nil, invalidf("indexes refer to indexes more than %d deep", maxIndexDepth)
		}
		member, err := r.choose(m.Manifests)
		if err != nil {
			return nil, err
		}
		return r.image(ctx, member, depth+1)
	}
	if err := m.checkImage(); err != nil {
		return nil, err
	}
	config, err := read(ctx, r.blobs, m.Config, MaxConfig)
	if err != nil {
		return nil, err
	}
	return New(r.name, raw, m.MediaType, config, r.blobs)
}

// choose picks the member of an index for the platform wanted. An index with a
// single image leaves no choice.
func (r *resolver) choose(members []descriptor) (descriptor, error) {
	var images []descriptor
	var have []string
	for _, d := range members {
		if attestation(d) {
			continue
		}
		images = append(images, d)
		if d.Platform != nil {
			have = append(have, clip(d.Platform.String()))
		}
	}
	for _, d := range images {
		if matches(d.Platform, r.platform) {
			return d, nil
		}
	}
	if len(images) == 1 && images[0].Platform == nil {
		return images[0], nil
	}
	slices.Sort(have)
	err := catalog.Errorf(catalog.NotFound, "platform_not_found", "%s has no image for %s", clip(r.name), clip(r.platform))
	if len(have) == 0 {
		return descriptor{}, err.Advise("the index names no platforms; name the image by its digest")
	}
	return descriptor{}, err.Advise("choose one of the platforms %s", strings.Join(slices.Compact(have), ", "))
}

// attestation reports whether BuildKit put the manifest beside an image.
func attestation(d descriptor) bool {
	return d.Annotations["vnd.docker.reference.type"] == "attestation-manifest" ||
		d.Platform != nil && d.Platform.OS == "unknown"
}

// matches reports whether p is the platform wanted, of which the variant may
// be left out.
func matches(p *platform, want string) bool {
	if p == nil {
		return false
	}
	return p.String() == want || path.Join(p.OS, p.Architecture) == want
}

// read returns the whole of a small piece of content and checks its digest.
func read(ctx context.Context, open Blobs, d descriptor, most int64) ([]byte, error) {
	if err := checkDigest(d.Digest); err != nil {
		return nil, invalidf("a reference in the image: %w", err)
	}
	rc, err := open(ctx, d.catalog())
	if err != nil {
		var scan *catalog.ScanError
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case errors.As(err, &scan):
			return nil, err
		case errors.Is(err, fs.ErrNotExist):
			return nil, catalog.ScanErrorf(catalog.CauseDownload, "%s is missing: %w", d.Digest, err)
		}
		return nil, catalog.ScanErrorf(catalog.CauseDownload, "%s cannot be opened: %w", d.Digest, err)
	}
	defer rc.Close()
	raw, err := readBounded(rc, most)
	if err != nil {
		return nil, catalog.ScanErrorf(catalog.CauseDownload, "reading %s: %w", d.Digest, err)
	}
	if got, _ := digestLike(d.Digest, raw); got != d.Digest {
		return nil, catalog.ScanErrorf(catalog.CauseDownload, "%s does not match its digest: its content has %s", d.Digest, got)
	}
	return raw, nil
}

// readBounded reads to the end, or fails after most bytes.
func readBounded(r io.Reader, most int64) ([]byte, error) {
	raw, err := io.ReadAll(io.LimitReader(r, most+1))
	if err != nil {
		return nil, err
	}
	if int64(len(raw)) > most {
		return nil, fmt.Errorf("it has more than %d bytes", most)
	}
	return raw, nil
}
