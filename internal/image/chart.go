package image

import (
	"archive/tar"
	"bufio"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	"go.yaml.in/yaml/v3"

	"github.com/pratique/pratique/internal/catalog"
)

// Bounds of charts. Helm itself takes no archives of more than 100 MB.
const (
	maxChart         = 100 << 20 // as stored
	maxChartInflated = 400 << 20
	maxChartFile     = 1 << 20 // of a file in which images are looked for
	maxChartImages   = 200
	maxChartFiles    = 2000
	maxYAMLDepth     = 50
)

const mediaChart = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"

// NewChart makes of a Helm chart an image whose only layer is the chart's
// archive, and returns beside it the images that the chart names: in its values,
// its templates and its annotations, as far as they are written out. It reads
// the archive once; what is wrong with that is told when the layer is walked.
//
// The error is a *catalog.ScanError, also for a chart beyond limits, or ctx's.
func NewChart(ctx context.Context, label string, rawManifest []byte, mediaType string, open Blobs) (*Image, []string, error) {
	m, err := parseManifest(rawManifest, mediaType)
	if err != nil {
		return nil, nil, catalog.ScanErrorf(catalog.CauseDetailNotFound, "%s: %w", label, err)
	}
	at := slices.IndexFunc(m.Layers, func(d descriptor) bool { return d.MediaType == mediaChart })
	if at < 0 {
		return nil, nil, catalog.ScanErrorf(catalog.CauseDetailNotFound, "%s is a chart without an archive", label)
	}
	d := m.Layers[at]
	if err := checkDigest(d.Digest); err != nil {
		return nil, nil, catalog.ScanErrorf(catalog.CauseDetailNotFound, "%s: the chart's archive: %w", label, err)
	}
	if d.Size < 0 || d.Size > maxChart {
		return nil, nil, catalog.ScanErrorf(catalog.CauseImageTooLarge, "the chart has %d bytes, more than %d", d.Size, int64(maxChart))
	}
	layer := Layer{Digest: d.Digest, MediaType: d.MediaType, Size: d.Size,
		Open: func(ctx context.Context) (io.ReadCloser, error) { return open(ctx, d.catalog()) }}
	var images []string
	if layer.DiffID, images, err = readChart(ctx, layer); err != nil {
		return nil, nil, err
	}
	img := &Image{Name: label, Digest: sha256Of(rawManifest), MediaType: m.MediaType, ConfigDigest: m.Config.Digest, Layers: []Layer{layer}}
	img.Settings.Annotations = m.Annotations
	return img, images, nil
}

// readChart learns the diff ID of a chart's archive and the images it names.
func readChart(ctx context.Context, l Layer) (diffID string, images []string, err error) {
	blob, err := l.Open(ctx)
	if err != nil {
		return "", nil, l.openError(ctx, err)
	}
	defer blob.Close()
	inflater, release, err := newInflater(bufio.NewReader(io.LimitReader(blob, maxChart)))
	if err != nil {
		return "", nil, l.errorf(catalog.CauseDownload, "it is corrupt: %w", err)
	}
	defer release()
	limited := &io.LimitedReader{R: inflater, N: maxChartInflated + 1}
	hash := sha256.New()
	all := io.TeeReader(limited, hash)
	chart := chartReader{versions: map[string]string{}}
	chart.read(tar.NewReader(all))
	if _, err := io.Copy(io.Discard, all); err != nil {
		return "", nil, l.errorf(catalog.CauseDownload, "it is corrupt: %w", err)
	}
	if limited.N == 0 {
		return "", nil, l.errorf(catalog.CauseLayerTooLarge, "it inflates to more than %d bytes", int64(maxChartInflated))
	}
	return sum(hash, "sha256"), chart.images(), nil
}

// chartReader collects the images that files of a chart name.
type chartReader struct {
	// versions holds the appVersion of each chart, by its directory: what images
	// without a tag mostly have.
	versions map[string]string
	named    []namedImage
}

type namedImage struct {
	dir, reference string
	// untagged: the chart's version is its tag.
	untagged bool
}

