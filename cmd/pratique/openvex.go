package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pratique/pratique/internal/api"
	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/report"
	"github.com/pratique/pratique/internal/vex"
)

func newExceptionExportCommand(o *options) *cobra.Command {
	var x exceptionFilterFlags
	var format, registry, output string
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Write exceptions about vulnerabilities as an OpenVEX document",
		Long: `Write exceptions about vulnerabilities as one OpenVEX document: those in force,
unless --state asks for others. What whitelists becomes not_affected, what ignores
under_investigation. Exceptions that name no vulnerability have no place in it; how
many there are is told on standard error.`,
		Example: `  pratique admin exception export --output exceptions.openvex.json
  pratique admin exception export --namespace team --registry registry.example.com`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if format != "openvex" {
				return fmt.Errorf("--format: there is no format %q: use openvex", format)
			}
			c, err := o.client()
			if err != nil {
				return err
			}
			f, err := x.filter(cmd, c)
			if err != nil {
				return err
			}
			doc, err := c.ExportExceptions(cmd.Context(), f, registry)
			if err != nil {
				return err
			}
			if output == "" {
				_, err = cmd.OutOrStdout().Write(doc)
			} else {
				err = os.WriteFile(output, doc, 0o644)
			}
			if err != nil {
				return err
			}
			if f.State == "" {
				f.State = string(catalog.ExceptionActive)
			}
			all, err := c.Exceptions(cmd.Context(), f)
			if err != nil {
				return err
			}
			return tellLeftOut(cmd.ErrOrStderr(), all)
		},
	}
	x.add(cmd.Flags())
	cmd.Flags().StringVar(&format, "format", "openvex", "format of the document: openvex")
	cmd.Flags().StringVar(&registry, "registry", "", "host of the registry, to stand before the names of repositories, as scanners expect it")
	cmd.Flags().StringVarP(&output, "output", "o", "", "file to write (default standard output)")
	return cmd
}

// tellLeftOut names the exceptions OpenVEX has no words for.
func tellLeftOut(w io.Writer, all []api.Exception) error {
	var left []string
	for _, e := range all {
		if e.Vulnerability == "" {
			left = append(left, fmt.Sprint(e.ID))
		}
	}
	if len(left) == 0 {
		return nil
	}
	return sayf(w, "pratique: not in the document, as they name no vulnerability: exceptions %s\n", strings.Join(left, ", "))
}

func newExceptionImportCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "import FILE",
		Short: "Make exceptions of an OpenVEX document",
		Long: `Make exceptions of an OpenVEX document. What is there already stays as it is, so a
document can be imported again. Statements of which no exception can be made are
told one by one; the exit code is then 2.`,
		Example: `  pratique admin exception import exceptions.openvex.json`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := readLimited(args[0], vex.MaxDocument)
			if err != nil {
				return err
			}
			if _, err := vex.Parse(text); err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			c, err := o.client()
			if err != nil {
				return err
			}
			result, err := c.ImportExceptions(cmd.Context(), text)
			if err != nil {
				return err
			}
			return printImport(cmd.OutOrStdout(), result)
		},
	}
}

func printImport(w io.Writer, r api.ExceptionImport) error {
	sayf(w, "%d exceptions made, %d were there already\n", r.Created, r.Unchanged)
	if r.Refused == 0 {
		return nil
	}
	sayf(w, "%d of %d statements are not or not wholly exceptions:\n", r.Refused, len(r.Items))
	t := newTable(w)
	for _, i := range r.Items {
		if i.Problem != "" {
			t.row(fmt.Sprintf("statement %d", i.Statement), oneLine(i.Vulnerability), i.Status, i.Problem)
		}
	}
	return errors.Join(t.flush(), exitError{code: exitFindings})
}

// readStatements reads the OpenVEX document of --vex; nil if there is none.
func (s *scanOptions) readStatements() (*vex.Document, error) {
	if s.vex == "" {
		return nil, nil
	}
	text, err := readLimited(s.vex, vex.MaxDocument)
	if err != nil {
		return nil, fmt.Errorf("--vex: %w", err)
	}
	doc, err := vex.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("--vex: %s: %w", s.vex, err)
	}
	return doc, nil
}

// statementsAbout returns what a document says about the image of a report, and
// tells how many statements are about something else.
func (s *scanOptions) statementsAbout(doc *vex.Document, r *report.Report, stderr io.Writer) []catalog.Exception {
	list, others := vex.ForImage(doc, vex.Image{Digest: r.Image.Digest, Repository: repositoryName(r.Image.Name)})
	if others > 0 {
		sayf(stderr, "pratique: %s: %d of %d statements name other products than this image and are not applied\n", s.vex, others, len(doc.Statements))
	}
	return list
}

// repositoryName is the repository in the name of an image that was scanned, with
// its registry; empty for files, which have none.
func repositoryName(name string) string {
	name = strings.TrimPrefix(name, "docker://")
	for _, scheme := range []string{"oci:", "oci-archive:", "docker-archive:"} {
		if strings.HasPrefix(name, scheme) {
			return ""
		}
	}
	name, _, _ = strings.Cut(name, "@")
	if i := strings.LastIndexByte(name, ':'); i > strings.LastIndexByte(name, '/') {
		name = name[:i]
	}
	return name
}
