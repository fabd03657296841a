package advisory

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"slices"
	"sort"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// An ecosystem's file holds, in its body, compressed blocks of records and,
// behind them, of packages. Its sections are
//
//	blocks    where each block is and how long it is inflated
//	packages  a row per package, sorted by the hash of release and name: where
//	          the package is and a hash of all that its advisories say
//	ratings   CVSS vectors and CWEs of CVEs, for the records of other ecosystems
//	meta      counts and releases, as JSON
//
// A package lists the parts of records about it; each part points to its record.

const (
	recordBlock  = 64 << 10 // bytes of records after which a block is closed
	packageBlock = 32 << 10
	maxBlock     = 64 << 20
	blockRow     = 8 + 4 + 4
	packageRow   = 8 + 8 + 4 + 4
)

// fileMeta describes an ecosystem's file.
type fileMeta struct {
	Ecosystem string   `json:"ecosystem"`
	Releases  []string `json:"releases"`
	Records   int      `json:"records"`
	Packages  int      `json:"packages"`
	Newest    string   `json:"newest"`
}

// ref is where a record is: a block and the place in it.
type ref struct{ block, offset uint32 }

func (r ref) compare(o ref) int {
	return cmp.Or(cmp.Compare(r.block, o.block), cmp.Compare(r.offset, o.offset))
}

// packagePart is one part of one package, encoded, while a file is written.
type packagePart struct {
	release uint32 // index into the writer's releases
	name    uint32 // index into its names
	record  ref
	sum     uint64 // of the record
	data    []byte
}

// fileWriter collects one ecosystem and writes its file.
type fileWriter struct {
	c        *containerWriter
	enc      *zstd.Encoder
	blocks   []byte
	nblocks  uint32
	parts    []packagePart
	releases interner
	names    interner
	meta     fileMeta
	ratings  map[cveKey]rating
}

// interner numbers strings.
type interner struct {
	index map[string]uint32
	list  []string
}

func (n *interner) add(s string) uint32 {
	if i, ok := n.index[s]; ok {
		return i
	}
	if n.index == nil {
		n.index = make(map[string]uint32)
	}
	i := uint32(len(n.list))
	n.index[s] = i
	n.list = append(n.list, s)
	return i
}

// newEncoder makes the one kind of encoder all files are written with. Its
// output depends on the input only.
func newEncoder() (*zstd.Encoder, error) {
	return zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedBetterCompression))
}

func newFileWriter(dir, ecosystem string) (*fileWriter, error) {
	enc, err := newEncoder()
	if err != nil {
		return nil, err
	}
	c, err := newContainerWriter(dir)
	if err != nil {
		return nil, err
	}
	return &fileWriter{c: c, enc: enc, meta: fileMeta{Ecosystem: ecosystem}, ratings: make(map[cveKey]rating)}, nil
}

// addBlock appends a compressed block and returns its number.
func (w *fileWriter) addBlock(b block) (uint32, error) {
	w.blocks = littleOrder.AppendUint64(w.blocks, w.c.offset)
	w.blocks = littleOrder.AppendUint32(w.blocks, uint32(len(b.compressed)))
	w.blocks = littleOrder.AppendUint32(w.blocks, uint32(b.size))
	w.nblocks++
	return w.nblocks - 1, w.c.write(b.compressed)
}

// add appends the records of one chunk.
func (w *fileWriter) add(ch *chunk) error {
	first := w.nblocks
	for _, b := range ch.blocks {
		if _, err := w.addBlock(b); err != nil {
			return err
		}
	}
	for _, p := range ch.parts {
		p.packagePart.release = w.releases.add(p.releaseName)
		p.packagePart.name = w.names.add(p.packageName)
		p.record.block += first
		w.parts = append(w.parts, p.packagePart)
	}
	for _, r := range ch.ratings {
		if have, ok := w.ratings[r.cve]; !ok || r.better(have) {
			w.ratings[r.cve] = r
		}
	}
	w.meta.Records += ch.records
	w.meta.Newest = max(w.meta.Newest, ch.newest)
	return nil
}

