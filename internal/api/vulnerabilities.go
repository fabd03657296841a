package api

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/report"
)

// RiskVulnerability is a vulnerability with how many images have it.
type RiskVulnerability struct {
	ID        string       `json:"id"`
	Title     string       `json:"title,omitempty" doc:"As the advisories in force have it"`
	Severity  string       `json:"severity" doc:"The worst of its packages"`
	Exploited bool         `json:"exploited" doc:"It is in CISA's catalogue of known exploited vulnerabilities"`
	EPSS      *report.EPSS `json:"epss,omitempty"`
	Images    int          `json:"images" doc:"Images that have it"`
	Packages  int          `json:"packages" doc:"Packages that bring it"`
	Fixable   int          `json:"fixable" doc:"Of these, packages with a fixed version"`
	Since     time.Time    `json:"since" doc:"When it was first found here"`
}

type listRiskVulnerabilitiesIn struct {
	InImages
	More
	Severity  string `query:"severity" enum:"unknown,negligible,low,medium,high,critical" doc:"Only of this severity or higher"`
	Query     string `query:"q" maxLength:"256" doc:"Only with this in the id or in a package's name"`
	Fixable   string `query:"fixable" enum:"yes,no" doc:"Only with a fixed version for a package, or with none for any"`
	Exploited bool   `query:"exploited" doc:"Only those known to be exploited"`
	Sort      string `query:"sort" enum:"severity,images,epss,since,id" default:"severity" doc:"What comes first: the worst, those of the most images, the likeliest to be exploited, the newest here, or the first by id"`
}

type listRiskVulnerabilitiesOut struct {
	Body Counted[RiskVulnerability]
}

func (h *handlers) listRiskVulnerabilities(ctx context.Context, in *listRiskVulnerabilitiesIn) (*listRiskVulnerabilitiesOut, error) {
	least, err := leastSeverity(in.Severity)
	if err != nil {
		return nil, err
	}
	f := catalog.VulnerabilityFilter{ImageFilter: in.filter(ctx), Severity: least, Query: in.Query}
	uses, err := h.cfg.Store.VulnerabilityUses(ctx, instance(ctx), f)
	if err != nil {
		return nil, err
	}
	if in.Fixable != "" {
		uses = slices.DeleteFunc(uses, func(u catalog.VulnerabilityUse) bool { return (u.Fixable > 0) != (in.Fixable == "yes") })
	}
	// What the advisories know is looked up for all only where it decides.
	var list []threatened
	if in.Exploited || in.Sort == "epss" {
		if list, err = h.threatened(uses); err != nil {
			return nil, err
		}
	} else {
		list = make([]threatened, len(uses))
		for i, u := range uses {
			list[i].VulnerabilityUse = u
		}
	}
	if in.Exploited {
		list = slices.DeleteFunc(list, func(t threatened) bool { return t.KEV == nil })
	}
	slices.SortFunc(list, riskOrders[in.Sort])
	page := list[min(in.Offset, len(list)):min(in.Offset+in.Limit, len(list))]
	shown, err := h.describeVulnerabilities(ctx, page)
	if err != nil {
		return nil, err
	}
	return &listRiskVulnerabilitiesOut{countedOf(shown, in.Offset, len(list), func(v RiskVulnerability) RiskVulnerability { return v })}, nil
}

// threatened is a vulnerability with what is known of it beside its advisories.
type threatened struct {
	catalog.VulnerabilityUse
	Threat
}

func (t threatened) score() float64 {
	if t.EPSS == nil {
		return -1
	}
	return t.EPSS.Score
}

// riskOrders are those of the parameter "sort". Ids are unique.
var riskOrders = map[string]func(a, b threatened) int{
	"severity": func(a, b threatened) int {
		return cmp.Or(cmp.Compare(b.Severity, a.Severity), cmp.Compare(b.Images, a.Images), strings.Compare(a.ID, b.ID))
	},
	"images": func(a, b threatened) int {
		return cmp.Or(cmp.Compare(b.Images, a.Images), cmp.Compare(b.Severity, a.Severity), strings.Compare(a.ID, b.ID))
	},
	"epss": func(a, b threatened) int {
		return cmp.Or(cmp.Compare(b.score(), a.score()), cmp.Compare(b.Severity, a.Severity), strings.Compare(a.ID, b.ID))
	},
	"since": func(a, b threatened) int {
		return cmp.Or(b.Since.Compare(a.Since), cmp.Compare(b.Severity, a.Severity), strings.Compare(a.ID, b.ID))
	},
	"id": func(a, b threatened) int { return strings.Compare(a.ID, b.ID) },
}

func (h *handlers) threatened(uses []catalog.VulnerabilityUse) ([]threatened, error) {
	ids := make([]string, len(uses))
	for i, u := range uses {
		ids[i] = u.ID
	}
	threats, err := h.cfg.Advisories.Threats(ids)
	if err != nil {
		return nil, err
	}
	list := make([]threatened, len(uses))
	for i, u := range uses {
		list[i] = threatened{u, threats[i]}
	}
	return list, nil
}

// describeVulnerabilities completes vulnerabilities by what advisories tell of
// them.
func (h *handlers) describeVulnerabilities(ctx context.Context, list []threatened) ([]RiskVulnerability, error) {
	uses := make([]catalog.VulnerabilityUse, len(list))
	ids := make([]string, len(list))
	for i, t := range list {
		uses[i], ids[i] = t.VulnerabilityUse, t.ID
	}
	known, err := h.threatened(uses)
	if err != nil {
		return nil, err
	}
	keys, err := h.cfg.Store.VulnerabilityKeys(ctx, ids)
	if err != nil {
		return nil, err
	}
	titles, err := h.cfg.Advisories.Titles(keys)
	if err != nil {
		return nil, err
	}
	out := make([]RiskVulnerability, len(known))
	for i, t := range known {
		out[i] = RiskVulnerability{
			ID: t.ID, Title: titles[t.ID], Severity: t.Severity.String(), Exploited: t.KEV != nil, EPSS: t.EPSS,
			Images: t.Images, Packages: t.Packages, Fixable: t.Fixable, Since: t.Since,
		}
	}
	return out, nil
}
