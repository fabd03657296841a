package advisory

import (
	"archive/zip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// Bounds on one ecosystem's archive.
const (
	maxArchive   = 4 << 30  // bytes of an all.zip
	maxEntries   = 3 << 20  // records
	maxRecord    = 8 << 20  // bytes of one record
	maxInflated  = 64 << 30 // bytes of all records
	chunkRecords = 128
	maxSkipped   = 20 // skipped records named in a result
)

// Skipped names a record that was left out because it does not parse, and why.
type Skipped struct {
	Record string
	Reason string
}

// chunk is what a run of records compiles to. Splitting by count, not by
// worker, makes a file's content depend on its input only.
type chunk struct {
	blocks  []block
	parts   []chunkPart
	ratings []rating
	records int
	newest  string
	skipped []Skipped
	left    int   // out on purpose
	bytes   int64 // inflated
	err     error
}

type chunkPart struct {
	packagePart
	releaseName, packageName string
}

// compiled is the result of compiling one archive.
type compiled struct {
	file    string
	size    int64
	meta    fileMeta
	skipped []Skipped // the first of them
	nskip   int
	left    int
}

// compileArchive writes the file of one ecosystem from its archive, using all
// cores. Records are taken in the archive's order.
func compileArchive(ctx context.Context, dir string, eco ecosystem, r io.ReaderAt, size int64) (*compiled, error) {
	if size > maxArchive {
		return nil, fmt.Errorf("the archive is %d bytes long, more than the %d that are allowed", size, int64(maxArchive))
	}
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, fmt.Errorf("the archive cannot be read: %w", err)
	}
	var files []*zip.File
	for _, f := range z.File {
		if strings.HasSuffix(f.Name, ".json") {
			files = append(files, f)
		}
	}
	if len(files) > maxEntries {
		return nil, fmt.Errorf("the archive holds %d records, more than the %d that are allowed", len(files), maxEntries)
	}
	w, err := newFileWriter(dir, eco.name)
	if err != nil {
		return nil, err
	}
	defer w.c.abort()
	out := &compiled{}
	var inflated int64
	err = compileChunks(ctx, eco, slices.Collect(slices.Chunk(files, chunkRecords)), func(ch *chunk) error {
		if inflated += ch.bytes; inflated > maxInflated {
			return fmt.Errorf("the archive inflates to more than %d bytes", int64(maxInflated))
		}
		out.nskip += len(ch.skipped)
		out.skipped = append(out.skipped, ch.skipped[:min(len(ch.skipped), maxSkipped-len(out.skipped))]...)
		out.left += ch.left
		return w.add(ch)
	})
	if err != nil {
		return nil, err
	}
	if w.meta.Records == 0 && out.nskip > 0 {
		return nil, fmt.Errorf("none of its %d records can be read; the first: %s: %s", out.nskip, out.skipped[0].Record, out.skipped[0].Reason)
	}
	if out.file, out.size, err = w.finish(); err != nil {
		return nil, err
	}
	out.meta = w.meta
	return out, nil
}

