package rpmdb_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pratique/pratique/internal/collect/packages/rpmdb"
)

// corpus returns the databases that the module cache holds as test data of
// other RPM readers.
func corpus(t testing.TB) []string {
	t.Helper()
	var files []string
	for module, pattern := range map[string]string{
		"github.com/erikvarga/go-rpmdb": "pkg/testdata/*/*",
		"github.com/google/osv-scalibr": "extractor/filesystem/os/rpm/testdata/*",
	} {
		out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", module).Output()
		dir := strings.TrimSpace(string(out))
		if err != nil || dir == "" {
			continue
		}
		found, _ := filepath.Glob(filepath.Join(dir, pattern))
		for _, f := range found {
			switch filepath.Base(f) {
			case "Packages", "Packages.db", "rpmdb.sqlite":
				files = append(files, f)
			}
		}
	}
	if len(files) == 0 {
		t.Skip("no RPM databases in the module cache: run go mod download github.com/erikvarga/go-rpmdb first")
	}
	slices.Sort(files)
	return files
}

// list reads a database into lines of the form rpm is asked for.
func list(file string) ([]string, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	var lines []string
	err = rpmdb.Read(context.Background(), f, info.Size(), func(p *rpmdb.Package) error {
		files := 0
		for range p.Files {
			files++
		}
		lines = append(lines, fmt.Sprintf("%s %d %s %s %s %s %s|%s|%s %d",
			p.Name, p.Epoch, p.Version, p.Release, p.Arch, p.SourceRPM, p.ModularityLabel, p.Licence, p.Vendor, files))
		return nil
	})
	slices.Sort(lines)
	return lines, err
}

const queryFormat = `%{NAME} %|EPOCH?{%{EPOCH}}:{0}| %{VERSION} %{RELEASE} %{ARCH} %{SOURCERPM} ` +
	`%|MODULARITYLABEL?{%{MODULARITYLABEL}}:{}||%{LICENSE}|%{VENDOR}` + "[\x01%{BASENAMES}]\n"

// rpmQuery asks the program rpm for the same lines.
func rpmQuery(t testing.TB, dir, backend string) []string {
	t.Helper()
	out, err := exec.Command("rpm", "--dbpath", dir, "--define", "_db_backend "+backend, "-qa", "--qf", queryFormat).Output()
	if err != nil || len(out) == 0 {
		t.Fatalf("rpm does not read the %s database: %v", backend, err)
	}
	var lines []string
	for line := range strings.Lines(strings.ReplaceAll(string(out), "(none)", "")) {
		line, files, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\x01")
		n := 0
		if files != "" {
			n = 1 + strings.Count(files, "\x01")
		}
		lines = append(lines, fmt.Sprintf("%s %d", line, n))
	}
	slices.Sort(lines)
	return lines
}

// TestAgainstRPM compares each database with what rpm itself reads in it.
func TestAgainstRPM(t *testing.T) {
	if _, err := exec.LookPath("rpm"); err != nil {
		t.Skip("the program rpm is not installed (apt-get install rpm)")
	}
	backends := map[string]string{"Packages": "bdb_ro", "Packages.db": "ndb", "rpmdb.sqlite": "sqlite"}
	makesNDB := makes(t, "ndb", "Packages.db")
	for _, file := range corpus(t) {
		name := filepath.Base(filepath.Dir(file)) + "/" + filepath.Base(file)
		t.Run(name, func(t *testing.T) {
			got, err := list(file)
			if err != nil {
				t.Fatal(err)
			}
			if backends[filepath.Base(file)] == "ndb" && !makesNDB {
				// Debian's rpm cannot read these; another reader was asked once.
				if len(got) != 35 && len(got) != 137 {
					t.Errorf("%d packages, want 35 or 137", len(got))
				}
				return
			}
			dir := t.TempDir()
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, filepath.Base(file)), data, 0o600); err != nil {
				t.Fatal(err)
			}
			want := rpmQuery(t, dir, backends[filepath.Base(file)])
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("not what rpm reads (-rpm +ours):\n%s", diff)
			}
			t.Logf("%d packages", len(got))
		})
	}
}

