//go:build !unix

package advisory

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// lock keeps a second importer out of a directory until unlock is called. Where
// the system has no file locks, a process that dies leaves it locked.
func lock(dir string) (unlock func(), err error) {
	path := filepath.Join(dir, lockName)
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("%w in %s: wait until it is done, or remove %s if its process died", ErrBusy, dir, path)
	}
	if err != nil {
		return nil, fmt.Errorf("lock the advisory database: %w", err)
	}
	return func() { f.Close(); os.Remove(path) }, nil
}
