package image

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/report"
)

// Action is what an entry of a layer does to the file system.
type Action uint8

const (
	// Add puts the entry in its place.
	Add Action = iota
	// Whiteout deletes what layers below have at the path.
	Whiteout
	// Opaque hides what layers below have under the directory; the path "."
	// is the root.
	Opaque
)

// Entry is one entry of a layer.
type Entry struct {
	// File describes the entry; for Whiteout and Opaque only its Path counts.
	// A hard link is a regular file with a Link.
	report.File
	Action Action
}

// HardLink reports whether the entry is another name of an earlier file.
func (e Entry) HardLink() bool { return e.Mode.IsRegular() && e.Link != "" }

// Summary is what a complete walk has established.
type Summary struct {
	// Size is the number of uncompressed bytes.
	Size int64
	// DiffID is the digest of the uncompressed bytes, equal to the layer's.
	DiffID string
	// Entries counts what the visitor was called with.
	Entries int
	// Notes tell of entries that were left out.
	Notes []report.Note
}

// Codes of the notes of a walk.
const (
	NoteNameRefused  = "entry-name-refused"
	NoteTypeUnknown  = "entry-type-unknown"
	NoteMoreProblems = "more-entries-left-out"
	NoteCapabilities = "more-capabilities-left-out"
)

// maxNotes bounds the notes of one layer; the rest is counted.
const maxNotes = 100

// maxCapable bounds the files of one layer whose capabilities are told: each
// can have dozens, and an image in use has a few such files.
const maxCapable = 10_000

// Walk reads the layer in one pass and calls visit for each entry, in the
// order of the archive; the same path may come more than once, and the last
// one counts. content is nil except for regular files that are not hard links;
// it is valid until visit returns and need not be read. Sparse files read as
// they are when extracted. An error from visit ends the walk and is returned
// as it is.
//
// Names are made clean and relative ("./etc//passwd" is "etc/passwd");
// entries whose name leaves the root, is too long or is the root itself are
// left out, the first two with a note. Names that are not valid UTF-8 have the
// invalid bytes replaced.
//
// A nil error means that every byte was read and that both the layer's digest
// (if it has one) and its diff ID are right. Before that, nothing that visit
// saw can be relied upon. Any other outcome than ctx's or visit's error is a
// *catalog.ScanError: download_failed for a layer that is missing, truncated,
// corrupt, no tar archive or not what its digests say; image_layer_over_sized
// for one beyond limits.
func (l Layer) Walk(ctx context.Context, limits Limits, visit func(e Entry, content io.Reader) error) (Summary, error) {
	if err := l.check(limits); err != nil {
		return Summary{}, err
	}
	blob, err := l.Open(ctx)
	if err != nil {
		return Summary{}, l.openError(ctx, err)
	}
	defer blob.Close()
	ctx, cancel := context.WithCancel(ctx)
	src := &stored{ctx: ctx, r: blob, size: l.Size}
	if l.Digest != "" {
		src.hash = newHash(l.Digest)
	}
	s := newStream(ctx, src, l.DiffID, limits)
	defer s.stop()
	defer cancel()

	w := walker{limits: limits, visit: visit}
	tarErr := w.walk(tar.NewReader(s))
	if w.visitErr != nil {
		return Summary{}, w.visitErr
	}
	var limit *catalog.ScanError
	if errors.As(tarErr, &limit) {
		return Summary{}, l.within(limit)
	}
	streamErr := s.drain()
	if err := l.verdict(ctx, s, streamErr, tarErr); err != nil {
		return Summary{}, err
	}
	w.finishNotes(l.DiffID)
	return Summary{Size: s.pos, DiffID: sum(s.hash, l.DiffID), Entries: w.visited, Notes: w.notes}, nil
}

