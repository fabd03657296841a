package scan_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pratique/pratique/internal/blob"
	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/collect"
	"github.com/pratique/pratique/internal/engine"
	"github.com/pratique/pratique/internal/image/imagetest"
	"github.com/pratique/pratique/internal/report"
	"github.com/pratique/pratique/internal/rules"
)

// layers makes an image of layers with the given uncompressed content.
func layers(t testing.TB, tars ...[]byte) *imagetest.Image {
	t.Helper()
	var raw []imagetest.RawLayer
	for _, tar := range tars {
		raw = append(raw, imagetest.RawLayer{Tar: tar, Compression: "gzip"})
	}
	return imagetest.FromLayers(t, raw...)
}

// reconfigure gives an image another configuration of the same length.
func reconfigure(t testing.TB, img *imagetest.Image, old, new string) *imagetest.Image {
	t.Helper()
	if len(old) != len(new) || !bytes.Contains(img.Config, []byte(old)) {
		t.Fatalf("%q cannot be replaced by %q", old, new)
	}
	img.Remove(img.ConfigDigest)
	img.Config = bytes.ReplaceAll(img.Config, []byte(old), []byte(new))
	before := img.ConfigDigest
	img.ConfigDigest = blob.SHA256.Of(img.Config)
	img.Blobs[img.ConfigDigest] = img.Config
	img.Manifest = bytes.ReplaceAll(img.Manifest, []byte(before), []byte(img.ConfigDigest))
	img.Digest = blob.SHA256.Of(img.Manifest)
	return img
}

