package image

import (
	"archive/tar"
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/pratique/pratique/internal/catalog"
)

const (
	// maxArchiveEntries bounds the index of an archive of an image.
	maxArchiveEntries = 200_000
	// maxArchiveLinks bounds how many links lead from a name to its content.
	maxArchiveLinks = 8
	dockerManifest  = "manifest.json"
)

// archive is files in an uncompressed tar archive. An index of the offsets is
// made in one pass over the headers; content is read in place.
type archive struct {
	file  *os.File
	index map[string]section
}

// section is where a file's content is, or what the file is a link to.
type section struct {
	offset, size int64
	link         string
}

func (a *archive) Close() error { return a.file.Close() }

func (a *archive) open(name string) (io.ReadCloser, int64, error) {
	for range maxArchiveLinks {
		s, ok := a.index[path.Clean(name)]
		if !ok {
			break
		}
		if s.link == "" {
			return io.NopCloser(io.NewSectionReader(a.file, s.offset, s.size)), s.size, nil
		}
		name = s.link
	}
	return nil, 0, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

// indexArchive reads the headers of an archive.
func indexArchive(f io.ReadSeeker) (map[string]section, error) {
	index := make(map[string]section)
	tr := tar.NewReader(f)
	for {
		hdr, err := tr.Next()
		if err == io.EOF {
			return index, nil
		}
		if err != nil && !errors.Is(err, tar.ErrInsecurePath) {
			return nil, err
		}
		if len(index) == maxArchiveEntries {
			return nil, fmt.Errorf("it has more than %d entries", maxArchiveEntries)
		}
		name := path.Clean(strings.TrimLeft(hdr.Name, "/"))
		switch hdr.Typeflag {
		case tar.TypeReg:
			offset, err := f.Seek(0, io.SeekCurrent)
			if err != nil {
				return nil, err
			}
			index[name] = section{offset: offset, size: hdr.Size}
		case tar.TypeSymlink:
			// docker save links a layer to an equal one: "../ID/layer.tar".
			index[name] = section{link: path.Join(path.Dir(name), hdr.Linkname)}
		case tar.TypeLink:
			index[name] = section{link: path.Clean(hdr.Linkname)}
		}
	}
}

// openArchive opens an image in an archive. scheme is "oci-archive",
// "docker-archive" or, for the archive to decide, empty.
func openArchive(ctx context.Context, ref, file, selector, scheme string, opts Options) (*Image, io.Closer, error) {
	f, err := openFile(file, opts.TempDir)
	if err != nil {
		return nil, nil, err
	}
	img, err := archiveImage(ctx, ref, f, selector, scheme, opts)
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	return img, f, nil
}

func archiveImage(ctx context.Context, ref string, f *os.File, selector, scheme string, opts Options) (*Image, error) {
	index, err := indexArchive(f)
	if err != nil {
		return nil, catalog.Errorf(catalog.Invalid, "not_an_image", "%s is no intact tar archive: %w", clip(ref), err).
			Advise("write the archive again")
	}
	a := &archive{file: f, index: index}
	_, layout := index["oci-layout"]
	_, docker := index[dockerManifest]
	switch {
	case scheme == "oci-archive", scheme == "" && layout:
		return layoutImage(ctx, ref, a, selector, opts)
	case docker:
		return dockerImage(ref, a, selector)
	case scheme == "docker-archive" && layout:
		return nil, catalog.Errorf(catalog.Invalid, "not_an_image", "%s has no %s", clip(ref), dockerManifest).
			Advise("it is an OCI archive: write oci-archive: in front of it")
	}
	return nil, catalog.Errorf(catalog.Invalid, "not_an_image", "%s is no archive of an image", clip(ref)).
		Advise("name an archive written by docker save, podman save or skopeo copy")
}

// openFile opens an archive for random access. A compressed one is inflated to
// a temporary file that has no name any more when this returns.
func openFile(name, tempDir string) (*os.File, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, fileError(name, err)
	}
	if !info.Mode().IsRegular() {
		return nil, fileError(name, errors.New("it is not a regular file"))
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, fileError(name, err)
	}
	src := &counter{r: f}
	buffered := bufio.NewReaderSize(src, readBuffer)
	inflater, release, err := newInflater(buffered)
	if err == nil && inflater == io.Reader(buffered) {
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			f.Close()
			return nil, fileError(name, err)
		}
		return f, nil
	}
	defer f.Close()
	if err != nil {
		return nil, fileError(name, err)
	}
	defer release()
	spool, err := inflateToFile(inflater, src, tempDir)
	if err != nil {
		return nil, fileError(name, fmt.Errorf("inflating it to a temporary file: %w", err))
	}
	return spool, nil
}

