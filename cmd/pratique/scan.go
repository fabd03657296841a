package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pratique/pratique/internal/advisory"
	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/engine"
	"github.com/pratique/pratique/internal/image"
	"github.com/pratique/pratique/internal/judge"
	"github.com/pratique/pratique/internal/report"
)

// exitFindings is the exit code when --fail-on found something.
const exitFindings = 2

// cacheSize bounds what is remembered of layers, in bytes: some thousand images.
const cacheSize = 1 << 30

type scanOptions struct {
	*options
	output     outputFlags
	failOn     string
	advisories string
	cache      string
	platform   string
	insecure   bool
}

func newScanCommand(o *options) *cobra.Command {
	s := scanOptions{options: o}
	cmd := &cobra.Command{
		Use:   "scan IMAGE",
		Short: "Scan an image without any server",
		Long: `Scan an image without any server and print the report.

IMAGE is oci:DIRECTORY[:TAG], oci-archive:FILE, docker-archive:FILE[:TAG] or
REGISTRY/REPOSITORY:TAG (or @DIGEST). The path of a directory or file alone is
recognised. A name without registry, such as debian:12 or team/app:1, is looked
for on Docker Hub, as other tools do; an image in a Pratique server is named
with the server's address, such as 127.0.0.1:8480/team/app:1.

Nothing is unpacked. What a layer holds is remembered in a cache, so that it is
read once; a registry must allow the pull. Logins of docker, podman and skopeo
are used.

The exit code is 1 after an error and 2 if --fail-on found a vulnerability at or
above its severity.`,
		Example: `  pratique scan oci:build/image
  pratique scan docker-archive:image.tar --format sarif --output image.sarif
  pratique scan registry.example.com/team/app:1 --fail-on high
  pratique scan debian:12`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return s.run(cmd, args[0]) },
	}
	f := cmd.Flags()
	s.output.add(f)
	f.StringVar(&s.failOn, "fail-on", "", "exit with code 2 if a vulnerability is at or above this severity")
	f.StringVar(&s.advisories, "advisories", "", "directory of the advisory database")
	f.StringVar(&s.cache, "cache", filepath.Join(cacheDir(), "facts"), "directory for what is known of layers; empty for none")
	f.StringVar(&s.platform, "platform", "", "platform to choose from an index (default linux and this machine's architecture)")
	f.BoolVar(&s.insecure, "insecure", false, "allow a registry without TLS")
	return cmd
}

func (s *scanOptions) run(cmd *cobra.Command, ref string) error {
	failOn, err := parseFailOn(s.failOn)
	if err != nil {
		return err
	}
	db, err := advisory.Open(advisoriesDir(s.options, s.advisories))
	if err != nil {
		return err
	}
	defer db.Close()
	out, err := s.output.open(cmd.OutOrStdout())
	if err != nil {
		return err
	}
	defer out.discard()
	rep, err := s.scan(cmd.Context(), ref, db, cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	if err := out.write(rep); err != nil {
		return err
	}
	return failOn.check(rep)
}

// scan opens the image, gains its facts and judges them.
func (s *scanOptions) scan(ctx context.Context, ref string, db *advisory.DB, stderr io.Writer) (*report.Report, error) {
	limitMemory()
	img, closer, err := image.Open(ctx, ref, image.Options{Platform: s.platform, Insecure: s.insecure, UserAgent: "pratique/" + version})
	if err != nil {
		return nil, explainHub(ref, err)
	}
	defer closer.Close()
	bar := newProgress(stderr, img.Size())
	defer bar.stop()
	opts := engine.Options{Progress: bar.update, Limits: image.DefaultLimits()}
	if s.cache != "" {
		opts.Cache = engine.NewFileCache(s.cache, cacheSize)
	}
	facts, err := engine.New(opts).Image(ctx, img)
	if err != nil {
		return nil, err
	}
	return judge.Report(facts, db)
}

// explainHub adds to the failure of an image that names no registry where it
// was looked for, which is not always what was meant.
func explainHub(ref string, err error) error {
	var found *catalog.Error
	if errors.As(err, &found) || !impliesHub(ref) {
		return err
	}
	return fmt.Errorf("%w; %s names no registry, so it was looked for on Docker Hub: write HOST[:PORT]/%[2]s for another one, such as a Pratique server", err, ref)
}

// impliesHub reports whether the name of an image leaves out its registry.
func impliesHub(ref string) bool {
	ref = strings.TrimPrefix(ref, "docker://")
	host, _, ok := strings.Cut(ref, "/")
	return !ok || host != "localhost" && !strings.ContainsAny(host, ".:")
}

// limitMemory lets a scan that needs little memory run without collecting any
// garbage, and holds one that needs more to about 180 MB, which is enough for
// images of some gigabytes. GOGC and GOMEMLIMIT in the environment win.
func limitMemory() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(180 << 20)
	}
}

// failOn is the threshold of --fail-on; off unless set.
type failOn struct {
	set       bool
	threshold report.Severity
}

func parseFailOn(text string) (failOn, error) {
	if text == "" {
		return failOn{}, nil
	}
	sev, err := report.ParseSeverity(text)
	if err != nil {
		return failOn{}, fmt.Errorf("--fail-on: %w", err)
	}
	return failOn{set: true, threshold: sev}, nil
}

func (f failOn) check(rep *report.Report) error {
	if !f.set {
		return nil
	}
	n := 0
	for sev, count := range rep.Summary.BySeverity {
		if sev >= f.threshold {
			n += count
		}
	}
	if n == 0 {
		return nil
	}
	what := "vulnerabilities"
	if n == 1 {
		what = "vulnerability"
	}
	switch f.threshold {
	case report.Unknown: // all there are
	case report.Critical:
		what += " of severity critical"
	default:
		what += " of severity " + f.threshold.String() + " or higher"
	}
	return exitError{exitFindings, fmt.Sprintf("%d %s", n, what)}
}
