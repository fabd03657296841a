package judge

import (
	"fmt"
	"path"
	"regexp"
	"strings"

	"github.com/pratique/pratique/internal/report"
)

// Bases is what a registry answered that was asked what an image was built on.
type Bases struct {
	// Base is nil if the registry has no such image.
	Base *BaseImage
	// Newer is what could take its place; nil if nothing came after it.
	Newer *BaseImage
}

// BaseImage is an image of a registry.
type BaseImage struct {
	// Registry is the host name it is pulled from; empty where the registry has
	// none of its own.
	Registry string
	// Name is "namespace/repository", Tag may be empty.
	Name, Tag, Digest string
	// Layers is how many layers, from the lowest, of the image judged are those
	// of this one; 0 if this one has others.
	Layers int
	// ByLayers says that it was found by these layers, not by its digest.
	ByLayers bool
	// Flaws are those of the image itself; nil while it is not scanned.
	Flaws Flaws
}

// String returns the name people would pull it by, without its digest.
func (b *BaseImage) String() string {
	name := path.Join(b.Registry, b.Name)
	if b.Tag != "" {
		name += ":" + b.Tag
	}
	return name
}

// Flaws name what is wrong with an image, so that two images can be compared.
// The same vulnerability in two versions of a package is one flaw: a newer
// version that still has it is no better.
type Flaws map[string]bool

// FlawsOf returns those of an image's layers. What is only in its configuration
// is not among them: an image built on it has one of its own.
func FlawsOf(r *report.Report) Flaws { return flawsWithin(r, len(r.Image.Layers)) }

// flawsWithin returns those that are in the lowest n layers and nowhere else.
func flawsWithin(r *report.Report, n int) Flaws {
	flaws := make(Flaws)
	for i := range r.Vulnerabilities {
		if v := &r.Vulnerabilities[i]; origin(v.Locations, n) == report.FromBase {
			flaws[strings.Join([]string{v.ID, v.Type, v.Package}, " ")] = true
		}
	}
	for i := range r.Findings {
		if f := &r.Findings[i]; f.Category != report.BaseImage && origin(f.Locations, n) == report.FromBase {
			flaws[f.FindingID] = true
		}
	}
	return flaws
}

// without counts the flaws that none of the others has.
func (f Flaws) without(others ...Flaws) int {
	n := 0
next:
	for flaw := range f {
		for _, other := range others {
			if other[flaw] {
				continue next
			}
		}
		n++
	}
	return n
}

// origin tells whether something comes with the lowest n layers. Of what is in
// several places, one above them is enough to make it the image's own matter;
// what is in the configuration alone can be set above any base.
func origin(at []report.Location, n int) report.Origin {
	for _, l := range at {
		if l.Layer < 0 || l.Layer >= n {
			return report.FromOwn
		}
	}
	if len(at) == 0 {
		return report.FromOwn
	}
	return report.FromBase
}

// setBase completes a report that holds the findings of all other categories by
// what the image was built on: the base, the findings about it, and the origin
// of every finding. k is nil where no life cycles are looked up; known is nil
// where no registry was asked.
func setBase(r *report.Report, k Knowledge, known *Bases) error {
	base := baseOf(&r.Image, r.OS, known)
	if base == nil {
		return nil
	}
	var err error
	if base.EndOfLife, err = supportEnd(r.OS, k); err != nil {
		return err
	}
	r.Base = base
	switch {
	case known == nil:
	case known.Base != nil && known.Newer != nil:
		base.Newer = newerBase(r, known)
		r.Findings = append(r.Findings, newerBaseFinding(base, known))
	case base.Source == report.BaseByDistribution && len(r.Image.Layers) > max(base.Layers, 1):
		r.Findings = append(r.Findings, noKnownBase(r.OS))
	}
	if base.Layers > 0 {
		setOrigins(r)
	}
	return nil
}