// check refuses a layer by what is known before it is read.
func (l Layer) check(limits Limits) error {
	if limits.LayerSize > 0 && l.Size > limits.LayerSize {
		return l.errorf(catalog.CauseLayerTooLarge, "it has %d bytes, more than %d", l.Size, limits.LayerSize)
	}
	if l.Digest != "" {
		if err := checkDigest(l.Digest); err != nil {
			return l.errorf(catalog.CauseDownload, "%w", err)
		}
	}
	if err := checkDigest(l.DiffID); err != nil {
		return l.errorf(catalog.CauseDownload, "diff ID: %w", err)
	}
	return nil
}

// label names the layer in messages.
func (l Layer) label() string {
	if l.Digest != "" {
		return clip(l.Digest)
	}
	return clip(l.DiffID)
}

func (l Layer) errorf(cause catalog.Cause, format string, args ...any) *catalog.ScanError {
	err := fmt.Errorf(format, args...)
	return catalog.ScanErrorf(cause, "layer %s: %w", l.label(), err)
}

// within says in which layer it was that something went wrong.
func (l Layer) within(err *catalog.ScanError) *catalog.ScanError {
	return &catalog.ScanError{Cause: err.Cause, Detail: "layer " + l.label() + ": " + err.Detail, Err: err}
}

func (l Layer) openError(ctx context.Context, err error) error {
	var scan *catalog.ScanError
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &scan):
		return l.within(scan)
	case errors.Is(err, fs.ErrNotExist):
		return l.errorf(catalog.CauseDownload, "it is missing: %w", err)
	}
	return l.errorf(catalog.CauseDownload, "it cannot be opened: %w", err)
}

// verdict says what is wrong with a layer that was read to its end or as far
// as that went. What comes first is the root of what comes later: a truncated
// download makes a corrupt archive, which has a wrong diff ID.
func (l Layer) verdict(ctx context.Context, s *stream, streamErr, tarErr error) error {
	var limit *catalog.ScanError
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case s.src.err != nil:
		return l.errorf(catalog.CauseDownload, "reading it failed after %d of %d bytes: %w", s.src.n, l.Size, s.src.err)
	case errors.As(streamErr, &limit):
		return l.within(limit)
	case s.src.n < l.Size:
		return l.errorf(catalog.CauseDownload, "it is truncated: %d of %d bytes", s.src.n, l.Size)
	case s.src.n > l.Size:
		return l.errorf(catalog.CauseDownload, "it is longer than the %d bytes it should have", l.Size)
	}
	if s.src.hash != nil {
		if got := sum(s.src.hash, l.Digest); got != l.Digest {
			return l.errorf(catalog.CauseDownload, "it does not match its digest: its content has %s", got)
		}
	}
	switch {
	case streamErr != nil:
		return l.errorf(catalog.CauseDownload, "it is corrupt: %w", streamErr)
	case tarErr != nil:
		return l.errorf(catalog.CauseDownload, "%w", tarErr)
	}
	if got := sum(s.hash, l.DiffID); got != l.DiffID {
		return l.errorf(catalog.CauseDownload, "it does not match its diff ID %s: its uncompressed content has %s", l.DiffID, got)
	}
	return nil
}

// walker turns the headers of an archive into entries.
type walker struct {
	limits   Limits
	visit    func(Entry, io.Reader) error
	visitErr error
	entries  int
	visited  int
	names    int64
	notes    []report.Note
	omitted  int
	capable  int // files with capabilities
}

// walk returns nil at the end of the archive, a *catalog.ScanError at a limit,
// and otherwise what is wrong with the archive. An error of the visitor is
// kept apart, so that no error of the archive is mistaken for it.
func (w *walker) walk(tr *tar.Reader) error {
	for last := ""; ; {
		hdr, err := tr.Next()
		switch {
		case err == io.EOF:
			return nil
		case errors.Is(err, tar.ErrInsecurePath):
			// The name is judged by our own rules.
		case err != nil && w.entries == 0:
			return fmt.Errorf("it is no tar archive: %w", err)
		case err != nil:
			return fmt.Errorf("it is a broken tar archive after entry %q: %w", clip(last), err)
		}
		last = hdr.Name
		w.entries++
		w.names += int64(len(hdr.Name) + len(hdr.Linkname))
		if err := w.limits.checkEntries(w.entries, w.names); err != nil {
			return err
		}
		entry, ok := w.entry(hdr)
		if !ok {
			continue
		}
		if err := w.deliver(entry, tr); err != nil {
			return err
		}
		if entry.Mode.IsDir() && overlayOpaque(hdr) {
			if err := w.deliver(Entry{File: report.File{Path: entry.Path}, Action: Opaque}, nil); err != nil {
				return err
			}
		}
	}
}

