package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

func (h *handlers) registerJudging(api huma.API) {
	route(h, api, huma.Operation{
		OperationID: "getJudging", Method: http.MethodGet, Path: "/judging", Tags: []string{"Scans"},
		Summary:     "Tell how far all images are judged by what is in force",
		Description: "Images are judged again, without a scan, when advisories, rules, policies or exceptions change or something expires.",
	}, h.getJudging)
}

// Judging tells how far all images are judged by what is in force.
type Judging struct {
	Advisories string    `json:"advisories" doc:"Revision of the advisories that all was judged by, or waits to be; empty before the first"`
	Newest     string    `json:"newest,omitempty" doc:"Date of the latest of them"`
	Waiting    int       `json:"waiting" doc:"Images that wait to be judged again, in all instances"`
	Done       int       `json:"done" doc:"Images that were, since startedAt"`
	Changed    int       `json:"changed" doc:"Those of them in which something else was found than before"`
	Verdicts   int       `json:"verdicts" doc:"Those of them whose verdict changed"`
	Failed     int       `json:"failed" doc:"Those of them that could not be judged; the log says why"`
	StartedAt  time.Time `json:"startedAt,omitzero"`
	EndedAt    time.Time `json:"endedAt,omitzero" doc:"Absent while something waits"`
}

type judgingOut struct {
	Body Judging
}

func (h *handlers) getJudging(ctx context.Context, _ *struct{}) (*judgingOut, error) {
	s, err := h.cfg.Store.Judging(ctx)
	if err != nil {
		return nil, err
	}
	return &judgingOut{Judging{
		Advisories: s.Advisories, Newest: s.Newest, Waiting: s.Waiting, Done: s.Done, Changed: s.Changed,
		Verdicts: s.Verdicts, Failed: s.Failed, StartedAt: s.StartedAt, EndedAt: s.EndedAt,
	}}, nil
}
