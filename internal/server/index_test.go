package server_test

import (
	"strings"
	"testing"

	"github.com/pratique/pratique/internal/api"
	"github.com/pratique/pratique/internal/api/client"
	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/image/imagetest"
)

// An index is told of with its images, and is as the worst of them; what the
// instance refuses says why, and a pull of it is refused.
func TestIndexAndRefusals(t *testing.T) {
	cfg := config(t)
	importAdvisories(t, cfg.Data)
	e := start(t, cfg)
	e.namespace("team", strict())
	vulnerable := debian(t, "amd64")
	clean := imagetest.Build(t, "platform: linux/arm64\n-- layer --\n-- srv/app --\nx\n")
	for _, img := range []*imagetest.Image{vulnerable, clean} {
		e.push(img, "team/app", img.Digest)
	}
	raw, mediaType := imagetest.Index(t, vulnerable, clean)
	e.do("PUT", "/v2/team/app/manifests/1", raw, "Content-Type: "+mediaType).want(t, 201)
	index := client.Image{Namespace: "team", Repository: "app", Reference: "1"}
	s, err := e.control.LatestScan(e.Context(), index)
	e.must(err)
	if s, err = e.control.WaitForScan(e.Context(), index, s, nil); err != nil || s.ID != 0 || s.State != catalog.Success || s.Percent != 100 {
		t.Errorf("the scans of the index: %+v, %v", s, err)
	}
	a, err := e.control.Artifact(e.Context(), index)
	e.must(err)
	decisions := map[string]catalog.Decision{}
	for _, m := range a.Members {
		decisions[m.Platform] = m.Verdict.Decision
	}
	if len(a.Members) != 2 || decisions["linux/amd64"] != catalog.Block || decisions["linux/arm64"] != catalog.Allow {
		t.Errorf("the images: %+v", a.Members)
	}
	if a.Verdict.Decision != catalog.Allow || a.Verdict.Members != catalog.Block {
		t.Errorf("verdict: %+v", a.Verdict)
	}
	if a.ScanOverview == nil || a.ScanOverview.Findings == nil || a.ScanOverview.Findings.Severity != "critical" && a.ScanOverview.Findings.Total == 0 {
		t.Errorf("overview: %+v", a.ScanOverview)
	}
	e.do("POST", "/api/v1/namespaces/team/repositories/app/artifacts/1/scan", nil).want(t, 202, `"id":0`).
		header(t, "Location", "/api/v1/namespaces/team/repositories/app/artifacts/"+a.Digest+"/scan")

	// As the specification has it.
	swr := catalog.ProfileSWR
	_, err = e.control.SetSettings(e.Context(), api.SettingsChange{InstanceChange: catalog.InstanceChange{Profile: &swr}})
	e.must(err)
	e.do("POST", "/api/v1/namespaces/team/repositories/app/artifacts/1/scan", nil).want(t, 400, "multi_architecture")
	untagged := debian(t, "untagged")
	path := e.push(untagged, "team/other", untagged.Digest)
	e.do("GET", path, nil).want(t, 412, "it has no tag, and this instance scans tagged images only")
	for digest := range untagged.Blobs {
		if digest != untagged.Digest {
			e.do("GET", "/v2/team/other/blobs/"+digest, nil).want(t, 412, "cannot be scanned")
		}
	}
	other, err := e.control.Artifact(e.Context(), client.Image{Namespace: "team", Repository: "other", Reference: untagged.Digest})
	e.must(err)
	if other.NotScanned == nil || other.NotScanned.Code != "untagged" || !strings.Contains(other.NotScanned.Advice, "tag it") ||
		other.ScanOverview != nil || other.Verdict.Reason != "scan-refused" {
		t.Errorf("an untagged image: %+v", other)
	}
	e.do("POST", "/api/v1/namespaces/team/repositories/other/artifacts/"+untagged.Digest+"/scan", nil).want(t, 400, "untagged")
	// A tag makes it one that is scanned.
	e.push(untagged, "team/other", "1")
	if s := e.scanned("team", "other", "1"); s.State != catalog.Success {
		t.Errorf("tagged: %+v", s)
	}
}