// deliver calls the visitor. Its error is the walk's, unless it only passes on
// that the content could not be read.
func (w *walker) deliver(entry Entry, tr *tar.Reader) error {
	w.visited++
	content := &contentReader{tr: tr}
	var r io.Reader
	if entry.Action == Add && entry.Mode.IsRegular() && entry.Link == "" {
		r = content
	}
	err := w.visit(entry, r)
	if content.err != nil {
		return fmt.Errorf("it is a broken tar archive in entry %q: %w", clip(entry.Path), content.err)
	}
	w.visitErr = err
	return err
}

// contentReader reads one file and remembers what was wrong with the archive.
type contentReader struct {
	tr  *tar.Reader
	err error
}

func (c *contentReader) Read(p []byte) (int, error) {
	n, err := c.tr.Read(p)
	if err != nil && err != io.EOF {
		c.err = err
	}
	return n, err
}

const (
	whiteoutPrefix = ".wh."
	whiteoutMeta   = ".wh..wh."
	whiteoutOpaque = ".wh..wh..opq"
)

// entry makes an entry of a header; false if there is nothing to visit.
func (w *walker) entry(hdr *tar.Header) (Entry, bool) {
	mode, known := fileMode(hdr)
	if !known {
		if hdr.Typeflag != tar.TypeXGlobalHeader {
			w.note(NoteTypeUnknown, hdr.Name, "the entry has the unknown type %q and was left out", hdr.Typeflag)
		}
		return Entry{}, false
	}
	name, ok := w.clean(hdr.Name, "name")
	if !ok {
		return Entry{}, false
	}
	dir, base := path.Split(name)
	switch {
	case base == whiteoutOpaque:
		return Entry{File: report.File{Path: path.Clean(dir)}, Action: Opaque}, true
	case strings.HasPrefix(name, whiteoutMeta), strings.Contains(name, "/"+whiteoutMeta):
		return Entry{}, false // bookkeeping of aufs
	case strings.HasPrefix(base, whiteoutPrefix):
		gone := base[len(whiteoutPrefix):]
		if gone == "" || gone == "." || gone == ".." {
			w.note(NoteNameRefused, name, "the whiteout names no file and was left out")
			return Entry{}, false
		}
		return Entry{File: report.File{Path: dir + gone}, Action: Whiteout}, true
	case name == ".":
		if overlayOpaque(hdr) {
			return Entry{File: report.File{Path: "."}, Action: Opaque}, true
		}
		return Entry{}, false
	case hdr.Typeflag == tar.TypeChar && hdr.Devmajor == 0 && hdr.Devminor == 0:
		return Entry{File: report.File{Path: name}, Action: Whiteout}, true // as overlayfs writes it
	}
	f := report.File{Path: name, Mode: mode, UID: hdr.Uid, GID: hdr.Gid}
	switch hdr.Typeflag {
	case tar.TypeLink:
		if f.Link, ok = w.clean(hdr.Linkname, "link target"); !ok {
			return Entry{}, false
		}
	case tar.TypeSymlink:
		if w.limits.PathLength > 0 && len(hdr.Linkname) > w.limits.PathLength {
			w.note(NoteNameRefused, name, "the link target is longer than %d bytes; the entry was left out", w.limits.PathLength)
			return Entry{}, false
		}
		f.Link = strings.ToValidUTF8(hdr.Linkname, "\uFFFD")
	default:
		if mode.IsRegular() {
			f.Size = max(hdr.Size, 0)
		}
	}
	if mode.IsRegular() {
		f.Capabilities = w.capabilities(hdr)
	}
	return Entry{File: f}, true
}

