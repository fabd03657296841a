package advisory

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pratique/pratique/internal/report"
)

// useAll asks a database everything; it returns the first error.
func useAll(db *DB) error {
	var failed error
	keep := func(err error) {
		if failed == nil {
			failed = err
		}
	}
	for _, q := range []struct {
		os  report.OS
		pkg report.Package
	}{
		{debian12, deb("libcurl4", "7.88.1-10", "curl")},
		{jammy, deb("curl", "7.81.0-1ubuntu1.10", "curl")},
		{report.OS{}, lang("npm", "npm", "@scope/pkg", "1.2.0")},
		{alma8, report.Package{Type: "rpm", Name: "openssl-libs", Version: "1:1.1.1k-7.el8_6"}},
	} {
		_, err := db.Match(q.os, q.pkg)
		keep(err)
	}
	_, err := db.KEV("CVE-2021-44228")
	keep(err)
	_, err = db.EPSS("CVE-2021-44228")
	keep(err)
	_, _, err = db.EndOfLife("debian", "9")
	keep(err)
	_, err = Changed(nil, db)
	keep(err)
	return failed
}

// TestDamage cuts and changes every file of a database in many places: opening
// or using it must give an error that names the file, or the right answer.
func TestDamage(t *testing.T) {
	dir := t.TempDir()
	importInto(t, dir, smallBucket(t))
	names, err := filepath.Glob(filepath.Join(dir, "*"+fileSuffix))
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		whole, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		try := func(data []byte) {
			if err := os.WriteFile(name, data, 0o644); err != nil {
				t.Fatal(err)
			}
			db, err := Open(dir)
			if err == nil {
				err = useAll(db)
				db.Close()
			}
			if err == nil {
				if len(data) < len(whole) {
					t.Fatalf("%s cut to %d bytes: no error", filepath.Base(name), len(data))
				}
				return // nothing read what was changed
			}
			if !strings.Contains(err.Error(), filepath.Base(name)) {
				t.Fatalf("the error does not name %s: %v", filepath.Base(name), err)
			}
		}
		for n := 0; n < len(whole); n += 1 + len(whole)/40 {
			try(whole[:n])
		}
		for i := 0; i < len(whole); i += 1 + len(whole)/120 {
			data := bytes.Clone(whole)
			data[i] ^= 1 << (i % 8)
			try(data)
		}
		if err := os.WriteFile(name, whole, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := useAll(openDB(t, dir)); err != nil {
		t.Fatalf("the undamaged database: %v", err)
	}
}

// FuzzFile opens bytes as a file of each kind and asks all there is to ask.
func FuzzFile(f *testing.F) {
	dir := f.TempDir()
	importInto(f, dir, smallBucket(f))
	names, _ := filepath.Glob(filepath.Join(dir, "*"+fileSuffix))
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	dec, err := newDecoder()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := newContainer(bytes.NewReader(data), int64(len(data)), "fuzz")
		if err != nil {
			return
		}
		if e, err := openEcosystemFile(c, dec, newBlockCache()); err == nil {
			e.parts("Debian:12", "curl")
			e.ratings()
			changedFile(nil, e, func(PackageKey) {})
			e.withCVE(map[cveKey]bool{1: true}, func(PackageKey) {})
		}
		if tb, err := openTable(c); err == nil {
			tb.find(1 << 30)
			tb.each(func(cveKey, []byte) {})
			if lists, err := readLifeCycles(tb, dec); err == nil {
				decodeLifeCycles(lists["debian"], "x")
			}
			(&ratingTable{table: tb, dec: dec}).all()
		}
	})
}

// FuzzBlocks reads bytes as the inside of blocks, which in a file are behind a
// checksum that keeps a fuzzer out.
func FuzzBlocks(f *testing.F) {
	var e encoder
	e.record(&record{id: "X", cves: []string{"CVE-2021-1234"}, vectors: []string{"v"}})
	f.Add(e.b)
	e = encoder{}
	e.part(&part{ranges: []interval{{"1", "2", endFixed}}, versions: []string{"3"}, status: "needed", cve: 77, own: true})
	f.Add(e.b)
	f.Fuzz(func(t *testing.T, data []byte) {
		(&decoder{b: data}).record()
		p := (&decoder{b: data}).part()
		var again encoder
		again.part(&p)
		(&ecosystemFile{container: &container{}}).decodeParts(&decoder{b: data})
		decodeRatings(data)
	})
}

// FuzzOSV decodes records for every kind of ecosystem; what is accepted must
// survive being stored.
func FuzzOSV(f *testing.F) {
	for _, s := range []string{
		`{"id":"X-1","aliases":["CVE-2021-1234"],"affected":[{"package":{"ecosystem":"Debian:12","name":"a"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"1"}]}]}]}`,
		`{"id":"ALSA-2023:1","summary":"Important: a:1 update","related":["CVE-2021-1234"],"affected":[{"package":{"ecosystem":"AlmaLinux:8","name":"a"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"}]}]}]}`,
		`{"id":"GO-1","affected":[{"package":{"ecosystem":"Go","name":"a"},"versions":["1"],"ecosystem_specific":{"custom_ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"x"}]}]}}],"severity":[{"type":"CVSS_V3","score":3}],"database_specific":[]}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, name := range []string{"Debian", "AlmaLinux", "Go", "PyPI"} {
			eco, _ := findEcosystem(name)
			rec, parts, err := decodeOSV(eco, data)
			if err != nil {
				continue
			}
			var e encoder
			e.record(rec)
			d := &decoder{b: e.b}
			if got := d.record(); d.err != nil || got.id != rec.id || len(got.cves) != len(rec.cves) {
				t.Errorf("record %q cannot be read back", rec.id)
			}
			for i := range parts {
				e = encoder{}
				e.part(&parts[i])
				d := &decoder{b: e.b}
				if got := d.part(); d.err != nil || len(got.ranges) != len(parts[i].ranges) {
					t.Errorf("a part of %q cannot be read back", rec.id)
				}
			}
		}
	})
}