// compileChunks compiles chunks on all cores and hands them to use in order. At
// most a few chunks are in memory at a time.
func compileChunks(ctx context.Context, eco ecosystem, chunks [][]*zip.File, use func(*chunk) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	workers := min(runtime.GOMAXPROCS(0), 8)
	type job struct {
		files []*zip.File
		done  chan *chunk
	}
	jobs := make(chan job)
	order := make(chan job, 2*workers)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	wg.Go(func() {
		defer close(jobs)
		defer close(order)
		for _, files := range chunks {
			j := job{files, make(chan *chunk, 1)}
			for _, to := range []chan job{order, jobs} {
				select {
				case to <- j:
				case <-ctx.Done():
					return
				}
			}
		}
	})
	for range workers {
		wg.Go(func() {
			c, err := newCompiler(eco)
			for j := range jobs {
				if err != nil {
					j.done <- &chunk{err: err}
					continue
				}
				j.done <- c.compile(ctx, j.files)
			}
		})
	}
	for j := range order {
		select {
		case ch := <-j.done:
			if ch.err != nil {
				return ch.err
			}
			if err := use(ch); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return ctx.Err()
}

// compiler compiles chunks, one at a time.
type compiler struct {
	eco ecosystem
	enc *zstd.Encoder
	buf []byte
}

func newCompiler(eco ecosystem) (*compiler, error) {
	enc, err := newEncoder()
	if err != nil {
		return nil, err
	}
	return &compiler{eco: eco, enc: enc}, nil
}

func (c *compiler) compile(ctx context.Context, files []*zip.File) *chunk {
	ch := &chunk{}
	var e encoder
	for _, f := range files {
		if ch.err = ctx.Err(); ch.err != nil {
			return ch
		}
		rec, parts, err := c.compileFile(f, ch)
		switch {
		case errors.Is(err, errNotVulnerability):
			ch.left++
			continue
		case errors.Is(err, errArchive):
			ch.err = err
			return ch
		case err != nil:
			ch.skipped = append(ch.skipped, Skipped{clip(f.Name, maxID), err.Error()})
			continue
		}
		c.addRecord(ch, &e, rec, parts)
	}
	c.closeBlock(ch, &e)
	return ch
}

// errArchive says that the archive itself is broken, not a record in it.
var errArchive = errors.New("the archive is damaged")

func (c *compiler) compileFile(f *zip.File, ch *chunk) (*record, []part, error) {
	if f.UncompressedSize64 > maxRecord {
		return nil, nil, fmt.Errorf("the record is longer than %d bytes", maxRecord)
	}
	r, err := f.Open()
	if err != nil {
		return nil, nil, fmt.Errorf("%w at %s: %w", errArchive, clip(f.Name, maxID), err)
	}
	defer r.Close()
	// The size is the archive's claim; package zip fails when it is not kept.
	if cap(c.buf) < int(f.UncompressedSize64) {
		c.buf = make([]byte, f.UncompressedSize64)
	}
	b := c.buf[:f.UncompressedSize64]
	if _, err := io.ReadFull(r, b); err != nil {
		return nil, nil, fmt.Errorf("%w at %s: %w", errArchive, clip(f.Name, maxID), err)
	}
	if _, err := r.Read(make([]byte, 1)); err != io.EOF { // checks the checksum
		if err == nil {
			err = errors.New("the entry is longer than it says")
		}
		return nil, nil, fmt.Errorf("%w at %s: %w", errArchive, clip(f.Name, maxID), err)
	}
	ch.bytes += int64(len(b))
	return decodeOSV(c.eco, b)
}

// decodeOSV reads one record.
func decodeOSV(eco ecosystem, b []byte) (*record, []part, error) {
	var r osvRecord
	if err := json.Unmarshal(b, &r); err != nil {
		return nil, nil, fmt.Errorf("not an OSV record: %w", err)
	}
	return compile(eco, &r)
}

func (c *compiler) addRecord(ch *chunk, e *encoder, rec *record, parts []part) {
	at := ref{uint32(len(ch.blocks)), uint32(len(e.b))}
	e.record(rec)
	sum := sumBytes(e.b[at.offset:])
	for i := range parts {
		var pe encoder
		pe.part(&parts[i])
		ch.parts = append(ch.parts, chunkPart{
			packagePart: packagePart{record: at, sum: sum, data: pe.b},
			releaseName: parts[i].release,
			packageName: parts[i].name,
		})
	}
	if r, ok := ratingOf(rec); ok {
		ch.ratings = append(ch.ratings, r)
	}
	ch.records++
	ch.newest = max(ch.newest, rec.modified)
	if len(e.b) >= recordBlock {
		c.closeBlock(ch, e)
	}
}

func (c *compiler) closeBlock(ch *chunk, e *encoder) {
	if len(e.b) > 0 {
		ch.blocks = append(ch.blocks, block{c.enc.EncodeAll(e.b, nil), len(e.b)})
		e.b = e.b[:0]
	}
}

// ratingOf is what a record about one CVE says of it.
func ratingOf(rec *record) (rating, bool) {
	if len(rec.cves) != 1 || len(rec.vectors) == 0 && len(rec.cwes) == 0 {
		return rating{}, false
	}
	key, ok := parseCVE(rec.cves[0])
	if !ok {
		return rating{}, false
	}
	r := rating{cve: key, cwes: strings.Join(rec.cwes, ",")}
	for _, v := range rec.vectors {
		if n := (rating{vector: v}); r.vector == "" || n.better(rating{vector: r.vector}) {
			r.vector = v
		}
	}
	return r, true
}
