package server_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pratique/pratique/internal/api"
	"github.com/pratique/pratique/internal/api/client"
	"github.com/pratique/pratique/internal/image/imagetest"
	"github.com/pratique/pratique/internal/report"
	"github.com/pratique/pratique/internal/server"
)

// baseText is a Debian image with a version of libhole; 2.0-1 is without the
// hole. It has nothing else to be found.
func baseText(version string) string {
	return `
user: app
healthcheck: app --check
-- layer --
ADD rootfs.tar /
-- etc/os-release --
PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
VERSION_ID="12"
ID=debian
-- var/lib/dpkg/status --
Package: libhole
Status: install ok installed
Architecture: amd64
Version: ` + version + `
`
}

// An application's base is known by its layers from the moment it is pushed,
// also through an index and in a namespace that is never scanned. What comes
// into its repository later is told when the application is scanned again.
func TestBaseImage(t *testing.T) {
	databases(t, func(t *testing.T, cfg server.Config) {
		importAdvisories(t, cfg.Data)
		e := start(t, cfg)
		e.namespace("base", api.NamespaceChange{AutoScan: ptr(false)})
		e.namespace("team", api.NamespaceChange{AutoScan: ptr(true)})
		pushBase := func(version, tag string) *imagetest.Image {
			t.Helper()
			amd64 := imagetest.Build(t, baseText(version))
			arm64 := imagetest.Build(t, "platform: linux/arm64\n"+baseText(version+"+arm"))
			for _, img := range []*imagetest.Image{amd64, arm64} {
				e.push(img, "base/debian", img.Digest)
			}
			index, mediaType := imagetest.Index(t, amd64, arm64)
			e.do("PUT", "/v2/base/debian/manifests/"+tag, index, "Content-Type: "+mediaType).want(t, 201)
			return amd64
		}
		app := client.Image{Namespace: "team", Repository: "app", Reference: "1"}
		base := func() *report.Base {
			t.Helper()
			if s := e.scanned(app.Namespace, app.Repository, app.Reference); s.State != "Success" {
				t.Fatalf("scan: %+v", s)
			}
			answer := e.do("GET", "/api/v1/namespaces/team/repositories/app/artifacts/1/report", nil).want(t, 200)
			return decode[report.Report](t, answer.body).Base
		}
		scanAgain := func(image client.Image) {
			t.Helper()
			_, err := e.control.RequestScan(t.Context(), image)
			e.must(err)
			if s := e.scanned(image.Namespace, image.Repository, image.Reference); s.State != "Success" {
				t.Fatalf("scan: %+v", s)
			}
		}

		old := pushBase("1.0-1", "12.4")
		e.push(imagetest.Build(t, baseText("1.0-1")+"-- layer --\nCOPY app /srv/\n-- srv/app --\n"), "team/app", "1")
		want := &report.Base{Name: "base/debian:12.4", Version: "12.4", Digest: old.Digest, Source: report.BaseByLayers, Layers: 1, Findings: 1}
		if diff := cmp.Diff(want, base()); diff != "" {
			t.Fatalf("base (-want +got):\n%s", diff)
		}

		newer := pushBase("2.0-1", "12.5")
		scanAgain(app)
		want.OwnFindings = 1 // that there is a newer one
		want.Newer = &report.NewerBase{Name: "base/debian:12.5", Digest: newer.Digest, Removes: -1, Adds: -1}
		if diff := cmp.Diff(want, base()); diff != "" {
			t.Errorf("with a newer base (-want +got):\n%s", diff)
		}

		scanAgain(client.Image{Namespace: "base", Repository: "debian", Reference: newer.Digest})
		scanAgain(app)
		want.Newer.Removes, want.Newer.Adds = 1, 0
		if diff := cmp.Diff(want, base()); diff != "" {
			t.Errorf("with a newer base that was scanned (-want +got):\n%s", diff)
		}
	})
}
