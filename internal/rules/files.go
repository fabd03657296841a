package rules

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"time"
)

// maxFiles and maxBytes bound a directory of rules. Lists of hashes are long.
const (
	maxFiles = 1000
	maxBytes = 512 << 20
)

// Files are files of rules in memory, by name: a flat fs.FS.
type Files map[string][]byte

// ReadDir reads the files of a directory that Owned knows. What else is there is
// an error, as Load says.
func ReadDir(dir string) (Files, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("rules: %w", err)
	}
	if err := check(entries); err != nil {
		return nil, fmt.Errorf("rules in %s: %w", dir, err)
	}
	files := make(Files)
	var total int64
	for _, e := range entries {
		if !Owned(e.Name()) {
			continue
		}
		content, err := readFile(dir, e.Name(), maxBytes-total)
		if err != nil {
			return nil, fmt.Errorf("rules: %w", err)
		}
		total += int64(len(content))
		files[e.Name()] = content
	}
	return files, nil
}

func readFile(dir, name string, most int64) ([]byte, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	f, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(content)) > most {
		err = fmt.Errorf("%s makes more than %d bytes of rules", name, maxBytes)
	}
	return content, err
}

// With returns the files with those of over added; of the same name, those of
// over count.
func (f Files) With(over Files) Files {
	all := maps.Clone(f)
	if all == nil {
		all = make(Files)
	}
	maps.Copy(all, over)
	return all
}

// Open implements fs.FS.
func (f Files) Open(name string) (fs.File, error) {
	if name == "." {
		return &openDir{files: f, left: slices.Sorted(maps.Keys(f))}, nil
	}
	content, ok := f[name]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return &openFile{Reader: bytes.NewReader(content), info: info{name, int64(len(content))}}, nil
}

// openFile is a file that is read.
type openFile struct {
	*bytes.Reader
	info info
}

func (f *openFile) Stat() (fs.FileInfo, error) { return f.info, nil }
func (f *openFile) Close() error               { return nil }

// openDir is the directory that is read.
type openDir struct {
	files Files
	left  []string
}

func (d *openDir) Stat() (fs.FileInfo, error) { return info{name: "."}, nil }
func (d *openDir) Close() error               { return nil }
func (d *openDir) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: ".", Err: errors.New("is a directory")}
}

// ReadDir implements fs.ReadDirFile.
func (d *openDir) ReadDir(n int) ([]fs.DirEntry, error) {
	if n > 0 && len(d.left) == 0 {
		return nil, io.EOF
	}
	if n <= 0 || n > len(d.left) {
		n = len(d.left)
	}
	var entries []fs.DirEntry
	for _, name := range d.left[:n] {
		entries = append(entries, fs.FileInfoToDirEntry(info{name, int64(len(d.files[name]))}))
	}
	d.left = d.left[n:]
	return entries, nil
}

// info describes a file, or the directory by the name ".".
type info struct {
	name string
	size int64
}

func (i info) Name() string       { return i.name }
func (i info) Size() int64        { return i.size }
func (i info) IsDir() bool        { return i.name == "." }
func (i info) ModTime() time.Time { return time.Time{} }
func (i info) Sys() any           { return nil }
func (i info) Mode() fs.FileMode {
	if i.IsDir() {
		return fs.ModeDir | 0o555
	}
	return 0o444
}

// check refuses files that would be passed over in silence.
func check(entries []fs.DirEntry) error {
	files := 0
	for _, e := range entries {
		name := e.Name()
		switch {
		case strings.HasPrefix(name, ".") || strings.EqualFold(name, "README.md"):
		case e.IsDir():
			return fmt.Errorf("%s is a directory; rules are files beside each other", name)
		case !Owned(name):
			return fmt.Errorf("nothing is known to be read from %s; names are %s", name, kinds)
		default:
			files++
		}
	}
	switch {
	case files == 0:
		return errors.New("there is no file of rules; names are " + kinds)
	case files > maxFiles:
		return fmt.Errorf("%d files are more than %d", files, maxFiles)
	}
	return nil
}