func gzipped(t testing.TB, b []byte) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := gzip.NewWriter(&buf)
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// Every way in which an image can be bad has its cause, names what is bad, and
// tells a client that is refused what to do. None hinders another.
func TestFailures(t *testing.T) {
	each(t, func(e *env) {
		type failure struct {
			cause catalog.Cause
			says  []string
		}
		want := map[int64]failure{}
		names := map[int64]string{}
		expect := func(name string, a catalog.Artifact, cause catalog.Cause, says ...string) {
			want[a.ID], names[a.ID] = failure{cause, says}, name
		}

		img := layers(e, plainTar(e, "missing layer"))
		expect("a layer is missing", e.push(img, "missing-layer", "1"), catalog.CauseDownload, img.Layers[0].Digest, "missing")
		e.must(e.blobs.Delete(e.Context(), img.Layers[0].Digest))

		img = layers(e, plainTar(e, "missing config"))
		expect("the configuration is missing", e.push(img, "missing-config", "1"), catalog.CauseDownload, img.ConfigDigest, "missing")
		e.must(e.blobs.Delete(e.Context(), img.ConfigDigest))

		img = layers(e, plainTar(e, "cut off on disk"))
		a := e.push(img, "cut-on-disk", "1")
		e.damage(img.Layers[0].Digest, func(b []byte) []byte { return b[:len(b)-7] })
		expect("a blob is cut off on disk", a, catalog.CauseDownload, img.Layers[0].Digest, "truncated")

		img = layers(e, plainTar(e, "changed on disk"))
		a = e.push(img, "changed-on-disk", "1")
		e.damage(img.Layers[0].Digest, func(b []byte) []byte { b[len(b)/2] ^= 1; return b })
		expect("a blob is changed on disk", a, catalog.CauseDownload, img.Layers[0].Digest, "digest")

		whole := gzipped(e, plainTar(e, "pushed cut off"))
		img = imagetest.FromLayers(e, imagetest.RawLayer{Tar: whole[:len(whole)/2]})
		expect("a layer was pushed cut off", e.push(img, "cut", "1"), catalog.CauseDownload, img.Layers[0].Digest, "corrupt")

		img = layers(e, plainTar(e, "fine"), []byte("This is a letter, not an archive."+strings.Repeat(".", 600)))
		expect("a layer is no archive", e.push(img, "letter", "1"), catalog.CauseDownload, img.Layers[1].Digest)

		img = layers(e, plainTar(e, "another diff ID"))
		img = reconfigure(e, img, img.Layers[0].DiffID, "sha256:"+strings.Repeat("0", 64))
		expect("a diff ID is wrong", e.push(img, "diff-id", "1"), catalog.CauseDownload, img.Layers[0].Digest, "diff ID")

		img = reconfigure(e, layers(e, plainTar(e, "windows")), `"os":"linux"`, `"os":"wndws"`)
		expect("it is for another system", e.push(img, "windows", "1"), catalog.CauseDetailNotFound, "only images for Linux and Windows")

		tars := make([][]byte, 128)
		for i := range tars {
			tars[i] = plainTar(e, fmt.Sprint("one of many: ", i%3))
		}
		expect("it has 128 layers", e.push(layers(e, tars...), "many", "1"), catalog.CauseLayerTooLarge, "128", "127")

		img = imagetest.Build(e, "-- layer --\n-- big size=2000000 --\nx", nil)
		expect("a layer is too large when inflated", e.push(img, "large", "1"), catalog.CauseLayerTooLarge, img.Layers[0].Digest)

		schema1 := []byte(`{"schemaVersion":1,"name":"team/old","tag":"1","architecture":"amd64","fsLayers":[],"history":[]}`)
		expect("it is schema 1", e.put(catalog.ManifestPush{
			Key: e.key("old"), Digest: blob.SHA256.Of(schema1), Content: schema1, Tag: "1", Kind: catalog.KindImage,
			MediaType: "application/vnd.docker.distribution.manifest.v1+prettyjws",
		}), catalog.CauseSchema1, "schema 1")

		nonsense := []byte(`{"schemaVersion":2,"config":[]}`)
		expect("the manifest is nonsense", e.put(catalog.ManifestPush{
			Key: e.key("nonsense"), Digest: blob.SHA256.Of(nonsense), Content: nonsense, Tag: "1", Kind: catalog.KindImage,
			MediaType: "application/vnd.oci.image.manifest.v1+json",
		}), catalog.CauseDetailNotFound, "manifest")

		elsewhere, err := e.store.CreateInstance(e.Context(), catalog.Instance{Name: "second", Region: "elsewhere", Host: "elsewhere.example"})
		e.must(err)
		e.namespace(elsewhere.ID, "team")
		a = e.pushTo(catalog.RepositoryKey{InstanceID: elsewhere.ID, Namespace: "team", Repository: "app"}, imagetest.Build(e, debian), "1")
		expect("the region is not authorized", a, catalog.CauseNotAuthorized, "not authorized", "team/app:1")

		fine := e.push(imagetest.Build(e, debian), "fine", "1")
		e.start()
		for range len(want) + 1 {
			s := e.next()
			w, bad := want[s.ArtifactID]
			if !bad {
				if s.ArtifactID != fine.ID || s.State != catalog.Success {
					e.Errorf("scan: %+v", s)
				}
				continue
			}
			delete(want, s.ArtifactID)
			name := names[s.ArtifactID]
			if s.State != catalog.Failed || s.Cause != w.cause || s.EndedAt.IsZero() {
				e.Errorf("%s: %+v, want %s", name, s, w.cause)
			}
			refusal := e.refusal(catalog.Artifact{ID: s.ArtifactID})
			for _, says := range w.says {
				if !strings.Contains(s.Detail, says) {
					e.Errorf("%s: the detail does not say %q: %s", name, says, s.Detail)
				}
			}
			for _, says := range []string{string(w.cause), w.cause.Advice()} {
				if !strings.Contains(refusal, says) {
					e.Errorf("%s: the refusal does not say %q: %s", name, says, refusal)
				}
			}
		}
		for id := range want {
			e.Errorf("%s: the scan has not ended", names[id])
		}
		e.quiet()
	}, func(o *options) { o.settings.Image.Inflated = 1 << 20 })
}

// damage changes a blob behind the back of the store.
func (e *env) damage(digest string, change func([]byte) []byte) {
	e.Helper()
	hex := strings.TrimPrefix(digest, "sha256:")
	file := e.blobDir + "/blobs/sha256/" + hex[:2] + "/" + hex
	b, err := os.ReadFile(file)
	e.must(err)
	e.must(os.Remove(file))
	e.must(os.WriteFile(file, change(b), 0o600))
}

