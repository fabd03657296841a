package engine

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"runtime"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/collect"
	"github.com/pratique/pratique/internal/collect/licences"
	"github.com/pratique/pratique/internal/collect/malware"
	"github.com/pratique/pratique/internal/collect/packages"
	"github.com/pratique/pratique/internal/collect/passwords"
	"github.com/pratique/pratique/internal/collect/secrets"
	"github.com/pratique/pratique/internal/collect/settings"
	"github.com/pratique/pratique/internal/image"
	"github.com/pratique/pratique/internal/password"
	"github.com/pratique/pratique/internal/report"
	"github.com/pratique/pratique/internal/rules"
)

// format is the version of the engine's own part in facts. It changes whenever
// the same bytes and collectors would give other facts, or encode otherwise.
const format = 3

// maxImageEntries bounds the entries of all layers of one image, whose
// metadata is in memory until the layers are merged.
const maxImageEntries = 4_000_000

// Helpers are programs of the installation that collectors ask. The zero value
// is none.
type Helpers struct {
	// Clamd is the address of a clamd, see malware.Options.
	Clamd string
}

// Collectors returns the collectors that the categories need, with the rules
// they go by. Packages and their licences are needed by all.
func Collectors(categories []report.Category, set *rules.Set, h Helpers) []collect.Collector {
	all := []collect.Collector{packages.New(), licences.New()}
	if slices.Contains(categories, report.Sensitive) {
		all = append(all, secrets.New(set.Secrets))
	}
	if slices.Contains(categories, report.Baseline) {
		all = append(all, settings.New(set.Secrets))
	}
	if slices.Contains(categories, report.Malicious) {
		all = append(all, malware.New(malware.Options{Rules: set.Malware, Secrets: set.Secrets, Clamd: h.Clamd}))
	}
	if slices.Contains(categories, report.Password) {
		all = append(all, passwords.New(set.Passwords))
	}
	return all
}

// Version identifies collectors and engine: facts of the same layer under the
// same version are the same. It is short, and safe in keys and file names.
func Version(collectors []collect.Collector) string {
	h := sha256.New()
	for _, c := range collectors {
		fmt.Fprintf(h, "%s.%d ", c.Name(), c.Version())
	}
	return fmt.Sprintf("%d-%x", format, h.Sum(nil)[:8])
}

// Options sets up an Engine. The zero value of each field is the default.
type Options struct {
	// Collectors read the files; by default those of all categories.
	Collectors []collect.Collector
	// Rules say what is secret and weak in an image's configuration; the built-in
	// ones by default.
	Rules *rules.Set
	// Helpers are what the default collectors may ask.
	Helpers Helpers
	// Workers is the number of layers that Image reads at once; the number of
	// processors by default. Each worker needs about two megabytes, plus the
	// window of a zstd layer, and uses up to three processors.
	Workers int
	// Budget is the number of bytes of file content in memory, over all layers
	// in flight of this engine; 64 MiB by default. A file of more than three
	// quarters of it is spooled to disk.
	Budget int64
	// Spool is the number of bytes in temporary files at any time; 4 GiB by
	// default. A file of more than half of it is skipped with a note. A
	// negative number allows no temporary files.
	Spool int64
	// TempDir is where temporary files are; the system's by default.
	TempDir string
	// Timeout is how long one collector may take over one file; a minute by
	// default.
	Timeout time.Duration
	// Guessing is what guessing passwords may cost for all layers of an image
	// together, or for a layer that is read alone; password.DefaultBudget by
	// default.
	Guessing time.Duration
	// Limits bounds images and layers; image.DefaultLimits() by default.
	Limits image.Limits
	// Cache keeps facts between runs; none by default.
	Cache Cache
	// Progress, if set, is called by Image whenever there is some. Calls are
	// never concurrent and must not take long.
	Progress func(Progress)
	// Logger hears of cache failures and of panics; silent by default.
	Logger *slog.Logger
}

// Progress tells how far Image is. Layers that occur twice count once.
type Progress struct {
	Layers, LayersDone int
	// Bytes are those of the layers as stored. Layers found in the cache count
	// as done.
	Bytes, BytesDone int64
}

