package render

import (
	"fmt"
	"io"
	"regexp"
	"sort"
	"strings"

	"github.com/spdx/tools-golang/spdx/v2/common"
	spdx "github.com/spdx/tools-golang/spdx/v2/v2_3"

	"github.com/pratique/pratique/internal/report"
)

const (
	noAssertion = "NOASSERTION"
	// spdxImage and spdxOS identify the image and its operating system.
	spdxImage = "Image"
	spdxOS    = "OperatingSystem"
)

// spdxBuilder gathers the parts of a document.
type spdxBuilder struct {
	report   *report.Report
	known    *licences
	doc      *spdx.Document
	sources  map[[2]string]common.ElementID
	licences map[string]*spdx.OtherLicense // by text
}

func writeSPDX(w io.Writer, r *report.Report, opts Options) error {
	id, err := documentUUID(SPDX, r, opts)
	if err != nil {
		return err
	}
	tool := toolName
	if opts.ToolVersion != "" {
		tool += "-" + oneLine(opts.ToolVersion)
	}
	b := spdxBuilder{
		report: r,
		known:  newLicences(),
		doc: &spdx.Document{
			SPDXVersion: spdx.Version, DataLicense: spdx.DataLicense, SPDXIdentifier: "DOCUMENT",
			DocumentName: imageName(r), DocumentNamespace: toolURL + "/spdx/" + id,
			CreationInfo: &spdx.CreationInfo{Creators: []common.Creator{{CreatorType: "Tool", Creator: tool}}, Created: timestamp(r, opts)},
		},
		sources:  make(map[[2]string]common.ElementID),
		licences: make(map[string]*spdx.OtherLicense),
	}
	b.image()
	b.operatingSystem()
	for i, id := range packageIDs(r.Packages) {
		b.software(r.Packages[i], common.ElementID("Package-"+id))
	}
	b.otherLicences()
	return writeIndented(w, b.doc)
}

// add adds a package of which nothing more is known than what it says.
func (b *spdxBuilder) add(p *spdx.Package) *spdx.Package {
	p.PackageDownloadLocation = noAssertion
	p.PackageLicenseConcluded = noAssertion
	p.PackageCopyrightText = noAssertion
	if p.PackageName == "" {
		p.PackageName = noAssertion
	}
	if p.PackageLicenseDeclared == "" {
		p.PackageLicenseDeclared = noAssertion
	}
	b.doc.Packages = append(b.doc.Packages, p)
	return p
}

func (b *spdxBuilder) relate(from common.ElementID, relationship string, to common.ElementID) {
	b.doc.Relationships = append(b.doc.Relationships, &spdx.Relationship{
		RefA: common.MakeDocElementID("", string(from)), Relationship: relationship, RefB: common.MakeDocElementID("", string(to)),
	})
}

func (b *spdxBuilder) image() {
	image := b.report.Image
	p := b.add(&spdx.Package{
		PackageName: imageName(b.report), PackageSPDXIdentifier: spdxImage, PackageVersion: image.Digest, PrimaryPackagePurpose: "CONTAINER",
	})
	if hex, ok := strings.CutPrefix(image.Digest, "sha256:"); ok && isHex(hex, 64) {
		p.PackageChecksums = []common.Checksum{{Algorithm: common.SHA256, Value: hex}}
	}
	b.relate("DOCUMENT", common.TypeRelationshipDescribe, spdxImage)
}

func (b *spdxBuilder) operatingSystem() {
	os := b.report.OS
	if os.ID == "" {
		return
	}
	b.add(&spdx.Package{
		PackageName: os.ID, PackageSPDXIdentifier: spdxOS, PackageVersion: os.Version, PackageDescription: os.Name,
		// The JSON schema spells it with an underscore, the specification does not.
		PrimaryPackagePurpose: "OPERATING_SYSTEM",
	})
	b.relate(spdxImage, common.TypeRelationshipContains, spdxOS)
}

