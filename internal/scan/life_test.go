package scan_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pratique/pratique/internal/blob"
	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/image/imagetest"
)

func TestPushIsScannedOnce(t *testing.T) {
	each(t, func(e *env) {
		e.start()
		img := imagetest.Build(e, debian)
		a := e.push(img, "app", "1")
		s := e.next()
		if s.ArtifactID != a.ID || s.State != catalog.Success || s.Trigger != catalog.TriggerPush || s.Percent != 100 {
			e.Errorf("scan: %+v", s)
		}
		rep, by := e.report(a)
		if by.ID != s.ID {
			e.Errorf("the report is of scan %d, not of %d", by.ID, s.ID)
		}
		if rep.Image.Digest != img.Digest || rep.Image.Layers[0].Instruction != "ADD rootfs.tar /" || rep.OS.ID != "debian" {
			e.Errorf("image of the report: %+v", rep.Image)
		}
		if len(rep.Packages) != 2 || len(rep.Vulnerabilities) != 1 {
			e.Fatalf("%d packages and %d vulnerabilities", len(rep.Packages), len(rep.Vulnerabilities))
		}
		if v := rep.Vulnerabilities[0]; v.ID != "CVE-2026-0001" || v.Package != "libhole" || v.FixedVersion != "2.0-1" {
			e.Errorf("vulnerability: %+v", v)
		}
		for _, want := range []string{"CVE-2026-0001", "libhole 1.0-1 → 2.0-1", "team/app"} {
			if msg := e.refusal(a); !strings.Contains(msg, want) {
				e.Errorf("the refusal does not say %q: %s", want, msg)
			}
		}

		// The same again, and under another tag, is nothing new.
		e.push(img, "app", "1")
		e.push(img, "app", "2")
		// In another repository it is another artifact, whose layer is known.
		other := e.push(img, "other", "1")
		if s := e.next(); s.ArtifactID != other.ID || s.State != catalog.Success {
			e.Errorf("scan: %+v", s)
		}
		if n := e.blobs.reads(img.Layers[0].Digest); n != 1 {
			e.Errorf("the layer was read %d times", n)
		}
		e.quiet()
	})
}

func TestManualScan(t *testing.T) {
	each(t, func(e *env) {
		img := imagetest.Build(e, debian)
		a := e.push(img, "app", "1")
		reading, proceed := make(chan struct{}, 1), make(chan struct{})
		e.blobs.interfere(func(ctx context.Context, digest string) error {
			if digest == img.Layers[0].Digest {
				reading <- struct{}{}
				<-proceed
			}
			return nil
		})
		conflict := func(when string) {
			e.Helper()
			_, err := e.service.Request(e.Context(), a.ID, catalog.TriggerManual)
			var known *catalog.Error
			if !errors.As(err, &known) || known.Kind != catalog.Conflict || known.Code != "scan_in_progress" {
				e.Errorf("a request while the scan %s: %v", when, err)
			}
		}
		conflict("waits")
		e.start()
		<-reading
		conflict("runs")
		if msg := e.refusal(a); !strings.Contains(msg, "running") {
			e.Errorf("refusal while the first scan runs: %s", msg)
		}
		close(proceed)
		first := e.next()

		// On request, it is done again, and finds the same without reading.
		before, _ := e.report(a)
		requested, err := e.service.Request(e.Context(), a.ID, catalog.TriggerManual)
		e.must(err)
		if requested.State != catalog.Pending || requested.Trigger != catalog.TriggerManual {
			e.Errorf("requested: %+v", requested)
		}
		second := e.next()
		if second.ID != requested.ID || second.ID == first.ID || second.State != catalog.Success {
			e.Errorf("second scan: %+v", second)
		}
		after, by := e.report(a)
		if by.ID != second.ID {
			e.Errorf("the report is of scan %d, not of %d", by.ID, second.ID)
		}
		if diff := cmp.Diff(before, after); diff != "" {
			e.Errorf("second report (-first +second):\n%s", diff)
		}
		if n := e.blobs.reads(img.Layers[0].Digest); n != 1 {
			e.Errorf("the layer was read %d times", n)
		}
		e.quiet()
	})
}

