package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/pratique/pratique/internal/catalog"
)

// Handlers do the jobs of scans. They are called by the goroutines of Work, many
// at a time. Their context ends when the workers are stopped, or when nobody
// needs the result any more: the scan was stopped, timed out or deleted.
//
// An error makes the job run again, a few times within seconds, unless it is a
// *catalog.ScanError, which trying again would not change. A job that will not
// be tried again is reported to the matching Failed handler. An error with code
// "scan_lost" ends the job silently.
type Handlers struct {
	Plan  func(ctx context.Context, scanID int64) error
	Layer func(ctx context.Context, job catalog.LayerJob) error
	Judge func(ctx context.Context, scanID int64) error
	// The Failed handlers are called when a job will not be tried again, also
	// if the process doing it died each time.
	PlanFailed  func(ctx context.Context, scanID int64, err error)
	LayerFailed func(ctx context.Context, job catalog.LayerJob, err error)
	JudgeFailed func(ctx context.Context, scanID int64, err error)
	// Ended, if not nil, is told of each scan that this process has ended, once
	// that is on record, whatever ended it. It must return quickly.
	Ended func(catalog.Scan)
}

// QueueOptions are numbers of parallel jobs by kind, one if zero.
type QueueOptions struct {
	Layers, Judges int
	// PollInterval is how often to look for jobs that nobody told of, such as
	// those whose time to be tried again has come; zero is a second. New jobs
	// are told of at once.
	PollInterval time.Duration
}

// timing holds the intervals of the workers' upkeep.
type timing struct {
	// heartbeat is how often a worker process says that it lives, stale how
	// long it may be silent before its jobs are put back.
	heartbeat, stale time.Duration
	// repair is how often orphaned jobs and scans are looked for.
	repair time.Duration
	// watch is how often a running job checks that somebody needs it.
	watch time.Duration
	// prune is how often unused documents are removed, keep how long they stay.
	prune, keep time.Duration
}

func defaultTiming() timing {
	return timing{
		heartbeat: 2 * time.Second, stale: 10 * time.Second,
		repair: 5 * time.Second, watch: 2 * time.Second,
		prune: time.Hour, keep: 7 * 24 * time.Hour,
	}
}

// fetchCooldown is how long a queue waits between two looks for jobs it was told
// of. With ten scans of an instance at a time, this bounds how many a second can
// begin; looking more often finds fewer jobs each time, which costs more than
// it gains.
const fetchCooldown = 10 * time.Millisecond

// jobAttempts is how often a job is tried, counting the times the process died
// meanwhile: an image that kills its scanner must not do so for ever.
const jobAttempts = 3

// The kinds of jobs. A job is unique by the marked fields while it waits or
// runs.
type planArgs struct {
	ScanID  int64 `json:"scan" river:"unique"`
	Attempt int   `json:"attempt" river:"unique"`
}

type layerArgs struct {
	DiffID     string `json:"diffId" river:"unique"`
	Collectors string `json:"collectors" river:"unique"`
	Digest     string `json:"digest" river:"unique"`
}

type judgeArgs struct {
	ScanID  int64 `json:"scan" river:"unique"`
	Attempt int   `json:"attempt" river:"unique"`
}

func (planArgs) Kind() string  { return "scan_plan" }
func (layerArgs) Kind() string { return "scan_layer" }
func (judgeArgs) Kind() string { return "scan_judge" }

// The queues, one per kind, so that layers, which take long, do not keep plans
// and judgements waiting.
const (
	planQueue  = "scan_plan"
	layerQueue = "scan_layer"
	judgeQueue = "scan_judge"
)

// liveStates are those of a job that waits or runs.
var liveStates = []rivertype.JobState{
	rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable,
	rivertype.JobStateRunning, rivertype.JobStateScheduled,
}

// jobList collects jobs to be enqueued together.
type jobList []river.InsertManyParams