// capabilities returns those of the file that hdr is of, unless there are too
// many of such files.
func (w *walker) capabilities(hdr *tar.Header) []string {
	names := capabilities(hdr.PAXRecords[capabilityRecord])
	if len(names) == 0 {
		return nil
	}
	if w.capable++; w.capable > maxCapable {
		return nil
	}
	return names
}

// clean makes a name relative to the root and clean. It refuses, with a note,
// what does not name anything below the root.
func (w *walker) clean(name, what string) (string, bool) {
	if w.limits.PathLength > 0 && len(name) > w.limits.PathLength {
		w.note(NoteNameRefused, name, "the %s is longer than %d bytes; the entry was left out", what, w.limits.PathLength)
		return "", false
	}
	cleaned := strings.TrimLeft(name, "/")
	if !fs.ValidPath(cleaned) {
		cleaned = strings.ToValidUTF8(path.Clean(cleaned), "\uFFFD")
	}
	if cleaned == ".." || strings.HasPrefix(cleaned, "../") || strings.IndexByte(cleaned, 0) >= 0 {
		w.note(NoteNameRefused, name, "the %s points outside the file system; the entry was left out", what)
		return "", false
	}
	return cleaned, true
}

func (w *walker) note(code, name, format string, args ...any) {
	if len(w.notes) == maxNotes {
		w.omitted++
		return
	}
	w.notes = append(w.notes, report.Note{Code: code, Message: fmt.Sprintf(format, args...), Path: clip(name)})
}

// finishNotes tells of notes that were dropped and names the layer in all.
func (w *walker) finishNotes(diffID string) {
	if w.omitted > 0 {
		w.notes = append(w.notes, report.Note{
			Code:    NoteMoreProblems,
			Message: fmt.Sprintf("%d more entries of the layer were left out", w.omitted),
		})
	}
	if more := w.capable - maxCapable; more > 0 {
		w.notes = append(w.notes, report.Note{
			Code:    NoteCapabilities,
			Message: fmt.Sprintf("the capabilities of %d more files of the layer are not told", more),
		})
	}
	for n := range w.notes {
		w.notes[n].Layer = diffID
	}
}

// fileMode translates type and permissions; false for a type we do not know.
func fileMode(hdr *tar.Header) (fs.FileMode, bool) {
	mode := fs.FileMode(hdr.Mode & 0o777)
	if hdr.Mode&0o4000 != 0 {
		mode |= fs.ModeSetuid
	}
	if hdr.Mode&0o2000 != 0 {
		mode |= fs.ModeSetgid
	}
	if hdr.Mode&0o1000 != 0 {
		mode |= fs.ModeSticky
	}
	switch hdr.Typeflag {
	case tar.TypeReg, tar.TypeLink, tar.TypeCont, tar.TypeGNUSparse:
		return mode, true
	case tar.TypeDir:
		return mode | fs.ModeDir, true
	case tar.TypeSymlink:
		return mode | fs.ModeSymlink, true
	case tar.TypeChar:
		return mode | fs.ModeDevice | fs.ModeCharDevice, true
	case tar.TypeBlock:
		return mode | fs.ModeDevice, true
	case tar.TypeFifo:
		return mode | fs.ModeNamedPipe, true
	}
	return 0, false
}

// overlayOpaque reports whether the entry is a directory that overlayfs marks
// opaque, as layers made straight from an overlay directory have it.
func overlayOpaque(hdr *tar.Header) bool {
	if hdr.Typeflag != tar.TypeDir {
		return false
	}
	for _, key := range []string{"SCHILY.xattr.trusted.overlay.opaque", "SCHILY.xattr.user.overlay.opaque"} {
		if hdr.PAXRecords[key] == "y" {
			return true
		}
	}
	return false
}
