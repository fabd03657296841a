package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pratique/pratique/internal/catalog"
)

func (h *handlers) registerGates(api huma.API) {
	tags := []string{"Authorization of scans"}
	route(h, api, huma.Operation{
		OperationID: "listGates", Method: http.MethodGet, Path: "/gates", Tags: tags,
		Summary:     "List the gates a scan must pass, in their order",
		Description: "The authorization is the tenant's, given once for a region; the other gates are open unless somebody closes them.",
	}, h.listGates)
	route(h, api, huma.Operation{
		OperationID: "setGate", Method: http.MethodPut, Path: "/gates/{gate}", Tags: tags,
		Summary: "Open or close a gate",
	}, h.setGate)
}

// Gate is one of the gates a scan must pass.
type Gate struct {
	Gate      string     `json:"gate" enum:"scanning,registry-access,authorization,feature"`
	Open      bool       `json:"open"`
	ChangedBy string     `json:"changedBy,omitempty" doc:"Who opened or closed it last"`
	ChangedAt *time.Time `json:"changedAt,omitempty"`
	Refusal   string     `json:"refusal,omitempty" doc:"What a scan is refused with while it is closed"`
	Cause     string     `json:"cause,omitempty" doc:"The cause with which a scan fails while it is closed"`
}

func gateOf(g catalog.GateState) Gate {
	out := Gate{Gate: string(g.Gate), Open: g.Open, ChangedBy: g.ChangedBy}
	if !g.ChangedAt.IsZero() {
		out.ChangedAt = &g.ChangedAt
	}
	if !g.Open {
		out.Refusal, out.Cause = g.Gate.Closed().Error(), string(g.Gate.Cause())
	}
	return out
}

type listGatesOut struct {
	Body struct {
		Items []Gate `json:"items" nullable:"false"`
	} `nameHint:"ListGate"`
}

func (h *handlers) listGates(ctx context.Context, _ *struct{}) (*listGatesOut, error) {
	states, err := h.cfg.Store.Gates(ctx, instance(ctx))
	if err != nil {
		return nil, err
	}
	out := &listGatesOut{}
	for _, g := range states {
		out.Body.Items = append(out.Body.Items, gateOf(g))
	}
	return out, nil
}

// GateChange opens or closes a gate.
type GateChange struct {
	Open bool `json:"open"`
}

type setGateIn struct {
	Gate string `path:"gate" doc:"Name of the gate" enum:"scanning,registry-access,authorization,feature"`
	Body GateChange
}

func (h *handlers) setGate(ctx context.Context, in *setGateIn) (*listGatesOut, error) {
	gate, err := catalog.ParseScanGate(in.Gate)
	if err != nil {
		return nil, err
	}
	if err := h.cfg.Store.SetGate(ctx, instance(ctx), gate, in.Body.Open, author(ctx)); err != nil {
		return nil, err
	}
	return h.listGates(ctx, nil)
}
