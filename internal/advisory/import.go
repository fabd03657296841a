package advisory

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"
)

// The public sources.
const (
	// PublicBucket holds the OSV records of all ecosystems.
	PublicBucket = "https://storage.googleapis.com/osv-vulnerabilities"
	// PublicKEV is CISA's catalogue of known exploited vulnerabilities.
	PublicKEV = "https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json"
	// PublicEPSS is FIRST's list of today's EPSS scores.
	PublicEPSS = "https://epss.empiricalsecurity.com/epss_scores-current.csv.gz"
)

// ErrBusy says that another import is running in the directory.
var ErrBusy = errors.New("another import of advisories is running")

// Feeds are addresses or paths of the files beside the OSV records. An empty
// one is looked for in the layout, and for PublicBucket at its public address.
type Feeds struct {
	KEV  string `json:"kev,omitempty"`
	EPSS string `json:"epss,omitempty"`
	EOL  string `json:"eol,omitempty"`
}

// ImportOptions are the settings of Import and Update. The zero value works.
type ImportOptions struct {
	// Progress is called with a line for people, one at a time.
	Progress func(string)
	// Client fetches from the web; nil for one with sensible time-outs.
	Client *http.Client
	// Logger receives what was skipped; nil for none.
	Logger *slog.Logger
	// Feeds override where KEV, EPSS and life cycle dates are.
	Feeds Feeds
	// Now is the clock; nil for the system's.
	Now func() time.Time

	backoff time.Duration
}

func (o *ImportOptions) client() *http.Client {
	if o.Client != nil {
		return o.Client
	}
	return &http.Client{Transport: &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 20 * time.Second}).DialContext,
		TLSHandshakeTimeout:   20 * time.Second,
		ResponseHeaderTimeout: 60 * time.Second,
		ForceAttemptHTTP2:     true,
		DisableCompression:    true, // archives are compressed, and sizes are counted
	}}
}

// ImportResult tells what an import did.
type ImportResult struct {
	// Revision is that of the database now in force; Changed whether it is
	// another than before.
	Revision   string
	Changed    bool
	Ecosystems []EcosystemResult
	// Notes tell of sources that were missing or could not be reached, and of
	// what is in force in their place.
	Notes []string
}

// EcosystemResult tells what an import did with one ecosystem or table.
type EcosystemResult struct {
	Name    string
	Records int
	// Excluded counts records that are in order but describe no vulnerability:
	// withdrawn ones, bug fixes, packages nobody maintains.
	Excluded int
	// Skipped counts records that do not parse; the first of them are named in
	// SkippedRecords.
	Skipped        int
	SkippedRecords []Skipped
	// Changed is false if the source was what it was at the import before.
	Changed bool
	// Bytes is the size of the file in the database.
	Bytes int64
}

// Import builds the database in dir from a directory, a zip file, or an address
// in the layout of the public OSV bucket, with or without a directory "osv"
// above it and KEV, EPSS and life cycles beside it. What is in force is replaced
// only when everything was read; on any error it stays. Sources whose content
// is the same as before are not compiled again. One import runs at a time in a
// directory; a second gets ErrBusy.
func Import(ctx context.Context, dir, from string, opts ImportOptions) (ImportResult, error) {
	return run(ctx, dir, from, opts, false)
}

// Update imports again from where the database in dir came from, fetching only
// what changed since, as the server's tags or the files' times and sizes tell.
// Without a database it imports from PublicBucket.
func Update(ctx context.Context, dir string, opts ImportOptions) (ImportResult, error) {
	return run(ctx, dir, "", opts, true)
}

func run(ctx context.Context, dir, from string, opts ImportOptions, update bool) (ImportResult, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return ImportResult{}, fmt.Errorf("make the directory of the advisory database: %w", err)
	}
	unlock, err := lock(dir)
	if err != nil {
		return ImportResult{}, err
	}
	defer unlock()
	old, err := readManifest(dir)
	if err != nil { // none, another version's, or damaged: build anew
		old = &manifest{}
	}
	if update {
		if from = old.From; from == "" {
			from = PublicBucket
		}
		if opts.Feeds == (Feeds{}) {
			opts.Feeds = old.Feeds
		}
	}
	if from, err = normalSource(from); err != nil {
		return ImportResult{}, err
	}
	if opts.backoff == 0 {
		opts.backoff = time.Second
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if err := sweep(dir, old); err != nil {
		return ImportResult{}, err
	}
	im := &importer{dir: dir, from: from, opts: opts, old: old, trust: update && old.From == from}
	if err := im.run(ctx); err != nil {
		// What was finished is not in force; leave nothing behind.
		return ImportResult{}, errors.Join(fmt.Errorf("import advisories: %w", err), sweep(dir, old))
	}
	return im.result, sweep(dir, im.new)
}

