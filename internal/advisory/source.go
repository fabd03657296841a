package advisory

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path"
	"slices"
	"strings"
	"time"
)

// source is where advisories come from: a directory, an archive of one, or a
// web server.
type source interface {
	// fetch returns a file by its slash-separated path (for a web server also
	// by a full address). The error is fs.ErrNotExist if there is none. If old
	// shows that the file is what it was, the object has no content.
	fetch(ctx context.Context, name string, old stamp) (*object, error)
	// list names the files below the root with the given pattern, sorted; a
	// source that cannot list returns nothing.
	list(pattern string) []string
	close() error
}

// object is a fetched file. It is closed by its user.
type object struct {
	r     io.ReaderAt
	size  int64
	stamp stamp
	// unchanged says that there was no need to read it; r is nil.
	unchanged bool
	close     func() error
}

// openSource opens a directory, a zip file, or an address. Bytes that must be
// on disk are spooled to dir.
func openSource(ctx context.Context, from, dir string, opts *ImportOptions, trust bool) (source, error) {
	if strings.HasPrefix(from, "https://") || strings.HasPrefix(from, "http://") {
		web := &webSource{base: strings.TrimSuffix(from, "/"), dir: dir, client: opts.client(), backoff: opts.backoff}
		if !strings.HasSuffix(strings.ToLower(from), ".zip") {
			return web, nil
		}
		o, err := web.fetch(ctx, from, stamp{})
		if err != nil {
			return nil, err
		}
		return newZipSource(o, from, dir)
	}
	info, err := os.Stat(from)
	if err != nil {
		return nil, fmt.Errorf("advisories from %s: %w", from, err)
	}
	if info.IsDir() {
		return &fileSource{root: os.DirFS(from), from: from, trust: trust}, nil
	}
	f, err := os.Open(from)
	if err != nil {
		return nil, fmt.Errorf("advisories from %s: %w", from, err)
	}
	return newZipSource(&object{r: f, size: info.Size(), close: f.Close}, from, dir)
}

// fileSource reads a directory, or the inside of an archive.
type fileSource struct {
	root fs.FS
	from string
	// spool is where entries of an archive are put to be read at random;
	// empty for a directory, whose files can be.
	spool string
	// trust takes a file of the same size and time for the same.
	trust bool
	done  func() error
}

func newZipSource(o *object, from, spool string) (source, error) {
	z, err := zip.NewReader(o.r, o.size)
	if err != nil {
		o.close()
		return nil, fmt.Errorf("advisories from %s: neither a directory nor a zip file: %w", from, err)
	}
	return &fileSource{root: z, from: from, spool: spool, done: o.close}, nil
}

func (s *fileSource) close() error {
	if s.done == nil {
		return nil
	}
	return s.done()
}

func (s *fileSource) list(pattern string) []string {
	names, err := fs.Glob(s.root, pattern)
	if err != nil {
		return nil
	}
	slices.Sort(names)
	return names
}

func (s *fileSource) fetch(ctx context.Context, name string, old stamp) (*object, error) {
	f, err := s.root.Open(name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.from, err)
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", s.from, err)
	}
	if info.IsDir() || info.Size() > maxArchive {
		f.Close()
		return nil, fmt.Errorf("%s/%s is a directory, or longer than the %d bytes that are allowed", s.from, name, int64(maxArchive))
	}
	st := stamp{Source: s.from + "/" + name, Size: info.Size(), ModTime: info.ModTime().UTC()}
	if s.trust && old.Source == st.Source && old.Size == st.Size && !st.ModTime.IsZero() && old.ModTime.Equal(st.ModTime) {
		f.Close()
		return &object{unchanged: true, stamp: old, close: func() error { return nil }}, nil
	}
	if r, ok := f.(io.ReaderAt); ok && s.spool == "" {
		if st.SHA256, err = hashOf(ctx, io.NewSectionReader(r, 0, info.Size())); err != nil {
			f.Close()
			return nil, fmt.Errorf("read %s: %w", st.Source, err)
		}
		return &object{r: r, size: info.Size(), stamp: st, unchanged: st.SHA256 == old.SHA256, close: f.Close}, nil
	}
	defer f.Close()
	return spoolTo(ctx, s.spool, f, st, old)
}

