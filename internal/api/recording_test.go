package api

import (
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
)

// TestNothingSecretIsTold: no body that the audit log repeats has a place for
// something secret, and each that is named exists.
func TestNothingSecretIsTold(t *testing.T) {
	secret := regexp.MustCompile(`(?i)password|token|secret|content`)
	h := &handlers{cfg: Config{Logger: slog.New(slog.DiscardHandler)}}
	spec := h.describe(http.NewServeMux())
	found := make(map[string]bool)
	for _, item := range spec.Paths {
		for _, op := range []*huma.Operation{item.Post, item.Put, item.Patch, item.Delete} {
			if op == nil || !told[op.OperationID] {
				continue
			}
			found[op.OperationID] = true
			var look func(at string, s *huma.Schema)
			look = func(at string, s *huma.Schema) {
				if s == nil {
					return
				}
				if s.Ref != "" {
					s = spec.Components.Schemas.SchemaFromRef(s.Ref)
				}
				look(at+"[]", s.Items)
				for name, p := range s.Properties {
					if secret.MatchString(name) {
						t.Errorf("the audit log would repeat %s.%s", at, name)
					}
					look(at+"."+name, p)
				}
			}
			if op.RequestBody == nil {
				t.Errorf("%s has no body", op.OperationID)
				continue
			}
			for _, media := range op.RequestBody.Content {
				look(op.OperationID, media.Schema)
			}
		}
	}
	for name := range told {
		if !found[name] {
			t.Errorf("there is no operation %s", name)
		}
	}
}

func TestWhatIsToldIsBounded(t *testing.T) {
	for _, size := range []int{0, 1, maxTold, maxTold + 1, maxTold + 4, 3 * maxTold} {
		var r recording
		for rest := size; rest > 0; rest -= 100 {
			n, err := r.Write([]byte(strings.Repeat("x", min(rest, 100))))
			if n != min(rest, 100) || err != nil {
				t.Fatalf("%d bytes, %v", n, err)
			}
		}
		if got, want := r.body.Len(), min(size, maxTold+4); got != want {
			t.Errorf("%d of %d bytes are kept, want %d", got, size, want)
		}
	}
}