func normalSource(from string) (string, error) {
	if strings.HasPrefix(from, "https://") || strings.HasPrefix(from, "http://") {
		return from, nil
	}
	if from == "" {
		return "", errors.New("import advisories: name a directory, a zip file or an address")
	}
	return filepath.Abs(from)
}

// importer is one import.
type importer struct {
	dir, from string
	opts      ImportOptions
	old, new  *manifest
	// trust says that a source's own tags are believed.
	trust  bool
	src    source
	prefix string // "osv/" or nothing
	result ImportResult
}

func (im *importer) run(ctx context.Context) error {
	var err error
	if im.src, err = openSource(ctx, im.from, im.dir, &im.opts, im.trust); err != nil {
		return err
	}
	defer im.src.close()
	im.new = &manifest{Format: formatVersion, From: im.from, Feeds: im.opts.Feeds}
	names, err := im.ecosystems(ctx)
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := im.ecosystem(ctx, name); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	if len(im.new.Ecosystems) == 0 {
		return fmt.Errorf("%s has no advisories of an ecosystem that can be matched", im.from)
	}
	for _, f := range feeds {
		if err := im.feed(ctx, f); err != nil {
			return err
		}
	}
	if err := im.ratings(); err != nil {
		return err
	}
	im.new.setRevision()
	im.result.Revision = im.new.Revision
	im.result.Changed = im.new.Revision != im.old.Revision
	return im.new.putInForce(im.dir)
}

// ecosystems finds the layout and names the ecosystems to take from it.
func (im *importer) ecosystems(ctx context.Context) ([]string, error) {
	var found []string
	for _, prefix := range []string{"", "osv/"} {
		o, err := im.src.fetch(ctx, prefix+"ecosystems.txt", stamp{})
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
			for _, name := range im.src.list(prefix + "*/all.zip") {
				found = append(found, strings.TrimSuffix(strings.TrimPrefix(name, prefix), "/all.zip"))
			}
			if len(found) > 0 {
				im.prefix = prefix
				break
			}
			continue
		}
		if err != nil {
			return nil, err
		}
		b, err := o.readAll(1 << 20)
		if err = errors.Join(err, o.close()); err != nil {
			return nil, err
		}
		im.prefix, found = prefix, strings.Split(string(b), "\n")
		break
	}
	if found == nil {
		return nil, fmt.Errorf("%s has no advisories: neither ecosystems.txt nor osv/ecosystems.txt is there", im.from)
	}
	var names []string
	for _, name := range Matchable() {
		if slices.ContainsFunc(found, func(s string) bool { return strings.TrimSpace(s) == name }) {
			names = append(names, name)
		}
	}
	return names, nil
}

func oldFile(files []manifestFile, name string) manifestFile {
	if i := slices.IndexFunc(files, func(f manifestFile) bool { return f.Name == name }); i >= 0 {
		return files[i]
	}
	return manifestFile{}
}

// usable returns the stamp of an earlier file if that is there and undamaged, so
// that importing again mends a database.
func (im *importer) usable(ctx context.Context, f manifestFile) stamp {
	if f.File == "" {
		return stamp{}
	}
	file, err := os.Open(filepath.Join(im.dir, f.File))
	if err != nil {
		return stamp{}
	}
	defer file.Close()
	h := sha256.New()
	if _, err := io.Copy(h, &contextReader{ctx, file}); err != nil || contentName(filePrefix(f.Name), h.Sum(nil)) != f.File {
		return stamp{}
	}
	return f.Stamp
}

