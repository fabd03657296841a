package server_test

import (
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/pratique/pratique/internal/blob"
	"github.com/pratique/pratique/internal/image/imagetest"
)

// smallDisk puts a file system of a few megabytes in place of a directory.
func smallDisk(t *testing.T, dir string) {
	t.Helper()
	err := syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_NOSUID|syscall.MS_NODEV, "size=16m,mode=0700")
	switch {
	case err == nil:
		t.Cleanup(func() {
			if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
				t.Error(err)
			}
		})
	case errors.Is(err, syscall.EPERM) && os.Getenv("PRATIQUE_REQUIRE_ALL") == "":
		t.Skip("a full disk is not tested: only root can make a small one")
	default:
		t.Fatalf("mount a small disk: %v", err)
	}
}

// fill leaves less free than a page.
func fill(t *testing.T, dir string) (file string) {
	t.Helper()
	file = filepath.Join(dir, "ballast")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for chunk := 1 << 20; chunk >= 512; chunk /= 2 {
		for err = nil; err == nil; {
			_, err = f.Write(make([]byte, chunk))
		}
		if !errors.Is(err, syscall.ENOSPC) {
			t.Fatal(err)
		}
	}
	return file
}

// On a full disk nothing is accepted, with a clear error; what was accepted
// stays, pulls go on, and there is room again once there is room.
func TestFullDisk(t *testing.T) {
	cfg := config(t)
	smallDisk(t, cfg.Data)
	importAdvisories(t, cfg.Data)
	e := start(t, cfg)
	e.namespace("team", strict())
	// Not blocked: pulls are what this is about.
	change := strict()
	change.PreventVul = ptr(false)
	_, err := e.control.UpdateNamespace(t.Context(), "team", change)
	e.must(err)
	img := debian(t, "before")
	manifest := e.push(img, "team/app", "1")
	if s := e.scanned("team", "app", "1"); s.State != "Success" {
		t.Fatalf("scan: %+v", s)
	}
	layer := make([]byte, 2<<20)
	rand.Read(layer) // never fails
	big := imagetest.FromLayers(t, imagetest.RawLayer{Tar: layer, Compression: "plain"})
	digest := big.Layers[0].Digest
	// An upload half of which fits.
	location := e.do("POST", "/v2/team/app/blobs/uploads/", nil).want(t, 202).Header.Get("Location")
	e.do("PATCH", location, layer[:1<<20], "Content-Type: application/octet-stream").want(t, 202)

	ballast := fill(t, cfg.Data)
	a := e.do("PATCH", location, layer[1<<20:], "Content-Type: application/octet-stream")
	a.want(t, 503, "UNAVAILABLE", "space")
	e.do("POST", "/v2/team/app/blobs/uploads/?digest="+digest, layer).want(t, 503, "UNAVAILABLE", "space")
	if left, _ := filepath.Glob(filepath.Join(cfg.Data, "blobs", "sha256", "*", "*"+digest[len("sha256:"):]+"*")); left != nil {
		t.Errorf("there is part of a blob: %v", left)
	}
	fresh := debian(t, "before") // its blobs are there, but not this manifest
	fresh.Manifest = append(fresh.Manifest, ' ')
	a = e.do("PUT", "/v2/team/app/manifests/2", fresh.Manifest, "Content-Type: "+fresh.MediaType)
	a.want(t, 503, "UNAVAILABLE")
	t.Logf("manifest on a full disk: %s", a.body)
	if a := e.do("POST", "/api/v1/namespaces", []byte(`{"name":"more"}`), "Content-Type: application/json"); a.StatusCode != 503 {
		t.Errorf("a namespace on a full disk: %s %s", a.Status, a.body)
	}

	// Everything else goes on.
	e.do("GET", "/healthz", nil).want(t, 200)
	e.do("GET", "/readyz", nil).want(t, 200)
	for range 3 {
		e.do("GET", manifest, nil).want(t, 200)
		got := e.do("GET", "/v2/team/app/blobs/"+img.Layers[0].Digest, nil).want(t, 200)
		if blob.SHA256.Of([]byte(got.body)) != img.Layers[0].Digest {
			t.Error("a blob has changed")
		}
	}
	e.do("GET", "/api/v1/namespaces/team/repositories/app/artifacts/1/report", nil).want(t, 200, "CVE-2026-0001")
	e.do("GET", "/v2/team/app/manifests/2", nil).want(t, 404)

	// With room, the upload goes on from where it was.
	e.must(os.Remove(ballast))
	e.do("GET", location, nil).want(t, 204).header(t, "Range", "0-1048575")
	e.do("PUT", location+sep(location)+"digest="+digest, layer[1<<20:], "Content-Type: application/octet-stream").want(t, 201)
	e.do("PUT", "/v2/team/app/manifests/2", fresh.Manifest, "Content-Type: "+fresh.MediaType).want(t, 201)
	if s := e.scanned("team", "app", "2"); s.State != "Success" {
		t.Errorf("scan: %+v", s)
	}
	e.must(e.stop())
	// And nothing that was half-written hinders the next start.
	password := e.password
	e = start(t, cfg)
	e.password = password
	e.do("GET", manifest, nil).want(t, 200)
	e.do("GET", "/v2/team/app/blobs/"+digest, nil).want(t, 200)
}
