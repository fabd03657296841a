package scan_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/pratique/pratique/internal/blob"
	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/image/imagetest"
	"github.com/pratique/pratique/internal/report"
)

// pushChart stores a chart as the registry does.
func (e *env) pushChart(repository, tag, files string) catalog.Artifact {
	e.Helper()
	img := imagetest.Build(e, files)
	archive := img.Layers[0].Digest
	manifest, err := json.Marshal(map[string]any{
		"schemaVersion": 2,
		"config":        map[string]any{"mediaType": "application/vnd.cncf.helm.config.v1+json", "digest": img.ConfigDigest, "size": len(img.Config)},
		"layers":        []any{map[string]any{"mediaType": "application/vnd.cncf.helm.chart.content.v1.tar+gzip", "digest": archive, "size": len(img.Blobs[archive])}},
	})
	e.must(err)
	key := e.key(repository)
	for _, d := range []string{img.ConfigDigest, archive} {
		_, err := e.blobs.Put(e.Context(), d, bytes.NewReader(img.Blobs[d]))
		e.must(err)
		e.must(e.store.AddBlob(e.Context(), key, d, int64(len(img.Blobs[d]))))
	}
	return e.put(catalog.ManifestPush{Key: key, Digest: blob.SHA256.Of(manifest), Content: manifest, Tag: tag, Kind: catalog.KindChart,
		MediaType: "application/vnd.oci.image.manifest.v1+json", Blobs: []catalog.Descriptor{{Digest: archive}, {Digest: img.ConfigDigest}}})
}

// A chart is scanned for what is in its own files, and tells of the images it
// names.
func TestChart(t *testing.T) {
	const chart = `
-- layer --
-- shop/Chart.yaml --
name: shop
appVersion: "1"
-- shop/values.yaml --
image: {repository: here.example/team/app}
sidecar: {image: quay.io/else/where:2}
-- shop/files/key.pem --
-----BEGIN RSA PRIVATE KEY-----
MIIEowIBAAKCAQEAx3Qm8vZ0cXq5pJ7uT1yW2eR4tY6uI8oP0aS2dF4gH6jK8lZ0
xC2vB4nM6qW8eR0tY2uI4oP6aS8dF0gH2jK4lZ6xC8vB0nM2qW4eR6tY8uI0oP2a
-----END RSA PRIVATE KEY-----
`
	each(t, func(e *env) {
		e.start()
		app := e.push(imagetest.Build(e, debian), "app", "1")
		e.next()
		a := e.pushChart("shop", "1", chart)
		if s := e.next(); s.ArtifactID != a.ID || s.State != catalog.Success {
			e.Fatalf("scan: %s %s", s.Cause, s.Detail)
		}
		rep, _ := e.report(a)
		secrets := slices.ContainsFunc(rep.Findings, func(f report.Finding) bool { return f.Category == report.Sensitive })
		settings := slices.ContainsFunc(rep.Findings, func(f report.Finding) bool { return f.Category == report.Baseline })
		if !secrets || settings {
			e.Errorf("findings: %+v", rep.Findings)
		}
		if !slices.ContainsFunc(rep.Notes, func(n report.Note) bool {
			return n.Code == "chart" && strings.Contains(n.Message, "here.example/team/app:1")
		}) {
			e.Errorf("notes: %+v", rep.Notes)
		}
		here, others, err := e.store.NamedImages(e.Context(), a)
		e.must(err)
		if len(here) != 1 || here[0].Artifact.ID != app.ID || len(others) != 1 || others[0] != "quay.io/else/where:2" {
			e.Errorf("images: %+v, others %v", here, others)
		}
		e.refuse(catalog.RefuseCharts)
		if _, err := e.service.Request(e.Context(), a.ID, catalog.TriggerManual); !catalog.Is(err, catalog.Invalid) {
			e.Errorf("charts are refused: %v", err)
		}
	})
}