func (im *importer) ecosystem(ctx context.Context, name string) error {
	eco, _ := findEcosystem(name)
	old := oldFile(im.old.Ecosystems, name)
	stamp := im.usable(ctx, old)
	im.progress("%s: reading", name)
	o, err := im.src.fetch(ctx, im.prefix+name+"/all.zip", stamp)
	if errors.Is(err, fs.ErrNotExist) {
		if stamp.Source != "" && im.trust {
			im.note("%s is listed but its archive is missing: the records of the import before stay in force", name)
			im.keep(old, stamp)
			return nil
		}
		im.note("%s is listed but has no archive: it is left out", name)
		return nil
	}
	if err != nil {
		return err
	}
	defer o.close()
	if o.unchanged {
		im.keep(old, o.stamp)
		return nil
	}
	c, err := compileArchive(ctx, im.dir, eco, o.r, o.size)
	if err != nil {
		return fmt.Errorf("%s: %w", o.stamp.Source, err)
	}
	im.new.Ecosystems = append(im.new.Ecosystems, manifestFile{
		Name: name, File: c.file, Size: c.size, Records: c.meta.Records, Skipped: c.nskip,
		Newest: c.meta.Newest, Built: im.opts.Now().UTC().Truncate(time.Second), Stamp: o.stamp,
	})
	im.result.Ecosystems = append(im.result.Ecosystems, EcosystemResult{
		Name: name, Records: c.meta.Records, Excluded: c.left, Skipped: c.nskip, SkippedRecords: c.skipped,
		Changed: c.file != old.File, Bytes: c.size,
	})
	im.progress("%s: %d records", name, c.meta.Records)
	for _, s := range c.skipped {
		im.progress("%s: skipped %s: %s", name, s.Record, s.Reason)
		if im.opts.Logger != nil {
			im.opts.Logger.Warn("skipped an advisory that does not parse", "ecosystem", name, "record", s.Record, "reason", s.Reason)
		}
	}
	return nil
}

// keep takes over a file of the database in force.
func (im *importer) keep(old manifestFile, st stamp) {
	old.Stamp = st
	im.new.Ecosystems = append(im.new.Ecosystems, old)
	im.result.Ecosystems = append(im.result.Ecosystems, EcosystemResult{
		Name: old.Name, Records: old.Records, Skipped: old.Skipped, Bytes: old.Size,
	})
	im.progress("%s: unchanged", old.Name)
}

func (im *importer) note(format string, args ...any) {
	n := fmt.Sprintf(format, args...)
	im.result.Notes = append(im.result.Notes, n)
	im.progress("%s", n)
	if im.opts.Logger != nil {
		im.opts.Logger.Warn(n)
	}
}

func (im *importer) progress(format string, args ...any) {
	if im.opts.Progress != nil {
		im.opts.Progress(fmt.Sprintf(format, args...))
	}
}

// feedName is where a feed is: as set, in the layout, or at its public address;
// empty if there is none.
func (im *importer) feedName(table string) string {
	public := strings.TrimSuffix(im.from, "/") == PublicBucket
	var set, address, pattern string
	switch table {
	case tableKEV:
		set, address, pattern = im.opts.Feeds.KEV, PublicKEV, "kev/*.json"
	case tableEPSS:
		set, address, pattern = im.opts.Feeds.EPSS, PublicEPSS, "epss/*.csv.gz"
	case tableEOL:
		set, pattern = im.opts.Feeds.EOL, "eol/endoflife.json"
	}
	if set != "" {
		return set
	}
	if public {
		return address
	}
	if names := im.src.list(pattern); len(names) > 0 {
		return names[len(names)-1] // names hold dates: the last is the latest
	}
	if _, web := im.src.(*webSource); !web {
		return ""
	}
	switch table {
	case tableKEV:
		return "kev/known_exploited_vulnerabilities.json"
	case tableEPSS:
		return "epss/epss_scores-current.csv.gz"
	}
	return "eol/endoflife.json"
}

