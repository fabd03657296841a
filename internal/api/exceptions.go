package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pratique/pratique/internal/access"
	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/report"
)

func (h *handlers) registerExceptions(api huma.API) {
	tags := []string{"Exceptions"}
	route(h, api, huma.Operation{
		OperationID: "listExceptions", Method: http.MethodGet, Path: "/exceptions", Tags: tags,
		Summary:     "List decisions about findings by id",
		Description: "A namespace, repository or digest selects whatever holds for something in it, so also what holds for all images. Removed ones are listed only on request.",
	}, h.listExceptions)
	route(h, api, huma.Operation{
		OperationID: "createException", Method: http.MethodPost, Path: "/exceptions", Tags: tags,
		DefaultStatus: http.StatusCreated, Summary: "Ignore or whitelist findings",
		Description: "What is ignored stays in reports, marked. What is whitelisted goes away and does not block downloads.",
	}, h.createException)
	route(h, api, huma.Operation{
		OperationID: "listExceptionHistory", Method: http.MethodGet, Path: "/exceptions/history", Tags: tags,
		Summary: "List what happened to exceptions, latest first, removed ones included",
	}, h.listExceptionHistory)
	route(h, api, huma.Operation{
		OperationID: "getException", Method: http.MethodGet, Path: "/exceptions/{exception}", Tags: tags,
		Summary: "Get an exception, also a removed one",
	}, h.getException)
	route(h, api, huma.Operation{
		OperationID: "changeException", Method: http.MethodPatch, Path: "/exceptions/{exception}", Tags: tags,
		Summary:     "Give an exception another reason or expiry",
		Description: "What is absent keeps its value. One that has expired counts again with a later expiry.",
	}, h.changeException)
	route(h, api, huma.Operation{
		OperationID: "removeException", Method: http.MethodDelete, Path: "/exceptions/{exception}", Tags: tags,
		Summary:     "Remove an exception: what it was about is handled no more",
		Description: "It stays in the history.",
	}, h.removeException)
}

// Exception is a decision about findings in certain images.
type Exception struct {
	ID      int64                   `json:"id"`
	Scope   catalog.ExceptionScope  `json:"scope" enum:"instance,namespace,repository,artifact" doc:"What kind of thing it holds for"`
	Targets []Target                `json:"targets" nullable:"false" doc:"What it holds for; empty for the whole instance"`
	Action  catalog.ExceptionAction `json:"action" enum:"ignore,whitelist"`
	ExceptionCriteria
	Author    string                 `json:"author" doc:"Who made it"`
	Reason    string                 `json:"reason"`
	State     catalog.ExceptionState `json:"state" enum:"active,expired,removed"`
	CreatedAt time.Time              `json:"createdAt"`
	UpdatedAt time.Time              `json:"updatedAt"`
	ExpiresAt time.Time              `json:"expiresAt,omitzero" doc:"From when it no longer counts; absent if it never expires"`
	RemovedAt time.Time              `json:"removedAt,omitzero"`
}

// ExceptionCriteria say which findings an exception is about: those for which
// all that is given holds.
type ExceptionCriteria struct {
	Category      report.Category `json:"category,omitempty" enum:"system-vulnerability,application-vulnerability,malicious-file,software,files,unsafe-setting,weak-password,sensitive-information,software-compliance,base-image" doc:"Alone it is possible for single artifacts only"`
	Vulnerability string          `json:"vulnerability,omitempty" maxLength:"64" example:"CVE-2019-10164" doc:"Id of a vulnerability, or an alias"`
	Package       string          `json:"package,omitempty" maxLength:"256" doc:"Name of a package"`
	FindingID     string          `json:"findingId,omitempty" maxLength:"64" doc:"Id of a single finding, as reports show it"`
	Rule          string          `json:"rule,omitempty" maxLength:"128" doc:"Id of the rule that found it"`
	Path          string          `json:"path,omitempty" maxLength:"512" example:"srv/**/*.json" doc:"Pattern that all places of the finding must fit: * and ? within a name, ** for any number of directories"`
}