// What is odd but no failure is scanned, and the report says what is missing.
func TestNotes(t *testing.T) {
	each(t, func(e *env) {
		e.start()
		halfOf := strings.LastIndex(debian, "Version: 12.4")
		for _, tc := range []struct {
			name     string
			image    *imagetest.Image
			packages int
			note     string
		}{
			{"no layers", imagetest.FromLayers(e), 0, "no layers"},
			{"an unknown distribution", imagetest.Build(e, strings.NewReplacer("ID=debian", "ID=nobodysos", "Debian GNU/Linux", "Nobody's OS").Replace(debian)), 2, "no advisories for Nobody's OS 12"},
			{"no distribution", imagetest.Build(e, "-- layer --\n-- srv/file --\nx\n"), 0, ""},
			{"a package database cut in half", imagetest.Build(e, debian[:halfOf]), 1, "var/lib/dpkg/status"},
			{"a collector that fails", imagetest.Build(e, debian+"-- srv/bomb --\nx\n"), 2, "it panicked"},
		} {
			a := e.push(tc.image, strings.ReplaceAll(tc.name, " ", "-"), "1")
			if s := e.next(); s.State != catalog.Success {
				e.Errorf("%s: %s %s", tc.name, s.Cause, s.Detail)
				continue
			}
			rep, _ := e.report(a)
			if len(rep.Packages) != tc.packages {
				e.Errorf("%s: %d packages, want %d", tc.name, len(rep.Packages), tc.packages)
			}
			about := func(n report.Note) bool { return strings.Contains(n.Message+" "+n.Path, tc.note) }
			if tc.note != "" && !slices.ContainsFunc(rep.Notes, about) {
				e.Errorf("%s: no note says %q: %+v", tc.name, tc.note, rep.Notes)
			}
			if tc.note == "" && len(rep.Notes) > 0 {
				e.Logf("%s: %+v", tc.name, rep.Notes)
			}
		}
	}, func(o *options) {
		o.engine.Collectors = append(engine.Collectors(report.Categories(), rules.Default(), engine.Helpers{}), bomb{})
	})
}

// bomb is a collector that panics.
type bomb struct{}

func (bomb) Name() string            { return "bomb" }
func (bomb) Version() int            { return 1 }
func (bomb) Want(f report.File) bool { return strings.HasSuffix(f.Path, "bomb") }
func (bomb) Collect(context.Context, report.File, collect.Content, *report.LayerFacts) error {
	panic("boom")
}

// One bad layer fails every scan that waits for it, and each is counted.
func TestSharedLayerFails(t *testing.T) {
	each(t, func(e *env) {
		const images = 5
		bad := plainTar(e, "bad")
		want, own := map[int64]bool{}, map[string]bool{}
		var digest string
		for i := range images {
			img := layers(e, bad, plainTar(e, fmt.Sprint("own ", i)))
			digest, own[img.Layers[1].Digest] = img.Layers[0].Digest, true
			want[e.push(img, fmt.Sprint("app", i), "1").ID] = true
		}
		e.damage(digest, func(b []byte) []byte { return b[:10] })
		read := make(chan struct{}, images)
		e.blobs.interfere(func(ctx context.Context, d string) error {
			switch {
			case own[d]:
				read <- struct{}{}
			case d == digest:
				for range images { // now all of them are planned
					<-read
				}
			}
			return nil
		})
		e.start()
		for range images {
			s := e.next()
			if !want[s.ArtifactID] || s.State != catalog.Failed || s.Cause != catalog.CauseDownload || !strings.Contains(s.Detail, digest) {
				e.Errorf("scan: %+v", s)
			}
			delete(want, s.ArtifactID)
		}
		e.quiet()
	})
}

