package image

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/pratique/pratique/internal/catalog"
)

// files is a set of files by clean relative name: a directory or an archive.
// What does not exist is an error that wraps fs.ErrNotExist.
type files interface {
	open(name string) (io.ReadCloser, int64, error)
	io.Closer
}

// directory is files in a directory. Names and links cannot lead out of it.
type directory struct{ *os.Root }

func (d directory) open(name string) (io.ReadCloser, int64, error) {
	// Looking first keeps a named pipe from holding us up.
	info, err := d.Stat(name)
	if err != nil {
		return nil, 0, err
	}
	if !info.Mode().IsRegular() {
		return nil, 0, fmt.Errorf("%s is not a regular file", name)
	}
	f, err := d.Open(name)
	if err != nil {
		return nil, 0, err
	}
	return f, info.Size(), nil
}

func openLayout(ctx context.Context, ref, dir, selector string, opts Options) (*Image, io.Closer, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, nil, fileError(dir, err)
	}
	d := directory{root}
	img, err := layoutImage(ctx, ref, d, selector, opts)
	if err != nil {
		d.Close()
		return nil, nil, err
	}
	return img, d, nil
}

const layoutIndex = "index.json"

// layoutImage finds the image in an OCI image layout.
func layoutImage(ctx context.Context, ref string, f files, selector string, opts Options) (*Image, error) {
	raw, err := readFile(f, layoutIndex, maxManifest)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, catalog.Errorf(catalog.Invalid, "not_an_image", "%s is no OCI image layout: it has no %s", clip(ref), layoutIndex).
			Advise("name a directory that holds oci-layout, index.json and blobs")
	}
	if err != nil {
		return nil, fileError(clip(ref), err)
	}
	var index manifest
	if err := json.Unmarshal(raw, &index); err != nil {
		return nil, invalidf("%s of the image layout is not the JSON it should be: %w", layoutIndex, err)
	}
	if len(index.Manifests) > maxManifestEntries {
		return nil, invalidf("%s of the image layout has %d entries", layoutIndex, len(index.Manifests))
	}
	blobs := func(_ context.Context, d catalog.Descriptor) (io.ReadCloser, error) {
		if err := checkDigest(d.Digest); err != nil {
			return nil, err
		}
		rc, _, err := f.open("blobs/" + strings.Replace(d.Digest, ":", "/", 1))
		return rc, err
	}
	r := resolver{name: ref, platform: opts.platform(), manifests: blobs, blobs: blobs}
	entries, err := selectEntries(ref, index.Manifests, selector)
	if err != nil {
		return nil, err
	}
	if len(entries) == 1 {
		return r.image(ctx, entries[0], 0)
	}
	member, err := r.choose(entries)
	if err != nil {
		return nil, err
	}
	return r.image(ctx, member, 0)
}

// selectEntries returns the entries of a layout's index that a tag or digest
// names. Without either there must be only one name among the entries; several
// entries of that name are one image for several platforms.
func selectEntries(ref string, entries []descriptor, selector string) ([]descriptor, error) {
	var found []descriptor
	var names []string
	for _, d := range entries {
		if attestation(d) {
			continue
		}
		name := d.Annotations["org.opencontainers.image.ref.name"]
		if name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
		full := d.Annotations["io.containerd.image.name"]
		if selector == "" || selector == d.Digest || selector == name || selector == full {
			found = append(found, d)
		}
	}
	slices.Sort(names)
	switch {
	case len(found) == 0 && selector == "":
		return nil, catalog.Errorf(catalog.Invalid, "not_an_image", "%s holds no image", clip(ref))
	case len(found) == 0:
		return nil, notTagged(ref, selector, names)
	case selector == "" && len(names) > 1:
		return nil, ambiguous(ref, names)
	}
	return found, nil
}

func notTagged(ref, selector string, names []string) error {
	err := catalog.Errorf(catalog.NotFound, "image_not_found", "%s holds no image %s", clip(ref), clip(selector))
	if len(names) == 0 {
		return err.Advise("leave the tag out, as nothing there is tagged")
	}
	return err.Advise("it holds %s", clip(strings.Join(names, ", ")))
}

func ambiguous(ref string, names []string) error {
	return catalog.Errorf(catalog.Invalid, "image_ambiguous", "%s holds %d images", clip(ref), len(names)).
		Advise("add one of these to the name, after a colon: %s", clip(strings.Join(names, ", ")))
}

// readFile returns the whole of a small file.
func readFile(f files, name string, most int64) ([]byte, error) {
	rc, _, err := f.open(name)
	if err != nil {
		return nil, err
	}
	defer rc.Close()
	raw, err := readBounded(rc, most)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return raw, nil
}