// Target is a namespace, a repository or an artifact.
type Target struct {
	_          struct{} `additionalProperties:"false"`
	Namespace  string   `json:"namespace" example:"team"`
	Repository string   `json:"repository,omitempty" doc:"Absent for a whole namespace" example:"backend/api"`
	Reference  string   `json:"reference,omitempty" doc:"A digest, or a tag, which stands for the artifact it names now; absent for a whole repository"`
}

// ExceptionCreate asks for an exception.
type ExceptionCreate struct {
	_       struct{}                `additionalProperties:"false"`
	Scope   catalog.ExceptionScope  `json:"scope" enum:"instance,namespace,repository,artifact"`
	Targets []Target                `json:"targets,omitempty" maxItems:"100" doc:"Things of that kind; none for the whole instance"`
	Action  catalog.ExceptionAction `json:"action" enum:"ignore,whitelist"`
	ExceptionCriteria
	Reason    string    `json:"reason" doc:"Why, in up to 512 characters"`
	ExpiresAt time.Time `json:"expiresAt,omitzero" doc:"From when it is not to count any more; absent for never"`
}

// ExceptionChange modifies an exception. What is absent keeps its value.
type ExceptionChange struct {
	_            struct{}   `additionalProperties:"false"`
	Reason       *string    `json:"reason,omitempty" doc:"Why, in up to 512 characters"`
	ExpiresAt    *time.Time `json:"expiresAt,omitempty" doc:"From when it is not to count any more"`
	NeverExpires bool       `json:"neverExpires,omitempty" doc:"Takes the expiry away"`
}

// ExceptionEvent is an entry of the handling history.
type ExceptionEvent struct {
	ID        int64     `json:"id"`
	At        time.Time `json:"at"`
	What      string    `json:"what" enum:"created,changed,removed"`
	Author    string    `json:"author" doc:"Who did it; empty for the program itself"`
	Reason    string    `json:"reason" doc:"What was said then"`
	ExpiresAt time.Time `json:"expiresAt,omitzero" doc:"The expiry from then on"`
	Exception Exception `json:"exception" doc:"What it happened to, as it is today"`
}

func (h *handlers) exception(e catalog.Exception) Exception {
	out := Exception{
		ID: e.ID, Scope: e.Scope, Targets: make([]Target, len(e.Targets)), Action: e.Action,
		ExceptionCriteria: ExceptionCriteria(e.Criteria),
		Author:            e.Author, Reason: e.Reason, State: e.State(h.cfg.Now()),
		CreatedAt: e.CreatedAt, UpdatedAt: e.UpdatedAt, ExpiresAt: e.ExpiresAt, RemovedAt: e.EndedAt,
	}
	for i, t := range e.Targets {
		out.Targets[i] = Target{Namespace: t.Namespace, Repository: t.Repository, Reference: t.Digest}
	}
	return out
}

// InExceptionFilter selects exceptions.
type InExceptionFilter struct {
	ID            int64                   `query:"exception" minimum:"1" doc:"Only this one"`
	Namespace     string                  `query:"namespace" maxLength:"64" doc:"Only what holds for something in this namespace"`
	Repository    string                  `query:"repository" maxLength:"255" doc:"Only what holds for something in this repository of the namespace"`
	Digest        string                  `query:"digest" maxLength:"140" doc:"Only what holds for this artifact of the repository"`
	Vulnerability string                  `query:"vulnerability" maxLength:"64" doc:"Only what names this vulnerability"`
	Finding       string                  `query:"finding" maxLength:"64" doc:"Only what names this finding"`
	Rule          string                  `query:"rule" maxLength:"128" doc:"Only what names this rule"`
	Category      report.Category         `query:"category" enum:"system-vulnerability,application-vulnerability,malicious-file,software,files,unsafe-setting,weak-password,sensitive-information,software-compliance,base-image" doc:"Only what names this category"`
	Action        catalog.ExceptionAction `query:"action" enum:"ignore,whitelist"`
	State         catalog.ExceptionState  `query:"state" enum:"active,expired,removed" doc:"Only those in this state"`
}

func (in InExceptionFilter) filter() catalog.ExceptionFilter {
	return catalog.ExceptionFilter{
		ID: in.ID, Target: catalog.Target{Namespace: in.Namespace, Repository: in.Repository, Digest: in.Digest},
		Vulnerability: in.Vulnerability, FindingID: in.Finding, Rule: in.Rule, Category: in.Category,
		Action: in.Action, State: in.State,
	}
}