func (b *spdxBuilder) software(p report.Package, id common.ElementID) {
	added := b.add(&spdx.Package{
		PackageName: p.Name, PackageSPDXIdentifier: id, PackageVersion: p.Version, PackageSupplier: supplier(p.Supplier),
		PackageLicenseDeclared: b.declared(p.Licences), PackageSourceInfo: b.sourceInfo(p), PrimaryPackagePurpose: "LIBRARY",
	})
	if isPURL(p.PURL) {
		added.PackageExternalReferences = []*spdx.PackageExternalReference{{
			Category: common.CategoryPackageManager, RefType: common.TypePackageManagerPURL, Locator: p.PURL,
		}}
	}
	b.relate(spdxImage, common.TypeRelationshipContains, id)
	if p.Source != "" {
		b.relate(id, common.TypeRelationshipGeneratedFrom, b.source(p))
	}
}

// source is the source package that p was built from, added where p is the
// first to refer to it.
func (b *spdxBuilder) source(p report.Package) common.ElementID {
	key := [2]string{p.Source, p.SourceVersion}
	id, known := b.sources[key]
	if !known {
		id = common.ElementID("Source-" + shortHash(p.Type, p.Source, p.SourceVersion))
		b.sources[key] = id
		b.add(&spdx.Package{PackageName: p.Source, PackageSPDXIdentifier: id, PackageVersion: p.SourceVersion, PrimaryPackagePurpose: "SOURCE"})
	}
	return id
}

// sourceInfo says where the package was found.
func (b *spdxBuilder) sourceInfo(p report.Package) string {
	info := fmt.Sprintf("found in layer %d", p.Layer)
	if d := digest(layerAt(b.report, p.Layer)); d != "" {
		info += " (" + d + ")"
	}
	if p.Path != "" {
		info += " at " + p.Path
	}
	return info
}

// declared is the licence expression of the texts a package declares. Texts
// that are no SPDX expressions are kept in the document and referred to.
func (b *spdxBuilder) declared(texts []string) string {
	var expressions []string
	for _, t := range distinct(texts) {
		if t == noAssertion || t == "NONE" {
			continue
		}
		if !b.known.expression(t) {
			t = b.reference(t)
		}
		expressions = append(expressions, t)
	}
	if len(expressions) == 0 {
		return noAssertion
	}
	return join(expressions)
}

var notIDString = regexp.MustCompile(`[^a-zA-Z0-9.-]+`)

// reference is the LicenseRef of a text.
func (b *spdxBuilder) reference(text string) string {
	l, known := b.licences[text]
	if !known {
		name := strings.Trim(notIDString.ReplaceAllString(text[:min(len(text), 40)], "-"), "-.")
		l = &spdx.OtherLicense{
			LicenseIdentifier: strings.TrimSuffix("LicenseRef-"+shortHash(text)+"-"+name, "-"),
			ExtractedText:     text, LicenseName: oneLine(clip(text, 200)),
		}
		b.licences[text] = l
	}
	return l.LicenseIdentifier
}

func (b *spdxBuilder) otherLicences() {
	for _, l := range b.licences {
		b.doc.OtherLicenses = append(b.doc.OtherLicenses, l)
	}
	sort.Slice(b.doc.OtherLicenses, func(i, j int) bool {
		return b.doc.OtherLicenses[i].LicenseIdentifier < b.doc.OtherLicenses[j].LicenseIdentifier
	})
}

// supplier is an organization, as far as package files tell.
func supplier(name string) *common.Supplier {
	name = strings.TrimSpace(oneLine(clip(name, 1000)))
	if name == "" || name == noAssertion {
		return &common.Supplier{Supplier: noAssertion}
	}
	return &common.Supplier{SupplierType: "Organization", Supplier: name}
}

// isPURL reports whether s can stand as a locator: a package URL without blanks.
func isPURL(s string) bool { return strings.HasPrefix(s, "pkg:") && ascii(s) }

func isHex(s string, length int) bool {
	return len(s) == length && strings.Trim(s, "0123456789abcdef") == ""
}