// TestEmpty reads databases as rpm makes them before anything is installed.
func TestEmpty(t *testing.T) {
	if _, err := exec.LookPath("rpm"); err != nil {
		t.Skip("the program rpm is not installed (apt-get install rpm)")
	}
	for backend, name := range map[string]string{"sqlite": "rpmdb.sqlite", "ndb": "Packages.db"} {
		if !makes(t, backend, name) {
			continue // Debian's rpm is built without ndb
		}
		t.Run(backend, func(t *testing.T) {
			dir := t.TempDir()
			if out, err := initdb(dir, backend); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			got, err := list(filepath.Join(dir, name))
			if err != nil || len(got) != 0 {
				t.Errorf("got %v, %v; want nothing", got, err)
			}
		})
	}
}

// makes reports whether the program rpm makes databases of a kind.
func makes(t *testing.T, backend, file string) bool {
	dir := t.TempDir()
	_, err := initdb(dir, backend)
	_, statErr := os.Stat(filepath.Join(dir, file))
	return err == nil && statErr == nil
}

func initdb(dir, backend string) ([]byte, error) {
	return exec.Command("rpm", "--dbpath", dir, "--define", "_db_backend "+backend, "--initdb").CombinedOutput()
}

// TestDamaged cuts and overwrites real databases: errors are fine, panics and
// endless loops are not.
func TestDamaged(t *testing.T) {
	seen := map[string]bool{}
	for _, file := range corpus(t) {
		base := filepath.Base(file)
		if seen[base] {
			continue
		}
		seen[base] = true
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, cut := range []int{0, 1, 99, 100, 512, 4096, len(data) / 2, len(data) - 1} {
			n, err := count(data[:cut])
			if err == nil && cut < 4096 {
				t.Errorf("%s cut to %d bytes: %d packages and no error", file, cut, n)
			}
		}
		for i := 0; i < 200; i++ {
			bad := bytes.Clone(data[:min(len(data), 256<<10)])
			for j := range 8 {
				bad[(i*7919+j*104729)%len(bad)] ^= byte(0x55 + j)
			}
			_, _ = count(bad)
		}
	}
}

func count(data []byte) (int, error) {
	n := 0
	err := rpmdb.Read(context.Background(), bytes.NewReader(data), int64(len(data)), func(*rpmdb.Package) error {
		n++
		return nil
	})
	return n, err
}

func FuzzRead(f *testing.F) {
	header := func(name string) []byte {
		h := binary.BigEndian.AppendUint32(nil, 1)
		h = binary.BigEndian.AppendUint32(h, uint32(len(name)+1))
		for _, v := range []uint32{1000, 6, 0, 1} {
			h = binary.BigEndian.AppendUint32(h, v)
		}
		return append(append(h, name...), 0)
	}("bash")
	// A whole NDB by hand: header, slots, one blob.
	ndb := make([]byte, 4096)
	copy(ndb, "RpmP")
	binary.LittleEndian.PutUint32(ndb[12:], 1)
	for off := 32; off < len(ndb); off += 16 {
		copy(ndb[off:], "Slot")
	}
	binary.LittleEndian.PutUint32(ndb[36:], 1)
	binary.LittleEndian.PutUint32(ndb[40:], 256)
	ndb = append(ndb, "BlbS\x01\x00\x00\x00\x00\x00\x00\x00"...)
	ndb = binary.LittleEndian.AppendUint32(ndb, uint32(len(header)))
	ndb = append(ndb, header...)
	if n, err := count(ndb); n != 1 || err != nil {
		f.Fatalf("the NDB seed gives %d packages, %v; want 1", n, err)
	}
	f.Add(ndb)
	f.Add([]byte("SQLite format 3\x00\x10\x00" + strings.Repeat("\x00", 5000)))
	f.Fuzz(func(t *testing.T, data []byte) { _, _ = count(data) })
}
