package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pratique/pratique/internal/catalog"
)

const (
	trendDays   = 30
	mostExposed = 10
)

func (h *handlers) registerDashboard(api huma.API) {
	tags := []string{"Risks"}
	route(h, api, huma.Operation{
		OperationID: "getDashboard", Method: http.MethodGet, Path: "/dashboard", Tags: tags,
		Summary: "Tell how all images stand: by verdict and severity, over the last 30 days, and which are the worst",
	}, h.getDashboard)
	route(h, api, huma.Operation{
		OperationID: "listActiveScans", Method: http.MethodGet, Path: "/scans", Tags: []string{"Scans"},
		Summary: "List the scans that run, and those that wait in the order they are taken",
	}, h.listActiveScans)
}

// Standing is how images stand. An image is a single one, not an index.
type Standing struct {
	Images   int            `json:"images"`
	Reported int            `json:"reported" doc:"Of these, images with a report"`
	Blocked  int            `json:"blocked" doc:"Of these, images whose pull is refused for what was found"`
	Worst    SeverityCounts `json:"worst" doc:"Images with vulnerabilities, by their worst one"`
	Clean    int            `json:"clean" doc:"Images with a report and no vulnerabilities"`
}

// SeverityCounts counts by severity.
type SeverityCounts struct {
	Critical int `json:"critical"`
	High     int `json:"high"`
	Medium   int `json:"medium"`
	Low      int `json:"low"`
	Rest     int `json:"rest" doc:"Negligible, or nobody rated it"`
}

func standing(s catalog.Standing) Standing {
	return Standing{Images: s.Images, Reported: s.Reported, Blocked: s.Blocked, Worst: SeverityCounts(s.Worst), Clean: s.Reported - s.Worst.Total()}
}

// Day is how images stood on a day, and what was pulled.
type Day struct {
	Day string `json:"day" format:"date"`
	// Standing is absent on days on which no server ran.
	Standing *Standing `json:"standing,omitempty"`
	Pulls    int64     `json:"pulls"`
	Refused  int64     `json:"refused" doc:"Pulls that were refused"`
}

// ExposedRepository is a repository with the vulnerabilities of its latest image
// that has a report.
type ExposedRepository struct {
	RiskImage
	Vulnerabilities SeverityCounts   `json:"vulnerabilities"`
	Decision        catalog.Decision `json:"decision" enum:"allow,block,unknown"`
}

// Dashboard tells how all images stand.
type Dashboard struct {
	Standing Standing            `json:"standing"`
	Days     []Day               `json:"days" nullable:"false" doc:"The last 30, oldest first, today last"`
	Exposed  []ExposedRepository `json:"exposed" nullable:"false" doc:"The ten most exposed repositories, worst first"`
	Running  int                 `json:"running" doc:"Scans that run"`
	Waiting  int                 `json:"waiting" doc:"Scans that wait"`
}

type dashboardOut struct {
	Body Dashboard
}

func (h *handlers) getDashboard(ctx context.Context, in *InImages) (*dashboardOut, error) {
	inst, filter := instance(ctx), in.filter(ctx)
	st, err := h.cfg.Store.Standing(ctx, inst, filter)
	if err != nil {
		return nil, err
	}
	days, err := h.days(ctx, inst, filter)
	if err != nil {
		return nil, err
	}
	exposed, err := h.cfg.Store.MostExposed(ctx, inst, filter, mostExposed)
	if err != nil {
		return nil, err
	}
	_, running, waiting, err := h.cfg.Store.ActiveScans(ctx, inst, filter, 1)
	if err != nil {
		return nil, err
	}
	out := Dashboard{Standing: standing(st), Days: days, Exposed: []ExposedRepository{}, Running: running, Waiting: waiting}
	for _, e := range exposed {
		out.Exposed = append(out.Exposed, ExposedRepository{
			RiskImage:       riskImage(catalog.RepositoryKey{Namespace: e.Namespace, Repository: e.Repository}, e.Digest, e.Tags),
			Vulnerabilities: SeverityCounts(e.Count), Decision: e.Decision,
		})
	}
	return &dashboardOut{out}, nil
}

// days joins what was recorded of the last days, with an entry for each.
func (h *handlers) days(ctx context.Context, inst string, filter catalog.ImageFilter) ([]Day, error) {
	today := h.cfg.Now().UTC().Truncate(24 * time.Hour)
	since := today.AddDate(0, 0, 1-trendDays)
	trend, err := h.cfg.Store.Trend(ctx, inst, filter, since)
	if err != nil {
		return nil, err
	}
	pulls, err := h.cfg.Store.PullDays(ctx, inst, filter, since)
	if err != nil {
		return nil, err
	}
	days := make([]Day, trendDays)
	for i := range days {
		days[i].Day = since.AddDate(0, 0, i).Format(time.DateOnly)
	}
	at := func(day time.Time) *Day {
		if i := int(day.Sub(since) / (24 * time.Hour)); i >= 0 && i < len(days) {
			return &days[i]
		}
		return new(Day) // the clock was put back since
	}
	for _, t := range trend {
		s := standing(t.Standing)
		at(t.Day).Standing = &s
	}
	for _, p := range pulls {
		d := at(p.Day)
		d.Pulls, d.Refused = p.Pulls, p.Refused
	}
	return days, nil
}

// ActiveScan is a scan that runs or waits, with its image.
type ActiveScan struct {
	RiskImage
	Scan Scan `json:"scan"`
}

type listActiveScansIn struct {
	InImages
	Limit int `query:"limit" default:"20" minimum:"1" maximum:"500" doc:"Scans to list"`
}

type listActiveScansOut struct {
	Body struct {
		Items   []ActiveScan `json:"items" nullable:"false"`
		Running int          `json:"running" doc:"How many run"`
		Waiting int          `json:"waiting" doc:"How many wait"`
	} `nameHint:"ListActiveScan"`
}

func (h *handlers) listActiveScans(ctx context.Context, in *listActiveScansIn) (*listActiveScansOut, error) {
	list, running, waiting, err := h.cfg.Store.ActiveScans(ctx, instance(ctx), in.filter(ctx), in.Limit)
	if err != nil {
		return nil, err
	}
	out := &listActiveScansOut{}
	out.Body.Items, out.Body.Running, out.Body.Waiting = []ActiveScan{}, running, waiting
	for _, a := range list {
		out.Body.Items = append(out.Body.Items, ActiveScan{RiskImage: riskImage(a.Key, a.Digest, a.Tags), Scan: h.scan(a.Scan)})
	}
	return out, nil
}