func hashOf(ctx context.Context, r io.Reader) (string, error) {
	h := sha256.New()
	if _, err := io.Copy(h, &contextReader{ctx, r}); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// contextReader stops reading when its context ends.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (r *contextReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}

// spoolTo copies a stream into a temporary file, hashing it on the way.
func spoolTo(ctx context.Context, dir string, r io.Reader, st, old stamp) (*object, error) {
	f, err := os.CreateTemp(dir, tempPrefix+"*")
	if err != nil {
		return nil, fmt.Errorf("keep %s on disk: %w", st.Source, err)
	}
	remove := func() error { return errors.Join(f.Close(), os.Remove(f.Name())) }
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(f, h), io.LimitReader(&contextReader{ctx, r}, maxArchive+1))
	if err == nil && n > maxArchive {
		err = fmt.Errorf("it is longer than the %d bytes that are allowed", int64(maxArchive))
	}
	if err != nil {
		remove()
		return nil, fmt.Errorf("fetch %s: %w", st.Source, err)
	}
	st.Size, st.SHA256 = n, hex.EncodeToString(h.Sum(nil))
	return &object{r: f, size: n, stamp: st, unchanged: st.SHA256 == old.SHA256, close: remove}, nil
}

// webSource reads from a web server, asking only for what changed.
type webSource struct {
	base    string
	dir     string
	client  *http.Client
	backoff time.Duration
}

const (
	fetchAttempts = 3
	fetchTimeout  = 30 * time.Minute
)

func (s *webSource) close() error         { return nil }
func (s *webSource) list(string) []string { return nil }

// address is that of a file, each part of its path escaped.
func (s *webSource) address(name string) string {
	if strings.HasPrefix(name, "https://") || strings.HasPrefix(name, "http://") {
		return name
	}
	parts := strings.Split(path.Clean(name), "/")
	for i, p := range parts {
		parts[i] = url.PathEscape(p)
	}
	return s.base + "/" + strings.Join(parts, "/")
}

// errRetry marks failures that another attempt may cure.
var errRetry = errors.New("temporary")

func (s *webSource) fetch(ctx context.Context, name string, old stamp) (*object, error) {
	address := s.address(name)
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	for attempt := 1; ; attempt++ {
		o, err := s.fetchOnce(ctx, address, old)
		if err == nil || !errors.Is(err, errRetry) || attempt == fetchAttempts {
			return o, err
		}
		select {
		case <-time.After(s.backoff << attempt):
		case <-ctx.Done():
			return nil, err
		}
	}
}

func (s *webSource) fetchOnce(ctx context.Context, address string, old stamp) (*object, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, fmt.Errorf("fetch %s: %w", address, err)
	}
	req.Header.Set("User-Agent", "pratique")
	if old.Source == address {
		if old.ETag != "" {
			req.Header.Set("If-None-Match", old.ETag)
		} else if old.LastModified != "" {
			req.Header.Set("If-Modified-Since", old.LastModified)
		}
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("fetch %s: %w (%w)", address, err, errRetry)
	}
	defer resp.Body.Close()
	switch {
	case resp.StatusCode == http.StatusOK:
	case resp.StatusCode == http.StatusNotModified && old.Source == address:
		return &object{unchanged: true, stamp: old, close: func() error { return nil }}, nil
	case resp.StatusCode == http.StatusNotFound || resp.StatusCode == http.StatusGone:
		return nil, fmt.Errorf("fetch %s: the server answers %s: %w", address, resp.Status, fs.ErrNotExist)
	case resp.StatusCode == http.StatusForbidden: // also what object stores say of what is not there
		return nil, fmt.Errorf("fetch %s: the server answers %s: %w", address, resp.Status, fs.ErrPermission)
	case resp.StatusCode >= 500 || resp.StatusCode == http.StatusTooManyRequests:
		return nil, fmt.Errorf("fetch %s: the server answers %s (%w)", address, resp.Status, errRetry)
	default:
		return nil, fmt.Errorf("fetch %s: the server answers %s", address, resp.Status)
	}
	if resp.ContentLength > maxArchive {
		return nil, fmt.Errorf("fetch %s: it is %d bytes long, more than the %d that are allowed", address, resp.ContentLength, int64(maxArchive))
	}
	o, err := spoolTo(ctx, s.dir, resp.Body, stamp{
		Source: address, ETag: resp.Header.Get("ETag"), LastModified: resp.Header.Get("Last-Modified"),
	}, old)
	if err != nil {
		var disk *fs.PathError
		if errors.As(err, &disk) {
			return nil, err
		}
		return nil, fmt.Errorf("%w (%w)", err, errRetry)
	}
	return o, nil
}

// readAll returns the content of a small object.
func (o *object) readAll(limit int64) ([]byte, error) {
	if o.size > limit {
		return nil, fmt.Errorf("%s is %d bytes long, more than the %d that are allowed", o.stamp.Source, o.size, limit)
	}
	var b bytes.Buffer
	if _, err := b.ReadFrom(io.NewSectionReader(o.r, 0, o.size)); err != nil {
		return nil, fmt.Errorf("read %s: %w", o.stamp.Source, err)
	}
	return b.Bytes(), nil
}
