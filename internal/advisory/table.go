package advisory

import (
	"cmp"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"slices"
	"sort"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// A table maps CVEs to a payload of fixed width. Its file's body is rows sorted
// by key, in pages; the section "index" has the first key and the checksum of
// each page, so that a lookup costs one short read and opening next to nothing.

const (
	pageRows  = 256
	indexRow  = 4 + 4
	maxWidth  = 64
	keyBytes  = 4
	maxTables = 64 << 20 // rows
)

// tableMeta describes a table's file.
type tableMeta struct {
	Name  string `json:"name"`
	Width int    `json:"width"`
	Rows  int    `json:"rows"`
	// Date is the day or time the data is of, as its publisher tells.
	Date string `json:"date,omitempty"`
}

type tableEntry struct {
	key     cveKey
	payload []byte
}

// writeTable writes a table; entries need not be sorted, and of two with one
// key the first counts. pool is an extra section, if it is not nil.
func writeTable(dir string, meta tableMeta, entries []tableEntry, pool []byte) (name string, size int64, rows int, err error) {
	c, err := newContainerWriter(dir)
	if err != nil {
		return "", 0, 0, err
	}
	defer c.abort()
	slices.SortStableFunc(entries, func(a, b tableEntry) int { return cmp.Compare(a.key, b.key) })
	entries = slices.CompactFunc(entries, func(a, b tableEntry) bool { return a.key == b.key })
	meta.Rows = len(entries)
	var index []byte
	for page := range slices.Chunk(entries, pageRows) {
		var b []byte
		for _, e := range page {
			b = append(littleOrder.AppendUint32(b, uint32(e.key)), e.payload...)
		}
		index = littleOrder.AppendUint32(index, uint32(page[0].key))
		index = littleOrder.AppendUint32(index, crc32.Checksum(b, castagnoli))
		if err := c.write(b); err != nil {
			return "", 0, 0, err
		}
	}
	description, err := json.Marshal(meta)
	if err != nil {
		return "", 0, 0, err
	}
	if err := c.section("index", index); err != nil {
		return "", 0, 0, err
	}
	if pool != nil {
		if err := c.section("pool", pool); err != nil {
			return "", 0, 0, err
		}
	}
	if err := c.section("meta", description); err != nil {
		return "", 0, 0, err
	}
	name, size, err = c.finish(filePrefix(meta.Name))
	return name, size, meta.Rows, err
}

// table is an open table.
type table struct {
	*container
	meta  tableMeta
	index []byte

	mu       sync.Mutex
	lastPage int    // under mu
	last     []byte // the page read last; under mu
}

func openTable(c *container) (*table, error) {
	t := &table{container: c, lastPage: -1}
	meta, err := c.section("meta")
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(meta, &t.meta); err != nil {
		return nil, c.damaged("its description cannot be read: %v", err)
	}
	if t.index, err = c.section("index"); err != nil {
		return nil, err
	}
	m := t.meta
	if m.Width < 0 || m.Width > maxWidth || m.Rows < 0 || m.Rows > maxTables ||
		len(t.index) != (m.Rows+pageRows-1)/pageRows*indexRow ||
		int64(m.Rows)*int64(m.Width+keyBytes)+int64(len(magic)) > c.size {
		return nil, c.damaged("its index does not fit its rows")
	}
	return t, nil
}

// find returns the payload of a key, or nil.
func (t *table) find(key cveKey) ([]byte, error) {
	pages := len(t.index) / indexRow
	p := sort.Search(pages, func(i int) bool { return cveKey(littleOrder.Uint32(t.index[i*indexRow:])) > key }) - 1
	if p < 0 {
		return nil, nil
	}
	b, err := t.page(p)
	if err != nil {
		return nil, err
	}
	width := t.meta.Width + keyBytes
	n := len(b) / width
	i := sort.Search(n, func(i int) bool { return cveKey(littleOrder.Uint32(b[i*width:])) >= key })
	if i == n || cveKey(littleOrder.Uint32(b[i*width:])) != key {
		return nil, nil
	}
	return b[i*width+keyBytes : (i+1)*width], nil
}

// page reads and checks one page. CVEs are asked for in rows of neighbours, so
// the last page is kept.
func (t *table) page(p int) ([]byte, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.lastPage == p {
		return t.last, nil
	}
	width := t.meta.Width + keyBytes
	rows := min(pageRows, t.meta.Rows-p*pageRows)
	b, err := t.read(uint64(len(magic)+p*pageRows*width), rows*width)
	if err != nil {
		return nil, err
	}
	if crc32.Checksum(b, castagnoli) != littleOrder.Uint32(t.index[p*indexRow+4:]) {
		return nil, t.damaged("the checksum of page %d is wrong", p)
	}
	t.lastPage, t.last = p, b
	return b, nil
}

// each calls f for all rows in order.
func (t *table) each(f func(key cveKey, payload []byte)) error {
	width := t.meta.Width + keyBytes
	for p := range len(t.index) / indexRow {
		b, err := t.page(p)
		if err != nil {
			return err
		}
		for ; len(b) >= width; b = b[width:] {
			f(cveKey(littleOrder.Uint32(b)), b[keyBytes:width])
		}
	}
	return nil
}

// rating is what one ecosystem says of a CVE, for records that say nothing.
type rating struct {
	cve    cveKey
	vector string // the preferred one, or empty
	cwes   string // joined by commas
	source string // the ecosystem, in lower case
}

// better reports whether r is to be kept rather than o, of one ecosystem.
func (r rating) better(o rating) bool {
	if (r.vector == "") != (o.vector == "") {
		return r.vector != ""
	}
	if r.vector != o.vector {
		a, errA := parseCVSS(r.vector)
		b, errB := parseCVSS(o.vector)
		if errA == nil && errB == nil {
			return compareCVSS(a, b) < 0
		}
	}
	return len(r.cwes) > len(o.cwes)
}

func encodeRatings(m map[cveKey]rating) []byte {
	var e encoder
	keys := make([]cveKey, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	e.uint(uint64(len(keys)))
	for _, k := range keys {
		e.uint(uint64(k))
		e.str(m[k].vector)
		e.str(m[k].cwes)
	}
	return e.b
}

func decodeRatings(b []byte) ([]rating, error) {
	d := &decoder{b: b}
	n := d.count()
	out := make([]rating, 0, min(n, 1<<20))
	for range n {
		r := rating{cve: cveKey(d.uint32()), vector: d.str(), cwes: d.str()}
		if d.err != nil {
			break
		}
		out = append(out, r)
	}
	return out, d.err
}

// ratingTable is the table of what all ecosystems together say of CVEs: each
// row points into a pool of strings.
type ratingTable struct {
	*table
	dec *zstd.Decoder

	once sync.Once
	pool []string // set once
	err  error    // set once
}

// writeRatings joins the ratings of files, given in order of preference.
func writeRatings(dir string, files []*ecosystemFile) (name string, size int64, rows int, err error) {
	best := make(map[cveKey]rating)
	for _, f := range files {
		rs, err := f.ratings()
		if err != nil {
			return "", 0, 0, err
		}
		for _, r := range rs {
			have := best[r.cve]
			if have.vector == "" && r.vector != "" {
				have.vector, have.source = r.vector, sourceName(f.meta.Ecosystem)
			}
			if have.cwes == "" {
				have.cwes = r.cwes
			}
			best[r.cve] = have
		}
	}
	keys := make([]cveKey, 0, len(best))
	for k := range best {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	var pool interner
	entries := make([]tableEntry, len(keys))
	for i, k := range keys {
		r := best[k]
		var e encoder
		e.str(r.source)
		e.str(r.vector)
		e.str(r.cwes)
		entries[i] = tableEntry{k, littleOrder.AppendUint32(nil, pool.add(string(e.b)))}
	}
	enc, err := newEncoder()
	if err != nil {
		return "", 0, 0, err
	}
	var e encoder
	e.strs(pool.list)
	return writeTable(dir, tableMeta{Name: tableRatings, Width: 4}, entries, enc.EncodeAll(e.b, nil))
}

// find returns the rating of a CVE; the zero value if there is none.
func (t *ratingTable) find(key cveKey) (rating, error) {
	if t == nil {
		return rating{}, nil
	}
	p, err := t.table.find(key)
	if err != nil || p == nil {
		return rating{}, err
	}
	s, err := t.text(p)
	if err != nil {
		return rating{}, err
	}
	d := &decoder{b: []byte(s)}
	r := rating{cve: key, source: d.str(), vector: d.str(), cwes: d.str()}
	if d.err != nil {
		return rating{}, t.damaged("a rating cannot be read")
	}
	return r, nil
}

// text returns the string of the pool that a row points to.
func (t *ratingTable) text(payload []byte) (string, error) {
	t.once.Do(func() { t.pool, t.err = t.loadPool() })
	if t.err != nil {
		return "", t.err
	}
	if len(payload) != 4 {
		return "", t.damaged("its rows have the wrong width")
	}
	i := littleOrder.Uint32(payload)
	if uint64(i) >= uint64(len(t.pool)) {
		return "", t.damaged("a row points outside the pool")
	}
	return t.pool[i], nil
}

func (t *ratingTable) loadPool() ([]string, error) {
	b, err := t.section("pool")
	if err != nil {
		return nil, err
	}
	raw, err := t.dec.DecodeAll(b, nil)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", t.damaged("its pool cannot be inflated"), err)
	}
	d := &decoder{b: raw}
	pool := d.strs()
	if d.err != nil {
		return nil, t.damaged("its pool cannot be read")
	}
	return pool, nil
}