func (l *jobList) add(args river.JobArgs, queue string) {
	*l = append(*l, river.InsertManyParams{Args: args, InsertOpts: &river.InsertOpts{
		Queue:       queue,
		MaxAttempts: jobAttempts,
		UniqueOpts:  river.UniqueOpts{ByArgs: true, ByState: liveStates},
	}})
}

func (l *jobList) plan(scanID int64, attempt int)  { l.add(planArgs{scanID, attempt}, planQueue) }
func (l *jobList) judge(scanID int64, attempt int) { l.add(judgeArgs{scanID, attempt}, judgeQueue) }
func (l *jobList) layer(job catalog.LayerJob) {
	l.add(layerArgs{job.DiffID, job.Collectors, job.Digest}, layerQueue)
}

// add enqueues jobs with the transaction. A job that waits or runs already is
// not added a second time.
func (t *tx) add(ctx context.Context, jobs jobList) error {
	if len(jobs) == 0 {
		return nil
	}
	for _, job := range jobs {
		t.queues = append(t.queues, job.InsertOpts.Queue)
	}
	return t.enqueue(ctx, jobs)
}

// queueClient is what the clients for both databases have in common.
type queueClient interface {
	Start(ctx context.Context) error
	Stop(ctx context.Context) error
	StopAndCancel(ctx context.Context) error
}

// workers does jobs until it is stopped.
type workers struct {
	store    *Store
	handlers Handlers
	id       string // names this process to the others
	client   queueClient

	// upkeep ends cancelUpkeep's goroutine, which closes upkept.
	cancelUpkeep context.CancelFunc
	upkept       chan struct{}
}

// Work starts the workers and returns a function that stops them: it lets
// running jobs end until its context is done, then cancels them; they run again
// later without counting as tried. ctx serves the start only.
//
// At start, jobs and scans that a dead process left running are put back: on
// SQLite all that run, on PostgreSQL those whose process has been silent for
// ten seconds, which is also checked every few seconds.
//
// Errors: Conflict "already_working" if this Store has workers.
func (s *Store) Work(ctx context.Context, h Handlers, opts QueueOptions) (stop func(context.Context) error, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stop != nil {
		return nil, catalog.Errorf(catalog.Conflict, "already_working", "this process works on scans already")
	}
	w := &workers{store: s, handlers: h, id: newUUID(), upkept: make(chan struct{})}
	if w.client, err = s.newWorker(w.config(opts)); err != nil {
		return nil, fmt.Errorf("set up the queue: %w", err)
	}
	if h.Ended != nil {
		s.ended.Store(&h.Ended)
	}
	if err := w.heartbeat(ctx); err != nil {
		return nil, err
	}
	if err := w.repair(ctx); err != nil {
		return nil, errors.Join(err, w.leave(ctx))
	}
	// Only stop ends the workers: the caller's context may end first, and
	// jobs shall still have their time.
	background := context.WithoutCancel(ctx)
	if err := w.client.Start(background); err != nil {
		return nil, errors.Join(s.fail("start the queue", err), w.leave(ctx))
	}
	upkeep, cancel := context.WithCancel(background)
	w.cancelUpkeep = cancel
	go w.upkeep(upkeep)

	s.stop = w.stop
	return func(ctx context.Context) error {
		s.mu.Lock()
		stop := s.stop
		s.stop = nil
		s.mu.Unlock()
		if stop == nil {
			return nil // stopped before
		}
		return stop(ctx)
	}, nil
}

