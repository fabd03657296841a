package api

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pratique/pratique/internal/catalog"
)

func (h *handlers) registerAudit(api huma.API) {
	tags := []string{"Audit log"}
	route(h, api, huma.Operation{
		OperationID: "listAudit", Method: http.MethodGet, Path: "/audit", Tags: tags,
		Summary:     "List who did what to what, latest first",
		Description: "Changes, pulls and pushes, and what was refused. What happens again within a minute is one entry with a count.",
	}, h.listAudit)
	route(h, api, huma.Operation{
		OperationID: "exportAudit", Method: http.MethodGet, Path: "/audit/export", Tags: tags,
		Summary: "Export the audit log, latest first, as CSV or as JSON lines",
		Responses: map[string]*huma.Response{"200": {Description: "The entries", Content: map[string]*huma.MediaType{
			"text/csv":             {Schema: &huma.Schema{Type: huma.TypeString}},
			"application/x-ndjson": {Schema: &huma.Schema{Type: huma.TypeString}},
		}}},
	}, h.exportAudit)
}

// AuditEntry is who did what to what.
type AuditEntry struct {
	ID        int64     `json:"id"`
	At        time.Time `json:"at"`
	Actor     string    `json:"actor,omitempty" doc:"Name of an account; absent for nobody in particular"`
	Via       string    `json:"via,omitempty" doc:"How it showed who it is: password, session, credential, token, socket"`
	Address   string    `json:"address,omitempty" doc:"Where the request came from"`
	Action    string    `json:"action" example:"setGate" doc:"An operation of this interface, login, or what was done to the registry"`
	Namespace string    `json:"namespace,omitempty"`
	Target    string    `json:"target,omitempty" doc:"What it was done to"`
	Result    string    `json:"result" enum:"done,denied,failed"`
	Detail    string    `json:"detail,omitempty" doc:"What was asked for, where that can hold nothing secret, as the request had it, up to 500 bytes; or why it did not succeed"`
	Count     int64     `json:"count" doc:"How often it happened within a minute"`
}

func auditEntry(e catalog.AuditEntry) AuditEntry {
	return AuditEntry{e.ID, e.At, e.Actor, e.Via, e.Address, e.Action, e.Namespace, e.Target, string(e.Result), e.Detail, e.Count}
}

// AuditSelection selects entries.
type AuditSelection struct {
	Actor     string    `query:"actor" maxLength:"128" doc:"Only what this account did"`
	Address   string    `query:"address" maxLength:"100" doc:"Only from there"`
	Action    string    `query:"action" maxLength:"100" doc:"Only this action"`
	Namespace string    `query:"namespace" maxLength:"64" doc:"Only what was done to this namespace"`
	Result    string    `query:"result" enum:"done,denied,failed"`
	Since     time.Time `query:"since" doc:"Only from then on"`
	Until     time.Time `query:"until" doc:"Only before"`
}

func (s AuditSelection) filter() catalog.AuditFilter {
	return catalog.AuditFilter{Actor: s.Actor, Address: s.Address, Action: s.Action, Namespace: s.Namespace,
		Result: catalog.AuditResult(s.Result), Since: s.Since, Until: s.Until}
}

type listAuditIn struct {
	AuditSelection
	Before
}

type listAuditOut struct {
	Body Latest[AuditEntry]
}

func (h *handlers) listAudit(ctx context.Context, in *listAuditIn) (*listAuditOut, error) {
	if err := h.flushAudit(ctx); err != nil {
		return nil, err
	}
	found, err := h.cfg.Store.Audit(ctx, instance(ctx), in.filter(), in.Before.Before, in.Limit+1)
	if err != nil {
		return nil, err
	}
	return &listAuditOut{latestOf(found, in.Before, auditEntry, func(e catalog.AuditEntry) int64 { return e.ID })}, nil
}

// flushAudit lets the log hold what happened up to now, before it is read.
func (h *handlers) flushAudit(ctx context.Context) error {
	if h.cfg.Audit == nil {
		return nil
	}
	return h.cfg.Audit.Flush(ctx)
}

type exportAuditIn struct {
	AuditSelection
	Format string `query:"format" enum:"csv,jsonl" default:"csv"`
}

func (h *handlers) exportAudit(ctx context.Context, in *exportAuditIn) (*huma.StreamResponse, error) {
	if err := h.flushAudit(ctx); err != nil {
		return nil, err
	}
	inst, filter := instance(ctx), in.filter()
	page := func(before int64) ([]catalog.AuditEntry, error) {
		return h.cfg.Store.Audit(ctx, inst, filter, before, auditPage)
	}
	first, err := page(0) // before the answer begins: it may fail
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hctx huma.Context) {
		w := bufio.NewWriter(hctx.BodyWriter())
		write := writeAuditLines
		hctx.SetHeader("Content-Disposition", `attachment; filename="audit.`+in.Format+`"`)
		if in.Format == "csv" {
			write = writeAuditCSV
			hctx.SetHeader("Content-Type", "text/csv; charset=utf-8")
			_, _ = w.WriteString(strings.Join(auditColumns, ",") + "\r\n")
		} else {
			hctx.SetHeader("Content-Type", "application/x-ndjson")
		}
		for entries := first; ; {
			if write(w, entries) != nil || len(entries) < auditPage {
				break
			}
			if entries, err = page(entries[len(entries)-1].ID); err != nil {
				h.cfg.Logger.ErrorContext(ctx, "api: exporting the audit log", "error", err)
				panic(http.ErrAbortHandler) // half a log must not look whole
			}
		}
		_ = w.Flush() // nobody reads any more, if it fails
	}}, nil
}

// auditPage is how many entries are read at a time.
const auditPage = 1000

var auditColumns = []string{"id", "at", "actor", "via", "address", "action", "namespace", "target", "result", "detail", "count"}

func writeAuditLines(w io.Writer, entries []catalog.AuditEntry) error {
	enc := json.NewEncoder(w)
	for _, e := range entries {
		if err := enc.Encode(auditEntry(e)); err != nil {
			return err
		}
	}
	return nil
}

func writeAuditCSV(w io.Writer, entries []catalog.AuditEntry) error {
	out := csv.NewWriter(w)
	out.UseCRLF = true
	for _, e := range entries {
		row := []string{strconv.FormatInt(e.ID, 10), e.At.Format(time.RFC3339), e.Actor, e.Via, e.Address, e.Action, e.Namespace, e.Target,
			string(e.Result), e.Detail, strconv.FormatInt(e.Count, 10)}
		for i, cell := range row {
			row[i] = noFormula(cell)
		}
		if err := out.Write(row); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// noFormula keeps a spreadsheet from taking what somebody sent for a formula.
func noFormula(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}
