package scan_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/pratique/pratique/internal/blob"
	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/image/imagetest"
	"github.com/pratique/pratique/internal/report"
)

// windows is an image for Windows: the system's layer, and one of an application
// with a package and a secret. The lowest may be kept elsewhere.
const windows = `
platform: windows/amd64
-- layer --
-- Files/Windows/System32/ntdll.dll --
MZ
-- Hives/Software_Delta --
regf
-- layer --
-- Files/app/node_modules/left-pad/package.json --
{"name":"left-pad","version":"1.3.0"}
-- Files/app/key.pem --
-----BEGIN RSA PRIVATE KEY-----
MIIEowIBAAKCAQEAx3Qm8vZ0cXq5pJ7uT1yW2eR4tY6uI8oP0aS2dF4gH6jK8lZ0
xC2vB4nM6qW8eR0tY2uI4oP6aS8dF0gH2jK4lZ6xC8vB0nM2qW4eR6tY8uI0oP2a
-----END RSA PRIVATE KEY-----
`

// foreign makes the lowest layer of an image one that its owner keeps, and takes
// it away.
func foreign(img *imagetest.Image) *imagetest.Image {
	img.Remove(img.Layers[0].Digest)
	img.Manifest = bytes.Replace(img.Manifest, []byte("application/vnd.oci.image.layer.v1"), []byte("application/vnd.oci.image.layer.nondistributable.v1"), 1)
	img.Digest = blob.SHA256.Of(img.Manifest)
	return img
}

func TestWindows(t *testing.T) {
	each(t, func(e *env) {
		e.start()
		for _, tc := range []struct {
			name  string
			image *imagetest.Image
			notes []string
		}{
			{"whole", imagetest.Build(e, windows), []string{"windows"}},
			{"without the system's layer", foreign(imagetest.Build(e, strings.Replace(windows, "regf", "regf of another", 1))), []string{"layer-elsewhere", "windows"}},
		} {
			a := e.push(tc.image, "app", "1")
			if s := e.next(); s.State != catalog.Success {
				e.Errorf("%s: %s %s", tc.name, s.Cause, s.Detail)
				continue
			}
			rep, _ := e.report(a)
			named := func(name string) bool {
				return slices.ContainsFunc(rep.Packages, func(p report.Package) bool { return p.Name == name })
			}
			if !named("left-pad") {
				e.Errorf("%s: packages: %+v", tc.name, rep.Packages)
			}
			if !slices.ContainsFunc(rep.Findings, func(f report.Finding) bool { return f.Category == report.Sensitive }) {
				e.Errorf("%s: the key was not found", tc.name)
			}
			if slices.ContainsFunc(rep.Findings, func(f report.Finding) bool { return strings.Contains(f.Title, "root") }) {
				e.Errorf("%s: there is no root there: %+v", tc.name, rep.Findings)
			}
			var codes []string
			for _, n := range rep.Notes {
				codes = append(codes, n.Code)
			}
			for _, want := range tc.notes {
				if !slices.Contains(codes, want) {
					e.Errorf("%s: notes: %v, want %s", tc.name, codes, want)
				}
			}
		}
		// Of an image for Linux every layer must be there.
		e.push(foreign(imagetest.Build(e, strings.NewReplacer("windows/amd64", "linux/amd64", "regf", "regf of a third").Replace(windows))), "linux", "1")
		if s := e.next(); s.Cause != catalog.CauseDownload {
			e.Errorf("a foreign layer of an image for Linux: %+v", s)
		}
		e.refuse(catalog.RefuseWindows)
		e.push(imagetest.Build(e, strings.Replace(windows, "MZ", "MZ again", 1)), "late", "1")
		if s := e.next(); s.Cause != catalog.CauseRequest || !strings.Contains(s.Detail, "windows/amd64") {
			e.Errorf("refused by what the configuration says: %+v", s)
		}
		pull, err := e.store.Pull(e.Context(), e.key("app"), "1")
		e.must(err)
		if pull.Artifact.Platform != "windows/amd64" || pull.Namespace.Scope.Ineligible(pull.Artifact) == nil {
			e.Errorf("the platform is not known: %+v", pull.Artifact)
		}
	})
}