// finish writes packages and sections and puts the file in place.
func (w *fileWriter) finish() (name string, size int64, err error) {
	defer w.c.abort()
	rows, err := w.writePackages()
	if err != nil {
		return "", 0, err
	}
	w.meta.Releases = slices.Sorted(slices.Values(w.releases.list))
	meta, err := json.Marshal(w.meta)
	if err != nil {
		return "", 0, err
	}
	for _, s := range []struct {
		name string
		data []byte
	}{
		{"blocks", w.blocks},
		{"packages", rows},
		{"ratings", w.enc.EncodeAll(encodeRatings(w.ratings), nil)},
		{"meta", meta},
	} {
		if err := w.c.section(s.name, s.data); err != nil {
			return "", 0, err
		}
	}
	return w.c.finish(filePrefix(w.meta.Ecosystem))
}

// writePackages writes the package blocks and returns the sorted rows.
func (w *fileWriter) writePackages() ([]byte, error) {
	slices.SortStableFunc(w.parts, func(a, b packagePart) int {
		if a.release != b.release {
			return cmp.Compare(w.releases.list[a.release], w.releases.list[b.release])
		}
		if a.name != b.name {
			return cmp.Compare(w.names.list[a.name], w.names.list[b.name])
		}
		return a.record.compare(b.record)
	})
	type row struct {
		key, sum uint64
		at       ref
	}
	var rows []row
	var e encoder
	flush := func() error {
		if len(e.b) > maxBlock {
			return fmt.Errorf("a package of %s has more advisories than fit into %d bytes", w.meta.Ecosystem, maxBlock)
		}
		_, err := w.addBlock(block{w.enc.EncodeAll(e.b, nil), len(e.b)})
		e.b = e.b[:0]
		return err
	}
	for rest := w.parts; len(rest) > 0; {
		n := 1
		for n < len(rest) && rest[n].release == rest[0].release && rest[n].name == rest[0].name {
			n++
		}
		release, name := w.releases.list[rest[0].release], w.names.list[rest[0].name]
		rows = append(rows, row{keyHash(release, name), sumParts(rest[:n]), ref{w.nblocks, uint32(len(e.b))}})
		e.str(release)
		e.str(name)
		e.uint(uint64(n))
		for _, p := range rest[:n] {
			e.uint(uint64(p.record.block))
			e.uint(uint64(p.record.offset))
			e.b = append(e.b, p.data...)
		}
		if rest = rest[n:]; len(e.b) >= packageBlock || len(rest) == 0 {
			if err := flush(); err != nil {
				return nil, err
			}
		}
	}
	w.meta.Packages = len(rows)
	slices.SortStableFunc(rows, func(a, b row) int { return cmp.Compare(a.key, b.key) })
	var out []byte
	for _, r := range rows {
		out = littleOrder.AppendUint64(out, r.key)
		out = littleOrder.AppendUint64(out, r.sum)
		out = littleOrder.AppendUint32(out, r.at.block)
		out = littleOrder.AppendUint32(out, r.at.offset)
	}
	return out, nil
}

func keyHash(release, name string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(release))
	h.Write([]byte{0})
	h.Write([]byte(name))
	return h.Sum64()
}

// sumParts hashes all that the advisories of a package say, wherever in a file
// they lie.
func sumParts(parts []packagePart) uint64 {
	h := sha256.New()
	for _, p := range parts {
		h.Write(littleOrder.AppendUint64(nil, p.sum))
		h.Write(littleOrder.AppendUint32(nil, uint32(len(p.data))))
		h.Write(p.data)
	}
	return littleOrder.Uint64(h.Sum(nil))
}

func sumBytes(b []byte) uint64 {
	s := sha256.Sum256(b)
	return littleOrder.Uint64(s[:])
}

// block is a compressed block and its size inflated.
type block struct {
	compressed []byte
	size       int
}

// ecosystemFile is an open ecosystem's file. Its tables are read at first use.
type ecosystemFile struct {
	*container
	meta  fileMeta
	cache *blockCache
	dec   *zstd.Decoder

	once   sync.Once
	blocks []byte // set once
	rows   []byte // set once
	err    error  // set once
}

// storedPart is a part with the place of its record.
type storedPart struct {
	part
	record ref
}

func openEcosystemFile(c *container, dec *zstd.Decoder, cache *blockCache) (*ecosystemFile, error) {
	f := &ecosystemFile{container: c, dec: dec, cache: cache}
	meta, err := c.section("meta")
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(meta, &f.meta); err != nil {
		return nil, c.damaged("its description cannot be read: %v", err)
	}
	return f, nil
}

