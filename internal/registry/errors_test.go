package registry

import (
	"errors"
	"fmt"
	"testing"

	"github.com/pratique/pratique/internal/blob"
	"github.com/pratique/pratique/internal/catalog"
)

func TestAnswerOf(t *testing.T) {
	make := func(kind catalog.Kind, code string) error { return catalog.Errorf(kind, code, "x") }
	cases := []struct {
		err    error
		status int
		code   string
	}{
		{make(catalog.Blocked, "pull_blocked"), 412, "PROJECTPOLICYVIOLATION"},
		{make(catalog.Unauthorized, "credentials_invalid"), 401, "UNAUTHORIZED"},
		{make(catalog.Denied, "denied"), 403, "DENIED"},
		{make(catalog.NotFound, "namespace_not_found"), 404, "NAME_UNKNOWN"},
		{make(catalog.NotFound, "repository_not_found"), 404, "NAME_UNKNOWN"},
		{make(catalog.NotFound, "blob_unknown"), 404, "BLOB_UNKNOWN"},
		{make(catalog.NotFound, "manifest_unknown"), 404, "MANIFEST_UNKNOWN"},
		{make(catalog.NotFound, "manifest_blob_unknown"), 404, "MANIFEST_BLOB_UNKNOWN"},
		{make(catalog.NotFound, "something_new"), 404, "NAME_UNKNOWN"},
		{make(catalog.TooLarge, "manifest_too_large"), 413, "MANIFEST_INVALID"},
		{make(catalog.TooLarge, "something_new"), 413, "SIZE_INVALID"},
		{make(catalog.Busy, "upload_busy"), 429, "TOOMANYREQUESTS"},
		{make(catalog.Unavailable, "no_space"), 503, "UNAVAILABLE"},
		{make(catalog.Invalid, "digest_mismatch"), 400, "DIGEST_INVALID"},
		{make(catalog.Invalid, string(catalog.CauseSchema1)), 400, "MANIFEST_INVALID"},
		{make(catalog.Conflict, "blob_in_use"), 409, "DENIED"},
		{make("strange", "x"), 500, "UNKNOWN"},
		{&blob.RangeError{}, 416, "BLOB_UPLOAD_INVALID"},
		{fmt.Errorf("wrapped: %w", make(catalog.Blocked, "x")), 412, "PROJECTPOLICYVIOLATION"},
		{errors.New("disk on fire"), 500, "UNKNOWN"},
	}
	for _, c := range cases {
		got := answerOf(c.err)
		if got.status != c.status || got.code != c.code {
			t.Errorf("%v: %d %s, want %d %s", c.err, got.status, got.code, c.status, c.code)
		}
	}
}
