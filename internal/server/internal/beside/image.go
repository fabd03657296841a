package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

const (
	mediaManifest = "application/vnd.oci.image.manifest.v1+json"
	mediaConfig   = "application/vnd.oci.image.config.v1+json"
	mediaLayer    = "application/vnd.oci.image.layer.v1.tar+gzip"
	mediaBytes    = "application/octet-stream"
)

type descriptor struct {
	MediaType string `json:"mediaType"`
	Digest    string `json:"digest"`
	Size      int64  `json:"size"`
}

type manifest struct {
	SchemaVersion int          `json:"schemaVersion"`
	MediaType     string       `json:"mediaType"`
	ArtifactType  string       `json:"artifactType,omitempty"`
	Config        descriptor   `json:"config"`
	Layers        []descriptor `json:"layers"`
}

// artifact pushes something that is no image and consists of blobs that are
// there already.
func (p *pusher) artifact(tag string, blobs []descriptor) error {
	config := []byte("{}")
	if err := p.blob(config, digestOf(config), 0); err != nil {
		return err
	}
	_, err := p.manifest(manifest{2, mediaManifest, "application/vnd.example.bench",
		descriptor{"application/vnd.oci.empty.v1+json", digestOf(config), int64(len(config))}, blobs}, tag)
	return err
}

// image pushes an image of one layer.
func (p *pusher) image(tag string, layer []byte, diffID string) (digest string, err error) {
	config, err := json.Marshal(map[string]any{
		"os": "linux", "architecture": "amd64",
		"rootfs": map[string]any{"type": "layers", "diff_ids": []string{diffID}},
	})
	if err != nil {
		return "", err
	}
	for _, content := range [][]byte{config, layer} {
		if err := p.blob(content, digestOf(content), 0); err != nil {
			return "", err
		}
	}
	return p.manifest(manifest{2, mediaManifest, "",
		descriptor{mediaConfig, digestOf(config), int64(len(config))},
		[]descriptor{{mediaLayer, digestOf(layer), int64(len(layer))}}}, tag)
}

// smallLayer is a layer with one package that has no vulnerability.
func smallLayer() (layer []byte, diffID string, err error) {
	var raw, packed bytes.Buffer
	w := tar.NewWriter(&raw)
	for _, f := range []struct{ name, content string }{
		{"etc/os-release", "ID=debian\nVERSION_ID=\"12\"\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n"},
		{"var/lib/dpkg/status", "Package: bench\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.0-1\n\n"},
	} {
		if err := w.WriteHeader(&tar.Header{Name: f.name, Mode: 0o644, Size: int64(len(f.content))}); err != nil {
			return nil, "", err
		}
		if _, err := io.WriteString(w, f.content); err != nil {
			return nil, "", err
		}
	}
	if err := w.Close(); err != nil {
		return nil, "", err
	}
	z := gzip.NewWriter(&packed)
	if _, err := z.Write(raw.Bytes()); err != nil {
		return nil, "", err
	}
	err = z.Close()
	return packed.Bytes(), digestOf(raw.Bytes()), err
}

// variants makes layers that hold the same files and differ all the same, from
// the largest layer of an OCI layout: each has some more of the zeros a tar
// archive ends with. So all of them are read when they are scanned.
type variants struct {
	layer []byte
	hash  encoding.BinaryMarshaler // of the layer, uncompressed
}

func newVariants(layout string) (*variants, error) {
	files, err := filepath.Glob(filepath.Join(layout, "blobs", "sha256", "*"))
	if err != nil {
		return nil, err
	}
	var largest string
	var size int64
	for _, f := range files {
		if info, err := os.Stat(f); err == nil && info.Size() > size {
			largest, size = f, info.Size()
		}
	}
	layer, err := os.ReadFile(largest)
	if err != nil {
		return nil, fmt.Errorf("layers of %s: %w", layout, err)
	}
	z, err := gzip.NewReader(bytes.NewReader(layer))
	if err != nil {
		return nil, fmt.Errorf("layer %s: %w", largest, err)
	}
	h := sha256.New()
	if _, err := io.Copy(h, z); err != nil {
		return nil, fmt.Errorf("layer %s: %w", largest, err)
	}
	return &variants{layer, h.(encoding.BinaryMarshaler)}, nil
}

func (v *variants) variant(n int) (layer []byte, diffID string, err error) {
	state, err := v.hash.MarshalBinary()
	if err != nil {
		return nil, "", err
	}
	h := sha256.New()
	if err := h.(encoding.BinaryUnmarshaler).UnmarshalBinary(state); err != nil {
		return nil, "", err
	}
	zeros := strings.Repeat("\x00", 512*n)
	io.WriteString(h, zeros) // never fails
	more := bytes.NewBuffer(bytes.Clone(v.layer))
	z := gzip.NewWriter(more)
	if _, err := io.WriteString(z, zeros); err != nil {
		return nil, "", err
	}
	err = z.Close()
	return more.Bytes(), "sha256:" + hex.EncodeToString(h.Sum(nil)), err
}