func setOrigins(r *report.Report) {
	count := func(at []report.Location) report.Origin {
		o := origin(at, r.Base.Layers)
		if o == report.FromBase {
			r.Base.Findings++
		} else {
			r.Base.OwnFindings++
		}
		return o
	}
	for i := range r.Vulnerabilities {
		r.Vulnerabilities[i].Origin = count(r.Vulnerabilities[i].Locations)
	}
	for i := range r.Findings {
		r.Findings[i].Origin = count(r.Findings[i].Locations)
	}
}

// baseOf recognises what an image was built on: by layers, which
// are what they are; by what annotations say; or else by the distribution.
func baseOf(img *report.Image, os report.OS, known *Bases) *report.Base {
	var held *BaseImage
	if known != nil {
		held = known.Base
	}
	if held != nil && held.ByLayers {
		return &report.Base{Name: held.String(), Version: held.Tag, Digest: held.Digest, Source: report.BaseByLayers, Layers: held.Layers}
	}
	if name, digest := AnnotatedBase(img); name != "" || digest != "" {
		base := &report.Base{Name: name, Version: tagOf(name), Digest: digest, Source: report.BaseByAnnotation}
		if held != nil {
			base.Layers = held.Layers
			if name == "" {
				base.Name, base.Version = held.String(), held.Tag
			}
		}
		return base
	}
	if os.ID == "" {
		return nil
	}
	return &report.Base{
		Name: report.Printable(os.ID, 80), Version: report.Printable(os.Version, 80),
		Source: report.BaseByDistribution, Layers: rootLayers(img),
	}
}

// likelyBaseLayers is how many layers, from the lowest, come with a base: at least
// the lowest one, as hardly an image is built on nothing.
func likelyBaseLayers(base *report.Base) int {
	if base == nil {
		return 1
	}
	return max(1, base.Layers)
}

// The annotations of the OCI image specification that name an image's base.
const (
	annotationBaseName   = "org.opencontainers.image.base.name"
	annotationBaseDigest = "org.opencontainers.image.base.digest"
)

var wholeDigest = regexp.MustCompile(`^(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$`)

// AnnotatedBase returns what the manifest's annotations say the image was built
// on, or else the labels, which many builders set instead. A label may come from
// the base itself and then tells what that was built on. Both are claims; the
// digest is well-formed or empty.
func AnnotatedBase(img *report.Image) (name, digest string) {
	for _, says := range []map[string]string{img.Annotations, img.Config.Labels} {
		name = report.Printable(strings.TrimSpace(says[annotationBaseName]), 512)
		digest = strings.TrimSpace(says[annotationBaseDigest])
		name, inName, _ := strings.Cut(name, "@")
		if !wholeDigest.MatchString(digest) {
			digest = ""
		}
		if digest == "" && wholeDigest.MatchString(inName) {
			digest = inName
		}
		if name != "" || digest != "" {
			return name, digest
		}
	}
	return "", ""
}

// tagOf returns the tag in the name of an image; a colon before a slash is that
// of a port.
func tagOf(name string) string {
	_, tag, _ := strings.Cut(name[strings.LastIndex(name, "/")+1:], ":")
	return tag
}

// rootLayers returns 1 if the history tells that the lowest layer is the root
// file system of a distribution, else 0, which is "unknown". Distributions make
// their images of one archive, added to the root directory: "ADD file:… in /" in
// classic builds, "ADD alpine-minirootfs-3.20.tar.gz /" in those of BuildKit,
// and "# debian.sh --arch …" where Debian's own program made it.
func rootLayers(img *report.Image) int {
	if len(img.Layers) == 0 {
		return 0
	}
	if strings.HasPrefix(img.Layers[0].Instruction, "# debian.sh ") {
		return 1
	}
	words := strings.Fields(img.Layers[0].Instruction)
	if len(words) < 3 || words[0] != "ADD" || words[len(words)-1] != "/" {
		return 0
	}
	switch words = words[1 : len(words)-1]; {
	case len(words) == 2 && words[1] == "in": // "file:…" or a name
		return 1
	case len(words) == 1 && rootArchive.MatchString(words[0]):
		return 1
	}
	return 0
}

