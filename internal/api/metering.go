package api

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"net/http"
	"reflect"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pratique/pratique/internal/catalog"
)

func (h *handlers) registerMetering(api huma.API) {
	content := map[string]*huma.MediaType{
		"application/json": {Schema: api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[Statement](), true, "Statement")},
		"text/csv":         {Schema: &huma.Schema{Type: huma.TypeString}},
	}
	route(h, api, huma.Operation{
		OperationID: "getStatement", Method: http.MethodGet, Path: "/metering", Tags: []string{"Metering"},
		Summary:     "Get what the tenant used in a month",
		Description: "A unit is a scan that succeeded, also a repeated one. The statement covers all instances of the tenant.",
		Responses:   map[string]*huma.Response{"200": {Description: "The statement", Content: content}},
	}, h.getStatement)
}

// Statement is what a tenant used in a month.
type Statement struct {
	Month      string  `json:"month" example:"2026-09"`
	Scans      int64   `json:"scans" doc:"Scans that succeeded"`
	Free       int64   `json:"free" doc:"Of these, those of the free quota"`
	Full       int64   `json:"full" doc:"Of these, those at the full price"`
	Discounted int64   `json:"discounted" doc:"Of these, those beyond the discount step"`
	Namespaces []Usage `json:"namespaces" nullable:"false"`
}

// Usage is the part of a namespace.
type Usage struct {
	Instance  string `json:"instance"`
	Namespace string `json:"namespace"`
	Scans     int64  `json:"scans"`
}

type getStatementIn struct {
	Month  string `query:"month" maxLength:"7" doc:"The month, in UTC; the current one if absent" example:"2026-09"`
	Format string `query:"format" enum:"json,csv" default:"json" doc:"Form of the statement"`
}

type getStatementOut struct {
	ContentType string `header:"Content-Type"`
	Body        []byte
}

func (h *handlers) getStatement(ctx context.Context, in *getStatementIn) (*getStatementOut, error) {
	month := in.Month
	if month == "" {
		month = catalog.MonthOf(h.cfg.Now())
	}
	if err := catalog.CheckMonth(month); err != nil {
		return nil, err
	}
	usage, err := h.cfg.Store.Usage(ctx, instance(ctx), month)
	if err != nil {
		return nil, err
	}
	s := catalog.NewStatement(month, usage, h.cfg.Tariff)
	if in.Format == "csv" {
		body, err := statementCSV(s)
		return &getStatementOut{"text/csv; charset=utf-8; header=present", body}, err
	}
	body, err := json.Marshal(statementOf(s))
	return &getStatementOut{"application/json", body}, err
}

func statementOf(s catalog.Statement) Statement {
	out := Statement{Month: s.Month, Scans: s.Scans, Free: s.Free, Full: s.Full, Discounted: s.Discounted, Namespaces: []Usage{}}
	for _, u := range s.Usage {
		out.Namespaces = append(out.Namespaces, Usage(u))
	}
	return out
}

// statementCSV has a row a namespace and the totals at the end. No name of an
// instance or namespace is anything a spreadsheet would calculate.
func statementCSV(s catalog.Statement) ([]byte, error) {
	var buf bytes.Buffer
	w := csv.NewWriter(&buf)
	number := func(n int64) string { return strconv.FormatInt(n, 10) }
	rows := [][]string{{"month", "instance", "namespace", "scans"}}
	for _, u := range s.Usage {
		rows = append(rows, []string{s.Month, u.Instance, u.Namespace, number(u.Scans)})
	}
	for _, total := range []struct {
		name  string
		scans int64
	}{{"total", s.Scans}, {"free", s.Free}, {"full price", s.Full}, {"discounted", s.Discounted}} {
		rows = append(rows, []string{s.Month, "", total.name, number(total.scans)})
	}
	err := w.WriteAll(rows)
	return buf.Bytes(), err
}
