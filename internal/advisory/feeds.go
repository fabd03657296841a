package advisory

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/pratique/pratique/internal/report"
)

// Names of the tables in a manifest.
const (
	tableKEV     = "kev"
	tableEPSS    = "epss"
	tableEOL     = "eol"
	tableRatings = "ratings"
)

const (
	maxKEV      = 64 << 20
	maxEOL      = 64 << 20
	maxEPSS     = 1 << 30 // inflated
	maxEPSSRows = 8 << 20
)

// feed is a file beside the OSV records and how to compile it.
type feed struct {
	table   string
	compile func(dir string, r io.ReaderAt, size int64) (name string, fileSize int64, rows int, date string, err error)
}

var feeds = []feed{
	{tableKEV, compileKEV},
	{tableEPSS, compileEPSS},
	{tableEOL, compileEOL},
}

// KEV rows hold the days of addition and of the due date, counted from 1970,
// and whether ransomware campaigns use the vulnerability.
const kevWidth = 4 + 4 + 1

func compileKEV(dir string, r io.ReaderAt, size int64) (string, int64, int, string, error) {
	if size > maxKEV {
		return "", 0, 0, "", fmt.Errorf("%d bytes, more than the %d that are allowed", size, maxKEV)
	}
	var doc struct {
		Version         string `json:"catalogVersion"`
		Released        string `json:"dateReleased"`
		Vulnerabilities []struct {
			CVE        string `json:"cveID"`
			Added      string `json:"dateAdded"`
			Due        string `json:"dueDate"`
			Ransomware string `json:"knownRansomwareCampaignUse"`
		} `json:"vulnerabilities"`
	}
	if err := json.NewDecoder(io.NewSectionReader(r, 0, size)).Decode(&doc); err != nil {
		return "", 0, 0, "", fmt.Errorf("not a catalogue of known exploited vulnerabilities: %w", err)
	}
	var entries []tableEntry
	for _, v := range doc.Vulnerabilities {
		key, ok := parseCVE(v.CVE)
		if !ok {
			continue
		}
		p := littleOrder.AppendUint32(nil, dayOf(v.Added))
		p = littleOrder.AppendUint32(p, dayOf(v.Due))
		entries = append(entries, tableEntry{key, append(p, bit(strings.EqualFold(v.Ransomware, "known")))})
	}
	if len(entries) == 0 {
		return "", 0, 0, "", errors.New("not a catalogue of known exploited vulnerabilities: it lists none")
	}
	date := timestamp(doc.Released)
	name, fileSize, rows, err := writeTable(dir, tableMeta{Name: tableKEV, Width: kevWidth, Date: date}, entries, nil)
	return name, fileSize, rows, date, err
}

func bit(b bool) byte {
	if b {
		return 1
	}
	return 0
}

// dayOf counts days from 1970; 0 for what is no day.
func dayOf(s string) uint32 {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil || t.Unix() < 0 {
		return 0
	}
	return uint32(t.Unix() / 86400)
}

func dayName(d uint32) string {
	if d == 0 {
		return ""
	}
	return time.Unix(int64(d)*86400, 0).UTC().Format(time.DateOnly)
}

func decodeKEV(p []byte) *report.KEV {
	return &report.KEV{
		DateAdded:  dayName(littleOrder.Uint32(p)),
		DueDate:    dayName(littleOrder.Uint32(p[4:])),
		Ransomware: p[8] != 0,
	}
}

// EPSS rows hold score and percentile in billionths.
const (
	epssWidth = 4 + 4
	epssUnit  = 1_000_000_000
)

func compileEPSS(dir string, r io.ReaderAt, size int64) (string, int64, int, string, error) {
	z, err := gzip.NewReader(bufio.NewReaderSize(io.NewSectionReader(r, 0, size), 256<<10))
	if err != nil {
		return "", 0, 0, "", fmt.Errorf("not EPSS scores: %w", err)
	}
	entries, date, err := readEPSS(io.LimitReader(z, maxEPSS))
	if err != nil {
		return "", 0, 0, "", err
	}
	name, fileSize, rows, err := writeTable(dir, tableMeta{Name: tableEPSS, Width: epssWidth, Date: date}, entries, nil)
	return name, fileSize, rows, date, err
}

