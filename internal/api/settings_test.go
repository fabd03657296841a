package api

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/pratique/pratique/internal/catalog"
)

func TestSettings(t *testing.T) {
	s := newService(t)
	get := func() (out Settings) {
		t.Helper()
		s.do("GET", "/settings", "", 200, &out)
		return out
	}
	check := func(what string, got, want Settings) {
		t.Helper()
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(Settings{}, "ChangedBy", "ChangedAt", "Set")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	standard := Settings{Profile: "default", ConcurrentScans: 10, ScanTimeout: 3 * 3600, ImageBytes: 50 << 30, Layers: 127, LayerBytes: 10 << 30, Refuse: []catalog.Refusal{}}
	check("by default", get(), standard)

	var put Settings
	s.do("PUT", "/settings", `{"revision":0,"concurrentScans":3,"scanTimeoutSeconds":600,"imageBytes":1048576,"layers":1,"layerBytes":107374182400,"refuse":["windows","chart"]}`, 200, &put)
	want := Settings{Profile: "default", ConcurrentScans: 3, ScanTimeout: 600, ImageBytes: 1 << 20, Layers: 1, LayerBytes: 100 << 30,
		Refuse: []catalog.Refusal{"chart", "windows"}, Revision: 1}
	check("all set", put, want)
	check("all read", get(), want)
	if put.ChangedBy == "" || put.ChangedAt.IsZero() {
		t.Errorf("nobody has changed it: %+v", put)
	}
	s.refused("PUT", "/settings", `{"revision":0}`, 409, "settings_changed")

	s.do("PUT", "/settings", `{"revision":1,"profile":"swr","concurrentScans":3}`, 200, &put)
	want = standard
	want.Profile, want.ConcurrentScans, want.Refuse, want.FirstInFirstOut, want.Revision = "swr", 3, catalog.Refusals(), true, 2
	check("the specification's", put, want)
	var n Namespace
	s.do("POST", "/namespaces", `{"name":"team"}`, 201, &n)
	if n.Gate.Waiting != "block" || n.Gate.Running != "block" {
		t.Errorf("pulls are held although the specification holds none: %+v", n.Gate)
	}
	s.do("PATCH", "/namespaces/team", `{"gate":{"waiting":"hold:30s"}}`, 200, &n)
	if n.Gate.Waiting != "hold:30s" {
		t.Errorf("what the namespace says does not count: %+v", n.Gate)
	}
	s.do("PUT", "/settings", `{"revision":2}`, 200, &put)
	standard.Revision = 3
	check("reset", put, standard)

	for _, bad := range []string{
		`"concurrentScans":0`, `"concurrentScans":101`, `"concurrentScans":-1`, `"concurrentScans":1.5`, `"concurrentScans":"10"`,
		`"scanTimeoutSeconds":59`, `"scanTimeoutSeconds":86401`, `"imageBytes":1048575`, `"imageBytes":536870912001`,
		`"layers":0`, `"layers":1001`, `"layerBytes":0`, `"layerBytes":107374182401`, `"layerBytes":99999999999999999999`,
		`"profile":"harbor"`, `"profile":""`, `"refuse":["linux"]`, `"limits":3`,
	} {
		s.refused("PUT", "/settings", fmt.Sprintf(`{"revision":3,%s}`, bad), 400, "invalid_request")
	}
	s.refused("PUT", "/settings", `{}`, 400, "invalid_request")
	check("after what was refused", get(), standard)
}
