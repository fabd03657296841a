package api

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pratique/pratique/internal/access"
	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/vex"
)

func (h *handlers) registerOpenVEX(api huma.API) {
	tags := []string{"Exceptions"}
	route(h, api, huma.Operation{
		OperationID: "exportExceptions", Method: http.MethodGet, Path: "/exceptions/openvex", Tags: tags,
		Summary: "Write exceptions about vulnerabilities as one OpenVEX document",
		Description: "Those in force, unless another state is asked for. What whitelists becomes not_affected (fixed, if the reason begins so), what ignores under_investigation. " +
			"Exceptions that name no vulnerability have no place in such a document.",
	}, h.exportExceptions)
	route(h, api, huma.Operation{
		OperationID: "importExceptions", Method: http.MethodPost, Path: "/exceptions/openvex", Tags: tags,
		Summary: "Make exceptions of an OpenVEX document", MaxBodyBytes: vex.MaxDocument + 1, SkipValidateBody: true,
		RequestBody: &huma.RequestBody{Required: true, Description: "An OpenVEX 0.2.0 document", Content: map[string]*huma.MediaType{
			"application/json": {Schema: &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true}},
		}},
		Description: "Every statement is answered for. What is there already stays as it is, so a document can be imported again. What is affected never becomes an exception.",
	}, h.importExceptions)
}

type exportExceptionsIn struct {
	InExceptionFilter
	Registry string `query:"registry" maxLength:"255" pattern:"^[A-Za-z0-9.:-]*$" example:"registry.example.com" doc:"Host, perhaps with port, to stand before the names of repositories, as scanners expect it"`
}

type exportExceptionsOut struct {
	ContentType        string `header:"Content-Type"`
	ContentDisposition string `header:"Content-Disposition"`
	Body               []byte
}

func (h *handlers) exportExceptions(ctx context.Context, in *exportExceptionsIn) (*exportExceptionsOut, error) {
	f := in.filter()
	if f.State == "" {
		f.State = catalog.ExceptionActive
	}
	var list []catalog.Exception
	sight := h.sight(ctx)
	for page := (catalog.Page{Limit: 1000}); ; {
		found, err := h.cfg.Store.Exceptions(ctx, instance(ctx), f, page)
		if err != nil {
			return nil, err
		}
		for _, e := range found {
			if sight.seesException(ctx, &e) {
				list = append(list, sight.part(ctx, e))
			}
		}
		if sight.err != nil {
			return nil, sight.err
		}
		if len(found) < page.Limit || len(list) >= catalog.MaxExceptions {
			break
		}
		page.After = exceptionAfter(found[len(found)-1])
	}
	doc, left, err := vex.Export(list, vex.ExportOptions{Author: author(ctx), Registry: in.Registry, Now: h.cfg.Now()})
	if err != nil {
		return nil, err
	}
	if doc == nil {
		return nil, catalog.Errorf(catalog.NotFound, "nothing_to_export", "none of %d exceptions is about a vulnerability", left).
			Advise("OpenVEX has statements about vulnerabilities only; list the exceptions to see what there is")
	}
	return &exportExceptionsOut{ContentType: "application/json", ContentDisposition: `attachment; filename="exceptions.openvex.json"`, Body: doc}, nil
}

type importExceptionsIn struct {
	RawBody []byte `contentType:"application/json"`
}

// ExceptionImport tells what became of a document.
type ExceptionImport struct {
	Created   int                 `json:"created" doc:"Exceptions that were made"`
	Unchanged int                 `json:"unchanged" doc:"Exceptions that were there already"`
	Refused   int                 `json:"refused" doc:"Statements of which not all became exceptions"`
	Items     []ImportedStatement `json:"items" nullable:"false" doc:"All statements, in their order"`
}

// ImportedStatement tells what became of a statement.
type ImportedStatement struct {
	Statement     int     `json:"statement" doc:"Its place in the document, from 1"`
	Vulnerability string  `json:"vulnerability"`
	Status        string  `json:"status" enum:"not_affected,affected,fixed,under_investigation"`
	Exceptions    []int64 `json:"exceptions" nullable:"false" doc:"The exceptions that stand for it"`
	Problem       string  `json:"problem,omitempty" doc:"Why it, or a part of it, is no exception"`
}

type importExceptionsOut struct {
	Body ExceptionImport
}

func (h *handlers) importExceptions(ctx context.Context, in *importExceptionsIn) (*importExceptionsOut, error) {
	if err := h.maySomewhere(ctx, access.Handle); err != nil {
		return nil, err
	}
	doc, err := vex.Parse(in.RawBody)
	if err != nil {
		return nil, catalog.Errorf(catalog.Invalid, "openvex_invalid", "%w", err).
			Advise("send an OpenVEX 0.2.0 document of at most %d bytes and %d statements", vex.MaxDocument, vex.MaxStatements)
	}
	out := ExceptionImport{Items: make([]ImportedStatement, 0, len(doc.Statements))}
	for _, imported := range vex.Import(doc) {
		s := doc.Statements[imported.Statement-1]
		item := ImportedStatement{Statement: imported.Statement, Vulnerability: s.Vulnerability.Name, Status: string(s.Status),
			Exceptions: []int64{}, Problem: imported.Problem}
		for _, e := range imported.Exceptions {
			e.InstanceID = instance(ctx)
			made, created, err := h.importException(ctx, e)
			if problem := (*catalog.Error)(nil); errors.As(err, &problem) && mapsBadly(problem.Kind) {
				item.Problem = problem.Error()
				continue
			}
			if err != nil {
				return nil, err
			}
			item.Exceptions = append(item.Exceptions, made.ID)
			if created {
				out.Created++
			} else {
				out.Unchanged++
			}
		}
		if item.Problem != "" {
			out.Refused++
		}
		out.Items = append(out.Items, item)
	}
	return &importExceptionsOut{out}, nil
}

// importException makes an exception where the actor may.
func (h *handlers) importException(ctx context.Context, e catalog.Exception) (made catalog.Exception, created bool, err error) {
	if err := h.mayHandle(ctx, e); err != nil {
		return e, false, err
	}
	return h.cfg.Store.ImportException(ctx, e, author(ctx))
}

// mapsBadly tells errors that are about what a statement says from those that are
// about us.
func mapsBadly(kind catalog.Kind) bool {
	return slices.Contains([]catalog.Kind{catalog.Invalid, catalog.NotFound, catalog.Conflict, catalog.Denied}, kind)
}