var rootArchive = regexp.MustCompile(`\.(tar|tgz|txz|tar\.[a-z0-9]+)$`)

// supportEnd returns the day on which support of a release ended, if it had by
// the day of the knowledge.
func supportEnd(os report.OS, k Knowledge) (string, error) {
	product, release := lifeCycleName(os)
	if k == nil || product == "" || release == "" {
		return "", nil
	}
	l, ok, err := k.EndOfLife(product, release)
	if err != nil || !ok || !l.EndedOn(k.Knowledge().Newest) {
		return "", err
	}
	return l.EndOfLife, nil
}

// newerBase compares a base with what could take its place. What of the base
// the image has done away with already is neither removed nor added by the
// change.
func newerBase(r *report.Report, known *Bases) *report.NewerBase {
	newer := &report.NewerBase{Name: known.Newer.String(), Digest: known.Newer.Digest, Removes: -1, Adds: -1}
	flaws := known.Base.Flaws
	if r.Base.Layers > 0 {
		flaws = flawsWithin(r, r.Base.Layers)
	}
	if flaws != nil && known.Newer.Flaws != nil {
		newer.Removes = flaws.without(known.Newer.Flaws)
		newer.Adds = known.Newer.Flaws.without(flaws, known.Base.Flaws)
	}
	return newer
}

// baseLocation is where a finding about the base as a whole is: in the choice of
// the base, which is the image's own.
func baseLocation() []report.Location {
	return []report.Location{{Layer: report.NoLayer, Config: "base image"}}
}

func newerBaseFinding(base *report.Base, known *Bases) report.Finding {
	newer := base.Newer
	f := report.Finding{
		// Not of the tag: who has decided to stay with this base has decided.
		FindingID: findingID(report.BaseImage, "newer-base", known.Base.Name),
		Category:  report.BaseImage,
		Rule:      "newer-base",
		Title:     "Newer base image available",
		Severity:  report.Low,
		Details:   fmt.Sprintf("The image is built on %s, and %s has come into the same repository since.", base.Name, newer.Name),
		Evidence:  []string{"built on " + digested(base.Name, base.Digest)},
		Locations: baseLocation(),
		Solution:  fmt.Sprintf("Write %s in the Dockerfile", code("FROM "+digested(newer.Name, newer.Digest))),
	}
	if newer.Removes >= 0 {
		f.Details += fmt.Sprintf(" It does away with %d of this base's findings and brings %d of its own.", newer.Removes, newer.Adds)
	} else {
		f.Details += " How they compare is known once both are scanned."
	}
	if newer.Removes > 0 {
		f.Severity = report.Medium
	}
	if known.Newer.Registry == "" {
		f.Solution += ", with the address of this registry before the name,"
	}
	f.Solution += " and build, push and scan again."
	return f
}

func digested(name, digest string) string {
	if digest == "" {
		return name
	}
	return name + "@" + digest
}

func noKnownBase(os report.OS) report.Finding {
	return report.Finding{
		FindingID: findingID(report.BaseImage, "no-known-base", ""),
		Category:  report.BaseImage,
		Rule:      "no-known-base",
		Title:     "Not built on a known base image",
		Severity:  report.Low,
		Details: fmt.Sprintf("No image in this registry has the layers that this one begins with, and its annotations name none. What it holds of %s comes from a base nobody here can look at, compare or replace.",
			osName(os)),
		Evidence:  []string{osName(os)},
		Locations: baseLocation(),
		Solution:  "Push the base image to this registry, or build on one that is there; then build again and scan again. If the base has to stay elsewhere, let the build set the annotations " + annotationBaseName + " and " + annotationBaseDigest + ".",
	}
}
