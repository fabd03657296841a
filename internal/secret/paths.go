package secret

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/pratique/pratique/internal/rulefile"
)

// pathsFile is the name of the file with the user's excluded paths.
const pathsFile = "excluded-paths.txt"

// maxPaths is how many paths a user may exclude (§3.8).
const maxPaths = 20

// maxPath bounds one excluded path, in bytes; it is that of Linux.
const maxPath = 4096

// DefaultPaths are the paths that are never looked into (§3.8), as the
// specification writes them.
func DefaultPaths() []string {
	return []string{
		"/usr/*", "/lib/*", "/lib32/*", "/bin/*", "/sbin/*", "/var/lib/*", "/var/log/*",
		"<any>/node_modules/<any>/<name>.md", "<any>/node_modules/<any>/test/<any>",
		"*/service/iam/examples_test.go", "<any>/grafana/public/build/<name>.js",
	}
}

// Excluded reports whether the user does not want to be told of secrets at a
// path, clean and relative to the root. It is no matter of what is collected:
// a path that is not excluded any more needs no new reading.
func (r *Rules) Excluded(p string) bool {
	for _, e := range r.excluded {
		if p == e || strings.HasPrefix(p, e+"/") {
			return true
		}
	}
	return false
}

// loadPaths reads the user's excluded paths; without the file there are none.
func loadPaths(user fs.FS) ([]string, error) {
	file, err := rulefile.Read(user, pathsFile, rulefile.MaxFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var paths []string
	lines := bufio.NewScanner(bytes.NewReader(file.Content))
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if err := checkPath(line); err != nil {
			return nil, file.At(n, err)
		}
		if len(paths) == maxPaths {
			return nil, file.At(n, fmt.Errorf("more than %d paths", maxPaths))
		}
		paths = append(paths, strings.Trim(path.Clean(line), "/"))
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", pathsFile, err)
	}
	return paths, nil
}

func checkPath(p string) error {
	switch {
	case !strings.HasPrefix(p, "/"):
		return fmt.Errorf("%q is no absolute path of Linux, such as /usr/ or /lib/test.txt", p)
	case path.Clean(p) == "/":
		return errors.New("the root would exclude everything; switch the category off instead")
	case len(p) > maxPath:
		return fmt.Errorf("a path of %d bytes; at most %d", len(p), maxPath)
	case strings.ContainsAny(p, "*?[\\\x00"):
		return fmt.Errorf("%q has a wildcard; a path stands for itself and all below it", p)
	}
	return nil
}