type listExceptionsIn struct {
	InExceptionFilter
	Paging
}

type listExceptionsOut struct {
	Body List[Exception]
}

func (h *handlers) listExceptions(ctx context.Context, in *listExceptionsIn) (*listExceptionsOut, error) {
	sight := h.sight(ctx)
	found, err := seenOnly(in.Limit+1, in.After, func(after string, n int) ([]catalog.Exception, error) {
		return h.cfg.Store.Exceptions(ctx, instance(ctx), in.filter(), catalog.Page{After: after, Limit: n})
	}, exceptionAfter, func(e catalog.Exception) bool { return sight.seesException(ctx, &e) })
	if err := errors.Join(err, sight.err); err != nil {
		return nil, err
	}
	convert := func(e catalog.Exception) Exception { return h.exception(sight.part(ctx, e)) }
	return &listExceptionsOut{listOf(found, in.Paging, convert, exceptionAfter)}, nil
}

// exceptionAfter names the page after an exception.
func exceptionAfter(e catalog.Exception) string { return strconv.FormatInt(e.ID, 10) }

type listExceptionHistoryOut struct {
	Body List[ExceptionEvent]
}

func (h *handlers) listExceptionHistory(ctx context.Context, in *listExceptionsIn) (*listExceptionHistoryOut, error) {
	sight := h.sight(ctx)
	id := func(v catalog.ExceptionEvent) string { return strconv.FormatInt(v.ID, 10) }
	found, err := seenOnly(in.Limit+1, in.After, func(after string, n int) ([]catalog.ExceptionEvent, error) {
		return h.cfg.Store.ExceptionEvents(ctx, instance(ctx), in.filter(), catalog.Page{After: after, Limit: n})
	}, id, func(v catalog.ExceptionEvent) bool { return sight.seesException(ctx, &v.Exception) })
	if err := errors.Join(err, sight.err); err != nil {
		return nil, err
	}
	return &listExceptionHistoryOut{listOf(found, in.Paging, func(v catalog.ExceptionEvent) ExceptionEvent {
		return ExceptionEvent{ID: v.ID, At: v.At, What: v.What, Author: v.Author, Reason: v.Reason, ExpiresAt: v.ExpiresAt, Exception: h.exception(sight.part(ctx, v.Exception))}
	}, id)}, nil
}

type createExceptionIn struct {
	Body ExceptionCreate
}

type createExceptionOut struct {
	Location string `header:"Location"`
	Body     Exception
}

func (h *handlers) createException(ctx context.Context, in *createExceptionIn) (*createExceptionOut, error) {
	e := catalog.Exception{
		InstanceID: instance(ctx), Scope: in.Body.Scope, Action: in.Body.Action,
		Criteria: catalog.Criteria(in.Body.ExceptionCriteria),
		Author:   author(ctx), Reason: in.Body.Reason, ExpiresAt: in.Body.ExpiresAt,
	}
	for _, t := range in.Body.Targets {
		if err := h.may(ctx, access.Handle, t.Namespace); err != nil {
			return nil, err // before it is looked up
		}
		target, err := h.target(ctx, t)
		if err != nil {
			return nil, err
		}
		e.Targets = append(e.Targets, target)
	}
	if err := h.mayHandle(ctx, e); err != nil {
		return nil, err
	}
	made, err := h.cfg.Store.CreateException(ctx, e)
	if err != nil {
		return nil, err
	}
	return &createExceptionOut{Location: fmt.Sprintf("%s/exceptions/%d", Prefix, made.ID), Body: h.exception(made)}, nil
}

// target finds the artifact that a tag names.
func (h *handlers) target(ctx context.Context, t Target) (catalog.Target, error) {
	out := catalog.Target{Namespace: t.Namespace, Repository: t.Repository}
	if t.Reference == "" {
		return out, nil
	}
	p, err := h.pull(ctx, &InArtifact{InRepository{InNamespace{t.Namespace}, t.Repository}, t.Reference})
	out.Digest = p.Artifact.Digest
	return out, err
}

