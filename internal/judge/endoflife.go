package judge

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/pratique/pratique/internal/advisory"
	"github.com/pratique/pratique/internal/report"
)

// endOfLifeDistribution is the rule about an image's operating system.
const endOfLifeDistribution = "end-of-life-distribution"

// EndOfLife finds a distribution whose security fixes had ended by the day of the
// knowledge. The slice is never nil.
func EndOfLife(facts *report.ImageFacts, k Knowledge) ([]report.Finding, error) {
	l, err := distributionLife(facts.OS, k)
	if err != nil || l == nil {
		return []report.Finding{}, err
	}
	os, day := facts.OS, k.Knowledge().Newest
	f := report.Finding{
		FindingID: findingID(report.BaseImage, endOfLifeDistribution, l.Product+" "+l.Release),
		Category:  report.BaseImage,
		Rule:      endOfLifeDistribution,
		Title:     fmt.Sprintf("Support of %s has ended", osName(os)),
		Severity:  report.High,
		Version:   report.Printable(os.Version, 80),
		Evidence:  []string{report.Printable(strings.TrimSpace(os.ID+" "+os.Version), 120)},
		Details: fmt.Sprintf("Support of %s ended%s: new vulnerabilities stay open and may not be reported at all, so a short list of vulnerabilities says little.",
			osName(os), since(*l)),
		References: []string{"https://endoflife.date/" + l.Product},
	}
	if l.ExtendedOn(day) {
		f.Title, f.Severity = fmt.Sprintf("Regular support of %s has ended", osName(os)), report.Medium
		f.Details = fmt.Sprintf("Regular support of %s ended%s; extended support, by volunteers or by contract, lasts until %s and may not cover all packages.",
			osName(os), since(*l), l.ExtendedEnd)
	}
	releases, err := supported(k, l.Product)
	if err != nil {
		return nil, err
	}
	if len(facts.Image.Layers) > 0 {
		f.Locations = []report.Location{locate(facts.Image, "etc/os-release", 0)}
	}
	f.Solution = fmt.Sprintf("Build on a base image of a release with support%s: change FROM, build, test, push and scan again. Packages may have other names and versions there.", releases)
	return []report.Finding{f}, nil
}

// distributionLife returns the life cycle of a distribution's release if regular
// support had ended by the day of the knowledge, and nil otherwise.
func distributionLife(os report.OS, k Knowledge) (*advisory.LifeCycle, error) {
	product, release := lifeCycleName(os)
	if product == "" || release == "" {
		return nil, nil
	}
	l, ok, err := k.EndOfLife(product, release)
	if err != nil || !ok || !l.EndedOn(k.Knowledge().Newest) {
		return nil, err
	}
	return &l, nil
}

// since tells the day a release ended, where it is known.
func since(l advisory.LifeCycle) string {
	if l.EndOfLife == "" {
		return ""
	}
	return " on " + l.EndOfLife
}

// maxSuccessors is how many releases are offered instead of one that ended.
const maxSuccessors = 4

// supported names the newest releases of a product that get fixes, for a
// sentence: " (13 or 12)"; empty where none is known.
func supported(k Knowledge, product string) (string, error) {
	all, err := k.LifeCycles(product)
	if err != nil {
		return "", err
	}
	day := k.Knowledge().Newest
	all = slices.DeleteFunc(slices.Clone(all), func(l advisory.LifeCycle) bool { return l.EndedOn(day) || l.Released > day })
	slices.SortFunc(all, func(a, b advisory.LifeCycle) int {
		return cmp.Or(strings.Compare(b.Released, a.Released), strings.Compare(a.Release, b.Release))
	})
	var names []string
	for _, l := range all[:min(len(all), maxSuccessors)] {
		names = append(names, l.Release)
	}
	if len(names) == 0 {
		return "", nil
	}
	last := len(names) - 1
	if last == 0 {
		return " (" + names[0] + ")", nil
	}
	return " (" + strings.Join(names[:last], ", ") + " or " + names[last] + ")", nil
}

// lifeCycleName gives the names endoflife.date uses.
func lifeCycleName(os report.OS) (product, release string) {
	parts := strings.SplitN(os.Version, ".", 3)
	major, minor := parts[0], parts[0]
	if len(parts) > 1 {
		minor = parts[0] + "." + parts[1]
	}
	switch os.ID {
	case "debian", "almalinux", "fedora", "rhel", "centos":
		return os.ID, major
	case "rocky":
		return "rocky-linux", major
	case "ol":
		return "oracle-linux", major
	case "amzn":
		return "amazon-linux", major
	case "ubuntu":
		return os.ID, minor
	case "sles":
		return os.ID, minor
	case "alpine":
		return "alpine-linux", minor
	case "opensuse-leap":
		return "opensuse", minor
	case "photon":
		return "vmware-photon", minor
	}
	return "", ""
}
