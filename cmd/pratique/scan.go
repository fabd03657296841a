package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pratique/pratique/internal/advisory"
	"github.com/pratique/pratique/internal/api/client"
	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/collect/malware"
	"github.com/pratique/pratique/internal/engine"
	"github.com/pratique/pratique/internal/image"
	"github.com/pratique/pratique/internal/judge"
	"github.com/pratique/pratique/internal/report"
	"github.com/pratique/pratique/internal/rules"
)

// exitFindings is the exit code when --fail-on found something.
const exitFindings = 2

type scanOptions struct {
	*options
	output     outputFlags
	failOn     string
	advisories string
	cache      string
	platform   string
	insecure   bool
	categories []string
	rules      string
	clamd      string
	watch      bool
	exceptions string
	vex        string
	// now is the clock by which exceptions expire.
	now func() time.Time
}

func newScanCommand(o *options) *cobra.Command {
	s := scanOptions{options: o, now: time.Now}
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

What to look for is chosen with --scan: vuln (vulnerabilities of packages),
malware (malicious files), baseline (unsafe settings of system, SSH and image),
password (weak passwords), secret (keys, tokens and passwords, in every layer and
in the configuration) and compliance (licences and unwanted software). Software,
files and the base image are always told.

What is known and accepted stands in the file of --exceptions: ignored findings
stay in the report, whitelisted ones go away. --vex does the same with an OpenVEX
document: what it says of this image, or of no product in particular.

The exit code is 1 after an error and 2 if --fail-on found a vulnerability or
another finding at or above its severity that is neither ignored nor
whitelisted.`,
		Example: `  pratique scan oci:build/image
  pratique scan docker-archive:image.tar --format sarif --output image.sarif
  pratique scan registry.example.com/team/app:1 --fail-on high
  pratique scan debian:12
  pratique scan --watch team/app:1
  pratique scan oci:build/image --scan secret --rules our-rules
  pratique scan oci:build/image --exceptions exceptions.yaml --fail-on high`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if s.watch {
				return s.follow(cmd, args[0])
			}
			return s.run(cmd, args[0])
		},
	}
	f := cmd.Flags()
	s.output.add(f)
	f.StringVar(&s.failOn, "fail-on", "", "exit with code 2 if a vulnerability or another finding that is not ignored is at or above this severity")
	f.StringVar(&s.advisories, "advisories", "", "directory of the advisory database")
	f.StringVar(&s.cache, "cache", filepath.Join(cacheDir(), "facts"), "directory for what is known of layers; empty for none")
	f.StringSliceVar(&s.categories, "scan", nil, "what to look for: vuln, malware, baseline, password, secret, compliance (default all)")
	f.StringVar(&s.rules, "rules", "", "directory of files with more rules, such as secrets.yaml and malware.ndb")
	f.StringVar(&s.exceptions, "exceptions", "", "file of findings to ignore or whitelist")
	f.StringVar(&s.vex, "vex", "", "OpenVEX document to handle vulnerabilities by")
	f.StringVar(&s.clamd, "clamd", "", "address of a clamd to ask about every file: unix:PATH or tcp:HOST:PORT")
	f.StringVar(&s.platform, "platform", "", "platform to choose from an index (default linux and this machine's architecture)")
	f.BoolVar(&s.watch, "watch", false, "follow the scan of an image, NAMESPACE/REPOSITORY[:TAG], in the server instead")
	f.BoolVar(&s.insecure, "insecure", false, "allow a registry without TLS")
	return cmd
}

// follow shows how the server's scan of an image goes on.
func (s *scanOptions) follow(cmd *cobra.Command, name string) error {
	image, err := client.ParseImage(name)
	if err != nil {
		return err
	}
	c, err := s.client()
	if err != nil {
		return err
	}
	return watchScan(cmd, c, image)
}

func (s *scanOptions) run(cmd *cobra.Command, ref string) error {
	failOn, err := parseFailOn(s.failOn)
	if err != nil {
		return err
	}
	opts, err := s.judgeOptions()
	if err != nil {
		return err
	}
	exceptions, err := s.readExceptions(cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	statements, err := s.readStatements()
	if err != nil {
		return err
	}
	if s.clamd != "" {
		if err := malware.CheckAddress(s.clamd); err != nil {
			return fmt.Errorf("--clamd: %w", err)
		}
	}
	knowledge, closer, err := s.knowledge(opts.Categories)
	if err != nil {
		return err
	}
	defer closer.Close()
	out, err := s.output.open(cmd.OutOrStdout())
	if err != nil {
		return err
	}
	defer out.discard()
	rep, err := s.scan(cmd.Context(), ref, knowledge, opts, cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	if statements != nil {
		exceptions = append(exceptions, s.statementsAbout(statements, rep, cmd.ErrOrStderr())...)
	}
	rep = judge.Handled(rep, exceptions, s.now())
	if err := out.write(rep); err != nil {
		return err
	}
	return failOn.check(rep)
}

// knowledge opens the advisory database. Only vulnerabilities cannot be looked
// for without; what else rests on it is left out then.
func (s *scanOptions) knowledge(categories []report.Category) (judge.Knowledge, io.Closer, error) {
	db, err := advisory.Open(advisoriesDir(s.options, s.advisories))
	if err == nil {
		return db, db, nil
	}
	if slices.Contains(categories, report.System) || !errors.Is(err, advisory.ErrNone) {
		return nil, nil, err
	}
	return nil, io.NopCloser(nil), nil
}

// judgeOptions reads what to look for and the rules to do it by.
func (s *scanOptions) judgeOptions() (o judge.Options, err error) {
	if o.Categories, err = parseCategories(s.categories); err != nil {
		return o, err
	}
	if s.rules == "" {
		o.Rules = rules.Default()
		return o, nil
	}
	o.Rules, err = rules.Open(s.rules)
	return o, err
}

// readExceptions reads the file of --exceptions, and tells which of them have
// expired and are not applied.
func (s *scanOptions) readExceptions(stderr io.Writer) ([]catalog.Exception, error) {
	if s.exceptions == "" {
		return nil, nil
	}
	f, err := os.Open(s.exceptions)
	if err != nil {
		return nil, fmt.Errorf("--exceptions: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, judge.MaxExceptionFile+1))
	if err != nil {
		return nil, fmt.Errorf("--exceptions: %w", err)
	}
	list, err := judge.ParseExceptions(s.exceptions, text)
	if err != nil {
		return nil, fmt.Errorf("--exceptions: %w", err)
	}
	for _, e := range list {
		if e.State(s.now()) == catalog.ExceptionExpired {
			sayf(stderr, "pratique: %s:%d: the exception for %s expired on %s and is not applied\n",
				s.exceptions, e.ID, e.Criteria, e.ExpiresAt.Format(time.RFC3339))
		}
	}
	return list, nil
}

// parseCategories reads the words of --scan; none means all. What only informs
// is always chosen.
func parseCategories(words []string) ([]report.Category, error) {
	wanted, err := catalog.ParseChoice(words)
	if err != nil {
		return nil, fmt.Errorf("--scan: %w", err)
	}
	if wanted == nil {
		return report.Categories(), nil
	}
	wanted = append(wanted, report.Software, report.Files, report.BaseImage)
	return slices.DeleteFunc(report.Categories(), func(c report.Category) bool { return !slices.Contains(wanted, c) }), nil
}

// scan opens the image, gains its facts and judges them. k may be nil where no
// vulnerabilities are looked for.
func (s *scanOptions) scan(ctx context.Context, ref string, k judge.Knowledge, o judge.Options, stderr io.Writer) (*report.Report, error) {
	limitMemory()
	img, closer, err := image.Open(ctx, ref, image.Options{Platform: s.platform, Insecure: s.insecure, UserAgent: "pratique/" + version})
	if err != nil {
		return nil, explainHub(ref, err)
	}
	defer closer.Close()
	bar := newProgress(stderr, img.Size())
	defer bar.stop()
	opts := engine.Options{
		Progress:   bar.update,
		Limits:     image.DefaultLimits(),
		Collectors: engine.Collectors(o.Categories, o.Rules, engine.Helpers{Clamd: s.clamd}),
		Rules:      o.Rules,
	}
	if s.cache != "" {
		opts.Cache = engine.NewFileCache(s.cache, engine.DefaultCacheSize)
	}
	facts, err := engine.New(opts).Image(ctx, img)
	if err != nil {
		return nil, err
	}
	return judge.Report(facts, k, o)
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

// check fails if something was found at or above the threshold. What somebody
// decided to ignore does not count: the decision was made so that work goes on.
func (f failOn) check(rep *report.Report) error {
	if !f.set {
		return nil
	}
	var what []string
	vulnerabilities := count(rep.Vulnerabilities, func(v report.Vulnerability) bool { return v.Severity >= f.threshold && v.Handling == nil })
	if vulnerabilities > 0 {
		what = append(what, plural(vulnerabilities, "vulnerability", "vulnerabilities"))
	}
	others := count(rep.Findings, func(o report.Finding) bool { return o.Severity >= f.threshold && o.Handling == nil })
	if others > 0 {
		what = append(what, plural(others, "other finding", "other findings"))
	}
	if len(what) == 0 {
		return nil
	}
	message := strings.Join(what, " and ")
	switch f.threshold {
	case report.Unknown: // all there are
	case report.Critical:
		message += " of severity critical"
	default:
		message += " of severity " + f.threshold.String() + " or higher"
	}
	return exitError{exitFindings, message}
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func count[T any](all []T, counts func(T) bool) int {
	n := 0
	for _, one := range all {
		if counts(one) {
			n++
		}
	}
	return n
}