// InException is the part of a path that names an exception.
type InException struct {
	ID int64 `path:"exception" doc:"Id of the exception"`
}

type exceptionOut struct {
	Body Exception
}

func (h *handlers) getException(ctx context.Context, in *InException) (*exceptionOut, error) {
	e, err := h.exceptionFor(ctx, in.ID, access.Read)
	if err != nil {
		return nil, err
	}
	return &exceptionOut{h.exception(e)}, nil
}

// exceptionFor reads an exception for somebody who wants to do what verb says.
// Of its targets there are those the actor may see; one without any is not
// there.
func (h *handlers) exceptionFor(ctx context.Context, id int64, verb access.Verb) (catalog.Exception, error) {
	e, err := h.cfg.Store.Exception(ctx, instance(ctx), id)
	if err != nil {
		return e, err
	}
	sight := h.sight(ctx)
	if !sight.seesException(ctx, &e) {
		if sight.err != nil {
			return e, sight.err
		}
		return e, catalog.Errorf(catalog.NotFound, "exception_not_found", "there is no exception %d", id)
	}
	if verb == access.Read {
		return sight.part(ctx, e), nil
	}
	if err = h.mayHandle(ctx, e); catalog.Is(err, catalog.NotFound) {
		err = catalog.Errorf(catalog.Denied, "denied", "exception %d also holds where %s may not decide", id, author(ctx)).
			Advise("ask an administrator")
	}
	return e, err
}

// mayHandle refuses a decision to whoever may not make it everywhere it holds.
func (h *handlers) mayHandle(ctx context.Context, e catalog.Exception) error {
	if len(e.Targets) == 0 {
		return h.may(ctx, access.Handle, "")
	}
	for _, t := range e.Targets {
		if err := h.may(ctx, access.Handle, t.Namespace); err != nil {
			return err
		}
	}
	return nil
}

// seesException reports whether the actor may see something that an exception
// holds for.
func (s *sight) seesException(ctx context.Context, e *catalog.Exception) bool {
	return len(e.Targets) == 0 || slices.ContainsFunc(e.Targets, func(t catalog.Target) bool { return s.sees(ctx, t.Namespace) })
}

// part leaves out the targets the actor may not see.
func (s *sight) part(ctx context.Context, e catalog.Exception) catalog.Exception {
	e.Targets = slices.DeleteFunc(slices.Clone(e.Targets), func(t catalog.Target) bool { return !s.sees(ctx, t.Namespace) })
	return e
}

type changeExceptionIn struct {
	InException
	Body ExceptionChange
}

func (h *handlers) changeException(ctx context.Context, in *changeExceptionIn) (*exceptionOut, error) {
	change := catalog.ExceptionChange{Author: author(ctx), Reason: in.Body.Reason, ExpiresAt: in.Body.ExpiresAt}
	if in.Body.NeverExpires {
		if in.Body.ExpiresAt != nil {
			return nil, catalog.Errorf(catalog.Invalid, "exception_expiry_invalid", "the exception is to expire and never to expire").
				Advise(`send either "expiresAt" or "neverExpires"`)
		}
		change.ExpiresAt = new(time.Time)
	}
	if change.Reason == nil && change.ExpiresAt == nil {
		return nil, catalog.Errorf(catalog.Invalid, "nothing_to_change", "the request changes nothing").
			Advise("give a reason or an expiry; scope and criteria do not change: remove the exception and make another one")
	}
	if _, err := h.exceptionFor(ctx, in.ID, access.Handle); err != nil {
		return nil, err
	}
	e, err := h.cfg.Store.ChangeException(ctx, instance(ctx), in.ID, change)
	if err != nil {
		return nil, err
	}
	return &exceptionOut{h.exception(e)}, nil
}

type removeExceptionIn struct {
	InException
	Reason string `query:"reason" maxLength:"512" doc:"Why, for the history"`
}

func (h *handlers) removeException(ctx context.Context, in *removeExceptionIn) (*struct{}, error) {
	if _, err := h.exceptionFor(ctx, in.ID, access.Handle); err != nil {
		return nil, err
	}
	return nil, h.cfg.Store.RemoveException(ctx, instance(ctx), in.ID, author(ctx), in.Reason)
}
