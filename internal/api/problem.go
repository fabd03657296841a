package api

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"reflect"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pratique/pratique/internal/access"
	"github.com/pratique/pratique/internal/catalog"
)

// Problem is the answer to a request that did not succeed (RFC 9457).
type Problem struct {
	Title  string `json:"title" doc:"The HTTP status in words" example:"Not Found"`
	Status int    `json:"status" doc:"The HTTP status" example:"404"`
	Code   string `json:"code" doc:"What happened, stable and machine-readable" example:"namespace_not_found"`
	Detail string `json:"detail" doc:"What happened, and to what" example:"there is no namespace team"`
	Advice string `json:"advice,omitempty" doc:"What to do next" example:"create it first"`
	// Errors is set for input that does not fit the schema.
	Errors []FieldError `json:"errors,omitempty" nullable:"false" doc:"The parts of the request that are wrong"`

	// retry is when it makes sense to try again, 0 if nobody knows.
	retry time.Duration
	// challenge asks for a password in an answer with status 401; Basic if empty.
	challenge string
}

// FieldError is one part of a request that is wrong.
type FieldError struct {
	Location string `json:"location" doc:"Where" example:"body.allowlist.items[3].cveId"`
	Message  string `json:"message" doc:"What is wrong with it"`
}

var (
	problemType = reflect.TypeFor[Problem]()
	errorModel  = reflect.TypeFor[huma.ErrorModel]()
)

// Error returns detail and advice.
func (p *Problem) Error() string {
	if p.Advice == "" {
		return p.Detail
	}
	return p.Detail + ": " + p.Advice
}

// GetStatus returns the HTTP status, for huma.
func (p *Problem) GetStatus() int { return p.Status }

// GetHeaders returns what else an answer with this status must say, for huma.
func (p *Problem) GetHeaders() http.Header {
	header := http.Header{}
	switch p.Status {
	case http.StatusUnauthorized:
		header.Set("WWW-Authenticate", cmp.Or(p.challenge, `Basic realm="pratique", charset="UTF-8"`))
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		header.Set("Retry-After", strconv.Itoa(max(1, int(math.Ceil(p.retry.Seconds())))))
	}
	return header
}

// ContentType names the form of the answer, for huma.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// writeTo is write for a request that may be a page's own.
func (p *Problem) writeTo(w http.ResponseWriter, r *http.Request) {
	if p.Status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", access.BasicChallenge(r))
	}
	p.write(w)
}

// write answers a request that huma does not handle.
func (p *Problem) write(w http.ResponseWriter) {
	for k, v := range p.GetHeaders() {
		if w.Header().Get(k) == "" {
			w.Header()[k] = v
		}
	}
	w.Header().Set("Content-Type", p.ContentType(""))
	w.WriteHeader(p.Status)
	// The client is gone if this fails; there is nobody left to tell.
	_ = json.NewEncoder(w).Encode(p)
}

// statusOf maps the kinds of error to HTTP, once for the whole interface.
func statusOf(kind catalog.Kind) int {
	switch kind {
	case catalog.NotFound:
		return http.StatusNotFound
	case catalog.Invalid:
		return http.StatusBadRequest
	case catalog.Unauthorized:
		return http.StatusUnauthorized
	case catalog.Denied:
		return http.StatusForbidden
	case catalog.Conflict:
		return http.StatusConflict
	case catalog.TooLarge:
		return http.StatusRequestEntityTooLarge
	case catalog.Blocked:
		return http.StatusPreconditionFailed
	case catalog.Busy:
		return http.StatusTooManyRequests
	case catalog.Unavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// problem turns an error into the answer for the client. What is not meant for
// clients goes to the log.
func (h *handlers) problem(ctx context.Context, err error) *Problem {
	var known *catalog.Error
	if errors.As(err, &known) && statusOf(known.Kind) != http.StatusInternalServerError {
		if known.Kind == catalog.Unavailable {
			h.cfg.Logger.WarnContext(ctx, "api: unavailable", "error", err, "cause", known.Err)
		}
		status := statusOf(known.Kind)
		return &Problem{
			Title: http.StatusText(status), Status: status,
			Code: known.Code, Detail: known.Message, Advice: known.Advice,
			retry: access.RetryAfter(err), challenge: challenge(ctx),
		}
	}
	if ctx.Err() == nil {
		h.cfg.Logger.ErrorContext(ctx, "api: unexpected error", "error", err)
	}
	return internalProblem()
}

func internalProblem() *Problem {
	return &Problem{
		Title:  http.StatusText(http.StatusInternalServerError),
		Status: http.StatusInternalServerError,
		Code:   "internal",
		Detail: "the request failed for a reason inside the server",
		Advice: "try again; if it fails again, the server's log tells why",
	}
}

// challenge is what a request that is handled is asked for, if it may be a
// page's own.
func challenge(ctx context.Context) string {
	if c := askedOf(ctx); c.request != nil {
		return access.BasicChallenge(c.request)
	}
	return ""
}

// problemOfModel turns huma's own errors, which are about input that does not
// fit the schema, into problems. Values are not repeated: they may be secrets.
func problemOfModel(_ huma.Context, _ string, v any) (any, error) {
	m, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	status := badRequestStatus(m.Status)
	if status >= http.StatusInternalServerError {
		return internalProblem(), nil
	}
	p := &Problem{Title: http.StatusText(status), Status: status, Detail: m.Detail}
	for _, e := range m.Errors {
		p.Errors = append(p.Errors, FieldError{Location: e.Location, Message: e.Message})
	}
	switch status {
	case http.StatusRequestEntityTooLarge:
		p.Code, p.Advice = "body_too_large", "send a smaller request"
	case http.StatusUnsupportedMediaType:
		p.Code, p.Advice = "unsupported_media_type", "send JSON with Content-Type: application/json"
	case http.StatusRequestTimeout:
		p.Code, p.Advice = "body_timeout", "send the body without pauses"
	default:
		p.Code, p.Advice = "invalid_request", "correct what is wrong; "+Prefix+"/openapi.yaml describes every request"
		if len(p.Errors) > 0 {
			p.Detail = p.Errors[0].Message + " (" + p.Errors[0].Location + ")"
		}
	}
	return p, nil
}

// badRequestStatus makes one status of the two huma has for bad input.
func badRequestStatus(status int) int {
	if status == http.StatusUnprocessableEntity {
		return http.StatusBadRequest
	}
	return status
}