// read reads an archive as far as it can be read.
func (c *chartReader) read(tr *tar.Reader) {
	for range maxChartFiles {
		hdr, err := tr.Next()
		if err != nil && !errors.Is(err, tar.ErrInsecurePath) {
			return
		}
		if hdr.Typeflag != tar.TypeReg || hdr.Size > maxChartFile || !slices.Contains([]string{".yaml", ".yml"}, path.Ext(hdr.Name)) {
			continue
		}
		text, err := io.ReadAll(io.LimitReader(tr, maxChartFile))
		if err != nil {
			return
		}
		c.file(path.Clean(hdr.Name), text)
	}
}

func (c *chartReader) file(file string, text []byte) {
	dir, base := path.Split(file)
	if at := strings.Index(dir, "/templates/"); at >= 0 {
		c.template(dir[:at+1], text)
		return
	}
	switch base {
	case "Chart.yaml":
		c.chart(dir, text)
	case "values.yaml":
		if root := parseYAML(text); root != nil {
			c.values(dir, root, 0)
		}
	}
}

// parseYAML returns nil for what is no YAML.
func parseYAML(text []byte) (root *yaml.Node) {
	defer func() {
		if recover() != nil { // other people's code on hostile bytes
			root = nil
		}
	}()
	root = new(yaml.Node)
	if yaml.Unmarshal(text, root) != nil {
		return nil
	}
	return root
}

// chart reads the version of the application, and the images that the chart
// lists for Artifact Hub.
func (c *chartReader) chart(dir string, text []byte) {
	root := parseYAML(text)
	if root == nil || len(root.Content) == 0 {
		return
	}
	c.versions[dir] = scalarOf(root.Content[0], "appVersion")
	listed := scalarOf(child(root.Content[0], "annotations"), "artifacthub.io/images")
	if listed == "" {
		return
	}
	if list := parseYAML([]byte(listed)); list != nil {
		c.values(dir, list, 0)
	}
}

// values looks for images in values as charts write them: "image: NAME:TAG", or a
// mapping with repository, and perhaps registry, tag and digest. Aliases are not
// followed: what they stand for is found where it is.
func (c *chartReader) values(dir string, n *yaml.Node, depth int) {
	if depth > maxYAMLDepth {
		return
	}
	if n.Kind == yaml.MappingNode {
		if repository := scalarOf(n, "repository"); repository != "" {
			c.add(dir, scalarOf(n, "registry"), repository, scalarOf(n, "tag"), scalarOf(n, "digest"))
		}
		if image := scalarOf(n, "image"); image != "" {
			c.add(dir, "", image, "", "")
		}
	}
	for _, below := range n.Content {
		c.values(dir, below, depth+1)
	}
}

// child returns the value of a key; nil where there is none.
func child(n *yaml.Node, key string) *yaml.Node {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

func scalarOf(n *yaml.Node, key string) string {
	if v := child(n, key); v != nil && v.Kind == yaml.ScalarNode && v.Tag != "!!null" {
		return strings.TrimSpace(v.Value)
	}
	return ""
}

// inTemplate is an image that a template writes out.
var inTemplate = regexp.MustCompile(`(?m)^[ \t-]*image:[ \t]*["']?([A-Za-z0-9][A-Za-z0-9._:/@-]*)["']?[ \t\r]*(?:[ \t]#.*)?$`)

func (c *chartReader) template(dir string, text []byte) {
	for _, found := range inTemplate.FindAllSubmatch(text, maxChartImages) {
		c.add(dir, "", string(found[1]), "", "")
	}
}

func (c *chartReader) add(dir, registry, repository, tag, digest string) {
	reference := repository
	if registry != "" {
		reference = strings.TrimSuffix(registry, "/") + "/" + repository
	}
	switch {
	case digest != "":
		reference += "@" + digest
	case tag != "":
		reference += ":" + tag
	}
	if len(c.named) < 10*maxChartImages && len(reference) <= 500 {
		untagged := tag == "" && digest == "" && !strings.ContainsAny(path.Base(repository), ":@")
		c.named = append(c.named, namedImage{dir, reference, untagged})
	}
}

// images returns what was named and can be one, sorted, each once.
func (c *chartReader) images() []string {
	var list []string
	for _, n := range c.named {
		if n.untagged && c.versions[n.dir] != "" {
			n.reference += ":" + c.versions[n.dir]
		}
		if _, err := name.ParseReference(n.reference, name.WeakValidation); err == nil {
			list = append(list, n.reference)
		}
	}
	slices.Sort(list)
	list = slices.Compact(list)
	return list[:min(len(list), maxChartImages)]
}
