package server

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/pratique/pratique/internal/store"
)

// checkDataDir makes sure that a data directory and a database belong together:
// a database knows blobs that only its own directory holds, and a directory
// full of blobs is of no use to a database that does not know them. The two
// recognize each other by a name that the database makes and the directory
// keeps.
func checkDataDir(ctx context.Context, dir string, st *store.Store) error {
	secret, err := st.Secret(ctx, "data-directory")
	if err != nil {
		return err
	}
	sum := sha256.Sum256(secret)
	name := hex.EncodeToString(sum[:16])
	file := filepath.Join(dir, "database")
	kept, err := os.ReadFile(file)
	switch {
	case err == nil && string(bytes.TrimSpace(kept)) == name:
		return nil
	case err == nil:
		return fmt.Errorf("the data directory %s belongs to another database: start with that one (--database), or choose another directory (--data)", dir)
	case !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("data directory: %w", err)
	}
	if err := refuseForeign(ctx, dir, st); err != nil {
		return err
	}
	// Renamed, so that it is there as a whole or not at all.
	fresh := file + ".new"
	if err := os.WriteFile(fresh, []byte(name+"\n"), 0o600); err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	if err := os.Rename(fresh, file); err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	return nil
}

// refuseForeign refuses a directory without blobs for a database that knows
// some.
func refuseForeign(ctx context.Context, dir string, st *store.Store) error {
	if _, err := os.Stat(filepath.Join(dir, "blobs")); err == nil {
		return nil
	}
	known, err := st.Statistics(ctx)
	if err != nil {
		return err
	}
	if known.Artifacts > 0 {
		return fmt.Errorf("the database holds %d artifacts, but the data directory %s has none of their content: start with the directory they were pushed to (--data), or with a database of its own (--database)", known.Artifacts, dir)
	}
	return nil
}