func (f *ecosystemFile) load() error {
	f.once.Do(func() {
		if f.blocks, f.err = f.section("blocks"); f.err != nil {
			return
		}
		if f.rows, f.err = f.section("packages"); f.err != nil {
			return
		}
		if len(f.blocks)%blockRow != 0 || len(f.rows)%packageRow != 0 {
			f.err = f.damaged("its tables have broken rows")
		}
	})
	return f.err
}

// block returns an inflated block, which must not be changed.
func (f *ecosystemFile) block(n uint32) ([]byte, error) {
	key := blockKey{f, n}
	if b, ok := f.cache.Get(key); ok {
		return b, nil
	}
	if uint64(n)*blockRow+blockRow > uint64(len(f.blocks)) {
		return nil, f.damaged("there is no block %d", n)
	}
	row := f.blocks[n*blockRow:]
	offset, length, size := littleOrder.Uint64(row), littleOrder.Uint32(row[8:]), littleOrder.Uint32(row[12:])
	if size > maxBlock || length > maxBlock || offset > uint64(f.size) || offset+uint64(length) > uint64(f.size) {
		return nil, f.damaged("block %d is out of place", n)
	}
	compressed, err := f.read(offset, int(length))
	if err != nil {
		return nil, err
	}
	b, err := f.dec.DecodeAll(compressed, make([]byte, 0, size))
	if err != nil || len(b) != int(size) {
		return nil, f.damaged("block %d cannot be inflated", n)
	}
	f.cache.Put(key, b)
	return b, nil
}

// parts returns what the ecosystem's records say about a package.
func (f *ecosystemFile) parts(release, name string) ([]storedPart, error) {
	if err := f.load(); err != nil {
		return nil, err
	}
	key := keyHash(release, name)
	n := len(f.rows) / packageRow
	at := func(i int) []byte { return f.rows[i*packageRow:] }
	i := sort.Search(n, func(i int) bool { return littleOrder.Uint64(at(i)) >= key })
	for ; i < n && littleOrder.Uint64(at(i)) == key; i++ {
		d, err := f.packageAt(at(i))
		if err != nil {
			return nil, err
		}
		if !bytes.Equal(d.bytes(), []byte(release)) || !bytes.Equal(d.bytes(), []byte(name)) {
			continue // another name with the same hash
		}
		return f.decodeParts(d)
	}
	return nil, nil
}

// packageAt returns a decoder at the start of the package a row points to.
func (f *ecosystemFile) packageAt(row []byte) (*decoder, error) {
	b, err := f.block(littleOrder.Uint32(row[16:]))
	if err != nil {
		return nil, err
	}
	offset := littleOrder.Uint32(row[20:])
	if uint64(offset) > uint64(len(b)) {
		return nil, f.damaged("a package is outside its block")
	}
	return &decoder{b: b[offset:]}, nil
}

func (f *ecosystemFile) decodeParts(d *decoder) ([]storedPart, error) {
	n := d.count()
	out := make([]storedPart, 0, min(n, maxGuess))
	for range n {
		p := storedPart{record: ref{d.uint32(), d.uint32()}}
		p.part = d.part()
		if d.err != nil {
			break
		}
		out = append(out, p)
	}
	if d.err != nil {
		return nil, f.damaged("a package cannot be read")
	}
	return out, nil
}

// record reads the record at r.
func (f *ecosystemFile) record(r ref) (*record, error) {
	if err := f.load(); err != nil {
		return nil, err
	}
	b, err := f.block(r.block)
	if err != nil {
		return nil, err
	}
	if uint64(r.offset) > uint64(len(b)) {
		return nil, f.damaged("a record is outside its block")
	}
	d := &decoder{b: b[r.offset:]}
	rec := d.record()
	if d.err != nil {
		return nil, f.damaged("a record cannot be read")
	}
	return rec, nil
}

// ratings reads what the file says about CVEs for others' use.
func (f *ecosystemFile) ratings() ([]rating, error) {
	b, err := f.section("ratings")
	if err != nil {
		return nil, err
	}
	raw, err := f.dec.DecodeAll(b, nil)
	if err != nil {
		return nil, f.damaged("its ratings cannot be inflated")
	}
	out, err := decodeRatings(raw)
	if err != nil {
		return nil, f.damaged("its ratings cannot be read")
	}
	return out, nil
}
