package rulefile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
)

// MaxFile is the size in bytes above which Load refuses a file.
const MaxFile = 1 << 20

// Source is a file of rules in memory.
type Source struct {
	// Name is the file's, for errors.
	Name    string
	Content []byte
}

// Load returns the files of a flat directory that owns knows by their names, in
// the order of these. The error names the file.
func Load(user fs.FS, owns func(name string) bool) ([]Source, error) {
	entries, err := fs.ReadDir(user, ".")
	if err != nil {
		return nil, fmt.Errorf("rules: %w", err)
	}
	var sources []Source
	for _, e := range entries {
		if !owns(e.Name()) {
			continue
		}
		s, err := Read(user, e.Name(), MaxFile)
		if err != nil {
			return nil, err
		}
		sources = append(sources, s)
	}
	return sources, nil
}

// Read returns a file of at most so many bytes. The error names the file; it is
// fs.ErrNotExist if there is none.
func Read(user fs.FS, name string, most int64) (Source, error) {
	f, err := user.Open(name)
	if err != nil {
		return Source{}, fmt.Errorf("rules: %w", err)
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, most+1))
	if err != nil {
		return Source{}, fmt.Errorf("rules: %s: %w", name, err)
	}
	if int64(len(content)) > most {
		return Source{}, fmt.Errorf("rules: %s has more than %d bytes", name, most)
	}
	return Source{name, content}, nil
}

// At puts an error in its place: "file:line: what is wrong". Lines count from 1.
// Where the error is of Decode, which knows the line better, that counts.
func (s Source) At(line int, err error) error {
	var inner *lineError
	if errors.As(err, &inner) {
		line = inner.line
	}
	return fmt.Errorf("%s:%d: %w", s.Name, max(line, 1), err)
}

// lineError says in which line of a file something is wrong.
type lineError struct {
	line int
	err  error
}

func (e *lineError) Error() string { return e.err.Error() }
func (e *lineError) Unwrap() error { return e.err }

func wrongAt(line int, format string, args ...any) error {
	return &lineError{line, fmt.Errorf(format, args...)}
}
