package advisory

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const (
	manifestName = "current.json"
	lockName     = "lock"
	tempPrefix   = "tmp-"
	fileSuffix   = ".adv"
	maxManifest  = 4 << 20
)

// ErrNone says that a directory holds no advisory database that this program
// can read. The text of the error that wraps it tells how to get one.
var ErrNone = errors.New("no advisory database")

// manifest is the content of current.json: which files are in force, where they
// came from, and what tells whether the sources changed since.
type manifest struct {
	Format     int            `json:"format"`
	Revision   string         `json:"revision"`
	From       string         `json:"from"`
	Feeds      Feeds          `json:"feeds"`
	Ecosystems []manifestFile `json:"ecosystems"`
	Tables     []manifestFile `json:"tables"`
}

// manifestFile is one file of the database.
type manifestFile struct {
	// Name is the ecosystem or the table.
	Name string `json:"name"`
	File string `json:"file"`
	Size int64  `json:"size"`
	// Records is the number of records, or rows.
	Records int `json:"records"`
	Skipped int `json:"skipped,omitempty"`
	// Newest is the latest modification of an ecosystem's record, RFC 3339, or
	// the date of a table's data.
	Newest string    `json:"newest,omitempty"`
	Built  time.Time `json:"built"`
	Stamp  stamp     `json:"stamp"`
}

// stamp tells whether a source is what it was.
type stamp struct {
	Source       string    `json:"source,omitempty"`
	ETag         string    `json:"etag,omitempty"`
	LastModified string    `json:"lastModified,omitempty"`
	Size         int64     `json:"size,omitempty"`
	ModTime      time.Time `json:"modTime,omitzero"`
	SHA256       string    `json:"sha256,omitempty"`
}

// filePrefix is how files of an ecosystem or table begin.
func filePrefix(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' {
			return r
		}
		return '_'
	}, name)
}

func sourceName(ecosystem string) string { return strings.ToLower(ecosystem) }

// setRevision names the manifest's content.
func (m *manifest) setRevision() {
	h := sha256.New()
	for _, f := range slices.Concat(m.Ecosystems, m.Tables) {
		fmt.Fprintf(h, "%s\n", f.File)
	}
	m.Revision = hex.EncodeToString(h.Sum(nil)[:8])
}

// readManifest returns the manifest in force, or an error wrapping ErrNone.
func readManifest(dir string) (*manifest, error) {
	path := filepath.Join(dir, manifestName)
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w in %s: run \"pratique advisories import\" with a directory, a zip file or an address, or \"pratique advisories update\" for the public database", ErrNone, dir)
	}
	if err != nil {
		return nil, fmt.Errorf("read the advisory database: %w", err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxManifest))
	if err != nil {
		return nil, fmt.Errorf("read the advisory database: %w", err)
	}
	var m manifest
	if err := json.Unmarshal(b, &m); err != nil {
		return nil, fmt.Errorf("%s is %w (%v): import the advisories again", path, errCorrupt, err)
	}
	if m.Format != formatVersion {
		return nil, fmt.Errorf("%w in %s that this program can read: it has format %d, and %d is needed; import the advisories again", ErrNone, dir, m.Format, formatVersion)
	}
	for _, file := range slices.Concat(m.Ecosystems, m.Tables) {
		if file.File != filepath.Base(file.File) || !strings.HasSuffix(file.File, fileSuffix) {
			return nil, fmt.Errorf("%s is %w (it names %q): import the advisories again", path, errCorrupt, clip(file.File, 100))
		}
	}
	return &m, nil
}

// putInForce replaces the manifest, as the last step of an import.
func (m *manifest) putInForce(dir string) error {
	b, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, tempPrefix+"*")
	if err != nil {
		return fmt.Errorf("put the advisory database in force: %w", err)
	}
	defer os.Remove(f.Name()) // fails after the rename, as it should
	_, err = f.Write(append(b, '\n'))
	if err == nil {
		err = errors.Join(f.Chmod(0o644), f.Sync())
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(f.Name(), filepath.Join(dir, manifestName))
	}
	if err == nil {
		err = syncDir(dir)
	}
	if err != nil {
		return fmt.Errorf("put the advisory database in force: %w", err)
	}
	return nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// sweep removes what an import no longer needs: unfinished files, and finished
// ones that are not in force. Those that somebody has open live on until they
// are closed. The caller holds the lock.
func sweep(dir string, inForce *manifest) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("clean the advisory database: %w", err)
	}
	keep := make(map[string]bool)
	if inForce != nil {
		for _, f := range slices.Concat(inForce.Ecosystems, inForce.Tables) {
			keep[f.File] = true
		}
	}
	for _, e := range entries {
		name := e.Name()
		if strings.HasPrefix(name, tempPrefix) || strings.HasSuffix(name, fileSuffix) && !keep[name] {
			if err := os.Remove(filepath.Join(dir, name)); err != nil {
				return fmt.Errorf("clean the advisory database: %w", err)
			}
		}
	}
	return nil
}
