package registry

import (
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pratique/pratique/internal/blob"
	"github.com/pratique/pratique/internal/catalog"
)

// Pieces of manifests.
const (
	docDigest   = "sha256:" + someHex
	docConfig   = `"config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"` + docDigest + `","size":10}`
	docLayer    = `{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":"` + docDigest + `","size":20}`
	docImage    = `{"schemaVersion":2,"mediaType":"` + mediaOCIManifest + `",` + docConfig + `,"layers":[` + docLayer + `]}`
	docIndex    = `{"schemaVersion":2,"mediaType":"` + mediaOCIIndex + `","manifests":[{"mediaType":"` + mediaOCIManifest + `","digest":"` + docDigest + `","size":30,"platform":{"os":"linux","architecture":"arm64","variant":"v8"}}]}`
	docNoType   = `{"schemaVersion":2,` + docConfig + `,"layers":[]}`
	docSubject  = `{"schemaVersion":2,"mediaType":"` + mediaOCIManifest + `","artifactType":"application/x",` + docConfig + `,"layers":null,"subject":{"mediaType":"` + mediaOCIManifest + `","digest":"` + docDigest + `","size":5},"annotations":{"Config":"1","config":"2"}}`
	docDocker   = `{"schemaVersion":2,"mediaType":"` + mediaDockerManifest + `","config":{"mediaType":"application/vnd.docker.container.image.v1+json","digest":"` + docDigest + `","size":10},"layers":[]}`
	docSchema1  = `{"schemaVersion":1,"name":"x","tag":"y","fsLayers":[{"blobSum":"` + docDigest + `"}]}`
	docEmbedded = `{"schemaVersion":2,"mediaType":"` + mediaOCIManifest + `","config":{"mediaType":"application/vnd.oci.empty.v1+json","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2,"data":"e30="},"layers":[]}`
)

