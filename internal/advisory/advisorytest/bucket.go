// Package advisorytest writes small sets of advisories in the layout of the
// public OSV bucket, so that a test shows the advisories it is about.
package advisorytest

import (
	"archive/zip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Bucket writes records into a new directory, see Write, and returns it.
func Bucket(t testing.TB, records string) string {
	t.Helper()
	dir := t.TempDir()
	if err := Write(dir, records); err != nil {
		t.Fatal(err)
	}
	return dir
}

// Write writes OSV records, JSON objects one after the other, into a directory:
// each into the ecosystem of the first package it is about, without the
// release.
func Write(dir, records string) error {
	byEcosystem := map[string]map[string]json.RawMessage{}
	for dec := json.NewDecoder(strings.NewReader(records)); ; {
		var raw json.RawMessage
		if err := dec.Decode(&raw); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return fmt.Errorf("advisorytest: %w", err)
		}
		var record struct {
			ID       string
			Affected []struct{ Package struct{ Ecosystem string } }
		}
		if err := json.Unmarshal(raw, &record); err != nil {
			return fmt.Errorf("advisorytest: %w", err)
		}
		if record.ID == "" || len(record.Affected) == 0 {
			return fmt.Errorf("advisorytest: a record without id or package: %s", raw)
		}
		name, _, _ := strings.Cut(record.Affected[0].Package.Ecosystem, ":")
		if byEcosystem[name] == nil {
			byEcosystem[name] = map[string]json.RawMessage{}
		}
		byEcosystem[name][record.ID] = raw
	}
	names := slices.Sorted(maps.Keys(byEcosystem))
	for _, name := range names {
		if err := writeZip(filepath.Join(dir, name, "all.zip"), byEcosystem[name]); err != nil {
			return fmt.Errorf("advisorytest: %w", err)
		}
	}
	return os.WriteFile(filepath.Join(dir, "ecosystems.txt"), []byte(strings.Join(names, "\n")+"\n"), 0o644)
}

func writeZip(path string, records map[string]json.RawMessage) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	z := zip.NewWriter(f)
	for _, id := range slices.Sorted(maps.Keys(records)) {
		w, err := z.Create(id + ".json")
		if err != nil {
			return err
		}
		if _, err := w.Write(records[id]); err != nil {
			return err
		}
	}
	if err := z.Close(); err != nil {
		return err
	}
	return f.Close()
}
