package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"sync"

	"github.com/pratique/pratique/internal/collect"
	"github.com/pratique/pratique/internal/image"
	"github.com/pratique/pratique/internal/report"
)

// queueLength is how many files may wait for the collectors of one layer; the
// bytes they hold are bounded by the spool.
const queueLength = 32

// pass reads one layer. The walk runs in the caller's goroutine and hands
// wanted files to a second one, which calls the collectors one after the
// other, so that inflating does not wait for them.
type pass struct {
	engine *Engine
	diffID string
	queue  chan task

	// Owned by the walk.
	files     []entry
	whiteouts []string
	opaques   []string
	skipped   []report.Note

	// Owned by the collecting goroutine until queue is closed and it ended.
	results []result
	notes   []report.Note
	strikes map[collect.Collector]int
	// calls leads to the goroutine that collectors are called in, nil while there
	// is none.
	calls chan<- func()
	// configs is what the configuration files kept so far cost, of maxLayerConfigs;
	// moreConfigs counts those left out.
	configs, moreConfigs int
}

// entry is a file and its place in the archive; of equal paths the last counts.
type entry struct {
	report.File
	seq int
}

// task is a file that collectors want.
type task struct {
	file       entry
	content    *content
	collectors []collect.Collector
}

// result is what one collector found in one file.
type result struct {
	path  string
	seq   int
	facts *report.LayerFacts
	note  *report.Note
}

// read gains the facts of a layer from its bytes.
func (e *Engine) read(ctx context.Context, l image.Layer) (*report.LayerFacts, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	p := &pass{
		engine:  e,
		diffID:  l.DiffID,
		queue:   make(chan task, queueLength),
		strikes: make(map[collect.Collector]int),
	}
	var collecting sync.WaitGroup
	collecting.Go(func() {
		defer p.hangUp()
		for t := range p.queue {
			p.run(ctx, t)
		}
	})
	summary, err := l.Walk(ctx, e.opts.Limits, func(entry image.Entry, content io.Reader) error {
		return p.visit(ctx, entry, content)
	})
	if err != nil {
		cancel()
	}
	close(p.queue)
	collecting.Wait()
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return p.facts(summary), nil
}

// visit records an entry and queues the content that collectors want.
func (p *pass) visit(ctx context.Context, e image.Entry, r io.Reader) error {
	switch e.Action {
	case image.Whiteout:
		p.whiteouts = append(p.whiteouts, e.Path)
		return nil
	case image.Opaque:
		p.opaques = append(p.opaques, e.Path)
		return nil
	}
	file := entry{e.File, len(p.files)}
	p.files = append(p.files, file)
	if r == nil {
		return nil
	}
	wanting := p.wanting(e.File)
	if len(wanting) == 0 {
		return nil
	}
	held, err := p.engine.spool.hold(ctx, r, e.Size)
	switch {
	case errors.Is(err, errTooLarge):
		p.skip(noteTooLarge, wanting, e.File, fmt.Sprintf("the file has %d bytes, more than %d, and was not looked into", e.Size, p.engine.spool.onDisk))
		return nil
	case errors.Is(err, errSpool):
		p.skip(noteSpool, wanting, e.File, fmt.Sprintf("the file could not be looked into: %v", err))
		return nil
	case err != nil:
		return err
	}
	select {
	case p.queue <- task{file, held, wanting}:
		return nil
	case <-ctx.Done():
		held.release(true)
		return ctx.Err()
	}
}

// wanting returns the collectors that want the file.
func (p *pass) wanting(f report.File) []collect.Collector {
	var wanting []collect.Collector
	for _, c := range p.engine.opts.Collectors {
		if p.engine.wants(c, f) {
			wanting = append(wanting, c)
		}
	}
	return wanting
}

func (p *pass) skip(code string, wanting []collect.Collector, f report.File, message string) {
	for _, c := range wanting {
		p.skipped = append(p.skipped, *collectorNote(code, c, f, message))
	}
}

// run calls the collectors that want a file.
func (p *pass) run(ctx context.Context, t task) {
	defer func() { t.content.release(true) }()
	for _, c := range t.collectors {
		if ctx.Err() != nil {
			return
		}
		if p.strikes[c] >= abandonLimit {
			p.notes = append(p.notes, *collectorNote(noteGaveUp, c, t.file.File, "the collector was left behind too often in this layer and did not look at the file"))
			continue
		}
		o := p.collect(ctx, c, t.file.File, t.content)
		if o.facts != nil {
			p.boundConfigs(o.facts)
			if nothing(o.facts) {
				o.facts = none // as in most files, of which there can be a million
			}
			p.results = append(p.results, result{t.file.Path, t.file.seq, o.facts, o.note})
			continue
		}
		p.notes = append(p.notes, *o.note)
		if o.abandoned {
			// The content is revoked, for other collectors too.
			p.strikes[c]++
			return
		}
	}
}

// boundConfigs leaves out configuration files beyond what is kept of a layer.
func (p *pass) boundConfigs(facts *report.LayerFacts) {
	for _, c := range facts.Configs {
		p.configs += len(c.Content) + configCost
	}
	if p.configs > maxLayerConfigs {
		p.moreConfigs += len(facts.Configs)
		facts.Configs = nil
	}
}

