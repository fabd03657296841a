package render

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/pratique/pratique/internal/report"
)

const (
	// maxPlaces is how many places of a package a person is shown.
	maxPlaces = 10
	// maxID is the width of the longest id there is of a vulnerability.
	maxID = 28
)

// details writes everything there is to read about each finding, and then the
// software, the largest files and the layers.
func (p *printer) details(r *report.Report) {
	p.findings("System vulnerabilities", report.System, r.Vulnerabilities)
	p.findings("Application vulnerabilities", report.Application, r.Vulnerabilities)
	p.findingDetails(r.Findings)
	p.checks(r.Checks)
	if len(r.Packages) > 0 {
		p.heading(fmt.Sprintf("Software (%s)", count(len(r.Packages))))
		p.table(packageColumns(r.Packages), nil)
	}
	p.files(r.Files)
	if len(r.Image.Layers) > 0 {
		p.heading(fmt.Sprintf("Layers (%s)", count(len(r.Image.Layers))))
		p.table(layerColumns(r.Image.Layers), nil)
	}
}

// checks lists all checks of settings, the failed ones first.
func (p *printer) checks(all []report.Check) {
	if len(all) == 0 {
		return
	}
	all = failedFirst(all)
	result := cells("RESULT", maxTableCell, all, func(c report.Check) string { return resultText(c.Result) })
	suggested := cells("SHOULD BE", 10, all, func(c report.Check) string { return c.Suggested })
	suggested.optional = true
	p.heading(fmt.Sprintf("Checks of settings (%s)", count(len(all))))
	p.table(nonEmpty([]*column{
		result,
		cells("CHECK", 20, all, func(c report.Check) string { return c.Title }),
		cells("FOUND", 10, all, func(c report.Check) string { return c.Current }),
		suggested,
	}), func(row int) bool { return all[row].Result != report.Failed })
}

// files lists what stands out among the files.
func (p *printer) files(f report.FileSummary) {
	if len(f.Largest) > 0 {
		p.heading(fmt.Sprintf("Largest files (%s of %s)", count(len(f.Largest)), count(f.Count)))
		p.table(fileColumns(f.Largest), nil)
	}
	if len(f.WastedFiles) > 0 {
		p.heading(fmt.Sprintf("Wasted (%s): the largest files that later layers hide", bytesText(f.Wasted)))
		p.table(wastedColumns(f.WastedFiles), nil)
	}
	if len(f.Special) > 0 {
		p.heading(fmt.Sprintf("Special rights (%s)", count(f.SpecialCount)))
		p.table(specialColumns(f.Special), nil)
	}
}

func (p *printer) findings(title string, category report.Category, all []report.Vulnerability) {
	n := 0
	for _, v := range all {
		if v.Category == category {
			n++
		}
	}
	if n == 0 {
		return
	}
	p.heading(fmt.Sprintf("%s (%s)", title, count(n)))
	for _, v := range all {
		if v.Category == category {
			p.finding(v)
		}
	}
}

func (p *printer) finding(v report.Vulnerability) {
	subject := text(v.Package) + " " + text(v.Version)
	if p.opts.Width > 0 {
		subject = displayWidth.Truncate(subject, max(p.opts.Width, minWidth)/2, "…")
	}
	io.WriteString(p.w, "\n"+p.paint(bold, displayWidth.Truncate(text(v.ID), maxID, "…"))+
		"  "+p.paint(severityStyle(v.Severity), v.Severity.String())+"  "+subject+"\n")
	p.field("Decision", handlingText(v.Handling))
	p.field("Title", text(v.Title))
	p.field("Fixed in", text(fixMark(v)))
	p.field("Rated by", text(v.SeveritySource))
	for _, c := range v.CVSS {
		p.field("CVSS", fmt.Sprintf("%.1f  %s", c.Score, text(c.Vector)))
	}
	p.field("Weakness", text(strings.Join(v.CWEs, ", ")))
	if v.KEV != nil {
		p.field("Exploited", exploited(*v.KEV))
	}
	p.field("EPSS", epssText(v))
	p.field("Origin", originText(v.Origin))
	p.field("Also", text(strings.Join(v.Aliases, ", ")))
	for _, l := range v.Locations[:min(len(v.Locations), maxPlaces)] {
		p.field("Found in", place(l))
	}
	if more := len(v.Locations) - maxPlaces; more > 0 {
		p.field("", "and "+plural(more, "more place", "more places"))
	}
	p.field("Solution", text(v.Solution))
	if len(v.References) > 0 {
		p.field("See", text(v.References[0]))
	}
}

