package render

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/pratique/pratique/internal/report"
)

// Format names a format.
type Format string

const (
	Table     Format = "table"
	HTML      Format = "html"
	JSON      Format = "json"
	SARIF     Format = "sarif"
	CycloneDX Format = "cyclonedx"
	SPDX      Format = "spdx"
	CSV       Format = "csv"
)

// Formats lists all formats.
func Formats() []Format { return []Format{Table, HTML, JSON, SARIF, CycloneDX, SPDX, CSV} }

// ParseFormat reads the name of a format in any case.
func ParseFormat(name string) (Format, error) {
	f := Format(strings.ToLower(strings.TrimSpace(name)))
	if slices.Contains(Formats(), f) {
		return f, nil
	}
	names := make([]string, 0, len(Formats()))
	for _, f := range Formats() {
		names = append(names, string(f))
	}
	return "", fmt.Errorf("%q is not a format: use one of %s", clip(oneLine(name), 40), strings.Join(names, ", "))
}

// MediaType is the format's media type for HTTP, with parameters.
func (f Format) MediaType() string {
	switch f {
	case HTML:
		return "text/html; charset=utf-8"
	case JSON:
		return "application/json"
	case SARIF:
		return "application/sarif+json"
	case CycloneDX:
		return "application/vnd.cyclonedx+json; version=1.6"
	case SPDX:
		return "application/spdx+json"
	case CSV:
		return "text/csv; charset=utf-8; header=present"
	}
	return "text/plain; charset=utf-8"
}

// Extension is what names of files in the format end in.
func (f Format) Extension() string {
	switch f {
	case HTML:
		return ".html"
	case JSON:
		return ".json"
	case SARIF:
		return ".sarif"
	case CycloneDX:
		return ".cdx.json"
	case SPDX:
		return ".spdx.json"
	case CSV:
		return ".csv"
	}
	return ".txt"
}

// Options adapt the output. The zero value is good for a file.
type Options struct {
	// Details makes the table tell everything about each finding, and list the
	// software, the largest files and the layers.
	Details bool
	// Color uses ANSI colours in the table.
	Color bool
	// Width is the number of columns the table may take; 0 or less means that
	// only single cells are bounded, as suits a file or a pipe. A table is never
	// made narrower than is legible.
	Width int
	// ToolVersion is the version of this program, for the formats that name
	// what made them; it may be empty.
	ToolVersion string
	// Generated is the time the document is made, for the formats that hold
	// one. Zero means the image's creation, or 1970 where that is unknown.
	Generated time.Time
}

// Write writes the report to w. It does not change the report. It fails with
// w's error, for an unknown format, and for a report that holds a value no
// format can express, such as a severity that is none.
func Write(w io.Writer, format Format, r *report.Report, opts Options) error {
	if r == nil {
		return errors.New("write report: there is none")
	}
	b := bufio.NewWriterSize(w, 64<<10)
	var err error
	switch format {
	case Table:
		err = writeTable(b, r, opts)
	case HTML:
		err = writeHTML(b, r, opts)
	case JSON:
		err = writeIndented(b, r)
	case SARIF:
		err = writeSARIF(b, r, opts)
	case CycloneDX:
		err = writeCycloneDX(b, r, opts)
	case SPDX:
		err = writeSPDX(b, r, opts)
	case CSV:
		err = writeCSV(b, r)
	default:
		_, err = ParseFormat(string(format))
	}
	if err == nil {
		err = b.Flush()
	}
	if err != nil {
		return fmt.Errorf("write report as %s: %w", clip(oneLine(string(format)), 40), err)
	}
	return nil
}

// writeIndented writes v as JSON for people too: indented, with "<" and "&" as
// they are.
func writeIndented(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
