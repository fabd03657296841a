package advisory

import (
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/pratique/pratique/internal/report"
)

// DB is an open database. It does not change, whatever is imported meanwhile;
// its methods may be called concurrently until Close.
type DB struct {
	manifest   *manifest
	ecosystems map[string]*ecosystemFile
	kev, epss  *table
	eol        *table
	rates      *ratingTable
	dec        *zstd.Decoder

	lifeOnce sync.Once
	life     map[string][]byte // encoded, by product; set once
	lifeErr  error             // set once
}

// openAttempts bounds how often Open looks again when the files it wants were
// replaced between reading the manifest and opening them.
const openAttempts = 5

// Open opens the database in force in dir. The error wraps ErrNone if there is
// none yet.
func Open(dir string) (*DB, error) {
	for attempt := 1; ; attempt++ {
		m, err := readManifest(dir)
		if err != nil {
			return nil, err
		}
		db, err := openFiles(dir, m)
		if err == nil || !errors.Is(err, fs.ErrNotExist) || attempt == openAttempts {
			return db, err
		}
	}
}

func openFiles(dir string, m *manifest) (*DB, error) {
	dec, err := newDecoder()
	if err != nil {
		return nil, err
	}
	db := &DB{manifest: m, ecosystems: make(map[string]*ecosystemFile), dec: dec}
	cache := newBlockCache()
	for _, f := range m.Ecosystems {
		c, err := openContainer(filepath.Join(dir, f.File))
		if err != nil {
			return nil, errors.Join(err, db.Close())
		}
		e, err := openEcosystemFile(c, dec, cache)
		if err != nil {
			return nil, errors.Join(err, c.close(), db.Close())
		}
		db.ecosystems[f.Name] = e
	}
	for _, f := range m.Tables {
		c, err := openContainer(filepath.Join(dir, f.File))
		if err != nil {
			return nil, errors.Join(err, db.Close())
		}
		if err := db.setTable(f.Name, c); err != nil {
			return nil, errors.Join(err, c.close(), db.Close())
		}
	}
	return db, nil
}

func (db *DB) setTable(name string, c *container) error {
	t, err := openTable(c)
	if err != nil {
		return err
	}
	want := 0
	switch name {
	case tableKEV:
		db.kev, want = t, kevWidth
	case tableEPSS:
		db.epss, want = t, epssWidth
	case tableRatings:
		db.rates, want = &ratingTable{table: t, dec: db.dec}, 4
	case tableEOL:
		db.eol = t
	}
	if t.meta.Width != want {
		return c.damaged("its rows are %d bytes wide", t.meta.Width)
	}
	return nil
}

// Close releases the files. The database must not be used afterwards.
func (db *DB) Close() error {
	var errs []error
	for _, e := range db.ecosystems {
		errs = append(errs, e.close())
	}
	for _, t := range []*table{db.kev, db.epss, db.eol} {
		if t != nil {
			errs = append(errs, t.close())
		}
	}
	if db.rates != nil {
		errs = append(errs, db.rates.close())
	}
	db.dec.Close()
	return errors.Join(errs...)
}

// Stale reports whether another database than db was put in force in dir. It
// reads one small file.
func Stale(dir string, db *DB) bool {
	m, err := readManifest(dir)
	return err == nil && m.Revision != db.Revision()
}

// Revision names the content of the database.
func (db *DB) Revision() string { return db.manifest.Revision }

// Knowledge is what reports say about the database.
func (db *DB) Knowledge() report.Knowledge {
	k := report.Knowledge{Revision: db.manifest.Revision}
	for _, f := range db.manifest.Ecosystems {
		k.Newest = max(k.Newest, f.Newest)
	}
	return k
}

// EcosystemInfo describes one ecosystem or table of the database.
type EcosystemInfo struct {
	Name    string
	Records int
	// Skipped counts records that did not parse.
	Skipped int
	// Newest is the time of the latest change in the data; zero if unknown.
	Newest time.Time
	// Size is in bytes, on disk.
	Size int64
	// Built is when it was compiled.
	Built time.Time
	// Source is the file or address it was compiled from.
	Source string
}

// Info describes the ecosystems, sorted by name.
func (db *DB) Info() []EcosystemInfo { return infos(db.manifest.Ecosystems) }

// Tables describes what is beside the advisories: "kev", "epss", "eol", and
// "ratings", the CVSS vectors gathered from all ecosystems.
func (db *DB) Tables() []EcosystemInfo { return infos(db.manifest.Tables) }

func infos(files []manifestFile) []EcosystemInfo {
	var out []EcosystemInfo
	for _, f := range files {
		newest, err := time.Parse(time.RFC3339, f.Newest)
		if err != nil {
			newest, _ = time.Parse(time.DateOnly, f.Newest)
		}
		out = append(out, EcosystemInfo{
			Name: f.Name, Records: f.Records, Skipped: f.Skipped, Newest: newest,
			Size: f.Size, Built: f.Built, Source: f.Stamp.Source,
		})
	}
	slices.SortFunc(out, func(a, b EcosystemInfo) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// From is where the database came from, as Update will use it.
func (db *DB) From() string { return db.manifest.From }

// Covers reports whether the database has advisories for an operating system's
// release.
func (db *DB) Covers(os report.OS) bool {
	for _, release := range releasesOf(os) {
		name, _, _ := strings.Cut(release, ":")
		if e := db.ecosystems[name]; e != nil && slices.Contains(e.meta.Releases, release) {
			return true
		}
	}
	return false
}

// CoversPackage reports whether the database has advisories of the ecosystem a
// language package belongs to.
func (db *DB) CoversPackage(p report.Package) bool {
	p.OwnedBy, p.Version = "", "0"
	for _, l := range lookups(report.OS{}, p) {
		if db.ecosystems[l.eco.name] != nil {
			return true
		}
	}
	return false
}

// KEV returns a CVE's entry in CISA's catalogue, or nil.
func (db *DB) KEV(cve string) (*report.KEV, error) {
	p, err := findCVE(db.kev, cve)
	if p == nil || err != nil {
		return nil, err
	}
	return decodeKEV(p), nil
}

// EPSS returns a CVE's scores, or nil.
func (db *DB) EPSS(cve string) (*report.EPSS, error) {
	p, err := findCVE(db.epss, cve)
	if p == nil || err != nil {
		return nil, err
	}
	return decodeEPSS(p, db.epss.meta.Date), nil
}

func findCVE(t *table, cve string) ([]byte, error) {
	key, ok := parseCVE(cve)
	if t == nil || !ok {
		return nil, nil
	}
	return t.find(key)
}

// LifeCycles returns the releases of a product by the names of endoflife.date, as
// far as they are known, in no particular order.
func (db *DB) LifeCycles(product string) ([]LifeCycle, error) {
	if db.eol == nil {
		return nil, nil
	}
	db.lifeOnce.Do(func() { db.life, db.lifeErr = readLifeCycles(db.eol, db.dec) })
	if db.lifeErr != nil {
		return nil, db.lifeErr
	}
	all, err := decodeLifeCycles(db.life[product], product)
	if err != nil {
		return nil, db.eol.damaged("the releases of %s cannot be read", product)
	}
	return all, nil
}

// EndOfLife returns the life cycle of a product's release by the names of
// endoflife.date ("debian", "12"), and whether it is known.
func (db *DB) EndOfLife(product, release string) (LifeCycle, bool, error) {
	all, err := db.LifeCycles(product)
	i := slices.IndexFunc(all, func(l LifeCycle) bool { return l.Release == release })
	if err != nil || i < 0 {
		return LifeCycle{}, false, err
	}
	return all[i], true, nil
}