// feed brings one feed up to date. A feed that cannot be had does not fail the
// import: what is known of it stays.
func (im *importer) feed(ctx context.Context, f feed) error {
	old := oldFile(im.old.Tables, f.table)
	st := im.usable(ctx, old)
	entry, changed, err := im.fetchFeed(ctx, f, old, st)
	switch {
	case err == nil && entry.File == "":
		return nil
	case err == nil:
	case ctx.Err() != nil || errors.Is(err, errWrite):
		return err
	case st.Source != "":
		im.note("%s cannot be had (%v): that of the import before stays in force", strings.ToUpper(f.table), err)
		entry, changed = old, false
	case errors.Is(err, fs.ErrNotExist) && im.feedIsGuess(f.table):
		return nil
	default:
		im.note("%s cannot be had (%v): reports go without it", strings.ToUpper(f.table), err)
		return nil
	}
	im.new.Tables = append(im.new.Tables, entry)
	im.result.Ecosystems = append(im.result.Ecosystems, EcosystemResult{
		Name: f.table, Records: entry.Records, Changed: changed, Bytes: entry.Size,
	})
	im.progress("%s: %d entries", f.table, entry.Records)
	return nil
}

// feedIsGuess reports whether a feed was only looked for, so that its absence is
// no news.
func (im *importer) feedIsGuess(table string) bool {
	set := map[string]string{tableKEV: im.opts.Feeds.KEV, tableEPSS: im.opts.Feeds.EPSS, tableEOL: im.opts.Feeds.EOL}
	return set[table] == "" && strings.TrimSuffix(im.from, "/") != PublicBucket
}

var errWrite = errors.New("the database cannot be written")

func (im *importer) fetchFeed(ctx context.Context, f feed, old manifestFile, st stamp) (manifestFile, bool, error) {
	name := im.feedName(f.table)
	if name == "" {
		return manifestFile{}, false, nil
	}
	src := im.src
	if strings.Contains(name, "://") {
		src = &webSource{dir: im.dir, client: im.opts.client(), backoff: im.opts.backoff}
	} else if filepath.IsAbs(name) {
		src = &fileSource{root: os.DirFS(filepath.Dir(name)), from: filepath.Dir(name), trust: im.trust}
		name = filepath.Base(name)
	}
	o, err := src.fetch(ctx, name, st)
	if err != nil {
		return manifestFile{}, false, err
	}
	defer o.close()
	if o.unchanged {
		old.Stamp = o.stamp
		return old, false, nil
	}
	file, size, rows, date, err := f.compile(im.dir, o.r, o.size)
	if err != nil {
		var disk *fs.PathError
		if errors.As(err, &disk) {
			return manifestFile{}, false, fmt.Errorf("%w: %w", errWrite, err)
		}
		return manifestFile{}, false, fmt.Errorf("%s: %w", o.stamp.Source, err)
	}
	return manifestFile{
		Name: f.table, File: file, Size: size, Records: rows, Newest: date,
		Built: im.opts.Now().UTC().Truncate(time.Second), Stamp: o.stamp,
	}, file != old.File, nil
}

// ratingOrder lists the ecosystems whose ratings of CVEs serve others, those
// that carry the vectors of the National Vulnerability Database first; all
// others follow by name.
var ratingOrder = []string{"Ubuntu", "Debian", "Alpine", "Bitnami"}

// ratings joins what the new files say about CVEs.
func (im *importer) ratings() error {
	dec, err := newDecoder()
	if err != nil {
		return err
	}
	defer dec.Close()
	files := slices.Clone(im.new.Ecosystems)
	rank := func(f manifestFile) int {
		if i := slices.Index(ratingOrder, f.Name); i >= 0 {
			return i
		}
		return len(ratingOrder)
	}
	slices.SortStableFunc(files, func(a, b manifestFile) int { return rank(a) - rank(b) })
	var open []*ecosystemFile
	for _, f := range files {
		c, err := openContainer(filepath.Join(im.dir, f.File))
		if err != nil {
			return err
		}
		defer c.close()
		e, err := openEcosystemFile(c, dec, newBlockCache())
		if err != nil {
			return err
		}
		open = append(open, e)
	}
	name, size, rows, err := writeRatings(im.dir, open)
	if err != nil {
		return err
	}
	im.new.Tables = append(im.new.Tables, manifestFile{
		Name: tableRatings, File: name, Size: size, Records: rows, Built: im.opts.Now().UTC().Truncate(time.Second),
	})
	return nil
}

func newDecoder() (*zstd.Decoder, error) {
	return zstd.NewReader(nil, zstd.WithDecoderMaxMemory(maxSection))
}
