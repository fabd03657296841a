package main

import (
	"fmt"
	"io"
	"reflect"
	"strings"
	"text/tabwriter"

	"github.com/pratique/pratique/internal/report"
)

// maxText bounds one text within the output of a command, in bytes.
const maxText = 1 << 14

// A table is how commands print lists: rows of cells in aligned columns. Cells
// come from images, advisories and other people, so each is made one line
// without anything that a terminal obeys; no cell can look like another row.
type table struct {
	w   *tabwriter.Writer
	end string
}

// newTable begins a table of text, with a header if there are names for one.
// What is printed appears with flush.
func newTable(w io.Writer, header ...string) *table {
	return beginTable(w, 0, "\n", header)
}

// newNumberTable begins a table whose columns end at the same place, as numbers
// are read.
func newNumberTable(w io.Writer, header ...string) *table {
	return beginTable(w, tabwriter.AlignRight, "\t\n", header)
}

func beginTable(w io.Writer, flags uint, end string, header []string) *table {
	t := &table{tabwriter.NewWriter(w, 0, 8, 2, ' ', flags), end}
	if len(header) > 0 {
		io.WriteString(t.w, strings.Join(header, "\t")+t.end)
	}
	return t
}

// row adds a row. Cells are written as fmt.Sprint does.
func (t *table) row(cells ...any) {
	for i, c := range cells {
		if i > 0 {
			io.WriteString(t.w, "\t")
		}
		io.WriteString(t.w, printable(fmt.Sprint(c)))
	}
	io.WriteString(t.w, t.end)
}

// flush prints the table.
func (t *table) flush() error { return t.w.Flush() }

// sayf prints sentences as fmt.Fprintf does, with every argument that is a text
// made one line without anything that a terminal obeys. What is for programs, such
// as tokens and documents, is not printed by it.
func sayf(w io.Writer, format string, args ...any) error {
	for i, a := range args {
		if isText(a) {
			args[i] = printable(fmt.Sprint(a))
		}
	}
	_, err := fmt.Fprintf(w, format, args...)
	return err
}

// isText reports whether a value is printed as text that somebody else may have
// written, not as a number or a truth value.
func isText(a any) bool {
	switch a.(type) {
	case error, fmt.Stringer:
		return true
	}
	switch reflect.ValueOf(a).Kind() {
	case reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Float32, reflect.Float64:
		return false
	}
	return true
}

func printable(text string) string { return report.Printable(text, maxText) }

// printableLines is printable for a text of several lines.
func printableLines(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = printable(line)
	}
	return strings.Join(lines, "\n")
}