// readEPSS reads FIRST's CSV: a comment that names the date, a heading, and a
// row per CVE. Rows in another form are left out.
func readEPSS(r io.Reader) (entries []tableEntry, date string, err error) {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		line := lines.Text()
		if comment, ok := strings.CutPrefix(line, "#"); ok {
			if _, after, ok := strings.Cut(comment, "score_date:"); ok {
				date, _, _ = strings.Cut(after, "T")
				date, _, _ = strings.Cut(date, ",")
			}
			continue
		}
		id, rest, _ := strings.Cut(line, ",")
		score, percentile, _ := strings.Cut(rest, ",")
		key, ok := parseCVE(id)
		s, errS := strconv.ParseFloat(score, 64)
		p, errP := strconv.ParseFloat(strings.TrimSpace(percentile), 64)
		if !ok || errS != nil || errP != nil || !(s >= 0 && s <= 1 && p >= 0 && p <= 1) {
			continue
		}
		row := littleOrder.AppendUint32(make([]byte, 0, epssWidth), uint32(s*epssUnit+0.5))
		entries = append(entries, tableEntry{key, littleOrder.AppendUint32(row, uint32(p*epssUnit+0.5))})
		if len(entries) > maxEPSSRows {
			return nil, "", fmt.Errorf("more than %d EPSS scores", maxEPSSRows)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, "", fmt.Errorf("read EPSS scores: %w", err)
	}
	if len(entries) == 0 {
		return nil, "", errors.New("not EPSS scores: no line has a CVE, a score and a percentile")
	}
	if _, err := time.Parse(time.DateOnly, date); err != nil {
		date = ""
	}
	return entries, date, nil
}

func decodeEPSS(p []byte, date string) *report.EPSS {
	return &report.EPSS{
		Score:      float64(littleOrder.Uint32(p)) / epssUnit,
		Percentile: float64(littleOrder.Uint32(p[4:])) / epssUnit,
		Date:       date,
	}
}

// LifeCycle is what is known about one release of a product. Days have the form
// 2006-01-02 and are empty where unknown.
type LifeCycle struct {
	Product  string
	Release  string
	Codename string
	Released string
	// EndOfLife is the day after which there are no more security fixes for
	// everybody; ExtendedEnd the same for those who pay, or for long-term
	// support by others.
	EndOfLife   string
	ExtendedEnd string
	// Ended says that the release is known to be out of support where no day
	// is given.
	Ended  bool
	Latest string
}

// EndedOn reports whether security fixes had ended on a day (2006-01-02, or a
// time that begins so).
func (l LifeCycle) EndedOn(day string) bool {
	if l.EndOfLife == "" || len(day) < len(time.DateOnly) {
		return l.Ended
	}
	return l.EndOfLife < day[:len(time.DateOnly)]
}

// ExtendedOn reports whether extended support lasts on a day.
func (l LifeCycle) ExtendedOn(day string) bool {
	return len(day) >= len(time.DateOnly) && l.ExtendedEnd >= day[:len(time.DateOnly)]
}

func compileEOL(dir string, r io.ReaderAt, size int64) (string, int64, int, string, error) {
	if size > maxEOL {
		return "", 0, 0, "", fmt.Errorf("%d bytes, more than the %d that are allowed", size, maxEOL)
	}
	type cycle struct {
		Cycle       text      `json:"releaseCycle"`
		Codename    text      `json:"codename"`
		ReleaseDate text      `json:"releaseDate"`
		EOL         dayOrBool `json:"eol"`
		Extended    dayOrBool `json:"eoes"`
		Latest      text      `json:"latest"`
	}
	var doc struct {
		Date     string `json:"date"`
		Products map[string]struct {
			Releases []cycle `json:"releases"`
		} `json:"products"`
	}
	if err := json.NewDecoder(io.NewSectionReader(r, 0, size)).Decode(&doc); err != nil {
		return "", 0, 0, "", fmt.Errorf("not life cycle dates: %w", err)
	}
	var all []LifeCycle
	for product, p := range doc.Products {
		for _, c := range p.Releases {
			all = append(all, LifeCycle{
				Product: product, Release: string(c.Cycle), Codename: string(c.Codename), Released: string(c.ReleaseDate),
				EndOfLife: c.EOL.day, Ended: c.EOL.yes, ExtendedEnd: c.Extended.day, Latest: string(c.Latest),
			})
		}
	}
	if len(all) == 0 {
		return "", 0, 0, "", errors.New("not life cycle dates: no product has a release")
	}
	name, fileSize, err := writeLifeCycles(dir, all, doc.Date)
	return name, fileSize, len(all), doc.Date, err
}

