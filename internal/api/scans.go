package api

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pratique/pratique/internal/access"
	"github.com/pratique/pratique/internal/catalog"
)

func (h *handlers) registerScans(api huma.API) {
	tags := []string{"Scans"}
	route(h, api, huma.Operation{
		OperationID: "requestScan", Method: http.MethodPost, Path: artifactPath + "/scan", Tags: tags,
		DefaultStatus: http.StatusAccepted, Summary: "Ask for a scan of an artifact",
		Description: "For an index the images it names are scanned. The report in force stays in force until the scan has succeeded. The Location of the answer tells how the scan goes on.",
	}, h.requestScan)
	route(h, api, huma.Operation{
		OperationID: "getLatestScan", Method: http.MethodGet, Path: artifactPath + "/scan", Tags: tags,
		Summary: "Get the latest scan of an artifact",
	}, h.getLatestScan)
	route(h, api, huma.Operation{
		OperationID: "listScans", Method: http.MethodGet, Path: artifactPath + "/scans", Tags: tags,
		Summary: "List the scans of an artifact, latest first",
	}, h.listScans)
	route(h, api, huma.Operation{
		OperationID: "getScan", Method: http.MethodGet, Path: "/scans/{scan}", Tags: tags,
		Summary: "Get a scan",
	}, h.getScan)
	route(h, api, huma.Operation{
		OperationID: "stopScan", Method: http.MethodPost, Path: "/scans/{scan}/stop", Tags: tags,
		Summary:     "Stop a scan that waits or runs",
		Description: "It ends as failed with the cause image_scan_stop; an earlier report stays in force.",
	}, h.stopScan)
}

type scanOut struct {
	Body Scan
}

type requestScanOut struct {
	Location string `header:"Location"`
	Body     Scan
}

func (h *handlers) requestScan(ctx context.Context, in *InArtifact) (*requestScanOut, error) {
	p, err := h.pull(ctx, in)
	if err != nil {
		return nil, err
	}
	s, err := h.cfg.Scanner.Request(ctx, p.Artifact.ID, catalog.TriggerManual)
	if err != nil {
		return nil, err
	}
	return &requestScanOut{Location: location(p.Artifact, s), Body: h.scan(s)}, nil
}

// location is where to ask how a scan goes on. Those of an index's images are
// told of together, at the index.
func location(a catalog.Artifact, s catalog.Scan) string {
	if s.ID != 0 {
		return fmt.Sprintf("%s/scans/%d", Prefix, s.ID)
	}
	return fmt.Sprintf("%s/namespaces/%s/repositories/%s/artifacts/%s/scan", Prefix,
		url.PathEscape(a.Key.Namespace), url.PathEscape(a.Key.Repository), url.PathEscape(a.Digest))
}

func (h *handlers) getLatestScan(ctx context.Context, in *InArtifact) (*scanOut, error) {
	p, err := h.pull(ctx, in)
	if err != nil {
		return nil, err
	}
	var members []member
	if p.Artifact.Kind == catalog.KindIndex {
		if members, err = h.members(ctx, p); err != nil {
			return nil, err
		}
	}
	scan := latest(p, members)
	if scan == nil {
		return nil, catalog.Errorf(catalog.NotFound, "not_scanned", "%s@%s was never scanned", p.Artifact.Key, p.Artifact.Digest).
			Advise("ask for a scan with POST on the same path")
	}
	return &scanOut{h.scan(*scan)}, nil
}

type listScansIn struct {
	InArtifact
	Limit int `query:"limit" default:"20" minimum:"1" maximum:"100" doc:"Scans to return"`
}

type listScansOut struct {
	Body struct {
		Items []Scan `json:"items" nullable:"false"`
	} `nameHint:"ListScan"`
}

func (h *handlers) listScans(ctx context.Context, in *listScansIn) (*listScansOut, error) {
	p, err := h.pull(ctx, &in.InArtifact)
	if err != nil {
		return nil, err
	}
	scans, err := h.cfg.Store.Scans(ctx, p.Artifact.ID, in.Limit)
	if err != nil {
		return nil, err
	}
	out := &listScansOut{}
	out.Body.Items = make([]Scan, len(scans))
	for i, s := range scans {
		out.Body.Items[i] = h.scan(s)
	}
	return out, nil
}

type getScanIn struct {
	ID int64 `path:"scan" doc:"Id of the scan"`
}

func (h *handlers) getScan(ctx context.Context, in *getScanIn) (*scanOut, error) {
	s, err := h.scanFor(ctx, in.ID, access.Read)
	if err != nil {
		return nil, err
	}
	return &scanOut{h.scan(s)}, nil
}

// scanFor reads a scan for somebody who wants to do what verb says.
func (h *handlers) scanFor(ctx context.Context, id int64, verb access.Verb) (catalog.Scan, error) {
	s, err := h.cfg.Store.Scan(ctx, id)
	if err != nil {
		return s, err
	}
	notFound := catalog.Errorf(catalog.NotFound, "scan_not_found", "there is no scan number %d any more", id)
	if s.InstanceID != instance(ctx) {
		return s, notFound
	}
	if h.may(ctx, verb, "") == nil {
		return s, nil
	}
	p, err := h.cfg.Store.ArtifactPull(ctx, s.ArtifactID)
	if err == nil {
		err = h.may(ctx, verb, p.Artifact.Key.Namespace)
	}
	if catalog.Is(err, catalog.NotFound) {
		err = notFound
	}
	return s, err
}

func (h *handlers) stopScan(ctx context.Context, in *getScanIn) (*scanOut, error) {
	if _, err := h.scanFor(ctx, in.ID, access.Scan); err != nil {
		return nil, err
	}
	if err := h.cfg.Scanner.Stop(ctx, in.ID, author(ctx)); err != nil {
		return nil, err
	}
	return h.getScan(ctx, in)
}
