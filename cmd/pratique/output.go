package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/spf13/pflag"

	"github.com/pratique/pratique/internal/report"
	"github.com/pratique/pratique/internal/report/render"
)

// outputFlags say how a report is printed, and where.
type outputFlags struct {
	format, path string
	details      bool
}

func (o *outputFlags) add(f *pflag.FlagSet) {
	f.StringVarP(&o.format, "format", "f", "table", "table, html, json, sarif, cyclonedx, spdx or csv")
	f.StringVarP(&o.path, "output", "o", "", "file to write the report to (default standard output)")
	f.BoolVar(&o.details, "details", false, "with the table: everything about each finding, the software, the largest files, the layers")
}

// output is where a report goes: to standard output or to a file, which
// appears complete or not at all.
type output struct {
	format render.Format
	opts   render.Options

	w io.Writer
	// file is what w writes to, nil for standard output.
	file *os.File
	// path is where file goes when it is complete; empty if it is there.
	path string
}

// open opens what the flags name. It is called before the work begins, so that
// nobody waits for a report that cannot be written. The caller calls discard in
// the end.
func (o *outputFlags) open(stdout io.Writer) (*output, error) {
	format, err := render.ParseFormat(o.format)
	if err != nil {
		return nil, err
	}
	out, err := openOutput(stdout, o.path)
	if err != nil {
		return nil, err
	}
	out.format = format
	out.opts.ToolVersion, out.opts.Details = version, o.details
	return out, nil
}

// openOutput opens the file at path, or takes stdout if path is empty. What is
// not a regular file, such as a pipe, is written to directly.
func openOutput(stdout io.Writer, path string) (*output, error) {
	if path == "" {
		opts := render.Options{Color: isTerminal(stdout), Width: terminalWidth(stdout)}
		return &output{w: stdout, opts: opts}, nil
	}
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return nil, fmt.Errorf("%s is a directory: name a file for the report", path)
	case err == nil && !info.Mode().IsRegular():
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return nil, writeError(path, err)
		}
		return &output{w: f, file: f}, nil
	}
	name := filepath.Join(filepath.Dir(path), fmt.Sprintf(".pratique-%x", rand.Uint64()))
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return nil, writeError(path, err)
	}
	return &output{w: f, file: f, path: path}, nil
}

// writeError says that path cannot be written, without the name of the file
// that was to become it.
func writeError(path string, err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		err = at.Err
	}
	return fmt.Errorf("the report cannot be written to %s: %w", path, err)
}

// write writes the report and puts it in its place.
func (o *output) write(rep *report.Report) error {
	if err := render.Write(o.w, o.format, rep, o.opts); err != nil || o.file == nil {
		return err
	}
	if err := o.file.Close(); err != nil {
		return writeError(o.path, err)
	}
	if o.path == "" {
		return nil
	}
	if err := os.Rename(o.file.Name(), o.path); err != nil {
		return writeError(o.path, err)
	}
	o.path = ""
	return nil
}

// discard removes what was begun and not put in its place.
func (o *output) discard() {
	if o.file == nil {
		return
	}
	o.file.Close()
	if o.path != "" {
		os.Remove(o.file.Name())
	}
}