// counter counts what is read.
type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// inflateToFile copies to a temporary file, within the limits of a layer.
func inflateToFile(r io.Reader, stored *counter, tempDir string) (*os.File, error) {
	f, err := os.CreateTemp(tempDir, "pratique-archive-*")
	if err != nil {
		return nil, err
	}
	fail := func(err error) (*os.File, error) {
		f.Close()
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		return fail(err)
	}
	limits := DefaultLimits()
	for total := int64(0); ; {
		n, err := io.CopyN(f, r, 1<<20)
		total += n
		if err == io.EOF {
			break
		}
		if err != nil {
			return fail(err)
		}
		if err := limits.checkInflated(stored.n, total); err != nil {
			return fail(err)
		}
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return fail(err)
	}
	return f, nil
}

// dockerEntry is one image of a docker-archive.
type dockerEntry struct {
	Config   string
	RepoTags []string
	Layers   []string
}

// dockerImage finds the image in what docker save writes.
func dockerImage(ref string, a *archive, selector string) (*Image, error) {
	raw, err := readFile(a, dockerManifest, maxManifest)
	if err != nil {
		return nil, fileError(clip(ref), err)
	}
	entry, err := selectDocker(ref, raw, selector)
	if err != nil {
		return nil, err
	}
	rawConfig, err := readFile(a, entry.Config, MaxConfig)
	if err != nil {
		return nil, invalidf("the configuration of the image: %w", err)
	}
	cfg, err := parseConfig(rawConfig)
	if err != nil {
		return nil, err
	}
	img := &Image{Name: ref, ConfigDigest: sha256Of(rawConfig)}
	layers := make([]Layer, len(entry.Layers))
	for n, name := range entry.Layers {
		rc, size, err := a.open(name)
		if err != nil {
			return nil, catalog.ScanErrorf(catalog.CauseDownload, "layer %d, %s, is not in the archive: %w", n+1, clip(name), err)
		}
		rc.Close()
		layers[n] = Layer{
			Size: size,
			Open: func(context.Context) (io.ReadCloser, error) {
				rc, _, err := a.open(name)
				return rc, err
			},
		}
	}
	return img, img.describe(cfg, layers)
}

// selectDocker returns the image that a tag, with or without its repository,
// names. Without a tag there must be only one.
func selectDocker(ref string, raw []byte, selector string) (dockerEntry, error) {
	var entries []dockerEntry
	if err := json.Unmarshal(raw, &entries); err != nil {
		return dockerEntry{}, invalidf("%s of the archive is not the JSON it should be: %w", dockerManifest, err)
	}
	var found []dockerEntry
	var names []string
	for _, e := range entries {
		names = append(names, e.RepoTags...)
		named := slices.ContainsFunc(e.RepoTags, func(name string) bool {
			return name == selector || strings.HasSuffix(name, ":"+selector)
		})
		if selector == "" || named {
			found = append(found, e)
		}
	}
	switch {
	case len(entries) == 0:
		return dockerEntry{}, catalog.Errorf(catalog.Invalid, "not_an_image", "%s holds no image", clip(ref))
	case len(found) == 0:
		return dockerEntry{}, notTagged(ref, selector, names)
	case len(found) > 1:
		return dockerEntry{}, ambiguous(ref, names)
	}
	if len(found[0].Layers) > maxManifestEntries {
		return dockerEntry{}, invalidf("%s of the archive lists %d layers", dockerManifest, len(found[0].Layers))
	}
	return found[0], nil
}