func (w *workers) config(opts QueueOptions) *river.Config {
	if opts.PollInterval == 0 {
		opts.PollInterval = time.Second
	}
	known := river.NewWorkers()
	river.AddWorker(known, river.WorkFunc(w.plan))
	river.AddWorker(known, river.WorkFunc(w.layer))
	river.AddWorker(known, river.WorkFunc(w.judge))
	return &river.Config{
		ID:                w.id,
		Logger:            queueLogger(w.store.log),
		Workers:           known,
		FetchCooldown:     min(fetchCooldown, opts.PollInterval),
		FetchPollInterval: opts.PollInterval,
		MaxAttempts:       jobAttempts,
		RetryPolicy:       backOff{},
		// Scans have deadlines of their own, and orphans are put back by repair.
		JobTimeout:                  -1,
		RescueStuckJobsAfter:        24 * time.Hour,
		CompletedJobRetentionPeriod: 10 * time.Minute,
		Queues: map[string]river.QueueConfig{
			// Plans are short. As many as an instance runs: a queue that is full
			// fetches as soon as it is not, one that is not waits to be told.
			planQueue:  {MaxWorkers: 10},
			layerQueue: {MaxWorkers: max(opts.Layers, 1)},
			judgeQueue: {MaxWorkers: max(opts.Judges, 1)},
		},
	}
}

// backOff waits half a second before the second try and two before the third.
type backOff struct{}

func (backOff) NextRetry(job *rivertype.JobRow) time.Time {
	return time.Now().Add(time.Second / 2 << (2 * (max(job.Attempt, 1) - 1)))
}

func (w *workers) stop(ctx context.Context) error {
	err := w.client.Stop(ctx)
	// Jobs that heed their context end at once now; there are none if Stop has
	// waited for them.
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if err != nil {
		err = w.client.StopAndCancel(grace)
	}
	w.cancelUpkeep()
	<-w.upkept
	return errors.Join(err, w.leave(grace))
}

// errUnwanted cancels a job that nobody needs any more.
var errUnwanted = errors.New("nobody needs this job any more")

func (w *workers) plan(ctx context.Context, job *river.Job[planArgs]) error {
	id, attempt := job.Args.ScanID, job.Args.Attempt
	return w.run(ctx, job.JobRow, "scan", id,
		func(ctx context.Context) (bool, error) { return w.store.runs(ctx, id, attempt) },
		func(ctx context.Context) error { return w.handlers.Plan(ctx, id) },
		func(ctx context.Context, err error) { w.handlers.PlanFailed(ctx, id, err) })
}

func (w *workers) judge(ctx context.Context, job *river.Job[judgeArgs]) error {
	id, attempt := job.Args.ScanID, job.Args.Attempt
	return w.run(ctx, job.JobRow, "scan", id,
		func(ctx context.Context) (bool, error) { return w.store.runs(ctx, id, attempt) },
		func(ctx context.Context) error { return w.handlers.Judge(ctx, id) },
		func(ctx context.Context, err error) { w.handlers.JudgeFailed(ctx, id, err) })
}

func (w *workers) layer(ctx context.Context, job *river.Job[layerArgs]) error {
	layer, ok, err := w.store.neededLayer(ctx, job.Args)
	if err != nil || !ok {
		return err
	}
	return w.run(ctx, job.JobRow, "layer", layer.DiffID,
		func(ctx context.Context) (bool, error) {
			_, ok, err := w.store.neededLayer(ctx, job.Args)
			return ok, err
		},
		func(ctx context.Context) error {
			layer.LastAttempt = job.Attempt >= job.MaxAttempts
			return w.handlers.Layer(ctx, layer)
		},
		func(ctx context.Context, err error) { w.handlers.LayerFailed(ctx, layer, err) })
}

// runs reports whether a scan runs in an attempt.
func (s *Store) runs(ctx context.Context, scanID int64, attempt int) (bool, error) {
	yes, err := one(ctx, s.background, nil, scalar[bool],
		`SELECT EXISTS (SELECT 1 FROM scan WHERE id = $1 AND state = 'Running' AND attempt = $2)`, scanID, attempt)
	return yes, s.fail("read a scan", err)
}

