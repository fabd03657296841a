package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pratique/pratique/internal/catalog"
)

func (h *handlers) registerInfo(api huma.API) {
	tags := []string{"Service"}
	public(h, api, huma.Operation{
		OperationID: "getInfo", Method: http.MethodGet, Path: "/info", Tags: tags,
		Summary: "Describe the service: version and limits",
	}, h.getInfo)
	route(h, api, huma.Operation{
		OperationID: "getStatistics", Method: http.MethodGet, Path: "/statistics", Tags: tags,
		Summary: "Count what the whole service holds, over all instances",
	}, h.getStatistics)
	route(h, api, huma.Operation{
		OperationID: "listAdvisories", Method: http.MethodGet, Path: "/advisories", Tags: tags,
		Summary: "Describe the advisory database in force, and how it is fetched",
	}, h.listAdvisories)
	route(h, api, huma.Operation{
		OperationID: "updateAdvisories", Method: http.MethodPost, Path: "/advisories/update", Tags: tags,
		Summary:       "Fetch advisories now",
		Description:   "It is done in the background; the list of advisories tells how it goes.",
		DefaultStatus: http.StatusAccepted,
	}, h.updateAdvisories)
}

type infoOut struct {
	Body Info
}

func (h *handlers) getInfo(context.Context, *struct{}) (*infoOut, error) {
	limits := h.cfg.Limits
	limits.AllowlistItems = catalog.MaxAllowlist
	return &infoOut{Info{Name: "Pratique", Version: h.cfg.Version, Limits: limits, OpenIDSignIn: h.cfg.OpenIDSignIn}}, nil
}

type statisticsOut struct {
	Body Statistics
}

func (h *handlers) getStatistics(ctx context.Context, _ *struct{}) (*statisticsOut, error) {
	s, err := h.cfg.Store.Statistics(ctx)
	if err != nil {
		return nil, err
	}
	return &statisticsOut{Statistics{
		Namespaces: s.Namespaces, Repositories: s.Repositories, Artifacts: s.Artifacts,
		ScansPending: s.ScansPending, ScansRunning: s.ScansRunning,
	}}, nil
}

type listAdvisoriesOut struct {
	Body struct {
		Items []AdvisoryInfo `json:"items" nullable:"false"`
		Fetch AdvisoryFetch  `json:"fetch"`
	} `nameHint:"ListAdvisoryInfo"`
}

func (h *handlers) listAdvisories(context.Context, *struct{}) (*listAdvisoriesOut, error) {
	out := &listAdvisoriesOut{}
	out.Body.Items = append([]AdvisoryInfo{}, h.cfg.Advisories.InForce()...)
	out.Body.Fetch = h.cfg.Advisories.Fetch()
	return out, nil
}

type advisoryFetchOut struct {
	Body AdvisoryFetch
}

func (h *handlers) updateAdvisories(context.Context, *struct{}) (*advisoryFetchOut, error) {
	if !h.cfg.Advisories.Update() {
		return nil, catalog.Errorf(catalog.Conflict, "update_in_progress", "advisories are being fetched already").
			Advise("wait until that has ended: GET /api/v1/advisories tells")
	}
	return &advisoryFetchOut{h.cfg.Advisories.Fetch()}, nil
}