func TestRequestIsRefused(t *testing.T) {
	each(t, func(e *env) {
		put := func(kind catalog.ArtifactKind, tag string) int64 {
			raw, err := json.Marshal(map[string]string{"of": string(kind) + tag})
			e.must(err)
			return e.put(catalog.ManifestPush{
				Key: e.key("app"), Digest: blob.SHA256.Of(raw),
				MediaType: "application/vnd.oci.image.manifest.v1+json", Content: raw, Tag: tag, Kind: kind,
			}).ID
		}
		empty := put(catalog.KindIndex, "empty")
		_, err := e.service.Request(e.Context(), empty, catalog.TriggerManual)
		if err == nil || !strings.Contains(err.Error(), "names no image") {
			e.Errorf("an index without images: %v", err)
		}
		e.refuse(catalog.Refusals()...)
		for _, tc := range []struct {
			name     string
			artifact int64
			kind     catalog.Kind
			code     string
			says     string
		}{
			{"an index", put(catalog.KindIndex, "index"), catalog.Invalid, "multi_architecture", "members"},
			{"a chart", put(catalog.KindChart, "chart"), catalog.Invalid, "chart", "Helm chart"},
			{"a signature", put(catalog.KindSignature, "signature"), catalog.Invalid, "not_scannable", "not a container image"},
			{"anything else", put(catalog.KindOther, "other"), catalog.Invalid, "not_scannable", "not a container image"},
			{"an image without tag", put(catalog.KindImage, ""), catalog.Invalid, "untagged", "tag it"},
			{"nothing", 12345, catalog.NotFound, "artifact_not_found", "12345"},
		} {
			_, err := e.service.Request(e.Context(), tc.artifact, catalog.TriggerManual)
			var known *catalog.Error
			if !errors.As(err, &known) || known.Kind != tc.kind || known.Code != tc.code || !strings.Contains(err.Error(), tc.says) {
				e.Errorf("%s: %v, want code %s and %q", tc.name, err, tc.code, tc.says)
			}
		}
		e.quiet()
	})
}

// An index is not scanned, its members are; it is as the worst of them.
func TestMembersOfAnIndex(t *testing.T) {
	each(t, func(e *env) {
		e.refuse(catalog.RefuseUntagged)
		e.start()
		amd, arm := imagetest.Build(e, debian), imagetest.Build(e, "platform: linux/arm64\n"+debian)
		members := map[int64]bool{e.push(amd, "app", "").ID: true, e.push(arm, "app", "").ID: true}
		e.quiet() // nobody has tagged them
		raw, mediaType := imagetest.Index(e, amd, arm)
		index := e.put(catalog.ManifestPush{
			Key: e.key("app"), Digest: "sha256:" + strings.Repeat("1", 64), MediaType: mediaType, Content: raw, Tag: "1", Kind: catalog.KindIndex,
			Manifests: []catalog.Descriptor{{Digest: amd.Digest, MediaType: amd.MediaType}, {Digest: arm.Digest, MediaType: arm.MediaType}},
		})
		for range 2 {
			if s := e.next(); !members[s.ArtifactID] || s.State != catalog.Success {
				e.Errorf("scan: %+v", s)
			} else {
				delete(members, s.ArtifactID)
			}
		}
		if got := e.scans(index); len(got) != 0 {
			e.Errorf("the index was scanned: %+v", got)
		}
		pulls, err := e.store.MemberPulls(e.Context(), index.ID)
		e.must(err)
		if joined := catalog.JoinScans(pulls); len(pulls) != 2 || joined == nil || joined.State != catalog.Success || joined.Percent != 100 {
			e.Errorf("the scans together: %+v of %d images", joined, len(pulls))
		}
		// On request all are scanned again.
		if s, err := e.service.Request(e.Context(), index.ID, catalog.TriggerManual); err != nil || s.ID != 0 || s.State.Ended() {
			e.Errorf("asked to scan the index: %+v %v", s, err)
		}
		e.next()
		e.next()
		// A member may be scanned on request although it has no tag itself.
		for _, img := range []*imagetest.Image{amd, arm} {
			pull, err := e.store.Pull(e.Context(), e.key("app"), img.Digest)
			e.must(err)
			_, err = e.service.Request(e.Context(), pull.Artifact.ID, catalog.TriggerManual)
			e.must(err)
			e.next()
		}
		e.quiet()
	})
}

// Without advisories every image would look clean, so scans wait for them.
func TestScansWaitForAdvisories(t *testing.T) {
	each(t, func(e *env) {
		e.start()
		a := e.push(imagetest.Build(e, debian), "app", "1")
		if e.knowledge.Ready() {
			e.Fatal("there are advisories")
		}
		imported := time.Now().Truncate(time.Millisecond)
		e.importAdvisories()
		s := e.next()
		if s.State != catalog.Success || s.StartedAt.Before(imported) {
			e.Errorf("the scan started at %v, before there were advisories at %v: %+v", s.StartedAt, imported, s)
		}
		if rep, _ := e.report(a); len(rep.Vulnerabilities) != 1 {
			e.Errorf("%d vulnerabilities", len(rep.Vulnerabilities))
		}
	}, func(o *options) { o.noAdvisories = true })
}

// Deleting what is scanned ends the scan without a trace.
func TestDeletedWhileScanned(t *testing.T) {
	each(t, func(e *env) {
		img := imagetest.Build(e, debian)
		reading, proceed := make(chan struct{}, 1), make(chan struct{})
		e.blobs.interfere(func(ctx context.Context, digest string) error {
			if digest == img.Layers[0].Digest {
				reading <- struct{}{}
				<-proceed
			}
			return nil
		})
		e.push(img, "app", "1")
		e.start()
		<-reading
		e.must(e.store.DeleteManifest(e.Context(), e.key("app"), img.Digest))
		close(proceed)
		// The next one is scanned as if nothing had been.
		e.blobs.interfere(nil)
		a := e.push(small(e, 1), "other", "1")
		if s := e.next(); s.ArtifactID != a.ID || s.State != catalog.Success {
			e.Errorf("scan: %+v", s)
		}
		e.quiet()
	})
}