func TestParseManifest(t *testing.T) {
	cases := []struct {
		name, doc, contentType string
		want                   string // error code; "" if it is accepted
	}{
		{"image", docImage, mediaOCIManifest, ""},
		{"image with parameters", docImage, mediaOCIManifest + "; charset=utf-8", ""},
		{"image says itself what it is", docImage, "", ""},
		{"only the request says what it is", docNoType, mediaOCIManifest, ""},
		{"nobody says what it is", docNoType, "", "manifest_invalid"},
		{"index", docIndex, mediaOCIIndex, ""},
		{"index without members", `{"schemaVersion":2,"mediaType":"` + mediaOCIIndex + `","manifests":null}`, mediaOCIIndex, ""},
		{"docker", docDocker, mediaDockerManifest, ""},
		{"subject", docSubject, mediaOCIManifest, ""},
		{"embedded data", docEmbedded, mediaOCIManifest, ""},
		{"embedded data is another", strings.Replace(docEmbedded, "e30=", "e34=", 1), mediaOCIManifest, "manifest_invalid"},
		{"embedded data is longer", strings.Replace(docEmbedded, "e30=", "e30gIA==", 1), mediaOCIManifest, "manifest_invalid"},
		{"embedded data is no base64", strings.Replace(docEmbedded, "e30=", "{}", 1), mediaOCIManifest, "manifest_invalid"},
		{"sent as something else", docImage, mediaDockerManifest, "manifest_invalid"},
		{"sent as an index", docImage, mediaOCIIndex, "manifest_invalid"},
		{"type of request unreadable", docImage, ";;;", "media_type_unsupported"},
		{"unknown type", strings.Replace(docImage, mediaOCIManifest, "application/x", 1), "", "media_type_unsupported"},
		{"text", docNoType, "text/plain", "media_type_unsupported"},
		{"schema 1", docSchema1, "application/vnd.docker.distribution.manifest.v1+prettyjws", "schema_v1_not_support"},
		{"schema 1 by content", docSchema1, "application/json", "schema_v1_not_support"},
		{"schema 1 by type", `{"schemaVersion":2}`, "application/vnd.docker.distribution.manifest.v1+json", "schema_v1_not_support"},
		{"schema 3", strings.Replace(docImage, `"schemaVersion":2`, `"schemaVersion":3`, 1), "", "manifest_invalid"},
		{"empty", "", mediaOCIManifest, "manifest_invalid"},
		{"cut off", docImage[:len(docImage)/2], mediaOCIManifest, "manifest_invalid"},
		{"two", docImage + docImage, mediaOCIManifest, "manifest_invalid"},
		{"array", "[]", mediaOCIManifest, "manifest_invalid"},
		{"null", "null", mediaOCIManifest, "manifest_invalid"},
		{"no object in place of one", strings.Replace(docImage, docLayer, `"x"`, 1), mediaOCIManifest, "manifest_invalid"},
		{"no config", `{"schemaVersion":2,"mediaType":"` + mediaOCIManifest + `","layers":[]}`, "", "manifest_invalid"},
		{"image and index", `{"schemaVersion":2,"mediaType":"` + mediaOCIManifest + `",` + docConfig + `,"layers":[],"manifests":[]}`, "", "manifest_invalid"},
		{"index and image", `{"schemaVersion":2,"mediaType":"` + mediaOCIIndex + `",` + docConfig + `,"manifests":[]}`, "", "manifest_invalid"},
		{"name twice", strings.Replace(docImage, `"layers"`, `"config":null,"layers"`, 1), "", "manifest_invalid"},
		{"name in other case", strings.Replace(docImage, `"layers"`, `"Layers"`, 1), "", "manifest_invalid"},
		{"name in a layer in other case", strings.Replace(docImage, `"size":20`, `"size":20,"Digest":"x"`, 1), "", "manifest_invalid"},
		{"deep", strings.Replace(docImage, `"size":20`, `"size":20,"x":`+strings.Repeat("[", 40)+strings.Repeat("]", 40), 1), "", "manifest_invalid"},
		{"deep without end", strings.Repeat(`{"x":`, 100_000), mediaOCIManifest, "manifest_invalid"},
		{"digest of another kind", strings.Replace(docImage, docDigest, "md5:d41d8cd98f00b204e9800998ecf8427e", 1), "", "manifest_invalid"},
		{"negative size", strings.Replace(docImage, `"size":20`, `"size":-1`, 1), "", "manifest_invalid"},
		{"size too large", strings.Replace(docImage, `"size":20`, `"size":9223372036854775808`, 1), "", "manifest_invalid"},
		{"too many layers", strings.Replace(docImage, docLayer, docLayer+strings.Repeat(","+docLayer, 10), 1), "", "manifest_invalid"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			m, err := parseManifest([]byte(c.doc), c.contentType, 10)
			got := ""
			if err != nil {
				got = codeOf(err)
			}
			if got != c.want {
				t.Fatalf("%s (%v), want %s", got, err, c.want)
			}
			if err != nil {
				if len(err.Error()) > 600 {
					t.Errorf("the error has %d bytes", len(err.Error()))
				}
				return
			}
			if m.MediaType == "" {
				t.Error("the media type is not settled")
			}
		})
	}
}

// TestManifestOfManyValues: what is small as text must not become large when it
// is decoded.
func TestManifestOfManyValues(t *testing.T) {
	for _, value := range []string{"{}", "0", "[]", "null", `{"annotations":{}}`} {
		doc := []byte(`{"schemaVersion":2,"layers":[` + strings.Repeat(value+",", 4<<20/(len(value)+1)) + value + "]}")
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := parseManifest(doc, mediaOCIManifest, 10)
		runtime.ReadMemStats(&after)
		if took := after.TotalAlloc - before.TotalAlloc; codeOf(err) != "manifest_invalid" || took > 32<<20 {
			t.Errorf("%d bytes of %s took %d bytes: %v", len(doc), value, took, err)
		}
	}
	doc := `{"schemaVersion":2,"config":{"digest":"` + docDigest + `"},"layers":[` +
		strings.Repeat(`{"mediaType":"","digest":"`+docDigest+`","size":1,"annotations":{"a":"","b":""}},`, 4095) + `{"digest":"` + docDigest + `"}]}`
	if _, err := parseManifest([]byte(doc), mediaOCIManifest, 4096); err != nil {
		t.Errorf("as many layers as are allowed: %v", err)
	}
}

func TestSchema1Advice(t *testing.T) {
	_, err := parseManifest([]byte(docSchema1), "application/vnd.docker.distribution.manifest.v1+prettyjws", 10)
	if err == nil || !strings.Contains(err.Error(), catalog.CauseSchema1.Advice()) {
		t.Errorf("%v", err)
	}
}