// dayOrBool reads "2026-01-01", true or false.
type dayOrBool struct {
	day string
	yes bool
}

func (d *dayOrBool) UnmarshalJSON(b []byte) error {
	var s string
	switch {
	case string(b) == "true":
		d.yes = true
	case json.Unmarshal(b, &s) == nil && dayOf(s) != 0:
		d.day = s
	}
	return nil
}

func compareLifeCycles(a, b LifeCycle) int {
	if c := strings.Compare(a.Product, b.Product); c != 0 {
		return c
	}
	return strings.Compare(a.Release, b.Release)
}

// writeLifeCycles writes the file of life cycles: they are few and read rarely,
// so one compressed section holds them all, a list for each product.
func writeLifeCycles(dir string, all []LifeCycle, date string) (string, int64, error) {
	slices.SortFunc(all, compareLifeCycles)
	var e encoder
	for rest := all; len(rest) > 0; {
		n := 1
		for n < len(rest) && rest[n].Product == rest[0].Product {
			n++
		}
		var list encoder
		for _, l := range rest[:n] {
			list.lifeCycle(l)
		}
		e.str(rest[0].Product)
		e.str(string(list.b))
		rest = rest[n:]
	}
	meta, err := json.Marshal(tableMeta{Name: tableEOL, Date: date})
	if err != nil {
		return "", 0, err
	}
	enc, err := newEncoder()
	if err != nil {
		return "", 0, err
	}
	c, err := newContainerWriter(dir)
	if err != nil {
		return "", 0, err
	}
	defer c.abort()
	for _, s := range []struct {
		name string
		data []byte
	}{{"pool", enc.EncodeAll(e.b, nil)}, {"index", nil}, {"meta", meta}} {
		if err := c.section(s.name, s.data); err != nil {
			return "", 0, err
		}
	}
	return c.finish(filePrefix(tableEOL))
}

func (e *encoder) lifeCycle(l LifeCycle) {
	for _, s := range []string{l.Release, l.Codename, l.Released, l.EndOfLife, l.ExtendedEnd, l.Latest} {
		e.str(s)
	}
	e.b = append(e.b, bit(l.Ended))
}

func (d *decoder) lifeCycle(product string) LifeCycle {
	l := LifeCycle{
		Product: product, Release: d.str(), Codename: d.str(), Released: d.str(),
		EndOfLife: d.str(), ExtendedEnd: d.str(), Latest: d.str(),
	}
	l.Ended = d.uint() != 0
	return l
}

// readLifeCycles returns the encoded lists by product.
func readLifeCycles(t *table, dec *zstd.Decoder) (map[string][]byte, error) {
	b, err := t.section("pool")
	if err != nil {
		return nil, err
	}
	raw, err := dec.DecodeAll(b, nil)
	if err != nil {
		return nil, t.damaged("it cannot be inflated")
	}
	lists := make(map[string][]byte)
	d := &decoder{b: raw}
	for len(d.b) > 0 {
		product := d.str()
		lists[product] = d.bytes()
	}
	if d.err != nil {
		return nil, t.damaged("it cannot be read")
	}
	return lists, nil
}

// decodeLifeCycles returns the releases in a product's list.
func decodeLifeCycles(list []byte, product string) ([]LifeCycle, error) {
	d := &decoder{b: list}
	var all []LifeCycle
	for len(d.b) > 0 && d.err == nil {
		all = append(all, d.lifeCycle(product))
	}
	return all, d.err
}
