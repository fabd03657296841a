package registry

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/pratique/pratique/internal/access"
	"github.com/pratique/pratique/internal/blob"
	"github.com/pratique/pratique/internal/catalog"
)

// answer is how an error looks to a registry client.
type answer struct {
	status int
	code   string // of the OCI distribution specification, or Docker's
}

// answers maps the codes of errors that have an OCI code of their own.
var answers = map[string]answer{
	"path_unknown":            {http.StatusNotFound, "UNSUPPORTED"},
	"method_unsupported":      {http.StatusMethodNotAllowed, "UNSUPPORTED"},
	"name_invalid":            {http.StatusBadRequest, "NAME_INVALID"},
	"namespace_name_invalid":  {http.StatusBadRequest, "NAME_INVALID"},
	"repository_name_invalid": {http.StatusBadRequest, "NAME_INVALID"},
	"namespace_not_found":     {http.StatusNotFound, "NAME_UNKNOWN"},
	"repository_not_found":    {http.StatusNotFound, "NAME_UNKNOWN"},
	"tag_invalid":             {http.StatusBadRequest, "TAG_INVALID"},
	"page_invalid":            {http.StatusBadRequest, "PAGINATION_NUMBER_INVALID"},
	"digest_invalid":          {http.StatusBadRequest, "DIGEST_INVALID"},
	"digest_mismatch":         {http.StatusBadRequest, "DIGEST_INVALID"},
	"blob_unknown":            {http.StatusNotFound, "BLOB_UNKNOWN"},
	"upload_unknown":          {http.StatusNotFound, "BLOB_UPLOAD_UNKNOWN"},
	"upload_disorder":         {http.StatusRequestedRangeNotSatisfiable, "BLOB_UPLOAD_INVALID"},
	"content_range_invalid":   {http.StatusBadRequest, "BLOB_UPLOAD_INVALID"},
	"size_mismatch":           {http.StatusBadRequest, "SIZE_INVALID"},
	"blob_too_large":          {http.StatusRequestEntityTooLarge, "SIZE_INVALID"},
	"body_incomplete":         {http.StatusBadRequest, "BLOB_UPLOAD_INVALID"},
	"manifest_unknown":        {http.StatusNotFound, "MANIFEST_UNKNOWN"},
	"manifest_not_acceptable": {http.StatusNotFound, "MANIFEST_UNKNOWN"},
	"manifest_blob_unknown":   {http.StatusNotFound, "MANIFEST_BLOB_UNKNOWN"},
	"manifest_too_large":      {http.StatusRequestEntityTooLarge, "MANIFEST_INVALID"},
	"media_type_unsupported":  {http.StatusBadRequest, "MANIFEST_INVALID"},
	"too_many_tags":           {http.StatusRequestURITooLong, "MANIFEST_INVALID"},

	string(catalog.CauseSchema1): {http.StatusBadRequest, "MANIFEST_INVALID"},
}

// kindAnswers maps all other errors by their kind.
var kindAnswers = map[catalog.Kind]answer{
	catalog.NotFound:     {http.StatusNotFound, "NAME_UNKNOWN"},
	catalog.Invalid:      {http.StatusBadRequest, "MANIFEST_INVALID"},
	catalog.Unauthorized: {http.StatusUnauthorized, "UNAUTHORIZED"},
	catalog.Denied:       {http.StatusForbidden, "DENIED"},
	catalog.Conflict:     {http.StatusConflict, "DENIED"},
	catalog.TooLarge:     {http.StatusRequestEntityTooLarge, "SIZE_INVALID"},
	catalog.Blocked:      {http.StatusPreconditionFailed, "PROJECTPOLICYVIOLATION"},
	catalog.Busy:         {http.StatusTooManyRequests, "TOOMANYREQUESTS"},
	catalog.Unavailable:  {http.StatusServiceUnavailable, "UNAVAILABLE"},
	catalog.Internal:     {http.StatusInternalServerError, "UNKNOWN"},
}

// scanPatience is after what time it makes sense to ask again for an image that
// is being scanned.
const scanPatience = 15 * time.Second

// answerOf maps an error to what a registry client is told. This is the only
// place where that is decided.
func answerOf(err error) answer {
	var e *catalog.Error
	if errors.As(err, &e) {
		if a, ok := answers[e.Code]; ok {
			return a
		}
	}
	var disorder *blob.RangeError
	if errors.As(err, &disorder) {
		return answers["upload_disorder"]
	}
	if a, ok := kindAnswers[catalog.KindOf(err)]; ok {
		return a
	}
	return kindAnswers[catalog.Internal]
}

// detailed adds a machine-readable detail to an error.
type detailed struct {
	error
	detail any
}

func (d detailed) Unwrap() error { return d.error }

// errorBody is the form of errors in the OCI distribution specification.
type errorBody struct {
	Errors []errorEntry `json:"errors"`
}

type errorEntry struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Detail  any    `json:"detail,omitempty"`
}

// fail answers with an error. Only texts of catalog errors, which are meant for
// it, reach the client; all else goes to the log.
func (reg *Registry) fail(w http.ResponseWriter, r *http.Request, err error) {
	a := answerOf(err)
	entry := errorEntry{Code: a.code, Message: "something went wrong; the registry's log says what"}
	var known *catalog.Error
	var disorder *blob.RangeError
	var d detailed
	switch {
	case errors.As(err, &known):
		entry.Message = known.Error()
	case errors.As(err, &disorder):
		entry.Message = disorder.Error()
	}
	if errors.As(err, &d) {
		entry.Detail = d.detail
	}
	switch {
	case r.Context().Err() != nil && errors.Is(err, context.Canceled):
		reg.log.Debug("client went away", "method", r.Method, "path", access.MaskTokens(r.URL.Path))
	case a.status >= 500:
		reg.log.Error("request failed", "method", r.Method, "path", access.MaskTokens(r.URL.Path), "error", err)
	}
	h := w.Header()
	if a.status == http.StatusUnauthorized && h.Get("WWW-Authenticate") == "" {
		h.Set("WWW-Authenticate", access.Challenge(r, ""))
	}
	if a.status == http.StatusTooManyRequests || a.status == http.StatusServiceUnavailable {
		wait := max(access.RetryAfter(err), time.Second)
		h.Set("Retry-After", strconv.Itoa(int(wait/time.Second)))
	}
	var refused refusedFor
	if errors.As(err, &refused) && refused.passing() {
		h.Set("Retry-After", strconv.Itoa(int(scanPatience/time.Second)))
	}
	h.Set("Content-Type", "application/json")
	w.WriteHeader(a.status)
	// Nothing can be done for a client that does not read it.
	_ = json.NewEncoder(w).Encode(errorBody{[]errorEntry{entry}})
}
