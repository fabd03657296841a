package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/pratique/pratique/internal/advisory"
	"github.com/pratique/pratique/internal/server"
)

func newAdvisoriesCommand(o *options) *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "advisories",
		Short: "Look after the advisory database",
		Long: `Look after the advisory database: what the scanner knows about vulnerabilities.

A running server notices a new database by itself.`,
	}
	cmd.PersistentFlags().StringVar(&dir, "advisories", "", "directory of the database (default: that of the data directory if it exists, else one in the user's cache)")
	at := func() string { return advisoriesDir(o, dir) }
	cmd.AddCommand(newImportCommand(at), newUpdateCommand(at), newInfoCommand(at))
	return cmd
}

// advisoriesDir is where the command line finds its advisories: where a flag
// or PRATIQUE_ADVISORIES says, in the data directory if there is one, or else
// in the user's cache.
func advisoriesDir(o *options, flag string) string {
	if flag != "" {
		return flag
	}
	if env := os.Getenv("PRATIQUE_ADVISORIES"); env != "" {
		return env
	}
	if _, err := os.Stat(o.dataDir()); err == nil || o.dataFlag() != "" {
		return server.AdvisoriesDir(o.dataDir())
	}
	return filepath.Join(cacheDir(), "advisories")
}

// cacheDir is the program's directory in the user's cache.
func cacheDir() string {
	base, err := os.UserCacheDir()
	if err != nil {
		base = os.TempDir()
	}
	return filepath.Join(base, "pratique")
}

func newImportCommand(dir func() string) *cobra.Command {
	return &cobra.Command{
		Use:   "import DIRECTORY|ZIP|URL",
		Short: "Build the database from advisories in OSV form",
		Long: `Build the database from advisories in the layout of the public OSV bucket
(ECOSYSTEM/all.zip and ecosystems.txt), with the KEV catalogue, EPSS scores and
end-of-life dates where they lie beside it. The database in force stays in force
until the new one is complete.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runImport(cmd, func(opts advisory.ImportOptions) (advisory.ImportResult, error) {
				return advisory.Import(cmd.Context(), dir(), args[0], opts)
			})
		},
	}
}

func newUpdateCommand(dir func() string) *cobra.Command {
	return &cobra.Command{
		Use:   "update",
		Short: "Fetch what changed since the last import or update",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runImport(cmd, func(opts advisory.ImportOptions) (advisory.ImportResult, error) {
				return advisory.Update(cmd.Context(), dir(), opts)
			})
		},
	}
}

// busyInterval is how often an import asks whether another one has ended.
const busyInterval = time.Second

// runImport runs an import and prints its result. While another import runs,
// such as the one a server does in the background, it waits for its turn.
func runImport(cmd *cobra.Command, run func(advisory.ImportOptions) (advisory.ImportResult, error)) error {
	progress := cmd.ErrOrStderr()
	opts := advisory.ImportOptions{Progress: func(line string) { sayf(progress, "%s\n", line) }}
	result, err := run(opts)
	if errors.Is(err, advisory.ErrBusy) {
		fmt.Fprintln(progress, "another import is running, perhaps the server's: waiting for it to end")
	}
	for errors.Is(err, advisory.ErrBusy) {
		select {
		case <-cmd.Context().Done():
			return err
		case <-time.After(busyInterval):
		}
		result, err = run(opts)
	}
	if err != nil {
		return err
	}
	return printResult(cmd.OutOrStdout(), result)
}

func newInfoCommand(dir func() string) *cobra.Command {
	return &cobra.Command{
		Use:   "info",
		Short: "Show what the database holds and how old it is",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			db, err := advisory.Open(dir())
			if err != nil {
				return err
			}
			defer db.Close()
			return printInfo(cmd.OutOrStdout(), db, time.Now())
		},
	}
}

// printResult tells what an import did, and names the first records it left out.
func printResult(w io.Writer, result advisory.ImportResult) error {
	t := newNumberTable(w, "ecosystem", "records", "skipped", "size", "")
	for _, e := range result.Ecosystems {
		state := "unchanged"
		if e.Changed {
			state = "new"
		}
		t.row(e.Name, e.Records, e.Skipped, fmt.Sprintf("%.1f MB", megabytes(e.Bytes)), state)
	}
	if err := t.flush(); err != nil {
		return err
	}
	for _, e := range result.Ecosystems {
		for _, s := range e.SkippedRecords {
			sayf(w, "skipped %s record %s: %s\n", e.Name, s.Record, s.Reason)
		}
	}
	for _, note := range result.Notes {
		sayf(w, "%s\n", note)
	}
	state := "unchanged"
	if result.Changed {
		state = "now in force"
	}
	return sayf(w, "database %s %s\n", result.Revision, state)
}

func printInfo(w io.Writer, db *advisory.DB, now time.Time) error {
	t := newNumberTable(w, "ecosystem", "records", "newest", "size", "age")
	total := int64(0)
	for _, e := range append(db.Info(), db.Tables()...) {
		t.row(e.Name, e.Records, day(e.Newest), fmt.Sprintf("%.1f MB", megabytes(e.Size)), age(e.Newest, now))
		total += e.Size
	}
	t.row("together", "", "", fmt.Sprintf("%.1f MB", megabytes(total)), "")
	if err := t.flush(); err != nil {
		return err
	}
	return sayf(w, "database %s from %s\n", db.Revision(), db.From())
}

func megabytes(n int64) float64 { return float64(n) / 1e6 }

func day(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format(time.DateOnly)
}

// age shows how long ago something was, in days, or in hours below two days.
func age(t, now time.Time) string {
	switch d := now.Sub(t); {
	case t.IsZero():
		return "-"
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh", int(d.Hours()))
	default:
		return fmt.Sprintf("%dd", int(d.Hours()/24))
	}
}
