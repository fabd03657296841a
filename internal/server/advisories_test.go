package server_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/pratique/pratique/internal/advisory/advisorytest"
	"github.com/pratique/pratique/internal/api"
)

// Somebody asks for advisories, is told why there are none, makes them
// available and asks again.
func TestUpdateAdvisories(t *testing.T) {
	cfg := config(t)
	e := start(t, cfg)
	ended := func(after time.Time) api.AdvisoryFetch {
		t.Helper()
		for {
			var list struct {
				Items []api.AdvisoryInfo
				Fetch api.AdvisoryFetch
			}
			a := e.do("GET", "/api/v1/advisories", nil)
			a.want(e, 200)
			if err := json.Unmarshal([]byte(a.body), &list); err != nil {
				t.Fatal(err)
			}
			if f := list.Fetch; !f.Running && f.EndedAt.After(after) {
				if (f.Error == "") != (len(list.Items) > 0) {
					t.Errorf("%d ecosystems and the error %q", len(list.Items), f.Error)
				}
				return f
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
	first := ended(time.Time{}) // began by itself
	if first.Source != cfg.Advisories.Source || !strings.Contains(first.Error, "nowhere") || first.NextAt.IsZero() {
		t.Errorf("first: %+v", first)
	}
	if err := os.CopyFS(cfg.Advisories.Source, os.DirFS(advisorytest.Bucket(t, records))); err != nil {
		t.Fatal(err)
	}
	e.do("POST", "/api/v1/advisories/update", nil).want(e, 202, cfg.Advisories.Source)
	if second := ended(first.EndedAt); second.Error != "" {
		t.Errorf("second: %+v", second)
	}
	e.do("GET", "/readyz", nil).want(e, 200)
}
