package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/judge"
	"github.com/pratique/pratique/internal/report"
	"github.com/pratique/pratique/internal/report/render"
)

func (h *handlers) registerReports(api huma.API) {
	tags := []string{"Reports"}
	route(h, api, huma.Operation{
		OperationID: "getReport", Method: http.MethodGet, Path: artifactPath + "/report", Tags: tags,
		Summary:     "Get the report in force of an artifact",
		Description: "That is the report of the latest scan that succeeded, whatever became of later ones, judged by the advisories in force, without what is whitelisted now.",
		Responses:   reportResponses(api),
	}, h.getReport)
}

// reportResponses describes the forms a report comes in. Only ours has a
// schema here; the others are described by their standards.
func reportResponses(api huma.API) map[string]*huma.Response {
	content := map[string]*huma.MediaType{}
	for _, format := range render.Formats() {
		content[format.MediaType()] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString}}
	}
	content[render.JSON.MediaType()].Schema = api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[report.Report](), true, "Report")
	return map[string]*huma.Response{"200": {Description: "The report", Content: content}}
}

// report reads the report in force of an artifact, with the exceptions applied
// that are in force now. It may be shared with others, so it must not be changed.
func (h *handlers) report(ctx context.Context, in *InArtifact) (*report.Report, error) {
	p, err := h.pull(ctx, in)
	if err != nil {
		return nil, err
	}
	return h.reportOf(ctx, p)
}

// reportOf is report for an artifact that was read already.
func (h *handlers) reportOf(ctx context.Context, p catalog.Pull) (*report.Report, error) {
	r, exceptions, err := h.unhandled(ctx, p)
	if err != nil {
		return nil, err
	}
	return judge.Handled(r, exceptions, h.cfg.Now()), nil
}

// unhandled reads the report in force of an artifact as it is judged now, which is
// shared with others and must not be changed, and the exceptions that hold for the
// artifact.
func (h *handlers) unhandled(ctx context.Context, p catalog.Pull) (*report.Report, []catalog.Exception, error) {
	r, err := h.cfg.Scanner.DecodedReport(ctx, p.Artifact.ID)
	if err != nil {
		return nil, nil, notScanned(p, err)
	}
	exceptions, err := h.exceptions(ctx, p)
	return r, exceptions, err
}

// notScanned names the artifact where an error says that there is no report of it.
func notScanned(p catalog.Pull, err error) error {
	if !catalog.Is(err, catalog.NotFound) {
		return err
	}
	return catalog.Errorf(catalog.NotFound, "not_scanned", "%s@%s has not been scanned successfully yet", p.Artifact.Key, p.Artifact.Digest).
		Advise("scan it, or wait until its scan is done")
}

type getReportIn struct {
	InArtifact
	Format string `query:"format" enum:"json,table,html,sarif,cyclonedx,spdx,csv" default:"json" doc:"Form of the report"`
}

type getReportOut struct {
	ContentType        string `header:"Content-Type"`
	ContentDisposition string `header:"Content-Disposition"`
	// Policy keeps a browser from doing anything with a page but to show it.
	Policy string `header:"Content-Security-Policy"`
	Body   []byte
}

func (h *handlers) getReport(ctx context.Context, in *getReportIn) (*getReportOut, error) {
	format, err := render.ParseFormat(in.Format)
	if err != nil {
		return nil, catalog.Errorf(catalog.Invalid, "format_unknown", "%w", err)
	}
	p, err := h.pull(ctx, &in.InArtifact)
	if err != nil {
		return nil, err
	}
	out := &getReportOut{
		ContentType:        format.MediaType(),
		ContentDisposition: `inline; filename="report` + format.Extension() + `"`,
		Policy:             "default-src 'none'; sandbox",
	}
	switch format {
	case render.JSON:
		out.Body, err = h.reportJSON(ctx, p)
		return out, err
	case render.HTML:
		out.Policy = render.HTMLPolicy()
	}
	r, err := h.reportOf(ctx, p)
	if err != nil {
		return nil, err
	}
	var buf bytes.Buffer
	if err := render.Write(&buf, format, r, render.Options{ToolVersion: h.cfg.Version}); err != nil {
		return nil, fmt.Errorf("render a report as %s: %w", format, err)
	}
	out.Body = buf.Bytes()
	return out, nil
}

// reportJSON returns a report in the form it is stored in, and as it is stored where
// no exception is in force.
func (h *handlers) reportJSON(ctx context.Context, p catalog.Pull) ([]byte, error) {
	exceptions, err := h.exceptions(ctx, p)
	if err != nil {
		return nil, err
	}
	if catalog.InForce(exceptions, h.cfg.Now()).Empty() {
		doc, _, err := h.cfg.Scanner.Report(ctx, p.Artifact.ID)
		return doc, notScanned(p, err)
	}
	r, err := h.reportOf(ctx, p)
	if err != nil {
		return nil, err
	}
	return json.Marshal(r)
}