// Engine gains facts. It is safe for concurrent use.
type Engine struct {
	opts    Options
	version string
	spool   *spool
	// ownCollectors says that the collectors are not those of the rules.
	ownCollectors bool
}

// New returns an engine.
func New(opts Options) *Engine {
	if opts.Rules == nil {
		opts.Rules = rules.Default()
	}
	ownCollectors := opts.Collectors != nil
	if !ownCollectors {
		opts.Collectors = Collectors(report.Categories(), opts.Rules, opts.Helpers)
	}
	if opts.Limits == (image.Limits{}) {
		opts.Limits = image.DefaultLimits()
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	opts.Workers = cmp.Or(max(opts.Workers, 0), runtime.GOMAXPROCS(0))
	opts.Budget = cmp.Or(max(opts.Budget, 0), 64<<20)
	opts.Spool = cmp.Or(opts.Spool, 4<<30)
	opts.Timeout = cmp.Or(max(opts.Timeout, 0), time.Minute)
	opts.Guessing = cmp.Or(max(opts.Guessing, 0), password.DefaultBudget)
	return &Engine{
		opts:    opts,
		version: Version(opts.Collectors),
		spool:   newSpool(opts.Budget, max(opts.Spool, 0), opts.TempDir),

		ownCollectors: ownCollectors,
	}
}

// With returns an engine that goes by other rules and shares everything else,
// such as the room for files. Collectors that were given in the options stay.
func (e *Engine) With(set *rules.Set) *Engine {
	with := *e
	with.opts.Rules = set
	if !e.ownCollectors {
		with.opts.Collectors = Collectors(report.Categories(), set, with.opts.Helpers)
	}
	with.version = Version(with.opts.Collectors)
	return &with
}

// Version returns the version of the facts that the engine gains.
func (e *Engine) Version() string { return e.version }

// Layer returns the facts of a layer, from the cache or by reading it. For its
// errors see image.Layer.Walk.
func (e *Engine) Layer(ctx context.Context, l image.Layer) (*report.LayerFacts, error) {
	key := e.key("layer", layerID(l))
	if facts := load(ctx, e, key, DecodeFacts); facts != nil && facts.DiffID == l.DiffID {
		return facts, nil
	}
	if !password.HasBudget(ctx) {
		ctx = password.WithBudget(ctx, password.NewBudget(e.opts.Guessing))
	}
	facts, err := e.read(ctx, l)
	if err != nil {
		return nil, err
	}
	if Repeatable(facts) {
		save(ctx, e, key, func() ([]byte, error) { return EncodeFacts(facts) })
	}
	return facts, nil
}

// Image returns the merged facts of an image, from the cache or by reading its
// layers. The error is a *catalog.ScanError, also for an image beyond limits,
// or ctx's.
func (e *Engine) Image(ctx context.Context, img *image.Image) (*report.ImageFacts, error) {
	if err := e.opts.Limits.Check(img); err != nil {
		return nil, err
	}
	key := e.imageKey(img)
	if facts := load(ctx, e, key, DecodeImageFacts); facts != nil {
		// The same layers may come under another name, with another history.
		facts.Image = img.Report(ctx, e.opts.Rules)
		return facts, nil
	}
	layers, err := e.layers(password.WithBudget(ctx, password.NewBudget(e.opts.Guessing)), img)
	if err != nil {
		return nil, err
	}
	facts, err := Merge(img.Report(ctx, e.opts.Rules), layers)
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(layers, func(l *report.LayerFacts) bool { return !Repeatable(l) }) {
		save(ctx, e, key, func() ([]byte, error) { return EncodeImageFacts(facts) })
	}
	return facts, nil
}

// noteElsewhere tells of a layer that could not be read.
const noteElsewhere = "layer-elsewhere"

// NotRead stands for the facts of a layer that is elsewhere: nothing is known but
// that it was not read, which the report tells.
func NotRead(l image.Layer) *report.LayerFacts {
	return &report.LayerFacts{DiffID: l.DiffID, Notes: []report.Note{{
		Code: noteElsewhere, Layer: l.DiffID,
		Message: fmt.Sprintf("Layer %s was not looked into: its owner does not allow copies, and it is not here. It is part of Windows itself in most images.", l.Digest),
	}}}
}

// layers returns the facts of each layer of the image, in order.
func (e *Engine) layers(ctx context.Context, img *image.Image) ([]*report.LayerFacts, error) {
	todo := distinct(img.Layers)
	progress := newTracker(todo, e.opts.Progress)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(e.opts.Workers)

	var mu sync.Mutex
	entries := 0
	known := make(map[string]*report.LayerFacts, len(todo))
	for _, l := range todo {
		group.Go(func() error {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			facts, err := e.Layer(ctx, progress.watch(l))
			if err != nil && l.Elsewhere && errors.Is(err, fs.ErrNotExist) {
				facts, err = NotRead(l), nil
			}
			if err != nil {
				return err
			}
			progress.finish(l)
			mu.Lock()
			defer mu.Unlock()
			known[layerID(l)] = facts
			if entries += len(facts.Files); entries > maxImageEntries {
				return catalog.ScanErrorf(catalog.CauseImageTooLarge, "the layers of the image have more than %d entries", maxImageEntries)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	layers := make([]*report.LayerFacts, len(img.Layers))
	for n, l := range img.Layers {
		layers[n] = known[layerID(l)]
	}
	return layers, nil
}

// distinct returns each layer once, the largest first, so that no large one is
// left to be read alone at the end.
func distinct(layers []image.Layer) []image.Layer {
	seen := make(map[string]bool)
	var once []image.Layer
	for _, l := range layers {
		if !seen[layerID(l)] {
			seen[layerID(l)] = true
			once = append(once, l)
		}
	}
	slices.SortStableFunc(once, func(a, b image.Layer) int { return cmp.Compare(b.Size, a.Size) })
	return once
}

// layerID is what makes two layers the same. The diff ID alone does not: it is
// what the image says of itself, and true only of the bytes it was checked with.
// An image must not get the facts of another's layer by claiming its diff ID.
func layerID(l image.Layer) string { return l.Digest + " " + l.DiffID }

// key makes a cache key of what the cached value depends on.
func (e *Engine) key(kind string, of ...string) string {
	h := sha256.New()
	fmt.Fprintf(h, "%s\n%s\n%+v\n%d\n%d\n", kind, e.version, e.opts.Limits, e.opts.Spool, e.opts.Guessing)
	for _, s := range of {
		fmt.Fprintln(h, s)
	}
	return hex.EncodeToString(h.Sum(nil))
}

func (e *Engine) imageKey(img *image.Image) string {
	layers := make([]string, len(img.Layers))
	for n, l := range img.Layers {
		layers[n] = layerID(l)
	}
	return e.key("image", layers...)
}

// tracker adds up progress. All methods may be called on one without a
// function to report to.
type tracker struct {
	report func(Progress)

	mu   sync.Mutex // guards what follows and calls of report
	now  Progress
	read map[string]int64 // bytes counted, by the identity of layers
}

func newTracker(layers []image.Layer, report func(Progress)) *tracker {
	t := &tracker{report: report, read: make(map[string]int64)}
	t.now.Layers = len(layers)
	for _, l := range layers {
		t.now.Bytes += l.Size
	}
	return t
}

// watch returns the layer with an Open that counts what is read.
func (t *tracker) watch(l image.Layer) image.Layer {
	if t.report == nil {
		return l
	}
	open := l.Open
	l.Open = func(ctx context.Context) (io.ReadCloser, error) {
		rc, err := open(ctx)
		if err != nil {
			return nil, err
		}
		return watched{rc, func(n int) { t.add(layerID(l), int64(n)) }}, nil
	}
	return l
}

type watched struct {
	io.ReadCloser
	count func(n int)
}

func (w watched) Read(p []byte) (int, error) {
	n, err := w.ReadCloser.Read(p)
	w.count(n)
	return n, err
}

func (t *tracker) add(layer string, n int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.read[layer] += n
	t.now.BytesDone += n
	t.report(t.now)
}

// finish counts a layer as done, whether it was read or found in the cache.
func (t *tracker) finish(l image.Layer) {
	if t.report == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.now.LayersDone++
	t.now.BytesDone += l.Size - t.read[layerID(l)]
	t.report(t.now)
}