func TestPush(t *testing.T) {
	key := catalog.RepositoryKey{InstanceID: "i", Namespace: "team", Repository: "app"}
	layer := catalog.Descriptor{MediaType: "application/vnd.oci.image.layer.v1.tar+gzip", Digest: docDigest, Size: 20}
	config := catalog.Descriptor{MediaType: mediaOCIConfig, Digest: docDigest, Size: 10}
	cases := []struct {
		name, doc string
		want      catalog.ManifestPush
	}{
		{"image", docImage, catalog.ManifestPush{
			MediaType: mediaOCIManifest, ArtifactType: mediaOCIConfig, Kind: catalog.KindImage, Blobs: []catalog.Descriptor{config, layer},
		}},
		{"index", docIndex, catalog.ManifestPush{
			MediaType: mediaOCIIndex, Kind: catalog.KindIndex,
			Manifests: []catalog.Descriptor{{MediaType: mediaOCIManifest, Digest: docDigest, Size: 30, Platform: "linux/arm64/v8"}},
		}},
		{"subject", docSubject, catalog.ManifestPush{
			MediaType: mediaOCIManifest, ArtifactType: "application/x", Kind: catalog.KindImage, Blobs: []catalog.Descriptor{config},
			Subject: docDigest, Annotations: map[string]string{"Config": "1", "config": "2"},
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			m, err := parseManifest([]byte(c.doc), "", 10)
			if err != nil {
				t.Fatal(err)
			}
			c.want.Key, c.want.Digest, c.want.Tag, c.want.Content = key, "sha256:x", "1", []byte(c.doc)
			if diff := cmp.Diff(c.want, m.push(key, "sha256:x", "1", []byte(c.doc))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestKindOf(t *testing.T) {
	const (
		inToto = "application/vnd.in-toto+json"
		cosign = "application/vnd.dev.cosign.simplesigning.v1+json"
		layer  = "application/vnd.oci.image.layer.v1.tar+gzip"
		empty  = "application/vnd.oci.empty.v1+json"
	)
	cases := []struct {
		name, mediaType, artifactType, config string
		layers                                []string
		want                                  catalog.ArtifactKind
	}{
		{"OCI image", mediaOCIManifest, "", mediaOCIConfig, []string{layer}, catalog.KindImage},
		{"Docker image", mediaDockerManifest, "", mediaDockerConfig, []string{layer}, catalog.KindImage},
		{"image without layers", mediaOCIManifest, "", mediaOCIConfig, nil, catalog.KindImage},
		{"image with an artifact type", mediaOCIManifest, "application/x", mediaOCIConfig, []string{layer}, catalog.KindImage},
		{"image that claims to be signed bytes", mediaOCIManifest, "application/vnd.dev.cosign.artifact.sig.v1+json", mediaOCIConfig, []string{layer}, catalog.KindImage},
		{"image with one layer of signature", mediaOCIManifest, "", mediaOCIConfig, []string{cosign, layer}, catalog.KindImage},
		{"image with a config of no type", mediaDockerManifest, "", "", []string{layer}, catalog.KindImage},
		{"image as very old clients push it", mediaDockerManifest, "", "application/octet-stream", []string{layer}, catalog.KindImage},
		{"OCI index", mediaOCIIndex, "", "", nil, catalog.KindIndex},
		{"Docker list", mediaDockerList, "", "", nil, catalog.KindIndex},
		{"index with an artifact type", mediaOCIIndex, "application/x", "", nil, catalog.KindIndex},
		{"Helm chart", mediaOCIManifest, "", mediaHelmConfig, []string{"application/vnd.cncf.helm.chart.content.v1.tar+gzip"}, catalog.KindChart},
		{"cosign signature", mediaOCIManifest, "", mediaOCIConfig, []string{cosign, cosign}, catalog.KindSignature},
		{"cosign attestation", mediaOCIManifest, "", mediaOCIConfig, []string{"application/vnd.dsse.envelope.v1+json"}, catalog.KindSignature},
		{"cosign bundle", mediaOCIManifest, "application/vnd.dev.sigstore.bundle.v0.3+json", empty, []string{"application/vnd.dev.sigstore.bundle.v0.3+json"}, catalog.KindSignature},
		{"BuildKit attestation", mediaOCIManifest, "", mediaOCIConfig, []string{inToto}, catalog.KindSignature},
		{"notation", mediaOCIManifest, "application/vnd.cncf.notary.signature", empty, []string{"application/jose+json"}, catalog.KindSignature},
		{"notation 1.0", mediaOCIManifest, "", "application/vnd.cncf.notary.signature", []string{"application/jose+json"}, catalog.KindSignature},
		{"artifact", mediaOCIManifest, "application/vnd.example", empty, []string{"text/plain"}, catalog.KindOther},
		{"WebAssembly", mediaOCIManifest, "", "application/vnd.wasm.config.v0+json", []string{"application/wasm"}, catalog.KindOther},
	}
	for _, c := range cases {
		m := &manifest{MediaType: c.mediaType, ArtifactType: c.artifactType}
		if !m.isIndex() {
			m.Config = &descriptor{MediaType: c.config}
		}
		for _, l := range c.layers {
			m.Layers = append(m.Layers, descriptor{MediaType: l})
		}
		if got := kindOf(m); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func FuzzParseManifest(f *testing.F) {
	for _, doc := range []string{docImage, docIndex, docNoType, docSubject, docDocker, docSchema1, docEmbedded} {
		f.Add([]byte(doc), mediaOCIManifest)
		f.Add([]byte(doc), "")
	}
	f.Fuzz(func(t *testing.T, raw []byte, contentType string) {
		m, err := parseManifest(raw, contentType, 100)
		if err != nil {
			if !catalog.Is(err, catalog.Invalid) {
				t.Errorf("%v", err)
			}
			return
		}
		p := m.push(catalog.RepositoryKey{}, "", "", raw)
		for _, d := range append(p.Blobs, p.Manifests...) {
			if _, _, err := blob.ParseDigest(d.Digest); err != nil || d.Size < 0 {
				t.Errorf("a reference to %+v was accepted", d)
			}
		}
		if (p.Kind == catalog.KindIndex) != m.isIndex() || (m.isIndex() && len(p.Blobs) > 0) || (!m.isIndex() && len(p.Manifests) > 0) {
			t.Errorf("%s of kind %s has %d blobs and %d members", m.MediaType, p.Kind, len(p.Blobs), len(p.Manifests))
		}
		// Whoever reads it without regard to case sees the same.
		var loose map[string]json.RawMessage
		if err := json.Unmarshal(raw, &loose); err != nil {
			t.Fatal(err)
		}
		for name := range loose {
			for _, field := range manifestFields {
				if name != field && strings.EqualFold(name, field) {
					t.Errorf("%q was accepted beside %q", name, field)
				}
			}
		}
	})
}

func BenchmarkParseManifest(b *testing.B) {
	raw := []byte(strings.Replace(docImage, docLayer, docLayer+strings.Repeat(","+docLayer, 19), 1))
	b.SetBytes(int64(len(raw)))
	for b.Loop() {
		if _, err := parseManifest(raw, mediaOCIManifest, 100); err != nil {
			b.Fatal(err)
		}
	}
}

func TestReferrersPage(t *testing.T) {
	var found []catalog.Descriptor
	for i := range 10 {
		found = append(found, catalog.Descriptor{Digest: fmt.Sprintf("sha256:%d", i), Annotations: map[string]string{"x": strings.Repeat("x", 100)}})
	}
	var got []string
	after, pages := "", 0
	for {
		page, more, err := referrersPage(found, after, 500)
		if err != nil {
			t.Fatal(err)
		}
		pages++
		for _, raw := range page {
			var d catalog.Descriptor
			if err := json.Unmarshal(raw, &d); err != nil {
				t.Fatal(err)
			}
			got = append(got, d.Digest)
		}
		if more == "" {
			break
		}
		after = more
	}
	var want []string
	for _, d := range found {
		want = append(want, d.Digest)
	}
	if diff := cmp.Diff(want, got); diff != "" || pages != 5 {
		t.Errorf("%d pages: %s", pages, diff)
	}
	// One that is too long by itself is a page of its own.
	if page, more, _ := referrersPage(found, "", 1); len(page) != 1 || more != "sha256:0" {
		t.Errorf("a page of %d, continued after %s", len(page), more)
	}
	if page, _, _ := referrersPage(nil, "", 1); page == nil {
		t.Error("no referrers must be an empty list, not null")
	}
}