// neededLayer returns a layer for the oldest running scan that waits for it; ok
// is false if none does.
func (s *Store) neededLayer(ctx context.Context, args layerArgs) (job catalog.LayerJob, ok bool, err error) {
	job, err = one(ctx, s.background, nil, func(row scanner) (catalog.LayerJob, error) {
		job := catalog.LayerJob{DiffID: args.DiffID, Collectors: args.Collectors, Digest: args.Digest}
		err := row.Scan(&job.InstanceID, &job.Namespace, &job.MediaType, &job.Size)
		return job, err
	}, `SELECT s.instance_id, n.name, l.media_type, l.size FROM scan_layer l JOIN scan s ON s.id = l.scan_id
			JOIN artifact a ON a.id = s.artifact_id JOIN repository r ON r.id = a.repository_id JOIN namespace n ON n.id = r.namespace_id
		WHERE l.diff_id = $1 AND l.collectors = $2 AND l.digest = $3 AND NOT l.done AND s.state = 'Running' ORDER BY s.id LIMIT 1`,
		args.DiffID, args.Collectors, args.Digest)
	return job, job.InstanceID != "", s.fail("read a layer's scans", err)
}

// run does a job while it is wanted, and decides what its error means.
func (w *workers) run(ctx context.Context, row *rivertype.JobRow, what string, id any,
	wanted func(context.Context) (bool, error), work func(context.Context) error, failed func(context.Context, error),
) error {
	if ok, err := wanted(ctx); err != nil || !ok {
		return err
	}
	job, cancel := context.WithCancelCause(ctx)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		w.watch(job, cancel, wanted)
	}()
	err := guard(func() error { return work(job) })
	unwanted := errors.Is(context.Cause(job), errUnwanted)
	cancel(nil)
	<-watched

	log := w.store.log.With("job", row.Kind, what, id, "attempt", row.Attempt)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		// The workers are being stopped. The queue puts the job back and does
		// not count the attempt.
		return context.Cause(ctx)
	case unwanted || isLost(err):
		log.Debug("job dropped", "reason", err)
		return nil
	case !final(err) && row.Attempt < row.MaxAttempts:
		log.Warn("job failed, it will be tried again", "error", err)
		return err
	}
	log.Warn("job failed", "error", err)
	failed(ctx, err)
	return river.JobCancel(err)
}

// watch cancels a job once nobody wants it.
func (w *workers) watch(ctx context.Context, cancel context.CancelCauseFunc, wanted func(context.Context) (bool, error)) {
	ticker := time.NewTicker(w.store.timing.watch)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if ok, err := wanted(ctx); err == nil && !ok {
				cancel(errUnwanted)
				return
			}
		}
	}
}

// guard turns a panic into an error.
func guard(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return f()
}

// final reports whether trying again would not help.
func final(err error) bool {
	var scan *catalog.ScanError
	var cancel *rivertype.JobCancelError
	return errors.As(err, &scan) || errors.As(err, &cancel)
}

func isLost(err error) bool {
	var e *catalog.Error
	return errors.As(err, &e) && e.Code == "scan_lost"
}

// queueLogger passes what River says on at debug level: it tells as errors what
// is ordinary here, such as a job that will be tried again.
func queueLogger(log *slog.Logger) *slog.Logger {
	return slog.New(quietHandler{log.Handler()})
}

type quietHandler struct{ slog.Handler }

func (h quietHandler) Enabled(ctx context.Context, _ slog.Level) bool {
	return h.Handler.Enabled(ctx, slog.LevelDebug)
}

func (h quietHandler) Handle(ctx context.Context, r slog.Record) error {
	quiet := slog.NewRecord(r.Time, slog.LevelDebug, r.Message, r.PC)
	quiet.AddAttrs(slog.String("queue_level", r.Level.String()))
	r.Attrs(func(a slog.Attr) bool { quiet.AddAttrs(a); return true })
	return h.Handler.Handle(ctx, quiet)
}

func (h quietHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return quietHandler{h.Handler.WithAttrs(attrs)}
}

func (h quietHandler) WithGroup(name string) slog.Handler {
	return quietHandler{h.Handler.WithGroup(name)}
}