// facts puts together what the walk and the collectors found.
func (p *pass) facts(summary image.Summary) *report.LayerFacts {
	files := visible(p.files)
	facts := &report.LayerFacts{
		DiffID:     p.diffID,
		Collectors: p.engine.version,
		Size:       summary.Size,
		Whiteouts:  sorted(p.whiteouts),
		Opaques:    sorted(p.opaques),
	}
	read := make(map[string]bool)
	for _, r := range p.results {
		if n, ok := find(files, r.path); !ok || files[n].seq != r.seq {
			continue // replaced later in the same layer
		}
		read[r.path] = true
		addFacts(facts, r)
		if r.note != nil {
			p.notes = append(p.notes, *r.note)
		}
	}
	for _, k := range facets {
		k.sort(facts)
	}
	facts.Secrets = bounded(p, facts.Secrets, maxLayerSecrets, noteMoreSecrets, "secrets")
	facts.Licences = bounded(p, facts.Licences, maxLayerLicences, noteMoreLicences, "files about licences")
	if p.moreConfigs > 0 {
		p.notes = append(p.notes, report.Note{Code: noteMoreConfigs, Message: fmt.Sprintf("%d more configuration files in this layer were not looked at", p.moreConfigs)})
	}
	facts.Malware = bounded(p, facts.Malware, maxLayerMalware, noteMoreMalware, "malicious files")
	p.unreadLinks(files, read)
	facts.Notes = p.allNotes(facts.Notes, summary.Notes)
	if len(files) > 0 {
		facts.Files = make([]report.File, len(files))
		for n := range files {
			facts.Files[n] = files[n].File
		}
	}
	return facts
}

// none is what collectors found in files without facts.
var none = new(report.LayerFacts)

// nothing reports whether a collector found nothing.
func nothing(f *report.LayerFacts) bool {
	return len(f.Notes) == 0 && !slices.ContainsFunc(facets, func(k anyFacet) bool { return !k.empty(f) })
}

// bounded returns the first facts of a kind and notes how many more there are.
func bounded[F any](p *pass, all []F, most int, code, what string) []F {
	more := len(all) - most
	if more <= 0 {
		return all
	}
	p.notes = append(p.notes, report.Note{Code: code, Message: fmt.Sprintf("%d more %s in this layer are not told", more, what)})
	return all[:most:most]
}

// addFacts adds what was found in one file, whose path it is found under
// whatever the collector says.
func addFacts(facts *report.LayerFacts, r result) {
	for _, k := range facets {
		k.add(facts, r.facts, r.path)
	}
	facts.Notes = append(facts.Notes, r.facts.Notes...)
}

// unreadLinks notes hard links that a collector would want by their name while
// their content stands under a name that none wanted.
func (p *pass) unreadLinks(files []entry, read map[string]bool) {
	for _, f := range files {
		if f.Link == "" || !f.Mode.IsRegular() || read[f.Link] {
			continue
		}
		as := f.File
		as.Link = ""
		if n, ok := find(files, f.Link); ok {
			if as.Size = files[n].Size; len(p.wanting(files[n].File)) > 0 {
				continue // wanted, and noted elsewhere if it was not read
			}
		}
		if wanting := p.wanting(as); len(wanting) > 0 {
			p.skip(noteHardLink, wanting, f.File, fmt.Sprintf("the file is a hard link to %s, which was not looked into", f.Link))
		}
	}
}

// allNotes joins the notes of collectors, engine and walk, in an order that
// does not depend on timing, and bounds their number.
func (p *pass) allNotes(more ...[]report.Note) []report.Note {
	notes := slices.Concat(append(more, p.notes, p.skipped)...)
	for n := range notes {
		notes[n].Layer = p.diffID
	}
	slices.SortStableFunc(notes, func(a, b report.Note) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Code, b.Code),
			cmp.Compare(a.Collector, b.Collector), cmp.Compare(a.Message, b.Message))
	})
	notes = slices.Compact(notes) // one about the layer may come with many files
	if len(notes) > maxLayerNotes {
		rest := len(notes) - maxLayerNotes
		notes = append(notes[:maxLayerNotes:maxLayerNotes], report.Note{
			Code:    noteMore,
			Message: fmt.Sprintf("%d more problems in this layer are not listed", rest),
			Layer:   p.diffID,
		})
	}
	return notes
}

// visible returns the entries that are left when the archive was extracted,
// sorted by path: the last of each path; nothing below a file; and no file
// that a later entry needs as a directory. Nothing is replaced by an entry
// below a symbolic link: that is extracted to where the link leads.
func visible(files []entry) []entry {
	slices.SortFunc(files, func(a, b entry) int {
		return cmp.Or(comparePath(a.Path, b.Path), cmp.Compare(a.seq, b.seq))
	})
	last := files[:0]
	for n, f := range files {
		if n+1 == len(files) || files[n+1].Path != f.Path {
			last = append(last, f)
		}
	}
	gone := make(map[int]bool)
	var above []int // entries that are no directories but have the current one below
	for n, f := range last {
		for len(above) > 0 && !below(f.Path, last[above[len(above)-1]].Path) {
			above = above[:len(above)-1]
		}
		for _, a := range above {
			switch {
			case f.seq < last[a].seq:
				gone[n] = true
			case last[a].Mode&fs.ModeSymlink == 0:
				gone[a] = true
			}
		}
		if !f.Mode.IsDir() {
			above = append(above, n)
		}
	}
	if len(gone) == 0 {
		return last
	}
	left := last[:0]
	for n, f := range last {
		if !gone[n] {
			left = append(left, f)
		}
	}
	return left
}

func find(files []entry, path string) (int, bool) {
	return slices.BinarySearchFunc(files, path, func(f entry, p string) int { return comparePath(f.Path, p) })
}

func sorted(paths []string) []string {
	slices.SortFunc(paths, comparePath)
	return slices.Compact(paths)
}