// A scan that takes too long is ended, and what it left does not hinder others.
func TestDeadline(t *testing.T) {
	each(t, func(e *env) {
		img := imagetest.Build(e, debian)
		e.blobs.interfere(func(ctx context.Context, d string) error {
			if d == img.Layers[0].Digest {
				<-ctx.Done()
				return ctx.Err()
			}
			return nil
		})
		a := e.push(img, "slow", "1")
		e.start()
		s := e.next()
		if s.ArtifactID != a.ID || s.State != catalog.Failed || s.Cause != catalog.CauseTimeout {
			e.Errorf("scan: %+v", s)
		}
		if msg := e.refusal(a); !strings.Contains(msg, "response_timed_out") {
			e.Errorf("refusal: %s", msg)
		}
		e.blobs.interfere(nil)
		_, err := e.service.Request(e.Context(), a.ID, catalog.TriggerManual)
		e.must(err)
		if s := e.next(); s.State != catalog.Success {
			e.Errorf("second scan: %+v", s)
		}
	}, func(o *options) { o.settings.Timeout = 3 * time.Second })
}

// A storage that fails for a moment does not fail the scan; one that fails for
// good does, and the detail names the blob but nothing of the machine.
func TestStorageTrouble(t *testing.T) {
	for _, tc := range []struct {
		name    string
		passing bool
	}{{"passing", true}, {"lasting", false}} {
		t.Run(tc.name, func(t *testing.T) {
			each(t, func(e *env) {
				img := imagetest.Build(e, debian)
				layer := img.Layers[0].Digest
				e.blobs.interfere(func(ctx context.Context, d string) error {
					if tc.passing && e.blobs.reads(d) > 1 || !tc.passing && d != layer {
						return nil
					}
					return errors.New("/var/secret: input/output error")
				})
				a := e.push(img, "app", "1")
				e.start()
				s := e.next()
				switch {
				case s.ArtifactID != a.ID:
					e.Errorf("scan: %+v", s)
				case tc.passing && s.State != catalog.Success:
					e.Errorf("scan: %+v", s)
				case !tc.passing && (s.Cause != catalog.CauseRegistryAccess || !strings.Contains(s.Detail, layer) || strings.Contains(s.Detail, "secret")):
					e.Errorf("scan: %+v", s)
				}
			})
		})
	}
}

// hesitant is a collector that runs out of time for the first so many times.
type hesitant struct {
	mu    sync.Mutex
	times int // how often it still does; guarded by mu
	calls int // guarded by mu
}

func (*hesitant) Name() string            { return "hesitant" }
func (*hesitant) Version() int            { return 1 }
func (*hesitant) Want(f report.File) bool { return strings.HasPrefix(f.Path, "srv/") }
func (h *hesitant) Collect(ctx context.Context, f report.File, _ collect.Content, facts *report.LayerFacts) error {
	h.mu.Lock()
	h.calls++
	h.times--
	late := h.times >= 0
	h.mu.Unlock()
	if late {
		<-ctx.Done()
		return ctx.Err()
	}
	facts.Packages = append(facts.Packages, report.PackageSet{Packages: []report.Package{{Name: "found", Version: "1", Type: "generic", Path: f.Path}}})
	return nil
}

// Facts that lack something by bad luck are gained again, while there is hope.
func TestIncompleteFacts(t *testing.T) {
	for _, tc := range []struct {
		name     string
		times    int
		calls    int
		packages int
	}{
		{"in time at the second attempt", 1, 2, 1},
		{"never in time", 100, 3, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := &hesitant{times: tc.times}
			each(t, func(e *env) {
				h.times, h.calls = tc.times, 0
				e.start()
				a := e.push(layers(e, plainTar(e, "x")), "app", "1")
				if s := e.next(); s.State != catalog.Success {
					e.Fatalf("scan: %+v", s)
				}
				rep, _ := e.report(a)
				if h.calls != tc.calls || len(rep.Packages) != tc.packages {
					e.Errorf("%d calls, %d packages; want %d, %d", h.calls, len(rep.Packages), tc.calls, tc.packages)
				}
				noted := slices.ContainsFunc(rep.Notes, func(n report.Note) bool { return n.Code == "collector-timeout" })
				if noted != (tc.packages == 0) {
					e.Errorf("notes: %+v", rep.Notes)
				}
			}, func(o *options) {
				o.engine.Collectors = []collect.Collector{h}
				o.engine.Timeout = 100 * time.Millisecond
			})
		})
	}
}