func place(l report.Location) string {
	s := fmt.Sprintf("%s, layer %d", text(l.Path), l.Layer)
	if l.Instruction != "" {
		s += ": " + text(l.Instruction)
	}
	return s
}

func packageColumns(packages []report.Package) []*column {
	layer := cells("LAYER", maxTableCell, packages, func(k report.Package) string { return strconv.Itoa(k.Layer) })
	layer.right = true
	path := cells("PATH", 16, packages, func(k report.Package) string { return k.Path })
	path.optional, path.keepEnd = true, true
	licence := cells("LICENCE", 12, packages, func(k report.Package) string { return strings.Join(k.Licences, ", ") })
	licence.optional = true
	return nonEmpty([]*column{
		cells("NAME", 10, packages, func(k report.Package) string { return k.Name }),
		cells("VERSION", 8, packages, func(k report.Package) string { return k.Version }),
		cells("TYPE", 8, packages, func(k report.Package) string { return k.Type }),
		layer,
		cells("SOURCE", 6, packages, sourceMark),
		cells("SHIPPED BY", 8, packages, func(k report.Package) string { return k.OwnedBy }),
		path,
		licence,
	})
}

// sourceMark is the source package where it is called otherwise.
func sourceMark(k report.Package) string {
	if k.Source == k.Name {
		return ""
	}
	return k.Source
}

func fileColumns(files []report.LargeFile) []*column {
	size := cells("SIZE", maxTableCell, files, func(f report.LargeFile) string { return bytesText(f.Size) })
	size.right = true
	layer := cells("LAYER", maxTableCell, files, func(f report.LargeFile) string { return strconv.Itoa(f.Layer) })
	layer.right = true
	return []*column{size, layer, cells("PATH", 12, files, func(f report.LargeFile) string { return f.Path })}
}

func wastedColumns(files []report.WastedFile) []*column {
	size := cells("SIZE", maxTableCell, files, func(f report.WastedFile) string { return bytesText(f.Size) })
	size.right = true
	layer := cells("LAYER", maxTableCell, files, func(f report.WastedFile) string { return strconv.Itoa(f.Layer) })
	layer.right = true
	path := cells("PATH", 12, files, func(f report.WastedFile) string { return f.Path })
	path.keepEnd = true
	return []*column{size, layer, cells("HIDDEN", 19, files, wastedText), path}
}

func specialColumns(files []report.SpecialFile) []*column {
	layer := cells("LAYER", maxTableCell, files, func(f report.SpecialFile) string { return strconv.Itoa(f.Layer) })
	layer.right = true
	path := cells("PATH", 12, files, func(f report.SpecialFile) string { return f.Path })
	path.keepEnd = true
	return nonEmpty([]*column{
		cells("RIGHTS", 10, files, func(f report.SpecialFile) string { return f.Mode }),
		cells("OWNER", 5, files, specialOwner),
		layer,
		cells("WHY", 12, files, specialWhy),
		path,
	})
}

func layerColumns(layers []report.Layer) []*column {
	index := cells("LAYER", maxTableCell, layers, func(l report.Layer) string { return strconv.Itoa(l.Index) })
	index.right = true
	size := cells("SIZE", maxTableCell, layers, func(l report.Layer) string { return bytesText(l.Size) })
	size.right = true
	return nonEmpty([]*column{
		index,
		size,
		cells("DIGEST", 19, layers, func(l report.Layer) string { return shortDigest(l) }),
		cells("INSTRUCTION", 20, layers, func(l report.Layer) string { return l.Instruction }),
	})
}

// shortDigest is the algorithm and the first twelve digits of a layer's digest,
// or of its diff ID where it has none.
func shortDigest(l report.Layer) string {
	digest := l.Digest
	if digest == "" {
		digest = l.DiffID
	}
	algorithm, hex, _ := strings.Cut(digest, ":")
	return algorithm + ":" + hex[:min(len(hex), 12)]
}
